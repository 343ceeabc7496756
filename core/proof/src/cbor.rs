//! Deterministic CBOR (RFC 8949, section 4.2.1): one value has one encoding, so that a digest of
//! the bytes is a digest of the value. Readers refuse every other encoding.

use ciborium::Value;

/// The largest accepted input in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The deepest accepted nesting.
pub const MAX_DEPTH: usize = 12;

/// Why CBOR was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// More than 64 KiB.
    #[error("more bytes than accepted")]
    TooLarge,
    /// Nested deeper than accepted.
    #[error("nested deeper than accepted")]
    TooDeep,
    /// Not CBOR, or cut off.
    #[error("not CBOR")]
    Malformed,
    /// Another encoding than the deterministic one, or bytes behind the value.
    #[error("not the deterministic encoding")]
    NotDeterministic,
    /// The same key twice in one map.
    #[error("the same key twice in a map")]
    DuplicateKey,
    /// A floating-point number or another value that the documents do not use.
    #[error("a kind of value that is not used here")]
    Unsupported,
}

/// The deterministic encoding of `value`: keys sorted by their bytes, shortest forms, definite lengths.
pub fn encode(value: &Value) -> Result<Vec<u8>, CborError> {
    let mut out = Vec::new();
    write(value, &mut out, 0)?;
    Ok(out)
}

/// Reads one value; anything but the deterministic encoding of it is refused.
pub fn decode(bytes: &[u8]) -> Result<Value, CborError> {
    if bytes.len() > MAX_BYTES {
        return Err(CborError::TooLarge);
    }
    let value: Value =
        ciborium::de::from_reader_with_recursion_limit(bytes, MAX_DEPTH + 4).map_err(|error| match error {
            ciborium::de::Error::RecursionLimitExceeded => CborError::TooDeep,
            _ => CborError::Malformed,
        })?;
    if encode(&value)? == bytes { Ok(value) } else { Err(CborError::NotDeterministic) }
}

fn write(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), CborError> {
    if depth > MAX_DEPTH {
        return Err(CborError::TooDeep);
    }
    match value {
        Value::Integer(number) => {
            let number = i128::from(*number);
            match (u64::try_from(number), u64::try_from(-1 - number)) {
                (Ok(positive), _) => head(0, positive, out),
                (_, Ok(negative)) => head(1, negative, out),
                _ => return Err(CborError::Unsupported),
            }
        }
        Value::Bytes(content) => bytes(content, out),
        Value::Text(content) => text(content, out),
        Value::Bool(set) => out.push(if *set { 0xf5 } else { 0xf4 }),
        Value::Null => out.push(0xf6),
        Value::Tag(tag, inner) => {
            head(6, *tag, out);
            write(inner, out, depth + 1)?;
        }
        Value::Array(items) => {
            head(4, items.len() as u64, out);
            for item in items {
                write(item, out, depth + 1)?;
            }
        }
        Value::Map(pairs) => {
            let mut encoded = Vec::with_capacity(pairs.len());
            for (key, item) in pairs {
                let (mut left, mut right) = (Vec::new(), Vec::new());
                write(key, &mut left, depth + 1)?;
                write(item, &mut right, depth + 1)?;
                encoded.push((left, right));
            }
            encoded.sort();
            if encoded.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(CborError::DuplicateKey);
            }
            map(encoded, out);
        }
        _ => return Err(CborError::Unsupported),
    }
    Ok(())
}

