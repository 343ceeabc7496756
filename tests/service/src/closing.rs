//! Closing an account: what stands in the way, the days in which it can be taken back, and the end. The vault writes the end
//! down first: a book that is put back to an older copy does not open what was closed.

use crate::claims;
use crate::pay::recall;
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service};
use crate::store::people::cards;
use crate::store::{self, all, id_at, ledger, meta, one, run};
use crate::tell;
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use crate::wire::{ClosureOut, ClosurePointOut};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::digest::sha256_of;
use rusqlite::{Connection, Row, params};

/// How long a closing account can be taken back, unless the book says otherwise: data of this service, told with every answer.
const COOLING_MS: i64 = 7 * 86_400_000;
/// Under which name the book says otherwise.
pub const COOLING: &str = "cooling_ms";
/// How long what the law keeps is kept: records of transactions and of who the person was (AML Law 2024, art. 34).
pub const KEPT_YEARS: u32 = 10;

/// Where a closure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It can be taken back.
    Cooling,
    /// It was taken back.
    Reopened,
    /// At its end something stood in the way, and the account goes on.
    Blocked,
    /// The account is closed for good.
    Closed,
}

/// A closure.
#[derive(Debug, Clone)]
pub struct Closure {
    /// The phone's id of it.
    pub id: Id,
    /// The account.
    pub account: Id,
    /// Where it stands.
    pub stage: Stage,
    /// Why it was blocked.
    pub code: Option<String>,
    /// When it comes to its end.
    pub closes_at: i64,
}

fn read(row: &Row) -> rusqlite::Result<Closure> {
    Ok(Closure {
        id: id_at(row, "closure_id")?,
        account: id_at(row, "account_id")?,
        stage: match row.get::<_, String>("state")?.as_str() {
            "cooling" => Stage::Cooling,
            "reopened" => Stage::Reopened,
            "blocked" => Stage::Blocked,
            _ => Stage::Closed,
        },
        code: row.get("code")?,
        closes_at: row.get("closes_at")?,
    })
}

/// How long a closing account can be taken back.
fn cooling_ms(db: &Connection) -> Outcome<i64> {
    Ok(meta::number(db, COOLING, COOLING_MS)?)
}

/// A closure by its id.
pub fn load(db: &Connection, id: Id) -> Outcome<Option<Closure>> {
    Ok(one(db, "SELECT * FROM closures WHERE closure_id = ?1", [id.to_string()], read)?)
}

/// The newest closure of an account.
pub fn newest(db: &Connection, account: Id) -> Outcome<Option<Closure>> {
    let sql = "SELECT * FROM closures WHERE account_id = ?1 ORDER BY asked_at DESC, state = 'cooling' DESC, closure_id LIMIT 1";
    Ok(one(db, sql, [account.to_string()], read)?)
}

/// Whether an account is closed for good.
pub fn is_closed(db: &Connection, account: Id) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM closures WHERE account_id = ?1 AND state = 'closed'";
    Ok(one(db, sql, [account.to_string()], |row| row.get::<_, i64>(0))?.is_some())
}

/// What has to be settled before an account can be closed, each with how much of it there is. What is on its way to the account does not
/// count, or anybody could keep it open: it goes back when the account is closed by then.
pub fn points(db: &Connection, account: Id) -> Outcome<Vec<ClosurePointOut>> {
    let count = |sql: &str| -> Outcome<i64> { Ok(one(db, sql, [account.to_string()], |row| row.get::<_, i64>(0))?.unwrap_or(0)) };
    let found = [
        ("balance", Code::ClosureBalance, ledger::user_balance(db, account)?),
        (
            "in_flight",
            Code::ClosureInFlight,
            count("SELECT (SELECT count(*) FROM payments WHERE account_id = ?1 AND state IN ('accepted', 'sent', 'cancelling', 'orphan')) \
                   + (SELECT count(*) FROM transfers WHERE state = 'waiting' AND payer = ?1)")?
            // What was paid out of a book that was lost: the money it came from comes back with a phone's proof.
            .saturating_add(recall::untaken(db, account)?),
        ),
        ("asks", Code::ClosureAsks, count("SELECT count(*) FROM charges WHERE account_id = ?1 AND state = 'asked'")?),
        ("returns", Code::ClosureReturns, count("SELECT count(*) FROM returns WHERE account_id = ?1 AND state NOT IN ('returned', 'rerouted')")?),
        ("cards", Code::ClosureCards, i64::try_from(cards(db, account)?.len()).unwrap_or(i64::MAX)),
    ];
    let point = |(name, code, count): (&str, Code, i64)| ClosurePointOut {
        point: name.to_owned(),
        blocks: count != 0,
        code: (count != 0).then(|| code.as_str().to_owned()),
        count,
    };
    Ok(found.into_iter().map(point).collect())
}

