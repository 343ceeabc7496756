//! No room on the device: opening says so, whichever write finds it out first, and what is there opens again afterwards.
//! Needs a mount of its own: where `unshare` may not make one, only the meaning of the codes is tested (`src/tests.rs`).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{CACHE, LEDGER, MINE, count, key};
use kabao_vault::{Db, Folder, Presence, VaultError};
use std::path::Path;
use std::process::Command;

/// Where the run with the small device finds it.
const PLACE: &str = "KABAO_SMALL_DEVICE";

/// Opens the three files as a wallet does; how many came open before there was no room.
fn open_all(place: &Path) -> usize {
    let folder = match Folder::lock(&place.join("wallet")) {
        Ok(folder) => folder,
        Err(error) => {
            assert_eq!(error, VaultError::DiskFull);
            return 0;
        }
    };
    let mut held = Vec::new();
    for spec in [&LEDGER, &MINE, &CACHE] {
        match Db::open(&folder, spec, &key(7), Presence::MayBeNew) {
            Ok(db) => {
                assert_eq!(count(&db), Ok(0));
                held.push(db);
            }
            Err(error) => {
                assert_eq!(error, VaultError::DiskFull, "{}", spec.name);
                break;
            }
        }
    }
    held.len()
}

#[test]
fn an_opening_without_room_says_that_there_is_none() {
    if let Some(place) = std::env::var_os(PLACE) {
        println!("opened={}", open_all(Path::new(&place)));
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for kib in (4..=400).step_by(12) {
        let script = format!("mount -t tmpfs -o size={kib}k tmpfs \"${PLACE}\" || exit 77; exec \"$0\" --exact --nocapture an_opening_without_room_says_that_there_is_none");
        let run = Command::new("unshare").args(["-rm", "sh", "-c", &script]).arg(std::env::current_exe().unwrap()).env(PLACE, place.path()).output();
        let Ok(run) = run.map(|run| (run.status, String::from_utf8_lossy(&run.stdout).into_owned())) else {
            eprintln!("not run: there is no unshare");
            return;
        };
        let (status, said) = run;
        let opened = said.split_once("opened=").and_then(|(_, rest)| rest.lines().next()?.parse::<usize>().ok());
        match opened {
            Some(opened) => seen.push(opened),
            None if said.contains("running 1 test") => panic!("{kib} KiB: {said}"),
            None => {
                eprintln!("not run: no mount of its own ({status})");
                return;
            }
        }
    }
    assert!([0, 1, 2, 3].iter().all(|count| seen.contains(count)), "{seen:?}");
}
