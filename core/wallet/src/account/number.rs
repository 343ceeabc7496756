//! Another number for the account.
//!
//! ```text
//! change_phone_begin → change_phone_otp (new number) ─→ change_phone_send → change_phone_otp (earlier number) ─┐
//!                                                    └────────── the earlier number is gone ───────────────────┤
//!                                        done ←─ change_phone_prove (PIN; real name where it is asked for) ←───┘
//!                                                └→ person_pending → change_phone_check → change_phone_prove
//! ```
//! A code to the earlier number is never enough by itself: whoever holds a swapped SIM card lacks this phone's key and the
//! PIN. Without the earlier number the real name stands in its place, and limits are low for 24 hours.

use super::{AccountClient, AccountView, OtpSentView, ReplaceProof};
use crate::error::{Outcome, WalletError};
use crate::service::wire::{CodeSent, PhoneChange};
use crate::service::{Answer, Request};
use crate::shared::{read_pin, refresh_account, refresh_counters};
use crate::tables::phone_change::{self, PhoneChangeRow};
use crate::tables::account;
use kabao_base::{Code, Otp, Timestamp, mask};
use zeroize::Zeroizing;

const NEW_CODE: &str = "new_code";
const OLD_CODE: &str = "old_code";
const PROVING: &str = "proving";
const PERSON_PENDING: &str = "person_pending";

/// What the change of a number begins with.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PhoneChangeRequest {
    /// The new number as typed: of the mainland, or of another country with `+` or `00` before it.
    pub phone: String,
    /// Whether the person can still read SMS to the account's number. Without it the real name has to be shown, and limits are
    /// low for 24 hours.
    pub old_number_reachable: bool,
}

/// What the person has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PhoneChangeState {
    /// Type the code that came to the new number.
    NewCode,
    /// Ask for a code to the earlier number with `change_phone_send`, and type it.
    OldCode,
    /// Prove PIN and real name, as the view asks for them.
    Proving,
    /// The real name is being checked: ask again with `change_phone_check`, then prove the PIN.
    PersonPending,
    /// The new number is the account's.
    Done,
}

/// The change of a number as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PhoneChangeView {
    /// How far it came.
    pub state: PhoneChangeState,
    /// The new number, masked.
    pub phone_masked: String,
    /// Whether the real name has to be shown.
    pub needs_person: bool,
    /// Whether the payment PIN has to be typed.
    pub needs_pin: bool,
    /// Until when limits are low; absent when they are not.
    pub low_limits_until: Option<Timestamp>,
    /// The account, once the number is its number.
    pub account: Option<AccountView>,
}

impl AccountClient {
    /// Begins to change the account's number: a code goes to the new one. The same call again is another code for the same
    /// change; another number begins anew.
    pub async fn change_phone_begin(&self, request: PhoneChangeRequest) -> Outcome<OtpSentView> {
        self.core.identity()?;
        let phone = read_number(&request.phone)?;
        let own = self.core.account_row().await?.phone;
        if own.as_deref() == Some(phone.as_str()) {
            return Err(WalletError::from(Code::PhoneSame).in_field("phone"));
        }
        let reachable = request.old_number_reachable;
        let under_way = self.changing().await?.filter(|row| row.phone == phone && row.old_reachable == reachable);
        let row = match under_way {
            Some(row) => row,
            None => {
                let row = PhoneChangeRow {
                    change_id: self.core.new_id()?,
                    phone,
                    old_reachable: reachable,
                    state: NEW_CODE.to_owned(),
                    resend_at: None,
                    needs_person: false,
                    needs_pin: false,
                    proof_id: None,
                };
                self.keep_change("begun", &row).await?;
                row
            }
        };
        self.send_change_code(row).await
    }

    /// Asks for the code that comes next: to the new number again, or to the earlier one once the new one is proven.
    pub async fn change_phone_send(&self) -> Outcome<OtpSentView> {
        let row = self.changing().await?.ok_or(Code::WrongStep)?;
        self.send_change_code(row).await
    }

    async fn send_change_code(&self, mut row: PhoneChangeRow) -> Outcome<OtpSentView> {
        let body = serde_json::json!({ "change_id": row.change_id, "phone": row.phone, "old_reachable": row.old_reachable });
        let request = self.core.request("POST", "/v1/phone-changes".to_owned(), body.to_string().into_bytes())?;
        let answer = self.core.call(&request).await?;
        if let Some(error) = self.change_ended(&answer).await? {
            return Err(error);
        }
        let sent: CodeSent = answer.read()?;
        let resend_at = answer.time.plus_ms(sent.resend_after_ms);
        row.resend_at = Some(resend_at.as_ms());
        self.keep_change("code_sent", &row).await?;
        Ok(OtpSentView { phone_masked: sent.sent_to, otp_length: sent.otp_length, resend_at })
    }

