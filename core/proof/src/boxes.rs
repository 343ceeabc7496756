//! Sealed boxes (RFC 9180, base mode): what one part of the service may read and every other part
//! only passes on. DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
//!
//! A box is bound to its purpose (`info`) and to one use (`aad`, the digest of what it approves):
//! opened with another, it fails. Every plaintext is padded to [`PADDED`] bytes, so that the size
//! of a box says nothing about a PIN or a card number.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{CryptoRng, TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use zeroize::Zeroizing;

/// The algorithms of format 1, by name.
pub const SUITE: &str = "X25519-HKDF-SHA256-AES-256-GCM";
/// The format of a box.
pub const FORMAT: u8 = 1;
/// Length of every padded plaintext in bytes: one for the length, 63 for the content.
pub const PADDED: usize = 64;
/// `info` of a box for the PIN vault.
pub const INFO_PIN: &[u8] = b"kabao-pin-1";
/// `info` of a box for the tokeniser of cards.
pub const INFO_CARD: &[u8] = b"kabao-card-1";
/// `info` of a box for the identity check.
pub const INFO_IDENTITY: &[u8] = b"kabao-id-1";

const MAX_KID: usize = 64;
const CIPHERTEXT: usize = PADDED + 16;

/// Why a box was not made or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// The content is longer than 63 bytes.
    #[error("the content does not fit into a box")]
    TooLong,
    /// The key id is empty, longer than 64 characters or not printable ASCII.
    #[error("the key id is not usable")]
    BadKeyId,
    /// Not a usable X25519 key.
    #[error("not a usable X25519 key")]
    BadKey,
    /// Format or algorithms are not known here.
    #[error("format or algorithms of the box are not known")]
    UnknownSuite,
    /// The box was sealed to another key.
    #[error("the box is for another key")]
    WrongKey,
    /// The box has the wrong shape.
    #[error("the box is malformed")]
    Malformed,
    /// Wrong key, wrong purpose, another use, or changed on the way.
    #[error("the box does not open")]
    DoesNotOpen,
}

/// The public half of a box key: what is sealed to it, only the holder of the private half reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxPublicKey {
    /// The name of the key.
    pub kid: String,
    /// The X25519 public key.
    pub bytes: [u8; 32],
}

/// The private half of a box key; wiped when dropped, never printed.
pub struct BoxPrivateKey {
    kid: String,
    secret: Zeroizing<[u8; 32]>,
}

impl BoxPrivateKey {
    /// A new key from the caller's random source.
    pub fn from_random(kid: &str, rng: &mut impl CryptoRng) -> Result<BoxPrivateKey, BoxError> {
        let mut secret = Zeroizing::new([0u8; 32]);
        rng.fill_bytes(&mut secret[..]);
        BoxPrivateKey::from_bytes(kid, &secret)
    }

    /// A key from its 32 bytes.
    pub fn from_bytes(kid: &str, secret: &[u8; 32]) -> Result<BoxPrivateKey, BoxError> {
        check_kid(kid)?;
        Ok(BoxPrivateKey { kid: kid.to_owned(), secret: Zeroizing::new(*secret) })
    }

    /// The 32 bytes, for a file that the caller protects.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.secret.clone()
    }

    /// The name of the key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    pub fn public(&self) -> Result<BoxPublicKey, BoxError> {
        let public = X25519HkdfSha256::sk_to_pk(&self.key()?).to_bytes();
        Ok(BoxPublicKey { kid: self.kid.clone(), bytes: public.into() })
    }

    fn key(&self) -> Result<<X25519HkdfSha256 as Kem>::PrivateKey, BoxError> {
        Deserializable::from_bytes(&self.secret[..]).map_err(|_| BoxError::BadKey)
    }
}

impl fmt::Debug for BoxPrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BoxPrivateKey({})", self.kid)
    }
}

