//! Consumer-presented codes: published ones, damaged ones, and no card number in any print.

use super::*;
use crate::ber::Content;
use proptest::prelude::*;

fn published() -> Vec<serde_json::Value> {
    serde_json::from_str(include_str!("../../../../tests/vectors/emv_cpm_valid.json")).unwrap()
}

fn tag(number: u32, value: &[u8]) -> Vec<u8> {
    let number: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    [&number, &[u8::try_from(value.len()).unwrap()][..], value].concat()
}

const AID: &[u8] = &[0xa0, 0, 0, 3, 0x33, 1, 1, 1];

fn of(parts: &[Vec<u8>]) -> Result<ConsumerCode, CpmError> {
    read(&STANDARD.encode([tag(0x85, b"CPV01"), parts.concat()].concat()))
}

fn application(parts: &[Vec<u8>]) -> Vec<u8> {
    tag(0x61, &[tag(0x4f, AID), parts.concat()].concat())
}

fn same(tree: &serde_json::Value, tags: &[Tlv]) {
    let tree = tree.as_array().unwrap();
    assert_eq!(tree.len(), tags.len());
    for (node, tlv) in tree.iter().zip(tags) {
        assert_eq!(node["tag"], tlv.tag.to_string());
        match &tlv.content {
            Content::Bytes(bytes) => assert_eq!(node["value"], bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>()),
            Content::Parts(parts) => same(&node["children"], parts),
        }
    }
}

#[test]
fn published_codes_are_read_to_the_last_tag() {
    for case in published() {
        let text = case["input_base64"].as_str().unwrap();
        assert!(text.starts_with(BEGINNING));
        let code = read(text).unwrap();
        same(&case["expected"]["tree"], &code.tags);
        assert_eq!(STANDARD.encode(&*ber::write(&code.tags).unwrap()), text);
        let number = code.card_number();
        assert_eq!(number.as_ref().map(|number| number.expose("it is compared")), case["expected"]["pan"].as_str());
        let shown = format!("{code:?} {:?} {number:?}", code.view(&crate::table::Table::shipped()));
        if let Some(number) = case["expected"]["pan"].as_str() {
            assert!(!shown.contains(&number[..8]) && !shown.contains(&number[6..]), "{shown}");
        }
    }
}

#[test]
fn a_unionpay_code_is_named() {
    let text = published().into_iter().find(|case| case["id"] == "cpm-003").unwrap()["input_base64"].as_str().unwrap().to_owned();
    let view = read(&text).unwrap().view(&crate::table::Table::shipped());
    let [application] = view.applications.as_slice() else { panic!("one application") };
    assert_eq!((application.aid.as_str(), application.unionpay), ("A000000333010102", Some(UnionPayCard::Credit)));
    assert_eq!(application.scheme.as_ref().unwrap().key, "unionpay");
    let card = &application.card;
    assert_eq!((card.has_number, card.has_track, card.has_cryptogram), (false, true, true));
    assert_eq!((card.masked_number.as_deref(), view.common), (Some("****3672"), None));
}

#[test]
fn says_what_a_card_says() {
    let parts = [
        tag(0x50, b"UnionPay"),
        tag(0x5f20, b"ZHANG SAN"),
        tag(0x5f2d, b"zhen"),
        tag(0x5f50, b"https://bank.example"),
        tag(0x9f08, &[0, 2]),
        tag(0x9f19, &[0x11, 0x22]),
        tag(0x9f24, b"abc0"),
        tag(0x9f25, &[0x34, 0x83]),
    ];
    let view = of(&[application(&parts), tag(0x62, &tag(0x5a, &[0x62, 0x22, 0x02, 0x12, 0x34, 0x56, 0x78, 0x9f]))]).unwrap().view(&crate::table::Table::shipped());
    let application = &view.applications[0];
    assert_eq!((application.label.as_deref(), application.unionpay), (Some("UnionPay"), Some(UnionPayCard::Debit)));
    let card = &application.card;
    assert_eq!((card.masked_name.as_deref(), card.languages.clone()), (Some("********N"), vec!["zh".to_owned(), "en".to_owned()]));
    assert_eq!((card.issuer_url.as_deref(), card.version.as_deref()), (Some("https://bank.example"), Some("0002")));
    assert_eq!((card.token_requestor.as_deref(), card.account_reference.as_deref()), (Some("1122"), Some("abc0")));
    assert_eq!((card.last_four.as_deref(), card.masked_number.as_deref()), (Some("3483"), None));
    assert_eq!(view.common.unwrap().masked_number.as_deref(), Some("****6789"));
    // What is no text or no list says nothing.
    let odd = [tag(0x50, &[0xff]), tag(0x5f20, "a\u{202e}".as_bytes()), tag(0x5f2d, b"zhe"), tag(0x9f25, &[0x34, 0x8f])];
    let card = of(&[self::application(&odd)]).unwrap().view(&crate::table::Table::shipped()).applications.remove(0);
    assert_eq!((card.label, card.card), (None, CardFacts::default()));
}