    /// Types the code that came to the number that is asked for now.
    pub async fn change_phone_otp(&self, code: String) -> Outcome<PhoneChangeView> {
        let otp = Otp::read(code).map_err(|error| WalletError::from(error).in_field("otp"))?;
        let row = self.changing().await?.ok_or(Code::WrongStep)?;
        let which = match row.state.as_str() {
            NEW_CODE => "new",
            OLD_CODE => "old",
            _ => return Err(Code::WrongStep.into()),
        };
        let otp = otp.expose("sent to the service that made it");
        let body = Zeroizing::new(serde_json::json!({ "which": which, "otp": otp }).to_string());
        let path = format!("/v1/phone-changes/{}/otp", row.change_id);
        let answer = self.core.call(&self.core.request("POST", path, body.as_bytes().to_vec())?).await?;
        self.take_change(row, &answer).await
    }

    /// Proves the person: PIN, and the real name where the view asks for it. A repeat after a lost answer asks first what
    /// became of the last try.
    pub async fn change_phone_prove(&self, proof: ReplaceProof) -> Outcome<PhoneChangeView> {
        let typed = proof.pin.map(Zeroizing::new);
        let mut row = self.changing().await?.ok_or(Code::WrongStep)?;
        if !matches!(row.state.as_str(), PROVING | PERSON_PENDING) {
            return Err(Code::WrongStep.into());
        }
        if row.proof_id.is_some() || row.state == PERSON_PENDING {
            let view = self.ask_change(&row).await?;
            if view.state == PhoneChangeState::Done {
                return Ok(view);
            }
            row = self.changing().await?.ok_or(Code::WrongStep)?;
        }
        let identity = self.core.identity()?;
        let pin = match row.needs_pin {
            true => Some(read_pin(typed.as_ref().map_or("", |typed| typed.as_str()))?),
            false => None,
        };
        let proof_id = self.core.new_id()?;
        let person = match proof.person.filter(|_| row.needs_person) {
            Some(person) => Some(self.seal_person(person, identity.account_id, proof_id).await?),
            None if row.needs_person && row.state == PROVING => return Err(WalletError::from(Code::EmptyInput).in_field("name")),
            None => None,
        };
        row.proof_id = Some(proof_id);
        self.keep_change("proof", &row).await?;
        let pin_box = match pin {
            Some(pin) => {
                let parts = [
                    "kabao-number-1".to_owned(), row.change_id.to_string(), proof_id.to_string(), identity.account_id.to_string(),
                    identity.device_id.to_string(), row.phone.clone(),
                ];
                Some(self.core.seal_pin(&pin, &kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()])).await?)
            }
            None => None,
        };
        let body = serde_json::json!({ "proof_id": proof_id, "pin_box": pin_box, "person": person }).to_string();
        let path = format!("/v1/phone-changes/{}/proof", row.change_id);
        let answer = self.core.call(&self.core.request("PUT", path, body.into_bytes())?).await?;
        self.take_change(row, &answer).await
    }

    /// Asks how it stands: after a lost answer, or while the real name is being checked.
    pub async fn change_phone_check(&self) -> Outcome<PhoneChangeView> {
        let row = self.changing().await?.ok_or(Code::WrongStep)?;
        self.ask_change(&row).await
    }

    /// The change that is under way on this phone, if one is. Works without network.
    pub async fn change_phone_standing(&self) -> Outcome<Option<PhoneChangeView>> {
        let Some(row) = self.changing().await? else { return Ok(None) };
        let state = state_of(&row.state).ok_or(Code::StorageDamaged)?;
        Ok(Some(view(&row, state, None)))
    }

    /// Gives the change up. A proof that is on its way may still win: `account_refresh` tells.
    pub async fn change_phone_cancel(&self) -> Outcome<()> {
        self.changing().await?.ok_or(Code::WrongStep)?;
        self.drop_change("given_up").await
    }

    async fn ask_change(&self, row: &PhoneChangeRow) -> Outcome<PhoneChangeView> {
        let request: Request = self.core.request("GET", format!("/v1/phone-changes/{}", row.change_id), Vec::new())?;
        let answer = self.core.call(&request).await?;
        self.take_change(row.clone(), &answer).await
    }

    async fn changing(&self) -> Outcome<Option<PhoneChangeRow>> {
        self.core.open_files(|files| files.ledger(phone_change::load)).await
    }

    async fn keep_change(&self, event: &'static str, row: &PhoneChangeRow) -> Outcome<()> {
        let (now, row) = (self.core.now(), row.clone());
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    phone_change::save(tx, &row)?;
                    log.append(tx, "phone_change", event, b"")
                })
            })
            .await
    }

    async fn drop_change(&self, event: &'static str) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    phone_change::remove(tx)?;
                    log.append(tx, "phone_change", event, b"")
                })
            })
            .await
    }

    /// A refusal after which this change cannot go on is forgotten here; every refusal is the error to tell.
    async fn change_ended(&self, answer: &Answer) -> Outcome<Option<WalletError>> {
        if (200..300).contains(&answer.status) {
            return Ok(None);
        }
        let error = WalletError::from(answer.refusal());
        let ends = [Code::ChangeOvertaken, Code::PhoneInUse, Code::PhoneSame, Code::OldNumberNeeded, Code::IdReused, Code::DeviceRevoked];
        if ends.into_iter().any(|code| error.is(code)) {
            self.drop_change("void").await?;
        }
        Ok(Some(error))
    }

    /// Takes up what the service said.
    async fn take_change(&self, mut row: PhoneChangeRow, answer: &Answer) -> Outcome<PhoneChangeView> {
        if let Some(error) = self.change_ended(answer).await? {
            // A service that knows nothing of it, or whose patience is over, wants another code.
            if error.is(Code::NotFound) || (error.is(Code::OtpExpired) && row.state != OLD_CODE) {
                row.state = NEW_CODE.to_owned();
                self.keep_change("expired", &row).await?;
                return Err(WalletError::from(Code::OtpExpired).in_field("otp"));
            }
            return Err(error);
        }
        let said: PhoneChange = answer.parse()?;
        let state = state_of(&said.state).ok_or(Code::AnswerMalformed)?;
        if said.phone_masked != masked(&row.phone) {
            return Err(Code::AnswerMalformed.into());
        }
        (row.needs_person, row.needs_pin) = (said.needs_person, said.needs_pin);
        let low_until = said.low_until.map(Timestamp::from_ms);
        if state != PhoneChangeState::Done {
            row.state = said.state;
            self.keep_change("proving", &row).await?;
            return Ok(view(&row, state, low_until));
        }
        let (now, phone) = (self.core.now(), row.phone.clone());
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    let mut own = account::load(tx)?;
                    own.phone = Some(phone);
                    account::save(tx, &own)?;
                    phone_change::remove(tx)?;
                    log.append(tx, "account", "phone_changed", b"")
                })
            })
            .await?;
        // The number is changed; how the account stands, and what is left of second contacts, can also be asked later.
        let _ = self.contacts_refresh().await;
        let _ = refresh_account(&self.core).await;
        let _ = refresh_counters(&self.core).await;
        Ok(PhoneChangeView { account: Some(self.view().await?), ..view(&row, state, low_until) })
    }
}

