//! Merchant codes.

use crate::text_of;
use kabao_codes::{CollectionCode, emv};

/// What is read is written back to the character. Each input is read as it stands and once more
/// with a checksum that agrees, or nothing behind the checksum would ever be reached.
pub fn emv_merchant(data: &[u8]) {
    let text = text_of(data);
    one(&text);
    let body = text.split_at_checked(text.len().saturating_sub(8)).map_or("", |(body, _)| body);
    one(&emv::with_checksum(body));
    one(&emv::with_checksum(&text));
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
    let _ = (code.accounts(), code.schemes(), code.initiation(), code.amount(), code.additional_data(), code.language());
    if let Ok(Some(asked)) = CollectionCode::of(&code, "app.kabao") {
        assert!(asked.amount.is_none_or(|amount| amount.minor > 0 && amount.currency == asked.currency));
        assert!(code.duplicates.is_empty());
    }
}
