//! `cargo xtask app`: the screens of `android/` on this machine, without Android's SDK.

use crate::bindings::{self, Build};
use crate::command::{Show, bounded, command, run, works};
use crate::count::{self, Count};
use crate::place::Place;
use crate::report::{Report, Verdict};
use crate::stages::environment;
use std::path::PathBuf;
use std::process::Command;

/// Longer than the first fetch of Android's own classes takes.
const SECONDS: u32 = 2400;

/// `cargo xtask app …`. Returns whether it went well.
pub fn command_line(words: &[&str]) -> Result<bool, String> {
    let place = Place::find()?;
    match words {
        ["pictures"] => pictures(&place),
        ["pictures", "ios"] => crate::iphone::pictures(&place),
        _ => Err("cargo xtask app pictures [ios]".into()),
    }
}

/// The stage of a test run: the screens under Robolectric.
pub fn stage(place: &Place, report: &mut Report) {
    report.stage("android", |_| {
        let line = match tests(place, &[]) {
            Ok(line) => line,
            Err(reason) => return (Verdict::NotRun(reason), Count::default()),
        };
        let outcome = run(&mut bounded(SECONDS, &line), Show::Live);
        let count = count::surefire(&outcome.text);
        match outcome.ok() && count.passed > 0 {
            true => (Verdict::Ok, count),
            false => (Verdict::Failed, count),
        }
    });
}

/// Where the pictures are put.
fn drawn(place: &Place) -> PathBuf {
    place.root.join("android/target/pictures")
}

/// Draws every screen: Chinese, English, dark, and with letters of twice the size.
fn pictures(place: &Place) -> Result<bool, String> {
    let library = bindings::generator(place, Build::Library)?;
    bindings::kotlin(place, &library)?;
    let folder = format!("-Dkabao.pictures={}", drawn(place).display());
    let mut line = tests(place, &[folder, "-Dtest=PicturesTest".into(), "-Dsurefire.failIfNoSpecifiedTests=false".into()])?;
    let done = run(&mut line, Show::Live).ok();
    println!("{}", drawn(place).display());
    Ok(done)
}

/// Maven over `android/`, with the generated sources and the built library of this run.
fn tests(place: &Place, more: &[String]) -> Result<Command, String> {
    for (program, version, what) in [("mvn", "--version", "Maven"), ("javac", "-version", "a JDK"), ("aapt2", "version", "aapt2 (Debian: aapt)")] {
        if !works(program, &[version]) {
            return Err(format!("{what} is missing"));
        }
    }
    if !place.root.join("bindings/kotlin/ffi/target/generated-sources").is_dir() {
        return Err("no generated sources: run cargo xtask bindings kotlin".into());
    }
    let mut args: Vec<String> = ["-B", "-ntp", "-Dkabao.generated=true", "-Dmaven.test.skip=true"].map(str::to_owned).into();
    args.push(format!("-Drepository.root={}", place.root.display()));
    args.push(format!("-Dkabao.library.dir={}", place.debug().display()));
    args.extend_from_slice(more);
    args.push("test".into());
    let mut line = command("mvn", &args, &place.root.join("android"));
    line.envs(environment(place).iter().filter_map(|pair| pair.split_once('=')));
    Ok(line)
}