fn view(row: &PhoneChangeRow, state: PhoneChangeState, low_limits_until: Option<Timestamp>) -> PhoneChangeView {
    PhoneChangeView {
        state,
        phone_masked: masked(&row.phone),
        needs_person: row.needs_person,
        needs_pin: row.needs_pin,
        low_limits_until,
        account: None,
    }
}

fn state_of(name: &str) -> Option<PhoneChangeState> {
    Some(match name {
        NEW_CODE => PhoneChangeState::NewCode,
        OLD_CODE => PhoneChangeState::OldCode,
        PROVING => PhoneChangeState::Proving,
        PERSON_PENDING => PhoneChangeState::PersonPending,
        "done" => PhoneChangeState::Done,
        _ => return None,
    })
}

fn masked(phone: &str) -> String {
    mask::phone(super::local(phone))
}

/// A number that may read SMS, in E.164. Whether one of another country does is the service's to say.
pub(super) fn read_number(text: &str) -> Outcome<String> {
    let in_field = |code: Code| WalletError::from(code).in_field("phone");
    let number = kabao_codes::phones::classify(text).map_err(|error| in_field(error.code()))?;
    if number.kind().takes_sms() == Some(false) { Err(in_field(Code::PhoneInvalid)) } else { Ok(number.e164().to_owned()) }
}
