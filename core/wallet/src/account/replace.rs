//! This phone in the place of an earlier one: lost, reset, its files or its keys gone.
//!
//! ```text
//! replace_begin → replace_otp → replace_prove ─→ done
//!      ↑ (the same number again: another code)  └→ person_pending → replace_check → replace_prove
//! ```
//! The service judges number, real name and PIN, in this order, and then in one step shuts the earlier phone out, fences
//! what was never handed to a bank and names what was: those payments stand here as *unknown* and are followed.

use super::arrive::{Arrival, itself, read_otp};
use super::register::checked_model;
use super::{AccountClient, OtpSentView, PersonProof, RegisterRequest, ReplaceProof, ReplaceState, ReplaceView, local};
use crate::error::{Outcome, WalletError};
use crate::host::KeyRole;
use crate::intents;
use crate::service::wire::{OpenIntent, OtpSent, Replacement};
use crate::service::Answer;
use crate::shared::{is_of_build, FaceRequest, face_nonce, read_face_nonce, read_id_number, read_phone, read_pin};
use crate::tables::open::store_code;
use crate::tables::replacement::{self, BEGUN, PERSON_PENDING, PROVING, ReplacementRow};
use crate::tables::{account, marks, sign_in};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Pin, Timestamp};
use kabao_codes::Day;
use kabao_proof::{Document, Terms};
use zeroize::Zeroizing;

/// The longest liveness token of a vendor, in bytes.
const TOKEN: usize = 4096;

impl AccountClient {
    /// Asks for a code by SMS to the account's number. The same number again is another code for the same replacement.
    /// Refused with `wrong_step` on a phone that the service knows.
    pub async fn replace_begin(&self, request: RegisterRequest) -> Outcome<OtpSentView> {
        let (phone, model) = (read_phone(&request.phone)?, checked_model(&request.device_model)?);
        // What was signed out on the way is told first, if that works: the old key still signs it.
        let _ = self.finish_sign_out().await;
        if self.core.open_files(|files| files.ledger(|conn| super::is_old_copy(conn, &account::load(conn)?))).await? {
            self.sign_out().await?;
        }
        let keys = self.core.host.keys();
        let keyless = keys.public_key(KeyRole::Device).map_err(store_code)?.is_none();
        let (known, revoked, under_way) = self.core.open_files(|files| files.ledger(standing)).await?;
        // A phone whose device key is gone is no phone of the account any more, whatever its files say.
        if known && !revoked && !keyless && under_way.is_none() {
            return Err(Code::WrongStep.into());
        }
        self.core.require_operator().await?;
        let same = under_way.filter(|row| row.phone == phone && !keyless);
        let fresh = same.is_none();
        let row = match same {
            // The last answer may have been lost, and this phone may be the account's by now.
            Some(row) if row.proof_id.is_some() && self.ask(&row).await.is_ok_and(|view| view.state == ReplaceState::Done) => {
                return Err(Code::WrongStep.into());
            }
            Some(row) => row,
            None => {
                if revoked {
                    self.new_keys()?;
                }
                let row = ReplacementRow {
                    replacement_id: self.core.new_id()?,
                    phone,
                    device_model: model,
                    state: BEGUN.to_owned(),
                    resend_at: None,
                    account_id: None,
                    needs_person: false,
                    needs_pin: false,
                    proof_id: None,
                };
                self.keep("begun", &row).await?;
                row
            }
        };
        self.send_replace_otp(row, fresh).await
    }

    /// Asks for the code, or for another one. `fresh`: it was begun a moment ago; refused then, no code was sent, and nothing waits for one.
    /// One whose id the service knows for something else, as after its account was closed half-way, is left for one with another id.
    pub(super) async fn send_replace_otp(&self, row: ReplacementRow, fresh: bool) -> Outcome<OtpSentView> {
        match self.send_replace(row.clone(), fresh).await {
            Err(error) if !fresh && error.is(Code::IdReused) => {
                let (replacement_id, state) = (self.core.new_id()?, BEGUN.to_owned());
                let anew = ReplacementRow { replacement_id, state, resend_at: None, account_id: None, needs_person: false, needs_pin: false, proof_id: None, ..row };
                self.keep("begun", &anew).await?;
                self.send_replace(anew, true).await
            }
            sent => sent,
        }
    }

