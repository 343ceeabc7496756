//! Money that comes back: what was asked for, what the merchant said, what is on its way and what is there, for one payment.
//!
//! ```text
//! ask_refund ─→ asking ─→ requested ─┬→ approved ─→ sent ─→ arrived
//!                                    └→ refused
//! ```
//! A request is stored before it is sent, and sent again until the service has it. It moves nothing: the merchant's refund does, and that
//! is a record of the history with its receipt. A service that was put back and forgot a request is asked again under the same id.

use super::HistoryClient;
use super::refund_types::{RefundAskView, RefundRequest, RefundTrackView, RefundView};
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::Core;
use crate::tables::records::{self, RecordRow};
use crate::tables::refunds::{self as table, ASKED, ASKING, AskRow, REFUSED};
use crate::tables::{Files, receipts, sync};
use crate::words::{Language, say};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Currency, Failure, Id, Money, Timestamp};
use kabao_money::refund::{CREDIT_MS, RefundActor, RefundStep, sums};

/// What can be the reason.
const REASONS: [&str; 5] = ["returned", "not_received", "not_as_agreed", "wrong_amount", "other"];
/// The reason of a claim for one of two payments.
pub(super) const DUPLICATE: &str = "duplicate";

/// Everything about one payment that this phone knows.
pub(super) struct Track {
    record: RecordRow,
    refunds: Vec<RecordRow>,
    asks: Vec<wire::RefundAsk>,
    own: Vec<AskRow>,
}

impl HistoryClient {
    /// What comes back of a payment: requests, refunds, sums, who acts next and until when. As the last sync brought it; works without network.
    ///
    /// # Errors
    /// `not_found` for a record that is not here.
    pub async fn refunds(&self, record_id: String) -> Outcome<RefundTrackView> {
        let id = read_id(&record_id, "record_id")?;
        let track = self.core.open_files(move |files| track(files, id)).await?;
        view(self.core.settings.language, &track, self.core.now())
    }

    /// Asks the merchant for a payment back, or for a part of it. Without network the request waits on this phone and is sent with the next
    /// sync. The same wish again, before the service has answered, is the same request.
    ///
    /// # Errors
    /// `refund_none` for what is no payment to a merchant or was undone, `refund_too_much` for more than is left, `refund_late`,
    /// `refund_refused` after too many tries, `amount_*` in the field `amount`, `bad_argument` in the field `reason`.
    pub async fn ask_refund(&self, request: RefundRequest) -> Outcome<RefundTrackView> {
        self.core.identity()?;
        let id = read_id(&request.record_id, "record_id")?;
        let reason = REASONS.into_iter().find(|reason| *reason == request.reason);
        let reason = reason.ok_or_else(|| WalletError::from(Code::BadArgument).in_field("reason"))?;
        let amount = request.amount.as_deref().map(read_amount).transpose()?;
        let row = {
            let (ask_id, now) = (self.core.new_id()?, self.core.now());
            self.core
                .open_files(move |files| {
                    let track = track(files, id)?;
                    let wished = |row: &&AskRow| row.state == ASKING && row.reason == reason && amount.is_none_or(|amount| amount == row.amount);
                    if let Some(known) = track.own.iter().find(wished) {
                        return Ok(known.clone());
                    }
                    let left = left_of(&track)?;
                    let amount = amount.unwrap_or(left);
                    if amount.minor > left.minor {
                        return Err(WalletError::from(Code::RefundTooMuch).in_field("amount"));
                    }
                    let row = AskRow { ask_id, record_id: id, other_id: None, amount, reason: reason.to_owned(), state: ASKING.to_owned(), code: None, at: now };
                    store(files, &row, None)?;
                    Ok(row)
                })
                .await?
        };
        self.sent(row).await
    }

    /// Sends a request that is stored, and gives how the payment stands then.
    pub(super) async fn sent(&self, row: AskRow) -> Outcome<RefundTrackView> {
        let record = row.record_id;
        if let Some(code) = send(&self.core, &row, false).await? {
            return Err(code);
        }
        // Without an answer it goes on by itself.
        let _ = fetch(&self.core).await;
        self.refunds(record.to_string()).await
    }
}

