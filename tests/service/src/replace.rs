//! A phone in the place of a lost one, as the book has it. What is decided is written by the vault first: a book that is
//! put back to an older copy learns from there which phones are shut out for good.

use crate::api::account::phone_of;
use crate::pay::{self, State as PayState, finish};
use crate::pin_reset;
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Pending, Service, Sms, internal};
use crate::store::people::{Account, account, card_of, payee};
use crate::store::{self, all, id_at, low, maybe_id_at, one, run};
use crate::vault::{ReplacedRow, VaultAnswer, VaultCall};
use crate::ways::{Person, Stage};
use crate::wire::{self, OpenIntentOut, ReplacementOut, fen};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::digest::sha256_of;
use kabao_proof::{Document, MoveKind, PublicKey, Source, Terms};
use rusqlite::{Connection, Row, params};

/// A replacement whose number is proven.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// The phone's id of it.
    pub id: Id,
    /// The account.
    pub account: Id,
    /// The mark of the number.
    pub phone_mark: Vec<u8>,
    /// Signs the new phone's requests.
    pub device_key: PublicKey,
    /// Signs its payments.
    pub approve_key: PublicKey,
    /// As the person knows it.
    pub model: String,
    /// Where it stands.
    pub stage: Stage,
    /// How far the name is proven.
    pub person: Person,
    /// The proof that the vendor judges.
    pub person_proof: Option<Id>,
    /// The device, once it is one.
    pub device: Option<Id>,
    /// When the number was proven.
    pub number_at: Timestamp,
}

fn read(row: &Row) -> rusqlite::Result<Replacement> {
    let key = |column: &str| -> rusqlite::Result<PublicKey> {
        PublicKey::from_bytes(&row.get::<_, Vec<u8>>(column)?).map_err(|_| rusqlite::Error::InvalidQuery)
    };
    Ok(Replacement {
        id: id_at(row, "replacement_id")?,
        account: id_at(row, "account_id")?,
        phone_mark: row.get("phone_mark")?,
        device_key: key("device_key")?,
        approve_key: key("approve_key")?,
        model: row.get("model")?,
        stage: row.get("state")?,
        person: row.get("person")?,
        person_proof: maybe_id_at(row, "person_proof")?,
        device: maybe_id_at(row, "device_id")?,
        number_at: Timestamp::from_ms(row.get("number_at")?),
    })
}

/// A replacement by its id.
pub fn load(db: &Connection, id: Id) -> Outcome<Option<Replacement>> {
    Ok(one(db, "SELECT * FROM replacements WHERE replacement_id = ?1", [id.to_string()], read)?)
}

/// The number is proven; proven again, it counts anew.
pub fn open(tx: &Connection, id: Id, account: Id, mark: &[u8], pending: &Pending, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO replacements (replacement_id, account_id, phone_mark, device_key, approve_key, model, state, number_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7) ON CONFLICT (replacement_id) DO UPDATE SET number_at = ?7 WHERE state = 'open'";
    let keys = (pending.device_key.to_bytes(), pending.approve_key.to_bytes());
    run(tx, sql, params![id.to_string(), account.to_string(), mark, keys.0, keys.1, pending.model, now.as_ms()])?;
    Ok(())
}

/// What a PIN's box is bound to: this phone's keys, this account, this try.
pub fn digest(known: &Replacement, proof: Id) -> [u8; 32] {
    let parts = [
        "kabao-replace-1".to_owned(), known.id.to_string(), proof.to_string(), known.account.to_string(),
        known.device_key.to_string(), known.approve_key.to_string(), known.model.clone(),
    ];
    sha256_of(&[parts.join("\0").as_bytes()])
}

/// What the box of a new PIN is bound to: the same, under another name, so that neither box fits in the place of the other.
pub fn new_pin_digest(known: &Replacement, proof: Id) -> [u8; 32] {
    let parts = [
        "kabao-replace-pin-1".to_owned(), known.id.to_string(), proof.to_string(), known.account.to_string(),
        known.device_key.to_string(), known.approve_key.to_string(), known.model.clone(),
    ];
    sha256_of(&[parts.join("\0").as_bytes()])
}

