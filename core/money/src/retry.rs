//! When to ask again: exponential with full jitter, from one second to a quarter of an hour.

/// The longest pause between two questions, in milliseconds: fifteen minutes.
pub const RETRY_CAP_MS: i64 = 900_000;

/// The shortest pause between two questions, in milliseconds.
pub const RETRY_FLOOR_MS: i64 = 200;

const FIRST_MS: i64 = 1_000;

/// The pause before the next question, in milliseconds.
///
/// `attempt` counts the questions that had no useful answer: 1 after the first (0 counts as 1).
/// `jitter` is a random number from 0 to 1000 that the caller draws (more counts as 1000); it
/// spreads the phones over the whole pause, so that they do not return together after an outage.
/// The longest pause is 1 s after the first attempt, doubles with each, and stops at
/// [`RETRY_CAP_MS`]; no pause is shorter than [`RETRY_FLOOR_MS`].
pub fn retry_delay(attempt: u32, jitter: u32) -> i64 {
    let doublings = attempt.saturating_sub(1).min(20);
    let longest = FIRST_MS.saturating_mul(2_i64.saturating_pow(doublings)).min(RETRY_CAP_MS);
    let spread = longest.saturating_sub(RETRY_FLOOR_MS);
    let share = spread.saturating_mul(i64::from(jitter.min(1000))).saturating_div(1000);
    RETRY_FLOOR_MS.saturating_add(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_a_quarter_of_an_hour() {
        let longest: Vec<i64> = (0..=12).map(|attempt| retry_delay(attempt, 1000)).collect();
        assert_eq!(
            longest,
            [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].map(|seconds| seconds * 1000)
        );
        assert_eq!(retry_delay(u32::MAX, u32::MAX), 900_000);
        assert_eq!(retry_delay(1, 0), 200);
        assert_eq!(retry_delay(1, 500), 600);
        assert_eq!(retry_delay(u32::MAX, 0), 200);
    }

    proptest::proptest! {
        #[test]
        fn stays_within_the_bounds_and_grows(attempt: u32, jitter: u32) {
            let delay = retry_delay(attempt, jitter);
            proptest::prop_assert!((RETRY_FLOOR_MS..=RETRY_CAP_MS).contains(&delay));
            proptest::prop_assert!(retry_delay(attempt.saturating_add(1), jitter) >= delay);
        }
    }
}
