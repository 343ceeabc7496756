//! Login passwords: kept slowly, counted, locked by a ladder, judged with a signature.
//!
//! What is kept is PBKDF2-HMAC-SHA256 with 600 000 rounds (OWASP Password Storage Cheat Sheet) over a salt that is keyed with the
//! pepper, so that the table alone tells nothing. A password, unlike a PIN, is long enough that the cost of a guess matters.

use super::engine::{Engine, about, open_text, refused};
use super::{LOGIN_DOMAIN, LoginState, LoginVerdict, VaultAnswer, VaultDown, weak_password};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{Digest32, SealedBox};
use kabao_vault_sys::Cached;
use ring::{hmac, pbkdf2};
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use std::num::NonZeroU32;

/// How many wrong tries are free of any waiting.
pub const FREE_TRIES: u32 = 5;
/// Kept with each verifier, so that it can be raised. A build without optimisation takes thirty times as long for a round.
const ROUNDS: u32 = if cfg!(debug_assertions) { 20_000 } else { 600_000 };
const INFO_SET: &[u8] = b"kabao-password-set-1";
const INFO_CHECK: &[u8] = b"kabao-password-1";
const MINUTE: i64 = 60_000;

/// How long nothing is judged after so many wrong tries in a row. A right one ends the row.
pub(super) fn ladder(wrong: u32) -> i64 {
    match wrong {
        0..FREE_TRIES => 0,
        FREE_TRIES => 5 * MINUTE,
        6 => 15 * MINUTE,
        7 => 60 * MINUTE,
        _ => 24 * 60 * MINUTE,
    }
}

/// Equality that takes the same time wherever the two differ.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0u8, |differ, (left, right)| differ | (left ^ right)) == 0
}

/// What is kept of a password.
struct Kept {
    salt: Vec<u8>,
    verifier: Vec<u8>,
    rounds: u32,
    change: String,
    wrong: u32,
    locked_until: i64,
}

/// What a try came to.
pub(super) struct Judged {
    pub verdict: &'static str,
    pub wrong: u32,
    pub locked_until: i64,
}

