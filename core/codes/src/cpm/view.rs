//! What a consumer-presented code may show of itself: everything but the card number.

use super::{ConsumerCode, NUMBER, TRACK, bytes_of, compact_digits, number_of};
use crate::ber::Tlv;
use crate::emv::{Scheme, scheme_of_guid};
use crate::table::Table;
use kabao_base::mask;

/// The kind of card behind a UnionPay application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum UnionPayCard {
    /// A000000333010101, 借记.
    Debit,
    /// A000000333010102, 贷记.
    Credit,
    /// A000000333010103, 准贷记.
    QuasiCredit,
}

/// What a template says of the card, masked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardFacts {
    /// Whether it holds a card number or token (5A).
    pub has_number: bool,
    /// Whether it holds the equivalent of track 2 (57), which holds the number too.
    pub has_track: bool,
    /// The number with all but its last four digits hidden.
    pub masked_number: Option<String>,
    /// The last four digits of the card that the person knows (9F25): a token has others.
    pub last_four: Option<String>,
    /// The holder's name (5F20), masked.
    pub masked_name: Option<String>,
    /// Languages that the person prefers (5F2D), two letters each, the most preferred first.
    pub languages: Vec<String>,
    /// The issuer's address on the web (5F50), as it stands: it is not opened.
    pub issuer_url: Option<String>,
    /// Version of the application (9F08), hexadecimal.
    pub version: Option<String>,
    /// Who asked for the token (9F19), hexadecimal.
    pub token_requestor: Option<String>,
    /// Payment account reference (9F24): names the account and pays nothing.
    pub account_reference: Option<String>,
    /// Whether the issuer's cryptogram (9F26) is there, in 63 or 64 or beside them.
    pub has_cryptogram: bool,
}

/// One application of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsumerApplication {
    /// Application identifier (4F), hexadecimal in capitals.
    pub aid: String,
    /// Whose application it is, where that is known.
    pub scheme: Option<Scheme>,
    /// Of a UnionPay application: the kind of card.
    pub unionpay: Option<UnionPayCard>,
    /// What the application calls itself (50).
    pub label: Option<String>,
    /// What it says of the card.
    pub card: CardFacts,
}

/// What may be shown of a consumer-presented code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsumerView {
    /// `CPV01`.
    pub payload_format: String,
    /// The applications, the payer's favourite first.
    pub applications: Vec<ConsumerApplication>,
    /// What the applications share (62).
    pub common: Option<CardFacts>,
}

impl ConsumerCode {
    /// What may be shown of the code; the table says whose its applications are.
    ///
    /// # Examples
    ///
    /// ```
    /// let code = kabao_codes::cpm::read("hQVDUFYwMWEVTwegAAAGAiAgWgqTYAkUMBAFMXIP").unwrap();
    /// let application = &code.view(&kabao_codes::table::Table::shipped()).applications[0];
    /// assert_eq!(application.scheme.as_ref().unwrap().key, "qris");
    /// assert_eq!(application.card.masked_number.as_deref(), Some("****1720"));
    /// ```
    pub fn view(&self, table: &Table) -> ConsumerView {
        ConsumerView {
            payload_format: "CPV01".to_owned(),
            applications: self.applications().map(|template| application(template, table)).collect(),
            common: self.common().map(facts),
        }
    }
}

fn application(template: &Tlv, table: &Table) -> ConsumerApplication {
    let aid = hex(bytes_of(template, super::IDENTIFIER).unwrap_or_default());
    // Three kinds of card by UnionPay's specification, each with a meaning of its own in code: no rows.
    let unionpay = match aid.as_str() {
        "A000000333010101" => Some(UnionPayCard::Debit),
        "A000000333010102" => Some(UnionPayCard::Credit),
        "A000000333010103" => Some(UnionPayCard::QuasiCredit),
        _ => None,
    };
    ConsumerApplication { scheme: scheme_of_guid(&aid, table), unionpay, label: text(template, 0x50), card: facts(template), aid }
}

fn facts(template: &Tlv) -> CardFacts {
    let number = number_of(template).ok().flatten();
    let masked = |digits: &str| format!("****{}", mask::card_tail(digits).trim_start_matches('*'));
    let last_four = bytes_of(template, 0x9f25).filter(|bytes| bytes.len() == 2).and_then(compact_digits);
    CardFacts {
        has_number: bytes_of(template, NUMBER).is_some(),
        has_track: bytes_of(template, TRACK).is_some(),
        masked_number: number.map(|number| masked(number.expose("only its last four digits leave"))),
        last_four: last_four.filter(|digits| digits.len() == 4).map(|digits| digits.to_string()),
        masked_name: text(template, 0x5f20).map(|name| mask::name(name.trim())),
        languages: text(template, 0x5f2d).map(|codes| languages(&codes)).unwrap_or_default(),
        issuer_url: text(template, 0x5f50),
        version: bytes_of(template, 0x9f08).map(hex),
        token_requestor: bytes_of(template, 0x9f19).map(hex),
        account_reference: text(template, 0x9f24),
        has_cryptogram: holds(template, 0x9f26),
    }
}

/// Whether a template or one inside it holds a tag. The depth is the one that was read.
fn holds(template: &Tlv, tag: u32) -> bool {
    template.parts().iter().any(|part| part.tag.number() == tag || holds(part, tag))
}

/// Up to four languages of two letters; anything else says nothing.
fn languages(codes: &str) -> Vec<String> {
    let good = (2..=8).contains(&codes.len()) && codes.len().is_multiple_of(2) && codes.bytes().all(|byte| byte.is_ascii_alphabetic());
    let letters: Vec<char> = if good { codes.chars().collect() } else { Vec::new() };
    letters.chunks(2).map(|pair| pair.iter().collect()).collect()
}

/// A value as text, where it is text that hides nothing.
fn text(template: &Tlv, tag: u32) -> Option<String> {
    let text = std::str::from_utf8(bytes_of(template, tag)?).ok()?;
    (!text.is_empty() && crate::hidden_in_code(text).is_none()).then(|| text.to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
