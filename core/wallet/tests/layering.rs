//! Arrows point down: host, service, tables ← shared, intents ← features ← wallet; no feature names another feature; SQL
//! stands in `tables` only; sentences stand in `words` only; clocks and threads in `host` only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which modules of the crate a module may name. `error` and `words` are for everyone.
const MAY: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("words", &[]),
    ("host", &[]),
    ("tables", &["host"]),
    // The client is a part of what is shared: both hold the one core of a wallet.
    ("service", &["host", "tables", "shared"]),
    ("shared", &["host", "tables", "service", "intents", "pay"]),
    ("intents", &["host", "tables", "service", "shared"]),
    ("account", &["host", "tables", "service", "shared", "intents"]),
    ("identity", &["host", "tables", "service", "shared", "intents"]),
    ("cards", &["host", "tables", "service", "shared", "intents"]),
    ("limits", &["host", "tables", "service", "shared", "intents"]),
    ("operator", &["host", "tables", "service", "shared", "intents"]),
    ("pay", &["host", "tables", "service", "shared", "intents"]),
    ("history", &["host", "tables", "service", "shared", "intents"]),
    ("data", &["host", "tables", "service", "shared", "intents"]),
    ("figures", &["shared", "tables", "wallet"]),
    ("wallet", &["host", "tables", "shared", "intents", "account", "identity", "cards", "pay", "history", "data", "operator", "limits"]),
];

/// The Rust files below a folder; what is hidden or was built is left out.
fn below(folder: &Path) -> BTreeMap<PathBuf, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.insert(path.clone(), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, &mut found);
    found
}

/// The sources of this crate.
fn sources() -> BTreeMap<PathBuf, String> {
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The module of a file: its first folder, or its own name.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Every module that a file names by `crate::x`.
fn named(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    code.split("crate::").skip(1).map(|rest| rest.chars().take_while(|sign| sign.is_ascii_lowercase() || *sign == '_').collect()).collect()
}

#[test]
fn arrows_point_down_and_features_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let from = module(&path);
        if from == "lib" {
            continue;
        }
        let (_, may) = MAY.iter().find(|(name, _)| *name == from).unwrap_or_else(|| panic!("{from} has no place in the order"));
        for to in named(&text) {
            let known = MAY.iter().any(|(name, _)| *name == to);
            if known && to != from && !["error", "words"].contains(&to.as_str()) && !may.contains(&to.as_str()) {
                wrong.push(format!("{} names {to}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn shared_names_what_it_holds_and_no_more() {
    // The core of a wallet holds the engine's and the quotes' memory; it calls neither.
    for (path, text) in sources().into_iter().filter(|(path, _)| module(path) == "shared") {
        for name in ["crate::intents::", "crate::pay::"] {
            for rest in text.split(name).skip(1) {
                assert!(rest.starts_with("Engine") || rest.starts_with("Quotes"), "{} calls {name}", path.display());
            }
        }
    }
}

#[test]
fn sql_stands_in_tables() {
    for (path, text) in sources().into_iter().filter(|(path, _)| module(path) != "tables") {
        for word in ["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM"] {
            assert!(!text.contains(&format!("\"{word}")), "{} holds SQL", path.display());
        }
    }
}

#[test]
fn sentences_stand_in_words() {
    let hanzi = |text: &str| text.chars().any(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign));
    for (path, text) in sources().into_iter().filter(|(path, _)| module(path) != "words") {
        let code = text.split("#[cfg(test)]").next().unwrap();
        let sentence = code.lines().find(|line| !line.trim_start().starts_with("//") && hanzi(line));
        assert!(sentence.is_none(), "{}: {sentence:?}", path.display());
    }
}

#[test]
fn files_of_every_crate_stay_short() {
    let all = below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    assert!(all.len() > 300, "the repository was not read: {} files", all.len());
    let long: Vec<_> = all.iter().filter(|(_, text)| text.lines().count() > 400).map(|(path, _)| path.display()).collect();
    assert!(long.is_empty(), "more than 400 lines: {long:?}");
}
