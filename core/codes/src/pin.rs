//! Which payment PINs are refused when they are chosen. Six digits can be guessed, so those that a
//! finder of the phone or of the identity card tries first are not allowed.

use kabao_base::{Code, Pin};

/// Why a PIN may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinRefusal {
    /// One digit or group again and again: 111111, 121212, 123123, 111222, 112233.
    #[error("the PIN repeats a digit or a group")]
    Repeats,
    /// Neighbours up or down, also across 9 and 0: 123456, 210987.
    #[error("the PIN is a run of neighbours")]
    Run,
    /// A date: any `yymmdd`, and other spellings of the birth date in the identity number.
    #[error("the PIN is or may be a birth date")]
    BirthDate,
    /// Six digits that stand in the phone number, its head and tail included.
    #[error("the PIN is a part of the phone number")]
    Phone,
    /// The last six digits of the identity number, with or without its check digit.
    #[error("the PIN is the tail of the identity number")]
    IdTail,
}

impl PinRefusal {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Pin;
    /// let pin = Pin::read("123456".to_owned()).unwrap();
    /// let refusal = kabao_codes::pin::judge(&pin, "13800138000", None).unwrap_err();
    /// assert_eq!(refusal.code(), kabao_base::Code::PinRun);
    /// ```
    pub fn code(self) -> Code {
        match self {
            PinRefusal::Repeats => Code::PinRepeats,
            PinRefusal::Run => Code::PinRun,
            PinRefusal::BirthDate => Code::PinBirthDate,
            PinRefusal::Phone => Code::PinPhone,
            PinRefusal::IdTail => Code::PinIdTail,
        }
    }
}

/// Judges a PIN that a person chooses. `phone` is the account's number, `id_number` the whole
/// identity number where it is at hand (at the real-name step); it is compared and not kept.
///
/// # Examples
/// ```
/// use kabao_base::Pin;
/// use kabao_codes::pin::judge;
/// let pin = |digits: &str| Pin::read(digits.to_owned()).unwrap();
/// assert!(judge(&pin("480273"), "13800138000", None).is_ok());
/// assert!(judge(&pin("138001"), "13800138000", None).is_err());
/// ```
pub fn judge(pin: &Pin, phone: &str, id_number: Option<&str>) -> Result<(), PinRefusal> {
    let pin = pin.expose("it is judged");
    if repeats(pin.as_bytes()) {
        return Err(PinRefusal::Repeats);
    }
    if run(pin.as_bytes()) {
        return Err(PinRefusal::Run);
    }
    if phone.contains(pin) {
        return Err(PinRefusal::Phone);
    }
    if let Some(number) = id_number {
        let tail = number.len().checked_sub(7).and_then(|from| number.get(from..)).unwrap_or(number);
        if tail.contains(pin) {
            return Err(PinRefusal::IdTail);
        }
        if spellings_of_birth(number).iter().any(|date| date == pin) {
            return Err(PinRefusal::BirthDate);
        }
    }
    if may_be_date(pin) { Err(PinRefusal::BirthDate) } else { Ok(()) }
}

fn repeats(pin: &[u8]) -> bool {
    let period = |length: usize| pin.iter().zip(pin.iter().skip(length)).all(|(left, right)| left == right);
    let blocks = |length: usize| pin.chunks(length).all(|block| block.iter().all(|digit| Some(digit) == block.first()));
    period(1) || period(2) || period(3) || blocks(3) || blocks(2)
}

fn run(pin: &[u8]) -> bool {
    let step = |by: u8| pin.iter().zip(pin.iter().skip(1)).all(|(left, right)| (left + by - b'0') % 10 == (right - b'0') % 10);
    pin.iter().all(u8::is_ascii_digit) && (step(1) || step(9))
}

/// `yymmdd` of any year with two digits.
fn may_be_date(pin: &str) -> bool {
    let part = |from: usize| pin.get(from..from + 2).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let year = i32::try_from(part(0)).unwrap_or(0);
    crate::Day::new(2000 + year, part(2), part(4)).is_some()
}

fn spellings_of_birth(number: &str) -> Vec<String> {
    let date = match number.len() {
        18 => number.get(6..14).map(str::to_owned),
        15 => number.get(6..12).map(|short| format!("19{short}")),
        _ => None,
    };
    let Some(date) = date else { return Vec::new() };
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default().to_owned();
    let (century, year, month, day) = (part(0, 2), part(2, 4), part(4, 6), part(6, 8));
    vec![
        format!("{year}{month}{day}"),
        format!("{month}{day}{year}"),
        format!("{day}{month}{year}"),
        format!("{century}{year}{month}"),
        format!("{month}{century}{year}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "13800138000";
    const ID: &str = "110101199003078670";

    fn verdict(pin: &str, id: Option<&str>) -> Result<(), PinRefusal> {
        judge(&Pin::read(pin.to_owned()).unwrap(), PHONE, id)
    }

    #[test]
    fn refuses_what_is_tried_first() {
        for (pin, refusal) in [
            ("111111", PinRefusal::Repeats),
            ("121212", PinRefusal::Repeats),
            ("123123", PinRefusal::Repeats),
            ("111222", PinRefusal::Repeats),
            ("112233", PinRefusal::Repeats),
            ("123456", PinRefusal::Run),
            ("654321", PinRefusal::Run),
            ("890123", PinRefusal::Run),
            ("321098", PinRefusal::Run),
            ("900307", PinRefusal::BirthDate),
            ("000229", PinRefusal::BirthDate),
            ("138001", PinRefusal::Phone),
            ("138000", PinRefusal::Phone),
            ("078670", PinRefusal::IdTail),
            ("307867", PinRefusal::IdTail),
            ("030790", PinRefusal::BirthDate),
            ("199003", PinRefusal::BirthDate),
        ] {
            assert_eq!(verdict(pin, Some(ID)), Err(refusal), "{pin}");
        }
    }

    #[test]
    fn takes_the_rest() {
        for pin in ["135790", "258036", "917354", "001300", "991332"] {
            assert_eq!(verdict(pin, Some(ID)), Ok(()), "{pin}");
        }
        // Without the identity number its tail cannot be known.
        assert_eq!(verdict("078670", None), Ok(()));
        assert_eq!(judge(&Pin::read("517283".to_owned()).unwrap(), "", Some("３")), Ok(()));
    }

    #[test]
    fn leaves_enough_to_choose_from() {
        let refused = (0..1_000_000).filter(|number| verdict(&format!("{number:06}"), Some(ID)).is_err()).count();
        assert!(refused < 42_000, "{refused}");
    }
}
