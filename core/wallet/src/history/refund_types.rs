//! What crosses to the apps about money that comes back.

use super::HistoryItem;
use kabao_base::{Failure, MoneyView, Timestamp};

/// What to ask a merchant back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RefundRequest {
    /// The record of the payment.
    pub record_id: String,
    /// How much, in yuan; all that is left when absent.
    pub amount: Option<String>,
    /// `returned`, `not_received`, `not_as_agreed`, `wrong_amount`, `other`.
    pub reason: String,
}

/// One request to a merchant, or the claim for one of two payments.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RefundAskView {
    /// Names it.
    pub ask_id: String,
    /// The payment that was meant, of two that are the same thing.
    pub other_id: Option<String>,
    /// What was asked for.
    pub amount: MoneyView,
    /// What the merchant agreed to.
    pub agreed: Option<MoneyView>,
    /// As asked; `duplicate` for a claim.
    pub reason: String,
    /// The reason in words.
    pub reason_text: String,
    /// `asking` (not sent yet), `requested`, `approved`, `refused`, `sent`, `arrived`, `rerouted` (to the balance), `held`.
    pub state: String,
    /// The state in words.
    pub state_text: String,
    /// Who acts next: `wallet`, `merchant`, `bank`, `person`, `support`, `nobody`.
    pub acts: String,
    /// The same in words.
    pub acts_text: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when the next step is expected.
    pub due_at: Option<Timestamp>,
    /// The record of the refund that answered it.
    pub refund_id: Option<String>,
    /// Why it was refused, or that the time is over that was told.
    pub failure: Option<Failure>,
}

/// One refund that a merchant made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RefundView {
    /// Its record.
    pub record_id: String,
    /// How much.
    pub amount: MoneyView,
    /// `sent`, `arrived`, `rerouted`, `held`.
    pub state: String,
    /// The state in words.
    pub state_text: String,
    /// Who acts next.
    pub acts: String,
    /// The same in words.
    pub acts_text: String,
    /// When the merchant gave it.
    pub at: Timestamp,
    /// Until when it is expected.
    pub due_at: Option<Timestamp>,
    /// That the time is over.
    pub failure: Option<Failure>,
}

/// Everything that comes back of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RefundTrackView {
    /// The payment.
    pub record_id: String,
    /// What was paid, without the fee: a fee is not given back.
    pub paid: MoneyView,
    /// What was given back, on its way or there.
    pub given: MoneyView,
    /// Of it, what is there.
    pub arrived: MoneyView,
    /// What can still be asked for.
    pub left: MoneyView,
    /// Whether something can be asked for.
    pub can_ask: bool,
    /// Why not.
    pub why_not: Option<Failure>,
    /// What was asked for, on this phone or another one.
    pub asks: Vec<RefundAskView>,
    /// What was given back, asked for or not.
    pub refunds: Vec<RefundView>,
    /// The service says that more came back than was paid: one of both is wrong.
    pub doubt: Option<Failure>,
}

/// Two payments that may be the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DuplicateView {
    /// The later one: what a claim asks back.
    pub later: HistoryItem,
    /// The earlier one.
    pub earlier: HistoryItem,
    /// `same_order`, `same_amount`, or `late_success`: an earlier try went through after another one was made in its place.
    pub why: String,
    /// The same in words.
    pub why_text: String,
    /// Whether one of both can be claimed back (`claim_duplicate`). Of two top-ups nothing can: both are in the balance, and can be
    /// withdrawn.
    pub claimable: bool,
    /// What the person can do, in words.
    pub do_text: String,
    /// How the claim stands, when there is one.
    pub claim: Option<RefundAskView>,
}
