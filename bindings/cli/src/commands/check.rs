//! `kabao check SET`: answers cases, one JSON line for one JSON line.

use kabao_base::Timestamp;
use kabao_codes::Day;
use std::io::{BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// Reads cases from `input` and answers them on `output`; a line that is no case is answered with its error.
///
/// # Errors
/// The text to show when there is no such set, or when reading or writing fails.
pub fn run(set: &str, mut input: impl BufRead, mut output: impl Write) -> Result<(), String> {
    let mut sets = kabao_codes::checks::sets();
    sets.extend(kabao_money::checks::SETS);
    if !sets.contains(&set) {
        return Err(format!("no set is named {set:?}; there are: {}", sets.join(", ")));
    }
    let of_money = kabao_money::checks::SETS.contains(&set);
    let today = today().ok_or("the clock of this machine is outside the calendar")?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(|error| error.to_string())? == 0 {
            return output.flush().map_err(|error| error.to_string());
        }
        let answer = match std::str::from_utf8(line.trim_ascii()) {
            Ok(text) if of_money => kabao_money::checks::answer(set, text),
            Ok(text) => kabao_codes::checks::answer(set, text, today),
            Err(_) => serde_json::json!({ "id": null, "error": "not UTF-8" }).to_string(),
        };
        // Who asks may wait for this answer before the next question.
        writeln!(output, "{answer}").and_then(|()| output.flush()).map_err(|error| error.to_string())?;
    }
}

fn today() -> Option<(i32, u32, u32)> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let day = Day::in_china(Timestamp::from_ms(i64::try_from(since.as_millis()).ok()?))?;
    Some((day.year, day.month, day.day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_bad_line_is_answered_and_the_next_one_read() {
        let input = b"{\"id\":1,\"doc_type\":\"resident-18\",\"input\":\"11010119900307867X\"}\nnot json\n\xff\xfe\n\n{\"id\":\"b\",\"doc_type\":\"resident-18\",\"input\":\"110101199003078670\"}";
        let mut output = Vec::new();
        run("id_numbers", &input[..], &mut output).unwrap();
        let answers: Vec<Value> = String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), 5);
        assert_eq!((&answers[0]["id"], &answers[0]["actual"]["valid"]), (&Value::from(1), &Value::from(false)));
        for bad in &answers[1..4] {
            assert!(bad["id"].is_null() && bad["error"].is_string(), "{bad}");
        }
        assert_eq!((&answers[4]["id"], &answers[4]["actual"]["valid"]), (&Value::from("b"), &Value::from(true)));
    }

    #[test]
    fn an_unknown_set_is_refused_before_anything_is_read() {
        let mut output = Vec::new();
        assert!(run("tea_leaves", &b"{}"[..], &mut output).unwrap_err().contains("tea_leaves"));
        assert!(output.is_empty());
    }
}
