//! The bans of `deny.toml`, held against cargo's own tree, so that they bite where cargo-deny is not installed.

use crate::command::{Show, command, run};
use crate::place::Place;
use std::fs;

/// The names of the crates that `deny.toml` bans.
fn banned(text: &str) -> Vec<&str> {
    let section = text.split_once("\n[bans]").map_or("", |(_, rest)| rest);
    let section = section.split_once("\n[").map_or(section, |(bans, _)| bans);
    section.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next()).collect()
}

/// The banned crates that the workspace links or builds with. An error when that cannot be told.
pub fn found(place: &Place) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(place.root.join("deny.toml")).map_err(|error| format!("deny.toml: {error}"))?;
    let banned = banned(&text);
    if banned.is_empty() {
        return Err("deny.toml bans nothing".into());
    }
    let args = ["tree", "--workspace", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let tree = run(&mut command("cargo", &args, &place.root), Show::Kept);
    if !tree.ok() {
        return Err(tree.text);
    }
    let linked = |name: &&str| tree.text.lines().any(|line| line.split(' ').next() == Some(*name));
    Ok(banned.into_iter().filter(linked).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bans_section_is_read() {
        let text = "[licenses]\n{ crate = \"a\" }\n[bans]\ndeny = [\n    { crate = \"b\", reason = \"r\" },\n]\n[sources]\n{ crate = \"c\" }\n";
        assert_eq!(banned(text), ["b"]);
    }

    #[test]
    fn the_file_of_the_repository_bans_the_second_crypto_provider() {
        let text = include_str!("../../deny.toml");
        assert!(banned(text).contains(&"aws-lc-rs"));
    }
}