/// Everything in one step: the earlier phones and their codes are shut out, what was never handed on is fenced, this phone
/// is the account's, limits are low for a day. Safe to repeat after a crash at any place.
pub fn complete(service: &Service, state: &mut service::State, known: &Replacement, now: Timestamp) -> Outcome<()> {
    let row = ReplacedRow {
        replacement: known.id,
        account: known.account,
        device: service.make_id(),
        device_key: known.device_key,
        approve_key: known.approve_key,
        model: known.model.clone(),
        at: now,
    };
    // The vault's word comes first and stands: the same replacement again gets the device of the first call.
    let VaultAnswer::Replaced(rows) = service.ask_vault(VaultCall::KeepReplaced(row))? else { return Err(Refusal::down()) };
    let row = rows.into_iter().find(|row| row.replacement == known.id).ok_or_else(Refusal::down)?;
    let account = known.account.to_string();
    store::write(&mut state.db, |tx| {
        shut_out(tx, &row, true)?;
        let sql = "SELECT intent_id FROM payments WHERE account_id = ?1 AND state = 'accepted'";
        let open: Vec<Id> = all(tx, sql, [&account], |row| id_at(row, "intent_id"))?;
        for intent in open {
            let payment = pay::load(tx, intent)?.ok_or_else(internal)?;
            finish::bury(tx, service, &payment, now)?;
        }
        let sql = "INSERT INTO notices VALUES (?1, ?2, 'device_replaced', ?3, ?4)";
        run(tx, sql, params![service.make_id().to_string(), account, row.device.to_string(), now.as_ms()])?;
        Ok(())
    })?;
    tell(service, state, known, now);
    Ok(())
}

/// The devices of the account except this one are revoked with their codes; other replacements are void.
fn shut_out(tx: &Connection, row: &ReplacedRow, every: bool) -> Outcome<()> {
    let (account, device, at) = (row.account.to_string(), row.device.to_string(), row.at.as_ms());
    let sql = "INSERT OR IGNORE INTO devices (device_id, account_id, registration_id, device_key, approve_key, model, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let keys = (row.device_key.to_bytes(), row.approve_key.to_bytes());
    run(tx, sql, params![device, account, row.replacement.to_string(), keys.0, keys.1, row.model, at])?;
    let until = if every { i64::MAX } else { at };
    let sql = "UPDATE devices SET revoked = 1, ended_at = ?4, ended_by = 'replaced' WHERE account_id = ?1 AND device_id <> ?2 AND created_at <= ?3 AND revoked = 0";
    run(tx, sql, params![account, device, until, at])?;
    let sql = "UPDATE tokens SET revoked = 1 WHERE device_id IN (SELECT device_id FROM devices WHERE account_id = ?1 AND revoked = 1)";
    run(tx, sql, [&account])?;
    low::begin(tx, row.account, row.at)?;
    let sql = "INSERT INTO replacements (replacement_id, account_id, phone_mark, device_key, approve_key, model, state, number_at, device_id) \
               SELECT ?1, ?2, phone_mark, ?3, ?4, ?5, 'done', ?6, ?7 FROM accounts WHERE account_id = ?2 \
               ON CONFLICT (replacement_id) DO UPDATE SET state = 'done', device_id = ?7";
    run(tx, sql, params![row.replacement.to_string(), account, keys.0, keys.1, row.model, at, device])?;
    let sql = "UPDATE replacements SET state = 'void' WHERE account_id = ?1 AND replacement_id <> ?2 AND state = 'open' AND number_at <= ?3";
    run(tx, sql, params![account, row.replacement.to_string(), until])?;
    run(tx, "UPDATE sign_ins SET state = 'void' WHERE account_id = ?1 AND state = 'open' AND number_at <= ?2", params![account, until])?;
    Ok(())
}

/// A book that was put back learns everything that the vault wrote down. Called before it answers anybody. Safe to repeat.
pub fn reapply_all(service: &Service, state: &mut service::State) -> Outcome<()> {
    // Accounts first, for the phones of those that the book did not know; and once more, for what was decided on such phones.
    crate::number::reapply(service, state)?;
    reapply(service, state)?;
    crate::number::reapply(service, state)
}

/// A book that was put back learns which phones are shut out.
fn reapply(service: &Service, state: &mut service::State) -> Outcome<()> {
    // Who is signed in comes first: a replacement shuts out what came before it.
    crate::sign_in::reapply(service, state)?;
    let VaultAnswer::Replaced(rows) = service.ask_vault(VaultCall::Replaced)? else { return Err(Refusal::down()) };
    store::write(&mut state.db, |tx| {
        for row in &rows {
            let known = one(tx, "SELECT 1 FROM accounts WHERE account_id = ?1", [row.account.to_string()], |row| row.get::<_, i64>(0))?;
            if known.is_some() {
                shut_out(tx, row, false)?;
            }
        }
        // Codes of a phone that was shut out or signed out may have been learnt after that.
        run(tx, "UPDATE tokens SET revoked = 1 WHERE device_id IN (SELECT device_id FROM devices WHERE revoked = 1)", [])?;
        Ok(())
    })
}

