//! Lets the power go at every operation of the wallet's files (`power`), and lets their disk fail at each of them (`io`).
//!
//! `disk power|io [--seed N] [--count M] [--every K] [--write FILE]`: seeds N to N + M - 1, every K-th place (1: all).
//! The last line is the figure; the exit status is 1 when a promise was broken. `--write` puts what was run and what came
//! of it into its part of a page.

use kabao_disk::{FaultKind, Folder as Model};
use kabao_simulation::disk::io::{self, IoSearch};
use kabao_simulation::disk::page::{self, Run};
use kabao_simulation::disk::vault::{self, Levels, Search};
use kabao_simulation::disk::{Figure, aside, strain, wallet};
use kabao_simulation::in_one_thread;
use kabao_simulation::phone::Told;
use kabao_simulation::run::Folder;
use kabao_vault::Durability;
use std::process::ExitCode;
use std::time::Instant;

struct Asked {
    what: String,
    seed: u64,
    count: u64,
    every: u64,
    write: Option<String>,
}

fn asked() -> Told<Asked> {
    let mut words = std::env::args().skip(1);
    let what = words.next().filter(|what| what == "power" || what == "io").ok_or("power or io?")?;
    let mut asked = Asked { what, seed: 1, count: 1, every: 1, write: None };
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} wants a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match name.as_str() {
            "--seed" => asked.seed = number()?,
            "--count" => asked.count = number()?.max(1),
            "--every" => asked.every = number()?.max(1),
            "--write" => asked.write = Some(value),
            _ => return Err(format!("{name} is not known")),
        }
    }
    Ok(asked)
}

fn main() -> ExitCode {
    match asked().and_then(|asked| run(&asked)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Every part that ran, and whether the figure of all of them is good.
fn run(asked: &Asked) -> Told<bool> {
    let began = Instant::now();
    let folder = Folder::new(&format!("disk-{}", asked.what)).map_err(|error| error.to_string())?;
    let mut run = Run::new(&asked.what, asked.seed, asked.count, asked.every);
    match asked.what.as_str() {
        "io" => {
            run.part("the three files", io(asked, &folder, &FaultKind::HONEST, asked.every)?, false);
            let lies = io(asked, &folder, &[FaultKind::SyncLies], asked.every.max(5))?;
            let channels = folder.path().join("channels");
            let mut phone = Figure::default();
            for seed in asked.seed..asked.seed.saturating_add(asked.count) {
                let place = folder.path().join(format!("phone-{seed}"));
                let one = in_one_thread(strain::fail_everywhere(seed, asked.every, &place, &channels));
                phone.add(one.map_err(|error| error.to_string())??);
            }
            run.part("a payment and a code of the whole wallet", phone, false);
            run.part("control: syncs that lie", lies, true);
        }
        _ => power(asked, &folder, &mut run)?,
    }
    run.seconds(began.elapsed().as_secs());
    if let Some(file) = &asked.write {
        page::write(file.as_ref(), &run)?;
    }
    println!("{}", run.figure());
    Ok(run.good())
}

fn io(asked: &Asked, folder: &Folder, kinds: &'static [FaultKind], every: u64) -> Told<Figure> {
    let mut figure = Figure::default();
    for seed in asked.seed..asked.seed.saturating_add(asked.count) {
        figure.add(io::fail_everywhere(IoSearch { kinds, seed, every }, folder.path())?);
    }
    Ok(figure)
}

fn power(asked: &Asked, folder: &Folder, run: &mut Run) -> Told<()> {
    let every = usize::try_from(asked.every).unwrap_or(1);
    let scratch = folder.path().join("scratch");
    let search = |model| Search { every, count: asked.count, ..Search::all(model, asked.seed) };
    let files = vault::record(&folder.path().join("files"), Levels::WALLET)?;
    run.part("the three files, POSIX folder", vault::cut_everywhere(&files, search(Model::Posix), &scratch)?, false);
    let ledger = Search { judged: &["ledger.db"], ..search(Model::Strict) };
    run.part("the ledger, strict folder", vault::cut_everywhere(&files, ledger, &scratch)?, false);
    let channels = folder.path().join("channels");
    let ((payments, codes), day, replaced, lied) = in_one_thread(async {
        let cut = async |tape| wallet::cut_everywhere(tape, Model::Posix, asked.seed, asked.count, every, &scratch).await;
        let day = wallet::record(asked.seed, &folder.path().join("day"), &channels).await?;
        let other = wallet::record_replacement(asked.seed, &folder.path().join("other"), &channels).await?;
        let (stake, good, replaced) = (day.at_stake(), cut(&day).await?, cut(&other).await?);
        let lies = day.on_a_lying_disk();
        let lied = wallet::cut_everywhere(&lies, Model::Posix, asked.seed, 1, every.max(29), &scratch).await?;
        Ok::<_, String>((stake, good, replaced, lied))
    })
    .map_err(|error| error.to_string())??;
    run.part(&format!("a day of the whole wallet ({payments} payments, {codes} codes), POSIX folder"), day, false);
    run.part("control: the same day on a disk that lies about syncs", lied, true);
    run.part("a phone in the place of another, POSIX folder", replaced, false);
    let moved = in_one_thread(aside::cut_everywhere(asked.seed, asked.count, &folder.path().join("aside")))
        .map_err(|error| error.to_string())??;
    run.part("setting aside files whose key is lost", moved, false);
    let one = |model| Search { every: every.max(3), judged: &["ledger.db"], ..Search::all(model, asked.seed) };
    let weak = vault::record(&folder.path().join("weak"), Levels { ledger: Durability::Normal, ..Levels::WALLET })?;
    run.part("control: ledger with synchronous=NORMAL", vault::cut_everywhere(&weak, one(Model::Posix), &scratch)?, true);
    let bare = Levels { ledger: Durability::Full, mine: Durability::Full };
    let bare = vault::record(&folder.path().join("bare"), bare)?;
    run.part("control: ledger made without EXTRA, strict folder", vault::cut_everywhere(&bare, one(Model::Strict), &scratch)?, true);
    Ok(())
}
