//! Which PINs are too easy to guess, and what of a person gives one away.

use kabao_base::Code;

/// Judges a PIN of six digits by itself and against a phone number (digits only).
pub fn judge(pin: &str, phone: &str) -> Option<Code> {
    let digits: Vec<u8> = pin.bytes().collect();
    if digits.len() != 6 || !digits.iter().all(u8::is_ascii_digit) {
        return Some(Code::PinLength);
    }
    if repeats(&digits) {
        return Some(Code::PinRepeats);
    }
    if runs(&digits) {
        return Some(Code::PinRun);
    }
    let phone: String = phone.bytes().filter(u8::is_ascii_digit).map(char::from).collect();
    let national = phone.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(&phone);
    if national.len() >= 6 && (national.starts_with(pin) || national.ends_with(pin)) {
        return Some(Code::PinPhone);
    }
    may_be_date(&digits).then_some(Code::PinBirthDate)
}

/// One digit, a pair or a triple repeated; or three digits each twice.
fn repeats(digits: &[u8]) -> bool {
    let period = |length: usize| digits.iter().zip(digits.iter().skip(length)).all(|(one, other)| one == other);
    let pairs = digits.chunks(2).all(|pair| pair.first() == pair.get(1));
    period(1) || period(2) || period(3) || pairs
}

/// Each digit one more (or one less) than the one before; nine and zero are neighbours.
fn runs(digits: &[u8]) -> bool {
    let step = |by: u8| digits.windows(2).all(|pair| matches!(pair, [one, other] if (one - b'0' + by) % 10 == other - b'0'));
    step(1) || step(9)
}

/// Year, month, day with two digits each, or a year of four and a month.
fn may_be_date(digits: &[u8]) -> bool {
    let number = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().iter().fold(0u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let is_day = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
    is_day(number(2, 4), number(4, 6)) || ((1900..=2099).contains(&number(0, 4)) && (1..=12).contains(&number(4, 6)))
}

/// The PINs that an identity number gives away, each with the code that refuses it.
pub fn given_away_by(id_number: &str) -> Vec<(String, Code)> {
    let digits: String = id_number.chars().filter(char::is_ascii_digit).collect();
    let mut all = Vec::new();
    if let Some(date) = id_number.get(6..14).filter(|date| date.bytes().all(|digit| digit.is_ascii_digit())) {
        let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
        let (century, year, month, day) = (part(0, 2), part(2, 4), part(4, 6), part(6, 8));
        for pin in [
            format!("{year}{month}{day}"), format!("{day}{month}{year}"), format!("{month}{day}{year}"),
            format!("{century}{year}{month}"), format!("{month}{century}{year}"),
        ] {
            all.push((pin, Code::PinBirthDate));
        }
    }
    // The tail with and without the check digit, which many people leave out.
    let without_check = id_number.get(..id_number.len().saturating_sub(1)).unwrap_or_default();
    for text in [id_number, &digits, without_check] {
        if let Some(tail) = text.get(text.len().saturating_sub(6)..).filter(|tail| tail.len() == 6) {
            all.push((tail.to_owned(), Code::PinIdTail));
        }
    }
    all.retain(|(pin, _)| pin.len() == 6 && pin.bytes().all(|digit| digit.is_ascii_digit()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_guessed_first() {
        let cases = [
            ("111111", Code::PinRepeats), ("121212", Code::PinRepeats), ("123123", Code::PinRepeats), ("112233", Code::PinRepeats),
            ("123456", Code::PinRun), ("654321", Code::PinRun), ("789012", Code::PinRun), ("210987", Code::PinRun),
            ("900307", Code::PinBirthDate), ("199003", Code::PinBirthDate), ("138001", Code::PinPhone), ("138246", Code::PinPhone),
            ("12345", Code::PinLength), ("12345a", Code::PinLength),
        ];
        for (pin, code) in cases {
            assert_eq!(judge(pin, "+8613800138246"), Some(code), "{pin}");
        }
        for pin in ["135792", "246813", "975318", "147852"] {
            assert_eq!(judge(pin, "+8613800138246"), None, "{pin}");
        }
    }

    #[test]
    fn an_identity_number_gives_away_birth_date_and_tail() {
        let all: Vec<String> = given_away_by("110101199003078670").into_iter().map(|(pin, _)| pin).collect();
        for pin in ["900307", "070390", "030790", "199003", "078670"] {
            assert!(all.contains(&pin.to_owned()), "{pin}");
        }
        let with_x: Vec<String> = given_away_by("11010519491231002X").into_iter().map(|(pin, _)| pin).collect();
        assert!(with_x.contains(&"231002".to_owned()) && with_x.iter().all(|pin| !pin.contains('X')));
    }
}
