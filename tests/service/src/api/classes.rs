//! The class of a payment account: how many external checks agree about its person (PBOC Announcement 2015 No. 43,
//! article 11: one, three, five). Registers count, and each bank whose card is bound. A class is not lowered by a card
//! that is unbound. Who is under 18 stays in class I.

use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::people::account;
use crate::store::{self, all, one, run};
use crate::vault::{PersonFacts, VaultAnswer, VaultCall};
use crate::wire::{CheckOut, ClassesOut, SourceCheckIn, SourceStateOut};
use axum::extract::State;
use kabao_base::{Code, Id, Timestamp};
use rusqlite::{Connection, params};

/// How many checks the classes I, II and III need.
pub const NEEDS: [i64; 3] = [1, 3, 5];
/// The registers that the vendor asks, in its order.
const REGISTERS: [&str; 7] = ["police", "card_network", "mobile_operator", "social_insurance", "tax", "education", "utilities"];
/// How often registers may be asked in a day.
const ASKS: i64 = 10;
/// Until this age, class I only.
const OF_AGE: u32 = 18;

/// The class of so many checks.
pub(super) fn class_of(checks: i64) -> i64 {
    NEEDS.iter().filter(|needed| checks >= **needed).count().try_into().unwrap_or(0)
}

/// The highest class of an age.
pub(super) fn highest(age: u32) -> i64 {
    if age < OF_AGE { 1 } else { 3 }
}

/// The account's person as the vault tells it.
pub(super) fn person(service: &Service, account: Id) -> Outcome<Option<PersonFacts>> {
    match service.ask_vault(VaultCall::Person { account })? {
        VaultAnswer::Person(facts) => Ok(facts),
        _ => Err(Refusal::down()),
    }
}

/// The vendor says how many of its registers agreed; which, follows from their order.
pub(super) fn add_registers(tx: &Connection, account: Id, count: u32, now: Timestamp) -> Outcome<()> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    for source in REGISTERS.iter().take(count) {
        add(tx, account, source, "match", now)?;
    }
    Ok(())
}

fn add(tx: &Connection, account: Id, source: &str, state: &str, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO identity_checks VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (account_id, source) DO UPDATE SET state = excluded.state, at = excluded.at WHERE state <> 'match'";
    run(tx, sql, params![account.to_string(), source, state, now.as_ms()])?;
    Ok(())
}

/// How many checks agree.
pub(super) fn count(tx: &Connection, account: Id) -> Outcome<i64> {
    let sql = "SELECT count(*) FROM identity_checks WHERE account_id = ?1 AND state = 'match'";
    Ok(one(tx, sql, [account.to_string()], |row| row.get(0))?.unwrap_or(0))
}

/// Lifts the class as far as the checks and the age carry it.
fn lift(tx: &Connection, account: Id, age: u32) -> Outcome<()> {
    let class = class_of(count(tx, account)?).min(highest(age));
    run(tx, "UPDATE accounts SET class = max(class, ?2) WHERE account_id = ?1 AND class > 0", params![account.to_string(), class])?;
    Ok(())
}

/// A card was bound: its bank knows the person.
pub(super) fn count_bank(service: &Service, db: &mut Connection, account: Id, bank: &str, now: Timestamp) -> Outcome<()> {
    let Some(facts) = person(service, account)? else { return Ok(()) };
    store::write(db, |tx| {
        add(tx, account, &format!("bank:{bank}"), "match", now)?;
        lift(tx, account, facts.age)
    })
}

/// The class, what it stands on, and what the next one needs.
#[utoipa::path(get, path = "/v1/account/classes", responses((status = 200, body = ClassesOut), Common))]
pub async fn view(State(service): App, caller: Caller) -> Outcome<Answer> {
    let mut state = service.state();
    let facts = person(&service, caller.account)?;
    if let Some(facts) = &facts {
        // Somebody who came of age is lifted without doing anything.
        store::write(&mut state.db, |tx| lift(tx, caller.account, facts.age))?;
    }
    Answer::json(200, &told(&state.db, caller.account, facts.as_ref())?)
}

