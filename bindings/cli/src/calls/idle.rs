//! The calls about locking by itself.

use super::{Arguments, CallError, nothing};
use crate::views::Json;
use kabao_core::{LockAfterView, Wallet};
use serde_json::{Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &["touch", "lock_after", "set_lock_after"];

/// Makes one of these calls.
pub async fn call(wallet: &Wallet, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    if name == "set_lock_after" {
        // A number that fits no time is refused by the wallet.
        let seconds = with.number("seconds")?.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
        with.end()?;
        return Ok(wallet.set_lock_after(seconds).await?.json());
    }
    with.end()?;
    if name == "touch" {
        wallet.touch();
        return Ok(nothing(()));
    }
    Ok(wallet.lock_after().await?.json())
}

impl Json for LockAfterView {
    fn json(&self) -> Value {
        let mut view = json!({ "text": self.text, "shortest": self.shortest, "longest": self.longest });
        if let Some(seconds) = self.seconds {
            view["seconds"] = json!(seconds);
        }
        view
    }
}
