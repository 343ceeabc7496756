//! A new payment PIN in the place of one that was forgotten or locked.
//!
//! ```text
//! pin_reset_begin → pin_reset_otp → pin_reset_finish (new PIN; real name and face) → done
//!      ↑ (again: another code)                     └→ person_pending → pin_reset_check → pin_reset_finish (new PIN)
//! ```
//! What proves the person lies beyond the phone: the account's number, the verified name with the number of its document, and a
//! face check that was made for a nonce of the service (`face_begin` of the identity client). Limits are low for 24 hours after
//! it; the number and the second contacts are told. The new PIN is stored nowhere here: who was interrupted types it again.

use super::{AccountClient, AccountView, OtpSentView, PersonProof, local};
use crate::error::{Outcome, WalletError};
use crate::service::wire::{CodeSent, PinReset};
use crate::service::{Answer, Request};
use crate::shared::{read_pin, refresh_account};
use crate::tables::account;
use crate::tables::pin_reset::{self, PinResetRow};
use kabao_base::{Code, Id, Otp, Timestamp};
use zeroize::Zeroizing;

const CODE: &str = "code";
const PROVING: &str = "proving";
const PERSON_PENDING: &str = "person_pending";

/// The new PIN and what proves the person.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct PinResetProof {
    /// The new payment PIN: six ASCII digits, judged as one that is chosen for the first time.
    pub pin: String,
    /// The real name, where the view asks for it. Its face check has to be made for a nonce (`liveness_nonce`).
    pub person: Option<PersonProof>,
}

impl std::fmt::Debug for PinResetProof {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PinResetProof(…)")
    }
}

/// What the person has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PinResetState {
    /// Type the code that came to the account's number.
    EnterCode,
    /// Show the real name where the view asks for it, and choose the new PIN.
    Proving,
    /// The real name is being checked: ask again with `pin_reset_check`, then choose the new PIN.
    PersonPending,
    /// The new PIN counts.
    Done,
}

/// The reset of a PIN as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PinResetView {
    /// How far it came.
    pub state: PinResetState,
    /// Whether the real name has to be shown.
    pub needs_person: bool,
    /// Until when limits are low; absent when they are not.
    pub low_limits_until: Option<Timestamp>,
    /// The account, once the new PIN counts.
    pub account: Option<AccountView>,
}

impl AccountClient {
    /// Begins to set a new PIN: a code goes to the account's number. The same call again is another code.
    pub async fn pin_reset_begin(&self) -> Outcome<OtpSentView> {
        self.core.identity()?;
        let mut row = match self.resetting().await? {
            Some(row) if row.state == CODE => row,
            Some(_) => return Err(Code::WrongStep.into()),
            None => {
                let row = PinResetRow { reset_id: self.core.new_id()?, state: CODE.to_owned(), resend_at: None, needs_person: true, proof_id: None };
                self.keep_reset("begun", &row).await?;
                row
            }
        };
        let body = serde_json::json!({ "reset_id": row.reset_id }).to_string().into_bytes();
        let answer = self.core.call(&self.core.request("POST", "/v1/pin-resets".to_owned(), body)?).await?;
        if let Some(error) = self.reset_ended(&answer).await? {
            // The number is proven already: the answer that said so was lost.
            if error.is(Code::WrongStep) {
                let _ = self.ask_reset(&row).await;
            }
            return Err(error);
        }
        let sent: CodeSent = answer.read()?;
        let resend_at = answer.time.plus_ms(sent.resend_after_ms);
        row.resend_at = Some(resend_at.as_ms());
        self.keep_reset("code_sent", &row).await?;
        Ok(OtpSentView { phone_masked: sent.sent_to, otp_length: sent.otp_length, resend_at })
    }

    /// Types the code that came to the account's number.
    pub async fn pin_reset_otp(&self, code: String) -> Outcome<PinResetView> {
        let otp = Otp::read(code).map_err(|error| WalletError::from(error).in_field("otp"))?;
        let row = self.resetting().await?.filter(|row| row.state == CODE).ok_or(Code::WrongStep)?;
        let body = Zeroizing::new(serde_json::json!({ "otp": otp.expose("sent to the service that made it") }).to_string());
        let path = format!("/v1/pin-resets/{}/otp", row.reset_id);
        let answer = self.core.call(&self.core.request("POST", path, body.as_bytes().to_vec())?).await?;
        self.take_reset(row, &answer, None).await
    }

