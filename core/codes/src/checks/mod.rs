//! Answers published cases, one JSON line for one JSON line, so that anybody can put their own to
//! this crate. `tests/vectors/README.md` says which set asks which question.

mod cards;
mod codes;
mod cpm;
mod emv;
mod nfc;
mod papers;
mod people;
mod sums;

use serde_json::{Map, Value, json};

/// A case: a JSON object.
type Case = Map<String, Value>;
/// What a set makes of a case; the error is for a line that is no case of the set.
type Answer = Result<Value, &'static str>;
/// Answers a case of a set. The day is the one in China, as year, month, day.
type Answers = fn(set: &str, case: &Case, today: (i32, u32, u32)) -> Answer;

/// The sets and who answers them.
const GROUPS: &[(&[&str], Answers)] = &[
    (people::SETS, people::answer),
    (papers::SETS, papers::answer),
    (cards::SETS, cards::answer),
    (codes::SETS, codes::answer),
    (emv::SETS, emv::answer),
    (cpm::SETS, cpm::answer),
    (nfc::SETS, nfc::answer),
    (sums::SETS, sums::answer),
];

/// The sets that [`answer`] knows.
pub fn sets() -> Vec<&'static str> {
    GROUPS.iter().flat_map(|(sets, _)| sets.iter().copied()).collect()
}

/// Answers one case: `{"id": …, "actual": …}`, or `{"id": …, "error": …}` for a line that is no
/// case of the set. `today` is the day in China as year, month, day; births after it are refused.
/// The answer is one line, whatever the input.
pub fn answer(set: &str, line: &str, today: (i32, u32, u32)) -> String {
    let (id, outcome) = match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(case)) => {
            let id = case.get("id").cloned().unwrap_or(Value::Null);
            let group = GROUPS.iter().find(|(sets, _)| sets.contains(&set));
            (id, group.map_or(Err("this set is not answered here"), |(_, answers)| answers(set, &case, today)))
        }
        Ok(_) => (Value::Null, Err("a case is a JSON object")),
        Err(_) => (Value::Null, Err("not JSON")),
    };
    match outcome {
        Ok(actual) => json!({ "id": id, "actual": actual }).to_string(),
        Err(error) => json!({ "id": id, "error": error }).to_string(),
    }
}

/// The text of a case.
fn input(case: &Case) -> Result<&str, &'static str> {
    case.get("input").and_then(Value::as_str).ok_or("a case has a text named input")
}

/// The field that selects the question; empty where the case has none.
fn field<'a>(case: &'a Case, name: &str) -> &'a str {
    case.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn refused(error: &dyn std::error::Error) -> Value {
    json!({ "valid": false, "reason": error.to_string() })
}

#[cfg(test)]
mod tests;
