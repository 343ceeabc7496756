//! What `replace` and `sign_in` share: a phone that is not the account's yet asks with its own key, types the code that was sent to
//! the number, and in the end is the account's.

use super::{AccountClient, AccountView};
use crate::error::{Outcome, WalletError};
use crate::host::KeyRole;
use crate::intents;
use crate::service::{Answer, Request, Signer};
use crate::shared::{ServiceClock, refresh_account, refresh_counters};
use crate::tables::account::{self, AccountRow};
use crate::tables::open::store_code;
use crate::tables::{marks, tokens};
use kabao_base::{Code, Id, Otp};
use zeroize::Zeroizing;

/// What makes this phone the account's.
pub(super) struct Arrival {
    pub(super) account_id: Id,
    pub(super) device_id: Id,
    pub(super) phone: String,
    pub(super) device_model: String,
    pub(super) pin_set: bool,
    pub(super) verified: bool,
}

impl Arrival {
    /// Writes it down, a part of one commit. What an earlier phone or another way left is gone; a phone of another account stays
    /// what it is.
    pub(super) fn take(self, tx: &rusqlite::Connection, clock: Option<String>) -> Outcome<AccountRow> {
        let mut own = account::load(tx)?;
        if own.account_id.is_some_and(|own| own != self.account_id) {
            return Err(WalletError::from(Code::AccountOther).in_field("phone"));
        }
        own.account_id = Some(self.account_id);
        own.device_id = Some(self.device_id);
        own.registration_id = None;
        own.phone = Some(self.phone);
        own.device_model = Some(self.device_model);
        own.pin_set = self.pin_set;
        if self.verified {
            own.verification_state = Some("passed".to_owned());
        }
        account::save(tx, &own)?;
        for mark in [marks::PHONE_TAKEN, marks::REVOKED, marks::APPROVE_RENEWAL, marks::SIGN_OUT] {
            marks::remove(tx, mark)?;
        }
        // What it consented to on another phone is the account's.
        marks::set(tx, marks::CONSENTS_OWED, "")?;
        tokens::void(tx)?;
        ServiceClock::store(tx, clock)?;
        Ok(own)
    }
}

impl AccountClient {
    /// What follows the commit of an arrival.
    pub(super) async fn arrived(&self) -> Outcome<AccountView> {
        intents::resume(&self.core).await?;
        // The history comes by itself, and the account; both can also be asked for later.
        self.core.settled.send_modify(|count| *count = count.wrapping_add(1));
        let _ = refresh_account(&self.core).await;
        // Low limits of a new phone and caps of one's own are known to the service alone.
        let _ = refresh_counters(&self.core).await;
        self.view().await
    }

    /// The keys of a phone that was shut out or signed out are never used again.
    pub(super) fn new_keys(&self) -> Outcome<()> {
        for role in [KeyRole::Device, KeyRole::Approve] {
            self.core.host.keys().make(role).map_err(store_code)?;
        }
        Ok(())
    }

    /// The account of these files, where there is one: a service that closed it says so.
    pub(super) async fn naming_own(&self, mut body: serde_json::Value) -> Outcome<serde_json::Value> {
        if let Some(own) = self.core.account_row().await?.account_id {
            body["account_id"] = own.to_string().into();
        }
        Ok(body)
    }

    /// Sends the code that was typed.
    pub(super) async fn send_typed(&self, path: String, otp: &Otp) -> Outcome<Answer> {
        let body = Zeroizing::new(format!("{{\"otp\":\"{}\"}}", otp.expose("sent to the service that made it")));
        self.core.call(&itself("POST", path, body.as_bytes().to_vec())).await
    }
}

/// A code of six digits as typed.
pub(super) fn read_otp(code: String) -> Outcome<Otp> {
    Otp::read(code).map_err(|error| WalletError::from(error).in_field("otp"))
}

/// A request that this phone's own key signs: the service knows no device of it yet.
pub(super) fn itself(method: &'static str, path: String, body: Vec<u8>) -> Request {
    Request { method, path, query: None, body: body.into(), signer: Signer::Itself }
}