    async fn send_replace(&self, mut row: ReplacementRow, fresh: bool) -> Outcome<OtpSentView> {
        self.core.require_operator().await?;
        self.ensure_keys()?;
        let body = serde_json::json!({
            "replacement_id": row.replacement_id,
            "phone": row.phone,
            "device_key": self.key(KeyRole::Device)?,
            "approve_key": self.key(KeyRole::Approve)?,
            "device_model": row.device_model,
        });
        let body = self.naming_own(body).await?;
        let request = itself("POST", "/v1/device-replacements".to_owned(), self.core.with_build(body));
        let answer = self.core.call(&request).await?;
        if let Some(error) = self.gone(&answer).await? {
            if is_of_build(&error) || fresh && answer.is_no() {
                let now = self.core.now();
                let forget = self.core.files(move |files| {
                    files.commit(now, |tx, log| {
                        replacement::remove(tx)?;
                        log.append(tx, "replacement", "refused", b"")
                    })
                });
                forget.await?;
            }
            return Err(error);
        }
        let sent: OtpSent = answer.read()?;
        let resend_at = answer.time.plus_ms(sent.resend_after_ms);
        row.state = BEGUN.to_owned();
        row.resend_at = Some(resend_at.as_ms());
        self.keep("otp_sent", &row).await?;
        Ok(OtpSentView { phone_masked: kabao_base::mask::phone(local(&row.phone)), otp_length: sent.otp_length, resend_at })
    }

    /// Proves that the number is the person's. Gives what else has to be proven.
    pub async fn replace_otp(&self, code: String) -> Outcome<ReplaceView> {
        let otp = read_otp(code)?;
        let row = self.replacing().await?;
        let answer = self.send_typed(format!("/v1/device-replacements/{}/otp", row.replacement_id), &otp).await?;
        self.take(row, &answer).await
    }

    /// What the liveness vendor's library is started with on this phone: bound to this replacement, for a few minutes. Refused with
    /// `wrong_step` where no real name has to be proven.
    pub async fn replace_face_begin(&self) -> Outcome<FaceRequest> {
        let row = self.replacing().await?;
        let path = format!("/v1/device-replacements/{}/liveness-nonces", row.replacement_id);
        face_nonce(&self.core, &itself("POST", path, b"{}".to_vec())).await
    }

    /// Proves the person: real name, then PIN, as the view of `replace_otp` asks for them. A repeat after a lost answer
    /// asks first what became of the last try. Fails with `replace_pin_locked` where `replace_new_pin` leads on.
    pub async fn replace_prove(&self, proof: ReplaceProof) -> Outcome<ReplaceView> {
        let typed = proof.pin.map(Zeroizing::new);
        let mut row = self.replacing().await?;
        if row.state == BEGUN {
            return Err(Code::WrongStep.into());
        }
        if row.proof_id.is_some() || row.state == PERSON_PENDING {
            let view = self.ask(&row).await?;
            if view.state == ReplaceState::Done {
                return Ok(view);
            }
            row = self.replacing().await?;
        }
        let pin = match row.needs_pin {
            true => Some(read_pin(typed.as_ref().map_or("", |typed| typed.as_str()))?),
            false => None,
        };
        let account_id = row.account_id.ok_or(Code::WrongStep)?;
        let proof_id = self.core.new_id()?;
        let person = match proof.person.filter(|_| row.needs_person) {
            Some(person) => Some(self.seal_person(person, account_id, proof_id).await?),
            None if row.needs_person && row.state == PROVING => return Err(WalletError::from(Code::EmptyInput).in_field("name")),
            None => None,
        };
        row.proof_id = Some(proof_id);
        self.keep("proof", &row).await?;
        let pin_box = match pin {
            Some(pin) => Some(self.seal_proof(&pin, &row, account_id, proof_id).await?),
            None => None,
        };
        let body = serde_json::json!({ "proof_id": proof_id, "pin_box": pin_box, "person": person });
        let answer = self.send_proof(&row, body).await?;
        self.take(row, &answer).await
    }

    pub(super) async fn send_proof(&self, row: &ReplacementRow, body: serde_json::Value) -> Outcome<Answer> {
        let path = format!("/v1/device-replacements/{}/proof", row.replacement_id);
        self.core.call(&itself("PUT", path, body.to_string().into_bytes())).await
    }

    /// Asks how it stands: after a lost answer, or while the real name is being checked.
    pub async fn replace_check(&self) -> Outcome<ReplaceView> {
        let row = self.replacing().await?;
        self.ask(&row).await
    }

    async fn ask(&self, row: &ReplacementRow) -> Outcome<ReplaceView> {
        let answer = self.ask_answer(row).await?;
        self.take(row.clone(), &answer).await
    }

