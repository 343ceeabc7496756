//! What the law allows, as data: which class of payment account a verification gives, what a class
//! may be used for, how strongly a payment is proven and what that caps.
//!
//! Sources: PBOC Announcement 2015 No. 43, articles 11 and 24 (classes, factors); 银发〔2017〕296号,
//! article 12 (barcodes). The counters themselves are in [`crate::limits`].

use crate::limits::{AccountClass, BarcodeLevel};
use kabao_base::Money;

/// What a payment account can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum AccountUse {
    /// To pay for goods and services.
    Consume,
    /// To send money to somebody.
    Transfer,
    /// To buy wealth and other investment products.
    Wealth,
}

impl AccountUse {
    /// The use of a stored name.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::law::AccountUse;
    /// assert_eq!(AccountUse::parse("wealth"), Some(AccountUse::Wealth));
    /// assert_eq!(AccountUse::parse("loan"), None);
    /// ```
    pub fn parse(text: &str) -> Option<AccountUse> {
        match text {
            "consume" => Some(AccountUse::Consume),
            "transfer" => Some(AccountUse::Transfer),
            "wealth" => Some(AccountUse::Wealth),
            _ => None,
        }
    }
}

/// How an identity was checked when the account was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Verification {
    /// Lawful external channels that confirmed the identity, each counted once.
    pub external_channels: u32,
    /// Whether the person, or an agent for them, was seen face to face.
    pub face_to_face: bool,
}

/// The highest class that a verification gives; `None` when it gives no account.
///
/// # Examples
/// ```
/// use kabao_money::{law, limits::AccountClass};
/// let three = law::Verification { external_channels: 3, face_to_face: false };
/// assert_eq!(law::class_of(three), Some(AccountClass::II));
/// ```
pub const fn class_of(verification: Verification) -> Option<AccountClass> {
    match (verification.face_to_face, verification.external_channels) {
        (true, _) | (false, 5..) => Some(AccountClass::III),
        (false, 3..) => Some(AccountClass::II),
        (false, 1..) => Some(AccountClass::I),
        (false, 0) => None,
    }
}

/// How many external channels are missing for a class; zero when it is reached.
pub const fn channels_missing(class: AccountClass, verification: Verification) -> u32 {
    let needed: u32 = match class {
        AccountClass::I => 1,
        AccountClass::II => 3,
        AccountClass::III => 5,
    };
    if verification.face_to_face { 0 } else { needed.saturating_sub(verification.external_channels) }
}

/// Whether an account of a class may be used so.
pub const fn may(class: AccountClass, wanted: AccountUse) -> bool {
    match wanted {
        AccountUse::Consume | AccountUse::Transfer => true,
        AccountUse::Wealth => matches!(class, AccountClass::III),
    }
}

/// What proves that it is the person. The law counts kinds, not pieces: a password and a second
/// password are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Factor {
    /// Known to the person alone: a password, a PIN, a gesture.
    Known,
    /// Held by the person alone: a one-time code, a device.
    Held,
    /// Held, and a digital certificate or an electronic signature.
    Signature,
    /// The person's body: finger, face, voice.
    Body,
}

impl Factor {
    /// The factor of a name as services use it; `None` for a name that is not known, which proves nothing.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::law::Factor;
    /// assert_eq!(Factor::parse("sms"), Some(Factor::Held));
    /// ```
    pub fn parse(text: &str) -> Option<Factor> {
        match text {
            "password" | "pin" | "gesture" => Some(Factor::Known),
            "sms" | "otp" | "totp" | "device" => Some(Factor::Held),
            "certificate" | "e-signature" => Some(Factor::Signature),
            "fingerprint" | "face" | "iris" | "voice" => Some(Factor::Body),
            _ => None,
        }
    }
}

/// How strongly a payment is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Strength {
    /// Less than two kinds: 1,000 yuan a day, and the institution bears every loss.
    Weak,
    /// Two kinds, none of them a certificate or signature: 5,000 yuan a day.
    Two,
    /// Two kinds, one of them a certificate or signature: by agreement.
    Strong,
}

impl Strength {
    /// The strength of the factors that were checked.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::law::{Factor, Strength};
    /// assert_eq!(Strength::of(&[Factor::Known, Factor::Known]), Strength::Weak);
    /// assert_eq!(Strength::of(&[Factor::Known, Factor::Signature]), Strength::Strong);
    /// ```
    pub fn of(factors: &[Factor]) -> Strength {
        let signature = factors.contains(&Factor::Signature);
        let held = signature || factors.contains(&Factor::Held);
        let kinds = [held, factors.contains(&Factor::Known), factors.contains(&Factor::Body)];
        let kinds = kinds.into_iter().filter(|there| *there).count();
        match (kinds, signature) {
            (0 | 1, _) => Strength::Weak,
            (_, false) => Strength::Two,
            (_, true) => Strength::Strong,
        }
    }

