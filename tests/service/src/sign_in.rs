//! A further phone of an account, as the book has it, and the end of one. What is decided is written by the vault first, as with
//! replacements: a book that is put back to an older copy learns from there who is signed in and who is not.

use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Service, SignInPending, internal};
use crate::store::people::Account;
use crate::store::{self, all, id_at, low, maybe_id_at, one, run};
use crate::vault::{DeviceRow, LoginState, VaultAnswer, VaultCall};
use crate::ways::Stage;
use crate::wire::{DeviceOut, SignInOut};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::PublicKey;
use rusqlite::{Connection, Row, params};

/// How many phones an account may be signed in on at once.
pub const DEVICES: u32 = 5;
/// What stands for a PIN that was proven, where the account has no password.
pub const PIN_PROVEN: &str = "pin";
/// How many ended phones are listed.
const ENDED: u32 = 20;

/// A sign-in whose number is proven.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The phone's id of it.
    pub id: Id,
    /// The account.
    pub account: Id,
    /// The mark of the number.
    pub phone_mark: Vec<u8>,
    /// Signs the phone's requests.
    pub device_key: PublicKey,
    /// Signs its payments.
    pub approve_key: PublicKey,
    /// As the person knows it.
    pub model: String,
    /// Its form.
    pub form: String,
    /// Where it stands; void: another phone took the account over.
    pub stage: Stage,
    /// What is proven: the change that set the password, or [`PIN_PROVEN`].
    pub secret_proven: Option<String>,
    /// When the number was proven.
    pub number_at: Timestamp,
    /// The device, once it is one.
    pub device: Option<Id>,
}

fn key(row: &Row, column: &str) -> rusqlite::Result<PublicKey> {
    PublicKey::from_bytes(&row.get::<_, Vec<u8>>(column)?).map_err(|_| rusqlite::Error::InvalidQuery)
}

/// A sign-in by its id.
pub fn load(db: &Connection, id: Id) -> Outcome<Option<SignIn>> {
    let read = |row: &Row| {
        Ok(SignIn {
            id,
            account: id_at(row, "account_id")?,
            phone_mark: row.get("phone_mark")?,
            device_key: key(row, "device_key")?,
            approve_key: key(row, "approve_key")?,
            model: row.get("model")?,
            form: row.get("form")?,
            stage: row.get("state")?,
            secret_proven: row.get("secret_proven")?,
            number_at: Timestamp::from_ms(row.get("number_at")?),
            device: maybe_id_at(row, "device_id")?,
        })
    };
    Ok(one(db, "SELECT * FROM sign_ins WHERE sign_in_id = ?1", [id.to_string()], read)?)
}

