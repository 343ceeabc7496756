//! NDEF: what a tap on a tag or a terminal gives. A message is a list of records; a payment is one
//! link or one text in it.
//!
//! A tap is judged as a scan is ([`tap`]): [`Message::payment_text`] finds the text, and the reader of texts says what
//! it is. Nothing is opened. Rules: NFC Forum NDEF 1.0, URI RTD 1.0, Text RTD 1.0, Smart Poster RTD 1.1.
//!
//! - [`record`] one record, its kind and limits; [`message`] records in order, and pieces joined;
//! - [`uri`], [`text`], [`poster`] the three kinds of content that a tap of a payment uses.

pub mod message;
pub mod poster;
pub mod record;
mod tap;
pub mod text;
pub mod uri;

pub use message::{Message, Mode};
pub use poster::{PosterAction, SmartPoster};
pub use record::{Record, Tnf};
pub use tap::tap;
pub use text::{Text, TextEncoding};

use kabao_base::Code;

/// The longest message in bytes. A link needs a hundred; a poster with a picture fits too.
pub const LIMIT: usize = 16 * 1024;
/// The most records of one message, and the most pieces of all its records.
pub const RECORD_LIMIT: usize = 256;

/// Why a message is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum NdefError {
    /// More than [`LIMIT`] bytes or more than [`RECORD_LIMIT`] records.
    #[error("the message is too long")]
    TooLong,
    /// It ends before a length that it states.
    #[error("the message is cut")]
    Cut,
    /// The type name format 7, which means nothing.
    #[error("a record has a reserved type name format")]
    ReservedFormat,
    /// A type where there must be none, or none where there must be one.
    #[error("a record has a type of the wrong length")]
    TypeLength,
    /// An identifier on an empty record or on a later piece of a record.
    #[error("a record has an identifier where none may be")]
    IdLength,
    /// A payload on an empty record.
    #[error("an empty record has a payload")]
    EmptyWithPayload,
    /// The first record does not say that the message begins.
    #[error("the message does not begin with its first record")]
    NoBegin,
    /// A later record says that the message begins.
    #[error("a message begins inside the message")]
    SecondBegin,
    /// The last record does not say that the message ends.
    #[error("the message does not end with its last record")]
    NoEnd,
    /// Bytes after the record that says that the message ends.
    #[error("bytes follow the end of the message")]
    Trailing,
    /// A piece of a record without its beginning, or a record cut into pieces without its end.
    #[error("the pieces of a record do not fit together")]
    Pieces,
    /// The code of an abbreviation that does not exist, 0x24 or above.
    #[error("a link has an abbreviation that does not exist")]
    UriPrefix,
    /// A link that is not UTF-8, or a link without even the byte of the abbreviation.
    #[error("a link is not text")]
    UriText,
    /// A control character in a link.
    #[error("a link holds a control character")]
    UriCharacter,
    /// A text without a language of 1 to 63 ASCII characters.
    #[error("a text has no lawful language")]
    Language,
    /// A text that is not in the encoding that it states.
    #[error("a text is not in its encoding")]
    TextEncoding,
    /// A poster with no link or with more than one.
    #[error("a poster has other than one link")]
    PosterLinks,
    /// A poster whose action, size or type is damaged.
    #[error("a poster has a damaged part")]
    PosterPart,
    /// Neither a link nor a text.
    #[error("the message holds no link and no text")]
    NothingToRead,
    /// Different links, or without a link different texts: which one is meant cannot be known.
    #[error("the message holds several links")]
    Several,
}

impl NdefError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Code;
    /// assert_eq!(kabao_codes::ndef::NdefError::Several.code(), Code::CodeHostile);
    /// ```
    pub fn code(self) -> Code {
        match self {
            NdefError::TooLong => Code::InputTooLong,
            NdefError::UriCharacter | NdefError::Several => Code::CodeHostile,
            NdefError::NothingToRead => Code::CodeUnknown,
            _ => Code::CodeDamaged,
        }
    }
}

/// Reads a message as a tag or a terminal sent it, every rule applied. No bytes are a message
/// without records: an empty tag.
///
/// # Examples
/// ```
/// let message = kabao_codes::ndef::read(b"\xd1\x01\x0aU\x03nfcpy.org").unwrap();
/// assert_eq!(message.payment_text().unwrap(), "http://nfcpy.org");
/// ```
pub fn read(bytes: &[u8]) -> Result<Message, NdefError> {
    Message::read(bytes, Mode::Strict)
}
