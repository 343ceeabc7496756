//! What crosses to the apps.

use kabao_base::{Failure, MoneyView, Timestamp};

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HistoryItem {
    /// The record; absent while a payment of this phone has no result yet.
    pub record_id: Option<String>,
    /// The payment, when this phone started it.
    pub intent_id: Option<String>,
    /// `top_up`, `pay`, `payer_code`, `refund`, `reversal`, `withdraw`, `transfer`.
    pub kind: String,
    /// The kind in words.
    pub kind_text: String,
    /// `done`, `refunded`, `part_refunded`, `reversed`, `rerouted` (the card was gone: to the balance), `refused`, `pending`, of a refund to a card
    /// `sent` and `held`; or the state of an open payment.
    pub state: String,
    /// The state in words.
    pub state_text: String,
    /// Who; the kind where there is nobody.
    pub title: String,
    /// How much; negative when it went out.
    pub amount: MoneyView,
    /// When.
    pub at: Timestamp,
    /// When, in the time of China.
    pub at_text: String,
}

/// A page of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HistoryPage {
    /// Payments of this phone that the history does not have yet; only with the first page.
    pub open: Vec<HistoryItem>,
    /// At most fifty records.
    pub items: Vec<HistoryItem>,
    /// Gives the next page; absent at the end.
    pub next: Option<String>,
}

/// One record with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RecordView {
    /// The line of the list.
    pub item: HistoryItem,
    /// The fee.
    pub fee: MoneyView,
    /// The way it took.
    pub route: String,
    /// The way in words.
    pub route_text: String,
    /// The merchant's order number.
    pub merchant_order: Option<String>,
    /// Our order number.
    pub our_order: String,
    /// The acquirer's order number.
    pub acquirer_order: Option<String>,
    /// The record that a refund or reversal belongs to.
    pub original: Option<String>,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Whether a signed receipt is there.
    pub has_receipt: bool,
    /// What to know about it: `unknown_incoming` for money from a person to whom nothing was ever sent.
    pub warning: Option<Failure>,
}

/// The sums of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MonthView {
    /// Year and month in the time of China: 202611.
    pub month: i32,
    /// What went out, with the fees of it, as a positive amount.
    pub spent: MoneyView,
    /// What came in.
    pub received: MoneyView,
    /// How many records.
    pub count: i64,
}

/// What a sync brought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SyncReport {
    /// New or changed records.
    pub changed: u32,
    /// Questions of merchants that wait for the person.
    pub asks: u32,
    /// Whether the whole history is here; otherwise call again.
    pub complete: bool,
}

/// What the check of everything found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VerifyReport {
    /// Events of this phone that were checked.
    pub events: u64,
    /// The first event whose seal is wrong, or the newest event of a payment that does not stand as its events say; absent when all is well.
    pub first_wrong_event: Option<u64>,
    /// Receipts that were checked.
    pub receipts: u32,
    /// Records whose receipt does not verify.
    pub wrong_receipts: Vec<String>,
}
