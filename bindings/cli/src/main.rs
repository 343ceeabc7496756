//! `kabao`: the wallet at the shell. Without a command it plays a person's day against a service that it starts itself.

mod calls;
mod camera;
mod commands;
mod journey;
mod keys;
mod paper;
mod pictures;
mod scan;
mod setup;
mod show;
mod views;

use clap::{Parser, Subcommand};
use commands::journey::JourneyArgs;
use commands::read::ReadArgs;
use commands::serve::{ProxyArgs, ServeArgs};
use commands::show::ShowArgs;
use commands::verify::VerifyArgs;
use commands::wallet::WalletArgs;
use kabao_core::words::Language;
use std::path::PathBuf;
use std::process::ExitCode;

/// The consumer wallet Kabao at the shell. Without a command: plays a person's day.
#[derive(Parser)]
#[command(name = "kabao", version)]
struct Arguments {
    /// The language of what a person reads: zh-CN or en. Without it, the one of the environment.
    #[arg(long, visible_alias = "lang", global = true, value_parser = known_language)]
    language: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the reference service, for developers of apps.
    Serve(ServeArgs),
    /// Runs a proxy that signs, for tools that know nothing of signatures.
    SignProxy(ProxyArgs),
    /// Every call of the wallet, its state in a profile folder.
    Wallet(WalletArgs),
    /// Shows a code for somebody to scan: on the terminal, as a file, as a sheet for the counter.
    Show(ShowArgs),
    /// Says what a code is, of a text or of a picture; nothing is opened or sent. Exit code 0: one code, and it can be paid; 2: not.
    Read(ReadArgs),
    /// Replays journeys: what a person does, as data.
    Journey(JourneyArgs),
    /// Verifies a receipt and prints it. Exit code 0 when it holds, 1 when not.
    Verify(VerifyArgs),
    /// Answers published cases: JSON lines in, JSON lines out.
    Check {
        /// The set.
        set: String,
    },
    /// The PIN vault's process; started by the service.
    #[command(hide = true)]
    PinVault {
        /// The service's data folder.
        #[arg(long)]
        data: PathBuf,
    },
}

/// What is freed is overwritten, as in the library for phones (docs/decisions/memory-of-a-locked-wallet.md).
#[global_allocator]
static MEMORY: kabao_core::WipingAllocator = kabao_core::WipingAllocator::new();

/// A language that there are words in, by its tag or with a region behind it.
fn known_language(tag: &str) -> Result<String, String> {
    let primary = tag.split(['-', '_', '.']).next().unwrap_or_default();
    match ["zh", "en"].iter().any(|known| primary.eq_ignore_ascii_case(known)) {
        true => Ok(tag.to_owned()),
        false => Err("there are zh-CN and en".to_owned()),
    }
}

/// What a wrong command line gives; 1, 2 and 3 have meanings of their own.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
            let _ = told.print();
            return if told.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let chosen = arguments.language.as_deref();
    let language = chosen.unwrap_or_else(|| setup::language_of_environment());
    let done = match arguments.command {
        None => commands::day::play(language).map(|()| true),
        Some(Command::Serve(args)) => commands::serve::serve(&args).map(|()| true),
        Some(Command::SignProxy(args)) => commands::serve::sign_proxy(&args).map(|()| true),
        Some(Command::Wallet(args)) => return commands::wallet::run(&args, language),
        Some(Command::Show(args)) => return commands::show::run(args, language),
        Some(Command::Read(args)) => {
            return commands::read::run(&args, Language::from_tag(language)).unwrap_or_else(|error| {
                eprintln!("{error}");
                ExitCode::FAILURE
            });
        }
        Some(Command::Journey(args)) => commands::journey::replay(&args, chosen),
        Some(Command::Verify(args)) => commands::verify::run(&args, Language::from_tag(language)),
        Some(Command::PinVault { data }) => commands::serve::pin_vault(&data).map(|()| true),
        Some(Command::Check { set }) => {
            let answered = commands::check::run(&set, std::io::stdin().lock(), std::io::stdout().lock());
            return match answered {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("{error}");
                    ExitCode::from(2)
                }
            };
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
