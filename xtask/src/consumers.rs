//! The packages as an app's developer gets them: projects outside the workspace, in `tests/consumers`.

use crate::place::Place;
use std::fs;
use std::path::PathBuf;

/// The Maven repository that the Kotlin stage fills, as an address.
pub fn repository(place: &Place) -> String {
    format!("file://{}", folder(place).display())
}

/// The folder of that repository.
pub fn folder(place: &Place) -> PathBuf {
    place.scratch().join("maven")
}

/// Forgets the packages of an earlier run, so that nobody tests those.
pub fn forget(place: &Place) {
    let _ = fs::remove_dir_all(folder(place));
}