pub(super) fn read_id(text: &str, field: &str) -> Outcome<Id> {
    Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field(field))
}

fn read_amount(text: &str) -> Outcome<Money> {
    let amount = Money::parse(text, Currency::Cny).map_err(|error| WalletError::from(error).in_field("amount"))?;
    if amount.minor == 0 { Err(WalletError::from(Code::AmountZero).in_field("amount")) } else { Ok(amount) }
}

/// Reads what is known of a payment.
pub(super) fn track(files: &Files, id: Id) -> Outcome<Track> {
    let (record, refunds, asks) = files.cache(|conn| {
        let record = records::get(conn, id)?.ok_or(Code::NotFound)?;
        Ok((record, records::of_original(conn, id)?, heard(conn)?))
    })?;
    let own = files.ledger(table::all)?.into_iter().filter(|row| row.record_id == id).collect();
    let of_this = |ask: &wire::RefundAsk| ask.record_id == id || ask.other_id == Some(id);
    Ok(Track { record, refunds, asks: asks.asks.into_iter().filter(of_this).collect(), own })
}

/// What the service said last.
pub(super) fn heard(conn: &rusqlite::Connection) -> Outcome<wire::RefundAsks> {
    let kept = sync::snapshot(conn, sync::REFUNDS)?;
    Ok(kept.and_then(|(body, _)| serde_json::from_str(&body).ok()).unwrap_or_default())
}

/// Whether a record is a payment to a merchant of which something can be given back.
pub(super) fn is_payment(row: &RecordRow) -> bool {
    matches!(row.kind.as_str(), "pay" | "payer_code") && matches!(row.state.as_str(), "done" | "part_refunded") && row.amount.minor < 0
}

fn paid(row: &RecordRow) -> Money {
    Money { minor: row.amount.minor.saturating_abs(), currency: row.amount.currency }
}

fn step_of(state: &str) -> RefundStep {
    RefundStep::parse(state).unwrap_or(RefundStep::Requested)
}

impl Track {
    /// What this phone asked for and the service has not said anything of.
    fn unheard(&self) -> impl Iterator<Item = &AskRow> {
        let known = |row: &&AskRow| !self.asks.iter().any(|ask| ask.ask_id == row.ask_id);
        self.own.iter().filter(|row| row.state != REFUSED).filter(known)
    }

    fn sums(&self) -> Outcome<kabao_money::refund::RefundSums> {
        let refunds: Vec<_> = self.refunds.iter().map(|row| (paid(row), RefundStep::of_record(&row.state))).collect();
        let own_side = self.asks.iter().filter(|ask| ask.record_id == self.record.record_id);
        let mut asks: Vec<_> = own_side.map(|ask| (ask.agreed.unwrap_or(ask.amount), step_of(&ask.state))).collect();
        asks.extend(self.unheard().map(|row| (row.amount, RefundStep::Asking)));
        Ok(sums(paid(&self.record), &refunds, &asks)?)
    }
}

/// How much can still be asked for, or why nothing can.
fn left_of(track: &Track) -> Outcome<Money> {
    if !is_payment(&track.record) {
        return Err(WalletError::from(Code::RefundNone).in_field("record_id"));
    }
    let left = track.sums()?.left;
    if left.minor == 0 { Err(WalletError::from(Code::RefundTooMuch).in_field("amount")) } else { Ok(left) }
}

/// The one commit before a request is sent.
pub(super) fn store(files: &Files, row: &AskRow, more: Option<(Id, Vec<u8>, Vec<u8>)>) -> Outcome<()> {
    let receipt = match &more {
        Some((_, receipt, _)) => Some(receipt.clone()),
        None => receipt_of(files, row.record_id)?,
    };
    let mut body = serde_json::json!({ "record_id": row.record_id, "amount": row.amount, "reason": row.reason });
    if let Some(receipt) = receipt {
        body["receipt"] = URL_SAFE_NO_PAD.encode(receipt).into();
    }
    if let Some((other, _, receipt)) = more {
        body["other_id"] = other.to_string().into();
        body["other_receipt"] = URL_SAFE_NO_PAD.encode(receipt).into();
    }
    files.commit(row.at, |tx, log| {
        table::insert(tx, row, &body.to_string())?;
        log.append(tx, "refund", &row.ask_id.to_string(), row.state.as_bytes())
    })
}

