//! The real-name check as the phone sees it. The service decides; a vendor that does not answer in
//! time leaves the check pending, it never rejects. Name and number are not stored on the phone,
//! so a check that did not arrive is typed again by the person.
//!
//! ```text
//! NotStarted → Submitted → Pending → Passed | Rejected;  Rejected (retriable) → Submitted
//! ```

use crate::limits::AccountClass;
use crate::refusal::Refusal;

/// Where the real-name check stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum VerificationState {
    /// Nothing was handed in.
    NotStarted,
    /// Handed in; whether it arrived is not known.
    Submitted,
    /// Arrived; there is no answer yet.
    Pending,
    /// Verified.
    Passed {
        /// The class of account that the service gave.
        account_class: AccountClass,
    },
    /// Rejected.
    Rejected {
        /// The reason, a code of the catalogue of errors.
        code: String,
        /// Whether the person may hand it in again.
        retriable: bool,
    },
}

impl VerificationState {
    /// The name as it is stored; class, code and whether it is retriable are stored beside it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            VerificationState::NotStarted => "not_started",
            VerificationState::Submitted => "submitted",
            VerificationState::Pending => "pending",
            VerificationState::Passed { .. } => "passed",
            VerificationState::Rejected { .. } => "rejected",
        }
    }

    /// The same as [`crate::onboarding::next`] wants to know it.
    pub const fn fact(&self) -> crate::onboarding::VerificationFact {
        use crate::onboarding::VerificationFact as Fact;
        match self {
            VerificationState::NotStarted => Fact::None,
            VerificationState::Submitted | VerificationState::Pending => Fact::Pending,
            VerificationState::Passed { .. } => Fact::Passed,
            VerificationState::Rejected { retriable, .. } => Fact::Rejected { retriable: *retriable },
        }
    }
}

/// What happens to the real-name check. For the signed ones the caller has verified the signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VerificationEvent {
    /// The person hands it in. Committed before it is sent.
    Submit,
    /// Signed: arrived, no answer yet.
    Pending,
    /// Signed: the vendor did not answer in time. Not a rejection.
    VendorTimeout,
    /// Signed: verified. A later one may raise or lower the class.
    Passed {
        /// The class of account.
        account_class: AccountClass,
    },
    /// Signed: rejected.
    Rejected {
        /// The reason, a code of the catalogue of errors.
        code: String,
        /// Whether the person may hand it in again.
        retriable: bool,
    },
    /// Signed: the service knows of no check.
    NotFound,
    /// Anything but a signed answer.
    NoAnswer,
    /// The wallet was opened or unlocked again.
    Resumed,
}

/// What the caller has to do after the new state is committed, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VerificationEffect {
    /// Send name, number and liveness token, once, from memory.
    Send,
    /// Ask the service how far it is.
    Ask,
    /// Ask after a pause of [`crate::retry_delay`].
    AskLater,
    /// It did not arrive: ask the person to type it again.
    TypeAgain,
    /// Store the signed answer and tell the person.
    Notify,
}

/// The new state and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationStep {
    /// The state to commit.
    pub state: VerificationState,
    /// What to do after the commit, in this order.
    pub effects: Vec<VerificationEffect>,
}

/// Why an event was not taken. The state stays as it was.
pub type VerificationRefused = Refusal<VerificationState, VerificationEvent>;

/// Takes one event. An event that is refused changes nothing.
pub fn step(
    state: &VerificationState,
    event: &VerificationEvent,
) -> Result<VerificationStep, VerificationRefused> {
    use VerificationEffect::{Ask, AskLater, Notify, Send, TypeAgain};
    use VerificationEvent as E;
    use VerificationState as S;
    let to = |state: S, effects: &[VerificationEffect]| {
        Ok(VerificationStep { state, effects: effects.to_vec() })
    };
    let same = |effects: &[VerificationEffect]| to(state.clone(), effects);
    match (state, event) {
        (S::NotStarted | S::Rejected { retriable: true, .. }, E::Submit) => to(S::Submitted, &[Send]),
        (S::Submitted | S::Pending, E::Submit) => {
            Err(VerificationRefused::NotAllowed { state: state.clone(), event: event.clone() })
        }

        (S::Submitted | S::Pending | S::NotStarted, E::Pending | E::VendorTimeout) => {
            to(S::Pending, &[AskLater])
        }
        (S::Submitted | S::Pending | S::NotStarted, E::Passed { account_class }) => {
            to(S::Passed { account_class: *account_class }, &[Notify])
        }
        (S::Submitted | S::Pending | S::NotStarted, E::Rejected { code, retriable }) => {
            to(S::Rejected { code: code.clone(), retriable: *retriable }, &[Notify])
        }
        (S::Submitted | S::Pending, E::NotFound) => to(S::NotStarted, &[TypeAgain]),
        (S::Submitted, E::NoAnswer) => same(&[Ask]),
        (S::Pending, E::NoAnswer) => same(&[AskLater]),
        (S::Submitted | S::Pending, E::Resumed) => same(&[Ask]),
        (S::NotStarted, E::NotFound | E::NoAnswer | E::Resumed) => same(&[]),

        (S::Passed { account_class: old }, E::Passed { account_class: new }) if old == new => same(&[]),
        (S::Passed { .. }, E::Passed { account_class }) => {
            to(S::Passed { account_class: *account_class }, &[Notify])
        }
        (S::Rejected { code: old, .. }, E::Rejected { code: new, .. }) if old == new => same(&[]),
        (S::Passed { .. }, E::Rejected { .. })
        | (S::Rejected { .. }, E::Rejected { .. })
        | (S::Rejected { retriable: false, .. }, E::Passed { .. }) => {
            Err(VerificationRefused::Contradiction { state: state.clone(), event: event.clone() })
        }
        // The person handed it in again from elsewhere, or support settled it by hand.
        (S::Rejected { retriable: true, .. }, E::Passed { account_class }) => {
            to(S::Passed { account_class: *account_class }, &[Notify])
        }
        // Late words about an attempt that is settled.
        (S::Passed { .. } | S::Rejected { .. }, E::Submit) => Err(VerificationRefused::Final),
        (S::Passed { .. } | S::Rejected { .. }, _) => same(&[]),
    }
}

