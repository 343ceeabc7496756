/// The check digit of ICAO 9303 part 3 over upper-case letters, digits and the filler `<`, as an ASCII digit: weights
/// 7 3 1 again and again, A is 10 and Z is 35, the filler is 0; the sum modulo 10. `None` for other characters.
///
/// # Examples
/// ```
/// assert_eq!(kabao_codes::mrz::check_digit("AB2134<<<"), Some('5'));
/// assert_eq!(kabao_codes::mrz::check_digit("ab"), None);
/// ```
pub fn check_digit(text: &str) -> Option<char> {
    let mut sum = 0u32;
    for (character, weight) in text.chars().zip([7, 3, 1].into_iter().cycle()) {
        let value = match character {
            '<' => 0,
            '0'..='9' | 'A'..='Z' => character.to_digit(36)?,
            _ => return None,
        };
        sum = (sum + value * weight) % 10;
    }
    char::from_digit(sum, 10)
}

/// Whether a check digit stands behind its field.
pub(super) fn agrees(field: &str, digit: &str) -> bool {
    let mut characters = digit.chars();
    let digit = characters.next().filter(|_| characters.next().is_none());
    digit.is_some() && check_digit(field) == digit
}
