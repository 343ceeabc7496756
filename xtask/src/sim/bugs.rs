//! `cargo xtask sim bugs`: plants each bug of `tests/simulation/bugs` in a copy of the tree and waits until the simulation has
//! found it: the shortest tests first, then the storms from seed 1 on, then all of `tests/simulation`. The tests of `tests/service`
//! come before the storms where the service was changed, and after them where the core was.

use crate::command::{Show, bounded, command, run};
use crate::place::Place;
use crate::plant::{build_planter, ended_well, patches, plant, stem};
use super::pay::scratch;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a planted bug may stay hidden, in seconds of running.
const HIDDEN: u64 = 120;
/// How long a storm may still rage after its time, in seconds: on a busy computer the last one has to come to its end.
const HANGS: u32 = 240;
/// What comes before the storms: what no storm sees, as no power goes in one, and what few storms come to (a bank's no, a transfer
/// called back), each in its shortest form.
const FIRST: &[Tests] = &[
    ("kabao-simulation", &["power::a_ledger_that_is_synced"]),
    ("kabao-simulation", &["withdrawals::", "called_back::", "transfers::"]),
];
/// Where the service stands, and its own tests.
const SERVICE: (&str, &[Tests]) = ("tests/service/", &[("kabao-service", &[])]);
/// What comes after them.
const LAST: &[Tests] = &[("kabao-simulation", &["power::"]), ("kabao-simulation", &[])];
/// Says whether every patch applies: a tree that has one already gives that away, not the bug.
const PAGE: &str = "bugs::";
/// Tests of a package, whose names hold one of these words; without words all.
type Tests = (&'static str, &'static [&'static str]);
/// What a workspace needs to be built.
const PARTS: &[&str] = &["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "clippy.toml", "uniffi.toml", "core", "bindings", "tests", "docs", "xtask"];

/// `cargo xtask sim bugs [NAME] [--seconds N]`; `NAME` may be the beginning of a name.
pub fn command_line(words: &[&str]) -> Result<bool, String> {
    let (mut name, mut seconds) = (None, HIDDEN);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--seconds" => seconds = rest.next().and_then(|text| text.parse().ok()).ok_or("--seconds needs a number")?,
            word if !word.starts_with('-') && name.is_none() => name = Some(word),
            other => return Err(format!("sim bugs does not take {other}")),
        }
    }
    let place = Place::find()?;
    let wanted = |path: &Path| name.is_none_or(|name| stem(path).starts_with(name));
    let patches = patches(&place.root.join("tests/simulation/bugs"), wanted)?;
    build_planter(&place)?;
    let copy = Copy { tree: place.target.join("sim/tree"), work: place.target.join("sim") };
    let mut table = Vec::new();
    for patch in &patches {
        plant(&place, PARTS, patch, &copy.tree)?;
        let text = std::fs::read_to_string(patch).map_err(|error| format!("{}: {error}", patch.display()))?;
        let found = copy.search(text.contains(&format!("+++ b/{}", SERVICE.0)), seconds)?;
        let line = match &found {
            Some(found) => format!("{:<32}found after {:>5.1} s by {}", stem(patch), found.seconds, found.by),
            None => format!("{:<32}NOT FOUND in {seconds} s", stem(patch)),
        };
        println!("{line}");
        table.push((found.is_some(), line));
    }
    println!();
    for (_, line) in &table {
        println!("{line}");
    }
    let hidden = table.iter().filter(|(found, _)| !found).count();
    println!("{} planted, {} found within {seconds} s, {hidden} hidden", table.len(), table.len() - hidden);
    Ok(hidden == 0)
}

/// What gave a bug away, and after how many seconds of running.
struct Found {
    by: String,
    seconds: f64,
}

/// The changed tree, and where it is built: not where ours is, whose parts have the same names.
struct Copy {
    tree: PathBuf,
    work: PathBuf,
}

impl Copy {
    /// The shortest tests, then storms for half of the time that is left, then all of the simulation.
    fn search(&self, in_the_service: bool, seconds: u64) -> Result<Option<Found>, String> {
        self.build(&["build", "--package", "kabao-simulation", "--bin", "storms"])?;
        self.build(&["test", "--package", "kabao-simulation", "--no-run", "--test", "all"])?;
        self.build(&["test", "--package", "kabao-service", "--no-run", "--test", "all"])?;
        let mut gone = Duration::ZERO;
        let first = if in_the_service { [FIRST, SERVICE.1].concat() } else { FIRST.to_vec() };
        if let Some(found) = self.tests(&first, seconds, &mut gone) {
            return Ok(Some(found));
        }
        let half = (seconds.saturating_sub(gone.as_secs()) / 2).max(1);
        let mut line = Command::new(self.work.join("debug/storms"));
        line.args(["pay", "--seed", "1", "--count", "1000000000", "--seconds", &half.to_string()]).current_dir(&self.tree).env("TMPDIR", scratch());
        let begin = Instant::now();
        // A storm that hangs is a find as well.
        let outcome = run(&mut bounded(u32::try_from(half).unwrap_or(u32::MAX).saturating_add(HANGS), &line), Show::Kept);
        gone += begin.elapsed();
        if !outcome.ok() {
            return Ok(Some(Found { by: broken(&outcome.text), seconds: gone.as_secs_f64() }));
        }
        let last = if in_the_service { LAST.to_vec() } else { [SERVICE.1, LAST].concat() };
        Ok(self.tests(&last, seconds, &mut gone))
    }

    /// Tests until `seconds` are over; `gone` is the time of running so far.
    fn tests(&self, all: &[Tests], seconds: u64, gone: &mut Duration) -> Option<Found> {
        for (package, words) in all {
            let left = u32::try_from(seconds.saturating_sub(gone.as_secs())).unwrap_or(u32::MAX).max(1);
            let mut line = self.cargo(&[&["test", "--package", package, "--test", "all", "--", "--skip", PAGE], *words].concat());
            line.env("TMPDIR", scratch());
            let begin = Instant::now();
            let outcome = run(&mut bounded(left, &line), Show::Kept);
            *gone += begin.elapsed();
            if let Some(by) = failed(&outcome.text) {
                return Some(Found { by, seconds: gone.as_secs_f64() });
            }
        }
        None
    }

    fn build(&self, what: &[&str]) -> Result<(), String> {
        // A planted bug leaves things unused; those warnings are no news.
        let outcome = run(&mut self.cargo(what), Show::Kept);
        ended_well(outcome.ok(), &format!("the build with the planted bug\n{}", outcome.text))
    }

    fn cargo(&self, what: &[&str]) -> Command {
        let mut line = command("cargo", what, &self.tree);
        line.env("CARGO_TARGET_DIR", &self.work).env("CARGO_PROFILE_DEV_DEBUG", "0");
        line
    }
}

/// The line of the storms that names the seed and the promise, else their last words.
fn broken(text: &str) -> String {
    let named = text.lines().find(|line| line.starts_with("seed "));
    named.or_else(|| text.lines().next_back()).unwrap_or("a storm without words").chars().take(200).collect()
}

/// The first test that failed; the words of the test follow on its own page.
fn failed(text: &str) -> Option<String> {
    let name = text.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    name.or_else(|| text.lines().find_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"))).map(|name| format!("test {name}"))
}
