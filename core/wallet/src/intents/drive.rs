//! Carries out what the machine asks for, one thing after the other, until the payment is final.

use super::exchange::exchange;
use super::record::record;
use super::{after_restore, get, present_proofs};
use crate::shared::Core;
use crate::tables::intents::IntentRow;
use kabao_money::payment::{PaymentEffect, due};
use kabao_money::retry_delay;
use std::collections::VecDeque;
use std::sync::Arc;
use kabao_base::Id;
use tokio::sync::{Notify, oneshot};

/// Drives one payment. Stops when it is final, or when the files were closed; opening them again goes on.
pub(super) async fn drive(
    core: &Arc<Core>,
    id: Id,
    first: PaymentEffect,
    mut told: Option<oneshot::Sender<IntentRow>>,
    poke: &Notify,
) {
    let opening = core.gate.opening();
    let mut work = VecDeque::from([first]);
    let mut silent = 0u32;
    while let Some(effect) = work.pop_front() {
        let heard = match effect {
            PaymentEffect::Send | PaymentEffect::Ask | PaymentEffect::Abandon => exchange(core, id, effect).await,
            PaymentEffect::AskLater => {
                silent = silent.saturating_add(1);
                wait(core, silent, poke).await;
                let Ok(row) = get(core, id).await else { return };
                work.extend(due(row.state));
                continue;
            }
            PaymentEffect::PresentProofs => {
                // Without an answer nothing is lost: the next question shows whether the service knows by now.
                let _ = present_proofs(core).await;
                continue;
            }
            // What changed is told with every record; a final payment has nothing left to do.
            PaymentEffect::TellUnknown | PaymentEffect::Finish => continue,
        };
        if core.gate.opening() != opening && !core.gate.is_open() {
            return;
        }
        let Ok((row, effects)) = record(core, id, heard).await else { return };
        if let Some(told) = told.take() {
            let _ = told.send(row);
        }
        // Only makes an old copy easier to notice; the next one may succeed.
        let _ = core.anchor_if_due().await;
        if !effects.contains(&PaymentEffect::AskLater) {
            silent = 0;
        }
        work = VecDeque::from(effects);
        // Without an answer the mark stays, and the next exchange tries again.
        let _ = after_restore(core).await;
    }
}

/// Waits for the next question: longer after each silence, or until somebody wants to know now.
async fn wait(core: &Core, silent: u32, poke: &Notify) {
    let jitter = core.random::<2>().map_or(500, |bytes| u32::from(u16::from_be_bytes(bytes)) % 1001);
    let pause = u64::try_from(retry_delay(silent, jitter)).unwrap_or(1000);
    tokio::select! {
        biased;
        () = core.host.sleep(pause) => {}
        () = poke.notified() => {}
    }
}
