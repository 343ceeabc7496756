//! The identity desk and the tokeniser: identity numbers and card numbers come in boxes, leave masked or as
//! tokens, and lie sealed in the vault's file.

use super::engine::{Engine, about, open_text, refused};
use super::{VaultAnswer, VaultDown};
use kabao_base::{FoldKind, Id, fold, mask};
use kabao_outside::{Bank, CardAnswer, CreditElements, FourElements};
use kabao_proof::{SealedBox, hex};
use kabao_vault_sys::Cached;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use zeroize::Zeroizing;

const INFO_CARD: &[u8] = b"kabao-card-1";
pub(super) const INFO_ID: &[u8] = b"kabao-id-1";

impl Engine {
    /// The verified identity number of an account.
    pub(super) fn id_number_of(&self, account: Id) -> Result<Option<Zeroizing<String>>, VaultDown> {
        let sql = "SELECT number_sealed FROM persons WHERE account = ?1";
        let sealed: Option<Vec<u8>> = self.db.row(sql, [account.to_string()], |row| row.get(0)).optional()?;
        sealed.map(|sealed| self.sealer.open_text(&format!("person:{account}"), &sealed).map_err(|_| VaultDown)).transpose()
    }

    pub(super) fn seal(&self, place: &str, text: &str) -> Result<Vec<u8>, VaultDown> {
        self.sealer.seal(self.world.as_ref(), place, text.as_bytes()).map_err(|_| VaultDown)
    }

    pub(super) fn bind(&mut self, binding: Id, account: Id, sealed: &SealedBox, name: &str, phone: &str) -> Result<VaultAnswer, VaultDown> {
        let Ok(pan) = open_text(&self.card_key, INFO_CARD, &about(account, binding), sealed) else {
            return Ok(refused("approval_refused"));
        };
        // A credit card: number, last month MMYY, security code. Both are for the bank and are kept nowhere.
        let mut parts = pan.splitn(3, '|');
        let folded = fold(parts.next().unwrap_or_default(), FoldKind::Card).map(Zeroizing::new);
        let digits = |text: &str, lengths: &[usize]| lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let credit = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some(expiry), _) if !digits(expiry, &[4]) => return Ok(refused("card_expiry_malformed")),
            (Some(expiry), Some(cvv)) if digits(cvv, &[3, 4]) => Some(CreditElements { expiry, cvv }),
            _ => return Ok(refused("card_cvv_malformed")),
        };
        let Some(pan) = folded.ok().filter(|pan| (12..=19).contains(&pan.len())) else {
            return Ok(refused("card_number_refused"));
        };
        let Some(id_number) = self.id_number_of(account)? else { return Ok(refused("wrong_step")) };
        let mark = self.sealer.mark("card", &pan);
        let sql = "SELECT account, mark, token, last4, bank, brand, kind FROM cards WHERE binding = ?1";
        let known: Option<(String, Vec<u8>, [String; 5])> = self
            .db
            .row(sql, [binding.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?]))
            })
            .optional()?;
        if let Some((of, was, [token, last4, bank, brand, kind])) = known {
            let same = of == account.to_string() && was == mark;
            return Ok(if same { VaultAnswer::OtpSent { token, last4, bank, brand, kind } } else { refused("id_reused") });
        }
        let owner: Option<String> =
            self.db.row("SELECT account FROM cards WHERE mark = ?1 AND bound = 1", params![mark], |row| row.get(0)).optional()?;
        // The same person may bind it again: after a new phone number at the bank, or to see whether it is good again.
        if owner.is_some_and(|owner| owner != account.to_string()) {
            return Ok(refused("card_taken"));
        }
        let elements = FourElements { pan: &pan, name, id_number: &id_number, phone, credit };
        match self.outside.bank.check_card(binding, elements) {
            CardAnswer::Pending => Ok(VaultAnswer::Pending),
            CardAnswer::Refused { code } => Ok(refused(&code)),
            CardAnswer::Maintenance { until } => Ok(VaultAnswer::Maintenance { until }),
            CardAnswer::OtpSent { bank, brand, kind } => {
                let mut token = [0u8; 16];
                self.world.random(&mut token);
                let token = format!("tk{}", Id::from_bytes(token));
                let last4 = mask::card_tail(&pan);
                let pan_sealed = self.seal(&format!("card:{binding}"), &pan)?;
                self.db.run(
                    "INSERT INTO cards (binding, account, mark, pan_sealed, last4, token, bank, brand, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    params![binding.to_string(), account.to_string(), mark, pan_sealed, last4, token, bank, brand, kind],
                )?;
                Ok(VaultAnswer::OtpSent { token, last4, bank, brand, kind })
            }
        }
    }

    pub(super) fn bind_otp(&mut self, binding: Id, account: Id, otp: &str) -> Result<VaultAnswer, VaultDown> {
        let sql = "SELECT token, mark FROM cards WHERE binding = ?1 AND account = ?2";
        let row: Option<(String, Vec<u8>)> = self
            .db
            .row(sql, params![binding.to_string(), account.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((token, mark)) = row else { return Ok(refused("not_found")) };
        match self.outside.bank.confirm_card(binding, otp, &token) {
            Ok(()) => {
                let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
                // The same number bound before by the same person: the new agreement takes the place of the old one.
                let sql = "UPDATE cards SET bound = 2, pan_sealed = x'' WHERE mark = ?1 AND account = ?2 AND bound = 1 AND binding <> ?3";
                tx.run(sql, params![mark, account.to_string(), binding.to_string()])?;
                if tx.run("UPDATE cards SET bound = 1 WHERE binding = ?1", [binding.to_string()]).is_err() {
                    return Ok(refused("card_taken"));
                }
                tx.commit()?;
                let mark = self.sealer.mark("card-of-account", &format!("{account}:{}", hex(&mark)));
                Ok(VaultAnswer::CardBound { mark: hex(&mark) })
            }
            Err(no) if no.code == "bank_unavailable" => Ok(VaultAnswer::Pending),
            Err(no) => Ok(VaultAnswer::Refused { code: no.code, attempts_left: no.attempts_left }),
        }
    }
    /// The agreement ends at the bank, and what the tokeniser kept of the number is wiped. Doing it again changes nothing.
    pub(super) fn end_card(&mut self, token: &str) -> Result<VaultAnswer, VaultDown> {
        if !self.outside.bank.end_agreement(token) {
            return Ok(VaultAnswer::Pending);
        }
        self.db.run("UPDATE cards SET bound = 2, pan_sealed = x'' WHERE token = ?1", [token])?;
        Ok(VaultAnswer::Done)
    }
}
