//! PINs: how they are kept, counted and judged.
//!
//! What is kept is PBKDF2-HMAC-SHA256 over salt and PIN, keyed with a pepper that lies in another file. A
//! memory-hard function would not help: six digits are a million guesses, which no cost per guess that a
//! person would wait for puts out of reach. Without the pepper the table tells nothing; with it, everything
//! falls at once. What protects a PIN is the count of five, which is on disk before the answer leaves.

use super::engine::{Engine, about, open_text, refused};
use super::weak;
use super::{DecisionRow, PinVerdict, VERDICT_DOMAIN, VaultAnswer, VaultDown};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{Digest32, SealedBox};
use kabao_vault_sys::Cached;
use ring::{hmac, pbkdf2};
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use std::num::NonZeroU32;

/// How many wrong tries lock a PIN. A new one takes its place once the person is proven; nothing else unlocks it.
pub const TRIES: u32 = 5;
/// How often a PIN is hashed.
pub const PIN_ROUNDS: u32 = 10_000;
const INFO_SET: &[u8] = b"kabao-pin-set-1";
const INFO_RESET: &[u8] = b"kabao-pin-reset-1";
const INFO_APPROVE: &[u8] = b"kabao-pin-1";

/// What is kept of a PIN.
struct Kept {
    salt: Vec<u8>,
    verifier: Vec<u8>,
    wrong: u32,
}

