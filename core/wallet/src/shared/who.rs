//! Who this phone is to the service, beside the row that says so.

use crate::error::Outcome;
use crate::tables::account::AccountRow;
use kabao_base::{Code, Id};
use std::sync::{Mutex, PoisonError};

/// The account, and this phone as one of its devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account_id: Id,
    pub(crate) device_id: Id,
}

/// What the row of the account says of this phone. Whoever changes the row sets this on the database thread, right behind the commit: a call that
/// is dropped there leaves no other in memory.
#[derive(Default)]
pub(crate) struct Who(Mutex<(Option<Identity>, bool)>);

impl Who {
    /// As the row has it from now on.
    pub(crate) fn set(&self, row: &AccountRow) {
        let identity = row.account_id.zip(row.device_id).map(|(account_id, device_id)| Identity { account_id, device_id });
        let signed_out = row.account_id.is_some() && row.device_id.is_none();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (identity, signed_out);
    }

    /// Who it is, or the error that says to register or to sign in first.
    pub(super) fn get(&self) -> Outcome<Identity> {
        let (identity, signed_out) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let why = if signed_out { Code::SignedOut } else { Code::NotRegistered };
        identity.ok_or_else(|| why.into())
    }
}
