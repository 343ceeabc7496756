//! Payer codes: tokens that a phone shows, and charges that an acquirer makes with them. The format is
//! computed here on the service's own account (design section 6); the wallet's code is not used.

pub mod asks;
pub mod charge;
pub mod give_back;
pub mod tokens;
pub mod wallet;

use crate::config::{CODE_LENGTH, CODE_PREFIX};
use kabao_base::Timestamp;
use ring::hmac;

/// Length of a token's id, digits.
pub const TOKEN_DIGITS: usize = 11;
const TAG_DIGITS: usize = 10;
const STEP_SECONDS: i64 = 30;
/// How far the step of a phone with a trusted clock may be off.
const NEAR: i64 = 1;
/// How far the step of a phone without one may be off.
const FAR: i64 = 10;

/// A payer code taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The token.
    pub token_id: String,
    step_digit: u8,
    tag: String,
}

/// Takes a code apart; `None` for anything that is not one of ours.
pub fn parse(code: &str) -> Option<Parsed> {
    let rest = code.strip_prefix(CODE_PREFIX).filter(|_| code.len() == CODE_LENGTH)?;
    if !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (token_id, tail) = rest.split_at_checked(TOKEN_DIGITS)?;
    let (step, tag) = tail.split_at_checked(1)?;
    let step_digit = step.bytes().next()?.wrapping_sub(b'0');
    (tag.len() == TAG_DIGITS).then(|| Parsed { token_id: token_id.to_owned(), step_digit, tag: tag.to_owned() })
}

/// The step of a moment.
pub const fn step_at(now: Timestamp) -> i64 {
    now.as_seconds().div_euclid(STEP_SECONDS)
}

/// The tag of a token at a step: 10 digits.
pub fn derive_tag(key: &[u8], token_id: &str, step: i64) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in [&b"kabao-code-1"[..], CODE_PREFIX.as_bytes(), token_id.as_bytes(), &step.to_be_bytes()] {
        context.update(part);
    }
    let mut head = [0u8; 8];
    for (slot, byte) in head.iter_mut().zip(context.sign().as_ref()) {
        *slot = *byte;
    }
    format!("{:010}", u64::from_be_bytes(head) % 10_000_000_000)
}

/// How far the code's step is from now, when its tag is one of the wide window; the nearest one counts.
pub fn check(parsed: &Parsed, key: &[u8], now: Timestamp) -> Option<i64> {
    let step = step_at(now);
    let mut offsets: Vec<i64> = (-FAR..=FAR).collect();
    offsets.sort_by_key(|offset| offset.abs());
    offsets.into_iter().find(|offset| {
        let candidate = step.saturating_add(*offset);
        candidate.rem_euclid(10) == i64::from(parsed.step_digit) && derive_tag(key, &parsed.token_id, candidate) == parsed.tag
    })
}

/// Whether a step so far off is within the window of a trusted clock.
pub const fn is_near(offset: i64) -> bool {
    offset.abs() <= NEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(key: &[u8], step: i64) -> String {
        format!("97{}{}{}", "00123456789", step.rem_euclid(10), derive_tag(key, "00123456789", step))
    }

    #[test]
    fn the_windows_are_those_of_the_design() {
        let (key, now) = ([7u8; 32], Timestamp::from_ms(1_795_276_800_000));
        let step = step_at(now);
        for offset in -12..=12 {
            let parsed = parse(&code(&key, step + offset)).unwrap();
            let found = check(&parsed, &key, now);
            assert_eq!(found, (offset.abs() <= 10).then_some(offset));
            assert_eq!(found.is_some_and(is_near), offset.abs() <= 1);
            assert_eq!(check(&parsed, &[8; 32], now), None, "another key");
        }
    }

    #[test]
    fn other_shapes_are_nobodys_codes() {
        let good = code(&[7; 32], 5);
        assert!(parse(&good).is_some());
        for bad in ["", "97", &good[1..], &format!("{good}1"), &good.replace("97", "28"), &good.replacen('0', "０", 1), &good.replacen('0', "x", 1)] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
