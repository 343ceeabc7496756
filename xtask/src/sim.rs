//! Runs the simulation with chosen seeds. Each part has a file of its own.

use crate::command::{Show, command, run};
use crate::place::Place;

mod bugs;
mod harness;
pub mod pay;

/// `cargo xtask sim [--seed N] [--runs N]`, or with the name of a part: `power`, `io`, `pay`, `kill`, `service`, `rollback`, `bugs`.
///
/// The numbers reach the tests of `tests/simulation` as `KABAO_SIM_SEED` and `KABAO_SIM_RUNS`; without them
/// the tests use their own.
pub fn command_line(words: &[&str]) -> Result<bool, String> {
    match words {
        [what @ ("power" | "io" | "kill" | "service" | "rollback"), rest @ ..] => return harness::command_line(what, rest),
        ["bugs", rest @ ..] => return bugs::command_line(rest),
        ["pay", rest @ ..] => return pay::command_line(rest),
        _ => {}
    }
    let place = Place::find()?;
    let args = ["test", "--package", "kabao-simulation", "--", "--nocapture"];
    let mut line = command("cargo", &args, &place.root);
    for pair in words.chunks(2) {
        let name = match pair {
            ["--seed", _] => "KABAO_SIM_SEED",
            ["--runs", _] => "KABAO_SIM_RUNS",
            _ => return Err(format!("sim takes --seed N and --runs N, not {}", pair.join(" "))),
        };
        let number: u64 = pair[1].parse().map_err(|_| format!("{} is not a number", pair[1]))?;
        line.env(name, number.to_string());
    }
    Ok(run(&mut line, Show::Live).ok())
}
