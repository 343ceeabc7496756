//! The C side of the wallet's encrypted files: SQLite with ChaCha20-Poly1305 pages, and the few calls that need C.
//!
//! This is the one crate of the core in which `unsafe` is allowed. Everything it offers outward is safe to call, and
//! calling it is also what links the C library: a program that forgets it does not link, instead of silently using an
//! unencrypted SQLite of the machine.

mod cached;
mod tokenizer;
mod tokens;
mod wipe;

use std::ffi::{CStr, c_char, c_int, c_void};

use rusqlite::{Connection, Result, ffi};
use zeroize::Zeroizing;

pub use cached::Cached;
pub use tokenizer::add_tokenizer;
pub use tokens::{Flow, tokenize};
pub use wipe::{WipingAllocator, wipe_stack};

unsafe extern "C" {
    fn sqlite3_key_v2(
        db: *mut ffi::sqlite3,
        name: *const c_char,
        key: *const c_void,
        length: c_int,
    ) -> c_int;
    fn sqlite3mc_version() -> *const c_char;
}

/// The prefix that tells the cipher to take the bytes as they are, without stretching them like a passphrase.
const RAW: &[u8; 4] = b"raw:";
const RAW_KEY_LENGTH: usize = 36;

/// Gives a freshly opened connection its 32-byte key. Call it before any statement.
///
/// The key is not checked here: a wrong one shows at the first read, as "not a database".
/// No SQL text is built, so the key cannot appear in a trace or an error. The copy made here is overwritten before
/// the call returns.
///
/// # Errors
/// The library's code when it refuses the call (out of memory, or a connection that is not usable).
pub fn key(connection: &Connection, key: &[u8; 32]) -> Result<()> {
    let mut raw = Zeroizing::new([0_u8; RAW_KEY_LENGTH]);
    let (prefix, rest) = raw.split_at_mut(RAW.len());
    prefix.copy_from_slice(RAW);
    rest.copy_from_slice(key);
    // SAFETY: the handle is open for as long as `connection` is borrowed, the name is a C string, and pointer and
    // length describe `raw`, which outlives the call; the library copies it.
    let code = unsafe {
        sqlite3_key_v2(
            connection.handle(),
            c"main".as_ptr(),
            raw.as_ptr().cast(),
            RAW_KEY_LENGTH as c_int,
        )
    };
    check(code)
}

/// The name and version of the encryption layer, for example `SQLite3 Multiple Ciphers 2.6.1`.
///
/// An answer proves that the library linked in is the encrypting one.
#[must_use]
pub fn version() -> String {
    // SAFETY: the function takes nothing and returns null or a C string that lives as long as the program.
    unsafe {
        let text = sqlite3mc_version();
        if text.is_null() {
            String::new()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    }
}

/// How many pages a connection has moved since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// Pages that had to be read and decrypted because they were not in memory.
    pub read: u64,
    /// Pages written to the write-ahead log: one page is one frame.
    pub written: u64,
}

/// Reads the page counters of one connection; they are not reset.
///
/// # Errors
/// The library's code when it refuses the call.
pub fn page_counts(connection: &Connection) -> Result<PageCounts> {
    Ok(PageCounts {
        read: status(connection, ffi::SQLITE_DBSTATUS_CACHE_MISS)?,
        written: status(connection, ffi::SQLITE_DBSTATUS_CACHE_WRITE)?,
    })
}

/// The extended result code of the connection's last failed call; 0 when the last call succeeded.
#[must_use]
pub fn last_code(connection: &Connection) -> i32 {
    // SAFETY: the handle is open for as long as `connection` is borrowed.
    unsafe { ffi::sqlite3_extended_errcode(connection.handle()) }
}

fn status(connection: &Connection, what: c_int) -> Result<u64> {
    let (mut now, mut high) = (0, 0);
    // SAFETY: the handle is open for as long as `connection` is borrowed; both out pointers are live locals.
    let code = unsafe {
        ffi::sqlite3_db_status(connection.handle(), what, &raw mut now, &raw mut high, 0)
    };
    check(code)?;
    Ok(u64::try_from(now).unwrap_or(0))
}

fn check(code: c_int) -> Result<()> {
    if code == ffi::SQLITE_OK {
        Ok(())
    } else {
        Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }
}
