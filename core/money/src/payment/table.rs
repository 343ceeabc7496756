//! The whole machine as a table: every state with every event, written down a second time.

use super::PaymentEffect as F;
use super::*;
use kabao_base::Certainty;

fn facts() -> PaymentFacts {
    PaymentFacts { epoch_of_attempt: 3, epoch_now: 3, ever_sent: true, attempts: 1, abandon_asked: false }
}

fn unsent() -> PaymentFacts {
    PaymentFacts { ever_sent: false, attempts: 0, ..facts() }
}

/// One letter for each effect and state, so that the table fits on a page.
fn spell(result: Result<PaymentStep, StepRefused>) -> String {
    match result {
        Err(StepRefused::Final) => "final".to_owned(),
        Err(StepRefused::NotAllowed { .. }) => "-".to_owned(),
        Err(StepRefused::Contradiction { .. }) => "contradiction".to_owned(),
        Ok(step) => {
            let effects: Vec<&str> = step
                .effects
                .iter()
                .map(|effect| match effect {
                    F::Send => "send",
                    F::Ask => "ask",
                    F::Abandon => "abandon",
                    F::PresentProofs => "present",
                    F::AskLater => "later",
                    F::Finish => "finish",
                    F::TellUnknown => "tell",
                })
                .collect();
            format!("{} {}", step.state.as_str(), effects.join("+")).trim_end().to_owned()
        }
    }
}

fn row(state: PaymentState, facts: PaymentFacts) -> Vec<String> {
    PaymentEvent::ALL.iter().map(|event| spell(step(state, *event, &facts))).collect()
}

/// Order of the columns: approve, queue, send started; succeeded, refused, tombstoned; processing,
/// not found, dispatched, no answer; abandon asked, epoch changed, resumed.
#[test]
fn every_state_takes_every_event_as_the_table_says() {
    let done = ["succeeded finish", "failed finish", "failed finish"];
    let no = ["-"; 3];
    let table: Vec<(PaymentState, PaymentFacts, Vec<&str>)> = vec![
        (
            PaymentState::Draft,
            unsent(),
            [&["approved", "-", "-"], &no[..], &["-", "-", "-", "-"], &["-", "draft", "draft"]].concat(),
        ),
        (
            PaymentState::Approved,
            unsent(),
            [
                &["-", "queued", "-"],
                &done[..],
                &["unknown tell+later", "approved", "unknown tell+later", "approved"],
                &["fencing abandon", "approved", "approved"],
            ]
            .concat(),
        ),
        (
            PaymentState::Queued,
            unsent(),
            [
                &["-", "-", "sending send"],
                &done[..],
                &["unknown tell+later", "queued", "unknown tell+later", "queued"],
                &["fencing abandon", "queued", "sending send"],
            ]
            .concat(),
        ),
        (
            PaymentState::Sending,
            facts(),
            [
                &no[..],
                &done[..],
                &["unknown tell+later", "sending", "unknown tell+later", "unknown tell+ask"],
                &["-", "unknown tell+present+ask", "unknown tell+ask"],
            ]
            .concat(),
        ),
        (
            PaymentState::Unknown,
            facts(),
            [
                &no[..],
                &done[..],
                &["unknown later", "sending send", "unknown later", "unknown later"],
                &["fencing abandon", "unknown present+ask", "unknown ask"],
            ]
            .concat(),
        ),
        (
            PaymentState::Fencing,
            facts(),
            [
                &no[..],
                &done[..],
                &["fencing later", "fencing later", "unknown tell+later", "fencing later"],
                &["fencing abandon", "fencing present+abandon", "fencing abandon"],
            ]
            .concat(),
        ),
        (
            PaymentState::Succeeded,
            facts(),
            [
                &["final"; 3][..],
                &["succeeded", "contradiction", "contradiction"],
                &["final"; 4],
                &["final", "succeeded present", "final"],
            ]
            .concat(),
        ),
        (
            PaymentState::Failed,
            facts(),
            [
                &["final"; 3][..],
                &["contradiction", "failed", "failed"],
                &["final"; 4],
                &["final", "failed present", "final"],
            ]
            .concat(),
        ),
    ];
    assert_eq!(table.len(), PaymentState::ALL.len());
    for (state, facts, expected) in table {
        assert_eq!(row(state, facts), expected, "{state:?}");
    }
}

