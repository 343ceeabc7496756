//! What can go wrong with a file, and the one place where the database's codes are given a meaning.

use std::cell::Cell;

use rusqlite::{Error, ErrorCode, ffi};

/// Why a file of the wallet could not be opened, read or written.
///
/// No text or field holds anything that a person typed or a row contained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// Another process, or another part of this one, owns the folder or has this file open.
    #[error("the wallet's folder or file is in use by another owner")]
    InUse,
    /// The first read failed: the key is not this file's, or the start of the file is damaged. The two cannot be told
    /// apart. The file stays as it is.
    #[error("the file cannot be read with this key, or its start is damaged")]
    WrongKeyOrDamaged,
    /// A page was damaged or changed by somebody who does not have the key.
    #[error("the file is damaged (code {code})")]
    Corrupt {
        /// The database's extended result code.
        code: i32,
    },
    /// The file is an ordinary database that anybody can read. It is neither read nor replaced.
    #[error("the file is not encrypted")]
    NotEncrypted,
    /// The file opens, but it is another of the wallet's files under this name.
    #[error("this is another of the wallet's files")]
    WrongFile,
    /// The file was written by a newer version of the app. Nothing was changed in it.
    #[error("the file has schema {found}; this version knows schemas up to {known}")]
    NewerSchema {
        /// The schema number in the file.
        found: u32,
        /// The newest schema number that this version knows.
        known: u32,
    },
    /// The file should be there and is not, or is empty.
    #[error("the file is missing")]
    Missing,
    /// The file's write-ahead log is there without the file. Opening would discard the log, so it is refused.
    #[error("the write-ahead log is there but its file is missing")]
    MissingBesideLog,
    /// Somebody else holds the write lock, or a reader holds up a checkpoint, for longer than the file's patience.
    #[error("the file is busy")]
    Busy,
    /// No room left on the device, or the file's own page limit is reached. The transaction was rolled back.
    #[error("the storage is full")]
    DiskFull,
    /// The place, the file or the connection allows no writing.
    #[error("the file is read-only")]
    ReadOnly,
    /// A setting did not take the value that this file must have.
    #[error("the setting {name} is not what this file needs")]
    Settings {
        /// The name of the setting.
        name: &'static str,
    },
    /// The list of schema steps is not in ascending order from 1.
    #[error("the schema steps are not in ascending order")]
    MigrationOrder,
    /// One schema step failed and was rolled back; the file still has the schema before it.
    #[error("schema step {version} failed: {cause}")]
    Migration {
        /// The step's number.
        version: u32,
        /// Why.
        cause: Box<VaultError>,
    },
    /// The device failed to read, write or sync. Whether the last commit is on disk is not known until the file is
    /// opened again; until then every call answers [`VaultError::Poisoned`].
    #[error("reading or writing failed (code {code})")]
    Io {
        /// The database's extended result code, or the system's error number below zero.
        code: i32,
    },
    /// An earlier failure of the device made this connection untrustworthy. Close and open again; do not repeat the
    /// call on this one.
    #[error("an earlier write failed: the file must be opened again")]
    Poisoned,
    /// The work ended the transaction it was given.
    #[error("the transaction was ended from inside")]
    TransactionLost,
    /// A rule of the tables refused the rows.
    #[error("a rule of the tables was broken (code {code})")]
    Constraint {
        /// The database's extended result code.
        code: i32,
    },
    /// A statement that no part of the wallet may use, such as attaching another file.
    #[error("the statement is not allowed")]
    NotAllowed,
    /// A row was expected and there is none.
    #[error("no such row")]
    NoRow,
    /// A column holds another type or range than the code expects.
    #[error("a column has an unexpected shape")]
    Shape,
    /// A statement is wrong: a defect of the wallet. The text is about the statement, never about values in it.
    #[error("wrong statement (code {code}): {about}")]
    Statement {
        /// The database's extended result code.
        code: i32,
        /// What the database says about the statement's own words; empty when it spoke of values.
        about: String,
    },
    /// The device has no memory for the work.
    #[error("out of memory")]
    Memory,
    /// A file name or stamp holds something other than ASCII letters, digits, `.`, `-` and `_`.
    #[error("the name is not allowed")]
    Name,
    /// There is a file under the name to which another should be moved. Nothing is overwritten.
    #[error("the target name is taken")]
    NameTaken,
    /// Only files that can be rebuilt may be dropped.
    #[error("this file cannot be rebuilt and is not dropped")]
    NotRebuildable,
    /// The record that describes a wrapped key cannot be read, or names a cipher or format that is not known.
    #[error("the key record is not understood")]
    KeyRecord,
}

