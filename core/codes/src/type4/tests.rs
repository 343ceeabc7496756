//! A tag in memory, honest and not.

use super::*;
use proptest::prelude::*;

const CAPABILITY: [u8; 15] = [0x00, 0x0f, 0x20, 0x00, 0x3b, 0x00, 0x34, 0x04, 0x06, 0xe1, 0x04, 0x00, 0x40, 0x00, 0x00];

struct Tag {
    version_1: bool,
    capability: Vec<u8>,
    file: Vec<u8>,
    selected: u16,
    /// Gives at most so many bytes at once.
    most: usize,
}

impl Tag {
    fn holding(message: &[u8], max_read: u16) -> Tag {
        let mut capability = CAPABILITY.to_vec();
        capability[3..5].copy_from_slice(&max_read.to_be_bytes());
        capability[11..13].copy_from_slice(&0x7fffu16.to_be_bytes());
        let file = [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat();
        Tag { version_1: false, capability, file, selected: 0, most: 300 }
    }

    /// Answers as ISO 7816-4 says and refuses a command that the standard does not know.
    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        match *command {
            [0x00, 0xa4, 0x04, 0x00, 0x07, 0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, name, ..] => {
                return if (name == 0) == self.version_1 { vec![0x90, 0x00] } else { vec![0x6a, 0x82] };
            }
            [0x00, 0xa4, 0x00, describe, 0x02, high, low] => {
                assert_eq!(describe == 0, self.version_1);
                self.selected = u16::from_be_bytes([high, low]);
                return vec![0x90, 0x00];
            }
            [0x00, 0xb0, high, low, length] => {
                let file = if self.selected == 0xe103 { &self.capability } else { &self.file };
                let from = usize::from(u16::from_be_bytes([high, low]));
                if let Some(data) = file.get(from..from + usize::from(length)) {
                    return [&data[..data.len().min(self.most)], &[0x90, 0x00]].concat();
                }
            }
            _ => {}
        }
        vec![0x6f, 0x00]
    }
}

