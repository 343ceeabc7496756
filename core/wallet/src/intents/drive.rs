//! Carries out what the machine asks for, one thing after the other, until the payment is final.

use super::call_back::tell_wishes;
use super::exchange::exchange;
use super::record::{Heard, record};
use super::restored::{after_restore, present};
use super::get;
use crate::error::Outcome;
use crate::shared::{Core, refresh_account};
use crate::tables::intents::IntentRow;
use kabao_base::{Code, Id};
use kabao_money::payment::{PaymentEffect, PaymentEvent, PaymentState, due};
use kabao_money::retry_delay;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{Notify, oneshot};

/// Drives one payment. Stops when it is final, or when the files were closed; opening them again goes on.
pub(super) async fn drive(
    core: &Arc<Core>,
    id: Id,
    first: PaymentEffect,
    mut told: Option<oneshot::Sender<Outcome<IntentRow>>>,
    poke: &Notify,
) {
    let mut work = VecDeque::from([first]);
    // Never counted anew: a restored service may say in turn that it does not know the payment and that the bank has it.
    let mut silent = 0u32;
    while let Some(effect) = work.pop_front() {
        match effect {
            PaymentEffect::Send | PaymentEffect::Ask | PaymentEffect::Abandon => {}
            PaymentEffect::AskLater => {
                silent = silent.saturating_add(1);
                wait(core, silent, poke).await;
                let Ok(row) = get(core, id).await else { return };
                work.extend(due(row.state));
                continue;
            }
            PaymentEffect::PresentProofs => {
                // Without an answer nothing is lost: the next question shows whether the service knows by now.
                let _ = present(core).await;
                continue;
            }
            // What changed is told with every record; a final payment has nothing left to do.
            PaymentEffect::TellUnknown | PaymentEffect::Finish => continue,
        }
        if effect == PaymentEffect::Send {
            let Ok(row) = get(core, id).await else { return };
            if row.attempts > 1 {
                // Each attempt waits longer than the one before, whatever was heard in between.
                wait(core, row.attempts.saturating_sub(1), poke).await;
            }
            let Ok(row) = get(core, id).await else { return };
            if row.abandon_asked && row.state == PaymentState::Sending {
                let given_up = Heard { give_up: true, ..Heard::local(PaymentEvent::NoAnswer) };
                let Ok((_, effects)) = record(core, id, given_up).await else { return };
                work.extend(effects);
                continue;
            }
            // A restore that was noticed meanwhile goes before: it has to be asked for first.
            if row.state != PaymentState::Sending || row.epoch != core.client.epoch() {
                work.extend(due(row.state));
                continue;
            }
        }
        let Some((row, effects)) = exchange_and_record(core, id, effect, &mut told, poke).await else { return };
        let card_gone = row.code.as_deref() == Some(Code::CardUnbound.as_str());
        if let Some(told) = told.take() {
            let _ = told.send(Ok(row));
        }
        if card_gone {
            // Removed on another phone: it must not be proposed again.
            let _ = refresh_account(core).await;
        }
        // Only makes an old copy easier to notice; the next one may succeed.
        let _ = core.anchor_if_due().await;
        work = VecDeque::from(effects);
        // Without an answer the mark stays, and the next exchange tries again.
        let _ = after_restore(core).await;
        let _ = tell_wishes(core).await;
    }
}

/// One exchange and its record, with the phone kept awake from the first byte to the recorded answer. An answer that
/// cannot be recorded (no space) is asked for again once something can be recorded; nothing when the files are closed.
async fn exchange_and_record(
    core: &Arc<Core>,
    id: Id,
    effect: PaymentEffect,
    told: &mut Option<oneshot::Sender<Outcome<IntentRow>>>,
    poke: &Notify,
) -> Option<(IntentRow, Vec<PaymentEffect>)> {
    let background = core.host.background();
    let flying = core.gate.fly();
    let ticket = background.begin();
    let heard = exchange(core, id, effect).await;
    let mut recorded = record(core, id, heard).await;
    background.end(ticket);
    drop(flying);
    let mut failures = 0u32;
    loop {
        match recorded {
            Ok(recorded) => return Some(recorded),
            Err(error) if error.is(Code::Locked) || error.is(Code::Closed) => return None,
            Err(_) => {
                if let Some(told) = told.take() {
                    let _ = told.send(Err(Code::PaymentUnknown.into()));
                }
                failures = failures.saturating_add(1);
                wait(core, failures, poke).await;
                recorded = record(core, id, Heard::local(PaymentEvent::Resumed)).await;
            }
        }
    }
}

/// Waits for the next question: longer after each pause, or until somebody wants to know now.
async fn wait(core: &Core, silent: u32, poke: &Notify) {
    let jitter = core.random::<2>().map_or(500, |bytes| u32::from(u16::from_be_bytes(bytes)) % 1001);
    let pause = u64::try_from(retry_delay(silent, jitter)).unwrap_or(1000);
    tokio::select! {
        biased;
        () = core.host.sleep(pause) => {}
        () = poke.notified() => {}
    }
}
