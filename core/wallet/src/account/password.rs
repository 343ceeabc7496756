//! The login password. It is judged here and by the vault, and leaves the phone only in a box. Nothing of it is kept.

use super::{AccountClient, PasswordDraft, PasswordStrength, SecurityReason, SecurityView, local};
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::read_pin;
use crate::tables::{marks, sync};
use crate::words::{age, explain, say};
use kabao_base::{Code, Failure, Id, Language, Password, Pin, Timestamp};
use kabao_codes::password::{Personal, judge};
use kabao_proof::SealedBox;
use zeroize::Zeroizing;

/// So few backup codes are worth a hint.
const FEW: u32 = 3;

/// What proves that the person may choose another password.
enum Proof {
    Nothing,
    Old(Password),
    Pin(Pin),
}

impl AccountClient {
    /// Judges a password while it is typed: every reason against it, in words. Works without network; the account's own number
    /// counts as known.
    pub async fn password_strength(&self, draft: PasswordDraft) -> Outcome<PasswordStrength> {
        let password = Password::new(draft.password);
        let own = [draft.birth_date, draft.name_letters, draft.id_tail].map(|own| own.map(Zeroizing::new));
        let row = self.core.account_row().await?;
        let [birth_date, name, id_tail] = own.each_ref().map(|own| own.as_ref().map(|own| own.as_str()));
        let about = Personal { phone: row.phone.as_deref().map(local), birth_date, name, id_tail, pin: None };
        let language = self.core.settings.language;
        let reasons: Vec<_> = judge(&password, about).into_iter().map(|refusal| reason(language, refusal.code())).collect();
        Ok(PasswordStrength { acceptable: reasons.is_empty(), reasons })
    }

    /// Chooses the login password, the first one or another in the place of a forgotten one. An account with a payment PIN needs it
    /// as the proof.
    pub async fn set_password(&self, password: String, pin: Option<String>) -> Outcome<SecurityView> {
        let (password, typed) = (Password::new(password), pin.map(Zeroizing::new));
        let proof = match &typed {
            Some(typed) => Proof::Pin(read_pin(typed)?),
            None => Proof::Nothing,
        };
        self.choose_password(password, proof).await
    }

    /// Chooses another login password; the one in use is the proof.
    pub async fn change_password(&self, old: String, password: String) -> Outcome<SecurityView> {
        let (old, password) = (Password::new(old), Password::new(password));
        check_typed(&old, "old")?;
        self.choose_password(password, Proof::Old(old)).await
    }

    async fn choose_password(&self, password: Password, proof: Proof) -> Outcome<SecurityView> {
        let row = self.core.account_row().await?;
        let identity = self.core.identity()?;
        let pin = if let Proof::Pin(pin) = &proof { Some(pin) } else { None };
        let about = Personal { phone: row.phone.as_deref().map(local), pin, ..Personal::default() };
        if let Some(refusal) = judge(&password, about).first() {
            return Err(WalletError::from(refusal.code()).in_field("password"));
        }
        // The id is stored before it is used: the same change after a lost answer is the same call again.
        for _ in 0..2 {
            let change = self.marked_id(marks::PASSWORD_CHANGE).await?;
            let sealed = self.core.seal_new_password(&password).await?;
            // Another one for each try: the vault gives the verdict of a try again, and its answer may have been lost.
            let proof_id = self.core.new_id()?;
            let digest = |kind: &str| proof_digest(&[kind.to_owned(), change.to_string(), proof_id.to_string(), identity.account_id.to_string(), identity.device_id.to_string()]);
            let (mut old_box, mut pin_box): (Option<SealedBox>, Option<SealedBox>) = (None, None);
            match &proof {
                Proof::Nothing => {}
                Proof::Old(old) => old_box = Some(self.core.seal_password(old, &digest("kabao-password-old-1")).await?),
                Proof::Pin(pin) => pin_box = Some(self.core.seal_pin(pin, &digest("kabao-password-pin-1")).await?),
            }
            let body = serde_json::json!({ "change_id": change, "proof_id": proof_id, "password_box": sealed, "old_box": old_box, "pin_box": pin_box });
            let request = self.core.request("PUT", "/v1/account/password".to_owned(), body.to_string().into_bytes())?;
            let answer = self.core.call(&request).await?;
            if answer.status < 500 {
                self.forget_mark(marks::PASSWORD_CHANGE).await?;
            }
            match answer.accepted() {
                // An earlier change whose answer was lost went through, and this is another one.
                Err(error) if error.is(Code::IdReused) => continue,
                Err(error) if error.is(Code::PasswordWrong) || error.is(Code::PasswordLocked) => return Err(error.in_field("old")),
                accepted => accepted?,
            }
            return self.security_refresh().await;
        }
        Err(Code::AnswerMalformed.into())
    }

