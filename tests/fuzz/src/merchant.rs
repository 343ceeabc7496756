//! EMVCo's codes: what a merchant shows and what a payer shows.

use crate::{hides, text_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kabao_codes::{CollectionCode, ber, cpm, emv};

/// What is read is written back to the character. Each input is read as it stands and once more
/// with a checksum that agrees, or nothing behind the checksum would ever be reached.
pub fn emv_merchant(data: &[u8]) {
    let text = text_of(data);
    one(&text);
    let body = text.split_at_checked(text.len().saturating_sub(8)).map_or("", |(body, _)| body);
    for text in [emv::with_checksum(body), emv::with_checksum(&text)] {
        assert_ne!(emv::read(&text), Err(emv::EmvError::Crc), "a checksum that was just made does not agree");
        one(&text);
    }
    let _ = emv::parts(&text);
}

fn one(text: &str) {
    let Ok(code) = emv::read(text) else { return };
    assert_eq!(code.text(), text, "written back otherwise");
    assert_eq!(emv::read(&code.text()).as_ref(), Ok(&code));
    assert!(code.fields.len() >= 2);
    for field in &code.fields {
        assert!(field.id.len() == 2 && code.value(&field.id).is_some());
        let _ = emv::parts(&field.value);
    }
    for finding in code.findings() {
        let _ = format!("{finding:?}");
    }
    let _ = (code.accounts(), code.schemes(&kabao_codes::table::Table::shipped()), code.initiation(), code.amount(), code.additional_data(), code.language());
    if let Ok(Some(asked)) = CollectionCode::of(&code, "app.kabao") {
        assert!(asked.amount.is_none_or(|amount| amount.minor > 0 && amount.currency == asked.currency));
        assert!(code.duplicates.is_empty());
    }
}

/// Tags are written back as they were read, and no card number prints. An input counts as the text
/// of a code and as the bytes inside one.
pub fn emv_payer(data: &[u8]) {
    payer_code(&text_of(data));
    payer_code(&STANDARD.encode(data));
    payer_code(&STANDARD.encode([b"\x85\x05CPV01", data].concat()));
    payer_code(&STANDARD.encode(labelled(data)));
    if let Ok(tags) = ber::read(data) {
        let Ok(written) = ber::write(&tags) else { return assert!(data.len() > ber::LIMIT / 2, "what was read cannot be written") };
        assert!(written.len() <= data.len(), "lengths are written as short as they can be");
        assert!(ber::read(&written).is_ok_and(|again| again == tags), "written tags read otherwise");
    }
}

/// A code of one application whose label (50) is the input, as far as a short length reaches.
fn labelled(data: &[u8]) -> Vec<u8> {
    let label = data.get(..100).unwrap_or(data);
    let length = u8::try_from(label.len()).unwrap_or(0);
    let inside = [b"\x4f\x07\xa0\x00\x00\x06\x02\x20\x20\x50".as_slice(), &[length], label].concat();
    [b"\x85\x05CPV01\x61".as_slice(), &[length + 11], &inside].concat()
}

fn payer_code(text: &str) {
    let Ok(code) = cpm::read(text) else { return };
    let view = code.view(&kabao_codes::table::Table::shipped());
    assert!(!view.applications.is_empty());
    if let Some(number) = code.card_number() {
        let number = number.expose("its absence elsewhere is checked");
        assert!((8..=19).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()));
        hides(&format!("{code:?} {:?}", code.card_number()), number);
        let masked = view.applications.iter().filter_map(|application| application.card.masked_number.as_deref());
        masked.for_each(|masked| hides(masked, number));
    }
    assert_eq!(code.expose("it is compared"), STANDARD.decode(text).unwrap_or_default());
}
