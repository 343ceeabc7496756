//! Which login passwords are refused, and why: every reason at once, so that a form can say them while a person types.
//!
//! A long password that is easy to remember is better than a short one that is not: nothing asks for capital letters or
//! signs. What is taken off are the parts that are tried first (words of a short list, runs, walks over the keyboard,
//! repetitions); what is left must be six characters. The person's own data may not stand in a password at all.
//!
//! Sources: the rules are those of NIST SP 800-63B section 5.1.1.2 (eight characters, no composition rules, a list of common
//! values); the list is short and customary, it holds the values that the published examples of zxcvbn rate lowest and the
//! Chinese habits beside them. Breach lists belong to the service.

mod guess;

use guess::guessable;
use kabao_base::{Code, Password, Pin, fold::hidden_kind};
use zeroize::Zeroizing;

/// The fewest characters.
pub const SHORTEST: usize = 8;
/// The most characters: what one sealed box holds.
pub const LONGEST: usize = 63;
/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum PasswordRefusal {
    /// Nothing is judged that is longer than 63 characters.
    #[error("the password is longer than 63 characters")]
    TooLong,
    /// A zero-width, bidirectional or control character.
    #[error("the password holds a character that cannot be seen")]
    Hidden,
    /// Something other than the printable characters of ASCII: another phone may have no way to type it.
    #[error("the password holds characters that not every keyboard has")]
    Characters,
    /// Fewer than eight characters.
    #[error("the password is shorter than eight characters")]
    TooShort,
    /// Digits alone.
    #[error("the password is digits alone")]
    Digits,
    /// Six digits, as a payment PIN has, or the payment PIN itself somewhere in it.
    #[error("the password is a PIN or holds it")]
    IsPin,
    /// Little more than words that are tried first.
    #[error("the password is little more than a common word")]
    Common,
    /// Little more than a run such as 1234 or dcba.
    #[error("the password is little more than a run")]
    Sequence,
    /// Little more than a character or a group again and again.
    #[error("the password repeats itself")]
    Repeats,
    /// Little more than neighbouring keys.
    #[error("the password is little more than a walk over the keyboard")]
    Keyboard,
    /// Six digits that stand in the phone number.
    #[error("the password holds a part of the phone number")]
    Phone,
    /// The birth date in one of its spellings.
    #[error("the password holds the birth date")]
    BirthDate,
    /// The name, as it is written in letters.
    #[error("the password holds the name")]
    Name,
    /// The last six characters of the identity number.
    #[error("the password holds the tail of the identity number")]
    IdTail,
}

impl PasswordRefusal {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::password::PasswordRefusal;
    /// assert_eq!(PasswordRefusal::TooShort.code(), kabao_base::Code::PasswordTooShort);
    /// ```
    pub fn code(self) -> Code {
        match self {
            PasswordRefusal::TooLong => Code::InputTooLong,
            PasswordRefusal::Hidden => Code::HiddenCharacter,
            PasswordRefusal::Characters => Code::PasswordCharacters,
            PasswordRefusal::TooShort => Code::PasswordTooShort,
            PasswordRefusal::Digits => Code::PasswordDigits,
            PasswordRefusal::IsPin => Code::PasswordIsPin,
            PasswordRefusal::Common => Code::PasswordCommon,
            PasswordRefusal::Sequence => Code::PasswordSequence,
            PasswordRefusal::Repeats => Code::PasswordRepeats,
            PasswordRefusal::Keyboard => Code::PasswordKeyboard,
            PasswordRefusal::Phone => Code::PasswordPhone,
            PasswordRefusal::BirthDate => Code::PasswordBirthDate,
            PasswordRefusal::Name => Code::PasswordName,
            PasswordRefusal::IdTail => Code::PasswordIdTail,
        }
    }
}

/// What of a person may not stand in the password. What is not at hand is left out; nothing of it is kept.
#[derive(Clone, Copy, Default)]
pub struct Personal<'a> {
    /// The telephone number, with or without its country code.
    pub phone: Option<&'a str>,
    /// The birth date as `19900307`; other signs than digits are passed over.
    pub birth_date: Option<&'a str>,
    /// The name in letters, words apart: `zhang san`.
    pub name: Option<&'a str>,
    /// The identity number, or its tail.
    pub id_tail: Option<&'a str>,
    /// The payment PIN, where it is at hand.
    pub pin: Option<&'a Pin>,
}

