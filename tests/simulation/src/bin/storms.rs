//! `storms pay [--seed N] [--count M] [--steps N] [--seconds N] [--export FOLDER]`: storms from seed N on, until M are over, the
//! time is, or a promise is broken. Ends with 1 and the seed when one is; the last line is the figure.

use kabao_simulation::in_one_thread;
use kabao_simulation::run::{Folder, Report, storm};
use kabao_simulation::storm::PROMISES;
use kabao_simulation::witness::Edge;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

struct Wish {
    seed: u64,
    count: u64,
    steps: u32,
    seconds: u64,
    export: Option<PathBuf>,
}

fn wish(words: &[String]) -> Result<Wish, String> {
    let mut wish = Wish { seed: 1, count: 20, steps: 60, seconds: u64::MAX, export: None };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let value = rest.next().ok_or(format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match word.as_str() {
            "--seed" => wish.seed = number()?,
            "--count" => wish.count = number()?,
            "--steps" => wish.steps = u32::try_from(number()?).map_err(|error| error.to_string())?,
            "--seconds" => wish.seconds = number()?,
            "--export" => wish.export = Some(PathBuf::from(value)),
            other => return Err(format!("storms pay does not take {other}")),
        }
    }
    Ok(wish)
}

#[derive(Default)]
struct Sum {
    storms: u64,
    payments: u64,
    charged: u64,
    crashes: u64,
    restores: u64,
    unknown: u64,
    checked: BTreeMap<&'static str, u64>,
    edges: BTreeMap<Edge, u64>,
    traces: BTreeSet<String>,
}

impl Sum {
    fn add(&mut self, report: Report) {
        self.storms += 1;
        self.payments += report.payments;
        self.charged += u64::from(report.tally.charged);
        self.crashes += u64::from(report.tally.crashes);
        self.restores += u64::from(report.tally.restores);
        self.unknown += u64::from(report.tally.unknown);
        for (name, count) in report.checked {
            *self.checked.entry(name).or_default() += count;
        }
        for (edge, count) in report.edges {
            *self.edges.entry(edge).or_default() += count;
        }
        self.traces.insert(report.trace);
    }

    fn print(&self) {
        println!("{:<10}{:<22}{:<18}{:>8}", "state", "heard", "fault", "times");
        for ((state, heard, fault), count) in &self.edges {
            println!("{state:<10}{heard:<22}{fault:<18}{count:>8}");
        }
        let checked: Vec<String> = PROMISES.iter().map(|name| format!("{name} {}", self.checked.get(name).copied().unwrap_or(0))).collect();
        println!("looked at: {}", checked.join(", "));
        let Sum { storms, charged, crashes, restores, unknown, .. } = self;
        println!("{storms} storms, {charged} charges, {crashes} kills, {restores} restores, {unknown} payments unknown on the way");
    }
}

fn one(seed: u64, wish: &Wish, channels: &Path) -> Result<Report, String> {
    let name = format!("pay-{seed}");
    let folder = Folder::new(&name).map_err(|error| error.to_string())?;
    let export = wish.export.as_ref().map(|to| to.join("phone.json"));
    let run = || in_one_thread(storm(seed, wish.steps, folder.path(), channels, export.as_deref()));
    let report = catch_unwind(AssertUnwindSafe(run)).map_err(|_| "a panic".to_owned())?.map_err(|error| error.to_string())??;
    if let Some(to) = &wish.export {
        for book in ["service.db", "bank.db", "acquirer.db"] {
            copy_book(&folder.path().join("service").join(book), &to.join(book))?;
        }
    }
    Ok(report)
}

/// The book with what its log still holds.
fn copy_book(from: &Path, to: &Path) -> Result<(), String> {
    for end in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        if name(from).is_file() {
            std::fs::copy(name(from), name(to)).map_err(|error| format!("{}: {error}", to.display()))?;
        }
    }
    Ok(())
}

fn run(words: &[String]) -> Result<bool, String> {
    let wish = match words.split_first() {
        Some((first, rest)) if first == "pay" => wish(rest)?,
        _ => return Err("storms pay [--seed N] [--count M] [--steps N] [--seconds N] [--export FOLDER]".to_owned()),
    };
    let channels = Folder::new("pay-channels").map_err(|error| error.to_string())?;
    if let Some(to) = &wish.export {
        std::fs::create_dir_all(to).map_err(|error| error.to_string())?;
    }
    let (begin, mut sum) = (Instant::now(), Sum::default());
    for seed in wish.seed..wish.seed.saturating_add(wish.count) {
        let broken = match one(seed, &wish, channels.path()) {
            Ok(report) => {
                let broken = report.broken.clone();
                sum.add(report);
                broken
            }
            Err(reason) => vec![reason],
        };
        if !broken.is_empty() {
            println!("seed {seed}: {}", broken.join("; "));
            println!("{} payments in {} storms before it", sum.payments, sum.storms);
            return Ok(false);
        }
        if begin.elapsed() >= Duration::from_secs(wish.seconds) {
            break;
        }
    }
    sum.print();
    let (n, edges, traces) = (sum.payments.max(1), sum.edges.len(), sum.traces.len());
    // Three divided by the number of trials bounds the rate of what was never seen, at 95 %.
    println!(
        "0 violations in {n} payments of {} storms from seed {}, < {:.1e} a payment at 95 % under this fault model; {edges} edges, {traces} distinct traces, {:.0} s",
        sum.storms, wish.seed, 3.0 / n as f64, begin.elapsed().as_secs_f64()
    );
    Ok(true)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}
