//! Names of things: 128 random bits, made by whoever creates the thing and stored before first use.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// 128 random bits, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

/// The text is not 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 32 hexadecimal digits are expected")]
pub struct BadId;

impl Id {
    /// An id from 16 random bytes. Randomness is the caller's: the core takes it from its host.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Id;
    /// assert_eq!(Id::from_bytes([0; 16]).to_string(), "0".repeat(32));
    /// ```
    pub const fn from_bytes(bytes: [u8; 16]) -> Id {
        Id(bytes)
    }

    /// The 16 bytes.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Id;
    /// assert_eq!(Id::from_bytes([7; 16]).as_bytes(), &[7; 16]);
    /// ```
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 32 lower-case hexadecimal digits; anything else is refused, so that one id has one spelling.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Id;
    /// assert!(Id::parse(&"0".repeat(32)).is_ok());
    /// assert!(Id::parse(&"F".repeat(32)).is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Id, BadId> {
        let bytes = text.as_bytes();
        if bytes.len() != 32 {
            return Err(BadId);
        }
        let mut out = [0u8; 16];
        for (slot, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
            let (Some(high), Some(low)) = (nibble(pair.first()), nibble(pair.get(1))) else {
                return Err(BadId);
            };
            *slot = high << 4 | low;
        }
        Ok(Id(out))
    }
}

fn nibble(digit: Option<&u8>) -> Option<u8> {
    match digit? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let text = String::deserialize(deserializer)?;
        Id::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_id_has_one_spelling() {
        let id = Id::from_bytes([0xab; 16]);
        assert_eq!(Id::parse(&id.to_string()), Ok(id));
        for text in ["", "AB", &"AB".repeat(16), &"g0".repeat(16), &"ab".repeat(17), &"ab".repeat(1 << 19)] {
            assert_eq!(Id::parse(text), Err(BadId));
        }
    }
}
