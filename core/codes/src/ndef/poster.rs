//! A poster: a link with titles and hints in one record (Smart Poster RTD 1.1). Pictures and records
//! of other kinds inside it are passed over.

use super::{Message, Mode, NdefError, Record, Text, Tnf, uri};

/// What a poster asks the phone to do with its link. The wallet does nothing on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PosterAction {
    /// 0: do what the link is for.
    Execute,
    /// 1: keep it for later.
    Save,
    /// 2: open it to be changed.
    Edit,
}

/// A poster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmartPoster {
    /// The link, its beginning written out.
    pub uri: String,
    /// Titles in several languages, in the order of the record.
    pub titles: Vec<Text>,
    /// What to do with the link.
    pub action: Option<PosterAction>,
    /// How many bytes stand behind the link.
    pub size: Option<u32>,
    /// The media type of what stands behind the link.
    pub media_type: Option<String>,
}

impl SmartPoster {
    /// Reads the payload of a poster: a message of its own with exactly one link.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::{NdefError, SmartPoster};
    /// let poster = SmartPoster::read(b"\x91\x01\x08U\x04a.cn/12\x51\x01\x05T\x02enHi").unwrap();
    /// assert_eq!((poster.uri.as_str(), poster.titles[0].text.as_str()), ("https://a.cn/12", "Hi"));
    /// assert_eq!(SmartPoster::read(b""), Err(NdefError::PosterLinks));
    /// ```
    pub fn read(payload: &[u8]) -> Result<SmartPoster, NdefError> {
        let poster = parse(payload)?;
        Ok(SmartPoster { uri: uri::printable(poster.uri)?, ..poster })
    }

    /// The payload of the poster.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::ndef::SmartPoster;
    /// let payload = b"\x91\x01\x08U\x04a.cn/12\x51\x03\x01act\x00";
    /// assert_eq!(SmartPoster::read(payload).unwrap().write().unwrap(), payload);
    /// ```
    pub fn write(&self) -> Result<Vec<u8>, NdefError> {
        let part = |kind: &str, payload: &[u8]| Record::new(Tnf::WellKnown, kind.as_bytes(), b"", payload);
        let mut records = vec![uri::record(&self.uri)?];
        for title in &self.titles {
            records.push(title.record()?);
        }
        if let Some(action) = self.action {
            let number = match action {
                PosterAction::Execute => 0,
                PosterAction::Save => 1,
                PosterAction::Edit => 2,
            };
            records.push(part("act", &[number])?);
        }
        if let Some(size) = self.size {
            records.push(part("s", &size.to_be_bytes())?);
        }
        if let Some(media_type) = &self.media_type {
            records.push(part("t", media_type.as_bytes())?);
        }
        Ok(Message { records }.write())
    }
}

/// Reads a poster and leaves the characters of its link to the reader of texts.
pub(super) fn parse(payload: &[u8]) -> Result<SmartPoster, NdefError> {
    let (mut links, mut titles) = (Vec::new(), Vec::new());
    let (mut action, mut size, mut media_type) = (None, None, None);
    for record in Message::read(payload, Mode::Strict)?.records {
        if record.tnf() != Tnf::WellKnown {
            continue;
        }
        match record.kind() {
            b"U" => links.push(uri::expand(record.payload())?),
            b"T" => titles.push(Text::read(record.payload())?),
            b"act" => once(&mut action, read_action(record.payload())?)?,
            b"s" => once(&mut size, u32::from_be_bytes(record.payload().try_into().map_err(|_| NdefError::PosterPart)?))?,
            b"t" => once(&mut media_type, std::str::from_utf8(record.payload()).map_err(|_| NdefError::PosterPart)?.to_owned())?,
            _ => {}
        }
    }
    let [uri] = <[String; 1]>::try_from(links).map_err(|_| NdefError::PosterLinks)?;
    Ok(SmartPoster { uri, titles, action, size, media_type })
}

fn read_action(payload: &[u8]) -> Result<PosterAction, NdefError> {
    match payload {
        [0] => Ok(PosterAction::Execute),
        [1] => Ok(PosterAction::Save),
        [2] => Ok(PosterAction::Edit),
        _ => Err(NdefError::PosterPart),
    }
}

/// These parts stand at most once.
fn once<T>(place: &mut Option<T>, value: T) -> Result<(), NdefError> {
    if place.replace(value).is_some() { Err(NdefError::PosterPart) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn poster(parts: &[(&str, &[u8])]) -> Result<SmartPoster, NdefError> {
        let records = parts.iter().map(|(kind, payload)| Record::new(Tnf::WellKnown, kind.as_bytes(), b"", payload).unwrap());
        SmartPoster::read(&Message { records: records.collect() }.write())
    }

    #[test]
    fn exactly_one_link() {
        assert_eq!(poster(&[("T", b"\x02enHi")]), Err(NdefError::PosterLinks));
        assert_eq!(poster(&[("U", b"\0a"), ("U", b"\0a")]), Err(NdefError::PosterLinks));
        assert_eq!(poster(&[("U", b"\0a"), ("Sp", b"not read"), ("x", b"")]).unwrap().uri, "a");
        assert_eq!(poster(&[("U", b"\0a\x01")]), Err(NdefError::UriCharacter));
        assert_eq!(SmartPoster::read(b"\x51\x01\x02U\0a"), Err(NdefError::NoBegin));
    }

    #[test]
    fn damaged_parts_are_refused() {
        let parts: [(&str, &[u8]); 8] =
            [("act", b""), ("act", b"\x03"), ("act", b"\0\0"), ("s", b""), ("s", b"\0\0\0"), ("s", b"\0\0\0\0\0"), ("t", b"\xff"), ("t", b"\xc3")];
        for part in parts {
            assert_eq!(poster(&[("U", b"\0a"), part]), Err(NdefError::PosterPart));
        }
        assert_eq!(poster(&[("U", b"\0a"), ("act", b"\0"), ("act", b"\x01")]), Err(NdefError::PosterPart));
        assert_eq!(poster(&[("U", b"\0a"), ("T", b"\x00")]), Err(NdefError::Language));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(uri in "[ -~]{0,40}", titles in proptest::collection::vec("\\PC{0,20}", 0..3), size in any::<Option<u32>>(), media in proptest::option::of("[a-z]{1,5}/[a-z]{1,5}")) {
            let titles = titles.iter().map(|title| Text::new(title, "zh").unwrap()).collect();
            let poster = SmartPoster { uri, titles, action: Some(PosterAction::Edit), size, media_type: media };
            prop_assert_eq!(SmartPoster::read(&poster.write().unwrap()).unwrap(), poster);
        }
    }
}
