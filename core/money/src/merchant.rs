//! A payment that a merchant starts by reading the payer code. The service holds the truth; the
//! phone follows it, and the person answers when asked.
//!
//! ```text
//! Shown → Asked → Paid | NeedsYou | Refused;  Paid → Reversed
//! NeedsYou → Asked (confirmed) | Refused (declined or lapsed)
//! ```
//!
//! A phone without network hears late and in any order: a charge may be the first thing that it
//! hears of a shown code, and its reversal may come before it. The final state is the same.

use crate::refusal::Refusal;
use kabao_base::Certainty;

/// How long the person may think about a merchant's question, in milliseconds.
pub const ASK_LAPSE_MS: i64 = 60_000;

/// Whether a question has lapsed. Both times are of the monotonic clock, in milliseconds; a clock
/// that went back (a restart) counts as lapsed, because nobody knows how long it was.
pub fn ask_lapsed(arrived_ms: i64, now_ms: i64) -> bool {
    !(0..ASK_LAPSE_MS).contains(&now_ms.saturating_sub(arrived_ms))
}

/// Where a merchant-started payment stands on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum MerchantState {
    /// A code was shown; no charge is known.
    Shown,
    /// The merchant asked for an amount; no result is known.
    Asked,
    /// Above the cap: the merchant waits for the person to confirm.
    NeedsYou,
    /// Charged; a signed receipt exists.
    Paid,
    /// Not charged and it will not be. Final.
    Refused,
    /// Charged, and all of it went back. Final.
    Reversed,
}

impl MerchantState {
    /// Every state.
    pub const ALL: [MerchantState; 6] = [
        MerchantState::Shown,
        MerchantState::Asked,
        MerchantState::NeedsYou,
        MerchantState::Paid,
        MerchantState::Refused,
        MerchantState::Reversed,
    ];

    /// The name as it is stored; never changed once released.
    pub const fn as_str(self) -> &'static str {
        match self {
            MerchantState::Shown => "shown",
            MerchantState::Asked => "asked",
            MerchantState::NeedsYou => "needs_you",
            MerchantState::Paid => "paid",
            MerchantState::Refused => "refused",
            MerchantState::Reversed => "reversed",
        }
    }

    /// The state of a stored name, or `None` for a name that this version does not know.
    pub fn parse(text: &str) -> Option<MerchantState> {
        MerchantState::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing leads out of the state. A paid one may still be reversed.
    pub const fn is_final(self) -> bool {
        matches!(self, MerchantState::Refused | MerchantState::Reversed)
    }

    /// Whether it is settled if money moved.
    pub const fn certainty(self) -> Certainty {
        match self {
            MerchantState::Shown | MerchantState::Asked => Certainty::Unknown,
            _ => Certainty::Certain,
        }
    }
}

/// What happens to a merchant-started payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MerchantEvent {
    /// Signed: the merchant asked for an amount, the result is still at the bank.
    Pending,
    /// Signed: the amount is above the cap, and the merchant waits for the person.
    AskArrived,
    /// The person confirmed with a proof.
    Confirmed,
    /// The person declined.
    Declined,
    /// This phone's own time for the answer is over ([`ask_lapsed`]). When the service says that a
    /// question lapsed, that is [`MerchantEvent::Refused`].
    Lapsed,
    /// Signed: charged.
    Charged,
    /// Signed: refused, lapsed or revoked before anything was charged.
    Refused,
    /// Signed: all that was charged went back.
    Refunded,
    /// The life of the shown code is over. A charge made before may still be heard of.
    TokenExpired,
}

impl MerchantEvent {
    /// Every event.
    pub const ALL: [MerchantEvent; 9] = [
        MerchantEvent::Pending,
        MerchantEvent::AskArrived,
        MerchantEvent::Confirmed,
        MerchantEvent::Declined,
        MerchantEvent::Lapsed,
        MerchantEvent::Charged,
        MerchantEvent::Refused,
        MerchantEvent::Refunded,
        MerchantEvent::TokenExpired,
    ];
}

