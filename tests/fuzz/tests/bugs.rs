//! The bugs to be planted: each still applies, and none is missing without a reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use kabao_fuzz::{TARGETS, bugs, home};
use std::collections::BTreeSet;
use std::fs;

const KINDS: [&str; 5] = ["off_by_one", "depth", "char", "add", "quadratic"];

fn patches() -> BTreeSet<String> {
    let names = fs::read_dir(home().join("bugs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".patch").map(str::to_owned)).collect()
}

#[test]
fn every_bug_can_still_be_planted() {
    for name in patches() {
        let patch = fs::read_to_string(home().join("bugs").join(format!("{name}.patch"))).unwrap();
        let planted = bugs::planted(&patch, &home().join("../..")).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        assert!(planted.iter().all(|file| file.path.starts_with("core/codes/src/")), "{name}");
    }
}

/// `bugs/README.md` has a row for each target and a cell for each kind: the seconds until it was found, or why the kind has
/// no place there.
#[test]
fn every_kind_is_planted_or_has_no_place() {
    let page = fs::read_to_string(home().join("bugs/README.md")).unwrap();
    let mut patches = patches();
    for target in TARGETS {
        let row = page.lines().find_map(|line| line.strip_prefix(&format!("| `{}` | ", target.name)));
        let cells: Vec<&str> = row.unwrap_or_else(|| panic!("no row for {}", target.name)).trim_end_matches(" |").split(" | ").collect();
        assert_eq!(cells.len(), KINDS.len(), "{}", target.name);
        for (kind, cell) in KINDS.into_iter().zip(cells) {
            let planted = patches.remove(&format!("{}-{kind}", target.name));
            let seconds = cell.strip_suffix(" s").is_some_and(|seconds| seconds.parse::<f64>().is_ok_and(|seconds| seconds < 600.0));
            let reason = cell.starts_with('[') && page.contains(&format!("\n{cell} "));
            assert!(if planted { seconds } else { reason }, "{} {kind}: {cell}", target.name);
        }
    }
    assert!(patches.is_empty(), "of no target: {patches:?}");
}
