//! Disks that fail: full, failing, not syncing, only to be read; at every operation that can meet it, once and for ever.
//!
//! Each run makes the files anew on a disk with one fault planned. Then the fault is over and the files are opened again:
//! once as the system shows them, and once as they are when the power goes right after the fault.

use super::vault::{Known, Levels, Rows, flow, judge, specs};
use super::Figure;
use kabao_disk::{Disk, Entries, Fault, FaultKind, Files, Folder as Model, Keep, Random, Replay};
use kabao_vault::VaultError;
use std::path::Path;

/// Which faults are played.
#[derive(Clone, Copy, Debug)]
pub struct IoSearch {
    /// What goes wrong.
    pub kinds: &'static [FaultKind],
    /// Decides what is left to chance, and where the search begins when it leaves places out.
    pub seed: u64,
    /// Every place, or every so-manieth.
    pub every: u64,
}

/// Plays every fault at every place. Folders are made below `below` and removed.
///
/// # Errors
/// The system's own, or a flow that fails without a fault.
pub fn fail_everywhere(search: IoSearch, below: &Path) -> Result<Figure, String> {
    let say = |error: std::io::Error| error.to_string();
    let place = below.join("plain");
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).map_err(say)?;
    let disk = Disk::watch(&place)?;
    flow(&disk, &place, Levels::WALLET, &mut Vec::new()).map_err(|stop| stop.error.to_string())?;
    let chances = search.kinds.iter().map(|kind| (*kind, disk.chances(*kind)));
    let mut figure = Figure::default();
    let every = search.every.max(1);
    for (kind, count) in chances {
        figure.operations += usize::try_from(count).unwrap_or(0);
        for lasting in [false, true] {
            let first = 1 + (search.seed + u64::from(lasting)) % every;
            let mut at = first;
            while at <= count {
                one(search.seed, Fault { kind, at, lasting }, below, &mut figure)?;
                at += every;
            }
        }
    }
    Ok(figure)
}

/// One fault, and what is left of the files after it.
fn one(seed: u64, fault: Fault, below: &Path, figure: &mut Figure) -> Result<(), String> {
    let say = |error: std::io::Error| error.to_string();
    let (place, scratch) = (below.join("fault"), below.join("scratch"));
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).map_err(say)?;
    let disk = Disk::watch(&place)?;
    disk.plan(Some(fault));
    let mut answers = Vec::new();
    let ended = flow(&disk, &place, Levels::WALLET, &mut answers);
    let label = format!(
        "seed {seed} {} at {} {}",
        fault.kind.name(),
        fault.at,
        if fault.lasting { "for ever" } else { "once" }
    );
    disk.plan(None);
    if let Err(stop) = &ended {
        if !typed(&stop.error) {
            figure.break_at(format!("{label}: the error is {:?}", stop.error));
        }
        if let Some(broken) = &stop.broken {
            figure.break_at(format!("{label}: {broken}"));
        }
    }
    let answers = answers.pop().unwrap_or_default();
    let mut left = vec![("as it stands".to_owned(), shown(&place)?)];
    let mut replay = Replay::begin(Files::new(), Model::Posix);
    disk.journal().iter().for_each(|step| replay.step(step));
    for keep in [Keep::Nothing, Keep::Half, Keep::All] {
        let mut random = Random::of(&[seed, fault.at, fault.kind as u64, keep as u64]);
        left.push((format!("power gone, {keep:?} kept"), replay.survivors(keep, Entries::Kept, &mut random)));
    }
    for (how, files) in left {
        figure.count(kabao_proof::digest::sha256(format!("{label} {how}").as_bytes()));
        if let Err(broken) = all(&files, &answers, &scratch)? {
            figure.break_at(format!("{label}, {how}: {broken}"));
        }
    }
    Ok(())
}

fn all(files: &Files, answers: &Rows, scratch: &Path) -> Result<Result<(), String>, String> {
    for spec in specs(Levels::WALLET, true) {
        if let Err(broken) = judge(files, answers, &spec, scratch, &mut Known::new())? {
            return Ok(Err(format!("{} {broken}", spec.name)));
        }
    }
    Ok(Ok(()))
}

/// The faults' own errors; anything else would tell a person something that is not so.
fn typed(error: &VaultError) -> bool {
    // When the switch of the journal fails on the disk, SQLite answers with the journal that is still in use and no error.
    matches!(
        error,
        VaultError::DiskFull | VaultError::Io { .. } | VaultError::ReadOnly | VaultError::Poisoned
            | VaultError::Settings { name: "journal_mode" }
    )
}

/// The files as the system shows them, without the index beside the log, which is made anew.
fn shown(place: &Path) -> Result<Files, String> {
    let say = |error: std::io::Error| error.to_string();
    let mut files = Files::new();
    for entry in std::fs::read_dir(place).map_err(say)? {
        let entry = entry.map_err(say)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "lock" && !name.ends_with("-shm") {
            files.insert(name, std::fs::read(entry.path()).map_err(say)?);
        }
    }
    Ok(files)
}

