//! A link. Its first byte stands for a beginning that many links share (URI RTD 1.0, table 3).

use super::{NdefError, Record, Tnf};

/// What the first byte stands for; its place in the list is the byte.
const PREFIXES: [&str; 36] = [
    "",
    "http://www.",
    "https://www.",
    "http://",
    "https://",
    "tel:",
    "mailto:",
    "ftp://anonymous:anonymous@",
    "ftp://ftp.",
    "ftps://",
    "sftp://",
    "smb://",
    "nfs://",
    "ftp://",
    "dav://",
    "news:",
    "telnet://",
    "imap:",
    "rtsp://",
    "urn:",
    "pop:",
    "sip:",
    "sips:",
    "tftp:",
    "btspp://",
    "btl2cap://",
    "btgoep://",
    "tcpobex://",
    "irdaobex://",
    "file://",
    "urn:epc:id:",
    "urn:epc:tag:",
    "urn:epc:pat:",
    "urn:epc:raw:",
    "urn:epc:",
    "urn:nfc:",
];

/// Reads the payload of a link, its beginning written out. A control character is refused.
///
/// # Examples
/// ```
/// use kabao_codes::ndef::{NdefError, uri};
/// assert_eq!(uri::read(b"\x04qr.alipay.com/bax0").unwrap(), "https://qr.alipay.com/bax0");
/// assert_eq!(uri::read(b"\x24a"), Err(NdefError::UriPrefix));
/// ```
pub fn read(payload: &[u8]) -> Result<String, NdefError> {
    expand(payload).and_then(printable)
}

/// The same without judging the characters: the reader of texts does that and says more.
pub(super) fn expand(payload: &[u8]) -> Result<String, NdefError> {
    let (code, rest) = payload.split_first().ok_or(NdefError::UriText)?;
    let prefix = PREFIXES.get(usize::from(*code)).ok_or(NdefError::UriPrefix)?;
    let rest = std::str::from_utf8(rest).map_err(|_| NdefError::UriText)?;
    Ok(format!("{prefix}{rest}"))
}

pub(super) fn printable(uri: String) -> Result<String, NdefError> {
    if uri.chars().any(char::is_control) { Err(NdefError::UriCharacter) } else { Ok(uri) }
}

/// The payload of a link, its beginning abbreviated as far as it goes.
///
/// # Examples
/// ```
/// assert_eq!(kabao_codes::ndef::uri::write("https://www.a.cn/1").unwrap(), b"\x02a.cn/1");
/// assert_eq!(kabao_codes::ndef::uri::write("wxp://f2f0").unwrap(), b"\x00wxp://f2f0");
/// ```
pub fn write(uri: &str) -> Result<Vec<u8>, NdefError> {
    if uri.chars().any(char::is_control) {
        return Err(NdefError::UriCharacter);
    }
    let shared = PREFIXES.iter().zip(0u8..).filter(|(prefix, _)| uri.starts_with(*prefix));
    let (prefix, code) = shared.max_by_key(|(prefix, _)| prefix.len()).unwrap_or((&"", 0));
    let rest = uri.get(prefix.len()..).unwrap_or_default();
    Ok([&[code], rest.as_bytes()].concat())
}

/// The record of a link.
///
/// # Examples
/// ```
/// assert_eq!(kabao_codes::ndef::uri::record("tel:95516").unwrap().write(true, true), b"\xd1\x01\x06U\x0595516");
/// ```
pub fn record(uri: &str) -> Result<Record, NdefError> {
    Record::new(Tnf::WellKnown, b"U", b"", &write(uri)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_beginning_is_written_out_and_found_again() {
        for (prefix, code) in PREFIXES.iter().zip(0u8..) {
            assert_eq!(read(&[code, b'~']).unwrap(), format!("{prefix}~"));
            assert_eq!(write(&format!("{prefix}~")).unwrap(), [code, b'~']);
        }
        assert_eq!((PREFIXES[4], PREFIXES[0x13], PREFIXES[0x1d], PREFIXES[0x23]), ("https://", "urn:", "file://", "urn:nfc:"));
        for code in 0x24..=0xff {
            assert_eq!(read(&[code]), Err(NdefError::UriPrefix));
        }
    }

    #[test]
    fn what_is_no_link_is_refused() {
        assert_eq!(read(b""), Err(NdefError::UriText));
        assert_eq!(read(b"\x03\x80"), Err(NdefError::UriText));
        for character in ['\0', '\n', '\u{1f}', '\u{7f}', '\u{85}'] {
            let text = format!("a{character}b");
            assert_eq!(read(&[b"\x04", text.as_bytes()].concat()), Err(NdefError::UriCharacter));
            assert_eq!(write(&text), Err(NdefError::UriCharacter));
        }
        assert_eq!(read("\x04最.cn".as_bytes()).unwrap(), "https://最.cn");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(uri in "(http://(www\\.)?|https://|urn:(epc:(id:)?)?|)\\PC{0,40}") {
            prop_assume!(!uri.chars().any(char::is_control));
            let payload = write(&uri).unwrap();
            prop_assert!(payload.len() <= uri.len() + 1);
            prop_assert_eq!(read(&payload).unwrap(), uri);
        }
    }
}
