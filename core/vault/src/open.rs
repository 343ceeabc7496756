//! The one order in which a file is opened.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::folder::length;
use crate::guard::Guard;
use crate::settings::{
    apply_to_reader, apply_to_writer, first_level, lasting_level, read_back, set_level,
};
use crate::{FileKey, FileSpec, VaultError};

/// What the caller knows about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is made when it is not there.
    MayBeNew,
    /// It was made before; [`VaultError::Missing`] when it is not there. A lost file is never replaced silently.
    MustExist,
}

/// How a connection gets its key. A parameter only so that a test can leave it out and see the file refused.
pub(crate) type Keying<'a> = &'a dyn Fn(&Connection) -> rusqlite::Result<()>;

/// Every plain SQLite file starts with these bytes.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Prepared statements kept per connection.
const STATEMENTS: usize = 128;

/// Opens the connection that writes.
///
/// 1. Look at the files: there or not, a log without its file, a file that is not encrypted.
/// 2. Open, and promise not to fold the log into the file until all is known to be well: a refused file stays as it is.
/// 3. Put up the guard: no attaching, no settings of the cipher.
/// 4. Give the key, and have the encrypting library answer with its version.
/// 5. Probe by reading: a wrong key or a damaged start shows here.
/// 6. Compare the schema number and the file's mark; nothing has been written so far.
/// 7. Set the settings, the level of syncing before anything that writes.
/// 8. Read the settings back.
/// 9. Run the schema steps that are missing.
/// 10. Take the lasting level of syncing and read everything back again.
/// 11. Look at the first bytes on disk: they must not be those of a plain file.
/// 12. Fix the settings and allow the log to be folded in.
pub(crate) fn open_writer(
    path: &Path,
    spec: &FileSpec,
    presence: Presence,
    keying: Keying<'_>,
) -> Result<Connection, VaultError> {
    spec.check()?;
    // 1
    let there = look_at_files(path, presence)?;
    // 2
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, !there);
    let (mut connection, guard) = start(path, flags, keying)?; // with 3 and 4
    // 5
    probe(&connection)?;
    // 6
    let found = check_schema(&connection, spec)?;
    // 7
    apply_to_writer(&connection, spec)?;
    // 8
    read_back(&connection, first_level(spec.durability), spec, false)?;
    // 9
    migrate(&mut connection, spec, found)?;
    // 10
    set_level(&connection, lasting_level(spec.durability))?;
    read_back(&connection, lasting_level(spec.durability), spec, false)?;
    // 11
    refuse_plain(path)?;
    // 12
    guard.opened();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(connection)
}

/// Opens the connection that reads, after the writer: the same steps without those that write.
pub(crate) fn open_reader(
    path: &Path,
    spec: &FileSpec,
    keying: Keying<'_>,
) -> Result<Connection, VaultError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let (connection, guard) = start(path, flags, keying)?;
    probe(&connection)?;
    apply_to_reader(&connection, spec)?;
    read_back(&connection, lasting_level(spec.durability), spec, true)?;
    guard.opened();
    Ok(connection)
}

/// The way a product connection gets its key.
pub(crate) fn with_key(key: &FileKey) -> impl Fn(&Connection) -> rusqlite::Result<()> {
    |connection| kabao_vault_sys::key(connection, key.bytes())
}

/// Steps 2 to 4, the same for both connections.
fn start(
    path: &Path,
    flags: OpenFlags,
    keying: Keying<'_>,
) -> Result<(Connection, Guard), VaultError> {
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A statement keeps its plan: with a partial index in sight SQLite would else prepare it anew for each value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    wipe_what_is_freed(&connection)?;
    let guard = Guard::install(&mut connection)?;
    keying(&connection)?;
    if kabao_vault_sys::version().is_empty() {
        return Err(VaultError::Settings {
            name: "cipher library",
        });
    }
    Ok((connection, guard))
}

/// From here on the library overwrites what it frees: pages in plain text, keys, statements with their values. It counts
/// for all connections of the process, and the guard forbids to take it back.
fn wipe_what_is_freed(connection: &Connection) -> Result<(), VaultError> {
    let mut answer = String::new();
    connection.pragma_update_and_check(None, "memory_security", "fill", |_| Ok(()))?;
    connection.pragma_query(None, "memory_security", |row| {
        answer = row.get(0)?;
        Ok(())
    })?;
    if answer == "1" { Ok(()) } else { Err(VaultError::Settings { name: "memory_security" }) }
}

fn look_at_files(path: &Path, presence: Presence) -> Result<bool, VaultError> {
    if length(path)? > 0 {
        refuse_plain(path)?;
        return Ok(true);
    }
    // SQLite discards the log of an empty file.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if length(Path::new(&log))? > 0 {
        return Err(VaultError::MissingBesideLog);
    }
    match presence {
        Presence::MustExist => Err(VaultError::Missing),
        Presence::MayBeNew => Ok(false),
    }
}

fn refuse_plain(path: &Path) -> Result<(), VaultError> {
    let mut start = Vec::with_capacity(MAGIC.len());
    File::open(path)?
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    if start == MAGIC {
        Err(VaultError::NotEncrypted)
    } else {
        Ok(())
    }
}

fn probe(connection: &Connection) -> Result<(), VaultError> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    })?;
    Ok(kabao_vault_sys::add_tokenizer(connection)?)
}

/// Returns the file's schema number.
fn check_schema(connection: &Connection, spec: &FileSpec) -> Result<u32, VaultError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = u32::try_from(number("user_version")?).map_err(|_| VaultError::WrongFile)?;
    let mark = number("application_id")?;
    if (found > 0 || mark != 0) && mark != i64::from(spec.mark()) {
        return Err(VaultError::WrongFile);
    }
    let known = spec.newest();
    if found > known {
        Err(VaultError::NewerSchema { found, known })
    } else {
        Ok(found)
    }
}

/// Each step and its number are one transaction: after a cut the file has the schema before or after it.
fn migrate(connection: &mut Connection, spec: &FileSpec, found: u32) -> Result<(), VaultError> {
    for step in spec.migrations.iter().filter(|step| step.version > found) {
        let failed = |cause: VaultError| match cause {
            cause @ (VaultError::DiskFull
            | VaultError::Io { .. }
            | VaultError::Busy
            | VaultError::ReadOnly) => cause,
            cause => VaultError::Migration {
                version: step.version,
                cause: Box::new(cause),
            },
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = transaction
            .execute_batch(step.sql)
            .and_then(|()| transaction.pragma_update(None, "application_id", spec.mark()))
            .and_then(|()| transaction.pragma_update(None, "user_version", step.version));
        done.map_err(|error| failed(error.into()))?;
        if transaction.is_autocommit() {
            return Err(failed(VaultError::TransactionLost));
        }
        transaction.commit().map_err(|error| failed(error.into()))?;
    }
    Ok(())
}