/// A sealed box as it travels in JSON; bytes are base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedBox {
    /// The format, 1.
    pub v: u8,
    /// The algorithms, [`SUITE`].
    pub suite: String,
    /// The key it is sealed to.
    pub kid: String,
    /// The encapsulated key, 32 bytes.
    #[serde(with = "crate::digest::base64url")]
    pub enc: Vec<u8>,
    /// The ciphertext with its tag, 80 bytes.
    #[serde(with = "crate::digest::base64url")]
    pub ct: Vec<u8>,
}

fn check_kid(kid: &str) -> Result<(), BoxError> {
    let usable = !kid.is_empty() && kid.len() <= MAX_KID && kid.bytes().all(|byte| byte.is_ascii_graphic());
    if usable { Ok(()) } else { Err(BoxError::BadKeyId) }
}

/// Seals up to 63 bytes to `key`. `info` names the purpose, `aad` the one use; both are needed to open.
pub fn seal(
    key: &BoxPublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<SealedBox, BoxError> {
    check_kid(&key.kid)?;
    let mut padded = Zeroizing::new([0u8; PADDED]);
    let (length, space) = padded.split_at_mut(1);
    let content = space.get_mut(..plaintext.len()).ok_or(BoxError::TooLong)?;
    content.copy_from_slice(plaintext);
    length[0] = u8::try_from(plaintext.len()).map_err(|_| BoxError::TooLong)?;
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&key.bytes).map_err(|_| BoxError::BadKey)?;
    let (enc, ct) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        info,
        &padded[..],
        aad,
        rng,
    )
    .map_err(|_| BoxError::BadKey)?;
    Ok(SealedBox { v: FORMAT, suite: SUITE.to_owned(), kid: key.kid.clone(), enc: enc.to_bytes().to_vec(), ct })
}

/// Opens a box with the purpose and the use that it was sealed for.
pub fn open(key: &BoxPrivateKey, info: &[u8], aad: &[u8], sealed: &SealedBox) -> Result<Zeroizing<Vec<u8>>, BoxError> {
    if sealed.v != FORMAT || sealed.suite != SUITE {
        return Err(BoxError::UnknownSuite);
    }
    if sealed.kid != key.kid {
        return Err(BoxError::WrongKey);
    }
    if sealed.ct.len() != CIPHERTEXT {
        return Err(BoxError::Malformed);
    }
    let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&sealed.enc).map_err(|_| BoxError::Malformed)?;
    let padded = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &key.key()?,
        &enc,
        info,
        &sealed.ct,
        aad,
    )
    .map(Zeroizing::new)
    .map_err(|_| BoxError::DoesNotOpen)?;
    let (length, space) = padded.split_first().ok_or(BoxError::Malformed)?;
    let (content, padding) = space.split_at_checked(usize::from(*length)).ok_or(BoxError::Malformed)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(BoxError::Malformed);
    }
    Ok(Zeroizing::new(content.to_vec()))
}

/// Makes a random source out of a function that fills a slice. The function must be
/// cryptographically strong: the secrecy of every box rests on it.
pub struct FnRng<F: FnMut(&mut [u8])>(pub F);

impl<F: FnMut(&mut [u8])> TryRng for FnRng<F> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0u8; 4];
        (self.0)(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0u8; 8];
        (self.0)(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, slice: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(slice);
        Ok(())
    }
}

