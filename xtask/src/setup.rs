//! Installs what `cargo xtask test` needs: Debian packages, a Python environment, a tree with Swift.
//!
//! Each part is quick when it is there already. What cannot be installed is named with its reason, and the
//! stages that need it are *not run*; the rest goes on.

use crate::command::{Show, command, exists, run, works};
use crate::place::Place;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs that tests call, and the Debian packages that bring them.
const PROGRAMS: &[(&str, &str)] = &[
    ("javac", "default-jdk-headless"),
    ("mvn", "maven"),
    ("aapt2", "aapt"),
    ("apksigner", "apksigner"),
    ("zipalign", "zipalign"),
    ("zbarimg", "zbar-tools"),
    ("oathtool", "oathtool"),
    ("tmux", "tmux"),
    ("faketime", "faketime"),
    ("strace", "strace"),
    ("sqlite3", "sqlite3"),
    ("ip", "iproute2"),
    ("unshare", "util-linux"),
    ("debootstrap", "debootstrap"),
    ("gdb", "gdb"),
    ("openssl", "openssl"),
    ("Xvfb", "xvfb"),
    ("xterm", "xterm"),
    ("nm", "binutils"),
    ("cmake", "cmake"),
    ("g++", "g++"),
    ("pdftoppm", "poppler-utils"),
];

/// Packages that are asked for by name: no program of theirs says that they are there.
const PACKAGES: &[&str] = &["imagemagick", "fonts-wqy-microhei", "fonts-noto-cjk", "libgl1", "libx11-6", "libfontconfig1", "xfonts-base", "python3-venv", "ca-certificates"];

/// What is there after setup; an error says what is missing and why.
pub struct Tools {
    /// Every Debian package.
    pub packages: Result<(), String>,
    /// The Python that sees the packages of `tests/outside/requirements.txt`.
    pub python: Result<PathBuf, String>,
    /// The tree in which Swift runs.
    pub swift: Result<PathBuf, String>,
}

/// Prints what is there and what is missing. Returns whether all of it is there.
pub fn summary(tools: &Tools) -> bool {
    let parts = [
        ("packages", tools.packages.as_ref().map(|()| "installed".to_owned())),
        ("python", tools.python.as_ref().map(|path| path.display().to_string())),
        ("swift", tools.swift.as_ref().map(|path| path.display().to_string())),
    ];
    for (name, part) in &parts {
        match part {
            Ok(text) => println!("{name}: {text}"),
            Err(reason) => println!("{name}: missing: {reason}"),
        }
    }
    parts.iter().all(|(_, part)| part.is_ok())
}

/// Installs every part that it can.
pub fn install(place: &Place) -> Tools {
    let packages = debian_packages(place);
    let python = python(place);
    let swift = swift_tree(place);
    Tools { packages, python, swift }
}

/// `cargo xtask setup`.
pub fn command_line() -> Result<bool, String> {
    Ok(summary(&install(&Place::find()?)))
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").is_file() && exists("apt-get")
}

/// How to become root: not at all, by sudo without a password, or impossible.
fn as_root() -> Result<Vec<&'static str>, String> {
    let user = run(Command::new("id").arg("-u"), Show::Kept);
    if user.text.trim() == "0" {
        Ok(vec![])
    } else if works("sudo", &["-n", "true"]) {
        Ok(vec!["sudo", "-n"])
    } else {
        Err("needs root, or sudo without a password".into())
    }
}

/// A command line with root's rights.
pub fn rooted(place: &Place, line: &[&str]) -> Result<Command, String> {
    let mut words = as_root()?;
    words.extend_from_slice(line);
    let (program, args) = words.split_first().ok_or("empty command")?;
    Ok(command(program, args, &place.root))
}

fn missing_packages() -> Vec<&'static str> {
    let programs = PROGRAMS.iter().filter(|(program, _)| !exists(program)).map(|(_, package)| *package);
    let packages = PACKAGES.iter().copied().filter(|package| {
        let query = run(Command::new("dpkg-query").args(["-W", "-f=${db:Status-Abbrev}", package]), Show::Kept);
        !query.text.starts_with("ii")
    });
    programs.chain(packages).collect()
}

