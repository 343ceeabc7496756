//! COSE_Sign1 (RFC 9052) with ES256: how receipts, heads and feeds are signed. Algorithm, key id
//! and content type stand in the protected header; the unprotected one is empty.

use crate::cbor::{self, CborError};
use crate::keys::{KeyError, PublicKey, Signature};
use ciborium::Value;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, iana};

/// The CBOR tag of COSE_Sign1.
const TAG: u64 = 18;
const MAX_NAME: usize = 128;

/// Why a signed object was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CoseError {
    /// The bytes are not deterministic CBOR.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// Not a COSE_Sign1 of the shape used here.
    #[error("not a signed object of the expected shape")]
    Shape,
    /// The protected header holds another algorithm, or more or less than algorithm, key id and content type.
    #[error("the header is not the expected one")]
    Header,
    /// The signature does not fit the key.
    #[error("the signature does not fit")]
    WrongSignature,
}

/// A signed object that waits for its signature.
#[derive(Debug, Clone)]
pub struct CoseToSign {
    unsigned: CoseSign1,
    /// The bytes to sign with ES256 (hashed with SHA-256 by the signer).
    pub tbs: Vec<u8>,
}

/// Prepares `payload` for signing. Key id and content type are printable ASCII, 1 to 128
/// characters; a content type is `type/subtype`.
pub fn to_sign(kid: &str, content_type: &str, payload: &[u8]) -> Result<CoseToSign, CoseError> {
    let protected = header(kid, content_type)?;
    let unsigned = CoseSign1Builder::new().protected(protected).payload(payload.to_vec()).build();
    let tbs = unsigned.tbs_data(b"");
    Ok(CoseToSign { unsigned, tbs })
}

fn header(kid: &str, content_type: &str) -> Result<coset::Header, CoseError> {
    for name in [kid, content_type] {
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CoseError::Header);
        }
    }
    // A media type has a type and a subtype (RFC 9052, 3.1 leads to RFC 6838).
    if !content_type.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty() && !rest.contains('/')) {
        return Err(CoseError::Header);
    }
    Ok(HeaderBuilder::new()
        .algorithm(iana::Algorithm::ES256)
        .content_type(content_type.to_owned())
        .key_id(kid.as_bytes().to_vec())
        .build())
}

impl CoseToSign {
    /// The finished object: tag 18, deterministic CBOR.
    pub fn finish(mut self, signature: &Signature) -> Result<Vec<u8>, CoseError> {
        self.unsigned.signature = signature.0.to_vec();
        let bytes = self.unsigned.to_tagged_vec().map_err(|_| CoseError::Shape)?;
        if bytes.len() > cbor::MAX_BYTES { Err(CborError::TooLarge.into()) } else { Ok(bytes) }
    }
}

/// A signed object as read. Nothing in it is to be believed before [`Cose::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cose {
    /// The key that is said to have signed.
    pub kid: String,
    /// What the payload is.
    pub content_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    signature: Signature,
    tbs: Vec<u8>,
}

/// Reads a signed object. Only the one deterministic encoding is accepted, at most 64 KiB.
pub fn read(bytes: &[u8]) -> Result<Cose, CoseError> {
    let Value::Tag(TAG, inner) = cbor::decode(bytes)? else {
        return Err(CoseError::Shape);
    };
    let Value::Array(parts) = *inner else {
        return Err(CoseError::Shape);
    };
    let Ok([Value::Bytes(protected), Value::Map(unprotected), Value::Bytes(payload), Value::Bytes(signature)]) =
        <[Value; 4]>::try_from(parts)
    else {
        return Err(CoseError::Shape);
    };
    if !unprotected.is_empty() {
        return Err(CoseError::Header);
    }
    let seen = coset::Header::from_slice(&protected).map_err(|_| CoseError::Header)?;
    let kid = String::from_utf8(seen.key_id).map_err(|_| CoseError::Header)?;
    let Some(coset::ContentType::Text(content_type)) = seen.content_type else {
        return Err(CoseError::Header);
    };
    // The header written anew from what was understood must be the header that was signed.
    let expected = header(&kid, &content_type)?;
    if expected.clone().to_vec().map_err(|_| CoseError::Header)? != protected {
        return Err(CoseError::Header);
    }
    let signature = Signature::from_raw(&signature).map_err(|_| CoseError::Shape)?;
    let tbs = CoseSign1Builder::new().protected(expected).payload(payload.clone()).build().tbs_data(b"");
    Ok(Cose { kid, content_type, payload, signature, tbs })
}