    /// Proves the person and chooses the new PIN. Fails with `pin_reset_done` when an earlier try came to its end, or another
    /// phone's: then the PIN of that one counts, and not what was typed now.
    pub async fn pin_reset_finish(&self, proof: PinResetProof) -> Outcome<PinResetView> {
        let typed = Zeroizing::new(proof.pin);
        let mut row = self.resetting().await?.filter(|row| matches!(row.state.as_str(), PROVING | PERSON_PENDING)).ok_or(Code::WrongStep)?;
        let identity = self.core.identity()?;
        let pin = read_pin(&typed)?;
        let phone = self.core.account_row().await?.phone.unwrap_or_default();
        kabao_codes::pin::judge(&pin, local(&phone), None).map_err(|refusal| WalletError::from(refusal.code()).in_field("pin"))?;
        let proof_id = self.core.new_id()?;
        let person = match proof.person.filter(|_| row.needs_person) {
            Some(PersonProof { liveness_nonce: None, .. }) => return Err(WalletError::from(Code::LivenessStale).in_field("liveness_nonce")),
            Some(person) => Some(self.seal_person(person, identity.account_id, proof_id).await?),
            None if row.needs_person && row.state == PROVING => return Err(WalletError::from(Code::EmptyInput).in_field("name")),
            None => None,
        };
        row.proof_id = Some(proof_id);
        self.keep_reset("proof", &row).await?;
        let parts = [
            "kabao-pin-reset-1".to_owned(), row.reset_id.to_string(), proof_id.to_string(), identity.account_id.to_string(),
            identity.device_id.to_string(),
        ];
        let sealed = self.core.seal_reset_pin(&pin, &kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()])).await?;
        drop((pin, typed));
        let mut body = serde_json::json!({ "proof_id": proof_id, "pin_box": sealed });
        if let Some(person) = person {
            body["person"] = person;
        }
        let path = format!("/v1/pin-resets/{}/proof", row.reset_id);
        let answer = self.core.call(&self.core.request("PUT", path, body.to_string().into_bytes())?).await?;
        self.take_reset(row, &answer, Some(proof_id)).await
    }

    /// Asks how it stands: after a lost answer, or while the real name is being checked.
    pub async fn pin_reset_check(&self) -> Outcome<PinResetView> {
        let row = self.resetting().await?.ok_or(Code::WrongStep)?;
        self.ask_reset(&row).await
    }

    /// The reset that is under way on this phone, if one is. Works without network.
    pub async fn pin_reset_standing(&self) -> Outcome<Option<PinResetView>> {
        let Some(row) = self.resetting().await? else { return Ok(None) };
        let state = state_of(&row.state).ok_or(Code::StorageDamaged)?;
        Ok(Some(view(&row, state, None)))
    }

    /// Gives the reset up. A try that is on its way may still win: the account's number is told.
    pub async fn pin_reset_cancel(&self) -> Outcome<()> {
        self.resetting().await?.ok_or(Code::WrongStep)?;
        self.drop_reset("given_up").await
    }

    async fn ask_reset(&self, row: &PinResetRow) -> Outcome<PinResetView> {
        let request: Request = self.core.request("GET", format!("/v1/pin-resets/{}", row.reset_id), Vec::new())?;
        let answer = self.core.call(&request).await?;
        self.take_reset(row.clone(), &answer, None).await
    }

    async fn resetting(&self) -> Outcome<Option<PinResetRow>> {
        self.core.open_files(|files| files.ledger(pin_reset::load)).await
    }

    async fn keep_reset(&self, event: &'static str, row: &PinResetRow) -> Outcome<()> {
        let (now, row) = (self.core.now(), row.clone());
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    pin_reset::save(tx, &row)?;
                    log.append(tx, "pin_reset", event, b"")
                })
            })
            .await
    }

    async fn drop_reset(&self, event: &'static str) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    pin_reset::remove(tx)?;
                    log.append(tx, "pin_reset", event, b"")
                })
            })
            .await
    }

    /// A refusal after which this reset cannot go on is forgotten here; every refusal is the error to tell.
    async fn reset_ended(&self, answer: &Answer) -> Outcome<Option<WalletError>> {
        if (200..300).contains(&answer.status) {
            return Ok(None);
        }
        let error = WalletError::from(answer.refusal());
        let ends = [Code::PinResetDone, Code::IdReused, Code::DeviceRevoked, Code::PinNotSet];
        if ends.into_iter().any(|code| error.is(code)) {
            self.drop_reset("void").await?;
            let _ = refresh_account(&self.core).await;
        }
        Ok(Some(error))
    }

    /// Takes up what the service said. `mine` is the try that this call made.
    async fn take_reset(&self, mut row: PinResetRow, answer: &Answer, mine: Option<Id>) -> Outcome<PinResetView> {
        if let Some(error) = self.reset_ended(answer).await? {
            // A service that knows nothing of it, or whose patience is over, wants another code.
            if error.is(Code::NotFound) || error.is(Code::OtpExpired) {
                row.state = CODE.to_owned();
                self.keep_reset("expired", &row).await?;
                return Err(WalletError::from(Code::OtpExpired).in_field("otp"));
            }
            return Err(error);
        }
        let said: PinReset = answer.parse()?;
        let state = state_of(&said.state).ok_or(Code::AnswerMalformed)?;
        if said.reset_id != row.reset_id || (state == PinResetState::Done && said.done_by.is_none()) {
            return Err(Code::AnswerMalformed.into());
        }
        row.needs_person = said.needs_person;
        let low_until = said.low_until.map(Timestamp::from_ms);
        if state != PinResetState::Done {
            row.state = said.state;
            self.keep_reset("proving", &row).await?;
            return Ok(view(&row, state, low_until));
        }
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    let mut own = account::load(tx)?;
                    own.pin_set = true;
                    account::save(tx, &own)?;
                    pin_reset::remove(tx)?;
                    log.append(tx, "account", "pin_reset", b"")
                })
            })
            .await?;
        // The PIN counts; how the account stands can also be asked later.
        let _ = refresh_account(&self.core).await;
        if mine.is_some() && said.done_by != mine {
            return Err(Code::PinResetDone.into());
        }
        Ok(PinResetView { account: Some(self.view().await?), ..view(&row, state, low_until) })
    }
}

fn view(row: &PinResetRow, state: PinResetState, low_limits_until: Option<Timestamp>) -> PinResetView {
    PinResetView { state, needs_person: row.needs_person, low_limits_until, account: None }
}

fn state_of(name: &str) -> Option<PinResetState> {
    Some(match name {
        CODE => PinResetState::EnterCode,
        PROVING => PinResetState::Proving,
        PERSON_PENDING => PinResetState::PersonPending,
        "done" => PinResetState::Done,
        _ => return None,
    })
}
