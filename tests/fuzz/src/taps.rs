//! What a tap gives, and our own documents as text.

use crate::text_of;
use kabao_codes::carrier::{self as carriers, CarrierKind};
use kabao_codes::ndef::{LIMIT, Message, Mode, Record, SmartPoster, Text, uri};
use kabao_codes::type4::{COMMAND_LIMIT, Reader, Step};

/// What is read is written and read again; the strict reading is never another one than the tolerant.
pub fn ndef(data: &[u8]) {
    if let Ok(message) = Message::read(data, Mode::Strict) {
        assert!(Message::read(data, Mode::Any).is_ok_and(|any| any == message));
        assert!(Message::read(&message.write(), Mode::Strict).is_ok_and(|again| again == message), "written otherwise");
        if let Ok(text) = message.payment_text() {
            assert!(text.len() <= data.len() + 30);
        }
    }
    if let Ok(message) = Message::read(data, Mode::Any) {
        let _ = message.payment_text();
    }
    if let Ok(record) = Record::read(data) {
        assert!(Record::read(&record.write(true, true)).is_ok_and(|again| again == record));
    }
    if let Ok(link) = uri::read(data) {
        assert_eq!(uri::write(&link).and_then(|payload| uri::read(&payload)), Ok(link));
    }
    if let Ok(text) = Text::read(data) {
        assert!(text.write().and_then(|payload| Text::read(&payload)).is_ok_and(|again| again == text));
    }
    if let Ok(poster) = SmartPoster::read(data) {
        assert!(poster.write().and_then(|payload| SmartPoster::read(&payload)).is_ok_and(|again| again == poster));
    }
}

/// A tag that answers as it likes ends the reading in time; an honest one gives its message.
pub fn type4(data: &[u8]) {
    hostile(data);
    let (size, message) = data.split_first().unwrap_or((&0, &[]));
    honest(u16::from(*size).max(15), message.get(..LIMIT).unwrap_or(message));
}

/// The answers are the input: each a byte of length and so many bytes; the last one again and again when they end.
fn hostile(data: &[u8]) {
    let (mut reader, _) = Reader::start();
    let (mut rest, mut answer): (&[u8], &[u8]) = (data, &[]);
    for sent in 1..=COMMAND_LIMIT {
        if let Some((length, after)) = rest.split_first() {
            (answer, rest) = after.split_at_checked(usize::from(*length)).unwrap_or((after, &[]));
        }
        match reader.answer(answer) {
            Step::Send { command } => {
                assert!(sent < COMMAND_LIMIT, "more commands than allowed");
                assert!((5..=13).contains(&command.len()));
            }
            Step::Done { ndef } => {
                assert!(ndef.len() <= LIMIT);
                assert!(reader.capability().is_some());
                return over(reader);
            }
            Step::Failed { error } => {
                let _ = error.code();
                return over(reader);
            }
        }
    }
}

fn over(mut reader: Reader) {
    assert!(matches!(reader.answer(&[0x90, 0]), Step::Failed { .. }), "it goes on after the end");
}

/// A tag of version 2 that allows `part` bytes a command and holds `message`.
fn honest(part: u16, message: &[u8]) {
    let Ok(length) = u16::try_from(message.len()) else { return };
    let file: Vec<u8> = length.to_be_bytes().into_iter().chain(message.iter().copied()).collect();
    let room = (length + 2).max(5).to_be_bytes();
    let [high, low] = part.to_be_bytes();
    let capability = [0, 15, 0x20, high, low, 0, 52, 4, 6, 0xe1, 4, room[0], room[1], 0, 0];
    let (mut reader, mut command) = Reader::start();
    let mut open: &[u8] = &[];
    loop {
        let answer = match command.as_slice() {
            [0, 0xa4, 4, ..] => vec![],
            [0, 0xa4, 0, _, 2, 0xe1, 3] => {
                open = &capability;
                vec![]
            }
            [0, 0xa4, 0, _, 2, 0xe1, 4] => {
                open = &file;
                vec![]
            }
            [0, 0xb0, high, low, count] => {
                let from = usize::from(u16::from_be_bytes([*high, *low]));
                assert!(u16::from(*count) <= part, "more than the tag allows");
                open.iter().skip(from).take(usize::from(*count)).copied().collect()
            }
            other => unreachable!("no command of a reader: {other:02x?}"),
        };
        match reader.answer(&[answer.as_slice(), &[0x90, 0]].concat()) {
            Step::Send { command: next } => command = next,
            Step::Done { ndef } => return assert_eq!(ndef, message),
            // A message of many small parts may need more commands than any tag gets.
            Step::Failed { error } => return assert!(message.len() > usize::from(part) * 1000, "an honest tag was refused: {error}"),
        }
    }
}

/// What is carried is read; what is read is carried in the same text; nothing of it prints.
pub fn carrier(data: &[u8]) {
    let kinds = [CarrierKind::Receipt, CarrierKind::FreezeCode, CarrierKind::RecoverySheet, CarrierKind::DevicePairing];
    for kind in kinds {
        let Ok(text) = carriers::make(kind, data) else { continue };
        let read = carriers::read(&text);
        assert!(read.is_ok_and(|carried| carried.kind == kind && carried.bytes == data));
        assert_eq!(carriers::kind(&text), Some(kind));
    }
    let text = text_of(data);
    if let Ok(carried) = carriers::read(&text) {
        let again = carriers::make(carried.kind, &carried.bytes);
        assert_eq!(again.as_deref(), Ok(text.trim_matches([' ', '\t', '\r', '\n'])), "two texts for one document");
        assert!(format!("{carried:?}").len() < 60);
    }
}
