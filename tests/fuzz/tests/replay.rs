//! The kept inputs, replayed: what was found once stays found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use kabao_fuzz::{TARGETS, home, run, seeds};
use std::fs;

fn kept(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = home().join("corpus").join(name);
    let mut inputs: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn kept_inputs_hold() {
    for target in TARGETS {
        let inputs = kept(target.name);
        assert!(inputs.len() >= 3, "{} keeps {} inputs", target.name, inputs.len());
        for (path, input) in inputs {
            println!("{path}");
            run(target, &input);
        }
    }
}

/// Each published case as it is, cut at each byte, doubled, and with each byte turned over.
#[test]
fn published_cases_hold_cut_and_changed() {
    for target in TARGETS {
        let cases = seeds(target);
        assert!(!cases.is_empty(), "{} has no published case", target.name);
        for (number, case) in cases.iter().enumerate() {
            (target.check)(case);
            (target.check)(&[case.as_slice(), case].concat());
            // All cuts of a few cases, every seventh of the others: together every place is tried.
            for at in (0..case.len()).filter(|at| (at + number) % 7 == 0 || number % 11 == 0) {
                (target.check)(&case[..at]);
                let mut changed = case.clone();
                changed[at] ^= 1 << (at % 8);
                (target.check)(&changed);
            }
        }
    }
}

#[test]
fn the_corpus_is_small() {
    let folders: Vec<String> = fs::read_dir(home().join("corpus")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for folder in &folders {
        assert!(TARGETS.iter().any(|target| target.name == folder), "corpus/{folder} belongs to no target");
    }
    let sizes: Vec<usize> = TARGETS.iter().map(|target| kept(target.name).iter().map(|(_, input)| input.len()).sum()).collect();
    assert!(sizes.iter().sum::<usize>() < 300_000, "{sizes:?}");
    assert!(TARGETS.iter().all(|target| kept(target.name).len() < 200));
}
