//! What a command prints: JSON for scripts, tables for people; and its exit code.

use super::shell::Odd;
use super::typed;
use super::words::Word;
use crate::USAGE;
use crate::journey::format::Show;
use crate::paper::files::keep;
use crate::show::{data, fields};
use crate::show::story::{Detail, Story};
use crate::views;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Certainty, Code, Failure};
use kabao_core::WalletError;
use kabao_core::words::{Language, explain, say};
use kabao_money::payment::PaymentState;
use serde_json::{Value, json};
use std::process::ExitCode;

/// The outcome is certain: no.
const CERTAIN: u8 = 2;
/// The outcome is not known.
const UNKNOWN: u8 = 3;

/// Prints one line of JSON in one piece: in pieces it would wait in the buffer of the standard output, and stay there.
fn out(value: &Value) {
    let line = zeroize::Zeroizing::new(format!("{value}\n"));
    print!("{}", *line);
}

/// Prints for one command.
pub struct Answer {
    json: bool,
    /// The language of the person.
    pub language: Language,
}

impl Answer {
    /// Prints JSON or tables.
    pub fn new(json: bool, language: Language) -> Answer {
        Answer { json, language }
    }

    /// Prints what came, and gives the exit code: a payment without result or without success has its own.
    pub fn gave(&self, word: &Word, value: &Value) -> ExitCode {
        let mut told = value.clone();
        reasons(self.language, &mut told);
        if self.json {
            out(&told);
        } else {
            self.show(word, &told);
        }
        match outcome(value) {
            0 => ExitCode::SUCCESS,
            code => ExitCode::from(code),
        }
    }

    /// Prints what came, as it is; to people without the values that are for programs.
    pub fn told(&self, value: &Value, hidden: &[&str]) -> ExitCode {
        if self.json {
            out(value);
            return ExitCode::SUCCESS;
        }
        let mut shown = value.clone();
        if let Value::Object(map) = &mut shown {
            map.retain(|name, _| name != "picture" && !hidden.contains(&name.as_str()));
        }
        print!("{}", fields::lines(&shown));
        if let Some(picture) = value.get("picture").and_then(Value::as_str) {
            print!("{}", zeroize::Zeroizing::new(format!("{picture}\n")).as_str());
        }
        ExitCode::SUCCESS
    }

    /// Prints why a command could not be run at all: nothing was asked of a wallet. `why` names a sentence of the words.
    pub fn unusable(&self, why: &str, about: &str) -> ExitCode {
        let [text, next] = ["text", "next"].map(|part| say(self.language, &format!("unusable.{why}.{part}"), &[("about", about)]));
        if self.json {
            out(&json!({ "failure": { "code": why, "certainty": "certain", "text": text, "next": next } }));
        } else {
            eprintln!("{text}\n{next}\n({why})");
        }
        ExitCode::FAILURE
    }

    /// What went wrong beside the answer: for the person, and never in the answer's place.
    pub fn beside(&self, error: &WalletError) {
        let told = views::error(self.language, error);
        eprintln!("{}", told.get("text").and_then(Value::as_str).unwrap_or_default());
    }

    fn show(&self, word: &Word, value: &Value) {
        let story = Story::new(Detail::Story, self.language);
        let show = match word {
            Word::Ways => Some(Show::Ways),
            Word::ShowCode { .. } | Word::NextPicture { .. } => Some(Show::Code),
            Word::Receipt { .. } => Some(Show::Receipt),
            Word::History { .. } => Some(Show::History),
            Word::OnboardingNext | Word::Skip => Some(Show::Step),
            _ => None,
        };
        match (show, word) {
            (Some(show), _) => story.show(show, value),
            (None, Word::Inventory) => print!("{}", data::inventory(self.language, value)),
            (None, Word::Consents { .. } | Word::Consent { .. } | Word::Withdraw { .. }) => print!("{}", data::consents(self.language, value)),
            (None, Word::Fields) => print!("{}", data::fields(self.language, value)),
            (None, _) => print!("{}", fields::lines(value)),
        }
        if matches!(word, Word::ShowCode { .. } | Word::NextPicture { .. }) {
            for name in ["showing_id", "codes_left", "clock_trusted"] {
                println!("{name}  {}", value[name].to_string().trim_matches('"'));
            }
        }
        if value.get("failure").is_some() {
            story.show(Show::Refusal, value);
        }
        if let (Word::History { .. }, Some(next)) = (word, value.get("next").and_then(Value::as_str)) {
            println!("  … {next}");
        }
    }

    /// Shows a quote before the person agrees to it.
    pub fn quote(&self, quote: &Value) {
        if !self.json {
            eprint!("{}", fields::lines(quote));
        }
    }