thread_local! {
    /// Set when a device failure passes through [`VaultError::from`], so that a transaction learns of it even when the
    /// work inside turned the error into something else or swallowed it.
    static DEVICE_FAILURE: Cell<i32> = const { Cell::new(0) };
}

/// Forgets earlier device failures of this thread; called before work on a connection starts.
pub(crate) fn clear_device_failure() {
    DEVICE_FAILURE.with(|seen| seen.set(0));
}

/// The code of a device failure seen on this thread since it was last cleared.
pub(crate) fn device_failure() -> Option<i32> {
    DEVICE_FAILURE.with(|seen| Some(seen.get()).filter(|code| *code != 0))
}

/// The low byte of an extended code is the primary one.
pub(crate) fn is_device_failure(code: i32) -> bool {
    code & 0xFF == ffi::SQLITE_IOERR
}

/// Every error of the database layer becomes a [`VaultError`] here and nowhere else.
impl From<Error> for VaultError {
    fn from(error: Error) -> Self {
        match error {
            Error::SqliteFailure(failure, _) => from_code(failure, String::new()),
            // Said while a statement is compiled, about its words; values are bound later.
            Error::SqlInputError { error, msg, .. } => from_code(error, msg),
            Error::QueryReturnedNoRows => Self::NoRow,
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
            | Error::InvalidColumnType(..)
            | Error::QueryReturnedMoreThanOneRow
            | Error::StatementChangedRows(_)
            | Error::ToSqlConversionFailure(_) => Self::Shape,
            Error::InvalidPath(_) | Error::NulError(_) => Self::Name,
            Error::InvalidColumnName(name) | Error::InvalidParameterName(name) => Self::Statement {
                code: ffi::SQLITE_ERROR,
                about: name,
            },
            _ => Self::Statement {
                code: ffi::SQLITE_MISUSE,
                about: String::new(),
            },
        }
    }
}

fn from_code(failure: ffi::Error, about: String) -> VaultError {
    let code = failure.extended_code;
    match failure.code {
        ErrorCode::NotADatabase => VaultError::WrongKeyOrDamaged,
        ErrorCode::DatabaseCorrupt => VaultError::Corrupt { code },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => VaultError::Busy,
        ErrorCode::DiskFull => VaultError::DiskFull,
        ErrorCode::ReadOnly => VaultError::ReadOnly,
        ErrorCode::SystemIoFailure => {
            DEVICE_FAILURE.with(|seen| seen.set(code));
            // The index beside the log cannot grow: the first thing that fails when a file is opened on a full device.
            if code == ffi::SQLITE_IOERR_SHMSIZE { VaultError::DiskFull } else { VaultError::Io { code } }
        }
        ErrorCode::CannotOpen => VaultError::Io { code },
        ErrorCode::ConstraintViolation => VaultError::Constraint { code },
        ErrorCode::AuthorizationForStatementDenied => VaultError::NotAllowed,
        ErrorCode::OutOfMemory => VaultError::Memory,
        _ => VaultError::Statement { code, about },
    }
}

/// The file system's own errors: locking, renaming, making the folder.
impl From<std::io::Error> for VaultError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Io {
                code: error.raw_os_error().map_or(-1, i32::wrapping_neg),
            },
        }
    }
}
