//! A second contact: a number or a mailbox beside the account's number, where the person is told what happens to the account.
//! It counts once the code that was sent there came back. It signs nobody in and proves nothing. This phone keeps it masked.

use super::{AccountClient, OtpSentView};
use crate::error::{Outcome, WalletError};
use crate::service::Answer;
use crate::service::wire::{CodeSent, Contact, Contacts};
use crate::shared::read_pin;
use crate::tables::{marks, sync};
use crate::words::age;
use kabao_base::{Code, Id, Otp, Timestamp, mask};
use zeroize::Zeroizing;

/// What a contact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ContactKind {
    /// Another number that takes SMS.
    Phone,
    /// A mailbox.
    Email,
}

impl ContactKind {
    const fn name(self) -> &'static str {
        match self {
            ContactKind::Phone => "phone",
            ContactKind::Email => "email",
        }
    }
}

/// A contact to be added.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct ContactRequest {
    /// What it is.
    pub kind: ContactKind,
    /// The number or the mailbox as typed.
    pub address: String,
}

impl std::fmt::Debug for ContactRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ContactRequest(…)")
    }
}

/// A contact as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ContactView {
    /// Names it in the other calls.
    pub contact_id: String,
    /// What it is.
    pub kind: ContactKind,
    /// The number or the mailbox, masked.
    pub address_masked: String,
    /// Whether its code came back. Only then it is told anything.
    pub verified: bool,
    /// When that was.
    pub verified_at: Option<Timestamp>,
    /// How long ago that is, in words.
    pub verified_age_text: Option<String>,
    /// Whether it has to be proven again: after half a year mailboxes die and numbers change hands.
    pub verify_again: bool,
}

/// What the person should do about the contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ContactAdvice {
    /// Nothing.
    None,
    /// Add one, so that a change of the number is heard of elsewhere too.
    AddOne,
    /// Type the code that was sent to the one that waits for it.
    FinishOne,
    /// Prove one again with `contact_send_code` and `contact_confirm`.
    VerifyAgain,
}

/// The contacts of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ContactsView {
    /// At most one of each kind.
    pub contacts: Vec<ContactView>,
    /// What to do.
    pub advice: ContactAdvice,
    /// When the service said so; absent before its first answer.
    pub known_at: Option<Timestamp>,
}

