//! Removing a card: by PIN, and only while nothing is on its way from or to it.

use super::App;
use super::account::card_out;
use super::secure::prove_pin;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::people::{Card, card_of};
use crate::store::{self, id_at, one, run};
use crate::vault::{VaultAnswer, VaultCall};
use crate::wire::{self, CardOut, RemovalIn};
use axum::extract::{Path, State};
use kabao_base::{Code, Id};
use kabao_proof::digest::sha256_of;
use rusqlite::{Connection, params};

/// What a removal that has to wait says about when to try again.
const PAUSE_MS: i64 = 60_000;

/// Removes a card. The same id again is the same removal; a card that is removed already stays so.
#[utoipa::path(put, path = "/v1/card-removals/{removal_id}", params(("removal_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = RemovalIn,
    responses((status = 200, body = CardOut), Common))]
pub async fn remove(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<RemovalIn>) -> Outcome<Answer> {
    let (id, card_id) = (wire::id(&id, "removal_id")?, wire::id(&body.card_id, "card_id")?);
    let pin = body.pin_box.read("pin_box")?;
    let now = service.now();
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let sql = "SELECT account_id, card_id FROM card_removals WHERE removal_id = ?1";
    let known = one(&state.db, sql, [id.to_string()], |row| Ok((id_at(row, "account_id")?, id_at(row, "card_id")?)))?;
    if known.is_some_and(|known| known != (caller.account, card_id)) {
        return Err(Refusal::of(409, Code::IdReused));
    }
    let card = card_of(&state.db, caller.account, card_id)?;
    if known.is_some() || card.state != "bound" {
        return Answer::json(200, &card_out(&card));
    }
    if let Some(code) = what_it_pays(&state.db, caller.account, &card)? {
        return Err(Refusal::of(409, code).field("card_id").retry_after(PAUSE_MS));
    }
    let parts = ["kabao-unbind-1".to_owned(), id.to_string(), caller.account.to_string(), card_id.to_string()];
    prove_pin(&service, &state, caller.account, sha256_of(&[parts.join("\0").as_bytes()]), pin)?;
    // The bank and the tokeniser first: a card that this book still shows as bound is refused there, and the removal is repeated.
    match service.ask_vault(VaultCall::EndCard { token: card.token.clone() })? {
        VaultAnswer::Done => {}
        VaultAnswer::Pending => return Err(Refusal::of(503, Code::BankUnavailable).retry_after(5_000)),
        _ => return Err(Refusal::down()),
    }
    store::write(&mut state.db, |tx| {
        let sql = "UPDATE cards SET state = 'unbound', ended_at = ?2, reason = NULL, until = NULL WHERE card_id = ?1";
        run(tx, sql, params![card_id.to_string(), now.as_ms()])?;
        let sql = "INSERT INTO card_removals VALUES (?1, ?2, ?3, ?4)";
        run(tx, sql, params![id.to_string(), caller.account.to_string(), card_id.to_string(), now.as_ms()])?;
        Ok(())
    })?;
    Answer::json(200, &card_out(&card_of(&state.db, caller.account, card_id)?))
}

/// What still goes from or to the card.
fn what_it_pays(db: &Connection, account: Id, card: &Card) -> Outcome<Option<Code>> {
    let id = card.id.to_string();
    let flying = "SELECT 1 FROM payments WHERE account_id = ?1 AND (card_id = ?2 OR (kind = 'withdraw' AND payee_id = ?2)) AND state IN ('accepted', 'sent', 'cancelling') LIMIT 1";
    if one(db, flying, params![account.to_string(), id], |row| row.get::<_, i64>(0))?.is_some() {
        return Ok(Some(Code::CardInFlight));
    }
    let parked = "SELECT 1 FROM orphans WHERE card_token = ?1 LIMIT 1";
    if one(db, parked, [&card.token], |row| row.get::<_, i64>(0))?.is_some() {
        return Ok(Some(Code::CardInFlight));
    }
    // By token, or by the payment that it was: the card may have been bound again meanwhile.
    let coming = "SELECT 1 FROM returns r LEFT JOIN payments p ON p.intent_id = r.intent_id WHERE r.state = 'suspended' AND (r.card_token = ?1 OR p.card_id = ?2) LIMIT 1";
    if one(db, coming, params![card.token, id], |row| row.get::<_, i64>(0))?.is_some() {
        return Ok(Some(Code::CardRefundPending));
    }
    Ok(None)
}
