//! Values of a journey: references to what was saved, made-up inputs, and the comparison with what came.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What was saved, by name.
pub type Saved = BTreeMap<String, Value>;

/// The part of a value at a path: `amount.minor`, `items.0.state`. The empty path is the whole.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    path.split('.').try_fold(value, |value, part| match value {
        Value::Object(map) => map.get(part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The value with every reference replaced: `$name`, `$name.path`; `$$` begins a text with a dollar sign. An object
/// with one key makes a text up: `{"?repeat": [text, times]}`, `{"?join": [text, …]}`, `{"?wrong_digit": digits}`,
/// `{"?slice": [text, from, to]}`, `{"?crc": text}` (a merchant's code with its check sum behind),
/// `{"?tag": link}` (what a tag with that link gives, in hexadecimal),
/// `{"?day": 40}` (the day in China 40 days from now), `{"?resident": -4000}` (the number of a resident who was born 4000 days
/// ago).
///
/// # Errors
/// The text to show for a name that was not saved or a text that cannot be made.
pub fn resolve(value: &Value, saved: &Saved) -> Result<Value, String> {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => Ok(json!(rest)),
            Some(name) => {
                let (name, path) = name.split_once('.').unwrap_or((name, ""));
                let whole = saved.get(name).ok_or_else(|| format!("nothing was saved as ${name}"))?;
                at(whole, path).cloned().ok_or_else(|| format!("${name} has no {path}"))
            }
            None => Ok(value.clone()),
        },
        Value::Array(items) => Ok(Value::Array(items.iter().map(|item| resolve(item, saved)).collect::<Result<_, _>>()?)),
        Value::Object(map) => match map.iter().next() {
            Some((key, inner)) if map.len() == 1 && key.starts_with('?') && MAKERS.contains(&key.as_str()) => make(key, &resolve(inner, saved)?),
            _ => resolve_all(map, saved).map(Value::Object),
        },
        other => Ok(other.clone()),
    }
}

/// Every value of a map resolved.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_all(map: &Map<String, Value>, saved: &Saved) -> Result<Map<String, Value>, String> {
    map.iter().map(|(key, value)| Ok((key.clone(), resolve(value, saved)?))).collect()
}

const MAKERS: [&str; 8] = ["?repeat", "?join", "?wrong_digit", "?slice", "?crc", "?tag", "?day", "?resident"];

fn make(maker: &str, with: &Value) -> Result<Value, String> {
    let made = match (maker, with) {
        ("?repeat", Value::Array(parts)) => match parts.as_slice() {
            [Value::String(text), times] => times.as_u64().and_then(|times| usize::try_from(times).ok()).map(|times| text.repeat(times)),
            _ => None,
        },
        ("?join", Value::Array(parts)) => parts.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|parts| parts.concat()),
        ("?day", days) => days.as_i64().and_then(day),
        ("?resident", days) => days.as_i64().and_then(day).and_then(resident_number),
        ("?wrong_digit", Value::String(digits)) => wrong_digit(digits),
        ("?crc", Value::String(text)) => Some(with_crc(text)),
        ("?tag", Value::String(link)) => tag(link),
        ("?slice", Value::Array(parts)) => match parts.as_slice() {
            [Value::String(text), from, to] => {
                let place = |value: &Value| value.as_u64().and_then(|value| usize::try_from(value).ok());
                place(from).zip(place(to)).and_then(|(from, to)| text.get(from..to)).map(str::to_owned)
            }
            _ => None,
        },
        _ => None,
    };
    made.map(Value::String).ok_or_else(|| format!("{maker} cannot make a text of this"))
}

/// So many days from now, in China: `2026-12-31`.
fn day(days: i64) -> Option<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    let ms = i64::try_from(now.as_millis()).ok()?.checked_add(days.checked_mul(86_400_000)?)?;
    Some(kabao_base::Timestamp::from_ms(ms).china_date()?.to_string())
}

fn resident_number(born: String) -> Option<String> {
    let body = format!("110105{}004", born.replace('-', ""));
    Some(format!("{body}{}", kabao_codes::identity::mod_11_2(&body)?))
}

/// The same digits with another last one.
fn wrong_digit(digits: &str) -> Option<String> {
    let last = digits.chars().last()?.to_digit(10)?;
    let other = char::from_digit((last + 1) % 10, 10)?;
    Some(format!("{}{other}", digits.get(..digits.len() - 1)?))
}

/// The text, the tag of the check sum, and the check sum (CRC-16/CCITT-FALSE, as EMVCo asks).
fn with_crc(text: &str) -> String {
    let text = format!("{text}6304");
    let step = |sum: u16| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 };
    let sum = text.bytes().fold(0xffff, |sum: u16, byte| (0..8).fold(sum ^ (u16::from(byte) << 8), |sum, _| step(sum)));
    format!("{text}{sum:04X}")
}

