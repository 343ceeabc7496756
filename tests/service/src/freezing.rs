//! Freezing an account, and the recovery sheet that can do it. The vault writes both down first: a book that is put back to an
//! older copy neither unfreezes an account nor gives an earlier sheet its power back.

use crate::closing;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Service, State, internal};
use crate::store::{self, run};
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use kabao_base::{Id, Timestamp};
use kabao_proof::{Digest32, hex};
use rusqlite::{Connection, params};

fn keep(service: &Service, state: &mut State, of: Id, body: Decision, now: Timestamp) -> Outcome<()> {
    let row = DecisionRow { decision: service.make_id(), account: of, body, at: now };
    match service.ask_vault(VaultCall::KeepDecision(row.clone()))? {
        VaultAnswer::Decisions(_) => store::write(&mut state.db, |tx| apply(tx, &row)),
        _ => Err(Refusal::down()),
    }
}

/// From now on nothing is paid. A closing under way is called off: whoever freezes an account wants it kept, and may have heard of
/// the closing by the very message that a stranger caused. Says whether one was.
pub fn freeze(service: &Service, state: &mut State, of: Id, now: Timestamp) -> Outcome<bool> {
    keep(service, state, of, Decision::Frozen, now)?;
    closing::call_off(service, state, of, now)
}

/// Support knows who the person is, and lets the account go on.
pub fn unfreeze(service: &Service, state: &mut State, of: Id, now: Timestamp) -> Outcome<()> {
    keep(service, state, of, Decision::Unfrozen, now)
}

/// Another sheet counts, and no earlier one.
pub fn keep_sheet(service: &Service, state: &mut State, of: Id, hash: &[u8], now: Timestamp) -> Outcome<()> {
    keep(service, state, of, Decision::Sheet { hash: hex(hash) }, now)
}

/// Writes a decision into the book; also into one that was put back.
pub fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    let account = row.account.to_string();
    match &row.body {
        Decision::Frozen | Decision::Unfrozen => {
            run(tx, "UPDATE accounts SET frozen = ?2 WHERE account_id = ?1", params![account, row.body == Decision::Frozen])?;
        }
        Decision::Sheet { hash } => {
            let hash = Digest32::parse(hash).map_err(|_| internal())?.0;
            run(tx, "UPDATE accounts SET sheet_hash = ?2 WHERE account_id = ?1", params![account, hash])?;
        }
        _ => {}
    }
    Ok(())
}