#[test]
fn facts_that_forbid_a_send() {
    let other = |now| PaymentFacts { epoch_now: now, ..facts() };
    // Newer and older epoch alike.
    for now in [2, 4] {
        let facts = other(now);
        assert_eq!(spell(step(PaymentState::Unknown, PaymentEvent::NotFound, &facts)), "fencing present+abandon");
        assert_eq!(spell(step(PaymentState::Unknown, PaymentEvent::Resumed, &facts)), "unknown present+ask");
        assert_eq!(spell(step(PaymentState::Sending, PaymentEvent::Resumed, &facts)), "unknown tell+present+ask");
    }
    let given_up = PaymentFacts { abandon_asked: true, ..facts() };
    assert_eq!(spell(step(PaymentState::Unknown, PaymentEvent::NotFound, &given_up)), "fencing abandon");
    let given_up = PaymentFacts { abandon_asked: true, ..unsent() };
    assert_eq!(spell(step(PaymentState::Queued, PaymentEvent::SendStarted, &given_up)), "-");
    assert_eq!(spell(step(PaymentState::Queued, PaymentEvent::Resumed, &given_up)), "queued");
    // A file that says both "queued" and "sent": the service is asked, nothing is sent.
    assert_eq!(spell(step(PaymentState::Queued, PaymentEvent::SendStarted, &facts())), "-");
    for state in [PaymentState::Approved, PaymentState::Queued] {
        assert_eq!(spell(step(state, PaymentEvent::Resumed, &facts())), "unknown tell+ask");
    }
    // An unsent payment may go to a restored service: it cannot have forgotten it.
    let new_epoch = PaymentFacts { epoch_now: 9, ..unsent() };
    assert_eq!(spell(step(PaymentState::Queued, PaymentEvent::SendStarted, &new_epoch)), "sending send");
}

#[test]
fn only_the_first_lost_answer_is_asked_for_at_once() {
    let lost = |attempts| {
        spell(step(PaymentState::Sending, PaymentEvent::NoAnswer, &PaymentFacts { attempts, ..facts() }))
    };
    assert_eq!([lost(0), lost(1)], ["unknown tell+ask", "unknown tell+ask"]);
    assert_eq!([lost(2), lost(u32::MAX)], ["unknown tell+later", "unknown tell+later"]);
}

#[test]
fn refusals_name_state_and_event() {
    let (state, event) = (PaymentState::Succeeded, PaymentEvent::Tombstoned);
    assert_eq!(step(state, event, &facts()), Err(StepRefused::Contradiction { state, event }));
    let (state, event) = (PaymentState::Unknown, PaymentEvent::SendStarted);
    assert_eq!(step(state, event, &facts()), Err(StepRefused::NotAllowed { state, event }));
    assert_eq!(step(PaymentState::Failed, PaymentEvent::AbandonAsked, &facts()), Err(StepRefused::Final));
}

#[test]
fn names_read_back_and_say_what_is_known() {
    let expected = [
        ("draft", false, Certainty::Certain, true),
        ("approved", false, Certainty::Unknown, false),
        ("queued", false, Certainty::Unknown, false),
        ("sending", false, Certainty::Unknown, false),
        ("unknown", false, Certainty::Unknown, false),
        ("fencing", false, Certainty::Unknown, false),
        ("succeeded", true, Certainty::Certain, false),
        ("failed", true, Certainty::Certain, true),
    ];
    for (state, (name, is_final, certainty, again)) in PaymentState::ALL.into_iter().zip(expected) {
        assert_eq!(state.as_str(), name);
        assert_eq!(PaymentState::parse(name), Some(state));
        assert_eq!(state.word_key(), format!("payment_state_{name}"));
        assert_eq!((state.is_final(), state.certainty(), state.may_pay_again()), (is_final, certainty, again));
    }
    for text in ["", "Draft", "paid", &"x".repeat(1 << 20)] {
        assert_eq!(PaymentState::parse(text), None);
    }
}

#[test]
fn what_is_due_asks_and_never_sends() {
    let asked: Vec<_> = PaymentState::ALL.into_iter().map(due).collect();
    assert_eq!(asked, [None, None, None, None, Some(F::Ask), Some(F::Abandon), None, None]);
}
