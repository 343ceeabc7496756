//! The bugs to be planted: each still applies, and the page names each with what found it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn patches() -> BTreeSet<String> {
    let names = fs::read_dir(home().join("bugs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".patch").map(str::to_owned)).collect()
}

#[test]
fn every_bug_can_still_be_planted() {
    for name in patches() {
        let patch = fs::read_to_string(home().join("bugs").join(format!("{name}.patch"))).unwrap();
        let planted = kabao_fuzz::bugs::planted(&patch, &home().join("../..")).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        let ours = |path: &str| path.starts_with("core/") || path.starts_with("tests/service/src/");
        assert!(planted.iter().all(|file| ours(&file.path)), "{name}");
    }
}

/// A row is `| name | what is wrong | seconds s | by what |`, or `not run` where no run has been measured yet.
#[test]
fn the_page_names_every_bug_and_nothing_else() {
    let page = fs::read_to_string(home().join("bugs/README.md")).unwrap();
    let mut patches = patches();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, _, seconds, by] = cells.as_slice() else { panic!("{row}") };
        assert!(patches.remove(name.trim_matches('`')), "no patch for {name}");
        let found = seconds.strip_suffix(" s").is_some_and(|seconds| seconds.parse::<f64>().is_ok_and(|seconds| seconds <= 120.0));
        assert!(*seconds == "not run" || (found && !by.is_empty()), "{row}");
    }
    assert!(patches.is_empty(), "not on the page: {patches:?}");
}
