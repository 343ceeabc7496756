//! The second factor: an authenticator app, and ten backup codes on paper. The secret and the codes pass through here once, to be
//! shown; nothing of them is kept.

use super::password::proof_digest;
use super::{AccountClient, BackupCodes, FactorEnrolment, SecurityView, local};
use crate::error::{Outcome, WalletError};
use crate::service::wire::{Backups, Enrolment as Offered};
use crate::tables::marks;
use crate::words::say;
use kabao_base::{Code, Id, Timestamp, fold::hidden_kind};
use kabao_codes::draw;
use kabao_codes::otp::{Enrolment, OtpKey, OtpMoving, OtpSettings};
use zeroize::Zeroizing;

/// The longest that is looked at.
const TYPED: usize = 64;

impl AccountClient {
    /// Begins to set up an authenticator app: gives the link, its QR code and the key, once. Called again before it is confirmed, it
    /// is the same one for ten minutes, and after that a new one.
    pub async fn factor_begin(&self) -> Outcome<FactorEnrolment> {
        self.core.identity()?;
        let row = self.core.account_row().await?;
        for _ in 0..2 {
            let id = self.marked_id(marks::FACTOR).await?;
            let body = serde_json::json!({ "enrolment_id": id }).to_string().into_bytes();
            let request = self.core.request("POST", "/v1/second-factor".to_owned(), body)?;
            let answer = self.core.call(&request).await?;
            if let Err(error) = answer.accepted() {
                if answer.status < 500 {
                    self.forget_mark(marks::FACTOR).await?;
                }
                if error.is(Code::FactorExpired) {
                    continue;
                }
                return Err(error);
            }
            let offered: Offered = answer.parse()?;
            let secret = Zeroizing::new(offered.secret);
            let enrolment = Enrolment {
                issuer: say(self.core.settings.language, "security.issuer", &[]),
                account: kabao_base::mask::phone(local(row.phone.as_deref().unwrap_or_default())),
                key: OtpKey::from_base32(&secret).map_err(|_| Code::AnswerMalformed)?,
                moving: OtpMoving::Time,
                settings: OtpSettings::default(),
            };
            let link = enrolment.link().map_err(|_| Code::Internal)?;
            let shown = "it is shown to the person once";
            return Ok(FactorEnrolment {
                qr: draw::qr(link.expose(shown)).map_err(|_| Code::Internal)?,
                uri: link.expose(shown).to_owned(),
                typed_key: enrolment.typed_key().expose(shown).to_owned(),
                expires_at: Timestamp::from_ms(offered.expires_at),
            });
        }
        Err(Code::AnswerMalformed.into())
    }

    /// Turns it on with the first code that the app shows. Gives ten backup codes. For ten minutes the same call gives the same
    /// codes: the answer may be lost, or the app killed before they were read.
    pub async fn factor_confirm(&self, code: String) -> Outcome<BackupCodes> {
        let code = read_factor(code)?;
        let mark = self.core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::FACTOR))).await?;
        let id = mark.and_then(|text| Id::parse(&text).ok()).ok_or(Code::WrongStep)?;
        let proof_id = self.core.new_id()?;
        let sealed = self.seal_code(&code, "confirm", &id.to_string(), proof_id).await?;
        let body = serde_json::json!({ "proof_id": proof_id, "factor_box": sealed }).to_string().into_bytes();
        let request = self.core.request("PUT", format!("/v1/second-factor/{id}"), body)?;
        let answer = self.core.call(&request).await?;
        if answer.status == 409 {
            self.forget_mark(marks::FACTOR).await?;
        }
        let codes = shown(answer.read()?);
        // The mark stays: whoever is killed before the person has read the codes asks for them by the same id.
        let _ = self.security_refresh().await;
        Ok(codes)
    }

    /// Ten new backup codes; those before are worth nothing from then on. Needs a code of the app, or one of the old backup codes.
    /// For ten minutes the same call gives the same codes: the answer may be lost, or the app killed before they were read.
    pub async fn backup_codes(&self, code: String) -> Outcome<BackupCodes> {
        let code = read_factor(code)?;
        self.core.identity()?;
        for _ in 0..2 {
            let id = self.marked_id(marks::BACKUPS).await?;
            let proof_id = self.core.new_id()?;
            let sealed = self.seal_code(&code, "backups", &id.to_string(), proof_id).await?;
            let body = serde_json::json!({ "issue_id": id, "proof_id": proof_id, "factor_box": sealed }).to_string().into_bytes();
            let request = self.core.request("POST", "/v1/second-factor/backup-codes".to_owned(), body)?;
            let answer = self.core.call(&request).await?;
            if let Err(error) = answer.accepted() {
                if answer.status < 500 {
                    self.forget_mark(marks::BACKUPS).await?;
                }
                // Codes whose answer was lost too long ago: they are not shown again, and new ones take their place.
                if error.is(Code::FactorExpired) {
                    continue;
                }
                return Err(error);
            }
            let codes = shown(answer.parse()?);
            let _ = self.security_refresh().await;
            return Ok(codes);
        }
        Err(Code::AnswerMalformed.into())
    }

    /// Turns the authenticator app off; needs a code of it, or a backup code.
    pub async fn factor_off(&self, code: String) -> Outcome<SecurityView> {
        let code = read_factor(code)?;
        let proof_id = self.core.new_id()?;
        let sealed = self.seal_code(&code, "off", "", proof_id).await?;
        let body = serde_json::json!({ "proof_id": proof_id, "factor_box": sealed }).to_string().into_bytes();
        let request = self.core.request("POST", "/v1/second-factor/off".to_owned(), body)?;
        self.core.call(&request).await?.accepted()?;
        self.forget_mark(marks::FACTOR).await?;
        self.security_refresh().await
    }

    async fn seal_code(&self, code: &str, kind: &str, of: &str, proof_id: Id) -> Outcome<kabao_proof::SealedBox> {
        let identity = self.core.identity()?;
        let digest = proof_digest(&[
            "kabao-factor-1".to_owned(), kind.to_owned(), of.to_owned(), proof_id.to_string(), identity.account_id.to_string(),
            identity.device_id.to_string(),
        ]);
        self.core.seal_factor(code, &digest).await
    }
}

