//! Money that comes back: what stands between a wish and the money, who acts next, until when, and how much is left to ask for.
//!
//! ```text
//! asking ─→ requested ─┬→ approved ─→ sent ─┬→ arrived
//!                      └→ refused           ├→ rerouted (to the balance)
//!                                           └→ held
//! ```

use kabao_base::{Money, MoneyError, Timestamp};

/// How long a bank takes at most to credit a card, as far as people are told: a week, in milliseconds. A merchant of the wallet may take less.
pub const CREDIT_MS: i64 = 7 * 86_400_000;

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStep {
    /// Written down on this phone, and not heard of by the service yet.
    Asking,
    /// The merchant was asked.
    Requested,
    /// The merchant agreed.
    Approved,
    /// The merchant said no.
    Refused,
    /// The merchant gave it back; the card's bank has not confirmed it.
    Sent,
    /// It is where it came from.
    Arrived,
    /// The card takes nothing any more: it went to the balance.
    Rerouted,
    /// Neither card nor balance can take it: it waits for the person.
    Held,
}

/// Who acts next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundActor {
    /// The wallet sends it when there is a way to the service.
    Wallet,
    /// The merchant.
    Merchant,
    /// The card's bank.
    Bank,
    /// The person.
    Person,
    /// The service's support, whom the person asks.
    Support,
    /// Nobody: it is done.
    Nobody,
}

impl RefundStep {
    const ALL: [(RefundStep, &'static str); 8] = [
        (RefundStep::Asking, "asking"),
        (RefundStep::Requested, "requested"),
        (RefundStep::Approved, "approved"),
        (RefundStep::Refused, "refused"),
        (RefundStep::Sent, "sent"),
        (RefundStep::Arrived, "arrived"),
        (RefundStep::Rerouted, "rerouted"),
        (RefundStep::Held, "held"),
    ];

    /// The name as the service gives it.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::refund::RefundStep;
    /// assert_eq!(RefundStep::Sent.as_str(), "sent");
    /// ```
    pub fn as_str(self) -> &'static str {
        RefundStep::ALL.iter().find(|(step, _)| *step == self).map_or("", |(_, name)| name)
    }

    /// The step of a name; nothing for one that this version does not know.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::refund::RefundStep;
    /// assert_eq!(RefundStep::parse("held"), Some(RefundStep::Held));
    /// assert_eq!(RefundStep::parse("lost"), None);
    /// ```
    pub fn parse(name: &str) -> Option<RefundStep> {
        RefundStep::ALL.iter().find(|(_, known)| *known == name).map(|(step, _)| *step)
    }

    /// The step of a refund by the state of its record in the history: one to the balance is there when it stands there.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::refund::RefundStep;
    /// assert_eq!(RefundStep::of_record("done"), RefundStep::Arrived);
    /// ```
    pub fn of_record(state: &str) -> RefundStep {
        match state {
            "sent" => RefundStep::Sent,
            "held" => RefundStep::Held,
            "rerouted" => RefundStep::Rerouted,
            _ => RefundStep::Arrived,
        }
    }

    /// Whether it may still give money back, and holds its part of the payment until then.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::refund::RefundStep;
    /// assert!(RefundStep::Requested.is_open() && !RefundStep::Sent.is_open());
    /// ```
    pub fn is_open(self) -> bool {
        matches!(self, RefundStep::Asking | RefundStep::Requested | RefundStep::Approved)
    }

    /// Whether the money is where the person can use it.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::refund::RefundStep;
    /// assert!(RefundStep::Rerouted.is_there() && !RefundStep::Held.is_there());
    /// ```
    pub fn is_there(self) -> bool {
        matches!(self, RefundStep::Arrived | RefundStep::Rerouted)
    }

    /// Who acts next. When the time is over that was told, it is the support, whom the person asks.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::refund::{RefundActor, RefundStep};
    /// assert_eq!(RefundStep::Requested.acts(false), RefundActor::Merchant);
    /// assert_eq!(RefundStep::Requested.acts(true), RefundActor::Support);
    /// ```
    pub fn acts(self, is_overdue: bool) -> RefundActor {
        match self {
            RefundStep::Asking => RefundActor::Wallet,
            RefundStep::Requested | RefundStep::Approved | RefundStep::Sent if is_overdue => RefundActor::Support,
            RefundStep::Requested | RefundStep::Approved => RefundActor::Merchant,
            RefundStep::Sent => RefundActor::Bank,
            RefundStep::Refused => RefundActor::Person,
            RefundStep::Held => RefundActor::Support,
            RefundStep::Arrived | RefundStep::Rerouted => RefundActor::Nobody,
        }
    }

    /// Whether the time that was told is over, while something is still expected.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// use kabao_money::refund::RefundStep;
    /// let due = Some(Timestamp::from_ms(5));
    /// assert!(RefundStep::Sent.is_overdue(due, Timestamp::from_ms(6)));
    /// assert!(!RefundStep::Arrived.is_overdue(due, Timestamp::from_ms(6)));
    /// ```
    pub fn is_overdue(self, due: Option<Timestamp>, now: Timestamp) -> bool {
        let waits = matches!(self, RefundStep::Requested | RefundStep::Approved | RefundStep::Sent);
        waits && due.is_some_and(|due| now > due)
    }
}

impl RefundActor {
    /// The name, for words.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::refund::RefundActor;
    /// assert_eq!(RefundActor::Bank.as_str(), "bank");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            RefundActor::Wallet => "wallet",
            RefundActor::Merchant => "merchant",
            RefundActor::Bank => "bank",
            RefundActor::Person => "person",
            RefundActor::Support => "support",
            RefundActor::Nobody => "nobody",
        }
    }
}

