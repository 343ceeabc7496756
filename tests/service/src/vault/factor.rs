//! The second factor: time-based codes (RFC 6238 over HMAC-SHA-1, six digits, 30 seconds) and ten backup codes. The secret lies
//! sealed in the vault's file; of a backup code only a keyed fingerprint is kept. Written here a second time, from the RFC: the
//! phone's implementation is not asked.

use super::engine::{Engine, open_text, refused};
use super::login::{Judged, Spent, counted};
use super::{FactorState, LoginVerdict, VaultAnswer, VaultDown};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{Digest32, SealedBox};
use kabao_vault_sys::Cached;
use ring::hmac;
use rusqlite::{OptionalExtension, params};
use zeroize::Zeroizing;

const INFO_FACTOR: &[u8] = b"kabao-factor-1";
/// Length of a step in milliseconds.
const STEP_MS: i64 = 30_000;
/// How many steps early or late a code may come.
const WINDOW: i64 = 1;
/// Within so many steps a code is told to be of another moment: the clock of one side is wrong.
const NEAR: i64 = 20;
/// How long what is shown once can be asked for again, when its answer was lost.
const SHOWN_MS: i64 = 10 * 60_000;
/// How many backup codes there are.
const BACKUPS: u8 = 10;
/// Without the letters that are taken for digits.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct Kept {
    enrolment: String,
    device: String,
    secret: Zeroizing<Vec<u8>>,
    on: bool,
    at: i64,
    last_step: i64,
    wrong: u32,
    locked_until: i64,
    issue: Option<String>,
    issued_at: i64,
}

/// The six digits of one step.
fn code_of(secret: &[u8], step: i64) -> Zeroizing<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or(0) & 0x0f);
    let word = bytes.iter().skip(offset).take(4).fold(0u32, |word, byte| (word << 8) | u32::from(*byte)) & 0x7fff_ffff;
    Zeroizing::new(format!("{:06}", word % 1_000_000))
}

fn place(account: Id) -> String {
    format!("factor:{account}")
}

impl Engine {
    fn kept_factor(&self, account: Id) -> Result<Option<Kept>, VaultDown> {
        let sql = "SELECT enrolment, device, secret_sealed, state, at, last_step, wrong, locked_until, issue, issued_at FROM factors WHERE account = ?1";
        let row: Option<(Kept, Vec<u8>)> = self
            .db
            .row(sql, [account.to_string()], |row| {
                let kept = Kept {
                    enrolment: row.get(0)?,
                    device: row.get(1)?,
                    secret: Zeroizing::default(),
                    on: row.get::<_, String>(3)? == "on",
                    at: row.get(4)?,
                    last_step: row.get(5)?,
                    wrong: row.get(6)?,
                    locked_until: row.get(7)?,
                    issue: row.get(8)?,
                    issued_at: row.get(9)?,
                };
                Ok((kept, row.get(2)?))
            })
            .optional()?;
        let Some((mut kept, sealed)) = row else { return Ok(None) };
        kept.secret = self.sealer.open(&place(account), &sealed).map_err(|_| VaultDown)?;
        Ok(Some(kept))
    }

    pub(super) fn factor_state(&self, account: Id) -> Result<Option<FactorState>, VaultDown> {
        let Some(kept) = self.kept_factor(account)?.filter(|kept| kept.on) else { return Ok(None) };
        let sql = "SELECT count(*) FROM backup_codes WHERE account = ?1 AND used = 0";
        let backups_left = self.db.row(sql, [account.to_string()], |row| row.get(0))?;
        Ok(Some(FactorState { enrolment: Id::parse(&kept.enrolment).map_err(|_| VaultDown)?, at: kept.at, backups_left }))
    }

    /// A secret to be confirmed. The same enrolment again gives the same secret for ten minutes; another one takes its place.
    pub(super) fn offer_factor(&mut self, now: Timestamp, account: Id, device: Id, enrolment: Id) -> Result<VaultAnswer, VaultDown> {
        if let Some(kept) = self.kept_factor(account)? {
            if kept.on {
                return Ok(refused(Code::FactorAlreadyOn.as_str()));
            }
            if kept.enrolment == enrolment.to_string() {
                let mine = kept.device == device.to_string() && now.as_ms().saturating_sub(kept.at) <= SHOWN_MS;
                return Ok(if mine { VaultAnswer::FactorSecret(base32(&kept.secret).to_string()) } else { refused(Code::FactorExpired.as_str()) });
            }
        }
        let mut secret = Zeroizing::new([0u8; 20]);
        self.world.random(&mut secret[..]);
        let sealed = self.sealer.seal(self.world.as_ref(), &place(account), &secret[..]).map_err(|_| VaultDown)?;
        let sql = "INSERT OR REPLACE INTO factors (account, enrolment, device, secret_sealed, state, at) VALUES (?1, ?2, ?3, ?4, 'offered', ?5)";
        self.db.run(sql, params![account.to_string(), enrolment.to_string(), device.to_string(), sealed, now.as_ms()])?;
        Ok(VaultAnswer::FactorSecret(base32(&secret[..]).to_string()))
    }

