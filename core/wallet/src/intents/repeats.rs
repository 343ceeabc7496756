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

/// Why this payment may be one that was made already: `payment_repeated`, or `payment_unresolved` for one without a result.
pub(super) fn find(conn: &rusqlite::Connection, row: &IntentRow, instead_of: Option<Id>, other: &OtherWays) -> Outcome<Option<Code>> {
    let own = intents::since(conn, row.created_at.plus_ms(-WINDOW_MS))?;
    if own.iter().any(|old| old.payee_key == row.payee_key && old.amount == row.amount && old.state == PaymentState::Succeeded) {
        return Ok((!other.allowed).then_some(Code::PaymentRepeated));
    }
    let Some(wanted) = purchase(row) else { return Ok(None) };
    // An order that was paid is paid, whatever is usual at this merchant.
    let like = |old: &Purchase| likeness(old, &wanted).is_some_and(|why| why == Likeness::SameOrder || !other.allowed);
    let mine = |old: &&IntentRow| Some(old.intent_id) != instead_of && purchase(old).is_some_and(|old| like(&old));
    let found = own.iter().filter(mine).map(|old| old.state);
    let (mut paid, mut open) = (other.paid.iter().any(like), false);
    for state in found {
        paid |= state == PaymentState::Succeeded;
        open |= !state.is_final();
    }
    Ok(if paid { Some(Code::PaymentRepeated) } else { open.then_some(Code::PaymentUnresolved) })
}
