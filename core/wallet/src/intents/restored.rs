//! What a service that was put back to an older copy is owed: the proofs that it signed and has forgotten, and a question about
//! every payment that is open.
//!
//! The ledger keeps, beside each proof, the epoch of the service that last answered for good about it. A proof is owed while
//! that epoch is lower than the service's. So it does not matter when the restore is noticed, in the middle of what it is, or
//! how often the app is killed meanwhile: an answer of the earlier epoch that is recorded late is owed as any other.

use super::exchange::encode;
use super::record::{Heard, record};
use crate::error::Outcome;
use crate::shared::{Core, WalletEvent};
use crate::tables::intents::{self, IntentRow, OwedProof};
use crate::tables::{links, marks};
use crate::words::say;
use kabao_base::{Code, Id};
use kabao_money::payment::PaymentEvent;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// So many proofs are read at once.
const PAGE: u32 = 50;
/// After so many refusals on end the service may take none at present, and the round ends.
const CLOSED_ON_END: u32 = 3;

/// What is known without asking the ledger.
#[derive(Default)]
pub(crate) struct Restored {
    owed: AtomicBool,
    /// The last epoch in which every open payment was asked for.
    asked: AtomicU64,
    /// After which proof the next round begins: where the last one met a service that took none. Zero is the beginning.
    begin_after: AtomicI64,
    /// Held while proofs are being presented: a second round at the same time would only repeat it.
    presenting: tokio::sync::Mutex<()>,
}

impl Restored {
    /// The service may lack a proof: it is presented after the next exchange.
    pub(crate) fn owe(&self) {
        self.owed.store(true, Ordering::Release);
    }
}

/// A round that ends with an error, leaves something, or is dropped in the middle by whoever gave up the call: it is still owed.
struct Unfinished<'a>(&'a Restored);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.owe();
    }
}

/// What became of one proof.
enum Told {
    /// The service has it, or refused it for good.
    Known,
    /// Not now: it lacks something that another proof may bring, or a bank's word.
    Later,
    /// The service says that it cannot answer: about this one, or about any.
    Closed,
}

/// Presents what is owed; then asks for what is open, once for each epoch and again when a proof was taken. Cheap when
/// nothing is owed. What stays owed is presented after the next exchange. Gives how many proofs were taken.
pub(crate) async fn after_restore(core: &Arc<Core>) -> Outcome<u32> {
    let restored = &core.engine.restored;
    if !restored.owed.load(Ordering::Acquire) {
        return Ok(0);
    }
    let epoch = core.client.epoch();
    let taken = present(core).await?;
    if restored.asked.fetch_max(epoch, Ordering::AcqRel) >= epoch && taken == 0 {
        return Ok(0);
    }
    for row in core.files(|files| files.ledger(intents::unsettled)).await? {
        record(core, row.intent_id, Heard::local(PaymentEvent::EpochChanged)).await?;
        let driver = core.engine.driven().get(&row.intent_id).cloned();
        match driver {
            Some(poke) => poke.notify_one(),
            None => super::go_on(core, row.intent_id).await?,
        }
    }
    Ok(taken)
}

/// Presents the proofs, the oldest first: a payment was made from what a top-up before it had brought. Repeated while it gets
/// on, as one may need what a later one brings. Gives how many were taken.
pub(super) async fn present(core: &Core) -> Outcome<u32> {
    let Ok(_alone) = core.engine.restored.presenting.try_lock() else { return Ok(0) };
    let mut taken = 0u32;
    loop {
        // Taken down first: what is owed from here on sets it again, and so does a round that came to no end.
        core.engine.restored.owed.store(false, Ordering::Release);
        let unfinished = Unfinished(&core.engine.restored);
        let (known, left) = round(core).await?;
        if !left {
            std::mem::forget(unfinished);
        }
        taken = taken.saturating_add(known);
        if known == 0 || !left {
            return Ok(taken);
        }
    }
}

