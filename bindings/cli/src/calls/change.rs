//! The calls that change or end what an account hangs on: its number, its second contacts, the account itself.

use super::{Arguments, CallError, nothing};
use crate::views::Json;
use kabao_core::Wallet;
use kabao_core::account::{ContactKind, ContactRequest, PersonProof, PhoneChangeRequest, PinResetProof, ReplaceProof};
use serde_json::{Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &[
    "change_phone_begin", "change_phone_send", "change_phone_otp", "change_phone_prove", "change_phone_check", "change_phone_standing",
    "change_phone_cancel", "pin_reset_begin", "pin_reset_otp", "pin_reset_finish", "pin_reset_check", "pin_reset_standing",
    "pin_reset_cancel", "replace_new_pin", "contacts", "contacts_refresh", "contact_add", "contact_send_code", "contact_confirm", "contact_remove",
    "closure", "close_account", "reopen_account", "erase_closed",
];

/// PIN and real name, each where it is given.
pub fn proof(args: &mut Arguments) -> Result<ReplaceProof, CallError> {
    let pin = args.maybe_text("pin")?;
    let person = match args.maybe_text("name")? {
        Some(name) => Some(PersonProof {
            name,
            id_number: args.text("id_number")?,
            liveness_token: args.text("liveness_token")?,
            liveness_nonce: args.maybe_text("liveness_nonce")?,
        }),
        None => None,
    };
    Ok(ReplaceProof { pin, person })
}

/// Makes one of the calls.
pub async fn call(wallet: &Wallet, name: &str, mut args: Arguments) -> Result<Value, CallError> {
    let account = wallet.account();
    Ok(match name {
        "change_phone_begin" => {
            let request = PhoneChangeRequest { phone: args.text("phone")?, old_number_reachable: args.flag("old_number_reachable")? };
            args.end()?;
            account.change_phone_begin(request).await?.json()
        }
        "change_phone_otp" => {
            let code = args.text("code")?;
            args.end()?;
            account.change_phone_otp(code).await?.json()
        }
        "change_phone_prove" => {
            let proof = proof(&mut args)?;
            args.end()?;
            account.change_phone_prove(proof).await?.json()
        }
        "pin_reset_otp" => {
            let code = args.text("code")?;
            args.end()?;
            account.pin_reset_otp(code).await?.json()
        }
        "pin_reset_finish" => {
            let ReplaceProof { pin, person } = proof(&mut args)?;
            args.end()?;
            account.pin_reset_finish(PinResetProof { pin: pin.unwrap_or_default(), person }).await?.json()
        }
        "replace_new_pin" => {
            let ReplaceProof { pin, person } = proof(&mut args)?;
            args.end()?;
            account.replace_new_pin(PinResetProof { pin: pin.unwrap_or_default(), person }).await?.json()
        }
        "contact_add" => {
            let kind = match args.text("kind")?.as_str() {
                "phone" => ContactKind::Phone,
                "email" => ContactKind::Email,
                _ => return Err(CallError::Written("kind is phone or email".to_owned())),
            };
            let request = ContactRequest { kind, address: args.text("address")? };
            args.end()?;
            account.contact_add(request).await?.json()
        }
        "contact_send_code" => {
            let id = args.text("contact_id")?;
            args.end()?;
            account.contact_send_code(id).await?.json()
        }
        "contact_confirm" => {
            let (id, code) = (args.text("contact_id")?, args.text("code")?);
            args.end()?;
            account.contact_confirm(id, code).await?.json()
        }
        "contact_remove" => {
            let (id, pin) = (args.text("contact_id")?, args.maybe_text("pin")?);
            args.end()?;
            account.contact_remove(id, pin).await?.json()
        }
        "close_account" => {
            let (pin, confirmed) = (args.maybe_text("pin")?, args.flag("confirmed")?);
            args.end()?;
            account.close_account(pin, confirmed).await?.json()
        }
        "erase_closed" => {
            let confirmed = args.flag("confirmed")?;
            args.end()?;
            account.erase_closed(confirmed).await?.json()
        }
        _ => {
            args.end()?;
            match name {
                "contacts" => account.contacts().await?.json(),
                "contacts_refresh" => account.contacts_refresh().await?.json(),
                "closure" => account.closure().await?.json(),
                "reopen_account" => account.reopen_account().await?.json(),
                "change_phone_send" => account.change_phone_send().await?.json(),
                "change_phone_check" => account.change_phone_check().await?.json(),
                "change_phone_standing" => match account.change_phone_standing().await? {
                    Some(view) => view.json(),
                    None => json!({ "state": "none" }),
                },
                "pin_reset_begin" => account.pin_reset_begin().await?.json(),
                "pin_reset_check" => account.pin_reset_check().await?.json(),
                "pin_reset_standing" => match account.pin_reset_standing().await? {
                    Some(view) => view.json(),
                    None => json!({ "state": "none" }),
                },
                "pin_reset_cancel" => nothing(account.pin_reset_cancel().await?),
                "change_phone_cancel" => nothing(account.change_phone_cancel().await?),
                _ => return Err(CallError::Written(format!("no call is named {name}"))),
            }
        }
    })
}
