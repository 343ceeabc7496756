//! The parts of a password that are tried first: words of a short list, runs, repetitions, walks over the keyboard.

use super::PasswordRefusal;
use zeroize::Zeroizing;

/// What has to be left when everything that is tried first is taken off.
const LEAST_FREE: usize = 6;

/// The shortest run or walk that counts as one.
const RUN: usize = 4;

/// Words that are tried first, in small letters. Digits that stand for letters are read as letters as well.
const COMMON: &[&str] = &[
    "password", "passw0rd", "passwort", "letmein", "welcome", "iloveyou", "admin", "administrator", "login", "master", "monkey", "dragon",
    "sunshine", "princess", "football", "baseball", "shadow", "superman", "batman", "michael", "jordan", "secret", "hello", "freedom",
    "whatever", "trustno1", "starwars", "access", "pass", "test", "guest", "root", "user", "default", "changeme", "google", "apple",
    "qazwsx", "alipay", "wechat", "weixin", "zhifubao", "taobao", "tencent", "baidu", "kabao", "wallet", "qianbao", "mima", "denglu",
    "woaini", "aini", "woaiwojia", "wodemima", "mimashi", "zhongguo", "china", "beijing", "shanghai", "tiantian", "baobao", "laopo",
    "laogong", "qinaide", "haohaoxuexi", "caonima", "nihao", "5201314", "1314520", "1314", "520", "666", "888", "168", "abc", "xyz",
];

/// Keys beside one another, row by row and column by column.
const WALKS: &[&str] = &[
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol", "147258369", "741852963", "789456123", "159357", "qazwsxedcrfvtgbyhnujm",
    "!@#$%^&*()", "1q2w3e4r5t6y7u8i9o0p",
];

/// The parts that are tried first, when too little is left beside them.
pub(super) fn guessable(text: &str) -> Vec<PasswordRefusal> {
    let small = Zeroizing::new(text.to_ascii_lowercase());
    let plain = Zeroizing::new(small.chars().map(letter_of).collect::<String>());
    let (small, plain) = (small.as_bytes(), plain.as_bytes());
    let sorts: [(PasswordRefusal, Vec<bool>); 4] = [
        (PasswordRefusal::Common, covered(small, plain, COMMON)),
        (PasswordRefusal::Sequence, runs(small)),
        (PasswordRefusal::Repeats, repeats(small)),
        (PasswordRefusal::Keyboard, walks(small)),
    ];
    let free = (0..small.len()).filter(|place| !sorts.iter().any(|(_, covered)| covered.get(*place) == Some(&true))).count();
    if free >= LEAST_FREE || small.is_empty() {
        return Vec::new();
    }
    sorts.into_iter().filter(|(_, covered)| covered.contains(&true)).map(|(sort, _)| sort).collect()
}

/// A digit or sign that people put in the place of a letter.
fn letter_of(sign: char) -> char {
    match sign {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

fn mark(covered: &mut [bool], from: usize, length: usize) {
    covered.iter_mut().skip(from).take(length).for_each(|place| *place = true);
}

fn covered(small: &[u8], plain: &[u8], words: &[&str]) -> Vec<bool> {
    let mut covered = vec![false; small.len()];
    for word in words {
        for text in [small, plain] {
            for (place, window) in text.windows(word.len()).enumerate() {
                if window == word.as_bytes() {
                    mark(&mut covered, place, word.len());
                }
            }
        }
    }
    covered
}

/// Stretches of neighbours up or down: letters, digits, and nine beside zero.
fn runs(text: &[u8]) -> Vec<bool> {
    let step = |one: u8, other: u8| match (one, other) {
        (b'9', b'0') => Some(1i16),
        (b'0', b'9') => Some(-1),
        _ if one.is_ascii_alphanumeric() && other.is_ascii_alphanumeric() => {
            Some(i16::from(other) - i16::from(one)).filter(|step| step.abs() == 1)
        }
        _ => None,
    };
    stretches(text, step)
}

/// Marks each stretch of at least [`RUN`] places in which the steps are there and are alike.
fn stretches(text: &[u8], step: impl Fn(u8, u8) -> Option<i16>) -> Vec<bool> {
    let mut covered = vec![false; text.len()];
    let (mut begin, mut last) = (0usize, None);
    for (place, pair) in text.windows(2).enumerate() {
        let now = if let [one, other] = pair { step(*one, *other) } else { None };
        if now.is_none() || now != last {
            begin = place;
        }
        last = now;
        let length = place.saturating_sub(begin).saturating_add(2);
        if now.is_some() && length >= RUN {
            mark(&mut covered, begin, length);
        }
    }
    covered
}

/// One character three times or more, or the whole as a group again and again.
fn repeats(text: &[u8]) -> Vec<bool> {
    let mut covered = vec![false; text.len()];
    for (place, window) in text.windows(3).enumerate() {
        if window.iter().all(|byte| Some(byte) == window.first()) {
            mark(&mut covered, place, 3);
        }
    }
    let periodic = |period: usize| text.iter().zip(text.iter().skip(period)).all(|(one, other)| one == other);
    if text.len() > 1 && (1..=text.len() / 2).any(periodic) {
        covered.fill(true);
    }
    covered
}

/// Pieces of the walks, forwards and backwards.
fn walks(text: &[u8]) -> Vec<bool> {
    let mut covered = vec![false; text.len()];
    for walk in WALKS {
        let forwards = walk.as_bytes();
        let backwards: Vec<u8> = forwards.iter().rev().copied().collect();
        for way in [forwards, &backwards] {
            for (place, window) in text.windows(RUN).enumerate() {
                if way.windows(RUN).any(|piece| piece == window) {
                    mark(&mut covered, place, RUN);
                }
            }
        }
    }
    covered
}