/// The signed receipt of a record, of this phone or of another one.
pub(super) fn receipt_of(files: &Files, record: Id) -> Outcome<Option<Vec<u8>>> {
    match files.ledger(|conn| receipts::get(conn, record))? {
        Some(row) => Ok(Some(row.document)),
        None => files.cache(|conn| records::receipt(conn, record)),
    }
}

/// Sends a request; gives the service's no, if it said one. Without an answer it stays to be sent.
async fn send(core: &Core, row: &AskRow, again: bool) -> Outcome<Option<WalletError>> {
    let id = row.ask_id;
    let Some(body) = core.open_files(move |files| files.ledger(|conn| table::body(conn, id))).await? else { return Ok(None) };
    let mut body: serde_json::Value = serde_json::from_str(&body).map_err(|_| Code::StorageDamaged)?;
    if again {
        // The service may have forgotten the refund that answered it, and only that.
        body["asked_at"] = row.at.as_ms().into();
    }
    let request = core.request("PUT", format!("/v1/refunds/{id}"), body.to_string().into_bytes())?;
    let answer = match core.call(&request).await {
        Ok(answer) => answer,
        Err(_) => return Ok(None),
    };
    let said: Outcome<wire::RefundAsk> = answer.read();
    let now = core.now();
    match said {
        Ok(said) => {
            core.open_files(move |files| {
                files.commit(now, |tx, log| {
                    if said.ask_id == id { table::set_state(tx, id, ASKED, None)? } else { table::remove(tx, id)? }
                    log.append(tx, "refund", &id.to_string(), ASKED.as_bytes())
                })
            })
            .await?;
            Ok(None)
        }
        Err(error) if is_no(&error) => {
            let code = error.failure().code.clone();
            core.open_files(move |files| {
                files.commit(now, |tx, log| {
                    table::set_state(tx, id, REFUSED, Some(&code))?;
                    log.append(tx, "refund", &id.to_string(), REFUSED.as_bytes())
                })
            })
            .await?;
            Ok(Some(error))
        }
        // It cannot answer now.
        Err(_) => Ok(None),
    }
}

/// Whether the service refuses a request for good.
fn is_no(error: &WalletError) -> bool {
    // *Not found* is no refusal: the record stands in the signed history, and a service that was put back may not have it yet.
    const NO: [Code; 9] = [
        Code::RefundNone, Code::RefundTooMuch, Code::RefundLate, Code::RefundRefused, Code::NotTwice, Code::ReceiptInvalid, Code::IdReused,
        Code::BadArgument, Code::BadId,
    ];
    NO.into_iter().any(|code| error.is(code))
}

/// Brings what the service has.
async fn fetch(core: &Core) -> Outcome<wire::RefundAsks> {
    let request = core.request("GET", "/v1/refunds".to_owned(), Vec::new())?;
    let answer = core.call(&request).await?;
    let at = answer.time;
    let said: wire::RefundAsks = answer.read()?;
    let body = serde_json::to_string(&said).map_err(|_| Code::Internal)?;
    core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::REFUNDS, &body, at))).await?;
    Ok(said)
}

/// After a sync: sends what the service does not have, and brings what changed there.
pub(super) async fn follow(core: &Core, changed_at: Option<i64>) -> Outcome<()> {
    let (known, own) = core.open_files(|files| Ok((files.cache(heard)?, files.ledger(table::all)?))).await?;
    let missing = |known: &wire::RefundAsks, row: &AskRow| row.state != REFUSED && !known.asks.iter().any(|ask| ask.ask_id == row.ask_id);
    if known.changed_at == changed_at && !own.iter().any(|row| missing(&known, row)) {
        return Ok(());
    }
    let known = fetch(core).await?;
    let mut sent = false;
    for row in own.iter().filter(|row| missing(&known, row)) {
        send(core, row, true).await?;
        sent = true;
    }
    if sent {
        fetch(core).await?;
    }
    Ok(())
}

