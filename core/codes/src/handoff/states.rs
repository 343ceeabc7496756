//! One vocabulary for what all channels say about a payment (register, 7.2).

/// What a channel says, in the wallet's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ChannelState {
    /// The payer has not confirmed yet, or types the password just now.
    AwaitingPayer,
    /// The channel works on it.
    Processing,
    /// It may have been paid and may not. Do not pay again.
    Unknown,
    /// Paid.
    Succeeded,
    /// Not paid, for certain.
    Failed,
    /// Called off, by the payer or by the merchant; what had been taken goes back.
    Cancelled,
    /// Closed, and never paid.
    ClosedUnpaid,
    /// All of it was given back.
    RefundedAll,
    /// A part of it was given back.
    RefundedPart,
    /// Given back; the channel does not say whether all of it.
    Refunded,
}

/// What a person may do in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ChannelStep {
    /// Wait.
    Wait,
    /// Call it off.
    Cancel,
    /// Let the wallet find out. Nothing else: paying again could pay twice.
    Resolve,
    /// See the receipt.
    Receipt,
    /// Complain about the payment.
    Dispute,
    /// Try the same again.
    Retry,
    /// Use another card or balance.
    OtherSource,
    /// Begin a new attempt for the same order.
    NewAttempt,
    /// Ask the merchant for a new order.
    NewOrder,
    /// See where the refund is.
    TrackArrival,
}

impl ChannelState {
    /// Every state.
    pub const ALL: [ChannelState; 10] = [
        ChannelState::AwaitingPayer,
        ChannelState::Processing,
        ChannelState::Unknown,
        ChannelState::Succeeded,
        ChannelState::Failed,
        ChannelState::Cancelled,
        ChannelState::ClosedUnpaid,
        ChannelState::RefundedAll,
        ChannelState::RefundedPart,
        ChannelState::Refunded,
    ];

    /// What the person may do, most useful first.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::{ChannelState, ChannelStep};
    ///
    /// assert_eq!(ChannelState::Unknown.steps(), [ChannelStep::Resolve]);
    /// ```
    pub fn steps(self) -> &'static [ChannelStep] {
        match self {
            ChannelState::AwaitingPayer => &[ChannelStep::Wait, ChannelStep::Cancel],
            ChannelState::Processing => &[ChannelStep::Wait],
            ChannelState::Unknown => &[ChannelStep::Resolve],
            ChannelState::Succeeded => &[ChannelStep::Receipt, ChannelStep::Dispute],
            ChannelState::Failed => &[ChannelStep::Retry, ChannelStep::OtherSource],
            ChannelState::Cancelled => &[ChannelStep::NewAttempt],
            ChannelState::ClosedUnpaid => &[ChannelStep::NewOrder],
            ChannelState::RefundedAll | ChannelState::RefundedPart | ChannelState::Refunded => &[ChannelStep::TrackArrival],
        }
    }

    /// Whether money may still move without anybody doing anything.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::ChannelState;
    ///
    /// assert!(ChannelState::Unknown.is_open());
    /// assert!(!ChannelState::ClosedUnpaid.is_open());
    /// ```
    pub fn is_open(self) -> bool {
        matches!(self, ChannelState::AwaitingPayer | ChannelState::Processing | ChannelState::Unknown)
    }
}

/// A channel's word, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChannelAnswer {
    /// What the channel says.
    pub state: ChannelState,
    /// Whether the channel's server said it. What an app says on the phone is never proof.
    pub from_server: bool,
    /// Whether the word is one that the channel is known to write. One that is not is `Unknown`.
    pub word_known: bool,
}

impl ChannelAnswer {
    /// The answer of a channel that did not answer: a timeout, a broken connection, a system error.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::{ChannelAnswer, ChannelState};
    ///
    /// assert_eq!(ChannelAnswer::none().state, ChannelState::Unknown);
    /// ```
    pub fn none() -> ChannelAnswer {
        ChannelAnswer { state: ChannelState::Unknown, from_server: false, word_known: true }
    }

    /// The state to show. Paid and not paid need the server's word: until then they are `Unknown`,
    /// and the person is told not to pay again. A person who called it off knows that.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::{ChannelState, ResultWords, channel_answer};
    ///
    /// let said = channel_answer(ResultWords::UnionPayClient, "success");
    /// assert_eq!((said.state, said.shown()), (ChannelState::Succeeded, ChannelState::Unknown));
    /// ```
    pub fn shown(self) -> ChannelState {
        match self.state {
            ChannelState::Succeeded | ChannelState::Failed if !self.from_server => ChannelState::Unknown,
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_state_never_invites_to_pay_again() {
        let again = [ChannelStep::Retry, ChannelStep::OtherSource, ChannelStep::NewAttempt, ChannelStep::NewOrder];
        for state in ChannelState::ALL {
            assert!(!state.steps().is_empty());
            if state.is_open() {
                assert!(!state.steps().iter().any(|step| again.contains(step)), "{state:?}");
            }
        }
    }

    #[test]
    fn the_word_of_an_app_is_no_proof() {
        for state in ChannelState::ALL {
            let said = ChannelAnswer { state, from_server: false, word_known: true };
            assert!(!matches!(said.shown(), ChannelState::Succeeded | ChannelState::Failed));
            assert_eq!(ChannelAnswer { from_server: true, ..said }.shown(), state);
        }
    }
}
