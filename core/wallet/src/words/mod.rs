//! Every sentence a person reads, in the languages of the wallet. The sentences stand in `zh-CN.toml` and `en.toml`
//! and nowhere else; `build.rs` checks them and makes the table that is searched here. Features hand out keys and
//! arguments, and ask this module last.
//!
//! Keys: `error.<code>.{text,text_counted,text_wait,next}`, `failure.*`, `onboarding.<step>.{title,why}`,
//! `payment.<state>`, `payer_code.<state>`, `record.kind.<kind>`, `record.state.<state>`, `way.<way>`,
//! `document.<kind>`, `name_note.<note>`, `reverify.*`, `account_class.*`, `identity_source.<register>`,
//! `codes.<source>`, `card.kind.<kind>`, `card.doubt.<hint>`, `stage.<stage>`, `data.*`, `notice.<notice>.{title,body}`, `receipt.<label>`, `show.*`, `screen.<name>`, `sheet.*`, `age.*`, `wait.*`, `bank_transfer.*`.

mod code;
#[cfg(test)]
mod compile;
#[cfg(test)]
mod tests;

pub use code::{CodeWords, code, danger, scheme};

use kabao_base::fold::hidden_kind;
pub use kabao_base::Language;
use kabao_base::{Certainty, Code, Failure};
use kabao_money::merchant::MerchantState;
use kabao_money::onboarding::OnboardingStep;
use kabao_money::payment::PaymentState;
use std::collections::HashMap;

/// Key, Chinese, English; sorted by key.
static TABLE: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// What a person is told about a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Explanation {
    /// What happened, one or two sentences without a full stop at the end. Says that the result is pending and
    /// not to pay again whenever the outcome is not known.
    pub text: String,
    /// What to do now, whole sentences.
    pub next: String,
}

/// What a person reads about the next step of the set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct StepWords {
    /// The heading.
    pub title: String,
    /// Why the step is needed.
    pub why: String,
}

/// The sentence of a key, with `{name}` replaced by the argument `name`.
///
/// An unknown key gives the key itself, so that a mistake is seen and nothing breaks; ask [`exists`] for keys that come
/// from outside. A placeholder without an argument stays as it is. An argument is put in as plain text: braces in it
/// mean nothing, hidden characters are left out, a line break becomes a space.
pub fn say(language: Language, key: &str, arguments: &[(&str, &str)]) -> String {
    match find(language, key) {
        Some(sentence) => fill(sentence, arguments),
        None => key.to_owned(),
    }
}

/// Whether there is a sentence for a key.
pub fn exists(key: &str) -> bool {
    find(Language::En, key).is_some()
}

/// What a movement that this phone started is called; a merchant's question that was confirmed is a payment.
pub(crate) fn move_kind(language: Language, kind: &str) -> String {
    let own = matches!(kind, "top_up" | "withdraw" | "transfer");
    say(language, &format!("record.kind.{}", if own { kind } else { "pay" }), &[])
}

/// What to tell a person about a failure.
///
/// Names the tries that are left or the time to wait where the failure carries them and the code has words for
/// them. When the outcome is not known, the text says so first and the next step is never to pay again, whatever the
/// code. A code that this version does not know gets a general sentence.
pub fn explain(language: Language, failure: &Failure) -> Explanation {
    let Some(code) = Code::parse(&failure.code) else {
        let cause = say(language, "failure.other_text", &[]);
        return match failure.certainty {
            Certainty::Unknown => pending(language, &cause),
            Certainty::Certain => Explanation { text: cause, next: say(language, "failure.other_next", &[]) },
        };
    };
    let says_pending = code.entry().certainty == Certainty::Unknown;
    if failure.certainty == Certainty::Unknown && !says_pending {
        // The plain text: tries and waiting times invite to try again.
        return pending(language, &say(language, &format!("error.{}.text", code.as_str()), &[]));
    }
    Explanation {
        text: text_of(language, code, failure),
        next: say(language, &format!("error.{}.next", code.as_str()), &[]),
    }
}