/// The number is proven; proven again, it counts anew.
pub fn open(tx: &Connection, id: Id, account: Id, mark: &[u8], waiting: &SignInPending, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO sign_ins (sign_in_id, account_id, phone_mark, device_key, approve_key, model, form, state, number_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open', ?8) ON CONFLICT (sign_in_id) DO UPDATE SET number_at = ?8 WHERE state = 'open'";
    let pending = &waiting.pending;
    let keys = (pending.device_key.to_bytes(), pending.approve_key.to_bytes());
    run(tx, sql, params![id.to_string(), account.to_string(), mark, keys.0, keys.1, pending.model, waiting.form, now.as_ms()])?;
    Ok(())
}

/// The parts that every box of a proof is bound to: this phone's keys, this account, this try.
pub fn parts(known: &SignIn, what: &str, proof: Id) -> Vec<String> {
    vec![
        "kabao-sign-in-1".to_owned(), what.to_owned(), known.id.to_string(), proof.to_string(), known.account.to_string(),
        known.device_key.to_string(), known.approve_key.to_string(), known.model.clone(),
    ]
}

/// This phone is one of the account's, and limits are low for a day: limits are counted by account and over every sign-in, so that what
/// a stolen SIM and password could sign in may not spend more than a phone that took another's place. Safe to repeat.
pub fn complete(service: &Service, state: &mut service::State, known: &SignIn, now: Timestamp) -> Outcome<()> {
    let sql = "SELECT count(*) FROM devices WHERE account_id = ?1 AND revoked = 0";
    let signed_in: u32 = one(&state.db, sql, [known.account.to_string()], |row| row.get(0))?.unwrap_or(0);
    if signed_in >= DEVICES {
        return Err(Refusal::of(409, Code::DeviceLimit));
    }
    let row = DeviceRow {
        entry: known.id,
        signed_in: true,
        account: known.account,
        device: service.make_id(),
        device_key: known.device_key,
        approve_key: known.approve_key,
        model: known.model.clone(),
        form: known.form.clone(),
        at: now,
    };
    let row = keep(service, row)?;
    store::write(&mut state.db, |tx| apply(tx, &row))?;
    crate::api::secure::tell(service, state, known.account, row.device, "signed_in", &format!("你的账户已在新手机（{}）登录，24小时内限额较低。", known.model), now);
    Ok(())
}

/// A phone is signed out: its key and its codes are worth nothing from then on.
pub fn sign_out(service: &Service, state: &mut service::State, account: Id, device: Id, entry: Id, now: Timestamp) -> Outcome<bool> {
    let sql = "SELECT device_key, approve_key, model, form, revoked FROM devices WHERE device_id = ?1 AND account_id = ?2";
    let found = one(&state.db, sql, params![device.to_string(), account.to_string()], |row| {
        Ok((key(row, "device_key")?, key(row, "approve_key")?, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get::<_, bool>(4)?))
    })?;
    let (device_key, approve_key, model, form, revoked) = found.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if revoked {
        return Ok(false);
    }
    let row = keep(service, DeviceRow { entry, signed_in: false, account, device, device_key, approve_key, model, form, at: now })?;
    if row.device != device {
        return Err(Refusal::of(409, Code::IdReused));
    }
    store::write(&mut state.db, |tx| apply(tx, &row))?;
    Ok(true)
}

fn keep(service: &Service, row: DeviceRow) -> Outcome<DeviceRow> {
    let (entry, account, signed_in) = (row.entry, row.account, row.signed_in);
    let VaultAnswer::Devices(rows) = service.ask_vault(VaultCall::KeepDevice(row))? else { return Err(Refusal::down()) };
    let row = rows.into_iter().find(|row| row.entry == entry).ok_or_else(Refusal::down)?;
    if row.account == account && row.signed_in == signed_in { Ok(row) } else { Err(Refusal::of(409, Code::IdReused)) }
}

fn apply(tx: &Connection, row: &DeviceRow) -> Outcome<()> {
    let (entry, account, device, at) = (row.entry.to_string(), row.account.to_string(), row.device.to_string(), row.at.as_ms());
    if !row.signed_in {
        let sql = "UPDATE devices SET revoked = 1, ended_at = ?2, ended_by = 'signed_out' WHERE device_id = ?1 AND revoked = 0";
        run(tx, sql, params![device, at])?;
        run(tx, "UPDATE tokens SET revoked = 1 WHERE device_id = ?1", [&device])?;
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO devices (device_id, account_id, registration_id, device_key, approve_key, model, form, created_at, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)";
    let keys = (row.device_key.to_bytes(), row.approve_key.to_bytes());
    run(tx, sql, params![device, account, entry, keys.0, keys.1, row.model, row.form, at])?;
    low::begin(tx, row.account, row.at)?;
    let sql = "INSERT INTO sign_ins (sign_in_id, account_id, phone_mark, device_key, approve_key, model, form, state, number_at, device_id) \
               SELECT ?1, ?2, phone_mark, ?3, ?4, ?5, ?6, 'done', ?7, ?8 FROM accounts WHERE account_id = ?2 \
               ON CONFLICT (sign_in_id) DO UPDATE SET state = 'done', device_id = ?8";
    run(tx, sql, params![entry, account, keys.0, keys.1, row.model, row.form, at, device])?;
    Ok(())
}

/// A book that was put back learns who is signed in and who is not. Called before the replacements, which shut out what came
/// before them.
pub fn reapply(service: &Service, state: &mut service::State) -> Outcome<()> {
    let VaultAnswer::Devices(rows) = service.ask_vault(VaultCall::DeviceLog)? else { return Err(Refusal::down()) };
    store::write(&mut state.db, |tx| {
        for row in &rows {
            let known = one(tx, "SELECT 1 FROM accounts WHERE account_id = ?1", [row.account.to_string()], |row| row.get::<_, i64>(0))?;
            if known.is_some() {
                apply(tx, row)?;
            }
        }
        Ok(())
    })
}

/// What a proof of the password or the PIN is a proof of, as the account is now.
pub fn secret(login: &LoginState) -> String {
    login.password_change.map_or_else(|| PIN_PROVEN.to_owned(), |change| change.to_string())
}

/// What still has to be proven: password, PIN, code. What proved an earlier password proves nothing.
pub fn needs(known: &SignIn, who: &Account, login: &LoginState) -> (bool, bool, bool) {
    let open = known.stage == Stage::Open;
    let password = login.password_at.is_some();
    let proven = known.secret_proven.as_ref() == Some(&secret(login));
    (open && password && !proven, open && !password && who.pin_set && !proven, open && login.factor.is_some())
}

/// A sign-in as its phone sees it.
pub fn view(db: &Connection, known: &SignIn, who: &Account, login: &LoginState, now: Timestamp) -> Outcome<SignInOut> {
    let (needs_password, needs_pin, needs_factor) = needs(known, who, login);
    let mut out = SignInOut {
        sign_in_id: known.id.to_string(),
        state: if known.stage == Stage::Done { "done" } else { "proving" }.to_owned(),
        account_id: known.account.to_string(),
        needs_password,
        needs_pin,
        needs_factor,
        verified: who.class > 0,
        pin_set: who.pin_set,
        device_id: None,
        low_until: None,
    };
    if known.stage == Stage::Done {
        let device = known.device.ok_or_else(internal)?;
        let sql = "SELECT revoked, ended_by FROM devices WHERE device_id = ?1";
        let found = one(db, sql, [device.to_string()], |row| Ok((row.get::<_, bool>(0)?, row.get::<_, Option<String>>(1)?)))?;
        match found {
            Some((false, _)) => {}
            Some((true, ended)) => return Err(ended_refusal(ended.as_deref())),
            None => return Err(Refusal::of(401, Code::DeviceRevoked)),
        }
        let low: Option<i64> = one(db, "SELECT low_until FROM accounts WHERE account_id = ?1", [known.account.to_string()], |row| row.get(0))?;
        out.device_id = Some(device.to_string());
        out.low_until = low.filter(|low| *low > now.as_ms());
    }
    Ok(out)
}

/// What a phone is told that is no phone of the account any more.
pub fn ended_refusal(ended_by: Option<&str>) -> Refusal {
    Refusal::of(401, if ended_by == Some("signed_out") { Code::SignedOut } else { Code::DeviceRevoked })
}

/// The phones of an account: those that are signed in, then the newest that ended.
pub fn devices(db: &Connection, account: Id, this: Id) -> Outcome<Vec<DeviceOut>> {
    let sql = "SELECT * FROM devices WHERE account_id = ?1 AND (revoked = 0 OR device_id IN \
               (SELECT device_id FROM devices WHERE account_id = ?1 AND revoked = 1 ORDER BY ended_at DESC, device_id LIMIT ?2)) \
               ORDER BY revoked, created_at DESC, device_id";
    let rows = all(db, sql, params![account.to_string(), ENDED], |row| {
        let (device, created): (Id, i64) = (id_at(row, "device_id")?, row.get("created_at")?);
        let revoked: bool = row.get("revoked")?;
        Ok(DeviceOut {
            device_id: device.to_string(),
            model: row.get("model")?,
            form: row.get("form")?,
            first_seen: created,
            last_seen: row.get::<_, i64>("last_seen")?.max(created),
            this: device == this,
            ended_at: row.get::<_, Option<i64>>("ended_at")?.filter(|_| revoked),
            ended_by: row.get::<_, Option<String>>("ended_by")?.filter(|_| revoked),
            capabilities: row.get::<_, String>("capabilities")?.split_whitespace().map(str::to_owned).collect(),
        })
    })?;
    Ok(rows)
}