    /// The first right code turns it on and gives the backup codes. Again, from the same phone within ten minutes: the same codes.
    pub(super) fn confirm_factor(&mut self, now: Timestamp, account: Id, device: Id, enrolment: Id, digest: &str, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        let Some(kept) = self.kept_factor(account)?.filter(|kept| kept.enrolment == enrolment.to_string()) else {
            return Ok(refused(Code::FactorExpired.as_str()));
        };
        if kept.on {
            let again = kept.issue.as_deref() == Some(enrolment.to_string().as_str());
            return if again { self.issue_backups(now, account, device, enrolment) } else { Ok(refused(Code::FactorAlreadyOn.as_str())) };
        }
        if kept.device != device.to_string() || now.as_ms().saturating_sub(kept.at) > SHOWN_MS {
            return Ok(refused(Code::FactorExpired.as_str()));
        }
        let verdict = self.judge_factor(now, account, digest, sealed, &kept)?;
        let right = match &verdict {
            VaultAnswer::Verdict { payload, .. } => serde_json::from_str::<LoginVerdict>(payload).is_ok_and(|said| said.verdict == "right"),
            _ => false,
        };
        if !right {
            return Ok(verdict);
        }
        self.db.run("UPDATE factors SET state = 'on', at = ?2 WHERE account = ?1", params![account.to_string(), now.as_ms()])?;
        self.issue_backups(now, account, device, enrolment)
    }

    /// Ten new backup codes; those before are worth nothing. The same issue again from the same phone: the same codes.
    pub(super) fn issue_backups(&mut self, now: Timestamp, account: Id, device: Id, issue: Id) -> Result<VaultAnswer, VaultDown> {
        let Some(kept) = self.kept_factor(account)?.filter(|kept| kept.on) else { return Ok(refused(Code::FactorNotSet.as_str())) };
        let codes: Vec<String> = (0..BACKUPS).map(|number| self.backup_code(account, issue, number).to_string()).collect();
        if kept.issue.as_deref() == Some(issue.to_string().as_str()) {
            let again = kept.device == device.to_string() && now.as_ms().saturating_sub(kept.issued_at) <= SHOWN_MS;
            return Ok(if again { VaultAnswer::BackupCodes(codes) } else { refused(Code::FactorExpired.as_str()) });
        }
        let marks: Vec<Vec<u8>> = codes.iter().map(|code| self.backup_mark(account, code)).collect();
        let tx = self.db.transaction()?;
        tx.run("DELETE FROM backup_codes WHERE account = ?1", [account.to_string()])?;
        for mark in marks {
            tx.run("INSERT INTO backup_codes (account, mark) VALUES (?1, ?2)", params![account.to_string(), mark])?;
        }
        let sql = "UPDATE factors SET issue = ?2, issued_at = ?3, device = ?4 WHERE account = ?1";
        tx.run(sql, params![account.to_string(), issue.to_string(), now.as_ms(), device.to_string()])?;
        tx.commit()?;
        Ok(VaultAnswer::BackupCodes(codes))
    }

    /// Whether these backup codes were issued under this id already.
    pub(super) fn is_issued(&self, account: Id, issue: Id) -> Result<bool, VaultDown> {
        Ok(self.kept_factor(account)?.is_some_and(|kept| kept.on && kept.issue.as_deref() == Some(issue.to_string().as_str())))
    }

    /// Turns it off; the proof was judged before.
    pub(super) fn drop_factor(&mut self, account: Id) -> Result<VaultAnswer, VaultDown> {
        let tx = self.db.transaction()?;
        tx.run("DELETE FROM factors WHERE account = ?1", [account.to_string()])?;
        tx.run("DELETE FROM backup_codes WHERE account = ?1", [account.to_string()])?;
        tx.commit()?;
        Ok(VaultAnswer::Done)
    }

    /// Judges a code for one digest.
    pub(super) fn check_factor(&mut self, now: Timestamp, account: Id, digest: &str, sealed: &SealedBox) -> Result<VaultAnswer, VaultDown> {
        if let Some(known) = self.known_verdict(account, digest)? {
            return Ok(known);
        }
        match self.kept_factor(account)?.filter(|kept| kept.on) {
            Some(kept) => self.judge_factor(now, account, digest, sealed, &kept),
            None => Ok(refused(Code::FactorNotSet.as_str())),
        }
    }

