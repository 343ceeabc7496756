//! The real-name check: consent, then name, number and face, judged by the vendor behind the vault.

use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::people::account;
use crate::store::{self, one, run};
use crate::vault::{IdentityState, VaultAnswer, VaultCall};
use crate::wire::{self, ConsentIn, ConsentOut, VerificationIn, VerificationView};
use axum::extract::{Path, State};
use kabao_base::{Code, Id, mask};
use kabao_proof::{Digest32, SealedBox};
use rusqlite::params;

/// The version of the text that is shown today.
pub const VERSION: &str = "2026-11";
const TEXT: &str = "我同意将姓名、身份证号与人脸核验结果提交给实名核验机构，仅用于开立支付账户的身份核验。";
/// How many rejected attempts an account has.
const ATTEMPTS: i64 = 5;

/// The text that a person consents to before the check.
#[utoipa::path(get, path = "/v1/consents/real_name", responses((status = 200, body = ConsentOut), Common))]
pub async fn document(_: Caller) -> Outcome<Answer> {
    let digest = Digest32::of(TEXT.as_bytes()).to_string();
    Answer::json(200, &ConsentOut { document: "real_name".to_owned(), version: VERSION.to_owned(), digest })
}

/// Takes a consent.
#[utoipa::path(post, path = "/v1/consents", request_body = ConsentIn, responses((status = 204, description = "Taken"), Common))]
pub async fn consent(State(service): App, caller: Caller, Sent(body): Sent<ConsentIn>) -> Outcome<Answer> {
    let id = wire::id(&body.consent_id, "consent_id")?;
    if body.document != "real_name" {
        return Err(Refusal::argument("document"));
    }
    if body.version != VERSION {
        return Err(Refusal::rule(Code::ConsentVersion).field("version"));
    }
    let now = service.now();
    store::write(&mut service.state().db, |tx| {
        let sql = "SELECT account_id FROM consents WHERE consent_id = ?1";
        let owner = one(tx, sql, [id.to_string()], |row| store::id_at(row, "account_id"))?;
        if owner.is_some_and(|owner| owner != caller.account) {
            return Err(Refusal::of(409, Code::IdReused));
        }
        let sql = "INSERT OR IGNORE INTO consents VALUES (?1, ?2, ?3, ?4, ?5)";
        run(tx, sql, params![id.to_string(), caller.account.to_string(), "real_name", body.version, now.as_ms()])?;
        Ok(())
    })?;
    Ok(Answer::empty())
}

/// Has name, number and face judged.
#[utoipa::path(put, path = "/v1/verifications/{verification_id}", params(("verification_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = VerificationIn,
    responses((status = 200, body = VerificationView), (status = 202, body = VerificationView), Common))]
pub async fn verify(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<VerificationIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "verification_id")?;
    let consent = wire::id(&body.consent_id, "consent_id")?;
    let sealed = body.id_box.read("id_box")?;
    let name = wire::plain(&body.name, 50, "name").map_err(|_| Refusal::rule(Code::NameInvalid).field("name"))?.trim().to_owned();
    wire::plain(&body.liveness_token, 200, "liveness_token")?;
    {
        let mut state = service.state();
        if let Some(known) = load(&state.db, caller.account, id)? {
            // Judged, or already being judged: this is the same call again.
            drop(state);
            return if known.state == "pending" { judge(&service, caller.account, id, None, "", "") } else { Answer::json(200, &known) };
        }
        if account(&state.db, caller.account)?.class > 0 {
            return Err(Refusal::of(409, Code::WrongStep));
        }
        let given = one(
            &state.db,
            "SELECT 1 FROM consents WHERE consent_id = ?1 AND account_id = ?2 AND version = ?3",
            params![consent.to_string(), caller.account.to_string(), VERSION],
            |row| row.get::<_, i64>(0),
        )?;
        if given.is_none() {
            return Err(Refusal::of(403, Code::ConsentMissing).field("consent_id"));
        }
        let sql = "SELECT count(*) FROM verifications WHERE account_id = ?1 AND state = 'rejected'";
        let rejected = one(&state.db, sql, [caller.account.to_string()], |row| row.get::<_, i64>(0))?.unwrap_or(0);
        if rejected >= ATTEMPTS {
            return Err(Refusal::of(403, Code::VerificationAttempts));
        }
        let now = service.now();
        store::write(&mut state.db, |tx| {
            let sql = "INSERT INTO verifications (verification_id, account_id, state, name_masked, at) VALUES (?1, ?2, 'pending', ?3, ?4)";
            run(tx, sql, params![id.to_string(), caller.account.to_string(), mask::name(&name), now.as_ms()])?;
            Ok(())
        })?;
    }
    judge(&service, caller.account, id, Some(sealed), &name, &body.liveness_token)
}

