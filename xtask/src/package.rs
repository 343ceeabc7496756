//! Builds the two crates that stand alone as published crates would be: what they need comes from their packages.
//!
//! Cargo hands the second crate the first one's package through a registry in the target folder, and keeps what it unpacks
//! in its home by name and version. Our version stays while we work, so a later run from the same folder would be built
//! with an old `kabao-base`. This stage therefore has a home and a target folder of its own: downloads are the user's,
//! nothing unpacked or built stays.

use crate::command::{Show, command, run};
use crate::place::Place;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Nothing is fetched here: the build before it has brought every dependency.
const LINE: [&str; 7] = ["package", "--offline", "--allow-dirty", "--package", "kabao-base", "--package", "kabao-codes"];

pub fn build(place: &Place) -> Result<(), String> {
    let home = home(place).map_err(|error| format!("a home for cargo: {error}"))?;
    let mut line = command("cargo", &LINE, &place.root);
    line.env("CARGO_HOME", &home).env("CARGO_TARGET_DIR", home.join("target"));
    match run(&mut line, Show::Live).ok() {
        true => Ok(()),
        false => Err(format!("cargo {} failed", LINE.join(" "))),
    }
}

/// The user's home of cargo by links, less what was unpacked.
fn home(place: &Place) -> std::io::Result<PathBuf> {
    let theirs = match std::env::var_os("CARGO_HOME") {
        Some(set) => PathBuf::from(set),
        None => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
    };
    let ours = place.target.join("package-home");
    if ours.exists() {
        fs::remove_dir_all(&ours)?;
    }
    fs::create_dir_all(ours.join("registry"))?;
    link_all(&theirs, &ours, "registry")?;
    link_all(&theirs.join("registry"), &ours.join("registry"), "src")?;
    Ok(ours)
}

fn link_all(from: &Path, to: &Path, but: &str) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() != but {
            symlink(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
