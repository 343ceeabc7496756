//! The words of `kabao wallet` about what an account hangs on: its number.

use super::{Answer, Stop, ask, secret, with};
use clap::Subcommand;
use kabao_core::Wallet;
use serde_json::{Map, Value, json};

/// Changing the account's number.
#[derive(Subcommand)]
pub enum ChangeWord {
    /// Begins to change the account's number: asks for an SMS code to the new one.
    PhoneChangeBegin {
        /// The new number.
        phone: String,
        /// SMS to the account's number cannot be read any more: the real name stands in its place.
        #[arg(long)]
        old_number_gone: bool,
    },
    /// Asks for the code that comes next: to the new number again, or to the earlier one.
    PhoneChangeSend,
    /// Enters that code. Reads: the code.
    PhoneChangeOtp,
    /// Proves the person. Reads: the PIN and, with a name, the identity number.
    PhoneChangeProve {
        /// The name as on the document, where it is asked for.
        #[arg(long, requires = "liveness_token")]
        name: Option<String>,
        /// What the liveness vendor gave.
        #[arg(long)]
        liveness_token: Option<String>,
        /// The account has no PIN.
        #[arg(long)]
        without_pin: bool,
    },
    /// Asks how the change stands.
    PhoneChangeCheck,
    /// The change that is under way here.
    PhoneChange,
    /// Gives the change up.
    PhoneChangeCancel,
}

/// Carries one word out.
pub async fn carry_out(word: &ChangeWord, wallet: &Wallet, answer: &Answer) -> Result<Value, Stop> {
    let none = Map::new();
    match word {
        ChangeWord::PhoneChangeBegin { phone, old_number_gone } => {
            let what = with([("phone", json!(phone)), ("old_number_reachable", json!(!old_number_gone))]);
            ask(wallet, answer, "change_phone_begin", what).await
        }
        ChangeWord::PhoneChangeSend => ask(wallet, answer, "change_phone_send", none).await,
        ChangeWord::PhoneChangeOtp => ask(wallet, answer, "change_phone_otp", with([("code", secret("SMS code")?)])).await,
        ChangeWord::PhoneChangeProve { name, liveness_token, without_pin } => {
            let pin = if *without_pin { Value::Null } else { secret("PIN")? };
            let number = if name.is_some() { secret("identity number")? } else { Value::Null };
            let proof = [("pin", pin), ("name", json!(name)), ("id_number", number), ("liveness_token", json!(liveness_token))];
            let given = with(proof.into_iter().filter(|(what, _)| *what == "pin" || name.is_some()));
            ask(wallet, answer, "change_phone_prove", given).await
        }
        ChangeWord::PhoneChangeCheck => ask(wallet, answer, "change_phone_check", none).await,
        ChangeWord::PhoneChange => ask(wallet, answer, "change_phone_standing", none).await,
        ChangeWord::PhoneChangeCancel => ask(wallet, answer, "change_phone_cancel", none).await,
    }
}
