//! A second contact: a number or a mailbox beside the account's number, where its person is told what happens to the account.
//! It counts once the code that was sent there came back; it signs nobody in and proves nothing.

use super::registration::may_send;
use super::secure::prove_pin;
use super::{App, phone};
use crate::closing;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, SentCode, Service, State};
use crate::store::people::{Account, account};
use crate::store::{self, all, id_at, meta, one, run};
use crate::tell;
use crate::vault::Decision;
use crate::ways::DAY_MS;
use crate::wire::{self, CodeSentOut, ContactIn, ContactOut, ContactRemovalIn, ContactsOut, OtpIn};
use axum::extract::{Path, State as Part};
use kabao_base::{Code, Id, Otp, Timestamp};
use kabao_proof::digest::sha256_of;
use rusqlite::{Connection, Row, params};

/// When a contact has to be proven again, unless the book says otherwise: after half a year mailboxes die and numbers change
/// hands. Data of this service, told with every list.
const VERIFY_AGAIN_MS: i64 = 180 * DAY_MS;
/// Under which name the book says otherwise.
pub const VERIFY_AGAIN: &str = "verify_again_ms";
/// How many codes an account has sent in a day: they go to addresses that may be anybody's.
const PER_DAY: i64 = 20;

struct Contact {
    id: Id,
    account: Id,
    kind: String,
    sealed: Vec<u8>,
    masked: String,
    verified_at: Option<i64>,
}

fn read(row: &Row) -> rusqlite::Result<Contact> {
    Ok(Contact {
        id: id_at(row, "contact_id")?,
        account: id_at(row, "account_id")?,
        kind: row.get("kind")?,
        sealed: row.get("address_sealed")?,
        masked: row.get("address_masked")?,
        verified_at: row.get("verified_at")?,
    })
}

impl Contact {
    fn out(&self, again_ms: i64) -> ContactOut {
        ContactOut {
            contact_id: self.id.to_string(),
            kind: self.kind.clone(),
            masked: self.masked.clone(),
            state: if self.verified_at.is_some() { "verified" } else { "unverified" }.to_owned(),
            verified_at: self.verified_at,
            verify_again_at: self.verified_at.map(|at| at.saturating_add(again_ms)),
        }
    }

    fn address(&self, service: &Service) -> Outcome<String> {
        tell::address(service, self.id, &self.sealed)
    }
}

/// A mailbox in its one spelling: ASCII, one `@`, a plain local part, a host of at least two labels; small letters. Quoted
/// parts, comments, addresses in brackets and other scripts are not taken.
fn mailbox(text: &str) -> Option<String> {
    if text.len() > 254 || !text.is_ascii() {
        return None;
    }
    let (local, host) = text.split_once('@')?;
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"_%+-".contains(&sign));
    let label = |part: &str| {
        let inside = !part.is_empty() && part.len() <= 63 && part.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-');
        inside && !part.starts_with('-') && !part.ends_with('-')
    };
    let labels: Vec<&str> = host.split('.').collect();
    let top = labels.last()?;
    let lawful = local.len() <= 64
        && local.split('.').all(plain)
        && labels.len() >= 2
        && labels.iter().all(|part| label(part))
        && top.len() >= 2
        && !top.bytes().all(|sign| sign.is_ascii_digit());
    lawful.then(|| text.to_ascii_lowercase())
}

/// `l****@example.com`.
fn masked_mailbox(address: &str) -> String {
    let (local, host) = address.split_once('@').unwrap_or((address, ""));
    format!("{}****@{host}", local.chars().next().unwrap_or('*'))
}

fn load(db: &Connection, id: Id) -> Outcome<Option<Contact>> {
    Ok(one(db, "SELECT * FROM contacts WHERE contact_id = ?1", [id.to_string()], read)?)
}

fn own(db: &Connection, caller: &Caller, id: Id) -> Outcome<Contact> {
    let known = load(db, id)?.filter(|known| known.account == caller.account);
    known.ok_or_else(|| Refusal::of(404, Code::NotFound))
}

fn contacts(db: &Connection, account: Id) -> Outcome<Vec<Contact>> {
    Ok(all(db, "SELECT * FROM contacts WHERE account_id = ?1 ORDER BY at, contact_id", [account.to_string()], read)?)
}

fn listed(db: &Connection, account: Id) -> Outcome<Answer> {
    let contacts = contacts(db, account)?;
    let again_ms = meta::number(db, VERIFY_AGAIN, VERIFY_AGAIN_MS)?;
    Answer::json(200, &ContactsOut { contacts: contacts.iter().map(|contact| contact.out(again_ms)).collect(), verify_again_after_ms: again_ms })
}

fn allowed(state: &State, caller: &Caller) -> Outcome<Account> {
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let who = account(&state.db, caller.account)?;
    if who.frozen { Err(Refusal::of(403, Code::AccountFrozen)) } else { Ok(who) }
}

