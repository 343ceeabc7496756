//! A new approval key, when the old one died with a new finger or face: code by SMS and PIN; limits stay low for 24 hours.
//! Until it is done the payment PIN approves.

use super::{AccountClient, AccountView, OtpSentView, local};
use crate::error::{Outcome, WalletError};
use crate::host::KeyRole;
use crate::service::wire::OtpSent;
use crate::shared::{read_pin, refresh_account};
use crate::tables::marks;
use crate::tables::open::store_code;
use kabao_base::{Code, Id, Otp};
use zeroize::Zeroizing;

/// The mark between the decision to make a key and its being there.
const MAKING: &str = "making";

impl AccountClient {
    /// Makes a new approval key and asks for a code by SMS. Called again, it is another code for the same key. From here
    /// on approving by finger or face is refused with `approval_lost` until `renew_approval` is done.
    pub async fn renew_approval_begin(&self) -> Outcome<OtpSentView> {
        self.core.identity()?;
        let row = self.core.account_row().await?;
        let id = match self.renewal().await? {
            Some(id) => id,
            None => {
                // The old key is given up before a new one is made: nothing is signed with a key that the service does
                // not know.
                self.mark_renewal(Some(MAKING.to_owned())).await?;
                self.core.host.keys().make(KeyRole::Approve).map_err(store_code)?;
                let id = self.core.new_id()?;
                self.mark_renewal(Some(id.to_string())).await?;
                id
            }
        };
        let body = serde_json::json!({ "renewal_id": id, "approve_key": self.key(KeyRole::Approve)? });
        let request = self.core.request("POST", "/v1/approve-renewals".to_owned(), body.to_string().into_bytes())?;
        let answer = self.core.call(&request).await?;
        let sent: OtpSent = answer.read()?;
        Ok(OtpSentView {
            phone_masked: kabao_base::mask::phone(local(row.phone.as_deref().unwrap_or_default())),
            otp_length: sent.otp_length,
            resend_at: answer.time.plus_ms(sent.resend_after_ms),
        })
    }

    /// Proves number and PIN; from then on finger or face approve again.
    pub async fn renew_approval(&self, code: String, pin: String) -> Outcome<AccountView> {
        let typed = Zeroizing::new(pin);
        let otp = Otp::read(code).map_err(|error| WalletError::from(error).in_field("otp"))?;
        let pin = read_pin(&typed)?;
        let identity = self.core.identity()?;
        let id = self.renewal().await?.ok_or(Code::WrongStep)?;
        let proof_id = self.core.new_id()?;
        let parts = [
            "kabao-renew-1".to_owned(), id.to_string(), proof_id.to_string(), identity.account_id.to_string(),
            identity.device_id.to_string(), self.key(KeyRole::Approve)?,
        ];
        let digest = kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()]);
        let sealed = self.core.seal_pin(&pin, &digest).await?;
        let otp = otp.expose("sent to the service that made it");
        let body = Zeroizing::new(serde_json::json!({ "proof_id": proof_id, "otp": otp, "pin_box": sealed }).to_string());
        let request = self.core.request("PUT", format!("/v1/approve-renewals/{id}"), body.as_bytes().to_vec())?;
        self.core.call(&request).await?.accepted()?;
        self.mark_renewal(None).await?;
        let _ = refresh_account(&self.core).await;
        self.view().await
    }

    /// The renewal under way, if its key is there.
    async fn renewal(&self) -> Outcome<Option<Id>> {
        let mark = self.core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::APPROVE_RENEWAL))).await?;
        Ok(mark.and_then(|text| Id::parse(&text).ok()))
    }

    async fn mark_renewal(&self, value: Option<String>) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    match &value {
                        Some(value) => marks::set(tx, marks::APPROVE_RENEWAL, value)?,
                        None => marks::remove(tx, marks::APPROVE_RENEWAL)?,
                    }
                    log.append(tx, "account", "approve_renewal", b"")
                })
            })
            .await
    }
}
