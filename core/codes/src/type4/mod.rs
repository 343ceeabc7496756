//! Reading a Type 4 tag (NFC Forum Type 4 Tag 2.0): what to send next, given what the tag answered.
//!
//! The phone only moves bytes: it sends the command of a [`Step`], hands the answer to [`Reader::answer`] and does
//! so until a step is [`Step::Done`] or [`Step::Failed`]. The order, each line a command:
//!
//! 1. select the NDEF application; a tag of version 1 knows it by its older name only;
//! 2. select the capability file, read its length, read the rest ([`Capability`]);
//! 3. select the NDEF file that it names, read the length of the message;
//! 4. read the message in parts no longer than the tag allows; after more than one part the length is read
//!    again: a tag that was written meanwhile is refused, for half of one link and half of another are neither.
//!
//! A tag is a stranger: whatever it answers, at most [`COMMAND_LIMIT`] commands are sent and at most
//! [`crate::ndef::LIMIT`] bytes are kept.

mod capability;

pub use capability::{Access, Capability};

use crate::ndef;
use kabao_base::Code;

/// The most commands sent to one tag.
pub const COMMAND_LIMIT: u16 = 1200;
/// The longest answer: 256 bytes and the status.
pub const ANSWER_LIMIT: usize = 258;

/// The most bytes asked for with one command, whatever the tag allows.
const PART_LIMIT: u16 = 255;
const APPLICATION: &[u8] = &[0x00, 0xa4, 0x04, 0x00, 0x07, 0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00];
const APPLICATION_1: &[u8] = &[0x00, 0xa4, 0x04, 0x00, 0x07, 0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00];
const CAPABILITY_FILE: u16 = 0xe103;
const OK: u16 = 0x9000;
const NOT_FOUND: u16 = 0x6a82;

/// Why a tag is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Type4Error {
    /// A status other than 9000.
    #[error("the tag answered with status {status:04X}")]
    Status {
        /// The status, the two last bytes of the answer.
        status: u16,
    },
    /// An answer without a status, or with more or fewer bytes than were asked for.
    #[error("the tag gave an answer of the wrong length")]
    AnswerLength,
    /// A capability file that breaks its rules.
    #[error("the capability file of the tag is damaged")]
    Capability,
    /// A version of the mapping other than 1, 2 and 3.
    #[error("the tag has a version that is not known")]
    Version,
    /// The tag does not let its message be read without more.
    #[error("the tag does not allow reading")]
    Denied,
    /// A message that does not fit the file in which it lies.
    #[error("the message is longer than its file")]
    MessageLength,
    /// More bytes or commands than a payment needs.
    #[error("the message on the tag is too long")]
    TooLong,
    /// The length changed while the message was read.
    #[error("the tag changed while it was read")]
    Changed,
    /// The reading is over: done or failed before.
    #[error("the tag was read already")]
    Over,
}

impl Type4Error {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Code;
    /// assert_eq!(kabao_codes::type4::Type4Error::Changed.code(), Code::CodeDamaged);
    /// ```
    pub fn code(self) -> Code {
        match self {
            Type4Error::TooLong => Code::InputTooLong,
            Type4Error::Denied | Type4Error::Version => Code::CodeUnknown,
            _ => Code::CodeDamaged,
        }
    }
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Step {
    /// Send this to the tag.
    Send {
        /// The command, an APDU of ISO 7816-4.
        command: Vec<u8>,
    },
    /// The message is read; the phone may leave the tag.
    Done {
        /// The bytes of the message for [`crate::ndef::read`]; none for an empty tag.
        ndef: Vec<u8>,
    },
    /// The tag cannot be read. Trying once more from the start is lawful.
    Failed {
        /// Why.
        error: Type4Error,
    },
}

/// What the last command asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Application,
    Application1,
    CapabilityFile,
    CapabilityLength,
    CapabilityRest,
    NdefFile,
    Length,
    Part { asked: u16 },
    LengthAgain,
    Over,
}

/// Reads one tag. The same answers always give the same steps.
#[derive(Debug, Clone)]
pub struct Reader {
    asked: Asked,
    commands: u16,
    /// The tag knows the older name of the application only.
    version_1: bool,
    /// The first two bytes of the capability file.
    capability_length: u16,
    capability: Option<Capability>,
    /// The length of the message that the tag states.
    length: u16,
    ndef: Vec<u8>,
}

impl Reader {
    /// Begins; the bytes are the first command.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::type4::{Reader, Step, Type4Error};
    /// let (mut reader, command) = Reader::start();
    /// assert_eq!(command[..4], [0x00, 0xa4, 0x04, 0x00]);
    /// assert_eq!(reader.answer(&[0x90, 0x00]), Step::Send { command: vec![0x00, 0xa4, 0x00, 0x0c, 0x02, 0xe1, 0x03] });
    /// assert_eq!(reader.answer(&[0x69, 0x82]), Step::Failed { error: Type4Error::Status { status: 0x6982 } });
    /// ```
    pub fn start() -> (Reader, Vec<u8>) {
        let reader = Reader {
            asked: Asked::Application,
            commands: 1,
            version_1: false,
            capability_length: 0,
            capability: None,
            length: 0,
            ndef: Vec::new(),
        };
        (reader, APPLICATION.to_vec())
    }

    /// Takes the tag's whole answer to the last command, its status last, and says what comes next.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::type4::{Reader, Step, Type4Error};
    /// let (mut reader, _) = Reader::start();
    /// assert_eq!(reader.answer(&[0x90]), Step::Failed { error: Type4Error::AnswerLength });
    /// ```
    pub fn answer(&mut self, response: &[u8]) -> Step {
        let step = self.next(response).unwrap_or_else(|error| Step::Failed { error });
        let step = match step {
            Step::Send { .. } if self.commands == COMMAND_LIMIT => Step::Failed { error: Type4Error::TooLong },
            step => step,
        };
        match step {
            Step::Send { .. } => self.commands = self.commands.saturating_add(1),
            Step::Done { .. } | Step::Failed { .. } => self.asked = Asked::Over,
        }
        step
    }

