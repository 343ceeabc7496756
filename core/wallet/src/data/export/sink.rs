//! The folder of an export while it is written: beside its place, under a name of its own, with the sum of every file. It
//! takes its place in one step at the end, and is gone when it is dropped before.

use crate::error::{Outcome, WalletError};
use kabao_base::Code;
use ring::digest::{Context, SHA256};
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The list of sums, in the form that `sha256sum -c` reads.
pub(super) const SUMS: &str = "SHA256SUMS";

/// A file that is written.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// A file that is being written.
pub(super) struct Open {
    name: String,
    file: BufWriter<File>,
    sum: Context,
    bytes: u64,
}

/// The folder.
pub(super) struct Sink {
    part: PathBuf,
    target: PathBuf,
    room: u64,
    pub(super) bytes: u64,
    pub(super) files: u32,
    sums: Option<Open>,
    whole: bool,
}

impl Sink {
    /// Makes the folder `part`, which will be `target`. `room` is how many bytes it may take.
    pub(super) fn new(part: PathBuf, target: PathBuf, room: Option<u64>) -> Outcome<Sink> {
        make_private(&part)?;
        let mut sink = Sink { part, target, room: room.unwrap_or(u64::MAX), bytes: 0, files: 0, sums: None, whole: false };
        sink.sums = Some(sink.begin(SUMS)?);
        Ok(sink)
    }

    /// Begins a file. The folders in its name are made.
    pub(super) fn begin(&self, name: &str) -> Outcome<Open> {
        let path = self.part.join(name);
        if let Some(folder) = path.parent().filter(|folder| *folder != self.part) {
            fs::create_dir_all(folder).map_err(|error| code(&error))?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| code(&error))?;
        Ok(Open { name: name.to_owned(), file: BufWriter::new(file), sum: Context::new(&SHA256), bytes: 0 })
    }

    /// Adds to a file.
    pub(super) fn put(&mut self, open: &mut Open, bytes: &[u8]) -> Outcome<()> {
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(more);
        if self.bytes > self.room {
            return Err(Code::StorageFull.into());
        }
        open.bytes = open.bytes.saturating_add(more);
        open.sum.update(bytes);
        open.file.write_all(bytes).map_err(|error| code(&error).into())
    }

    /// Ends a file. `synced` waits until it is on the disk: not for thousands of small ones, which the sums cover.
    pub(super) fn end(&mut self, open: Open, synced: bool) -> Outcome<Written> {
        let written = self.close(open, synced)?;
        if let Some(mut sums) = self.sums.take() {
            let line = format!("{}  {}\n", written.sha256, written.name);
            let put = self.put(&mut sums, line.as_bytes());
            self.sums = Some(sums);
            put?;
        }
        Ok(written)
    }

    fn close(&mut self, open: Open, synced: bool) -> Outcome<Written> {
        let file = open.file.into_inner().map_err(|error| WalletError::from(code(error.error())))?;
        if synced {
            file.sync_all().map_err(|error| code(&error))?;
        }
        self.files = self.files.saturating_add(1);
        Ok(Written { name: open.name, bytes: open.bytes, sha256: kabao_proof::hex(open.sum.finish().as_ref()) })
    }

    /// A whole file at once.
    pub(super) fn whole(&mut self, name: &str, bytes: &[u8], synced: bool) -> Outcome<Written> {
        let mut open = self.begin(name)?;
        self.put(&mut open, bytes)?;
        self.end(open, synced)
    }

    /// Ends the list of sums; nothing may be written with `end` after it.
    pub(super) fn end_sums(&mut self) -> Outcome<Written> {
        let sums = self.sums.take().ok_or(Code::Internal)?;
        self.close(sums, true)
    }

    /// The last file, which the sums do not name because it names them.
    pub(super) fn last(&mut self, name: &str, bytes: &[u8]) -> Outcome<Written> {
        let mut open = self.begin(name)?;
        self.put(&mut open, bytes)?;
        self.close(open, true)
    }

    /// Takes its place. Whatever stands there stays.
    pub(super) fn finish(mut self) -> Outcome<()> {
        sync_folder(&self.part)?;
        if exists(&self.target)? {
            return Err(Code::ExportExists.into());
        }
        fs::rename(&self.part, &self.target).map_err(|error| code(&error))?;
        self.whole = true;
        // The name is there; a folder above that cannot be synced changes nothing about that.
        let _ = self.target.parent().map(sync_folder);
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if !self.whole {
            // What cannot be removed now is removed by the next opening.
            let _ = fs::remove_dir_all(&self.part);
        }
    }
}

/// Whether anything is there, be it a broken link.
pub(super) fn exists(path: &Path) -> Outcome<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(code(&error).into()),
    }
}

/// The code of the catalogue for what the file system says.
fn code(error: &std::io::Error) -> Code {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Code::StorageFull,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Code::StorageReadOnly,
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => Code::ExportExists,
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename => Code::ExportFolder,
        _ => Code::StorageFailed,
    }
}

fn make_private(path: &Path) -> Outcome<()> {
    #[cfg(unix)]
    let made = std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700).create(path);
    #[cfg(not(unix))]
    let made = fs::create_dir(path);
    made.map_err(|error| code(&error).into())
}

fn sync_folder(path: &Path) -> Outcome<()> {
    #[cfg(unix)]
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| code(&error))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temp(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("kabao-sink-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_folder_is_whole_or_not_there() {
        let place = temp("whole");
        let (part, target) = (place.join("a.part-1"), place.join("a"));
        let begun = |room| Sink::new(part.clone(), target.clone(), room);
        let mut sink = begun(None).unwrap();
        sink.whole("r/2026/1", b"one", false).unwrap();
        drop(sink);
        assert!(!part.exists() && !target.exists());

        let mut sink = begun(Some(100)).unwrap();
        sink.whole("r/1", &[7; 20], false).unwrap();
        assert!(sink.whole("r/2", &[7; 40], false).err().unwrap().is(Code::StorageFull));
        drop(sink);
        assert!(!part.exists() && !target.exists());

        let mut sink = begun(None).unwrap();
        let written = sink.whole("r/1", b"abc", true).unwrap();
        // FIPS 180-2, B.1.
        assert_eq!(written.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let sums = sink.end_sums().unwrap();
        assert_eq!(sums.bytes, 64 + 2 + 4);
        sink.last("m", b"x").unwrap();
        assert_eq!((sink.files, sink.bytes), (3, 3 + 70 + 1));
        sink.finish().unwrap();
        assert_eq!(fs::read_to_string(target.join(SUMS)).unwrap(), format!("{}  r/1\n", written.sha256));
        assert!(!part.exists());
        // A second one does not take the place of the first.
        assert!(begun(None).unwrap().finish().err().unwrap().is(Code::ExportExists));
        assert!(target.join("m").exists() && !part.exists());
        fs::write(place.join("file"), b"").unwrap();
        assert!(Sink::new(place.join("file/x"), place.join("file/y"), None).err().unwrap().is(Code::ExportFolder));
        assert!(Sink::new(place.join("none/x"), place.join("none/y"), None).err().unwrap().is(Code::ExportFolder));
        fs::remove_dir_all(place).unwrap();
    }
}
