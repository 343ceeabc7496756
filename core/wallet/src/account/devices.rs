//! The phones of the account, and signing out: of this phone or of another. Signing out 退出登录 ends a phone and keeps the account,
//! its money and the encrypted files; closing the account 销户 is something else and does not happen here.

use super::device_report::{part_texts, parts};
use super::{AccountClient, DeviceForm, DeviceView, DevicesView, SignOutView};
use crate::error::{Outcome, WalletError};
use crate::service::{Request, Signer, wire};
use crate::tables::{account, intents, marks, sync, tokens};
use crate::words::{age, say};
use kabao_base::{Code, Id, Language, Timestamp};
use kabao_money::payment::PaymentState;

impl AccountClient {
    /// The phones of the account, asked of the service.
    pub async fn devices(&self) -> Outcome<DevicesView> {
        let request = self.core.request("GET", "/v1/devices".to_owned(), Vec::new())?;
        let answer = self.core.call(&request).await?;
        let known: wire::Devices = answer.read()?;
        let (body, at) = (serde_json::to_string(&known).map_err(|_| Code::Internal)?, answer.time);
        self.core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::DEVICES, &body, at))).await?;
        self.devices_known().await
    }

    /// The same as the service said it last. Works without network; `not_found` before it was ever asked.
    pub async fn devices_known(&self) -> Outcome<DevicesView> {
        let known = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::DEVICES))).await?;
        let (body, known_at) = known.ok_or(Code::NotFound)?;
        let known: wire::Devices = serde_json::from_str(&body).map_err(|_| Code::StorageDamaged)?;
        let (language, now) = (self.core.settings.language, self.core.now());
        let devices = known.devices.into_iter().map(|device| device_view(language, device, now)).collect();
        Ok(DevicesView { devices, limit: known.limit, known_at })
    }

    /// Signs another phone out: lost, sold, lent. Its key and its payer codes are worth nothing from then on. One that is out is out.
    /// Refused with `device_is_this` for the phone in hand.
    pub async fn sign_out_device(&self, device_id: String) -> Outcome<DevicesView> {
        let device = Id::parse(&device_id).map_err(|_| WalletError::from(Code::BadId).in_field("device_id"))?;
        if self.core.identity()?.device_id == device {
            return Err(Code::DeviceIsThis.into());
        }
        // Signed out twice is signed out: a repeat after a lost answer needs no memory.
        let body = serde_json::json!({ "sign_out_id": self.core.new_id()? }).to_string().into_bytes();
        let request = self.core.request("POST", format!("/v1/devices/{device}/sign-out"), body)?;
        self.core.call(&request).await?.accepted()?;
        self.devices().await
    }

    /// Signs this phone out, on purpose. For the person it holds at once, with or without network: no payment, no payer code. The
    /// encrypted history stays and can be read; signing in again goes on with it. Without network the service is told later.
    /// Refused with `sign_out_busy` while a payment is being sent. Called again, it tells the service what it does not know yet.
    pub async fn sign_out(&self) -> Outcome<SignOutView> {
        let (now, id, who) = (self.core.now(), self.core.new_id()?, self.core.who());
        self.core
            .open_files(move |files| {
                let row = files.commit(now, |tx, log| {
                    let mut row = account::load(tx)?;
                    let Some(device) = row.device_id else {
                        // Out already; a number that was never registered has nothing to leave.
                        return row.account_id.map(|_| row).ok_or_else(|| Code::NotRegistered.into());
                    };
                    // On an old copy no answer is believed: there is none to wait for.
                    let old_copy = super::is_old_copy(tx, &row)?;
                    if !old_copy && intents::unsettled(tx)?.iter().any(|intent| intent.state == PaymentState::Sending) {
                        return Err(Code::SignOutBusy.into());
                    }
                    marks::set(tx, marks::SIGN_OUT, &format!("{id} {device}"))?;
                    row.device_id = None;
                    account::save(tx, &row)?;
                    tokens::void(tx)?;
                    log.append(tx, "account", "signed_out", b"")?;
                    Ok(row)
                })?;
                who.set(&row);
                Ok(())
            })
            .await?;
        // An anchor that cannot be written now is written with the next one.
        let _ = self.core.anchor().await;
        let finished = self.finish_sign_out().await.is_ok();
        let open = self.core.open_files(|files| files.ledger(intents::unsettled)).await?;
        let open_payments = u32::try_from(open.len()).unwrap_or(u32::MAX);
        let language = self.core.settings.language;
        let key = match (finished, open_payments) {
            (true, 0) => "sign_out.finished",
            (true, _) => "sign_out.finished_open",
            (false, 0) => "sign_out.later",
            (false, _) => "sign_out.later_open",
        };
        let text = say(language, key, &[("count", &open_payments.to_string())]);
        Ok(SignOutView { finished, open_payments, text })
    }

    /// Tells the service of a sign-out that it does not know yet. Does nothing when there is none.
    pub async fn finish_sign_out(&self) -> Outcome<()> {
        let mark = self.core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::SIGN_OUT))).await?;
        let Some((id, device)) = mark.as_deref().and_then(|mark| mark.split_once(' ')) else { return Ok(()) };
        let (id, device) = (Id::parse(id).map_err(|_| Code::StorageDamaged)?, Id::parse(device).map_err(|_| Code::StorageDamaged)?);
        let request = Request {
            method: "POST",
            path: format!("/v1/devices/{device}/sign-out"),
            query: None,
            body: serde_json::json!({ "sign_out_id": id }).to_string().into_bytes().into(),
            signer: Signer::Device(device),
        };
        let answer = match self.core.call(&request).await {
            // The service took it, and named a head that this old copy of the files does not hold. Asked again, it says that the
            // phone is out, and names none.
            Err(error) if error.is(Code::RolledBack) => self.core.call(&request).await?,
            answer => answer?,
        };
        match answer.accepted() {
            // The answer of the first was lost, or another phone was faster: out is out.
            Err(error) if error.is(Code::SignedOut) || error.is(Code::DeviceRevoked) || error.is(Code::NotFound) => {}
            accepted => accepted?,
        }
        self.forget_mark(marks::SIGN_OUT).await
    }
}

fn device_view(language: Language, device: wire::Device, now: Timestamp) -> DeviceView {
    let (form, last_seen) = (DeviceForm::from_name(&device.form), Timestamp::from_ms(device.last_seen));
    let ended = match device.ended_by.as_deref() {
        Some("replaced") => "device.replaced",
        _ => "device.signed_out",
    };
    let capabilities = parts(device.capabilities.iter().map(String::as_str));
    DeviceView {
        capability_texts: part_texts(language, &capabilities),
        capabilities,
        device_id: device.device_id.to_string(),
        model: device.model,
        form,
        form_text: say(language, &format!("device.{}", form.name()), &[]),
        first_seen: Timestamp::from_ms(device.first_seen),
        last_seen,
        last_seen_text: age(language, now.since(last_seen)),
        this_device: device.this,
        signed_in: device.ended_at.is_none(),
        ended_at: device.ended_at.map(Timestamp::from_ms),
        ended_text: device.ended_at.map(|_| say(language, ended, &[])),
    }
}