    /// What may be paid from all payment accounts of the person in a day; `None`: by agreement.
    pub const fn day_cap(self) -> Option<Money> {
        match self {
            Strength::Weak => Some(Money::fen(100_000)),
            Strength::Two => Some(Money::fen(500_000)),
            Strength::Strong => None,
        }
    }
}

/// The level of a payment by barcode. A printed code is D, whatever the proof.
///
/// # Examples
/// ```
/// use kabao_money::{law::{Strength, barcode_level}, limits::BarcodeLevel};
/// assert_eq!(barcode_level(true, Strength::Strong), BarcodeLevel::D);
/// assert_eq!(barcode_level(false, Strength::Two), BarcodeLevel::B);
/// ```
pub const fn barcode_level(is_static: bool, strength: Strength) -> BarcodeLevel {
    match (is_static, strength) {
        (true, _) => BarcodeLevel::D,
        (false, Strength::Strong) => BarcodeLevel::A,
        (false, Strength::Two) => BarcodeLevel::B,
        (false, Strength::Weak) => BarcodeLevel::C,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_what_was_checked() {
        let class = |external_channels, face_to_face| class_of(Verification { external_channels, face_to_face });
        assert_eq!([0, 1, 2, 3, 4, 5, 99].map(|channels| class(channels, false)), [
            None,
            Some(AccountClass::I),
            Some(AccountClass::I),
            Some(AccountClass::II),
            Some(AccountClass::II),
            Some(AccountClass::III),
            Some(AccountClass::III),
        ]);
        assert_eq!(class(0, true), Some(AccountClass::III));
        let missing = |class, external_channels| channels_missing(class, Verification { external_channels, face_to_face: false });
        assert_eq!(AccountClass::ALL.map(|class| missing(class, 2)), [0, 1, 3]);
        assert_eq!(channels_missing(AccountClass::III, Verification { external_channels: 0, face_to_face: true }), 0);
    }

    /// What the person alone knows, what the person alone holds, the person's body.
    #[test]
    fn every_name_of_a_proof_is_of_the_kind_that_the_law_gives_it() {
        let kinds: [(Factor, &[&str]); 4] = [
            (Factor::Known, &["password", "pin", "gesture"]),
            (Factor::Held, &["sms", "otp", "totp", "device"]),
            (Factor::Signature, &["certificate", "e-signature"]),
            (Factor::Body, &["fingerprint", "face", "iris", "voice"]),
        ];
        for (kind, names) in kinds {
            assert!(names.iter().all(|name| Factor::parse(name) == Some(kind)), "{kind:?}");
        }
        assert_eq!(["", "PIN", "mother's name"].map(Factor::parse), [None; 3]);
    }

    #[test]
    fn a_use_that_the_law_does_not_name_is_none() {
        let uses = [AccountUse::Consume, AccountUse::Transfer, AccountUse::Wealth];
        assert_eq!(["consume", "transfer", "wealth"].map(AccountUse::parse), uses.map(Some));
        assert_eq!(["", "loan", "Consume"].map(AccountUse::parse), [None; 3]);
    }

    #[test]
    fn kinds_count_and_not_pieces() {
        use Factor::{Body, Held, Known, Signature};
        for (factors, strength) in [
            (&[][..], Strength::Weak),
            (&[Known], Strength::Weak),
            (&[Body, Body], Strength::Weak),
            (&[Held, Signature], Strength::Weak),
            (&[Signature], Strength::Weak),
            (&[Known, Held], Strength::Two),
            (&[Known, Body, Held], Strength::Two),
            (&[Known, Signature], Strength::Strong),
            (&[Body, Signature, Held], Strength::Strong),
        ] {
            assert_eq!(Strength::of(factors), strength, "{factors:?}");
        }
    }

    #[test]
    fn a_strength_and_its_barcode_level_have_the_same_cap() {
        for strength in [Strength::Weak, Strength::Two, Strength::Strong] {
            assert_eq!(strength.day_cap(), barcode_level(false, strength).day_cap());
            assert_eq!(barcode_level(true, strength), BarcodeLevel::D);
        }
    }

    #[test]
    fn only_class_iii_buys_wealth_products() {
        assert_eq!(AccountClass::ALL.map(|class| may(class, AccountUse::Wealth)), [false, false, true]);
        assert!(AccountClass::ALL.iter().all(|class| may(*class, AccountUse::Consume) && may(*class, AccountUse::Transfer)));
    }
}
