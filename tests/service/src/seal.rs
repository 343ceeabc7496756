//! Columns that hold personal data: sealed to be read again, marked to be compared.

use kabao_outside::World;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

/// Seals and marks with two keys of 32 bytes. Not printable, not copyable.
pub struct Sealer {
    seal: LessSafeKey,
    mark: hmac::Key,
}

/// The bytes cannot be opened: another key, another column, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed column does not open")]
pub struct DoesNotOpen;

impl Sealer {
    /// From two independent keys.
    pub fn new(seal: &[u8; 32], mark: &[u8; 32]) -> Result<Sealer, DoesNotOpen> {
        let key = UnboundKey::new(&AES_256_GCM, seal).map_err(|_| DoesNotOpen)?;
        Ok(Sealer { seal: LessSafeKey::new(key), mark: hmac::Key::new(hmac::HMAC_SHA256, mark) })
    }

    /// Seals `plain` for one column of one row, which `place` names.
    pub fn seal(&self, world: &dyn World, place: &str, plain: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let mut nonce = [0u8; NONCE_LEN];
        world.random(&mut nonce);
        let mut sealed = nonce.to_vec();
        let mut content = plain.to_vec();
        let tag = self
            .seal
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut content)
            .map_err(|_| DoesNotOpen)?;
        sealed.extend_from_slice(&content);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for the same place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, content) = sealed.split_at_checked(NONCE_LEN).ok_or(DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DoesNotOpen)?;
        let mut content = Zeroizing::new(content.to_vec());
        let length = self.seal.open_in_place(nonce, Aad::from(place.as_bytes()), &mut content).map_err(|_| DoesNotOpen)?.len();
        content.truncate(length);
        Ok(content)
    }

    /// Opens text.
    pub fn open_text(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<String>, DoesNotOpen> {
        let bytes = self.open(place, sealed)?;
        String::from_utf8(bytes.to_vec()).map(Zeroizing::new).map_err(|_| DoesNotOpen)
    }

    /// A keyed fingerprint: equal for equal values, and useless without the key.
    pub fn mark(&self, kind: &str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.mark);
        for part in [kind.as_bytes(), &[0], value.as_bytes()] {
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::RealWorld;

    #[test]
    fn opens_in_its_place_only() {
        let sealer = Sealer::new(&[1; 32], &[2; 32]).unwrap();
        let sealed = sealer.seal(&RealWorld, "phone:1", b"13800138000").unwrap();
        assert_eq!(sealer.open_text("phone:1", &sealed).unwrap().as_str(), "13800138000");
        assert_eq!(sealer.open("phone:2", &sealed).err(), Some(DoesNotOpen));
        let other = Sealer::new(&[3; 32], &[2; 32]).unwrap();
        assert_eq!(other.open("phone:1", &sealed).err(), Some(DoesNotOpen));
        for index in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[index] ^= 1;
            assert!(sealer.open("phone:1", &bad).is_err() && sealer.open("phone:1", &sealed[..index]).is_err());
        }
        assert_eq!(sealer.mark("phone", "1"), other.mark("phone", "1"));
        assert_ne!(sealer.mark("phone", "1"), sealer.mark("card", "1"));
    }
}
