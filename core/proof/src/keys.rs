//! P-256 public keys and ECDSA signatures over SHA-256 (ES256).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Why a key or a signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 65 bytes of an uncompressed point on P-256.
    #[error("not an uncompressed point of P-256")]
    BadPublicKey,
    /// Not a secret number between 1 and the order of P-256.
    #[error("not a secret key of P-256")]
    BadSecretKey,
    /// Neither 64 raw bytes nor strict DER.
    #[error("not an ECDSA signature of P-256")]
    BadSignature,
    /// The signature was not made by this key over this message.
    #[error("the signature does not fit")]
    WrongSignature,
}

/// A P-256 public key: 65 bytes (0x04, x, y), a point that was checked to lie on the curve. In
/// JSON it is base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 65]);

impl PublicKey {
    /// Reads the 65 bytes of an uncompressed point; a point that is not on the curve is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<PublicKey, KeyError> {
        let point: [u8; 65] = bytes.try_into().map_err(|_| KeyError::BadPublicKey)?;
        if crate::curve::is_on_p256(&point) { Ok(PublicKey(point)) } else { Err(KeyError::BadPublicKey) }
    }

    /// A point that curve arithmetic has just produced.
    #[cfg(any(test, feature = "software-keys"))]
    pub(crate) const fn of_curve(point: [u8; 65]) -> PublicKey {
        PublicKey(point)
    }

    /// The 65 bytes.
    pub const fn to_bytes(&self) -> [u8; 65] {
        self.0
    }

    /// Reads base64url without padding, as JSON carries it.
    pub fn parse(text: &str) -> Result<PublicKey, KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::BadPublicKey)?;
        PublicKey::from_bytes(&bytes)
    }

    /// Whether `signature` was made by this key over `message` (hashed with SHA-256 inside).
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, self.0)
            .verify(message, &signature.0)
            .map_err(|_| KeyError::WrongSignature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        let text = String::deserialize(deserializer)?;
        PublicKey::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// An ECDSA signature of P-256: r and s, 32 bytes each, highest byte first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// Reads 64 raw bytes, or DER as Android's key store, the Secure Enclave and Java give it. DER
    /// is read strictly: shortest lengths, shortest positive numbers, nothing behind.
    pub fn read(bytes: &[u8]) -> Result<Signature, KeyError> {
        match <[u8; 64]>::try_from(bytes) {
            Ok(raw) => Ok(Signature(raw)),
            Err(_) => Signature::from_der(bytes),
        }
    }

    /// Reads 64 raw bytes (r, s).
    pub fn from_raw(bytes: &[u8]) -> Result<Signature, KeyError> {
        bytes.try_into().map(Signature).map_err(|_| KeyError::BadSignature)
    }

    /// Reads `SEQUENCE { INTEGER r, INTEGER s }`, strictly.
    pub fn from_der(bytes: &[u8]) -> Result<Signature, KeyError> {
        let (content, rest) = element(bytes, 0x30)?;
        let (r, after) = element(content, 0x02)?;
        let (s, end) = element(after, 0x02)?;
        if !rest.is_empty() || !end.is_empty() {
            return Err(KeyError::BadSignature);
        }
        let mut out = [0u8; 64];
        let (left, right) = out.split_at_mut(32);
        place(r, left)?;
        place(s, right)?;
        Ok(Signature(out))
    }

    /// The 64 raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signature({})", URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Splits off one DER element with the tag; lengths above 127 do not occur in such a signature.
fn element(bytes: &[u8], tag: u8) -> Result<(&[u8], &[u8]), KeyError> {
    match bytes {
        [found, length, rest @ ..] if *found == tag && *length < 128 && usize::from(*length) <= rest.len() => {
            Ok(rest.split_at(usize::from(*length)))
        }
        _ => Err(KeyError::BadSignature),
    }
}

/// Writes a DER number right-aligned; refuses negative, padded, empty and long ones.
fn place(number: &[u8], out: &mut [u8]) -> Result<(), KeyError> {
    let digits = match number {
        [] => return Err(KeyError::BadSignature),
        [0, next, ..] if *next < 128 => return Err(KeyError::BadSignature),
        [0, rest @ ..] => rest,
        [first, ..] if *first >= 128 => return Err(KeyError::BadSignature),
        all => all,
    };
    let start = out.len().checked_sub(digits.len()).ok_or(KeyError::BadSignature)?;
    out[start..].copy_from_slice(digits);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SoftwareKey;

    fn der(signature: &Signature) -> Vec<u8> {
        p256::ecdsa::Signature::from_slice(&signature.0).unwrap().to_der().as_bytes().to_vec()
    }

    #[test]
    fn signs_and_verifies_raw_and_der() {
        let key = SoftwareKey::from_secret(&[7; 32]).unwrap();
        for number in 0..64u8 {
            let signature = key.sign(&[number]);
            assert_eq!(Signature::read(&der(&signature)), Ok(signature));
            assert_eq!(Signature::read(&signature.0), Ok(signature));
            assert_eq!(key.public().verify(&[number], &signature), Ok(()));
            assert_eq!(key.public().verify(&[number, 0], &signature), Err(KeyError::WrongSignature));
        }
    }

    #[test]
    fn the_vector_of_rfc_6979() {
        // RFC 6979, A.2.5: P-256, SHA-256, message "sample".
        let secret = Digest("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").bytes();
        let key = SoftwareKey::from_secret(&secret).unwrap();
        let hex = crate::hex(&key.sign(b"sample").0);
        assert_eq!(
            hex,
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
             f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        );
    }

    struct Digest(&'static str);
    impl Digest {
        fn bytes(&self) -> [u8; 32] {
            crate::Digest32::parse(self.0).unwrap().0
        }
    }

    #[test]
    fn strict_der_only() {
        let key = SoftwareKey::from_secret(&[9; 32]).unwrap();
        let good = der(&key.sign(b"x"));
        for cut in 0..good.len() {
            assert_eq!(Signature::from_der(&good[..cut]), Err(KeyError::BadSignature));
        }
        let mut longer = good.clone();
        longer.push(0);
        assert_eq!(Signature::from_der(&longer), Err(KeyError::BadSignature));
        let cases: [&[u8]; 7] = [
            &[0x30, 0x06, 0x02, 0x01, 0x81, 0x02, 0x01, 0x01],       // negative
            &[0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01], // padded
            &[0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x01],             // empty number
            &[0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01], // long form of a short length
            &[0x30, 0x80, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],       // indefinite
            &[0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],       // a set
            &[0x30, 0x09, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
        ];
        for case in cases {
            assert_eq!(Signature::read(case), Err(KeyError::BadSignature));
        }
        assert_eq!(Signature::read(&vec![0x30; 1 << 20]), Err(KeyError::BadSignature));
        // r = s = 0 has the right shape and fits nothing.
        assert_eq!(key.public().verify(b"x", &Signature([0; 64])), Err(KeyError::WrongSignature));
    }

    #[test]
    fn a_key_is_a_point_on_the_curve() {
        let good = SoftwareKey::from_secret(&[1; 32]).unwrap().public();
        assert_eq!(PublicKey::from_bytes(&good.to_bytes()), Ok(good));
        let text = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), good);
        let mut off = good.to_bytes();
        off[64] ^= 1;
        for bytes in [&off[..], &[], &[4; 33], &vec![4; 1 << 20]] {
            assert_eq!(PublicKey::from_bytes(bytes), Err(KeyError::BadPublicKey));
        }
        assert_eq!(PublicKey::parse(&format!("{good}=")), Err(KeyError::BadPublicKey));
    }
}
