//! Which source pays: the balance or a bound card. Every source is listed, and each that is not
//! usable says why. The order is fixed, so that the same wallet gives the same list.

use kabao_base::{Code, Money, MoneyError};

/// A bound card as the picker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardSource {
    /// The service's id of the card.
    pub card_id: String,
    /// Whether it can pay this amount now.
    pub usable: bool,
    /// Why not, when it is not usable. Without a reason it is [`Code::ChannelUnusable`].
    pub why_not: Option<Code>,
}

impl CardSource {
    /// A card that can pay.
    pub fn usable(card_id: impl Into<String>) -> CardSource {
        CardSource { card_id: card_id.into(), usable: true, why_not: None }
    }

    /// A card that cannot pay now, with the reason.
    pub fn unusable(card_id: impl Into<String>, why_not: Code) -> CardSource {
        CardSource { card_id: card_id.into(), usable: false, why_not: Some(why_not) }
    }
}

/// The kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum SourceKind {
    /// The balance of the wallet.
    Balance,
    /// A bound card.
    Card,
}

/// One source in the list that a person chooses from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SourceChoice {
    /// Balance or card.
    pub kind: SourceKind,
    /// The id of the card; absent for the balance.
    pub card_id: Option<String>,
    /// Whether it can pay now.
    pub usable: bool,
    /// Whether it is proposed: the first that can pay.
    pub proposed: bool,
    /// Why it cannot pay, a code of the catalogue of errors; absent when it can.
    pub reason: Option<String>,
    /// How much is missing in the balance, where that is the reason.
    pub missing: Option<Money>,
}

/// Lists the sources for an amount with its fee: the balance first, then the cards in the order
/// given. `balance` is absent where the balance is no source, as for a top-up.
pub fn pick(
    amount: Money,
    total_fee: Money,
    balance: Option<Money>,
    cards: &[CardSource],
) -> Result<Vec<SourceChoice>, MoneyError> {
    if amount.minor < 0 || total_fee.minor < 0 {
        return Err(MoneyError::Negative);
    }
    let needed = amount.plus(total_fee)?;
    let mut choices = Vec::with_capacity(cards.len().saturating_add(1));
    if let Some(balance) = balance {
        let missing = needed.minus(balance)?;
        let short = missing.minor > 0;
        choices.push(SourceChoice {
            kind: SourceKind::Balance,
            card_id: None,
            usable: !short,
            proposed: false,
            reason: short.then(|| Code::BalanceLow.as_str().to_owned()),
            missing: short.then_some(missing),
        });
    }
    choices.extend(cards.iter().map(|card| SourceChoice {
        kind: SourceKind::Card,
        card_id: Some(card.card_id.clone()),
        usable: card.usable,
        proposed: false,
        reason: (!card.usable).then(|| card.why_not.unwrap_or(Code::ChannelUnusable).as_str().to_owned()),
        missing: None,
    }));
    if let Some(first) = choices.iter_mut().find(|choice| choice.usable) {
        first.proposed = true;
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_base::Currency;

    /// Card, usable, proposed, reason, missing fen.
    type Row<'a> = (Option<&'a str>, bool, bool, Option<&'a str>, Option<i64>);

    fn shown(choices: &[SourceChoice]) -> Vec<Row<'_>> {
        choices
            .iter()
            .map(|choice| {
                assert_eq!(choice.kind == SourceKind::Card, choice.card_id.is_some());
                (
                    choice.card_id.as_deref(),
                    choice.usable,
                    choice.proposed,
                    choice.reason.as_deref(),
                    choice.missing.map(|missing| missing.minor),
                )
            })
            .collect()
    }

    #[test]
    fn every_source_is_listed_with_its_reason() {
        let cards = [
            CardSource::unusable("a", Code::CardClosed),
            CardSource { card_id: "b".to_owned(), usable: false, why_not: None },
            CardSource::usable("c"),
            CardSource::usable("d"),
        ];
        let list = pick(Money::fen(2_350), Money::fen(10), Some(Money::fen(2_359)), &cards).expect("a list");
        assert_eq!(
            shown(&list),
            [
                (None, false, false, Some("balance_low"), Some(1)),
                (Some("a"), false, false, Some("card_closed"), None),
                (Some("b"), false, false, Some("channel_unusable"), None),
                (Some("c"), true, true, None, None),
                (Some("d"), true, false, None, None),
            ]
        );
    }

    #[test]
    fn a_balance_that_is_just_enough_comes_first() {
        let cards = [CardSource::usable("c")];
        let list = pick(Money::fen(2_350), Money::fen(10), Some(Money::fen(2_360)), &cards).expect("a list");
        assert_eq!(shown(&list), [(None, true, true, None, None), (Some("c"), true, false, None, None)]);
        let list = pick(Money::fen(20_000), Money::fen(0), None, &cards).expect("a top-up");
        assert_eq!(shown(&list), [(Some("c"), true, true, None, None)]);
        assert_eq!(pick(Money::fen(1), Money::fen(0), None, &[]), Ok(Vec::new()));
    }

    #[test]
    fn refuses_what_is_not_an_amount() {
        let none = Money::fen(0);
        assert_eq!(pick(Money::fen(-1), none, None, &[]), Err(MoneyError::Negative));
        assert_eq!(pick(none, Money::fen(-1), None, &[]), Err(MoneyError::Negative));
        assert_eq!(pick(Money::fen(i64::MAX), Money::fen(1), None, &[]), Err(MoneyError::Overflow));
        assert_eq!(
            pick(Money::fen(i64::MAX), none, Some(Money::fen(i64::MIN)), &[]),
            Err(MoneyError::Overflow)
        );
        let dollars = Money { minor: 1, currency: Currency::Usd };
        assert_eq!(pick(none, none, Some(dollars), &[]), Err(MoneyError::CurrencyMismatch));
        assert_eq!(pick(none, dollars, None, &[]), Err(MoneyError::CurrencyMismatch));
    }
}
