//! The guard before a payment: as much to the same payee minutes before, from this phone or another one, by the code shown, scanned, a link
//! or an order. It asks; who means it says so and pays.

use crate::error::Outcome;
use crate::shared::Core;
use crate::tables::Files;
use crate::tables::intents::{self, IntentRow};
use crate::tables::records::{self, RecordRow};
use crate::tables::{refunds, transfers};
use kabao_base::{Code, Id, Money, Timestamp};
use kabao_money::payment::PaymentState;
use kabao_money::repeats::{Likeness, ORDER_WINDOW_MS, Purchase, WINDOW_MS, likeness};
use kabao_proof::{Document, HistoryEntry, MoveKind, RecordKind, Source, Terms};
use std::collections::BTreeSet;

/// So many of the newest payments of this phone are compared; where an order is named, the day of which counts, more.
const NEWEST: u32 = 50;
const NEWEST_OF_ORDERS: u32 = 200;

/// What is about to be paid, as the guard looks at it.
pub(super) struct Wanted {
    key: String,
    amount: Money,
    at: Timestamp,
    /// The same as a purchase; nothing for what goes to oneself or to a person.
    purchase: Option<Purchase>,
}

impl Wanted {
    pub(super) fn of(row: &IntentRow) -> Wanted {
        Wanted { key: row.payee_key.clone(), amount: row.amount, at: row.created_at, purchase: purchase(row) }
    }
}

/// A payment that the person thinks of, before there is a quote for it.
pub(crate) struct Planned {
    pub(crate) kind: MoveKind,
    pub(crate) payee_id: Option<Id>,
    pub(crate) payee_name: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) amount: Money,
    pub(crate) source: Source,
}

impl Planned {
    fn wanted(self, at: Timestamp) -> Wanted {
        let Planned { kind, payee_id, payee_name, order, amount, source } = self;
        let key = super::key_of(kind, payee_id, order.as_deref(), source, amount);
        let bought = matches!(kind, MoveKind::Pay | MoveKind::Ask);
        let purchase = bought.then(|| Purchase { payee_id, payee_name: payee_name.unwrap_or_default(), order, amount, at });
        Wanted { key, amount, at, purchase }
    }
}

/// What the guard knows from beside the ledger, read before the commit.
pub(super) struct OtherWays {
    /// Paid by another phone or with a code that a merchant read.
    paid: Vec<Purchase>,
    /// The person pays this merchant the same again and again.
    allowed: bool,
    /// Payments of this phone whose money came back whole.
    back: BTreeSet<Id>,
}

/// A payment as one to a merchant; nothing for what goes to oneself or to a person.
fn purchase(row: &IntentRow) -> Option<Purchase> {
    let terms = Terms::decode(&row.terms).ok().filter(|terms| matches!(terms.kind, MoveKind::Pay | MoveKind::Ask))?;
    Some(Purchase {
        payee_id: terms.payee_id,
        payee_name: row.payee_name.clone().unwrap_or_default(),
        order: terms.order,
        amount: row.amount,
        at: row.created_at,
    })
}

/// What was paid, as the history has it.
fn of_record(row: RecordRow) -> Purchase {
    // The history counts what went out below zero.
    let amount = Money { minor: row.amount.minor.saturating_abs(), currency: row.amount.currency };
    Purchase { payee_id: row.payee_id, payee_name: row.payee_name, order: row.merchant_order, amount, at: row.at }
}

/// How long before a payment another one may be the same.
fn window(wanted: Option<&Purchase>) -> i64 {
    if wanted.is_some_and(|wanted| wanted.order.is_some()) { ORDER_WINDOW_MS } else { WINDOW_MS }
}