/// Asks one more register.
#[utoipa::path(post, path = "/v1/account/classes", request_body = SourceCheckIn, responses((status = 200, body = ClassesOut), Common))]
pub async fn ask(State(service): App, caller: Caller, Sent(body): Sent<SourceCheckIn>) -> Outcome<Answer> {
    let source = REGISTERS.iter().find(|known| **known == body.source).ok_or_else(|| Refusal::argument("source"))?;
    let now = service.now();
    let mut state = service.state();
    let facts = person(&service, caller.account)?;
    let Some(facts) = facts.filter(|_| account(&state.db, caller.account).is_ok_and(|who| who.class > 0 && !who.frozen)) else {
        return Err(Refusal::of(409, Code::WrongStep));
    };
    if !super::consents::stands(&state.db, caller.account, super::consents::REAL_NAME)? {
        return Err(Refusal::of(403, Code::ConsentMissing).field(super::consents::REAL_NAME));
    }
    let sql = "SELECT 1 FROM identity_checks WHERE account_id = ?1 AND source = ?2 AND state = 'match'";
    if one(&state.db, sql, params![caller.account.to_string(), source], |row| row.get::<_, i64>(0))?.is_some() {
        // Asked before, or the answer was lost.
        return Answer::json(200, &told(&state.db, caller.account, Some(&facts))?);
    }
    let bucket = format!("registers:{}", now.china_day());
    let sql = "SELECT used FROM limit_uses WHERE account_id = ?1 AND bucket = ?2";
    let asked: i64 = one(&state.db, sql, params![caller.account.to_string(), bucket], |row| row.get(0))?.unwrap_or(0);
    if asked >= ASKS {
        return Err(Refusal::of(429, Code::TooManyRequests).retry_after(86_400_000));
    }
    let said = match service.ask_vault(VaultCall::AskSource { account: caller.account, source: (*source).to_owned() })? {
        VaultAnswer::Source(said) => said,
        _ => return Err(Refusal::down()),
    };
    if said == "pending" {
        return Err(Refusal::of(503, Code::VendorMaintenance).retry_after(60_000));
    }
    store::write(&mut state.db, |tx| {
        add(tx, caller.account, source, &said, now)?;
        let sql = "INSERT INTO limit_uses VALUES (?1, ?2, 1) ON CONFLICT (account_id, bucket) DO UPDATE SET used = used + 1";
        run(tx, sql, params![caller.account.to_string(), bucket])?;
        lift(tx, caller.account, facts.age)
    })?;
    match code_of(&said) {
        Some(code) => Err(Refusal::rule(code).field("source")),
        None => Answer::json(200, &told(&state.db, caller.account, Some(&facts))?),
    }
}

fn code_of(state: &str) -> Option<Code> {
    match state {
        "mismatch" => Some(Code::SourceMismatch),
        "not_found" => Some(Code::SourceNotFound),
        _ => None,
    }
}

fn told(db: &Connection, id: Id, facts: Option<&PersonFacts>) -> Outcome<ClassesOut> {
    let sql = "SELECT source, state, at FROM identity_checks WHERE account_id = ?1 ORDER BY at, source";
    let rows: Vec<(String, String, i64)> = all(db, sql, [id.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let checks = rows.iter().filter(|(_, state, _)| state == "match").map(|(source, _, at)| match source.split_once(':') {
        Some((kind, bank)) => CheckOut { source: kind.to_owned(), bank: Some(bank.to_owned()), at: *at },
        None => CheckOut { source: source.clone(), bank: None, at: *at },
    });
    let sources = REGISTERS.iter().filter_map(|source| {
        let known = rows.iter().find(|(name, _, _)| name == source);
        let open = known.is_none_or(|(_, state, _)| state != "match");
        let code = known.and_then(|(_, state, _)| code_of(state)).map(|code| code.as_str().to_owned());
        open.then(|| SourceStateOut { source: (*source).to_owned(), code })
    });
    Ok(ClassesOut {
        class: account(db, id)?.class,
        highest: facts.map_or(3, |facts| highest(facts.age)),
        checks: checks.collect(),
        needs: NEEDS.to_vec(),
        sources: sources.collect(),
    })
}
