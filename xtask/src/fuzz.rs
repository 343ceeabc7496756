//! Attacks the readers with libFuzzer on the pinned toolchain, and plants bugs to see them found.
//!
//! The counters that libFuzzer follows come from flags of the stable compiler; nothing is installed but a C++
//! compiler. What must hold for each input stands in `tests/fuzz/src`, the kept inputs in `tests/fuzz/corpus`.

use crate::command::{Show, command, run};
use crate::place::Place;
use crate::plant::{build_planter, ended_well, files, patches, plant, stem};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Counters for each edge, and comparisons reported so that magic words are guessed.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";
/// The longest input that is tried.
const LONGEST: &str = "-max_len=4096";
/// A round: the runner starts anew with what it has found, and the coverage is compared.
const ROUND: u64 = 60;
/// How long a planted bug may stay hidden, in seconds.
const HIDDEN: u64 = 600;
/// What is kept of a target's finds: files, bytes, and the longest input.
const KEPT: (usize, u64, &str) = (199, 15_000, "-max_len=600");

/// What the readers are built from.
const PARTS: &[&str] = &["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "core/base", "core/codes", "tests/fuzz", "tests/vectors"];

/// What the command line asks for.
#[derive(Default)]
struct Wish {
    target: Option<String>,
    seconds: Option<u64>,
    runs: u64,
    still: Option<u64>,
    keep: bool,
    bugs: bool,
}

/// `cargo xtask fuzz [TARGET] [--seconds N] [--runs N] [--still N] [--keep]` or `--bugs [PARSER | PATCH]`.
pub fn command_line(words: &[&str]) -> Result<bool, String> {
    let wish = wish(words)?;
    let place = Place::find()?;
    let tools = place.root.join("tests/fuzz");
    if wish.bugs {
        return bugs(&place, &tools, &wish);
    }
    let runner = Runner::build(&place, &tools)?;
    let names = match &wish.target {
        Some(name) => vec![name.clone()],
        None => runner.names()?,
    };
    let mut well = true;
    let mut table = vec![format!("{:<16}{:>12}{:>10}{:>10}{:>9}{:>10}{:>9}", "target", "executions", "edges", "features", "inputs", "still (s)", "s")];
    for name in &names {
        let figures = runner.attack(name, &wish)?;
        well &= figures.find.is_none();
        table.push(figures.line(name));
        if let Some(find) = &figures.find {
            println!("{name}: FOUND, see {}", find.display());
        }
        if wish.keep {
            runner.keep(name)?;
        }
    }
    println!("\n{}", table.join("\n"));
    Ok(well)
}

fn wish(words: &[&str]) -> Result<Wish, String> {
    let mut wish = Wish::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let mut number = || {
            let text = rest.next().ok_or(format!("{word} needs a number"))?;
            text.parse::<u64>().map_err(|_| format!("{text} is not a number"))
        };
        match *word {
            "--seconds" => wish.seconds = Some(number()?),
            "--runs" => wish.runs = number()?,
            "--still" => wish.still = Some(number()?),
            "--keep" => wish.keep = true,
            "--bugs" => wish.bugs = true,
            name if !name.starts_with('-') && wish.target.is_none() => wish.target = Some(name.to_owned()),
            other => return Err(format!("fuzz does not take {other}")),
        }
    }
    Ok(wish)
}

/// The built runner and where it works.
struct Runner {
    binary: PathBuf,
    seeds: PathBuf,
    tools: PathBuf,
    work: PathBuf,
}

/// What attacking one target gave.
#[derive(Default)]
struct Figures {
    executions: u64,
    edges: u64,
    features: u64,
    inputs: u64,
    still: Duration,
    took: Duration,
    find: Option<PathBuf>,
}

impl Figures {
    fn line(&self, name: &str) -> String {
        let (still, took) = (self.still.as_secs(), self.took.as_secs());
        let found = if self.find.is_some() { "  FOUND" } else { "" };
        format!("{name:<16}{:>12}{:>10}{:>10}{:>9}{still:>10}{took:>9}{found}", self.executions, self.edges, self.features, self.inputs)
    }
}