    pub(super) async fn ask_answer(&self, row: &ReplacementRow) -> Outcome<Answer> {
        self.core.call(&itself("GET", format!("/v1/device-replacements/{}", row.replacement_id), Vec::new())).await
    }

    pub(super) async fn replacing(&self) -> Outcome<ReplacementRow> {
        let (_, _, row) = self.core.open_files(|files| files.ledger(standing)).await?;
        row.ok_or_else(|| Code::WrongStep.into())
    }

    pub(super) async fn keep(&self, event: &'static str, row: &ReplacementRow) -> Outcome<()> {
        let (now, row) = (self.core.now(), row.clone());
        self.core
            .files(move |files| {
                files.commit(now, |tx, log| {
                    replacement::save(tx, &row)?;
                    sign_in::remove(tx)?;
                    log.append(tx, "replacement", event, b"")
                })
            })
            .await
    }

    /// Forgets a replacement, if one is under way, and that a number was taken.
    pub(super) async fn forget_replacement(&self) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .files(move |files| {
                let (row, taken) = files.ledger(|conn| Ok((replacement::load(conn)?, marks::get(conn, marks::PHONE_TAKEN)?)))?;
                if row.is_none() && taken.is_none() {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    replacement::remove(tx)?;
                    marks::remove(tx, marks::PHONE_TAKEN)?;
                    log.append(tx, "replacement", "left", b"")
                })
            })
            .await
    }

    /// An answer after which this replacement cannot go on: what is left of it here, and the error to tell.
    async fn gone(&self, answer: &Answer) -> Outcome<Option<WalletError>> {
        if (200..300).contains(&answer.status) {
            return Ok(None);
        }
        let error = WalletError::from(answer.refusal());
        if error.is(Code::AccountClosed) {
            self.core.note_closed(None).await;
        }
        let overtaken = error.is(Code::ReplaceOvertaken) || error.is(Code::DeviceRevoked);
        if overtaken || error.is(Code::PhoneUnknown) || error.is(Code::AccountClosed) {
            let (now, taken) = (self.core.now(), overtaken);
            self.core
                .files(move |files| {
                    files.commit(now, |tx, log| {
                        replacement::remove(tx)?;
                        if taken {
                            marks::set(tx, marks::PHONE_TAKEN, "yes")?;
                        }
                        log.append(tx, "replacement", "void", b"")
                    })
                })
                .await?;
        }
        Ok(Some(error))
    }

    /// Takes up what the service said.
    pub(super) async fn take(&self, mut row: ReplacementRow, answer: &Answer) -> Outcome<ReplaceView> {
        if let Some(error) = self.gone(answer).await? {
            // A service that forgot the code, or whose patience is over, wants another code.
            if error.is(Code::OtpExpired) || error.is(Code::NotFound) {
                row.state = BEGUN.to_owned();
                self.keep("expired", &row).await?;
                return Err(WalletError::from(Code::OtpExpired).in_field("otp"));
            }
            return Err(error);
        }
        let said: Replacement = answer.parse()?;
        if row.account_id.is_some_and(|known| known != said.account_id) {
            return Err(Code::AnswerMalformed.into());
        }
        let state = match said.state.as_str() {
            "done" => return self.finish(row, said).await,
            "person_pending" => ReplaceState::PersonPending,
            "proving" => ReplaceState::Proving,
            _ => return Err(Code::AnswerMalformed.into()),
        };
        let own = self.core.account_row().await?.account_id;
        if own.is_some_and(|own| own != said.account_id) {
            return Err(WalletError::from(Code::AccountOther).in_field("phone"));
        }
        row.state = if state == ReplaceState::PersonPending { PERSON_PENDING } else { PROVING }.to_owned();
        (row.account_id, row.needs_person, row.needs_pin) = (Some(said.account_id), said.needs_person, said.needs_pin);
        self.keep("proving", &row).await?;
        Ok(ReplaceView {
            state,
            needs_person: row.needs_person,
            needs_pin: row.needs_pin,
            open_payments: 0,
            low_limits_until: None,
            account: None,
        })
    }

    /// This phone is the account's: who it is and what it has to follow come in one commit.
    async fn finish(&self, row: ReplacementRow, said: Replacement) -> Outcome<ReplaceView> {
        let device_id = said.device_id.ok_or(Code::AnswerMalformed)?;
        let open = said.open.iter().map(|open| read_open(open, said.account_id)).collect::<Outcome<Vec<_>>>()?;
        let count = u32::try_from(open.len()).unwrap_or(u32::MAX);
        let (now, clock, epoch, secrets) = (self.core.now(), self.core.clock.mark(), self.core.client.epoch(), self.core.host.secrets());
        let (phone, device_model) = (row.phone, row.device_model);
        let arrival = Arrival { account_id: said.account_id, device_id, phone, device_model, pin_set: said.pin_set, verified: said.verified };
        let who = self.core.who();
        self.core
            .files(move |files| {
                let taken = files.commit(now, |tx, log| {
                    let own = arrival.take(tx, clock)?;
                    replacement::remove(tx)?;
                    for (terms, payee_name, at) in open {
                        intents::adopt(tx, log, terms, payee_name, at, epoch)?;
                    }
                    log.append(tx, "account", "device_replaced", b"")?;
                    Ok(own)
                })?;
                who.set(&taken);
                files.anchor(secrets.as_ref())
            })
            .await?;
        let account = self.arrived().await?;
        Ok(ReplaceView {
            state: ReplaceState::Done,
            needs_person: false,
            needs_pin: false,
            open_payments: count,
            low_limits_until: said.low_until.map(Timestamp::from_ms),
            account: Some(account),
        })
    }

    /// Judges name and number here, and seals the number for the identity check.
    pub(super) async fn seal_person(&self, person: PersonProof, account_id: Id, proof_id: Id) -> Outcome<serde_json::Value> {
        let number = Zeroizing::new(person.id_number);
        let name = kabao_codes::names::read(&person.name).map_err(|error| WalletError::from(error.code()).in_field("name"))?;
        let today = Day::in_china(self.core.now()).ok_or(Code::Internal)?;
        let number = read_id_number(&number, today)?;
        let token = person.liveness_token;
        let wrong = match token.as_str() {
            "" => Some(Code::EmptyInput),
            token if token.len() > TOKEN => Some(Code::InputTooLong),
            token if !token.bytes().all(|byte| byte.is_ascii_graphic()) => Some(Code::HiddenCharacter),
            _ => None,
        };
        if let Some(code) = wrong {
            return Err(WalletError::from(code).in_field("liveness_token"));
        }
        let nonce = read_face_nonce(person.liveness_nonce.as_deref())?;
        let sealed = self.core.seal_id_of(account_id, &number, proof_id).await?;
        let mut body = serde_json::json!({ "name": name.as_str(), "id_box": sealed, "liveness_token": token });
        if let Some(nonce) = nonce {
            body["liveness_nonce"] = nonce.to_string().into();
        }
        Ok(body)
    }

    /// The PIN in a box that fits this phone's keys, this account and this try.
    async fn seal_proof(&self, pin: &Pin, row: &ReplacementRow, account_id: Id, proof_id: Id) -> Outcome<kabao_proof::SealedBox> {
        let parts = [
            "kabao-replace-1".to_owned(), row.replacement_id.to_string(), proof_id.to_string(), account_id.to_string(),
            self.key(KeyRole::Device)?, self.key(KeyRole::Approve)?, row.device_model.clone(),
        ];
        let digest = kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()]);
        self.core.seal_pin(pin, &digest).await
    }
}

/// Whether this phone has an account, whether it is shut out, and the replacement under way.
fn standing(conn: &rusqlite::Connection) -> Outcome<(bool, bool, Option<ReplacementRow>)> {
    let row = account::load(conn)?;
    let revoked = row.device_id.is_some() && marks::get(conn, marks::REVOKED)? == row.device_id.map(|id| id.to_string());
    // Signed out is shut out as well: the keys are made anew.
    let revoked = revoked || row.account_id.is_some() && row.device_id.is_none();
    Ok((row.account_id.is_some(), revoked, replacement::load(conn)?))
}

/// The terms of a payment of the earlier phone, which have to be of this account.
fn read_open(open: &OpenIntent, account_id: Id) -> Outcome<(Terms, Option<String>, Timestamp)> {
    let bytes = URL_SAFE_NO_PAD.decode(&open.terms).map_err(|_| Code::AnswerMalformed)?;
    let terms = Terms::decode(&bytes).map_err(|_| Code::AnswerMalformed)?;
    if terms.account_id != account_id {
        return Err(Code::AnswerMalformed.into());
    }
    let name = Some(open.payee_name.clone()).filter(|name| !name.is_empty());
    Ok((terms, name, Timestamp::from_ms(open.created_at)))
}
