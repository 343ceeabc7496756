//! What docs/ says about the repository is true of it: tests and files that are cited exist, row numbers are ones of the
//! feature register, no decision is left out of its list.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cells of each row of each table of a page; heads and rules are left out.
fn rows(page: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = page.lines().collect();
    let is_rule = |line: &str| line.starts_with("|---");
    let mut found = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let head = lines.get(place + 1).is_some_and(|next| is_rule(next));
        if line.starts_with('|') && !is_rule(line) && !head {
            found.push(line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
        }
    }
    found
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The tests that a source text defines, in whichever language it is.
fn tests_of(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let word = if path.extension().is_some_and(|kind| kind == "swift") { "func " } else { "fn " };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = BTreeSet::new();
    for (place, line) in lines.iter().enumerate() {
        let marked = line.contains("@Test") || lines[..place].iter().rev().take(3).any(|above| above.starts_with("#[") && above.contains("test") || above.contains("@Test"));
        if let Some((_, rest)) = line.split_once(word).filter(|_| marked) {
            found.insert(rest.split(|sign: char| !sign.is_alphanumeric() && sign != '_').next().unwrap_or_default().to_owned());
        }
    }
    found
}

/// Every Rust file below a folder that is a source.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let hidden = path.file_name().is_some_and(|name| name == "target" || name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// Whether a text can be the number of a row of the register: 1 to 185, U1 to U23, V1 to V15, F1 to F40.
fn is_row(text: &str) -> bool {
    let (digits, last) = match text.chars().next() {
        Some('U') => (&text[1..], 23),
        Some('V') => (&text[1..], 15),
        Some('F') => (&text[1..], 40),
        _ => (text, 185),
    };
    digits.parse::<u32>().is_ok_and(|number| (1..=last).contains(&number) && digits == number.to_string())
}

/// `key`, `key/rest`, `key::test`, `key/rest::test`: what is wrong with a citation.
fn wrong(citation: &str, keys: &BTreeMap<String, String>) -> Option<String> {
    let (place, test) = citation.split_once("::").map_or((citation, None), |(place, test)| (place, Some(test)));
    let (key, rest) = place.split_once('/').map_or((place, None), |(key, rest)| (key, Some(rest)));
    let Some(folder) = keys.get(key) else { return Some(format!("{citation}: {key} is no place of the page's list")) };
    let path = rest.map_or_else(|| root().join(folder), |rest| root().join(folder).join(rest));
    if !path.exists() {
        return Some(format!("{citation}: there is no {folder}/{}", rest.unwrap_or_default()));
    }
    test.filter(|test| !tests_of(&path).contains(*test)).map(|test| format!("{citation}: it has no test {test}"))
}

/// Places, rows of the register, and what is wrong with the page.
fn judge(page: &str) -> (BTreeMap<String, String>, Vec<String>, Vec<String>) {
    let (mut keys, mut seen, mut faults) = (BTreeMap::new(), Vec::new(), Vec::new());
    for cells in rows(page) {
        match cells.as_slice() {
            [key, path] => {
                keys.insert(key.trim_matches('`').to_owned(), path.trim_matches('`').to_owned());
            }
            [row, what, tested] => {
                if !is_row(row) {
                    faults.push(format!("{row:?} is no row of the register"));
                }
                if seen.contains(row) {
                    faults.push(format!("{row} stands twice"));
                }
                seen.push(row.clone());
                let (verdict, rest) = what.split_once(": ").unwrap_or((what, ""));
                if !["whole", "part"].contains(&verdict) || verdict == "part" && rest.is_empty() {
                    faults.push(format!("{row}: neither whole nor which part: {what}"));
                }
                if quoted(tested).is_empty() {
                    faults.push(format!("{row}: no test is cited"));
                }
                faults.extend(quoted(tested).into_iter().filter_map(|citation| wrong(citation, &keys)).map(|fault| format!("{row}: {fault}")));
            }
            other => faults.push(format!("a row of {} cells: {other:?}", other.len())),
        }
    }
    (keys, seen, faults)
}

#[test]
fn every_cited_test_exists() {
    let (keys, seen, faults) = judge(&read("docs/features.md"));
    assert!(keys.len() > 10 && seen.len() > 80, "the page was not read: {} places, {} rows", keys.len(), seen.len());
    assert!(faults.is_empty(), "docs/features.md: {faults:#?}");
    for (key, path) in keys {
        assert!(root().join(&path).exists(), "docs/features.md: {key} is said to be {path}");
    }
}

#[test]
fn a_wrong_citation_is_noticed() {
    let page = |row: &str, what: &str, tested: &str| {
        let text = format!("| a | b |\n|---|---|\n| `sim` | `tests/simulation/tests` |\n\n| r | w | t |\n|---|---|---|\n| {row} | {what} | {tested} |\n");
        judge(&text).2.len()
    };
    assert_eq!(page("51", "whole", "`sim/storm.rs::the_same_seed_gives_the_same_trace`"), 0);
    for (row, what, tested) in [
        ("51", "whole", "`sim/storm.rs::the_same_seed_gives_another_trace`"),
        ("51", "whole", "`sim/storm.rs::run`"),
        ("51", "whole", "`sim/calm.rs`"),
        ("51", "whole", "`simulation/storm.rs`"),
        ("51", "whole", "by hand"),
        ("51", "done", "`sim/storm.rs`"),
        ("51", "part", "`sim/storm.rs`"),
        ("186", "whole", "`sim/storm.rs`"),
        ("0", "whole", "`sim/storm.rs`"),
        ("U24", "whole", "`sim/storm.rs`"),
        ("F041", "whole", "`sim/storm.rs`"),
        ("X1", "whole", "`sim/storm.rs`"),
    ] {
        assert_eq!(page(row, what, tested), 1, "{row} {what} {tested}");
    }
}

/// The tests that docs/threats.md names stand there without their file.
#[test]
fn every_test_that_the_threats_name_exists() {
    let mut files = Vec::new();
    for folder in ["core", "bindings", "tests", "xtask"] {
        rust_files(&root().join(folder), &mut files);
    }
    let known: BTreeSet<String> = files.iter().flat_map(|path| tests_of(path)).collect();
    let page = read("docs/threats.md");
    let mut named = 0;
    for cells in rows(&page).into_iter().filter(|cells| cells.len() == 4) {
        let cited = quoted(&cells[3]);
        assert!(!cited.is_empty() || cells[3].contains("outside "), "docs/threats.md, {:?}: no test", cells[0]);
        for citation in cited {
            named += 1;
            let is_there = if citation.contains('/') || citation.contains('.') { root().join(citation).exists() } else { known.contains(citation) };
            assert!(is_there, "docs/threats.md, {:?}: there is no test {citation}", cells[0]);
        }
    }
    assert!(named > 50, "the page was not read: {named}");
}

#[test]
fn every_path_that_a_page_names_exists() {
    let mut named = 0;
    for page in ["README.md", "SECURITY.md", "CHANGELOG.md", "docs/features.md", "docs/data.md", "docs/size.md", "docs/vectors.md", "docs/threats.md"] {
        for text in quoted(&read(page)) {
            let top = text.split('/').next().unwrap_or_default();
            if !["core", "bindings", "tests", "docs", "xtask", "android", "ios"].contains(&top) || !text.contains('/') || text.contains(' ') || text.contains("::") {
                continue;
            }
            named += 1;
            let (before, names, after) = match text.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
                Some((before, (names, after))) => (before, names, after),
                None => (text, "", ""),
            };
            for name in names.split(',') {
                let path = format!("{before}{name}{after}");
                // `*.sql` names the folder that holds them.
                let path = path.split_once('*').map_or(path.as_str(), |(folder, _)| folder.rsplit_once('/').map_or("", |(folder, _)| folder));
                assert!(root().join(path).exists(), "{page} names {path}");
            }
        }
    }
    assert!(named > 20, "the pages were not read: {named}");
}

#[test]
fn the_list_of_decisions_is_complete() {
    let list = read("docs/decisions/README.md");
    let linked: BTreeSet<String> = list.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(name, _)| name.to_owned()).collect();
    let mut there = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("docs/decisions")).unwrap() {
        there.insert(entry.unwrap().file_name().to_string_lossy().into_owned());
    }
    assert!(there.remove("README.md") && there.len() > 5);
    assert_eq!(linked, there);
}
