//! What the payment machine speaks of: states, events, effects, facts.

use crate::refusal::Refusal;
use kabao_base::Certainty;

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PaymentState {
    /// Prepared, not confirmed by the person.
    Draft,
    /// Confirmed by the person with a proof.
    Approved,
    /// Waits for its first attempt. Nothing was sent.
    Queued,
    /// An attempt is under way.
    Sending,
    /// 结果待确认: it may have been carried out. The wallet keeps asking; do not pay again.
    Unknown,
    /// Given up: the wallet waits for the signed word that it will never be carried out.
    Fencing,
    /// Carried out; a signed receipt exists. Final.
    Succeeded,
    /// Not carried out, and it never will be; the service signed that. Final.
    Failed,
}

impl PaymentState {
    /// Every state, in the order of the usual way.
    pub const ALL: [PaymentState; 8] = [
        PaymentState::Draft,
        PaymentState::Approved,
        PaymentState::Queued,
        PaymentState::Sending,
        PaymentState::Unknown,
        PaymentState::Fencing,
        PaymentState::Succeeded,
        PaymentState::Failed,
    ];

    /// The name as it is stored and as it crosses boundaries; never changed once released.
    pub const fn as_str(self) -> &'static str {
        match self {
            PaymentState::Draft => "draft",
            PaymentState::Approved => "approved",
            PaymentState::Queued => "queued",
            PaymentState::Sending => "sending",
            PaymentState::Unknown => "unknown",
            PaymentState::Fencing => "fencing",
            PaymentState::Succeeded => "succeeded",
            PaymentState::Failed => "failed",
        }
    }

    /// The state of a stored name, or `None` for a name that this version does not know.
    pub fn parse(text: &str) -> Option<PaymentState> {
        PaymentState::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing leads out of the state.
    pub const fn is_final(self) -> bool {
        matches!(self, PaymentState::Succeeded | PaymentState::Failed)
    }

    /// Whether the outcome is settled. `Unknown` from the confirmation to the signed verdict.
    pub const fn certainty(self) -> Certainty {
        match self {
            PaymentState::Draft | PaymentState::Succeeded | PaymentState::Failed => Certainty::Certain,
            _ => Certainty::Unknown,
        }
    }

    /// Whether paying the same again cannot pay twice: nothing was confirmed, or the service
    /// signed that it was not and will not be carried out.
    pub const fn may_pay_again(self) -> bool {
        matches!(self, PaymentState::Draft | PaymentState::Failed)
    }

    /// The key of the words that a person reads for the state.
    pub const fn word_key(self) -> &'static str {
        match self {
            PaymentState::Draft => "payment_state_draft",
            PaymentState::Approved => "payment_state_approved",
            PaymentState::Queued => "payment_state_queued",
            PaymentState::Sending => "payment_state_sending",
            PaymentState::Unknown => "payment_state_unknown",
            PaymentState::Fencing => "payment_state_fencing",
            PaymentState::Succeeded => "payment_state_succeeded",
            PaymentState::Failed => "payment_state_failed",
        }
    }
}

/// What happens to a payment. For the signed ones the caller has verified signature, key, id and
/// freshness before; an answer that fails any of these is [`PaymentEvent::NoAnswer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentEvent {
    /// The person confirmed with a proof.
    Approve,
    /// It may be sent as soon as possible.
    Queue,
    /// The first attempt begins. Committed before a socket is opened.
    SendStarted,
    /// Signed: carried out, with a receipt.
    Succeeded,
    /// Signed: refused, or handed to a bank and refused or reversed there. Nothing more can happen.
    Refused,
    /// Signed: a tombstone. It was not carried out; a late original is refused for good.
    Tombstoned,
    /// Signed: accepted, the result is still at the bank.
    Processing,
    /// Signed: the service does not know the id. Not proof that nothing happened.
    NotFound,
    /// Signed answer to giving up: it was handed to a bank, which decides.
    Dispatched,
    /// Anything but a signed answer: no network, time out, garbage, another's answer.
    NoAnswer,
    /// The person gives up.
    AbandonAsked,
    /// The service was restored since the last attempt.
    EpochChanged,
    /// The wallet was opened or unlocked again, perhaps after a crash. Nothing is in flight.
    Resumed,
}

impl PaymentEvent {
    /// Every event.
    pub const ALL: [PaymentEvent; 13] = [
        PaymentEvent::Approve,
        PaymentEvent::Queue,
        PaymentEvent::SendStarted,
        PaymentEvent::Succeeded,
        PaymentEvent::Refused,
        PaymentEvent::Tombstoned,
        PaymentEvent::Processing,
        PaymentEvent::NotFound,
        PaymentEvent::Dispatched,
        PaymentEvent::NoAnswer,
        PaymentEvent::AbandonAsked,
        PaymentEvent::EpochChanged,
        PaymentEvent::Resumed,
    ];

    /// The final state that a verdict stands for, `None` for everything else.
    pub const fn verdict(self) -> Option<PaymentState> {
        match self {
            PaymentEvent::Succeeded => Some(PaymentState::Succeeded),
            PaymentEvent::Refused | PaymentEvent::Tombstoned => Some(PaymentState::Failed),
            _ => None,
        }
    }
}

/// What the caller has to do after the new state is committed, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentEffect {
    /// PUT the payment: the same id, the same bytes as ever.
    Send,
    /// GET the payment now.
    Ask,
    /// POST abandon now.
    Abandon,
    /// Hand the service the receipts and tombstones that it may have lost in a restore.
    PresentProofs,
    /// After [`crate::retry_delay`] do what [`super::due`] names for the state of that time.
    AskLater,
    /// Store the verdict with its proof and tell the person.
    Finish,
    /// Tell the person that the result is not known and not to pay again.
    TellUnknown,
}

/// What the machine has to know besides the state. Read from the ledger before the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaymentFacts {
    /// The service's epoch when the last attempt was made.
    pub epoch_of_attempt: u64,
    /// The service's epoch in its last signed answer.
    pub epoch_now: u64,
    /// Whether a socket may have been opened for this payment before this event.
    pub ever_sent: bool,
    /// How many attempts were made before this event.
    pub attempts: u32,
    /// Whether the person gave up at any time. Such a payment is never sent again.
    pub abandon_asked: bool,
}

/// The new state and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentStep {
    /// The state to commit.
    pub state: PaymentState,
    /// What to do after the commit, in this order.
    pub effects: Vec<PaymentEffect>,
}

/// Why an event was not taken. The state stays as it was.
pub type StepRefused = Refusal<PaymentState, PaymentEvent>;
