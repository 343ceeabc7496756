use super::*;
use proptest::prelude::*;

const RFC: &[u8] = b"12345678901234567890";

fn key() -> OtpKey {
    OtpKey::new(RFC.to_vec()).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1000)
}

fn code(step: u64) -> String {
    hotp(&key(), step, OtpSettings::default()).unwrap().expose("a test").to_owned()
}

#[test]
fn a_code_counts_once_and_an_older_one_never() {
    let settings = OtpSettings::default();
    let judge = |typed: &str, seconds, last, window| verify_totp(&key(), typed, at(seconds), last, settings, window);
    assert_eq!(judge(&code(100), 3000, None, 0), Ok(100));
    assert_eq!(judge(&code(100), 3029, Some(99), 0), Ok(100));
    assert_eq!(judge(&code(100), 3030, None, 0), Err(OtpError::Wrong));
    assert_eq!(judge(&code(100), 3030, None, 1), Ok(100));
    assert_eq!(judge(&code(101), 3029, None, 1), Ok(101));
    assert_eq!(judge(&code(102), 3029, None, 1), Err(OtpError::Wrong));
    for last in [100, 101, u64::MAX] {
        assert_eq!(judge(&code(100), 3030, Some(last), 1), Err(OtpError::Used));
    }
    assert_eq!(judge(&code(0), 0, None, 2), Ok(0));
    for typed in ["", "12345", "1234567", "abcdef", "12345\u{200b}6", "１２３４５", &"1".repeat(1 << 20)] {
        assert_eq!(judge(typed, 3000, None, 1), Err(OtpError::Shape));
    }
    let wide: String = code(100).chars().map(|digit| char::from_u32(digit as u32 + 0xfee0).unwrap()).collect();
    assert_eq!(judge(&wide, 3000, None, 0), Ok(100));
    assert_eq!(judge("000000", -1, None, 0), Err(OtpError::Moment));
    assert_eq!(judge("000000", 0, None, 11), Err(OtpError::Settings));
    assert!(verify_totp(&key(), "000000", Timestamp::from_ms(i64::MAX), None, settings, 10).is_err());
}

#[test]
fn a_counter_moves_on_only() {
    let settings = OtpSettings::default();
    assert_eq!(verify_hotp(&key(), &code(7), 5, settings, 2), Ok(8));
    assert_eq!(verify_hotp(&key(), &code(8), 5, settings, 2), Err(OtpError::Wrong));
    assert_eq!(verify_hotp(&key(), &code(4), 5, settings, 50), Err(OtpError::Wrong));
    assert_eq!(verify_hotp(&key(), "000000", u64::MAX, settings, 0), Err(OtpError::Moment));
    assert_eq!(verify_hotp(&key(), "000000", 0, settings, 51), Err(OtpError::Settings));
}

#[test]
fn settings_are_bounded() {
    for settings in [
        OtpSettings { digits: 5, ..OtpSettings::default() }, OtpSettings { digits: 9, ..OtpSettings::default() },
        OtpSettings { digits: 255, ..OtpSettings::default() }, OtpSettings { period: 0, ..OtpSettings::default() },
        OtpSettings { period: 3601, ..OtpSettings::default() },
    ] {
        assert_eq!(totp(&key(), at(0), settings).err(), Some(OtpError::Settings));
        assert_eq!(verify_totp(&key(), "000000", at(0), None, settings, 0).err(), Some(OtpError::Settings));
    }
}

#[test]
fn base32_as_people_type_it() {
    for text in ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv gy3t qojq gezd-gnbv-gy3t-qojq"] {
        assert_eq!(OtpKey::from_base32(text).unwrap().0.as_slice(), RFC);
    }
    // RFC 4648, section 10, doubled up to the shortest key.
    for (text, bytes) in [("MY======", "f"), ("MZXQ====", "fo"), ("MZXW6===", "foo"), ("MZXW6YQ=", "foob"), ("MZXW6YTB", "fooba"), ("mzxw6ytboi", "foobar")] {
        assert_eq!(base32::decode(text).unwrap().as_slice(), bytes.as_bytes());
    }
    for text in ["M", "MZX", "MZXW6Y", "MZ", "M=Y=", "A", "AAA", "AAAAAA", "MY=", "MY====== =", "========", "M1======", "MÄ======", "MY======MY", "0000"] {
        assert_eq!(base32::decode(text).err(), Some(OtpError::Malformed), "{text}");
    }
    assert_eq!(OtpKey::from_base32("MZXW6YTB").err(), Some(OtpError::KeyTooShort));
    assert_eq!(OtpKey::from_base32("").err(), Some(OtpError::KeyTooShort));
    assert_eq!(OtpKey::from_base32(&"A".repeat(256)).err(), Some(OtpError::TooLong));
    assert_eq!(OtpKey::from_base32(&"A".repeat(1 << 20)).err(), Some(OtpError::TooLong));
    assert_eq!(OtpKey::from_base32("GEZD\u{200b}GNBV").err(), Some(OtpError::Hidden));
}

