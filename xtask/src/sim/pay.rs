//! `cargo xtask sim pay`: storms from seeds, and the figure that they give.

use super::harness::line;
use crate::command::{Show, command, run};
use crate::place::Place;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo xtask sim pay [--seed N] [--count M | --payments P] [--seconds N] [--steps N] [--jobs N] [--export FOLDER] [--keep FILE] [--write] [--release]`:
/// M storms from seed N on, or as many as make P payments, as many at once as there are cores. `--write` puts what came of it into its part of
/// `docs/reliability.md`; `--release` builds for speed, with the overflow checks of the release. Ends badly with the seed when a promise was
/// broken; the last line is the figure. `--keep` writes down how far a long run is; begun again with the same words it goes on from there.
pub fn command_line(words: &[&str]) -> Result<bool, String> {
    let place = Place::find()?;
    Ok(run(&mut storms(&place, words), Show::Live).ok())
}

/// The program of the storms with these words.
pub fn storms(place: &Place, words: &[&str]) -> Command {
    line(place, "storms", Some("pay"), words)
}

/// Where storms and tests keep their files: in memory where there is room enough, because what survives a loss of power is not what
/// they ask (the harness of that has a disk of its own).
pub fn scratch() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if free_kib(&memory).is_some_and(|free| free >= ROOM_KIB) { memory } else { std::env::temp_dir() }
}

/// Two gigabytes. Some containers have 64 megabytes there.
const ROOM_KIB: u64 = 2 << 20;

fn free_kib(path: &Path) -> Option<u64> {
    let outcome = run(&mut command("df", &["-Pk", &path.display().to_string()], Path::new("/")), Show::Kept);
    outcome.text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}