/// The first point that stands in the way. A frozen account stays.
fn blocker(db: &Connection, account: Id) -> Outcome<Option<String>> {
    let sql = "SELECT frozen FROM accounts WHERE account_id = ?1";
    if one(db, sql, [account.to_string()], |row| row.get::<_, bool>(0))? == Some(true) {
        return Ok(Some(Code::AccountFrozen.as_str().to_owned()));
    }
    Ok(points(db, account)?.into_iter().find_map(|point| point.code))
}

/// How the closing of an account stands.
pub fn view(db: &Connection, account: Id) -> Outcome<ClosureOut> {
    let newest = newest(db, account)?;
    let cooling = newest.as_ref().filter(|known| known.stage == Stage::Cooling);
    Ok(ClosureOut {
        state: if cooling.is_some() { "cooling" } else { "open" }.to_owned(),
        closure_id: newest.as_ref().map(|known| known.id.to_string()),
        closes_at: cooling.map(|known| known.closes_at),
        blocked: newest.as_ref().filter(|known| known.stage == Stage::Blocked).and_then(|known| known.code.clone()),
        points: points(db, account)?,
        cooling_ms: cooling_ms(db)?,
        kept_years: KEPT_YEARS,
        claim_years: claims::YEARS,
    })
}

/// The days of taking it back begin: nothing is paid any more, the payer codes of every phone are worth nothing.
pub fn begin(service: &Service, state: &mut service::State, id: Id, of: Id, device: Id, now: Timestamp) -> Outcome<()> {
    if let Some(code) = blocker(&state.db, of)? {
        return Err(Refusal::named(409, &code));
    }
    let closes_at = now.plus_ms(cooling_ms(&state.db)?).as_ms();
    store::write(&mut state.db, |tx| {
        let (account, device) = (of.to_string(), device.to_string());
        let sql = "INSERT INTO closures (closure_id, account_id, device_id, state, asked_at, closes_at) VALUES (?1, ?2, ?3, 'cooling', ?4, ?5)";
        run(tx, sql, params![id.to_string(), account, device, now.as_ms(), closes_at])?;
        run(tx, "UPDATE tokens SET revoked = 1 WHERE account_id = ?1 AND consumed_at IS NULL", [&account])?;
        notice(tx, service, of, "closure_begun", now)
    })?;
    tell::person(service, state, of, "【卡包】你的账户正在注销，到期前可在原手机上撤销。如非本人操作，请立即撤销并联系客服。注销后若有退款，原卡不能收款的，三年内可凭姓名和证件向客服领取。", now);
    Ok(())
}

fn notice(tx: &Connection, service: &Service, of: Id, kind: &str, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO notices VALUES (?1, ?2, ?3, NULL, ?4)";
    run(tx, sql, params![service.make_id().to_string(), of.to_string(), kind, now.as_ms()])?;
    Ok(())
}

/// Has the vault write a decision down, before the book does.
pub fn keep(service: &Service, decision: Id, of: Id, body: Decision, now: Timestamp) -> Outcome<()> {
    let row = DecisionRow { decision, account: of, body, at: now };
    match service.ask_vault(VaultCall::KeepDecision(row))? {
        VaultAnswer::Decisions(_) => Ok(()),
        _ => Err(Refusal::down()),
    }
}

/// Taken back. An older copy of the book must not close the account after all, so that the vault hears of it first.
pub fn reopen(service: &Service, state: &mut service::State, known: &Closure, now: Timestamp) -> Outcome<()> {
    keep(service, known.id, known.account, Decision::Reopened, now)?;
    store::write(&mut state.db, |tx| {
        end(tx, known.id, "reopened", None, now)?;
        notice(tx, service, known.account, "closure_taken_back", now)
    })?;
    tell::person(service, state, known.account, "【卡包】账户注销已撤销，账户恢复使用。", now);
    Ok(())
}

/// The account was frozen while it was closing: the closing is called off. Says whether there was one.
pub fn call_off(service: &Service, state: &mut service::State, of: Id, now: Timestamp) -> Outcome<bool> {
    let Some(known) = newest(&state.db, of)?.filter(|known| known.stage == Stage::Cooling) else { return Ok(false) };
    let row = DecisionRow { decision: known.id, account: of, body: Decision::Reopened, at: now };
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::KeepDecision(row))? else { return Err(Refusal::down()) };
    if rows.iter().any(|row| row.body == Decision::Closed) {
        // Its end was written down before, and is a matter of moments.
        return Ok(false);
    }
    store::write(&mut state.db, |tx| {
        end(tx, known.id, "reopened", None, now)?;
        notice(tx, service, of, "closure_taken_back", now)
    })?;
    Ok(true)
}

fn end(tx: &Connection, id: Id, stage: &str, code: Option<&str>, now: Timestamp) -> Outcome<()> {
    let sql = "UPDATE closures SET state = ?2, code = ?3, ended_at = ?4 WHERE closure_id = ?1 AND state = 'cooling'";
    run(tx, sql, params![id.to_string(), stage, code, now.as_ms()])?;
    Ok(())
}

