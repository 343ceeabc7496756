//! The fee of a movement. The service's quote decides; the phone computes the fee a second time
//! to show an estimate, and to refuse a quote that does not follow the published rule.

use kabao_base::{Currency, Money, MoneyError};

/// What the fee is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum FeeKind {
    /// From a card to the balance 充值.
    TopUp,
    /// A payment by a merchant's collection code 收款码.
    CollectionCode,
    /// A payment by the payer code 付款码.
    PayerCode,
    /// From the balance to a bound card 提现.
    Withdraw,
    /// From the balance to another person 转账.
    Transfer,
}

impl FeeKind {
    /// The kind of a movement's name: `top_up`, `pay` (a collection code), `ask` (a payer code's question), `withdraw`, `transfer`.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::fees::FeeKind;
    /// assert_eq!(FeeKind::parse("pay"), Some(FeeKind::CollectionCode));
    /// ```
    pub fn parse(text: &str) -> Option<FeeKind> {
        match text {
            "top_up" => Some(FeeKind::TopUp),
            "pay" => Some(FeeKind::CollectionCode),
            "ask" => Some(FeeKind::PayerCode),
            "withdraw" => Some(FeeKind::Withdraw),
            "transfer" => Some(FeeKind::Transfer),
            _ => None,
        }
    }
}

/// The published rule of a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FeeRule {
    /// Millionths of the amount: 6,000 is 0.6 %. At most 1,000,000.
    pub rate_ppm: u32,
    /// The least, where anything is charged at all.
    pub min: Money,
    /// The most; absent where there is none.
    pub max: Option<Money>,
    /// The amount that still goes free of charge.
    pub free_left: Money,
}

/// A fee with what it follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Fee {
    /// What the fee is for.
    pub kind: FeeKind,
    /// The fee.
    pub fee: Money,
    /// Amount and fee together: what leaves the source.
    pub total: Money,
    /// How much of the free amount is used up.
    pub free_used: Money,
}

impl Fee {
    /// Whether the fee that the service quotes is this one.
    pub fn agrees_with(&self, quoted: Money) -> bool {
        self.fee == quoted
    }
}

/// Why a fee could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    /// The amount, or the amount with its fee, is not usable.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The rule contradicts itself: a rate above the whole, a negative amount, least above most.
    #[error("the fee rule is not usable")]
    BadRule,
}

const WHOLE_PPM: u32 = 1_000_000;

/// The fee of `amount` under `rule`.
///
/// What goes free is taken off first; of the rest the rate is taken and rounded half up to the
/// minor unit (0.5 fen is 1 fen); then the least and the most apply. Where the rate is zero, or
/// everything goes free, there is no fee, not even the least.
pub fn fee(kind: FeeKind, amount: Money, rule: &FeeRule) -> Result<Fee, FeeError> {
    if amount.minor < 0 {
        return Err(MoneyError::Negative.into());
    }
    check_rule(rule, amount.currency)?;
    let free_used = amount.minor.min(rule.free_left.minor);
    let charged = Money { minor: free_used, ..amount };
    let charged = amount.minus(charged)?.minor;
    let minor = if charged == 0 || rule.rate_ppm == 0 {
        0
    } else {
        let most = rule.max.map_or(i64::MAX, |max| max.minor);
        rate(charged, rule.rate_ppm)?.max(rule.min.minor).min(most)
    };
    let fee = Money { minor, ..amount };
    let total = amount.plus(fee)?;
    Ok(Fee { kind, fee, total, free_used: Money { minor: free_used, ..amount } })
}

/// `amount × ppm / 1,000,000`, half up.
fn rate(amount: i64, ppm: u32) -> Result<i64, MoneyError> {
    let whole = i128::from(WHOLE_PPM);
    i128::from(amount)
        .checked_mul(i128::from(ppm))
        .and_then(|product| product.checked_add(whole.checked_div(2)?))
        .and_then(|product| product.checked_div(whole))
        .and_then(|minor| i64::try_from(minor).ok())
        .ok_or(MoneyError::Overflow)
}

