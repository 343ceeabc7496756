//! The words of `kabao wallet` about what an account hangs on: its number, its second contacts, the account itself.

use super::{Answer, Stop, ask, secret, with};
use clap::Subcommand;
use kabao_core::Wallet;
use serde_json::{Map, Value, json};

/// Changing the account's number, naming second contacts, closing the account.
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
    /// Begins to set a new PIN for one that was forgotten or locked: asks for an SMS code to the account's number.
    PinResetBegin,
    /// Enters that code. Reads: the code.
    PinResetOtp,
    /// Proves the person and chooses the new PIN. Reads: the new PIN and, with a name, the identity number.
    PinResetFinish {
        /// The name as on the document, where it is asked for.
        #[arg(long, requires = "liveness_token")]
        name: Option<String>,
        /// What the liveness vendor gave.
        #[arg(long)]
        liveness_token: Option<String>,
        /// The nonce of `face-begin` that the vendor was given.
        #[arg(long)]
        nonce: Option<String>,
    },
    /// Proves the person and chooses a new PIN while this phone takes another's place. Reads: the new PIN and, with a name, the identity number.
    ReplaceNewPin {
        /// The name as on the document, where it is asked for.
        #[arg(long, requires = "liveness_token")]
        name: Option<String>,
        /// What the liveness vendor gave.
        #[arg(long)]
        liveness_token: Option<String>,
        /// The nonce of `replace-face-begin` that the vendor was given.
        #[arg(long)]
        nonce: Option<String>,
    },
    /// Asks how the reset stands.
    PinResetCheck,
    /// The reset that is under way here.
    PinReset,
    /// Gives the reset up.
    PinResetCancel,
    /// The second contacts.
    Contacts {
        /// Asks the service.
        #[arg(long)]
        refresh: bool,
    },
    /// Names a second contact; a code goes there.
    ContactAdd {
        /// `phone` or `email`.
        #[arg(value_parser = ["phone", "email"])]
        kind: String,
        /// The number or the mailbox.
        address: String,
    },
    /// Sends another code.
    ContactSendCode {
        /// The contact.
        contact_id: String,
    },
    /// Enters the code that came there. Reads: the code.
    ContactConfirm {
        /// The contact.
        contact_id: String,
    },
    /// Takes a contact away. Reads: the PIN.
    ContactRemove {
        /// The contact.
        contact_id: String,
        /// It never counted, or there is no PIN.
        #[arg(long)]
        without_pin: bool,
    },
    /// What has to be settled before the account can be closed, and how its closing stands.
    Closure,
    /// Asks for the account to be closed. Reads: the PIN.
    CloseAccount {
        /// What is lost was read.
        #[arg(long)]
        confirmed: bool,
        /// There is no PIN.
        #[arg(long)]
        without_pin: bool,
    },
    /// Takes the closing back.
    ReopenAccount,
    /// Erases this profile after its account was closed.
    EraseClosed {
        /// What should be kept was taken along.
        #[arg(long)]
        confirmed: bool,
    },
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
        ChangeWord::PinResetBegin => ask(wallet, answer, "pin_reset_begin", none).await,
        ChangeWord::PinResetOtp => ask(wallet, answer, "pin_reset_otp", with([("code", secret("SMS code")?)])).await,
        ChangeWord::PinResetFinish { name, liveness_token, nonce } | ChangeWord::ReplaceNewPin { name, liveness_token, nonce } => {
            let call = if matches!(word, ChangeWord::ReplaceNewPin { .. }) { "replace_new_pin" } else { "pin_reset_finish" };
            let pin = secret("PIN")?;
            let number = if name.is_some() { secret("identity number")? } else { Value::Null };
            let proof = [
                ("pin", pin), ("name", json!(name)), ("id_number", number), ("liveness_token", json!(liveness_token)), ("liveness_nonce", json!(nonce)),
            ];
            let given = with(proof.into_iter().filter(|(what, _)| *what == "pin" || name.is_some()));
            ask(wallet, answer, call, given).await
        }
        ChangeWord::PinResetCheck => ask(wallet, answer, "pin_reset_check", none).await,
        ChangeWord::PinReset => ask(wallet, answer, "pin_reset_standing", none).await,
        ChangeWord::PinResetCancel => ask(wallet, answer, "pin_reset_cancel", none).await,
        ChangeWord::Contacts { refresh } => ask(wallet, answer, if *refresh { "contacts_refresh" } else { "contacts" }, none).await,
        ChangeWord::ContactAdd { kind, address } => {
            ask(wallet, answer, "contact_add", with([("kind", json!(kind)), ("address", json!(address))])).await
        }
        ChangeWord::ContactSendCode { contact_id } => {
            ask(wallet, answer, "contact_send_code", with([("contact_id", json!(contact_id))])).await
        }
        ChangeWord::ContactConfirm { contact_id } => {
            ask(wallet, answer, "contact_confirm", with([("contact_id", json!(contact_id)), ("code", secret("code")?)])).await
        }
        ChangeWord::ContactRemove { contact_id, without_pin } => {
            let pin = if *without_pin { Value::Null } else { secret("PIN")? };
            ask(wallet, answer, "contact_remove", with([("contact_id", json!(contact_id)), ("pin", pin)])).await
        }
        ChangeWord::Closure => ask(wallet, answer, "closure", none).await,
        ChangeWord::CloseAccount { confirmed: false, .. } | ChangeWord::EraseClosed { confirmed: false } => {
            Err(Stop::Unusable("not_confirmed", "--confirmed".to_owned()))
        }
        ChangeWord::CloseAccount { confirmed, without_pin } => {
            let pin = if *without_pin { Value::Null } else { secret("PIN")? };
            ask(wallet, answer, "close_account", with([("pin", pin), ("confirmed", json!(confirmed))])).await
        }
        ChangeWord::ReopenAccount => ask(wallet, answer, "reopen_account", none).await,
        ChangeWord::EraseClosed { confirmed } => ask(wallet, answer, "erase_closed", with([("confirmed", json!(confirmed))])).await,
    }
}
