//! What only one process of the service may read: PINs, card numbers, identity numbers.

use crate::error::Outcome;
use crate::shared::Core;
use crate::tables::open::store_code;
use kabao_base::{CardNumber, Code, Cvv, Id, IdNumber, Password, Pin};
use kabao_codes::cards::Expiry;
use kabao_proof::boxes::{self, INFO_CARD, INFO_IDENTITY, INFO_PIN};
use kabao_proof::{FnRng, KeyPurpose, SealedBox};
use zeroize::Zeroizing;

/// The purpose of a box with a PIN that is being chosen.
const INFO_PIN_SET: &[u8] = b"kabao-pin-set-1";
/// The purpose of a box with a PIN in the place of one that was forgotten.
const INFO_PIN_RESET: &[u8] = b"kabao-pin-reset-1";
/// The purpose of a box with a login password that is being chosen, and of one that is a proof.
const INFO_PASSWORD_SET: &[u8] = b"kabao-password-set-1";
const INFO_PASSWORD: &[u8] = b"kabao-password-1";
/// The purpose of a box with a code of the second factor.
const INFO_FACTOR: &[u8] = b"kabao-factor-1";

impl Core {
    /// A PIN that approves exactly the terms of `digest`.
    pub(crate) async fn seal_pin(&self, pin: &Pin, digest: &[u8; 32]) -> Outcome<SealedBox> {
        let content = pin.expose("sealed for the PIN vault");
        self.seal(KeyPurpose::PinBox, INFO_PIN, digest, content.as_bytes()).await
    }

    /// A PIN that is chosen on this device.
    pub(crate) async fn seal_new_pin(&self, pin: &Pin) -> Outcome<SealedBox> {
        let identity = self.identity()?;
        let aad = joined(identity.account_id, identity.device_id);
        self.seal(KeyPurpose::PinBox, INFO_PIN_SET, &aad, pin.expose("sealed for the PIN vault").as_bytes()).await
    }

    /// A PIN in the place of one that was forgotten, for exactly what `digest` says.
    pub(crate) async fn seal_reset_pin(&self, pin: &Pin, digest: &[u8; 32]) -> Outcome<SealedBox> {
        self.seal(KeyPurpose::PinBox, INFO_PIN_RESET, digest, pin.expose("sealed for the PIN vault").as_bytes()).await
    }

    /// A login password that is chosen on this device.
    pub(crate) async fn seal_new_password(&self, password: &Password) -> Outcome<SealedBox> {
        let identity = self.identity()?;
        let aad = joined(identity.account_id, identity.device_id);
        self.seal(KeyPurpose::PinBox, INFO_PASSWORD_SET, &aad, password.expose("sealed for the PIN vault").as_bytes()).await
    }

    /// A login password as the proof of exactly what `digest` says.
    pub(crate) async fn seal_password(&self, password: &Password, digest: &[u8; 32]) -> Outcome<SealedBox> {
        self.seal(KeyPurpose::PinBox, INFO_PASSWORD, digest, password.expose("sealed for the PIN vault").as_bytes()).await
    }

    /// A code of the second factor as the proof of exactly what `digest` says.
    pub(crate) async fn seal_factor(&self, code: &str, digest: &[u8; 32]) -> Outcome<SealedBox> {
        self.seal(KeyPurpose::PinBox, INFO_FACTOR, digest, code.as_bytes()).await
    }

    /// A card number for one binding, with what is printed on a credit card beside it: `number|MMYY|code`.
    pub(crate) async fn seal_card(&self, number: &CardNumber, printed: Option<&(Expiry, Cvv)>, binding_id: Id) -> Outcome<SealedBox> {
        let aad = joined(self.identity()?.account_id, binding_id);
        let number = number.expose("sealed for the tokeniser");
        let content = Zeroizing::new(match printed {
            Some((expiry, cvv)) => format!("{number}|{}|{}", expiry.mmyy(), cvv.expose("sealed for the tokeniser")),
            None => number.to_owned(),
        });
        self.seal(KeyPurpose::CardBox, INFO_CARD, &aad, content.as_bytes()).await
    }

    /// An identity number for one verification.
    pub(crate) async fn seal_id(&self, number: &IdNumber, verification_id: Id) -> Outcome<SealedBox> {
        self.seal_id_of(self.identity()?.account_id, number, verification_id).await
    }

    /// The same for an account that this phone is not a device of yet.
    pub(crate) async fn seal_id_of(&self, account_id: Id, number: &IdNumber, verification_id: Id) -> Outcome<SealedBox> {
        let aad = joined(account_id, verification_id);
        self.seal(KeyPurpose::IdBox, INFO_IDENTITY, &aad, number.expose("sealed for the identity check").as_bytes()).await
    }

    async fn seal(&self, purpose: KeyPurpose, info: &[u8], aad: &[u8], content: &[u8]) -> Outcome<SealedBox> {
        let mut keys = self.key_set().await?;
        if keys.box_key(&purpose, self.now()).is_err() {
            keys = self.fetch_key_set().await?;
        }
        let key = keys.box_key(&purpose, self.now()).map_err(|_| Code::ServiceDown)?;
        // A box is only as good as its randomness: the host's failure must not become a weak key.
        let mut failed = None;
        let sealed = boxes::seal(&key, info, aad, content, &mut FnRng(|bytes: &mut [u8]| {
            if let Err(error) = self.host.random(bytes) {
                failed = Some(error);
            }
        }));
        match failed {
            Some(error) => Err(store_code(error).into()),
            None => sealed.map_err(|_| Code::Internal.into()),
        }
    }
}

/// Two ids as text, a zero byte between.
fn joined(first: Id, second: Id) -> Vec<u8> {
    format!("{first}\0{second}").into_bytes()
}
