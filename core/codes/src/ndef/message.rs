//! Records in order, and the one text in them that a payment is about.

use super::record::{Piece, take};
use super::{LIMIT, NdefError, RECORD_LIMIT, Record, Text, Tnf, poster, uri};

/// How much of the rules is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// All of them. A payment is read so: two readers must not see two messages in the same bytes.
    Strict,
    /// Lengths and types must be right; flags of begin, end and pieces may be wrong. For looking into a tag.
    Any,
}

/// A message: records in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The records, pieces joined.
    pub records: Vec<Record>,
}

impl Message {
    /// Reads a message. No bytes are a message without records.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{Message, Mode, NdefError};
    /// let without_end = [0x95, 0, 0, 0x15, 0, 0];
    /// assert_eq!(Message::read(&without_end, Mode::Strict), Err(NdefError::NoEnd));
    /// assert_eq!(Message::read(&without_end, Mode::Any).unwrap().records.len(), 2);
    /// ```
    pub fn read(bytes: &[u8], mode: Mode) -> Result<Message, NdefError> {
        if bytes.len() > LIMIT {
            return Err(NdefError::TooLong);
        }
        let (mut records, mut rest) = (Vec::<Record>::new(), bytes);
        let (mut pieces, mut open, mut ended) = (0, false, false);
        while !rest.is_empty() && !ended {
            let (piece, after) = take(rest)?;
            if pieces == RECORD_LIMIT {
                return Err(NdefError::TooLong);
            }
            if mode == Mode::Strict {
                flags_fit(&piece, pieces == 0, open)?;
            }
            match records.last_mut() {
                Some(whole) if open && piece.tnf == Tnf::Unchanged => whole.payload.extend_from_slice(piece.payload),
                _ => records.push(piece.record()),
            }
            pieces += 1;
            (open, ended, rest) = (piece.more, piece.end, after);
        }
        if mode == Mode::Strict && !ended && pieces > 0 {
            return Err(NdefError::NoEnd);
        }
        if mode == Mode::Strict && !rest.is_empty() {
            return Err(NdefError::Trailing);
        }
        Ok(Message { records })
    }

    /// The bytes of the message, every record whole.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{Message, uri};
    /// let message = Message { records: vec![uri::record("http://nfcpy.org").unwrap()] };
    /// assert_eq!(message.write(), b"\xd1\x01\x0aU\x03nfcpy.org");
    /// ```
    pub fn write(&self) -> Vec<u8> {
        let last = self.records.len().saturating_sub(1);
        self.records.iter().enumerate().flat_map(|(place, record)| record.write(place == 0, place == last)).collect()
    }

    /// Whether nothing was ever put on the tag: no records, or empty ones.
    ///
    /// # Examples
    /// ```
    /// assert!(kabao_codes::ndef::read(&[0xd0, 0, 0]).unwrap().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.records.iter().all(|record| record.tnf == Tnf::Empty)
    }

    /// The text that a payment is about: the one link, or where there is no link the one text. Abbreviations
    /// are written out; nothing else is changed, and a hidden character stays for the reader of texts to refuse.
    ///
    /// Links are records `U`, the link of a poster, and records whose type is an absolute URI. The same link
    /// twice is one link; different links are [`NdefError::Several`], and so are different texts without a link.
    /// A text beside a link is its label. Everything else is passed over: records that name an app to start
    /// (`android.com:pkg`), media, unknown types. Nothing of it is opened, so nothing of it can do harm.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{Message, NdefError, uri};
    /// let links = |all: &[&str]| Message { records: all.iter().map(|link| uri::record(link).unwrap()).collect() };
    /// assert_eq!(links(&["https://a.cn/1", "https://a.cn/1"]).payment_text().unwrap(), "https://a.cn/1");
    /// assert_eq!(links(&["https://a.cn/1", "https://a.cn/2"]).payment_text(), Err(NdefError::Several));
    /// ```
    pub fn payment_text(&self) -> Result<String, NdefError> {
        let links = self.records.iter().filter_map(link).collect::<Result<Vec<_>, _>>()?;
        if !links.is_empty() {
            return only(links);
        }
        let texts = self.records.iter().filter(|record| record.is(Tnf::WellKnown, "T"));
        only(texts.map(|record| Text::read(&record.payload).map(|text| text.text)).collect::<Result<Vec<_>, _>>()?)
    }
}

