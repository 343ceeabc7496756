//! The three files at the level of the vault: made, written, brought to a newer schema, folded and left open, with the
//! wallet's own tables. Every write that returned is an answer.

use super::{Figure, Points};
use kabao_disk::{Disk, Files, Folder as Model, Step};
use kabao_vault::{Db, Durability, FileKey, FileSpec, Folder, Migration, Presence, VaultError};
use rusqlite::Transaction;
use std::collections::BTreeMap;
use std::path::Path;
use zeroize::Zeroizing;

const LEDGER_1: Migration = Migration { version: 1, sql: include_str!("../../../../core/wallet/src/tables/ledger-1.sql") };
const LEDGER_2: Migration = Migration { version: 2, sql: include_str!("../../../../core/wallet/src/tables/ledger-2.sql") };
const MINE_1: Migration = Migration { version: 1, sql: include_str!("../../../../core/wallet/src/tables/mine-1.sql") };
const CACHE_1: Migration = Migration { version: 1, sql: include_str!("../../../../core/wallet/src/tables/cache-1.sql") };

/// How the three files are synced.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    /// Of the ledger.
    pub ledger: Durability,
    /// Of what the person made.
    pub mine: Durability,
}

impl Levels {
    /// As the wallet opens them.
    pub const WALLET: Levels = Levels { ledger: Durability::ExtraThenFull, mine: Durability::Full };
}

/// How many rows of a file were answered for.
pub(crate) type Rows = BTreeMap<&'static str, u32>;

/// A flow that ran: its journal, and what had been answered at each mark.
pub struct Recorded {
    /// Every operation.
    pub steps: Vec<Step>,
    answers: Vec<Rows>,
    levels: Levels,
}

fn spec(name: &'static str, durability: Durability, steps: &'static [Migration]) -> FileSpec {
    let mut spec = FileSpec::new(name, durability, steps);
    spec.one_connection = true;
    spec
}

pub(crate) fn specs(levels: Levels, newer: bool) -> [FileSpec; 3] {
    let ledger: &'static [Migration] = if newer { &[LEDGER_1, LEDGER_2] } else { &[LEDGER_1] };
    [
        spec("ledger.db", levels.ledger, ledger),
        spec("mine.db", levels.mine, &[MINE_1]),
        spec("cache.db", Durability::Normal, &[CACHE_1]),
    ]
}

fn key() -> FileKey {
    FileKey::new(Zeroizing::new([7; 32]))
}

fn add(tx: &Transaction<'_>, file: &str, number: u32) -> Result<(), VaultError> {
    let name = format!("{number:032}");
    match file {
        "ledger.db" => {
            tx.execute(
                "INSERT INTO intents (intent_id, kind, payee_key, minor, fee_minor, currency, terms, state, event, epoch, attempts,
                     created_at, updated_at, request) VALUES (?1, 'pay', ?1, 2350, 0, 'CNY', zeroblob(280), 'sending', ?2, 1, 1, 1, 1, zeroblob(900))",
                (&name, number),
            )?;
            tx.execute(
                "INSERT INTO events (seq, at, kind, subject, body, mac) VALUES (?1, 1, 'intent', ?2, zeroblob(40), zeroblob(32))",
                (number, &name),
            )?;
        }
        "mine.db" => drop(tx.execute("INSERT INTO choices (name, value, at) VALUES (?1, 'yes', 1)", [&name])?),
        _ => drop(tx.execute("INSERT INTO snapshots (name, body, at) VALUES (?1, ?2, 1)", (&name, "x".repeat(600)))?),
    }
    Ok(())
}