fn debian_packages(place: &Place) -> Result<(), String> {
    if !is_debian() {
        let missing: Vec<&str> = PROGRAMS.iter().filter(|(program, _)| !exists(program)).map(|(p, _)| *p).collect();
        return match missing.is_empty() {
            true => Ok(()),
            false => Err(format!("not Debian, install by hand: {}", missing.join(" "))),
        };
    }
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    println!("installing {list}");
    let wait = "DPkg::Lock::Timeout=600";
    let mut update = rooted(place, &["apt-get", "-o", wait, "-q", "update"]).map_err(|e| format!("{list}: {e}"))?;
    run(&mut update, Show::Kept);
    let mut line = vec!["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", wait, "-qq", "-y"];
    line.extend_from_slice(&["--no-install-recommends", "install"]);
    line.extend_from_slice(&missing);
    let installed = run(&mut rooted(place, &line)?, Show::Kept);
    match (installed.ok(), missing_packages()) {
        (_, left) if left.is_empty() => Ok(()),
        (_, left) => {
            println!("{}", installed.text);
            Err(format!("could not install: {}", left.join(" ")))
        }
    }
}

/// Held while a part of the cache is made: a second run waits and then finds it there.
fn locked(place: &Place, name: &str) -> Result<File, String> {
    let say = |error: std::io::Error| format!("{}: {error}", place.cache.display());
    fs::create_dir_all(&place.cache).map_err(say)?;
    let file = File::create(place.cache.join(format!("{name}.lock"))).map_err(say)?;
    file.lock().map_err(say)?;
    Ok(file)
}

fn python(place: &Place) -> Result<PathBuf, String> {
    // Debian's own first: python3-venv belongs to it.
    let base = if Path::new("/usr/bin/python3").is_file() { "/usr/bin/python3" } else { "python3" };
    let version = run(Command::new(base).arg("--version"), Show::Kept);
    if !version.ok() {
        return Err("python3 is missing".into());
    }
    let list = place.root.join("tests/outside/requirements.txt");
    let wanted = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let wanted = format!("{}{wanted}", version.text);
    let _lock = locked(place, "venv")?;
    // Another clone may want other versions: each list has its environment, and none changes under a running test.
    let mut list_hash = DefaultHasher::new();
    wanted.hash(&mut list_hash);
    let home = place.cache.join(format!("venv-{:016x}", list_hash.finish()));
    let (stamp, python) = (home.join("stamp"), home.join("bin/python"));
    if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    println!("making the Python environment");
    let _ = fs::remove_dir_all(&home);
    let made = run(Command::new(base).args(["-m", "venv"]).arg(&home), Show::Kept);
    if !made.ok() {
        return Err(format!("no Python environment: {}", last_line(&made.text)));
    }
    let filled = run(Command::new(&python).args(["-m", "pip", "-q", "install", "-r"]).arg(&list), Show::Kept);
    if !filled.ok() {
        println!("{}", filled.text);
        return Err(format!("pip: {}", last_line(&filled.text)));
    }
    fs::write(&stamp, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or("no output")
}

/// The script that makes the tree and runs commands in it.
pub fn tree_script(place: &Place) -> PathBuf {
    place.root.join("xtask/scripts/swift-tree.sh")
}

fn swift_tree(place: &Place) -> Result<PathBuf, String> {
    if !is_debian() {
        return Err("not Debian: `swift test` in bindings/swift by hand".into());
    }
    let tree = place.cache.join("swift-trixie");
    fs::create_dir_all(&place.cache).map_err(|error| error.to_string())?;
    let (script, path) = (tree_script(place), tree.display().to_string());
    let made = run(&mut rooted(place, &["bash", &script.display().to_string(), "make", &path])?, Show::Kept);
    if made.ok() {
        return Ok(tree);
    }
    println!("{}", made.text);
    Err(format!("no Swift tree: {}", last_line(&made.text)))
}