fn pending(language: Language, cause: &str) -> Explanation {
    Explanation {
        text: say(language, "failure.unknown_text", &[("cause", cause)]),
        next: say(language, "failure.unknown_next", &[]),
    }
}

fn text_of(language: Language, code: Code, failure: &Failure) -> String {
    let code = code.as_str();
    if let Some(left) = failure.attempts_left
        && let Some(sentence) = find(language, &format!("error.{code}.text_counted"))
    {
        return fill(sentence, &[("attempts_left", &left.to_string())]);
    }
    if let Some(ms) = failure.retry_after_ms.filter(|ms| *ms > 0)
        && let Some(sentence) = find(language, &format!("error.{code}.text_wait"))
    {
        return fill(sentence, &[("wait", &wait(language, ms))]);
    }
    say(language, &format!("error.{code}.text"), &[])
}

/// What a person reads about the step that the set-up asks for.
pub fn step(language: Language, step: &OnboardingStep) -> StepWords {
    let name = step.reason_key.strip_prefix("onboarding_").unwrap_or(&step.reason_key);
    StepWords {
        title: say(language, &format!("onboarding.{name}.title"), &[]),
        why: say(language, &format!("onboarding.{name}.why"), &[]),
    }
}

/// A heading, button or label of a screen: the sentence `screen.<name>`, or the label `receipt.<name>` for what stands
/// on a receipt too, with its arguments filled in. A name that is not in the catalogue gives its key.
pub fn screen(language: Language, name: &str, arguments: &HashMap<String, String>) -> String {
    let arguments: Vec<(&str, &str)> = arguments.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let of_screen = format!("screen.{name}");
    let key = if exists(&of_screen) { of_screen } else { format!("receipt.{name}") };
    say(language, &key, &arguments)
}

/// The words for the state of a payment that the person started.
pub fn payment(language: Language, state: PaymentState) -> String {
    say(language, &format!("payment.{}", state.as_str()), &[])
}

/// The words for the state of a payment that a merchant started.
pub fn payer_code(language: Language, state: MerchantState) -> String {
    say(language, &format!("payer_code.{}", state.as_str()), &[])
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How old something is, in whole units that have passed (`5 min ago`). `ms` is the age in milliseconds; less than a
/// minute, and an age below zero because a clock was set, is `just now`.
pub fn age(language: Language, ms: i64) -> String {
    let (key, unit) = match ms {
        ..MINUTE => return say(language, "age.just_now", &[]),
        MINUTE..HOUR => ("age.minutes", MINUTE),
        HOUR..DAY => ("age.hours", HOUR),
        _ => ("age.days", DAY),
    };
    say(language, key, &[("n", &(ms / unit).to_string())])
}

/// How long to wait, rounded up, so that who comes back then is not too early. `ms` in milliseconds; at least `1 s`.
pub fn wait(language: Language, ms: i64) -> String {
    let ms = ms.max(1);
    let (key, unit) = if ms <= MINUTE {
        ("wait.seconds", SECOND)
    } else if ms <= HOUR {
        ("wait.minutes", MINUTE)
    } else if ms <= DAY {
        ("wait.hours", HOUR)
    } else {
        ("wait.days", DAY)
    };
    let units = (ms / unit).saturating_add(i64::from(ms % unit > 0));
    say(language, key, &[("n", &units.to_string())])
}

fn find(language: Language, key: &str) -> Option<&'static str> {
    let at = TABLE.binary_search_by(|(known, _, _)| (*known).cmp(key)).ok()?;
    let (_, zh, en) = TABLE.get(at)?;
    Some(match language {
        Language::ZhCn => zh,
        Language::En => en,
    })
}

/// One pass from left to right: what an argument brings is not looked at again.
fn fill(sentence: &str, arguments: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            continue;
        };
        match arguments.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.extend(value.chars().filter_map(visible)),
            None => {
                out.push('{');
                out.push_str(name);
                out.push('}');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn visible(character: char) -> Option<char> {
    match character {
        '\t' | '\n' | '\r' => Some(' '),
        character if hidden_kind(character).is_some() => None,
        character => Some(character),
    }
}
