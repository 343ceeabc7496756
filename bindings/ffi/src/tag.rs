use kabao_codes::type4::{Reader, Step};
use std::sync::{Mutex, PoisonError};

/// Reads one Type 4 tag: says which bytes the phone sends next, given what the tag answered. The phone only moves
/// bytes. One object reads one tag; it keeps nothing and needs no wallet.
#[derive(uniffi::Object)]
pub struct TagReader(Mutex<(Reader, Vec<u8>)>);

#[uniffi::export]
impl TagReader {
    /// For a tag that was just touched.
    #[uniffi::constructor]
    pub fn new() -> TagReader {
        TagReader(Mutex::new(Reader::start()))
    }

    /// The first command to send.
    pub fn first_command(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Takes the tag's whole answer to the last command, its status last, and says what comes next: another command, the
    /// message for `PayClient.tap`, or why the tag cannot be read.
    pub fn answer(&self, response: Vec<u8>) -> Step {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.answer(&response)
    }
}

impl Default for TagReader {
    fn default() -> TagReader {
        TagReader::new()
    }
}
