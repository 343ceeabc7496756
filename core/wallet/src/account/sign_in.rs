//! This phone beside the account's others: signed in for the first time, or again after it was signed out.
//!
//! ```text
//! sign_in_begin → sign_in_otp → sign_in_prove ─→ done
//!      ↑ (the same number again: another code)
//! ```
//! No other phone is shut out. Who cannot prove password or PIN goes the way of `replace_begin` (real name).

use super::arrive::{Arrival, itself, read_otp};
use super::factor::read_factor;
use super::password::{check_typed, proof_digest};
use super::register::checked_model;
use super::{AccountClient, OtpSentView, SignInProof, SignInRequest, SignInView, local};
use crate::error::{Outcome, WalletError};
use crate::host::KeyRole;
use crate::service::wire::{OtpSent, SignIn};
use crate::service::Answer;
use crate::shared::{is_of_build, read_phone, read_pin};
use crate::tables::open::store_code;
use crate::tables::sign_in::{self, BEGUN, PROVING, SignInRow};
use crate::tables::{account, marks, replacement};
use kabao_base::{Code, Id, Password, Timestamp};
use zeroize::Zeroizing;

impl AccountClient {
    /// Asks for a code by SMS to the account's number. The same number again is another code for the same sign-in. Refused with
    /// `wrong_step` on a phone that is signed in, with `phone_unknown` for a number without an account.
    pub async fn sign_in_begin(&self, request: SignInRequest) -> Outcome<OtpSentView> {
        let (phone, model) = (read_phone(&request.phone)?, checked_model(&request.device_model)?);
        // What was signed out on the way is told first: the old key still signs that.
        self.finish_sign_out().await?;
        let keys = self.core.host.keys();
        let keyless = keys.public_key(KeyRole::Device).map_err(store_code)?.is_none();
        let mut standing = self.core.open_files(|files| files.ledger(standing)).await?;
        if standing.old_copy {
            // What an old copy knows of this phone ends here; with new keys it begins anew.
            self.sign_out().await?;
            (standing.signed_out, standing.has_device) = (true, false);
        }
        let shut_out = standing.revoked || standing.signed_out;
        if standing.has_device && !shut_out && !keyless && standing.under_way.is_none() {
            return Err(Code::WrongStep.into());
        }
        self.core.require_operator().await?;
        let same = standing.under_way.filter(|row| row.phone == phone && !keyless);
        let fresh = same.is_none();
        let row = match same {
            // The last answer may have been lost, and this phone may be signed in by now.
            Some(row) if row.proof_id.is_some() && self.ask_sign_in(&row).await.is_ok_and(|view| view.done) => {
                return Err(Code::WrongStep.into());
            }
            Some(row) => row,
            None => {
                if shut_out {
                    self.new_keys()?;
                }
                let row = SignInRow {
                    sign_in_id: self.core.new_id()?,
                    phone,
                    device_model: model,
                    form: request.form.name().to_owned(),
                    state: BEGUN.to_owned(),
                    account_id: None,
                    needs_password: false,
                    needs_pin: false,
                    needs_factor: false,
                    proof_id: None,
                };
                self.keep_sign_in("begun", &row).await?;
                row
            }
        };
        self.send_sign_in_otp(row, fresh).await
    }

    /// Asks for the code, or for another one. `fresh`: it was begun a moment ago; refused then, no code was sent, and nothing waits for one.
    /// One whose id the service knows for something else, as after its account was closed half-way, is left: another one with an id
    /// of its own takes its place.
    pub(super) async fn send_sign_in_otp(&self, row: SignInRow, fresh: bool) -> Outcome<OtpSentView> {
        match self.send_sign_in(row.clone(), fresh).await {
            Err(error) if !fresh && error.is(Code::IdReused) => {
                let sign_in_id = self.core.new_id()?;
                let anew = SignInRow {
                    sign_in_id, state: BEGUN.to_owned(), account_id: None, needs_password: false, needs_pin: false, needs_factor: false, proof_id: None, ..row
                };
                self.keep_sign_in("begun", &anew).await?;
                self.send_sign_in(anew, true).await
            }
            sent => sent,
        }
    }

