//! `cargo xtask test`: every stage in order, each timed, then the summary.

use crate::bindings::{self, Build};
use crate::command::{Outcome, Show, bounded, command, run, works};
use crate::count::{self, Count};
use crate::place::Place;
use crate::report::{Report, Verdict};
use crate::setup::{self, Tools};
use crate::sim::pay::scratch;
use crate::{app, bans, consumers, fresh, licences, outside, package};
use std::fs;
use std::process::Command;
use std::thread::JoinHandle;

/// A stage that takes longer than this hangs.
const SECONDS: u32 = 2400;
/// With a test among the targets, what tests need of other crates counts as it did in the first stage: nothing is compiled a second time.
const AS_TESTED: [&str; 2] = ["--test", "layering"];
/// The stage of the storms.
const STORMS: &str = "storms";

/// `cargo xtask test [--quick | --only NAME]`. Returns whether nothing failed.
pub fn command_line(quick: bool, only: Option<&str>) -> Result<bool, String> {
    let place = Place::find()?;
    fs::create_dir_all(place.scratch()).map_err(|error| format!("{}: {error}", place.scratch().display()))?;
    let mut report = Report::new(only);
    if quick {
        rust(&place, &mut report);
        return Ok(report.close());
    }
    println!("== setup");
    let tools = setup::install(&place);
    let whole = setup::summary(&tools);
    report.setup_took(whole);
    if let Err(reason) = &tools.packages {
        report.not_run(format!("setup: {reason}"));
    }
    rust(&place, &mut report);
    let storms = begin_storms(&place, &report);
    clippy(&place, &mut report);
    // After the lints, which have looked at what both stand on.
    rust_without_boundary(&place, &mut report);
    licences(&place, &mut report);
    simple(&mut report, "package", || package::build(&place));
    // Before the build: what is built last is the program without the decoder.
    pictures(&place, &mut report);
    let built = simple(&mut report, "build", || bindings::cargo(&place, &["build", "--features", bindings::DEV_KEYS, "--lib", "--bins", AS_TESTED[0], AS_TESTED[1]]));
    languages(&place, &tools, &mut report, built);
    app::stage(&place, &mut report);
    outside::stages("consumers", 1, &place, &tools, &mut report, built);
    outside::stages("outside", 2, &place, &tools, &mut report, built);
    end_storms(storms, &mut report);
    Ok(report.close())
}

/// A stage without tests of its own: it holds or it does not.
fn simple(report: &mut Report, name: &str, work: impl FnOnce() -> Result<(), String>) -> bool {
    report.stage(name, |notes| match work() {
        Ok(()) => (Verdict::Ok, Count::default()),
        Err(reason) => {
            println!("{reason}");
            notes.said(&reason);
            (Verdict::Failed, Count::default())
        }
    })
}

/// A stage whose program counts its tests. One that ends well without a test has not tested anything.
fn counted(report: &mut Report, name: &str, line: Result<Command, String>, read: fn(&str) -> Count) {
    report.stage(name, |notes| {
        let line = match line {
            Ok(line) => line,
            Err(reason) => return (Verdict::NotRun(reason), Count::default()),
        };
        let outcome = run(&mut bounded(SECONDS, &line), Show::Live);
        let count = read(&outcome.text);
        if outcome.ok() && count.passed == 0 {
            println!("it ran no test");
        }
        notes.said(&outcome.text);
        match outcome.ok() && count.passed > 0 {
            true => (Verdict::Ok, count),
            false => (Verdict::Failed, count),
        }
    });
}

fn rust(place: &Place, report: &mut Report) {
    let mut line = command("cargo", &["test", "--no-fail-fast"], &place.root);
    line.env("TMPDIR", scratch());
    counted(report, "rust", Ok(line), count::cargo);
    simple(report, "bans", || match bans::found(place)? {
        found if found.is_empty() => Ok(()),
        found => Err(format!("banned in deny.toml, but linked: {}", found.join(" "))),
    });
}

/// Twenty thousand payments under faults: the same storms in every run, on however many cores. They take what the stages after them leave
/// of the cores, and are waited for at the end.
fn begin_storms(place: &Place, report: &Report) -> Option<JoinHandle<Outcome>> {
    if !report.wants(STORMS) {
        return None;
    }
    let built = run(&mut command("cargo", &["build", "--bin", "storms", AS_TESTED[0], AS_TESTED[1]], &place.root), Show::Live).ok();
    // A copy, as later stages build again.
    let program = place.scratch().join("storms");
    if !built || fs::copy(place.debug().join("storms"), &program).is_err() {
        return Some(std::thread::spawn(|| Outcome { status: None, text: "the storms were not built\n".to_owned() }));
    }
    let (way, root, modest) = (program.display().to_string(), place.root.clone(), works("nice", &["true"]));
    Some(std::thread::spawn(move || {
        let args = ["-n", "19", &way, "pay", "--seed", "1", "--count", "165"];
        let mut line = if modest { command("nice", &args, &root) } else { command(&way, &args[3..], &root) };
        line.env("TMPDIR", scratch());
        run(&mut bounded(SECONDS, &line), Show::Kept)
    }))
}

fn end_storms(storms: Option<JoinHandle<Outcome>>, report: &mut Report) {
    let Some(storms) = storms else { return };
    report.stage(STORMS, |notes| {
        let Ok(outcome) = storms.join() else { return (Verdict::Failed, Count::default()) };
        print!("{}", outcome.text);
        notes.said(&outcome.text);
        let count = count::storms(&outcome.text);
        (if outcome.ok() && count.passed > 0 { Verdict::Ok } else { Verdict::Failed }, count)
    });
}