const LINK: &str = "otpauth://totp/Kabao:me?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

#[test]
fn links_of_other_services_are_read() {
    let read = |tail: &str| Enrolment::read(&format!("{LINK}{tail}"));
    let plain = read("").unwrap();
    assert_eq!((plain.issuer.as_str(), plain.account.as_str(), plain.settings, plain.moving), ("Kabao", "me", OtpSettings::default(), OtpMoving::Time));
    let full = read("&issuer=Kabao&algorithm=SHA512&digits=8&period=60&image=x").unwrap();
    assert_eq!(full.settings, OtpSettings { algorithm: OtpAlgorithm::Sha512, digits: 8, period: 60 });
    let spaced = Enrolment::read("OTPAUTH://TOTP/Big%20Bank%3A%20a%40b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
    assert_eq!((spaced.issuer.as_str(), spaced.account.as_str()), ("Big Bank", "a@b"));
    let counted = Enrolment::read("otpauth://hotp/me?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=9").unwrap();
    assert_eq!((counted.issuer.as_str(), counted.moving), ("", OtpMoving::Counter { next: 9 }));
}

#[test]
fn bad_links_are_refused() {
    let tails = [
        ("&issuer=Other", OtpError::Malformed), ("&digits=5", OtpError::Settings), ("&digits=+6", OtpError::Settings),
        ("&digits=999", OtpError::Settings), ("&period=0", OtpError::Settings), ("&algorithm=MD5", OtpError::Settings),
        ("&counter=1", OtpError::Malformed), ("&secret=AAAA", OtpError::Malformed), ("&", OtpError::Malformed),
        ("&issuer=%", OtpError::Malformed), ("&issuer=%ff", OtpError::Malformed), ("&issuer=%E2%80%AE", OtpError::Hidden),
        ("#x", OtpError::Malformed), ("&issuer=\u{202e}", OtpError::Hidden), ("&period=99999999999999999999", OtpError::Settings),
    ];
    for (tail, error) in tails {
        assert_eq!(Enrolment::read(&format!("{LINK}{tail}")).err(), Some(error), "{tail}");
    }
    for text in ["", "otpauth://", "otpauth://totp/", "otpauth://totp/a", "otpauth://totp/a?", "https://totp/a?secret=A", "otpauth://sms/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"] {
        assert!(Enrolment::read(text).is_err(), "{text}");
    }
    assert_eq!(Enrolment::read(&"a".repeat(1 << 20)).err(), Some(OtpError::TooLong));
    let mut wrong = Enrolment::read(LINK).unwrap();
    wrong.account = "a:b".to_owned();
    assert_eq!(wrong.link().err(), Some(OtpError::Malformed));
    // The longest labels make a link that is read again.
    let mut long = Enrolment::read(LINK).unwrap();
    (long.issuer, long.account) = ("😀".repeat(64), "卡".repeat(64));
    assert_eq!(Enrolment::read(long.link().unwrap().expose("a test")).unwrap().issuer, long.issuer);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        issuer in "[a-zA-Z0-9卡包 &=?%#/+é😀]{1,20}", account in "[a-z0-9*@.卡]{1,20}", bytes in prop::collection::vec(any::<u8>(), 16..=128),
        digits in 6u8..=8, period in 1u32..=3600, counter in prop::option::of(any::<u64>()),
    ) {
        prop_assume!(issuer.trim() == issuer);
        let moving = counter.map_or(OtpMoving::Time, |next| OtpMoving::Counter { next });
        let period = if counter.is_some() { 30 } else { period };
        let settings = OtpSettings { algorithm: OtpAlgorithm::Sha256, digits, period };
        let key = OtpKey::new(bytes.clone()).unwrap();
        let made = Enrolment { issuer, account, key, moving, settings };
        let link = made.link().unwrap();
        let read = Enrolment::read(link.expose("a test")).map_err(|error| error.to_string()).unwrap();
        prop_assert_eq!((&read.issuer, &read.account, read.moving, read.settings), (&made.issuer, &made.account, moving, settings));
        prop_assert_eq!(&read.key.0[..], &bytes[..]);
        prop_assert_eq!(OtpKey::from_base32(made.typed_key().expose("a test")).map(|key| key.0.to_vec()).ok(), Some(bytes));
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,80}", tail in "[ -~]{0,60}") {
        let _ = (Enrolment::read(&text).err(), Enrolment::read(&format!("{LINK}{tail}")).err(), OtpKey::from_base32(&text).err());
        let _ = verify_totp(&key(), &text, at(0), None, OtpSettings::default(), 1);
    }
}