impl Runner {
    /// Builds the runner of the tree that holds `tools`, and the program that writes first inputs.
    fn build(place: &Place, tools: &Path) -> Result<Runner, String> {
        let work = place.target.join("fuzz");
        let host = host(place)?;
        let mut line = command("cargo", &["build", "--release", "--target", &host], &tools.join("libfuzzer"));
        line.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &work).env_remove("CARGO_ENCODED_RUSTFLAGS");
        ended_well(run(&mut line, Show::Live).ok(), "the build of tests/fuzz/libfuzzer")?;
        let mut line = command("cargo", &["build", "--package", "kabao-fuzz", "--bins"], &place.root);
        line.env("CARGO_TARGET_DIR", &place.target);
        ended_well(run(&mut line, Show::Live).ok(), "the build of tests/fuzz")?;
        let binary = work.join(host).join("release/kabao-libfuzzer");
        Ok(Runner { binary, seeds: place.debug().join("seeds"), tools: tools.to_owned(), work })
    }

    fn names(&self) -> Result<Vec<String>, String> {
        let outcome = run(&mut Command::new(&self.seeds), Show::Kept);
        ended_well(outcome.ok(), "listing the targets")?;
        Ok(outcome.text.split_whitespace().map(str::to_owned).collect())
    }

    /// A folder of this target, made when it is missing.
    fn folder(&self, kind: &str, name: &str) -> Result<PathBuf, String> {
        let folder = self.work.join(kind).join(name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }

    fn fuzzer(&self, name: &str) -> Command {
        let mut line = Command::new(&self.binary);
        line.env("KABAO_FUZZ_TARGET", name).current_dir(&self.work);
        line.args(["-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1"]);
        line
    }

    /// The folders with the first inputs: the published cases, then what is kept.
    fn first_inputs(&self, name: &str) -> Result<Vec<PathBuf>, String> {
        let seeds = self.folder("seeds", name)?;
        let outcome = run(Command::new(&self.seeds).arg(name).arg(&seeds), Show::Kept);
        ended_well(outcome.ok(), outcome.text.trim())?;
        let kept = self.tools.join("corpus").join(name);
        Ok([seeds, kept].into_iter().filter(|folder| folder.is_dir()).collect())
    }

    /// Round after round, until the wish is fulfilled or something was found.
    fn attack(&self, name: &str, wish: &Wish) -> Result<Figures, String> {
        let (found, finds) = (self.folder("corpus", name)?, self.folder("finds", name)?);
        let first = self.first_inputs(name)?;
        let bound = wish.seconds.map(Duration::from_secs).or((wish.still.is_none() && wish.runs == 0).then_some(Duration::from_secs(ROUND)));
        let begin = Instant::now();
        let mut figures = Figures::default();
        let mut grown = Instant::now();
        loop {
            let left = bound.map_or(ROUND, |bound| bound.saturating_sub(begin.elapsed()).as_secs().clamp(1, ROUND));
            let mut line = self.fuzzer(name);
            line.args([LONGEST, &format!("-max_total_time={left}"), &format!("-artifact_prefix={}/", finds.display())]).arg(&found).args(&first);
            if wish.still.is_none() && wish.runs > 0 {
                line.arg(format!("-runs={}", wish.runs.saturating_sub(figures.executions)));
            }
            let outcome = run(&mut line, Show::Kept);
            let round = read_round(&outcome.text);
            figures.executions += round.executions;
            if round.edges > figures.edges {
                (figures.edges, grown) = (round.edges, Instant::now());
            }
            (figures.features, figures.inputs) = (round.features.max(figures.features), round.inputs.max(figures.inputs));
            (figures.still, figures.took) = (grown.elapsed(), begin.elapsed());
            println!("{}", figures.line(name));
            if !outcome.ok() {
                figures.find = Some(found_input(&outcome.text).ok_or(outcome.text.clone())?);
                println!("{}", reason(&outcome.text));
                return Ok(figures);
            }
            let enough_runs = wish.runs > 0 && figures.executions >= wish.runs;
            let stands = wish.still.is_some_and(|still| figures.still.as_secs() >= still) && figures.executions >= wish.runs;
            if stands || (wish.still.is_none() && enough_runs) || bound.is_some_and(|bound| begin.elapsed() >= bound) {
                return Ok(figures);
            }
        }
    }

    /// Keeps the smallest inputs that reach every edge that was reached, short ones first.
    fn keep(&self, name: &str) -> Result<(), String> {
        let (found, chosen) = (self.folder("corpus", name)?, self.folder("chosen", name)?);
        fs::remove_dir_all(&chosen).and_then(|()| fs::create_dir_all(&chosen)).map_err(|error| error.to_string())?;
        let mut line = self.fuzzer(name);
        line.args(["-merge=1", "-use_counters=0", KEPT.2, &format!("-artifact_prefix={}/", self.folder("finds", name)?.display())]).arg(&chosen).arg(&found).args(self.first_inputs(name)?);
        ended_well(run(&mut line, Show::Kept).ok(), "choosing what to keep")?;
        let mut inputs: Vec<(u64, PathBuf)> = files(&chosen)?.into_iter().map(|path| (fs::metadata(&path).map_or(0, |data| data.len()), path)).collect();
        inputs.sort();
        let corpus = self.tools.join("corpus").join(name);
        fs::create_dir_all(&corpus).map_err(|error| error.to_string())?;
        // What broke a target once stays, and what was written by hand: `find-…`, `case-…`.
        for old in files(&corpus)?.into_iter().filter(|path| !["find-", "case-"].iter().any(|kind| stem(path).starts_with(kind))) {
            fs::remove_file(old).map_err(|error| error.to_string())?;
        }
        let mut bytes = 0;
        for (size, path) in inputs.iter().take(KEPT.0) {
            bytes += size;
            if bytes > KEPT.1 {
                break;
            }
            let to = corpus.join(path.file_name().unwrap_or_default());
            fs::copy(path, to).map_err(|error| error.to_string())?;
        }
        println!("{name}: kept {} of {} inputs", files(&corpus)?.len(), inputs.len());
        Ok(())
    }
}

