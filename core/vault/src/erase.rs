//! What lies in the folder, by name, and removing what the wallet made. Whether anything can still be read is decided by
//! the key, not here: a file without its key is noise, and removing it only makes room.

use std::fs;

use crate::folder::{COMPANIONS, sync_folder};
use crate::{FileSpec, Folder, VaultError};

/// What a file of the folder is. Its name decides; it is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Holds the lock of the folder; empty.
    Lock,
    /// One of the wallet's files.
    Database,
    /// What SQLite keeps beside one.
    Companion,
    /// An earlier file that was set aside with [`Folder::set_aside`], or what lay beside it.
    Aside,
    /// Nothing that this version makes.
    Stranger,
}

/// One entry of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as far as it is text.
    pub name: String,
    /// Its length in bytes; 0 for a folder.
    pub bytes: u64,
    /// What it is.
    pub kind: EntryKind,
    /// True for a database file that begins as a plain one does: anybody could read it.
    pub plain: bool,
}

/// Every plain SQLite file starts with these bytes.
const MAGIC: &[u8] = b"SQLite format 3\0";

impl Folder {
    /// Everything in the folder, by name.
    ///
    /// # Errors
    /// [`VaultError::Io`] or [`VaultError::ReadOnly`] when the folder cannot be read.
    pub fn entries(&self, specs: &[&FileSpec]) -> Result<Vec<Entry>, VaultError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.path())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let about = match entry.metadata() {
                Ok(about) => about,
                // SQLite removes what it keeps beside a file whenever it likes.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let kind = if about.is_file() { kind_of(&name, specs) } else { EntryKind::Stranger };
            let plain = kind == EntryKind::Database && begins_plain(&entry.path())?;
            let bytes = if about.is_file() { about.len() } else { 0 };
            found.push(Entry { name, bytes, kind, plain });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Removes the files of `specs`, what SQLite keeps beside them, and whatever of them was set aside. Strangers stay.
    /// Gives how many were removed. Destroy the key first: from then on nothing of it can be read, also when this is cut
    /// short. Calling again removes what is left.
    ///
    /// # Errors
    /// [`VaultError::InUse`] while one of the files is open; [`VaultError::ReadOnly`] or [`VaultError::Io`] when one
    /// cannot be removed.
    pub fn erase(&self, specs: &[&FileSpec]) -> Result<u32, VaultError> {
        let claims = specs.iter().map(|spec| self.claim(spec.name)).collect::<Result<Vec<_>, _>>()?;
        let mut removed = 0_u32;
        for entry in self.entries(specs)? {
            if matches!(entry.kind, EntryKind::Lock | EntryKind::Stranger) {
                continue;
            }
            match fs::remove_file(self.path().join(&entry.name)) {
                Ok(()) => removed = removed.saturating_add(1),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        sync_folder(self.path())?;
        drop(claims);
        Ok(removed)
    }
}

fn kind_of(name: &str, specs: &[&FileSpec]) -> EntryKind {
    if name == "lock" {
        return EntryKind::Lock;
    }
    for spec in specs {
        match name.strip_prefix(spec.name) {
            Some("") => return EntryKind::Database,
            Some(rest) if COMPANIONS.contains(&rest) => return EntryKind::Companion,
            Some(rest) if rest.starts_with(".aside-") => return EntryKind::Aside,
            _ => {}
        }
    }
    EntryKind::Stranger
}

fn begins_plain(path: &std::path::Path) -> Result<bool, VaultError> {
    use std::io::Read;
    let mut start = Vec::new();
    match fs::File::open(path) {
        Ok(file) => file.take(16).read_to_end(&mut start)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    Ok(start == MAGIC)
}
