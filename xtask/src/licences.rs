//! The licences of `deny.toml`, held against cargo's own tree, so that they bite where cargo-deny is not installed.

use crate::command::{Show, command, run};
use crate::place::Place;
use std::fs;

/// The licences that `deny.toml` allows.
fn allowed(text: &str) -> Vec<&str> {
    let section = text.split_once("\n[licenses]").map_or("", |(_, rest)| rest);
    let list = section.split_once("allow = [").map_or("", |(_, rest)| rest);
    let list = list.split_once("\n]").map_or("", |(list, _)| list);
    list.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next()).collect()
}

/// Whether an SPDX expression (`OR`, `AND`, parentheses, `/` as an old `OR`) can be met with the allowed licences.
fn met(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&words, &mut at, allowed) && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut good = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        good |= all_of(words, at, allowed);
    }
    good
}

fn all_of(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut good = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        good &= one(words, at, allowed);
    }
    good
}

fn one(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let good = any_of(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return good && closed;
    }
    let mut name = word.to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{word} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&name.as_str())
}

/// The packages, with their licences, that the workspace links or builds with and `deny.toml` does not allow.
pub fn found(place: &Place) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(place.root.join("deny.toml")).map_err(|error| format!("deny.toml: {error}"))?;
    let allowed = allowed(&text);
    if allowed.is_empty() {
        return Err("deny.toml allows no licence".into());
    }
    let args = ["tree", "--workspace", "--edges", "normal,build", "--prefix", "none", "--format", "{p}\t{l}", "--all-features"];
    let tree = run(&mut command("cargo", &args, &place.root), Show::Kept);
    if !tree.ok() {
        return Err(tree.text);
    }
    let mut wrong: Vec<String> = tree.text.lines().filter_map(|line| line.split_once('\t')).filter(|(_, licence)| {
        // What was shown already is marked so.
        !met(licence.trim_end_matches("(*)").trim(), &allowed)
    }).map(|(package, licence)| format!("{package}: {licence}")).collect();
    wrong.sort();
    wrong.dedup();
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_as_they_say() {
        let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception", "ISC"];
        for good in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND ISC", "Apache-2.0 WITH LLVM-exception OR GPL-3.0"] {
            assert!(met(good, &allowed), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "(MIT", "MIT ISC", "Apache-2.0"] {
            assert!(!met(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn the_file_of_the_repository_names_its_licences() {
        let allowed = allowed(include_str!("../../deny.toml"));
        assert!(allowed.contains(&"MIT") && allowed.contains(&"BSL-1.0") && !allowed.contains(&"GPL-3.0"));
    }
}
