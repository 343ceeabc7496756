//! The machine explored: every reachable situation, then chance, then a service that answers.

use super::PaymentEffect as F;
use super::PaymentEvent as E;
use super::PaymentState as S;
use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the ledger of a phone would hold, reduced to what the machine looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    state: S,
    ever_sent: bool,
    abandoned: bool,
    other_epoch: bool,
    attempts: u32,
    /// The verdict heard first, as the final state it stands for.
    verdict: Option<S>,
}

const START: Seen =
    Seen { state: S::Draft, ever_sent: false, abandoned: false, other_epoch: false, attempts: 0, verdict: None };

fn facts(seen: &Seen) -> PaymentFacts {
    PaymentFacts {
        epoch_of_attempt: 1,
        epoch_now: if seen.other_epoch { 2 } else { 1 },
        ever_sent: seen.ever_sent,
        attempts: seen.attempts,
        abandon_asked: seen.abandoned,
    }
}

/// Applies an event and checks every promise of the machine on the way.
fn apply(seen: Seen, event: E) -> (Seen, Vec<F>) {
    let mut next = seen;
    if event == E::EpochChanged {
        next.other_epoch = true;
    }
    let result = step(seen.state, event, &facts(&next));
    let Ok(taken) = result else {
        if let (Some(first), Some(later)) = (seen.verdict, event.verdict()) {
            assert_ne!(first, later, "a repeated verdict was refused");
            assert_eq!(result, Err(StepRefused::Contradiction { state: seen.state, event }));
        }
        return (Seen { other_epoch: next.other_epoch, ..seen }, Vec::new());
    };
    if event == E::AbandonAsked {
        next.abandoned = true;
    }
    next.state = taken.state;
    if next.verdict.is_none() && !seen.state.is_final() {
        next.verdict = event.verdict();
    }
    assert!(!seen.state.is_final() || taken.state == seen.state, "left a final state: {seen:?} {event:?}");
    if taken.state.is_final() {
        assert_eq!(next.verdict, Some(taken.state), "final without a verdict: {seen:?} {event:?}");
    }
    assert_eq!(taken.effects.contains(&F::Finish), taken.state.is_final() && !seen.state.is_final());
    if taken.effects.contains(&F::Send) {
        assert_eq!(taken.state, S::Sending);
        assert!(!next.abandoned, "sent after it was given up: {seen:?} {event:?}");
        assert_ne!(event, E::EpochChanged);
        assert!(!seen.ever_sent || !next.other_epoch, "resent to a restored service: {seen:?} {event:?}");
        assert!(!seen.ever_sent || event == E::NotFound, "resent without a signed word: {seen:?} {event:?}");
        next.ever_sent = true;
        next.other_epoch = false;
        next.attempts = (seen.attempts + 1).min(3);
    }
    let entered = taken.state == S::Unknown && seen.state != S::Unknown;
    assert_eq!(taken.effects.contains(&F::TellUnknown), entered, "{seen:?} {event:?}");
    if event == E::AbandonAsked {
        assert_eq!(taken.state, S::Fencing);
    }
    (next, taken.effects)
}

fn explore() -> (BTreeSet<Seen>, BTreeMap<S, BTreeSet<S>>) {
    let mut found = BTreeSet::from([START]);
    let mut edges: BTreeMap<S, BTreeSet<S>> = BTreeMap::new();
    let mut queue = VecDeque::from([START]);
    while let Some(seen) = queue.pop_front() {
        for event in E::ALL {
            let (next, _) = apply(seen, event);
            if next.state != seen.state {
                edges.entry(seen.state).or_default().insert(next.state);
            }
            if found.insert(next) {
                queue.push_back(next);
            }
        }
    }
    (found, edges)
}

#[test]
fn exhaustive_search_finds_the_edges_of_the_design_and_no_other() {
    let (found, edges) = explore();
    let expected = BTreeMap::from([
        (S::Draft, BTreeSet::from([S::Approved])),
        (S::Approved, BTreeSet::from([S::Queued, S::Unknown, S::Fencing, S::Succeeded, S::Failed])),
        (S::Queued, BTreeSet::from([S::Sending, S::Unknown, S::Fencing, S::Succeeded, S::Failed])),
        (S::Sending, BTreeSet::from([S::Succeeded, S::Failed, S::Unknown])),
        (S::Unknown, BTreeSet::from([S::Succeeded, S::Failed, S::Sending, S::Fencing])),
        (S::Fencing, BTreeSet::from([S::Succeeded, S::Failed, S::Unknown])),
    ]);
    assert_eq!(edges, expected);
    let states: BTreeSet<S> = found.iter().map(|seen| seen.state).collect();
    assert_eq!(states.len(), S::ALL.len());
    // Unknown and Fencing were seen under every mix of a new epoch and of having been given up.
    for other_epoch in [false, true] {
        for (state, abandoned) in [(S::Unknown, false), (S::Unknown, true), (S::Fencing, true)] {
            let like = |seen: &Seen| (seen.state, seen.abandoned, seen.other_epoch) == (state, abandoned, other_epoch);
            assert!(found.iter().any(like), "{state:?} {abandoned} {other_epoch}");
        }
    }
    assert!(found.iter().any(|seen| seen.attempts == 3), "an id is sent more than twice");
}

