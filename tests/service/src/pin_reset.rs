//! A new PIN for who forgot it, as the book has it. The vault takes the PIN and writes down that it did, in one step and
//! before the book: a book that is put back to an older copy must not bring a locked PIN or high limits back.

use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service};
use crate::store::people::{Account, account};
use crate::store::low::{self, LOW_MS};
use crate::store::{self, id_at, maybe_id_at, one, run};
use crate::tell as telling;
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use crate::ways::{PROVEN_MS, Person, Stage};
use crate::wire::PinResetOut;
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::digest::sha256_of;
use kabao_proof::{Digest32, SealedBox};
use rusqlite::{Connection, Row, params};

/// A reset of a PIN.
#[derive(Debug, Clone)]
pub struct Reset {
    /// The phone's id of it.
    pub id: Id,
    /// The account.
    pub account: Id,
    /// The phone that asked for it, and that alone can go on with it.
    pub device: Id,
    /// Where it stands.
    pub stage: Stage,
    /// When the number was proven.
    pub number_at: Option<i64>,
    /// How far the name is proven.
    pub person: Person,
    /// The proof that the vendor judges.
    pub person_proof: Option<Id>,
    /// The try whose PIN counts.
    pub done_by: Option<Id>,
    /// Until when limits are low.
    pub low_until: Option<i64>,
}

fn read(row: &Row) -> rusqlite::Result<Reset> {
    Ok(Reset {
        id: id_at(row, "reset_id")?,
        account: id_at(row, "account_id")?,
        device: id_at(row, "device_id")?,
        stage: row.get("state")?,
        number_at: row.get("number_at")?,
        person: row.get("person")?,
        person_proof: maybe_id_at(row, "person_proof")?,
        done_by: maybe_id_at(row, "done_by")?,
        low_until: row.get("low_until")?,
    })
}

/// A reset by its id.
pub fn load(db: &Connection, id: Id) -> Outcome<Option<Reset>> {
    Ok(one(db, "SELECT * FROM pin_resets WHERE reset_id = ?1", [id.to_string()], read)?)
}

/// Another reset was first.
pub fn overtaken() -> Refusal {
    Refusal::of(409, Code::PinResetDone)
}

impl Reset {
    /// Whether the number was proven too long ago.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.stage == Stage::Open && self.number_at.is_some_and(|at| now.as_ms().saturating_sub(at) > PROVEN_MS)
    }

    /// What the person has to do next.
    pub fn step(&self) -> &'static str {
        match self.stage {
            Stage::Done => "done",
            _ if self.number_at.is_none() => "code",
            _ if self.person == Person::Pending => "person_pending",
            _ => "proving",
        }
    }

    /// What the new PIN's box is bound to: this reset, this try, this account, this phone.
    pub fn digest(&self, proof: Id) -> [u8; 32] {
        let parts = ["kabao-pin-reset-1".to_owned(), self.id.to_string(), proof.to_string(), self.account.to_string(), self.device.to_string()];
        sha256_of(&[parts.join("\0").as_bytes()])
    }

    /// As its phone sees it.
    pub fn view(&self, who: &Account, now: Timestamp) -> Outcome<PinResetOut> {
        if self.stage == Stage::Void {
            return Err(overtaken());
        }
        Ok(PinResetOut {
            reset_id: self.id.to_string(),
            state: self.step().to_owned(),
            phone_masked: who.phone_masked.clone(),
            needs_person: self.stage == Stage::Open && self.person != Person::Passed,
            done_by: self.done_by.map(|id| id.to_string()),
            low_until: self.low_until.filter(|until| now.as_ms() < *until),
        })
    }
}

/// Everything in one step: the vault takes the PIN, limits are low for a day, other resets of the account end. Safe to repeat
/// after a crash at any place; the PIN of the first try that came to its end stands.
pub fn complete(service: &Service, state: &mut service::State, known: &Reset, proof: Id, sealed: SealedBox, phone: &str, now: Timestamp) -> Outcome<()> {
    let new = NewPin { decision: known.id, account: known.account, device: known.device, proof, digest: known.digest(proof), sealed };
    take(service, state, new, phone, now)
}

