//! The key of the files, and the record that says what a wrapped key is for.

use std::fmt;

use zeroize::Zeroizing;

use crate::VaultError;

/// The 32-byte key of the encrypted files. Cannot be printed or copied; overwritten when dropped.
pub struct FileKey(Zeroizing<[u8; 32]>);

impl FileKey {
    /// Takes over 32 random bytes. The caller's own copy is the caller's to overwrite.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one who wraps the key with the device's store key. Never for a log, a file or a message.
    #[must_use]
    pub fn expose_to_wrap(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes, for the connection.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The ciphers that a key of the files can be for. A file does not say which one wrote it; this record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cipher {
    /// ChaCha20-Poly1305 on every page, as SQLite3 Multiple Ciphers lays it out, with a raw 32-byte key.
    ChaCha20Poly1305,
}

impl Cipher {
    /// The name in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChaCha20Poly1305 => "chacha20-poly1305",
        }
    }
}

/// What a wrapped file key is for: kept beside the wrapped bytes, itself not secret.
///
/// As text: `kabao-file-key cipher=chacha20-poly1305 format=1 key-id=<32 hex digits>`. Another cipher or layout is a
/// new value in it, not a new record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEnvelope {
    /// The cipher of the pages.
    pub cipher: Cipher,
    /// The layout of the pages under that cipher; 1 is the only one so far.
    pub format: u16,
    /// A random number that tells this key from another.
    pub key_id: [u8; 16],
}

const HEAD: &str = "kabao-file-key";

impl KeyEnvelope {
    /// The record of a new key, with the cipher and format that this version writes.
    #[must_use]
    pub const fn new(key_id: [u8; 16]) -> Self {
        Self {
            cipher: Cipher::ChaCha20Poly1305,
            format: 1,
            key_id,
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`VaultError::KeyRecord`] for any other text, an unknown cipher or an unknown format.
    pub fn decode(text: &str) -> Result<Self, VaultError> {
        let mut parts = text.split(' ');
        let mut next = |prefix: &str| parts.next().and_then(|part| part.strip_prefix(prefix));
        let head = next(HEAD);
        let cipher = next("cipher=");
        let format = next("format=");
        let id = next("key-id=").and_then(unhex);
        match (head, cipher, format, id, parts.next()) {
            (Some(""), Some("chacha20-poly1305"), Some("1"), Some(key_id), None) => {
                Ok(Self::new(key_id))
            }
            _ => Err(VaultError::KeyRecord),
        }
    }
}

/// The record as text, the only form in which it is kept.
impl fmt::Display for KeyEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{HEAD} cipher={} format={} key-id=",
            self.cipher.name(),
            self.format
        )?;
        self.key_id
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Lower-case digits only, so that a record has exactly one spelling.
fn unhex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    let mut out = [0_u8; 16];
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit.wrapping_sub(b'0'),
                b'a'..=b'f' => digit.wrapping_sub(b'a').wrapping_add(10),
                _ => return None,
            };
            *byte = (*byte << 4) | value;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_one_spelling() {
        let id: [u8; 16] = std::array::from_fn(|i| (i * 17) as u8);
        let text = KeyEnvelope::new(id).to_string();
        assert_eq!(
            text,
            "kabao-file-key cipher=chacha20-poly1305 format=1 key-id=00112233445566778899aabbccddeeff"
        );
        assert_eq!(KeyEnvelope::decode(&text), Ok(KeyEnvelope::new(id)));
    }

    #[test]
    fn another_cipher_format_or_shape_is_refused() {
        let good = KeyEnvelope::new([7; 16]).to_string();
        let changed = [
            good.replace("chacha20-poly1305", "aegis-256"),
            good.replace("format=1", "format=2"),
            good.replace("format=1", "format=01"),
            good.replace("key-id=07", "key-id=0"),
            good.replace("key-id=07", "key-id=0G"),
            good.replace("kabao-file-key", "kabao-file-keys"),
            format!("{good} more=1"),
            format!("{good}\n"),
            good.to_uppercase(),
            String::new(),
        ];
        for text in changed {
            assert_ne!(text, good);
            assert_eq!(
                KeyEnvelope::decode(&text),
                Err(VaultError::KeyRecord),
                "{text}"
            );
        }
    }
}