/// With the FFI crate in the same build, cargo turns on the `uniffi` feature everywhere; an app in Rust has it off. What it adds are
/// derived implementations: what compiles without them is what was tested with them.
fn rust_without_boundary(place: &Place, report: &mut Report) {
    simple(report, "rust, boundary off", || {
        let mut args = vec!["check".to_owned(), "--all-targets".to_owned()];
        for entry in fs::read_dir(place.root.join("core")).into_iter().flatten().flatten() {
            let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).unwrap_or_default();
            let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
            if let (true, Some(name)) = (manifest.contains("\nuniffi = ["), name) {
                args.extend(["--package".to_owned(), name.to_owned()]);
            }
        }
        if args.len() == 2 {
            return Err("no crate has the feature".to_owned());
        }
        bindings::cargo(place, &args.iter().map(String::as_str).collect::<Vec<_>>())
    });
}

/// The decoder of pictures is C++ and off by default: its tests are a stage, and the program with it is kept beside the other.
fn pictures(place: &Place, report: &mut Report) {
    if !works("cmake", &["--version"]) || !works("c++", &["--version"]) {
        report.stage("pictures", |_| (Verdict::NotRun("cmake or a C++ compiler is missing".into()), Count::default()));
        return;
    }
    // The same members as every other build, so that only what the feature adds is compiled.
    let args = ["test", "--no-fail-fast", "--features", "kabao-cli/pictures", "--bin", "kabao", "--test", "read"];
    counted(report, "pictures", Ok(command("cargo", &args, &place.root)), count::cargo);
    // Left out, it has built nothing: what stands there would be the program without the decoder.
    if !report.wants("pictures") {
        return;
    }
    if let Err(error) = fs::copy(place.debug().join("kabao"), place.pictures()) {
        println!("{}: {error}", place.pictures().display());
    }
}

fn clippy(place: &Place, report: &mut Report) {
    if !works("cargo", &["clippy", "--version"]) {
        let reason = "cargo clippy is not installed (rust-toolchain.toml asks for no components)";
        report.stage("clippy", |_| (Verdict::NotRun(reason.into()), Count::default()));
        return;
    }
    // Default members: the generator would cost a minute for its two lines.
    let args = ["clippy", "--all-targets", "--", "--deny", "warnings"];
    simple(report, "clippy", || bindings::cargo(place, &args));
}

fn licences(place: &Place, report: &mut Report) {
    simple(report, "licences", || match licences::found(place)? {
        found if found.is_empty() => Ok(()),
        found => Err(format!("not allowed in deny.toml:\n{}", found.join("\n"))),
    });
    if works("cargo", &["deny", "--version"]) {
        simple(report, "cargo deny", || bindings::cargo(place, &["deny", "--offline", "check", "licenses", "bans", "sources"]));
    }
}

fn languages(place: &Place, tools: &Tools, report: &mut Report, built: bool) {
    let generated = built
        && simple(report, "bindings", || {
            let library = bindings::generator(place, Build::Done)?;
            bindings::kotlin(place, &library)?;
            bindings::swift(place, &library)
        });
    if report.wants("kotlin") {
        consumers::forget(place);
    }
    let ready = |line: Result<Command, String>| match generated {
        true => line,
        false => Err("no generated sources: the build or the bindings failed".into()),
    };
    counted(report, "kotlin", ready(kotlin(place)), count::surefire);
    counted(report, "swift", ready(swift(place, tools, "bindings/swift", &[], &[])), count::swift);
    counted(report, "ios", ready(swift(place, tools, "ios", &[], &[])), count::swift);
}

/// What the tests of every language find in their environment.
pub fn environment(place: &Place) -> Vec<String> {
    let mut found = vec![
        format!("KABAO={}", place.debug().join("kabao").display()),
        format!("KABAO_ROOT={}", place.root.display()),
        format!("CARGO_TARGET_DIR={}", place.target.display()),
    ];
    // Which journeys the languages replay, when somebody chose.
    found.extend(std::env::var("KABAO_JOURNEYS").ok().map(|names| format!("KABAO_JOURNEYS={names}")));
    found
}

fn kotlin(place: &Place) -> Result<Command, String> {
    if !works("mvn", &["--version"]) {
        return Err("Maven or a JDK is missing".into());
    }
    fresh::forget_what_changed(&place.root)?;
    let args = [
        "-B".to_owned(),
        "-ntp".to_owned(),
        "-Dkabao.generated=true".to_owned(),
        format!("-Dkabao.library.dir={}", place.debug().display()),
        // Tests, then the packages as an app finds them: formatted, documented, in a repository of this run.
        format!("-DaltDeploymentRepository=kabao::{}", consumers::repository(place)),
        "deploy".to_owned(),
    ];
    let mut line = command("mvn", &args, &place.root.join("bindings/kotlin"));
    line.envs(environment(place).iter().filter_map(|pair| pair.split_once('=')));
    Ok(line)
}

/// The tests of a Swift package, in the tree with the compiler; `set` goes into their environment, `more` to `swift test`.
pub fn swift(place: &Place, tools: &Tools, package: &str, set: &[String], more: &[&str]) -> Result<Command, String> {
    let tree = tools.swift.as_ref().map_err(Clone::clone)?.display().to_string();
    let (script, root) = (setup::tree_script(place).display().to_string(), place.root.display().to_string());
    let package = place.root.join(package).display().to_string();
    let environment = environment(place);
    let mut line = vec!["env"];
    line.extend(environment.iter().chain(set).map(String::as_str));
    // 6.0.3 with Observation leaves symbols to its own libraries; without the flag the link fails.
    let test = ["swift", "test", "-Xlinker", "--allow-shlib-undefined"];
    line.extend(["bash", &script, "run", &tree, &root, &package]);
    line.extend(test);
    line.extend_from_slice(more);
    setup::rooted(place, &line)
}
