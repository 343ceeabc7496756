//! The real-name check: consent, then name, number and face, judged by the vendor behind the vault.

use super::renewing::{self, Reverify};
use super::{App, classes, consents, face, guardian};
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::people::{Account, account};
use crate::store::{self, one, run};
use crate::vault::{DOCUMENTS, IdentityState, Liveness, PersonFacts, VaultAnswer, VaultCall};
use crate::wire::{self, VerificationIn, VerificationView};
use axum::extract::{Path, State};
use kabao_base::{Code, Id, Timestamp, mask};
use kabao_proof::SealedBox;
use rusqlite::{Connection, params};

/// How many rejected attempts an account has.
const ATTEMPTS: i64 = 5;

/// A check as it is asked for the first time.
struct First {
    sealed: SealedBox,
    name: String,
    document: String,
    liveness: Liveness,
    guardian: bool,
}

/// Has name, document and face judged. A person who is verified already is judged again when that is due.
#[utoipa::path(put, path = "/v1/verifications/{verification_id}", params(("verification_id" = String, Path, pattern = "^[0-9a-f]{32}$")), request_body = VerificationIn,
    responses((status = 200, body = VerificationView), (status = 202, body = VerificationView), Common))]
pub async fn verify(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<VerificationIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "verification_id")?;
    let consent = wire::id(&body.consent_id, "consent_id")?;
    let sealed = body.id_box.read("id_box")?;
    let name = wire::plain(&body.name, wire::NAME_MOST, "name").map_err(|_| Refusal::rule(Code::NameInvalid).field("name"))?.trim().to_owned();
    wire::plain(&body.liveness_token, 200, "liveness_token")?;
    let document = body.document.unwrap_or_else(|| "resident_card".to_owned());
    if !DOCUMENTS.contains(&document.as_str()) {
        return Err(Refusal::argument("document"));
    }
    let nonce = body.liveness_nonce.map(|nonce| wire::id(&nonce, "liveness_nonce")).transpose()?.map(|nonce| nonce.to_string());
    if body.guardian_code.as_deref().is_some_and(|code| code.len() != 8 || !code.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Refusal::rule(Code::GuardianCode).field("guardian_code"));
    }
    {
        let mut state = service.state();
        if let Some(known) = load(&state.db, caller.account, id)? {
            // Judged, or already being judged: this is the same call again.
            drop(state);
            return if known.state == "pending" { judge(&service, caller.account, id, None) } else { Answer::json(200, &known) };
        }
        let (who, now) = (account(&state.db, caller.account)?, service.now());
        if who.class > 0 && renewing::due(&who, now).is_none() {
            return Err(Refusal::of(409, Code::WrongStep));
        }
        let given = one(
            &state.db,
            "SELECT version FROM consents WHERE consent_id = ?1 AND account_id = ?2 AND document = ?3 AND withdrawn_at IS NULL",
            params![consent.to_string(), caller.account.to_string(), consents::REAL_NAME],
            |row| row.get::<_, String>(0),
        )?;
        match given {
            None => return Err(Refusal::of(403, Code::ConsentMissing).field(consents::REAL_NAME)),
            Some(version) if version != consents::current(&state.db, consents::REAL_NAME)? => {
                return Err(Refusal::of(403, Code::ConsentVersion).field(consents::REAL_NAME));
            }
            Some(_) => {}
        }
        for document in consents::OF_A_CHECK {
            consents::need(&state.db, caller.account, document)?;
        }
        if attempts_left(&state.db, caller.account)? == 0 {
            return Err(Refusal::of(403, Code::VerificationAttempts));
        }
        let begun = store::write(&mut state.db, |tx| {
            let guardian = match &body.guardian_code {
                Some(code) => match guardian::take(tx, &service, caller.account, code, id, now)? {
                    Ok(guardian) => Some(guardian),
                    Err(refused) => return Ok(Err(refused)),
                },
                None => None,
            };
            if let Some(nonce) = &nonce {
                face::take(tx, caller.account, nonce, id, now)?;
            }
            let sql = "INSERT INTO verifications (verification_id, account_id, state, name_masked, at, document, guardian) VALUES (?1, ?2, 'pending', ?3, ?4, ?5, ?6)";
            let guardian = guardian.map(|guardian| guardian.to_string());
            run(tx, sql, params![id.to_string(), caller.account.to_string(), mask::name(&name), now.as_ms(), document, guardian])?;
            Ok(Ok(()))
        })?;
        begun?;
    }
    let first = First { sealed, name, document, liveness: Liveness { token: body.liveness_token, nonce }, guardian: body.guardian_code.is_some() };
    judge(&service, caller.account, id, Some(first))
}

