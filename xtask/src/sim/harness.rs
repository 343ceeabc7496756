//! The programs of `tests/simulation`: how each is built and called.

use super::pay::scratch;
use crate::command::{Show, command, run};
use crate::place::Place;
use std::process::Command;

/// `cargo xtask sim power|io [--seed N] [--count M] [--every K]`, `cargo xtask sim kill [--seed N] [--count M] [--every K]`,
/// `cargo xtask sim service [--seed N] [--count M]`, `cargo xtask sim rollback [--seed N] [--count M] [--every K] [--only WORDS]`;
/// each with `[--write] [--release]`.
///
/// `--every K` of `kill` adds a kill at every K-th call that writes. `--write` puts the figure into its part of
/// `docs/reliability.md`. The exit status is 1 when a promise was broken; the line that says so names the seed that repeats it.
pub fn command_line(what: &str, words: &[&str]) -> Result<bool, String> {
    let (program, part) = match what {
        "rollback" => ("rollback", None),
        "power" | "io" => ("disk", Some(what)),
        _ => ("kills", Some(what)),
    };
    Ok(run(&mut line(&Place::find()?, program, part, words), Show::Live).ok())
}

/// The line that runs a program of `tests/simulation`, or a part of it. `--release` builds it for speed, with the overflow checks of the
/// release; `--write` gets the page.
pub fn line(place: &Place, program: &str, part: Option<&str>, words: &[&str]) -> Command {
    let mut args = vec!["run", "--quiet", "--package", "kabao-simulation", "--bin", program];
    if words.contains(&"--release") {
        args.extend(["--profile", "bench"]);
    }
    args.push("--");
    args.extend(part);
    for word in words.iter().filter(|word| **word != "--release") {
        args.push(word);
        if *word == "--write" {
            args.push("docs/reliability.md");
        }
    }
    let mut line = command("cargo", &args, &place.root);
    line.env("CARGO_TARGET_DIR", &place.target).env("TMPDIR", scratch());
    line
}
