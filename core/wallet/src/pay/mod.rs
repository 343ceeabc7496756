//! Paying. Read in this order: `scan` (what is this code), `quote` (who, how much, from what, at which fee), `confirm`
//! (the quote and a proof), `watch` (what became of it), `payer_code` (the merchant scans the phone), `asks` (the
//! merchant asks for more than a code may pay), `receipt`, `people` (money for another person),
//! `transfers` (how it stands, and calling it back), `bank_transfer` (money that a person sends from a bank).
//!
//! What was confirmed is what is sent, byte for byte. A result is shown only with the service's signed proof; until then
//! the payment is *unknown*, and the person is told not to pay again.

mod asks;
mod bank_transfer;
mod codes;
mod confirm;
mod payer_code;
mod provision;
mod other;
mod people;
mod quote;
mod receipt;
mod scan;
mod transfers;
mod types;
mod watch;
mod ways;

pub use crate::shared::TableView;
pub use bank_transfer::{BankTransferArrival, BankTransferField, BankTransferNote, BankTransferView};
pub use people::{DelayView, PersonPayeeView};
pub use transfers::TransferView;
pub use types::{
    AskView, CodeSaysView, ConfirmRequest, DangerView, HandOverView, PayerCodeView, PaymentProof, PaymentView, QuoteRequest, QuoteSourceView, QuoteView,
    ReceiptView, ScanView, StageView,
};
pub use ways::WayToPay;
pub(crate) use quote::Quotes;

use crate::shared::Core;
use std::sync::Arc;

/// Everything about paying.
#[derive(Clone)]
pub struct PayClient {
    core: Arc<Core>,
}

impl PayClient {
    pub(crate) fn new(core: Arc<Core>) -> PayClient {
        PayClient { core }
    }
}
