//! The vault's own file and keys, and who answers which call.

use super::outside::{Outside, bank_answer, book_answer, standing_answer, statement_answer};
use super::{BoxKeyText, VaultAnswer, VaultCall, VaultDown, VaultKeys};
use crate::config::read_or_make;
use crate::seal::Sealer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Id, Timestamp};
use kabao_outside::{Bank, World};
use kabao_proof::{BoxError, BoxPrivateKey, Digest32, SealedBox, SoftwareKey, boxes, hex};
use kabao_vault_sys::Cached;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS pins (
    account TEXT PRIMARY KEY, salt BLOB NOT NULL, verifier BLOB NOT NULL,
    wrong INTEGER NOT NULL DEFAULT 0 CHECK (wrong BETWEEN 0 AND 5)) STRICT;
CREATE TABLE IF NOT EXISTS verdicts (
    digest TEXT PRIMARY KEY, account TEXT NOT NULL, payload TEXT NOT NULL, signature TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS persons (
    account TEXT PRIMARY KEY, mark BLOB NOT NULL UNIQUE, number_sealed BLOB NOT NULL, document TEXT NOT NULL, details_sealed BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS closed_persons (account TEXT PRIMARY KEY, mark BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS verifications (
    verification TEXT PRIMARY KEY, account TEXT NOT NULL, name_sealed BLOB NOT NULL, number_sealed BLOB NOT NULL,
    token_sealed BLOB NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS cards (
    binding TEXT PRIMARY KEY, account TEXT NOT NULL, mark BLOB NOT NULL, pan_sealed BLOB NOT NULL, last4 TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE, bank TEXT NOT NULL, brand TEXT NOT NULL, kind TEXT NOT NULL,
    bound INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS replaced (
    seq INTEGER PRIMARY KEY, replacement TEXT NOT NULL UNIQUE, account TEXT NOT NULL, device TEXT NOT NULL, device_key BLOB NOT NULL,
    approve_key BLOB NOT NULL, model TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS decisions (
    seq INTEGER PRIMARY KEY, decision TEXT NOT NULL UNIQUE, account TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS passwords (
    account TEXT PRIMARY KEY, salt BLOB NOT NULL, verifier BLOB NOT NULL, rounds INTEGER NOT NULL, change TEXT NOT NULL, at INTEGER NOT NULL,
    wrong INTEGER NOT NULL DEFAULT 0, locked_until INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS factors (
    account TEXT PRIMARY KEY, enrolment TEXT NOT NULL, device TEXT NOT NULL, secret_sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('offered', 'on')), at INTEGER NOT NULL, last_step INTEGER NOT NULL DEFAULT -1,
    wrong INTEGER NOT NULL DEFAULT 0, locked_until INTEGER NOT NULL DEFAULT 0, issue TEXT, issued_at INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS backup_codes (
    account TEXT NOT NULL, mark BLOB NOT NULL, used INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, mark)) STRICT;
CREATE TABLE IF NOT EXISTS device_log (
    seq INTEGER PRIMARY KEY, entry TEXT NOT NULL UNIQUE, signed_in INTEGER NOT NULL, account TEXT NOT NULL, device TEXT NOT NULL,
    device_key BLOB NOT NULL, approve_key BLOB NOT NULL, model TEXT NOT NULL, form TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_owner ON cards (mark) WHERE bound = 1;
";

#[derive(Serialize, Deserialize)]
struct KeyFile {
    pin: String,
    card: String,
    id: String,
    verdict: String,
    seal: String,
    mark: String,
    pepper: String,
}

/// The vault: its file, its keys, and the bank and vendor that only it talks to.
pub struct Engine {
    pub(super) db: Connection,
    pub(super) world: Arc<dyn World>,
    pub(super) sealer: Sealer,
    pub(super) pepper: Zeroizing<[u8; 32]>,
    pub(super) pin_rounds: u32,
    pub(super) pin_key: BoxPrivateKey,
    pub(super) card_key: BoxPrivateKey,
    pub(super) id_key: BoxPrivateKey,
    pub(super) verdict_key: SoftwareKey,
    pub(super) outside: Outside,
}

pub(super) fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn bytes(text: &str) -> io::Result<Zeroizing<[u8; 32]>> {
    Digest32::parse(text).map(|digest| Zeroizing::new(digest.0)).map_err(|_| broken("the vault's key file cannot be used"))
}

impl From<rusqlite::Error> for VaultDown {
    fn from(_: rusqlite::Error) -> VaultDown {
        VaultDown
    }
}

impl Engine {
    /// Opens the vault's files in the data folder: `vault.keys` (made when missing, readable by this user only)
    /// and `vault.db`, whose columns are sealed under them.
    /// A PIN is hashed `pin_rounds` times; the same number each time that these files are opened.
    pub fn open(data: &Path, world: Arc<dyn World>, pin_rounds: u32) -> io::Result<Engine> {
        let make = || {
            let one = || {
                let mut bytes = Zeroizing::new([0u8; 32]);
                world.random(&mut bytes[..]);
                hex(&bytes[..])
            };
            let file = KeyFile { pin: one(), card: one(), id: one(), verdict: one(), seal: one(), mark: one(), pepper: one() };
            serde_json::to_vec(&file).unwrap_or_default()
        };
        let file = Zeroizing::new(read_or_make(&data.join("vault.keys"), make)?);
        let file: KeyFile = serde_json::from_slice(&file).map_err(|_| broken("the vault's key file cannot be used"))?;
        let box_key = |kid: &str, text: &str| {
            BoxPrivateKey::from_bytes(kid, &*bytes(text)?).map_err(|_| broken("the vault's box key cannot be used"))
        };
        let open = || -> rusqlite::Result<Connection> {
            let db = Connection::open(data.join("vault.db"))?;
            // The process before this one may still be going.
            db.busy_timeout(std::time::Duration::from_secs(5))?;
            db.execute_batch("PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
            db.execute_batch(TABLES)?;
            db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            db.set_prepared_statement_cache_capacity(64);
            Ok(db)
        };
        Ok(Engine {
            db: open().map_err(|_| broken("the vault's file cannot be used"))?,
            sealer: Sealer::new(&*bytes(&file.seal)?, &*bytes(&file.mark)?).map_err(|_| broken("the vault's keys cannot be used"))?,
            pepper: bytes(&file.pepper)?,
            pin_rounds,
            pin_key: box_key("pin-1", &file.pin)?,
            card_key: box_key("card-1", &file.card)?,
            id_key: box_key("id-1", &file.id)?,
            verdict_key: SoftwareKey::from_secret(&*bytes(&file.verdict)?).map_err(|_| broken("the vault's keys cannot be used"))?,
            outside: Outside::open(data, world.clone()).map_err(|_| broken("the bank's book cannot be used"))?,
            world,
        })
    }

    /// Answers one call.
    pub fn answer(&mut self, now: Timestamp, call: VaultCall) -> Result<VaultAnswer, VaultDown> {
        match call {
            VaultCall::Hello => self.keys().map(VaultAnswer::Keys),
            VaultCall::SetPin { account, device, phone, sealed } => self.set_pin(account, device, &phone, &sealed),
            VaultCall::ResetPin { row, digest, phone, sealed } => self.reset_pin(&row, &digest, &phone, &sealed),
            VaultCall::CheckPin { account, digest, sealed } => self.check_pin(now, account, &digest, &sealed),
            VaultCall::WeighPassword { account, device, phone, change, sealed } => self.weigh_password(account, device, &phone, change, &sealed),
            VaultCall::SetPassword { account, device, phone, change, sealed } => self.set_password(now, account, device, &phone, change, &sealed),
            VaultCall::CheckPassword { account, digest, sealed } => self.check_password(now, account, &digest, &sealed),
            VaultCall::Login { account } => self.login_state(account),
            VaultCall::OfferFactor { account, device, enrolment } => self.offer_factor(now, account, device, enrolment),
            VaultCall::ConfirmFactor { account, device, enrolment, digest, sealed } => {
                self.confirm_factor(now, account, device, enrolment, &digest, &sealed)
            }
            VaultCall::CheckFactor { account, digest, sealed } => self.check_factor(now, account, &digest, &sealed),
            VaultCall::IsIssued { account, issue } => Ok(VaultAnswer::Weighed { repeat: self.is_issued(account, issue)? }),
            VaultCall::IssueBackups { account, device, issue } => self.issue_backups(now, account, device, issue),
            VaultCall::DropFactor { account } => self.drop_factor(account),
            VaultCall::KeepDevice(row) => self.keep_device(&row),
            VaultCall::DeviceLog => self.device_log(None),
            VaultCall::Verify { verification, account, name, sealed, liveness, document, guardian } => {
                self.verify(now, verification, account, &name, sealed.as_ref(), &liveness, (&document, guardian))
            }
            VaultCall::Person { account } => self.person(now, account).map(VaultAnswer::Person),
            VaultCall::AskSource { account, source } => self.ask_source(account, &source),
            VaultCall::ProvePerson { proof, account, name, sealed, liveness } => {
                self.prove_person(proof, account, &name, sealed.as_ref(), &liveness)
            }
            VaultCall::KeepReplaced(row) => self.keep_replaced(&row),
            VaultCall::Replaced => self.replaced(None),
            VaultCall::NameBegins { account, begins } => self.name_begins(account, &begins),
            VaultCall::KeepDecision(row) => self.keep_decision(&row),
            VaultCall::Decisions => self.decisions(None),
            VaultCall::WithPin => self.with_pin(),
            VaultCall::DecisionOf { decision } => self.decisions(Some(decision)),
            VaultCall::IsClosedPerson { account, name, number } => self.is_closed_person(account, &name, &number),
            VaultCall::Forget { account, decision } => self.forget(account, decision),
            VaultCall::Bind { binding, account, sealed, name, phone } => self.bind(binding, account, &sealed, &name, &phone),
            VaultCall::BindOtp { binding, account, otp } => self.bind_otp(binding, account, &otp),
            VaultCall::Standing { token } => Ok(standing_answer(self.outside.bank.standing(&token))),
            VaultCall::EndCard { token } => self.end_card(&token),
            VaultCall::Debit { id, token, amount } => Ok(bank_answer(self.outside.bank.debit(id, &token, amount))),
            VaultCall::Credit { id, token, amount } => Ok(bank_answer(self.outside.bank.credit(id, &token, amount))),
            VaultCall::Query { id } => Ok(bank_answer(self.outside.bank.query(id))),
            VaultCall::Cancel { id } => Ok(bank_answer(self.outside.bank.cancel(id))),
            VaultCall::Book { since } => Ok(book_answer(self.outside.bank.book(since))),
            VaultCall::Statement { since } => Ok(statement_answer(self.outside.bank.statement(since))),
            VaultCall::IsSender { id, account } => self.is_sender(id, account),
            VaultCall::SendBack { id } => Ok(bank_answer(self.outside.bank.send_back(id))),
            VaultCall::Callbacks => {
                let callbacks = self.outside.bank.callbacks().map_err(|_| VaultDown)?;
                Ok(VaultAnswer::Callbacks(callbacks.into_iter().map(|callback| (callback.seq, callback.id)).collect()))
            }
            VaultCall::CallbackTaken { seq } => self.outside.bank.callback_taken(seq).map(|()| VaultAnswer::Done).map_err(|_| VaultDown),
            VaultCall::Owner { token } => {
                let sql = "SELECT account FROM cards WHERE token = ?1";
                let owner: Option<String> = self.db.row(sql, [token], |row| row.get(0)).optional()?;
                Ok(VaultAnswer::Owner(owner.and_then(|text| Id::parse(&text).ok())))
            }
            VaultCall::Dev { what, body } => self.outside.dev(&what, &body).map(VaultAnswer::Json).map_err(|_| VaultDown),
        }
    }

    fn keys(&self) -> Result<VaultKeys, VaultDown> {
        let text = |key: &BoxPrivateKey| -> Result<BoxKeyText, VaultDown> {
            let public = key.public().map_err(|_| VaultDown)?;
            Ok(BoxKeyText { kid: public.kid, public: URL_SAFE_NO_PAD.encode(public.bytes) })
        };
        Ok(VaultKeys {
            pin: text(&self.pin_key)?,
            card: text(&self.card_key)?,
            id: text(&self.id_key)?,
            verdict_kid: "verdict-1".to_owned(),
            verdict_key: self.verdict_key.public(),
        })
    }
}

/// The associated data of a box about two things: their ids as text, one zero byte between.
pub(super) fn about(one: Id, other: Id) -> Vec<u8> {
    format!("{one}\0{other}").into_bytes()
}

/// Opens a box with text in it.
pub(super) fn open_text(key: &BoxPrivateKey, info: &[u8], aad: &[u8], sealed: &SealedBox) -> Result<Zeroizing<String>, BoxError> {
    let plain = boxes::open(key, info, aad, sealed)?;
    String::from_utf8(plain.to_vec()).map(Zeroizing::new).map_err(|_| BoxError::Malformed)
}

/// A refusal with a code.
pub(super) fn refused(code: &str) -> VaultAnswer {
    VaultAnswer::Refused { code: code.to_owned(), attempts_left: None }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_associated_data_is_the_one_of_the_contract() {
        let one = kabao_base::Id::from_bytes([1; 16]);
        assert_eq!(super::about(one, one).len(), 65);
        assert_eq!(super::about(one, one)[32], 0);
    }
}
