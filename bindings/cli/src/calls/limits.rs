//! Who runs the wallet; limits and fees.

use super::{Arguments, CallError};
use crate::views::Json;
use kabao_core::Wallet;
use serde_json::Value;

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &["wallet_profile", "wallet_profile_refresh"];

/// Makes one call.
pub async fn call(wallet: &Wallet, name: &str, with: Arguments) -> Result<Value, CallError> {
    let operator = wallet.operator();
    match name {
        "wallet_profile" => {
            with.end()?;
            Ok(operator.wallet_profile().await?.json())
        }
        "wallet_profile_refresh" => {
            with.end()?;
            Ok(operator.refresh_profile().await?.json())
        }
        _ => Err(CallError::Written(format!("no call is named {name}"))),
    }
}
