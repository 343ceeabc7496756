//! Writes down what was heard: one commit with the new state, the proof, and the event.

use super::exchange::spell;
use crate::error::Outcome;
use crate::service::wire::Stage;
use crate::shared::Core;
use crate::tables::agree::event_body;
use crate::tables::intents::{self, IntentRow};
use crate::tables::receipts::{self, ReceiptRow};
use kabao_base::{Cause, Certainty, Code, Id};
use kabao_money::payment::{PaymentEffect, PaymentEvent, PaymentFacts, PaymentState, StepRefused, step};
use kabao_proof::Verdict;

/// What was heard about a payment, from the service or from this phone itself.
pub(super) struct Heard {
    pub(super) event: PaymentEvent,
    /// Why there is no result, in a code of the catalogue.
    pub(super) code: Option<String>,
    pub(super) timeline: Option<Vec<Stage>>,
    pub(super) proof: Option<(Verdict, Vec<u8>)>,
    /// The service's epoch when it gave the proof.
    pub(super) epoch: u64,
    /// The service will not take these terms: the id is to be fenced.
    pub(super) give_up: bool,
}

impl Heard {
    /// An event without proof.
    pub(super) fn local(event: PaymentEvent) -> Heard {
        Heard { event, code: None, timeline: None, proof: None, epoch: 0, give_up: false }
    }

    /// An end that the service signed.
    pub(super) fn proved(verdict: Verdict, document: Vec<u8>, timeline: Option<Vec<Stage>>, epoch: u64) -> Heard {
        let event = match verdict {
            Verdict::Receipt(_) => PaymentEvent::Succeeded,
            Verdict::Refusal(_) => PaymentEvent::Refused,
            Verdict::Tombstone(_) => PaymentEvent::Tombstoned,
        };
        Heard { event, code: None, timeline, proof: Some((verdict, document)), epoch, give_up: false }
    }
}

/// Steps the machine and stores where it stands. Gives the payment as it stands now, and what is to be done next.
pub(super) async fn record(core: &Core, id: Id, heard: Heard) -> Outcome<(IntentRow, Vec<PaymentEffect>)> {
    let (now, epoch, proved_in) = (core.now(), core.client.epoch(), heard.proof.as_ref().map(|_| heard.epoch));
    let anchor = matches!(&heard.proof, Some((Verdict::Refusal(refusal), _)) if refusal.code.starts_with("pin_"));
    let recorded = core
        .files(move |files| {
            files.commit(now, |tx, log| {
                let mut row = intents::get(tx, id)?.ok_or(Code::NotFound)?;
                let effects = match advance(&mut row, &heard, epoch) {
                    Ok(effects) => effects,
                    Err(StepRefused::Contradiction { .. }) => {
                        // Two signed ends: the first stands, and the second is written down for whoever has to explain.
                        log.append(tx, "contradiction", &id.to_string(), event_body(&row).as_slice())?;
                        return Ok((row, Vec::new()));
                    }
                    Err(_) => return Ok((row, Vec::new())),
                };
                row.updated_at = now;
                let event = event_body(&row);
                row.event = log.next();
                intents::update(tx, &row)?;
                if let Some((Verdict::Receipt(receipt), document)) = &heard.proof {
                    let receipt = ReceiptRow {
                        record_id: receipt.record_id,
                        intent_id: receipt.intent_id,
                        token_id: receipt.token_id.clone(),
                        at: receipt.at,
                        document: document.clone(),
                    };
                    receipts::insert(tx, &receipt)?;
                }
                if let Some(epoch) = proved_in {
                    intents::set_known(tx, id, epoch)?;
                }
                log.append(tx, "intent", &id.to_string(), &event)?;
                Ok((row, effects))
            })
        })
        .await?;
    core.payment_moved(id);
    if proved_in.is_some_and(|proved_in| proved_in < core.client.epoch()) {
        // The service was restored while this was on its way: it may have forgotten what it signed.
        core.engine.restored.owe();
    }
    if anchor {
        // A wrong PIN must not be forgotten by putting an old copy of the files back. The service counts it in any case.
        let _ = core.anchor().await;
    }
    if recorded.1.contains(&PaymentEffect::Finish) {
        core.settled.send_modify(|count| *count = count.wrapping_add(1));
    }
    Ok(recorded)
}

/// Whether a payment is given up because the service said for certain that it does not take its terms. What only kept an answer away
/// (the network, the service, the clock, this phone) says nothing of the kind.
fn is_of_terms(row: &IntentRow) -> bool {
    let code = row.code.as_deref().and_then(Code::parse).map(Code::entry).filter(|_| row.abandon_asked);
    code.is_some_and(|entry| {
        let of_terms = matches!(entry.cause, Cause::Input | Cause::Money | Cause::Merchant | Cause::Card | Cause::Proof | Cause::Identity);
        of_terms && entry.certainty == Certainty::Certain
    })
}

fn advance(row: &mut IntentRow, heard: &Heard, epoch: u64) -> Result<Vec<PaymentEffect>, StepRefused> {
    let mut events = vec![heard.event];
    if heard.give_up {
        events.push(PaymentEvent::AbandonAsked);
    }
    let mut effects = Vec::new();
    for event in events {
        let facts = PaymentFacts {
            epoch_of_attempt: row.epoch,
            epoch_now: epoch,
            ever_sent: row.attempts > 0,
            attempts: row.attempts,
            abandon_asked: row.abandon_asked,
        };
        let next = match step(row.state, event, &facts) {
            // The person gives up in the middle of an attempt: it has an end, and there is no other one.
            Err(StepRefused::NotAllowed { .. }) if event == PaymentEvent::AbandonAsked && row.state == PaymentState::Sending => {
                row.abandon_asked = true;
                continue;
            }
            next => next?,
        };
        if next.effects.contains(&PaymentEffect::Send) {
            row.attempts = row.attempts.saturating_add(1);
            row.epoch = epoch;
        }
        row.abandon_asked |= event == PaymentEvent::AbandonAsked;
        row.dispatched |= event == PaymentEvent::Dispatched;
        (row.state, effects) = (next.state, next.effects);
    }
    if (!row.state.is_final() || heard.proof.is_none()) && (heard.give_up || !is_of_terms(row)) {
        row.code = heard.code.clone().or(row.code.take());
    }
    if let Some(timeline) = &heard.timeline {
        row.timeline = spell(timeline);
    }
    if let Some((verdict, document)) = &heard.proof {
        row.proof = Some(document.clone());
        (row.code, row.attempts_left, row.record_id) = match verdict {
            Verdict::Receipt(receipt) => (None, None, Some(receipt.record_id)),
            Verdict::Refusal(refusal) => (Some(refusal.code.clone()), refusal.attempts_left, None),
            // The order was paid, and not by this.
            Verdict::Tombstone(_) if heard.code.is_some() => (heard.code.clone(), None, None),
            // Fenced because the service did not take these terms: that is why, and it says what to do next.
            Verdict::Tombstone(_) if is_of_terms(row) => (row.code.take(), None, None),
            // Fenced by the wallet itself, because a restored service did not know it.
            Verdict::Tombstone(_) if !row.abandon_asked => (Some(Code::PaymentNeverArrived.as_str().to_owned()), None, None),
            Verdict::Tombstone(_) => (Some(Code::PaymentAbandoned.as_str().to_owned()), None, None),
        };
    }
    debug_assert!(row.state != PaymentState::Succeeded || row.proof.is_some());
    Ok(effects)
}
