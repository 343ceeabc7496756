//! What may be the same thing paid twice: as much, to the same merchant, within minutes, whatever way each of the two took. It is a
//! question to the person and never a verdict: two rides with one bus look the same.

use kabao_base::{Id, Money, Timestamp};

/// So close together two payments of as much to one merchant are asked about, in milliseconds.
pub const WINDOW_MS: i64 = 300_000;
/// So long one order is one purchase, in milliseconds.
pub const ORDER_WINDOW_MS: i64 = 86_400_000;

/// A payment to a merchant, or one that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Who is paid, as this way names them: a merchant has another one at each acquirer.
    pub payee_id: Option<Id>,
    /// The merchant's name, as the service gives it.
    pub payee_name: String,
    /// The merchant's order, where one is named.
    pub order: Option<String>,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

impl Purchase {
    /// What a merchant is called whom the person pays the same again and again: by name, as it is another payee at each acquirer.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Money, Timestamp};
    /// use kabao_money::repeats::Purchase;
    /// let bus = Purchase { payee_id: None, payee_name: "Bus 12 ".to_owned(), order: None, amount: Money::fen(200), at: Timestamp::from_ms(0) };
    /// assert_eq!(bus.payee_key(), "bus 12");
    /// ```
    pub fn payee_key(&self) -> String {
        let name = self.payee_name.trim().to_lowercase();
        if name.is_empty() { self.payee_id.map(|id| id.to_string()).unwrap_or_default() } else { name }
    }
}

/// Why two payments may be one purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// Both are for one order of the merchant.
    SameOrder,
    /// As much within minutes, and nothing says that they are two purchases.
    SameAmount,
}

impl Likeness {
    /// The name, for words.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::repeats::Likeness;
    /// assert_eq!(Likeness::SameOrder.as_str(), "same_order");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Likeness::SameOrder => "same_order",
            Likeness::SameAmount => "same_amount",
        }
    }
}

/// Whether two payments go to one merchant: the same payee, or the same name at two acquirers.
///
/// # Examples
/// ```
/// use kabao_base::{Money, Timestamp};
/// use kabao_money::repeats::{Purchase, is_same_merchant};
/// let shop = |name: &str| Purchase { payee_id: None, payee_name: name.to_owned(), order: None, amount: Money::fen(1), at: Timestamp::from_ms(0) };
/// assert!(is_same_merchant(&shop("Noodles"), &shop(" noodles")));
/// assert!(!is_same_merchant(&shop(""), &shop("")));
/// ```
pub fn is_same_merchant(one: &Purchase, two: &Purchase) -> bool {
    let named = |purchase: &Purchase| purchase.payee_name.trim().to_lowercase();
    let same_id = one.payee_id.is_some() && one.payee_id == two.payee_id;
    same_id || (!named(one).is_empty() && named(one) == named(two))
}

/// Whether two payments may be the same thing paid twice, and why. Which of the two came first does not matter.
///
/// # Examples
/// ```
/// use kabao_base::{Money, Timestamp};
/// use kabao_money::repeats::{Likeness, Purchase, likeness};
/// let at = |ms| Purchase { payee_id: None, payee_name: "Noodles".to_owned(), order: None, amount: Money::fen(2_350), at: Timestamp::from_ms(ms) };
/// assert_eq!(likeness(&at(0), &at(60_000)), Some(Likeness::SameAmount));
/// assert_eq!(likeness(&at(0), &at(600_000)), None);
/// ```
pub fn likeness(one: &Purchase, two: &Purchase) -> Option<Likeness> {
    if one.amount != two.amount || !is_same_merchant(one, two) {
        return None;
    }
    let apart = one.at.since(two.at).saturating_abs();
    let order = |purchase: &Purchase| purchase.order.as_deref().map(str::trim).filter(|order| !order.is_empty()).map(str::to_owned);
    let same_order = order(one).is_some() && order(one) == order(two);
    match same_order {
        true if apart <= ORDER_WINDOW_MS => Some(Likeness::SameOrder),
        _ if apart <= WINDOW_MS => Some(Likeness::SameAmount),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
