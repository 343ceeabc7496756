//! The reader: what it takes, what it refuses, and that it always answers.

use super::super::*;

pub(super) const EXAMPLE: &str = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A";

#[test]
fn reads_the_example_of_the_specification() {
    let code = read(EXAMPLE).unwrap();
    assert_eq!((code.value("54"), code.value("53")), (Some("23.72"), Some("156")));
    assert_eq!(parts(code.value("64").unwrap()).unwrap()[1].value, "最佳运输");
    let ours = code.template("d15600000001").unwrap();
    assert_eq!(value(&ours, "03"), Some("12345678"));
    assert!(code.duplicates.is_empty());
}

#[test]
fn every_cut_and_every_changed_digit_is_refused() {
    for (end, _) in EXAMPLE.char_indices() {
        assert!(read(&EXAMPLE[..end]).is_err(), "cut at {end}");
    }
    for (at, character) in EXAMPLE.char_indices().filter(|(_, character)| character.is_ascii_digit()) {
        let other = if character == '9' { '8' } else { '9' };
        let changed = format!("{}{other}{}", &EXAMPLE[..at], &EXAMPLE[at + 1..]);
        assert!(read(&changed).is_err(), "changed at {at}");
    }
}

#[test]
fn names_what_is_wrong() {
    let error = |text: &str| read(text).unwrap_err();
    assert_eq!(error(""), EmvError::Cut);
    assert_eq!(error("0002"), EmvError::Cut);
    assert_eq!(error("0002010a01x"), EmvError::Length);
    assert_eq!(error("00020163040000"), EmvError::Crc);
    assert_eq!(error("01021163040000"), EmvError::NotMerchantCode);
    assert_eq!(error("000201630500000"), EmvError::Value { id: 63 });
    // The right checksum in a field that is not the checksum.
    let body = "0002016204";
    assert_eq!(error(&format!("{body}{:04X}", crc(body.as_bytes()))), EmvError::Cut);
    assert_eq!(error("000201\u{202e}"), EmvError::Hidden { name: "bidirectional" });
    assert_eq!(error(&"0".repeat(1 << 20)), EmvError::TooLong);
}

#[test]
fn checksum_of_the_catalogue() {
    assert_eq!(crc(b"123456789"), 0x29b1);
}

#[test]
fn what_stands_twice_is_told() {
    let text = with_checksum("00020154015540195802CN");
    let code = read(&text);
    assert_eq!(code.as_ref().unwrap().text(), text);
    assert_eq!(code.unwrap().duplicates, ["54"]);
}

#[test]
fn codes_written_by_others_are_read_and_sealed_alike() {
    let file = include_str!("../../../../../tests/vectors/emv_mpm_generated_by_peers.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
    assert_eq!(cases.len(), 9);
    for case in cases {
        let payload = case["expected"]["payload"].as_str().unwrap();
        let code = read(payload).unwrap();
        assert_eq!(code.text(), payload);
        let (fields, _) = payload.split_at(payload.len() - 8);
        assert_eq!(with_checksum(fields), payload);
        assert_eq!(code.schemes(&crate::table::Table::shipped()).len(), 1, "{payload}");
    }
}

/// The same template counted in characters and in bytes; the bytes are tried only where the
/// characters do not fit.
#[test]
fn characters_are_counted_first() {
    let characters = read(&with_checksum("00020164200002ZH0104最佳运输0202北京")).unwrap();
    let bytes = read(&with_checksum("00020164320002ZH0112最佳运输0206北京")).unwrap();
    assert!(!characters.counts_bytes && bytes.counts_bytes);
    assert_eq!(characters.language(), bytes.language());
    assert_eq!(bytes.language().unwrap().city.as_deref(), Some("北京"));
    // Fits both ways: characters win, in a template and in a whole code.
    let both = "5903最010006000500";
    let values = |fields: &[Field]| fields.iter().map(|field| field.value.clone()).collect::<Vec<_>>();
    assert_eq!(values(&parts(both).unwrap()), ["最01", "000500"]);
    let code = read(&with_checksum(&format!("000201{both}"))).unwrap();
    assert_eq!((code.value("59"), code.counts_bytes), (Some("最01"), false));
    // Bytes would cut a character, characters do not fit: refused.
    assert_eq!(read(&with_checksum("00020159992最")), Err(EmvError::Cut));
    assert_eq!(read(&with_checksum("000201590最")), Err(EmvError::Length));
}

#[test]
fn foreign_habits_are_taken() {
    let small = with_checksum("0002015802CN");
    let (head, sum) = small.split_at(small.len() - 4);
    let small = format!("{head}{}", sum.to_lowercase());
    assert_ne!(small, format!("{head}{sum}"), "the checksum has a letter");
    assert_eq!(read(&small).unwrap().text(), small);
    // DuitNow begins with 02, TrueMoney puts hexadecimal UTF-16 into 81, some keep fields for later.
    for body in ["0002025802MY", "00020181160041004200430044", "00020165030AB", "0002016003xxx5903xxx"] {
        let code = read(&with_checksum(body)).unwrap();
        assert_eq!(code.text(), with_checksum(body));
    }
    // A message that reads as a template by chance, with an identifier of 35 characters.
    let message = "0035006500570047005000330078006B0047005800590033";
    assert_eq!(parts(message).unwrap()[0].value.len(), 35);
    assert!(read(&with_checksum(&format!("0002018148{message}"))).is_ok());
    assert_eq!(read(&with_checksum(&format!("0002018048{message}"))), Err(EmvError::Value { id: 80 }));
    // An identifier of more than 32 characters is refused wherever one names a template.
    let guid = "a".repeat(33);
    for id in ["26", "51", "80", "99"] {
        let error = read(&with_checksum(&format!("000201{id}3700{}{guid}", guid.len()))).unwrap_err();
        assert_eq!(error, EmvError::Value { id: id.parse().unwrap() });
    }
}
