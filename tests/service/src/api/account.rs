//! The account at a glance, its PIN and its recovery sheet.

use super::App;
use super::secure::{digest, prove_pin};
use crate::freezing;
use crate::http::errors::{Answer, Common, Sent};
use crate::holds;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service, internal};
use crate::store::people::{Account, Card, account, cards, earlier_cards};
use crate::store::{self, ledger, limits, one, run};
use crate::tell;
use crate::vault::{VaultAnswer, VaultCall};
use crate::wire::{self, AccountOut, CardOut, ChannelOut, FreezeIn, LimitsOut, PinIn, SheetIn};
use axum::extract::State;
use kabao_base::secret::SheetCode;
use kabao_base::{Code, Id, Timestamp, fold};
use rusqlite::{Connection, params};
use zeroize::Zeroizing;

/// How many wrong sheet codes a phone number gets in an hour.
const SHEET_TRIES: i64 = 5;
const SHEET_WINDOW_MS: i64 = 3_600_000;

/// The account at a glance.
#[utoipa::path(get, path = "/v1/account", responses((status = 200, body = AccountOut), Common))]
pub async fn view(State(service): App, caller: Caller) -> Outcome<Answer> {
    let now = service.now();
    let state = service.state();
    let account = account(&state.db, caller.account)?;
    let cards = cards(&state.db, caller.account)?;
    let left = limits::left(&state.db, &service.rules(), caller.account, account.class, now)?;
    let answer = AccountOut {
        account_id: account.id.to_string(),
        phone_masked: account.phone_masked.clone(),
        phone: phone_of(&service, &account)?,
        class: account.class,
        verification: super::identity::standing(&state.db, &account, now)?,
        pin_set: account.pin_set,
        pin_locked: account.pin_locked,
        pin_must_change: account.pin_must_change,
        sheet_set: account.sheet_set,
        frozen: account.frozen,
        closing: account.closing,
        balance: ledger::user_balance(&state.db, caller.account)?.into(),
        balance_at: now.as_ms(),
        held: holds::held(&state.db, caller.account)?.into(),
        cards: cards.iter().map(card_out).collect(),
        earlier_cards: earlier_cards(&state.db, caller.account)?.iter().map(card_out).collect(),
        channels: channels(&account, service.builds().why_not_device(&state.db, caller.device)?),
        limits: LimitsOut {
            single: left.single.into(),
            day_left: left.day.into(),
            year_left: left.year.map(Into::into),
            lifetime_left: left.life.map(Into::into),
            static_left: left.static_day.into(),
            low_until: left.low_until,
        },
    };
    Answer::json(200, &answer)
}

/// A card as the phone sees it.
pub(crate) fn card_out(card: &Card) -> CardOut {
    CardOut {
        card_id: card.id.to_string(),
        token: card.token.clone(),
        last4: card.last4.clone(),
        bank: card.bank.clone(),
        brand: card.brand.clone(),
        kind: card.kind.clone(),
        state: card.state.clone(),
        reason: card.reason.clone(),
        until: card.until,
        replaces: card.replaces.map(|id| id.to_string()),
        bound_at: card.bound_at,
        ended_at: card.ended_at,
    }
}

fn channels(account: &Account, build: Option<Code>) -> Vec<ChannelOut> {
    let lakala = match account {
        Account { frozen: true, .. } => Some(Code::AccountFrozen),
        Account { closing: true, .. } => Some(Code::AccountClosing),
        _ if build.is_some() => build,
        Account { class: 0, .. } | Account { pin_set: false, .. } => Some(Code::WrongStep),
        _ => None,
    };
    let one = |name: &str, reason: Option<Code>| ChannelOut {
        channel: name.to_owned(),
        usable: reason.is_none(),
        reason: reason.map(|code| code.as_str().to_owned()),
    };
    let others = ["unionpay", "alipay", "wechat", "paypal"].map(|name| one(name, Some(Code::ChannelUnusable)));
    [vec![one("lakala", lakala)], others.to_vec()].concat()
}

/// The phone number of an account, for a call to the vault.
pub(crate) fn phone_of(service: &Service, account: &Account) -> Outcome<String> {
    let text = service.keys.sealer.open_text(&format!("phone:{}", account.id), &account.phone_sealed).map_err(|_| internal())?;
    Ok(text.to_string())
}

/// Chooses the PIN.
#[utoipa::path(put, path = "/v1/account/pin", request_body = PinIn, responses((status = 204, description = "Chosen"), Common))]
pub async fn set_pin(State(service): App, caller: Caller, Sent(body): Sent<PinIn>) -> Outcome<Answer> {
    let sealed = body.pin_box.read("pin_box")?;
    let mut state = service.state();
    let account = account(&state.db, caller.account)?;
    let phone = phone_of(&service, &account)?;
    match service.ask_vault(VaultCall::SetPin { account: caller.account, device: caller.device, phone, sealed })? {
        VaultAnswer::Done => {
            store::write(&mut state.db, |tx| {
                run(tx, "UPDATE accounts SET pin_set = 1, pin_must_change = 0 WHERE account_id = ?1", [caller.account.to_string()])?;
                Ok(())
            })?;
            Ok(Answer::empty())
        }
        VaultAnswer::Refused { code, .. } => Err(match code.as_str() {
            "wrong_step" => Refusal::of(409, Code::WrongStep),
            "pin_locked" => {
                run(&state.db, "UPDATE accounts SET pin_locked = 1 WHERE account_id = ?1", [caller.account.to_string()])?;
                Refusal::of(403, Code::PinLocked)
            }
            code => Refusal::named(422, code).field("pin"),
        }),
        _ => Err(Refusal::down()),
    }
}

