//! Amounts and days in capitals, categories, links that enrol one-time codes.

use crate::{hides, text_of};
use kabao_base::{Currency, Money};
use kabao_codes::capital::{self as capitals, CapitalStyle, dates};
use kabao_codes::mcc::Mcc;
use kabao_codes::otp::{Enrolment, OtpKey, hotp};

/// Links that enrol one-time codes.
pub const ENROLMENTS: &[&str] = &[
    "otpauth://totp/Kabao:me?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=60",
    "otpauth://totp/%E5%8D%A1%E5%8C%85:138%2A%2A%2A%2A8000?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E5%8D%A1%E5%8C%85&algorithm=SHA256&digits=8&period=30",
    "otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=18446744073709551615",
    "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
];

/// Days as a cheque writes them.
pub const DAYS: &[&str] = &["贰零贰陆年壹拾壹月贰拾贰日", "贰零贰陆年零壹拾月零贰拾日", "人民币壹拾万柒仟元零伍角叁分"];

/// What is read is written again in both official manners and means the same; what is typed in digits too.
pub fn capital(data: &[u8]) {
    let text = text_of(data);
    if let Ok(amount) = capitals::read(&text) {
        same_amount(amount);
    }
    if let Ok(amount) = Money::parse(&text, Currency::Cny) {
        same_amount(amount);
        assert_eq!(capitals::make_from_text(&text, CapitalStyle::Voucher).ok(), capitals::make(amount, CapitalStyle::Voucher).ok());
    }
    if let Ok(day) = dates::read(&text) {
        assert_eq!(dates::make(day).and_then(|written| dates::read(&written)), Ok(day));
    }
    if let Ok(category) = Mcc::read(&text) {
        assert!(category.digits().len() == 4 && Mcc::read(&category.digits()) == Ok(category));
        assert!(category.group().is_none_or(|group| group.first <= group.last));
    }
}

fn same_amount(amount: Money) {
    for style in [CapitalStyle::Instrument, CapitalStyle::Voucher] {
        if let Ok(written) = capitals::make(amount, style) {
            assert_eq!(capitals::read(&written), Ok(amount), "written otherwise");
        }
    }
}

/// A link that is read is written and read again the same, and errors hold no key.
pub fn otp_uri(data: &[u8]) {
    let text = text_of(data);
    match Enrolment::read(&text) {
        Ok(enrolment) => {
            let typed = enrolment.typed_key();
            assert!(OtpKey::from_base32(typed.expose("it is typed again")).is_ok());
            let _ = hotp(&enrolment.key, 0, enrolment.settings);
            let Ok(link) = enrolment.link() else { return assert!(enrolment.issuer.is_empty() || enrolment.account.is_empty()) };
            let again = Enrolment::read(link.expose("it is read again"));
            assert!(again.is_ok_and(|again| {
                let key = again.typed_key();
                (again.issuer, again.account, again.moving, again.settings) == (enrolment.issuer, enrolment.account, enrolment.moving, enrolment.settings)
                    && key.expose("compared") == typed.expose("compared")
            }));
        }
        Err(error) => hides(&format!("{error} {error:?} {:?}", error.code()), &text),
    }
    let _ = OtpKey::from_base32(&text);
}
