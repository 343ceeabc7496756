use super::nations::{alpha3_of, numeric_of};
use super::*;
use proptest::prelude::*;

const TODAY: Day = Day { year: 2026, month: 11, day: 22 };

fn error(text: &str) -> IdentityError {
    read_resident(text, TODAY).unwrap_err()
}

#[test]
fn reads_the_examples_of_the_standard() {
    let number = read_resident("11010519491231002x", TODAY).unwrap();
    assert_eq!(number.normalised.expose("test"), "11010519491231002X");
    assert_eq!((number.birth.iso().as_str(), number.sex), ("1949-12-31", Some(Sex::Female)));
    assert_eq!(read_resident("440524188001010014", TODAY).unwrap().birth.year, 1880);
    assert_eq!(read_resident(" １１０１０５-19491231-002Ｘ", TODAY).unwrap().masked(), "110***********002X");
}

#[test]
fn upgrades_fifteen_digits() {
    let number = read_resident("110105491231002", TODAY).unwrap();
    assert_eq!((number.normalised.expose("test"), number.upgraded), ("11010519491231002X", true));
    // A sequence of 996 to 999 marked people born in the century before.
    assert_eq!(read_resident("110105900101998", TODAY).unwrap().birth.iso(), "1890-01-01");
}

#[test]
fn names_what_is_wrong() {
    assert_eq!(error("110105194912310021"), IdentityError::CheckDigit);
    assert_eq!(error("110105194902310021"), IdentityError::BirthDate);
    assert_eq!(error("110105174912310021"), IdentityError::BirthDate);
    assert_eq!(error("110105203012310021"), IdentityError::Future);
    assert_eq!(error("990426199112010074"), IdentityError::Region);
    assert_eq!(error("11010519491231002"), IdentityError::Length);
    assert_eq!(error("1101051949123100A1"), IdentityError::Characters);
    assert_eq!(error("X10105194912310021"), IdentityError::Characters);
    assert_eq!(error("11010549123100X"), IdentityError::Characters);
    assert_eq!(error("११०१०५१९४९१२३१००२X"), IdentityError::Characters);
    assert_eq!(error("1101051949\u{200b}1231002X").code(), Code::HiddenCharacter);
    assert_eq!(error("").code(), Code::EmptyInput);
    assert_eq!(error(&"1".repeat(1 << 20)).code(), Code::InputTooLong);
}

#[test]
fn a_birth_is_judged_by_the_day_handed_in() {
    let day = Day { year: 1990, month: 3, day: 6 };
    assert_eq!(read_resident("110101199003078670", day).unwrap_err(), IdentityError::Future);
    assert!(read_resident("110101199003078670", Day { day: 7, ..day }).is_ok());
}

#[test]
fn reads_the_other_documents() {
    let permit = read_resident("810000199408230021", TODAY).unwrap();
    assert_eq!(permit.document, IdDocument::HongKongPermit);
    let card = read_foreigner("932682198501010017", TODAY).unwrap();
    assert_eq!((card.document, card.birth.iso().as_str()), (IdDocument::ForeignerCard, "1985-01-01"));
    assert_eq!(read_foreigner("KAZ110090123105", TODAY).unwrap().birth.iso(), "1990-12-31");
    assert_eq!(read_foreigner("KAZ110090123106", TODAY).unwrap_err(), IdentityError::CheckDigit);
    assert_eq!(read_resident("932682198501010017", TODAY).unwrap_err(), IdentityError::Region);
}

#[test]
fn printing_shows_no_digit() {
    let number = read_resident("110101199003078670", TODAY).unwrap();
    assert!(!format!("{number:?}").contains("8670"));
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,40}") {
        let _ = (read_resident(&text, TODAY), read_foreigner(&text, TODAY), may_be_resident(&text));
    }

    /// The weights of the standard, another way to the check digit than the one above.
    #[test]
    fn every_lawful_number_is_read(province in 0usize..32, county in 0u32..10_000, days in 0i32..80_000, sequence in 0u32..1000) {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let (year, month, day) = (1800 + days / 366, 1 + days as u32 % 12, 1 + days as u32 % 28);
        let body = format!("{}{county:04}{year}{month:02}{day:02}{sequence:03}", resident::PROVINCES[province]);
        let sum: u32 = body.bytes().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
        let text = format!("{body}{}", "10X98765432".as_bytes()[(sum % 11) as usize] as char);
        let number = read_resident(&text, TODAY).unwrap();
        prop_assert_eq!(number.birth, Day { year, month, day });
        prop_assert_eq!(number.sex, Some(if sequence % 2 == 1 { Sex::Male } else { Sex::Female }));
        prop_assert_eq!(number.normalised.expose("test"), text);
        prop_assert!(!number.upgraded);
    }

    #[test]
    fn one_mistyped_digit_is_found(place in 0usize..17, digit in 0u8..10) {
        let lawful = "110101199003078670";
        let mut bytes = lawful.as_bytes().to_vec();
        let changed = bytes[place] != b'0' + digit;
        bytes[place] = b'0' + digit;
        prop_assert_eq!(read_resident(std::str::from_utf8(&bytes).unwrap(), TODAY).is_err(), changed);
    }
}

