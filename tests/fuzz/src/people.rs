//! Numbers and names of people.

use crate::{hides, text_of};
use kabao_codes::{Day, cards, identity, names, phones};

/// A number that is read has its check digit, and neither masks nor errors show it.
pub fn identity(data: &[u8]) {
    let text = text_of(data);
    let Some(today) = Day::new(2026, 11, 22) else { return };
    for read in [identity::read_resident, identity::read_foreigner] {
        match read(&text, today) {
            Ok(number) => {
                hides(&number.masked(), &text);
                as_printed(&number);
                hides(&format!("{number:?}"), &text);
            }
            Err(error) => hides(&format!("{error} {error:?} {:?}", error.code()), &text),
        }
    }
    let whole: String = text.chars().filter(char::is_ascii_digit).take(17).collect();
    if whole.len() == 17 && let Some(check) = identity::mod_11_2(&whole) {
        let number = format!("{whole}{check}");
        if identity::read_resident(&number, today).is_ok() {
            assert!(identity::may_be_resident(&number), "a lawful number would be sent as a code");
        }
    }
    let _ = identity::may_be_resident(&text);
}

/// In eighteen characters the birth stands from the seventh, and the seventeenth is odd for men.
fn as_printed(number: &identity::ResidentNumber) {
    let whole = number.normalised.expose("it is compared with what was read out of it");
    assert!(whole.len() == 18 || (whole.len() == 15 && number.document == identity::IdDocument::ForeignerCard));
    if whole.len() == 18 {
        assert_eq!(whole.get(6..14).map(str::to_owned), Some(number.birth.iso().replace('-', "")));
        let odd = whole.as_bytes().get(16).is_some_and(|digit| digit % 2 == 1);
        assert!(number.sex.is_none_or(|sex| (sex == identity::Sex::Male) == odd));
    }
}

/// What a name is folded to is folded to itself.
pub fn names(data: &[u8]) {
    let text = text_of(data);
    match names::read(&text) {
        Ok(name) => {
            let again = names::read(name.as_str()).ok();
            assert!((1..=100).contains(&name.as_str().chars().count()));
            assert_eq!(again.as_ref().map(names::RealName::as_str), Some(name.as_str()), "folding twice differs");
            assert!(again.is_some_and(|again| again.same(&name)));
            if name.as_str().chars().count() > 1 {
                assert_ne!(name.masked(), name.as_str());
            }
        }
        Err(error) => {
            let _ = error.code();
        }
    }
}

/// A card number never prints; the check digit that is computed agrees with the check.
pub fn cards(data: &[u8]) {
    let text = text_of(data);
    match cards::read(&text) {
        Ok((number, shape)) => {
            hides(&format!("{number:?} {shape:?}"), &text);
            assert_eq!(shape.last4.len(), 4);
            assert_eq!(cards::judge(&number).ok(), Some(shape));
        }
        Err(error) => hides(&format!("{error} {error:?} {:?}", error.code()), &text),
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if (7..=18).contains(&digits.len()) && let Some(check) = cards::luhn_check_digit(&digits) {
        assert!(cards::luhn(&format!("{digits}{check}")));
    }
    let _ = (cards::brand_of(&digits), cards::progress(&digits), cards::brand_of(&text), cards::progress(&text), cards::luhn(&text));
}

/// A number that is read is read again from its own forms, and its mask hides the middle.
pub fn phones(data: &[u8]) {
    let text = text_of(data);
    match phones::read(&text) {
        Ok(number) => {
            assert_eq!(phones::read(&number.e164()).ok().as_ref().map(phones::MobileNumber::as_str), Some(number.as_str()));
            hides(&number.masked(), number.as_str());
        }
        Err(error) => hides(&format!("{error} {error:?}"), &text),
    }
    if let Ok(number) = phones::classify(&text) {
        // A short number is short in its own country only.
        let short = number.kind() == phones::PhoneKind::Service;
        assert!(short || phones::classify(number.e164()).is_ok_and(|again| again.kind() == number.kind()), "its own form is read otherwise");
        hides(&format!("{} {number:?}", number.masked()), number.e164());
        assert!(number.e164().len() <= 16, "E.164 has at most fifteen digits");
    }
}