    /// Writes what the command was asked to keep in a file.
    pub fn keep(&self, word: &Word, value: &Value) -> Result<(), String> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        match word {
            Word::ShowCode { files, .. } if files.any() => {
                let drawn = files.draw(text("digits")).map_err(|error| error.to_string())?;
                files.write(&drawn, &say(self.language, "show.payer_code", &[])).map(|_| ())
            }
            Word::Receipt { out: Some(path), .. } => {
                let document = URL_SAFE_NO_PAD.decode(text("document")).map_err(|error| error.to_string())?;
                keep(path, &document).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Prints what the shell did itself.
    pub fn state(&self, value: &Value, text: &str) {
        if self.json { out(value) } else { eprintln!("{text}") }
    }

    /// Prints why a word was not carried out, when it is not the wallet that says so.
    pub fn said(&self, text: &str) -> ExitCode {
        if self.json { out(&json!({ "said": text })) } else { eprintln!("{text}") }
        ExitCode::FAILURE
    }

    /// Prints help, or that a line is no word. What stands in a line that nobody typed on a terminal is not repeated: it
    /// may be a secret that no word asked for.
    pub fn not_understood(&self, line: u64, odd: Odd) -> ExitCode {
        let why = match &odd {
            Odd::Usage(told) if !told.use_stderr() || (typed::by_a_person() && !self.json) => {
                let _ = told.print();
                return if told.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            }
            Odd::Usage(told) => told.kind().to_string(),
            Odd::Quote => say(self.language, "shell.quote", &[]),
        };
        let text = say(self.language, "shell.not_understood", &[("line", &line.to_string()), ("why", &why)]);
        if self.json { out(&json!({ "said": text })) } else { eprintln!("{text}") }
        ExitCode::from(USAGE)
    }

    /// Prints an error: what happened, what to do, its name, and whether the outcome is certain.
    pub fn refused(&self, error: &WalletError) -> ExitCode {
        let told = views::error(self.language, error);
        let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
        if self.json {
            out(&json!({ "failure": told }));
        } else {
            let field = told.get("field").and_then(Value::as_str).map(|field| format!(", {field}")).unwrap_or_default();
            eprintln!("{}\n{}\n({}, {}{field})", text("text"), text("next"), text("code"), text("certainty"));
        }
        ExitCode::from(if error.is_unknown() { UNKNOWN } else { CERTAIN })
    }
}

/// The exit code of what came: a payment that is not settled is not known, one without success is a certain no. How something else
/// stands, a transfer that waits or was called back, is an answer.
fn outcome(value: &Value) -> u8 {
    let state = value.get("state").and_then(Value::as_str).filter(|_| value.get("intent_id").is_some());
    match state.and_then(PaymentState::parse) {
        None | Some(PaymentState::Succeeded) => 0,
        Some(PaymentState::Failed) => CERTAIN,
        Some(_) => UNKNOWN,
    }
}

/// Puts the sentences for a person beside every reason that has a name only.
fn reasons(language: Language, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| reasons(language, item)),
        Value::Object(map) => {
            map.values_mut().for_each(|inner| reasons(language, inner));
            let code = map.get("code").and_then(Value::as_str).and_then(Code::parse);
            let is_reason = ["certainty", "cause", "remedy"].iter().all(|name| map.contains_key(*name)) && !map.contains_key("text");
            if let Some(code) = code.filter(|_| is_reason) {
                let left = map.get("attempts_left").and_then(Value::as_u64).and_then(|left| u32::try_from(left).ok());
                let wait = map.get("retry_after_ms").and_then(Value::as_i64);
                let mut failure = Failure::of(code).retry_after(wait).left(left);
                if map.get("certainty").and_then(Value::as_str) == Some("unknown") {
                    failure.certainty = Certainty::Unknown;
                }
                let words = explain(language, &failure);
                map.insert("text".to_owned(), json!(words.text));
                map.insert("next".to_owned(), json!(words.next));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_payment_without_a_result_is_not_known() {
        for (state, code) in [
            ("succeeded", 0), ("failed", CERTAIN), ("unknown", UNKNOWN), ("sending", UNKNOWN), ("fencing", UNKNOWN), ("queued", UNKNOWN),
            ("waiting", 0), ("arrived", 0), ("cancelled", 0), ("returned", 0),
        ] {
            assert_eq!(outcome(&json!({ "intent_id": "1", "state": state })), code, "{state}");
        }
        // What is no payment has states of its own.
        assert_eq!(outcome(&json!({ "state": "failed" })), 0);
        assert_eq!(outcome(&json!([{ "intent_id": "1", "state": "unknown" }])), 0);
    }
}