/// Ends the closures whose days are over: for good, or, when money arrived meanwhile or the account was frozen, not at all.
pub fn close_due(service: &Service, now: Timestamp) -> Outcome<()> {
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        return Ok(());
    }
    let due = all(&state.db, "SELECT * FROM closures WHERE state = 'cooling' AND closes_at <= ?1", [now.as_ms()], read)?;
    if due.is_empty() {
        return Ok(());
    }
    let VaultAnswer::Decisions(decided) = service.ask_vault(VaultCall::Decisions)? else { return Err(Refusal::down()) };
    for known in due {
        // What the vault has written down is decided, whatever arrived since.
        let is_decided = decided.iter().any(|row| row.decision == known.id);
        match blocker(&state.db, known.account)?.filter(|_| !is_decided) {
            Some(code) => {
                store::write(&mut state.db, |tx| {
                    end(tx, known.id, "blocked", Some(&code), now)?;
                    notice(tx, service, known.account, "closure_blocked", now)
                })?;
                let text = match code.as_str() == Code::AccountFrozen.as_str() {
                    true => "【卡包】账户未能注销：账户已冻结，注销已撤销。解冻请联系客服。",
                    false => "【卡包】账户未能注销：注销期间有款项到账或业务未了结，账户恢复使用，请处理后重新申请。",
                };
                tell::person(service, state, known.account, text, now);
            }
            None => close(service, state, &known, now)?,
        }
    }
    Ok(())
}

/// For good. Safe to repeat after a crash at any place.
fn close(service: &Service, state: &mut service::State, known: &Closure, now: Timestamp) -> Outcome<()> {
    keep(service, known.id, known.account, Decision::Closed, now)?;
    // While the number is still known.
    tell::person(service, state, known.account, "【卡包】你的账户已注销。此号码可重新注册。此后若有退款，原卡不能收款的，三年内可凭姓名和证件向客服领取。", now);
    service.ask_vault(VaultCall::Forget { account: known.account, decision: known.id })?;
    store::write(&mut state.db, |tx| {
        erase(tx, known.account)?;
        end(tx, known.id, "closed", None, now)?;
        notice(tx, service, known.account, "closed", now)
    })?;
    Ok(())
}

/// The person goes from the book; what the law keeps stays: postings, history, receipts, the masked name and number.
fn erase(tx: &Connection, of: Id) -> Outcome<()> {
    let key = of.to_string();
    let free = sha256_of(&[b"kabao-closed-1", of.as_bytes()]);
    let sql = "UPDATE accounts SET phone_mark = ?2, phone_sealed = x'', sheet_hash = NULL, id_mark = NULL, pin_set = 0, pin_locked = 0, class = 0 \
               WHERE account_id = ?1";
    run(tx, sql, params![key, free])?;
    for sql in [
        "UPDATE devices SET revoked = 1, model = '', head = NULL, build = '' WHERE account_id = ?1",
        "UPDATE tokens SET revoked = 1, key_sealed = x'' WHERE account_id = ?1",
        "UPDATE replacements SET state = 'void', phone_mark = x'', model = '' WHERE account_id = ?1",
        "UPDATE sign_ins SET state = 'void', phone_mark = x'', model = '' WHERE account_id = ?1",
        "UPDATE phone_changes SET state = 'void', new_mark = x'', new_sealed = x'', old_mark = x'' WHERE account_id = ?1",
        "UPDATE pin_resets SET state = 'void' WHERE account_id = ?1",
        "UPDATE bindings SET token = NULL, last4 = NULL WHERE account_id = ?1",
        "UPDATE accounts SET document = NULL, expires_on = NULL, reverify_by = NULL WHERE account_id = ?1",
        "DELETE FROM identity_checks WHERE account_id = ?1",
        "DELETE FROM liveness_nonces WHERE account_id = ?1",
        "DELETE FROM guardian_codes WHERE account_id = ?1",
        "UPDATE cards SET last4 = '' WHERE account_id = ?1",
        "DELETE FROM contacts WHERE account_id = ?1",
        "DELETE FROM contact_asks WHERE account_id = ?1",
        "DELETE FROM quotes WHERE account_id = ?1 AND used_by IS NULL",
    ] {
        run(tx, sql, [&key])?;
    }
    Ok(())
}

/// Writes what the vault decided about closures into a book that was put back.
pub fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    let stage = if row.body == Decision::Closed { "closed" } else { "reopened" };
    let sql = "INSERT INTO closures (closure_id, account_id, device_id, state, asked_at, closes_at, ended_at) VALUES (?1, ?2, '', ?3, ?4, ?4, ?4) \
               ON CONFLICT (closure_id) DO UPDATE SET state = ?3, ended_at = ?4";
    run(tx, sql, params![row.decision.to_string(), row.account.to_string(), stage, row.at.as_ms()])?;
    if stage == "closed" { erase(tx, row.account) } else { Ok(()) }
}
