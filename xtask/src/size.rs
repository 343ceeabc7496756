//! Weighs the phone library: its stripped size against the budget, its page alignment, and what it is made of.

use crate::bindings::cargo;
use crate::command::{Show, command, run};
use crate::place::Place;
use std::collections::BTreeMap;
use std::fs;

/// The wallet's budget, stripped, on the host.
const BUDGET: u64 = 5_500_000;
/// Android maps libraries in pages of 16 KiB.
const ALIGNMENT: u64 = 0x4000;

/// `cargo xtask size`. Fails above the budget or with a smaller alignment.
pub fn command_line() -> Result<bool, String> {
    let place = Place::find()?;
    // Symbols stay in for the list; the file that counts is stripped beside it.
    cargo(&place, &["build", "--release", "--package", "kabao-ffi", "--config", "profile.release.strip=\"none\""])?;
    let built = place.target.join("release/libkabao_ffi.so");
    let stripped = place.target.join("release/libkabao_ffi.stripped.so");
    let (from, to) = (built.display().to_string(), stripped.display().to_string());
    output(&place, "strip", &["--strip-all", "-o", &to, &from])?;
    let bytes = fs::metadata(&stripped).map_err(|error| format!("{to}: {error}"))?.len();
    let alignment = smallest_alignment(&output(&place, "readelf", &["-lW", &to])?);
    println!("{bytes} bytes stripped, budget {BUDGET}");
    println!("page alignment {alignment:#x}, wanted {ALIGNMENT:#x}");
    println!("\ncode and constants by origin, bytes");
    let mut rows: Vec<(String, u64)> =
        by_origin(&output(&place, "nm", &["-C", "-S", "--defined-only", &from])?).into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows.iter().take(40).for_each(|(name, size)| println!("{size:>10}  {name}"));
    Ok(bytes <= BUDGET && alignment >= ALIGNMENT)
}

fn output(place: &Place, program: &str, args: &[&str]) -> Result<String, String> {
    let done = run(&mut command(program, args, &place.root), Show::Kept);
    match done.ok() {
        true => Ok(done.text),
        false => Err(format!("{program}: {}", done.text.trim_end())),
    }
}

/// The smallest alignment among the parts that are mapped.
fn smallest_alignment(text: &str) -> u64 {
    let loads = text.lines().filter(|line| line.trim_start().starts_with("LOAD"));
    let last = loads.filter_map(|line| line.split_whitespace().last()?.strip_prefix("0x"));
    last.filter_map(|hex| u64::from_str_radix(hex, 16).ok()).min().unwrap_or(0)
}

/// Adds up the symbols of `nm -C -S` by the crate, or the C library, that they come from.
fn by_origin(text: &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        let (Some(_), Some(size), Some(kind), Some(name)) = (words.next(), words.next(), words.next(), words.next()) else {
            continue;
        };
        let Ok(size) = u64::from_str_radix(size, 16) else { continue };
        if matches!(kind, "b" | "B") {
            continue;
        }
        let sum = sums.entry(origin(name).to_owned()).or_insert(0u64);
        *sum = sum.saturating_add(size);
    }
    sums
}

/// `<a::B as c::D>::e` and `a::b` come from `a`; a name without a path is C.
fn origin(name: &str) -> &str {
    let bare = name.trim_start_matches(['<', '&', '*', '(', '[']);
    let bare = ["dyn ", "mut ", "const "].iter().fold(bare, |bare, word| bare.strip_prefix(word).unwrap_or(bare));
    match bare.split_once("::") {
        Some((first, _)) if first.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => first,
        _ if name.starts_with("sqlite3") || name.starts_with("fts5") => "sqlite (C)",
        _ if name.starts_with("ring_core") || name.contains("ring_core") => "ring (C)",
        _ if name.starts_with("uniffi_") || name.starts_with("ffi_") => "uniffi scaffolding",
        _ => "C and unnamed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_added_up_by_crate() {
        let text = "0000 0000000000000010 t ring::aead::seal\n0010 0000000000000020 T <ring::digest::Context as core::fmt::Debug>::fmt\n\
                    0030 0000000000000005 t sqlite3VdbeExec\n0040 0000000000000100 b std::state\n0050 T no_size\n";
        let sums = by_origin(text);
        assert_eq!(sums.get("ring"), Some(&0x30));
        assert_eq!(sums.get("sqlite (C)"), Some(&5));
        assert_eq!(sums.len(), 2);
    }

    #[test]
    fn the_smallest_mapped_part_decides() {
        let text = "  LOAD 0x0 0x0 0x0 0x1 0x1 R   0x4000\n  LOAD 0x0 0x0 0x0 0x1 0x1 R E 0x1000\n  DYNAMIC 0x0 0x0 0x0 0x1 0x1 RW 0x8\n";
        assert_eq!(smallest_alignment(text), 0x1000);
        assert_eq!(smallest_alignment(""), 0);
    }
}
