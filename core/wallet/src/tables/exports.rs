//! Exports that the person made, and the traces of one that was cut short.

use super::{Files, count_at, id_at, time_at};
use crate::error::Outcome;
use kabao_base::{Id, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};

const WRITING: &str = "writing";

/// The folder in which an export is written until it is whole.
pub(crate) fn part(folder: &Path, export_id: Id) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{export_id}"));
    folder.with_file_name(name)
}

/// An export begins.
pub(crate) fn begin(conn: &Connection, export_id: Id, folder: &Path, at: Timestamp) -> Outcome<()> {
    conn.run(
        "INSERT INTO exports (export_id, folder, state, at) VALUES (?1, ?2, ?3, ?4)",
        params![export_id.to_string(), folder.to_string_lossy(), WRITING, at.as_ms()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// An export is whole.
pub(crate) fn end(conn: &Connection, export_id: Id, at: Timestamp, files: u32, bytes: u64) -> Outcome<()> {
    conn.run(
        "UPDATE exports SET state = 'done', ended_at = ?2, files = ?3, bytes = ?4 WHERE export_id = ?1",
        params![export_id.to_string(), at.as_ms(), files, super::count_of(bytes)],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// An export that was made: where, when it was begun, its files and bytes.
pub(crate) struct Made {
    pub(crate) folder: String,
    pub(crate) at: Timestamp,
    pub(crate) files: u32,
    pub(crate) bytes: u64,
}

/// The exports that became whole, newest first.
pub(crate) fn made(conn: &Connection) -> Outcome<Vec<Made>> {
    conn.prepare_cached("SELECT folder, at, files, bytes FROM exports WHERE state = 'done' ORDER BY at DESC LIMIT 1000")
        .and_then(|mut select| {
            let read = |row: &rusqlite::Row<'_>| Ok(Made { folder: row.get(0)?, at: time_at(row, 1)?, files: row.get(2)?, bytes: count_at(row, 3)? });
            select.query_map([], read)?.collect()
        })
        .map_err(|error| VaultError::from(error).into())
}

fn unfinished(conn: &Connection) -> Outcome<Vec<(Id, PathBuf)>> {
    conn.prepare_cached("SELECT export_id, folder FROM exports WHERE state = 'writing' ORDER BY at LIMIT 100")
        .and_then(|mut select| {
            select.query_map([], |row| Ok((id_at(row, 0)?, PathBuf::from(row.get::<_, String>(1)?))))?.collect()
        })
        .map_err(|error| VaultError::from(error).into())
}

impl Files {
    /// Removes what exports that were cut short left behind: it lies open. Only folders of the name that such an export
    /// has; one that cannot be removed now is tried again next time. No export may be under way. Gives how many went.
    pub(crate) fn tidy_exports(&self, at: Timestamp) -> Outcome<u32> {
        let (mut gone, mut done) = (0_u32, Vec::new());
        for (id, folder) in self.mine(unfinished)? {
            match std::fs::remove_dir_all(part(&folder, id)) {
                Ok(()) => gone = gone.saturating_add(1),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => continue,
            }
            done.push(id);
        }
        if !done.is_empty() {
            self.mine_write(at, |tx| {
                for id in &done {
                    tx.run("DELETE FROM exports WHERE export_id = ?1", [id.to_string()]).map_err(VaultError::from)?;
                }
                Ok(())
            })?;
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{HostError, SecretStore};
    use crate::tables::open;
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    #[derive(Default)]
    struct Store(Mutex<BTreeMap<String, Vec<u8>>>);

    impl SecretStore for Store {
        fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
            Ok(self.0.lock().unwrap().get(&name).cloned())
        }
        fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
            self.0.lock().unwrap().insert(name, value);
            Ok(())
        }
        fn remove(&self, name: String) -> Result<(), HostError> {
            self.0.lock().unwrap().remove(&name);
            Ok(())
        }
    }

    #[test]
    fn what_a_killed_export_left_is_removed_and_nothing_else() {
        let place = std::env::temp_dir().join(format!("kabao-exports-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(place.join("others.part-1")).unwrap();
        let (target, at) = (place.join("out"), Timestamp::from_ms(5));
        let mut random = |bytes: &mut [u8]| {
            bytes.fill(9);
            Ok(())
        };
        let files = open::open(&place.join("wallet"), &Store::default(), &mut random, Arc::default()).unwrap();
        let (killed, done, never) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]), Id::from_bytes([3; 16]));
        for id in [killed, done, never] {
            files.mine_write(at, |tx| begin(tx, id, &target, at)).unwrap();
        }
        files.mine_write(at, |tx| end(tx, done, at, 3, 100)).unwrap();
        for name in [part(&target, killed), part(&target, done), target.clone()] {
            std::fs::create_dir_all(name.join("receipts")).unwrap();
            std::fs::write(name.join("receipts/1"), b"open").unwrap();
        }
        assert_eq!(files.tidy_exports(at).unwrap(), 1);
        assert!(!part(&target, killed).exists());
        for kept in [part(&target, done), target.clone(), place.join("others.part-1")] {
            assert!(kept.exists(), "{kept:?}");
        }
        assert_eq!((files.tidy_exports(at).unwrap(), files.mine(unfinished).unwrap().len()), (0, 0));
        files.close().unwrap();
        std::fs::remove_dir_all(place).unwrap();
    }
}
