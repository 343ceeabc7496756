use super::*;
use proptest::prelude::*;

#[test]
fn reads_and_forgets_all_but_the_tail() {
    let (number, shape) = read("6222 0202-0000 ００００ 000").unwrap();
    assert_eq!((shape.brand, shape.last4.as_str()), (CardBrand::UnionPay, "0000"));
    assert!(!shape.check_digit_agrees);
    assert_eq!(format!("{number:?}"), "Secret(card number)");
    assert_eq!(read("4012888888881881").unwrap().1.brand, CardBrand::Visa);
    assert_eq!(read("9551000000000000000").unwrap().1.brand, CardBrand::Other);
}

#[test]
fn names_what_is_wrong() {
    assert_eq!(read("4012888888881882").unwrap_err(), CardError::CheckDigit);
    assert_eq!(read("622202020000").unwrap_err(), CardError::Length);
    assert_eq!(read("62220202000000000000").unwrap_err(), CardError::Length);
    assert_eq!(read("6222020200000000x").unwrap_err().code(), Code::NotDigits);
    assert_eq!(read("62220202\u{200b}00000000").unwrap_err().code(), Code::HiddenCharacter);
    assert_eq!(read("").unwrap_err().code(), Code::EmptyInput);
    assert_eq!(read(&"6".repeat(1 << 20)).unwrap_err().code(), Code::InputTooLong);
    assert_eq!(judge(&CardNumber::new("é".repeat(8))).unwrap_err().code(), Code::NotDigits);
}

#[test]
fn check_digits() {
    assert_eq!((luhn("1428572"), luhn("1428573"), luhn(""), luhn("0")), (true, false, false, false));
    assert_eq!(luhn_check_digit("4992739871"), Some('6'));
    assert_eq!(luhn_check_digit("12x"), None);
}

#[test]
fn schemes_overlap_and_the_longest_range_decides() {
    for (digits, brand) in [
        ("627780", Some(CardBrand::Elo)),
        ("627781", Some(CardBrand::UnionPay)),
        ("62183", Some(CardBrand::Maestro)),
        ("506099", Some(CardBrand::Verve)),
        ("650052", Some(CardBrand::Troy)),
        ("6500", None),
        ("655", None),
        ("6551", Some(CardBrand::Discover)),
        ("8171", Some(CardBrand::UnionPay)),
        ("8172", None),
        ("2720", Some(CardBrand::Mastercard)),
        ("2721", None),
        ("", None),
        ("6222é", None),
    ] {
        assert_eq!(brand_of(digits), brand, "{digits}");
    }
}

#[test]
fn says_how_a_number_stands_while_it_is_typed() {
    let stands = |digits: &str| {
        let CardProgress { potentially_valid, valid, .. } = progress(digits);
        (potentially_valid, valid)
    };
    for (digits, wanted) in [
        ("", (true, false)),
        ("6222", (true, false)),
        ("62220200000000", (true, true)),
        ("6222020000000000000", (true, true)),
        ("62220200000000000000", (false, false)),
        // A Chinese card of the years before UnionPay, digit by digit.
        ("955100", (true, false)),
        ("955100000000000000", (true, false)),
        ("9551000000000000000", (true, true)),
        ("95510000000000000000", (false, false)),
        ("32908234", (false, false)),
        ("622a", (false, false)),
    ] {
        assert_eq!(stands(digits), wanted, "{digits}");
    }
    assert_eq!(stands(&"6".repeat(1 << 20)), (false, false));
}

#[test]
fn an_unknown_beginning_blocks_nobody() {
    let shape = read("6299990000000000").unwrap().1;
    assert_eq!((shape.brand, shape.issuer), (CardBrand::UnionPay, None));
    // Chinese whatever the world's ranges say: 62 is UnionPay's, and this one is older than UnionPay.
    assert_eq!(brand_of("6299990000000000"), Some(CardBrand::Maestro));
    let old = read("690755000000000").unwrap().1;
    assert_eq!((old.brand, old.issuer.and_then(|issuer| issuer.bank_code).as_deref()), (CardBrand::Other, Some("CMB")));
    assert_eq!(read("6900000000000000").unwrap_err(), CardError::CheckDigit);
    assert_eq!(read("9999990000000000000").unwrap().1.issuer, None);
}

fn only(row: &str) -> Issuers {
    let table = format!("{{\"version\": 2, \"source\": \"a test\", \"banks\": [{{\"code\": \"NEU\", \"name\": \"新银行\", \"cards\": [\"{row}\"]}}]}}");
    Issuers::parse(table.as_bytes()).unwrap()
}

#[test]
fn another_table_names_other_banks_and_refuses_nothing() {
    let table = only("DC19 628888");
    let code = |digits: &str| read_with(digits, &table).unwrap().1.issuer.and_then(|issuer| issuer.bank_code);
    assert_eq!(code("6288880000000000000").as_deref(), Some("NEU"));
    // What only the app's own table knew passes as before; it has no name any more.
    for digits in ["9551000000000000000", "690755000000000", "6222020000000000000"] {
        assert!(read(digits).unwrap().1.issuer.is_some());
        assert_eq!(code(digits), None, "{digits}");
    }
}

proptest! {
    #[test]
    fn no_table_refuses_what_passes_without_it(digits in "[0-9]{12,19}|6[0-9]{14,18}|690755[0-9]{9}", count in 3usize..=10, length in 13usize..=19) {
        let head = &digits[..count];
        prop_assume!(!head.starts_with('0'));
        if read(&digits).is_ok() {
            let table = only(&format!("DC{length} {head}"));
            prop_assert!(read_with(&digits, &table).is_ok());
        }
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,30}|[0-9 -]{0,24}") {
        let _ = (read(&text), progress(&text), brand_of(&text), luhn(&text), luhn_check_digit(&text));
        let table = Issuers::shipped();
        let _ = (table.issuer(&text), table.issuer_of_beginning(&text));
    }

    #[test]
    fn every_beginning_of_what_is_read_may_go_on(digits in "(62|4|5[1-5]|3[47]|35[3-8]|9551)[0-9]{10,15}") {
        if read(&digits).is_ok_and(|(_, shape)| shape.brand != CardBrand::Other || shape.issuer.is_some()) {
            for cut in 0..=digits.len() {
                prop_assert!(progress(&digits[..cut]).potentially_valid, "{}", &digits[..cut]);
            }
        }
    }

    #[test]
    fn a_check_digit_agrees(digits in "[0-9]{1,18}") {
        let check = luhn_check_digit(&digits).unwrap();
        let right = format!("{digits}{check}");
        prop_assert!(luhn(&right));
        let wrong = format!("{digits}{}", (check as u8 - b'0' + 1) % 10);
        prop_assert!(!luhn(&wrong));
    }
}