/// One round over all that is owed. Gives how many were taken, and whether any is left. A proof that is refused as *not now* holds up no
/// other one; where several on end are, the round ends and the next one goes on behind them, so that each has its turn and a service
/// that takes none is asked little.
async fn round(core: &Core) -> Outcome<(u32, bool)> {
    let begin = core.engine.restored.begin_after.swap(0, Ordering::AcqRel);
    let (mut known, mut left, mut closed, mut after, mut again) = (0u32, false, 0u32, begin, begin == 0);
    loop {
        let epoch = core.client.epoch();
        let page = core.files(move |files| files.ledger(|conn| intents::owed(conn, epoch, after, PAGE))).await?;
        let over = again && begin != 0 && page.first().is_none_or(|first| first.number > begin);
        if over || (again && page.is_empty()) {
            return Ok((known, left));
        }
        // What lies before the place where this round began.
        (after, again) = page.last().map_or((0, true), |last| (last.number, again));
        for owed in page {
            if again && begin != 0 && owed.number > begin {
                break;
            }
            match tell(core, &owed).await? {
                Told::Known => (known, closed) = (known.saturating_add(1), 0),
                Told::Later => (left, closed) = (true, 0),
                Told::Closed => (left, closed) = (true, closed.saturating_add(1)),
            }
            if closed == CLOSED_ON_END {
                core.engine.restored.begin_after.store(owed.number, Ordering::Release);
                return Ok((known, true));
            }
        }
    }
}

async fn tell(core: &Core, owed: &OwedProof) -> Outcome<Told> {
    let id = owed.intent_id;
    let body = serde_json::json!({ "proof": encode(&owed.proof) }).to_string().into_bytes();
    let answer = core.call(&core.engine_request("POST", format!("/v1/payments/{id}/proof"), body)?).await?;
    if let Err(error) = answer.accepted() {
        let for_good = error.is(Code::IdReused) || error.is(Code::ReceiptInvalid);
        if !for_good {
            return Ok(if error.is(Code::ServiceDown) { Told::Closed } else { Told::Later });
        }
    }
    let twice = if answer.status == 200 { answer.read::<PaidTwice>().ok() } else { None };
    let (now, epoch) = (core.now(), answer.epoch);
    let news = core
        .files(move |files| {
            files.commit(now, |tx, log| {
                intents::set_known(tx, id, epoch)?;
                let word = if answer.accepted().is_ok() { "taken" } else { "refused" };
                log.append(tx, "proof", &id.to_string(), format!("{word} epoch {epoch}").as_bytes())?;
                twice.map_or(Ok(None), |twice| remember(tx, id, &twice))
            })
        })
        .await?;
    if let Some(row) = news {
        tell_of(core, &row);
    }
    Ok(Told::Known)
}

/// What the service says of a proof whose order it took once more while it had forgotten the payment.
#[derive(serde::Deserialize)]
struct PaidTwice {
    order: String,
    /// The record of the other one, where it is of this account.
    other_id: Option<String>,
}

/// Keeps it; gives the payment when the person has not been told yet. Two payments of this phone become two tries at one thing, so that
/// they stand among the duplicates, with their claim, however far apart they are.
fn remember(tx: &rusqlite::Transaction<'_>, id: Id, twice: &PaidTwice) -> Outcome<Option<IntentRow>> {
    let mark = marks::order_twice(id);
    if marks::get(tx, &mark)?.is_some() {
        return Ok(None);
    }
    marks::set(tx, &mark, &twice.order)?;
    let other = twice.other_id.as_deref().and_then(|text| Id::parse(text).ok());
    let other = other.map(|other| intents::of_record(tx, other)).transpose()?.flatten();
    if let Some(other) = other.filter(|other| other.intent_id != id)
        && links::instead_of(tx, other.intent_id)?.is_none()
    {
        links::insert(tx, other.intent_id, id)?;
    }
    intents::get(tx, id)
}

fn tell_of(core: &Core, row: &IntentRow) {
    let language = core.settings.language;
    let (amount, payee) = (row.amount.text(), row.payee_name.clone().unwrap_or_default());
    let arguments = [("amount", amount.as_str()), ("payee", payee.as_str())];
    core.listeners.tell(WalletEvent::Notice {
        title: say(language, "notice.order_twice.title", &arguments),
        body: say(language, "notice.order_twice.body", &arguments),
        record_id: row.record_id.map(|id| id.to_string()),
    });
    core.payment_moved(row.intent_id);
}