impl<F: FnMut(&mut [u8])> TryCryptoRng for FnRng<F> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up: different bytes at every call, the same in every run.
    pub fn counting() -> FnRng<impl FnMut(&mut [u8])> {
        let mut next = 0u8;
        FnRng(move |slice: &mut [u8]| {
            for byte in slice {
                next = next.wrapping_add(1);
                *byte = next;
            }
        })
    }

    fn pair() -> (BoxPrivateKey, BoxPublicKey) {
        let private = BoxPrivateKey::from_random("pin-1", &mut counting()).unwrap();
        let public = private.public().unwrap();
        (private, public)
    }

    #[test]
    fn opens_what_was_sealed_and_shows_no_size() {
        let (private, public) = pair();
        for length in 0..PADDED {
            let content = vec![b'7'; length];
            let sealed = seal(&public, INFO_PIN, b"use", &content, &mut counting()).unwrap();
            assert_eq!((sealed.enc.len(), sealed.ct.len()), (32, CIPHERTEXT));
            let text = serde_json::to_string(&sealed).unwrap();
            let back: SealedBox = serde_json::from_str(&text).unwrap();
            assert_eq!(*open(&private, INFO_PIN, b"use", &back).unwrap(), content);
        }
        assert_eq!(seal(&public, INFO_PIN, b"", &[0; PADDED], &mut counting()).err(), Some(BoxError::TooLong));
        assert_eq!(seal(&public, INFO_PIN, b"", &vec![0; 1 << 20], &mut counting()).err(), Some(BoxError::TooLong));
    }

    #[test]
    fn fits_one_key_one_purpose_one_use() {
        let (private, public) = pair();
        let sealed = seal(&public, INFO_PIN, b"use", b"135790", &mut counting()).unwrap();
        assert_eq!(open(&private, INFO_CARD, b"use", &sealed).err(), Some(BoxError::DoesNotOpen));
        assert_eq!(open(&private, INFO_PIN, b"other", &sealed).err(), Some(BoxError::DoesNotOpen));
        let same_name = BoxPrivateKey::from_bytes("pin-1", &[9; 32]).unwrap();
        assert_eq!(open(&same_name, INFO_PIN, b"use", &sealed).err(), Some(BoxError::DoesNotOpen));
        let other = BoxPrivateKey::from_bytes("pin-2", &private.to_bytes()).unwrap();
        assert_eq!(open(&other, INFO_PIN, b"use", &sealed).err(), Some(BoxError::WrongKey));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (private, public) = pair();
        let sealed = seal(&public, INFO_PIN, b"use", b"135790", &mut counting()).unwrap();
        for index in 0..sealed.ct.len() {
            let mut bad = sealed.clone();
            bad.ct[index] ^= 1;
            assert_eq!(open(&private, INFO_PIN, b"use", &bad).err(), Some(BoxError::DoesNotOpen));
        }
        for index in 0..31 {
            let mut bad = sealed.clone();
            bad.enc[index] ^= 1;
            assert!(open(&private, INFO_PIN, b"use", &bad).is_err());
        }
        let shapes: [fn(&mut SealedBox); 6] = [
            |bad| bad.v = 2,
            |bad| bad.suite.push('x'),
            |bad| bad.ct.clear(),
            |bad| bad.ct = vec![0; 1 << 20],
            |bad| bad.enc.truncate(31),
            |bad| bad.enc = vec![0; 32],
        ];
        for shape in shapes {
            let mut bad = sealed.clone();
            shape(&mut bad);
            assert!(open(&private, INFO_PIN, b"use", &bad).is_err());
        }
    }

    #[test]
    fn one_content_has_one_padding() {
        let (private, public) = pair();
        let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&public.bytes).unwrap();
        for (length, last) in [(64, 0), (255, 0), (6, 1)] {
            let mut padded = [0u8; PADDED];
            (padded[0], padded[PADDED - 1]) = (length, last);
            let (enc, ct) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base, &key, INFO_PIN, &padded, b"use", &mut counting(),
            )
            .unwrap();
            let sealed = SealedBox { v: FORMAT, suite: SUITE.to_owned(), kid: public.kid.clone(), enc: enc.to_bytes().to_vec(), ct };
            assert_eq!(open(&private, INFO_PIN, b"use", &sealed).err(), Some(BoxError::Malformed));
        }
    }

    #[test]
    fn a_low_order_key_and_bad_names_are_refused() {
        let zero = BoxPublicKey { kid: "k".to_owned(), bytes: [0; 32] };
        assert_eq!(seal(&zero, INFO_PIN, b"", b"1", &mut counting()).err(), Some(BoxError::BadKey));
        for kid in ["", "a b", "钥", &"k".repeat(65)] {
            assert_eq!(BoxPrivateKey::from_bytes(kid, &[1; 32]).err(), Some(BoxError::BadKeyId));
        }
    }

    #[test]
    fn printing_shows_no_secret() {
        let (private, _) = pair();
        assert_eq!(format!("{private:?}"), "BoxPrivateKey(pin-1)");
    }
}