impl AccountClient {
    /// The contacts as this phone knows them. Works without network.
    pub async fn contacts(&self) -> Outcome<ContactsView> {
        self.core.identity()?;
        let known = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::CONTACTS))).await?;
        let (known, at) = match known {
            Some((body, at)) => (serde_json::from_str::<Contacts>(&body).ok(), Some(at)),
            None => (None, None),
        };
        let (now, language) = (self.core.now(), self.core.settings.language);
        let view = |contact: Contact| {
            let kind = if contact.kind == "phone" { ContactKind::Phone } else { ContactKind::Email };
            let verified_at = contact.verified_at.map(Timestamp::from_ms).filter(|_| contact.state == "verified");
            ContactView {
                contact_id: contact.contact_id.to_string(),
                kind,
                address_masked: contact.masked,
                verified: verified_at.is_some(),
                verified_at,
                verified_age_text: verified_at.map(|at| age(language, now.since(at))),
                verify_again: verified_at.is_some() && contact.verify_again_at.is_some_and(|at| at <= now.as_ms()),
            }
        };
        let contacts: Vec<ContactView> = known.map(|known| known.contacts.into_iter().map(view).collect()).unwrap_or_default();
        let advice = if contacts.iter().any(|contact| contact.verify_again) {
            ContactAdvice::VerifyAgain
        } else if contacts.iter().any(|contact| contact.verified) {
            ContactAdvice::None
        } else if contacts.is_empty() {
            ContactAdvice::AddOne
        } else {
            ContactAdvice::FinishOne
        };
        Ok(ContactsView { contacts, advice, known_at: at })
    }

    /// Asks the service for the contacts.
    pub async fn contacts_refresh(&self) -> Outcome<ContactsView> {
        let answer = self.core.call(&self.core.request("GET", "/v1/contacts".to_owned(), Vec::new())?).await?;
        self.take_contacts(&answer).await
    }

    /// Names a contact; a code goes there. Of each kind there is one: another address takes the place of one that was not
    /// confirmed, and one that counts has to be removed first. The answer's `phone_masked` is the address, masked.
    pub async fn contact_add(&self, request: ContactRequest) -> Outcome<OtpSentView> {
        self.core.identity()?;
        let (address, masked) = read_address(&request)?;
        let own = self.core.account_row().await?.phone;
        if own.as_deref() == Some(address.as_str()) {
            return Err(WalletError::from(Code::ContactSame).in_field("address"));
        }
        let mut id = self.contact_id(request.kind, &masked, false).await?;
        for again in [true, false] {
            let body = serde_json::json!({ "contact_id": id, "kind": request.kind.name(), "address": *address });
            let call = self.core.request("POST", "/v1/contacts".to_owned(), body.to_string().into_bytes())?;
            match self.code_sent(&call).await {
                // Two addresses may look alike when they are masked.
                Err(error) if again && error.is(Code::IdReused) => id = self.contact_id(request.kind, &masked, true).await?,
                Ok(sent) => {
                    // Who waits for a code is named by the list; without an answer the next look brings it.
                    let _ = self.contacts_refresh().await;
                    return Ok(sent);
                }
                error => return error,
            }
        }
        Err(Code::IdReused.into())
    }

    /// Sends another code: to one that waits, or to one that has to be proven again.
    pub async fn contact_send_code(&self, contact_id: String) -> Outcome<OtpSentView> {
        let id = read_id(&contact_id)?;
        let call = self.core.request("POST", format!("/v1/contacts/{id}/code"), Vec::new())?;
        self.code_sent(&call).await
    }

    async fn code_sent(&self, request: &crate::service::Request) -> Outcome<OtpSentView> {
        let answer = self.core.call(request).await?;
        let sent: CodeSent = answer.read()?;
        Ok(OtpSentView { phone_masked: sent.sent_to, otp_length: sent.otp_length, resend_at: answer.time.plus_ms(sent.resend_after_ms) })
    }

    /// Types the code that came there; from then on the contact counts.
    pub async fn contact_confirm(&self, contact_id: String, code: String) -> Outcome<ContactsView> {
        let otp = Otp::read(code).map_err(|error| WalletError::from(error).in_field("otp"))?;
        let id = read_id(&contact_id)?;
        let body = Zeroizing::new(format!("{{\"otp\":\"{}\"}}", otp.expose("sent to the service that made it")));
        let call = self.core.request("POST", format!("/v1/contacts/{id}/otp"), body.as_bytes().to_vec())?;
        let answer = self.core.call(&call).await?;
        self.take_contacts(&answer).await
    }

    /// Takes a contact away; both it and the account's number are told. One that counts needs the PIN, where one is set.
    pub async fn contact_remove(&self, contact_id: String, pin: Option<String>) -> Outcome<ContactsView> {
        let typed = pin.map(Zeroizing::new);
        let id = read_id(&contact_id)?;
        let identity = self.core.identity()?;
        let proof_id = self.core.new_id()?;
        let pin_box = match typed {
            Some(typed) => {
                let pin = read_pin(&typed)?;
                let parts = [
                    "kabao-contact-1".to_owned(), id.to_string(), proof_id.to_string(), identity.account_id.to_string(),
                    identity.device_id.to_string(),
                ];
                Some(self.core.seal_pin(&pin, &kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()])).await?)
            }
            None => None,
        };
        let body = serde_json::json!({ "proof_id": proof_id, "pin_box": pin_box }).to_string().into_bytes();
        let answer = self.core.call(&self.core.request("POST", format!("/v1/contacts/{id}/removal"), body)?).await?;
        if answer.status == 400 && answer.refusal().field.as_deref() == Some("pin_box") {
            return Err(WalletError::from(Code::PinLength).in_field("pin"));
        }
        if answer.status == 404 {
            // Removed by a call whose answer was lost.
            return self.contacts_refresh().await;
        }
        self.take_contacts(&answer).await
    }

    async fn take_contacts(&self, answer: &Answer) -> Outcome<ContactsView> {
        let known: Contacts = answer.read()?;
        let strange = |contact: &Contact| !matches!(contact.kind.as_str(), "phone" | "email") || contact.masked.is_empty();
        if known.contacts.len() > 8 || known.contacts.iter().any(strange) {
            return Err(Code::AnswerMalformed.into());
        }
        let body = serde_json::to_string(&known).map_err(|_| Code::Internal)?;
        let at = answer.time;
        self.core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::CONTACTS, &body, at))).await?;
        self.contacts().await
    }

    /// The id of a contact that is being added, stored before its use: the same address again is the same contact.
    async fn contact_id(&self, kind: ContactKind, masked: &str, anew: bool) -> Outcome<Id> {
        let fresh = self.core.new_id()?;
        let (now, tail) = (self.core.now(), format!(" {} {masked}", kind.name()));
        self.core
            .open_files(move |files| {
                let known = files.ledger(|conn| marks::get(conn, marks::CONTACT))?;
                let same = known.as_deref().and_then(|known| known.strip_suffix(&tail)).and_then(|text| Id::parse(text).ok());
                if let Some(id) = same.filter(|_| !anew) {
                    return Ok(id);
                }
                files.commit(now, |tx, log| {
                    marks::set(tx, marks::CONTACT, &format!("{fresh}{tail}"))?;
                    log.append(tx, "account", "contact", b"")
                })?;
                Ok(fresh)
            })
            .await
    }
}

fn read_id(text: &str) -> Outcome<Id> {
    Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field("contact_id"))
}

/// The address as it is sent, and masked.
fn read_address(request: &ContactRequest) -> Outcome<(Zeroizing<String>, String)> {
    match request.kind {
        ContactKind::Phone => {
            let number = super::number::read_number(&request.address).map_err(|error| error.in_field("address"))?;
            let masked = mask::phone(super::local(&number));
            Ok((Zeroizing::new(number), masked))
        }
        ContactKind::Email => {
            let email = kabao_codes::emails::read(&request.address).map_err(|error| WalletError::from(error.code()).in_field("address"))?;
            Ok((Zeroizing::new(email.as_str().to_owned()), email.masked()))
        }
    }
}
