//! The published cases as first inputs.

use crate::Target;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder `tests/fuzz`.
pub fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The inputs of the published cases of a target, each once, none longer than 4 KiB.
pub fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = home().join("../vectors");
    let mut found: Vec<Vec<u8>> = target.sets.iter().flat_map(|set| inputs(&folder.join(format!("{set}.json")))).collect();
    found.extend(target.words.iter().map(|word| word.as_bytes().to_vec()));
    found.retain(|input| !input.is_empty() && input.len() <= 4096);
    found.sort();
    found.dedup();
    found
}

fn inputs(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let Ok(Value::Array(cases)) = serde_json::from_str::<Value>(&text) else { return Vec::new() };
    let written = cases.iter().filter_map(input);
    // What is written in Base64 counts as bytes too.
    let meant = cases.iter().filter_map(|case| STANDARD.decode(case.get("input_base64")?.as_str()?).ok());
    written.chain(meant).collect()
}

/// A case has one of: a text, lines, answers of a tag, bytes in hexadecimal or base64, a number of its own name.
fn input(case: &Value) -> Option<Vec<u8>> {
    let field = |name: &str| case.get(name).and_then(Value::as_str);
    if let Some(hex) = field("input_hex") {
        return from_hex(hex);
    }
    if let Some(parts) = case.get("input").and_then(Value::as_array) {
        let lines: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
        return match lines {
            Some(lines) => Some(lines.join("\n").into_bytes()),
            None => parts.iter().map(answer).collect::<Option<Vec<_>>>().map(|answers| answers.concat()),
        };
    }
    field("input").or_else(|| field("input_base64")).or_else(|| field("mcc")).map(|text| text.as_bytes().to_vec())
}

/// An answer of a tag as the target `type4` takes it: its length, then its bytes.
fn answer(exchange: &Value) -> Option<Vec<u8>> {
    let bytes = from_hex(exchange.get("r")?.as_str()?)?;
    let length = u8::try_from(bytes.len()).ok()?;
    Some([&[length], bytes.as_slice()].concat())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().filter(|character| !character.is_whitespace()).map(|character| character.to_digit(16)).collect::<Option<_>>()?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
