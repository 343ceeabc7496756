//! What a person consented to, and taking it back. A withdrawal counts from the moment it is here: nothing is asked of the
//! vendor under it any more. What was found before stays as long as the law asks.

use super::App;
use super::identity::{TEXT, VERSION};
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::{self, meta, one, run};
use crate::wire::{self, ConsentGiven, ConsentOut, ConsentsOut, WithdrawalIn};
use axum::extract::{Path, State};
use kabao_base::{Code, Id};
use kabao_proof::Digest32;
use rusqlite::{Connection, params};

/// The one document there is so far.
pub const REAL_NAME: &str = "real_name";
/// The version that is shown today, when it is not the first.
const CURRENT: &str = "consent_version";

/// The version that is shown today.
pub fn current(db: &Connection) -> rusqlite::Result<String> {
    Ok(meta::get(db, CURRENT)?.unwrap_or_else(|| VERSION.to_owned()))
}

/// Shows another version from now on.
pub fn publish(db: &Connection, version: &str) -> rusqlite::Result<()> {
    meta::set(db, CURRENT, version)
}

/// The document as it is shown.
pub fn shown(db: &Connection) -> rusqlite::Result<ConsentOut> {
    let digest = Digest32::of(TEXT.as_bytes()).to_string();
    Ok(ConsentOut { document: REAL_NAME.to_owned(), version: current(db)?, digest })
}

/// Whether an account has a consent that was not withdrawn.
pub fn stands(db: &Connection, account: Id) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM consents WHERE account_id = ?1 AND document = ?2 AND withdrawn_at IS NULL";
    Ok(one(db, sql, params![account.to_string(), REAL_NAME], |row| row.get::<_, i64>(0))?.is_some())
}

/// The documents with their versions, and what the account consented to.
#[utoipa::path(get, path = "/v1/consents", responses((status = 200, body = ConsentsOut), Common))]
pub async fn list(State(service): App, caller: Caller) -> Outcome<Answer> {
    let state = service.state();
    let sql = "SELECT consent_id, document, version, at, withdrawn_at FROM consents WHERE account_id = ?1 ORDER BY at, consent_id LIMIT 200";
    let mut select = state.db.prepare(sql)?;
    let given = select
        .query_map([caller.account.to_string()], |row| {
            Ok(ConsentGiven { consent_id: row.get(0)?, document: row.get(1)?, version: row.get(2)?, at: row.get(3)?, withdrawn_at: row.get(4)? })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Answer::json(200, &ConsentsOut { documents: vec![shown(&state.db)?], given })
}

/// Takes a consent back. Again is the same. One that never arrived, or that a restored book does not know, is written down as
/// withdrawn, so that it cannot come into force later.
#[utoipa::path(put, path = "/v1/consents/{consent_id}/withdrawal", params(("consent_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = WithdrawalIn, responses((status = 204, description = "Withdrawn"), Common))]
pub async fn withdraw(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<WithdrawalIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "consent_id")?;
    if body.document != REAL_NAME {
        return Err(Refusal::argument("document"));
    }
    let version = wire::plain(&body.version, 40, "version")?;
    let now = service.now();
    store::write(&mut service.state().db, |tx| {
        let owner = one(tx, "SELECT account_id FROM consents WHERE consent_id = ?1", [id.to_string()], |row| store::id_at(row, "account_id"))?;
        if owner.is_some_and(|owner| owner != caller.account) {
            return Err(Refusal::of(409, Code::IdReused));
        }
        let sql = "INSERT INTO consents (consent_id, account_id, document, version, at, withdrawn_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                   ON CONFLICT (consent_id) DO UPDATE SET withdrawn_at = coalesce(withdrawn_at, ?5)";
        run(tx, sql, params![id.to_string(), caller.account.to_string(), REAL_NAME, version, now.as_ms()])?;
        if !stands(tx, caller.account)? {
            // What the vendor has not answered is given up: another try needs another consent.
            let sql = "UPDATE verifications SET state = 'rejected', code = ?2, retriable = 1 WHERE account_id = ?1 AND state = 'pending'";
            run(tx, sql, params![caller.account.to_string(), Code::ConsentMissing.as_str()])?;
        }
        Ok(())
    })?;
    Ok(Answer::empty())
}