/// Every reason why a password is refused, in a fixed order; none when it may be chosen.
///
/// # Examples
/// ```
/// use kabao_base::Password;
/// use kabao_codes::password::{PasswordRefusal, Personal, judge};
/// let judged = |text: &str| judge(&Password::new(text.to_owned()), Personal { name: Some("zhang san"), ..Personal::default() });
/// assert_eq!(judged("four-tin-lamps"), []);
/// assert_eq!(judged("abc12345"), [PasswordRefusal::Common, PasswordRefusal::Sequence]);
/// assert_eq!(judged("ZhangSan1990!x"), [PasswordRefusal::Name]);
/// ```
pub fn judge(password: &Password, about: Personal) -> Vec<PasswordRefusal> {
    let text = password.expose("it is judged");
    if let Some(shape) = shape(text) {
        return vec![shape];
    }
    let mut found = Vec::new();
    if text.len() < SHORTEST {
        found.push(PasswordRefusal::TooShort);
    }
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits_only {
        found.push(PasswordRefusal::Digits);
    }
    let holds_pin = about.pin.is_some_and(|pin| text.contains(pin.expose("it is searched for")));
    if holds_pin || digits_only && text.len() == 6 {
        found.push(PasswordRefusal::IsPin);
    }
    found.extend(guessable(text));
    found.extend(personal(text, about));
    found.sort_unstable();
    found.dedup();
    found
}

/// What forbids to look at it any closer.
fn shape(text: &str) -> Option<PasswordRefusal> {
    // Bytes bound characters, so that a megabyte is not walked through.
    if text.len() > LONGEST * 4 || text.chars().count() > LONGEST {
        return Some(PasswordRefusal::TooLong);
    }
    if text.chars().any(|character| character.is_control() || hidden_kind(character).is_some()) {
        return Some(PasswordRefusal::Hidden);
    }
    text.bytes().any(|byte| !matches!(byte, b' '..=b'~')).then_some(PasswordRefusal::Characters)
}

fn digits(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.chars().filter(char::is_ascii_digit).collect())
}

/// Whether any six neighbours of `whole` stand in `text`.
fn shares_six(text: &str, whole: &str) -> bool {
    whole.as_bytes().windows(6).any(|window| text.as_bytes().windows(6).any(|piece| piece == window))
}

fn personal(text: &str, about: Personal) -> Vec<PasswordRefusal> {
    let mut found = Vec::new();
    let bare = digits(text);
    if about.phone.is_some_and(|phone| shares_six(text, &digits(phone))) {
        found.push(PasswordRefusal::Phone);
    }
    let spellings = about.birth_date.map(|date| spellings(&digits(date))).unwrap_or_default();
    if spellings.iter().any(|date| bare.contains(date.as_str())) {
        found.push(PasswordRefusal::BirthDate);
    }
    if about.name.is_some_and(|name| holds_name(text, name)) {
        found.push(PasswordRefusal::Name);
    }
    let tail = about.id_tail.map(|number| Zeroizing::new(number.to_ascii_lowercase()));
    let last_six = tail.as_ref().and_then(|tail| tail.get(tail.len().saturating_sub(6)..)).filter(|tail| tail.len() == 6);
    if last_six.is_some_and(|tail| text.to_ascii_lowercase().contains(tail)) {
        found.push(PasswordRefusal::IdTail);
    }
    found
}

fn spellings(date: &str) -> Vec<Zeroizing<String>> {
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
    if date.len() != 8 {
        return Vec::new();
    }
    let (century, year, month, day) = (part(0, 2), part(2, 4), part(4, 6), part(6, 8));
    [
        format!("{century}{year}{month}{day}"), format!("{year}{month}{day}"), format!("{day}{month}{century}{year}"),
        format!("{month}{day}{century}{year}"), format!("{day}{month}{year}"), format!("{month}{day}{year}"), format!("{century}{year}{month}"),
    ]
    .map(Zeroizing::new)
    .to_vec()
}

