//! The phones of an account, and the end of one.

use super::App;
use super::secure::tell;
use super::sign_in::FORMS;
use crate::http::errors::{Answer, Common, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::sign_in::{self, DEVICES};
use crate::store::{self, one, run};
use crate::wire::{self, BuildIn, DeviceReportIn, DevicesOut, SignOutIn};
use axum::extract::{Path, State};
use rusqlite::params;

/// The phones that are signed in, and the newest that are not any more.
#[utoipa::path(get, path = "/v1/devices", responses((status = 200, body = DevicesOut), Common))]
pub async fn list(State(service): App, caller: Caller) -> Outcome<Answer> {
    let devices = sign_in::devices(&service.state().db, caller.account, caller.device)?;
    Answer::json(200, &DevicesOut { devices, limit: DEVICES })
}

/// What a device can have.
const CAPABILITIES: [&str; 5] = ["camera", "nfc", "secure_element", "biometrics", "sim"];

/// What the device that asks is and has. The same again is the same.
#[utoipa::path(put, path = "/v1/devices/this", request_body = DeviceReportIn, responses((status = 204, description = "Written down"), Common))]
pub async fn report(State(service): App, caller: Caller, Sent(body): Sent<DeviceReportIn>) -> Outcome<Answer> {
    if !FORMS.contains(&body.form.as_str()) {
        return Err(Refusal::argument("form"));
    }
    let known = |name: &String| CAPABILITIES.contains(&name.as_str()) && body.capabilities.iter().filter(|other| *other == name).count() == 1;
    if body.capabilities.len() > CAPABILITIES.len() || !body.capabilities.iter().all(known) {
        return Err(Refusal::argument("capabilities"));
    }
    let has: Vec<&str> = CAPABILITIES.into_iter().filter(|name| body.capabilities.iter().any(|said| said == name)).collect();
    let sql = "UPDATE devices SET form = ?2, capabilities = ?3 WHERE device_id = ?1";
    store::write(&mut service.state().db, |tx| Ok(run(tx, sql, params![caller.device.to_string(), body.form, has.join(" ")])?))?;
    Ok(Answer::empty())
}

/// Which build of the app the device has now. The same again is the same; one that may not be used is written down as well, and
/// pays nothing.
#[utoipa::path(put, path = "/v1/devices/this/build", request_body = BuildIn, responses((status = 204, description = "Written down"), Common))]
pub async fn build(State(service): App, caller: Caller, Sent(body): Sent<BuildIn>) -> Outcome<Answer> {
    body.check()?;
    let text = serde_json::to_string(&body).map_err(|_| Refusal::down())?;
    let sql = "UPDATE devices SET build = ?2 WHERE device_id = ?1";
    store::write(&mut service.state().db, |tx| Ok(run(tx, sql, params![caller.device.to_string(), text])?))?;
    Ok(Answer::empty())
}

/// Signs a phone of the account out, this one or another. One that is out is out.
#[utoipa::path(post, path = "/v1/devices/{device_id}/sign-out", params(("device_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = SignOutIn, responses((status = 204, description = "Signed out"), Common))]
pub async fn sign_out(State(service): App, caller: Caller, Path(device): Path<String>, Sent(body): Sent<SignOutIn>) -> Outcome<Answer> {
    let (device, entry) = (wire::id(&device, "device_id")?, wire::id(&body.sign_out_id, "sign_out_id")?);
    let now = service.now();
    let mut state = service.state();
    if sign_in::sign_out(&service, &mut state, caller.account, device, entry, now)? && device != caller.device {
        let sql = "SELECT model FROM devices WHERE device_id = ?1";
        let model: String = one(&state.db, sql, [device.to_string()], |row| row.get(0))?.unwrap_or_default();
        tell(&service, &mut state, caller.account, device, "signed_out", &format!("手机（{model}）已退出你的账户。"), now);
    }
    Ok(Answer::empty())
}
