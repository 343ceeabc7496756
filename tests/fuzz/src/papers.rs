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
            let small = zones::read(&text.to_ascii_lowercase(), today);
            assert!(small.is_ok_and(|small| small.checks == zone.checks && small.number.expose("compared") == number));
        }
        Err(error) => hides(&format!("{error} {error:?} {:?}", error.code()), &text),
    }
    if let Some(digit) = zones::check_digit(&text) {
        assert!(digit.is_ascii_digit());
    }
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
