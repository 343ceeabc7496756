//! Why a state machine did not take an event. A refused event never changes a state.

/// Why an event was not taken in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal<S, E> {
    /// The state is final; nothing leads out of it.
    #[error("the state is final")]
    Final,
    /// The event has no meaning in this state.
    #[error("the event is not allowed in this state")]
    NotAllowed {
        /// The state that stays.
        state: S,
        /// The event that was refused.
        event: E,
    },
    /// Two signed words of the service contradict each other. The first stays; both are evidence.
    #[error("the service contradicts what it signed before")]
    Contradiction {
        /// The state that stays.
        state: S,
        /// The event that contradicts it.
        event: E,
    },
}
