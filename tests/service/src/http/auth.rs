//! Who sent a request: the order is size, digest, signature, time, nonce. Only then is anything believed.

use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::{self, one, run};
use crate::wire;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kabao_base::{Code, Id};
use kabao_proof::http::{read_request, read_unsigned};
use kabao_proof::{Headers, PublicKey, RequestEcho, Signature, SignedRequest};
use rusqlite::params;

/// How far a request's time may be from the service's.
pub const SKEW_MS: i64 = 300_000;
const NONCE_MAX: usize = 128;

/// A request as it came, its body whole.
pub struct Incoming<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// The host that was asked.
    pub authority: &'a str,
    /// The path.
    pub path: &'a str,
    /// The query without its question mark.
    pub query: Option<&'a str>,
    /// The headers that matter.
    pub headers: Headers,
    /// The body.
    pub body: &'a [u8],
}

/// A request whose sender is known.
pub struct Admitted {
    /// The phone, unless the path needs none.
    pub caller: Option<Caller>,
    /// The head of the phone's events that the service had before.
    pub last_head: Option<String>,
}

const REPLACEMENTS: &str = "/v1/device-replacements/";
const SIGN_INS: &str = "/v1/sign-ins/";
/// How old the time of the last request may be in the book.
const SEEN_MS: i64 = 3_600_000;

