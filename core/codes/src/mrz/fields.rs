//! From lines of a layout to what they say.

use super::digits::agrees;
use super::layout::Lines;
use super::{Mrz, MrzChecks, MrzDate, MrzError, MrzFormat};
use crate::Day;
use crate::identity::Sex;
use kabao_base::IdNumber;

/// Fields as they stand, fillers included. Ranges are those of ICAO 9303, counted from nought.
struct Fields<'a> {
    code: &'a str,
    issuer: &'a str,
    names: &'a str,
    number: [&'a str; 2],
    nationality: &'a str,
    birth: [&'a str; 2],
    sex: &'a str,
    expiry: [&'a str; 2],
    optional: [&'a str; 2],
    /// Optional data that has no check digit, on the second line of a TD1.
    more: &'a str,
    /// What the digit over all covers, and the digit.
    composite: Option<(String, &'a str)>,
}

pub(super) fn read(lines: &Lines, today: Day) -> Result<Mrz, MrzError> {
    let fields = match lines.format {
        MrzFormat::Td1 => td1(lines),
        MrzFormat::ChinaPermit => china_permit(lines),
        _ => two_lines(lines),
    };
    let fields = fields.ok_or(MrzError::Layout)?;
    let long = long_number(lines.format, &fields);
    let checks = MrzChecks {
        number: long.as_ref().map_or_else(|| agrees(fields.number[0], fields.number[1]), |(_, agrees)| *agrees),
        birth: agrees(fields.birth[0], fields.birth[1]),
        expiry: agrees(fields.expiry[0], fields.expiry[1]),
        optional: (lines.format == MrzFormat::Td3).then(|| optional_agrees(fields.optional)),
        composite: fields.composite.as_ref().map(|(covered, digit)| agrees(covered, digit)),
    };
    let optional = if long.is_some() { fields.more.to_owned() } else { format!("{}{}", fields.optional[0], fields.more) };
    let number = long.map_or_else(|| bare(fields.number[0]), |(number, _)| bare(&number));
    let letters = [fields.names, fields.issuer, fields.nationality, fields.sex].iter().all(|field| no_digit(field))
        && fields.code.starts_with(|first: char| first.is_ascii_uppercase())
        && matches!(fields.sex, "M" | "F" | "X" | "<" | "")
        // Behind three fillers the name has ended: what stands there is a misread filler.
        && !fields.names.trim_end_matches('<').contains("<<<");
    let expiry = expiry(fields.expiry[0], today);
    let (surname, given) = fields.names.split_once("<<").unwrap_or((fields.names, ""));
    Ok(Mrz {
        format: lines.format,
        code: bare(fields.code),
        issuer: bare(fields.issuer),
        nationality: bare(fields.nationality),
        surname: spaced(surname),
        given: spaced(given),
        number: IdNumber::new(number),
        optional: IdNumber::new(bare(&optional)),
        birth: birth(fields.birth[0], expiry.day.map_or(today, |expiry| expiry.min(today))),
        sex: match fields.sex {
            "M" => Some(Sex::Male),
            "F" => Some(Sex::Female),
            _ => None,
        },
        expiry,
        checks,
        letters,
    })
}

fn td1(lines: &Lines) -> Option<Fields<'_>> {
    let [first, second, third] = lines.lines.as_slice() else { return None };
    let covered = [first.get(5..30)?, second.get(0..7)?, second.get(8..15)?, second.get(18..29)?].concat();
    Some(Fields {
        code: first.get(0..2)?,
        issuer: first.get(2..5)?,
        names: third,
        number: [first.get(5..14)?, first.get(14..15)?],
        nationality: second.get(15..18)?,
        birth: [second.get(0..6)?, second.get(6..7)?],
        sex: second.get(7..8)?,
        expiry: [second.get(8..14)?, second.get(14..15)?],
        optional: [first.get(15..30)?, ""],
        more: second.get(18..29)?,
        composite: Some((covered, second.get(29..30)?)),
    })
}

/// TD2, TD3 and visas: the second line begins alike.
fn two_lines(lines: &Lines) -> Option<Fields<'_>> {
    let [first, second] = lines.lines.as_slice() else { return None };
    let (optional, composite_at) = match lines.format {
        MrzFormat::Td2 => ([second.get(28..35)?, ""], Some(35)),
        MrzFormat::Td3 => ([second.get(28..42)?, second.get(42..43)?], Some(43)),
        _ => ([second.get(28..)?, ""], None),
    };
    let composite = match composite_at {
        Some(at) => {
            let covered = [second.get(0..10)?, second.get(13..20)?, second.get(21..at)?].concat();
            Some((covered, second.get(at..at + 1)?))
        }
        None => None,
    };
    Some(Fields {
        code: first.get(0..2)?,
        issuer: first.get(2..5)?,
        names: first.get(5..)?,
        number: [second.get(0..9)?, second.get(9..10)?],
        nationality: second.get(10..13)?,
        birth: [second.get(13..19)?, second.get(19..20)?],
        sex: second.get(20..21)?,
        expiry: [second.get(21..27)?, second.get(27..28)?],
        optional,
        more: "",
        composite,
    })
}

fn china_permit(lines: &Lines) -> Option<Fields<'_>> {
    let line = lines.lines.first()?;
    let covered = [line.get(2..12)?, line.get(13..20)?, line.get(21..28)?].concat();
    Some(Fields {
        code: line.get(0..2)?,
        issuer: "CHN",
        names: "",
        number: [line.get(2..11)?, line.get(11..12)?],
        nationality: "CHN",
        birth: [line.get(21..27)?, line.get(27..28)?],
        sex: "",
        expiry: [line.get(13..19)?, line.get(19..20)?],
        optional: ["", ""],
        more: "",
        composite: Some((covered, line.get(29..30)?)),
    })
}

/// A number of more than nine characters: a filler instead of the check digit, the rest of the number and the digit
/// at the beginning of the optional data (part 5, note j). The number and whether its digit agrees.
fn long_number(format: MrzFormat, fields: &Fields<'_>) -> Option<(String, bool)> {
    let may = matches!(format, MrzFormat::Td1 | MrzFormat::Td2) && fields.number[1] == "<" && !fields.number[0].ends_with('<');
    if !may {
        return None;
    }
    let rest = fields.optional[0].split('<').next().filter(|rest| rest.len() > 1)?;
    let (tail, digit) = rest.split_at_checked(rest.len() - 1)?;
    let number = format!("{}{tail}", fields.number[0]);
    let agrees = agrees(&number, digit);
    Some((number, agrees))
}

/// Empty optional data may have a filler or a nought for its digit (part 4).
fn optional_agrees([field, digit]: [&str; 2]) -> bool {
    agrees(field, digit) || (digit == "<" && field.bytes().all(|byte| byte == b'<'))
}

fn no_digit(field: &str) -> bool {
    !field.bytes().any(|byte| byte.is_ascii_digit())
}

fn bare(field: &str) -> String {
    field.chars().filter(|character| *character != '<').collect()
}

fn spaced(field: &str) -> String {
    field.split('<').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The day of `yymmdd` in the first of the centuries that `fits` takes; absent where a part is left open or no day.
fn date(printed: &str, centuries: [i32; 2], fits: impl Fn(Day) -> bool) -> MrzDate {
    let part = |from: usize| {
        let digits = printed.get(from..from + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u32>().ok())
    };
    let parts = part(0).and_then(|year| i32::try_from(year).ok()).zip(part(2).zip(part(4)));
    let day = parts.and_then(|(year, (month, day))| {
        centuries.into_iter().filter_map(|century| Day::new(century.saturating_add(year), month, day)).find(|day| fits(*day))
    });
    MrzDate { printed: printed.to_owned(), day }
}

/// The latest century in which the birth lies before the expiry and before today: a person of more than a hundred years
/// may read a hundred years younger, which two digits cannot tell.
fn birth(printed: &str, latest: Day) -> MrzDate {
    let century = latest.year.saturating_sub(latest.year.rem_euclid(100));
    date(printed, [century, century.saturating_sub(100)], |day| day <= latest)
}

/// The year nearest to today: fifty years back and forty-nine ahead cover every document that was or is in use.
fn expiry(printed: &str, today: Day) -> MrzDate {
    let from = today.year.saturating_sub(50);
    let century = from.saturating_sub(from.rem_euclid(100));
    let window = from..from.saturating_add(100);
    date(printed, [century, century.saturating_add(100)], |day| window.contains(&day.year))
}