#[test]
fn from_everywhere_a_verdict_ends_it() {
    let (found, _) = explore();
    for seen in found.into_iter().filter(|seen| seen.state != S::Draft && !seen.state.is_final()) {
        for verdict in [E::Succeeded, E::Refused, E::Tombstoned] {
            assert_eq!(Some(apply(seen, verdict).0.state), verdict.verdict());
        }
    }
}

#[test]
fn nothing_that_may_have_been_sent_is_left_without_a_question() {
    let (found, _) = explore();
    for seen in found {
        for event in E::ALL {
            let (next, effects) = apply(seen, event);
            let answers = [F::Ask, F::AskLater, F::Abandon, F::Send];
            if matches!(next.state, S::Unknown | S::Fencing) && step(seen.state, event, &facts(&seen)).is_ok() {
                assert!(effects.iter().any(|effect| answers.contains(effect)), "{seen:?} {event:?}");
            }
        }
    }
}

fn event() -> impl Strategy<Value = E> {
    proptest::sample::select(E::ALL.to_vec())
}

/// A service that keeps the contract once faults have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Unaware,
    AtBank(u8),
    Paid,
    Refused,
    Tombstone,
}

impl Service {
    fn answer(&mut self, effect: F) -> Option<E> {
        match (effect, *self) {
            (F::Send, Service::Unaware) => *self = Service::AtBank(2),
            (F::Abandon, Service::Unaware) => *self = Service::Tombstone,
            (F::Abandon, Service::AtBank(_)) => return Some(E::Dispatched),
            (F::Ask, Service::AtBank(0)) => *self = Service::Paid,
            (F::Ask, Service::AtBank(left)) => *self = Service::AtBank(left - 1),
            (F::Send | F::Ask | F::Abandon, _) => {}
            _ => return None,
        }
        Some(match self {
            Service::Unaware => E::NotFound,
            Service::AtBank(_) => E::Processing,
            Service::Paid => E::Succeeded,
            Service::Refused => E::Refused,
            Service::Tombstone => E::Tombstoned,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn total_for_all_facts(
        state in proptest::sample::select(S::ALL.to_vec()), event in event(),
        epoch_of_attempt: u64, epoch_now: u64, ever_sent: bool, attempts: u32, abandon_asked: bool,
    ) {
        let facts = PaymentFacts { epoch_of_attempt, epoch_now, ever_sent, attempts, abandon_asked };
        if let Ok(taken) = step(state, event, &facts) {
            if taken.state.is_final() && !state.is_final() {
                prop_assert_eq!(event.verdict(), Some(taken.state));
            }
            if state.is_final() {
                prop_assert_eq!(taken.state, state);
            }
            if taken.effects.contains(&F::Send) {
                prop_assert!(!abandon_asked && event != E::EpochChanged);
                prop_assert!(!ever_sent || (epoch_now == epoch_of_attempt && event == E::NotFound));
            }
        }
    }

    #[test]
    fn any_order_of_events_keeps_the_promises(events in proptest::collection::vec(event(), 0..60)) {
        let mut seen = START;
        for event in events {
            seen = apply(seen, event).0;
        }
    }

    #[test]
    fn converges_when_faults_end(
        lost in proptest::collection::vec((any::<bool>(), any::<bool>()), 0..12),
        give_up_after in proptest::option::of(0usize..12),
        first in proptest::sample::select(vec![Service::Unaware, Service::Refused, Service::AtBank(1)]),
    ) {
        let mut service = first;
        let mut seen = START;
        for event in [E::Approve, E::Queue] {
            seen = apply(seen, event).0;
        }
        let (next, mut effects) = apply(seen, E::SendStarted);
        seen = next;
        let mut sent = 0;
        for round in 0..40 {
            if give_up_after == Some(round) && !seen.state.is_final() {
                (seen, effects) = apply(seen, E::AbandonAsked);
            }
            if seen.state.is_final() {
                break;
            }
            let asked = effects.iter().copied().find(|effect| matches!(effect, F::Send | F::Ask | F::Abandon));
            let Some(effect) = asked.or(due(seen.state)).or((seen.state == S::Sending).then_some(F::Send)) else {
                return Err(TestCaseError::fail(format!("stuck: {seen:?}")));
            };
            // A request may be lost on its way, or its answer on the way back.
            let (request_lost, answer_lost) = lost.get(round).copied().unwrap_or_default();
            sent += usize::from(effect == F::Send && !request_lost && service == Service::Unaware);
            let answer = if request_lost { None } else { service.answer(effect) };
            let event = answer.filter(|_| !answer_lost).unwrap_or(E::NoAnswer);
            (seen, effects) = apply(seen, event);
        }
        prop_assert!(sent <= 1);
        prop_assert!(seen.state.is_final(), "{:?} {:?}", seen, service);
        let truth = if service == Service::Paid { S::Succeeded } else { S::Failed };
        prop_assert_eq!(seen.state, truth);
    }
}
