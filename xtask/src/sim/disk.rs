//! `cargo xtask sim power` and `cargo xtask sim io`: the power goes, or the disk fails, at every operation of the files.

use crate::command::{Show, command, run};
use crate::place::Place;

/// `cargo xtask sim power|io [--seed N] [--count M] [--every K] [--write] [--release]`.
///
/// `--write` puts the figure into its part of `docs/reliability.md`. The exit status is 1 when a promise was broken; the
/// line that says so names the seed that repeats it.
pub fn command_line(what: &str, words: &[&str]) -> Result<bool, String> {
    let place = Place::find()?;
    let mut args = vec!["run", "--quiet", "--package", "kabao-simulation", "--bin", "disk"];
    if words.contains(&"--release") {
        args.push("--release");
    }
    args.extend(["--", what]);
    for word in words.iter().filter(|word| **word != "--release") {
        args.push(word);
        if *word == "--write" {
            args.push("docs/reliability.md");
        }
    }
    Ok(run(&mut command("cargo", &args, &place.root), Show::Live).ok())
}
