//! The packages as an app's developer gets them: projects outside the workspace, in `tests/consumers`.

use crate::bindings::{self, Build};
use crate::command::{Show, run};
use crate::place::Place;
use crate::{outside, setup};
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

/// `cargo xtask bindings figures`: what a call costs in each language. The packages are those of the last Kotlin stage.
pub fn figures() -> Result<bool, String> {
    let place = Place::find()?;
    let tools = setup::install(&place);
    bindings::cargo(&place, &["build", "--package", "kabao-ffi", "--features", bindings::DEV_KEYS, "--example", "figures", "--lib"])?;
    let library = bindings::generator(&place, Build::Done)?;
    bindings::kotlin(&place, &library)?;
    bindings::swift(&place, &library)?;
    let script = place.root.join("tests/consumers/figures.py");
    Ok(run(&mut outside::line(&place, &tools, &script, "figures")?, Show::Live).ok())
}
