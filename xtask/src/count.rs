//! Reads how many tests ran from the closing lines of the test programs.

/// Tests that passed, failed, and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Ended well.
    pub passed: u64,
    /// Ended badly.
    pub failed: u64,
    /// Present but not run.
    pub skipped: u64,
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
}

fn sum(counts: impl Iterator<Item = Count>) -> Count {
    let mut all = Count::default();
    counts.for_each(|count| all += count);
    all
}

/// The number right before `word`, as in `12 passed`.
fn before(line: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = line.split([' ', ',', ';', '.', '(', ')']).filter(|w| !w.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok())
}

/// The number right after `word`, as in `Failures: 2`.
fn after(line: &str, word: &str) -> Option<u64> {
    let rest = line.split_once(word)?.1.trim_start();
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

/// `cargo test`: one `test result:` line for each test program, added up.
pub fn cargo(text: &str) -> Count {
    sum(text.lines().filter(|line| line.starts_with("test result: ")).map(|line| Count {
        passed: before(line, "passed").unwrap_or(0),
        failed: before(line, "failed").unwrap_or(0),
        skipped: before(line, "ignored").unwrap_or(0),
    }))
}

/// `storms`: its figure, a storm without a broken promise counted as one test.
pub fn storms(text: &str) -> Count {
    let figure = text.lines().rfind(|line| line.starts_with("0 violations in "));
    Count { passed: figure.and_then(|line| before(line, "storms")).unwrap_or(0), ..Count::default() }
}

/// Maven Surefire: the line without a time is the sum of its module; the others are single classes.
pub fn surefire(text: &str) -> Count {
    let closing = |line: &&str| line.contains("Tests run: ") && !line.contains("Time elapsed");
    sum(text.lines().filter(closing).map(|line| {
        let failed = after(line, "Failures:").unwrap_or(0).saturating_add(after(line, "Errors:").unwrap_or(0));
        let skipped = after(line, "Skipped:").unwrap_or(0);
        let ran = after(line, "Tests run:").unwrap_or(0);
        Count { passed: ran.saturating_sub(failed).saturating_sub(skipped), failed, skipped }
    }))
}

/// `swift test`: the last line of XCTest (its sum) and every closing line of Swift Testing.
///
/// XCTest prints `Executed 0 tests` also where there is none. Swift Testing's closing line counts all tests
/// and the problems, not the failed tests, so those are counted one by one.
pub fn swift(text: &str) -> Count {
    let executed = text.lines().rfind(|line| line.contains("Executed ") && line.contains(" test"));
    let mut all = executed.map_or(Count::default(), |line| {
        let ran = after(line, "Executed").unwrap_or(0);
        let failed = before(line, "failures").or_else(|| before(line, "failure")).unwrap_or(0);
        let skipped = before(line, "skipped").or_else(|| after(line, "with")).filter(|_| line.contains("skipped"));
        let skipped = skipped.unwrap_or(0);
        Count { passed: ran.saturating_sub(failed).saturating_sub(skipped), failed, skipped }
    });
    let ran: u64 = text.lines().filter_map(|line| after(line, "Test run with")).sum();
    let single = |line: &&str| line.starts_with("✘ Test ") && line.contains(" failed after ");
    let failed = text.lines().filter(single).filter(|line| !line.contains("Test run with")).count();
    let failed = u64::try_from(failed).unwrap_or(u64::MAX);
    let skipped = text.lines().filter(|line| line.starts_with("➜ Test ") && line.contains(" skipped")).count();
    let skipped = u64::try_from(skipped).unwrap_or(u64::MAX);
    all += Count { passed: ran.saturating_sub(failed).saturating_sub(skipped), failed, skipped };
    all
}

/// A check that counts for itself closes with `N passed, N failed`.
pub fn plain(text: &str) -> Option<Count> {
    let line = text.lines().rfind(|line| line.contains(" passed, ") && line.contains(" failed"))?;
    Some(Count { passed: before(line, "passed")?, failed: before(line, "failed")?, skipped: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64, skipped: u64) -> Count {
        Count { passed, failed, skipped }
    }

    #[test]
    fn cargo_adds_every_program() {
        let text = "running 2 tests\ntest result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.02s\n\
                    test a ... FAILED\ntest result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(cargo(text), count(13, 2, 3));
        assert_eq!(cargo("error: could not compile"), count(0, 0, 0));
    }

    #[test]
    fn storms_count_only_with_their_figure() {
        let figure = "0 violations in 11551 payments of 100 storms from seed 100, < 3/11551 a payment";
        assert_eq!(storms(&format!("sending succeeded none 7\n{figure}\n")), count(100, 0, 0));
        assert_eq!(storms("seed 7: I1: lost\n358 payments in 7 storms before it\n"), count(0, 0, 0));
    }

    #[test]
    fn surefire_takes_the_sums_not_the_classes() {
        let text = "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in app.kabao.A\n\
                    [ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.1 s <<< FAILURE! -- in app.kabao.B\n\
                    [INFO] Results:\n[ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 1\n\
                    [WARNING] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0\n";
        assert_eq!(surefire(text), count(6, 2, 1));
    }

    #[test]
    fn swift_counts_both_frameworks() {
        let text = "Test Suite 'A' passed\n\t Executed 1 test, with 0 failures (0 unexpected) in 0.0 (0.0) seconds\n\
                    Test Suite 'All tests' failed\n\t Executed 4 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.0 (0.0) seconds\n\
                    ◇ Test run started.\n✔ Test a() passed after 0.001 seconds.\n✘ Test b() failed after 0.001 seconds with 2 issues.\n\
                    ➜ Test c() skipped.\n✘ Test run with 3 tests failed after 0.001 seconds with 2 issues.\n";
        assert_eq!(swift(text), count(3, 2, 2));
    }

    #[test]
    fn swift_without_xctest() {
        let text = "Test Suite 'All tests' passed\n\t Executed 0 tests, with 0 failures (0 unexpected) in 0.0 (0.0) seconds\n\
                    ✔ Test run with 2 tests in 1 suite passed after 0.5 seconds.\n";
        assert_eq!(swift(text), count(2, 0, 0));
        assert_eq!(swift("✔ Test run with 1 test passed after 0.5 seconds."), count(1, 0, 0));
    }

    #[test]
    fn plain_takes_the_last_line() {
        assert_eq!(plain("1 passed, 0 failed\n12 passed, 3 failed\n"), Some(count(12, 3, 0)));
        assert_eq!(plain("ok"), None);
    }
}
