//! `cargo xtask sim kill`, `service` and `rollback`: the app, or the service, is a process that is killed; files and rows of before are
//! put back.

use super::pay::scratch;
use crate::command::{Show, command, run};
use crate::place::Place;

/// `cargo xtask sim kill [--seed N] [--count M] [--every K] [--write]`, `cargo xtask sim service [--seed N] [--count M] [--write]`,
/// `cargo xtask sim rollback [--seed N] [--count M] [--every K] [--only WORDS] [--write]`.
///
/// `--every K` of `kill` adds a kill at every K-th call that writes. `--write` puts the figure into its part of
/// `docs/reliability.md`. The exit status is 1 when a promise was broken; the line that says so names the seed.
pub fn command_line(what: &str, words: &[&str]) -> Result<bool, String> {
    let place = Place::find()?;
    let program: &[&str] = if what == "rollback" { &["rollback", "--"] } else { &["kills", "--", what] };
    let mut args = vec!["run", "--quiet", "--package", "kabao-simulation", "--bin"];
    args.extend(program);
    for word in words {
        args.push(word);
        if *word == "--write" {
            args.push("docs/reliability.md");
        }
    }
    let mut line = command("cargo", &args, &place.root);
    line.env("CARGO_TARGET_DIR", &place.target).env("TMPDIR", scratch());
    Ok(run(&mut line, Show::Live).ok())
}
