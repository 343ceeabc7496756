//! Secrets of class C3: wiped when dropped, not copyable, without Debug of their content.

use crate::fold::{FoldError, FoldKind, fold};
use std::fmt;
use zeroize::Zeroizing;

/// Text that must not outlive its use. It cannot be cloned or serialised, and printing it shows
/// only what kind of secret it is.
pub struct Secret<K> {
    text: Zeroizing<String>,
    kind: std::marker::PhantomData<K>,
}

/// Names a kind of secret.
pub trait SecretKind {
    /// The word that Debug prints.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($marker:ident $alias:ident $name:literal $doc:literal),*) => {$(
        #[doc = $doc]
        #[derive(Clone, Copy)]
        pub struct $marker;
        impl SecretKind for $marker { const NAME: &'static str = $name; }
        #[doc = $doc]
        pub type $alias = Secret<$marker>;
    )*};
}

kinds! {
    PinKind Pin "PIN" "The payment PIN: six ASCII digits.",
    CardKind CardNumber "card number" "A whole card number.",
    CvvKind Cvv "card security code" "The security code of a card: three digits, four with American Express.",
    OtpKind Otp "one-time code" "A one-time code, from an SMS or an authenticator app.",
    PasswordKind Password "login password" "The login password, as typed.",
    OtpTextKind OtpText "authenticator key" "The key of an authenticator app as text, or a link that holds it.",
    IdNumberKind IdNumber "identity number" "A whole identity number.",
    SheetKind SheetCode "recovery sheet code" "The code of the recovery sheet."
}

impl<K: SecretKind> Secret<K> {
    /// Takes the text over as it is. The caller's copy is the caller's to wipe.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::CardNumber;
    /// let number = CardNumber::new("6222020000000000000".to_owned());
    /// assert_eq!(kabao_base::mask::card_tail(number.expose("its tail is shown")), "0000");
    /// ```
    pub fn new(text: String) -> Secret<K> {
        Secret { text: Zeroizing::new(text), kind: std::marker::PhantomData }
    }

    /// The content. `reason` says at the place of use why it must be seen there; it is not kept.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::CardNumber;
    /// let number = CardNumber::new("6222020000000000000".to_owned());
    /// assert_eq!(number.expose("its length is shown").len(), 19);
    /// ```
    pub fn expose(&self, reason: &'static str) -> &str {
        debug_assert!(!reason.is_empty());
        &self.text
    }
}

impl<K: SecretKind> fmt::Debug for Secret<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({})", K::NAME)
    }
}

/// Why a PIN was not accepted as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinShape {
    /// Not six characters.
    #[error("a PIN has six digits")]
    Length,
    /// Something other than ASCII digits; a PIN is not folded.
    #[error("a PIN has the digits 0 to 9 only")]
    NotAscii,
}

impl Pin {
    /// Takes a PIN as typed: exactly six ASCII digits. Full-width digits are refused, because a
    /// PIN is typed on a keypad and anything else is an error of the caller.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Pin;
    /// assert!(Pin::read("480273".to_owned()).is_ok());
    /// assert!(Pin::read("４８０２７３".to_owned()).is_err());
    /// ```
    pub fn read(text: String) -> Result<Pin, PinShape> {
        let pin = Pin::new(text);
        let seen = pin.expose("its shape is checked");
        if !seen.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PinShape::NotAscii);
        }
        if seen.len() != 6 {
            return Err(PinShape::Length);
        }
        Ok(pin)
    }
}

impl Otp {
    /// Folds and takes a one-time code: six digits.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Otp;
    /// assert!(Otp::read("１２３ ４５６".to_owned()).is_ok());
    /// assert!(Otp::read("12345".to_owned()).is_err());
    /// ```
    pub fn read(text: String) -> Result<Otp, FoldError> {
        let typed = Zeroizing::new(text);
        let folded = fold(&typed, FoldKind::Otp)?;
        let otp = Otp::new(folded);
        if otp.expose("its shape is checked").len() == 6 { Ok(otp) } else { Err(FoldError::NotDigits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_shows_no_digit() {
        let pin = Pin::read("135792".to_owned()).unwrap();
        assert_eq!(format!("{pin:?}"), "Secret(PIN)");
    }

    #[test]
    fn a_pin_is_six_ascii_digits() {
        for text in ["", "12345", "1234567", &"1".repeat(1 << 20)] {
            assert_eq!(Pin::read(text.to_owned()).err(), Some(PinShape::Length));
        }
        for text in ["１３５７９２", "12 456", "12345a", "12345\u{200b}"] {
            assert_eq!(Pin::read(text.to_owned()).err(), Some(PinShape::NotAscii));
        }
    }
}
