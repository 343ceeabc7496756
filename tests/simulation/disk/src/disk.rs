//! One watched folder: its journal of operations, and the fault that is planned.

use crate::vfs;
use rusqlite::ffi;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// One operation on the files of a folder, in the order in which it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An entry appeared in the folder.
    Create {
        /// The file's name.
        file: String,
    },
    /// Bytes were written.
    Write {
        /// The file's name.
        file: String,
        /// Where they begin.
        offset: u64,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// The file got another length.
    Truncate {
        /// The file's name.
        file: String,
        /// Its new length.
        size: u64,
    },
    /// What was written before is on the disk.
    Sync {
        /// The file's name.
        file: String,
        /// The folder was synced with it: a new journal or log asks for that once.
        folder: bool,
    },
    /// A sync failed: what was written since the last one is shown by the system and never reaches the disk.
    SyncFailed {
        /// The file's name.
        file: String,
    },
    /// The entry was taken out of the folder.
    Remove {
        /// The file's name.
        file: String,
        /// The folder was synced after it.
        folder: bool,
    },
    /// The entry got another name.
    Rename {
        /// The name before.
        from: String,
        /// The name after.
        to: String,
    },
    /// The folder was synced.
    SyncFolder,
    /// Something outside the disk: what a test wrote down at this moment.
    Mark(usize),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// No room: half of a write lands, new files and a longer index beside the log are refused.
    Full,
    /// Writing, cutting and removing fail.
    Write,
    /// Reading fails.
    Read,
    /// Syncing fails, and what was to be synced never reaches the disk.
    Sync,
    /// The folder may only be read.
    ReadOnly,
    /// Syncing says that it is done, and what was to be synced never reaches the disk. No wallet survives such a disk: this
    /// is how a test shows that it would see a loss.
    SyncLies,
}

impl FaultKind {
    /// What disks do, and what the wallet has to survive.
    pub const HONEST: [FaultKind; 5] =
        [FaultKind::Full, FaultKind::Write, FaultKind::Read, FaultKind::Sync, FaultKind::ReadOnly];

    const ALL: [FaultKind; 6] =
        [FaultKind::Full, FaultKind::Write, FaultKind::Read, FaultKind::Sync, FaultKind::ReadOnly, FaultKind::SyncLies];

    /// Its name in a report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Full => "disk full",
            FaultKind::Write => "write fails",
            FaultKind::Read => "read fails",
            FaultKind::Sync => "sync fails",
            FaultKind::ReadOnly => "read-only",
            FaultKind::SyncLies => "sync lies",
        }
    }
}

/// A planned fault: the operation of its kind at which it begins, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// At which operation that can fail so.
    pub at: u64,
    /// From then on for ever, or once.
    pub lasting: bool,
}

/// What an operation is, as far as faults are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Open { new: bool },
    Read,
    Write,
    Cut,
    Sync,
    Remove,
    Index,
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// Half of it, and then the code.
    Half(i32),
    Fail(i32),
    /// The file opens for reading only.
    ReadOnly,
    /// It says that it was done, and was not.
    Lie,
}

#[derive(Default)]
struct State {
    steps: Vec<Step>,
    fault: Option<Fault>,
    seen: BTreeMap<FaultKind, u64>,
    hits: u64,
}

/// A watched folder. It is no longer watched when this is dropped and its files are closed.
pub struct Disk {
    root: PathBuf,
    state: Mutex<State>,
}

