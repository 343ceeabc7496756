//! The calls about what is kept: inventory, fields, erasing.

use super::{Arguments, CallError};
use crate::views::Json;
use kabao_core::Wallet;
use kabao_core::data::EraseRequest;
use serde_json::{Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &["inventory", "fields", "erase_word", "erase_this_phone"];

/// Makes one of these calls.
pub async fn call(wallet: &Wallet, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    let data = wallet.data();
    match name {
        "erase_this_phone" => {
            let request = EraseRequest { word: with.text("word")?, despite_open: with.flag("despite_open")? };
            with.end()?;
            Ok(data.erase_this_phone(request).await?.json())
        }
        "inventory" => {
            with.end()?;
            Ok(data.inventory().await?.json())
        }
        "fields" => {
            with.end()?;
            Ok(data.fields().json())
        }
        _ => {
            with.end()?;
            Ok(json!({ "word": data.erase_word() }))
        }
    }
}
