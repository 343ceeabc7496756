//! What a person may see of a value that must not be shown whole.

/// `138****8000`; a foreign number keeps its first four and last two characters.
///
/// # Examples
/// ```
/// assert_eq!(kabao_base::mask::phone("13800138000"), "138****8000");
/// ```
pub fn phone(number: &str) -> String {
    let characters: Vec<char> = number.chars().collect();
    let (head, tail) = if characters.len() == 11 { (3, 4) } else { (4, 2) };
    keep(&characters, head, tail)
}

/// `110***********670X`: region's first three and the last four characters.
///
/// # Examples
/// ```
/// assert_eq!(kabao_base::mask::id_number("110101199003078670"), "110***********8670");
/// ```
pub fn id_number(number: &str) -> String {
    keep(&number.chars().collect::<Vec<_>>(), 3, 4)
}

/// A name with all but its last character hidden: `*三`, `**奶奶` is `***奶`.
///
/// # Examples
/// ```
/// assert_eq!(kabao_base::mask::name("张三"), "*三");
/// ```
pub fn name(name: &str) -> String {
    let count = name.chars().count();
    let stars = count.saturating_sub(1);
    let last: String = name.chars().skip(stars).collect();
    if count <= 1 { "*".to_owned() } else { format!("{}{last}", "*".repeat(stars)) }
}

/// The last four digits of a card, or all stars when there are fewer than ten digits.
///
/// # Examples
/// ```
/// assert_eq!(kabao_base::mask::card_tail("6222020000000001234"), "1234");
/// ```
pub fn card_tail(number: &str) -> String {
    let count = number.chars().count();
    if count < 10 { "****".to_owned() } else { number.chars().skip(count - 4).collect() }
}

fn keep(characters: &[char], head: usize, tail: usize) -> String {
    let count = characters.len();
    if count < head + tail + 3 {
        return "*".repeat(count.max(4));
    }
    let hidden = std::iter::repeat_n('*', count - head - tail);
    characters.iter().take(head).copied().chain(hidden).chain(characters.iter().skip(count - tail).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        assert_eq!(phone("13800138000"), "138****8000");
        assert_eq!(phone("+442079460958"), "+442*******58");
        assert_eq!(id_number("110101199003078670"), "110***********8670");
        assert_eq!((name("张三").as_str(), name("张").as_str(), name("").as_str()), ("*三", "*", "*"));
        assert_eq!((card_tail("6222020200000001234").as_str(), card_tail("1234").as_str()), ("1234", "****"));
        assert_eq!(phone("1234"), "****");
    }
}
