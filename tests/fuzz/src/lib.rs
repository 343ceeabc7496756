//! What must hold for every input of a reader, as functions over bytes. libFuzzer calls them
//! (`tests/fuzz/libfuzzer`, `cargo xtask fuzz`), and an ordinary test replays the kept inputs.
//!
//! A target returns when all of it held and panics when something did not.

pub mod bugs;
mod cases;
mod links;
mod merchant;
mod papers;
mod people;
mod sums;
mod taps;

pub use cases::{home, seeds};

use std::time::{Duration, Instant};

/// A reader under attack.
pub struct Target {
    /// Its name; also the folder of its corpus.
    pub name: &'static str,
    /// What must hold for an input.
    pub check: fn(&[u8]),
    /// The published sets whose cases are its first inputs.
    pub sets: &'static [&'static str],
    /// First inputs that no set has.
    pub words: &'static [&'static str],
}

const fn on(name: &'static str, check: fn(&[u8]), sets: &'static [&'static str]) -> Target {
    Target { name, check, sets, words: &[] }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    on("read_text", links::read_text, &["payment_codes", "merchant_qr_content", "emv_mpm_valid", "id_numbers"]),
    on("read_bytes", links::read_bytes, &["payment_codes", "merchant_qr_content", "ndef"]),
    Target { words: links::TABLES, ..on("table", links::table, &[]) },
    Target { words: links::COLLECTIONS, ..on("collection_link", links::collection_link, &[]) },
    on("links", links::links, &["merchant_qr_content"]),
    Target { words: links::HAND_OFFS, ..on("handoff", links::handoff, &["merchant_qr_content"]) },
    on("emv_merchant", merchant::emv_merchant, &["emv_mpm_valid", "emv_mpm_invalid", "emv_mpm_generated_by_peers"]),
    on("emv_payer", merchant::emv_payer, &["emv_cpm_valid", "emv_cpm_invalid"]),
    on("ndef", taps::ndef, &["ndef"]),
    on("type4", taps::type4, &["type4_tag", "ndef"]),
    Target { words: &["KB1R:BB8", "KB1S:%69 VD92EX0", "KB1D:UJCLQE7W581", "KB1F:"], ..on("carrier", taps::carrier, &[]) },
    on("identity", people::identity, &["id_numbers"]),
    on("mrz", papers::mrz, &["mrz"]),
    on("travel", papers::travel, &["travel_documents"]),
    on("names", people::names, &["names"]),
    on("cards", people::cards, &["bank_cards"]),
    Target { words: sums::DAYS, ..on("capital", sums::capital, &["uppercase_amounts", "mcc"]) },
    Target { words: sums::ENROLMENTS, ..on("otp_uri", sums::otp_uri, &[]) },
    on("phones", people::phones, &["phones"]),
];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The names of all targets in one line.
pub fn names() -> String {
    TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(" ")
}

/// What a target may take for each started 4 KiB of input. More is a hang.
const ALLOWED: Duration = Duration::from_millis(50);
/// The size that short inputs are repeated to, so that what grows faster than the input is seen.
const LONG: usize = 4096;

/// Checks an input, now and then repeated to 4 KiB as well.
pub fn run(target: &Target, data: &[u8]) {
    (target.check)(data);
    if let Some(long) = lengthened(data) {
        (target.check)(&long);
    }
}

/// Checks an input and the time that it takes.
pub fn run_measured(target: &Target, data: &[u8]) {
    measured(target, data);
    if let Some(long) = lengthened(data) {
        measured(target, &long);
    }
}

/// An eighth of the inputs and half of the shortest, chosen by their bytes so that a replay does the same.
fn lengthened(data: &[u8]) -> Option<Vec<u8>> {
    let sum = data.iter().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    let chosen = sum & if data.len() <= 8 { 1 } else { 7 } == 0 && !data.is_empty() && data.len() <= LONG / 2;
    chosen.then(|| data.iter().copied().cycle().take(LONG).collect())
}

fn measured(target: &Target, data: &[u8]) {
    let allowed = ALLOWED * u32::try_from(data.len().div_ceil(LONG).max(1)).unwrap_or(u32::MAX);
    let once = || {
        let start = Instant::now();
        (target.check)(data);
        start.elapsed()
    };
    // A busy machine is slow once; a slow reader is slow each time.
    let first = once();
    if first > allowed {
        let best = (0..8).map(|_| once()).min().unwrap_or(first);
        assert!(best <= allowed, "{} takes {best:?} for {} bytes; {allowed:?} are allowed", target.name, data.len());
    }
}

/// The input as text. What is no UTF-8 becomes the replacement character, so that the rest still counts.
fn text_of(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Fails when `printed` shows six digits in a row that stand in `secret`.
fn hides(printed: &str, secret: &str) {
    let digits: Vec<u8> = secret.bytes().filter(u8::is_ascii_alphanumeric).collect();
    for window in digits.windows(6).filter(|window| window.iter().all(u8::is_ascii_digit)) {
        assert!(!printed.as_bytes().windows(6).any(|shown| shown == window), "shows a number that it must hide");
    }
}
