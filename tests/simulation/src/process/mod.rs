//! Real processes that are really killed: the app while a service answers it (`kill`), the service while phones press on it (`service`).
//! Time is real here, and what a kill hits is not repeatable to the instruction; the seed decides everything that is drawn.

pub mod app;
pub mod kill;
pub mod line;
pub mod people;
pub mod server;
pub mod service;
mod told;

use crate::book::{Book, number, text};
use crate::host::KeyStore;
use crate::phone::Told;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs `work` on one thread with a clock that runs.
///
/// # Errors
/// The runtime cannot be made.
pub fn in_real_time<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    Ok(tokio::task::LocalSet::new().block_on(&runtime, work))
}

/// What must be true of the books whatever was killed: every movement is even, nothing was carried out twice, no order and no code was
/// paid twice, what is in suspense waits for something, and the bank holds what the book says.
///
/// # Errors
/// A book cannot be read.
pub fn judge_books(service: &Path) -> Told<Vec<String>> {
    let (book, bank) = (Book::open(&service.join("service.db"))?, Book::open(&service.join("bank.db"))?);
    let mut broken = Vec::new();
    for (what, sql) in [
        ("a movement that is not even", "SELECT txn FROM postings GROUP BY txn HAVING sum(amount) <> 0"),
        ("a movement without postings", "SELECT txn FROM transactions WHERE txn NOT IN (SELECT txn FROM postings)"),
        ("carried out twice", "SELECT ref FROM transactions WHERE purpose = 'execute' GROUP BY ref HAVING count(*) > 1"),
        ("an order paid twice", "SELECT order_no FROM payments WHERE state = 'succeeded' AND order_no IS NOT NULL GROUP BY payee_id, order_no HAVING count(*) > 1"),
        ("a code that paid twice", "SELECT token_id FROM charges WHERE state IN ('paid', 'revoked') GROUP BY token_id HAVING count(*) > 1"),
        ("below zero", "SELECT account FROM ledger_accounts WHERE balance < 0 AND may_be_negative = 0"),
        ("a balance that its postings do not give", "SELECT account FROM ledger_accounts a WHERE balance <> (SELECT coalesce(sum(amount), 0) FROM postings p WHERE p.account = a.account)"),
        ("a success without a movement", "SELECT intent_id FROM payments WHERE state = 'succeeded' AND intent_id NOT IN (SELECT ref FROM transactions WHERE purpose = 'execute')"),
        ("a movement without a success", "SELECT p.intent_id FROM payments p JOIN transactions t ON t.ref = p.intent_id AND t.purpose = 'execute' WHERE p.state <> 'succeeded'"),
    ] {
        broken.extend(book.rows(sql)?.iter().map(|row| format!("{what}: {}", text(row, 0))));
    }
    let one = |book: &Book, sql: &str| -> Told<i64> { Ok(book.rows(sql)?.first().map_or(0, |row| number(row, 0))) };
    let lies = one(&book, "SELECT coalesce(sum(balance), 0) FROM ledger_accounts WHERE account = 'suspense'")?;
    let waits = one(&book, "SELECT (SELECT coalesce(sum(amount + fee), 0) FROM payments WHERE kind = 'withdraw' AND state IN ('accepted', 'sent', 'cancelling'))
        + (SELECT coalesce(sum(amount), 0) FROM transfers WHERE state = 'waiting') + (SELECT coalesce(sum(amount), 0) FROM orphans)
        + (SELECT coalesce(sum(amount), 0) FROM returns WHERE state IN ('suspended', 'held'))")?;
    if lies != waits {
        broken.push(format!("{lies} lie in suspense, and {waits} wait"));
    }
    let holds = one(&bank, "SELECT coalesce(sum(CASE kind WHEN 'debit' THEN amount ELSE -amount END), 0) FROM movements WHERE state = 'done'")?;
    let says = -one(&book, "SELECT coalesce(sum(balance), 0) FROM ledger_accounts WHERE account = 'bank'")?;
    if holds != says {
        broken.push(format!("the bank holds {holds}, the book says {says}"));
    }
    Ok(broken)
}

/// Where the key store of a phone stands between two processes.
fn keys_of(folder: &Path) -> PathBuf {
    folder.join("keys.json")
}

/// Reads the key store of before, and writes each change down: what is stored is stored when the call returns.
fn lasting(secrets: &Arc<KeyStore>, folder: &Path) -> Told<()> {
    let place = keys_of(folder);
    if let Ok(text) = std::fs::read(&place) {
        let kept: BTreeMap<String, Vec<u8>> = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        secrets.put_back(kept);
    }
    secrets.watch(Some(Arc::new(move |all| {
        let written = serde_json::to_vec(&all).map_err(std::io::Error::other).and_then(|text| {
            let draft = place.with_extension("draft");
            std::fs::write(&draft, text)?;
            std::fs::rename(&draft, &place)
        });
        // A key store that keeps nothing would make every figure a lie.
        if written.is_err() {
            std::process::abort();
        }
    })));
    Ok(())
}