    async fn send_sign_in(&self, mut row: SignInRow, fresh: bool) -> Outcome<OtpSentView> {
        self.core.require_operator().await?;
        self.ensure_keys()?;
        let body = serde_json::json!({
            "sign_in_id": row.sign_in_id,
            "phone": row.phone,
            "device_key": self.key(KeyRole::Device)?,
            "approve_key": self.key(KeyRole::Approve)?,
            "device_model": row.device_model,
            "form": row.form,
        });
        let body = self.naming_own(body).await?;
        let answer = self.core.call(&itself("POST", "/v1/sign-ins".to_owned(), self.core.with_build(body))).await?;
        if let Some(error) = self.sign_in_gone(&answer).await? {
            if is_of_build(&error) || fresh && answer.is_no() {
                let now = self.core.now();
                let forget = self.core.files(move |files| {
                    files.commit(now, |tx, log| {
                        sign_in::remove(tx)?;
                        log.append(tx, "sign_in", "refused", b"")
                    })
                });
                forget.await?;
            }
            return Err(error);
        }
        let sent: OtpSent = answer.read()?;
        row.state = BEGUN.to_owned();
        self.keep_sign_in("otp_sent", &row).await?;
        let resend_at = answer.time.plus_ms(sent.resend_after_ms);
        Ok(OtpSentView { phone_masked: kabao_base::mask::phone(local(&row.phone)), otp_length: sent.otp_length, resend_at })
    }

    /// Proves that the number is the person's. Gives what else has to be proven.
    pub async fn sign_in_otp(&self, code: String) -> Outcome<SignInView> {
        let otp = read_otp(code)?;
        let row = self.signing_in().await?;
        let answer = self.send_typed(format!("/v1/sign-ins/{}/otp", row.sign_in_id), &otp).await?;
        self.take_sign_in(row, &answer).await
    }

    /// Proves the person, as the view of `sign_in_otp` asks: password or PIN, and a code of the second factor. A password that was
    /// right is not asked for again when the code was wrong. A repeat after a lost answer asks first what became of the last try.
    pub async fn sign_in_prove(&self, proof: SignInProof) -> Outcome<SignInView> {
        let password = proof.password.map(Password::new);
        let (pin, code) = (proof.pin.map(Zeroizing::new), proof.factor_code.map(Zeroizing::new));
        let mut row = self.signing_in().await?;
        if row.state == BEGUN {
            return Err(Code::WrongStep.into());
        }
        if row.proof_id.is_some() {
            let view = self.ask_sign_in(&row).await?;
            if view.done {
                return Ok(view);
            }
            row = self.signing_in().await?;
        }
        let account_id = row.account_id.ok_or(Code::WrongStep)?;
        let missing = |field: &str| WalletError::from(Code::EmptyInput).in_field(field);
        let password = match password.filter(|_| row.needs_password) {
            Some(password) => {
                check_typed(&password, "password")?;
                Some(password)
            }
            None if row.needs_password => return Err(missing("password")),
            None => None,
        };
        let pin = match row.needs_pin {
            true => Some(read_pin(pin.as_ref().map_or("", |pin| pin.as_str()))?),
            false => None,
        };
        let code = match code.filter(|_| row.needs_factor) {
            Some(code) => Some(read_factor(code.to_string())?),
            None if row.needs_factor => return Err(missing("factor")),
            None => None,
        };
        let proof_id = self.core.new_id()?;
        row.proof_id = Some(proof_id);
        self.keep_sign_in("proof", &row).await?;
        let (mut password_box, mut pin_box, mut factor_box) = (None, None, None);
        if let Some(password) = &password {
            password_box = Some(self.core.seal_password(password, &self.bound_to(&row, "password", account_id, proof_id)?).await?);
        }
        if let Some(pin) = &pin {
            pin_box = Some(self.core.seal_pin(pin, &self.bound_to(&row, "pin", account_id, proof_id)?).await?);
        }
        if let Some(code) = &code {
            factor_box = Some(self.core.seal_factor(code, &self.bound_to(&row, "factor", account_id, proof_id)?).await?);
        }
        let body = serde_json::json!({ "proof_id": proof_id, "password_box": password_box, "pin_box": pin_box, "factor_box": factor_box });
        let path = format!("/v1/sign-ins/{}/proof", row.sign_in_id);
        let answer = self.core.call(&itself("PUT", path, body.to_string().into_bytes())).await?;
        if answer.status == 400 && matches!(answer.refusal().field.as_deref(), Some("password_box" | "pin_box")) {
            // The password was changed meanwhile: what was right before has to be proven anew.
            return self.ask_sign_in(&row).await;
        }
        if answer.refusal().field.as_deref() == Some("factor") && row.needs_password | row.needs_pin {
            // Password or PIN were right: only the code has to be typed again.
            (row.needs_password, row.needs_pin) = (false, false);
            self.keep_sign_in("secret", &row).await?;
        }
        self.take_sign_in(row, &answer).await
    }

