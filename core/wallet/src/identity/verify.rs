//! Step two: the check itself, the first one and those that renew it. A renewal has a row of its own, so that the account
//! stays as it is until the new check passes.

use super::form::{check_token, guardian_code};
use super::types::VerifyRequest;
use super::IdentityClient;
use crate::error::{Outcome, WalletError};
use crate::service::{Answer, wire};
use crate::shared::{FACE, FaceRequest, OF_A_CHECK, REAL_NAME, VerificationView, face_nonce, hear_consent, know_time, need_consent, read_face_nonce, refresh_account};
use crate::tables::account::AccountRow;
use crate::tables::consents;
use crate::tables::recheck::{self, RecheckRow};
use kabao_base::{Code, Id, IdNumber, Timestamp};
use kabao_money::limits::AccountClass;
use kabao_money::verification::{VerificationEvent, VerificationState, step};
use zeroize::Zeroize;

/// Which check is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The one that opens the account.
    First,
    /// A later one.
    Renewal,
}

/// A form whose number is wiped when it was read, or when nobody waits any more.
struct Typed(VerifyRequest);

impl Typed {
    fn wipe(&mut self) {
        self.0.id_number.zeroize();
        self.0.mrz.zeroize();
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl IdentityClient {
    /// What the liveness vendor's library is started with. The picture stays in that library: this wallet never sees one.
    ///
    /// # Errors
    /// `consent_missing`, `consent_version` (field `face`): the person has not consented to the face check, or to an earlier text.
    pub async fn face_begin(&self) -> Outcome<FaceRequest> {
        need_consent(&self.core, FACE).await?;
        let request = self.core.request("POST", "/v1/liveness-nonces".to_owned(), b"{}".to_vec())?;
        let made = face_nonce(&self.core, &request).await;
        if let Err(error) = &made {
            hear_consent(&self.core, error).await?;
        }
        made
    }

    /// Judges the form here, then has it checked. The state `pending` is an answer: ask again with `check`. A verified
    /// person does this again when `view` says that it is due; until the new check passes nothing changes.
    pub async fn verify(&self, request: VerifyRequest) -> Outcome<VerificationView> {
        let mut typed = Typed(request);
        know_time(&self.core).await?;
        let read = self.read(&typed.0);
        typed.wipe();
        let (request, (paper, today)) = (&typed.0, read?);
        check_token(&request.liveness_token)?;
        let guardian = guardian_code(&paper, today, request.guardian_code.as_deref())?;
        let nonce = read_face_nonce(request.liveness_nonce.as_deref())?;
        for document in OF_A_CHECK {
            need_consent(&self.core, document).await?;
        }
        let consent_id = need_consent(&self.core, REAL_NAME).await?;
        let row = self.core.account_row().await?;
        let which = if row.verification_state.as_deref() == Some("passed") { Which::Renewal } else { Which::First };
        let id = self.begin(which, &row).await?;
        let sealed = self.core.seal_id(&IdNumber::new(paper.sealed_text().to_string()), id).await?;
        let mut body = serde_json::json!({
            "name": paper.name.as_str(),
            "id_box": sealed,
            "liveness_token": &request.liveness_token,
            "consent_id": consent_id,
            "document": paper.kind.as_str(),
        });
        drop(paper);
        for (field, value) in [("liveness_nonce", nonce.map(|nonce| nonce.to_string())), ("guardian_code", guardian)] {
            if let Some(value) = value {
                body[field] = value.into();
            }
        }
        let request = self.core.request("PUT", format!("/v1/verifications/{id}"), body.to_string().into_bytes())?;
        self.hear(which, id, self.core.call(&request).await).await
    }

    /// The id of a new check, stored before it is used.
    async fn begin(&self, which: Which, row: &AccountRow) -> Outcome<Id> {
        let known = self.core.open_files(|files| files.ledger(recheck::load)).await?;
        let before = match which {
            Which::First => state(row),
            Which::Renewal => known.as_ref().map_or(VerificationState::NotStarted, renewal_state),
        };
        // One that passed or was rejected for good makes room for the next; the service counts the tries.
        let before = match (which, before) {
            (Which::Renewal, VerificationState::Passed { .. } | VerificationState::Rejected { .. }) => VerificationState::NotStarted,
            (_, before) => before,
        };
        let next = step(&before, &VerificationEvent::Submit).map_err(|_| Code::WrongStep)?;
        let (id, word, now) = (self.core.new_id()?, next.state.as_str().to_owned(), self.core.now());
        match which {
            Which::First => {
                self.core
                    .change_account("verification", move |row| {
                        row.verification_id = Some(id);
                        row.verification_state = Some(word);
                        row.verification_code = None;
                    })
                    .await?;
            }
            Which::Renewal => {
                let row = RecheckRow { verification_id: id, state: word, code: None, retriable: false };
                self.core
                    .open_files(move |files| {
                        files.commit(now, |tx, log| {
                            recheck::save(tx, &row)?;
                            log.append(tx, "account", "verification_again", b"")
                        })
                    })
                    .await?;
            }
        }
        Ok(id)
    }

    /// Asks how a check that is under way stands.
    pub async fn check(&self) -> Outcome<VerificationView> {
        let row = self.core.account_row().await?;
        let renewal = self.core.open_files(|files| files.ledger(recheck::load)).await?;
        let open = renewal.filter(|row| matches!(row.state.as_str(), "submitted" | "pending"));
        let (which, id) = match open {
            Some(renewal) => (Which::Renewal, renewal.verification_id),
            None => (Which::First, row.verification_id.ok_or(Code::WrongStep)?),
        };
        let waits = which == Which::Renewal || matches!(row.verification_state.as_deref(), Some("submitted" | "pending"));
        // Withdrawn: nothing more is asked under it.
        if waits && let Some(document) = self.core.open_files(|files| files.ledger(stopped)).await? {
            return Err(WalletError::from(Code::ConsentMissing).in_field(document));
        }
        let request = self.core.request("GET", format!("/v1/verifications/{id}"), Vec::new())?;
        self.hear(which, id, self.core.call(&request).await).await
    }

    /// Takes up what the service said, or that it said nothing, and gives how the check stands.
    async fn hear(&self, which: Which, id: Id, answer: Outcome<Answer>) -> Outcome<VerificationView> {
        let (event, said, refused) = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => {
                let said: wire::Verification = answer.parse()?;
                (event_of(&said)?, Some(said), None)
            }
            // Signed, and nothing was judged: typing again is the way on.
            Ok(answer) if answer.status < 500 || is_maintenance(&answer) => (VerificationEvent::NotFound, None, Some(told(&answer))),
            Ok(answer) => (VerificationEvent::NoAnswer, None, Some(told(&answer))),
            Err(error) => (VerificationEvent::NoAnswer, None, Some(error)),
        };
        let view = match which {
            Which::First => VerificationView::of(&self.hear_first(id, event, said.clone()).await?, said.as_ref()),
            Which::Renewal => self.hear_renewal(id, event, said).await?,
        };
        match refused {
            Some(error) => {
                hear_consent(&self.core, &error).await?;
                Err(error)
            }
            None => {
                // The class changes limits and ways to pay; how they stand now can also be asked later.
                let _ = refresh_account(&self.core).await;
                Ok(view)
            }
        }
    }

    async fn hear_first(&self, id: Id, event: VerificationEvent, said: Option<wire::Verification>) -> Outcome<AccountRow> {
        self.core
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
            .await
    }

    async fn hear_renewal(&self, id: Id, event: VerificationEvent, said: Option<wire::Verification>) -> Outcome<VerificationView> {
        let (now, heard) = (self.core.now(), said.clone());
        let row = self
            .core
            .files(move |files| {
                files.commit(now, |tx, log| {
                    let Some(mut row) = recheck::load(tx)?.filter(|row| row.verification_id == id) else { return Ok(None) };
                    let Ok(next) = step(&renewal_state(&row), &event) else { return Ok(Some(row)) };
                    row.state = next.state.as_str().to_owned();
                    if let Some(said) = said {
                        row.code = said.code;
                        row.retriable = said.retriable.unwrap_or(false);
                    }
                    match row.state.as_str() {
                        // It never arrived, or it is done: how the person stands is the account's row to say.
                        "not_started" | "passed" => recheck::remove(tx)?,
                        _ => recheck::save(tx, &row)?,
                    }
                    log.append(tx, "account", "verification_again_heard", b"")?;
                    Ok(Some(row))
                })
            })
            .await?;
        let account = self.core.account_row().await?;
        Ok(renewal_view(row.as_ref(), &account, heard.as_ref()))
    }
}

/// A renewal as the person sees it.
pub(super) fn renewal_view(row: Option<&RecheckRow>, account: &AccountRow, said: Option<&wire::Verification>) -> VerificationView {
    let state = row.map_or("none", |row| row.state.as_str());
    VerificationView {
        state: if state == "not_started" { "none".to_owned() } else { state.to_owned() },
        code: row.and_then(|row| row.code.clone()),
        retriable: row.is_some_and(|row| row.retriable),
        account_class: account.class,
        name_masked: said.and_then(|said| said.name_masked.clone()),
        id_masked: said.and_then(|said| said.id_masked.clone()),
        attempts_left: said.and_then(|said| said.attempts_left),
        review_by: said.and_then(|said| said.review_by).map(Timestamp::from_ms),
    }
}

/// The document of a check that the person took back.
fn stopped(conn: &rusqlite::Connection) -> Outcome<Option<&'static str>> {
    for document in OF_A_CHECK {
        if consents::taken_back(conn, document)? {
            return Ok(Some(document));
        }
    }
    Ok(None)
}

fn told(answer: &Answer) -> WalletError {
    answer.refusal().into()
}

fn is_maintenance(answer: &Answer) -> bool {
    told(answer).is(Code::VendorMaintenance)
}

fn state(row: &AccountRow) -> VerificationState {
    let class = class(row.class);
    parsed(row.verification_state.as_deref(), row.verification_code.as_deref(), row.verification_retriable, class)
}

fn renewal_state(row: &RecheckRow) -> VerificationState {
    parsed(Some(&row.state), row.code.as_deref(), row.retriable, AccountClass::I)
}

fn parsed(state: Option<&str>, code: Option<&str>, retriable: bool, account_class: AccountClass) -> VerificationState {
    match state {
        Some("submitted") => VerificationState::Submitted,
        Some("pending") => VerificationState::Pending,
        Some("passed") => VerificationState::Passed { account_class },
        Some("rejected") => VerificationState::Rejected { code: code.unwrap_or_default().to_owned(), retriable },
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
