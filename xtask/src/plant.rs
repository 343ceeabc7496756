//! Planted bugs: a copy of the tree, with one patch in it. What the attack on readers and the simulation share.

use crate::command::{Show, command, run};
use crate::place::Place;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The patches of a folder whose name `wanted` takes, in the order of their names.
pub fn patches(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, String> {
    let mut patches = files(folder)?;
    patches.retain(|path| path.extension().is_some_and(|end| end == "patch") && wanted(path));
    patches.sort();
    if patches.is_empty() { Err(format!("no such patch in {}", folder.display())) } else { Ok(patches) }
}

/// Builds the program that plants.
pub fn build_planter(place: &Place) -> Result<(), String> {
    let mut line = command("cargo", &["build", "--quiet", "--package", "kabao-fuzz", "--bins"], &place.root);
    ended_well(run(line.env("CARGO_TARGET_DIR", &place.target), Show::Live).ok(), "the build of tests/fuzz")
}

/// Copies these parts of the repository and changes the copy as the patch says. The bug that was planted before goes; files
/// that are the same already keep their age, so that cargo builds only what was changed.
pub fn plant(place: &Place, parts: &[&str], patch: &Path, tree: &Path) -> Result<(), String> {
    for part in parts {
        copy(&place.root.join(part), &tree.join(part)).map_err(|error| format!("{part}: {error}"))?;
    }
    let outcome = run(Command::new(place.debug().join("plant")).arg(patch).arg(tree), Show::Kept);
    ended_well(outcome.ok(), outcome.text.trim())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        let bytes = fs::read(from)?;
        return if fs::read(to).is_ok_and(|same| same == bytes) { Ok(()) } else { fs::write(to, bytes) };
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        // What is no longer in the repository is no part of the copy.
        let entry = entry?;
        if !from.join(entry.file_name()).exists() && entry.path().is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() != "target" {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// The files directly in a folder.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}

/// The name of a file without its ending.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// An error that names what failed.
pub fn ended_well(ok: bool, what: &str) -> Result<(), String> {
    if ok { Ok(()) } else { Err(format!("failed: {what}")) }
}
