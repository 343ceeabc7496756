//! The transitions of a payment.

use super::types::{PaymentEffect, PaymentEvent, PaymentFacts, PaymentState, PaymentStep, StepRefused};
use PaymentEffect::{Abandon, Ask, AskLater, Finish, PresentProofs, Send, TellUnknown};
use PaymentEvent as E;
use PaymentState as S;

/// Takes one event: the state to commit and what to do after the commit. An event that is refused
/// changes nothing.
pub fn step(
    state: PaymentState,
    event: PaymentEvent,
    facts: &PaymentFacts,
) -> Result<PaymentStep, StepRefused> {
    match state {
        S::Draft => draft(event),
        S::Approved | S::Queued => before_sending(state, event, facts),
        S::Sending => sending(event, facts),
        S::Unknown => unknown(event, facts),
        S::Fencing => fencing(event),
        S::Succeeded | S::Failed => closed(state, event),
    }
}

/// What to do when the pause of [`PaymentEffect::AskLater`] is over, or at any other good moment
/// to go on (network back, push, app in front). `None` where nothing is to be asked.
pub fn due(state: PaymentState) -> Option<PaymentEffect> {
    match state {
        S::Unknown => Some(Ask),
        S::Fencing => Some(Abandon),
        _ => None,
    }
}

fn to(state: PaymentState, effects: &[PaymentEffect]) -> Result<PaymentStep, StepRefused> {
    Ok(PaymentStep { state, effects: effects.to_vec() })
}

fn refuse(state: PaymentState, event: PaymentEvent) -> Result<PaymentStep, StepRefused> {
    Err(StepRefused::NotAllowed { state, event })
}

/// A restored service, or one that went back: either way it may have forgotten the attempt.
fn other_epoch(facts: &PaymentFacts) -> bool {
    facts.epoch_now != facts.epoch_of_attempt
}

fn draft(event: PaymentEvent) -> Result<PaymentStep, StepRefused> {
    match event {
        E::Approve => to(S::Approved, &[]),
        E::EpochChanged | E::Resumed => to(S::Draft, &[]),
        _ => refuse(S::Draft, event),
    }
}

fn before_sending(
    state: PaymentState,
    event: PaymentEvent,
    facts: &PaymentFacts,
) -> Result<PaymentStep, StepRefused> {
    if let Some(verdict) = event.verdict() {
        return to(verdict, &[Finish]);
    }
    match (state, event) {
        (S::Approved, E::Queue) => to(S::Queued, &[]),
        // Later attempts begin only with a signed "not found".
        (S::Queued, E::SendStarted) if may_send_first(facts) => to(S::Sending, &[Send]),
        (_, E::Resumed) if facts.ever_sent => to(S::Unknown, &[TellUnknown, Ask]),
        (S::Queued, E::Resumed) if may_send_first(facts) => to(S::Sending, &[Send]),
        // The service knows a payment that this file calls unsent: an old copy of the file.
        (_, E::Processing | E::Dispatched) => to(S::Unknown, &[TellUnknown, AskLater]),
        (_, E::AbandonAsked) => to(S::Fencing, &[Abandon]),
        (_, E::NotFound | E::NoAnswer | E::EpochChanged | E::Resumed) => to(state, &[]),
        _ => refuse(state, event),
    }
}

fn may_send_first(facts: &PaymentFacts) -> bool {
    !facts.ever_sent && !facts.abandon_asked
}

fn sending(event: PaymentEvent, facts: &PaymentFacts) -> Result<PaymentStep, StepRefused> {
    if let Some(verdict) = event.verdict() {
        return to(verdict, &[Finish]);
    }
    match event {
        E::Processing | E::Dispatched => to(S::Unknown, &[TellUnknown, AskLater]),
        // The first lost answer is asked for at once. Later ones wait, or a service that answers
        // questions but not payments would be called without a pause.
        E::NoAnswer if facts.attempts <= 1 => to(S::Unknown, &[TellUnknown, Ask]),
        E::NoAnswer => to(S::Unknown, &[TellUnknown, AskLater]),
        // A late answer to an earlier question; the attempt itself has no answer yet.
        E::NotFound => to(S::Sending, &[]),
        E::EpochChanged => to(S::Unknown, &[TellUnknown, PresentProofs, Ask]),
        E::Resumed if other_epoch(facts) => to(S::Unknown, &[TellUnknown, PresentProofs, Ask]),
        E::Resumed => to(S::Unknown, &[TellUnknown, Ask]),
        // An attempt ends within its deadline; then it is Unknown and can be given up.
        _ => refuse(S::Sending, event),
    }
}

fn unknown(event: PaymentEvent, facts: &PaymentFacts) -> Result<PaymentStep, StepRefused> {
    if let Some(verdict) = event.verdict() {
        return to(verdict, &[Finish]);
    }
    match event {
        // A restored service that does not know it never will: it may not be sent again, as it may have been carried out and
        // forgotten. It is fenced, after the proofs that may bring it back; the answer is a verdict either way.
        E::NotFound if other_epoch(facts) => to(S::Fencing, &[PresentProofs, Abandon]),
        E::NotFound if facts.abandon_asked => to(S::Fencing, &[Abandon]),
        E::NotFound => to(S::Sending, &[Send]),
        E::Processing | E::Dispatched | E::NoAnswer => to(S::Unknown, &[AskLater]),
        E::AbandonAsked => to(S::Fencing, &[Abandon]),
        E::EpochChanged => to(S::Unknown, &[PresentProofs, Ask]),
        E::Resumed if other_epoch(facts) => to(S::Unknown, &[PresentProofs, Ask]),
        E::Resumed => to(S::Unknown, &[Ask]),
        _ => refuse(S::Unknown, event),
    }
}

fn fencing(event: PaymentEvent) -> Result<PaymentStep, StepRefused> {
    if let Some(verdict) = event.verdict() {
        return to(verdict, &[Finish]);
    }
    match event {
        E::Dispatched => to(S::Unknown, &[TellUnknown, AskLater]),
        // None of these is the answer to giving up; it is asked for again after a pause.
        E::Processing | E::NotFound | E::NoAnswer => to(S::Fencing, &[AskLater]),
        E::AbandonAsked | E::Resumed => to(S::Fencing, &[Abandon]),
        E::EpochChanged => to(S::Fencing, &[PresentProofs, Abandon]),
        _ => refuse(S::Fencing, event),
    }
}

fn closed(state: PaymentState, event: PaymentEvent) -> Result<PaymentStep, StepRefused> {
    match event.verdict() {
        Some(verdict) if verdict == state => to(state, &[]),
        Some(_) => Err(StepRefused::Contradiction { state, event }),
        // A restored service may have lost this payment: it is shown the proof.
        None if event == E::EpochChanged => to(state, &[PresentProofs]),
        None => Err(StepRefused::Final),
    }
}
