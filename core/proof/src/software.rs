//! Signing keys held in memory: for the reference service, test devices and tools. A phone signs in
//! hardware and does not carry this module.

use crate::keys::{KeyError, PublicKey, Signature};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature as Ecdsa, SigningKey};
use std::fmt;
use zeroize::Zeroizing;

/// A P-256 secret key in memory, wiped when dropped. It signs deterministically (RFC 6979).
#[derive(Clone)]
pub struct SoftwareKey(SigningKey);

impl SoftwareKey {
    /// From a 32-byte secret number, highest byte first; zero and numbers not below the order of
    /// the curve are refused.
    pub fn from_secret(secret: &[u8; 32]) -> Result<SoftwareKey, KeyError> {
        SigningKey::from_slice(secret).map(SoftwareKey).map_err(|_| KeyError::BadSecretKey)
    }

    /// From a random source that fills the slice it is given. A draw that is not a key is drawn
    /// again (one in 2³²); a source that gives 16 such draws in a row is broken and refused.
    pub fn from_random(mut fill: impl FnMut(&mut [u8])) -> Result<SoftwareKey, KeyError> {
        let mut secret = Zeroizing::new([0u8; 32]);
        for _ in 0..16 {
            fill(&mut secret[..]);
            if let Ok(key) = SoftwareKey::from_secret(&secret) {
                return Ok(key);
            }
        }
        Err(KeyError::BadSecretKey)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        // The point comes from the curve's own arithmetic and is uncompressed: 65 bytes.
        let mut bytes = [0u8; 65];
        for (slot, byte) in bytes.iter_mut().zip(point.as_bytes()) {
            *slot = *byte;
        }
        PublicKey::of_curve(bytes)
    }

    /// Signs the SHA-256 of `message`.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: Ecdsa = self.0.sign(message);
        Signature(signature.to_bytes().into())
    }

    /// The secret number, for a file that the caller protects.
    pub fn secret_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SoftwareKey({})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_again_and_gives_up_on_a_broken_source() {
        let mut draws = 0;
        let key = SoftwareKey::from_random(|slice| {
            draws += 1;
            slice.fill(if draws < 3 { 0xff } else { 5 });
        })
        .unwrap();
        assert_eq!((draws, *key.secret_bytes()), (3, [5; 32]));
        assert_eq!(SoftwareKey::from_random(|slice| slice.fill(0)).err(), Some(KeyError::BadSecretKey));
    }

    #[test]
    fn printing_shows_the_public_half_only() {
        let key = SoftwareKey::from_secret(&[5; 32]).unwrap();
        assert_eq!(format!("{key:?}"), format!("SoftwareKey({})", key.public()));
        assert!(PublicKey::from_bytes(&key.public().to_bytes()).is_ok());
    }
}