    /// Asks how it stands: after a lost answer.
    pub async fn sign_in_check(&self) -> Outcome<SignInView> {
        let row = self.signing_in().await?;
        self.ask_sign_in(&row).await
    }

    async fn ask_sign_in(&self, row: &SignInRow) -> Outcome<SignInView> {
        let answer = self.core.call(&itself("GET", format!("/v1/sign-ins/{}", row.sign_in_id), Vec::new())).await?;
        self.take_sign_in(row.clone(), &answer).await
    }

    async fn signing_in(&self) -> Outcome<SignInRow> {
        self.core.open_files(|files| files.ledger(sign_in::load)).await?.ok_or_else(|| Code::WrongStep.into())
    }

    async fn keep_sign_in(&self, event: &'static str, row: &SignInRow) -> Outcome<()> {
        let (now, row) = (self.core.now(), row.clone());
        self.core
            .files(move |files| {
                files.commit(now, |tx, log| {
                    sign_in::save(tx, &row)?;
                    // One way at a time: what was begun before is left.
                    replacement::remove(tx)?;
                    log.append(tx, "sign_in", event, b"")
                })
            })
            .await
    }

    /// An answer after which this sign-in cannot go on: what is left of it here, and the error to tell.
    async fn sign_in_gone(&self, answer: &Answer) -> Outcome<Option<WalletError>> {
        if (200..300).contains(&answer.status) {
            return Ok(None);
        }
        let error = WalletError::from(answer.refusal());
        if error.is(Code::AccountClosed) {
            self.core.note_closed(None).await;
        }
        let over = [Code::AccountClosed, Code::ReplaceOvertaken, Code::DeviceRevoked, Code::SignedOut, Code::PhoneUnknown, Code::SignInByReplacing, Code::IdReused];
        if let Some(code) = over.into_iter().find(|code| error.is(*code)) {
            let now = self.core.now();
            self.core
                .files(move |files| {
                    files.commit(now, |tx, log| {
                        sign_in::remove(tx)?;
                        if code == Code::SignInByReplacing && account::load(tx)?.account_id.is_none() {
                            marks::set(tx, marks::PHONE_TAKEN, "yes")?;
                        }
                        log.append(tx, "sign_in", "void", b"")
                    })
                })
                .await?;
        }
        Ok(Some(error))
    }