/// Counts the rows; they must be whole: none missing in between, every page in order.
fn rows(db: &Db, file: &str) -> Result<u32, String> {
    let table = match file {
        "ledger.db" => "intents",
        "mine.db" => "choices",
        _ => "snapshots",
    };
    let look = |conn: &rusqlite::Connection| -> Result<(u32, u32, String), VaultError> {
        let id = if table == "intents" { "intent_id" } else { "name" };
        let (count, last) =
            conn.query_row(&format!("SELECT count(*), coalesce(max({id}), '0') FROM {table}"), [], |row| {
                Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?))
            })?;
        let pages: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        Ok((count, last.parse().unwrap_or(u32::MAX), pages))
    };
    let (count, last, pages) = db.read(look).map_err(|error| error.to_string())?;
    if pages != "ok" {
        return Err(format!("the check of the pages says {pages}"));
    }
    if count != last {
        return Err(format!("{count} rows, the last is {last}"));
    }
    Ok(count)
}

/// Where the flow ended before its end, and what was wrong with how it went on.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) error: VaultError,
    pub(crate) broken: Option<String>,
}

impl From<VaultError> for Stop {
    fn from(error: VaultError) -> Stop {
        Stop { error, broken: None }
    }
}

/// What a write that failed leaves: after a failure of the device the file must not be believed; after any other error
/// the same write works as soon as there is room again.
fn after(db: &Db, name: &str, number: u32, error: VaultError, disk: &Disk) -> Stop {
    disk.plan(None);
    let again = db.write(|tx| add(tx, name, number));
    let broken = match (&error, again) {
        (VaultError::Io { .. }, Err(VaultError::Poisoned)) => None,
        (VaultError::Io { .. }, again) => Some(format!("after {error:?} the file was believed: {again:?}")),
        // A file that could only be opened for reading stays so until it is opened again.
        (_, Ok(())) | (VaultError::ReadOnly, Err(VaultError::ReadOnly)) => None,
        (_, Err(again)) => Some(format!("after {error:?} and with room again: {again:?}")),
    };
    Stop { error, broken }
}

/// Runs the flow on an empty folder. An error at any step ends it; `answers` tells what had been answered.
pub(crate) fn flow(disk: &Disk, path: &Path, levels: Levels, answers: &mut Vec<Rows>) -> Result<(), Stop> {
    let mut said = Rows::new();
    let mut told = |file: &'static str, number: u32, answers: &mut Vec<Rows>| {
        said.insert(file, number);
        disk.mark(answers.len());
        answers.push(said.clone());
    };
    let mut number = 0;
    for round in 0..3 {
        let folder = Folder::lock(path)?;
        let presence = if round == 0 { Presence::MayBeNew } else { Presence::MustExist };
        let mut files = Vec::new();
        for spec in specs(levels, round > 0) {
            files.push((spec.name, Db::open(&folder, &spec, &key(), presence)?));
        }
        // The wallet writes its anchor here: from now on the files must be there.
        told("opened", round + 1, answers);
        for _ in 0..3 {
            number += 1;
            for (name, db) in &files {
                if let Err(error) = db.write(|tx| add(tx, name, number)) {
                    return Err(after(db, name, number, error, disk));
                }
                told(name, number, answers);
            }
        }
        for (_, db) in files {
            // The app closes twice, and is killed once.
            if round == 1 { db.abandon() } else { db.close()? }
        }
    }
    Ok(())
}

/// Runs the flow and keeps its journal.
///
/// # Errors
/// The flow itself failed: without faults it must not.
pub fn record(path: &Path, levels: Levels) -> Result<Recorded, String> {
    std::fs::create_dir_all(path).map_err(|error| error.to_string())?;
    let disk = Disk::watch(path)?;
    let mut answers = Vec::new();
    flow(&disk, path, levels, &mut answers).map_err(|stop| stop.error.to_string())?;
    Ok(Recorded { steps: disk.journal(), answers, levels })
}

/// How a recorded flow is searched.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// When a removal lasts.
    pub model: Model,
    /// Decides what is left to chance.
    pub seed: u64,
    /// So many seeds, from that one on.
    pub count: u64,
    /// Every point, or every so-manieth.
    pub every: usize,
    /// The files that are judged.
    pub judged: &'static [&'static str],
}

