//! What crosses to the apps.

use kabao_base::Failure;

/// What binding a card needs, beside the identity number of the passed check.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct BindRequest {
    /// The whole card number as typed.
    pub card_number: String,
    /// The holder's name.
    pub name: String,
    /// The telephone number that the bank knows.
    pub phone: String,
    /// A credit card's last month as printed: `08/29`. Goes to the bank once, sealed, and is not stored.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub expiry: Option<String>,
    /// A credit card's security code. Goes to the bank once, sealed, and is not stored.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub cvv: Option<String>,
    /// The code of the bank that the person chose from a list (`CCB`), where the form asks for one.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub bank: Option<String>,
}

impl std::fmt::Debug for BindRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BindRequest(…)")
    }
}

/// A binding that waits for the bank's code, or what became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BindingView {
    /// The binding, for `confirm`.
    pub binding_id: String,
    /// `otp_sent`, `bound`, `refused`, `unknown`; `new` when it never arrived and the card is to be typed again.
    pub state: String,
    /// The card's last four digits.
    pub last4: String,
    /// The bank's name.
    pub bank: String,
    /// The card's brand.
    pub brand: String,
    /// The card, once bound.
    pub card_id: Option<String>,
    /// Why it was refused.
    pub failure: Option<Failure>,
}

/// A card that is or was bound.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardView {
    /// The card. The same number bound again is the same card.
    pub card_id: String,
    /// Its last four digits.
    pub last4: String,
    /// The bank's name.
    pub bank: String,
    /// The brand.
    pub brand: String,
    /// `debit`, `credit`, `quasi_credit`, `prepaid`.
    pub kind: String,
    /// The kind in words.
    pub kind_text: String,
    /// What to call it: bank and last four digits.
    pub text: String,
    /// `bound`, `unbound`, `replaced`.
    pub state: String,
    /// Why it cannot pay now, as its bank said last; absent when nothing stands against it.
    pub reason: Option<Failure>,
    /// Whether the person chose it as the one to pay with.
    pub is_default: bool,
    /// The card whose place it took.
    pub replaces: Option<String>,
}

/// How a card number stands while it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardLookState {
    /// Nothing was typed.
    Empty,
    /// More digits belong to it.
    Typing,
    /// It can be a card.
    Good,
    /// It can be a card, and two digits may be swapped or one mistyped: the check digit does not agree.
    Doubtful,
    /// It is no card number.
    Refused,
}

/// What a card number says of itself while it is typed: nothing is sent anywhere for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardLookView {
    /// How it stands.
    pub state: CardLookState,
    /// How many digits there are.
    pub digits: u32,
    /// The scheme, `unionpay`, once one alone is possible.
    pub brand: Option<String>,
    /// The bank's code, `CCB`, where the beginning is known. An unknown bank says nothing about the card.
    pub bank_code: Option<String>,
    /// The bank's Chinese name, likewise.
    pub bank_name: Option<String>,
    /// `debit`, `credit`, `quasi_credit`, `prepaid`, likewise.
    pub kind: Option<String>,
    /// The kind in words.
    pub kind_text: Option<String>,
    /// Whether the form should ask for expiry date and security code.
    pub asks_printed: bool,
    /// What is wrong or doubtful.
    pub problem: Option<Failure>,
}

/// A field to look at again when a bank says only that the check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardDoubtView {
    /// `card_number`, `name`, `phone`, `expiry`, `cvv`, `identity`.
    pub field: String,
    /// Why it may be this one: `check_digit`, `read_again`, `other_phone`, `old_phone`, `as_at_bank`, `as_printed`, `own_card`.
    pub hint: String,
    /// The question in words.
    pub text: String,
}

/// A source of money in the person's order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SourceView {
    /// `balance`, or the card's id.
    pub source: String,
    /// What to call it.
    pub text: String,
    /// Whether it can pay as far as this phone knows; the amount is judged by a quote.
    pub usable: bool,
    /// Why not.
    pub reason: Option<Failure>,
    /// Whether the person chose it.
    pub is_default: bool,
    /// Whether the wallet would propose it.
    pub proposed: bool,
}

/// The sources, and why the one that the person chose is not proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SourcesView {
    /// The sources in the person's order.
    pub sources: Vec<SourceView>,
    /// Why the person's choice is not proposed: frozen, expired, removed. Absent when it is, or when nothing was chosen.
    pub default_passed_over: Option<Failure>,
}
