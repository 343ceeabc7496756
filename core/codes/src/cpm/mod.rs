//! Consumer-presented codes after EMVCo QR Code CPM: what a payer's phone shows and a till scans.
//! Base64 of BER-TLV: `85` says `CPV01`, one or more templates `61` hold an application each, an
//! optional `62` holds what they share, `63` and `64` inside them the issuer's cryptogram.
//!
//! A wallet that scans such a code cannot pay it: it names it. The code holds a card number or its
//! token, so printing shows no value, and the number leaves as a secret only.

mod view;

pub use view::{CardFacts, ConsumerApplication, ConsumerView, UnionPayCard};

use crate::ber::{self, BerError, Tag, Tlv};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kabao_base::{CardNumber, Code};
use std::collections::BTreeSet;
use std::fmt;
use zeroize::Zeroizing;

/// How the text of every such code begins: `85 05 43 50 56 30 ..`, version to follow.
pub const BEGINNING: &str = "hQVDUFYw";

/// The longest text that is read; the specification allows 512 characters.
pub const LIMIT: usize = 4096;

/// A consumer-presented code whose structure holds.
pub struct ConsumerCode {
    bytes: Zeroizing<Vec<u8>>,
    tags: Vec<Tlv>,
}

impl fmt::Debug for ConsumerCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ConsumerCode{:?}", self.tags)
    }
}

/// Why a text is no consumer-presented code, or a damaged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CpmError {
    /// Longer than 4096 characters.
    #[error("the code is too long")]
    TooLong,
    /// Not Base64 as RFC 4648 has it: other characters, missing or wrong padding.
    #[error("this is not Base64")]
    Base64,
    /// Not tags, lengths and values.
    #[error(transparent)]
    Ber(#[from] BerError),
    /// The first tag is not 85.
    #[error("this is not a consumer-presented code")]
    NotConsumerCode,
    /// 85 says another version than CPV01.
    #[error("the code has a version that is not known")]
    Version,
    /// A tag is missing: no application template (61), or no application identifier (4F) in one.
    #[error("tag {tag:X} is missing")]
    Missing {
        /// The tag.
        tag: u32,
    },
    /// A tag stands twice in one template.
    #[error("tag {tag:X} stands twice")]
    Duplicate {
        /// The tag.
        tag: u32,
    },
    /// An identifier, card number or track that is none.
    #[error("tag {tag:X} has a value that it may not have")]
    Value {
        /// The tag.
        tag: u32,
    },
}

impl CpmError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::cpm::CpmError;
    /// assert_eq!(CpmError::Missing { tag: 0x61 }.code(), kabao_base::Code::CodeDamaged);
    /// ```
    pub fn code(self) -> Code {
        match self {
            CpmError::TooLong => Code::InputTooLong,
            CpmError::Base64 | CpmError::NotConsumerCode | CpmError::Version => Code::CodeUnknown,
            CpmError::Duplicate { .. } => Code::CodeHostile,
            _ => Code::CodeDamaged,
        }
    }
}

const FORMAT: u32 = 0x85;
const APPLICATION: u32 = 0x61;
const COMMON: u32 = 0x62;
const IDENTIFIER: u32 = 0x4f;
const NUMBER: u32 = 0x5a;
const TRACK: u32 = 0x57;

/// Reads a consumer-presented code.
///
/// # Examples
///
/// ```
/// let code = kabao_codes::cpm::read("hQVDUFYwMWEJTwegAAAGAiAg").unwrap();
/// assert_eq!(code.view(&kabao_codes::table::Table::shipped()).applications[0].aid, "A0000006022020");
/// ```
pub fn read(text: &str) -> Result<ConsumerCode, CpmError> {
    if text.len() > LIMIT {
        return Err(CpmError::TooLong);
    }
    let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| CpmError::Base64)?);
    let tags = ber::read(&bytes)?;
    let first = tags.first().filter(|first| first.tag.number() == FORMAT).ok_or(CpmError::NotConsumerCode)?;
    if first.bytes() != Some(b"CPV01") {
        return Err(CpmError::Version);
    }
    no_tag_twice(&tags, true)?;
    if !tags.iter().any(|tlv| tlv.tag.number() == APPLICATION) {
        return Err(CpmError::Missing { tag: APPLICATION });
    }
    let code = ConsumerCode { bytes, tags };
    code.applications().try_for_each(|application| {
        let identifier = bytes_of(application, IDENTIFIER).ok_or(CpmError::Missing { tag: IDENTIFIER })?;
        if (5..=16).contains(&identifier.len()) { Ok(()) } else { Err(CpmError::Value { tag: IDENTIFIER }) }
    })?;
    for template in code.applications().chain(code.common()) {
        number_of(template)?;
    }
    Ok(code)
}

