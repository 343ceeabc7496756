//! `cargo xtask app pictures ios`: the iPhone's screens as pages to look at, and as pictures where Chromium is.

use crate::bindings::{self, Build};
use crate::command::{Show, bounded, command, run, works};
use crate::place::Place;
use crate::{setup, stages};
use std::fs;
use std::path::Path;

/// Longer than the first build of the Swift sources takes.
const SECONDS: u32 = 1200;
/// Four screens beside each other, three rows of them.
const SIZE: &str = "--window-size=1650,2900";

/// Draws every screen: Chinese, English, dark, and with large letters. Returns whether it went well.
pub fn pictures(place: &Place) -> Result<bool, String> {
    let library = bindings::generator(place, Build::Library)?;
    bindings::swift(place, &library)?;
    let folder = place.scratch().join("ios-pictures");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let set = [format!("KABAO_PICTURES={}", folder.display())];
    let tests = stages::swift(place, &setup::install(place), "ios", &set, &["--filter", "PictureTests"])?;
    if !run(&mut bounded(SECONDS, &tests), Show::Live).ok() {
        return Ok(false);
    }
    println!("{}", folder.display());
    if !works("chromium", &["--version"]) {
        println!("no pictures, pages only: chromium is missing (Debian: chromium fonts-noto-cjk)");
        return Ok(true);
    }
    let pages = fs::read_dir(&folder).map_err(|error| error.to_string())?;
    Ok(pages.flatten().map(|page| page.path()).filter(|page| page.extension().is_some_and(|kind| kind == "html")).all(|page| drawn(place, &page)))
}

/// One page as a picture beside it.
fn drawn(place: &Place, page: &Path) -> bool {
    let picture = page.with_extension("png");
    let (to, from) = (format!("--screenshot={}", picture.display()), format!("file://{}", page.display()));
    let args = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", SIZE, &to, &from];
    run(&mut bounded(SECONDS, &command("chromium", &args, &place.root)), Show::Kept).ok() && picture.is_file()
}
