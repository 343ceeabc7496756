//! The guard before a payment: as much to the same payee minutes before, from this phone or another one, by the code shown, scanned, a link
//! or an order. It asks; who means it says so and pays.

use crate::error::Outcome;
use crate::tables::Files;
use crate::tables::intents::{self, IntentRow};
use crate::tables::{records, refunds};
use kabao_base::{Code, Id};
use kabao_money::payment::PaymentState;
use kabao_money::repeats::{Likeness, Purchase, WINDOW_MS, likeness};
use kabao_proof::{Document, MoveKind, Terms};

/// What the guard knows from beside the ledger, read before the commit.
pub(super) struct OtherWays {
    /// Paid by another phone or with a code that a merchant read.
    paid: Vec<Purchase>,
    /// The person pays this merchant the same again and again.
    allowed: bool,
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

/// Reads what the history and the person say.
pub(super) fn other_ways(files: &Files, row: &IntentRow) -> Outcome<OtherWays> {
    let Some(wanted) = purchase(row) else { return Ok(OtherWays { paid: Vec::new(), allowed: false }) };
    let since = row.created_at.plus_ms(-WINDOW_MS);
    let paid = files.cache(|conn| records::since(conn, since))?;
    let stands = |row: &records::RecordRow| matches!(row.kind.as_str(), "pay" | "payer_code") && matches!(row.state.as_str(), "done" | "part_refunded");
    let paid = paid.into_iter().filter(stands).map(|row| Purchase {
        payee_id: row.payee_id,
        payee_name: row.payee_name,
        order: row.merchant_order,
        // The history counts what went out below zero.
        amount: kabao_base::Money { minor: row.amount.minor.saturating_abs(), currency: row.amount.currency },
        at: row.at,
    });
    let allowed = files.mine(|conn| refunds::is_allowed(conn, refunds::PAYEE, &wanted.payee_key()))?;
    Ok(OtherWays { paid: paid.collect(), allowed })
}

/// A payment that this one may repeat.
pub(super) enum Repeat {
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
            Repeat::Open(_) => Code::PaymentUnresolved,
        }
    }
}

/// Whether this payment may be one that was made already.
pub(super) fn find(conn: &rusqlite::Connection, row: &IntentRow, instead_of: Option<Id>, other: &OtherWays) -> Outcome<Option<Repeat>> {
    let own = intents::since(conn, row.created_at.plus_ms(-WINDOW_MS))?;
    if own.iter().any(|old| old.payee_key == row.payee_key && old.amount == row.amount && old.state == PaymentState::Succeeded) {
        return Ok((!other.allowed).then_some(Repeat::Paid));
    }
    let Some(wanted) = purchase(row) else { return Ok(None) };
    // An order that was paid is paid, whatever is usual at this merchant.
    let like = |old: &Purchase| likeness(old, &wanted).is_some_and(|why| why == Likeness::SameOrder || !other.allowed);
    let mine = |old: &&IntentRow| Some(old.intent_id) != instead_of && purchase(old).is_some_and(|old| like(&old));
    let found: Vec<&IntentRow> = own.iter().filter(mine).collect();
    // What has no result is told first: it may be paid twice without anybody knowing yet.
    let open = found.iter().find(|old| !old.state.is_final()).map(|old| Repeat::Open(old.intent_id));
    let paid = other.paid.iter().any(like) || found.iter().any(|old| old.state == PaymentState::Succeeded);
    Ok(open.or(paid.then_some(Repeat::Paid)))
}
