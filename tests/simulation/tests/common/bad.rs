//! What every call must say of bad input: a code of the catalogue with its next step, and nothing of what was typed.

use kabao_base::Code;
use kabao_core::error::Outcome;
use kabao_core::words::{Language, explain};
use kabao_core::{Wallet, WalletError};
use kabao_simulation::phone::{CARD, ID_NUMBER, PIN};
use std::fmt::Debug;

/// A megabyte of digits.
pub fn megabyte() -> String {
    "7".repeat(1 << 20)
}

/// What may never be read in an error.
pub const SECRETS: [&str; 8] =
    [PIN, CARD, ID_NUMBER, "6222021234567890", "110105194912310021", "147036", "905172", "77777777"];

/// Looks at an error and gives its code. `at` names the case in a report.
pub fn judged<T: Debug>(at: &str, outcome: Outcome<T>) -> (Code, Option<String>) {
    let error: WalletError = outcome.expect_err(at);
    let failure = error.failure().clone();
    let code = Code::parse(&failure.code).unwrap_or_else(|| panic!("{at}: {} is not in the catalogue", failure.code));
    let entry = code.entry();
    assert_eq!((failure.certainty, failure.remedy, failure.actor), (entry.certainty, entry.remedy, entry.actor), "{at}");
    for language in [Language::ZhCn, Language::En] {
        let words = explain(language, &failure);
        assert!(words.text.chars().count() > 3 && !words.text.contains('.') | words.text.contains(' '), "{at}: {words:?}");
        assert!(!words.next.is_empty(), "{at}");
    }
    let shown = format!("{error} {error:?} {failure:?}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{at}: {shown}");
    }
    assert!(shown.len() < 2000, "{at}: the error repeats what was typed");
    (code, failure.field)
}

/// One case: the call must fail with one of `codes`, in `field`.
pub fn bad<T: Debug>(at: &str, outcome: Outcome<T>, codes: &[Code], field: Option<&str>) {
    let (code, named) = judged(at, outcome);
    assert!(codes.contains(&code), "{at}: {code:?}, wanted {codes:?}");
    assert_eq!(named.as_deref(), field, "{at}: {code:?}");
}

/// A name for a report that is not a megabyte.
pub fn name(call: &str, typed: &str) -> String {
    format!("{call} {:?}…", typed.chars().take(24).collect::<String>())
}

/// Hidden characters of each sort inside `text`.
pub fn hidden(text: &str) -> Vec<String> {
    let (head, tail) = text.split_at(text.char_indices().nth(2).map_or(text.len(), |(place, _)| place));
    ["\u{200b}", "\u{200d}", "\u{feff}", "\u{202e}", "\u{2066}", "\0", "\u{7}", "\u{1b}", "\u{7f}"]
        .iter()
        .map(|character| format!("{head}{character}{tail}"))
        .collect()
}

/// As a Chinese keyboard types it.
pub fn full_width(text: &str) -> String {
    text.chars().map(|sign| char::from_u32(u32::from(sign) + 0xfee0).unwrap()).collect()
}

pub async fn step(wallet: &Wallet) -> String {
    format!("{:?}", wallet.account().onboarding_next().await.unwrap())
}

pub fn ids() -> Vec<String> {
    let mut ids = vec![String::new(), "1".to_owned(), "z".repeat(32), full_width(&"1".repeat(32)), megabyte(), "0".repeat(33)];
    ids.extend(["00000000-0000-0000-0000-000000000000".to_owned(), "../".repeat(10) + "ab", "0'; DROP TABLE intents; --012345".to_owned()]);
    ids.extend(hidden(&"a".repeat(31)));
    ids
}
