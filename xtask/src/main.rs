//! `cargo xtask`: the project's commands. Plain steps, no product logic.
//!
//! - `setup` ([`setup`]) installs what `test` needs on Debian
//! - `test` ([`stages`]) runs everything and closes with `N passed, N failed`
//! - `bindings` ([`bindings`]) generates the Kotlin and Swift sources
//! - `app` ([`app`]) draws and runs the Android screens on this machine
//! - `sim` ([`sim`]) runs the simulation with chosen seeds
//! - `fuzz` ([`fuzz`]) attacks the readers of codes, and finds planted bugs
//! - `size` ([`size`]) weighs the phone library

mod app;
mod bans;
mod bindings;
mod blanks;
mod command;
mod consumers;
mod count;
mod fresh;
mod fuzz;
mod iphone;
mod licences;
mod outside;
mod package;
mod place;
mod plant;
mod report;
mod said;
mod setup;
mod sim;
mod size;
mod stages;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  setup                     install what `test` needs (Debian; root or password-less sudo); quick when it is there
  test [--quick]            every test; --quick: Rust only, nothing installed
  test --only NAME          only the stages whose name holds NAME, on what is already built
  bindings [kotlin|swift]   build the library and generate the Kotlin and Swift sources
  bindings figures          what a call costs in Kotlin and Swift, against Rust; the packages of `test --only kotlin` are used
  app [en]                  the screens in a window, with the real wallet and a reference service of their own
  app desktop-picture FILE [en]
                            the same, drawn into a file; no display is needed
  app apk                   a signed APK; it says that it lacks the native library
  app pictures [ios]        draw every Android screen, or the iPhone's: Chinese, English, dark, large letters
  sim [--seed N] [--runs N] run the simulation
  sim power|io [--seed N] [--count M] [--every K] [--write] [--release]
                            the power goes, or the disk fails, at every operation of the files; --write: into docs/reliability.md
  sim pay [--seed N] [--count M] [--seconds N] [--write] [--release]
                            M storms from seed N on; the last line is the figure
  sim kill|service [--seed N] [--count M] [--every K] [--write] [--release]
                            kill the app, or the service, in the middle of payments; the last line is the figure
  sim rollback [--seed N] [--count M] [--every K] [--only WORDS] [--write] [--release]
                            put old files and pages back, change fields of the ledger: when each is noticed
  sim bugs [NAME] [--seconds N]
                            plant each bug of tests/simulation/bugs in a copy and wait until it is found
  fuzz [TARGET] [--seconds N] [--runs N] [--still N] [--keep]
                            attack the readers; --still: until coverage has stood still so long and --runs are done;
                            --keep: keep the smallest inputs that reach everything
  fuzz --bugs [PARSER]      plant each bug of tests/fuzz/bugs in a copy and wait until it is found
  size                      the stripped phone library and what it is made of

The cache (Python packages, the Swift tree) is in $KABAO_CACHE, else in ~/.cache/kabao.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["setup"] => setup::command_line(),
        ["test"] => stages::command_line(false, None),
        ["test", "--quick"] => stages::command_line(true, None),
        ["test", "--only", name] => stages::command_line(false, Some(name)),
        ["bindings"] => bindings::command_line(true, true),
        ["bindings", "kotlin"] => bindings::command_line(true, false),
        ["bindings", "swift"] => bindings::command_line(false, true),
        ["bindings", "figures"] => consumers::figures(),
        ["app", rest @ ..] => app::command_line(rest),
        ["sim", rest @ ..] => sim::command_line(rest),
        ["fuzz", rest @ ..] => fuzz::command_line(rest),
        ["size"] => size::command_line(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(true)
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