#[test]
fn foreigners_have_a_nationality() {
    let read = |text: &str| read_foreigner(text, TODAY).unwrap();
    let old = read("kaz110090123105");
    assert_eq!((old.normalised.expose("test"), old.nationality.as_deref()), ("KAZ110090123105", Some("KAZ")));
    assert_eq!(read("911124198108030024").nationality.as_deref(), Some("CAN"));
    assert_eq!(read("932682198501010017").nationality.as_deref(), Some("SAU"));
    assert!(read("932682198501010017").notes.is_empty());
    assert_eq!(read_resident("11010519491231002X", TODAY).unwrap().nationality, None);
    // What the tables do not know is kept and noted, and refuses nobody.
    let unknown = |body: &str| read(&format!("{body}{}", mod_11_2(body).unwrap()));
    let number = unknown("90099919850101001");
    assert_eq!((number.nationality.as_deref(), number.notes.as_slice()), (Some("999"), &[IdNote::UnknownProvince, IdNote::UnknownNation][..]));
    let body = "QQQ11009012310";
    let number = read(&format!("{body}{}", crate::mrz::check_digit(body).unwrap()));
    assert_eq!((number.nationality.as_deref(), number.notes.as_slice()), (Some("QQQ"), &[IdNote::UnknownNation][..]));
}

#[test]
fn every_kind_of_number_is_masked() {
    for text in ["11010519491231002X", "110105491231002", "810000199408230021"] {
        assert_eq!(read_resident(text, TODAY).unwrap().masked().matches('*').count(), 11);
    }
    assert_eq!(read_foreigner("KAZ110090123105", TODAY).unwrap().masked(), "KAZ********3105");
}

#[test]
fn any_number_is_read_by_its_shape() {
    for (text, document) in [
        ("11010519491231002X", IdDocument::Resident),
        ("110105491231002", IdDocument::Resident),
        ("810000199408230021", IdDocument::HongKongPermit),
        ("932682198501010017", IdDocument::ForeignerCard),
        ("KAZ110090123105", IdDocument::ForeignerCard),
    ] {
        assert_eq!(read(text, TODAY).unwrap().document, document);
    }
    assert_eq!(read("990426199112010075", TODAY).unwrap_err(), IdentityError::CheckDigit);
    assert_eq!(read("09042619911201007X", TODAY).unwrap_err(), IdentityError::Region);
}

#[test]
fn bad_input_has_a_name() {
    for (text, code) in [
        ("", Code::EmptyInput),
        ("1101051949\u{202e}1231002X", Code::HiddenCharacter),
        ("11010519491231\u{0}002X", Code::HiddenCharacter),
        ("110105\n19491231002X", Code::HiddenCharacter),
        ("1101051949123100😀", Code::IdLength),
        ("11010519491231002😀", Code::IdCharacters),
        ("KAZ11009012310", Code::IdLength),
        ("KÄZ110090123105", Code::IdCharacters),
    ] {
        assert_eq!(read(text, TODAY).unwrap_err().code(), code, "{text:?}");
        assert_eq!(read_foreigner(text, TODAY).unwrap_err().code(), code, "{text:?}");
    }
    let lawful = "11010519491231002X";
    for cut in 1..18 {
        assert!(read(&lawful[..cut], TODAY).is_err());
    }
    assert_eq!(read(&"1".repeat(1 << 20), TODAY).unwrap_err().code(), Code::InputTooLong);
}

#[test]
fn nations_are_known_by_both_codes() {
    assert_eq!((alpha3_of("682"), numeric_of("SAU"), alpha3_of("156")), (Some("SAU"), Some("682"), Some("CHN")));
    assert_eq!((alpha3_of(""), alpha3_of("="), numeric_of("SA"), alpha3_of("000")), (None, None, None, None));
    assert_eq!(nations::all().count(), 249);
    assert!(nations::all().all(|(alpha3, numeric)| alpha3.len() == 3 && numeric.len() == 3));
}