/// Asks again how a check stands.
#[utoipa::path(get, path = "/v1/verifications/{verification_id}", params(("verification_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = VerificationView), (status = 202, body = VerificationView), Common))]
pub async fn verification(State(service): App, caller: Caller, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "verification_id")?;
    let known = load(&service.state().db, caller.account, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if known.state == "pending" { judge(&service, caller.account, id, None, "", "") } else { Answer::json(200, &known) }
}

fn load(db: &rusqlite::Connection, account: Id, id: Id) -> Outcome<Option<VerificationView>> {
    let sql = "SELECT account_id, state, code, retriable, class, name_masked, id_masked FROM verifications WHERE verification_id = ?1";
    let row = one(db, sql, [id.to_string()], |row| {
        let state: String = row.get(1)?;
        let (rejected, passed) = (state == "rejected", state == "passed");
        let view = VerificationView {
            state,
            code: row.get(2)?,
            retriable: rejected.then_some(row.get(3)?),
            class: passed.then_some(row.get(4)?),
            name_masked: row.get::<_, Option<String>>(5)?.filter(|_| passed),
            id_masked: row.get::<_, Option<String>>(6)?.filter(|_| passed),
        };
        Ok((store::id_at(row, "account_id")?, view))
    })?;
    match row {
        Some((owner, _)) if owner != account => Err(Refusal::of(409, Code::IdReused)),
        row => Ok(row.map(|(_, view)| view)),
    }
}

/// Asks the vendor and writes its word down. Silence stays `pending`; so does a vault that is being restarted.
fn judge(service: &Service, account: Id, id: Id, sealed: Option<SealedBox>, name: &str, token: &str) -> Outcome<Answer> {
    let first = sealed.is_some();
    let call = VaultCall::Verify { verification: id, account, name: name.to_owned(), sealed, liveness_token: token.to_owned() };
    let answer = service.ask_vault(call);
    let key = id.to_string();
    let mut state = service.state();
    if let (true, Ok(VaultAnswer::Refused { code, .. })) = (first, &answer) {
        // The box does not open or holds no number: nothing was judged, and the id stays free.
        run(&state.db, "DELETE FROM verifications WHERE verification_id = ?1 AND state = 'pending'", [&key])?;
        return Err(Refusal::named(422, code).field("id_box"));
    }
    store::write(&mut state.db, |tx| match answer {
        Ok(VaultAnswer::Identity { state: IdentityState::Passed(channels), id_masked, id_mark, pin_must_change }) => {
            let class = class_of(channels);
            if class == 0 {
                return reject(tx, &key, Code::LivenessFailed.as_str(), true);
            }
            let mark = wire::digest(&id_mark, "id_mark")?;
            let sql = "SELECT name_masked FROM verifications WHERE verification_id = ?1";
            let name_masked: Option<String> = one(tx, sql, [&key], |row| row.get(0))?.flatten();
            let sql = "UPDATE accounts SET class = ?2, name_masked = ?3, id_masked = ?4, id_mark = ?5, pin_must_change = ?6 WHERE account_id = ?1";
            if run(tx, sql, params![account.to_string(), class, name_masked, id_masked, mark, pin_must_change]).is_err() {
                return reject(tx, &key, Code::IdOnOtherAccount.as_str(), false);
            }
            let sql = "UPDATE verifications SET state = 'passed', class = ?2, id_masked = ?3 WHERE verification_id = ?1";
            run(tx, sql, params![key, class, id_masked])?;
            Ok(())
        }
        Ok(VaultAnswer::Identity { state: IdentityState::Rejected { code, retriable }, .. }) => reject(tx, &key, &code, retriable),
        // The number never reached the vault: nobody can judge this id any more, and another try is free.
        Ok(VaultAnswer::Refused { .. }) => reject(tx, &key, Code::LivenessFailed.as_str(), true),
        _ => Ok(()),
    })?;
    let view = load(&state.db, account, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    Answer::json(if view.state == "pending" { 202 } else { 200 }, &view)
}

fn reject(tx: &rusqlite::Connection, key: &str, code: &str, retriable: bool) -> Outcome<()> {
    let sql = "UPDATE verifications SET state = 'rejected', code = ?2, retriable = ?3 WHERE verification_id = ?1";
    run(tx, sql, params![key, code, retriable])?;
    Ok(())
}

/// How many independent channels give which class (PBOC Announcement 2015 No. 43, article 11).
fn class_of(channels: u32) -> i64 {
    match channels {
        0 => 0,
        1..=2 => 1,
        3..=4 => 2,
        _ => 3,
    }
}
