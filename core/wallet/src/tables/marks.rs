//! Small facts of the ledger, by name.

use crate::error::Outcome;
use kabao_base::Id;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension};

/// The service's epoch that was seen last.
pub(crate) const EPOCH: &str = "epoch";
/// The newest key set, base64url of its document.
pub(crate) const KEY_SET: &str = "key_set";
/// The service's time when it last signed, with the readings of this phone's clocks beside it.
pub(crate) const CLOCK: &str = "clock";
/// Epoch, number and hash of the history's head that was verified last.
pub(crate) const HISTORY_HEAD: &str = "history_head";
/// The revision of `mine.db` that the ledger knows.
pub(crate) const MINE_REVISION: &str = "mine_revision";
/// The hash of the recovery sheet that was confirmed last: the same confirmation again is the same call.
pub(crate) const SHEET_KEPT: &str = "sheet_kept";
/// The recovery sheet's hash between its making and the service's answer.
pub(crate) const SHEET_HASH: &str = "sheet_hash";

/// The service said that the number that was typed has an account.
pub(crate) const PHONE_TAKEN: &str = "phone_taken";
/// The device of this phone whose files are an old copy, as the service's memory of their head shows.
pub(crate) const ROLLED_BACK: &str = "rolled_back";
/// The device of this phone that the service has shut out.
pub(crate) const REVOKED: &str = "revoked";

/// The renewal of the approval key that is under way: until it is done that key approves nothing.
pub(crate) const APPROVE_RENEWAL: &str = "approve_renewal";

/// What the account consented to on other phones was not asked yet.
pub(crate) const CONSENTS_OWED: &str = "consents_owed";

/// The choice of a login password whose answer did not come.
pub(crate) const PASSWORD_CHANGE: &str = "password_change";
/// The enrolment of an authenticator app that waits for its first code.
pub(crate) const FACTOR: &str = "factor";
/// The issue of backup codes whose answer did not come.
pub(crate) const BACKUPS: &str = "backups";
/// A sign-out of this phone that the service does not know yet, with the device that it ends.
pub(crate) const SIGN_OUT: &str = "sign_out";
/// The second contact that is being added: its id, its kind, and the address masked.
pub(crate) const CONTACT: &str = "contact";
/// The closing of the account that was asked for.
pub(crate) const CLOSURE: &str = "closure";
/// The account that the service said is closed for good.
pub(crate) const CLOSED: &str = "closed";
/// The change of one's own caps whose answer is not known: id and wish.
pub(crate) const OWN_CAPS: &str = "own_caps";

/// The device and the build that the service knows of it.
pub(crate) const BUILD_TOLD: &str = "build_told";

/// The order of a payment was paid once more while the service had forgotten the payment: what the mark of it is called.
pub(crate) fn order_twice(intent: Id) -> String {
    format!("order_twice/{intent}")
}

/// Reads a mark.
pub(crate) fn get(conn: &Connection, name: &str) -> Outcome<Option<String>> {
    conn.prepare_cached("SELECT value FROM marks WHERE name = ?1")
        .and_then(|mut select| select.query_row([name], |row| row.get(0)).optional())
        .map_err(|error| VaultError::from(error).into())
}

/// Sets a mark; the connection must be one that writes.
pub(crate) fn set(conn: &Connection, name: &str, value: &str) -> Outcome<()> {
    conn.prepare_cached("INSERT INTO marks (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .and_then(|mut upsert| upsert.execute([name, value]))
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}

/// Forgets a mark.
pub(crate) fn remove(conn: &Connection, name: &str) -> Outcome<()> {
    conn.prepare_cached("DELETE FROM marks WHERE name = ?1")
        .and_then(|mut delete| delete.execute([name]))
        .map(|_| ())
        .map_err(|error| VaultError::from(error).into())
}
