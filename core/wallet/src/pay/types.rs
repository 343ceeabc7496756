//! What crosses to the apps.

use crate::words::CodeWords;
use kabao_base::{Failure, MoneyView, Timestamp};
use kabao_codes::draw::{BarPicture, QrPicture};
use kabao_codes::mcc::MccCategory;

/// What a scanned code is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ScanView {
    /// The payee, when the code can be paid.
    pub payee_id: Option<String>,
    /// The payee's name as the service knows it; never what the code says.
    pub payee_name: Option<String>,
    /// The merchant's order, when the code names one.
    pub order: Option<String>,
    /// The amount, when the code fixes it.
    pub amount: Option<MoneyView>,
    /// The class of the limit of law: `D` for a printed code.
    pub limit_class: Option<String>,
    /// What may still be paid today to printed codes.
    pub static_left: Option<MoneyView>,
    /// What sort of code it is, `alipay_personal`; `unknown` is an answer.
    pub family: String,
    /// Whose it is, `alipay`, `ours`; absent when nobody is known.
    pub owner: Option<String>,
    /// What the code says of itself. Nothing of it is believed.
    pub says: CodeSaysView,
    /// What is dangerous about it; empty for most codes.
    pub dangers: Vec<DangerView>,
    /// The app that can pay it instead, when there is one. Open it only when the person asks for it.
    pub hand_over: Option<HandOverView>,
    /// All of it in words.
    pub words: CodeWords,
    /// Why it cannot be paid; absent when it can.
    pub refusal: Option<Failure>,
}

/// What a code says of itself, as printed. Show it as such: the payee's name that counts comes from the service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CodeSaysView {
    /// The payee.
    pub payee: Option<String>,
    /// The amount as it stands there, `25.00`.
    pub amount: Option<String>,
    /// Its currency, `CNY`; three digits for one that is not known.
    pub currency: Option<String>,
    /// The merchant's order.
    pub order: Option<String>,
    /// True for a printed code, false for one made for one payment; absent when it does not say.
    pub is_static: Option<bool>,
    /// Whether the payer sets the amount; absent when only the code's own scheme knows.
    pub amount_editable: Option<bool>,
    /// All that may be shown of a number that may be a person's or a card's.
    pub masked: Option<String>,
    /// What the merchant sells, by the category code that is printed.
    pub category: Option<MccCategory>,
}

/// What is dangerous about a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DangerView {
    /// Its name, `look_alike`.
    pub danger: String,
    /// In words.
    pub text: String,
}

/// Another app that can pay a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HandOverView {
    /// Whose app, `alipay`.
    pub app: String,
    /// Its name in words.
    pub text: String,
    /// What to hand to the operating system; absent when that app has to scan the code itself.
    pub link: Option<String>,
}

/// What to pay, before anything is agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum QuoteRequest {
    /// From a bound card into the balance.
    TopUp {
        /// The amount as typed, in yuan.
        amount: String,
        /// The card.
        card_id: String,
    },
    /// From the balance to a bound debit card. Confirmed with the payment PIN, whatever the amount.
    Withdraw {
        /// The amount as typed, in yuan: what arrives at the card.
        amount: String,
        /// The card.
        card_id: String,
    },
    /// From the balance to another person. Confirmed with the payment PIN, whatever the amount.
    Transfer {
        /// The payee that `payee_by_phone` gave.
        payee_id: String,
        /// The amount as typed, in yuan.
        amount: String,
        /// How long it waits before it arrives, in milliseconds; one of the payee's `delays`. While it waits it can be called back.
        delay_ms: u32,
    },
    /// To a merchant whose code was scanned.
    Pay {
        /// The payee that `read` gave.
        payee_id: String,
        /// The amount as typed or as the code fixes it, in yuan.
        amount: String,
        /// The order that `read` gave.
        order: Option<String>,
    },
    /// What a merchant asks for above the cap of a payer code.
    Ask {
        /// The question.
        ask_id: String,
    },
}

/// A source of the money, with the reason when it is not usable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QuoteSourceView {
    /// `balance`, or the card's id.
    pub source: String,
    /// What to call it.
    pub text: String,
    /// Whether it can be chosen.
    pub usable: bool,
    /// Why not.
    pub reason: Option<Failure>,
    /// The one that the wallet proposes: the person's own choice where it can pay, else the next that can.
    pub proposed: bool,
    /// Whether the person chose it as the one to pay with.
    pub is_default: bool,
}

/// Who, how much, from what: what the person agrees to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QuoteView {
    /// The quote, for `confirm`.
    pub quote_id: String,
    /// Who is paid; the card of a withdrawal; absent for a top-up.
    pub payee_name: Option<String>,
    /// What arrives.
    pub amount: MoneyView,
    /// What the service takes.
    pub fee: MoneyView,
    /// What is paid.
    pub total: MoneyView,
    /// Where the money may come from, in the person's order.
    pub sources: Vec<QuoteSourceView>,
    /// Why the person's choice is not proposed; absent when it is, or when nothing was chosen.
    pub default_passed_over: Option<Failure>,
    /// The payment in whose place this one would stand.
    pub instead_of: Option<String>,
    /// What to know before confirming: `may_pay_twice` while that payment has no result, `payee_first_time` for somebody who was never paid.
    pub warning: Option<Failure>,
    /// Until when it can be confirmed.
    pub expires_at: Timestamp,
}

