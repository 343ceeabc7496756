//! The real name: consent, then name, number and liveness. The service decides the class of the account.
//!
//! ```text
//! consent_text → consent → verify ─→ passed (class I, II, III)
//!                             │  └─→ rejected (again, or support)
//!                             └────→ pending → check → …   the vendor's silence is no rejection
//! ```

use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::{Core, VerificationView, refresh_account};
use crate::tables::account::{self, AccountRow};
use kabao_base::{Code, Id};
use kabao_codes::Day;
use kabao_money::limits::AccountClass;
use kabao_money::verification::{VerificationEvent, VerificationState, step};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The longest liveness token of a vendor, in bytes.
const TOKEN: usize = 4096;

/// What the person consents to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsentView {
    /// The text that is meant: `real_name`.
    pub document: String,
    /// The version that is consented to; another one needs another consent.
    pub version: String,
}

/// What the check needs.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct VerifyRequest {
    /// The name as on the document.
    pub name: String,
    /// The resident number, 18 or 15 characters. Sealed for one process of the service; not kept here.
    pub id_number: String,
    /// What the liveness vendor's library gave; passed on as it is.
    pub liveness_token: String,
}

impl std::fmt::Debug for VerifyRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VerifyRequest(…)")
    }
}

/// The real-name check.
#[derive(Clone)]
pub struct IdentityClient {
    core: Arc<Core>,
}

impl IdentityClient {
    pub(crate) fn new(core: Arc<Core>) -> IdentityClient {
        IdentityClient { core }
    }

    /// The version of the text that the person has to see.
    pub async fn consent_text(&self) -> Outcome<ConsentView> {
        let request = self.core.request("GET", "/v1/consents/real_name".to_owned(), Vec::new())?;
        let consent: wire::Consent = self.core.call(&request).await?.read()?;
        Ok(ConsentView { document: consent.document, version: consent.version })
    }

    /// The person consents to that version. Kept on the phone with its moment.
    pub async fn consent(&self, version: String) -> Outcome<()> {
        if version.is_empty() || version.len() > 64 {
            return Err(WalletError::from(Code::ConsentVersion).in_field("version"));
        }
        let row = self.core.account_row().await?;
        // The id is stored before it is used; a repeat after a lost answer is the same consent.
        let id = match row.consent_id.filter(|_| row.consent_version.is_none()) {
            Some(id) => id,
            None => {
                let id = self.core.new_id()?;
                self.core
                    .change_account("consent_begun", move |row| {
                        row.consent_id = Some(id);
                        row.consent_version = None;
                    })
                    .await?;
                id
            }
        };
        let body = serde_json::json!({ "consent_id": id, "document": "real_name", "version": version });
        let request = self.core.request("POST", "/v1/consents".to_owned(), body.to_string().into_bytes())?;
        let answer = self.core.call(&request).await?;
        answer.accepted()?;
        let at = answer.time;
        let kept = version.clone();
        self.core
            .open_files(move |files| {
                files.commit(at, |tx, log| {
                    account::add_consent(tx, id, "real_name", &kept, at)?;
                    log.append(tx, "account", "consent", b"")
                })
            })
            .await?;
        self.core.change_account("consented", move |row| row.consent_version = Some(version)).await?;
        Ok(())
    }

    /// Judges name and number here, then has them checked. *Pending* is an answer: ask again with `check`.
    pub async fn verify(&self, request: VerifyRequest) -> Outcome<VerificationView> {
        let (name, number) = (request.name, Zeroizing::new(request.id_number));
        let name = kabao_codes::names::read(&name).map_err(|error| WalletError::from(error.code()).in_field("name"))?;
        let today = Day::in_china(self.core.now()).ok_or(Code::Internal)?;
        let resident = kabao_codes::identity::read_resident(&number, today)
            .map_err(|error| WalletError::from(error.code()).in_field("id_number"))?;
        let id_number = resident.normalised;
        check_token(&request.liveness_token)?;
        let row = self.core.account_row().await?;
        let consent_id = row.consent_id.filter(|_| row.consent_version.is_some()).ok_or(Code::ConsentMissing)?;
        let next = step(&state(&row), &VerificationEvent::Submit).map_err(|_| Code::WrongStep)?;
        let id = self.core.new_id()?;
        let word = next.state.as_str().to_owned();
        self.core
            .change_account("verification", move |row| {
                row.verification_id = Some(id);
                row.verification_state = Some(word);
                row.verification_code = None;
            })
            .await?;
        let sealed = self.core.seal_id(&id_number, id).await?;
        drop(id_number);
        let body = serde_json::json!({
            "name": name.as_str(),
            "id_box": sealed,
            "liveness_token": request.liveness_token,
            "consent_id": consent_id,
        });
        let request = self.core.request("PUT", format!("/v1/verifications/{id}"), body.to_string().into_bytes())?;
        self.hear(id, self.core.call(&request).await).await
    }

