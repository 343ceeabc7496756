//! The words of `kabao wallet` about passwords, the second factor, devices, signing in and out. What is secret is read from the
//! standard input, one line each.

use super::answer::Answer;
use super::{Stop, ask, secret, with};
use crate::paper::files::Files;
use clap::{Subcommand, ValueEnum};
use kabao_core::Wallet;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What sort of device this is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Form {
    /// A telephone.
    Phone,
    /// A tablet.
    Tablet,
    /// A watch.
    Watch,
    /// A computer.
    Computer,
    /// Anything else.
    Other,
}

/// The calls.
#[derive(Subcommand)]
pub enum SecureWord {
    /// What is against a login password. Reads: the password.
    PasswordStrength {
        /// The birth date, 19900307.
        #[arg(long)]
        birth_date: Option<String>,
        /// The name in letters: "zhang san".
        #[arg(long)]
        name_letters: Option<String>,
    },
    /// Chooses the login password. Reads: the password, the PIN.
    SetPassword {
        /// The account has no PIN.
        #[arg(long)]
        without_pin: bool,
    },
    /// Chooses another login password. Reads: the old one, the new one.
    ChangePassword,
    /// What the account signs in with.
    Security {
        /// Says what the service said last, without asking.
        #[arg(long)]
        known: bool,
    },
    /// Sets up an authenticator app: shows the QR code and the key, once.
    FactorBegin {
        /// The QR code as a file.
        #[command(flatten)]
        files: Files,
    },
    /// Turns it on and shows ten backup codes, once. Reads: the first code of the app.
    FactorConfirm,
    /// Makes ten new backup codes. Reads: a code of the app, or a backup code.
    BackupCodes,
    /// Turns the authenticator app off. Reads: a code of the app, or a backup code.
    FactorOff,
    /// The phones of the account.
    Devices {
        /// Says what the service said last, without asking.
        #[arg(long)]
        known: bool,
    },
    /// Says what this device is and has.
    DescribeDevice {
        /// What sort of device this is.
        #[arg(long, value_enum, default_value = "computer")]
        form: Form,
        /// A part that it has: camera, nfc, secure_element, biometrics, sim. May be given several times.
        #[arg(long)]
        has: Vec<String>,
    },
    /// Which steps this device can do.
    DeviceSteps,
    /// Signs another phone out.
    SignOutDevice {
        /// The device that `devices` gave.
        device_id: String,
    },
    /// Signs this phone out; the account and the history stay.
    SignOut,
    /// Signs this phone in beside the account's others: asks for an SMS code.
    SignInBegin {
        /// The account's number.
        phone: String,
        /// The model of this phone.
        #[arg(long, default_value = "kabao at the shell")]
        device_model: String,
        /// What sort of device this is.
        #[arg(long, value_enum, default_value = "computer")]
        form: Form,
    },
    /// Enters that code. Reads: the code.
    SignInOtp,
    /// Proves the person. Reads what is needed, in this order: the password or the PIN, a code of the app or a backup code.
    SignInProve,
    /// Asks how the sign-in stands.
    SignInCheck,
}

/// Carries one out and prints it.
pub async fn carry_out(word: &SecureWord, wallet: &Wallet, answer: &Answer) -> Result<ExitCode, Stop> {
    let none = Map::new();
    let value = match word {
        SecureWord::PasswordStrength { birth_date, name_letters } => {
            let given = [("password", secret("password")?), ("birth_date", json!(birth_date)), ("name_letters", json!(name_letters))];
            ask(wallet, answer, "password_strength", with(given)).await?
        }
        SecureWord::SetPassword { without_pin } => {
            let password = secret("password")?;
            let pin = if *without_pin { Value::Null } else { secret("PIN")? };
            ask(wallet, answer, "set_password", with([("password", password), ("pin", pin)])).await?
        }
        SecureWord::ChangePassword => {
            let old = secret("password in use")?;
            ask(wallet, answer, "change_password", with([("old", old), ("password", secret("new password")?)])).await?
        }
        SecureWord::Security { known } => ask(wallet, answer, if *known { "security" } else { "security_refresh" }, none).await?,
        SecureWord::FactorBegin { files } => {
            let made = ask(wallet, answer, "factor_begin", none).await?;
            if files.any() {
                let drawn = files.draw(made["uri"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
                files.write(&drawn, "otpauth")?;
            }
            made
        }
        SecureWord::FactorConfirm => ask(wallet, answer, "factor_confirm", with([("code", secret("code")?)])).await?,
        SecureWord::BackupCodes => ask(wallet, answer, "backup_codes", with([("code", secret("code")?)])).await?,
        SecureWord::FactorOff => ask(wallet, answer, "factor_off", with([("code", secret("code")?)])).await?,
        SecureWord::Devices { known } => ask(wallet, answer, if *known { "devices_known" } else { "devices" }, none).await?,
        SecureWord::DescribeDevice { form, has } => {
            let form = format!("{form:?}").to_lowercase();
            ask(wallet, answer, "describe_device", with([("form", json!(form)), ("capabilities", json!(has))])).await?
        }
        SecureWord::DeviceSteps => ask(wallet, answer, "device_steps", none).await?,
        SecureWord::SignOutDevice { device_id } => ask(wallet, answer, "sign_out_device", with([("device_id", json!(device_id))])).await?,
        SecureWord::SignOut => ask(wallet, answer, "sign_out", none).await?,
        SecureWord::SignInBegin { phone, device_model, form } => {
            let form = format!("{form:?}").to_lowercase();
            ask(wallet, answer, "sign_in_begin", with([("phone", json!(phone)), ("device_model", json!(device_model)), ("form", json!(form))])).await?
        }
        SecureWord::SignInOtp => ask(wallet, answer, "sign_in_otp", with([("code", secret("SMS code")?)])).await?,
        SecureWord::SignInProve => {
            let stands = ask(wallet, answer, "sign_in_check", none).await?;
            let mut given = Map::new();
            for (needed, name, what) in [("needs_password", "password", "password"), ("needs_pin", "pin", "PIN"), ("needs_factor", "factor_code", "code")] {
                if stands[needed] == json!(true) {
                    given.insert(name.to_owned(), secret(what)?);
                }
            }
            // Signed in by now: the last answer was lost.
            if stands["done"] == json!(true) { stands } else { ask(wallet, answer, "sign_in_prove", given).await? }
        }
        SecureWord::SignInCheck => ask(wallet, answer, "sign_in_check", none).await?,
    };
    Ok(answer.told(&value, if matches!(word, SecureWord::FactorBegin { .. }) { &["picture_svg"] } else { &[] }))
}
