//! Whether a login password holds the birth date or the name of the account's person, who is known to the vault alone.

use kabao_base::Code;
use pinyin::ToPinyinMulti;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Fewer letters stand in too many words.
const FEWEST: usize = 4;

/// Judges a password against the day of birth (`1990-03-07`) and the name as it stands on the document.
pub fn judge(password: &str, birth: &str, name: &str) -> Option<Code> {
    let digits: Zeroizing<String> = Zeroizing::new(password.chars().filter(char::is_ascii_digit).collect());
    if dates(birth).iter().any(|date| digits.contains(date.as_str())) {
        return Some(Code::PasswordBirthDate);
    }
    let letters = Zeroizing::new(letters(password));
    let found = parts(name).iter().any(|part| (0..letters.len()).any(|from| stands(letters.as_bytes().get(from..).unwrap_or_default(), part)));
    found.then_some(Code::PasswordName)
}

/// The spellings of a date that people type, digits alone.
fn dates(birth: &str) -> Vec<String> {
    let digits: String = birth.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    if digits.len() != 8 {
        return Vec::new();
    }
    let (century, year, month, day) = (part(0, 2), part(2, 4), part(4, 6), part(6, 8));
    vec![
        format!("{century}{year}{month}{day}"), format!("{year}{month}{day}"), format!("{day}{month}{century}{year}"),
        format!("{month}{day}{century}{year}"), format!("{day}{month}{year}"), format!("{month}{day}{year}"), format!("{century}{year}{month}"),
    ]
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// One sign or word of a name: every way to write it in letters.
type Spelled = BTreeSet<String>;

/// What of a name people type: the whole in either order, the given name, a surname of two signs, a word of letters.
fn parts(name: &str) -> Vec<Vec<Spelled>> {
    let words: Vec<Vec<Spelled>> = name.split(|sign: char| !sign.is_alphanumeric()).map(spelled).filter(|word| !word.is_empty()).collect();
    let mut parts: Vec<Vec<Spelled>> = words.clone();
    parts.push(words.concat());
    parts.push(words.iter().rev().flatten().cloned().collect());
    if let [only] = words.as_slice() {
        for surname in [1, 2] {
            if let Some((surname, given)) = only.split_at_checked(surname).filter(|(_, given)| !given.is_empty()) {
                parts.extend([given.to_vec(), surname.to_vec(), [given, surname].concat()]);
            }
        }
    }
    parts
}

/// A word of letters is one piece; of a word of signs each sign is.
fn spelled(word: &str) -> Vec<Spelled> {
    let latin = letters(word);
    if !latin.is_empty() {
        return vec![Spelled::from([latin])];
    }
    // ü is typed as it falls.
    let typed = |plain: &str| ["v", "u", "yu"].map(|letter| plain.replace('ü', letter));
    let readings = |sign: char| -> Spelled { sign.to_pinyin_multi().map(|all| all.into_iter().flat_map(|one| typed(one.plain())).collect()).unwrap_or_default() };
    word.chars().map(readings).filter(|all| !all.is_empty()).collect()
}

/// Whether the pieces stand at the beginning of the letters, one after the other, and are long enough together. The places that
/// each piece can end at are kept, so that many readings of many signs cost no more than their number.
fn stands(letters: &[u8], pieces: &[Spelled]) -> bool {
    let mut ends = BTreeSet::from([0]);
    for piece in pieces {
        let after = |end: &usize| {
            let left = letters.get(*end..).unwrap_or_default();
            piece.iter().filter(|reading| left.starts_with(reading.as_bytes())).map(|reading| end + reading.len()).collect::<Vec<_>>()
        };
        ends = ends.iter().flat_map(after).collect();
    }
    ends.iter().any(|end| *end >= FEWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birth_date_and_name_stand_in_no_password_in_whatever_order() {
        for text in ["19820605lamp", "820605-lamp", "05061982lamp", "06051982lamp", "050682-lamp", "060582-lamp", "lamp05.06.1982", "198206-lamps"] {
            assert_eq!(judge(text, "1982-06-05", "欧阳娜辰"), Some(Code::PasswordBirthDate), "{text}");
        }
        for text in ["ouyang1999", "Ou-Yang-lamp", "nachen-lamps", "OuyangNachen", "nachenouyang", "lamps-nachen-9x"] {
            assert_eq!(judge(text, "1982-06-05", "欧阳娜辰"), Some(Code::PasswordName), "{text}");
        }
        for (text, name) in [("xiaoman-lamps", "李小满"), ("lixiaoman9x", "李小满"), ("shanxiaoman", "单小满"), ("danxiaoman", "单小满"), ("lvlv-tin-lamp", "吕绿")] {
            assert_eq!(judge(text, "1982-06-05", name), Some(Code::PasswordName), "{text}");
        }
        for (text, name) in [("maria-tin-lamp", "GARCIA LOPEZ, MARIA"), ("GarciaLopez9", "GARCIA LOPEZ, MARIA"), ("mamatimtin-9", "阿卜杜拉·买买提")] {
            let expected = (text != "mamatimtin-9").then_some(Code::PasswordName);
            assert_eq!(judge(text, "1982-06-05", name), expected, "{text}");
        }
        for text in ["four-tin-lamps", "li-tin-lamps-9", "nine-red-kites", "", "1982", "xiao-red-kites"] {
            assert_eq!(judge(text, "1982-06-05", "李小满"), None, "{text}");
        }
        assert_eq!(judge("four-tin-lamps", "", ""), None);
        assert_eq!(judge(&"a".repeat(63), "1982-06-05", &"啊".repeat(100)), None, "a hundred signs of one sound do not fit");
    }
}