    /// What the account signs in with, as the service said it last. Works without network; `not_found` before it was ever asked.
    pub async fn security(&self) -> Outcome<SecurityView> {
        let known = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::SECURITY))).await?;
        let (body, at) = known.ok_or(Code::NotFound)?;
        let known: wire::Security = serde_json::from_str(&body).map_err(|_| Code::StorageDamaged)?;
        Ok(security_view(self.core.settings.language, &known, at, self.core.now()))
    }

    /// Asks the service what the account signs in with.
    pub async fn security_refresh(&self) -> Outcome<SecurityView> {
        let request = self.core.request("GET", "/v1/account/security".to_owned(), Vec::new())?;
        let answer = self.core.call(&request).await?;
        let known: wire::Security = answer.read()?;
        let (body, at) = (serde_json::to_string(&known).map_err(|_| Code::Internal)?, answer.time);
        self.core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::SECURITY, &body, at))).await?;
        self.security().await
    }

    /// The id under a mark, made and stored when there is none.
    pub(super) async fn marked_id(&self, mark: &'static str) -> Outcome<Id> {
        let (now, made) = (self.core.now(), self.core.new_id()?);
        self.core
            .open_files(move |files| {
                if let Some(known) = files.ledger(|conn| marks::get(conn, mark))?.and_then(|text| Id::parse(&text).ok()) {
                    return Ok(known);
                }
                files.commit(now, |tx, log| {
                    marks::set(tx, mark, &made.to_string())?;
                    log.append(tx, "account", mark, b"begun")
                })?;
                Ok(made)
            })
            .await
    }

    /// What stood under a mark came to its end.
    pub(super) async fn forget_mark(&self, mark: &'static str) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .files(move |files| {
                if files.ledger(|conn| marks::get(conn, mark))?.is_none() {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    marks::remove(tx, mark)?;
                    log.append(tx, "account", mark, b"ended")
                })
            })
            .await
    }
}

/// Bounds what is typed as a password in use. It is compared by the vault; its strength is not judged here.
pub(super) fn check_typed(password: &Password, field: &str) -> Outcome<()> {
    let text = password.expose("its shape is checked");
    let code = match text.len() {
        0 => Some(Code::EmptyInput),
        1..=kabao_codes::password::LONGEST => None,
        _ => Some(Code::InputTooLong),
    };
    let code = code.or_else(|| text.bytes().any(|byte| !matches!(byte, b' '..=b'~')).then_some(Code::PasswordCharacters));
    code.map_or(Ok(()), |code| Err(WalletError::from(code).in_field(field)))
}

/// What the box of a proof is bound to.
pub(super) fn proof_digest(parts: &[String]) -> [u8; 32] {
    kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()])
}

fn reason(language: Language, code: Code) -> SecurityReason {
    let words = explain(language, &Failure::of(code));
    SecurityReason { code: code.as_str().to_owned(), text: words.text, next: words.next }
}

fn security_view(language: Language, known: &wire::Security, at: Timestamp, now: Timestamp) -> SecurityView {
    let password_at = known.password_at.map(Timestamp::from_ms);
    let left = known.factor.as_ref().map_or(0, |factor| factor.backups_left);
    let mut hints = Vec::new();
    let mut hint = |code: &str| {
        let count = left.to_string();
        let say = |part: &str| say(language, &format!("security.{code}.{part}"), &[("count", &count)]);
        hints.push(SecurityReason { code: code.to_owned(), text: say("text"), next: say("next") });
    };
    if known.factor.is_some() && left <= FEW {
        hint("few_backup_codes");
    }
    if known.password_at.is_none() {
        hint("no_password");
    }
    if known.factor.is_none() {
        hint("no_factor");
    }
    SecurityView {
        password_set: known.password_at.is_some(),
        password_at,
        password_age_text: password_at.map(|set| age(language, now.since(set))),
        factor_on: known.factor.is_some(),
        factor_at: known.factor.as_ref().map(|factor| Timestamp::from_ms(factor.at)),
        backup_codes_left: left,
        hints,
        known_at: at,
    }
}
