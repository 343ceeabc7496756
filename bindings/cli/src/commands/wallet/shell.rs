//! `kabao wallet shell`: one open wallet, and the words typed one after the other. The way to try a wallet by hand, and the
//! only one in which a wallet of the shell can be locked and live on.

use super::answer::Answer;
use super::words::Word;
use super::{Stop, carry_out, typed};
use clap::{Parser, Subcommand};
use kabao_core::Wallet;
use kabao_core::words::say;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;

/// One line.
#[derive(Parser)]
#[command(name = "kabao wallet shell", no_binary_name = true, disable_help_flag = true)]
struct Line {
    #[command(subcommand)]
    word: ShellWord,
}

/// What may be typed.
#[derive(Subcommand)]
enum ShellWord {
    /// Locks the wallet: what it knows leaves the memory. Waits for payments that are on their way, 20 seconds at most.
    Lock,
    /// Opens it again.
    Unlock,
    /// Ends; so does the end of the input.
    #[command(visible_alias = "quit")]
    Exit,
    #[command(flatten)]
    Word(Box<Word>),
}

/// Reads words and carries them out until the input ends. Gives the exit code of the last one, as a shell does.
pub async fn run(wallet: &Wallet, answer: &Answer) -> Result<ExitCode, Stop> {
    let mut last = ExitCode::SUCCESS;
    let mut number = 0_u64;
    if typed::by_a_person() {
        eprintln!("{}", say(answer.language, "shell.begin", &[]));
    }
    loop {
        if typed::by_a_person() {
            eprint!("{}", if wallet.is_locked() { "kabao (locked)> " } else { "kabao> " });
            let _ = std::io::stderr().flush();
        }
        let Some(line) = typed::line().map_err(|error| error.to_string())? else { return Ok(last) };
        number += 1;
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let word = match understand(&line) {
            Ok(word) => word,
            Err(odd) => {
                last = answer.not_understood(number, odd);
                continue;
            }
        };
        drop(line);
        wallet.touch();
        last = match one(word, wallet, answer).await {
            Ok(Some(code)) => code,
            Ok(None) => return Ok(last),
            Err(Stop::Wallet(error)) => answer.refused(&error),
            Err(Stop::Said(text)) => answer.said(&text),
            Err(Stop::Unusable(why, about)) => answer.unusable(why, &about),
        };
        kabao_core::wipe_stack();
    }
}

/// Why a line is no word.
pub enum Odd {
    /// A quote is not closed.
    Quote,
    /// What the reader of command lines says.
    Usage(clap::Error),
}

fn understand(line: &str) -> Result<ShellWord, Odd> {
    let words = typed::words(line).ok_or(Odd::Quote)?;
    Line::try_parse_from(words).map(|line| line.word).map_err(Odd::Usage)
}

/// Carries one out; nothing at the end.
async fn one(word: ShellWord, wallet: &Wallet, answer: &Answer) -> Result<Option<ExitCode>, Stop> {
    let now = |locked: bool| -> (Value, String) {
        (json!({ "locked": locked }), say(answer.language, if locked { "shell.locked" } else { "shell.unlocked" }, &[]))
    };
    let (value, text) = match word {
        ShellWord::Exit => return Ok(None),
        ShellWord::Lock => {
            wallet.lock().await?;
            now(true)
        }
        ShellWord::Unlock => {
            wallet.unlock().await?;
            now(false)
        }
        ShellWord::Word(word) => {
            return match *word {
                Word::Shell | Word::SetAsideLost => Err(say(answer.language, "shell.not_here", &[]).into()),
                word => carry_out(&word, wallet, answer).await.map(Some),
            };
        }
    };
    answer.state(&value, &text);
    Ok(Some(ExitCode::SUCCESS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_wallet_is_one_of_the_shell() {
        use clap::CommandFactory;
        Line::command().debug_assert();
        for line in ["lock", "unlock", "exit", "quit", "pay M1 12.34", "status", "set-password --without-pin", "contacts", "read '{\"a\": 1}'"] {
            assert!(understand(line).is_ok(), "{line}");
        }
        assert!(matches!(understand("read 'x"), Err(Odd::Quote)));
        assert!(matches!(understand("480273"), Err(Odd::Usage(_))));
        assert!(matches!(understand("help"), Err(Odd::Usage(told)) if !told.use_stderr()));
    }
}