fn shown(backups: Backups) -> BackupCodes {
    let group = |code: &String| match code.split_at_checked(5) {
        Some((head, tail)) => format!("{head}-{tail}"),
        None => code.clone(),
    };
    let plain = Zeroizing::new(backups.backup_codes);
    BackupCodes { codes: plain.iter().map(group).collect() }
}

/// Six digits of the app, or a backup code of ten characters, as people type them: full width, in groups, in small letters, `O` for `0`.
pub(super) fn read_factor(typed: String) -> Outcome<Zeroizing<String>> {
    let typed = Zeroizing::new(typed);
    let refuse = |code: Code| Err(WalletError::from(code).in_field("factor"));
    if typed.len() > TYPED {
        return refuse(Code::InputTooLong);
    }
    if typed.trim().is_empty() {
        return refuse(Code::EmptyInput);
    }
    if typed.chars().any(|character| character.is_control() || hidden_kind(character).is_some()) {
        return refuse(Code::HiddenCharacter);
    }
    let mut read = Zeroizing::new(String::with_capacity(typed.len()));
    for character in typed.chars() {
        let narrow = match character {
            ' ' | '-' | '\u{3000}' => continue,
            '\u{ff01}'..='\u{ff5e}' => u32::from(character).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(character),
            other => other,
        };
        if narrow != '-' {
            read.push(narrow.to_ascii_uppercase());
        }
    }
    if read.len() == 6 && read.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(read);
    }
    let code = Zeroizing::new(read.replace('O', "0").replace(['I', 'L'], "1"));
    let fits = code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() && byte != b'U');
    if fits { Ok(code) } else { refuse(Code::FactorShape) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        for (typed, read) in [("287082", "287082"), ("287 082", "287082"), ("２８７０８２", "287082"), ("ab1de-fgh9k", "AB1DEFGH9K"), ("OIl23 45678", "0112345678")] {
            assert_eq!(read_factor(typed.to_owned()).map(|read| read.to_string()), Ok(read.to_owned()), "{typed}");
        }
        let cases = [
            ("", Code::EmptyInput), (" ", Code::EmptyInput), ("28708", Code::FactorShape), ("28708x", Code::FactorShape), ("AB1DEFGH9U", Code::FactorShape),
            ("287\u{200b}082", Code::HiddenCharacter), ("\u{202e}287082", Code::HiddenCharacter), ("二八七零八二", Code::FactorShape), ("📱", Code::FactorShape),
        ];
        for (typed, code) in cases {
            assert!(read_factor(typed.to_owned()).unwrap_err().is(code), "{typed:?}");
        }
        assert!(read_factor("1".repeat(1 << 20)).unwrap_err().is(Code::InputTooLong));
    }
}