impl Engine {
    fn derive_password(&self, account: Id, salt: &[u8], rounds: u32, password: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.pepper[..]);
        let salted = hmac::sign(&key, &[b"kabao-password-verifier-1\0", &account.as_bytes()[..], salt].concat());
        let mut out = [0u8; 32];
        let rounds = NonZeroU32::new(rounds).unwrap_or(NonZeroU32::MIN);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salted.as_ref(), password.as_bytes(), &mut out);
        out
    }

    fn kept_password(&self, account: Id) -> Result<Option<Kept>, VaultDown> {
        let sql = "SELECT salt, verifier, rounds, change, wrong, locked_until FROM passwords WHERE account = ?1";
        let read = |row: &rusqlite::Row| {
            Ok(Kept {
                salt: row.get(0)?,
                verifier: row.get(1)?,
                rounds: row.get(2)?,
                change: row.get(3)?,
                wrong: row.get(4)?,
                locked_until: row.get(5)?,
            })
        };
        Ok(self.db.row(sql, [account.to_string()], read).optional()?)
    }

    /// Judges a password before anybody has to prove anything: weak ones are refused; the same change again with the same
    /// password is the same call again, after a lost answer.
    pub(super) fn weigh_password(&self, account: Id, device: Id, phone: &str, change: Id, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        let Ok(password) = open_text(&self.pin_key, INFO_SET, &about(account, device), sealed) else {
            return Ok(refused(Code::ApprovalRefused.as_str()));
        };
        if let Some(code) = weak_password::judge(&password, phone, self.id_number_of(account)?.as_deref().map(String::as_str)) {
            return Ok(refused(code.as_str()));
        }
        if let Some(code) = self.person_in(account, &password)? {
            return Ok(refused(code.as_str()));
        }
        let Some(kept) = self.kept_password(account)? else { return Ok(VaultAnswer::Weighed { repeat: false }) };
        if kept.change != change.to_string() {
            return Ok(VaultAnswer::Weighed { repeat: false });
        }
        let repeat = is_same(&self.derive_password(account, &kept.salt, kept.rounds, &password), &kept.verifier);
        Ok(if repeat { VaultAnswer::Weighed { repeat } } else { refused(Code::IdReused.as_str()) })
    }

    /// Takes a password whose setting was proven.
    pub(super) fn set_password(&mut self, now: Timestamp, account: Id, device: Id, phone: &str, change: Id, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        match self.weigh_password(account, device, phone, change, sealed)? {
            VaultAnswer::Weighed { repeat: false } => {}
            VaultAnswer::Weighed { repeat: true } => return Ok(VaultAnswer::Done),
            other => return Ok(other),
        }
        let Ok(password) = open_text(&self.pin_key, INFO_SET, &about(account, device), sealed) else { return Err(VaultDown) };
        if let Some(kept) = self.kept_password(account)?
            && is_same(&self.derive_password(account, &kept.salt, kept.rounds, &password), &kept.verifier)
        {
            return Ok(refused(Code::PasswordSame.as_str()));
        }
        let mut salt = [0u8; 16];
        self.world.random(&mut salt);
        let verifier = self.derive_password(account, &salt, ROUNDS, &password);
        // What was right for an earlier password is judged anew, also under the same digest.
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.run("DELETE FROM verdicts WHERE account = ?1 AND json_extract(payload, '$.what') = 'password'", [account.to_string()])?;
        // Who proved the PIN or the old password may begin a new row of tries.
        let sql = "INSERT OR REPLACE INTO passwords (account, salt, verifier, rounds, change, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        tx.run(sql, params![account.to_string(), salt, verifier, ROUNDS, change.to_string(), now.as_ms()])?;
        tx.commit()?;
        Ok(VaultAnswer::Done)
    }

    /// Judges a password for one digest. The same digest again gets the same verdict, whatever the box.
    pub(super) fn check_password(&mut self, now: Timestamp, account: Id, digest: &str, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        let Ok(bytes) = Digest32::parse(digest) else { return Ok(refused(Code::BadArgument.as_str())) };
        if let Some(known) = self.known_verdict(account, digest)? {
            return Ok(known);
        }
        let kept = self.kept_password(account)?;
        let judged = match (&kept, open_text(&self.pin_key, INFO_CHECK, bytes.as_bytes(), sealed)) {
            (None, _) => Judged { verdict: Code::PasswordNotSet.as_str(), wrong: 0, locked_until: 0 },
            (Some(kept), _) if now.as_ms() < kept.locked_until => {
                Judged { verdict: Code::PasswordLocked.as_str(), wrong: kept.wrong, locked_until: kept.locked_until }
            }
            // A box that does not open holds no guess.
            (Some(kept), Err(_)) => Judged { verdict: Code::ApprovalRefused.as_str(), wrong: kept.wrong, locked_until: kept.locked_until },
            (Some(kept), Ok(password)) => {
                let right = is_same(&self.derive_password(account, &kept.salt, kept.rounds, &password), &kept.verifier);
                counted(now, right, kept.wrong, Code::PasswordWrong, Code::PasswordLocked)
            }
        };
        let count = kept.is_some().then_some("UPDATE passwords SET wrong = ?2, locked_until = ?3 WHERE account = ?1");
        self.decide(now, account, digest, "password", &judged, count, None)
    }

    /// A verdict that was given before; another account's digest is refused.
    pub(super) fn known_verdict(&self, account: Id, digest: &str) -> Result<Option<VaultAnswer>, VaultDown> {
        let sql = "SELECT account, payload, signature FROM verdicts WHERE digest = ?1";
        let known: Option<(String, String, String)> =
            self.db.row(sql, [digest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        Ok(known.map(|(of, payload, signature)| match of == account.to_string() {
            true => VaultAnswer::Verdict { payload, signature },
            false => refused(Code::ApprovalRefused.as_str()),
        }))
    }

    /// Signs and keeps a verdict, in one transaction with the count and with what a right code uses up.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn decide(
        &mut self, now: Timestamp, account: Id, digest: &str, what: &str, judged: &Judged, count: Option<&str>, spent: Option<Spent>,
    ) -> Result<VaultAnswer, VaultDown> {
        let verdict = LoginVerdict {
            account,
            digest: digest.to_owned(),
            what: what.to_owned(),
            verdict: judged.verdict.to_owned(),
            attempts_left: FREE_TRIES.saturating_sub(judged.wrong),
            retry_after_ms: judged.locked_until.saturating_sub(now.as_ms()).max(0),
            at: now,
        };
        let payload = serde_json::to_string(&verdict).map_err(|_| VaultDown)?;
        let signature = self.verdict_key.sign(&[LOGIN_DOMAIN, payload.as_bytes()].concat());
        let signature = URL_SAFE_NO_PAD.encode(signature.as_bytes());
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(sql) = count {
            tx.run(sql, params![account.to_string(), judged.wrong, judged.locked_until])?;
        }
        match spent {
            Some(Spent::Step(step)) => {
                tx.run("UPDATE factors SET last_step = ?2 WHERE account = ?1", params![account.to_string(), step])?;
            }
            Some(Spent::Backup(mark)) => {
                tx.run("UPDATE backup_codes SET used = 1 WHERE account = ?1 AND mark = ?2", params![account.to_string(), mark])?;
            }
            None => {}
        }
        tx.run("INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4)", params![digest, account.to_string(), payload, signature])?;
        tx.commit()?;
        Ok(VaultAnswer::Verdict { payload, signature })
    }

    /// What an account signs in with.
    pub(super) fn login_state(&self, account: Id) -> Result<VaultAnswer, VaultDown> {
        let sql = "SELECT change, at FROM passwords WHERE account = ?1";
        let read = |row: &rusqlite::Row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let password = self.db.row(sql, [account.to_string()], read).optional()?;
        let (password_change, password_at) = password.map_or((None, None), |(change, at)| (Id::parse(&change).ok(), Some(at)));
        Ok(VaultAnswer::Login(LoginState { password_change, password_at, factor: self.factor_state(account)? }))
    }
}

/// What a right code uses up.
pub(super) enum Spent {
    /// The step of a time-based code, and all before it.
    Step(i64),
    /// A backup code.
    Backup(Vec<u8>),
}

/// A try and its place in the row of wrong ones.
pub(super) fn counted(now: Timestamp, right: bool, wrong: u32, no: Code, locked: Code) -> Judged {
    if right {
        return Judged { verdict: "right", wrong: 0, locked_until: 0 };
    }
    let wrong = wrong.saturating_add(1);
    let wait = ladder(wrong);
    let locked_until = if wait > 0 { now.plus_ms(wait).as_ms() } else { 0 };
    Judged { verdict: if wait > 0 { locked.as_str() } else { no.as_str() }, wrong, locked_until }
}