/// What proves that the person agrees.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum), uniffi::export(Debug))]
pub enum PaymentProof {
    /// The payment PIN. It leaves the core only sealed, and only for this payment.
    Pin {
        /// Six digits.
        pin: String,
    },
    /// Finger or face: the approval key signs the payment's digest.
    Approval,
}

impl std::fmt::Debug for PaymentProof {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            PaymentProof::Pin { .. } => "Pin(…)",
            PaymentProof::Approval => "Approval",
        })
    }
}

/// What is confirmed.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConfirmRequest {
    /// The quote that was shown.
    pub quote_id: String,
    /// The total that was shown, in minor units: another one is refused.
    pub total_minor: i64,
    /// The source that was chosen: `balance`, or a card's id.
    pub source: String,
    /// The proof.
    pub proof: PaymentProof,
    /// The person knows that the same was paid minutes ago, and means it.
    pub again: bool,
}

/// One stage of the way of the money.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct StageView {
    /// `accepted`, `sent_to_bank`, `bank_confirmed`, `arrived`, `refused`, `abandoned`, `returned` (a withdrawal is back in the balance), `sent` (a transfer).
    pub stage: String,
    /// In words.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// How a payment stands that this phone started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PaymentView {
    /// The payment.
    pub intent_id: String,
    /// `top_up`, `pay`, `ask`, `withdraw` or `transfer`.
    pub kind: String,
    /// Its state.
    pub state: kabao_money::payment::PaymentState,
    /// The state in words.
    pub state_text: String,
    /// Who is paid.
    pub payee_name: Option<String>,
    /// What arrives.
    pub amount: MoneyView,
    /// What the service takes.
    pub fee: MoneyView,
    /// Whether paying again is safe. False while the result is not known.
    pub may_pay_again: bool,
    /// Whether a bank has it already, so that giving up can only ask the bank.
    pub dispatched: bool,
    /// Why it failed, or why there is no result yet.
    pub failure: Option<Failure>,
    /// The record of the history, when it succeeded.
    pub record_id: Option<String>,
    /// The way of the money.
    pub timeline: Vec<StageView>,
    /// When it was confirmed.
    pub created_at: Timestamp,
    /// The payment in whose place this one stands, from another source. Not in lists.
    pub instead_of: Option<String>,
    /// The payment that stands in the place of this one. Not in lists.
    pub replaced_by: Option<String>,
    /// `may_pay_twice` while the other one of the two has no result, `paid_twice` when both succeeded, `order_paid_twice` when a restored
    /// service took the order once more, from whomever. Not in lists.
    pub warning: Option<Failure>,
}

/// A payer code 付款码 on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PayerCodeView {
    /// Names this showing, for the next picture and for what became of it.
    pub showing_id: String,
    /// The way that was chosen: `lakala`.
    pub way: String,
    /// The digits, to be read out.
    pub digits: String,
    /// The digits in groups of four.
    pub grouped: String,
    /// The same digits as QR code.
    pub qr: QrPicture,
    /// The same digits as Code 128.
    pub bars: BarPicture,
    /// When the picture has to be drawn anew; ask with `next_picture`.
    pub draw_again_at: Timestamp,
    /// The most that a merchant may take without asking.
    pub cap: MoneyView,
    /// Whether the clock is trusted. If not, the cap is lower, and going online once helps.
    pub clock_trusted: bool,
    /// How many more codes can be shown without network.
    pub codes_left: u32,
}

/// A merchant asks for more than a payer code may pay by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AskView {
    /// The question; quote it with [`QuoteRequest::Ask`] to confirm.
    pub ask_id: String,
    /// Who asks.
    pub payee_name: String,
    /// For which order.
    pub order: Option<String>,
    /// How much.
    pub amount: MoneyView,
    /// Until when an answer counts.
    pub expires_at: Timestamp,
}

/// A receipt, checked against the service's keys on this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReceiptView {
    /// The record that it proves.
    pub record_id: String,
    /// Whether the signature holds. A receipt whose signature does not hold is shown as such, and never hidden.
    pub verified: bool,
    /// What it proves of its holder: `paid`, `sent`, `sent_later` (it waits and can be called back), `received`, `refunded`, `undone`,
    /// `topped_up`, `withdrawn`.
    pub shows: String,
    /// The same as a title: who received money does not hold a receipt of payment.
    pub title: String,
    /// Who was paid, or whom the money came from.
    pub payee_name: String,
    /// What that person or bank is: "Payee", "From", "Bank".
    pub payee_label: String,
    /// How much.
    pub amount: MoneyView,
    /// The fee on top.
    pub fee: MoneyView,
    /// When a transfer that was made with a delay arrives, unless it is called back before.
    pub arrives_at: Option<Timestamp>,
    /// The same as a sentence.
    pub arrives_text: Option<String>,
    /// The way it took: `lakala`, `kabao`, `bank`.
    pub route: String,
    /// The way in words.
    pub route_text: String,
    /// `balance`, or the card's id, also of a card that was removed since.
    pub source: String,
    /// The source in words: bank and last four digits.
    pub source_text: String,
    /// Our order number.
    pub our_order: String,
    /// The acquirer's order number.
    pub acquirer_order: Option<String>,
    /// The merchant's order number.
    pub merchant_order: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When, in the time of China, ready to be shown.
    pub at_text: String,
    /// The signed document, for `kabao verify` and for support.
    pub document: Vec<u8>,
    /// The same document as the text of a QR code, `KB1R:` and capitals, for a picture that somebody else
    /// verifies. Absent when it is too long for one.
    pub qr_text: Option<String>,
}