/// Asks again how a check stands.
#[utoipa::path(get, path = "/v1/verifications/{verification_id}", params(("verification_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = VerificationView), (status = 202, body = VerificationView), Common))]
pub async fn verification(State(service): App, caller: Caller, Path(id): Path<String>) -> Outcome<Answer> {
    let id = wire::id(&id, "verification_id")?;
    let known = load(&service.state().db, caller.account, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    if known.state == "pending" { judge(&service, caller.account, id, None) } else { Answer::json(200, &known) }
}

/// How many rejected attempts are left since the last pass.
fn attempts_left(db: &Connection, account: Id) -> Outcome<u32> {
    let sql = "SELECT count(*) FROM verifications WHERE account_id = ?1 AND state = 'rejected' AND code IS NOT 'consent_missing'
               AND at > (SELECT coalesce(max(at), -1) FROM verifications WHERE account_id = ?1 AND state = 'passed')";
    let rejected = one(db, sql, [account.to_string()], |row| row.get::<_, i64>(0))?.unwrap_or(0);
    Ok(u32::try_from(ATTEMPTS.saturating_sub(rejected)).unwrap_or(0))
}

fn empty(state: &str) -> VerificationView {
    VerificationView {
        state: state.to_owned(), code: None, retriable: None, class: None, name_masked: None, id_masked: None, attempts_left: None,
        review_by: None, document: None, expires_on: None, reverify: None, reverify_by: None,
    }
}

fn load(db: &Connection, account: Id, id: Id) -> Outcome<Option<VerificationView>> {
    let sql = "SELECT * FROM verifications WHERE verification_id = ?1";
    let row = one(db, sql, [id.to_string()], |row| Ok((store::id_at(row, "account_id")?, view_of(row)?)))?;
    match row {
        Some((owner, _)) if owner != account => Err(Refusal::of(409, Code::IdReused)),
        Some((_, view)) => Ok(Some(counted(db, account, view)?)),
        None => Ok(None),
    }
}

fn view_of(row: &rusqlite::Row) -> rusqlite::Result<VerificationView> {
    let state: String = row.get("state")?;
    let (rejected, passed) = (state == "rejected", state == "passed");
    let review_by: Option<i64> = row.get::<_, Option<i64>>("review_by")?.filter(|_| state == "pending");
    Ok(VerificationView {
        code: if review_by.is_some() { Some(Code::IdentityReview.as_str().to_owned()) } else { row.get("code")? },
        retriable: rejected.then_some(row.get("retriable")?),
        class: passed.then_some(row.get("class")?),
        name_masked: row.get::<_, Option<String>>("name_masked")?.filter(|_| passed),
        id_masked: row.get::<_, Option<String>>("id_masked")?.filter(|_| passed),
        review_by,
        document: row.get("document")?,
        ..empty(&state)
    })
}

fn counted(db: &Connection, account: Id, view: VerificationView) -> Outcome<VerificationView> {
    let left = if view.state == "rejected" { Some(attempts_left(db, account)?) } else { None };
    Ok(VerificationView { attempts_left: left, ..view })
}

/// How the real name of an account stands.
pub(crate) fn standing(db: &Connection, account: &Account, now: Timestamp) -> Outcome<VerificationView> {
    if account.class > 0 {
        let due = renewing::due(account, now);
        let word = |due: &Reverify| if due.overdue { "overdue" } else { "due" };
        return Ok(VerificationView {
            class: Some(account.class),
            name_masked: account.name_masked.clone(),
            id_masked: account.id_masked.clone(),
            document: account.document.clone(),
            expires_on: account.expires_on.clone(),
            reverify: due.as_ref().map(|due| word(due).to_owned()),
            reverify_by: due.map(|due| due.by.to_string()),
            ..empty("passed")
        });
    }
    let sql = "SELECT * FROM verifications WHERE account_id = ?1 ORDER BY at DESC, verification_id LIMIT 1";
    match one(db, sql, [account.id.to_string()], view_of)? {
        Some(last) => counted(db, account.id, last),
        None => Ok(empty("none")),
    }
}

/// Asks the vendor and writes its word down. Silence stays `pending`; so does a vault that is being restarted.
fn judge(service: &Service, account: Id, id: Id, first: Option<First>) -> Outcome<Answer> {
    let is_first = first.is_some();
    let call = match first {
        Some(First { sealed, name, document, liveness, guardian }) => {
            VaultCall::Verify { verification: id, account, name, sealed: Some(sealed), liveness, document, guardian }
        }
        None => {
            let (name, document) = (String::new(), String::new());
            VaultCall::Verify { verification: id, account, name, sealed: None, liveness: Liveness::default(), document, guardian: false }
        }
    };
    let answer = service.ask_vault(call);
    let (key, now) = (id.to_string(), service.now());
    let mut state = service.state();
    let unjudged = match &answer {
        // The box does not open or holds no lawful document: nothing was judged, and the id stays free.
        Ok(VaultAnswer::Refused { code, .. }) if is_first => Some(Refusal::named(422, code).field(field_of(code))),
        Ok(VaultAnswer::Identity { state: IdentityState::Maintenance { retry_after_ms }, .. }) => {
            Some(Refusal::of(503, Code::VendorMaintenance).retry_after(*retry_after_ms))
        }
        _ => None,
    };
    if let Some(refusal) = unjudged {
        store::write(&mut state.db, |tx| {
            run(tx, "DELETE FROM verifications WHERE verification_id = ?1 AND state = 'pending'", [&key])?;
            face::give_back(tx, id)?;
            guardian::give_back(tx, id)
        })?;
        return Err(refusal);
    }
    store::write(&mut state.db, |tx| match answer {
        // The consent was withdrawn while the vendor was asked: what it said is not taken up.
        _ if !waits(tx, &key)? => Ok(()),
        Ok(VaultAnswer::Identity { state: IdentityState::Passed(channels), id_masked, id_mark, pin_must_change, person: Some(person) }) => {
            pass(tx, account, &key, &Passed { channels, id_masked, id_mark, pin_must_change, person }, now)
        }
        Ok(VaultAnswer::Identity { state: IdentityState::Rejected { code, retriable }, .. }) => reject(tx, &key, &code, retriable),
        Ok(VaultAnswer::Identity { state: IdentityState::Review { within_ms }, .. }) => {
            let sql = "UPDATE verifications SET review_by = coalesce(review_by, ?2) WHERE verification_id = ?1";
            run(tx, sql, params![key, now.plus_ms(within_ms).as_ms()])?;
            Ok(())
        }
        // The number never reached the vault: nobody can judge this id any more, and another try is free.
        Ok(VaultAnswer::Refused { .. }) => reject(tx, &key, Code::LivenessFailed.as_str(), true),
        _ => Ok(()),
    })?;
    let view = load(&state.db, account, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
    Answer::json(if view.state == "pending" { 202 } else { 200 }, &view)
}

/// Which field of the form a code of the vault means.
fn field_of(code: &str) -> &'static str {
    match code {
        "document_expired" => "expires_on",
        "nationality_unknown" => "nationality",
        "guardian_needed" => "guardian_code",
        "approval_refused" | "id_characters" => "id_box",
        _ => "id_number",
    }
}

struct Passed {
    channels: u32,
    id_masked: String,
    id_mark: String,
    pin_must_change: bool,
    person: PersonFacts,
}

fn pass(tx: &Connection, account: Id, key: &str, passed: &Passed, now: Timestamp) -> Outcome<()> {
    if passed.channels == 0 {
        return reject(tx, key, Code::LivenessFailed.as_str(), true);
    }
    let mark = wire::digest(&passed.id_mark, "id_mark")?;
    let sql = "SELECT name_masked, guardian FROM verifications WHERE verification_id = ?1";
    let (name_masked, guardian): (Option<String>, Option<String>) = one(tx, sql, [key], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default();
    let sql = "UPDATE accounts SET name_masked = ?2, id_masked = ?3, id_mark = ?4, pin_must_change = ?5, document = ?6, expires_on = ?7,
               guardian = coalesce(?8, guardian), reverify_by = NULL WHERE account_id = ?1";
    let person = &passed.person;
    let values = params![
        account.to_string(), name_masked, passed.id_masked, mark, passed.pin_must_change, person.document, person.expires_on, guardian
    ];
    if run(tx, sql, values).is_err() {
        return reject(tx, key, Code::IdOnOtherAccount.as_str(), false);
    }
    classes::add_registers(tx, account, passed.channels, now)?;
    let class = classes::class_of(classes::count(tx, account)?).min(classes::highest(person.age));
    run(tx, "UPDATE accounts SET class = max(class, ?2) WHERE account_id = ?1", params![account.to_string(), class])?;
    let sql = "UPDATE verifications SET state = 'passed', class = (SELECT class FROM accounts WHERE account_id = ?2), id_masked = ?3 WHERE verification_id = ?1";
    run(tx, sql, params![key, account.to_string(), passed.id_masked])?;
    Ok(())
}

fn waits(tx: &Connection, key: &str) -> Outcome<bool> {
    let sql = "SELECT 1 FROM verifications WHERE verification_id = ?1 AND state = 'pending'";
    Ok(one(tx, sql, [key], |row| row.get::<_, i64>(0))?.is_some())
}

fn reject(tx: &Connection, key: &str, code: &str, retriable: bool) -> Outcome<()> {
    let sql = "UPDATE verifications SET state = 'rejected', code = ?2, retriable = ?3 WHERE verification_id = ?1";
    run(tx, sql, params![key, code, retriable])?;
    Ok(())
}
