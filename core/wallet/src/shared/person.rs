//! What a person types about themselves, where more than one kind is lawful.

use crate::error::{Outcome, WalletError};
use kabao_base::IdNumber;
use kabao_codes::phones::{self, PhoneKind};
use kabao_codes::{Day, identity, travel};

/// A telephone number to which a code can be sent: a mainland mobile number, or one of another country, which the service
/// judges. In E.164.
pub(crate) fn read_phone(text: &str) -> Outcome<String> {
    let wrong = |error: phones::PhoneError| WalletError::from(error.code()).in_field("phone");
    let number = phones::classify(text).map_err(wrong)?;
    match number.kind() {
        PhoneKind::Foreign => Ok(number.e164().to_owned()),
        _ => phones::read(text).map(|number| number.e164()).map_err(wrong),
    }
}

/// The number of the document with which the account was verified, whatever its kind.
pub(crate) fn read_id_number(text: &str, today: Day) -> Outcome<IdNumber> {
    let error = match identity::read(text, today) {
        Ok(number) => return Ok(number.normalised),
        Err(error) => error,
    };
    // Fifteen digits and more are a card's number with a fault, not a passport's.
    let travels = travel::kinds_of(text).first().and_then(|kind| travel::read(*kind, text).ok());
    match travels.filter(|document| document.number.expose("its length is judged").len() < 15) {
        Some(document) => Ok(document.number),
        None => Err(WalletError::from(error.code()).in_field("id_number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_base::Code;

    #[test]
    fn every_document_and_number_that_the_service_takes() {
        let today = Day::new(2026, 11, 22).unwrap();
        for (typed, read) in [
            ("11010519491231002x", "11010519491231002X"), ("kaz110090123105", "KAZ110090123105"), ("H1234567801", "H12345678"),
            ("ga302922", "GA302922"), ("12345678", "12345678"),
        ] {
            assert_eq!(read_id_number(typed, today).unwrap().expose("test"), read);
        }
        for (wrong, code) in [
            ("110105194912310021", Code::IdCheckDigit), ("110105000000000", Code::IdBirthDate), ("", Code::EmptyInput), ("？", Code::IdLength),
        ] {
            assert!(read_id_number(wrong, today).is_err_and(|error| error.is(code)), "{wrong}");
        }
        for (typed, read) in [("138 0013 8000", "+8613800138000"), ("+44 20 7946 0958", "+442079460958"), ("17012345678", "+8617012345678")] {
            assert_eq!(read_phone(typed).unwrap(), read);
        }
        for wrong in ["010-62345678", "+0123456789", "14412345678", "+44 20"] {
            assert!(read_phone(wrong).is_err_and(|error| error.is(Code::PhoneInvalid)), "{wrong}");
        }
    }
}
