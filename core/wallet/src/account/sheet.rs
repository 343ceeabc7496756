//! Step three: the recovery sheet. Its code is made here, shown once, and only its hash leaves the phone. It can freeze
//! the account from anywhere, and nothing else, so that a found sheet costs nobody money.

use super::{AccountClient, AccountView, RecoverySheet};
use crate::error::Outcome;
use crate::shared::read_pin;
use crate::tables::marks;
use kabao_base::Code;
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
        Ok(RecoverySheet { code: groups.join("-") })
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

/// The signs of a sheet as typed: groups and small letters are folded.
fn read_sheet(typed: &str) -> Outcome<Zeroizing<String>> {
    let refuse = |code: Code| Err(crate::WalletError::from(code).in_field("sheet"));
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
    if signs.len() != LENGTH || !signs.bytes().all(|sign| LETTERS.contains(&sign)) {
        return refuse(Code::SheetWrong);
    }
    Ok(signs)
}
