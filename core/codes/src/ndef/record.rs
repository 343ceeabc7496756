//! One record: a header of flags and lengths, a type, an identifier, a payload.

use super::{LIMIT, NdefError};

/// What the type of a record is: the "type name format" of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tnf {
    /// 0: nothing at all.
    Empty,
    /// 1: a type of the NFC Forum, `U` for a link, `T` for a text, `Sp` for a poster.
    WellKnown,
    /// 2: a media type, `text/plain`.
    Media,
    /// 3: an absolute URI; the type itself is the link.
    AbsoluteUri,
    /// 4: a type of somebody else, `android.com:pkg`.
    External,
    /// 5: bytes of no stated type.
    Unknown,
    /// 6: a later piece of the record before it.
    Unchanged,
}

impl Tnf {
    /// The number in the header.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::ndef::Tnf::External.number(), 4);
    /// ```
    pub fn number(self) -> u8 {
        match self {
            Tnf::Empty => 0,
            Tnf::WellKnown => 1,
            Tnf::Media => 2,
            Tnf::AbsoluteUri => 3,
            Tnf::External => 4,
            Tnf::Unknown => 5,
            Tnf::Unchanged => 6,
        }
    }

    fn of(number: u8) -> Result<Tnf, NdefError> {
        Ok(match number {
            0 => Tnf::Empty,
            1 => Tnf::WellKnown,
            2 => Tnf::Media,
            3 => Tnf::AbsoluteUri,
            4 => Tnf::External,
            5 => Tnf::Unknown,
            6 => Tnf::Unchanged,
            _ => return Err(NdefError::ReservedFormat),
        })
    }

    /// Lengths that the kind of type allows.
    fn allows(self, kind: usize, id: usize, payload: usize) -> Result<(), NdefError> {
        let typed = matches!(self, Tnf::WellKnown | Tnf::Media | Tnf::AbsoluteUri | Tnf::External);
        if typed != (kind > 0) {
            return Err(NdefError::TypeLength);
        }
        if self == Tnf::Empty && id > 0 {
            return Err(NdefError::IdLength);
        }
        if self == Tnf::Empty && payload > 0 {
            return Err(NdefError::EmptyWithPayload);
        }
        Ok(())
    }
}

const BEGIN: u8 = 0x80;
const END: u8 = 0x40;
const CHUNK: u8 = 0x20;
const SHORT: u8 = 0x10;
const WITH_ID: u8 = 0x08;

/// A record, whole: pieces are joined. Its lengths are lawful for its kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    pub(super) tnf: Tnf,
    pub(super) kind: Vec<u8>,
    pub(super) id: Vec<u8>,
    pub(super) payload: Vec<u8>,
}

/// Shows lengths, not content: a payload may be anything.
impl std::fmt::Debug for Record {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, id, payload) = (self.kind.len(), self.id.len(), self.payload.len());
        write!(out, "Record({:?}, type {kind} B, id {id} B, payload {payload} B)", self.tnf)
    }
}

/// A record or a piece of one as it lies in the bytes.
pub(super) struct Piece<'a> {
    pub(super) begin: bool,
    pub(super) end: bool,
    /// More pieces of the same record follow.
    pub(super) more: bool,
    pub(super) tnf: Tnf,
    pub(super) kind: &'a [u8],
    pub(super) id: &'a [u8],
    pub(super) payload: &'a [u8],
}

impl Piece<'_> {
    pub(super) fn record(&self) -> Record {
        Record { tnf: self.tnf, kind: self.kind.to_vec(), id: self.id.to_vec(), payload: self.payload.to_vec() }
    }
}

