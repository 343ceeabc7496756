//! Which keys of the service count, signed by an offline root key.

use super::map::{Fields, Maker};
use super::{Document, DocumentError};
use crate::boxes::BoxPublicKey;
use crate::cose;
use crate::keys::PublicKey;
use kabao_base::Timestamp;
use std::collections::BTreeSet;

/// The algorithm of a signing key, by its COSE name.
pub const ALGORITHM_SIGN: &str = "ES256";
/// The algorithms of a box key.
pub const ALGORITHM_BOX: &str = "HPKE-X25519-HKDF-SHA256-AES-256-GCM";

const MAX_KEYS: usize = 256;

/// What a key is for. A key counts for its one purpose only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Signs answers over HTTP.
    Answers,
    /// Signs receipts, refusals, tombstones and heads.
    Documents,
    /// Signs feeds: code formats; fees, limits, maintenance windows, contacts.
    Feeds,
    /// Signs what the PIN vault decided.
    PinVerdicts,
    /// Opens boxes with a PIN.
    PinBox,
    /// Opens boxes with card data.
    CardBox,
    /// Opens boxes with identity data.
    IdBox,
    /// A purpose of a later release. The key is kept and not used.
    Other(String),
}

impl KeyPurpose {
    const ALL: [(KeyPurpose, &'static str); 7] = [
        (KeyPurpose::Answers, "answers"),
        (KeyPurpose::Documents, "documents"),
        (KeyPurpose::Feeds, "feeds"),
        (KeyPurpose::PinVerdicts, "pin_verdicts"),
        (KeyPurpose::PinBox, "pin_box"),
        (KeyPurpose::CardBox, "card_box"),
        (KeyPurpose::IdBox, "id_box"),
    ];

    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            KeyPurpose::Other(name) => name,
            known => Self::ALL.iter().find(|row| row.0 == *known).map_or("", |row| row.1),
        }
    }

    /// Reads the name on the wire.
    pub fn parse(text: &str) -> KeyPurpose {
        let row = Self::ALL.into_iter().find(|row| row.1 == text);
        row.map_or_else(|| KeyPurpose::Other(text.to_owned()), |row| row.0)
    }
}

/// One key of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetKey {
    /// The name of the key, unique in the set.
    pub kid: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// [`ALGORITHM_SIGN`], [`ALGORITHM_BOX`], or one of a later release.
    pub algorithm: String,
    /// The public key: 65 bytes of P-256 or 32 bytes of X25519.
    pub public: Vec<u8>,
    /// From when it may be used.
    pub not_before: Timestamp,
    /// Until when it may be used. What it signed before stays valid.
    pub not_after: Timestamp,
}

impl SetKey {
    /// The key as a signing key.
    pub fn public_key(&self) -> Result<PublicKey, DocumentError> {
        if self.algorithm != ALGORITHM_SIGN {
            return Err(DocumentError::WrongPurpose);
        }
        PublicKey::from_bytes(&self.public).map_err(|_| DocumentError::Malformed("public"))
    }

    /// The key as a box key.
    pub fn box_key(&self) -> Result<BoxPublicKey, DocumentError> {
        if self.algorithm != ALGORITHM_BOX {
            return Err(DocumentError::WrongPurpose);
        }
        let bytes = self.public.as_slice().try_into().map_err(|_| DocumentError::Malformed("public"))?;
        Ok(BoxPublicKey { kid: self.kid.clone(), bytes })
    }

    /// Whether the key may be used at that time (both ends included).
    pub fn is_valid_at(&self, time: Timestamp) -> bool {
        self.not_before <= time && time <= self.not_after
    }

    fn put(&self, maker: &mut Maker) {
        maker.text("kid", &self.kid);
        maker.text("purpose", self.purpose.as_str());
        maker.text("algorithm", &self.algorithm);
        maker.bytes("public", &self.public);
        maker.time("not_before", self.not_before);
        maker.time("not_after", self.not_after);
    }