impl Cose {
    /// Reads a signed object; the same as [`read`].
    pub fn read(bytes: &[u8]) -> Result<Cose, CoseError> {
        read(bytes)
    }

    /// Whether `key` signed it.
    pub fn verify(&self, key: &PublicKey) -> Result<(), CoseError> {
        key.verify(&self.tbs, &self.signature).map_err(|_: KeyError| CoseError::WrongSignature)
    }

    /// The signature.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SoftwareKey;

    fn signed(payload: &[u8]) -> (Vec<u8>, PublicKey) {
        let key = SoftwareKey::from_secret(&[3; 32]).unwrap();
        let waiting = to_sign("doc-1", "application/kabao-head+cbor", payload).unwrap();
        let signature = key.sign(&waiting.tbs);
        (waiting.finish(&signature).unwrap(), key.public())
    }

    #[test]
    fn what_is_signed_is_the_structure_of_the_standard() {
        // RFC 9052, 4.4: ["Signature1", protected, external_aad, payload], written out by hand.
        let waiting = to_sign("k", "a/b", b"p").unwrap();
        let expected = [&[0x84, 0x6a][..], b"Signature1", &[0x4b, 0xa3, 1, 0x26, 3, 0x63, b'a', b'/', b'b', 4, 0x41, b'k', 0x40, 0x41, b'p']];
        assert_eq!(waiting.tbs, expected.concat());
    }

    #[test]
    fn reads_back_what_was_signed() {
        let (bytes, public) = signed(b"payload");
        let cose = read(&bytes).unwrap();
        assert_eq!((cose.kid.as_str(), cose.payload.as_slice()), ("doc-1", &b"payload"[..]));
        assert_eq!(cose.content_type, "application/kabao-head+cbor");
        assert_eq!(cose.verify(&public), Ok(()));
        let other = SoftwareKey::from_secret(&[4; 32]).unwrap().public();
        assert_eq!(cose.verify(&other), Err(CoseError::WrongSignature));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let (bytes, public) = signed(b"payload");
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[index] ^= 1 << bit;
                assert!(read(&bad).and_then(|cose| cose.verify(&public)).is_err(), "byte {index} bit {bit}");
            }
        }
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_err());
        }
        assert_eq!(read(&vec![0xd2; 1 << 20]), Err(CoseError::Cbor(CborError::TooLarge)));
    }

    #[test]
    fn other_headers_are_refused() {
        let cose = |protected: Value, unprotected: Vec<(Value, Value)>| {
            let protected = cbor::encode(&protected).unwrap();
            let parts = vec![Value::Bytes(protected), Value::Map(unprotected), Value::Bytes(vec![]), Value::Bytes(vec![0; 64])];
            read(&cbor::encode(&Value::Tag(18, Box::new(Value::Array(parts)))).unwrap())
        };
        let pair = |key: i64, value: Value| (Value::from(key), value);
        let good = vec![pair(1, Value::from(-7)), pair(3, Value::from("a/b")), pair(4, Value::Bytes(b"k".to_vec()))];
        assert!(cose(Value::Map(good.clone()), vec![]).is_ok());
        assert_eq!(cose(Value::Map(good.clone()), vec![pair(4, Value::Bytes(b"k".to_vec()))]), Err(CoseError::Header));
        assert_eq!(cose(Value::Map(good[..2].to_vec()), vec![]), Err(CoseError::Header));
        assert_eq!(cose(Value::Map(good[1..].to_vec()), vec![]), Err(CoseError::Header));
        let mut other = good.clone();
        other[0].1 = Value::from(-35);
        assert_eq!(cose(Value::Map(other), vec![]), Err(CoseError::Header));
        let mut more = good;
        more.push(pair(99, Value::from(1)));
        assert_eq!(cose(Value::Map(more), vec![]), Err(CoseError::Header));
    }

    #[test]
    fn names_are_short_and_printable() {
        for name in ["", "a b", "名", &"n".repeat(129)] {
            assert_eq!(to_sign(name, "a/b", b"").err(), Some(CoseError::Header));
        }
        for name in ["", "a", "a/", "/b", "a/b/c", "a /b", &"n/".repeat(65)] {
            assert_eq!(to_sign("k", name, b"").err(), Some(CoseError::Header));
        }
    }
}