#[test]
fn names_what_is_wrong() {
    let error = |parts: &[Vec<u8>]| of(parts).unwrap_err();
    let good = application(&[]);
    assert!(of(&[good.clone(), good.clone(), tag(0x62, &[])]).is_ok());
    assert_eq!(error(&[]), CpmError::Missing { tag: 0x61 });
    assert_eq!(error(&[tag(0x62, &tag(0x4f, AID))]), CpmError::Missing { tag: 0x61 });
    assert_eq!(error(&[good.clone(), tag(0x61, &tag(0x50, b"x"))]), CpmError::Missing { tag: 0x4f });
    assert_eq!(error(&[tag(0x61, &tag(0x4f, &[1; 4]))]), CpmError::Value { tag: 0x4f });
    assert_eq!(error(&[tag(0x61, &tag(0x4f, &[1; 17]))]), CpmError::Value { tag: 0x4f });
    assert_eq!(error(&[good.clone(), tag(0x62, &[]), tag(0x62, &[])]), CpmError::Duplicate { tag: 0x62 });
    assert_eq!(error(&[good.clone(), tag(0x85, b"CPV01")]), CpmError::Duplicate { tag: 0x85 });
    assert_eq!(error(&[application(&[tag(0x50, b"a"), tag(0x50, b"a")])]), CpmError::Duplicate { tag: 0x50 });
    assert_eq!(error(&[application(&[tag(0x63, &[tag(0x82, &[1]), tag(0x82, &[1])].concat())])]), CpmError::Duplicate { tag: 0x82 });
    for number in [&[][..], &[0x12, 0x34, 0x56][..], &[0x12, 0xf4, 0x56, 0x78, 0x90], &[0x12, 0xa4, 0x56, 0x78, 0x90], &[0x12, 0x34, 0x56, 0x78, 0xf9], &[0x11; 10]] {
        assert_eq!(error(&[application(&[tag(0x5a, number)])]), CpmError::Value { tag: 0x5a }, "{number:x?}");
    }
    for track in [&[0x11; 8][..], &[0x11, 0x11, 0x11, 0x11, 0xd1, 0xa1], &[0xd1; 8], &[0x11, 0x11, 0x11, 0x11, 0xd1, 0xf1], &[0x1d, 0x11]] {
        assert_eq!(error(&[application(&[tag(0x57, track)])]), CpmError::Value { tag: 0x57 }, "{track:x?}");
    }
    let raw = |bytes: &[u8]| read(&STANDARD.encode(bytes)).unwrap_err();
    assert_eq!(raw(&[]), CpmError::NotConsumerCode);
    assert_eq!(raw(&good), CpmError::NotConsumerCode);
    assert_eq!(raw(&[good.clone(), tag(0x85, b"CPV01")].concat()), CpmError::NotConsumerCode);
    assert_eq!(raw(&[tag(0x85, b"CPV02"), good.clone()].concat()), CpmError::Version);
    assert_eq!(raw(&[tag(0x85, b"CPV01"), vec![0x61, 0x80]].concat()), CpmError::Ber(BerError::Length));
    for text in ["hQVDUFYwMWEJTwegAAAGAiA", "hQVDUFYwMWEJTwegAAAGAiAg\n", "hQVDUFYw-WEJTwegAAAGAiAg", " ", "hQVDUFYwMWEJTwegAAAGAiA最", "hQV="] {
        assert_eq!(read(text).unwrap_err(), CpmError::Base64, "{text}");
    }
    assert_eq!(read(&"A".repeat(10 << 20)).unwrap_err(), CpmError::TooLong);
    assert_eq!(CpmError::Version.code(), Code::CodeUnknown);
}

/// Lawful Base64 of a cut code is refused, unless the cut falls behind an application: then the
/// code that is left is whole, as these codes have no checksum.
#[test]
fn cut_or_doubled_codes_are_refused() {
    for case in published() {
        let text = case["input_base64"].as_str().unwrap();
        let bytes = read(text).unwrap().bytes.to_vec();
        for end in 0..bytes.len() {
            let between_tags = ber::read(&bytes[..end]).is_ok();
            assert!(between_tags || read(&STANDARD.encode(&bytes[..end])).is_err(), "{end}");
        }
        for end in 0..text.len() {
            assert!(end % 4 == 0 || read(&text[..end]).is_err());
        }
        assert!(read(&STANDARD.encode(bytes.repeat(2))).is_err());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] = changed[at].wrapping_add(1);
            if let Ok(code) = read(&STANDARD.encode(&changed)) {
                let _ = (code.view(&crate::table::Table::shipped()), code.card_number());
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,80}", tail in "[A-Za-z0-9+/]{0,80}={0,2}") {
        for text in [text, format!("{BEGINNING}MWEJTweg{tail}")] {
            if let Ok(code) = read(&text) {
                let _ = code.view(&crate::table::Table::shipped());
            }
        }
    }

    #[test]
    fn numbers_are_read_from_both_places(digits in "[0-9]{8,19}", expiry in "[0-9]{7}") {
        let halves = |text: &str| {
            let text = if text.len() % 2 == 1 { format!("{text}F") } else { text.to_owned() };
            (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()).collect::<Vec<u8>>()
        };
        let both = [tag(0x5a, &halves(&digits)), tag(0x57, &halves(&format!("{digits}D{expiry}")))];
        for part in both {
            let code = of(&[application(&[part])]).unwrap();
            let number = code.card_number().unwrap();
            prop_assert_eq!(number.expose("it is compared"), digits.as_str());
            let shown = format!("{:?}", code.view(&crate::table::Table::shipped()));
            prop_assert!(!shown.contains(&digits[..8]));
        }
    }
}
