//! Generates the Kotlin and Swift sources from the built library. Nothing generated is committed.
//!
//! Files whose text did not change are left alone, so that the Kotlin and Swift compilers stay incremental.

use crate::blanks::{Declared, Language};
use crate::command::{Show, command, run};
use crate::place::Place;
use crate::said;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The debug library carries keys in memory: the Swift tests on Linux have no secure element. A release build has none.
pub const DEV_KEYS: &str = "kabao-ffi/dev-keys";

/// Which packages of the workspace are built before the generator runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The library alone: the quickest way to new sources.
    Library,
    /// Nothing: the caller has just built all default members.
    Done,
}

/// `cargo xtask bindings [kotlin|swift]`.
pub fn command_line(with_kotlin: bool, with_swift: bool) -> Result<bool, String> {
    let place = Place::find()?;
    let source = generator(&place, Build::Library)?;
    if with_kotlin {
        kotlin(&place, &source)?;
    }
    if with_swift {
        swift(&place, &source)?;
    }
    Ok(true)
}

/// Runs cargo from the root with output shown.
pub fn cargo(place: &Place, args: &[&str]) -> Result<(), String> {
    let outcome = run(&mut command("cargo", args, &place.root), Show::Live);
    match outcome.ok() {
        true => Ok(()),
        false => Err(format!("cargo {} failed\n{}", args.join(" "), said::of(&outcome.text).join("\n"))),
    }
}

/// Builds the library and the generator. Returns the library that carries the description of the boundary.
///
/// Two cargo runs: in one, cargo would compile the library with the generator's features.
pub fn generator(place: &Place, build: Build) -> Result<PathBuf, String> {
    if build == Build::Library {
        cargo(place, &["build", "--package", "kabao-ffi", "--features", DEV_KEYS])?;
    }
    cargo(place, &["build", "--package", "kabao-bindgen"])?;
    let extension = if cfg!(target_os = "macos") { "dylib" } else { "so" };
    let library = place.debug().join(format!("libkabao_ffi.{extension}"));
    match library.is_file() {
        true => Ok(library),
        false => Err(format!("{} is not there: bindings/ffi builds no cdylib", library.display())),
    }
}

fn generate(place: &Place, program: &str, args: &[&str]) -> Result<(), String> {
    let done = run(&mut command(place.debug().join(program), args, &place.root), Show::Kept);
    match done.ok() {
        true => Ok(()),
        false => Err(format!("{program}: {}", done.text.trim_end())),
    }
}