/// What a PIN's box is bound to.
fn sheet_digest(caller: &Caller, hash: &str, proof: Id) -> [u8; 32] {
    digest(&["kabao-sheet-pin-1".to_owned(), hash.to_owned(), proof.to_string(), caller.account.to_string(), caller.device.to_string()])
}

/// Keeps the fingerprint of the recovery sheet. The first one is free; one in the place of another needs the PIN, where one is set:
/// a phone that was signed in with a stolen SIM must not take away what freezes the account.
#[utoipa::path(put, path = "/v1/account/recovery-sheet", request_body = SheetIn, responses((status = 204, description = "Kept"), Common))]
pub async fn set_sheet(State(service): App, caller: Caller, Sent(body): Sent<SheetIn>) -> Outcome<Answer> {
    let hash = wire::digest(&body.sheet_hash, "sheet_hash")?;
    let proof = wire::maybe_id(body.proof_id.as_deref(), "proof_id")?;
    let pin = body.pin_box.as_ref().map(|sealed| sealed.read("pin_box")).transpose()?;
    let now = service.now();
    let mut state = service.state();
    let sql = "SELECT sheet_hash FROM accounts WHERE account_id = ?1";
    let known: Option<Vec<u8>> = one(&state.db, sql, [caller.account.to_string()], |row| row.get(0))?.flatten();
    if known.as_deref() == Some(&hash[..]) {
        return Ok(Answer::empty());
    }
    if known.is_some() && account(&state.db, caller.account)?.pin_set {
        let sealed = pin.ok_or_else(|| Refusal::argument("pin_box"))?;
        let proof = proof.ok_or_else(|| Refusal::argument("proof_id"))?;
        prove_pin(&service, &state, caller.account, sheet_digest(&caller, &body.sheet_hash, proof), sealed)?;
    }
    freezing::keep_sheet(&service, &mut state, caller.account, &hash[..], now)?;
    let text = "【卡包】你的账户已启用新的应急卡，之前的应急卡作废。如非本人操作，请立即联系客服。";
    match known {
        Some(_) => tell::person(&service, &mut state, caller.account, text, now),
        None => tell::contacts(&service, &mut state, caller.account, text, now),
    }
    Ok(Answer::empty())
}

/// Freezes an account, from anywhere, by the code of its recovery sheet. The code can do nothing else.
#[utoipa::path(post, path = "/v1/freeze", request_body = FreezeIn, responses((status = 204, description = "Frozen"), Common))]
pub async fn freeze(State(service): App, Sent(body): Sent<FreezeIn>) -> Outcome<Answer> {
    let code = SheetCode::new(body.code);
    let typed = code.expose("its fingerprint is compared");
    if body.phone.len() > 40 || typed.len() > 200 {
        return Err(Refusal::of(400, Code::InputTooLong));
    }
    if typed.chars().any(|character| fold::hidden_kind(character).is_some()) {
        return Err(Refusal::of(400, Code::HiddenCharacter).field("code"));
    }
    let now = service.now();
    let mark = service.keys.sealer.mark("phone", &body.phone);
    // On paper the code stands in groups.
    let signs: Zeroizing<String> =
        Zeroizing::new(typed.chars().filter(|sign| !matches!(sign, '-' | ' ')).map(|sign| sign.to_ascii_uppercase()).collect());
    let hash = kabao_proof::digest::sha256_of(&[b"kabao-sheet-1", signs.as_bytes()]);
    let mut state = service.state();
    let found = store::write(&mut state.db, |tx| {
        // A phone number without an account is counted alike: the answer does not tell which exist.
        let sql = "SELECT tries, since FROM sheet_tries WHERE phone_mark = ?1";
        let (tries, since) = one(tx, sql, [&mark], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?.unwrap_or((0, now.as_ms()));
        let (tries, since) = if now.as_ms().saturating_sub(since) >= SHEET_WINDOW_MS { (0, now.as_ms()) } else { (tries, since) };
        if tries >= SHEET_TRIES {
            return Ok(Err(Refusal::of(429, Code::TooManyRequests).retry_after(since + SHEET_WINDOW_MS - now.as_ms())));
        }
        // Also by a number that was the account's: whoever took the number over must not take the sheet away.
        let sql = "SELECT account_id FROM accounts WHERE sheet_hash = ?2 AND (phone_mark = ?1 OR account_id IN \
                   (SELECT account_id FROM phone_changes WHERE old_mark = ?1 AND state = 'done'))";
        if let Some(of) = one(tx, sql, params![mark, hash], |row| store::id_at(row, "account_id"))? {
            return Ok(Ok(of));
        }
        run(tx, "INSERT OR REPLACE INTO sheet_tries VALUES (?1, ?2, ?3)", params![mark, tries + 1, since])?;
        Ok(Err(Refusal::rule(Code::OtpWrong).field("code")))
    })?;
    let of = found?;
    let called_off = freezing::freeze(&service, &mut state, of, now)?;
    let closing = if called_off { "正在进行的注销已撤销。" } else { "" };
    tell::person(&service, &mut state, of, &format!("【卡包】你的账户已用应急卡冻结，{closing}解冻请联系客服。"), now);
    Ok(Answer::empty())
}

/// An account that may do things with money: verified by a document that is still good, with a PIN, not frozen.
pub(crate) fn ready(db: &Connection, id: Id, now: Timestamp) -> Outcome<Account> {
    let account = account(db, id)?;
    if account.frozen {
        return Err(Refusal::of(403, Code::AccountFrozen));
    }
    if account.closing {
        return Err(Refusal::of(403, Code::AccountClosing));
    }
    if account.class == 0 || !account.pin_set {
        return Err(Refusal::of(403, Code::WrongStep));
    }
    if super::renewing::is_overdue(&account, now) {
        return Err(Refusal::of(403, Code::IdentityOverdue));
    }
    Ok(account)
}
