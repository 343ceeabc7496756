//! Step three: the recovery sheet. Its code is made here, shown once, and only its hash leaves the phone. It can freeze
//! the account from anywhere, and nothing else, so that a found sheet costs nobody money.

use super::{AccountClient, AccountView, RecoverySheet};
use crate::error::Outcome;
use crate::shared::read_pin;
use crate::tables::marks;
use crate::words::say;
use kabao_base::Code;
use kabao_codes::carrier::{self, CarrierKind};
use kabao_codes::draw;
use zeroize::Zeroizing;

/// No letter or digit that looks like another one.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 16 signs of five bits: 80 bits.
const LENGTH: usize = 16;

impl AccountClient {
    /// Makes a sheet. A sheet made earlier and not confirmed is worth nothing any more.
    pub async fn make_recovery_sheet(&self) -> Outcome<RecoverySheet> {
        self.core.identity()?;
        let random = Zeroizing::new(self.core.random::<LENGTH>()?);
        let signs: Zeroizing<String> = Zeroizing::new(random.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect());
        let hash = kabao_proof::hex(&kabao_proof::digest::sha256_of(&[b"kabao-sheet-1", signs.as_bytes()]));
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    marks::set(tx, marks::SHEET_HASH, &hash)?;
                    log.append(tx, "account", "sheet_made", b"")
                })
            })
            .await?;
        let groups: Vec<&str> = (0..LENGTH).step_by(4).filter_map(|start| signs.get(start..start + 4)).collect();
        let qr_text = carrier::make(CarrierKind::RecoverySheet, signs.as_bytes()).map_err(|_| Code::Internal)?;
        let qr = draw::qr(&qr_text).map_err(|_| Code::Internal)?;
        let language = self.core.settings.language;
        let lines = ["recovery_when", "recovery_how", "recovery_then", "recovery_keep", "recovery_only"].map(|line| say(language, &format!("sheet.{line}"), &[]));
        Ok(RecoverySheet { code: groups.join("-"), qr_text, qr, title: say(language, "sheet.recovery", &[]), lines: lines.into() })
    }

    /// The person says that the sheet is kept, and types its code from it as the proof of having it at hand. A sheet that takes the
    /// place of another needs the PIN, where one is set (`pin_length` at the field `pin` without it); the account's number is told.
    /// The same sheet again changes nothing.
    pub async fn confirm_recovery_sheet(&self, typed: String, pin: Option<String>) -> Outcome<AccountView> {
        let (typed, pin) = (Zeroizing::new(typed), pin.map(Zeroizing::new));
        let signs = read_sheet(&typed)?;
        let hash = kabao_proof::hex(&kabao_proof::digest::sha256_of(&[b"kabao-sheet-1", signs.as_bytes()]));
        let look = |conn: &rusqlite::Connection| Ok((marks::get(conn, marks::SHEET_HASH)?, marks::get(conn, marks::SHEET_KEPT)?));
        let (made, kept) = self.core.open_files(move |files| files.ledger(look)).await?;
        // The one that was confirmed last is confirmed again: the service says whether it still counts.
        let made = made.or_else(|| kept.filter(|kept| *kept == hash)).ok_or(Code::WrongStep)?;
        if made != hash {
            return Err(crate::WalletError::from(Code::SheetWrong).in_field("sheet"));
        }
        let identity = self.core.identity()?;
        let proof_id = self.core.new_id()?;
        let pin_box = match pin {
            Some(pin) => {
                let pin = read_pin(&pin)?;
                let parts = [
                    "kabao-sheet-pin-1".to_owned(), hash.clone(), proof_id.to_string(), identity.account_id.to_string(),
                    identity.device_id.to_string(),
                ];
                Some(self.core.seal_pin(&pin, &kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()])).await?)
            }
            None => None,
        };
        let body = serde_json::json!({ "sheet_hash": hash, "proof_id": proof_id, "pin_box": pin_box }).to_string().into_bytes();
        let request = self.core.request("PUT", "/v1/account/recovery-sheet".to_owned(), body)?;
        let answer = self.core.call(&request).await?;
        if answer.status == 400 && answer.refusal().field.as_deref() == Some("pin_box") {
            return Err(crate::WalletError::from(Code::PinLength).in_field("pin"));
        }
        answer.accepted()?;
        self.core.change_account("sheet_set", |row| row.sheet_set = true).await?;
        self.core
            .open_files({
                let now = self.core.now();
                move |files| {
                    files.commit(now, |tx, log| {
                        marks::remove(tx, marks::SHEET_HASH)?;
                        marks::set(tx, marks::SHEET_KEPT, &hash)?;
                        log.append(tx, "account", "sheet_kept", b"")
                    })
                }
            })
            .await?;
        self.view().await
    }
}

/// The signs of a sheet as typed: groups and small letters are folded; or as scanned from its QR code.
fn read_sheet(typed: &str) -> Outcome<Zeroizing<String>> {
    let refuse = |code: Code| Err(crate::WalletError::from(code).in_field("sheet"));
    if typed.len() <= 64 && carrier::kind(typed) == Some(CarrierKind::RecoverySheet) {
        let carried = carrier::read(typed).map_err(|error| crate::WalletError::from(error.code()).in_field("sheet"))?;
        let bytes = Zeroizing::new(carried.bytes);
        let signs = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
        return if is_code(&signs) { Ok(signs) } else { refuse(Code::SheetWrong) };
    }
    if typed.len() > 64 {
        return refuse(Code::InputTooLong);
    }
    if typed.chars().any(|character| kabao_base::fold::hidden_kind(character).is_some()) {
        return refuse(Code::HiddenCharacter);
    }
    let signs: Zeroizing<String> = Zeroizing::new(
        typed.chars().filter(|sign| !matches!(sign, ' ' | '-')).map(|sign| sign.to_ascii_uppercase()).collect(),
    );
    if signs.is_empty() {
        return refuse(Code::EmptyInput);
    }
    if is_code(&signs) { Ok(signs) } else { refuse(Code::SheetWrong) }
}

fn is_code(signs: &str) -> bool {
    signs.len() == LENGTH && signs.bytes().all(|sign| LETTERS.contains(&sign))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn typed_or_scanned_it_is_the_same_code() {
        let scanned = carrier::make(CarrierKind::RecoverySheet, b"ABCDEFGHJKLMNPQR").unwrap();
        for same in ["ABCD-EFGH-JKLM-NPQR", "abcd efgh jklm npqr", scanned.as_str(), &format!(" {scanned}\n")] {
            assert_eq!(read_sheet(same).unwrap().as_str(), "ABCDEFGHJKLMNPQR", "{same}");
        }
        let of = |kind: CarrierKind, bytes: &[u8]| carrier::make(kind, bytes).unwrap();
        for (wrong, code) in [
            (of(CarrierKind::FreezeCode, b"ABCDEFGHJKLMNPQR"), Code::SheetWrong), (of(CarrierKind::RecoverySheet, b"ABCDEFGHJKLMNPQ0"), Code::SheetWrong),
            (of(CarrierKind::RecoverySheet, b"ABCD"), Code::SheetWrong), (of(CarrierKind::RecoverySheet, &[0xff; 16]), Code::SheetWrong),
            ("KB1S:".to_owned(), Code::EmptyInput), ("KB1S:B".to_owned(), Code::CodeDamaged), (String::new(), Code::EmptyInput),
            ("A".repeat(1 << 20), Code::InputTooLong),
        ] {
            let error = read_sheet(&wrong).unwrap_err();
            assert!(error.is(code) && error.failure().field.as_deref() == Some("sheet"), "{code:?}: {error:?}");
        }
    }
}
