//! Turns the word files into one sorted table, so that the phone's library carries no parser for them, and refuses to
//! build when a sentence is missing in a language, when placeholders differ, or when a text hides something.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[path = "src/words/compile.rs"]
mod compile;

use compile::Words;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => {
            for fault in faults {
                println!("cargo::error=words: {}", fault.replace('\n', " "));
            }
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Vec<String>> {
    let folder = PathBuf::from("src/words");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/words/compile.rs");
    let zh = read(&folder.join("zh-CN.toml"))?;
    let en = read(&folder.join("en.toml"))?;
    let rows = compile::join(&zh, &en)?;

    let mut table = String::from("&[\n");
    for (key, zh, en) in &rows {
        // Debug of a text is a literal of the same text; writing to a String does not fail.
        let _ = writeln!(table, "    ({key:?}, {zh:?}, {en:?}),");
    }
    table.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| vec!["cargo gave no OUT_DIR".to_owned()])?;
    let file = Path::new(&out).join("words.rs");
    std::fs::write(&file, table).map_err(|error| vec![format!("cannot write {}: {error}", file.display())])
}

fn read(file: &Path) -> Result<Words, Vec<String>> {
    println!("cargo::rerun-if-changed={}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| vec![format!("cannot read {}: {error}", file.display())])?;
    let table: toml::Table = text.parse().map_err(|error| vec![format!("{}: {error}", file.display())])?;
    let mut words = Words::new();
    flatten("", &table, &mut words).map_err(|fault| vec![format!("{}: {fault}", file.display())])?;
    Ok(words)
}

fn flatten(above: &str, table: &toml::Table, words: &mut Words) -> Result<(), String> {
    for (name, value) in table {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            return Err(format!("`{name}` under `{above}` is no key: lower-case letters, digits and _ only"));
        }
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, words)?,
            toml::Value::String(text) => {
                words.insert(key, text.clone());
            }
            _ => return Err(format!("`{key}` is not a text")),
        }
    }
    Ok(())
}
