//! BER-TLV as payment cards speak it (ISO/IEC 8825-1, EMV book 3 annex B): tag, length, value,
//! nested. Definite lengths only, bounded everywhere; what does not fit exactly is refused.

use std::fmt;
use zeroize::Zeroizing;

/// The longest data that is read or written, in bytes.
pub const LIMIT: usize = 4096;
/// The deepest nesting that is read or written: payment codes use three levels.
pub const DEPTH: usize = 8;

/// A tag of one to three bytes, as a number: `5A` is 0x5A, `9F26` is 0x9F26.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    /// The tag with these bytes, or `None` where they are no tag: the low five bits of the first
    /// byte announce further ones, the high bit of each of those one more.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::ber::Tag;
    /// assert_eq!(Tag::new(0x9f26).unwrap().to_string(), "9F26");
    /// assert_eq!(Tag::new(0x9f), None);
    /// ```
    pub const fn new(number: u32) -> Option<Tag> {
        let [high, first, second, third] = number.to_be_bytes();
        let good = match (high, first, second, third) {
            (0, 0, 0, one) => one & 0x1f != 0x1f && one != 0,
            (0, 0, one, two) => one & 0x1f == 0x1f && two & 0x80 == 0,
            (0, one, two, three) => one & 0x1f == 0x1f && two & 0x80 != 0 && two != 0x80 && three & 0x80 == 0,
            _ => false,
        };
        if good { Some(Tag(number)) } else { None }
    }

    /// The tag as a number.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(kabao_codes::ber::Tag::new(0x61).unwrap().number(), 0x61);
    /// ```
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether its value is a template of further tags.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::ber::Tag;
    /// assert!(Tag::new(0x61).unwrap().is_template() && !Tag::new(0x5f20).unwrap().is_template());
    /// ```
    pub fn is_template(self) -> bool {
        self.bytes().next().is_some_and(|first| first & 0x20 != 0)
    }

    fn bytes(self) -> impl Iterator<Item = u8> {
        self.0.to_be_bytes().into_iter().skip_while(|byte| *byte == 0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().try_for_each(|byte| write!(formatter, "{byte:02X}"))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// One tag with its value. Values hold card numbers: they are wiped, and printing shows tags and
/// lengths only.
#[derive(PartialEq, Eq)]
pub struct Tlv {
    /// The tag.
    pub tag: Tag,
    /// Its value.
    pub content: Content,
}

/// What a tag holds.
#[derive(PartialEq, Eq)]
pub enum Content {
    /// Bytes, of a tag that is no template.
    Bytes(Zeroizing<Vec<u8>>),
    /// Further tags, of a template.
    Parts(Vec<Tlv>),
}

impl fmt::Debug for Tlv {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Bytes(bytes) => write!(formatter, "{}[{} bytes]", self.tag, bytes.len()),
            Content::Parts(parts) => write!(formatter, "{}{parts:?}", self.tag),
        }
    }
}

impl Tlv {
    /// The bytes of a tag that is no template.
    ///
    /// # Examples
    ///
    /// ```
    /// let read = kabao_codes::ber::read(&[0x50, 1, 65]).unwrap();
    /// assert_eq!(read[0].bytes(), Some(&b"A"[..]));
    /// ```
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Parts(_) => None,
        }
    }

    /// The tags inside a template; none for a tag that is no template.
    ///
    /// # Examples
    ///
    /// ```
    /// let read = kabao_codes::ber::read(&[0x61, 3, 0x50, 1, 65]).unwrap();
    /// assert_eq!(read[0].parts().len(), 1);
    /// ```
    pub fn parts(&self) -> &[Tlv] {
        match &self.content {
            Content::Bytes(_) => &[],
            Content::Parts(parts) => parts,
        }
    }
}

/// Why bytes are no BER-TLV that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BerError {
    /// More than 4096 bytes.
    #[error("the data is too long")]
    TooLong,
    /// No tag, or one of more than three bytes.
    #[error("the data holds a wrong tag")]
    Tag,
    /// An indefinite length, or one of more than two bytes.
    #[error("the data holds a wrong length")]
    Length,
    /// The data ends inside a tag, a length or a value.
    #[error("the data is cut")]
    Cut,
    /// More than eight templates inside each other.
    #[error("the data is nested too deep")]
    Deep,
}

