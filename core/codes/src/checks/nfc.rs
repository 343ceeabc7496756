//! What a tap gives: records and messages, and reading a Type 4 tag.

use super::{Answer, Case, field};
use crate::ndef::{Message, Mode, NdefError, PosterAction, Record, SmartPoster, Text, TextEncoding, Tnf, uri};
use crate::type4::{Access, Capability, Reader, Step};
use serde_json::{Map, Value, json};

pub(super) const SETS: &[&str] = &["ndef", "type4_tag"];

pub(super) fn answer(set: &str, case: &Case, _: (i32, u32, u32)) -> Answer {
    let bytes = || bytes(field(case, "input_hex")).filter(|_| case.contains_key("input_hex")).ok_or("a case has hexadecimal digits named input_hex");
    let outcome = match (set, field(case, "kind")) {
        ("ndef", "uri-payload-decode") => uri::read(&bytes()?).map(|uri| json!({ "uri": uri })),
        ("ndef", "text-payload-decode") => Text::read(&bytes()?).map(|text| text_answer(&text)),
        ("ndef", "smartposter-payload") => SmartPoster::read(&bytes()?).map(|poster| poster_answer(&poster)),
        ("ndef", "record-decode") => Record::read(&bytes()?).map(|record| json!({ "hex": hex(&record.write(false, false)) })),
        ("ndef", "message-decode-strict") => Message::read(&bytes()?, Mode::Strict).map(|message| json!({ "records": message.records.len() })),
        ("ndef", "message-decode-any-mode") => Message::read(&bytes()?, Mode::Any).map(|message| json!({ "records": message.records.len() })),
        ("ndef", "uri-message") => uri_message(&bytes()?),
        ("ndef", "record-encode-decode") => encode(case)?.map(|record| json!({ "hex": hex(&record.write(false, false)) })),
        ("type4_tag", "read-sequence") => return sequence(case),
        ("type4_tag", "cc-access") => return access(case),
        _ => return Err("this kind of case is not answered here"),
    };
    Ok(outcome.unwrap_or_else(|error| json!({ "error": error.to_string() })))
}

fn text_answer(text: &Text) -> Value {
    let encoding = match text.encoding {
        TextEncoding::Utf8 => "UTF-8",
        TextEncoding::Utf16 => "UTF-16",
    };
    json!({ "text": text.text, "lang": text.language, "encoding": encoding })
}

fn poster_answer(poster: &SmartPoster) -> Value {
    let mut answer = Map::new();
    answer.insert("uri".to_owned(), json!(poster.uri));
    if !poster.titles.is_empty() {
        let titles: Map<String, Value> = poster.titles.iter().map(|title| (title.language.clone(), json!(title.text))).collect();
        answer.insert("title".to_owned(), Value::Object(titles));
    }
    let action = poster.action.map(|action| match action {
        PosterAction::Execute => "exec",
        PosterAction::Save => "save",
        PosterAction::Edit => "edit",
    });
    for (name, value) in [("action", json!(action)), ("size", json!(poster.size)), ("type", json!(poster.media_type))] {
        if !value.is_null() {
            answer.insert(name.to_owned(), value);
        }
    }
    Value::Object(answer)
}

/// The links of a message, and whether links written anew give the same bytes.
fn uri_message(bytes: &[u8]) -> Result<Value, NdefError> {
    let message = Message::read(bytes, Mode::Strict)?;
    let links = message.records.iter().filter(|record| record.tnf() == Tnf::WellKnown && record.kind() == b"U");
    let uris = links.map(|record| uri::read(record.payload())).collect::<Result<Vec<_>, _>>()?;
    let again = Message { records: uris.iter().map(|uri| uri::record(uri)).collect::<Result<_, _>>()? };
    Ok(json!({ "uris": uris, "roundtrip": again.write() == bytes }))
}