fn empty_folder(path: PathBuf) -> Result<PathBuf, String> {
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Writes the Kotlin sources to `bindings/kotlin/ffi/target/generated-sources`.
pub fn kotlin(place: &Place, library: &Path) -> Result<(), String> {
    let out = empty_folder(place.scratch().join("generated/kotlin"))?;
    let (from, to) = (library.display().to_string(), out.display().to_string());
    let args = ["generate", "--language", "kotlin", "--no-format", "--config", "uniffi.toml", "--out-dir", &to, &from];
    generate(place, "uniffi-bindgen", &args)?;
    let files = files_below(&out)?;
    if files.is_empty() {
        return Err("the library exports nothing to Kotlin".into());
    }
    if files.iter().any(|file| file.starts_with("uniffi")) {
        return Err("a crate exports without a package name: add its heading to uniffi.toml".into());
    }
    mirror(&out, &place.root.join("bindings/kotlin/ffi/target/generated-sources"))?;
    let declared = declared(Language::Kotlin, &out, &files)?;
    written(place, "bindings/kotlin/fake/target/generated-sources", "kotlin", &[("Blanks.kt", declared.kotlin_blanks()?)])?;
    println!("kotlin: {} sources", files.len());
    Ok(())
}

/// Writes the Swift sources, the C headers with their module map, and puts the static library in place.
pub fn swift(place: &Place, library: &Path) -> Result<(), String> {
    let out = empty_folder(place.scratch().join("generated/swift"))?;
    let (sources, headers) = (empty_folder(out.join("sources"))?, empty_folder(out.join("headers"))?);
    let from = library.display().to_string();
    for (kind, to) in [("--swift-sources", &sources), ("--headers", &headers)] {
        let to = to.display().to_string();
        generate(place, "uniffi-bindgen-swift", &[kind, "--config", "uniffi.toml", &from, &to])?;
    }
    let (sources_made, headers_made) = (files_below(&sources)?, files_below(&headers)?);
    if sources_made.is_empty() {
        return Err("the library exports nothing to Swift".into());
    }
    if sources_made.len() != headers_made.len() {
        return Err("two crates wrote one header: give each its ffi_module_filename in uniffi.toml".into());
    }
    fs::write(headers.join("module.modulemap"), module_map(&headers_made)).map_err(|error| error.to_string())?;
    let package = place.root.join("bindings/swift");
    let declared = declared(Language::Swift, &sources, &sources_made)?;
    fs::write(sources.join("Matches.swift"), declared.swift_matches()?).map_err(|error| error.to_string())?;
    mirror(&sources, &package.join("Sources/KabaoCoreGenerated"))?;
    let fakes = [("Blanks.swift", declared.swift_blanks()?), ("Clients.swift", declared.swift_clients()?)];
    written(place, "bindings/swift/Sources/KabaoFake/Generated", "swift", &fakes)?;
    mirror(&headers, &package.join("Sources/KabaoCoreFFIGenerated"))?;
    if cfg!(target_os = "linux") {
        static_library(place, &package.join("lib"))?;
        for linked in ["bindings/swift", "ios"] {
            unlink_tests(&place.root.join(linked).join(".build/debug"))?;
        }
    }
    println!("swift: {} sources", sources_made.len());
    Ok(())
}

/// What generated sources declare.
fn declared(language: Language, folder: &Path, files: &BTreeSet<PathBuf>) -> Result<Declared, String> {
    let mut declared = Declared::default();
    for file in files {
        declared.read(language, &fs::read_to_string(folder.join(file)).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    match declared.is_empty() {
        true => Err("no record in the generated sources: xtask/src/blanks.rs reads them otherwise than they are written".into()),
        false => Ok(declared),
    }
}

/// Makes a folder of the repository hold these files and no others.
fn written(place: &Place, folder: &str, name: &str, files: &[(&str, String)]) -> Result<(), String> {
    let out = empty_folder(place.scratch().join("generated/fake").join(name))?;
    for (file, text) in files {
        fs::write(out.join(file), text).map_err(|error| format!("{file}: {error}"))?;
    }
    mirror(&out, &place.root.join(folder))
}

/// One C module over every crate's header. The generator's own map names Apple's modules and links nothing.
fn module_map(headers: &BTreeSet<PathBuf>) -> String {
    let lines: String = headers.iter().map(|header| format!("    header \"{}\"\n", header.display())).collect();
    format!("module KabaoCoreFFI {{\n{lines}    link \"kabao_ffi\"\n    export *\n}}\n")
}

/// The static library alone in a folder: beside a shared one, the linker would take that.
fn static_library(place: &Place, folder: &Path) -> Result<(), String> {
    let built = place.debug().join("libkabao_ffi.a");
    let placed = folder.join("libkabao_ffi.a");
    let say = |error: std::io::Error| format!("{}: {error}", built.display());
    fs::create_dir_all(folder).map_err(say)?;
    let _ = fs::remove_file(&placed);
    fs::hard_link(&built, &placed).or_else(|_| fs::copy(&built, &placed).map(|_| ())).map_err(say)
}

/// SwiftPM does not see that the library it linked is another one now: what is gone, it links anew.
fn unlink_tests(built: &Path) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(built) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|end| end == "xctest") && path.is_file() {
            fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

/// Every file below a folder, named from it.
fn files_below(folder: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).map_err(|error| format!("{}: {error}", next.display()))? {
            let path = entry.map_err(|error| error.to_string())?.path();
            match path.strip_prefix(folder) {
                _ if path.is_dir() => open.push(path),
                Ok(name) => drop(found.insert(name.to_path_buf())),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(found)
}

/// Makes `to` hold the files of `from` and no others, without touching those that are equal.
fn mirror(from: &Path, to: &Path) -> Result<(), String> {
    let say = |error: std::io::Error| format!("{}: {error}", to.display());
    fs::create_dir_all(to).map_err(say)?;
    let wanted = files_below(from)?;
    for name in files_below(to)?.difference(&wanted) {
        fs::remove_file(to.join(name)).map_err(say)?;
    }
    for name in &wanted {
        let (source, target) = (fs::read(from.join(name)).map_err(say)?, to.join(name));
        if fs::read(&target).is_ok_and(|present| present == source) {
            continue;
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(say)?;
        }
        fs::write(&target, source).map_err(say)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_map_names_every_header_and_the_library() {
        let headers = [PathBuf::from("B.h"), PathBuf::from("A.h")].into();
        let map = "module KabaoCoreFFI {\n    header \"A.h\"\n    header \"B.h\"\n    link \"kabao_ffi\"\n    export *\n}\n";
        assert_eq!(module_map(&headers), map);
    }

    #[test]
    fn mirror_adds_changes_and_removes() {
        let home = std::env::temp_dir().join(format!("xtask-mirror-{}", std::process::id()));
        let (from, to) = (home.join("from"), home.join("to"));
        fs::create_dir_all(from.join("a")).unwrap();
        fs::create_dir_all(to.join("old")).unwrap();
        fs::write(from.join("a/new"), "1").unwrap();
        fs::write(from.join("changed"), "2").unwrap();
        fs::write(to.join("changed"), "1").unwrap();
        fs::write(to.join("old/gone"), "1").unwrap();
        mirror(&from, &to).unwrap();
        assert_eq!(files_below(&to).unwrap(), [PathBuf::from("a/new"), PathBuf::from("changed")].into());
        assert_eq!(fs::read_to_string(to.join("changed")).unwrap(), "2");
        fs::remove_dir_all(&home).unwrap();
    }
}