/// Reads what the history and the person say.
pub(super) fn other_ways(files: &Files, wanted: &Wanted) -> Outcome<OtherWays> {
    let since = |ms: i64| wanted.at.plus_ms(-ms);
    let wanted = wanted.purchase.as_ref();
    let found = files.cache(|conn| {
        let mut found = records::since(conn, since(WINDOW_MS))?;
        if let Some(order) = wanted.and_then(|wanted| wanted.order.as_deref()) {
            found.extend(records::of_order(conn, order, since(ORDER_WINDOW_MS))?);
        }
        Ok(found)
    })?;
    let is_back = |row: &&RecordRow| row.original.is_none() && matches!(row.state.as_str(), "refunded" | "reversed" | "refused");
    let back = found.iter().filter(is_back).filter_map(|row| row.intent_id).collect();
    let Some(wanted) = wanted else { return Ok(OtherWays { paid: Vec::new(), allowed: false, back }) };
    let stands = |row: &RecordRow| matches!(row.kind.as_str(), "pay" | "payer_code") && matches!(row.state.as_str(), "done" | "part_refunded");
    let paid = found.into_iter().filter(stands).map(of_record).collect();
    let allowed = files.mine(|conn| refunds::is_allowed(conn, refunds::PAYEE, &wanted.payee_key()))?;
    Ok(OtherWays { paid, allowed, back })
}

/// Whether a record is the charge that this answer to a merchant's question was for: booked from the acquirer's side, it names no payment
/// of this phone.
fn is_charge_of(row: &IntentRow, kind: &str, state: &str, charge: &Purchase) -> bool {
    let stands = kind == RecordKind::PayerCode.as_str() && matches!(state, "done" | "part_refunded" | "pending");
    let asked = purchase(row).filter(|_| row.kind == MoveKind::Ask.as_str());
    stands && asked.is_some_and(|asked| likeness(charge, &asked) == Some(Likeness::SameOrder))
}

/// Whether an entry of the service's history is the charge that this answer was for.
pub(super) fn is_paid_by(row: &IntentRow, entry: HistoryEntry) -> bool {
    let amount = Money { minor: entry.amount.minor.saturating_abs(), currency: entry.amount.currency };
    let charge = Purchase { payee_id: entry.payee_id, payee_name: entry.payee_name, order: entry.order, amount, at: entry.at };
    is_charge_of(row, entry.kind.as_str(), &entry.state, &charge)
}

/// Whether the history has a merchant's question as paid, while the answer to it was fenced: a service that was put back to an older
/// copy knows the charge from the acquirer, and not this phone's part in it.
pub(crate) fn is_paid_question(files: &Files, row: &IntentRow) -> Outcome<bool> {
    // A refusal has its own reason, also when another source paid afterwards.
    let fenced = [Code::PaymentNeverArrived, Code::PaymentAbandoned].iter().any(|code| row.code.as_deref() == Some(code.as_str()));
    if row.kind != MoveKind::Ask.as_str() || row.state != PaymentState::Failed || !fenced {
        return Ok(false);
    }
    let Some(order) = Terms::decode(&row.terms).map_err(|_| Code::StorageDamaged)?.order else { return Ok(false) };
    let found = files.cache(|conn| records::of_order(conn, &order, row.created_at.plus_ms(-ORDER_WINDOW_MS)))?;
    Ok(found.into_iter().any(|record| {
        let (kind, state) = (record.kind.clone(), record.state.clone());
        is_charge_of(row, &kind, &state, &of_record(record))
    }))
}

/// A payment that this one may repeat.
pub(super) enum Repeat {
    /// One to the same payee and order that has no result yet: nobody can say that this one is meant beside it.
    Waits,
    /// One that was paid: `payment_repeated`.
    Paid,
    /// One by another way that has no result yet and may still succeed: `payment_unresolved`.
    Open(Id),
}

impl Repeat {
    /// What the person is told.
    pub(super) fn code(&self) -> Code {
        match self {
            Repeat::Paid => Code::PaymentRepeated,
            Repeat::Waits | Repeat::Open(_) => Code::PaymentUnresolved,
        }
    }
}