/// Plants each bug in a copy of the tree and waits until it is found.
fn bugs(place: &Place, tools: &Path, wish: &Wish) -> Result<bool, String> {
    build_planter(place)?;
    let patches = patches(&tools.join("bugs"), |path| wish.target.as_ref().is_none_or(|name| stem(path) == *name || parser(path) == *name))?;
    let seconds = wish.seconds.unwrap_or(HIDDEN);
    let mut table = BTreeMap::new();
    for patch in &patches {
        let tree = place.target.join("fuzz/tree");
        plant(place, PARTS, patch, &tree)?;
        let runner = Runner::build_planted(place, &tree)?;
        let begin = Instant::now();
        let mut attack = Wish { seconds: Some(seconds), ..Wish::default() };
        attack.target = Some(parser(patch));
        for kind in ["corpus", "finds"] {
            let folder = runner.folder(kind, &parser(patch))?;
            fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
        }
        let figures = runner.attack(&parser(patch), &attack)?;
        let verdict = match &figures.find {
            Some(_) => format!("found after {:.1} s, {} executions", begin.elapsed().as_secs_f64(), figures.executions),
            None => format!("NOT FOUND in {seconds} s"),
        };
        println!("{}: {verdict}", stem(patch));
        table.insert(stem(patch), (figures.find.is_some(), verdict));
    }
    println!();
    for (name, (_, verdict)) in &table {
        println!("{name:<32}{verdict}");
    }
    Ok(table.values().all(|(found, _)| *found))
}

impl Runner {
    /// The runner of a planted tree. Its own folders, so that it starts from the kept inputs alone.
    fn build_planted(place: &Place, tree: &Path) -> Result<Runner, String> {
        let host = host(place)?;
        let work = place.target.join("fuzz/planted");
        let mut line = command("cargo", &["build", "--quiet", "--release", "--target", &host], &tree.join("tests/fuzz/libfuzzer"));
        line.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &work).env_remove("CARGO_ENCODED_RUSTFLAGS");
        ended_well(run(&mut line, Show::Live).ok(), "the build with the planted bug")?;
        let binary = work.join(host).join("release/kabao-libfuzzer");
        Ok(Runner { binary, seeds: place.debug().join("seeds"), tools: tree.join("tests/fuzz"), work })
    }
}

/// The last figures that a round printed.
fn read_round(text: &str) -> Figures {
    let mut figures = Figures::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1)).copied();
        let number = |text: Option<&str>| text.and_then(|text| text.split('/').next()?.parse::<u64>().ok());
        if let Some(edges) = number(after("cov:")) {
            figures.edges = edges;
            figures.features = number(after("ft:")).unwrap_or(figures.features);
            figures.inputs = number(after("corp:")).unwrap_or(figures.inputs);
            figures.executions = line.strip_prefix('#').and_then(|rest| number(rest.split_whitespace().next())).unwrap_or(figures.executions);
        }
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            figures.executions = count.trim().parse().unwrap_or(figures.executions);
        }
    }
    figures
}

fn found_input(text: &str) -> Option<PathBuf> {
    text.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| PathBuf::from(path.trim()))
}

/// Why a round ended: the panic's own words, or libFuzzer's.
fn reason(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer"));
    at.and_then(|at| lines.get(at..)).unwrap_or(&lines).iter().take(8).copied().collect::<Vec<_>>().join("\n")
}

fn host(place: &Place) -> Result<String, String> {
    let outcome = run(&mut command("rustc", &["-vV"], &place.root), Show::Kept);
    let host = outcome.text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or("rustc does not name its host".into())
}

/// `emv_merchant` of `emv_merchant-off_by_one.patch`.
fn parser(path: &Path) -> String {
    let stem = stem(path);
    stem.split_once('-').map_or(stem.clone(), |(parser, _)| parser.to_owned())
}
