//! `cargo xtask app`: the screens of `android/` on this machine, without Android's SDK.

use crate::bindings::{self, Build};
use crate::command::{Show, bounded, command, exists, run, works};
use crate::count::{self, Count};
use crate::fresh;
use crate::place::Place;
use crate::report::{Report, Verdict};
use crate::stages::environment;
use std::path::PathBuf;
use std::process::Command;

/// Longer than the first fetch of Android's own classes takes.
const SECONDS: u32 = 2400;

const USAGE: &str = "cargo xtask app [en] | app pictures [ios] | app apk | app desktop-picture FILE [en]";

/// What the screens in a window are made of.
const DESKTOP: [&str; 4] = ["-Pdesktop", "-pl", "../bindings/kotlin/ffi,../bindings/kotlin/kit,model,bridge,desktop", "test"];

/// What an APK is made of.
const APK: [&str; 4] =
    ["-Papk", "-pl", "../bindings/kotlin/ffi,../bindings/kotlin/kit,aars,model,screens,bridge,platform,app", "test"];

/// `cargo xtask app …`. Returns whether it went well.
pub fn command_line(words: &[&str]) -> Result<bool, String> {
    let place = Place::find()?;
    match words {
        [] => window(&place, "zh"),
        ["en"] => window(&place, "en"),
        ["desktop-picture", file, rest @ ..] => {
            let file = std::path::absolute(file).map_err(|error| error.to_string())?;
            let language = if rest == ["en"] { "en" } else { "zh" };
            let words = format!("{language} --picture {}", file.display());
            desktop(&place, &words, "-Dapp.display=-Djava.awt.headless=true")
        }
        ["pictures"] => pictures(&place),
        ["pictures", "ios"] => crate::iphone::pictures(&place),
        ["apk"] => apk(&place),
        _ => Err(USAGE.into()),
    }
}

/// The screens in a window.
fn window(place: &Place, language: &str) -> Result<bool, String> {
    let shown = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    match shown || !cfg!(target_os = "linux") {
        true => desktop(place, language, "-Dapp.display=-Djava.awt.headless=false"),
        false => Err("no display is here: cargo xtask app desktop-picture FILE draws the first screen into a file".into()),
    }
}

/// The screens on a desktop, with the real wallet and a reference service of their own.
fn desktop(place: &Place, words: &str, display: &str) -> Result<bool, String> {
    ready(place, true)?;
    let more = [format!("-Dapp.words={words}"), display.to_owned()];
    Ok(run(&mut maven(place, &more, &DESKTOP)?, Show::Live).ok())
}

/// A signed APK, which says that it lacks the native library.
fn apk(place: &Place) -> Result<bool, String> {
    for (program, version, package) in [("zipalign", "--help", "zipalign"), ("apksigner", "--version", "apksigner")] {
        // zipalign answers its help with 2.
        if !exists(program) && !works(program, &[version]) {
            return Err(format!("{program} is missing (Debian: {package})"));
        }
    }
    ready(place, false)?;
    Ok(run(&mut maven(place, &[], &APK)?, Show::Live).ok())
}

/// Builds the library and generates the Kotlin sources; with `program`, the program that serves, too.
fn ready(place: &Place, program: bool) -> Result<(), String> {
    if program {
        bindings::cargo(place, &["build", "--package", "kabao-cli"])?;
    }
    let library = bindings::generator(place, Build::Library)?;
    bindings::kotlin(place, &library)
}

/// The stage of a test run: the screens under Robolectric.
pub fn stage(place: &Place, report: &mut Report) {
    report.stage("android", |_| {
        let line = match maven(place, &[], &["test"]) {
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
    ready(place, false)?;
    let folder = format!("-Dkabao.pictures={}", drawn(place).display());
    let more = [folder, "-Dtest=PicturesTest".to_owned(), "-Dsurefire.failIfNoSpecifiedTests=false".to_owned()];
    let done = run(&mut maven(place, &more, &["test"])?, Show::Live).ok();
    println!("{}", drawn(place).display());
    Ok(done)
}

/// Maven over `android/`, with the generated sources and the built library of this run.
fn maven(place: &Place, more: &[String], goals: &[&str]) -> Result<Command, String> {
    for (program, version, what) in [("mvn", "--version", "Maven"), ("javac", "-version", "a JDK"), ("aapt2", "version", "aapt2 (Debian: aapt)")] {
        if !works(program, &[version]) {
            return Err(format!("{what} is missing"));
        }
    }
    if !place.root.join("bindings/kotlin/ffi/target/generated-sources").is_dir() {
        return Err("no generated sources: run cargo xtask bindings kotlin".into());
    }
    fresh::forget_what_changed(&place.root)?;
    let mut args: Vec<String> = ["-B", "-ntp", "-Dkabao.generated=true", "-Dmaven.test.skip=true"].map(str::to_owned).into();
    args.push(format!("-Drepository.root={}", place.root.display()));
    args.push(format!("-Dkabao.library.dir={}", place.debug().display()));
    args.extend_from_slice(more);
    args.extend(goals.iter().map(|&goal| goal.to_owned()));
    let mut line = command("mvn", &args, &place.root.join("android"));
    line.envs(environment(place).iter().filter_map(|pair| pair.split_once('=')));
    Ok(line)
}
