//! Travel documents.

use crate::{hides, text_of};
use kabao_codes::travel::TravelKind;
use kabao_codes::{Day, mrz as zones, travel as documents};

/// Lines that are read print nothing of the person, and read the same when typed in small letters.
pub fn mrz(data: &[u8]) {
    let text = text_of(data);
    let Some(today) = Day::new(2026, 11, 22) else { return };
    match zones::read(&text, today) {
        Ok(zone) => {
            let number = zone.number.expose("its absence elsewhere is checked");
            hides(&format!("{zone:?} {}", zone.masked()), number);
            hides(&format!("{zone:?}"), &zone.birth.printed);
            let _ = (zone.judge(), zone.expired(today), zone.kind(), zone.holder().map(|name| name.masked()));
            if zone.format == zones::MrzFormat::Td3 && let [_, second] = text.lines().collect::<Vec<_>>().as_slice() {
                td3(&zone, second);
            }
            let small = zones::read(&text.to_ascii_lowercase(), today);
            assert!(small.is_ok_and(|small| small.checks == zone.checks && small.number.expose("compared") == number));
        }
        Err(error) => hides(&format!("{error} {error:?} {:?}", error.code()), &text),
    }
    if let Some(digit) = zones::check_digit(&text) {
        assert!(digit.is_ascii_digit());
    }
}

/// The second line of a passport, cut once more: part 4 of ICAO 9303. Only a line that needed no folding.
fn td3(zone: &zones::Mrz, line: &str) {
    let plain = line.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'<');
    if line.len() != 44 || !plain {
        return;
    }
    let part = |range: std::ops::Range<usize>| line.get(range).unwrap_or_default().to_owned();
    let agrees = |covered: String, at: usize| zones::check_digit(&covered).map(String::from) == Some(part(at..at + 1));
    assert_eq!(zone.checks.number, agrees(part(0..9), 9));
    assert_eq!(zone.checks.birth, agrees(part(13..19), 19));
    assert_eq!(zone.checks.expiry, agrees(part(21..27), 27));
    assert_eq!(zone.checks.composite, Some(agrees(part(0..10) + &part(13..20) + &part(21..43), 43)));
    assert_eq!((zone.birth.printed.as_str(), zone.nationality.as_str()), (part(13..19).as_str(), part(10..13).replace('<', "").as_str()));
}

/// A number fits the kinds that are named for it and no others, and is read again from its canonical form.
pub fn travel(data: &[u8]) {
    let text = text_of(data);
    let kinds = documents::kinds_of(&text);
    for kind in TravelKind::ALL {
        match documents::read(kind, &text) {
            Ok(document) => {
                assert!(kinds.contains(&kind));
                let number = document.number.expose("it is read again");
                hides(&format!("{document:?} {}", document.masked()), number);
                assert!(documents::read(kind, number).is_ok_and(|again| again.number.expose("compared") == number));
            }
            Err(error) => {
                assert!(!kinds.contains(&kind));
                hides(&format!("{error} {error:?} {:?}", error.code()), &text);
            }
        }
    }
}