fn view(language: Language, track: &Track, now: Timestamp) -> Outcome<RefundTrackView> {
    let all = track.sums()?;
    let refusal = |row: &AskRow| row.code.as_deref().and_then(Code::parse).map(Failure::of);
    let heard = track.asks.iter().map(|ask| ask_view(language, ask, now));
    let own = track.own.iter().filter(|row| !track.asks.iter().any(|ask| ask.ask_id == row.ask_id)).map(|row| {
        let step = if row.state == REFUSED { RefundStep::Refused } else { RefundStep::Asking };
        let mut view = blank(language, row.ask_id, row.amount, &row.reason, step, step.acts(false), row.at);
        view.other_id = row.other_id.map(|id| id.to_string());
        view.failure = refusal(row);
        view
    });
    let why_not = left_of(track).err().map(|error| error.failure().clone());
    Ok(RefundTrackView {
        record_id: track.record.record_id.to_string(),
        paid: paid(&track.record).view(language),
        given: all.given.view(language),
        arrived: all.arrived.view(language),
        left: if why_not.is_some() { Money::fen(0) } else { all.left }.view(language),
        can_ask: why_not.is_none(),
        why_not,
        asks: heard.chain(own).collect(),
        refunds: track.refunds.iter().map(|row| refund_view(language, row, now)).collect(),
        doubt: all.is_too_much.then(|| Failure::of(Code::HistoryInconsistent)),
    })
}

/// A request as the service has it.
pub(super) fn ask_view(language: Language, ask: &wire::RefundAsk, now: Timestamp) -> RefundAskView {
    let (step, due) = (step_of(&ask.state), ask.due_at.map(Timestamp::from_ms));
    let overdue = step.is_overdue(due, now);
    let why = ask.why.as_deref().and_then(Code::parse).unwrap_or(Code::RefundRefused);
    let late = if step == RefundStep::Requested { Code::RefundSilent } else { Code::RefundOverdue };
    let mut view = blank(language, ask.ask_id, ask.amount, &ask.reason, step, step.acts(overdue), Timestamp::from_ms(ask.asked_at));
    view.other_id = ask.other_id.map(|id| id.to_string());
    view.agreed = ask.agreed.map(|agreed| agreed.view(language));
    view.refund_id = ask.refund_id.map(|id| id.to_string());
    view.due_at = due;
    view.failure = match step {
        RefundStep::Refused => Some(Failure::of(why)),
        _ if overdue => Some(Failure::of(late)),
        _ => None,
    };
    view
}

fn blank(language: Language, id: Id, amount: Money, reason: &str, step: RefundStep, acts: RefundActor, at: Timestamp) -> RefundAskView {
    RefundAskView {
        ask_id: id.to_string(),
        other_id: None,
        amount: amount.view(language),
        agreed: None,
        reason: reason.to_owned(),
        reason_text: say(language, &format!("refund.reason.{reason}"), &[]),
        state: step.as_str().to_owned(),
        state_text: say(language, &format!("refund.state.{}", step.as_str()), &[]),
        acts: acts.as_str().to_owned(),
        acts_text: say(language, &format!("refund.acts.{}", acts.as_str()), &[]),
        asked_at: at,
        due_at: None,
        refund_id: None,
        failure: None,
    }
}

/// A refund that the merchant made, asked for or not.
fn refund_view(language: Language, row: &RecordRow, now: Timestamp) -> RefundView {
    let step = RefundStep::of_record(&row.state);
    let due = (step == RefundStep::Sent).then(|| row.at.plus_ms(CREDIT_MS));
    let overdue = step.is_overdue(due, now);
    let acts = step.acts(overdue);
    RefundView {
        record_id: row.record_id.to_string(),
        amount: paid(row).view(language),
        state: step.as_str().to_owned(),
        state_text: say(language, &format!("refund.state.{}", step.as_str()), &[]),
        acts: acts.as_str().to_owned(),
        acts_text: say(language, &format!("refund.acts.{}", acts.as_str()), &[]),
        at: row.at,
        due_at: due,
        failure: overdue.then(|| Failure::of(Code::RefundOverdue)),
    }
}