/// What the caller has to do after the new state is committed, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MerchantEffect {
    /// Show the merchant's question: payee, amount, time left.
    ShowAsk,
    /// Take the question off the screen.
    HideAsk,
    /// Take the code off the screen.
    HideCode,
    /// Start the payment that is bound to the merchant's order (machine of [`crate::payment`]).
    StartPayment,
    /// Tell the service that the person declined.
    SendDecline,
    /// Ask the service for the record of this token.
    Sync,
    /// Store the signed result and tell the person.
    Notify,
}

/// The new state and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantStep {
    /// The state to commit.
    pub state: MerchantState,
    /// What to do after the commit, in this order.
    pub effects: Vec<MerchantEffect>,
}

/// Why an event was not taken. The state stays as it was.
pub type MerchantRefused = Refusal<MerchantState, MerchantEvent>;

/// Takes one event. An event that is refused changes nothing.
pub fn step(state: MerchantState, event: MerchantEvent) -> Result<MerchantStep, MerchantRefused> {
    use MerchantEffect::{HideAsk, HideCode, Notify, SendDecline, ShowAsk, StartPayment, Sync};
    use MerchantEvent as E;
    use MerchantState as S;
    let to = |state, effects: &[MerchantEffect]| Ok(MerchantStep { state, effects: effects.to_vec() });
    match (state, event) {
        (S::Shown, E::Pending) => to(S::Asked, &[HideCode]),
        (S::Shown, E::AskArrived) => to(S::NeedsYou, &[HideCode, ShowAsk]),
        (S::Asked, E::AskArrived) => to(S::NeedsYou, &[ShowAsk]),
        (S::NeedsYou, E::Confirmed) => to(S::Asked, &[HideAsk, StartPayment]),
        // Without the person's confirmation nothing is charged above the cap.
        (S::NeedsYou, E::Declined) => to(S::Refused, &[HideAsk, SendDecline]),
        (S::NeedsYou, E::Lapsed) => to(S::Refused, &[HideAsk, Sync]),
        // Confirmed in time by this phone's clock: the service decides.
        (S::Asked, E::Lapsed) => to(S::Asked, &[Sync]),

        (S::Shown, E::Charged) => to(S::Paid, &[HideCode, Notify]),
        (S::Asked, E::Charged) => to(S::Paid, &[Notify]),
        (S::NeedsYou, E::Charged) => to(S::Paid, &[HideAsk, Notify]),
        (S::Shown, E::Refused) => to(S::Refused, &[HideCode, Notify]),
        (S::Asked, E::Refused) => to(S::Refused, &[Notify]),
        (S::NeedsYou, E::Refused) => to(S::Refused, &[HideAsk, Notify]),
        (S::Shown, E::Refunded) => to(S::Reversed, &[HideCode, Notify]),
        (S::Asked | S::Paid, E::Refunded) => to(S::Reversed, &[Notify]),
        (S::NeedsYou, E::Refunded) => to(S::Reversed, &[HideAsk, Notify]),

        (S::Shown, E::TokenExpired) => to(S::Shown, &[HideCode, Sync]),
        (_, E::TokenExpired) => to(state, &[]),

        // The same again, or an earlier word that arrives late.
        (S::NeedsYou, E::AskArrived | E::Pending) => to(state, &[]),
        (S::Asked, E::Pending) => to(state, &[]),
        (S::Paid, E::Charged | E::Pending | E::AskArrived) => to(state, &[]),
        (S::Refused, E::Refused | E::Declined | E::Lapsed | E::Pending | E::AskArrived) => to(state, &[]),
        (S::Reversed, E::Refunded | E::Charged | E::Pending | E::AskArrived) => to(state, &[]),

        (S::Refused, E::Charged | E::Refunded) | (S::Paid | S::Reversed, E::Refused) => {
            Err(MerchantRefused::Contradiction { state, event })
        }
        (S::Refused | S::Reversed, _) => Err(MerchantRefused::Final),
        _ => Err(MerchantRefused::NotAllowed { state, event }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MerchantEvent as E;
    use MerchantState as S;
    use proptest::prelude::*;

    fn spell(state: S, event: E) -> String {
        match step(state, event) {
            Ok(step) => {
                let effects: Vec<String> = step.effects.iter().map(|effect| format!("{effect:?}")).collect();
                format!("{} {}", step.state.as_str(), effects.join("+")).trim_end().to_owned()
            }
            Err(MerchantRefused::Final) => "final".to_owned(),
            Err(MerchantRefused::NotAllowed { .. }) => "-".to_owned(),
            Err(MerchantRefused::Contradiction { .. }) => "contradiction".to_owned(),
        }
    }

    /// Columns: pending, ask arrived, confirmed, declined, lapsed, charged, refused, refunded, expired.
    #[test]
    fn every_state_takes_every_event_as_the_table_says() {
        let table: [(S, [&str; 9]); 6] = [
            (S::Shown, [
                "asked HideCode", "needs_you HideCode+ShowAsk", "-", "-", "-", "paid HideCode+Notify",
                "refused HideCode+Notify", "reversed HideCode+Notify", "shown HideCode+Sync",
            ]),
            (S::Asked, [
                "asked", "needs_you ShowAsk", "-", "-", "asked Sync", "paid Notify", "refused Notify",
                "reversed Notify", "asked",
            ]),
            (S::NeedsYou, [
                "needs_you", "needs_you", "asked HideAsk+StartPayment", "refused HideAsk+SendDecline",
                "refused HideAsk+Sync", "paid HideAsk+Notify", "refused HideAsk+Notify",
                "reversed HideAsk+Notify", "needs_you",
            ]),
            (S::Paid, ["paid", "paid", "-", "-", "-", "paid", "contradiction", "reversed Notify", "paid"]),
            (S::Refused, [
                "refused", "refused", "final", "refused", "refused", "contradiction", "refused",
                "contradiction", "refused",
            ]),
            (S::Reversed, [
                "reversed", "reversed", "final", "final", "final", "reversed", "contradiction", "reversed",
                "reversed",
            ]),
        ];
        for (state, expected) in table {
            assert_eq!(E::ALL.map(|event| spell(state, event)), expected, "{state:?}");
        }
    }

    #[test]
    fn names_read_back_and_say_what_is_known() {
        let expected = [
            ("shown", false, Certainty::Unknown),
            ("asked", false, Certainty::Unknown),
            ("needs_you", false, Certainty::Certain),
            ("paid", false, Certainty::Certain),
            ("refused", true, Certainty::Certain),
            ("reversed", true, Certainty::Certain),
        ];
        for (state, (name, is_final, certainty)) in S::ALL.into_iter().zip(expected) {
            assert_eq!((state.as_str(), state.is_final(), state.certainty()), (name, is_final, certainty));
            assert_eq!(S::parse(name), Some(state));
        }
        assert_eq!(S::parse("Paid"), None);
    }

    #[test]
    fn a_question_lives_sixty_seconds() {
        assert_eq!(ASK_LAPSE_MS, 60_000);
        let lapsed = |now| ask_lapsed(5_000, now);
        assert_eq!([lapsed(5_000), lapsed(64_999), lapsed(65_000), lapsed(4_999)], [false, false, true, true]);
        assert!(ask_lapsed(i64::MIN, i64::MAX) && ask_lapsed(i64::MAX, i64::MIN));
    }

    proptest! {
        #[test]
        fn what_the_service_signed_ends_the_same_in_any_order(
            words in Just(vec![E::Pending, E::AskArrived, E::Charged, E::Refunded]).prop_shuffle(),
            repeats in proptest::collection::vec(0usize..4, 0..6),
        ) {
            let mut state = S::Shown;
            for event in words.iter().copied().chain(repeats.iter().map(|index| words[*index])) {
                state = step(state, event).map_or(state, |step| step.state);
            }
            prop_assert_eq!(state, S::Reversed);
        }

        #[test]
        fn nothing_is_paid_without_a_signed_charge(
            events in proptest::collection::vec(proptest::sample::select(E::ALL.to_vec()), 0..40),
        ) {
            let mut state = S::Shown;
            let mut heard = false;
            for event in events {
                heard |= matches!(event, E::Charged | E::Refunded);
                let before = state;
                state = step(state, event).map_or(state, |step| step.state);
                prop_assert!(!matches!(state, S::Paid | S::Reversed) || heard);
                prop_assert!(!before.is_final() || before == state);
                prop_assert!(before != S::Paid || matches!(state, S::Paid | S::Reversed));
            }
        }
    }
}
