//! `storms pay [--seed N] [--count M | --payments P] [--steps N] [--seconds N] [--jobs N] [--export FOLDER] [--keep FILE] [--write FILE]`:
//! storms from seed N on, until M are over or P payments were made, the time is over, or a promise is broken; each on a thread of its own, as
//! many at once as there are cores. Ends with 1 and the seed when one is; the last line is the figure. `--keep` writes down how far it is, and
//! goes on from there when it is begun again; `--write` puts what was run and what came of it into its part of a page.

use kabao_simulation::in_one_thread;
use kabao_simulation::page::{self, RELEASE};
use kabao_simulation::run::{Folder, Report, channels, storm};
use kabao_simulation::storm::kept::Kept;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How often a long run says how far it is.
const PROGRESS: Duration = Duration::from_secs(20);

struct Wish {
    seed: u64,
    count: u64,
    payments: u64,
    steps: u32,
    seconds: u64,
    jobs: usize,
    export: Option<PathBuf>,
    keep: Option<PathBuf>,
    write: Option<PathBuf>,
}

fn wish(words: &[String]) -> Result<Wish, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut wish = Wish { seed: 1, count: 20, payments: u64::MAX, steps: 60, seconds: u64::MAX, jobs, export: None, keep: None, write: None };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let value = rest.next().ok_or(format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match word.as_str() {
            "--seed" => wish.seed = number()?,
            "--count" => wish.count = number()?,
            "--payments" => (wish.payments, wish.count) = (number()?, u64::MAX),
            "--steps" => wish.steps = u32::try_from(number()?).map_err(|error| error.to_string())?,
            "--seconds" => wish.seconds = number()?,
            "--jobs" => wish.jobs = usize::try_from(number()?.max(1)).map_err(|error| error.to_string())?,
            "--write" => wish.write = Some(PathBuf::from(value)),
            "--keep" => wish.keep = Some(PathBuf::from(value)),
            "--export" => wish.export = Some(PathBuf::from(value)),
            other => return Err(format!("storms pay does not take {other}")),
        }
    }
    Ok(wish)
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

/// The lowest seed that broke a promise with the reasons. The books that are kept are the last storm's.
fn many(wish: &Wish, channels: &Path, kept: &mut Kept) -> Result<Option<(u64, Vec<String>)>, String> {
    let begin = Instant::now();
    let (next, stop) = (AtomicU64::new(kept.next()), AtomicBool::new(kept.sums().payments >= wish.payments));
    let end = kept.first().saturating_add(wish.count);
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..wish.jobs {
            let tell = tell.clone();
            scope.spawn(|| {
                let tell = tell;
                while !stop.load(Ordering::Acquire) && begin.elapsed() < Duration::from_secs(wish.seconds) {
                    let seed = next.fetch_add(1, Ordering::AcqRel);
                    if seed >= end || tell.send((seed, one(seed, wish, channels))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        let (mut broken, mut last_word) = (None, begin);
        for (seed, outcome) in told {
            let reasons = match outcome {
                Ok(report) if report.broken.is_empty() => {
                    kept.add(seed, report);
                    if kept.sums().payments >= wish.payments {
                        // Those that rage come to their end and count: the seeds are without a gap.
                        stop.store(true, Ordering::Release);
                    }
                    if last_word.elapsed() >= PROGRESS {
                        last_word = Instant::now();
                        eprintln!("{} payments in {} storms, {:.0} s", kept.sums().payments, kept.sums().storms, kept.seconds());
                        kept.save().inspect_err(|_| stop.store(true, Ordering::Release))?;
                    }
                    continue;
                }
                Ok(report) => report.broken,
                Err(reason) => vec![reason],
            };
            stop.store(true, Ordering::Release);
            // Of two that broke at once the lower seed is told.
            if broken.as_ref().is_none_or(|(other, _)| seed < *other) {
                broken = Some((seed, reasons));
            }
        }
        kept.save()?;
        Ok(broken)
    })
}

/// A digest of this program: parts of a run by different builds are told apart.
fn program() -> Result<String, String> {
    let path = std::env::current_exe().map_err(|error| error.to_string())?;
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    Ok(hex(&kabao_proof::digest::sha256(&bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn run(words: &[String]) -> Result<bool, String> {
    let mut wish = match words.split_first() {
        Some((first, rest)) if first == "pay" => wish(rest)?,
        _ => return Err("storms pay [--seed N] [--count M | --payments P] [--steps N] [--seconds N] [--jobs N] [--export FOLDER] [--keep FILE] [--write FILE]".to_owned()),
    };
    let channels = channels("pay-channels")?;
    if let Some(to) = &wish.export {
        std::fs::create_dir_all(to).map_err(|error| error.to_string())?;
        // One after the other, so that the books of one storm lie together.
        wish.jobs = 1;
    }
    let mut kept = Kept::open(wish.keep.as_deref(), wish.seed, &program()?)?;
    let broken = many(&wish, channels.path(), &mut kept)?;
    let sum = kept.sums();
    if let Some((seed, reasons)) = broken {
        println!("seed {seed}: {}", reasons.join("; "));
        println!("{} payments in {} storms before it", sum.payments, sum.storms);
        return Ok(false);
    }
    sum.print();
    let (first, seconds) = (kept.first(), kept.seconds());
    if let Some(file) = &wish.write {
        let command = format!("cargo xtask sim pay --seed {first} --count {}{RELEASE}", sum.storms);
        page::put(file, "pay", &sum.text(&command, kept.parts(), seconds))?;
    }
    println!("{}", sum.figure(first, seconds));
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