/// A record whose type is written as one name: `urn:nfc:wkt:T`, `text/plain`, `unknown`.
fn encode(case: &Case) -> Result<Result<Record, NdefError>, &'static str> {
    let input = case.get("input").and_then(Value::as_object).ok_or("a case has an object named input")?;
    let name = field(input, "type");
    let (tnf, kind) = if let Some(kind) = name.strip_prefix("urn:nfc:wkt:") {
        (Tnf::WellKnown, kind)
    } else if let Some(kind) = name.strip_prefix("urn:nfc:ext:") {
        (Tnf::External, kind)
    } else {
        match name {
            "" => (Tnf::Empty, ""),
            "unknown" => (Tnf::Unknown, ""),
            "unchanged" => (Tnf::Unchanged, ""),
            uri if uri.contains("://") => (Tnf::AbsoluteUri, uri),
            media if media.contains('/') => (Tnf::Media, media),
            _ => return Err("this type of a record is not known"),
        }
    };
    let payload = match input.get("payload_hex").and_then(Value::as_str) {
        Some(payload) => bytes(payload).ok_or("a payload has hexadecimal digits")?,
        None => field(input, "payload_ascii").as_bytes().to_vec(),
    };
    Ok(Record::new(tnf, kind.as_bytes(), field(input, "id").as_bytes(), &payload))
}

/// Reads a tag whose answers are listed. A command that stands earlier in the list gets the same answer
/// again, as long as no other file was selected: what a tag holds does not change.
fn sequence(case: &Case) -> Answer {
    let list = case.get("input").and_then(Value::as_array).ok_or("a case has a list named input")?;
    let pairs = list.iter().map(|pair| Some((bytes(pair["c"].as_str()?)?, bytes(pair["r"].as_str()?)?)));
    let pairs = pairs.collect::<Option<Vec<_>>>().ok_or("an entry has hexadecimal digits named c and r")?;
    let (mut reader, mut command) = Reader::start();
    let mut place = 0;
    loop {
        let expected = pairs.get(place).filter(|(known, _)| *known == command);
        let earlier = || {
            let file = pairs.iter().take(place).rev().take_while(|(known, _)| known.get(1) != Some(&0xa4));
            file.into_iter().find(|(known, _)| *known == command)
        };
        let response = match expected {
            Some((_, response)) => {
                place += 1;
                response
            }
            None => match earlier() {
                Some((_, response)) => response,
                None => return Ok(json!({ "error": "the list has no answer to a command", "command": hex(&command) })),
            },
        };
        match reader.answer(response) {
            Step::Send { command: next } => command = next,
            Step::Failed { error } => return Ok(json!({ "error": error.to_string() })),
            Step::Done { ndef } => {
                let uri = crate::ndef::read(&ndef).and_then(|message| message.payment_text()).ok();
                let cc = reader.capability().map(capability_answer);
                return Ok(json!({ "cc": cc, "ndef_hex": hex(&ndef), "uri": uri }));
            }
        }
    }
}

fn capability_answer(capability: &Capability) -> Value {
    json!({
        "cclen": capability.length,
        "mapping_version": capability.version_text(),
        "mle": capability.max_read,
        "mlc": capability.max_write,
        "ndef_file_id": format!("{:04X}", capability.file_id),
        "ndef_max": capability.max_file,
        "read": format!("{:02X}", capability.read),
        "write": format!("{:02X}", capability.write),
    })
}

fn access(case: &Case) -> Answer {
    let text = case.get("input_hex").or(case.get("input")).and_then(Value::as_str).and_then(bytes);
    let file = text.ok_or("a case has hexadecimal digits named input_hex")?;
    Ok(match Capability::read(&file) {
        Err(error) => json!({ "error": error.to_string() }),
        Ok(capability) => json!({ "access": match (capability.read_access(), capability.write_access()) {
            (Access::Open, Access::Open) => "read-write",
            (Access::Open, Access::Denied) => "read-only",
            (Access::Denied, Access::Open) => "write-only",
            (Access::Denied, Access::Denied) => "none",
        } }),
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, odd) = hex.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