/// Writes a type and its number in the shortest form.
pub(crate) fn head(major: u8, number: u64, out: &mut Vec<u8>) {
    let kind = major << 5;
    let wide = number.to_be_bytes();
    match number {
        0..24 => out.push(kind | wide[7]),
        24..=0xff => out.extend_from_slice(&[kind | 24, wide[7]]),
        0x100..=0xffff => {
            out.push(kind | 25);
            out.extend_from_slice(&wide[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(kind | 26);
            out.extend_from_slice(&wide[4..]);
        }
        _ => {
            out.push(kind | 27);
            out.extend_from_slice(&wide);
        }
    }
}

pub(crate) fn bytes(content: &[u8], out: &mut Vec<u8>) {
    head(2, content.len() as u64, out);
    out.extend_from_slice(content);
}

pub(crate) fn text(content: &str, out: &mut Vec<u8>) {
    head(3, content.len() as u64, out);
    out.extend_from_slice(content.as_bytes());
}

/// Writes a map of encoded keys and values, which are sorted by the caller.
pub(crate) fn map(sorted: Vec<(Vec<u8>, Vec<u8>)>, out: &mut Vec<u8>) {
    head(5, sorted.len() as u64, out);
    for (key, value) in sorted {
        out.extend_from_slice(&key);
        out.extend_from_slice(&value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 8949, appendix A.
        let cases: [(&str, Value); 12] = [
            ("00", Value::from(0)), ("17", Value::from(23)), ("1818", Value::from(24)), ("1903e8", Value::from(1000)),
            ("1a000f4240", Value::from(1_000_000)), ("1bffffffffffffffff", Value::from(u64::MAX)),
            ("20", Value::from(-1)), ("3903e7", Value::from(-1000)), ("4401020304", Value::Bytes(vec![1, 2, 3, 4])),
            ("62c3bc", Value::from("ü")), ("f6", Value::Null), ("c101", Value::Tag(1, Box::new(Value::from(1)))),
        ];
        for (hex, value) in cases {
            let bytes = encode(&value).unwrap();
            assert_eq!(crate::hex(&bytes), hex);
            assert_eq!(decode(&bytes), Ok(value));
        }
    }

    #[test]
    fn keys_are_sorted_by_their_bytes() {
        // RFC 8949, 4.2.1: 10, 100, -1, "z", "aa", [100], [-1], false.
        let keys = [
            Value::Bool(false), Value::from("aa"), Value::Array(vec![Value::from(-1)]), Value::from(100),
            Value::from("z"), Value::from(-1), Value::Array(vec![Value::from(100)]), Value::from(10),
        ];
        let map = Value::Map(keys.into_iter().map(|key| (key, Value::from(0))).collect());
        assert_eq!(crate::hex(&encode(&map).unwrap()), "a80a001864002000617a00626161008118640081200 0f400".replace(' ', ""));
    }

    #[test]
    fn refuses_every_other_encoding() {
        let cases: [(&[u8], CborError); 12] = [
            (&[], CborError::Malformed),
            (&[0x18, 0x17], CborError::NotDeterministic),
            (&[0x00, 0x00], CborError::NotDeterministic),
            (&[0xbf, 0xff], CborError::NotDeterministic),
            (&[0x9f, 0xff], CborError::NotDeterministic),
            (&[0x5f, 0x41, 1, 0xff], CborError::NotDeterministic),
            (&[0xa2, 0x61, b'b', 0, 0x61, b'a', 0], CborError::NotDeterministic),
            (&[0xa2, 0x61, b'a', 0, 0x61, b'a', 1], CborError::DuplicateKey),
            (&[0xf9, 0x3c, 0x00], CborError::Unsupported),
            (&[0xa1, 0x61], CborError::Malformed),
            (&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], CborError::Malformed),
            (&[0x61, 0xff], CborError::Malformed),
        ];
        for (bytes, error) in cases {
            assert_eq!(decode(bytes), Err(error), "{bytes:02x?}");
        }
        assert_eq!(decode(&vec![0; 1 << 20]), Err(CborError::TooLarge));
        assert_eq!(decode(&[vec![0x81; 60_000], vec![0]].concat()), Err(CborError::TooDeep));
        assert_eq!(decode(&[vec![0x81; MAX_DEPTH + 1], vec![0]].concat()), Err(CborError::TooDeep));
        assert!(decode(&[vec![0x81; MAX_DEPTH], vec![0]].concat()).is_ok());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::Bool),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
            "[a-z银 ]{0,30}".prop_map(Value::Text),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::btree_map("[a-z]{0,30}", inner, 0..6)
                    .prop_map(|map| Value::Map(map.into_iter().map(|(key, item)| (Value::Text(key), item)).collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_value_one_encoding(value in values()) {
            let bytes = encode(&value).unwrap();
            let back = decode(&bytes).unwrap();
            prop_assert_eq!(encode(&back).unwrap(), bytes);
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = decode(&bytes) {
                prop_assert_eq!(encode(&value).unwrap(), bytes);
            }
        }
    }
}
