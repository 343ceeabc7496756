//! The calls about money that comes back.

use super::{Arguments, CallError};
use crate::views::Json;
use kabao_core::history::{HistoryClient, RefundRequest};
use serde_json::Value;

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &["refunds", "ask_refund", "duplicates", "claim_duplicate", "keep_both"];

/// Makes one of them.
pub async fn call(history: &HistoryClient, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    let args = &mut with;
    Ok(match name {
        "refunds" => {
            let record = args.text("record_id")?;
            with.end()?;
            history.refunds(record).await?.json()
        }
        "ask_refund" => {
            let request = RefundRequest { record_id: args.text("record_id")?, amount: args.maybe_text("amount")?, reason: args.text("reason")? };
            with.end()?;
            history.ask_refund(request).await?.json()
        }
        "claim_duplicate" => {
            let (record, other) = (args.text("record_id")?, args.text("other_id")?);
            with.end()?;
            history.claim_duplicate(record, other).await?.json()
        }
        "keep_both" => {
            let (record, other, always) = (args.text("record_id")?, args.text("other_id")?, args.flag("always")?);
            with.end()?;
            history.keep_both(record, other, always).await?.json()
        }
        _ => {
            with.end()?;
            history.duplicates().await?.json()
        }
    })
}
