//! Totals of a month.

use kabao_base::{Currency, Money, MoneyError};

/// What went in and out in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MonthTotal {
    /// The sum of what came in; not negative.
    pub income: Money,
    /// The sum of what went out, as a positive amount.
    pub spending: Money,
    /// Income less spending; may be negative.
    pub net: Money,
    /// How many amounts were summed.
    pub count: u32,
}

/// Sums signed amounts of one currency: what comes in is positive, what goes out is negative. Amounts
/// of another currency than `currency` are refused, not converted.
pub fn month_total(currency: Currency, amounts: &[Money]) -> Result<MonthTotal, MoneyError> {
    let zero = Money { minor: 0, currency };
    let (mut income, mut spending) = (zero, zero);
    for amount in amounts {
        if amount.minor < 0 {
            spending = spending.minus(*amount)?;
        } else {
            income = income.plus(*amount)?;
        }
    }
    let count = u32::try_from(amounts.len()).map_err(|_| MoneyError::Overflow)?;
    Ok(MonthTotal { income, spending, net: income.minus(spending)?, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(amounts: &[i64]) -> Result<(i64, i64, i64, u32), MoneyError> {
        let amounts: Vec<Money> = amounts.iter().copied().map(Money::fen).collect();
        month_total(Currency::Cny, &amounts)
            .map(|total| (total.income.minor, total.spending.minor, total.net.minor, total.count))
    }

    #[test]
    fn sums_both_directions() {
        assert_eq!(total(&[]), Ok((0, 0, 0, 0)));
        assert_eq!(total(&[20_000, -2_350, 0, -1_999, 350]), Ok((20_350, 4_349, 16_001, 5)));
        assert_eq!(total(&[-5]), Ok((0, 5, -5, 1)));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(total(&[i64::MAX, 1]), Err(MoneyError::Overflow));
        assert_eq!(total(&[i64::MIN]), Err(MoneyError::Overflow));
        assert_eq!(total(&[i64::MAX, -i64::MAX]), Ok((i64::MAX, i64::MAX, 0, 2)));
        let dollars = Money { minor: 1, currency: Currency::Usd };
        assert_eq!(month_total(Currency::Cny, &[dollars]), Err(MoneyError::CurrencyMismatch));
        assert_eq!(
            month_total(Currency::Cny, &[Money { minor: -1, ..dollars }]),
            Err(MoneyError::CurrencyMismatch)
        );
    }
}
