//! The published cases as first inputs.

use crate::Target;
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
    found.retain(|input| !input.is_empty() && input.len() <= 4096);
    found.sort();
    found.dedup();
    found
}

fn inputs(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let Ok(Value::Array(cases)) = serde_json::from_str::<Value>(&text) else { return Vec::new() };
    cases.iter().filter_map(input).collect()
}

/// A case has one of: a text, bytes in hexadecimal, bytes in base64, or a number of its own name.
fn input(case: &Value) -> Option<Vec<u8>> {
    let field = |name: &str| case.get(name).and_then(Value::as_str);
    if let Some(hex) = field("input_hex") {
        return from_hex(hex);
    }
    field("input").or_else(|| field("input_base64")).or_else(|| field("mcc")).map(|text| text.as_bytes().to_vec())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().filter(|character| !character.is_whitespace()).map(|character| character.to_digit(16)).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    }).collect()
}
