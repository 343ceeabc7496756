//! The headers that signatures speak of, out of all headers of a message.

use super::{EPOCH, HEAD, HttpSigError, LAST_HEAD, TIME};

/// Names of the headers that are kept, with the largest accepted length of the value in bytes.
const KEPT: [(&str, usize); 8] = [
    ("content-digest", 512),
    ("content-type", 256),
    ("signature", 512),
    ("signature-input", 1024),
    (HEAD, 512),
    (TIME, 20),
    (EPOCH, 20),
    (LAST_HEAD, 512),
];

/// The headers of one message that matter for its signature. Each may be there once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(&'static str, String)>);

impl Headers {
    /// Picks the headers that matter out of name and value pairs; names in any case. Refuses a
    /// header that is there twice, is too long or is not printable ASCII. Other headers are passed over.
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Headers, HttpSigError> {
        let mut kept: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in pairs {
            let known = KEPT.iter().find(|(known, _)| name.as_ref().eq_ignore_ascii_case(known));
            let Some((name, limit)) = known else { continue };
            let value = value.as_ref().trim_ascii();
            if value.len() > *limit {
                return Err(HttpSigError::TooLarge(name));
            }
            let twice = kept.iter().any(|(seen, _)| seen == name);
            let text = std::str::from_utf8(value).map_err(|_| HttpSigError::Malformed(name))?;
            if twice || !is_printable(text) {
                return Err(HttpSigError::Malformed(name));
            }
            kept.push((name, text.to_owned()));
        }
        Ok(Headers(kept))
    }

    /// The value of a header, by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(seen, _)| *seen == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn need(&self, name: &'static str) -> Result<&str, HttpSigError> {
        self.get(name).ok_or(HttpSigError::Missing(name))
    }

    /// Whether any header of a signature is there.
    pub fn is_signed(&self) -> bool {
        self.get("signature").is_some() || self.get("signature-input").is_some()
    }
}

/// Printable ASCII and spaces: what can stand on one line of a signature base.
pub(super) fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}