/// Reads tags until the bytes are used up, templates with what is inside them. A length is one
/// byte below 128, or `81` and one byte, or `82` and two.
///
/// # Examples
///
/// ```
/// let read = kabao_codes::ber::read(&[0x61, 0x04, 0x9f, 0x36, 0x01, 0x07]).unwrap();
/// assert_eq!(read[0].parts()[0].bytes(), Some(&[7u8][..]));
/// ```
pub fn read(bytes: &[u8]) -> Result<Vec<Tlv>, BerError> {
    if bytes.len() > LIMIT { Err(BerError::TooLong) } else { read_level(bytes, DEPTH) }
}

fn read_level(mut rest: &[u8], depth: usize) -> Result<Vec<Tlv>, BerError> {
    let deeper = depth.checked_sub(1).ok_or(BerError::Deep)?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (tag, after) = read_tag(rest)?;
        let (length, after) = read_length(after)?;
        let (value, after) = after.split_at_checked(length).ok_or(BerError::Cut)?;
        let content = if tag.is_template() {
            Content::Parts(read_level(value, deeper)?)
        } else {
            Content::Bytes(Zeroizing::new(value.to_vec()))
        };
        found.push(Tlv { tag, content });
        rest = after;
    }
    Ok(found)
}

fn read_tag(bytes: &[u8]) -> Result<(Tag, &[u8]), BerError> {
    let mut number = 0u32;
    for (place, byte) in bytes.iter().enumerate().take(3) {
        number = (number << 8) | u32::from(*byte);
        let more = if place == 0 { byte & 0x1f == 0x1f } else { byte & 0x80 != 0 };
        if !more {
            let rest = bytes.get(place + 1..).unwrap_or_default();
            return Ok((Tag::new(number).ok_or(BerError::Tag)?, rest));
        }
    }
    Err(if bytes.len() < 3 { BerError::Cut } else { BerError::Tag })
}

fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), BerError> {
    match bytes {
        [] | [0x81] | [0x82] | [0x82, _] => Err(BerError::Cut),
        [short @ ..=0x7f, rest @ ..] => Ok((usize::from(*short), rest)),
        [0x81, length, rest @ ..] => Ok((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] => Ok((usize::from(*high) << 8 | usize::from(*low), rest)),
        _ => Err(BerError::Length),
    }
}

/// The bytes of tags, each length written as short as it can be.
///
/// # Examples
///
/// ```
/// let bytes = [0x61, 0x04, 0x9f, 0x36, 0x01, 0x07];
/// assert_eq!(*kabao_codes::ber::write(&kabao_codes::ber::read(&bytes).unwrap()).unwrap(), bytes);
/// ```
pub fn write(tags: &[Tlv]) -> Result<Zeroizing<Vec<u8>>, BerError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT));
    write_level(tags, DEPTH, &mut bytes)?;
    Ok(bytes)
}

fn write_level(tags: &[Tlv], depth: usize, into: &mut Vec<u8>) -> Result<(), BerError> {
    let deeper = depth.checked_sub(1).ok_or(BerError::Deep)?;
    for tlv in tags {
        let mut inside = Zeroizing::new(Vec::new());
        let value: &[u8] = match &tlv.content {
            Content::Bytes(bytes) => bytes,
            Content::Parts(parts) => {
                inside.reserve(LIMIT);
                write_level(parts, deeper, &mut inside)?;
                &inside
            }
        };
        into.extend(tlv.tag.bytes());
        match value.len() {
            short @ ..=0x7f => into.push(u8::try_from(short).map_err(|_| BerError::TooLong)?),
            long => {
                let [high, low] = u16::try_from(long).map_err(|_| BerError::TooLong)?.to_be_bytes();
                if high == 0 { into.extend([0x81, low]) } else { into.extend([0x82, high, low]) }
            }
        }
        into.extend_from_slice(value);
        if into.len() > LIMIT {
            return Err(BerError::TooLong);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
