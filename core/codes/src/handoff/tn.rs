//! UnionPay's app payment (register, F20): the merchant's service gets an order number (TN), the
//! app hands it to UnionPay's library, and the library says what the person did.

use super::{HandOffError, checked_token, checked_wait, returns};

/// Which of UnionPay's systems is meant; the library takes the two digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum UnionPayMode {
    /// `00`: real money.
    Live,
    /// `01`: UnionPay's test system.
    Test,
}

impl UnionPayMode {
    /// The two digits that the library takes.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(kabao_codes::handoff::UnionPayMode::Live.digits(), "00");
    /// ```
    pub fn digits(self) -> &'static str {
        match self {
            UnionPayMode::Live => "00",
            UnionPayMode::Test => "01",
        }
    }
}

/// An order number of UnionPay.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnionPayTn {
    digits: String,
}

impl UnionPayTn {
    /// Reads an order number: 16 to 32 ASCII digits. UnionPay gives 21; the width is not written
    /// down anywhere public, so another one is taken and [`UnionPayTn::is_usual`] says so.
    ///
    /// # Errors
    ///
    /// [`HandOffError::Tn`] for anything else.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::UnionPayTn;
    ///
    /// let tn = UnionPayTn::read("201307081544391234567")?;
    /// assert!(tn.is_usual());
    /// assert!(UnionPayTn::read("20130708154439123456A").is_err());
    /// # Ok::<(), kabao_codes::handoff::HandOffError>(())
    /// ```
    pub fn read(text: &str) -> Result<UnionPayTn, HandOffError> {
        let lawful = (16..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if lawful { Ok(UnionPayTn { digits: text.to_owned() }) } else { Err(HandOffError::Tn) }
    }

    /// The digits.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::UnionPayTn;
    ///
    /// assert_eq!(UnionPayTn::read("201307081544391234567")?.digits(), "201307081544391234567");
    /// # Ok::<(), kabao_codes::handoff::HandOffError>(())
    /// ```
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether it has the usual 21 digits.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::UnionPayTn;
    ///
    /// assert!(!UnionPayTn::read("2013070815443912")?.is_usual());
    /// # Ok::<(), kabao_codes::handoff::HandOffError>(())
    /// ```
    pub fn is_usual(&self) -> bool {
        self.digits.len() == 21
    }
}

/// What the app hands to UnionPay's library. On iOS the app's property list names the schemes
/// `uppaywallet`, `uppaysdk`, `uppayx1`, `uppayx2` and `uppayx3`, or the library does not find the app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UnionPayCall {
    /// The order number.
    pub tn: String,
    /// `00` for real money, `01` for UnionPay's test system.
    pub mode: String,
    /// The scheme by which iOS comes back to the app.
    pub return_scheme: String,
    /// The word of this payment: the app keeps it beside the call, because the library does not carry it.
    pub return_token: String,
    /// After how many seconds without an answer the result is unknown and the service is asked.
    pub expires_after_seconds: u32,
}

/// Prepares a call of UnionPay's library. Its answer goes to
/// [`channel_answer`](super::channel_answer) as [`ResultWords::UnionPayClient`](super::ResultWords::UnionPayClient).
///
/// # Errors
///
/// [`HandOffError`] says what is wrong with number, scheme, token or time.
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::{UnionPayMode, union_pay_call};
///
/// let call = union_pay_call("201307081544391234567", UnionPayMode::Live, "kabao", "q8Zr1mC0x5Vt2bNd", 300)?;
/// assert_eq!(call.mode, "00");
/// # Ok::<(), kabao_codes::handoff::HandOffError>(())
/// ```
pub fn union_pay_call(tn: &str, mode: UnionPayMode, return_scheme: &str, return_token: &str, expires_after_seconds: u32) -> Result<UnionPayCall, HandOffError> {
    let tn = UnionPayTn::read(tn)?;
    returns::checked_scheme(return_scheme)?;
    checked_token(return_token)?;
    checked_wait(expires_after_seconds)?;
    Ok(UnionPayCall {
        tn: tn.digits,
        mode: mode.digits().to_owned(),
        return_scheme: return_scheme.to_owned(),
        return_token: return_token.to_owned(),
        expires_after_seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits() {
        for text in ["2013070815443912", "201307081544391234567", &"1".repeat(32)] {
            assert_eq!(UnionPayTn::read(text).map(|tn| tn.digits().to_owned()).as_deref(), Ok(text));
        }
        for text in ["", "201307081544391", &"1".repeat(33), " 201307081544391234567", "２０１３０７０８１５４４３９１２", "20130708154439-1234567"] {
            assert_eq!(UnionPayTn::read(text), Err(HandOffError::Tn), "{text}");
        }
    }

    #[test]
    fn a_call_is_checked() {
        let call = |tn, scheme, token, seconds| union_pay_call(tn, UnionPayMode::Test, scheme, token, seconds);
        let (tn, token) = ("201307081544391234567", "q8Zr1mC0x5Vt2bNd");
        assert_eq!(call(tn, "kabao", token, 1).unwrap().mode, "01");
        assert_eq!(call("1", "kabao", token, 1), Err(HandOffError::Tn));
        assert_eq!(call(tn, "kabao://", token, 1), Err(HandOffError::Scheme));
        assert_eq!(call(tn, "kabao", "a", 1), Err(HandOffError::Token));
        assert_eq!(call(tn, "kabao", token, 0), Err(HandOffError::Wait));
    }
}