#[cfg(test)]
mod tests {
    use super::VerificationEffect as F;
    use super::VerificationEvent as E;
    use super::VerificationState as S;
    use super::*;
    use crate::onboarding::VerificationFact;

    fn states() -> Vec<S> {
        let rejected = |retriable| S::Rejected { code: "id_mismatch".to_owned(), retriable };
        vec![
            S::NotStarted,
            S::Submitted,
            S::Pending,
            S::Passed { account_class: AccountClass::II },
            rejected(true),
            rejected(false),
        ]
    }

    fn events() -> Vec<E> {
        vec![
            E::Submit,
            E::Pending,
            E::VendorTimeout,
            E::Passed { account_class: AccountClass::II },
            E::Passed { account_class: AccountClass::III },
            E::Rejected { code: "id_mismatch".to_owned(), retriable: true },
            E::Rejected { code: "liveness_failed".to_owned(), retriable: false },
            E::NotFound,
            E::NoAnswer,
            E::Resumed,
        ]
    }

    fn spell(state: &S, event: &E) -> String {
        match step(state, event) {
            Ok(step) => {
                let name = match &step.state {
                    S::Passed { account_class } => format!("passed {account_class:?}"),
                    S::Rejected { code, retriable } => format!("rejected {code} {retriable}"),
                    other => other.as_str().to_owned(),
                };
                let effects: Vec<String> = step.effects.iter().map(|effect| format!("{effect:?}")).collect();
                format!("{name} {}", effects.join("+")).trim_end().to_owned()
            }
            Err(VerificationRefused::Final) => "final".to_owned(),
            Err(VerificationRefused::NotAllowed { .. }) => "-".to_owned(),
            Err(VerificationRefused::Contradiction { .. }) => "contradiction".to_owned(),
        }
    }

    /// Columns: submit, pending, vendor timeout, passed II, passed III, the same rejection, another
    /// rejection, not found, no answer, resumed.
    #[test]
    fn every_state_takes_every_event_as_the_table_says() {
        let passed = ["passed II Notify", "passed III Notify"];
        let rejected = ["rejected id_mismatch true Notify", "rejected liveness_failed false Notify"];
        let late = ["pending AskLater", "pending AskLater"];
        let table = [
            [&["submitted Send"], &late[..], &passed, &rejected, &["not_started"; 3]].concat(),
            [&["-"], &late[..], &passed, &rejected, &["not_started TypeAgain", "submitted Ask", "submitted Ask"]]
                .concat(),
            [&["-"], &late[..], &passed, &rejected, &["not_started TypeAgain", "pending AskLater", "pending Ask"]]
                .concat(),
            [
                &["final", "passed II", "passed II", "passed II", "passed III Notify"][..],
                &["contradiction", "contradiction"],
                &["passed II"; 3],
            ]
            .concat(),
            [
                &["submitted Send", "rejected id_mismatch true", "rejected id_mismatch true"][..],
                &passed,
                &["rejected id_mismatch true", "contradiction"],
                &["rejected id_mismatch true"; 3],
            ]
            .concat(),
            [
                &["final", "rejected id_mismatch false", "rejected id_mismatch false"][..],
                &["contradiction", "contradiction", "rejected id_mismatch false", "contradiction"],
                &["rejected id_mismatch false"; 3],
            ]
            .concat(),
        ];
        for (state, expected) in states().iter().zip(table) {
            let row: Vec<String> = events().iter().map(|event| spell(state, event)).collect();
            assert_eq!(row, expected, "{state:?}");
        }
    }

    #[test]
    fn a_vendor_timeout_never_rejects_and_silence_never_decides() {
        for state in states() {
            for event in [E::VendorTimeout, E::NoAnswer, E::Resumed, E::Pending] {
                let after = step(&state, &event).expect("these are always taken").state;
                let decided = |state: &S| matches!(state, S::Passed { .. } | S::Rejected { .. });
                assert_eq!(decided(&after), decided(&state), "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn the_number_is_sent_only_when_the_person_hands_it_in() {
        for state in states() {
            for event in events() {
                let sends = step(&state, &event).is_ok_and(|step| step.effects.contains(&F::Send));
                assert!(!sends || event == E::Submit, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn onboarding_reads_it() {
        let facts: Vec<VerificationFact> = states().iter().map(VerificationState::fact).collect();
        assert_eq!(
            facts,
            [
                VerificationFact::None,
                VerificationFact::Pending,
                VerificationFact::Pending,
                VerificationFact::Passed,
                VerificationFact::Rejected { retriable: true },
                VerificationFact::Rejected { retriable: false },
            ]
        );
        let names: Vec<&str> = states().iter().map(VerificationState::as_str).collect();
        assert_eq!(names, ["not_started", "submitted", "pending", "passed", "rejected", "rejected"]);
    }
}
