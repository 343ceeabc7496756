//! The words of `kabao wallet` about money that comes back.

use super::{Answer, Stop, ask, with};
use clap::Subcommand;
use kabao_core::Wallet;
use serde_json::{Map, Value, json};

/// What came back of a payment, asking for it, and the same thing paid twice.
#[derive(Subcommand)]
pub enum RefundWord {
    /// What comes back of a payment: requests, refunds, who acts next.
    Refunds {
        /// The payment's record.
        record_id: String,
    },
    /// Asks the merchant for a payment back.
    AskRefund {
        /// The payment's record.
        record_id: String,
        /// In yuan; all that is left without it.
        #[arg(long)]
        amount: Option<String>,
        /// `returned`, `not_received`, `not_as_agreed`, `wrong_amount`, `other`.
        #[arg(long, default_value = "other")]
        reason: String,
    },
    /// Payments that may be the same thing paid twice.
    Duplicates,
    /// Claims one of two payments back, with both receipts.
    ClaimDuplicate {
        /// The record of what is asked back.
        record_id: String,
        /// The record of what was meant.
        other_id: String,
    },
    /// Both payments are meant.
    KeepBoth {
        /// One record.
        record_id: String,
        /// The other one.
        other_id: String,
        /// No repeat at this merchant is asked about, as on a bus.
        #[arg(long)]
        always: bool,
    },
}

/// Carries one word out.
pub async fn carry_out(word: &RefundWord, wallet: &Wallet, answer: &Answer) -> Result<Value, Stop> {
    Ok(match word {
        RefundWord::Refunds { record_id } => ask(wallet, answer, "refunds", with([("record_id", json!(record_id))])).await?,
        RefundWord::AskRefund { record_id, amount, reason } => {
            let given = [("record_id", json!(record_id)), ("amount", json!(amount)), ("reason", json!(reason))];
            ask(wallet, answer, "ask_refund", with(given)).await?
        }
        RefundWord::Duplicates => ask(wallet, answer, "duplicates", Map::new()).await?,
        RefundWord::ClaimDuplicate { record_id, other_id } => {
            ask(wallet, answer, "claim_duplicate", with([("record_id", json!(record_id)), ("other_id", json!(other_id))])).await?
        }
        RefundWord::KeepBoth { record_id, other_id, always } => {
            let given = [("record_id", json!(record_id)), ("other_id", json!(other_id)), ("always", json!(always))];
            ask(wallet, answer, "keep_both", with(given)).await?
        }
    })
}