static WATCHED: Mutex<BTreeMap<PathBuf, Weak<Disk>>> = Mutex::new(BTreeMap::new());

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Watches a folder from now on. Files that are open already are not seen.
    ///
    /// # Errors
    /// The folder is not there, or SQLite refuses the shim.
    pub fn watch(root: &Path) -> Result<Arc<Disk>, String> {
        vfs::install()?;
        let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        let disk = Arc::new(Disk { root: root.clone(), state: Mutex::default() });
        hold(&WATCHED).insert(root, Arc::downgrade(&disk));
        Ok(disk)
    }

    /// The watched folder of a file, and the file's name in it.
    pub(crate) fn of(path: &Path) -> Option<(Arc<Disk>, String)> {
        let name = path.file_name()?.to_str()?.to_owned();
        let watched = hold(&WATCHED);
        let disk = watched.get(path.parent()?)?.upgrade()?;
        Some((disk, name))
    }

    /// Writes down something that is not on the disk, such as an answer that was given.
    pub fn mark(&self, mark: usize) {
        self.log(Step::Mark(mark));
    }

    /// Everything so far.
    #[must_use]
    pub fn journal(&self) -> Vec<Step> {
        hold(&self.state).steps.clone()
    }

    /// Plans a fault, or none, and counts operations anew.
    pub fn plan(&self, fault: Option<Fault>) {
        let mut state = hold(&self.state);
        state.fault = fault;
        state.seen.clear();
        state.hits = 0;
    }

    /// How many operations could have failed so since the last plan.
    #[must_use]
    pub fn chances(&self, kind: FaultKind) -> u64 {
        hold(&self.state).seen.get(&kind).copied().unwrap_or(0)
    }

    /// How many operations the planned fault has met.
    #[must_use]
    pub fn hits(&self) -> u64 {
        hold(&self.state).hits
    }

    /// Adds an operation; tests use it for what the wallet does to the folder without SQLite.
    pub fn log(&self, step: Step) {
        hold(&self.state).steps.push(step);
    }

    pub(crate) fn ask(&self, act: Act) -> Verdict {
        let mut state = hold(&self.state);
        let mut verdict = Verdict::Go;
        for kind in FaultKind::ALL {
            let Some(outcome) = outcome(kind, act) else { continue };
            let seen = state.seen.entry(kind).or_default();
            *seen += 1;
            let seen = *seen;
            if let Some(fault) = state.fault.filter(|fault| fault.kind == kind)
                && (seen == fault.at || (fault.lasting && seen > fault.at))
            {
                state.hits += 1;
                verdict = outcome;
            }
        }
        verdict
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut watched = hold(&WATCHED);
        if watched.get(&self.root).is_some_and(|other| other.strong_count() == 0) {
            watched.remove(&self.root);
        }
    }
}

/// What a fault of this kind does to an operation; nothing when it does not concern it. The codes are those that SQLite's
/// own file layer gives for `ENOSPC`, `EIO` and `EROFS`.
fn outcome(kind: FaultKind, act: Act) -> Option<Verdict> {
    match (kind, act) {
        (FaultKind::Full, Act::Write) => Some(Verdict::Half(ffi::SQLITE_FULL)),
        (FaultKind::Full, Act::Index) => Some(Verdict::Fail(ffi::SQLITE_IOERR_SHMSIZE)),
        (FaultKind::Full | FaultKind::ReadOnly, Act::Open { new: true }) => Some(Verdict::Fail(ffi::SQLITE_CANTOPEN)),
        (FaultKind::Write, Act::Write) => Some(Verdict::Half(ffi::SQLITE_IOERR_WRITE)),
        (FaultKind::Write, Act::Cut) | (FaultKind::ReadOnly, Act::Cut) => Some(Verdict::Fail(ffi::SQLITE_IOERR_TRUNCATE)),
        (FaultKind::Write, Act::Remove) | (FaultKind::ReadOnly, Act::Remove) => Some(Verdict::Fail(ffi::SQLITE_IOERR_DELETE)),
        (FaultKind::Read, Act::Read) => Some(Verdict::Fail(ffi::SQLITE_IOERR_READ)),
        (FaultKind::Sync, Act::Sync) => Some(Verdict::Fail(ffi::SQLITE_IOERR_FSYNC)),
        (FaultKind::SyncLies, Act::Sync) => Some(Verdict::Lie),
        (FaultKind::ReadOnly, Act::Open { new: false }) => Some(Verdict::ReadOnly),
        (FaultKind::ReadOnly, Act::Write) => Some(Verdict::Fail(ffi::SQLITE_IOERR_WRITE)),
        _ => None,
    }
}
