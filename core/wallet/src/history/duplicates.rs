//! The same thing paid twice, seen after a sync: by two phones, by the code and the link, by a try that went through late. The person says
//! that both are meant, or claims one back with both receipts: one call, one claim for each two.

use super::refund_types::{DuplicateView, RefundTrackView};
use super::refunds::{self, DUPLICATE, is_payment, read_id};
use super::{HistoryClient, list};
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::Core;
use crate::tables::records::{self, RecordRow};
use crate::tables::refunds::{self as table, ASKING, AskRow, PAIR, PAYEE, REFUSED};
use crate::tables::{Files, links};
use crate::words::{Language, say};
use kabao_base::{Code, Id, Money, Timestamp};
use kabao_money::repeats::{Purchase, likeness};
use std::collections::BTreeSet;

/// So many of the newest records are compared.
const NEWEST: u32 = 200;
/// So old a record is not told of any more when it arrives.
const NEWS_MS: i64 = 86_400_000;

/// Two payments, the later one first.
pub(super) struct Twice {
    later: RecordRow,
    earlier: RecordRow,
    why: &'static str,
    claim: Option<wire::RefundAsk>,
}

impl HistoryClient {
    /// Payments that may be the same thing paid twice, newest first, each with its claim. What the person confirmed as meant is not among
    /// them. As the last sync brought it; works without network.
    pub async fn duplicates(&self) -> Outcome<Vec<DuplicateView>> {
        let (language, now) = (self.core.settings.language, self.core.now());
        let found = self.core.open_files(find).await?;
        Ok(found.iter().map(|twice| view(language, twice, now)).collect())
    }

    /// Claims one of two payments back, with both receipts, in one call. Without network the claim waits on this phone. There is one claim
    /// for each two, whichever phone makes it: the same again is the same.
    ///
    /// # Errors
    /// `not_twice` when the two are not as much to one merchant within a day; `top_up_twice` of two top-ups, which are both the person's
    /// own money and can be withdrawn; those of `ask_refund`.
    pub async fn claim_duplicate(&self, record_id: String, other_id: String) -> Outcome<RefundTrackView> {
        self.core.identity()?;
        let (id, other) = (read_id(&record_id, "record_id")?, read_id(&other_id, "other_id")?);
        let (ask_id, now) = (self.core.new_id()?, self.core.now());
        let row = self
            .core
            .open_files(move |files| {
                let same = |row: &&AskRow| row.state != REFUSED && is_pair((row.record_id, row.other_id), (id, other));
                if let Some(known) = files.ledger(table::all)?.iter().find(same) {
                    return Ok(known.clone());
                }
                let rows = files.cache(|conn| Ok([records::get(conn, id)?, records::get(conn, other)?]))?;
                let [Some(one), Some(two)] = rows else { return Err(WalletError::from(Code::NotFound).in_field("record_id")) };
                if is_top_up(&one) && is_top_up(&two) {
                    return Err(WalletError::from(Code::TopUpTwice).in_field("record_id"));
                }
                if !is_payment(&one) {
                    return Err(WalletError::from(Code::RefundNone).in_field("record_id"));
                }
                if one.record_id == two.record_id || one.amount != two.amount {
                    return Err(WalletError::from(Code::NotTwice).in_field("other_id"));
                }
                let receipts = [refunds::receipt_of(files, id)?, refunds::receipt_of(files, other)?];
                let [Some(first), Some(second)] = receipts else { return Err(WalletError::from(Code::ReceiptInvalid).in_field("record_id")) };
                let amount = Money { minor: one.amount.minor.saturating_abs(), currency: one.amount.currency };
                let row = AskRow { ask_id, record_id: id, other_id: Some(other), amount, reason: DUPLICATE.to_owned(), state: ASKING.to_owned(), code: None, at: now };
                refunds::store(files, &row, Some((other, first, second)))?;
                Ok(row)
            })
            .await?;
        self.sent(row).await
    }

    /// Both payments are meant: they are not asked about again. With `always` no repeat at this merchant is, as on a bus; without it
    /// that is taken back.
    ///
    /// # Errors
    /// `not_found` for a record that is not here.
    pub async fn keep_both(&self, record_id: String, other_id: String, always: bool) -> Outcome<Vec<DuplicateView>> {
        let (id, other) = (read_id(&record_id, "record_id")?, read_id(&other_id, "other_id")?);
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                let rows = files.cache(|conn| Ok([records::get(conn, id)?, records::get(conn, other)?]))?;
                let [Some(one), Some(two)] = rows else { return Err(Code::NotFound.into()) };
                files.mine_write(now, |tx| {
                    table::allow(tx, PAIR, &pair_key(&one, &two), now)?;
                    let payee = purchase(&one).payee_key();
                    if always { table::allow(tx, PAYEE, &payee, now) } else { table::disallow(tx, PAYEE, &payee) }
                })
            })
            .await?;
        self.duplicates().await
    }
}

fn is_pair(one: (Id, Option<Id>), two: (Id, Id)) -> bool {
    one.1.is_some_and(|other| (one.0, other) == two || (other, one.0) == two)
}

/// A payment under its own name: a service that was put back gives a charge another record.
fn stable(row: &RecordRow) -> String {
    row.intent_id.map(|id| id.to_string()).or_else(|| row.token_id.clone()).unwrap_or_else(|| row.record_id.to_string())
}

fn pair_key(one: &RecordRow, two: &RecordRow) -> String {
    let (one, two) = (stable(one), stable(two));
    if one < two { format!("{one}/{two}") } else { format!("{two}/{one}") }
}

fn purchase(row: &RecordRow) -> Purchase {
    Purchase { payee_id: row.payee_id, payee_name: row.payee_name.clone(), order: row.merchant_order.clone(), amount: row.amount, at: row.at }
}

