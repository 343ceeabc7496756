//! Facts that the service changes without a release of the app: which codes there are; limits and fees; who
//! runs the wallet; whose card begins how.

use super::map::{Fields, Maker};
use super::{Document, DocumentError, KeyPurpose, KeySet, Signed};
use crate::cose;
use kabao_base::Timestamp;

/// The largest body of a feed, in bytes: with header and signature it fits the 64 KiB of a signed object.
pub const MAX_FEED_BODY: usize = 60 * 1024;

/// One version of one feed. Versions only grow: whoever holds a version takes no same or lower one. The body is the
/// feed's own format and stands as bytes, so that what is signed is what is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Which feed: `codes`, `rules`, `profile`, `cards`. Lower-case letters, digits and `_`, 1 to 32.
    pub name: String,
    /// Grows with every change; 1 to 2⁶³ − 1.
    pub version: u64,
    /// When the service signed it.
    pub issued_at: Timestamp,
    /// Until when it may be taken up, the end included; without it, at any time. One that is held stays in use until a newer
    /// one comes: to go back to an older one would be what the version forbids.
    pub not_after: Option<Timestamp>,
    /// The content, 1 to 61,440 bytes. JSON.
    pub body: Vec<u8>,
}

impl Feed {
    /// The table of code formats.
    pub const CODES: &'static str = "codes";
    /// Limits, fees and maintenance windows.
    pub const RULES: &'static str = "rules";
    /// Which bank's cards begin how.
    pub const CARDS: &'static str = "cards";
    /// Who runs the wallet, and under which licence.
    pub const PROFILE: &'static str = "profile";

    /// Opens a signed one: kind, key, purpose, signature and the life of the key are checked, and that it is the feed of
    /// that name. Neither version nor `not_after` is judged: that takes a clock and what is held.
    ///
    /// # Errors
    /// [`DocumentError::Malformed`] of `name` for another feed, and what [`DocumentError`] says otherwise.
    pub fn open(bytes: &[u8], name: &str, keys: &KeySet) -> Result<Feed, DocumentError> {
        let feed = Feed::open_from(&cose::read(bytes)?, keys)?;
        if feed.name == name { Ok(feed) } else { Err(DocumentError::Malformed("name")) }
    }

    /// Whether it may still be taken up at that time.
    pub fn is_current_at(&self, time: Timestamp) -> bool {
        self.not_after.is_none_or(|last| time <= last)
    }

    fn check(&self) -> Result<(), DocumentError> {
        let letters = self.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let faults = [
            (letters && (1..=32).contains(&self.name.len()), "name"),
            (self.version >= 1 && i64::try_from(self.version).is_ok(), "version"),
            (self.not_after.is_none_or(|last| self.issued_at <= last), "not_after"),
            ((1..=MAX_FEED_BODY).contains(&self.body.len()), "body"),
        ];
        faults.iter().find(|(fits, _)| !fits).map_or(Ok(()), |(_, field)| Err(DocumentError::Malformed(field)))
    }
}

impl Document for Feed {
    const CONTENT_TYPE: &'static str = "application/kabao-feed+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.text("name", &self.name);
        maker.number("version", self.version);
        maker.time("issued_at", self.issued_at);
        maker.time_if("not_after", self.not_after);
        maker.bytes("body", &self.body);
    }

    fn take(fields: &mut Fields) -> Result<Feed, DocumentError> {
        let feed = Feed {
            name: fields.text("name")?,
            version: fields.number("version")?,
            issued_at: fields.time("issued_at")?,
            not_after: fields.time_if("not_after")?,
            body: fields.bytes("body")?,
        };
        feed.check().map(|()| feed)
    }
}

impl Signed for Feed {
    const PURPOSE: KeyPurpose = KeyPurpose::Feeds;

    fn signed_at(&self) -> Timestamp {
        self.issued_at
    }
}