enum Need<'a> {
    Nobody,
    Registration,
    RegistrationOtp(&'a str),
    Replacement(&'a str),
    SignIn(&'a str),
    Device,
}

fn need(path: &str) -> Need<'_> {
    match path {
        "/v1/keys" | "/v1/freeze" | "/v1/feeds/profile" => Need::Nobody,
        "/v1/registrations" | "/v1/device-replacements" | "/v1/sign-ins" => Need::Registration,
        _ if path.starts_with(REPLACEMENTS) => {
            Need::Replacement(path.strip_prefix(REPLACEMENTS).and_then(|rest| rest.split('/').next()).unwrap_or_default())
        }
        _ if path.starts_with(SIGN_INS) => Need::SignIn(path.strip_prefix(SIGN_INS).and_then(|rest| rest.split('/').next()).unwrap_or_default()),
        _ => match path.strip_prefix("/v1/registrations/").and_then(|rest| rest.strip_suffix("/otp")) {
            Some(id) => Need::RegistrationOtp(id),
            None => Need::Device,
        },
    }
}

/// What the answer has to cover of the request, whether or not the request is admitted.
pub fn echo(incoming: &Incoming) -> RequestEcho {
    let Incoming { method, authority, path, query, headers, body } = incoming;
    if headers.is_signed() {
        if let Ok(request) = read_request(method, authority, path, *query, headers, body) {
            return request.echo().clone();
        }
    } else if let Ok(echo) = read_unsigned(method, path, *query, headers, body) {
        return echo;
    }
    plain_echo(method, path, *query, headers, body)
}

/// What an answer covers of a request that could not be read: what the headers say, checked or not.
pub fn plain_echo(method: &str, path: &str, query: Option<&str>, headers: &Headers, body: &[u8]) -> RequestEcho {
    let digest = headers.get("content-digest").map(str::to_owned);
    RequestEcho {
        method: method.to_owned(),
        path: path.to_owned(),
        query: format!("?{}", query.unwrap_or_default()),
        content_digest: digest.unwrap_or_else(|| kabao_proof::http::content_digest(body)),
        signature: headers.get("signature").and_then(claimed),
    }
}

/// The bytes of a signature header that holds just ours.
fn claimed(header: &str) -> Option<Signature> {
    let text = header.strip_prefix("kabao=:")?.strip_suffix(':')?;
    Signature::from_raw(&STANDARD.decode(text).ok()?).ok()
}

fn bad_signature() -> Refusal {
    Refusal::named(401, "signature_invalid")
}

/// Admits a request or says why not.
pub fn admit(service: &Service, incoming: &Incoming) -> Outcome<Admitted> {
    let need = need(incoming.path);
    if matches!(need, Need::Nobody) {
        return Ok(Admitted { caller: None, last_head: None });
    }
    let Incoming { method, authority, path, query, headers, body } = incoming;
    let request = read_request(method, authority, path, *query, headers, body).map_err(|_| bad_signature())?;
    match need {
        Need::Registration => {
            if request.keyid != "self" {
                return Err(bad_signature());
            }
            let key = key_in_body(body)?;
            check(service, &request, &key, &key.to_string())?;
            Ok(Admitted { caller: None, last_head: None })
        }
        Need::RegistrationOtp(id) => {
            if request.keyid != "self" {
                return Err(bad_signature());
            }
            let key = registering_key(service, wire::id(id, "registration_id")?)?;
            check(service, &request, &key, &key.to_string())?;
            Ok(Admitted { caller: None, last_head: None })
        }
        Need::Replacement(id) => {
            if request.keyid != "self" {
                return Err(bad_signature());
            }
            let key = replacing_key(service, wire::id(id, "replacement_id")?)?;
            check(service, &request, &key, &key.to_string())?;
            Ok(Admitted { caller: None, last_head: None })
        }
        Need::SignIn(id) => {
            if request.keyid != "self" {
                return Err(bad_signature());
            }
            let key = signing_in_key(service, wire::id(id, "sign_in_id")?)?;
            check(service, &request, &key, &key.to_string())?;
            Ok(Admitted { caller: None, last_head: None })
        }
        _ => admit_device(service, &request),
    }
}

/// The key of a phone that takes another's place, before and after it is one of the account's.
fn replacing_key(service: &Service, id: Id) -> Outcome<PublicKey> {
    let state = service.state();
    if let Some(pending) = state.memory.replacements.get(&id) {
        return Ok(pending.device_key);
    }
    let known = crate::replace::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    Ok(known.device_key)
}

/// The key of a phone that is signed in, before and after it is one of the account's.
fn signing_in_key(service: &Service, id: Id) -> Outcome<PublicKey> {
    let state = service.state();
    if let Some(waiting) = state.memory.sign_ins.get(&id) {
        return Ok(waiting.pending.device_key);
    }
    let known = crate::sign_in::load(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    Ok(known.device_key)
}

fn key_in_body(body: &[u8]) -> Outcome<PublicKey> {
    let value: serde_json::Value = serde_json::from_slice(body).map_err(|_| Refusal::argument("body"))?;
    let text = value.get("device_key").and_then(serde_json::Value::as_str).ok_or_else(|| Refusal::argument("device_key"))?;
    wire::key(text, "device_key")
}

fn registering_key(service: &Service, id: Id) -> Outcome<PublicKey> {
    let state = service.state();
    if let Some(pending) = state.memory.registrations.get(&id) {
        return Ok(pending.device_key);
    }
    let sql = "SELECT device_key FROM devices WHERE registration_id = ?1";
    let key: Option<Vec<u8>> = one(&state.db, sql, [id.to_string()], |row| row.get(0))?;
    let key = key.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    PublicKey::from_bytes(&key).map_err(|_| crate::service::internal())
}

/// Signature, time, nonce.
fn check(service: &Service, request: &SignedRequest, key: &PublicKey, key_id: &str) -> Outcome<()> {
    let restored_at = service.state().restored_at;
    fresh(service, request, key, restored_at)?;
    store::write(&mut service.state().db, |tx| use_nonce(tx, service, key_id, &request.nonce))
}

/// A book that was put back has forgotten which requests were taken: one that was made before is not taken again. Whoever made it hears
/// the time, and signs anew.
fn fresh(service: &Service, request: &SignedRequest, key: &PublicKey, restored_at: i64) -> Outcome<()> {
    request.verify(key).map_err(|_| bad_signature())?;
    let created = request.created.saturating_mul(1000);
    if service.now().as_ms().saturating_sub(created).abs() > SKEW_MS || request.created < restored_at.div_euclid(1000) {
        return Err(Refusal::named(401, "clock_skew"));
    }
    let usable = !request.nonce.is_empty() && request.nonce.len() <= NONCE_MAX;
    if usable { Ok(()) } else { Err(bad_signature()) }
}

fn use_nonce(tx: &rusqlite::Connection, service: &Service, key_id: &str, nonce: &str) -> Outcome<()> {
    let sql = "INSERT OR IGNORE INTO nonces VALUES (?1, ?2, ?3)";
    let added = run(tx, sql, params![key_id, nonce, service.now().as_ms()])?;
    if added == 1 { Ok(()) } else { Err(Refusal::of(401, Code::Replayed)) }
}

fn admit_device(service: &Service, request: &SignedRequest) -> Outcome<Admitted> {
    let revoked = || Refusal::of(401, Code::DeviceRevoked);
    let id = request.keyid.strip_prefix("dev:").ok_or_else(bad_signature)?;
    let device = Id::parse(id).map_err(|_| revoked())?;
    let sql = "SELECT account_id, device_key, approve_key, head, head_seq, revoked, ended_by FROM devices WHERE device_id = ?1";
    let mut state = service.state();
    let row = one(&state.db, sql, [device.to_string()], |row| {
        let keys: (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?);
        Ok((store::id_at(row, "account_id")?, keys, row.get::<_, Option<String>>(3)?, row.get::<_, i64>(4)?, (row.get::<_, bool>(5)?, row.get::<_, Option<String>>(6)?)))
    })?;
    let (account, (device_key, approve_key), last_head, last_seq, (is_revoked, ended_by)) = row.ok_or_else(revoked)?;
    if is_revoked && crate::closing::is_closed(&state.db, account)? {
        return Err(Refusal::of(401, Code::AccountClosed));
    }
    if is_revoked {
        return Err(crate::sign_in::ended_refusal(ended_by.as_deref()));
    }
    let key = |bytes: &[u8]| PublicKey::from_bytes(bytes).map_err(|_| crate::service::internal());
    fresh(service, request, &key(&device_key)?, state.restored_at)?;
    let head = request.head.as_deref().ok_or_else(|| Refusal::argument("kabao-head"))?;
    let seq = head_seq(head).ok_or_else(|| Refusal::argument("kabao-head"))?;
    store::write(&mut state.db, |tx| {
        use_nonce(tx, service, &request.keyid, &request.nonce)?;
        let now = service.now();
        let sql = "UPDATE devices SET last_seen = ?2 WHERE device_id = ?1 AND last_seen < ?3";
        run(tx, sql, params![device.to_string(), now.as_ms(), now.plus_ms(-SEEN_MS).as_ms()])?;
        if seq > last_seq {
            run(tx, "UPDATE devices SET head = ?2, head_seq = ?3 WHERE device_id = ?1", params![device.to_string(), head, seq])?;
        }
        Ok(())
    })?;
    Ok(Admitted { caller: Some(Caller { account, device, approve_key: key(&approve_key)? }), last_head })
}

/// The number of a head `<seq>;<64 hexadecimal digits>`.
fn head_seq(head: &str) -> Option<i64> {
    let (seq, hash) = head.split_once(';')?;
    kabao_proof::Digest32::parse(hash).ok()?;
    let number: i64 = seq.parse().ok().filter(|number| *number >= 0)?;
    (number.to_string() == seq).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_one_spelling() {
        let hash = "ab".repeat(32);
        assert_eq!(head_seq(&format!("12;{hash}")), Some(12));
        for head in ["", ";", "1;ab", &format!("+1;{hash}"), &format!("01;{hash}"), &format!("-1;{hash}"), &format!("1;{}", "AB".repeat(32))] {
            assert_eq!(head_seq(head), None, "{head}");
        }
    }
}