/// One more code of this account today.
fn count(db: &Connection, account: Id, now: Timestamp) -> Outcome<()> {
    let sql = "SELECT count, since FROM contact_asks WHERE account_id = ?1";
    let (count, since) = one(db, sql, [account.to_string()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?.unwrap_or((0, now.as_ms()));
    let (count, since) = if now.as_ms().saturating_sub(since) >= DAY_MS { (0, now.as_ms()) } else { (count, since) };
    if count >= PER_DAY {
        return Err(Refusal::of(429, Code::TooManyRequests).retry_after(since + DAY_MS - now.as_ms()));
    }
    run(db, "INSERT OR REPLACE INTO contact_asks VALUES (?1, ?2, ?3)", params![account.to_string(), count + 1, since])?;
    Ok(())
}

/// The contacts of the account.
#[utoipa::path(get, path = "/v1/contacts", responses((status = 200, body = ContactsOut), Common))]
pub async fn list(Part(service): App, caller: Caller) -> Outcome<Answer> {
    listed(&service.state().db, caller.account)
}

/// Names a contact; a code goes there. Of each kind there is one.
#[utoipa::path(post, path = "/v1/contacts", request_body = ContactIn, responses((status = 200, body = CodeSentOut), Common))]
pub async fn add(Part(service): App, caller: Caller, Sent(body): Sent<ContactIn>) -> Outcome<Answer> {
    let id = wire::id(&body.contact_id, "contact_id")?;
    let (address, masked) = match body.kind.as_str() {
        "phone" if phone::is_usable(&body.address) => (body.address.clone(), phone::masked(&body.address)),
        "phone" => return Err(Refusal::rule(Code::PhoneInvalid).field("address")),
        "email" => {
            let address = mailbox(&body.address).ok_or_else(|| Refusal::rule(Code::EmailInvalid).field("address"))?;
            let masked = masked_mailbox(&address);
            (address, masked)
        }
        _ => return Err(Refusal::argument("kind")),
    };
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let who = allowed(state, &caller)?;
    if body.kind == "phone" && phone::is_unreachable(&state.db, &address)? {
        return Err(Refusal::rule(Code::PhoneUnreachable).field("address"));
    }
    if address == super::account::phone_of(&service, &who)? {
        return Err(Refusal::rule(Code::ContactSame).field("address"));
    }
    if let Some(known) = load(&state.db, id)? {
        let same = known.account == caller.account && known.kind == body.kind && known.address(&service)? == address;
        if !same {
            return Err(Refusal::of(409, Code::IdReused));
        }
    }
    let others = contacts(&state.db, caller.account)?;
    if others.iter().any(|other| other.id != id && other.kind == body.kind && other.verified_at.is_some()) {
        return Err(Refusal::of(409, Code::ContactExists).field("address"));
    }
    may_send(&state.memory, &address, now)?;
    let sealed = tell::seal(&service, id, &address)?;
    store::write(&mut state.db, |tx| {
        count(tx, caller.account, now)?;
        let account = caller.account.to_string();
        run(tx, "DELETE FROM contacts WHERE account_id = ?1 AND kind = ?2 AND contact_id <> ?3", params![account, body.kind, id.to_string()])?;
        let sql = "INSERT OR IGNORE INTO contacts (contact_id, account_id, kind, address_sealed, address_masked, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        run(tx, sql, params![id.to_string(), account, body.kind, sealed, masked, now.as_ms()])?;
        Ok(())
    })?;
    send_code(&service, state, id, &address, masked, now)
}

fn send_code(service: &Service, state: &mut State, id: Id, address: &str, masked: String, now: Timestamp) -> Outcome<Answer> {
    let code = SentCode::send(service, state, address, now)?;
    let told = code.told(masked);
    state.memory.contact_codes.insert(id, code);
    Answer::json(200, &told)
}

/// Sends another code, also to a contact that was proven long ago.
#[utoipa::path(post, path = "/v1/contacts/{contact_id}/code", params(("contact_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = CodeSentOut), Common))]
pub async fn code(Part(service): App, caller: Caller, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "contact_id")?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    allowed(state, &caller)?;
    let known = own(&state.db, &caller, id)?;
    let address = known.address(&service)?;
    may_send(&state.memory, &address, now)?;
    store::write(&mut state.db, |tx| count(tx, caller.account, now))?;
    send_code(&service, state, id, &address, known.masked, now)
}

/// The code came back: the contact counts.
#[utoipa::path(post, path = "/v1/contacts/{contact_id}/otp", params(("contact_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = OtpIn, responses((status = 200, body = ContactsOut), Common))]
pub async fn otp(Part(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<OtpIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "contact_id")?;
    let typed = Otp::read(body.otp).map_err(|_| Refusal::rule(Code::OtpWrong).field("otp"))?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    allowed(state, &caller)?;
    let known = own(&state.db, &caller, id)?;
    let code = state.memory.contact_codes.get_mut(&id).ok_or_else(|| Refusal::rule(Code::OtpExpired).field("otp"))?;
    if code.used {
        // Repeated after a lost answer.
        let right = typed.expose("compared with the code that was sent") == code.otp;
        return if right { listed(&state.db, caller.account) } else { Err(Refusal::rule(Code::OtpUsed).field("otp")) };
    }
    code.judge(&typed, now)?;
    code.used = true;
    store::write(&mut state.db, |tx| {
        run(tx, "UPDATE contacts SET verified_at = ?2 WHERE contact_id = ?1", params![id.to_string(), now.as_ms()])?;
        if known.verified_at.is_none() {
            notice(tx, &service, &caller, "contact_added", now)?;
        }
        Ok(())
    })?;
    if known.verified_at.is_none() {
        tell::person(&service, state, caller.account, &format!("【卡包】你的账户已添加第二联系方式{}。如非本人操作，请立即冻结账户并联系客服。", known.masked), now);
    }
    listed(&state.db, caller.account)
}

fn notice(tx: &Connection, service: &Service, caller: &Caller, kind: &str, now: Timestamp) -> Outcome<()> {
    let sql = "INSERT INTO notices VALUES (?1, ?2, ?3, ?4, ?5)";
    run(tx, sql, params![service.make_id().to_string(), caller.account.to_string(), kind, caller.device.to_string(), now.as_ms()])?;
    Ok(())
}

/// What a PIN's box is bound to.
fn digest(caller: &Caller, contact: Id, proof: Id) -> [u8; 32] {
    let parts = ["kabao-contact-1".to_owned(), contact.to_string(), proof.to_string(), caller.account.to_string(), caller.device.to_string()];
    sha256_of(&[parts.join("\0").as_bytes()])
}

/// Takes a contact away, with the PIN; both hear of it. One that never counted goes without.
#[utoipa::path(post, path = "/v1/contacts/{contact_id}/removal", params(("contact_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = ContactRemovalIn, responses((status = 200, body = ContactsOut), Common))]
pub async fn remove(Part(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<ContactRemovalIn>) -> Outcome<Answer> {
    let (id, proof) = (wire::id(&id, "contact_id")?, wire::id(&body.proof_id, "proof_id")?);
    let pin = body.pin_box.as_ref().map(|sealed| sealed.read("pin_box")).transpose()?;
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    let who = allowed(state, &caller)?;
    let known = own(&state.db, &caller, id)?;
    if who.pin_set && known.verified_at.is_some() {
        let sealed = pin.ok_or_else(|| Refusal::argument("pin_box"))?;
        prove_pin(&service, state, caller.account, digest(&caller, id, proof), sealed)?;
    }
    // An older copy of the book must not tell again who was taken away.
    closing::keep(&service, id, caller.account, Decision::ContactGone, now)?;
    if known.verified_at.is_some() {
        // While it still counts, so that it hears of its own end.
        tell::person(&service, state, caller.account, &format!("【卡包】第二联系方式{}已从你的账户移除。如非本人操作，请立即冻结账户并联系客服。", known.masked), now);
    }
    store::write(&mut state.db, |tx| {
        run(tx, "DELETE FROM contacts WHERE contact_id = ?1", [id.to_string()])?;
        notice(tx, &service, &caller, "contact_removed", now)
    })?;
    state.memory.contact_codes.remove(&id);
    listed(&state.db, caller.account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_have_one_plain_spelling() {
        assert_eq!(mailbox("Li.Xiaoman+pay@Mail.Example.com").as_deref(), Some("li.xiaoman+pay@mail.example.com"));
        assert!(mailbox(&format!("{}@b.cn", "a".repeat(64))).is_some());
        for text in [
            "", "@", "a@", "@b.cn", "a@b", "a@b.c", "a@@b.cn", "a@b@c.cn", ".a@b.cn", "a.@b.cn", "a..b@c.cn", "a b@c.cn", "\"a\"@b.cn",
            "a(b)@c.cn", "a@[127.0.0.1]", "a@127.0.0.1", "a@-b.cn", "a@b-.cn", "a@b..cn", "a@.b.cn", "a@b.cn.", "小满@b.cn", "a@例子.cn",
            "a@b.cn\n", "<a@b.cn>", "a@b.cn,c@d.cn", "a\u{200b}@b.cn",
        ] {
            assert_eq!(mailbox(text), None, "{text:?}");
        }
        assert!(mailbox(&format!("{}@b.cn", "a".repeat(65))).is_none());
        assert!(mailbox(&format!("a@{}.cn", "b".repeat(64))).is_none());
        assert!(mailbox(&format!("a@{}", "b.".repeat(200))).is_none());
        assert_eq!(masked_mailbox("li@mail.example.com"), "l****@mail.example.com");
    }
}