    /// What the tag says of itself, once it has said it.
    ///
    /// # Examples
    /// ```
    /// assert!(kabao_codes::type4::Reader::start().0.capability().is_none());
    /// ```
    pub fn capability(&self) -> Option<&Capability> {
        self.capability.as_ref()
    }

    fn next(&mut self, response: &[u8]) -> Result<Step, Type4Error> {
        if self.asked == Asked::Over {
            return Err(Type4Error::Over);
        }
        if response.len() > ANSWER_LIMIT {
            return Err(Type4Error::AnswerLength);
        }
        let (data, status) = response.split_last_chunk::<2>().ok_or(Type4Error::AnswerLength)?;
        let status = u16::from_be_bytes(*status);
        if self.asked == Asked::Application && status == NOT_FOUND {
            self.version_1 = true;
            return Ok(self.ask(Asked::Application1, APPLICATION_1.to_vec()));
        }
        if status != OK {
            return Err(Type4Error::Status { status });
        }
        match self.asked {
            // A tag may describe what was selected; nobody asked.
            Asked::Application | Asked::Application1 => Ok(self.select(Asked::CapabilityFile, CAPABILITY_FILE)),
            Asked::CapabilityFile => Ok(self.read(Asked::CapabilityLength, 0, 2)),
            Asked::CapabilityLength => {
                self.capability_length = number(data)?;
                let rest = self.capability_length.checked_sub(2).filter(|rest| *rest >= 13).ok_or(Type4Error::Capability)?;
                Ok(self.read(Asked::CapabilityRest, 2, rest.min(PART_LIMIT)))
            }
            Asked::CapabilityRest => self.describe(data),
            Asked::NdefFile => Ok(self.read(Asked::Length, 0, 2)),
            Asked::Length => self.measure(data),
            Asked::Part { asked } => self.keep(data, asked),
            Asked::LengthAgain if number(data)? == self.length => Ok(self.done()),
            Asked::LengthAgain => Err(Type4Error::Changed),
            Asked::Over => Err(Type4Error::Over),
        }
    }

    fn describe(&mut self, data: &[u8]) -> Result<Step, Type4Error> {
        if data.len() != usize::from(self.capability_length.saturating_sub(2).min(PART_LIMIT)) {
            return Err(Type4Error::AnswerLength);
        }
        let capability = Capability::read(&[&self.capability_length.to_be_bytes(), data].concat())?;
        let (file, access) = (capability.file_id, capability.read_access());
        self.capability = Some(capability);
        match access {
            Access::Open => Ok(self.select(Asked::NdefFile, file)),
            Access::Denied => Err(Type4Error::Denied),
        }
    }

    fn measure(&mut self, data: &[u8]) -> Result<Step, Type4Error> {
        self.length = number(data)?;
        let room = self.capability.as_ref().map_or(0, |capability| capability.max_file.saturating_sub(2));
        if self.length > room {
            return Err(Type4Error::MessageLength);
        }
        if usize::from(self.length) > ndef::LIMIT {
            return Err(Type4Error::TooLong);
        }
        Ok(if self.length == 0 { self.done() } else { self.part(self.length, 2) })
    }

    /// A tag may give fewer bytes than asked, as long as it gives some.
    fn keep(&mut self, data: &[u8], asked: u16) -> Result<Step, Type4Error> {
        if data.is_empty() || data.len() > usize::from(asked) {
            return Err(Type4Error::AnswerLength);
        }
        let whole = self.ndef.is_empty() && data.len() == usize::from(self.length);
        self.ndef.extend_from_slice(data);
        let kept = u16::try_from(self.ndef.len()).map_err(|_| Type4Error::TooLong)?;
        let left = self.length.checked_sub(kept).ok_or(Type4Error::AnswerLength)?;
        match left {
            0 if whole => Ok(self.done()),
            0 => Ok(self.read(Asked::LengthAgain, 0, 2)),
            _ => Ok(self.part(left, kept.checked_add(2).ok_or(Type4Error::TooLong)?)),
        }
    }

    fn done(&mut self) -> Step {
        Step::Done { ndef: std::mem::take(&mut self.ndef) }
    }

    fn part(&mut self, left: u16, offset: u16) -> Step {
        let allowed = self.capability.as_ref().map_or(0, |capability| capability.max_read);
        let asked = left.min(allowed).min(PART_LIMIT);
        self.read(Asked::Part { asked }, offset, asked)
    }

    fn select(&mut self, asked: Asked, file: u16) -> Step {
        // Version 2 asks for no description of the file.
        let describe = if self.version_1 { 0x00 } else { 0x0c };
        let [high, low] = file.to_be_bytes();
        self.ask(asked, vec![0x00, 0xa4, 0x00, describe, 0x02, high, low])
    }

    fn read(&mut self, asked: Asked, offset: u16, length: u16) -> Step {
        let [high, low] = offset.to_be_bytes();
        self.ask(asked, vec![0x00, 0xb0, high, low, u8::try_from(length).unwrap_or(u8::MAX)])
    }

    fn ask(&mut self, asked: Asked, command: Vec<u8>) -> Step {
        self.asked = asked;
        Step::Send { command }
    }
}

fn number(data: &[u8]) -> Result<u16, Type4Error> {
    data.try_into().map(u16::from_be_bytes).map_err(|_| Type4Error::AnswerLength)
}

#[cfg(test)]
mod tests;
