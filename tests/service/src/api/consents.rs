//! What a person consents to, document by document, and taking it back. Each step names the documents that it needs; one that is
//! missing, withdrawn, or given to another version than today's refuses the step. A withdrawal counts from the moment it is here:
//! nothing is asked of the vendor under it any more. What was found before stays as long as the law asks.

use super::App;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::{self, meta, one, run};
use crate::wire::{self, ConsentGiven, ConsentIn, ConsentOut, ConsentTextOut, ConsentsOut, WithdrawalIn};
use axum::extract::{Path, State};
use kabao_base::{Code, Id};
use kabao_proof::Digest32;
use rusqlite::{Connection, params};

/// The version that is shown until another one is published.
const VERSION: &str = "2026-11";
/// Name, identity numbers and results to the real-name vendor.
pub const REAL_NAME: &str = "real_name";
/// Face data, which is sensitive: a consent of its own (Personal Information Protection Law, article 29).
pub const FACE: &str = "face";
/// What a real-name check needs beside [`REAL_NAME`], which the check names by its id.
pub const OF_A_CHECK: [&str; 3] = ["terms", "privacy", FACE];
/// What binding a card needs.
pub const CARD_BINDING: &str = "card_binding";
/// The documents there are, with the text of the version that is shown.
const DOCUMENTS: [(&str, &str); 5] = [
    ("terms", "支付账户服务协议：账户由持牌支付机构开立，余额不计利息，可以随时注销；付款以您的确认为准，结果以签名凭证为准。"),
    ("privacy", "隐私政策：为开立账户、付款和安全，处理手机号、设备信息、交易记录；保存期限依照法律；您可以查阅、导出、更正、删除和撤回同意。"),
    (REAL_NAME, "我同意将姓名、身份证号与人脸核验结果提交给实名核验机构，仅用于开立支付账户的身份核验。"),
    (FACE, "人脸信息是敏感个人信息。我单独同意核验机构采集人脸，仅用于比对是否本人；钱包不保存人脸图像。可以不同意，并改到柜台办理。"),
    (CARD_BINDING, "我同意将卡号、姓名、证件号和预留手机号提交给发卡银行核对，并授权从所绑银行卡按我的确认扣款。"),
];

/// A document of that name.
fn named(document: &str) -> Outcome<(&'static str, &'static str)> {
    DOCUMENTS.iter().copied().find(|(name, _)| *name == document).ok_or_else(|| Refusal::argument("document"))
}

/// The version of a document that is shown today.
pub fn current(db: &Connection, document: &str) -> rusqlite::Result<String> {
    Ok(meta::get(db, &format!("consent_version:{document}"))?.unwrap_or_else(|| VERSION.to_owned()))
}

/// Shows another version of a document from now on, if there is such a document.
pub fn publish(db: &Connection, document: &str, version: &str) -> Outcome<()> {
    let (name, _) = named(document)?;
    Ok(meta::set(db, &format!("consent_version:{name}"), version)?)
}

/// A document as it is shown: the version is a part of the text, so that another version has another digest.
fn text(db: &Connection, (name, words): (&str, &str)) -> rusqlite::Result<ConsentTextOut> {
    let version = current(db, name)?;
    let text = format!("{words}（{version} 版）");
    Ok(ConsentTextOut { document: name.to_owned(), digest: Digest32::of(text.as_bytes()).to_string(), version, text })
}

/// Whether an account has a consent to a document that was not withdrawn.
pub fn stands(db: &Connection, account: Id, document: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM consents WHERE account_id = ?1 AND document = ?2 AND withdrawn_at IS NULL";
    Ok(one(db, sql, params![account.to_string(), document], |row| row.get::<_, i64>(0))?.is_some())
}

/// Refuses a step whose document is not consented to in today's version. The field of the refusal is the document.
pub fn need(db: &Connection, account: Id, document: &'static str) -> Outcome<()> {
    let sql = "SELECT 1 FROM consents WHERE account_id = ?1 AND document = ?2 AND version = ?3 AND withdrawn_at IS NULL";
    if one(db, sql, params![account.to_string(), document, current(db, document)?], |row| row.get::<_, i64>(0))?.is_some() {
        return Ok(());
    }
    let code = if stands(db, account, document)? { Code::ConsentVersion } else { Code::ConsentMissing };
    Err(Refusal::of(403, code).field(document))
}

/// A document as it is shown today.
#[utoipa::path(get, path = "/v1/consents/{document}", params(("document" = String, Path, pattern = "^(terms|privacy|real_name|face|card_binding)$")),
    responses((status = 200, body = ConsentTextOut), Common))]
pub async fn document(State(service): App, _: Caller, Path(document): Path<String>) -> Outcome<Answer> {
    let found = named(&document).map_err(|_| Refusal::of(404, Code::NotFound))?;
    Answer::json(200, &text(&service.state().db, found)?)
}

