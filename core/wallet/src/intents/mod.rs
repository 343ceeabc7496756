//! The engine. Every payment that this phone starts goes through it: one commit before the first byte, the same bytes
//! at every attempt, final only by a signed proof, and on its own feet: dropping the caller, locking the phone or
//! killing the app changes nothing about the payment.
//!
//! ```text
//! start ─ commit ─→ drive ─→ exchange ─→ record ─→ … until final
//!                     ↑  later, or when somebody asks  │
//!                     └────────────────────────────────┘
//! ```
//! What follows what is decided by `kabao_money::payment::step`; here it is carried out. `restored` is what a service that was
//! put back to an older copy is owed.

mod call_back;
mod drive;
mod exchange;
mod record;
mod repeats;
mod restored;

pub(crate) use call_back::{ask_again, call_back, look, tell_wishes};
pub(crate) use repeats::{Planned, earlier, is_paid_question};
pub(crate) use restored::after_restore;

use crate::error::Outcome;
use crate::shared::Core;
use crate::tables::intents::{self, IntentRow};
use crate::tables::events::Log;
use crate::tables::{account, agree, links, refunds};
use drive::drive;
use kabao_base::{Code, Id, Money, Timestamp};
use kabao_money::payment::{PaymentEffect, PaymentEvent, PaymentFacts, PaymentState, due, step};
use kabao_proof::{Document, MoveKind, Source, Terms};
use record::{Heard, record};
use repeats::{Repeat, Wanted};
use restored::Restored;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, oneshot};

/// How long a person's question for the truth waits, in milliseconds.
const RESOLVE_MS: u64 = 15_000;

/// Which payments are being driven, and what else waits.
#[derive(Default)]
pub(crate) struct Engine {
    driven: Mutex<BTreeMap<Id, Arc<Notify>>>,
    pub(crate) restored: Restored,
    calling: call_back::Calling,
}

impl Engine {
    /// Every payment without a result is asked for now, however long its pause had become.
    pub(crate) fn ask_now(&self) {
        self.driven().values().for_each(|driver| driver.notify_one());
    }