    fn judge_factor(&mut self, now: Timestamp, account: Id, digest: &str, sealed: &SealedBox, kept: &Kept) -> Result<VaultAnswer, VaultDown> {
        let Ok(bytes) = Digest32::parse(digest) else { return Ok(refused(Code::BadArgument.as_str())) };
        if let Some(known) = self.known_verdict(account, digest)? {
            return Ok(known);
        }
        let typed = open_text(&self.pin_key, INFO_FACTOR, bytes.as_bytes(), sealed);
        let stay = |verdict: Code| Judged { verdict: verdict.as_str(), wrong: kept.wrong, locked_until: kept.locked_until };
        let (judged, spent) = match typed {
            _ if now.as_ms() < kept.locked_until => (stay(Code::FactorLocked), None),
            Err(_) => (stay(Code::ApprovalRefused), None),
            Ok(typed) => {
                let (spent, no) = if typed.len() == 6 { time_code(kept, &typed, now) } else { self.backup(account, &typed)? };
                // A code that was right once tells nothing new: using it again is refused and is no guess.
                let judged = if no == Code::FactorUsed { stay(no) } else { counted(now, spent.is_some(), kept.wrong, no, Code::FactorLocked) };
                (judged, spent)
            }
        };
        let count = "UPDATE factors SET wrong = ?2, locked_until = ?3 WHERE account = ?1";
        self.decide(now, account, digest, "factor", &judged, Some(count), spent)
    }

    fn backup(&self, account: Id, typed: &str) -> Result<(Option<Spent>, Code), VaultDown> {
        let mark = self.backup_mark(account, typed);
        let sql = "SELECT used FROM backup_codes WHERE account = ?1 AND mark = ?2";
        let used: Option<bool> = self.db.row(sql, params![account.to_string(), mark], |row| row.get(0)).optional()?;
        Ok(match used {
            Some(false) => (Some(Spent::Backup(mark)), Code::FactorWrong),
            Some(true) => (None, Code::FactorUsed),
            None => (None, Code::FactorWrong),
        })
    }

    fn backup_mark(&self, account: Id, code: &str) -> Vec<u8> {
        self.sealer.mark("backup", &format!("{account}{code}"))
    }

    /// Ten characters that only the vault can make again: a lost answer can be given a second time, and no code is kept.
    fn backup_code(&self, account: Id, issue: Id, number: u8) -> Zeroizing<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.pepper[..]);
        let tag = hmac::sign(&key, format!("kabao-backup-code-1\0{account}\0{issue}\0{number}").as_bytes());
        let letter = |byte: &u8| LETTERS.get(usize::from(*byte & 31)).map_or('0', |letter| char::from(*letter));
        Zeroizing::new(tag.as_ref().iter().take(10).map(letter).collect())
    }
}

/// The step that a code belongs to: nothing of the past that was used, nothing further away than the window.
fn time_code(kept: &Kept, typed: &str, now: Timestamp) -> (Option<Spent>, Code) {
    let step = now.as_ms().div_euclid(STEP_MS);
    let found = |from: i64, to: i64| (from..=to).rev().find(|step| super::login::is_same(code_of(&kept.secret, *step).as_bytes(), typed.as_bytes()));
    match found(step - WINDOW, step + WINDOW) {
        Some(of) if of > kept.last_step => (Some(Spent::Step(of)), Code::FactorWrong),
        Some(_) => (None, Code::FactorUsed),
        None if found(step - NEAR, step + NEAR).is_some() => (None, Code::FactorTime),
        None => (None, Code::FactorWrong),
    }
}

/// Base32 of RFC 4648 without padding.
fn base32(bytes: &[u8]) -> Zeroizing<String> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 8 / 5 + 1));
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.extend(ALPHABET.get((held >> bits & 31) as usize).map(|letter| char::from(*letter)));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.extend(ALPHABET.get((held << (5 - bits) & 31) as usize).map(|letter| char::from(*letter)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B; the last six of its eight digits.
        let secret = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037")] {
            assert_eq!(code_of(secret, seconds / 30).as_str(), code);
        }
        // RFC 4648, section 10, and the key of the example above.
        for (plain, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(plain.as_bytes()).as_str(), text);
        }
        assert_eq!(base32(secret).as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_once_and_one_step_around_now() {
        let secret = Zeroizing::new(b"12345678901234567890".to_vec());
        let now = Timestamp::from_ms(1_795_300_000_000);
        let step = now.as_ms() / STEP_MS;
        let kept = |last_step| Kept {
            enrolment: String::new(), device: String::new(), secret: secret.clone(), on: true, at: 0, last_step, wrong: 0, locked_until: 0, issue: None, issued_at: 0,
        };
        let judged = |of: i64, last: i64| {
            let (spent, code) = time_code(&kept(last), &code_of(&secret, of), now);
            if spent.is_some() { Ok(()) } else { Err(code) }
        };
        for near in -1..=1 {
            assert_eq!(judged(step + near, -1), Ok(()));
            assert_eq!(judged(step + near, step + near), Err(Code::FactorUsed));
        }
        assert_eq!(judged(step - 1, step), Err(Code::FactorUsed), "an older one than the last");
        for far in [-2, 2, -20, 20] {
            assert_eq!(judged(step + far, -1), Err(Code::FactorTime));
        }
        for far in [-21, 21] {
            assert_eq!(judged(step + far, -1), Err(Code::FactorWrong));
        }
    }
}