    /// Asks how a pending check stands.
    pub async fn check(&self) -> Outcome<VerificationView> {
        let row = self.core.account_row().await?;
        let id = row.verification_id.ok_or(Code::WrongStep)?;
        let request = self.core.request("GET", format!("/v1/verifications/{id}"), Vec::new())?;
        self.hear(id, self.core.call(&request).await).await
    }

    /// Takes up what the service said, or that it said nothing, and gives how the check stands.
    async fn hear(&self, id: Id, answer: Outcome<crate::service::Answer>) -> Outcome<VerificationView> {
        let (event, said, refused) = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => {
                let said: wire::Verification = answer.parse()?;
                (event_of(&said)?, Some(said), None)
            }
            Ok(answer) if answer.status == 404 => (VerificationEvent::NotFound, None, Some(answer.refusal().into())),
            // Signed and refused before any check began: typing again is the way on.
            Ok(answer) if answer.status < 500 => (VerificationEvent::NotFound, None, Some(answer.refusal().into())),
            Ok(answer) => (VerificationEvent::NoAnswer, None, Some(answer.refusal().into())),
            Err(error) => (VerificationEvent::NoAnswer, None, Some(error)),
        };
        let row = self
            .core
            .change_account("verification_heard", move |row| {
                if row.verification_id != Some(id) {
                    return;
                }
                // An event that the state does not take says nothing new.
                let Ok(next) = step(&state(row), &event) else { return };
                row.verification_state = match next.state {
                    VerificationState::NotStarted => None,
                    ref other => Some(other.as_str().to_owned()),
                };
                if let Some(said) = said {
                    row.verification_code = said.code;
                    row.verification_retriable = said.retriable.unwrap_or(false);
                    row.class = said.class.unwrap_or(row.class);
                    row.name_masked = said.name_masked;
                    row.id_masked = said.id_masked;
                }
            })
            .await?;
        match refused {
            Some(error) => Err(error),
            None => {
                // The class changes limits and ways to pay; how they stand now can also be asked later.
                let _ = refresh_account(&self.core).await;
                Ok(VerificationView::of(&row))
            }
        }
    }
}

fn check_token(token: &str) -> Outcome<()> {
    let code = match token {
        "" => Code::EmptyInput,
        token if token.len() > TOKEN => Code::InputTooLong,
        token if !token.bytes().all(|byte| byte.is_ascii_graphic()) => Code::HiddenCharacter,
        _ => return Ok(()),
    };
    Err(WalletError::from(code).in_field("liveness_token"))
}

fn state(row: &AccountRow) -> VerificationState {
    match row.verification_state.as_deref() {
        Some("submitted") => VerificationState::Submitted,
        Some("pending") => VerificationState::Pending,
        Some("passed") => VerificationState::Passed { account_class: class(row.class) },
        Some("rejected") => VerificationState::Rejected {
            code: row.verification_code.clone().unwrap_or_default(),
            retriable: row.verification_retriable,
        },
        _ => VerificationState::NotStarted,
    }
}

fn class(number: u8) -> AccountClass {
    match number {
        3 => AccountClass::III,
        2 => AccountClass::II,
        _ => AccountClass::I,
    }
}

fn event_of(said: &wire::Verification) -> Outcome<VerificationEvent> {
    match said.state.as_str() {
        "passed" => Ok(VerificationEvent::Passed { account_class: class(said.class.unwrap_or(0)) }),
        "rejected" => Ok(VerificationEvent::Rejected {
            code: said.code.clone().unwrap_or_default(),
            retriable: said.retriable.unwrap_or(false),
        }),
        "pending" => Ok(VerificationEvent::Pending),
        _ => Err(Code::AnswerMalformed.into()),
    }
}