    /// Takes up what the service said.
    async fn take_sign_in(&self, mut row: SignInRow, answer: &Answer) -> Outcome<SignInView> {
        if let Some(error) = self.sign_in_gone(answer).await? {
            // A service that forgot the code, or whose patience is over, wants another code.
            if error.is(Code::OtpExpired) || error.is(Code::NotFound) {
                row.state = BEGUN.to_owned();
                self.keep_sign_in("expired", &row).await?;
                return Err(WalletError::from(Code::OtpExpired).in_field("otp"));
            }
            return Err(error);
        }
        let said: SignIn = answer.parse()?;
        if row.account_id.is_some_and(|known| known != said.account_id) {
            return Err(Code::AnswerMalformed.into());
        }
        let own = self.core.account_row().await?.account_id;
        if own.is_some_and(|own| own != said.account_id) {
            return Err(WalletError::from(Code::AccountOther).in_field("phone"));
        }
        match said.state.as_str() {
            "done" => return self.finish_sign_in(row, said).await,
            "proving" => {}
            _ => return Err(Code::AnswerMalformed.into()),
        }
        row.state = PROVING.to_owned();
        row.account_id = Some(said.account_id);
        (row.needs_password, row.needs_pin, row.needs_factor) = (said.needs_password, said.needs_pin, said.needs_factor);
        self.keep_sign_in("proving", &row).await?;
        Ok(SignInView {
            done: false,
            needs_password: row.needs_password,
            needs_pin: row.needs_pin,
            needs_factor: row.needs_factor,
            low_limits_until: None,
            account: None,
        })
    }

    /// This phone is one of the account's: who it is comes in one commit. What it paid before it was signed out is followed again.
    async fn finish_sign_in(&self, row: SignInRow, said: SignIn) -> Outcome<SignInView> {
        let device_id = said.device_id.ok_or(Code::AnswerMalformed)?;
        let (now, clock, secrets) = (self.core.now(), self.core.clock.mark(), self.core.host.secrets());
        let (phone, device_model) = (row.phone, row.device_model);
        let arrival = Arrival { account_id: said.account_id, device_id, phone, device_model, pin_set: said.pin_set, verified: said.verified };
        let who = self.core.who();
        self.core
            .files(move |files| {
                let taken = files.commit(now, |tx, log| {
                    let own = arrival.take(tx, clock)?;
                    sign_in::remove(tx)?;
                    log.append(tx, "account", "signed_in", b"")?;
                    Ok(own)
                })?;
                who.set(&taken);
                files.anchor(secrets.as_ref())
            })
            .await?;
        let account = self.arrived().await?;
        Ok(SignInView {
            done: true,
            needs_password: false,
            needs_pin: false,
            needs_factor: false,
            low_limits_until: said.low_until.map(Timestamp::from_ms),
            account: Some(account),
        })
    }

    /// A box that fits this phone's keys, this account, this try and this sort of proof.
    fn bound_to(&self, row: &SignInRow, what: &str, account_id: Id, proof_id: Id) -> Outcome<[u8; 32]> {
        Ok(proof_digest(&[
            "kabao-sign-in-1".to_owned(), what.to_owned(), row.sign_in_id.to_string(), proof_id.to_string(), account_id.to_string(),
            self.key(KeyRole::Device)?, self.key(KeyRole::Approve)?, row.device_model.clone(),
        ]))
    }
}

/// How this phone stands with an account.
struct Standing {
    has_device: bool,
    revoked: bool,
    signed_out: bool,
    old_copy: bool,
    under_way: Option<SignInRow>,
}

fn standing(conn: &rusqlite::Connection) -> Outcome<Standing> {
    let row = account::load(conn)?;
    Ok(Standing {
        has_device: row.device_id.is_some(),
        revoked: row.device_id.is_some() && marks::get(conn, marks::REVOKED)? == row.device_id.map(|id| id.to_string()),
        signed_out: row.account_id.is_some() && row.device_id.is_none(),
        old_copy: super::is_old_copy(conn, &row)?,
        under_way: sign_in::load(conn)?,
    })
}