    fn take(fields: &mut Fields) -> Result<SetKey, DocumentError> {
        let key = SetKey {
            kid: fields.text("kid")?,
            purpose: KeyPurpose::parse(&fields.text("purpose")?),
            algorithm: fields.text("algorithm")?,
            public: fields.bytes("public")?,
            not_before: fields.time("not_before")?,
            not_after: fields.time("not_after")?,
        };
        let named = (1..=64).contains(&key.kid.len()) && key.kid.bytes().all(|byte| byte.is_ascii_graphic());
        if !named {
            return Err(DocumentError::Malformed("kid"));
        }
        if key.not_after < key.not_before {
            return Err(DocumentError::Malformed("not_after"));
        }
        match key.algorithm.as_str() {
            ALGORITHM_SIGN => key.public_key().map(|_| ())?,
            ALGORITHM_BOX => key.box_key().map(|_| ())?,
            _ => {}
        }
        Ok(key)
    }
}

/// The keys of the service at one version. Versions only grow; retired keys stay in the set, so
/// that what they signed stays valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    /// Grows with every change.
    pub version: u64,
    /// The keys, at most 256.
    pub keys: Vec<SetKey>,
}

impl KeySet {
    /// Opens a set that the root key signed.
    pub fn open(bytes: &[u8], root: &PublicKey) -> Result<KeySet, DocumentError> {
        let cose = cose::read(bytes)?;
        if cose.content_type != KeySet::CONTENT_TYPE {
            return Err(DocumentError::WrongKind);
        }
        cose.verify(root)?;
        KeySet::decode(&cose.payload)
    }

    /// Whether this set may take the place of one with `old_version`.
    pub const fn accepts_newer(&self, old_version: u64) -> bool {
        self.version > old_version
    }

    /// The signing key of that name, whether retired or not; refused when it is for another purpose.
    pub fn signing_key(&self, kid: &str, purpose: &KeyPurpose) -> Result<&SetKey, DocumentError> {
        let key = self.keys.iter().find(|key| key.kid == kid).ok_or(DocumentError::UnknownKey)?;
        let fits = key.purpose == *purpose && key.algorithm == ALGORITHM_SIGN;
        if fits { Ok(key) } else { Err(DocumentError::WrongPurpose) }
    }

    /// The signing key of that name, refused unless it was valid at `time`.
    pub fn signing_key_at(&self, kid: &str, purpose: &KeyPurpose, time: Timestamp) -> Result<PublicKey, DocumentError> {
        let key = self.signing_key(kid, purpose)?;
        if key.is_valid_at(time) { key.public_key() } else { Err(DocumentError::KeyNotValid) }
    }

    /// The key to seal boxes to now: of the valid ones, the one that became valid last.
    pub fn box_key(&self, purpose: &KeyPurpose, now: Timestamp) -> Result<BoxPublicKey, DocumentError> {
        let fits = |key: &&SetKey| key.purpose == *purpose && key.algorithm == ALGORITHM_BOX;
        let mut candidates = self.keys.iter().filter(fits).peekable();
        if candidates.peek().is_none() {
            return Err(DocumentError::UnknownKey);
        }
        let newest = candidates.filter(|key| key.is_valid_at(now)).max_by_key(|key| key.not_before);
        newest.ok_or(DocumentError::KeyNotValid)?.box_key()
    }
}

impl Document for KeySet {
    const CONTENT_TYPE: &'static str = "application/kabao-key-set+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.number("version", self.version);
        maker.list("keys", &self.keys, SetKey::put);
    }

    fn take(fields: &mut Fields) -> Result<KeySet, DocumentError> {
        let set = KeySet { version: fields.number("version")?, keys: fields.list("keys", SetKey::take)? };
        let names: BTreeSet<&str> = set.keys.iter().map(|key| key.kid.as_str()).collect();
        let usable = names.len() == set.keys.len() && set.keys.len() <= MAX_KEYS;
        if usable { Ok(set) } else { Err(DocumentError::Malformed("keys")) }
    }
}
