//! Binding a bank card. The card number travels once, from memory, in a box to the tokeniser, and
//! is not stored: what did not arrive is typed again by the person.
//!
//! ```text
//! New → OtpSent → Bound | Refused;  an answer that is lost → Unknown → where the service says
//! ```

use crate::refusal::Refusal;

/// Where a binding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum BindingState {
    /// Begun; the bank has sent no code yet.
    New,
    /// The bank sent a code by SMS, which the person types.
    OtpSent,
    /// The card is bound. Final.
    Bound,
    /// The bank refused. Final; another try is another binding.
    Refused,
    /// An answer was lost; the service is asked by the id of the binding.
    Unknown,
}

impl BindingState {
    /// Every state.
    pub const ALL: [BindingState; 5] = [
        BindingState::New,
        BindingState::OtpSent,
        BindingState::Bound,
        BindingState::Refused,
        BindingState::Unknown,
    ];

    /// The name as it is stored; never changed once released.
    pub const fn as_str(self) -> &'static str {
        match self {
            BindingState::New => "new",
            BindingState::OtpSent => "otp_sent",
            BindingState::Bound => "bound",
            BindingState::Refused => "refused",
            BindingState::Unknown => "unknown",
        }
    }

    /// The state of a stored name, or `None` for a name that this version does not know.
    pub fn parse(text: &str) -> Option<BindingState> {
        BindingState::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing leads out of the state.
    pub const fn is_final(self) -> bool {
        matches!(self, BindingState::Bound | BindingState::Refused)
    }
}

/// What happens to a binding. For the signed ones the caller has verified the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BindingEvent {
    /// Signed: the bank sent a code (the first or another one).
    OtpSent,
    /// Signed: a wrong code; tries are left.
    OtpWrong,
    /// Signed: the code came too late; another one may be asked for.
    OtpExpired,
    /// Signed: still at the bank.
    Processing,
    /// Signed: bound.
    Bound,
    /// Signed: refused.
    Refused,
    /// Signed: the service does not know the binding.
    NotFound,
    /// Anything but a signed answer.
    NoAnswer,
    /// The wallet was opened or unlocked again, perhaps after a crash.
    Resumed,
}

impl BindingEvent {
    /// Every event.
    pub const ALL: [BindingEvent; 9] = [
        BindingEvent::OtpSent,
        BindingEvent::OtpWrong,
        BindingEvent::OtpExpired,
        BindingEvent::Processing,
        BindingEvent::Bound,
        BindingEvent::Refused,
        BindingEvent::NotFound,
        BindingEvent::NoAnswer,
        BindingEvent::Resumed,
    ];
}

/// What the caller has to do after the new state is committed, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BindingEffect {
    /// Let the person type the code of the bank.
    AskOtp,
    /// Ask the service how far it is.
    Ask,
    /// Ask after a pause of [`crate::retry_delay`].
    AskLater,
    /// It did not arrive: let the person type the card again.
    TypeAgain,
    /// Store the signed result and tell the person.
    Notify,
}

/// The new state and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingStep {
    /// The state to commit.
    pub state: BindingState,
    /// What to do after the commit, in this order.
    pub effects: Vec<BindingEffect>,
}

/// Why an event was not taken. The state stays as it was.
pub type BindingRefused = Refusal<BindingState, BindingEvent>;

/// Takes one event. An event that is refused changes nothing.
pub fn step(state: BindingState, event: BindingEvent) -> Result<BindingStep, BindingRefused> {
    use BindingEffect::{Ask, AskLater, AskOtp, Notify, TypeAgain};
    use BindingEvent as E;
    use BindingState as S;
    let to = |state, effects: &[BindingEffect]| Ok(BindingStep { state, effects: effects.to_vec() });
    match (state, event) {
        (S::Bound, E::Bound) | (S::Refused, E::Refused) => to(state, &[]),
        (S::Bound, E::Refused) | (S::Refused, E::Bound) => {
            Err(BindingRefused::Contradiction { state, event })
        }
        (S::Bound | S::Refused, _) => Err(BindingRefused::Final),
        (_, E::Bound) => to(S::Bound, &[Notify]),
        (_, E::Refused) => to(S::Refused, &[Notify]),
        (_, E::OtpSent) => to(S::OtpSent, &[AskOtp]),
        (S::New, E::OtpWrong | E::OtpExpired) => Err(BindingRefused::NotAllowed { state, event }),
        (_, E::OtpWrong | E::OtpExpired) => to(S::OtpSent, &[AskOtp]),
        (_, E::Processing) => to(S::Unknown, &[AskLater]),
        (_, E::NotFound) => to(S::New, &[TypeAgain]),
        (S::Unknown, E::NoAnswer) => to(S::Unknown, &[AskLater]),
        // The number or the code was on its way when the answer was lost or the wallet stopped.
        (_, E::NoAnswer | E::Resumed) => to(S::Unknown, &[Ask]),
    }
}

#[cfg(test)]
mod tests {
    use super::BindingEvent as E;
    use super::BindingState as S;
    use super::*;

    fn spell(state: S, event: E) -> String {
        match step(state, event) {
            Ok(step) => {
                let effects: Vec<String> = step.effects.iter().map(|effect| format!("{effect:?}")).collect();
                format!("{} {}", step.state.as_str(), effects.join("+")).trim_end().to_owned()
            }
            Err(BindingRefused::Final) => "final".to_owned(),
            Err(BindingRefused::NotAllowed { .. }) => "-".to_owned(),
            Err(BindingRefused::Contradiction { .. }) => "contradiction".to_owned(),
        }
    }

    /// Columns: OTP sent, wrong, expired; processing; bound, refused; not found, no answer, resumed.
    #[test]
    fn every_state_takes_every_event_as_the_table_says() {
        let (otp, bound, refused) = ("otp_sent AskOtp", "bound Notify", "refused Notify");
        let (later, again, ask) = ("unknown AskLater", "new TypeAgain", "unknown Ask");
        let table = [
            (S::New, [otp, "-", "-", later, bound, refused, again, ask, ask]),
            (S::OtpSent, [otp, otp, otp, later, bound, refused, again, ask, ask]),
            (
                S::Bound,
                ["final", "final", "final", "final", "bound", "contradiction", "final", "final", "final"],
            ),
            (
                S::Refused,
                ["final", "final", "final", "final", "contradiction", "refused", "final", "final", "final"],
            ),
            (S::Unknown, [otp, otp, otp, later, bound, refused, again, later, ask]),
        ];
        for (state, expected) in table {
            assert_eq!(E::ALL.map(|event| spell(state, event)), expected, "{state:?}");
        }
    }

    #[test]
    fn names_read_back() {
        let names = S::ALL.map(BindingState::as_str);
        assert_eq!(names, ["new", "otp_sent", "bound", "refused", "unknown"]);
        assert_eq!(S::ALL.map(|state| S::parse(state.as_str())), S::ALL.map(Some));
        assert_eq!(S::ALL.map(BindingState::is_final), [false, false, true, true, false]);
        assert_eq!(S::parse(""), None);
    }
}