/// Takes a consent.
#[utoipa::path(post, path = "/v1/consents", request_body = ConsentIn, responses((status = 204, description = "Taken"), Common))]
pub async fn consent(State(service): App, caller: Caller, Sent(body): Sent<ConsentIn>) -> Outcome<Answer> {
    let id = wire::id(&body.consent_id, "consent_id")?;
    let (name, words) = named(&body.document)?;
    let digest = body.digest.as_deref().map(|digest| wire::digest(digest, "digest")).transpose()?;
    let shown = text(&service.state().db, (name, words))?;
    if body.version != shown.version || digest.is_some_and(|digest| Digest32(digest).to_string() != shown.digest) {
        return Err(Refusal::rule(Code::ConsentVersion).field("version"));
    }
    let now = service.now();
    store::write(&mut service.state().db, |tx| {
        let sql = "SELECT account_id, document FROM consents WHERE consent_id = ?1";
        let known = one(tx, sql, [id.to_string()], |row| Ok((store::id_at(row, "account_id")?, row.get::<_, String>("document")?)))?;
        if known.is_some_and(|(owner, document)| owner != caller.account || document != name) {
            return Err(Refusal::of(409, Code::IdReused));
        }
        let sql = "SELECT 1 FROM consents WHERE consent_id = ?1 AND withdrawn_at IS NOT NULL";
        if one(tx, sql, [id.to_string()], |row| row.get::<_, i64>(0))?.is_some() {
            // It was taken back before it came, or comes again after it was.
            return Err(Refusal::of(409, Code::ConsentMissing));
        }
        let sql = "INSERT OR IGNORE INTO consents (consent_id, account_id, document, version, at, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        run(tx, sql, params![id.to_string(), caller.account.to_string(), name, shown.version, now.as_ms(), shown.digest])?;
        Ok(())
    })?;
    Ok(Answer::empty())
}

/// The documents with their versions, and what the account consented to.
#[utoipa::path(get, path = "/v1/consents", responses((status = 200, body = ConsentsOut), Common))]
pub async fn list(State(service): App, caller: Caller) -> Outcome<Answer> {
    let state = service.state();
    let sql = "SELECT consent_id, document, version, at, withdrawn_at FROM consents WHERE account_id = ?1 ORDER BY at, consent_id LIMIT 200";
    let mut select = state.db.prepare(sql)?;
    let given = select
        .query_map([caller.account.to_string()], |row| {
            Ok(ConsentGiven { consent_id: row.get(0)?, document: row.get(1)?, version: row.get(2)?, at: row.get(3)?, withdrawn_at: row.get(4)? })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let shown = |found| text(&state.db, found).map(|ConsentTextOut { document, version, digest, .. }| ConsentOut { document, version, digest });
    let documents = DOCUMENTS.into_iter().map(shown).collect::<Result<Vec<_>, _>>()?;
    Answer::json(200, &ConsentsOut { documents, given })
}

/// Takes a consent back. Again is the same. One that never arrived, or that a restored book does not know, is written down as
/// withdrawn, so that it cannot come into force later.
#[utoipa::path(put, path = "/v1/consents/{consent_id}/withdrawal", params(("consent_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = WithdrawalIn, responses((status = 204, description = "Withdrawn"), Common))]
pub async fn withdraw(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<WithdrawalIn>) -> Outcome<Answer> {
    let id = wire::id(&id, "consent_id")?;
    let (name, _) = named(&body.document)?;
    let version = wire::plain(&body.version, 40, "version")?;
    let now = service.now();
    store::write(&mut service.state().db, |tx| {
        let sql = "SELECT account_id, document FROM consents WHERE consent_id = ?1";
        let known = one(tx, sql, [id.to_string()], |row| Ok((store::id_at(row, "account_id")?, row.get::<_, String>("document")?)))?;
        if known.is_some_and(|(owner, document)| owner != caller.account || document != name) {
            return Err(Refusal::of(409, Code::IdReused));
        }
        let sql = "INSERT INTO consents (consent_id, account_id, document, version, at, withdrawn_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                   ON CONFLICT (consent_id) DO UPDATE SET withdrawn_at = coalesce(withdrawn_at, ?5)";
        run(tx, sql, params![id.to_string(), caller.account.to_string(), name, version, now.as_ms()])?;
        if name != CARD_BINDING && !stands(tx, caller.account, name)? {
            // What the vendor has not answered is given up: another try needs another consent.
            let sql = "UPDATE verifications SET state = 'rejected', code = ?2, retriable = 1 WHERE account_id = ?1 AND state = 'pending'";
            run(tx, sql, params![caller.account.to_string(), Code::ConsentMissing.as_str()])?;
        }
        Ok(())
    })?;
    Ok(Answer::empty())
}
