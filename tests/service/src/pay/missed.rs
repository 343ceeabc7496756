//! Charges that the acquirer's book has as paid and a book that was put back to an older copy cannot carry out yet, because the balance that
//! paid them is lost too. So much of the account is held until the money is there again, wherever it comes from.

use super::rebuild;
use crate::refusal::Outcome;
use crate::service::Service;
use crate::store::{all, id_at, ledger, one, run};
use kabao_base::Id;
use kabao_proof::digest;
use rusqlite::{Connection, params};

/// The number under which a charge is held.
fn id(route: &str, acquirer_order: &str) -> Id {
    let hash = digest::sha256_of(&[b"kabao-missed-1", route.as_bytes(), b"\0", acquirer_order.as_bytes()]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id::from_bytes(bytes)
}

/// Holds what a charge took, fen.
pub(super) fn hold(tx: &Connection, account: Id, route: &str, acquirer_order: &str, amount: i64) -> Outcome<()> {
    let sql = "INSERT OR IGNORE INTO untaken (intent_id, account_id, amount) VALUES (?1, ?2, ?3)";
    run(tx, sql, params![id(route, acquirer_order).to_string(), account.to_string(), amount])?;
    Ok(())
}

/// The charge is in the book.
pub(super) fn release(tx: &Connection, route: &str, acquirer_order: &str) -> Outcome<()> {
    run(tx, "DELETE FROM untaken WHERE intent_id = ?1", [id(route, acquirer_order).to_string()])?;
    Ok(())
}

/// Whether a charge that this book does not have is known to be missing: whoever asks for it is told *cannot now*, as it will be there.
pub(crate) fn is_held(db: &Connection, route: &str, acquirer_order: &str) -> Outcome<bool> {
    let known = one(db, "SELECT 1 FROM untaken WHERE intent_id = ?1", [id(route, acquirer_order).to_string()], |row| row.get::<_, i64>(0))?;
    Ok(known.is_some())
}

/// How much is left to be taken up, of whatever sort.
pub(super) fn left(db: &Connection) -> Outcome<i64> {
    Ok(one(db, "SELECT count(*) FROM untaken", [], |row| row.get(0))?.unwrap_or(0))
}

/// Whether the money for something that was missed is there by now.
fn is_due(db: &Connection) -> Outcome<bool> {
    for (account, amount) in all(db, "SELECT account_id, amount FROM untaken", [], |row| Ok((id_at(row, "account_id")?, row.get::<_, i64>(1)?)))? {
        if ledger::user_balance(db, account)? >= amount {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The clock's part: takes up what has become possible, also when the money came without a proof of the phone.
pub(crate) fn take_up_due(service: &Service) -> Outcome<()> {
    let due = {
        let state = service.state();
        !state.rebuilding && is_due(&state.db)?
    };
    if due { rebuild::adopt_missed(service) } else { Ok(()) }
}
