//! A new PIN on the way of this phone into the place of an earlier one, for a PIN that is locked or forgotten.
//!
//! ```text
//! replace_begin → replace_otp → replace_face_begin → replace_new_pin ─→ done
//!                                                     └→ person_pending → replace_check → replace_new_pin
//! ```
//! Whoever finds a phone can lock its PIN; the account has to stay within reach of its person all the same. Number, verified
//! name and a face check made for this replacement prove who it is; limits are low for 24 hours, and the number and the second
//! contacts are told. The new PIN is stored nowhere here: who was interrupted types it again.

use super::{AccountClient, PersonProof, PinResetProof, ReplaceState, ReplaceView, local};
use crate::error::{Outcome, WalletError};
use crate::host::KeyRole;
use crate::service::Answer;
use crate::service::wire::Replacement;
use crate::shared::read_pin;
use crate::tables::replacement::{BEGUN, PERSON_PENDING, PROVING, ReplacementRow};
use kabao_base::{Code, Id, Pin};
use kabao_proof::SealedBox;
use zeroize::Zeroizing;

impl AccountClient {
    /// Proves the person and chooses a new payment PIN in the place of one that is locked or forgotten; in the place of
    /// `replace_prove`. The face check has to be made for a nonce of `replace_face_begin`; a name that was proven so before is
    /// not asked for again.
    ///
    /// # Errors
    /// The refusals of the real-name check and of a PIN that is chosen; `liveness_stale` where the face was not shown for this
    /// replacement; `pin_locked_unverified` for an account without a verified name; `pin_reset_done` when this phone is the
    /// account's by an earlier try: then the PIN of that one counts, and not what was typed now.
    pub async fn replace_new_pin(&self, proof: PinResetProof) -> Outcome<ReplaceView> {
        let typed = Zeroizing::new(proof.pin);
        let mut row = self.replacing().await?;
        if row.state == BEGUN {
            return Err(Code::WrongStep.into());
        }
        if row.proof_id.is_some() || row.state == PERSON_PENDING {
            let answer = self.ask_answer(&row).await?;
            if self.take(row, &answer).await?.state == ReplaceState::Done {
                // By a new PIN of before, or by the PIN of before.
                return Err(if chosen_by(&answer).is_some() { Code::PinResetDone } else { Code::WrongStep }.into());
            }
            row = self.replacing().await?;
        }
        let account_id = row.account_id.ok_or(Code::WrongStep)?;
        let pin = read_pin(&typed)?;
        kabao_codes::pin::judge(&pin, local(&row.phone), None).map_err(|refusal| WalletError::from(refusal.code()).in_field("pin"))?;
        let proof_id = self.core.new_id()?;
        let person = match proof.person {
            Some(PersonProof { liveness_nonce: None, .. }) => return Err(WalletError::from(Code::LivenessStale).in_field("liveness_nonce")),
            Some(person) => Some(self.seal_person(person, account_id, proof_id).await?),
            None if row.needs_person && row.state == PROVING => return Err(WalletError::from(Code::EmptyInput).in_field("name")),
            None => None,
        };
        row.proof_id = Some(proof_id);
        self.keep("proof", &row).await?;
        let sealed = self.seal_replacing_pin(&pin, &row, account_id, proof_id).await?;
        drop((pin, typed));
        let body = serde_json::json!({ "proof_id": proof_id, "new_pin_box": sealed, "person": person });
        let answer = self.send_proof(&row, body).await?;
        let view = self.take(row, &answer).await?;
        if view.state == ReplaceState::Done && chosen_by(&answer) != Some(proof_id) {
            return Err(Code::PinResetDone.into());
        }
        Ok(view)
    }

    /// The new PIN in a box that fits this phone's keys, this account and this try.
    async fn seal_replacing_pin(&self, pin: &Pin, row: &ReplacementRow, account_id: Id, proof_id: Id) -> Outcome<SealedBox> {
        let parts = [
            "kabao-replace-pin-1".to_owned(), row.replacement_id.to_string(), proof_id.to_string(), account_id.to_string(),
            self.key(KeyRole::Device)?, self.key(KeyRole::Approve)?, row.device_model.clone(),
        ];
        self.core.seal_reset_pin(pin, &kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()])).await
    }
}

/// The try whose new PIN counts, as the service says it.
fn chosen_by(answer: &Answer) -> Option<Id> {
    answer.parse::<Replacement>().ok().and_then(|said| said.pin_by)
}
