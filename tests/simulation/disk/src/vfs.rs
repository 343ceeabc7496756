//! The C side: a place for files (`sqlite3_vfs`) between SQLite's encryption layer and the system's own.

use crate::disk::{Act, Disk, Step, Verdict};
use rusqlite::ffi;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

unsafe extern "C" {
    // Puts the encryption layer over a place for files.
    fn sqlite3mc_vfs_create(real: *const c_char, default: c_int) -> c_int;
}

const NAME: &CStr = c"kabao-disk";

/// The system's own place for files.
struct Real(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite registers it once for the life of the process and calls it from any thread itself.
unsafe impl Send for Real {}
// SAFETY: as above.
unsafe impl Sync for Real {}

static REAL: OnceLock<Real> = OnceLock::new();

/// Puts the shim under the encryption layer, once for the process.
pub(crate) fn install() -> Result<(), String> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    // Calling it is also what links the encrypting library.
    DONE.get_or_init(|| if kabao_vault_sys::version().is_empty() { Err("no cipher".to_owned()) } else { put_under() }).clone()
}

fn put_under() -> Result<(), String> {
    let said = |code: c_int| if code == ffi::SQLITE_OK { Ok(()) } else { Err(format!("SQLite refuses the shim: {code}")) };
    // SAFETY: the library may be initialised any number of times; the name is a C string.
    let real = unsafe {
        said(ffi::sqlite3_initialize())?;
        ffi::sqlite3_vfs_find(c"unix".as_ptr())
    };
    if real.is_null() {
        return Err("there is no place for files named unix".to_owned());
    }
    REAL.get_or_init(|| Real(real));
    // SAFETY: a registered place for files lives as long as the process.
    let mut shim = unsafe { *real };
    let own = c_int::try_from(size_of::<File>()).map_err(|error| error.to_string())?;
    shim.szOsFile = shim.szOsFile.checked_add(own).ok_or("too large")?;
    shim.zName = NAME.as_ptr();
    shim.pNext = std::ptr::null_mut();
    shim.xOpen = Some(open);
    shim.xDelete = Some(delete);
    // SAFETY: the leaked value lives as long as the process, which is what SQLite asks for; its other functions are the
    // system's own, which do not look at the value they are called through.
    unsafe {
        said(ffi::sqlite3_vfs_register(Box::leak(Box::new(shim)), 0))?;
        said(sqlite3mc_vfs_create(NAME.as_ptr(), 1))
    }
}

/// A file of a watched folder; the system's own file lies behind it in the same memory.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    open: *mut Open,
}

