//! Keyed fingerprints: how a book knows a number again without holding it.

use crate::error::OutsideError;
use crate::port::World;
use ring::hmac;
use std::fs;
use std::path::Path;

/// The key of one party's fingerprints. It lies beside the book, not in it: the book alone cannot be searched by
/// trying all numbers.
pub(crate) struct Fingerprints(hmac::Key);

impl Fingerprints {
    /// Loads the key from the file beside `book`, or makes both; without a file, a key that lives as long as the value.
    pub(crate) fn open(book: Option<&Path>, world: &dyn World) -> Result<Fingerprints, OutsideError> {
        let mut bytes = [0u8; 32];
        let Some(book) = book else {
            world.random(&mut bytes);
            return Ok(Fingerprints(hmac::Key::new(hmac::HMAC_SHA256, &bytes)));
        };
        let path = book.with_extension("key");
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("key").to_owned();
        match fs::read(&path) {
            Ok(found) => {
                let known: [u8; 32] = found
                    .try_into()
                    .map_err(|_| OutsideError::NotAKey { name, wanted: "a key of 32 bytes" })?;
                Ok(Fingerprints(hmac::Key::new(hmac::HMAC_SHA256, &known)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                world.random(&mut bytes);
                write_private(&path, &bytes).map_err(|error| OutsideError::file(&name, error))?;
                Ok(Fingerprints(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
            }
            Err(error) => Err(OutsideError::file(&name, error)),
        }
    }

    /// The fingerprint of a text. `purpose` keeps a name from being compared with a number.
    pub(crate) fn of(&self, purpose: &str, text: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(text.as_bytes());
        context.sign().as_ref().to_vec()
    }
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = Path::new(&unfinished);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    // The name is durable when the folder is.
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}
