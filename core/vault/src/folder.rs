//! The private folder of the wallet: one owner at a time, and what may be moved in it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::spec::check_name;
use crate::{FileSpec, VaultError};

/// What SQLite keeps beside a file.
pub(crate) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The locked folder. The lock is the operating system's: it ends with the last [`Folder`] and the last open file of
/// it, and with the process in any case.
#[derive(Clone)]
pub struct Folder(Arc<Inner>);

struct Inner {
    path: PathBuf,
    lock: File,
    /// The names of the files that are open now.
    open: Mutex<BTreeSet<String>>,
}

/// Let go of by name, not by being closed alone: while a process starts another one, the child has a copy of every open file for a moment,
/// and a lock ends with its last copy. A wallet that is closed and opened again in that moment would find itself in use.
impl Drop for Inner {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Folder {
    /// Makes the folder if needed, closes it to other users of the device and locks it.
    ///
    /// # Errors
    /// [`VaultError::InUse`] when anybody, in this process or another, has it locked; [`VaultError::ReadOnly`],
    /// [`VaultError::DiskFull`] or [`VaultError::Io`] when it cannot be made.
    pub fn lock(path: &Path) -> Result<Self, VaultError> {
        make_private(path)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(VaultError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let inner = Inner {
            path: path.to_path_buf(),
            lock,
            open: Mutex::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// True when the file, or the log beside it, is there and not empty: a log alone is what an interrupted move leaves.
    /// Nothing is opened.
    ///
    /// # Errors
    /// [`VaultError::Name`] for a name that is not a plain file name; [`VaultError::Io`] when the place cannot be asked.
    pub fn holds(&self, name: &str) -> Result<bool, VaultError> {
        check_name(name)?;
        Ok(length(&self.0.path.join(name))? > 0 || length(&self.0.path.join(format!("{name}-wal")))? > 0)
    }

    /// Moves a file with everything SQLite keeps beside it to `<name>.aside-<stamp>`, unread and unchanged, so that a
    /// new one can be made and the old one examined later. Returns the names that were moved.
    ///
    /// The file goes first and its log after: when the power fails in between, the log without a file is noticed at
    /// the next opening, while a file without its log would quietly have lost its last commits. Calling again with the
    /// same stamp finishes an interrupted move.
    ///
    /// # Errors
    /// [`VaultError::InUse`] while the file is open; [`VaultError::NameTaken`] when a target exists (nothing is
    /// overwritten); [`VaultError::Missing`] when there is nothing to move.
    pub fn set_aside(&self, name: &str, stamp: &str) -> Result<Vec<String>, VaultError> {
        let _claim = self.claim(name)?;
        check_name(stamp)?;
        let target = format!("{name}.aside-{stamp}");
        check_name(&target)?;
        let mut moves = Vec::new();
        for suffix in [""].into_iter().chain(COMPANIONS) {
            let from = self.0.path.join(format!("{name}{suffix}"));
            let to_name = format!("{target}{suffix}");
            let to = self.0.path.join(&to_name);
            if from.try_exists()? {
                if to.try_exists()? {
                    return Err(VaultError::NameTaken);
                }
                moves.push((from, to, to_name));
            }
        }
        if moves.is_empty() {
            return Err(VaultError::Missing);
        }
        let mut moved = Vec::new();
        for (from, to, to_name) in moves {
            fs::rename(from, to)?;
            moved.push(to_name);
        }
        sync_folder(&self.0.path)?;
        Ok(moved)
    }

    /// Deletes a file that can be rebuilt, with everything SQLite keeps beside it. A file that is not there is fine.
    ///
    /// # Errors
    /// [`VaultError::NotRebuildable`] for any other file; [`VaultError::InUse`] while it is open.
    pub fn drop_cache(&self, spec: &FileSpec) -> Result<(), VaultError> {
        if !spec.rebuildable {
            return Err(VaultError::NotRebuildable);
        }
        let _claim = self.claim(spec.name)?;
        for suffix in [""].into_iter().chain(COMPANIONS) {
            match fs::remove_file(self.0.path.join(format!("{}{suffix}", spec.name))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        sync_folder(&self.0.path)
    }

    /// Marks a name as open until the claim is dropped.
    pub(crate) fn claim(&self, name: &str) -> Result<Claim, VaultError> {
        check_name(name)?;
        if !self.0.names().insert(name.to_owned()) {
            return Err(VaultError::InUse);
        }
        Ok(Claim {
            folder: self.clone(),
            name: name.to_owned(),
        })
    }
}

impl Inner {
    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open file; keeps the folder locked.
pub(crate) struct Claim {
    folder: Folder,
    name: String,
}

impl Claim {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.0.path.join(&self.name)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.folder.0.names().remove(&self.name);
    }
}

/// The length of a file; 0 when it is not there.
pub(crate) fn length(path: &Path) -> Result<u64, VaultError> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> Result<(), VaultError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    const OWNER_ONLY: u32 = 0o700;
    let new = !path.try_exists()?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(OWNER_ONLY)
        .create(path)?;
    // An existing folder may be wider; the mode above is for new ones.
    if fs::metadata(path)?.permissions().mode() & 0o777 != OWNER_ONLY {
        fs::set_permissions(path, fs::Permissions::from_mode(OWNER_ONLY))?;
    }
    match path.parent() {
        Some(parent) if new && !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> Result<(), VaultError> {
    Ok(fs::create_dir_all(path)?)
}

/// Names survive a power cut only when the folder that holds them is synced.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> Result<(), VaultError> {
    Ok(File::open(path)?.sync_all()?)
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> Result<(), VaultError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_a_child_still_holds_does_not_keep_the_folder_locked() {
        let path = std::env::temp_dir().join(format!("kabao-vault-copy-{}", std::process::id()));
        let folder = Folder::lock(&path).expect("free");
        let copy = folder.0.lock.try_clone().expect("a copy, as a child has it between its fork and its exec");
        assert_eq!(Folder::lock(&path).err(), Some(VaultError::InUse));
        drop(folder);
        assert!(Folder::lock(&path).is_ok());
        drop(copy);
        let _ = fs::remove_dir_all(&path);
    }
}
