//! Provisioning of payer codes. The vault writes a batch down before the phone has it: a book that is put back to an older copy learns it
//! from there, and knows whose money a till has taken with one of its codes meanwhile.

use crate::api::account::ready;
use crate::config::{CODE_LENGTH, CODE_PREFIX};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service, internal};
use crate::store::{self, all, id_at, one, run};
use crate::vault::{Decision, DecisionRow, HandedOut, VaultAnswer, VaultCall};
use crate::wire::{self, BatchOut, TokenOut};
use crate::world::make_digits;
use kabao_base::{Code, Id, Timestamp};
use kabao_outside::World;
use rusqlite::{Connection, params};

/// How long a token lives.
const LIFE_MS: i64 = 24 * 3_600_000;
/// The most without a question, fen.
pub const CAP: i64 = 10_000;
/// The most with a clock that cannot be trusted, fen.
pub const CAP_UNTRUSTED: i64 = 5_000;
const LARGEST_BATCH: u32 = 20;
/// How many live tokens one phone may hold.
const LIVE: i64 = 100;

/// Makes a batch, or gives the one of the same id again.
pub fn provision(service: &Service, caller: &Caller, batch: Id, count: u32) -> Outcome<BatchOut> {
    if count == 0 || count > LARGEST_BATCH {
        return Err(Refusal::argument("count"));
    }
    let now = service.now();
    let mut state = service.state();
    let sql = "SELECT account_id, device_id, count FROM batches WHERE batch_id = ?1";
    let known = one(&state.db, sql, [batch.to_string()], |row| Ok((id_at(row, "account_id")?, id_at(row, "device_id")?, row.get::<_, u32>(2)?)))?;
    match known {
        Some(same) if same == (caller.account, caller.device, count) => return load(service, &state.db, batch),
        Some(_) => return Err(Refusal::of(409, Code::IdReused)),
        None => {}
    }
    ready(&state.db, caller.account, now)?;
    service.builds().may_pay(&state.db, caller.device)?;
    let sql = "SELECT count(*) FROM tokens WHERE device_id = ?1 AND consumed_at IS NULL AND revoked = 0 AND not_after > ?2";
    let live = one(&state.db, sql, params![caller.device.to_string(), now.as_ms()], |row| row.get::<_, i64>(0))?.unwrap_or(0);
    if live.saturating_add(i64::from(count)) > LIVE {
        return Err(Refusal::of(429, Code::TooManyRequests).retry_after(60_000));
    }
    let body = Decision::Codes { device: caller.device, codes: draw(service, &state.db, count, now)? };
    let row = DecisionRow { decision: batch, account: caller.account, body, at: now };
    let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::KeepDecision(row))? else { return Err(Refusal::down()) };
    // What stood there before counts: the service died between the vault and the book.
    let kept = rows.into_iter().next().ok_or_else(Refusal::down)?;
    let same = matches!(&kept.body, Decision::Codes { device, codes } if *device == caller.device && u32::try_from(codes.len()) == Ok(count));
    if !same || kept.account != caller.account {
        return Err(Refusal::of(409, Code::IdReused));
    }
    store::write(&mut state.db, |tx| apply(tx, &kept))?;
    load(service, &state.db, batch)
}

fn draw(service: &Service, db: &Connection, count: u32, now: Timestamp) -> Outcome<Vec<HandedOut>> {
    let mut drawn: Vec<HandedOut> = Vec::new();
    for _ in 0..count {
        let mut token = make_digits(service.world.as_ref(), super::TOKEN_DIGITS);
        // One that is taken is drawn again; in 10¹¹ that is rare.
        while drawn.iter().any(|code| code.token == token) || one(db, "SELECT 1 FROM tokens WHERE token_id = ?1", [&token], |row| row.get::<_, i64>(0))?.is_some() {
            token = make_digits(service.world.as_ref(), super::TOKEN_DIGITS);
        }
        let mut key = zeroize::Zeroizing::new([0u8; 32]);
        service.world.random(&mut key[..]);
        let sealed = service.keys.sealer.seal(service.world.as_ref(), &place(&token), &key[..]).map_err(|_| internal())?;
        drawn.push(HandedOut { token, key_sealed: wire::text(&sealed), not_after: now.plus_ms(LIFE_MS).as_ms() });
    }
    Ok(drawn)
}

/// Writes a batch into the book. Safe to repeat.
pub(crate) fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    let Decision::Codes { device, codes } = &row.body else { return Ok(()) };
    let (batch, account, device) = (row.decision.to_string(), row.account.to_string(), device.to_string());
    let sql = "INSERT OR IGNORE INTO batches VALUES (?1, ?2, ?3, ?4, ?5)";
    if run(tx, sql, params![batch, account, device, u32::try_from(codes.len()).map_err(|_| internal())?, row.at.as_ms()])? == 0 {
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO tokens (token_id, batch_id, position, account_id, device_id, key_sealed, not_after, cap, cap_untrusted) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    for (position, code) in (0u32..).zip(codes) {
        let sealed = wire::bytes(&code.key_sealed, "key")?;
        run(tx, sql, params![code.token, batch, position, account, device, sealed, code.not_after, CAP, CAP_UNTRUSTED])?;
    }
    Ok(())
}

fn place(token: &str) -> String {
    format!("token:{token}")
}

/// The key of a token.
pub(super) fn key(service: &Service, token: &str, sealed: &[u8]) -> Outcome<zeroize::Zeroizing<Vec<u8>>> {
    service.keys.sealer.open(&place(token), sealed).map_err(|_| internal())
}

fn load(service: &Service, db: &Connection, batch: Id) -> Outcome<BatchOut> {
    let sql = "SELECT token_id, key_sealed, not_after, cap, cap_untrusted FROM tokens WHERE batch_id = ?1 ORDER BY position";
    let rows: Vec<(String, Vec<u8>, i64, i64, i64)> =
        all(db, sql, [batch.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let mut tokens = Vec::with_capacity(rows.len());
    for (token_id, sealed, not_after, cap, cap_untrusted) in rows {
        let key = wire::text(&key(service, &token_id, &sealed)?);
        tokens.push(TokenOut { token_id, key, not_after, cap: cap.into(), cap_untrusted: cap_untrusted.into() });
    }
    let length = u32::try_from(CODE_LENGTH).map_err(|_| internal())?;
    Ok(BatchOut { batch_id: batch.to_string(), prefix: CODE_PREFIX.to_owned(), length, tokens })
}
