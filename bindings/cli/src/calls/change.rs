//! The calls that change or end what an account hangs on: its number.

use super::{Arguments, CallError, nothing};
use crate::views::Json;
use kabao_core::Wallet;
use kabao_core::account::{PersonProof, PhoneChangeRequest, ReplaceProof};
use serde_json::{Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &[
    "change_phone_begin", "change_phone_send", "change_phone_otp", "change_phone_prove", "change_phone_check", "change_phone_standing",
    "change_phone_cancel",
];

/// PIN and real name, each where it is given.
pub fn proof(args: &mut Arguments) -> Result<ReplaceProof, CallError> {
    let pin = args.maybe_text("pin")?;
    let person = match args.maybe_text("name")? {
        Some(name) => Some(PersonProof { name, id_number: args.text("id_number")?, liveness_token: args.text("liveness_token")? }),
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
        _ => {
            args.end()?;
            match name {
                "change_phone_send" => account.change_phone_send().await?.json(),
                "change_phone_check" => account.change_phone_check().await?.json(),
                "change_phone_standing" => match account.change_phone_standing().await? {
                    Some(view) => view.json(),
                    None => json!({ "state": "none" }),
                },
                "change_phone_cancel" => nothing(account.change_phone_cancel().await?),
                _ => return Err(CallError::Written(format!("no call is named {name}"))),
            }
        }
    })
}
