//! The one error of the boundary. Inside, features speak in codes of the catalogue.

use kabao_base::{Certainty, Code, Failure, FoldError, MoneyError};
use kabao_vault::VaultError;

/// Why a call did not give what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum WalletError {
    /// What happened, whether money may have moved, who acts and what to do next.
    #[error("{}", failure.code)]
    Failed {
        /// The whole story, without personal data.
        failure: Failure,
    },
}

/// What the calls of the wallet give.
pub type Outcome<T> = Result<T, WalletError>;

impl WalletError {
    /// The story.
    pub fn failure(&self) -> &Failure {
        let WalletError::Failed { failure } = self;
        failure
    }

    /// Whether this is the error named `code`.
    pub fn is(&self, code: Code) -> bool {
        self.failure().code == code.as_str()
    }

    /// The error with the field of the form that is meant.
    pub fn in_field(self, field: &str) -> WalletError {
        let WalletError::Failed { failure } = self;
        WalletError::Failed { failure: failure.in_field(field) }
    }

    /// Whether the outcome is open.
    pub fn is_unknown(&self) -> bool {
        self.failure().certainty == Certainty::Unknown
    }
}

impl From<Code> for WalletError {
    fn from(code: Code) -> WalletError {
        WalletError::Failed { failure: Failure::of(code) }
    }
}

impl From<Failure> for WalletError {
    fn from(failure: Failure) -> WalletError {
        WalletError::Failed { failure }
    }
}

impl From<VaultError> for WalletError {
    fn from(error: VaultError) -> WalletError {
        vault_code(&error).into()
    }
}

/// The code of the catalogue for what happened to a file.
pub(crate) fn vault_code(error: &VaultError) -> Code {
    match error {
        VaultError::InUse => Code::InUse,
        VaultError::WrongKeyOrDamaged => Code::KeyWrong,
        VaultError::Corrupt { .. } | VaultError::NotEncrypted | VaultError::WrongFile
        | VaultError::Missing | VaultError::MissingBesideLog => Code::StorageDamaged,
        VaultError::NewerSchema { .. } => Code::NewerSchema,
        VaultError::Busy => Code::StorageBusy,
        VaultError::DiskFull => Code::StorageFull,
        VaultError::ReadOnly => Code::StorageReadOnly,
        _ => Code::StorageFailed,
    }
}

impl From<FoldError> for WalletError {
    fn from(error: FoldError) -> WalletError {
        match error {
            FoldError::Empty => Code::EmptyInput,
            FoldError::TooLong => Code::InputTooLong,
            FoldError::Hidden { .. } => Code::HiddenCharacter,
            FoldError::NotDigits => Code::NotDigits,
        }
        .into()
    }
}

impl From<MoneyError> for WalletError {
    fn from(error: MoneyError) -> WalletError {
        match error {
            MoneyError::Empty => Code::EmptyInput,
            MoneyError::Malformed => Code::AmountMalformed,
            MoneyError::Negative => Code::AmountNegative,
            MoneyError::TooManyDecimals => Code::AmountDecimals,
            MoneyError::Overflow => Code::AmountTooLarge,
            MoneyError::HiddenCharacter => Code::HiddenCharacter,
            MoneyError::CurrencyMismatch | MoneyError::UnknownCurrency => Code::CurrencyUnknown,
        }
        .into()
    }
}
