//! Accounts that were opened after the copy that a book is put back to: the vault has each with its number, sealed as in the book, and its
//! first phone, so that neither is a stranger to the older book. The person verifies the real name and binds cards anew; PIN, number,
//! caps, freezing and the like come from what else the vault wrote down, and the money from the bank's book and the phone's receipts.

use crate::refusal::{Outcome, Refusal};
use crate::service::{Service, internal};
use crate::store::{all, id_at, one, run};
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use crate::wire;
use kabao_base::{Id, Timestamp};
use kabao_proof::{Digest32, PublicKey, chain, hex};
use rusqlite::{Connection, params};

/// Has the vault write an account down as it was opened, before its phone is told of it. The same again is the same account.
pub fn keep(service: &Service, db: &Connection, account: Id, device: Id) -> Outcome<()> {
    let sql = "SELECT a.phone_mark, a.phone_sealed, a.phone_masked, a.created_at, d.registration_id, d.device_key, d.approve_key, d.model \
               FROM accounts a JOIN devices d ON d.account_id = a.account_id WHERE a.account_id = ?1 AND d.device_id = ?2";
    let row = one(db, sql, [account.to_string(), device.to_string()], |row| {
        let key = |column: &str| PublicKey::from_bytes(&row.get::<_, Vec<u8>>(column)?).map_err(|_| rusqlite::Error::InvalidQuery);
        let body = Decision::Opened {
            registration: id_at(row, "registration_id")?,
            device,
            device_key: key("device_key")?,
            approve_key: key("approve_key")?,
            model: row.get("model")?,
            phone_mark: hex(&row.get::<_, Vec<u8>>("phone_mark")?),
            phone_sealed: wire::text(&row.get::<_, Vec<u8>>("phone_sealed")?),
            phone_masked: row.get("phone_masked")?,
        };
        Ok(DecisionRow { decision: account, account, body, at: Timestamp::from_ms(row.get("created_at")?) })
    })?;
    match service.ask_vault(VaultCall::KeepDecision(row.ok_or_else(internal)?))? {
        VaultAnswer::Decisions(_) => Ok(()),
        _ => Err(Refusal::down()),
    }
}

/// Writes an account into a book that does not know it. A number that another account has by now stays there.
pub fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    let Decision::Opened { registration, device, device_key, approve_key, model, phone_mark, phone_sealed, phone_masked } = &row.body else {
        return Ok(());
    };
    let mark = Digest32::parse(phone_mark).map_err(|_| internal())?.0;
    let sealed = wire::bytes(phone_sealed, "sealed").map_err(|_| internal())?;
    let account = row.account.to_string();
    let sql = "INSERT OR IGNORE INTO accounts (account_id, phone_mark, phone_sealed, phone_masked, history_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    if run(tx, sql, params![account, mark, sealed, phone_masked, chain::genesis(&row.account), row.at.as_ms()])? == 1 {
        let sql = "INSERT OR IGNORE INTO devices (device_id, account_id, registration_id, device_key, approve_key, model, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let keys = (device_key.to_bytes(), approve_key.to_bytes());
        run(tx, sql, params![device.to_string(), account, registration.to_string(), keys.0, keys.1, model, row.at.as_ms()])?;
    }
    Ok(())
}

/// A PIN that was chosen after the copy was made counts: nobody is asked to choose one where there is one.
pub fn reapply_pins(service: &Service, tx: &Connection) -> Outcome<()> {
    let VaultAnswer::Accounts(with_pin) = service.ask_vault(VaultCall::WithPin)? else { return Err(Refusal::down()) };
    for account in all(tx, "SELECT account_id FROM accounts WHERE pin_set = 0", [], |row| id_at(row, "account_id"))? {
        if with_pin.contains(&account) {
            run(tx, "UPDATE accounts SET pin_set = 1 WHERE account_id = ?1", [account.to_string()])?;
        }
    }
    Ok(())
}
