//! Binding a card: four elements (a credit card: six), the bank's code by SMS, a token afterwards.

use super::App;
use super::account::card_out;
use crate::http::errors::{Answer, Common, Sent};
use crate::pay::quote::standing;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::people::{account, card_of, cards, earlier_cards};
use crate::store::{self, id_at, maybe_id_at, one, run};
use crate::vault::{VaultAnswer, VaultCall};
use crate::wire::{self, BindingOut, CardIn, CardOut, CardsOut, OtpIn};
use axum::extract::{Path, State};
use kabao_base::{Code, Id, Otp, Timestamp};
use rusqlite::{Connection, params};

const LIFE_MS: i64 = 5 * 60_000;

/// A binding as the book has it.
struct Binding {
    account: Id,
    state: String,
    code: Option<String>,
    card: Option<Id>,
    replaces: Option<Id>,
    /// Token, last four digits, bank, brand, kind.
    texts: [Option<String>; 5],
    expires_at: i64,
}

impl Binding {
    fn load(db: &Connection, id: Id) -> Outcome<Option<Binding>> {
        Ok(one(db, "SELECT * FROM bindings WHERE binding_id = ?1", [id.to_string()], |row| {
            Ok(Binding {
                account: id_at(row, "account_id")?,
                state: row.get("state")?,
                code: row.get("code")?,
                card: maybe_id_at(row, "card_id")?,
                replaces: maybe_id_at(row, "replaces")?,
                texts: [row.get("token")?, row.get("last4")?, row.get("bank")?, row.get("brand")?, row.get("kind")?],
                expires_at: row.get("expires_at")?,
            })
        })?)
    }

    fn out(self) -> BindingOut {
        let [_, last4, bank, brand, kind] = self.texts;
        BindingOut {
            state: self.state, last4, bank, brand, kind, expires_at: self.expires_at, code: self.code, card_id: self.card.map(|id| id.to_string()),
        }
    }
}

/// Has the elements judged; the bank sends its code.
#[utoipa::path(post, path = "/v1/cards", request_body = CardIn, responses((status = 200, body = BindingOut), Common))]
pub async fn bind(State(service): App, caller: Caller, Sent(body): Sent<CardIn>) -> Outcome<Answer> {
    let id = wire::id(&body.binding_id, "binding_id")?;
    let sealed = body.pan_box.read("pan_box")?;
    let name = wire::plain(&body.name, wire::NAME_MOST, "name").map_err(|_| Refusal::rule(Code::NameInvalid).field("name"))?.trim().to_owned();
    let phone = wire::plain(&body.phone, 20, "phone").map_err(|_| Refusal::rule(Code::PhoneInvalid).field("phone"))?.to_owned();
    let replaces = wire::maybe_id(body.replaces.as_deref(), "replaces")?;
    let now = service.now();
    let mut state = service.state();
    let who = account(&state.db, caller.account)?;
    if who.frozen {
        return Err(Refusal::of(403, Code::AccountFrozen));
    }
    if who.class == 0 {
        return Err(Refusal::of(403, Code::WrongStep));
    }
    match Binding::load(&state.db, id)? {
        Some(known) if known.account != caller.account || known.replaces != replaces => return Err(Refusal::of(409, Code::IdReused)),
        Some(known) if known.state == "refused" => return Err(refused(known.code.as_deref().unwrap_or("card_refused"))),
        // A repeat says that the code was sent, also when it was entered meanwhile.
        Some(known) if known.state != "pending" => {
            return Answer::json(200, &BindingOut { state: "otp_sent".to_owned(), card_id: None, ..known.out() });
        }
        _ => {}
    }
    super::consents::need(&state.db, caller.account, super::consents::CARD_BINDING)?;
    let old = match replaces {
        Some(card) => {
            let old = card_of(&state.db, caller.account, card).map_err(|_| Refusal::rule(Code::CardUnknown).field("replaces"))?;
            if old.state != "bound" {
                return Err(Refusal::rule(Code::CardUnbound).field("replaces"));
            }
            Some(old)
        }
        None => None,
    };
    // Asked under the lock: two calls with one id are one call.
    let answer = service.ask_vault(VaultCall::Bind { binding: id, account: caller.account, sealed, name, phone })?;
    let expires_at = now.plus_ms(LIFE_MS).as_ms();
    let mut binding = Binding {
        account: caller.account, state: "refused".to_owned(), code: None, card: None, replaces, texts: [None, None, None, None, None], expires_at,
    };
    let code = match answer {
        VaultAnswer::OtpSent { token, last4, bank, brand, kind } => {
            // A bank gives a new card for an old one; a card of another bank is another card.
            let other = old.is_some_and(|old| old.bank != bank);
            binding.state = if other { "refused" } else { "otp_sent" }.to_owned();
            binding.texts = [Some(token), Some(last4), Some(bank), Some(brand), Some(kind)];
            other.then(|| Code::CardOtherBank.as_str().to_owned())
        }
        // The bank is silent or does not serve: nothing is known, nothing is remembered, and the same id may ask again.
        VaultAnswer::Pending => return Err(Refusal::of(503, Code::BankUnavailable).retry_after(5_000)),
        VaultAnswer::Maintenance { until } => return Err(Refusal::of(503, Code::BankMaintenance).retry_after(until.since(now))),
        VaultAnswer::Refused { code, .. } if code == "id_reused" => return Err(Refusal::of(409, Code::IdReused)),
        VaultAnswer::Refused { code, .. } => Some(code),
        _ => return Err(Refusal::down()),
    };
    binding.code.clone_from(&code);
    keep(&mut state.db, id, &binding)?;
    match code {
        Some(code) => Err(refused(&code)),
        None => Answer::json(200, &binding.out()),
    }
}