/// One short record with a link (NDEF 1.0, URI RTD 1.0, nothing abbreviated), in hexadecimal.
fn tag(link: &str) -> Option<String> {
    let length = u8::try_from(link.len() + 1).ok()?;
    let bytes = [&[0xd1, 0x01, length, b'U', 0x00], link.as_bytes()].concat();
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether `actual` is as expected. An object expects its keys, which may be paths; a list expects as many items; an
/// object with one key that begins with `?` asks: `?present`, `?at_least`, `?count`, `?has` (a list with such an item),
/// `?one_of`, `?contains` (a text with such a part).
///
/// # Errors
/// What differs, with its path.
pub fn compare(expected: &Value, actual: Option<&Value>, place: &str) -> Result<(), String> {
    let seen = || actual.map_or_else(|| "nothing".to_owned(), |actual| shorten(&actual.to_string()));
    let wrong = |wanted: &str| Err(format!("{place}: expected {wanted}, and it is {}", seen()));
    match expected {
        Value::Object(map) => {
            if let Some((question, wanted)) = map.iter().next()
                && map.len() == 1
                && question.starts_with('?')
            {
                return if asks(question, wanted, actual)? { Ok(()) } else { wrong(&format!("{question} {wanted}")) };
            }
            let Some(actual) = actual.filter(|actual| actual.is_object() || actual.is_array()) else { return wrong("an object") };
            map.iter().try_for_each(|(path, wanted)| {
                let place = if place.is_empty() { path.clone() } else { format!("{place}.{path}") };
                compare(wanted, at(actual, path), &place)
            })
        }
        Value::Array(wanted) => match actual {
            Some(Value::Array(items)) if items.len() == wanted.len() => {
                wanted.iter().zip(items).enumerate().try_for_each(|(index, (wanted, item))| compare(wanted, Some(item), &format!("{place}.{index}")))
            }
            _ => wrong(&format!("{} items", wanted.len())),
        },
        other if actual == Some(other) => Ok(()),
        other => wrong(&shorten(&other.to_string())),
    }
}

/// The first of `values` that is as expected, taken out of them.
pub fn take(values: &mut Vec<Value>, expected: &Value) -> Option<Value> {
    let at = values.iter().position(|value| compare(expected, Some(value), "").is_ok())?;
    Some(values.remove(at))
}

fn asks(question: &str, wanted: &Value, actual: Option<&Value>) -> Result<bool, String> {
    let number = || actual.and_then(Value::as_i64);
    let items = || actual.and_then(Value::as_array);
    Ok(match question {
        "?present" => wanted.as_bool() == Some(actual.is_some_and(|actual| !actual.is_null())),
        "?at_least" => number().zip(wanted.as_i64()).is_some_and(|(number, least)| number >= least),
        "?count" => items().zip(wanted.as_u64()).is_some_and(|(items, count)| items.len() as u64 == count),
        "?has" => items().is_some_and(|items| items.iter().any(|item| compare(wanted, Some(item), "").is_ok())),
        "?one_of" => wanted.as_array().is_some_and(|wanted| wanted.iter().any(|one| Some(one) == actual)),
        "?contains" => actual.and_then(Value::as_str).zip(wanted.as_str()).is_some_and(|(text, part)| text.contains(part)),
        _ => return Err(format!("no question is named {question}")),
    })
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        Saved::from([("shown".to_owned(), json!({"digits": "97", "cap": {"minor": 5}})), ("n".to_owned(), json!(7))])
    }

    #[test]
    fn references_are_replaced() {
        let written = json!({"a": "$shown.digits", "b": ["$n", "$shown.cap.minor"], "c": "$$5", "d": {"?join": ["x", "$shown.digits"]}});
        assert_eq!(resolve(&written, &saved()).unwrap(), json!({"a": "97", "b": [7, 5], "c": "$5", "d": "x97"}));
        assert!(resolve(&json!("$other"), &saved()).unwrap_err().contains("$other"));
        assert!(resolve(&json!("$shown.x"), &saved()).is_err());
        assert_eq!(resolve(&json!({"?repeat": ["ab", 3]}), &saved()).unwrap(), json!("ababab"));
        assert_eq!(resolve(&json!({"?wrong_digit": "123459"}), &saved()).unwrap(), json!("123450"));
        assert_eq!(resolve(&json!({"?slice": ["abcdef", 1, 3]}), &saved()).unwrap(), json!("bc"));
        assert!(resolve(&json!({"?wrong_digit": "12a"}), &saved()).is_err());
        // The example of EMVCo's specification of merchant-presented codes ends in A13A.
        let example = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304";
        let made = resolve(&json!({"?crc": example.trim_end_matches("6304")}), &saved()).unwrap();
        assert_eq!(made, json!(format!("{example}A13A")));
    }

    #[test]
    fn what_is_expected_is_compared_and_the_rest_is_not() {
        let actual = json!({"state": "done", "amount": {"minor": 5}, "items": [{"x": 1}, {"x": 2}]});
        for good in [
            json!({"state": "done"}), json!({"amount.minor": 5}), json!({"amount": {"minor": {"?at_least": 5}}}),
            json!({"items": {"?count": 2}}), json!({"items": {"?has": {"x": 2}}}), json!({"items.1.x": 2}),
            json!({"missing": {"?present": false}}), json!({"state": {"?one_of": ["done", "x"]}}),
            json!({"items": [{}, {"x": 2}]}), json!({"state": {"?contains": "on"}}),
        ] {
            assert_eq!(compare(&good, Some(&actual), ""), Ok(()), "{good}");
        }
        for bad in [
            json!({"state": "failed"}), json!({"amount.minor": 6}), json!({"amount": {"minor": {"?at_least": 6}}}),
            json!({"items": {"?count": 3}}), json!({"items": {"?has": {"x": 3}}}), json!({"missing": 1}), json!({"missing": {}}),
            json!({"state": {"?present": false}}), json!({"items": [{}]}), json!({"state": {"?one_of": []}}), json!({"state": {"x": 1}}),
        ] {
            assert!(compare(&bad, Some(&actual), "").is_err(), "{bad}");
        }
        assert!(compare(&json!({"state": {"?nonsense": 1}}), Some(&actual), "").unwrap_err().contains("?nonsense"));
    }
}
