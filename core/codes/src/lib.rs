//! Reads and draws codes, and judges what a person types: identity numbers, names, phone and card
//! numbers, payment PINs. Pure functions over text: no clock, no network, no files.
//!
//! - [`read`](crate::read()) gives one verdict about a scanned or tapped text, by the [`table`] of codes;
//!   [`emv`], [`cpm`], [`collection`] and [`links`] read the formats;
//! - [`handoff`] opens the app of another scheme and reads what it answers;
//! - [`ndef`] reads what a tap gives and [`type4`] says how to read a tag; [`carrier`] holds our signed documents in a QR code;
//! - [`payer`] derives the digits of a payer code 付款码, [`draw`] turns them into a QR code and bars;
//! - [`identity`], [`travel`], [`mrz`], [`names`], [`phones`], [`pin`], [`cards`] judge input of a person;
//! - [`papers`] is the form of each identity document, judged field by field;
//! - [`capital`] writes and reads amounts and dates in capital characters 大写, [`mcc`] sorts merchants;
//! - [`password`] judges login passwords;
//! - [`otp`] makes and verifies the codes of an authenticator app;
//! - [`checks`] answers published cases as JSON lines (feature `checks`).

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

pub mod ber;
pub mod capital;
pub mod cards;
pub mod carrier;
#[cfg(any(test, feature = "checks"))]
pub mod checks;
pub mod collection;
pub mod cpm;
pub mod day;
pub mod draw;
pub mod emails;
pub mod emv;
pub mod handoff;
pub mod identity;
pub mod links;
pub mod mcc;
pub mod mrz;
pub mod names;
pub mod ndef;
pub mod otp;
pub mod papers;
pub mod password;
pub mod payer;
pub mod phones;
pub mod pin;
pub mod read;
pub mod table;
pub mod travel;
pub mod type4;

pub use collection::{CollectionCode, CollectionRequest, make_collection_code};
pub use day::Day;
pub use read::{ReadContext, Verdict, read, read_bytes};
pub use table::Table;

use kabao_base::{Code, FoldError};

/// The entry of the error catalogue for a text that could not be folded.
///
/// # Examples
/// ```
/// use kabao_base::{Code, FoldError};
/// assert_eq!(kabao_codes::fold_code(FoldError::NotDigits), Code::NotDigits);
/// ```
pub fn fold_code(error: FoldError) -> Code {
    match error {
        FoldError::Empty => Code::EmptyInput,
        FoldError::TooLong => Code::InputTooLong,
        FoldError::Hidden { .. } => Code::HiddenCharacter,
        FoldError::NotDigits => Code::NotDigits,
    }
}

/// The sort of the first character that a machine-made text may not hold, or `None`. Stricter than
/// for typed text: a line break or a tab inside a code hides something too, and so do format characters
/// and selectors that stand in rare names but in no code.
pub(crate) fn hidden_in_code(text: &str) -> Option<&'static str> {
    // Most codes are printable ASCII, where nothing hides.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    text.chars().find_map(|character| match character {
        '\t' | '\n' | '\r' => Some("control"),
        '\u{2065}' | '\u{fff0}'..='\u{fff8}' | '\u{e0080}'..='\u{e0fff}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => Some("zero-width"),
        '\u{206a}'..='\u{206f}' => Some("bidirectional"),
        '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => Some("control"),
        other => kabao_base::fold::hidden_kind(other),
    })
}

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