fn check_rule(rule: &FeeRule, currency: Currency) -> Result<(), FeeError> {
    let amounts = [Some(rule.min), rule.max, Some(rule.free_left)];
    if amounts.into_iter().flatten().any(|amount| amount.currency != currency) {
        return Err(MoneyError::CurrencyMismatch.into());
    }
    let negative = amounts.into_iter().flatten().any(|amount| amount.minor < 0);
    let crossed = rule.max.is_some_and(|max| max.minor < rule.min.minor);
    if negative || crossed || rule.rate_ppm > WHOLE_PPM { Err(FeeError::BadRule) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(rate_ppm: u32, min: i64, max: Option<i64>, free_left: i64) -> FeeRule {
        let (min, max, free_left) = (Money::fen(min), max.map(Money::fen), Money::fen(free_left));
        FeeRule { rate_ppm, min, max, free_left }
    }

    fn fen(amount: i64, rule: FeeRule) -> (i64, i64, i64) {
        let fee = fee(FeeKind::TopUp, Money::fen(amount), &rule).expect("a fee");
        (fee.fee.minor, fee.total.minor, fee.free_used.minor)
    }

    #[test]
    fn rates_least_most_and_free() {
        let cases = [
            // amount, rule, (fee, total, free used)
            (20_000, rule(0, 0, None, 0), (0, 20_000, 0)),
            (20_000, rule(6_000, 0, None, 0), (120, 20_120, 0)),
            (83, rule(6_000, 0, None, 0), (0, 83, 0)),      // 0.498 fen
            (84, rule(6_000, 0, None, 0), (1, 85, 0)),      // 0.504 fen
            (250, rule(6_000, 0, None, 0), (2, 252, 0)),    // 1.5 fen, half up
            (249, rule(6_000, 0, None, 0), (1, 250, 0)),    // 1.494 fen
            (100, rule(1_000, 10, None, 0), (10, 110, 0)),  // least
            (1_000_000, rule(1_000, 10, Some(500), 0), (500, 1_000_500, 0)), // most
            (600_000, rule(1_000, 10, Some(600), 0), (600, 600_600, 0)),
            (100_000, rule(1_000, 10, None, 100_000), (0, 100_000, 100_000)), // all free, no least
            (100_001, rule(1_000, 10, None, 100_000), (10, 100_011, 100_000)),
            (150_000, rule(1_000, 10, None, 100_000), (50, 150_050, 100_000)),
            (40, rule(1_000, 10, None, 100), (0, 40, 40)),
            (0, rule(1_000, 10, None, 0), (0, 0, 0)),
            (100, rule(0, 10, None, 0), (0, 100, 0)), // no rate, no least
            (5, rule(1_000_000, 0, None, 0), (5, 10, 0)),
            (5, rule(1_000_000, 3, Some(3), 0), (3, 8, 0)),
        ];
        for (amount, rule, expected) in cases {
            assert_eq!(fen(amount, rule), expected, "{amount} {rule:?}");
        }
    }

    #[test]
    fn refuses_by_name() {
        let compute = |amount, rule| fee(FeeKind::PayerCode, Money::fen(amount), &rule);
        assert_eq!(compute(-1, rule(0, 0, None, 0)), Err(MoneyError::Negative.into()));
        assert_eq!(compute(1, rule(1_000_001, 0, None, 0)), Err(FeeError::BadRule));
        assert_eq!(compute(1, rule(1, 5, Some(4), 0)), Err(FeeError::BadRule));
        assert_eq!(compute(1, rule(1, -1, None, 0)), Err(FeeError::BadRule));
        assert_eq!(compute(1, rule(1, -2, Some(-1), 0)), Err(FeeError::BadRule));
        assert_eq!(compute(1, rule(1, 0, None, -1)), Err(FeeError::BadRule));
        assert_eq!(compute(i64::MAX, rule(1_000_000, 0, None, 0)), Err(MoneyError::Overflow.into()));
        assert_eq!(compute(i64::MAX, rule(1, 0, None, 0)), Err(MoneyError::Overflow.into()));
        let dollars = Money { minor: 1, currency: Currency::Usd };
        for other in [
            FeeRule { min: dollars, ..rule(1, 0, None, 0) },
            FeeRule { max: Some(dollars), ..rule(1, 0, None, 0) },
            FeeRule { free_left: dollars, ..rule(1, 0, None, 0) },
        ] {
            assert_eq!(compute(1, other), Err(MoneyError::CurrencyMismatch.into()));
        }
    }

    #[test]
    fn a_quote_is_compared_to_the_fen() {
        let own = fee(FeeKind::CollectionCode, Money::fen(20_000), &rule(6_000, 0, None, 0)).expect("a fee");
        assert_eq!(own.kind, FeeKind::CollectionCode);
        assert!(own.agrees_with(Money::fen(120)));
        assert!(!own.agrees_with(Money::fen(121)) && !own.agrees_with(Money::fen(119)));
        assert!(!own.agrees_with(Money { minor: 120, currency: Currency::Usd }));
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_between_least_and_most(
            amount: i64, rate_ppm in 0u32..1_100_000, min: i64, max in proptest::option::of(any::<i64>()),
            free_left: i64,
        ) {
            let rule = rule(rate_ppm, min, max, free_left);
            if let Ok(fee) = fee(FeeKind::TopUp, Money::fen(amount), &rule) {
                prop_assert_eq!(fee.total.minor, amount + fee.fee.minor);
                prop_assert!(fee.fee.minor == 0 || fee.fee.minor >= min);
                prop_assert!(max.is_none_or(|max| fee.fee.minor <= max));
                prop_assert!(fee.free_used.minor <= amount && fee.free_used.minor <= free_left);
            }
        }

        #[test]
        fn within_half_a_minor_unit_of_the_exact_rate(amount in 0i64..1 << 53, ppm in 1u32..=1_000_000) {
            let fee = fee(FeeKind::TopUp, Money::fen(amount), &rule(ppm, 0, None, 0)).expect("a fee");
            let twice = 2 * i128::from(amount) * i128::from(ppm) - 2 * i128::from(fee.fee.minor) * 1_000_000;
            prop_assert!((-1_000_000..1_000_000).contains(&twice));
        }
    }
}
