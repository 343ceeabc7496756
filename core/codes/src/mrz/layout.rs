//! From typed or scanned text to lines of a layout.

use super::{MrzError, MrzFormat};
use kabao_base::{FoldError, fold::hidden_kind};

/// The longest zone is 90 characters; the rest is room for spaces and three-byte characters.
const LIMIT: usize = 1024;

/// Lines of a layout: ASCII upper case, digits and fillers, each of the full length.
pub(super) struct Lines {
    pub(super) format: MrzFormat,
    pub(super) lines: Vec<String>,
}

pub(super) fn lines(text: &str) -> Result<Lines, MrzError> {
    if text.len() > LIMIT {
        return Err(MrzError::Typed(FoldError::TooLong));
    }
    if let Some(name) = text.chars().find_map(hidden_kind) {
        return Err(MrzError::Typed(FoldError::Hidden { name }));
    }
    let mut lines = Vec::new();
    for line in text.lines().flat_map(|line| line.split('\r')) {
        let line = folded(line)?;
        if !line.is_empty() {
            lines.push(line);
        }
    }
    match lines.as_slice() {
        [] => Err(MrzError::Typed(FoldError::Empty)),
        [joined] => {
            let parts = match joined.len() {
                90 => 3,
                88 | 72 => 2,
                _ => 1,
            };
            let length = joined.len() / parts;
            let cut = |part: usize| joined.get(part * length..(part + 1) * length).map(str::to_owned);
            arranged((0..parts).filter_map(cut).collect())
        }
        _ => arranged(lines),
    }
}

fn folded(line: &str) -> Result<String, MrzError> {
    let mut out = String::with_capacity(line.len());
    for character in line.chars() {
        let narrow = match character {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
            '‹' | '〈' | '˂' => '<',
            other => other,
        };
        match narrow {
            'a'..='z' | 'A'..='Z' => out.push(narrow.to_ascii_uppercase()),
            '0'..='9' | '<' => out.push(narrow),
            '«' | '《' => out.push_str("<<"),
            _ if narrow.is_whitespace() => {}
            _ => return Err(MrzError::Characters),
        }
    }
    Ok(out)
}

fn arranged(mut lines: Vec<String>) -> Result<Lines, MrzError> {
    let (format, length, names) = match lines.as_slice() {
        // The chip of these cards gives two lines more, in an encoding of their own; the first says enough.
        [first, ..] if is_china_permit(first) && lines.len() != 2 => {
            lines.truncate(1);
            return Ok(Lines { format: MrzFormat::ChinaPermit, lines });
        }
        [_, _, _] => (MrzFormat::Td1, 30, 2),
        [first, second] => {
            let visa = first.starts_with('V');
            match (second.len(), visa) {
                (44, true) => (MrzFormat::VisaA, 44, 0),
                (44, false) => (MrzFormat::Td3, 44, 0),
                (36, true) => (MrzFormat::VisaB, 36, 0),
                // Old French cards have two lines of 36 with other fields; P is a passport whose lines were cut.
                (36, false) if !first.starts_with("IDFRA") && !first.starts_with('P') => (MrzFormat::Td2, 36, 0),
                _ => return Err(MrzError::Layout),
            }
        }
        _ => return Err(MrzError::Layout),
    };
    // No check digit covers the name's line, and its end is fillers that people leave out.
    if let Some(line) = lines.get_mut(names) {
        while line.len() > length && line.ends_with('<') {
            line.pop();
        }
        while line.len() < length && line.len() > 5 {
            line.push('<');
        }
    }
    if lines.iter().all(|line| line.len() == length) { Ok(Lines { format, lines }) } else { Err(MrzError::Layout) }
}

/// `CS` or `CD`, number and digit, `<`, expiry and digit, `<`, birth and digit, `<`, digit. Source: public readers of
/// the chip of 往来港澳通行证 (2014). Where the state follows the code it is a TD1 card.
fn is_china_permit(line: &str) -> bool {
    let filler = |place: usize| line.as_bytes().get(place) == Some(&b'<');
    let code = line.starts_with("CS") || line.starts_with("CD");
    let digit = |place: usize| line.as_bytes().get(place).is_some_and(u8::is_ascii_digit);
    let places = filler(12) && filler(20) && filler(28) && digit(11) && digit(19) && digit(27) && digit(29);
    code && line.len() == 30 && line.get(2..5) != Some("CHN") && places
}
