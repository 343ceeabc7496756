//! Which login passwords are too easy to guess: the service's own judgement, with its own list, and with the identity number
//! that only the vault knows. The phone judges before; a phone that was changed is not believed.

use kabao_base::Code;

/// Passwords that stand in published breaches more often than any others and that no other rule refuses: sorted, in small letters,
/// eight characters and more, one a line. From zxcvbn 3.1.1 (MIT).
const BREACHED: &str = include_str!("breached.txt");

/// Whether a password, in small letters, was found in a breach.
fn is_breached(small: &str) -> bool {
    BREACHED.lines().any(|line| line == small)
}

/// What everybody tries, in small letters.
const TRIED: &[&str] = &[
    "password", "passw0rd", "p@ssw0rd", "p@ssword", "qwerty", "asdfgh", "zxcvbn", "qazwsx", "1qaz2wsx", "letmein", "welcome", "iloveyou", "monkey", "dragon", "admin",
    "woaini", "wodemima", "zhifubao", "weixin", "alipay", "wechat", "kabao", "qianbao", "5201314", "1314520", "1314", "147258", "258369",
];

/// Judges a password by itself, against the phone number and, where the account has one, the identity number.
pub fn judge(password: &str, phone: &str, id_number: Option<&str>) -> Option<Code> {
    if password.len() > 63 || !password.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Some(Code::PasswordCharacters);
    }
    let digits_alone = password.bytes().all(|byte| byte.is_ascii_digit());
    match (password.len(), digits_alone) {
        (6, true) => return Some(Code::PasswordIsPin),
        (0..8, _) => return Some(Code::PasswordTooShort),
        (_, true) => return Some(Code::PasswordDigits),
        _ => {}
    }
    let small = password.to_ascii_lowercase();
    let bare: String = password.chars().filter(char::is_ascii_digit).collect();
    let national: String = phone.chars().filter(char::is_ascii_digit).collect();
    if (0..national.len().saturating_sub(5)).any(|from| national.get(from..from + 6).is_some_and(|part| password.contains(part))) {
        return Some(Code::PasswordPhone);
    }
    if let Some(number) = id_number.map(str::to_ascii_lowercase) {
        let tail = number.get(number.len().saturating_sub(6)..).filter(|tail| tail.len() == 6);
        if tail.is_some_and(|tail| small.contains(tail)) {
            return Some(Code::PasswordIdTail);
        }
        let date = number.get(6..14).filter(|date| number.len() == 18 && date.bytes().all(|digit| digit.is_ascii_digit()));
        if date.is_some_and(|date| bare.contains(date) || date.get(2..).is_some_and(|short| bare.contains(short))) {
            return Some(Code::PasswordBirthDate);
        }
    }
    if is_breached(&small) {
        return Some(Code::PasswordCommon);
    }
    let mut rest = small;
    for word in TRIED {
        rest = rest.replace(word, "\0");
    }
    let shortened = rest.contains('\0');
    if surprises(rest.as_bytes()) < 4 {
        return Some(if shortened { Code::PasswordCommon } else { Code::PasswordRepeats });
    }
    None
}

/// How many different signs stand there that are neither the neighbour of the one before nor cut out.
fn surprises(text: &[u8]) -> usize {
    let mut seen = [false; 128];
    let mut before = 0u8;
    for byte in text {
        let neighbour = byte.abs_diff(before) <= 1;
        if *byte != 0 && !neighbour
            && let Some(place) = seen.get_mut(usize::from(*byte))
        {
            *place = true;
        }
        before = *byte;
    }
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_tried_first_and_what_the_identity_number_gives_away() {
        let judged = |text: &str| judge(text, "+8613800138246", Some("11010119900307867X"));
        let cases = [
            ("", Code::PasswordTooShort), ("480273", Code::PasswordIsPin), ("lamp", Code::PasswordTooShort), ("98765432", Code::PasswordDigits),
            ("password1", Code::PasswordCommon), ("woaini1314", Code::PasswordCommon), ("aaaaaaaaaaaa", Code::PasswordRepeats),
            ("abcdefghijkl", Code::PasswordRepeats), ("tin138246lamps", Code::PasswordPhone), ("tin-07867x-lamp", Code::PasswordIdTail),
            ("tin19900307lamps", Code::PasswordBirthDate), ("tin-900307-lamps", Code::PasswordBirthDate), ("锡灯四盏一二三四", Code::PasswordCharacters),
        ];
        for (text, code) in cases {
            assert_eq!(judged(text), Some(code), "{text}");
        }
        // Long enough, varied enough, nobody's own data, and found in breaches all the same.
        for text in ["mercedes1", "Chocolate1", "BLINK182", "trustno1"] {
            assert_eq!(judged(text), Some(Code::PasswordCommon), "{text}");
        }
        assert_eq!(judged("mercedes1-and-lamps"), None);
        assert_eq!(judged(&"x1".repeat(40)), Some(Code::PasswordCharacters));
        for text in ["four-tin-lamps", "correcthorsebatterystaple", "k7#mQ2vL", "xiaoman and lamps"] {
            assert_eq!(judged(text), None, "{text}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_holds_what_no_other_rule_refuses() {
        let lines: Vec<&str> = BREACHED.lines().collect();
        assert!(lines.len() > 5_000, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        for line in lines {
            assert!((8..64).contains(&line.len()) && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
            assert!(!line.bytes().all(|byte| byte.is_ascii_digit()) && line == line.to_ascii_lowercase(), "{line}");
        }
        for line in BREACHED.lines().step_by(97) {
            assert!(judge(line, "", None).is_some() && judge(&line.to_ascii_uppercase(), "", None).is_some(), "{line}");
        }
    }
}
