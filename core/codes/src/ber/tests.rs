//! BER-TLV: published values, limits, and bytes that nobody should send.

use super::*;
use proptest::prelude::*;

fn tag(number: u32) -> Tag {
    Tag::new(number).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

#[test]
fn published_values_are_read_and_written() {
    let file = include_str!("../../../../tests/vectors/emv_ber_primitive.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let (text, value) = (case["expected_hex"].as_str().unwrap(), case["value"].as_str().unwrap());
        let read = read(&unhex(text)).unwrap();
        assert_eq!((read.len(), read[0].tag.to_string().as_str()), (1, case["tag"].as_str().unwrap()));
        let bytes = read[0].bytes().unwrap();
        let said = match case["kind"].as_str().unwrap() {
            "an" => String::from_utf8(bytes.to_vec()).unwrap(),
            "binary" => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
            _ => crate::cpm::compact_digits(bytes).unwrap().to_string(),
        };
        assert_eq!(said, value);
        assert_eq!(*write(&read).unwrap(), unhex(text));
    }
}

#[test]
fn tags_are_one_to_three_bytes() {
    for (number, text) in [(0x85, "85"), (0x9f26, "9F26"), (0xdf79, "DF79"), (0xdf_8101, "DF8101"), (0x61, "61")] {
        assert_eq!(tag(number).to_string(), text);
        assert_eq!(tag(number).number(), number);
        assert_eq!(read(&[&unhex(text)[..], &[0]].concat()).unwrap()[0].tag, tag(number));
    }
    for number in [0, 0x1f, 0x9f, 0x9f80, 0x9f81, 0x5a01, 0x9f_8001, 0x9f_8180, 0x9f81_8101] {
        assert_eq!(Tag::new(number), None, "{number:x}");
    }
}

#[test]
fn names_what_is_wrong() {
    let error = |text: &str| read(&unhex(text)).unwrap_err();
    for cut in ["85", "8501", "9F", "9F26", "DF81", "8581", "8582", "858201", "858101", "85820001", "6103500100500100FF", "61025001"] {
        assert_eq!(error(cut), BerError::Cut, "{cut}");
    }
    for length in ["8580", "8583000001", "85FF", "858400000000"] {
        assert_eq!(error(length), BerError::Length, "{length}");
    }
    for tag in ["0000", "DF818101", "9F800100"] {
        assert_eq!(error(tag), BerError::Tag, "{tag}");
    }
    assert_eq!(read(&vec![0; LIMIT + 1]).unwrap_err(), BerError::TooLong);
    assert_eq!(read(&vec![0x61; 10 << 20]).unwrap_err(), BerError::TooLong);
    assert!(read(&[]).unwrap().is_empty());
}

fn nested(depth: usize) -> Vec<Tlv> {
    (1..depth).fold(vec![Tlv { tag: tag(0x50), content: Content::Bytes(Zeroizing::new(vec![1])) }], |inner, _| {
        vec![Tlv { tag: tag(0x61), content: Content::Parts(inner) }]
    })
}

#[test]
fn nesting_has_a_limit() {
    assert_eq!(read(&write(&nested(DEPTH)).unwrap()).unwrap(), nested(DEPTH));
    assert_eq!(write(&nested(DEPTH + 1)).unwrap_err(), BerError::Deep);
    let deep = (0..1000).fold(vec![0x50, 0], |inner: Vec<u8>, _| {
        let length = u16::try_from(inner.len()).unwrap().to_be_bytes();
        [&[0x61, 0x82][..], &length, &inner].concat()
    });
    assert_eq!(read(&deep).unwrap_err(), BerError::Deep);
}

#[test]
fn lengths_at_their_borders() {
    for (count, head) in [(0, 2), (0x7f, 2), (0x80, 3), (0xff, 3), (0x100, 4), (0x0fff - 4, 4)] {
        let tags = [Tlv { tag: tag(0x5a), content: Content::Bytes(Zeroizing::new(vec![9; count])) }];
        let bytes = write(&tags).unwrap();
        assert_eq!(bytes.len(), head + count);
        assert_eq!(read(&bytes).unwrap(), tags);
    }
    for count in [LIMIT, 1 << 20] {
        let tags = [Tlv { tag: tag(0x5a), content: Content::Bytes(Zeroizing::new(vec![9; count])) }];
        assert_eq!(write(&tags).unwrap_err(), BerError::TooLong);
    }
    // A length may be written longer than it need be.
    assert_eq!(read(&unhex("5082000101")).unwrap()[0].bytes(), Some(&[1u8][..]));
}

#[test]
fn printing_shows_no_value() {
    let read = read(&unhex("61095A071234567890123F")).unwrap();
    assert_eq!(format!("{read:?}"), "[61[5A[7 bytes]]]");
}

/// Bytes that are mostly lawful: templates and values one in another.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let leaf = (prop::sample::select(vec![0x50, 0x5a, 0x9f26, 0xdf79, 0xdf_8101]), prop::collection::vec(any::<u8>(), 0..40));
    let leaf = leaf.prop_map(|(number, value)| sealed(tag(number), &value));
    leaf.prop_recursive(6, 40, 5, |inner| {
        (prop::sample::select(vec![0x61, 0xbf0c]), prop::collection::vec(inner, 0..5))
            .prop_map(|(number, parts)| sealed(tag(number), &parts.concat()))
    })
}

fn sealed(tag: Tag, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    tag.bytes().chain([0x82]).chain(length).chain(value.iter().copied()).collect()
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(tags) = read(&bytes) {
            prop_assert_eq!(read(&write(&tags).unwrap()).unwrap(), tags);
        }
    }

    #[test]
    fn what_is_lawful_is_read_and_written(bytes in likely(), cut in any::<prop::sample::Index>()) {
        let tags = read(&bytes).unwrap();
        prop_assert_eq!(read(&write(&tags).unwrap()).unwrap(), tags);
        let cut = cut.index(bytes.len());
        prop_assert!(cut == 0 || read(&bytes[..cut]).is_err());
    }
}
