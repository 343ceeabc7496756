//! Codes that are cut, doubled, changed, nested, far too long or arbitrary.

use super::super::*;
use proptest::prelude::*;

/// Every published code, lawful and unlawful.
fn published() -> Vec<String> {
    let valid = include_str!("../../../../../tests/vectors/emv_mpm_valid.json");
    let invalid = include_str!("../../../../../tests/vectors/emv_mpm_invalid.json");
    let cases = [valid, invalid].into_iter().flat_map(|file| serde_json::from_str::<Vec<serde_json::Value>>(file).unwrap());
    cases.map(|case| case["input"].as_str().unwrap().to_owned()).collect()
}

/// Asks everything that can be asked of a code.
fn ask(code: &MerchantCode) {
    let _ = (code.findings(), code.schemes(&crate::table::Table::shipped()), code.amount(), code.initiation(), code.additional_data(), code.language());
    for account in code.accounts() {
        let _ = account.unionpay();
    }
}

#[test]
fn no_cut_is_read() {
    for text in published() {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(read(&text[..end]).is_err(), "{text} cut at {end}");
        }
    }
}

#[test]
fn nothing_doubled_is_read() {
    for text in published() {
        assert!(text.is_empty() || read(&text.repeat(2)).is_err(), "{text}");
    }
}

/// The checksum sees a changed length; with a new checksum the code has an answer, and what is
/// read is written back the same.
#[test]
fn a_changed_length_is_seen() {
    for text in published() {
        let Ok(code) = read(&text) else { continue };
        let mut place = 0;
        for field in &code.fields {
            let header = place + field.id.len()..place + field.id.len() + 2;
            for digit in header.clone().take(if field.id == "63" { 0 } else { 2 }) {
                let other = if text.as_bytes()[digit] == b'9' { "0".to_owned() } else { (text.as_bytes()[digit] - b'0' + 1).to_string() };
                let mut changed = text.clone();
                changed.replace_range(digit..=digit, &other);
                assert!(read(&changed).is_err(), "{changed}");
                if let Some(body) = changed.get(..changed.len() - 8)
                    && let Ok(code) = read(&with_checksum(body))
                {
                    assert_eq!(code.text(), with_checksum(body));
                    ask(&code);
                }
            }
            place = header.end + field.value.len();
        }
        assert_eq!(place, text.len());
    }
}

#[test]
fn nesting_has_no_cost() {
    let deep = (0..1000).fold("00".to_owned(), |inner, _| format!("26{:02}{inner}", inner.len() % 100));
    // Lengths that wrap at 100 fit by chance or do not; both ways there is an answer.
    if let Ok(code) = read(&with_checksum(&format!("000201{deep}"))) {
        ask(&code);
    }
    assert_eq!(read(&with_checksum(&format!("000201{}", "2699".repeat(1000)))), Err(EmvError::Cut));
    // As deep as a length of two digits allows; only the levels of the specification are read.
    let lawful = (0..24).fold("00".to_owned(), |inner, _| format!("80{:02}{inner}", inner.len()));
    let code = read(&with_checksum(&format!("000201{lawful}"))).unwrap();
    ask(&code);
    assert_eq!(code.findings().iter().filter(|finding| finding.field.starts_with("80")).count(), 1);
}

#[test]
fn ten_megabytes_are_refused() {
    for unit in ["0", "000201", "5802CN", "最", "62990", "9999"] {
        assert_eq!(read(&unit.repeat((10 << 20) / unit.len())), Err(EmvError::TooLong));
    }
}

/// As many fields as fit: two thousand of them, each twice, ask for no more than one look each.
#[test]
fn many_fields_are_counted_once() {
    let body = "000201".to_owned() + &"5400".repeat(1000);
    let code = read(&with_checksum(&body)).unwrap();
    assert_eq!((code.duplicates.as_slice(), code.fields.len()), (["54".to_owned()].as_slice(), 1002));
    ask(&code);
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,80}") {
        let _ = parts(&text);
        if let Ok(code) = read(&text) {
            ask(&code);
        }
    }

    #[test]
    fn any_body_with_a_checksum_has_an_answer(body in "(0[0-9]|[1-9][0-9]|0002|01|最|é|[0-9]){0,60}") {
        let text = with_checksum(&format!("000201{body}")).to_lowercase();
        if let Ok(code) = read(&text) {
            prop_assert_eq!(code.value("00"), Some("01"));
            prop_assert_eq!(code.text(), text);
            ask(&code);
        }
    }

    #[test]
    fn any_fields_are_written_back(fields in proptest::collection::vec((1u8..63, "[ -~最é𠮷]{0,99}"), 0..20), bytes: bool) {
        let count = |value: &str| if bytes { value.len() } else { value.chars().count() };
        let fitting: Vec<_> = fields.iter().filter(|(_, value)| count(value) < 100).collect();
        let body: String = fitting.iter().map(|(id, value)| format!("{id:02}{:02}{value}", count(value))).collect();
        let text = with_checksum(&format!("000201{body}"));
        // By characters the text may fit in another way than it was written, or a template may be
        // longer than it may be; whatever is read is the same text.
        if let Ok(code) = read(&text) {
            prop_assert_eq!(code.text(), text);
            if !bytes {
                prop_assert_eq!(code.fields.len(), fitting.len() + 2);
            }
            ask(&code);
        } else {
            prop_assert!(bytes || fitting.iter().any(|(id, value)| (26..=51).contains(id) && value.starts_with("00")));
        }
    }
}