/// The whole name in either order, or one of its words of four letters and more. Shorter words stand in too many others.
fn holds_name(text: &str, name: &str) -> bool {
    let letters = |text: &str| Zeroizing::new(text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect::<String>());
    let words: Vec<_> = name.chars().take(200).collect::<String>().split_whitespace().map(letters).filter(|word| !word.is_empty()).collect();
    let joined = |words: &mut dyn Iterator<Item = &Zeroizing<String>>| Zeroizing::new(words.map(|word| word.as_str()).collect::<String>());
    let text = letters(text);
    let whole = [joined(&mut words.iter()), joined(&mut words.iter().rev())];
    let long = words.iter().filter(|word| word.len() >= 4);
    long.chain(whole.iter().filter(|whole| whole.len() >= 4)).any(|part| text.contains(part.as_str()))
}

#[cfg(test)]
mod tests {
    use super::PasswordRefusal as Why;
    use super::*;
    use proptest::prelude::*;

    fn judged(text: &str) -> Vec<Why> {
        let pin = Pin::read("480273".to_owned()).unwrap();
        let about = Personal {
            phone: Some("+8613800138246"), birth_date: Some("1990-03-07"), name: Some("Zhang Xiaoman"), id_tail: Some("11010119900307867X"), pin: Some(&pin),
        };
        judge(&Password::new(text.to_owned()), about)
    }

    #[test]
    fn every_reason_is_said() {
        let cases: &[(&str, &[Why])] = &[
            ("", &[Why::TooShort]),
            ("lamp", &[Why::TooShort]),
            ("480273", &[Why::TooShort, Why::Digits, Why::IsPin]),
            ("591386", &[Why::TooShort, Why::Digits, Why::IsPin]),
            ("tin480273lamps", &[Why::IsPin]),
            ("password", &[Why::Common]),
            ("P@ssw0rd1", &[Why::Common]),
            ("woaini1314", &[Why::Common]),
            ("abcdefgh", &[Why::Common, Why::Sequence]),
            ("98765432", &[Why::Digits, Why::Sequence]),
            ("aaaaaaaaaa", &[Why::Repeats]),
            ("tintintin", &[Why::Repeats]),
            ("qwertyui1", &[Why::Keyboard]),
            ("1qaz2wsx", &[Why::Keyboard]),
            ("147258369", &[Why::Digits, Why::Keyboard]),
            ("tin138246lamps", &[Why::Phone]),
            ("tin19900307lamps", &[Why::BirthDate]),
            ("lamp-07.03.1990", &[Why::BirthDate]),
            ("xiaoman-tin-lamp", &[Why::Name]),
            ("ZHANGxiaoMAN9x", &[Why::Name]),
            ("tin-07867x-lamp", &[Why::IdTail]),
            ("tin\u{200b}lamps-x", &[Why::Hidden]),
            ("tin lamps\n", &[Why::Hidden]),
            ("ｐａｓｓｗｏｒｄ", &[Why::Characters]),
            ("锡灯四盏一二三四", &[Why::Characters]),
        ];
        for (text, why) in cases {
            assert_eq!(judged(text), *why, "{text}");
        }
        assert_eq!(judged(&"x1".repeat(40)), [Why::TooLong]);
        assert_eq!(judged(&"锡".repeat(1 << 20)), [Why::TooLong]);
    }

    #[test]
    fn what_is_long_and_nobody_elses_is_taken() {
        for text in ["four-tin-lamps", "Imaginative-Say-Shoulder-Dish-0", "correcthorsebatterystaple", "k7#mQ2vL", "siba zhan deng 1999", " leading and trailing "] {
            assert_eq!(judged(text), [], "{text}");
        }
        // A short name stands in other words; it counts as the whole only.
        let about = Personal { name: Some("li yi"), ..Personal::default() };
        assert_eq!(judge(&Password::new("quality-lamps".to_owned()), about), []);
        assert_eq!(judge(&Password::new("liyi-and-lamps".to_owned()), about), [Why::Name]);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer_and_none_is_short(text in "\\PC{0,80}", about in "\\PC{0,30}") {
            let about = Personal { phone: Some(&about), birth_date: Some(&about), name: Some(&about), id_tail: Some(&about), pin: None };
            let found = judge(&Password::new(text.clone()), about);
            if found.is_empty() {
                prop_assert!(text.len() >= SHORTEST && text.len() <= LONGEST && text.is_ascii());
            }
        }

        #[test]
        fn a_run_alone_is_never_enough(from in 0u8..18, length in 8usize..20) {
            let text: String = (0..length).map(|step| char::from(b'a' + (from + u8::try_from(step).unwrap()) % 26)).collect();
            prop_assert!(!judge(&Password::new(text), Personal::default()).is_empty());
        }
    }
}