    fn driven(&self) -> std::sync::MutexGuard<'_, BTreeMap<Id, Arc<Notify>>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be paid, approved by the person.
pub(crate) struct Approved {
    pub(crate) terms: Terms,
    /// The whole body of the request, the same at every attempt.
    pub(crate) body: Vec<u8>,
    pub(crate) payee_key: String,
    pub(crate) payee_name: Option<String>,
    /// The person knows that the same was paid minutes ago.
    pub(crate) again: bool,
    /// The payment that this one stands in the place of.
    pub(crate) instead_of: Option<Id>,
}

/// Stores the payment in one commit, sends it, and gives its state as soon as there is an answer or none. All of it
/// goes on by itself: a caller that is dropped between the commit and the sending must not leave it half way.
pub(crate) async fn start(core: &Arc<Core>, approved: Approved) -> Outcome<IntentRow> {
    let id = approved.terms.intent_id;
    let (told, first) = oneshot::channel();
    let shared = Arc::clone(core);
    core.host.spawn(Box::pin(async move {
        match store(&shared, approved).await {
            Ok(()) => {
                // Whoever leaves the screen now finds the payment by this event.
                shared.payment_moved(id);
                set_going(&shared, id, PaymentEffect::Send, Some(told));
            }
            Err(error) => drop(told.send(Err(error))),
        }
    }));
    match first.await {
        Ok(told) => told,
        // The wallet was closed before anything could be told: the payment may be on its way.
        Err(_) => get(core, id).await.map_err(|_| Code::PaymentUnknown.into()),
    }
}

/// The one commit.
async fn store(core: &Core, approved: Approved) -> Outcome<()> {
    let id = approved.terms.intent_id;
    let mut row = sending(core, approved.terms, approved.payee_key, approved.payee_name)?;
    let (now, body, again, instead_of) = (row.created_at, approved.body, approved.again, approved.instead_of);
    core.open_files(move |files| {
        let wanted = Wanted::of(&row);
        let other_ways = repeats::other_ways(files, &wanted)?;
        files.commit(now, |tx, log| {
            // Under the same lock as the insert, so that two calls at once cannot both find the way free.
            if account::load(tx)?.device_id.is_none() {
                return Err(Code::SignedOut.into());
            }
            match repeats::find(tx, &wanted, instead_of, &other_ways)?.into_iter().next() {
                Some(Repeat::Waits) => return Err(Repeat::Waits.code().into()),
                Some(repeat) if !again => return Err(repeat.code().into()),
                // The person knows, and is not asked again after a sync.
                Some(Repeat::Paid) => refunds::mean(tx, id)?,
                // Both may succeed: the two are compared when the earlier one does.
                Some(Repeat::Open(earlier)) if instead_of.is_none() => links::insert(tx, id, earlier)?,
                Some(Repeat::Open(_)) | None => {}
            }
            let event = agree::event_body(&row);
            row.event = log.next();
            intents::insert(tx, &row, &body)?;
            if let Some(old) = instead_of {
                links::insert(tx, id, old)?;
            }
            log.append(tx, "intent", &id.to_string(), &event)
        })
    })
    .await
}

/// The row of a payment on the point of being sent.
fn sending(core: &Core, terms: Terms, payee_key: String, payee_name: Option<String>) -> Outcome<IntentRow> {
    let epoch = core.client.epoch();
    let facts = PaymentFacts { epoch_of_attempt: epoch, epoch_now: epoch, ..PaymentFacts::default() };
    let mut state = PaymentState::Draft;
    for event in [PaymentEvent::Approve, PaymentEvent::Queue, PaymentEvent::SendStarted] {
        state = step(state, event, &facts).map_err(|_| Code::Internal)?.state;
    }
    let now = core.now();
    Ok(IntentRow {
        intent_id: terms.intent_id,
        kind: terms.kind.as_str().to_owned(),
        payee_key,
        payee_name,
        amount: terms.amount,
        fee: terms.fee,
        terms: terms.encode(),
        state,
        event: 0,
        epoch,
        attempts: 1,
        dispatched: false,
        abandon_asked: false,
        code: None,
        attempts_left: None,
        record_id: None,
        timeline: None,
        created_at: now,
        updated_at: now,
        proof: None,
    })
}

/// A payment of the earlier phone that a bank has: it stands here as *unknown* and is followed. It is never sent from here,
/// as this phone has no approval of it; a service that does not know it is asked to fence it. Within a commit of the caller.
pub(crate) fn adopt(
    tx: &rusqlite::Transaction<'_>,
    log: &mut Log<'_>,
    terms: Terms,
    payee_name: Option<String>,
    at: Timestamp,
    epoch: u64,
) -> Outcome<()> {
    let id = terms.intent_id;
    if intents::get(tx, id)?.is_some() {
        return Ok(());
    }
    let mut row = IntentRow {
        intent_id: id,
        kind: terms.kind.as_str().to_owned(),
        payee_key: payee_key(&terms),
        payee_name,
        amount: terms.amount,
        fee: terms.fee,
        terms: terms.encode(),
        state: PaymentState::Unknown,
        event: 0,
        epoch,
        attempts: 1,
        dispatched: true,
        abandon_asked: true,
        code: None,
        attempts_left: None,
        record_id: None,
        timeline: None,
        created_at: at,
        updated_at: at,
        proof: None,
    };
    let event = agree::event_body(&row);
    row.event = log.next();
    intents::insert(tx, &row, b"")?;
    log.append(tx, "intent", &id.to_string(), &event)
}

/// Takes up every payment without a final state: after opening and unlocking.
pub(crate) async fn resume(core: &Arc<Core>) -> Outcome<u32> {
    let open = core.files(|files| files.ledger(intents::unsettled)).await?;
    let count = u32::try_from(open.len()).unwrap_or(u32::MAX);
    for row in open {
        let driver = core.engine.driven().get(&row.intent_id).cloned();
        match driver {
            // It may be in a long pause: whoever opens the wallet wants to know now.
            Some(poke) => poke.notify_one(),
            // One that cannot be taken up now does not keep the others.
            None => drop(take_up(core, row.intent_id).await),
        }
    }
    if !core.files(|files| files.ledger(crate::tables::transfers::wishes)).await?.is_empty() {
        call_back::keep_asking(core);
    }
    Ok(count)
}

/// Finds out where a payment without a driver stands, and drives it on.
async fn take_up(core: &Arc<Core>, id: Id) -> Outcome<()> {
    let (_, effects) = record(core, id, Heard::local(PaymentEvent::Resumed)).await?;
    for effect in effects {
        if matches!(effect, PaymentEffect::Send | PaymentEffect::Ask | PaymentEffect::Abandon) {
            set_going(core, id, effect, None);
        }
    }
    Ok(())
}

/// Drives a payment that has no driver.
async fn go_on(core: &Arc<Core>, id: Id) -> Outcome<()> {
    if let Some(effect) = due(get(core, id).await?.state) {
        set_going(core, id, effect, None);
    }
    Ok(())
}

/// Leaves *Unknown* what has no answer: before the phone is suspended.
pub(crate) async fn leave_unknown(core: &Arc<Core>) -> Outcome<()> {
    let open = core.files(|files| files.ledger(intents::unsettled)).await?;
    for row in open.iter().filter(|row| row.state == PaymentState::Sending) {
        record(core, row.intent_id, Heard::local(PaymentEvent::NoAnswer)).await?;
    }
    Ok(())
}

/// The payment as the ledger has it.
pub(crate) async fn get(core: &Core, id: Id) -> Outcome<IntentRow> {
    core.files(move |files| files.ledger(|conn| intents::get(conn, id))).await?.ok_or_else(|| Code::NotFound.into())
}

/// Asks for the truth now; gives the state after one answer, or the present one when none comes in time.
pub(crate) async fn resolve(core: &Arc<Core>, id: Id) -> Outcome<IntentRow> {
    let row = get(core, id).await?;
    if row.state.is_final() {
        return Ok(row);
    }
    let mut moved = core.moved.subscribe();
    moved.mark_unchanged();
    // Taken out first: the lock must not be held while a driver is started.
    let driver = core.engine.driven().get(&id).cloned();
    match driver {
        Some(poke) => poke.notify_one(),
        // Without a driver in the middle of an attempt: its answer could not be recorded.
        None if row.state == PaymentState::Sending => take_up(core, id).await?,
        None => {
            if let Some(effect) = due(row.state) {
                set_going(core, id, effect, None);
            }
        }
    }
    let mut patience = core.host.sleep(RESOLVE_MS);
    let mut before = row.state;
    loop {
        let waited = tokio::select! {
            biased;
            _ = moved.changed() => true,
            () = &mut patience => false,
        };
        let row = get(core, id).await?;
        // An attempt that was just begun says nothing yet, nor does a fence that is being put up.
        let begun = row.state == PaymentState::Sending || (row.state == PaymentState::Fencing && before != PaymentState::Fencing);
        if !waited || !begun {
            return Ok(row);
        }
        before = row.state;
    }
}

/// The person gives up: the service is asked never to carry it out. Gives the state after its answer.
pub(crate) async fn abandon(core: &Arc<Core>, id: Id) -> Outcome<IntentRow> {
    if get(core, id).await?.state.is_final() {
        return Err(Code::NothingToAbandon.into());
    }
    // The wish and the state it meets are one commit: whatever was heard meanwhile, it is kept.
    let (row, _) = record(core, id, Heard::local(PaymentEvent::AbandonAsked)).await?;
    if row.state == PaymentState::Sending {
        // An attempt that waits for its turn is not made any more; one that is in the air has an end.
        let row = resolve(core, id).await?;
        match row.state {
            PaymentState::Succeeded | PaymentState::Failed => return Ok(row),
            PaymentState::Sending => return Err(Code::PaymentUnknown.into()),
            _ => drop(record(core, id, Heard::local(PaymentEvent::AbandonAsked)).await?),
        }
    }
    let row = resolve(core, id).await?;
    // The answer may be to a question that was on its way before.
    if row.state == PaymentState::Fencing { resolve(core, id).await } else { Ok(row) }
}

/// Starts the driver of a payment, unless it has one.
fn set_going(core: &Arc<Core>, id: Id, first: PaymentEffect, told: Option<oneshot::Sender<Outcome<IntentRow>>>) {
    let poke = Arc::new(Notify::new());
    {
        let mut driven = core.engine.driven();
        if driven.contains_key(&id) {
            return;
        }
        driven.insert(id, Arc::clone(&poke));
    }
    let shared = Arc::clone(core);
    core.host.spawn(Box::pin(async move {
        let opening = shared.gate.opening();
        drive(&shared, id, first, told, &poke).await;
        shared.engine.driven().remove(&id);
        // Locked and opened again while an answer was on its way: whoever opened found this driver and left it alone.
        if shared.gate.is_open() && shared.gate.opening() != opening {
            let _ = resume(&shared).await;
        }
    }));
}

/// What another payment to the same payee and order would have in common.
pub(crate) fn payee_key(terms: &Terms) -> String {
    key_of(terms.kind, terms.payee_id, terms.order.as_deref(), terms.source, terms.amount)
}

fn key_of(kind: MoveKind, payee: Option<Id>, order: Option<&str>, source: Source, amount: Money) -> String {
    match (payee, order) {
        // Two withdrawals to one card are told apart by their amount, as two top-ups from it are.
        (Some(card), _) if kind == MoveKind::Withdraw => format!("withdraw/{card}/{}", amount_key(amount)),
        (Some(payee), Some(order)) => format!("{payee}/{order}"),
        (Some(payee), None) => payee.to_string(),
        // Two top-ups from one card are told apart by their amount alone.
        (None, _) => format!("{}/{source:?}/{}", kind.as_str(), amount_key(amount)),
    }
}

fn amount_key(amount: Money) -> String {
    format!("{}{}", amount.currency.code(), amount.minor)
}
