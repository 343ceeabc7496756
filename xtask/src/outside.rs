//! The checks of `tests/outside` (software that is not ours, held against the built program) and of `tests/consumers`
//! (projects that use the packages).
//!
//! Every `NN-*.py` and `NN-*.sh` is one check. Exit code 0: it held. 77: it could not run here, and its last
//! line says why. Anything else: it failed. `tests/outside/README.md` says what a check finds in its environment.

use crate::command::{Outcome, Show, bounded, command, run};
use crate::consumers;
use crate::count::{self, Count};
use crate::place::Place;
use crate::report::{Report, Verdict};
use crate::setup::Tools;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A check that takes longer than this hangs.
const SECONDS: u32 = 900;
const NOT_RUN: i32 = 77;

/// Runs every check of `tests/KIND`, each as a stage of its own, so many beside each other: most of their time they wait.
pub fn stages(kind: &str, at_once: usize, place: &Place, tools: &Tools, report: &mut Report, built: bool) {
    let checks = checks(&place.root.join("tests").join(kind));
    if checks.is_empty() {
        report.stage(kind, |_| (Verdict::NotRun(format!("tests/{kind} holds no check")), Count::default()));
    }
    let named = checks.into_iter().map(|check| (check.file_stem().unwrap_or_default().to_string_lossy().into_owned(), check));
    let wanted: Vec<(String, PathBuf)> = named.filter(|(name, _)| report.wants(&format!("{kind} {name}"))).collect();
    let lines = wanted.iter().map(|(name, check)| match built {
        true => line(place, tools, check, name),
        false => Err("the build failed".to_owned()),
    });
    let ends = begin(lines.collect(), at_once);
    for ((name, _), end) in wanted.iter().zip(ends) {
        report.stage(&format!("{kind} {name}"), |notes| {
            let (outcome, wall) = match end.recv() {
                Ok(Ok(ended)) => ended,
                Ok(Err(reason)) => return (Verdict::NotRun(reason), Count::default()),
                Err(_) => return (Verdict::Failed, Count::default()),
            };
            notes.took(wall);
            notes.said(&outcome.text);
            let parts = outcome.text.lines().filter_map(|line| line.strip_prefix("not run: "));
            let parts: Vec<String> = parts.map(str::to_owned).collect();
            let (verdict, count) = judge(&outcome);
            match &verdict {
                Verdict::Ok => {
                    parts.iter().for_each(|part| notes.not_run(format!("{kind} {name}: {part}")));
                    println!("ok");
                }
                Verdict::Failed => println!("{}", outcome.text.trim_end()),
                Verdict::NotRun(_) => {}
            }
            (verdict, count)
        });
    }
}

/// What a check left behind and how long it took, or why it could not begin.
type Ended = Result<(Outcome, Duration), String>;

/// Begins them in their order, so many at a time; each tells its end.
fn begin(lines: Vec<Result<Command, String>>, at_once: usize) -> Vec<Receiver<Ended>> {
    let (work, ends): (VecDeque<_>, Vec<_>) = lines.into_iter().map(|line| {
        let (tell, end) = channel();
        ((line, tell), end)
    }).unzip();
    let work = Arc::new(Mutex::new(work));
    for _ in 0..at_once {
        let work = Arc::clone(&work);
        std::thread::spawn(move || {
            loop {
                let next = work.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some((line, tell)) = next else { return };
                let ended = line.map(|line| {
                    let begun = Instant::now();
                    (run(&mut bounded(SECONDS, &line), Show::Kept), begun.elapsed())
                });
                // Whoever asked is gone only when the run is over.
                let _ = tell.send(ended);
            }
        });
    }
    ends
}

fn judge(outcome: &Outcome) -> (Verdict, Count) {
    let counted = count::plain(&outcome.text);
    match outcome.code() {
        Some(0) => (Verdict::Ok, counted.unwrap_or(Count { passed: 1, ..Count::default() })),
        Some(NOT_RUN) => {
            let last = outcome.text.trim_end().lines().last().unwrap_or("no reason given");
            let reason = last.strip_prefix("not run: ").unwrap_or(last);
            (Verdict::NotRun(reason.to_owned()), Count::default())
        }
        _ => (Verdict::Failed, counted.unwrap_or_default()),
    }
}

/// The checks in the order of their numbers.
fn checks(folder: &Path) -> Vec<PathBuf> {
    let is_check = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kind = path.extension().is_some_and(|kind| kind == "py" || kind == "sh");
        kind && name.len() > 3 && name.is_char_boundary(2) && name[..2].chars().all(|c| c.is_ascii_digit()) && name[2..].starts_with('-')
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_check).collect();
    found.sort();
    found
}

/// The command that runs a check, with what it finds in its environment.
pub fn line(place: &Place, tools: &Tools, check: &Path, name: &str) -> Result<Command, String> {
    let python = tools.python.as_ref();
    let program = match check.extension().is_some_and(|kind| kind == "py") {
        true => python.map_err(Clone::clone)?.clone(),
        false => PathBuf::from("bash"),
    };
    let scratch = place.scratch().join("outside").join(name);
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
    let mut line = command(program, &[check], &place.root);
    line.env("KABAO", place.debug().join("kabao"))
        .env("KABAO_PICTURES", place.pictures())
        .env("KABAO_ROOT", &place.root)
        .env("KABAO_LIBRARY_DIR", place.debug())
        .env("KABAO_MAVEN", consumers::folder(place))
        .env("KABAO_CACHE", &place.cache)
        .env("TMPDIR", scratch)
        .env("PYTHONUNBUFFERED", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    if let Ok(tree) = &tools.swift {
        line.env("KABAO_SWIFT_TREE", tree);
    }
    if let Some(folder) = python.ok().and_then(|python| python.parent()) {
        let mut path = OsString::from(folder);
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        line.env("PATH", path);
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(script: &str) -> Outcome {
        run(Command::new("sh").args(["-c", script]), Show::Kept)
    }

    #[test]
    fn exit_codes_decide() {
        assert!(matches!(judge(&outcome("exit 0")), (Verdict::Ok, Count { passed: 1, failed: 0, .. })));
        assert!(matches!(judge(&outcome("echo 5 passed, 0 failed")), (Verdict::Ok, Count { passed: 5, .. })));
        assert!(matches!(judge(&outcome("echo 5 passed, 2 failed; exit 1")), (Verdict::Failed, Count { failed: 2, .. })));
        assert!(matches!(judge(&outcome("kill -9 $$")), (Verdict::Failed, _)));
        let (verdict, _) = judge(&outcome("echo a; echo 'not run: no gdb'; exit 77"));
        assert!(matches!(verdict, Verdict::NotRun(reason) if reason == "no gdb"));
    }

    #[test]
    fn only_numbered_scripts_are_checks() {
        let home = std::env::temp_dir().join(format!("xtask-checks-{}", std::process::id()));
        fs::create_dir_all(&home).unwrap();
        for name in ["02-b.sh", "01-a.py", "outside.py", "03-c.txt", "1-d.py", "README.md"] {
            fs::write(home.join(name), "").unwrap();
        }
        assert_eq!(checks(&home), [home.join("01-a.py"), home.join("02-b.sh")]);
        fs::remove_dir_all(&home).unwrap();
    }
}
