//! Binding a card: four elements, the bank's code by SMS, a token afterwards.

use super::App;
use super::account::card_out;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::people::{account, card_of, cards};
use crate::store::{self, one, run};
use crate::vault::{VaultAnswer, VaultCall};
use crate::wire::{self, BindingOut, CardIn, CardOut, CardsOut, OtpIn};
use axum::extract::{Path, State};
use kabao_base::{Code, Otp};
use rusqlite::params;

const LIFE_MS: i64 = 5 * 60_000;

/// Has the four elements judged; the bank sends its code.
#[utoipa::path(post, path = "/v1/cards", request_body = CardIn, responses((status = 200, body = BindingOut), Common))]
pub async fn bind(State(service): App, caller: Caller, Sent(body): Sent<CardIn>) -> Outcome<Answer> {
    let id = wire::id(&body.binding_id, "binding_id")?;
    let sealed = body.pan_box.read("pan_box")?;
    let name = wire::plain(&body.name, 50, "name").map_err(|_| Refusal::rule(Code::NameInvalid).field("name"))?.trim().to_owned();
    let phone = wire::plain(&body.phone, 20, "phone").map_err(|_| Refusal::rule(Code::PhoneInvalid).field("phone"))?.to_owned();
    let now = service.now();
    let mut state = service.state();
    let who = account(&state.db, caller.account)?;
    if who.frozen {
        return Err(Refusal::of(403, Code::AccountFrozen));
    }
    if who.class == 0 {
        return Err(Refusal::of(403, Code::WrongStep));
    }
    let sql = "SELECT account_id, state, code, last4, bank, brand, expires_at FROM bindings WHERE binding_id = ?1";
    let known = one(&state.db, sql, [id.to_string()], |row| {
        let out = BindingOut { state: "otp_sent".to_owned(), last4: row.get(3)?, bank: row.get(4)?, brand: row.get(5)?, expires_at: row.get(6)? };
        Ok((store::id_at(row, "account_id")?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?, out))
    })?;
    match known {
        Some((owner, ..)) if owner != caller.account => return Err(Refusal::of(409, Code::IdReused)),
        Some((_, state, code, _)) if state == "refused" => return Err(refused(code.as_deref().unwrap_or("card_refused"))),
        Some((_, state, _, out)) if state != "pending" => return Answer::json(200, &out),
        _ => {}
    }
    // Asked under the lock: two calls with one id are one call.
    let answer = service.ask_vault(VaultCall::Bind { binding: id, account: caller.account, sealed, name, phone })?;
    let expires_at = now.plus_ms(LIFE_MS).as_ms();
    let sql = "INSERT OR REPLACE INTO bindings (binding_id, account_id, state, code, token, last4, bank, brand, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut keep = |state_name: &str, code: Option<&str>, card: Option<(&str, &str, &str, &str)>| -> Outcome<()> {
        let (token, last4, bank, brand) = card.map_or((None, None, None, None), |card| (Some(card.0), Some(card.1), Some(card.2), Some(card.3)));
        store::write(&mut state.db, |tx| {
            run(tx, sql, params![id.to_string(), caller.account.to_string(), state_name, code, token, last4, bank, brand, expires_at])?;
            Ok(())
        })
    };
    match answer {
        VaultAnswer::OtpSent { token, last4, bank, brand } => {
            keep("otp_sent", None, Some((&token, &last4, &bank, &brand)))?;
            let out = BindingOut { state: "otp_sent".to_owned(), last4: Some(last4), bank: Some(bank), brand: Some(brand), expires_at };
            Answer::json(200, &out)
        }
        // The bank is silent: nothing is known, nothing is remembered, and the same id may ask again.
        VaultAnswer::Pending => Err(Refusal::of(503, Code::BankUnavailable).retry_after(5_000)),
        VaultAnswer::Refused { code, .. } if code == "id_reused" => Err(Refusal::of(409, Code::IdReused)),
        VaultAnswer::Refused { code, .. } => {
            keep("refused", Some(&code), None)?;
            Err(refused(&code))
        }
        _ => Err(Refusal::down()),
    }
}

fn refused(code: &str) -> Refusal {
    let field = match code {
        "card_name_refused" => "name",
        "card_phone_refused" => "phone",
        _ => "pan",
    };
    Refusal::named(422, code).field(field)
}

/// Gives the bank its code; the card is bound.
#[utoipa::path(post, path = "/v1/cards/{binding_id}/otp", params(("binding_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = OtpIn,
    responses((status = 200, body = CardOut), Common))]
pub async fn otp(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<OtpIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "binding_id")?;
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let sql = "SELECT state, card_id, token, last4, bank, brand FROM bindings WHERE binding_id = ?1 AND account_id = ?2";
    let row = one(&state.db, sql, params![id.to_string(), caller.account.to_string()], |row| {
        let texts: [Option<String>; 4] = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
        Ok((row.get::<_, String>(0)?, store::maybe_id_at(row, "card_id")?, texts))
    })?;
    let (binding_state, card_id, texts) = row.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if let Some(card) = card_id {
        return Answer::json(200, &card_out(&card_of(&state.db, caller.account, card)?));
    }
    if binding_state != "otp_sent" {
        return Err(Refusal::of(409, Code::WrongStep));
    }
    let otp = typed.expose("the bank compares it").to_owned();
    match service.ask_vault(VaultCall::BindOtp { binding: id, account: caller.account, otp })? {
        VaultAnswer::Done => {
            let card = service.make_id();
            store::write(&mut state.db, |tx| {
                let sql = "INSERT INTO cards VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                let [token, last4, bank, brand] = &texts;
                run(tx, sql, params![card.to_string(), caller.account.to_string(), token, last4, bank, brand, now.as_ms()])?;
                run(tx, "UPDATE bindings SET state = 'bound', card_id = ?2 WHERE binding_id = ?1", params![id.to_string(), card.to_string()])?;
                Ok(())
            })?;
            super::classes::count_bank(&service, &mut state.db, caller.account, texts[2].as_deref().unwrap_or_default(), now)?;
            Answer::json(200, &card_out(&card_of(&state.db, caller.account, card)?))
        }
        VaultAnswer::Pending => Err(Refusal::of(503, Code::BankUnavailable).retry_after(5_000)),
        VaultAnswer::Refused { code, attempts_left } => {
            let status = if code == "otp_locked" { 403 } else { 422 };
            let refusal = Refusal::named(status, &code).field("otp");
            Err(attempts_left.map_or(refusal.clone(), |left| refusal.left(left)))
        }
        _ => Err(Refusal::down()),
    }
}

/// The bound cards.
#[utoipa::path(get, path = "/v1/cards", responses((status = 200, body = CardsOut), Common))]
pub async fn list(State(service): App, caller: Caller) -> Outcome<Answer> {
    let all = cards(&service.state().db, caller.account)?;
    Answer::json(200, &CardsOut { cards: all.iter().map(card_out).collect() })
}
