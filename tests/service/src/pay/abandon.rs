//! Abandon: a fence under the same lock as PUT. What was not handed on is dead for good; what was handed on is
//! asked back, and until the bank has answered nobody says that it failed.

use super::{Payment, State, finish, load, recall, settle};
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, Service};
use crate::store::{self, run};
use kabao_base::{Code, Id};

/// Gives a payment up, or says what became of it.
pub fn abandon(service: &Service, caller: &Caller, intent: Id) -> Outcome<Payment> {
    let now = service.now();
    let mut state = service.state();
    let state = &mut *state;
    if state.rebuilding {
        // A book that is not whole cannot say that something was never carried out.
        return Err(Refusal::down());
    }
    if load(&state.db, intent)?.is_none() {
        // A book that was put back may have forgotten one that was carried out.
        recall::take_up_one(service, state, caller.account, intent, now)?;
    }
    let Some(known) = load(&state.db, intent)? else {
        recall::void(service, &state.db, caller.account, intent, now)?;
        let unseen = Payment {
            intent,
            account: caller.account,
            digest: None,
            kind: String::new(),
            payee: None,
            order: None,
            ask: None,
            amount: 0,
            fee: 0,
            card: None,
            state: State::Orphan,
            proof: None,
            order_id: service.make_id(),
            created_at: now,
            tries: 0,
        };
        store::write(&mut state.db, |tx| {
            finish::open(tx, &unseen, now)?;
            finish::bury(tx, service, &unseen, now)
        })?;
        return finish::reload(&state.db, intent);
    };
    if known.account != caller.account {
        return Err(Refusal::of(404, Code::NotFound));
    }
    match known.state {
        State::Accepted => {
            recall::void(service, &state.db, known.account, intent, now)?;
            store::write(&mut state.db, |tx| finish::bury(tx, service, &known, now))?;
        }
        State::Sent | State::Cancelling => {
            store::write(&mut state.db, |tx| {
                run(tx, "UPDATE payments SET state = 'cancelling' WHERE intent_id = ?1 AND state = 'sent'", [intent.to_string()])?;
                Ok(())
            })?;
            settle::cancel(service, state, &Payment { state: State::Cancelling, ..known }, now)?;
        }
        State::Orphan => super::returns::send_back(service, state, &known, now)?,
        State::Succeeded | State::Refused | State::Tombstoned => {}
    }
    finish::reload(&state.db, intent)
}