/// The payments that this one may repeat; the first is what the person is told. None: nothing like it was begun.
pub(super) fn find(conn: &rusqlite::Connection, wanted: &Wanted, instead_of: Option<Id>, other: &OtherWays) -> Outcome<Vec<Repeat>> {
    let mut repeats = Vec::new();
    if intents::unsettled_to(conn, &wanted.key)?.is_some() {
        repeats.push(Repeat::Waits);
    }
    let stands = |old: &IntentRow| -> Outcome<bool> {
        let ended = |state: &str| matches!(state, "cancelled" | "returned");
        let called_back = || Ok::<_, crate::WalletError>(transfers::get(conn, old.intent_id)?.and_then(|row| row.state).is_some_and(|state| ended(&state)));
        Ok(old.state == PaymentState::Succeeded && !other.back.contains(&old.intent_id) && !called_back()?)
    };
    // What this one stands in the place of went through after all.
    let went_through = match instead_of.map(|old| intents::get(conn, old)).transpose()?.flatten() {
        Some(old) => stands(&old)?,
        None => false,
    };
    if went_through {
        repeats.push(Repeat::Paid);
    }
    let newest = if window(wanted.purchase.as_ref()) == WINDOW_MS { NEWEST } else { NEWEST_OF_ORDERS };
    let own = intents::since(conn, wanted.at.plus_ms(-window(wanted.purchase.as_ref())), newest)?;
    let own = own.into_iter().filter(|old| Some(old.intent_id) != instead_of);
    let found: Vec<IntentRow> = match &wanted.purchase {
        None => own.filter(|old| old.payee_key == wanted.key && old.amount == wanted.amount).collect(),
        Some(purchased) => own.filter(|old| purchase(old).is_some_and(|old| is_like(&old, purchased, other))).collect(),
    };
    // What has no result is told first: it may be paid twice without anybody knowing yet.
    let open = found.iter().find(|old| wanted.purchase.is_some() && !old.state.is_final());
    repeats.extend(open.map(|open| Repeat::Open(open.intent_id)));
    let mut paid = wanted.purchase.as_ref().is_some_and(|wanted| other.paid.iter().any(|old| is_like(old, wanted, other)));
    for old in &found {
        paid = paid || stands(old)?;
    }
    if paid {
        repeats.push(Repeat::Paid);
    }
    Ok(repeats)
}

/// Whether two purchases may be one. An order that was paid is paid, whatever is usual at this merchant.
fn is_like(old: &Purchase, wanted: &Purchase, other: &OtherWays) -> bool {
    likeness(old, wanted).is_some_and(|why| why == Likeness::SameOrder || !other.allowed)
}

/// What earlier payments say to one that is only thought of: the codes that its confirmation would be refused with, each once, first
/// the one that would be told. One answer for each that is asked about.
pub(crate) async fn earlier(core: &Core, planned: Vec<Planned>) -> Outcome<Vec<Vec<Code>>> {
    let now = core.now();
    core.open_files(move |files| {
        let each = planned.into_iter().map(|planned| {
            let payee_name = match (&planned.payee_name, planned.payee_id) {
                (None, Some(id)) => name_of(files, id, now)?,
                (known, _) => known.clone(),
            };
            let wanted = Planned { payee_name, ..planned }.wanted(now);
            let other = other_ways(files, &wanted)?;
            let found = files.ledger(|conn| find(conn, &wanted, None, &other))?;
            let mut codes: Vec<Code> = found.iter().map(Repeat::code).collect();
            codes.dedup();
            Ok(codes)
        });
        each.collect()
    })
    .await
}

/// What an earlier payment, within the time that counts, called a payee. One that was never paid needs none.
fn name_of(files: &Files, payee: Id, now: Timestamp) -> Outcome<Option<String>> {
    let since = now.plus_ms(-ORDER_WINDOW_MS);
    let own = files.ledger(|conn| intents::since(conn, since, NEWEST_OF_ORDERS))?;
    let own = own.iter().filter_map(purchase).find(|old| old.payee_id == Some(payee)).map(|old| old.payee_name);
    if own.is_some() {
        return Ok(own);
    }
    let found = files.cache(|conn| records::since(conn, since))?;
    Ok(found.into_iter().find(|row| row.payee_id == Some(payee)).map(|row| row.payee_name))
}
