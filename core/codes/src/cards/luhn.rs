//! The check digit of ISO/IEC 7812-1 annex B.

/// Whether the last digit is the Luhn check digit of the others.
///
/// # Examples
/// ```
/// assert!(kabao_codes::cards::luhn("4012888888881881"));
/// assert!(!kabao_codes::cards::luhn("4012888888881882"));
/// ```
pub fn luhn(digits: &str) -> bool {
    digits.len() > 1 && luhn_sum(digits.bytes().rev(), false).is_some_and(|sum| sum % 10 == 0)
}

/// The Luhn check digit that follows `digits`; `None` for other input than digits.
///
/// # Examples
/// ```
/// assert_eq!(kabao_codes::cards::luhn_check_digit("4992739871"), Some('6'));
/// ```
pub fn luhn_check_digit(digits: &str) -> Option<char> {
    let sum = luhn_sum(digits.bytes().rev(), true)?;
    char::from_digit((10 - sum % 10) % 10, 10)
}

fn luhn_sum(reversed: impl Iterator<Item = u8>, first_doubled: bool) -> Option<u32> {
    let mut doubled = first_doubled;
    let mut sum = 0u32;
    for byte in reversed {
        let digit = char::from(byte).to_digit(10)?;
        let part = if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit };
        sum = (sum + part) % 10;
        doubled = !doubled;
    }
    Some(sum)
}
