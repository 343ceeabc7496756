//! Step one: a telephone number, the code that was sent to it, and this phone's keys.

use super::{AccountClient, AccountView, OtpSentView, RegisterRequest, local};
use crate::error::Outcome;
use crate::shared::{is_of_build, read_phone, refresh_account};
use crate::host::KeyRole;
use crate::service::wire::{OtpSent, Registered};
use crate::service::{Request, Signer};
use crate::tables::account::{self, AccountRow};
use crate::tables::open::store_code;
use crate::tables::{marks, replacement, sign_in};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Otp, Timestamp};
use zeroize::Zeroizing;

/// The longest name of a phone's model, in characters.
const MODEL: usize = 64;

impl AccountClient {
    /// Asks for a code by SMS. The id of the registration is stored before it is used, so that a repeat after a lost
    /// answer is the same registration.
    ///
    /// # Errors
    /// `operator_unverified` before anything about the person is sent, when nobody shows who runs this wallet.
    pub async fn register(&self, request: RegisterRequest) -> Outcome<OtpSentView> {
        let row = self.core.account_row().await?;
        if row.account_id.is_some() {
            return Err(Code::WrongStep.into());
        }
        let phone = read_phone(&request.phone)?;
        let model = checked_model(&request.device_model)?;
        self.core.require_operator().await?;
        let same = row.registration_id.filter(|_| row.phone.as_deref() == Some(&phone));
        let fresh = same.is_none();
        let id = match same {
            Some(id) => id,
            None => {
                let id = self.core.new_id()?;
                self.core
                    .change_account("registration", move |row| {
                        row.registration_id = Some(id);
                        row.phone = Some(phone);
                        row.device_model = Some(model);
                        row.resend_at = None;
                    })
                    .await?;
                id
            }
        };
        self.send_otp(id, fresh).await
    }

    /// Asks for another code, once the time for it has come.
    pub async fn resend_otp(&self) -> Outcome<OtpSentView> {
        let row = self.core.account_row().await?;
        let replacing = self.core.open_files(|files| files.ledger(replacement::load)).await?;
        if let Some(replacing) = replacing {
            return self.send_replace_otp(replacing, false).await;
        }
        if let Some(signing_in) = self.core.open_files(|files| files.ledger(sign_in::load)).await? {
            return self.send_sign_in_otp(signing_in, false).await;
        }
        match row.registration_id {
            Some(id) if row.account_id.is_none() => self.send_otp(id, false).await,
            _ => Err(Code::WrongStep.into()),
        }
    }

    /// Proves that the number is the person's.
    pub async fn enter_otp(&self, code: String) -> Outcome<AccountView> {
        let otp = Otp::read(code).map_err(|error| crate::WalletError::from(error).in_field("otp"))?;
        let row = self.core.account_row().await?;
        let id = row.registration_id.filter(|_| row.account_id.is_none()).ok_or(Code::WrongStep)?;
        let body = Zeroizing::new(format!("{{\"otp\":\"{}\"}}", otp.expose("sent to the service that made it")));
        let request = Request {
            method: "POST",
            path: format!("/v1/registrations/{id}/otp"),
            query: None,
            body: body.as_bytes().to_vec().into(),
            signer: Signer::Itself,
        };
        let registered: Registered = match self.core.call(&request).await?.read() {
            // Another phone was first with this number: its account is one to take up, not to open.
            Err(error) if error.is(Code::PhoneTaken) => {
                self.note_taken().await?;
                return Err(error);
            }
            // A service that forgot the code wants another one.
            Err(error) if error.is(Code::NotFound) => return Err(crate::WalletError::from(Code::OtpExpired).in_field("otp")),
            registered => registered?,
        };
        self.core
            .change_account("registered", move |row| {
                row.account_id = Some(registered.account_id);
                row.device_id = Some(registered.device_id);
                row.registration_id = None;
            })
            .await?;
        // The account is there; how it stands can also be asked later.
        let _ = refresh_account(&self.core).await;
        self.view().await
    }

    /// `fresh`: it was begun a moment ago. Refused then, no code was sent, and nothing waits for one.
    async fn send_otp(&self, id: Id, fresh: bool) -> Outcome<OtpSentView> {
        self.core.require_operator().await?;
        self.ensure_keys()?;
        let row = self.core.account_row().await?;
        let request = Request {
            method: "POST",
            path: "/v1/registrations".to_owned(),
            query: None,
            body: self.registration(id, &row)?.into(),
            signer: Signer::Itself,
        };
        let answer = self.core.call(&request).await?;
        let sent: OtpSent = match answer.read::<OtpSent>() {
            Err(error) if error.is(Code::PhoneTaken) => {
                self.note_taken().await?;
                return Err(error);
            }
            Err(error) if is_of_build(&error) || fresh && answer.is_no() => {
                self.core.change_account("registration_refused", |row| row.registration_id = None).await?;
                return Err(error);
            }
            sent => sent?,
        };
        self.forget_replacement().await?;
        let resend_at = answer.time.plus_ms(sent.resend_after_ms);
        self.core.change_account("otp_sent", move |row| row.resend_at = Some(resend_at.as_ms())).await?;
        Ok(OtpSentView {
            phone_masked: kabao_base::mask::phone(local(row.phone.as_deref().unwrap_or_default())),
            otp_length: sent.otp_length,
            resend_at: Timestamp::from_ms(resend_at.as_ms()),
        })
    }

    /// The number has an account: from now on the next step is to take the place of its phone.
    async fn note_taken(&self) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .files(move |files| {
                files.commit(now, |tx, log| {
                    let mut row = account::load(tx)?;
                    row.registration_id = None;
                    account::save(tx, &row)?;
                    marks::set(tx, marks::PHONE_TAKEN, "yes")?;
                    log.append(tx, "account", "phone_taken", b"")
                })
            })
            .await
    }

    /// The public half of a key as the wire carries it.
    pub(super) fn key(&self, role: KeyRole) -> Outcome<String> {
        let point = self.core.host.keys().public_key(role).map_err(store_code)?.ok_or(Code::KeyLost)?;
        Ok(URL_SAFE_NO_PAD.encode(point))
    }

    fn registration(&self, id: Id, row: &AccountRow) -> Outcome<Vec<u8>> {
        let key = |role| self.key(role);
        let body = serde_json::json!({
            "registration_id": id,
            "phone": row.phone,
            "device_key": key(KeyRole::Device)?,
            "approve_key": key(KeyRole::Approve)?,
            "device_model": row.device_model,
        });
        Ok(self.core.with_build(body))
    }

    /// Makes the keys that are not there yet. Those that are there stay: a registration that is repeated after a lost
    /// answer must come from the same keys.
    pub(super) fn ensure_keys(&self) -> Outcome<()> {
        let keys = self.core.host.keys();
        for role in [KeyRole::Device, KeyRole::Approve] {
            if keys.public_key(role).map_err(store_code)?.is_none() {
                keys.make(role).map_err(store_code)?;
            }
        }
        Ok(())
    }
}

pub(super) fn checked_model(model: &str) -> Outcome<String> {
    let refuse = |code: Code| Err(crate::WalletError::from(code).in_field("device_model"));
    let model = model.trim();
    if model.len() > MODEL * 4 || model.chars().count() > MODEL {
        return refuse(Code::InputTooLong);
    }
    if model.is_empty() {
        return refuse(Code::EmptyInput);
    }
    if model.chars().any(|character| character.is_control() || kabao_base::fold::hidden_kind(character).is_some()) {
        return refuse(Code::HiddenCharacter);
    }
    crate::shared::refuse_numbers(model, "device_model")?;
    Ok(model.to_owned())
}