/// The rules of the flags. `open`: the record before has said that pieces of it follow.
fn flags_fit(piece: &Piece<'_>, first: bool, open: bool) -> Result<(), NdefError> {
    if first && !piece.begin {
        return Err(NdefError::NoBegin);
    }
    if !first && piece.begin {
        return Err(NdefError::SecondBegin);
    }
    if open != (piece.tnf == Tnf::Unchanged) || (piece.more && piece.end) {
        return Err(NdefError::Pieces);
    }
    if open && !piece.id.is_empty() {
        return Err(NdefError::IdLength);
    }
    Ok(())
}

/// The link that a record carries, as it is written there; `None` for a record of another kind.
fn link(record: &Record) -> Option<Result<String, NdefError>> {
    if record.is(Tnf::WellKnown, "U") {
        Some(uri::expand(&record.payload))
    } else if record.is(Tnf::WellKnown, "Sp") {
        Some(poster::parse(&record.payload).map(|poster| poster.uri))
    } else if record.tnf == Tnf::AbsoluteUri {
        Some(std::str::from_utf8(&record.kind).map(str::to_owned).map_err(|_| NdefError::UriText))
    } else {
        None
    }
}

fn only(texts: Vec<String>) -> Result<String, NdefError> {
    let mut texts = texts.into_iter();
    let first = texts.next().ok_or(NdefError::NothingToRead)?;
    if texts.all(|other| other == first) { Ok(first) } else { Err(NdefError::Several) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strict(hex: &[u8]) -> Result<Message, NdefError> {
        Message::read(hex, Mode::Strict)
    }

    #[test]
    fn pieces_are_joined() {
        let pieces = b"\xb1\x01\x03U\x04a.\x36\x00\x01c\x56\x00\x04n/12";
        let message = strict(pieces).unwrap();
        assert_eq!(message.payment_text().unwrap(), "https://a.cn/12");
        assert_eq!(message.write(), b"\xd1\x01\x08U\x04a.cn/12");
        assert_eq!(Message::read(pieces, Mode::Any).unwrap(), message);
    }

    #[test]
    fn wrong_flags_are_named() {
        for (bytes, error) in [
            (&[0x15, 0, 0, 0x55, 0, 0][..], NdefError::NoBegin),
            (&[0x95, 0, 0, 0xd5, 0, 0], NdefError::SecondBegin),
            (&[0x95, 0, 0], NdefError::NoEnd),
            (&[0xd5, 0, 0, 0], NdefError::Trailing),
            (&[0xf5, 0, 0], NdefError::Pieces),
            (&[0xd6, 0, 0], NdefError::Pieces),
            (&[0xb5, 0, 0, 0x55, 0, 0], NdefError::Pieces),
            (&[0xb5, 0, 0, 0x36, 0, 0], NdefError::NoEnd),
            (&[0xb5, 0, 0, 0x5e, 0, 0, 1, b'i'], NdefError::IdLength),
        ] {
            assert_eq!(strict(bytes), Err(error), "{bytes:02x?}");
            assert!(Message::read(bytes, Mode::Any).is_ok(), "{bytes:02x?}");
        }
        // A piece after a whole record belongs to nothing.
        assert_eq!(Message::read(&[0x95, 0, 0, 0x56, 0, 1, 7], Mode::Any).unwrap().records.len(), 2);
        assert_eq!(strict(&[]).unwrap().records.len(), 0);
        assert_eq!(strict(&[]).unwrap().payment_text(), Err(NdefError::NothingToRead));
    }

    #[test]
    fn limits_hold() {
        assert_eq!(strict(&vec![0; LIMIT + 1]), Err(NdefError::TooLong));
        let many = |count: usize| -> Vec<u8> {
            (0..count).flat_map(|place| [0x15 | if place == 0 { 0x80 } else { 0 } | if place + 1 == count { 0x40 } else { 0 }, 0, 0]).collect()
        };
        assert_eq!(strict(&many(RECORD_LIMIT)).unwrap().records.len(), RECORD_LIMIT);
        assert_eq!(strict(&many(RECORD_LIMIT + 1)), Err(NdefError::TooLong));
        let pieces: Vec<u8> = (0..=RECORD_LIMIT).flat_map(|place| [if place == 0 { 0xb5 } else { 0x36 }, 0, 0]).collect();
        assert_eq!(Message::read(&pieces, Mode::Any), Err(NdefError::TooLong));
    }

    #[test]
    fn one_text_is_found() {
        let link = |text: &str| uri::record(text).unwrap();
        let text = |text: &str| Text::new(text, "zh").unwrap().record().unwrap();
        let app = Record::new(Tnf::External, b"android.com:pkg", b"", b"com.example").unwrap();
        let absolute = Record::new(Tnf::AbsoluteUri, b"https://a.cn/1", b"", b"").unwrap();
        let poster = Record::new(Tnf::WellKnown, b"Sp", b"", &Message { records: vec![text("x"), link("https://a.cn/1")] }.write()).unwrap();
        let of = |records: &[&Record]| Message { records: records.iter().copied().cloned().collect() }.payment_text();
        let one = Ok("https://a.cn/1".to_owned());
        assert_eq!(of(&[&app, &link("https://a.cn/1"), &text("pay here"), &text("付款")]), one);
        assert_eq!(of(&[&absolute, &poster, &link("https://a.cn/1")]), one);
        assert_eq!(of(&[&poster, &link("https://a.cn/2")]), Err(NdefError::Several));
        assert_eq!(of(&[&text("000201"), &app]), Ok("000201".to_owned()));
        assert_eq!(of(&[&text("1"), &text("2")]), Err(NdefError::Several));
        assert_eq!(of(&[&app]), Err(NdefError::NothingToRead));
        // A damaged link is not passed over for the next one.
        let damaged = Record::new(Tnf::WellKnown, b"U", b"", b"\xff").unwrap();
        assert_eq!(of(&[&link("https://a.cn/1"), &damaged]), Err(NdefError::UriPrefix));
        // What hides something stays in the text: the reader of texts refuses it.
        let hiding = Record::new(Tnf::WellKnown, b"U", b"", "\x04a.cn\u{202e}\n".as_bytes()).unwrap();
        assert_eq!(of(&[&hiding]), Ok("https://a.cn\u{202e}\n".to_owned()));
    }

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let bytes = |range| proptest::collection::vec(any::<u8>(), range);
        let record = (1u8..=5, bytes(1..9usize), bytes(0..4usize), bytes(0..400usize)).prop_map(|(tnf, kind, id, payload)| {
            let tnf = [Tnf::WellKnown, Tnf::Media, Tnf::AbsoluteUri, Tnf::External, Tnf::Unknown][usize::from(tnf - 1)];
            let kind: &[u8] = if tnf == Tnf::Unknown { &[] } else { &kind };
            Record::new(tnf, kind, &id, &payload).unwrap()
        });
        proptest::collection::vec(record, 1..6)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(records in records()) {
            let message = Message { records };
            prop_assert_eq!(strict(&message.write()).unwrap(), message);
        }

        #[test]
        fn pieces_make_no_difference(records in records(), size in 1usize..90) {
            let mut bytes = Vec::new();
            for (place, record) in records.iter().enumerate() {
                let pieces: Vec<&[u8]> = if record.payload.is_empty() { vec![&[]] } else { record.payload.chunks(size).collect() };
                for (index, payload) in pieces.iter().enumerate() {
                    let (first, last) = (index == 0, index + 1 == pieces.len());
                    let piece = if first {
                        Record { payload: payload.to_vec(), ..record.clone() }
                    } else {
                        Record { tnf: Tnf::Unchanged, kind: Vec::new(), id: Vec::new(), payload: payload.to_vec() }
                    };
                    let mut piece = piece.write(place == 0 && first, place + 1 == records.len() && last);
                    piece[0] |= if last { 0 } else { 0x20 };
                    bytes.extend(piece);
                }
            }
            match strict(&bytes) {
                Ok(message) => prop_assert_eq!(message.records, records),
                Err(error) => prop_assert_eq!(error, NdefError::TooLong),
            }
        }

        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let strict = strict(&bytes);
            if let Ok(message) = &strict {
                let _ = message.payment_text();
                prop_assert_eq!(&Message::read(&bytes, Mode::Any).unwrap(), message);
            }
        }
    }
}
