//! Why a part of the outside world could not be opened or could not keep its book.

/// A book, a key or a certificate could not be used. The text names no card, person or secret.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The book's file could not be opened, read or written.
    #[error("the book could not be used: {0}")]
    Book(#[from] rusqlite::Error),
    /// A file of the key folder could not be read or written.
    #[error("{name}: {source}")]
    File {
        /// The file's name.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the key folder is not what its name says.
    #[error("{name} is not {wanted}")]
    NotAKey {
        /// The file's name.
        name: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A key could not be made, or a signature could not be written.
    #[error("the key could not be used: {0}")]
    Key(&'static str),
    /// An amount that is no amount: negative, zero or too large.
    #[error("not an amount")]
    Amount,
}

impl OutsideError {
    pub(crate) fn file(name: &str, source: std::io::Error) -> OutsideError {
        OutsideError::File { name: name.to_owned(), source }
    }
}
