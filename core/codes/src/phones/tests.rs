use super::*;
use proptest::prelude::*;

#[test]
fn folds_and_masks() {
    for text in ["13800138000", "+86 138-0013-8000", "００８６１３８００１３８０００", " 86 13800138000 "] {
        let number = read(text).unwrap();
        assert_eq!((number.as_str(), number.e164().as_str()), ("13800138000", "+8613800138000"));
        assert_eq!(format!("{number:?}"), "138****8000");
    }
}

#[test]
fn names_what_is_wrong() {
    for (text, error) in [
        ("1380013800", PhoneError::Length),
        ("138001380000", PhoneError::Length),
        ("14112345678", PhoneError::NotMobile),
        ("17413345678", PhoneError::NotMobile),
        ("12345678901", PhoneError::NotMobile),
        ("010-62345678", PhoneError::Landline),
        ("400-810-8888", PhoneError::Landline),
        ("+85291234567", PhoneError::Foreign),
        ("1380013800a", PhoneError::NotDigits),
        ("+", PhoneError::NotDigits),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
    assert_eq!(read("1380013\u{202e}8000").unwrap_err().code(), Code::HiddenCharacter);
    assert_eq!(read(&"1".repeat(1 << 20)).unwrap_err().code(), Code::InputTooLong);
    for range in ["120", "140", "144", "154", "160", "164", "194", "1741", "1743", "1748"] {
        assert_eq!(read(&format!("{range:9<11}")), Err(PhoneError::NotMobile), "{range}");
    }
    for range in ["17400", "17412", "17499", "133", "145", "166", "170", "199"] {
        assert!(read(&format!("{range:0<11}")).is_ok(), "{range}");
    }
}

#[test]
fn says_what_a_number_is() {
    use PhoneKind::*;
    for (text, kind, e164) in [
        ("13800138000", Mobile, "+8613800138000"),
        ("+86 (0)13800138000", Mobile, ""),
        ("138.0013.8000", Mobile, "+8613800138000"),
        ("16212345678", VirtualOperator, "+8616212345678"),
        ("17012345678", VirtualOperator, "+8617012345678"),
        ("16612345678", Mobile, "+8616612345678"),
        ("13491234567", Satellite, "+8613491234567"),
        ("17490000000", Satellite, "+8617490000000"),
        ("14712345678", Mobile, "+8614712345678"),
        ("1481234567890", Things, "+861481234567890"),
        ("1440123456789", Things, "+861440123456789"),
        ("1064812345678", Things, "+861064812345678"),
        ("01062345678", Landline, "+861062345678"),
        ("+86 10 6234 5678", Landline, "+861062345678"),
        ("+8675583765566", Landline, "+8675583765566"),
        ("0086 0755 83765566", Landline, "+8675583765566"),
        ("（０１０）６２３４５６７８", Landline, "+861062345678"),
        ("0994-2345678", Landline, "+869942345678"),
        ("95588", Service, "+8695588"),
        ("01012345678", Landline, "+861012345678"),
        ("12306", Service, "+8612306"),
        ("400-810-8888", Service, "+864008108888"),
        ("+44 20 7946 0958", Foreign, "+442079460958"),
        ("0085291234567", Foreign, "+85291234567"),
        ("＋852 9123 4567", Foreign, "+85291234567"),
    ] {
        let read = classify(text).map(|number| (number.kind(), number.e164().to_owned()));
        // A nought in brackets before a mobile number is no number that anybody has.
        let wanted = if e164.is_empty() { Err(PhoneError::Length) } else { Ok((kind, e164.to_owned())) };
        assert_eq!(read, wanted, "{text}");
    }
    assert_eq!(format!("{:?}", classify("+442079460958").unwrap()), "+442*******58");
    assert_eq!((Mobile.takes_sms(), Things.takes_sms(), Foreign.takes_sms()), (Some(true), Some(false), None));
}

#[test]
fn names_what_is_no_number() {
    for (text, error) in [
        ("1062345678", PhoneError::Length),
        ("62345678", PhoneError::Length),
        ("01002345678", PhoneError::NotMobile),
        ("08004210421", PhoneError::NotMobile),
        ("0400-4210421", PhoneError::NotMobile),
        ("+860076492342", PhoneError::Length),
        ("1420123456789", PhoneError::Length),
        ("1471234567890", PhoneError::Length),
        ("+0123456789", PhoneError::Length),
        ("+123456", PhoneError::Length),
        ("+1234567890123456", PhoneError::Length),
        ("+86", PhoneError::Typed(FoldError::Empty)),
        ("()", PhoneError::Typed(FoldError::Empty)),
        ("", PhoneError::Typed(FoldError::Empty)),
        ("010-62345678转801", PhoneError::NotDigits),
        ("138001380😀0", PhoneError::NotDigits),
        ("++8613800138000", PhoneError::NotDigits),
    ] {
        assert_eq!(classify(text).unwrap_err(), error, "{text}");
    }
    assert_eq!(classify("1380\u{200b}0138000").unwrap_err().code(), Code::HiddenCharacter);
}

proptest! {
    #[test]
    fn any_text_has_an_answer_and_what_is_read_is_read_again(text in "\\PC{0,30}|[+]?[0-9 -]{0,16}") {
        if let Ok(number) = classify(&text) {
            let again = classify(number.e164());
            // A short number is short in its own country only.
            if number.kind() != PhoneKind::Service {
                prop_assert_eq!(again.unwrap(), number);
            }
        }
    }
}