/// What came back of a payment and what can still be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundSums {
    /// Given back, on its way or there.
    pub given: Money,
    /// Of it, what is there.
    pub arrived: Money,
    /// Not given back and not asked for: never below zero.
    pub left: Money,
    /// More was given back than was paid: what the service says cannot be.
    pub is_too_much: bool,
}

/// Adds up the refunds of a payment and the open requests, each with its step.
///
/// # Errors
/// An amount that does not fit, or of another currency.
///
/// # Examples
/// ```
/// use kabao_base::Money;
/// use kabao_money::refund::{RefundStep, sums};
/// let all = sums(Money::fen(1_000), &[(Money::fen(400), RefundStep::Sent)], &[(Money::fen(100), RefundStep::Requested)]).unwrap();
/// assert_eq!((all.given, all.arrived, all.left), (Money::fen(400), Money::fen(0), Money::fen(500)));
/// ```
pub fn sums(paid: Money, refunds: &[(Money, RefundStep)], asks: &[(Money, RefundStep)]) -> Result<RefundSums, MoneyError> {
    let zero = Money { minor: 0, currency: paid.currency };
    let add = |parts: &[(Money, RefundStep)], counts: fn(RefundStep) -> bool| {
        parts.iter().filter(|(_, step)| counts(*step)).try_fold(zero, |sum, (part, _)| sum.plus(*part))
    };
    let (given, arrived, open) = (add(refunds, |_| true)?, add(refunds, RefundStep::is_there)?, add(asks, RefundStep::is_open)?);
    let left = paid.minus(given)?.minus(open)?;
    Ok(RefundSums { given, arrived, left: Money { minor: left.minor.max(0), ..left }, is_too_much: given.minor > paid.minor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fen(minor: i64) -> Money {
        Money::fen(minor)
    }

    #[test]
    fn every_step_has_one_name_and_somebody_who_acts() {
        use RefundActor::{Bank, Merchant, Nobody, Person, Support, Wallet};
        let acts = [
            ("asking", Wallet, Wallet), ("requested", Merchant, Support), ("approved", Merchant, Support), ("refused", Person, Person),
            ("sent", Bank, Support), ("arrived", Nobody, Nobody), ("rerouted", Nobody, Nobody), ("held", Support, Support),
        ];
        for (name, in_time, late) in acts {
            let step = RefundStep::parse(name).unwrap();
            assert_eq!((step.as_str(), step.acts(false), step.acts(true)), (name, in_time, late));
        }
        assert_eq!(acts.len(), RefundStep::ALL.len());
        assert_eq!([Wallet, Merchant, Bank, Person, Support, Nobody].map(RefundActor::as_str), ["wallet", "merchant", "bank", "person", "support", "nobody"]);
    }

    #[test]
    fn a_card_is_credited_within_a_week() {
        let asked = Timestamp::from_ms(1_795_276_800_000);
        assert_eq!([asked, asked.plus_ms(CREDIT_MS)].map(Timestamp::china_text), ["2026-11-22 00:00:00", "2026-11-29 00:00:00"]);
    }

    #[test]
    fn only_what_waits_is_overdue_and_not_on_the_day_itself() {
        let at = Timestamp::from_ms;
        for (step, name) in RefundStep::ALL {
            let waits = ["requested", "approved", "sent"].contains(&name);
            assert_eq!(step.is_overdue(Some(at(5)), at(6)), waits, "{name}");
            assert!(!step.is_overdue(Some(at(5)), at(5)) && !step.is_overdue(None, at(6)), "{name}");
            assert_eq!(step.is_open(), ["asking", "requested", "approved"].contains(&name), "{name}");
            assert_eq!(step.is_there(), ["arrived", "rerouted"].contains(&name), "{name}");
        }
    }

    #[test]
    fn a_record_says_where_its_money_is() {
        for (state, step) in [("sent", RefundStep::Sent), ("held", RefundStep::Held), ("rerouted", RefundStep::Rerouted), ("done", RefundStep::Arrived)] {
            assert_eq!(RefundStep::of_record(state), step);
        }
    }

    #[test]
    fn what_is_asked_for_is_not_left_and_what_was_refused_is() {
        let refunds = [(fen(300), RefundStep::Arrived), (fen(200), RefundStep::Sent), (fen(50), RefundStep::Rerouted)];
        let asks = [(fen(100), RefundStep::Requested), (fen(30), RefundStep::Asking), (fen(20), RefundStep::Approved), (fen(400), RefundStep::Refused)];
        let all = sums(fen(1_000), &refunds, &asks).unwrap();
        assert_eq!((all.given, all.arrived, all.left, all.is_too_much), (fen(550), fen(350), fen(300), false));
        let all = sums(fen(550), &refunds, &[]).unwrap();
        assert_eq!((all.left, all.is_too_much), (fen(0), false));
        let all = sums(fen(549), &refunds, &[]).unwrap();
        assert_eq!((all.left, all.is_too_much), (fen(0), true));
        assert!(sums(fen(1), &[(fen(i64::MAX), RefundStep::Sent), (fen(1), RefundStep::Sent)], &[]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_left_is_never_below_zero_nor_above_what_was_paid(paid in 0..1_000_000i64, parts in prop::collection::vec((0..500_000i64, 0..8usize), 0..6), split in 0..6usize) {
            let parts: Vec<_> = parts.into_iter().map(|(minor, step)| (fen(minor), RefundStep::ALL[step].0)).collect();
            let (refunds, asks) = parts.split_at(split.min(parts.len()));
            let all = sums(fen(paid), refunds, asks).unwrap();
            prop_assert!((0..=paid).contains(&all.left.minor));
            prop_assert!(all.arrived.minor <= all.given.minor);
            prop_assert_eq!(all.is_too_much, all.given.minor > paid);
        }
    }
}
