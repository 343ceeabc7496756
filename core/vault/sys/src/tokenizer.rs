//! Gives SQLite's full-text search the tokenizer `kabao`.

use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use rusqlite::{Connection, Result, ffi};

use crate::{check, tokens::tokenize};

/// Registers the full-text tokenizer named `kabao` on one connection, for `tokenize = 'kabao'` in a table's definition.
///
/// What it cuts is described at [`tokenize`]. It belongs to the connection: register it on every connection that
/// reads or writes such a table.
///
/// # Errors
/// The library's code when full-text search is not there or refuses the name.
pub fn add_tokenizer(connection: &Connection) -> Result<()> {
    let api = api(connection)?;
    // SAFETY: `api` came from this open connection and is not null.
    let create = unsafe { (*api).xCreateTokenizer };
    let Some(create) = create else {
        return check(ffi::SQLITE_ERROR);
    };
    let mut methods = ffi::fts5_tokenizer {
        xCreate: Some(make),
        xDelete: Some(drop_one),
        xTokenize: Some(cut),
    };
    // SAFETY: the name is a C string and `methods` is a live local; the library copies both. No user data, so nothing
    // to destroy.
    check(unsafe {
        create(
            api,
            c"kabao".as_ptr(),
            ptr::null_mut(),
            &raw mut methods,
            None,
        )
    })
}

/// The full-text interface is handed out through a pointer bound to `SELECT fts5(?1)`.
fn api(connection: &Connection) -> Result<*mut ffi::fts5_api> {
    let mut api: *mut ffi::fts5_api = ptr::null_mut();
    let mut statement: *mut ffi::sqlite3_stmt = ptr::null_mut();
    // SAFETY: the handle is open for as long as `connection` is borrowed; the SQL is a C string (-1 = up to its end);
    // `api` outlives the statement, which is finalised before this block ends whatever happened (finalising null is
    // allowed); the pointer type name is a static string, as the interface demands.
    let code = unsafe {
        let db = connection.handle();
        let mut code = ffi::sqlite3_prepare_v2(
            db,
            c"SELECT fts5(?1)".as_ptr(),
            -1,
            &raw mut statement,
            ptr::null_mut(),
        );
        if code == ffi::SQLITE_OK {
            code = ffi::sqlite3_bind_pointer(
                statement,
                1,
                (&raw mut api).cast::<c_void>(),
                c"fts5_api_ptr".as_ptr(),
                None,
            );
        }
        if code == ffi::SQLITE_OK {
            ffi::sqlite3_step(statement);
        }
        let closed = ffi::sqlite3_finalize(statement);
        if code == ffi::SQLITE_OK { closed } else { code }
    };
    check(code)?;
    if api.is_null() {
        check(ffi::SQLITE_ERROR)?;
    }
    Ok(api)
}

/// The tokenizer keeps no state, so every instance is the address of this byte.
static INSTANCE: u8 = 0;

unsafe extern "C" fn make(
    _: *mut c_void,
    _: *mut *const c_char,
    _: c_int,
    out: *mut *mut ffi::Fts5Tokenizer,
) -> c_int {
    // SAFETY: the library passes a valid place for the answer. The instance is never written through: no method does.
    unsafe { *out = (&raw const INSTANCE).cast_mut().cast() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn drop_one(_: *mut ffi::Fts5Tokenizer) {}

type Receive =
    unsafe extern "C" fn(*mut c_void, c_int, *const c_char, c_int, c_int, c_int) -> c_int;

unsafe extern "C" fn cut(
    _: *mut ffi::Fts5Tokenizer,
    context: *mut c_void,
    _flags: c_int,
    text: *const c_char,
    length: c_int,
    receive: Option<Receive>,
) -> c_int {
    let (Some(receive), Ok(length)) = (receive, usize::try_from(length)) else {
        return ffi::SQLITE_MISUSE;
    };
    if text.is_null() || length == 0 {
        return ffi::SQLITE_OK;
    }
    // SAFETY: the library promises `length` readable bytes at `text` for the duration of this call.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    // A panic must not cross into C.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // Bytes that are not UTF-8 separate tokens, like punctuation; the ranges still count them.
        let mut base = 0_usize;
        for chunk in bytes.utf8_chunks() {
            tokenize(chunk.valid(), |token, range| {
                let start = base.saturating_add(range.start);
                let end = base.saturating_add(range.end);
                // SAFETY: `context` and `receive` belong together and are valid during this call; the token outlives
                // the call to `receive`.
                let code = unsafe {
                    receive(
                        context,
                        0,
                        token.as_ptr().cast(),
                        small(token.len()),
                        small(start),
                        small(end),
                    )
                };
                if code == ffi::SQLITE_OK {
                    Ok(())
                } else {
                    Err(code)
                }
            })?;
            base = base
                .saturating_add(chunk.valid().len())
                .saturating_add(chunk.invalid().len());
        }
        Ok(())
    }));
    match outcome {
        Ok(Ok(())) => ffi::SQLITE_OK,
        Ok(Err(code)) => code,
        Err(_) => ffi::SQLITE_ERROR,
    }
}

/// A text fits in a C int because its length came as one; lower-casing can lengthen a word, never that far.
fn small(size: usize) -> c_int {
    c_int::try_from(size).unwrap_or(c_int::MAX)
}