fn run(mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> (Result<Vec<u8>, Type4Error>, Vec<Vec<u8>>) {
    let (mut reader, mut command) = Reader::start();
    let mut sent = Vec::new();
    let outcome = loop {
        sent.push(command.clone());
        match reader.answer(&answer(&command)) {
            Step::Send { command: next } => command = next,
            Step::Done { ndef } => break Ok(ndef),
            Step::Failed { error } => break Err(error),
        }
    };
    assert_eq!(reader.answer(&[0x90, 0x00]), Step::Failed { error: Type4Error::Over });
    (outcome, sent)
}

fn read(mut tag: Tag) -> Result<Vec<u8>, Type4Error> {
    run(|command| tag.answer(command)).0
}

#[test]
fn a_small_tag_takes_seven_commands() {
    let mut tag = Tag::holding(b"hello", 59);
    let (outcome, sent) = run(|command| tag.answer(command));
    assert_eq!(outcome.unwrap(), b"hello");
    assert_eq!(sent.len(), 7);
    assert_eq!(sent[6], [0x00, 0xb0, 0x00, 0x02, 0x05]);
}

#[test]
fn an_older_tag_is_read() {
    assert_eq!(read(Tag { version_1: true, ..Tag::holding(b"hello", 59) }).unwrap(), b"hello");
}

#[test]
fn an_empty_tag_has_no_bytes() {
    assert_eq!(read(Tag::holding(b"", 59)).unwrap(), b"");
}

#[test]
fn a_long_message_comes_in_parts() {
    let message: Vec<u8> = (0..ndef::LIMIT).map(|place| (place % 251) as u8).collect();
    for max_read in [15, 59, 255, 256, 0xffff] {
        let mut tag = Tag::holding(&message, max_read);
        let (outcome, sent) = run(|command| tag.answer(command));
        assert_eq!(outcome.unwrap(), message);
        let most = sent.iter().filter(|command| command[1] == 0xb0).map(|command| u16::from(command[4])).max().unwrap();
        assert_eq!(most, max_read.min(255));
        assert!(sent.len() < usize::from(COMMAND_LIMIT));
    }
    assert_eq!(read(Tag::holding(&vec![0; ndef::LIMIT + 1], 255)), Err(Type4Error::TooLong));
}

#[test]
fn a_tag_that_gives_less_than_asked_is_bounded() {
    let full = Tag { most: 20, ..Tag::holding(&[7; 100], 59) };
    assert_eq!(read(full).unwrap(), [7; 100]);
    let mut endless = Tag { most: 300, ..Tag::holding(&vec![7; ndef::LIMIT], 255) };
    let (outcome, sent) = run(|command| {
        let mut answer = endless.answer(command);
        if endless.selected == 0xe104 && answer.len() > 4 {
            answer = vec![7, 0x90, 0x00];
        }
        answer
    });
    assert_eq!(outcome, Err(Type4Error::TooLong));
    assert_eq!(sent.len(), usize::from(COMMAND_LIMIT));
}

#[test]
fn a_tag_that_gives_nothing_is_refused_at_once() {
    let mut tag = Tag::holding(&[7; 100], 59);
    let (outcome, sent) = run(|command| if command[3] > 2 && command[1] == 0xb0 { vec![0x90, 0x00] } else { tag.answer(command) });
    assert_eq!((outcome, sent.len()), (Err(Type4Error::AnswerLength), 8));
}

#[test]
fn a_tag_that_changes_is_refused() {
    let mut tag = Tag::holding(&[7; 100], 59);
    let (outcome, _) = run(|command| {
        let answer = tag.answer(command);
        if command[1] == 0xb0 && command[3] > 59 {
            tag.file[1] = 99;
        }
        answer
    });
    assert_eq!(outcome, Err(Type4Error::Changed));
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let mut tag = Tag::holding(&[7; 100], 59);
    tag.capability[11..13].copy_from_slice(&101u16.to_be_bytes());
    assert_eq!(read(tag), Err(Type4Error::MessageLength));
    let mut tag = Tag::holding(&[7; 100], 59);
    tag.capability[11..13].copy_from_slice(&102u16.to_be_bytes());
    assert_eq!(read(tag).unwrap().len(), 100);
}

#[test]
fn every_command_may_fail() {
    for place in 0..9 {
        for (answer, error) in [
            (&[0x69, 0x82][..], Type4Error::Status { status: 0x6982 }),
            (&[], Type4Error::AnswerLength),
            (&[0x90], Type4Error::AnswerLength),
            (&[0x90; 259], Type4Error::AnswerLength),
        ] {
            let mut tag = Tag::holding(&[7; 100], 59);
            let mut count = 0;
            let (outcome, _) = run(|command| {
                count += 1;
                if count == place + 1 { answer.to_vec() } else { tag.answer(command) }
            });
            assert_eq!(outcome, Err(error), "answer {place}");
        }
        // One byte too many to whatever was read.
        let mut tag = Tag::holding(&[7; 100], 59);
        let mut count = 0;
        let (outcome, _) = run(|command| {
            let mut answer = tag.answer(command);
            count += 1;
            if count == place + 1 && command[1] == 0xb0 {
                answer.insert(0, 7);
            }
            answer
        });
        assert_eq!(outcome.is_err(), ![0, 1, 4].contains(&place), "answer {place}");
    }
}

#[test]
fn a_capability_file_has_rules() {
    let broken = |place: usize, bytes: &[u8]| {
        let mut tag = Tag::holding(b"hello", 59);
        tag.capability[place..place + bytes.len()].copy_from_slice(bytes);
        read(tag)
    };
    assert_eq!(broken(0, &[0, 14]), Err(Type4Error::Capability));
    assert_eq!(broken(0, &[0, 1]), Err(Type4Error::Capability));
    assert_eq!(broken(2, &[0x40]), Err(Type4Error::Version));
    assert_eq!(broken(2, &[0x30]).unwrap(), b"hello");
    assert_eq!(broken(3, &[0, 14]), Err(Type4Error::Capability));
    assert_eq!(broken(7, &[5]), Err(Type4Error::Capability));
    assert_eq!(broken(8, &[7]), Err(Type4Error::Capability));
    assert_eq!(broken(9, &[0xe1, 0x03]), Err(Type4Error::Capability));
    assert_eq!(broken(11, &[0, 4]), Err(Type4Error::Capability));
    for denied in [0x01, 0x80, 0xfe, 0xff] {
        assert_eq!(broken(13, &[denied]), Err(Type4Error::Denied));
    }
    assert_eq!(broken(14, &[0xff]).unwrap(), b"hello");
    let mut longer = Tag::holding(b"hello", 59);
    longer.capability[1] = 23;
    longer.capability.extend([0x05, 0x06, 0xe1, 0x05, 0, 10, 0, 0]);
    assert_eq!(read(longer).unwrap(), b"hello");
}

proptest! {
    #[test]
    fn what_a_tag_holds_is_read(message in proptest::collection::vec(any::<u8>(), 0..700), max_read in 15u16..300, most in 15usize..300) {
        let tag = Tag { most, ..Tag::holding(&message, max_read) };
        prop_assert_eq!(read(tag).unwrap(), message);
    }

    #[test]
    fn any_answers_come_to_an_end(answers in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..20), good in any::<bool>()) {
        let mut place = 0;
        let (_, sent) = run(|_| {
            place += 1;
            let mut answer = answers[place % answers.len()].clone();
            if good {
                answer.extend([0x90, 0x00]);
            }
            answer
        });
        prop_assert!(sent.len() <= usize::from(COMMAND_LIMIT));
    }
}