/// A PIN that is to take the place of another.
pub struct NewPin {
    /// The reset, or the replacement of a phone, under which it is chosen: each takes one PIN.
    pub decision: Id,
    /// The account.
    pub account: Id,
    /// The phone that asked; a phone that is none of the account's yet is named by its replacement.
    pub device: Id,
    /// The try.
    pub proof: Id,
    /// What the box is bound to.
    pub digest: [u8; 32],
    /// The PIN.
    pub sealed: SealedBox,
}

/// The vault takes the PIN, then the book learns it. The person has to be proven before.
pub fn take(service: &Service, state: &mut service::State, new: NewPin, phone: &str, now: Timestamp) -> Outcome<()> {
    let NewPin { decision, account, device, proof, digest, sealed } = new;
    let low_until = now.plus_ms(LOW_MS).as_ms();
    let row = DecisionRow { decision, account, body: Decision::PinReset { device, proof, low_until }, at: now };
    let call = VaultCall::ResetPin { row, digest: Digest32(digest).to_string(), phone: phone.to_owned(), sealed };
    let rows = match service.ask_vault(call)? {
        VaultAnswer::Decisions(rows) => rows,
        VaultAnswer::Refused { code, .. } => return Err(Refusal::named(422, &code).field("pin")),
        _ => return Err(Refusal::down()),
    };
    let row = rows.into_iter().find(|row| row.decision == decision).ok_or_else(Refusal::down)?;
    store::write(&mut state.db, |tx| {
        apply(tx, &row)?;
        let account = account.to_string();
        let sql = "UPDATE pin_resets SET state = 'void' WHERE account_id = ?1 AND reset_id <> ?2 AND state = 'open'";
        run(tx, sql, [&account, &decision.to_string()])?;
        let sql = "INSERT INTO notices VALUES (?1, ?2, 'pin_reset', ?3, ?4)";
        run(tx, sql, params![service.make_id().to_string(), account, device.to_string(), now.as_ms()])?;
        Ok(())
    })?;
    let text = "【卡包】你的支付密码已通过实名核实重设，24小时内限额较低。如非本人操作，请立即用应急卡冻结账户，并联系客服。";
    telling::person(service, state, account, text, now);
    Ok(())
}

/// Whether the vault took the PIN of this reset, before the book could say so. Then the book learns it.
pub fn catch_up(service: &Service, state: &mut service::State, known: Reset) -> Outcome<Reset> {
    if known.stage == Stage::Done {
        return Ok(known);
    }
    learn(service, state, known.id)?;
    load(&state.db, known.id)?.ok_or_else(service::internal)
}

/// The book learns which PIN the vault took under this id, if it took one.
pub fn learn(service: &Service, state: &mut service::State, decision: Id) -> Outcome<()> {
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::Decisions)? else { return Err(Refusal::down()) };
    match rows.into_iter().find(|row| row.decision == decision) {
        Some(row) => store::write(&mut state.db, |tx| apply(tx, &row)),
        None => Ok(()),
    }
}

/// The try whose PIN counts, where one was chosen under this id.
pub fn chosen_by(db: &Connection, decision: Id) -> Outcome<Option<Id>> {
    let sql = "SELECT done_by FROM pin_resets WHERE reset_id = ?1 AND state = 'done'";
    Ok(one(db, sql, [decision.to_string()], |row| maybe_id_at(row, "done_by"))?.flatten())
}

/// Writes a decided reset into the book.
pub fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    let Decision::PinReset { device, proof, low_until } = &row.body else { return Ok(()) };
    let account = row.account.to_string();
    let sql = "UPDATE accounts SET pin_set = 1, pin_locked = 0, pin_must_change = 0 WHERE account_id = ?1";
    run(tx, sql, [&account])?;
    low::begin(tx, row.account, row.at)?;
    let sql = "INSERT INTO pin_resets (reset_id, account_id, device_id, state, done_by, low_until, at) VALUES (?1, ?2, ?3, 'done', ?4, ?5, ?6) \
               ON CONFLICT (reset_id) DO UPDATE SET state = 'done', done_by = ?4, low_until = ?5";
    run(tx, sql, params![row.decision.to_string(), account, device.to_string(), proof.to_string(), low_until, row.at.as_ms()])?;
    Ok(())
}

/// The account behind a reset, and its number.
pub fn holder(service: &Service, state: &service::State, known: &Reset) -> Outcome<(Account, String)> {
    let who = account(&state.db, known.account)?;
    let phone = crate::api::account::phone_of(service, &who)?;
    Ok((who, phone))
}