impl Engine {
    fn derive_verifier(&self, account: Id, salt: &[u8], pin: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.pepper[..]);
        let mut salted = account.as_bytes().to_vec();
        salted.extend_from_slice(salt);
        let salted = hmac::sign(&key, &salted);
        let mut out = [0u8; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::new(self.pin_rounds).unwrap_or(NonZeroU32::MIN), salted.as_ref(), pin.as_bytes(), &mut out);
        out
    }

    fn kept(&self, account: Id) -> Result<Option<Kept>, VaultDown> {
        let sql = "SELECT salt, verifier, wrong FROM pins WHERE account = ?1";
        Ok(self.db.row(sql, [account.to_string()], |row| Ok(Kept { salt: row.get(0)?, verifier: row.get(1)?, wrong: row.get(2)? })).optional()?)
    }

    /// Which accounts have one.
    pub(super) fn with_pin(&self) -> Result<VaultAnswer, VaultDown> {
        let mut select = self.db.prepare_cached("SELECT account FROM pins")?;
        let rows = select.query_map([], |row| Id::parse(&row.get::<_, String>(0)?).map_err(|_| rusqlite::Error::InvalidQuery))?;
        Ok(VaultAnswer::Accounts(rows.collect::<Result<_, _>>()?))
    }

    pub(super) fn set_pin(&mut self, account: Id, device: Id, phone: &str, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        let Ok(pin) = open_text(&self.pin_key, INFO_SET, &about(account, device), sealed) else {
            return Ok(refused("approval_refused"));
        };
        let given_away = self.given_away(account)?;
        if let Some(Kept { salt, verifier, wrong }) = self.kept(account)? {
            if wrong >= TRIES {
                return Ok(refused(Code::PinLocked.as_str()));
            }
            let is_kept = |pin: &str| is_same(&self.derive_verifier(account, &salt, pin), &verifier);
            // A PIN that the identity number gives away is replaced; any other stays.
            if !given_away.iter().any(|(guess, _)| is_kept(guess)) {
                // The same PIN again is the same call again, after a lost answer. Another one is a wrong guess and counts as one:
                // who holds the phone must not find the PIN by choosing all of them.
                if is_kept(&pin) {
                    return Ok(VaultAnswer::Done);
                }
                self.db.run("UPDATE pins SET wrong = ?2 WHERE account = ?1", params![account.to_string(), wrong + 1])?;
                return Ok(refused(if wrong + 1 >= TRIES { Code::PinLocked.as_str() } else { Code::WrongStep.as_str() }));
            }
        }
        if let Some(code) = self.weakness(&pin, phone, &given_away) {
            return Ok(refused(code.as_str()));
        }
        let mut salt = [0u8; 16];
        self.world.random(&mut salt);
        let verifier = self.derive_verifier(account, &salt, &pin);
        // Wrong tries stay counted: a new PIN is no way around the lock.
        let sql = "INSERT INTO pins (account, salt, verifier) VALUES (?1, ?2, ?3)
                   ON CONFLICT (account) DO UPDATE SET salt = excluded.salt, verifier = excluded.verifier";
        self.db.run(sql, params![account.to_string(), salt, verifier])?;
        Ok(VaultAnswer::Done)
    }

    fn weakness(&self, pin: &str, phone: &str, given_away: &[(String, Code)]) -> Option<Code> {
        weak::judge(pin, phone).or_else(|| given_away.iter().find(|(guess, _)| guess == pin).map(|(_, code)| *code))
    }

    /// Takes a new PIN in the place of one that was forgotten or locked, and writes down that it did, in one step. The same
    /// reset again changes nothing: the PIN that it brought first stands, and no other is compared with it.
    pub(super) fn reset_pin(&mut self, row: &DecisionRow, digest: &str, phone: &str, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        let known = self.decisions(Some(row.decision))?;
        if matches!(&known, VaultAnswer::Decisions(rows) if !rows.is_empty()) {
            return Ok(known);
        }
        let Ok(bytes) = Digest32::parse(digest) else { return Ok(refused("bad_argument")) };
        let Ok(pin) = open_text(&self.pin_key, INFO_RESET, bytes.as_bytes(), sealed) else {
            return Ok(refused(Code::ApprovalRefused.as_str()));
        };
        if let Some(code) = self.weakness(&pin, phone, &self.given_away(row.account)?) {
            return Ok(refused(code.as_str()));
        }
        let mut salt = [0u8; 16];
        self.world.random(&mut salt);
        let verifier = self.derive_verifier(row.account, &salt, &pin);
        let body = serde_json::to_string(&row.body).map_err(|_| VaultDown)?;
        let account = row.account.to_string();
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.run("INSERT OR REPLACE INTO pins (account, salt, verifier, wrong) VALUES (?1, ?2, ?3, 0)", params![account, salt, verifier])?;
        let sql = "INSERT INTO decisions (decision, account, body, at) VALUES (?1, ?2, ?3, ?4)";
        tx.run(sql, params![row.decision.to_string(), account, body, row.at.as_ms()])?;
        tx.commit()?;
        self.decisions(Some(row.decision))
    }

    /// Whether the PIN that is set is one that the person's document gives away. Found by trying those few.
    pub(super) fn pin_is_given_away(&self, account: Id) -> Result<bool, VaultDown> {
        let Some(Kept { salt, verifier, .. }) = self.kept(account)? else { return Ok(false) };
        Ok(self.given_away(account)?.iter().any(|(guess, _)| self.derive_verifier(account, &salt, guess)[..] == verifier[..]))
    }

    /// Judges a PIN. A digest is judged once: the same digest again gets the same verdict, whatever the box,
    /// so that a repeated call costs no try and gives no further guess.
    pub(super) fn check_pin(&mut self, now: Timestamp, account: Id, digest: &str, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        let Ok(bytes) = Digest32::parse(digest) else { return Ok(refused("bad_argument")) };
        let sql = "SELECT account, payload, signature FROM verdicts WHERE digest = ?1";
        let known: Option<(String, String, String)> =
            self.db.row(sql, [digest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        if let Some((of, payload, signature)) = known {
            return Ok(if of == account.to_string() { VaultAnswer::Verdict { payload, signature } } else { refused("approval_refused") });
        }
        let kept = self.kept(account)?;
        let (verdict, wrong) = match (&kept, open_text(&self.pin_key, INFO_APPROVE, bytes.as_bytes(), sealed)) {
            (None, _) => (Code::PinNotSet.as_str(), 0),
            (Some(Kept { wrong, .. }), _) if *wrong >= TRIES => (Code::PinLocked.as_str(), *wrong),
            // A box that does not open holds no guess: it was made for another payment or another vault.
            (Some(Kept { wrong, .. }), Err(_)) => (Code::ApprovalRefused.as_str(), *wrong),
            (Some(Kept { salt, verifier, wrong }), Ok(pin)) => {
                let right = is_same(&self.derive_verifier(account, salt, &pin), verifier);
                match (right, wrong + 1) {
                    (true, _) => ("right", 0),
                    (false, wrong) if wrong >= TRIES => (Code::PinLocked.as_str(), wrong),
                    (false, wrong) => (Code::PinWrong.as_str(), wrong),
                }
            }
        };
        let payload = PinVerdict {
            account,
            digest: digest.to_owned(),
            verdict: verdict.to_owned(),
            attempts_left: TRIES.saturating_sub(wrong),
            at: now,
        };
        let payload = serde_json::to_string(&payload).map_err(|_| VaultDown)?;
        let signature = self.verdict_key.sign(&[VERDICT_DOMAIN, payload.as_bytes()].concat());
        let signature = URL_SAFE_NO_PAD.encode(signature.as_bytes());
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if kept.is_some() {
            tx.run("UPDATE pins SET wrong = ?2 WHERE account = ?1", params![account.to_string(), wrong.min(TRIES)])?;
        }
        tx.run("INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4)", params![digest, account.to_string(), payload, signature])?;
        tx.commit()?;
        Ok(VaultAnswer::Verdict { payload, signature })
    }
}

/// Equality that takes the same time wherever the two differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0u8, |differ, (left, right)| differ | (left ^ right)) == 0
}
