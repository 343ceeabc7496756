/// The check character of ISO 7064 MOD 11-2 over digits: `0` to `9` or `X`; `None` for other input.
///
/// # Examples
/// ```
/// use kabao_codes::identity::mod_11_2;
/// assert_eq!((mod_11_2("0794"), mod_11_2("079"), mod_11_2("x")), (Some('0'), Some('X'), None));
/// ```
pub fn mod_11_2(digits: &str) -> Option<char> {
    let mut sum = 0;
    for character in digits.chars() {
        sum = (sum + character.to_digit(10)?) * 2 % 11;
    }
    match (12 - sum) % 11 {
        10 => Some('X'),
        digit => char::from_digit(digit, 10),
    }
}