/// The person hears of it on the number, whoever holds it. Codes that other phones wait for are worth nothing any more.
fn tell(service: &Service, state: &mut service::State, known: &Replacement, now: Timestamp) {
    let phone = account(&state.db, known.account).and_then(|who| phone_of(service, &who));
    let Ok(phone) = phone else { return };
    state.memory.replacements.retain(|id, pending| *id == known.id || pending.phone != phone);
    state.memory.sign_ins.retain(|_, waiting| waiting.pending.phone != phone);
    let text = format!("【卡包】你的账户已换到新手机（{}），原手机已停用，24小时内限额较低。如非本人操作，请立即冻结账户并联系客服。", known.model);
    crate::tell::contacts(service, state, known.account, &text, now);
    state.memory.inbox.entry(phone).or_default().push(Sms { text, otp: String::new(), at: now });
}

/// A replacement as its phone sees it.
pub fn view(service: &Service, db: &Connection, known: &Replacement, who: &Account) -> Outcome<ReplacementOut> {
    let done = known.stage == Stage::Done;
    let needs_person = !done && who.class > 0 && known.person != Person::Passed;
    let mut out = ReplacementOut {
        replacement_id: known.id.to_string(),
        state: match (done, known.person) {
            (true, _) => "done",
            (false, Person::Pending) => "person_pending",
            (false, _) => "proving",
        }
        .to_owned(),
        account_id: known.account.to_string(),
        needs_person,
        needs_pin: !done && who.pin_set,
        verified: who.class > 0,
        pin_set: who.pin_set,
        device_id: None,
        pin_by: None,
        low_until: None,
        open: Vec::new(),
    };
    if let (true, Some(device)) = (done, known.device) {
        let sql = "SELECT revoked FROM devices WHERE device_id = ?1";
        if one(db, sql, [device.to_string()], |row| row.get::<_, bool>(0))? != Some(false) {
            return Err(Refusal::of(401, Code::DeviceRevoked));
        }
        let sql = "SELECT low_until FROM accounts WHERE account_id = ?1";
        let low: Option<i64> = one(db, sql, [known.account.to_string()], |row| row.get(0))?;
        out.device_id = Some(device.to_string());
        out.pin_by = pin_reset::chosen_by(db, known.id)?.map(|id| id.to_string());
        out.low_until = low.filter(|low| *low > service.now().as_ms());
        out.open = open_intents(db, known.account)?;
    }
    Ok(out)
}

/// Payments that a bank has and whose end is not known: with their terms as the person approved them.
fn open_intents(db: &Connection, account: Id) -> Outcome<Vec<OpenIntentOut>> {
    let sql = "SELECT intent_id FROM payments WHERE account_id = ?1 AND state IN ('accepted', 'sent', 'cancelling') ORDER BY created_at, intent_id";
    let ids: Vec<Id> = all(db, sql, [account.to_string()], |row| id_at(row, "intent_id"))?;
    let mut open = Vec::with_capacity(ids.len());
    for id in ids {
        let payment = pay::load(db, id)?.ok_or_else(internal)?;
        debug_assert!(payment.state != PayState::Succeeded);
        let Some(terms) = terms(db, &payment)? else { continue };
        let name = match (payment.payee, payment.card) {
            (Some(_), _) if payment.to_card().is_some() => pay::withdraw::bank_of(db, &payment)?,
            (Some(id), _) => payee(db, id)?.name,
            (None, Some(card)) => card_of(db, account, card)?.bank,
            (None, None) => String::new(),
        };
        open.push(OpenIntentOut { terms: wire::text(&terms.encode()), payee_name: name, created_at: payment.created_at.as_ms() });
    }
    Ok(open)
}

/// The terms again, from the quote that they were approved from; only when their digest is the one that was approved.
fn terms(db: &Connection, payment: &pay::Payment) -> Outcome<Option<Terms>> {
    let sql = "SELECT quote_id, challenge, expires_at FROM quotes WHERE used_by = ?1";
    let quote = one(db, sql, [payment.intent.to_string()], |row| Ok((id_at(row, "quote_id")?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?)))?;
    let Some((quote_id, challenge, expires_at)) = quote else { return Ok(None) };
    let Some(kind) = MoveKind::parse(&payment.kind) else { return Ok(None) };
    let terms = Terms {
        intent_id: payment.intent,
        kind,
        quote_id,
        account_id: payment.account,
        payee_id: payment.payee,
        order: payment.order.clone(),
        amount: fen(payment.amount),
        fee: fen(payment.fee),
        source: payment.card.map_or(Source::Balance, Source::Card),
        delay_ms: None,
        expires_at: Timestamp::from_ms(expires_at),
        challenge: challenge.try_into().map_err(|_| internal())?,
    };
    Ok(Some(terms).filter(|terms| Some(terms.digest()) == payment.digest))
}
