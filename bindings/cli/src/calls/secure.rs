//! The calls about passwords, the second factor, devices, signing in and out.

use super::{Arguments, CallError, nothing};
use crate::views::{Json, snake};
use kabao_core::Wallet;
use kabao_core::account::{
    BackupCodes, DeviceCapability, DeviceForm, DeviceReport, DeviceReportView, DevicesView, FactorEnrolment, PasswordDraft, SecurityReason, SecurityView, SignInProof, SignInRequest, SignInView,
};
use serde_json::{Map, Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &[
    "password_strength", "set_password", "change_password", "security", "security_refresh", "factor_begin", "factor_confirm", "backup_codes",
    "factor_off", "devices", "devices_known", "describe_device", "device_steps", "sign_out_device", "sign_out", "finish_sign_out", "sign_in_begin", "sign_in_otp", "sign_in_prove",
    "sign_in_check",
];

/// Makes one call of these.
///
/// # Errors
/// The wallet's, or what is wrong with how it was written.
pub async fn call(wallet: &Wallet, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    let account = wallet.account();
    let args = &mut with;
    match name {
        "password_strength" => {
            let draft = PasswordDraft {
                password: args.text("password")?,
                birth_date: args.maybe_text("birth_date")?,
                name_letters: args.maybe_text("name_letters")?,
                id_tail: args.maybe_text("id_tail")?,
            };
            with.end()?;
            let strength = account.password_strength(draft).await?;
            Ok(json!({ "acceptable": strength.acceptable, "reasons": reasons(&strength.reasons) }))
        }
        "describe_device" => {
            let form = DeviceForm::from_name(&args.text("form")?);
            let named = |name: String| DeviceCapability::from_name(&name).ok_or_else(|| CallError::Written(format!("no part of a device is named {name}")));
            let capabilities = args.texts("capabilities")?.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
            with.end()?;
            Ok(account.describe_device(DeviceReport { form, capabilities }).await?.json())
        }
        "device_steps" => {
            with.end()?;
            Ok(account.device_steps().await?.json())
        }
        "set_password" => {
            let (password, pin) = (args.text("password")?, args.maybe_text("pin")?);
            with.end()?;
            Ok(account.set_password(password, pin).await?.json())
        }
        "change_password" => {
            let (old, password) = (args.text("old")?, args.text("password")?);
            with.end()?;
            Ok(account.change_password(old, password).await?.json())
        }
        "factor_confirm" | "backup_codes" | "factor_off" | "sign_in_otp" => {
            let code = args.text("code")?;
            with.end()?;
            Ok(match name {
                "factor_confirm" => account.factor_confirm(code).await?.json(),
                "backup_codes" => account.backup_codes(code).await?.json(),
                "factor_off" => account.factor_off(code).await?.json(),
                _ => account.sign_in_otp(code).await?.json(),
            })
        }
        "sign_out_device" => {
            let device_id = args.text("device_id")?;
            with.end()?;
            Ok(account.sign_out_device(device_id).await?.json())
        }
        "sign_in_begin" => {
            let (phone, device_model) = (args.text("phone")?, args.text("device_model")?);
            let form = args.maybe_text("form")?.map_or(DeviceForm::Phone, |name| DeviceForm::from_name(&name));
            with.end()?;
            Ok(account.sign_in_begin(SignInRequest { phone, device_model, form }).await?.json())
        }
        "sign_in_prove" => {
            let proof = SignInProof { password: args.maybe_text("password")?, pin: args.maybe_text("pin")?, factor_code: args.maybe_text("factor_code")? };
            with.end()?;
            Ok(account.sign_in_prove(proof).await?.json())
        }
        _ => {
            with.end()?;
            Ok(match name {
                "security" => account.security().await?.json(),
                "security_refresh" => account.security_refresh().await?.json(),
                "factor_begin" => account.factor_begin().await?.json(),
                "devices" => account.devices().await?.json(),
                "devices_known" => account.devices_known().await?.json(),
                "sign_in_check" => account.sign_in_check().await?.json(),
                "finish_sign_out" => nothing(account.finish_sign_out().await?),
                _ => {
                    let out = account.sign_out().await?;
                    json!({ "finished": out.finished, "open_payments": out.open_payments, "text": out.text })
                }
            })
        }
    }
}

fn reasons(reasons: &[SecurityReason]) -> Value {
    reasons.iter().map(|reason| json!({ "code": reason.code, "text": reason.text, "next": reason.next })).collect()
}

fn object(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>()),
        other => other,
    }
}

impl Json for SecurityView {
    fn json(&self) -> Value {
        object(json!({
            "password_set": self.password_set, "password_at": self.password_at, "password_age_text": self.password_age_text,
            "factor_on": self.factor_on, "factor_at": self.factor_at, "backup_codes_left": self.backup_codes_left,
            "hints": reasons(&self.hints), "known_at": self.known_at,
        }))
    }
}

impl Json for FactorEnrolment {
    fn json(&self) -> Value {
        let told = json!({ "uri": self.uri, "typed_key": self.typed_key, "expires_at": self.expires_at });
        crate::views::beside(told, &self.qr, None)
    }
}

impl Json for BackupCodes {
    fn json(&self) -> Value {
        json!({ "backup_codes": self.codes })
    }
}

impl Json for DevicesView {
    fn json(&self) -> Value {
        let devices = self.devices.iter().map(|device| {
            object(json!({
                "device_id": device.device_id, "model": device.model, "form": snake(device.form), "form_text": device.form_text,
                "capabilities": device.capabilities.iter().map(|part| part.name()).collect::<Vec<_>>(), "capability_texts": device.capability_texts,
                "first_seen": device.first_seen, "last_seen": device.last_seen, "last_seen_text": device.last_seen_text,
                "this_device": device.this_device, "signed_in": device.signed_in, "ended_at": device.ended_at, "ended_text": device.ended_text,
            }))
        });
        json!({ "devices": devices.collect::<Vec<_>>(), "limit": self.limit, "known_at": self.known_at })
    }
}

impl Json for DeviceReportView {
    fn json(&self) -> Value {
        let steps = self.steps.iter().map(|step| object(json!({ "step": step.step, "text": step.text, "offered": step.offered, "instead": step.instead })));
        json!({
            "form": snake(self.form), "form_text": self.form_text, "capabilities": self.capabilities.iter().map(|part| part.name()).collect::<Vec<_>>(),
            "told": self.told, "steps": steps.collect::<Vec<_>>(),
        })
    }
}

impl Json for SignInView {
    fn json(&self) -> Value {
        object(json!({
            "done": self.done, "needs_password": self.needs_password, "needs_pin": self.needs_pin, "needs_factor": self.needs_factor,
            "low_limits_until": self.low_limits_until, "account": self.account.as_ref().map(Json::json),
        }))
    }
}
