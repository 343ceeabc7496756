//! Provisioning of payer codes.

use crate::api::account::ready;
use crate::config::{CODE_LENGTH, CODE_PREFIX};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service, internal};
use crate::store::{self, all, id_at, one, run};
use crate::wire::{self, BatchOut, TokenOut};
use crate::world::make_digits;
use kabao_base::{Code, Id};
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
    store::write(&mut state.db, |tx| {
        let (account, device) = (caller.account.to_string(), caller.device.to_string());
        run(tx, "INSERT INTO batches VALUES (?1, ?2, ?3, ?4, ?5)", params![batch.to_string(), account, device, count, now.as_ms()])?;
        let sql = "INSERT OR IGNORE INTO tokens (token_id, batch_id, position, account_id, device_id, key_sealed, not_after, cap, cap_untrusted) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        for position in 0..count {
            let mut added = 0;
            // An id that is taken is drawn again; in 10¹¹ that is rare.
            while added == 0 {
                let token = make_digits(service.world.as_ref(), super::TOKEN_DIGITS);
                let mut key = zeroize::Zeroizing::new([0u8; 32]);
                service.world.random(&mut key[..]);
                let sealed = service.keys.sealer.seal(service.world.as_ref(), &place(&token), &key[..]).map_err(|_| internal())?;
                let not_after = now.plus_ms(LIFE_MS).as_ms();
                added = run(tx, sql, params![token, batch.to_string(), position, account, device, sealed, not_after, CAP, CAP_UNTRUSTED])?;
            }
        }
        Ok(())
    })?;
    load(service, &state.db, batch)
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