fn keep(db: &mut Connection, id: Id, binding: &Binding) -> Outcome<()> {
    let sql = "INSERT OR REPLACE INTO bindings (binding_id, account_id, state, code, token, last4, bank, brand, kind, replaces, expires_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let [token, last4, bank, brand, kind] = &binding.texts;
    store::write(db, |tx| {
        let replaces = binding.replaces.map(|id| id.to_string());
        let account = binding.account.to_string();
        run(tx, sql, params![id.to_string(), account, binding.state, binding.code, token, last4, bank, brand, kind, replaces, binding.expires_at])?;
        Ok(())
    })
}

/// A refusal at the field that the bank named; without a field when it did not.
fn refused(code: &str) -> Refusal {
    let field = match code {
        "card_name_refused" => Some("name"),
        "card_phone_refused" => Some("phone"),
        "card_expiry_refused" | "card_expiry_needed" | "card_expiry_malformed" | "card_expired" => Some("expiry"),
        "card_cvv_refused" | "card_cvv_malformed" => Some("cvv"),
        "card_identity_refused" => Some("identity"),
        "card_refused" => None,
        _ => Some("pan"),
    };
    let refusal = Refusal::named(422, code);
    field.map_or(refusal.clone(), |field| refusal.field(field))
}

/// Gives the bank its code; the card is bound.
#[utoipa::path(post, path = "/v1/cards/{binding_id}/otp", params(("binding_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = OtpIn,
    responses((status = 200, body = CardOut), Common))]
