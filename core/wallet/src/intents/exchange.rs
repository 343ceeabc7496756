//! One exchange with the service about one payment, and what its answer means. Only a signed proof that fits the
//! payment ends it; everything else leaves it open.

use super::record::Heard;
use super::repeats::is_paid_by;
use crate::error::{Outcome, WalletError};
use crate::service::wire::{Page, PaymentState as Said, Stage};
use crate::service::{Answer, Request};
use crate::shared::Core;
use crate::tables::intents::{self, IntentRow};
use crate::tables::receipts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id};
use kabao_money::payment::{PaymentEffect, PaymentEvent};
use kabao_proof::{Document, HistoryEntry, MoveKind, Terms, Verdict};

/// So many of the newest entries of the history may hold a charge that was made minutes ago.
const ENTRIES: u32 = 50;

/// Bytes as the wire carries them.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Sends what `effect` asks for, and says what was heard.
pub(super) async fn exchange(core: &Core, id: Id, effect: PaymentEffect) -> Heard {
    match ask(core, id, effect).await {
        Ok(heard) => heard,
        Err(error) => silence(&error),
    }
}

/// No answer that can be believed: the payment stays open, with the reason for the person.
fn silence(error: &WalletError) -> Heard {
    Heard { code: Some(error.failure().code.clone()), ..Heard::local(PaymentEvent::NoAnswer) }
}

async fn ask(core: &Core, id: Id, effect: PaymentEffect) -> Outcome<Heard> {
    let (row, body) = core
        .files(move |files| files.ledger(|conn| Ok((intents::get(conn, id)?, intents::request(conn, id)?))))
        .await?;
    let row = row.ok_or(Code::NotFound)?;
    if effect == PaymentEffect::Abandon
        && let Some(heard) = in_history(core, &row).await?
    {
        return Ok(heard);
    }
    let request = request(core, id, effect, body)?;
    let answer = core.call(&request).await?;
    meaning(core, &row, effect, &answer).await
}

/// The receipt that the history brought while every answer to the payment itself was lost: what has one is not given up.
async fn in_history(core: &Core, row: &IntentRow) -> Outcome<Option<Heard>> {
    let id = row.intent_id;
    let keys = core.key_set().await?;
    let found = core.files(move |files| files.ledger(|conn| receipts::of_intent(conn, id))).await?;
    for document in found {
        let Ok(verdict) = Verdict::open(&document, keys.as_ref()) else { continue };
        if fits(row, &verdict)?
            && let Verdict::Receipt(receipt) = &verdict
        {
            let epoch = receipt.epoch;
            return Ok(Some(Heard::proved(verdict, document, None, epoch)));
        }
    }
    Ok(None)
}

fn request(core: &Core, id: Id, effect: PaymentEffect, body: Option<Vec<u8>>) -> Outcome<Request> {
    match effect {
        PaymentEffect::Send => core.engine_request("PUT", format!("/v1/payments/{id}"), body.ok_or(Code::Internal)?),
        PaymentEffect::Abandon => core.engine_request("POST", format!("/v1/payments/{id}/abandon"), b"{}".to_vec()),
        _ => core.engine_request("GET", format!("/v1/payments/{id}"), Vec::new()),
    }
}

async fn meaning(core: &Core, row: &IntentRow, effect: PaymentEffect, answer: &Answer) -> Outcome<Heard> {
    match answer.status {
        404 if effect != PaymentEffect::Send && answer.refusal().code == Code::NotFound.as_str() => {
            Ok(Heard::local(PaymentEvent::NotFound))
        }
        200 | 202 | 410 => {
            let said: Said = answer.parse()?;
            let timeline = (!said.timeline.is_empty()).then(|| said.timeline.clone());
            let Some(proof) = &said.proof else {
                return Ok(Heard { timeline, ..Heard::local(without_proof(&said)?) });
            };
            let document = URL_SAFE_NO_PAD.decode(proof).map_err(|_| Code::AnswerMalformed)?;
            let verdict = checked(core, row, &said, &document).await?;
            let paid = matches!(verdict, Verdict::Tombstone(_)) && is_paid_otherwise(core, row).await?;
            let code = paid.then(|| Code::AskPaid.as_str().to_owned());
            Ok(Heard { code, ..Heard::proved(verdict, document, timeline, answer.epoch) })
        }
        // Signed, and yet no proof: these terms were not taken. The id is fenced, so that it never can be.
        422 if effect == PaymentEffect::Send => {
            Ok(Heard { give_up: true, ..silence(&WalletError::from(answer.refusal())) })
        }
        _ => Err(answer.refusal().into()),
    }
}

/// Whether the history has the merchant's question as paid. A service that was put back to an older copy has the charge from the
/// acquirer and fences this phone's answer, which it does not know: the person must not hear that nothing was paid. Asked for now, as
/// the last sync may be older.
async fn is_paid_otherwise(core: &Core, row: &IntentRow) -> Outcome<bool> {
    if row.kind != MoveKind::Ask.as_str() {
        return Ok(false);
    }
    let mut request = core.engine_request("GET", "/v1/history".to_owned(), Vec::new())?;
    request.query = Some(format!("before={}&limit={ENTRIES}", i64::MAX));
    let page: Page = core.call(&request).await?.read()?;
    for text in &page.entries {
        let body = URL_SAFE_NO_PAD.decode(text).map_err(|_| Code::AnswerMalformed)?;
        let entry = HistoryEntry::decode(&body).map_err(|_| Code::AnswerMalformed)?;
        if is_paid_by(row, entry) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn without_proof(said: &Said) -> Outcome<PaymentEvent> {
    match said.state.as_str() {
        "processing" => Ok(PaymentEvent::Processing),
        "dispatched" => Ok(PaymentEvent::Dispatched),
        _ => Err(Code::AnswerMalformed.into()),
    }
}

/// Opens the proof and compares it with what was approved: another payment's proof proves nothing here.
async fn checked(core: &Core, row: &IntentRow, said: &Said, document: &[u8]) -> Outcome<Verdict> {
    let mut verdict = Verdict::open(document, core.key_set().await?.as_ref());
    if verdict.is_err() {
        verdict = Verdict::open(document, core.fetch_key_set().await?.as_ref());
    }
    let verdict = verdict.map_err(|_| Code::AnswerForged)?;
    let named = match &verdict {
        Verdict::Receipt(_) => said.state == "succeeded",
        Verdict::Refusal(_) => said.state == "refused",
        Verdict::Tombstone(_) => said.state == "tombstoned",
    };
    if named && fits(row, &verdict)? { Ok(verdict) } else { Err(Code::AnswerForged.into()) }
}

/// Whether a proof is of this payment, as it was approved.
fn fits(row: &IntentRow, verdict: &Verdict) -> Outcome<bool> {
    let terms = Terms::decode(&row.terms).map_err(|_| Code::StorageDamaged)?;
    let same = match verdict {
        Verdict::Receipt(receipt) => {
            receipt.terms_digest == Some(terms.digest()) && receipt.amount == terms.amount && receipt.fee == terms.fee
        }
        Verdict::Refusal(_) | Verdict::Tombstone(_) => true,
    };
    Ok(same && verdict.intent_id() == Some(row.intent_id) && verdict.account_id() == terms.account_id)
}

/// The stages as they are stored.
pub(super) fn spell(timeline: &[Stage]) -> Option<String> {
    serde_json::to_string(timeline).ok()
}