impl ConsumerCode {
    /// The card number or its token, of the first application that has one, else of the common
    /// template; `None` where the code has none. It is a secret: it is wiped, and shown nowhere.
    ///
    /// # Examples
    ///
    /// ```
    /// let code = kabao_codes::cpm::read("hQVDUFYwMWEVTwegAAAGAiAgWgqTYAkUMBAFMXIP").unwrap();
    /// assert_eq!(code.card_number().unwrap().expose("an example")[..6], *"936009");
    /// ```
    pub fn card_number(&self) -> Option<CardNumber> {
        self.applications().chain(self.common()).find_map(|template| number_of(template).ok().flatten())
    }

    /// The bytes of the code, card number included. `reason` says at the place of use why they
    /// must be seen there; it is not kept.
    ///
    /// # Examples
    ///
    /// ```
    /// let code = kabao_codes::cpm::read("hQVDUFYwMWEJTwegAAAGAiAg").unwrap();
    /// assert_eq!(code.expose("an example")[..2], [0x85, 5]);
    /// ```
    pub fn expose(&self, reason: &'static str) -> &[u8] {
        debug_assert!(!reason.is_empty());
        &self.bytes
    }

    fn applications(&self) -> impl Iterator<Item = &Tlv> {
        self.tags.iter().filter(|tlv| tlv.tag.number() == APPLICATION)
    }

    fn common(&self) -> Option<&Tlv> {
        self.tags.iter().find(|tlv| tlv.tag.number() == COMMON)
    }
}

/// Refuses a tag that stands twice in one template; only 61 may, beside other applications.
fn no_tag_twice(tags: &[Tlv], outermost: bool) -> Result<(), CpmError> {
    let mut seen: BTreeSet<Tag> = BTreeSet::new();
    for tlv in tags {
        let tag = tlv.tag.number();
        let may_repeat = outermost && tag == APPLICATION;
        if !seen.insert(tlv.tag) && !may_repeat {
            return Err(CpmError::Duplicate { tag });
        }
        no_tag_twice(tlv.parts(), false)?;
    }
    Ok(())
}

fn bytes_of(template: &Tlv, tag: u32) -> Option<&[u8]> {
    template.parts().iter().find(|part| part.tag.number() == tag).and_then(Tlv::bytes)
}

/// The card number of a template: of 5A, else of the track in 57. ISO/IEC 7812: 8 to 19 digits.
fn number_of(template: &Tlv) -> Result<Option<CardNumber>, CpmError> {
    let wrong = |tag| CpmError::Value { tag };
    let track = bytes_of(template, TRACK).map(|bytes| track_number(bytes).ok_or(wrong(TRACK))).transpose()?;
    let number = bytes_of(template, NUMBER).map(|bytes| compact_digits(bytes).ok_or(wrong(NUMBER))).transpose()?;
    let tag = if number.is_some() { NUMBER } else { TRACK };
    let Some(digits) = number.or(track) else { return Ok(None) };
    if !(8..=19).contains(&digits.len()) {
        return Err(wrong(tag));
    }
    Ok(Some(CardNumber::new(digits.to_string())))
}

/// Digits two to a byte, filled up with F at the right (format `cn`).
pub(crate) fn compact_digits(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let halves = half_bytes(bytes);
    let end = halves.iter().position(|half| *half == 0xf).unwrap_or(halves.len());
    let (digits, filling) = halves.split_at_checked(end)?;
    if filling.iter().any(|half| *half != 0xf) {
        return None;
    }
    decimal(digits)
}

/// The number before the separator D of a track (format of track 2: digits, D, digits, filled with F).
fn track_number(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let halves = half_bytes(bytes);
    let separator = halves.iter().position(|half| *half == 0xd)?;
    let (number, rest) = halves.split_at_checked(separator)?;
    let rest = rest.get(1..)?;
    let end = rest.iter().position(|half| *half == 0xf).unwrap_or(rest.len());
    let (data, filling) = rest.split_at_checked(end)?;
    let good = data.iter().all(|half| *half < 10) && filling.iter().all(|half| *half == 0xf);
    if good { decimal(number) } else { None }
}

fn half_bytes(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut halves = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_mul(2)));
    halves.extend(bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]));
    halves
}

fn decimal(halves: &[u8]) -> Option<Zeroizing<String>> {
    let mut digits = Zeroizing::new(String::with_capacity(halves.len()));
    for half in halves {
        digits.push(char::from_digit(u32::from(*half), 10)?);
    }
    Some(digits)
}

#[cfg(test)]
mod tests;
