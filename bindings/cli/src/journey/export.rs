//! Looks at an export as a stranger would: the sums, the receipts, the tables, the page.

use kabao_proof::{KeySet, PublicKey, Receipt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn walk(folder: &Path, below: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, below, found)?;
        } else {
            found.push(path.strip_prefix(below).unwrap_or(&path).to_owned());
        }
    }
    Ok(())
}

/// What an export holds.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(folder: &Path, root_key: &str) -> Result<Value, String> {
    let read = |name: &str| fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"));
    let text = |name: &str| read(name).and_then(|bytes| String::from_utf8(bytes).map_err(|error| format!("{name}: {error}")));
    let mut files = Vec::new();
    walk(folder, folder, &mut files).map_err(|error| error.to_string())?;
    let mut summed = BTreeSet::new();
    for line in text("SHA256SUMS")?.lines() {
        let (sum, name) = line.split_once("  ").ok_or("SHA256SUMS has another form")?;
        if kabao_proof::hex(&kabao_proof::digest::sha256(&read(name)?)) != sum {
            return Err(format!("{name} has another sum"));
        }
        summed.insert(PathBuf::from(name));
    }
    let left: Vec<_> = files.iter().filter(|name| !summed.contains(*name)).map(|name| name.display().to_string()).collect();
    if left.len() != 2 || !left.contains(&"manifest.json".to_owned()) || !left.contains(&"SHA256SUMS".to_owned()) {
        return Err(format!("without a sum: {left:?}"));
    }
    let manifest: Value = serde_json::from_str(&text("manifest.json")?).map_err(|error| error.to_string())?;
    if manifest["sums"]["sha256"] != json!(kabao_proof::hex(&kabao_proof::digest::sha256(&read("SHA256SUMS")?))) {
        return Err("the manifest names another sum of SHA256SUMS".to_owned());
    }
    let root = PublicKey::parse(root_key).map_err(|_| "the root key cannot be read")?;
    let keys = KeySet::open(&read("keys.cose")?, &root).map_err(|error| error.to_string())?;
    let mut receipts = 0;
    for name in files.iter().filter(|name| name.starts_with("receipts")) {
        Receipt::open(&read(&name.display().to_string())?, &keys).map_err(|error| format!("{}: {error}", name.display()))?;
        receipts += 1;
    }
    let mut lines = json!({});
    for name in ["history", "payments", "consents", "cards", "settings"] {
        let table = text(&format!("{name}.csv"))?;
        let rows: Vec<Value> = serde_json::from_str(&text(&format!("{name}.json"))?).map_err(|error| format!("{name}.json: {error}"))?;
        let table_rows = table.strip_prefix('\u{feff}').ok_or("no mark at the beginning")?.split("\r\n").count().saturating_sub(2);
        if table_rows != rows.len() {
            return Err(format!("{name}: {table_rows} rows in the table, {} in JSON", rows.len()));
        }
        lines[name] = json!(rows.len());
    }
    let page = text("index.html")?;
    let hand = |word: &str| page.to_lowercase().contains(word);
    if hand("<script") || hand("http:") || hand("https:") || hand("javascript:") {
        return Err("the page is not of itself alone".to_owned());
    }
    let language = if page.contains("lang=\"zh-CN\"") { "zh-CN" } else { "en" };
    let account: Value = serde_json::from_str(&text("account.json")?).map_err(|error| error.to_string())?;
    Ok(json!({ "files": files.len(), "receipts": receipts, "lines": lines, "sound": manifest["sound"], "language": language, "account": account }))
}
