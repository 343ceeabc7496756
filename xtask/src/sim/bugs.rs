//! `cargo xtask sim bugs`: plants each bug of `tests/simulation/bugs` in a copy of the tree and waits until the simulation has
//! found it: the shortest tests first, then the storms from seed 1 on, then all of `tests/simulation`. The tests of `tests/service`
//! come before the storms where the service was changed; where the core was, the unit tests of the changed parts come behind the storms.

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
/// What no storm sees, as no power goes in one.
const SYNC: &str = "power::a_ledger_that_is_synced";
/// Stories that few storms come to (a bank's no, a transfer called back, a start after a crash, a history told otherwise): they come before the storms.
const EARLY: &[&str] = &["withdrawals::", "called_back::", "transfers::", "interrupted::", "truth::", "repeats::", "engine::", "tales::", "dropped::"];
/// The two modules that take half of the time: they come last.
const LONG: &[&str] = &["power::", "sign_in::"];
/// Where the service stands.
const SERVICE: &str = "tests/service/";
/// Says whether every patch applies: a tree that has one already gives that away, not the bug.
const PAGE: &str = "bugs::";
/// Tests of a package, whose names hold one of these words, or all but some.
type Tests = (&'static str, Vec<&'static str>);
/// The parts of the core: where each stands, and its package. Their own tests take seconds.
const CORE: &[(&str, &str)] = &[
    ("core/base/", "kabao-base"),
    ("core/codes/", "kabao-codes"),
    ("core/money/", "kabao-money"),
    ("core/proof/", "kabao-proof"),
    ("core/vault/src/", "kabao-vault"),
    ("core/vault/sys/", "kabao-vault-sys"),
    ("core/wallet/", "kabao-core"),
];
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
        let found = copy.search(&text, seconds)?;
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
    /// The shortest tests, then storms for a third of the time that is left, then the unit tests of the changed parts and all of the simulation.
    fn search(&self, patch: &str, seconds: u64) -> Result<Option<Found>, String> {
        let in_the_service = patch.contains(&format!("+++ b/{SERVICE}"));
        self.build(&["build", "--package", "kabao-simulation", "--bin", "storms"])?;
        self.build(&["test", "--package", "kabao-simulation", "--no-run", "--test", "all"])?;
        self.build(&["test", "--package", "kabao-service", "--no-run", "--test", "all"])?;
        let mut gone = Duration::ZERO;
        if let Some(found) = self.tests(&first(in_the_service), seconds, &mut gone) {
            return Ok(Some(found));
        }
        let third = (seconds.saturating_sub(gone.as_secs()) / 3).max(1);
        let mut line = Command::new(self.work.join("debug/storms"));
        line.args(["pay", "--seed", "1", "--count", "1000000000", "--seconds", &third.to_string()]).current_dir(&self.tree).env("TMPDIR", scratch());
        let begin = Instant::now();
        // A storm that hangs is a find as well.
        let outcome = run(&mut bounded(u32::try_from(third).unwrap_or(u32::MAX).saturating_add(HANGS), &line), Show::Kept);
        gone += begin.elapsed();
        if !outcome.ok() {
            return Ok(Some(Found { by: broken(&outcome.text), seconds: gone.as_secs_f64() }));
        }
        for package in changed(patch) {
            self.build(&["test", "--package", package, "--lib", "--no-run"])?;
            if let Some(found) = self.test(&["test", "--package", package, "--lib"], seconds, &mut gone) {
                return Ok(Some(found));
            }
        }
        Ok(self.tests(&last(in_the_service), seconds, &mut gone))
    }

    /// Tests until `seconds` are over; `gone` is the time of running so far.
    fn tests(&self, all: &[Tests], seconds: u64, gone: &mut Duration) -> Option<Found> {
        all.iter().find_map(|(package, words)| {
            self.test(&[&["test", "--package", package, "--test", "all", "--", "--skip", PAGE], words.as_slice()].concat(), seconds, gone)
        })
    }

    fn test(&self, words: &[&str], seconds: u64, gone: &mut Duration) -> Option<Found> {
        let left = u32::try_from(seconds.saturating_sub(gone.as_secs())).unwrap_or(u32::MAX).max(1);
        let mut line = self.cargo(words);
        line.env("TMPDIR", scratch());
        let begin = Instant::now();
        let outcome = run(&mut bounded(left, &line), Show::Kept);
        *gone += begin.elapsed();
        failed(&outcome.text).map(|by| Found { by, seconds: gone.as_secs_f64() })
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

/// What comes before the storms.
fn first(in_the_service: bool) -> Vec<Tests> {
    let mut first = vec![("kabao-simulation", vec![SYNC]), ("kabao-simulation", EARLY.to_vec())];
    first.extend(in_the_service.then(|| ("kabao-service", Vec::new())));
    first
}

/// What comes after them: all the rest.
fn last(in_the_service: bool) -> Vec<Tests> {
    let others = EARLY.iter().chain(LONG).flat_map(|module| ["--skip", *module]).collect();
    let mut last = vec![("kabao-simulation", others)];
    last.extend((!in_the_service).then(|| ("kabao-service", Vec::new())));
    last.extend(LONG.iter().map(|module| ("kabao-simulation", vec![*module])));
    last
}

/// The packages of the core that a patch changes.
fn changed(patch: &str) -> impl Iterator<Item = &'static str> {
    CORE.iter().filter(|(folder, _)| patch.contains(&format!("+++ b/{folder}"))).map(|(_, package)| *package)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_core_is_tested_by_its_package() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (folder, package) in CORE {
            let place = root.join(folder.strip_suffix("src/").unwrap_or(folder));
            let told = std::fs::read_to_string(place.join("Cargo.toml")).unwrap();
            assert!(told.contains(&format!("name = \"{package}\"\n")), "{folder}");
        }
        let patch = "A fee.\n--- a/core/money/src/fee.rs\n+++ b/core/money/src/fee.rs\n@@ -1 +1 @@\n-a\n+b\n";
        assert_eq!(changed(patch).collect::<Vec<_>>(), ["kabao-money"]);
        assert_eq!(changed("--- a/tests/service/src/x.rs\n+++ b/tests/service/src/x.rs\n").count(), 0);
        let sys = "+++ b/core/vault/sys/src/tokens.rs\n+++ b/core/wallet/src/x.rs\n";
        assert_eq!(changed(sys).collect::<Vec<_>>(), ["kabao-vault-sys", "kabao-core"]);
    }
}
