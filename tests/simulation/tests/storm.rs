//! Storms from seeds. `KABAO_SIM_SEED` and `KABAO_SIM_RUNS` choose others; `cargo xtask sim` sets them.

use crate::common::channels;
use kabao_simulation::in_one_thread;
use kabao_simulation::run::{Folder, Report, storm};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

fn run(seed: u64, steps: u32) -> Report {
    let folder = Folder::new(&format!("storm-{seed}-{steps}")).unwrap();
    in_one_thread(storm(seed, steps, folder.path(), channels(), None)).unwrap().unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

#[test]
fn the_promises_hold_in_every_storm() {
    let first = number("KABAO_SIM_SEED", 1);
    let (mut confirmed, mut charged, mut unknown) = (0, 0, 0);
    for seed in first..first + number("KABAO_SIM_RUNS", 2) {
        let report = run(seed, 60);
        assert!(report.broken.is_empty(), "seed {seed}: {:#?}", report.broken);
        confirmed += report.tally.confirmed;
        charged += report.tally.charged;
        unknown += report.tally.unknown;
    }
    println!("confirmed {confirmed}, charged {charged}, unknown on the way {unknown}");
    assert!(confirmed > 0 && charged > 0 && unknown > 0, "the storms were no storms: {confirmed} {charged} {unknown}");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let (once, again, other) = (run(77, 40), run(77, 40), run(78, 40));
    assert_eq!(once, again);
    assert_ne!(once.trace, other.trace);
}