/// Takes one record or piece from the front; the second value is what follows it.
pub(super) fn take(bytes: &[u8]) -> Result<(Piece<'_>, &[u8]), NdefError> {
    let (header, rest) = byte(bytes)?;
    let tnf = Tnf::of(header & 7)?;
    let (kind, rest) = byte(rest)?;
    let (payload, rest) = if header & SHORT != 0 {
        let (length, rest) = byte(rest)?;
        (u32::from(length), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(NdefError::Cut)?;
        (u32::from_be_bytes(*length), rest)
    };
    let (id, rest) = if header & WITH_ID != 0 { byte(rest)? } else { (0, rest) };
    // A stated length is compared with what is there; nothing is reserved for it.
    let payload = usize::try_from(payload).map_err(|_| NdefError::TooLong)?;
    tnf.allows(usize::from(kind), usize::from(id), payload)?;
    let (kind, rest) = rest.split_at_checked(usize::from(kind)).ok_or(NdefError::Cut)?;
    let (id, rest) = rest.split_at_checked(usize::from(id)).ok_or(NdefError::Cut)?;
    let (payload, rest) = rest.split_at_checked(payload).ok_or(NdefError::Cut)?;
    let flag = |bit| header & bit != 0;
    Ok((Piece { begin: flag(BEGIN), end: flag(END), more: flag(CHUNK), tnf, kind, id, payload }, rest))
}

fn byte(bytes: &[u8]) -> Result<(u8, &[u8]), NdefError> {
    bytes.split_first().map(|(first, rest)| (*first, rest)).ok_or(NdefError::Cut)
}

impl Record {
    /// Makes a record. A type and an identifier have at most 255 bytes, the payload at most [`LIMIT`];
    /// the kind decides which of them may be empty.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{NdefError, Record, Tnf};
    /// assert!(Record::new(Tnf::Media, b"text/plain", b"", b"hello").is_ok());
    /// assert_eq!(Record::new(Tnf::Media, b"", b"", b"hello"), Err(NdefError::TypeLength));
    /// ```
    pub fn new(tnf: Tnf, kind: &[u8], id: &[u8], payload: &[u8]) -> Result<Record, NdefError> {
        if kind.len() > 255 {
            return Err(NdefError::TypeLength);
        }
        if id.len() > 255 {
            return Err(NdefError::IdLength);
        }
        if payload.len() > LIMIT {
            return Err(NdefError::TooLong);
        }
        tnf.allows(kind.len(), id.len(), payload.len())?;
        Ok(Record { tnf, kind: kind.to_vec(), id: id.to_vec(), payload: payload.to_vec() })
    }

    /// Reads the record at the front of `bytes`, flags aside: bytes that follow it are left alone.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{NdefError, Record};
    /// assert_eq!(Record::read(b"\xd1\x01\x02U\x00x").unwrap().payload(), b"\x00x");
    /// assert_eq!(Record::read(b"\xd1\x01\x03U\x00x"), Err(NdefError::Cut));
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Record, NdefError> {
        take(bytes).map(|(piece, _)| piece.record())
    }

    /// The bytes of the record as one of many: `begin` for the first of a message, `end` for the last.
    /// It is written whole, not in pieces, with the shorter form of the length where it fits.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{Record, Tnf};
    /// let record = Record::new(Tnf::Unknown, b"", b"", b"").unwrap();
    /// assert_eq!(record.write(true, false), [0x95, 0, 0]);
    /// ```
    pub fn write(&self, begin: bool, end: bool) -> Vec<u8> {
        // `new` and the limit of a message keep every length within its field.
        let short = u8::try_from(self.payload.len());
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = flag(begin, BEGIN) | flag(end, END) | flag(short.is_ok(), SHORT) | flag(!self.id.is_empty(), WITH_ID);
        let mut out = Vec::with_capacity(self.kind.len() + self.id.len() + self.payload.len() + 7);
        out.extend([flags | self.tnf.number(), u8::try_from(self.kind.len()).unwrap_or(u8::MAX)]);
        match short {
            Ok(length) => out.push(length),
            Err(_) => out.extend(u32::try_from(self.payload.len()).unwrap_or(u32::MAX).to_be_bytes()),
        }
        if !self.id.is_empty() {
            out.push(u8::try_from(self.id.len()).unwrap_or(u8::MAX));
        }
        out.extend([&self.kind, &self.id, &self.payload].into_iter().flatten());
        out
    }

    /// What the type is.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{Record, Tnf};
    /// assert_eq!(Record::read(&[0xd0, 0, 0]).unwrap().tnf(), Tnf::Empty);
    /// ```
    pub fn tnf(&self) -> Tnf {
        self.tnf
    }

    /// The type, `U` for a link.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::ndef::uri::record("tel:1").unwrap().kind(), b"U");
    /// ```
    pub fn kind(&self) -> &[u8] {
        &self.kind
    }

    /// The identifier by which other records may name this one; most have none.
    ///
    /// # Examples
    /// ```
    /// assert!(kabao_codes::ndef::uri::record("tel:1").unwrap().id().is_empty());
    /// ```
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// The content.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::ndef::uri::record("tel:1").unwrap().payload(), b"\x051");
    /// ```
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn is(&self, tnf: Tnf, kind: &str) -> bool {
        self.tnf == tnf && self.kind == kind.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_lengths() {
        let error = |bytes: &[u8]| Record::read(bytes).unwrap_err();
        assert_eq!(error(&[]), NdefError::Cut);
        assert_eq!(error(&[0xd7, 0, 0]), NdefError::ReservedFormat);
        for tnf in [1, 2, 3, 4] {
            assert_eq!(error(&[0xd0 | tnf, 0, 0]), NdefError::TypeLength);
        }
        for tnf in [0, 5, 6] {
            assert_eq!(error(&[0xd0 | tnf, 1, 0, b'U']), NdefError::TypeLength);
            assert!(Record::read(&[0xd0 | tnf, 0, 0]).is_ok());
        }
        assert_eq!(error(&[0xd8, 0, 0, 1, b'i']), NdefError::IdLength);
        assert_eq!(error(&[0xd0, 0, 1, b'x']), NdefError::EmptyWithPayload);
        // Four bytes of length, 4 GiB stated.
        assert_eq!(error(&[0xc1, 1, 255, 255, 255, 255, b'U', 0]), NdefError::Cut);
    }

    #[test]
    fn every_cut_is_refused() {
        let record = Record::new(Tnf::External, b"example.com:a", b"id", &[7; 300]).unwrap();
        let bytes = record.write(true, true);
        assert_eq!(Record::read(&bytes).unwrap(), record);
        for end in 0..bytes.len() {
            assert_eq!(Record::read(&bytes[..end]), Err(NdefError::Cut), "cut at {end}");
        }
    }

    #[test]
    fn too_long_a_field_is_refused() {
        assert_eq!(Record::new(Tnf::Media, &[b'a'; 256], b"", b""), Err(NdefError::TypeLength));
        assert_eq!(Record::new(Tnf::Unknown, b"", &[b'a'; 256], b""), Err(NdefError::IdLength));
        assert_eq!(Record::new(Tnf::Unknown, b"", b"", &[0; LIMIT + 1]), Err(NdefError::TooLong));
        assert_eq!(Record::new(Tnf::Empty, b"", b"a", b""), Err(NdefError::IdLength));
    }

    #[test]
    fn content_does_not_print() {
        let record = Record::new(Tnf::Media, b"text/plain", b"", b"secret").unwrap();
        assert_eq!(format!("{record:?}"), "Record(Media, type 10 B, id 0 B, payload 6 B)");
    }
}