struct Open {
    disk: Arc<Disk>,
    name: String,
    /// The first sync syncs the folder too, as the system's own file layer does for a new journal or log.
    folder_due: bool,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Without memory maps: a write through one would not be seen.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The system's file behind ours.
///
/// # Safety
/// `file` is one that `open` below filled.
unsafe fn inner(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite gave `szOsFile` bytes: ours, then the system's.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// What we know of the file.
///
/// # Safety
/// As `inner`, and the file is not closed yet. SQLite uses one file from one thread at a time.
unsafe fn known<'file>(file: *mut ffi::sqlite3_file) -> &'file mut Open {
    // SAFETY: `open` put a leaked box there and `close` alone takes it back.
    unsafe { &mut *(*file.cast::<File>()).open }
}

/// Calls a method of the system's file, or gives `SQLITE_IOERR` when it has none.
macro_rules! pass {
    ($file:expr, $method:ident $(, $value:expr)*) => {{
        // SAFETY: the file was opened by the system's own layer, which set its methods.
        unsafe {
            let inner = inner($file);
            match (*(*inner).pMethods).$method {
                Some(method) => method(inner $(, $value)*),
                None => ffi::SQLITE_IOERR,
            }
        }
    }};
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Some(real) = REAL.get().map(|real| real.0) else { return ffi::SQLITE_CANTOPEN };
    // SAFETY: `real` is a registered place for files.
    let Some(real_open) = (unsafe { (*real).xOpen }) else { return ffi::SQLITE_CANTOPEN };
    let watched = if name.is_null() {
        None
    } else {
        // SAFETY: SQLite gives a C string.
        let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
        Disk::of(path).map(|(disk, name)| (disk, name, path.exists()))
    };
    let Some((disk, known_as, there)) = watched else {
        // SAFETY: there is room for the system's file and more; the arguments are SQLite's own.
        return unsafe { real_open(real, name, file, flags, out) };
    };
    // SAFETY: `file` points to `szOsFile` bytes. Without methods, SQLite does not close a file that did not open.
    unsafe { (*file).pMethods = std::ptr::null() };
    let mut flags = flags;
    if flags & ffi::SQLITE_OPEN_READWRITE != 0 {
        match disk.ask(Act::Open { new: !there }) {
            Verdict::Go | Verdict::Half(_) | Verdict::Lie => {}
            Verdict::Fail(code) => return code,
            Verdict::ReadOnly => {
                flags &= !(ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE);
                flags |= ffi::SQLITE_OPEN_READONLY;
            }
        }
    }
    // SAFETY: as above; the system's file is opened behind ours.
    let code = unsafe { real_open(real, name, inner(file), flags, out) };
    if code != ffi::SQLITE_OK {
        return code;
    }
    if !there {
        disk.log(Step::Create { file: known_as.clone() });
    }
    let journals = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;
    let folder_due = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & journals != 0;
    // SAFETY: `file` is ours to fill.
    unsafe {
        let ours = file.cast::<File>();
        (*ours).open = Box::into_raw(Box::new(Open { disk, name: known_as, folder_due }));
        (*ours).base.pMethods = &raw const METHODS;
    }
    code
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, folder: c_int) -> c_int {
    let Some(real) = REAL.get().map(|real| real.0) else { return ffi::SQLITE_IOERR_DELETE };
    // SAFETY: SQLite gives a C string.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    let watched = if path.exists() { Disk::of(path) } else { None };
    if let Some((disk, _)) = &watched
        && let Verdict::Fail(code) = disk.ask(Act::Remove)
    {
        return code;
    }
    // The journal says whether the folder was synced; really doing it would only cost time.
    let really = if watched.is_some() { 0 } else { folder };
    // SAFETY: `real` is a registered place for files, the name is SQLite's own.
    let code = unsafe { (*real).xDelete.map_or(ffi::SQLITE_IOERR_DELETE, |delete| delete(real, name, really)) };
    if let (ffi::SQLITE_OK, Some((disk, file))) = (code, watched) {
        disk.log(Step::Remove { file, folder: folder & 1 != 0 });
    }
    code
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let code = pass!(file, xClose);
    // SAFETY: the box was leaked by `open`; SQLite closes a file once and does not use it afterwards.
    unsafe {
        let ours = file.cast::<File>();
        drop(Box::from_raw((*ours).open));
        (*ours).open = std::ptr::null_mut();
    }
    code
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite calls the methods with the file that has them.
    match unsafe { known(file) }.disk.ask(Act::Read) {
        Verdict::Fail(code) => code,
        _ => pass!(file, xRead, to, amount, offset),
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: as in `read`.
    let open = unsafe { known(file) };
    let (amount, then) = match open.disk.ask(Act::Write) {
        Verdict::Go | Verdict::ReadOnly | Verdict::Lie => (amount, ffi::SQLITE_OK),
        Verdict::Half(code) => (amount / 2, code),
        Verdict::Fail(code) => return code,
    };
    let code = pass!(file, xWrite, from, amount, offset);
    if code != ffi::SQLITE_OK {
        return code;
    }
    let (Ok(length), Ok(offset)) = (usize::try_from(amount), u64::try_from(offset)) else { return ffi::SQLITE_IOERR_WRITE };
    // SAFETY: SQLite gives that many bytes, or more.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), length) };
    open.disk.log(Step::Write { file: open.name.clone(), offset, bytes: bytes.into() });
    then
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: as in `read`.
    let open = unsafe { known(file) };
    if let Verdict::Fail(code) = open.disk.ask(Act::Cut) {
        return code;
    }
    let code = pass!(file, xTruncate, size);
    if let (ffi::SQLITE_OK, Ok(size)) = (code, u64::try_from(size)) {
        open.disk.log(Step::Truncate { file: open.name.clone(), size });
    }
    code
}

/// Says that it is done: the journal keeps what the disk would hold, and the test's own folder needs no protection.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: as in `read`.
    let open = unsafe { known(file) };
    let failed = match open.disk.ask(Act::Sync) {
        Verdict::Fail(code) => Some(code),
        Verdict::Lie => Some(ffi::SQLITE_OK),
        _ => None,
    };
    if let Some(code) = failed {
        open.disk.log(Step::SyncFailed { file: open.name.clone() });
        return code;
    }
    open.disk.log(Step::Sync { file: open.name.clone(), folder: open.folder_due });
    open.folder_due = false;
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: as in `read`.
    if extend != 0 && let Verdict::Fail(code) = unsafe { known(file) }.disk.ask(Act::Index) {
        return code;
    }
    pass!(file, xShmMap, page, size, extend, out)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    pass!(file, xFileSize, out)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    pass!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    pass!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    pass!(file, xCheckReservedLock, out)
}

unsafe extern "C" fn file_control(file: *mut ffi::sqlite3_file, what: c_int, value: *mut c_void) -> c_int {
    pass!(file, xFileControl, what, value)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    pass!(file, xSectorSize)
}

unsafe extern "C" fn characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    pass!(file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    pass!(file, xShmLock, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: as in `pass!`.
    unsafe {
        let inner = inner(file);
        if let Some(barrier) = (*(*inner).pMethods).xShmBarrier {
            barrier(inner);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, remove: c_int) -> c_int {
    pass!(file, xShmUnmap, remove)
}
