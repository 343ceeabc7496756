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
    /// Whether it is proposed: the person's own choice where that can pay, else the first that can.
    pub proposed: bool,
    /// Whether the person chose it as the one to pay with.
    pub is_default: bool,
    /// Why it cannot pay, a code of the catalogue of errors; absent when it can.
    pub reason: Option<String>,
    /// How much is missing in the balance, where that is the reason.
    pub missing: Option<Money>,
}

impl SourceChoice {
    /// `balance`, or the id of the card.
    pub fn name(&self) -> &str {
        self.card_id.as_deref().unwrap_or(BALANCE)
    }
}

/// How the balance is called where sources are named.
pub const BALANCE: &str = "balance";

/// What the person chose: the one to pay with, and the order to show. Sources by name: `balance`, or the id of a card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preference {
    /// The one to pay with. There is one at most.
    pub default: Option<String>,
    /// The order; what is not named comes behind, in the order in which it was listed. A name that is none is passed over.
    pub order: Vec<String>,
}

/// The sources in the person's order, and why the one that the person chose is not proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arranged {
    /// The sources.
    pub choices: Vec<SourceChoice>,
    /// Present when the person's choice cannot pay this.
    pub passed_over: Option<PassedOver>,
}

/// Why the person's choice is not proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// `balance`, or the id of the card.
    pub source: String,
    /// A code of the catalogue: the reason of the source, or [`Code::CardUnbound`] when it is gone.
    pub reason: String,
}

/// Puts sources into the person's order and proposes one: the person's choice where it can pay, else the first in that
/// order that can. `complete` says that every source there is stands in the list, so that a choice that is missing is gone.
pub fn arrange(choices: Vec<SourceChoice>, preference: &Preference, complete: bool) -> Arranged {
    let mut choices = choices;
    let place = |choice: &SourceChoice| preference.order.iter().position(|name| name == choice.name());
    // Stable, so that what is not named keeps its order.
    choices.sort_by_key(|choice| place(choice).unwrap_or(usize::MAX));
    let default = preference.default.as_deref();
    for choice in &mut choices {
        choice.is_default = default == Some(choice.name());
        choice.proposed = false;
    }
    let chosen = choices.iter().position(|choice| choice.is_default);
    let able = chosen.filter(|place| choices.get(*place).is_some_and(|choice| choice.usable));
    let proposed = able.or_else(|| choices.iter().position(|choice| choice.usable));
    if let Some(choice) = proposed.and_then(|place| choices.get_mut(place)) {
        choice.proposed = true;
    }
    let passed_over = match (default, chosen.and_then(|place| choices.get(place))) {
        (Some(source), Some(choice)) if !choice.usable => {
            let reason = choice.reason.clone().unwrap_or_else(|| Code::ChannelUnusable.as_str().to_owned());
            Some(PassedOver { source: source.to_owned(), reason })
        }
        (Some(source), None) if complete => {
            Some(PassedOver { source: source.to_owned(), reason: Code::CardUnbound.as_str().to_owned() })
        }
        _ => None,
    };
    Arranged { choices, passed_over }
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
            is_default: false,
            reason: short.then(|| Code::BalanceLow.as_str().to_owned()),
            missing: short.then_some(missing),
        });
    }
    choices.extend(cards.iter().map(|card| SourceChoice {
        kind: SourceKind::Card,
        card_id: Some(card.card_id.clone()),
        usable: card.usable,
        proposed: false,
        is_default: false,
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

    fn preference(default: Option<&str>, order: &[&str]) -> Preference {
        Preference { default: default.map(str::to_owned), order: order.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// Name, proposed, default; and the choice that was passed over with its reason.
    /// Each source with whether it is usable and proposed.
    type Told<'a> = Vec<(&'a str, bool, bool)>;

    fn told(arranged: &Arranged) -> (Told<'_>, Option<(&str, &str)>) {
        let rows = arranged.choices.iter().map(|choice| (choice.name(), choice.proposed, choice.is_default)).collect();
        (rows, arranged.passed_over.as_ref().map(|passed| (passed.source.as_str(), passed.reason.as_str())))
    }

    fn listed() -> Vec<SourceChoice> {
        let cards = [CardSource::usable("a"), CardSource::unusable("b", Code::CardFrozen), CardSource::usable("c")];
        pick(Money::fen(100), Money::fen(0), Some(Money::fen(100)), &cards).expect("a list")
    }

    #[test]
    fn without_a_choice_the_list_stays_as_it_is() {
        let arranged = arrange(listed(), &Preference::default(), true);
        assert_eq!(arranged, Arranged { choices: listed(), passed_over: None });
    }

    #[test]
    fn the_persons_choice_is_proposed_where_it_can_pay() {
        let arranged = arrange(listed(), &preference(Some("c"), &["a", "gone", "c"]), true);
        let rows = vec![("a", false, false), ("c", true, true), ("balance", false, false), ("b", false, false)];
        assert_eq!(told(&arranged), (rows, None));
        let arranged = arrange(listed(), &preference(Some("balance"), &["b"]), true);
        let rows = vec![("b", false, false), ("balance", true, true), ("a", false, false), ("c", false, false)];
        assert_eq!(told(&arranged), (rows, None));
    }

    #[test]
    fn a_choice_that_cannot_pay_is_passed_over_with_its_reason() {
        let arranged = arrange(listed(), &preference(Some("b"), &["c", "b"]), true);
        let rows = vec![("c", true, false), ("b", false, true), ("balance", false, false), ("a", false, false)];
        assert_eq!(told(&arranged), (rows, Some(("b", "card_frozen"))));
        let gone = arrange(listed(), &preference(Some("gone"), &[]), true);
        assert_eq!(gone.passed_over, Some(PassedOver { source: "gone".to_owned(), reason: "card_unbound".to_owned() }));
        assert!(gone.choices.iter().all(|choice| !choice.is_default) && gone.choices[0].proposed);
        // A list of one card says nothing about the others.
        assert_eq!(arrange(listed(), &preference(Some("gone"), &[]), false).passed_over, None);
        let nothing = SourceChoice { usable: false, reason: None, ..listed().remove(0) };
        let arranged = arrange(vec![nothing], &preference(Some(BALANCE), &[]), true);
        assert_eq!(told(&arranged), (vec![("balance", false, true)], Some(("balance", "channel_unusable"))));
        assert_eq!(told(&arrange(Vec::new(), &preference(None, &["a"]), true)), (vec![], None));
    }

    /// Whatever is chosen: nothing is added or lost, at most one is proposed, it can pay, and one is when one can.
    #[test]
    fn every_choice_keeps_the_list_and_proposes_one_that_can_pay() {
        let names = ["balance", "a", "b", "c", "gone"];
        for default in names.iter().map(|name| Some(*name)).chain([None]) {
            for first in names {
                for second in names {
                    let arranged = arrange(listed(), &preference(default, &[first, second]), true);
                    let mut left: Vec<&str> = arranged.choices.iter().map(SourceChoice::name).collect();
                    left.sort_unstable();
                    assert_eq!(left, ["a", "b", "balance", "c"]);
                    let proposed: Vec<&SourceChoice> = arranged.choices.iter().filter(|choice| choice.proposed).collect();
                    assert!(matches!(proposed.as_slice(), [one] if one.usable));
                    assert_eq!(arranged.passed_over.is_some(), default.is_some_and(|name| name == "b" || name == "gone"));
                }
            }
        }
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