impl Search {
    /// Every point, all three files.
    #[must_use]
    pub fn all(model: Model, seed: u64) -> Search {
        Search { model, seed, count: 1, every: 1, judged: &["ledger.db", "mine.db", "cache.db"] }
    }
}

/// The power goes at every operation of a recorded flow. `scratch` is a folder that is made and emptied.
///
/// # Errors
/// The system's own, when the scratch folder cannot be written.
pub fn cut_everywhere(recorded: &Recorded, search: Search, scratch: &Path) -> Result<Figure, String> {
    let operations = recorded.steps.iter().filter(|step| !matches!(step, Step::Mark(_))).count();
    let mut figure = Figure::over(operations);
    let mut known = Known::new();
    let Search { model, seed, count, every, judged } = search;
    let points =
        |seed| Points::of(Files::new(), &recorded.steps, model, seed).step_by(every.max(1)).map(move |point| (seed, point));
    for (seed, point) in (seed..seed.saturating_add(count)).flat_map(points) {
        figure.count(point.digest);
        let answers = point.marks.checked_sub(1).and_then(|last| recorded.answers.get(last)).cloned().unwrap_or_default();
        for spec in specs(recorded.levels, true).iter().filter(|spec| judged.contains(&spec.name)) {
            if let Err(broken) = judge(&point.files, &answers, spec, scratch, &mut known)? {
                figure.break_at(format!("seed {seed} {model:?} {}: {} {broken}", point.place(), spec.name));
                break;
            }
        }
    }
    Ok(figure)
}

/// What was found in a file of these bytes: it is opened once.
pub(crate) type Known = BTreeMap<([u8; 32], bool), Result<u32, String>>;

pub(crate) fn judge(files: &Files, answers: &Rows, spec: &FileSpec, scratch: &Path, known: &mut Known) -> Result<Result<(), String>, String> {
    let opened = answers.contains_key("opened");
    let own: Files =
        files.iter().filter(|(name, _)| name.starts_with(spec.name)).map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
    let digest = super::points::digest(&own);
    let found = match known.get(&(digest, opened)) {
        Some(found) => found.clone(),
        None => {
            let found = look(&own, spec, opened, scratch)?;
            known.insert((digest, opened), found.clone());
            found
        }
    };
    let wanted = answers.get(spec.name).copied().unwrap_or(0);
    Ok(match found {
        Err(refused) => Err(format!("is refused: {refused}")),
        // The cache may lose its last commits: it is fetched again.
        Ok(_) if spec.name == "cache.db" => Ok(()),
        Ok(found) if found >= wanted => Ok(()),
        Ok(found) => Err(format!("has {found} of {wanted} answered rows")),
    })
}

/// Opens what is left of a file as the app does, reads it, writes to it, and opens it again.
fn look(files: &Files, spec: &FileSpec, opened: bool, scratch: &Path) -> Result<Result<u32, String>, String> {
    let _ = std::fs::remove_dir_all(scratch);
    kabao_disk::put(scratch, files).map_err(|error| format!("{}: {error}", scratch.display()))?;
    // Watched, so that nothing waits for the real disk.
    let _disk = Disk::watch(scratch)?;
    let presence = if opened { Presence::MustExist } else { Presence::MayBeNew };
    let work = || -> Result<u32, String> {
        let say = |error: VaultError| error.to_string();
        let folder = Folder::lock(scratch).map_err(say)?;
        let db = Db::open(&folder, spec, &key(), presence).map_err(say)?;
        let found = rows(&db, spec.name)?;
        db.write(|tx| add(tx, spec.name, found + 1)).map_err(say)?;
        db.close().map_err(say)?;
        let db = Db::open(&folder, spec, &key(), Presence::MustExist).map_err(say)?;
        if rows(&db, spec.name)? != found + 1 {
            return Err("it does not keep what is written to it".to_owned());
        }
        db.close().map_err(say)?;
        Ok(found)
    };
    Ok(work())
}
