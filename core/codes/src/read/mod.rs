//! What a scanned text is: the first question of every payment, answered without network.
//!
//! One total answer, [`Verdict`], for every text and every row of bytes, a tap's as well as a scan's.
//! Unknown is an answer; nothing is guessed, opened or sent. The order and the collisions are those of
//! section 7.1 of the feature register:
//!
//! | shape, after white space at both ends is gone | answer |
//! |---|---|
//! | our prefix and length | our payer code |
//! | 18 digits with region, birth date and check digit of GB 11643, or 17 digits and X | may be an identity number |
//! | 19 digits from 62 with check digit and the beginning of a card; every card number on a card form | may be a card |
//! | digits by beginning and length of the table | a payer code |
//! | 13 digits with the check digit of EAN | the barcode of goods |
//! | `KB1` and a letter and `:` | our signed document, never payable |
//! | `0002…` | merchant code after EMVCo: checksum first, then fields |
//! | `hQVDUFYwMW…` | payer code after EMVCo |
//! | `scheme://` | by scheme, whole host and path of the table; anything else is a link that is not opened |
//!
//! **White space** that goes is what scanners add: space, tab, line feed, carriage return, at both ends.
//! Nothing else is changed: a byte order mark, a no-break space or an ideographic space is part of what
//! was scanned. Inside, a hidden character (zero-width, bidirectional, control) is a danger by name.

mod amount;
mod crypto;
mod digits;
mod family;
mod link;
mod merchant;
mod verdict;

pub use family::{Family, Scheme};
pub(crate) use link::leads_elsewhere;
pub use verdict::{Asks, Danger, LimitClass, PayWay, Verdict};

use crate::{carrier, hidden_in_code};
use crate::table::Table;
use kabao_base::Code;
use std::sync::Arc;

/// Where a text comes from: the same digits can be a payer code before a camera and a card number on a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Place {
    /// The scanner for payments, a picture, or a tap.
    #[default]
    Scanner,
    /// The form on which a card is added.
    CardForm,
}

/// What this wallet calls its own: configuration and data of the service, not constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadContext {
    /// The GUID of our template in merchant codes, `app.kabao`.
    pub guid: String,
    /// The beginning of our payer codes, `97`; absent before the first batch of tokens.
    pub payer_prefix: Option<String>,
    /// The length of our payer codes in digits.
    pub payer_length: u32,
    /// The host of our collection links; absent where there is none.
    pub link_host: Option<String>,
    /// The schemes whose codes this wallet can pay by itself, through a channel.
    pub channels: Vec<Scheme>,
    /// Where the text comes from.
    pub place: Place,
    /// The table of codes in use.
    pub table: Arc<Table>,
}

impl ReadContext {
    /// A context with the table that ships, without payer codes, links and channels of our own.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ReadContext;
    /// let context = ReadContext { payer_prefix: Some("97".to_owned()), ..ReadContext::new("app.kabao") };
    /// assert_eq!(context.payer_length, 24);
    /// ```
    pub fn new(guid: &str) -> ReadContext {
        ReadContext {
            guid: guid.to_owned(),
            payer_prefix: None,
            payer_length: crate::payer::CODE_LENGTH,
            link_host: None,
            channels: Vec::new(),
            place: Place::Scanner,
            table: Table::shipped(),
        }
    }
}

/// The longest text that is read, in characters; four times as many bytes. A QR code holds at most 7,089
/// digits or 2,953 bytes, and no payment code comes near.
pub const LIMIT: usize = 4096;
const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Says what a scanned or tapped text is. Never fails, whatever the text.
///
/// # Examples
/// ```
/// use kabao_codes::{ReadContext, read};
/// use kabao_codes::read::Family;
/// let context = ReadContext::new("app.kabao");
/// assert_eq!(read("130123456789012345", &context).family, Family::WeChatPayerCode);
/// assert_eq!(read("good morning", &context).family, Family::Unknown);
/// ```
pub fn read(text: &str, context: &ReadContext) -> Verdict {
    if text.len() > LIMIT && (text.len() > LIMIT * 4 || text.chars().count() > LIMIT) {
        let mut verdict = Verdict::refused(Family::TooLong, Code::InputTooLong);
        verdict.warn(Danger::TooLong);
        return verdict;
    }
    let text = text.trim_matches(WHITE_SPACE);
    if text.is_empty() {
        return Verdict::refused(Family::Empty, Code::EmptyInput);
    }
    if let Some(name) = hidden_in_code(text) {
        let mut verdict = Verdict::refused(Family::Unknown, Code::CodeHostile);
        verdict.warn(Danger::Hidden { name });
        return verdict;
    }
    digits::judge(text, context)
        .or_else(|| document(text))
        .or_else(|| merchant::judge(text, context))
        .or_else(|| link::judge(text, context, 0))
        .or_else(|| crypto::judge(text, context))
        .unwrap_or_else(|| unknown(text))
}

/// Says what scanned or tapped bytes are: as [`read`], and bytes that are no UTF-8 have an answer too.
///
/// # Examples
/// ```
/// use kabao_codes::{ReadContext, read_bytes};
/// use kabao_codes::read::Family;
/// assert_eq!(read_bytes(&[0xff, 0xfe], &ReadContext::new("app.kabao")).family, Family::NotText);
/// ```
pub fn read_bytes(bytes: &[u8], context: &ReadContext) -> Verdict {
    if bytes.len() > LIMIT * 4 {
        let mut verdict = Verdict::refused(Family::TooLong, Code::InputTooLong);
        verdict.warn(Danger::TooLong);
        return verdict;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text, context),
        Err(_) => Verdict::refused(Family::NotText, Code::CodeUnknown),
    }
}

/// Whatever stands behind the beginning: a damaged document is no more payable than a whole one.
fn document(text: &str) -> Option<Verdict> {
    let kind = carrier::kind(text)?;
    let verdict = Verdict::refused(Family::OurDocument, Code::CodeNoPayment).of(Scheme::Ours);
    Some(Verdict { document: Some(kind), ..verdict })
}

fn unknown(text: &str) -> Verdict {
    let mut verdict = Verdict::refused(Family::Unknown, Code::CodeUnknown);
    if text.chars().all(char::is_numeric) && !text.is_ascii() {
        verdict.warn(Danger::OddDigits);
    }
    if text.matches("://").count() > 1 {
        verdict.warn(Danger::TwoLinks);
    }
    verdict
}

#[cfg(test)]
mod tests;