/// Every two that may be the same.
pub(super) fn find(files: &Files) -> Outcome<Vec<Twice>> {
    let (rows, asks) = files.cache(|conn| {
        let rows = records::page(conn, i64::MAX, NEWEST)?.into_iter().map(|(_, row)| row);
        Ok((rows.filter(|row| is_payment(row) || is_back(row)).collect::<Vec<_>>(), refunds::heard(conn)?))
    })?;
    let claim_of = |one: &RecordRow, two: &RecordRow| {
        asks.asks.iter().find(|ask| is_pair((ask.record_id, ask.other_id), (one.record_id, two.record_id))).cloned()
    };
    let mut found: Vec<Twice> = Vec::new();
    for (place, later) in rows.iter().enumerate() {
        for earlier in rows.iter().skip(place.saturating_add(1)) {
            let claim = claim_of(later, earlier);
            // What came back already was either claimed or settled otherwise.
            let stands = is_payment(later) && is_payment(earlier);
            let Some(why) = likeness(&purchase(later), &purchase(earlier)).filter(|_| stands || claim.is_some()) else { continue };
            let why = if is_linked(files, later, earlier)? { "late_success" } else { why.as_str() };
            if claim.is_some() || !is_meant(files, later, earlier, why)? {
                found.push(Twice { later: later.clone(), earlier: earlier.clone(), why, claim });
            }
        }
    }
    // A try that was made in the place of another one stands there also when they lie far apart.
    let tries = files.ledger(|conn| links::newest(conn)?.into_iter().map(|(id, _)| Ok((id, links::tries(conn, id)?))).collect::<Outcome<Vec<_>>>())?;
    for (intent, other) in tries.iter().flat_map(|(id, tries)| tries.iter().map(|other| (*id, *other))) {
        let pair = files.cache(|conn| Ok([records::of_intent(conn, intent)?, records::of_intent(conn, other)?]))?;
        let [Some(one), Some(two)] = pair else { continue };
        let (later, earlier) = if one.at >= two.at { (one, two) } else { (two, one) };
        let ids = (later.record_id, earlier.record_id);
        let known = found.iter().any(|twice| is_pair((twice.later.record_id, Some(twice.earlier.record_id)), ids));
        let allowed = files.mine(|conn| table::is_allowed(conn, PAIR, &pair_key(&later, &earlier)))?;
        let claim = claim_of(&later, &earlier);
        let stands = (is_payment(&later) && is_payment(&earlier)) || (is_top_up(&later) && is_top_up(&earlier));
        if !known && !allowed && (stands || claim.is_some()) {
            found.push(Twice { later, earlier, why: "late_success", claim });
        }
    }
    Ok(found)
}

/// Whether money came from a card into the balance: twice when a try that was given up for another card went through late.
fn is_top_up(row: &RecordRow) -> bool {
    row.kind == "top_up" && row.state == "done" && row.amount.minor > 0
}

/// Whether a payment was given back whole: it stays beside its claim.
fn is_back(row: &RecordRow) -> bool {
    matches!(row.kind.as_str(), "pay" | "payer_code") && row.state == "refunded"
}

fn is_linked(files: &Files, one: &RecordRow, two: &RecordRow) -> Outcome<bool> {
    let (Some(one), Some(two)) = (one.intent_id, two.intent_id) else { return Ok(false) };
    files.ledger(|conn| Ok(links::tries(conn, one)?.contains(&two)))
}

/// Whether the person said so: of these two, of this merchant, or when the later one was confirmed.
fn is_meant(files: &Files, later: &RecordRow, earlier: &RecordRow, why: &str) -> Outcome<bool> {
    let (pair, payee) = (pair_key(later, earlier), purchase(later).payee_key());
    let said = files.mine(|conn| Ok((table::is_allowed(conn, PAIR, &pair)?, table::is_allowed(conn, PAYEE, &payee)?)))?;
    // One order is one purchase, whatever is usual at this merchant.
    if said.0 || (said.1 && why == "same_amount") {
        return Ok(true);
    }
    let known = |row: &RecordRow| row.intent_id.map_or(Ok(false), |id| files.ledger(|conn| table::is_meant(conn, id)));
    Ok(why == "same_amount" && (known(later)? || known(earlier)?))
}

fn view(language: Language, twice: &Twice, now: Timestamp) -> DuplicateView {
    DuplicateView {
        later: list::item(language, &twice.later),
        earlier: list::item(language, &twice.earlier),
        why: twice.why.to_owned(),
        why_text: say(language, &format!("refund.twice.{}", twice.why), &[]),
        claimable: !is_top_up(&twice.later),
        do_text: say(language, if is_top_up(&twice.later) { "refund.twice_do.withdraw" } else { "refund.twice_do.claim" }, &[]),
        claim: twice.claim.as_ref().map(|ask| refunds::ask_view(language, ask, now)),
    }
}

/// After a sync: tells the person of what arrived and may be paid twice.
pub(super) async fn warn(core: &Core, arrived: &BTreeSet<Id>) -> Outcome<()> {
    let since = core.now().plus_ms(-NEWS_MS);
    let found = core.open_files(find).await?;
    for twice in found.iter().filter(|twice| twice.claim.is_none() && twice.later.at >= since) {
        if arrived.contains(&twice.later.record_id) || arrived.contains(&twice.earlier.record_id) {
            let key = if is_top_up(&twice.later) { "twice_top_up" } else { "twice" };
            super::sync::notice(core, key, twice.later.amount, &twice.later.payee_name, Some(twice.later.record_id.to_string()));
        }
    }
    Ok(())
}
