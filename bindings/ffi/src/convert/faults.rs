use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};

/// So many places are remembered; the oldest go first.
const REMEMBERED: usize = 20;

static INSTALLED: Once = Once::new();
static PLACES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Where this library panicked since the program started, oldest first, as `file:line`: for a report to the developer.
/// Neither the text of a panic nor a stack is kept, because both can hold what the person typed.
#[uniffi::export]
pub fn fault_places() -> Vec<String> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

/// The version of the database that this library carries (SQLite, `3.54.0`), for a page about the app and for reports. An app may
/// have a SQLite of its own beside it: neither sees the other.
#[uniffi::export]
pub fn engine_version() -> String {
    kabao_core::engine_version()
}

/// From now on a panic leaves its place and nothing else.
pub(crate) fn install() {
    INSTALLED.call_once(|| std::panic::set_hook(Box::new(record)));
}

fn record(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "unknown".to_owned(), |at| place(at.file(), at.line()));
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    if places.len() >= REMEMBERED {
        places.pop_front();
    }
    places.push_back(place);
}

/// The last four names of a path: where a library lay on the machine that built it is nobody's business.
fn place(file: &str, line: u32) -> String {
    let names: Vec<_> = Path::new(file).components().map(|name| name.as_os_str().to_string_lossy()).collect();
    let from = names.len().saturating_sub(4);
    format!("{}:{line}", names.get(from..).unwrap_or_default().join("/"))
}

/// Calls code of the app that has no way to say that it failed. If it throws, that call had no effect and `otherwise`
/// stands for its answer; the wallet goes on.
pub(crate) fn guarded<T>(otherwise: T, call: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_leaves_its_place_and_not_its_text() {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(record));
        let answer = guarded(7, || panic!("6222021234567890"));
        std::panic::set_hook(usual);
        assert_eq!(answer, 7);
        let places = fault_places();
        assert!(places.iter().any(|place| place.starts_with("ffi/src/convert/faults.rs:")), "{places:?}");
        assert!(!places.concat().contains("6222"));
    }

    #[test]
    fn a_place_does_not_tell_where_the_library_was_built() {
        assert_eq!(place("/home/wang/.cargo/registry/src/host/tokio-1/src/task.rs", 4), "host/tokio-1/src/task.rs:4");
        assert_eq!(place("core/base/src/time.rs", 9), "core/base/src/time.rs:9");
        assert_eq!(place("", 1), ":1");
    }
}
