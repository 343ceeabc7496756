//! What a stage that failed said of it, out of thousands of lines: the summary repeats it, because a log is often seen from its end.

/// Lines of one failure, and of one stage.
const EACH: usize = 8;
const ALL: usize = 40;

/// The lines that name what failed, each failure with what stands behind it; where nothing is recognised, the last lines.
pub fn of(text: &str) -> Vec<String> {
    let mut said = Vec::new();
    let mut left = 0_usize;
    for line in text.lines().map(str::trim_end) {
        if begins(line) {
            left = EACH;
        } else if ends(line) {
            left = 0;
        }
        if left > 0 && !line.is_empty() {
            left -= 1;
            said.push(line.to_owned());
        }
    }
    if said.is_empty() {
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        said = lines[lines.len().saturating_sub(EACH)..].iter().map(|line| (*line).to_owned()).collect();
    }
    said.truncate(ALL);
    said
}

/// `cargo test`'s report of one test, a compiler's error, Surefire's, Swift's, a check's own.
fn begins(line: &str) -> bool {
    let test = line.starts_with("---- ") && line.ends_with(" ----");
    test || line.starts_with("error") || line.starts_with("[ERROR] ") || line.starts_with("✘ ") || line.starts_with("FAILED") || line.contains(": error: ")
}

fn ends(line: &str) -> bool {
    line == "failures:" || line.starts_with("test result: ") || line.starts_with("ok ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_that_failed_and_why() {
        let text = "test a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\n\nthread 'b' panicked at x.rs:1:1:\nleft 1\n\n\
                    failures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed\n     Running other\n";
        assert_eq!(of(text), ["---- b stdout ----", "thread 'b' panicked at x.rs:1:1:", "left 1"]);
    }

    #[test]
    fn many_lines_are_cut_and_unknown_ones_are_the_last() {
        assert_eq!(of("one\ntwo\n\nthree\n"), ["one", "two", "three"]);
        let long: String = (0..30).map(|n| format!("line {n}\n")).collect();
        assert_eq!(of(&long).len(), EACH);
        assert_eq!(of(&format!("error[E0001]: no\n{long}")).len(), EACH);
        let errors: String = (0..200).map(|n| format!("error {n}\n")).collect();
        assert_eq!(of(&errors).len(), ALL);
        assert!(of("").is_empty());
    }
}