pub async fn otp(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<OtpIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "binding_id")?;
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let known = Binding::load(&state.db, id)?.filter(|known| known.account == caller.account);
    let binding = known.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if let Some(card) = binding.card {
        return Answer::json(200, &card_out(&card_of(&state.db, caller.account, card)?));
    }
    if binding.state != "otp_sent" {
        return Err(Refusal::of(409, Code::WrongStep));
    }
    let otp = typed.expose("the bank compares it").to_owned();
    match service.ask_vault(VaultCall::BindOtp { binding: id, account: caller.account, otp })? {
        VaultAnswer::CardBound { mark } => {
            let fresh = service.make_id();
            let card = store::write(&mut state.db, |tx| take_in(tx, id, &binding, &mark, fresh, now))?;
            super::classes::count_bank(&service, &mut state.db, caller.account, binding.texts[2].as_deref().unwrap_or_default(), now)?;
            Answer::json(200, &card_out(&card_of(&state.db, caller.account, card)?))
        }
        VaultAnswer::Pending => Err(Refusal::of(503, Code::BankUnavailable).retry_after(5_000)),
        VaultAnswer::Refused { code, .. } if code == "card_taken" => Err(Refusal::rule(Code::CardTaken).field("pan")),
        VaultAnswer::Refused { code, attempts_left } => {
            let status = if code == "otp_locked" { 403 } else { 422 };
            let refusal = Refusal::named(status, &code).field("otp");
            Err(attempts_left.map_or(refusal.clone(), |left| refusal.left(left)))
        }
        _ => Err(Refusal::down()),
    }
}

/// Writes the card down. A number that this account had before is the card it was, good again.
fn take_in(tx: &Connection, id: Id, binding: &Binding, mark: &str, fresh: Id, now: Timestamp) -> Outcome<Id> {
    let account = binding.account.to_string();
    let sql = "SELECT card_id FROM cards WHERE account_id = ?1 AND number_mark = ?2";
    let before = one(tx, sql, params![account, mark], |row| id_at(row, "card_id"))?;
    let card = before.unwrap_or(fresh);
    let [token, last4, bank, brand, kind] = &binding.texts;
    let sql = "INSERT INTO cards (card_id, account_id, token, last4, bank, brand, kind, number_mark, state, bound_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'bound', ?9) ON CONFLICT (card_id) DO UPDATE SET \
               token = ?3, last4 = ?4, bank = ?5, brand = ?6, kind = ?7, state = 'bound', reason = NULL, until = NULL, ended_at = NULL";
    run(tx, sql, params![card.to_string(), account, token, last4, bank, brand, kind, mark, now.as_ms()])?;
    if let Some(old) = binding.replaces.filter(|old| *old != card) {
        let sql = "UPDATE cards SET state = 'replaced', ended_at = ?2 WHERE card_id = ?1 AND state = 'bound'";
        run(tx, sql, params![old.to_string(), now.as_ms()])?;
        run(tx, "UPDATE cards SET replaces = ?2 WHERE card_id = ?1", params![card.to_string(), old.to_string()])?;
    }
    run(tx, "UPDATE bindings SET state = 'bound', card_id = ?2 WHERE binding_id = ?1", params![id.to_string(), card.to_string()])?;
    Ok(card)
}

/// How a binding stands, for a phone that lost the answer.
#[utoipa::path(get, path = "/v1/card-bindings/{binding_id}", params(("binding_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = BindingOut), Common))]
pub async fn binding(State(service): App, caller: Caller, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "binding_id")?;
    let known = Binding::load(&service.state().db, id)?.filter(|known| known.account == caller.account);
    Answer::json(200, &known.ok_or_else(|| Refusal::of(404, Code::NotFound))?.out())
}

/// The cards, as their banks say that they stand.
#[utoipa::path(get, path = "/v1/cards", responses((status = 200, body = CardsOut), Common))]
pub async fn list(State(service): App, caller: Caller) -> Outcome<Answer> {
    Answer::json(200, &listed(&service, caller.account)?)
}

fn listed(service: &Service, account: Id) -> Outcome<CardsOut> {
    let rules = service.rules();
    let state = service.state();
    let bound = cards(&state.db, account)?.into_iter().map(|card| standing(service, &rules, None, &state.db, card)).collect::<Outcome<Vec<_>>>()?;
    let earlier = earlier_cards(&state.db, account)?;
    Ok(CardsOut { cards: bound.iter().map(card_out).collect(), earlier: earlier.iter().map(card_out).collect() })
}
