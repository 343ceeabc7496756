//! Payer codes 付款码: whose code a row of digits is, and the digits of our own.
//!
//! Our code is made from a token that the service provisioned: prefix 2, token id 11, time step
//! mod 10, tag 10: 24 digits. It needs no network. The tag is an HMAC over prefix, id and step, so
//! a code that was seen cannot be turned into the next one.

use kabao_base::{Money, Timestamp};
use ring::hmac;
use std::fmt;
use zeroize::Zeroizing;

/// The network that a payer code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PayerNetwork {
    /// A code of this wallet, by the provisioned prefix.
    Ours,
    /// Alipay 支付宝.
    Alipay,
    /// Alipay's token of a face payment.
    AlipayFace,
    /// WeChat Pay 微信支付.
    WeChat,
    /// UnionPay 云闪付.
    UnionPay,
    /// Digital renminbi 数字人民币.
    ECny,
    /// JD 京东.
    Jd,
    /// BestPay 翼支付.
    BestPay,
    /// Baidu's wallet, closed.
    BaiduWallet,
}

impl PayerNetwork {
    /// The name used in data: `alipay`, `wechat` …
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::payer::PayerNetwork::WeChat.name(), "wechat");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            PayerNetwork::Ours => "ours",
            PayerNetwork::Alipay => "alipay",
            PayerNetwork::AlipayFace => "alipay-face",
            PayerNetwork::WeChat => "wechat",
            PayerNetwork::UnionPay => "unionpay",
            PayerNetwork::ECny => "ecny",
            PayerNetwork::Jd => "jd",
            PayerNetwork::BestPay => "bestpay",
            PayerNetwork::BaiduWallet => "baidu-wallet",
        }
    }

    /// The network of a name, other wallets' only.
    pub(crate) fn from_name(name: &str) -> Option<PayerNetwork> {
        const OTHERS: [PayerNetwork; 8] = [
            PayerNetwork::Alipay,
            PayerNetwork::AlipayFace,
            PayerNetwork::WeChat,
            PayerNetwork::UnionPay,
            PayerNetwork::ECny,
            PayerNetwork::Jd,
            PayerNetwork::BestPay,
            PayerNetwork::BaiduWallet,
        ];
        OTHERS.into_iter().find(|network| network.name() == name)
    }
}

/// The network of another wallet's payer code by the table that ships, or `None`. What is in no row is
/// refused, not guessed. Shape only: 18 digits may be an identity number all the same, which
/// [`crate::read()`] says.
///
/// # Examples
/// ```
/// use kabao_codes::payer::{PayerNetwork, classify};
/// assert_eq!(classify("130123456789012345"), Some(PayerNetwork::WeChat));
/// assert_eq!(classify("990123456789012345"), None);
/// ```
pub fn classify(text: &str) -> Option<PayerNetwork> {
    crate::table::Table::shipped().payer_network(text)
}

/// Why the service may not provision this prefix and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixRefusal {
    /// Not two digits.
    #[error("a prefix has two digits")]
    NotTwoDigits,
    /// Another scheme uses the prefix, or merchant codes begin with it.
    #[error("another scheme uses the prefix")]
    Taken,
    /// 18 digits: a till or a clerk may take the code for an identity number.
    #[error("a code of 18 digits may be taken for an identity number")]
    LooksLikeIdentity,
    /// This version makes codes of 24 digits only.
    #[error("codes have 24 digits")]
    Length,
}

/// Length of our code.
pub const CODE_LENGTH: u32 = 24;

/// Judges what the service provisions, before a token of it is stored, by the table that ships.
///
/// # Examples
/// ```
/// use kabao_codes::payer::{PrefixRefusal, refuse_prefix};
/// assert_eq!(refuse_prefix("97", 24), Ok(()));
/// assert_eq!(refuse_prefix("62", 24), Err(PrefixRefusal::Taken));
/// ```
pub fn refuse_prefix(prefix: &str, length: u32) -> Result<(), PrefixRefusal> {
    crate::table::Table::shipped().refuse_prefix(prefix, length)
}

/// Why a token of the service was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The prefix may not be provisioned.
    #[error(transparent)]
    Prefix(#[from] PrefixRefusal),
    /// The id is not eleven digits.
    #[error("a token id has eleven digits")]
    Id,
    /// The key is not 32 bytes.
    #[error("a token key has 32 bytes")]
    Key,
    /// A cap is negative, or the cap under an untrusted clock is above the other.
    #[error("the caps of a token do not fit")]
    Cap,
}

/// One token of a batch: good for one showing. The key is wiped when the token is dropped, and
/// Debug does not show it.
pub struct PayerToken {
    prefix: String,
    id: String,
    key: Zeroizing<[u8; 32]>,
    not_after: Timestamp,
    cap: Money,
    cap_untrusted: Money,
}

impl PayerToken {
    /// Takes a token as provisioned. `cap` bounds one payment; `cap_untrusted` bounds it while the
    /// phone's clock is not to be trusted (restarted without network).
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Money, Timestamp};
    /// use kabao_codes::payer::PayerToken;
    /// let caps = (Money::fen(50_000), Money::fen(10_000));
    /// let token = PayerToken::new("97", "12345678901", &[7; 32], Timestamp::from_ms(0), caps.0, caps.1)?;
    /// assert_eq!((token.prefix(), token.id(), token.key()), ("97", "12345678901", &[7; 32]));
    /// assert_eq!((token.not_after(), token.cap(false)), (Timestamp::from_ms(0), Money::fen(10_000)));
    /// # Ok::<(), kabao_codes::payer::TokenError>(())
    /// ```
    pub fn new(
        prefix: &str,
        id: &str,
        key: &[u8],
        not_after: Timestamp,
        cap: Money,
        cap_untrusted: Money,
    ) -> Result<PayerToken, TokenError> {
        refuse_prefix(prefix, CODE_LENGTH)?;
        if id.len() != 11 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TokenError::Id);
        }
        let key = Zeroizing::new(<[u8; 32]>::try_from(key).map_err(|_| TokenError::Key)?);
        let caps = cap.currency == cap_untrusted.currency && 0 <= cap_untrusted.minor && cap_untrusted.minor <= cap.minor;
        if !caps {
            return Err(TokenError::Cap);
        }
        Ok(PayerToken { prefix: prefix.to_owned(), id: id.to_owned(), key, not_after, cap, cap_untrusted })
    }

    /// The issuer's prefix, two digits.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The token's id, eleven digits; stands in the code and names the token to the service.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key, for the encrypted file that keeps tokens.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// From this time on the service does not take the token.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The cap of one payment by this token.
    pub fn cap(&self, clock_trusted: bool) -> Money {
        if clock_trusted { self.cap } else { self.cap_untrusted }
    }
}

impl fmt::Debug for PayerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PayerToken")
    }
}

/// Seconds of one step of the code.
pub const STEP_SECONDS: i64 = 30;
const LABEL: &str = "kabao-code-1";

/// The digits that a token shows at a time (seconds since 1970; a time before counts as 1970). The
/// same token and step give the same digits.
///
/// # Examples
/// ```
/// use kabao_base::{Money, Timestamp};
/// use kabao_codes::payer::{PayerToken, derive_code};
/// let key: Vec<u8> = (0..32).collect();
/// let (cap, cap_untrusted) = (Money::fen(50_000), Money::fen(10_000));
/// let token = PayerToken::new("97", "12345678901", &key, Timestamp::from_ms(0), cap, cap_untrusted)?;
/// assert_eq!(derive_code(&token, 1_790_000_000), "971234567890166296851979");
/// # Ok::<(), kabao_codes::payer::TokenError>(())
/// ```
pub fn derive_code(token: &PayerToken, unix_seconds: i64) -> String {
    let step = u64::try_from(unix_seconds.div_euclid(STEP_SECONDS)).unwrap_or(0);
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.key.as_slice());
    let mut context = hmac::Context::with_key(&key);
    for part in [LABEL.as_bytes(), token.prefix.as_bytes(), token.id.as_bytes(), &step.to_be_bytes()] {
        context.update(part);
    }
    let tag = context.sign();
    let head = tag.as_ref().iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{}{}{}{:010}", token.prefix, token.id, step % 10, head % 10_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(prefix: &str, id: &str, key: &[u8]) -> Result<PayerToken, TokenError> {
        PayerToken::new(prefix, id, key, Timestamp::from_ms(0), Money::fen(50_000), Money::fen(10_000))
    }

    fn counting() -> Vec<u8> {
        (0..32).collect()
    }

    /// Expected digits come from Python's `hmac` and `hashlib`.
    #[test]
    fn digits_agree_with_another_implementation() {
        let mine = token("97", "12345678901", &counting()).unwrap();
        for (seconds, digits) in [
            (29, "971234567890107750457138"),
            (30, "971234567890118975060279"),
            (2160, "971234567890120028801078"),
            (1_790_000_000, "971234567890166296851979"),
            (1_790_000_029, "971234567890172807358197"),
            (1_790_000_030, "971234567890172807358197"),
        ] {
            assert_eq!(derive_code(&mine, seconds), digits);
        }
        assert_eq!(derive_code(&token("97", "00000000000", &counting()).unwrap(), 0), "970000000000002636822201");
        assert_eq!(derive_code(&token("45", "99999999999", &[0xff; 32]).unwrap(), 4_102_444_800), "459999999999908060361831");
    }

    #[test]
    fn extremes_of_time_have_digits() {
        let mine = token("97", "12345678901", &counting()).unwrap();
        assert_eq!(derive_code(&mine, i64::MIN), derive_code(&mine, 0));
        assert_eq!(derive_code(&mine, i64::MAX).len(), 24);
    }

    #[test]
    fn refuses_what_others_use() {
        for prefix in ["00", "01", "10", "15", "18", "25", "30", "31", "51", "62", "83"] {
            assert_eq!(refuse_prefix(prefix, 24), Err(PrefixRefusal::Taken), "{prefix}");
        }
        for prefix in ["9", "970", "9a", "９7", ""] {
            assert_eq!(refuse_prefix(prefix, 24), Err(PrefixRefusal::NotTwoDigits), "{prefix}");
        }
        assert_eq!(refuse_prefix("97", 18), Err(PrefixRefusal::LooksLikeIdentity));
        assert_eq!(refuse_prefix("97", 19), Err(PrefixRefusal::Length));
        assert_eq!(refuse_prefix("97", 24), Ok(()));
        assert_eq!(refuse_prefix("16", 24), Ok(()));
    }

    #[test]
    fn refuses_tokens_that_do_not_fit() {
        assert_eq!(token("97", "1234567890", &counting()).unwrap_err(), TokenError::Id);
        assert_eq!(token("97", "12345678901", &[0; 31]).unwrap_err(), TokenError::Key);
        assert_eq!(token("62", "12345678901", &[0; 32]).unwrap_err(), TokenError::Prefix(PrefixRefusal::Taken));
        let caps = |cap, low| PayerToken::new("97", "12345678901", &[0; 32], Timestamp::from_ms(0), Money::fen(cap), Money::fen(low)).map(|_| ());
        assert_eq!((caps(5, 6), caps(5, -1), caps(5, 5)), (Err(TokenError::Cap), Err(TokenError::Cap), Ok(())));
    }

    #[test]
    fn an_untrusted_clock_lowers_the_cap() {
        let mine = token("97", "12345678901", &counting()).unwrap();
        assert_eq!((mine.cap(true), mine.cap(false)), (Money::fen(50_000), Money::fen(10_000)));
        assert_eq!((mine.prefix(), mine.id(), mine.key()[31]), ("97", "12345678901", 31));
    }

    #[test]
    fn only_shapes_of_a_network_are_its_codes() {
        for (text, network) in [
            ("3112345678901234", Some(PayerNetwork::BaiduWallet)),
            ("311234567890123456", Some(PayerNetwork::BaiduWallet)),
            ("160123456789012345", None),
            ("310123456789012", None),
            ("971234567890166296851979", None),
            ("１３0123456789012345", None),
        ] {
            assert_eq!(classify(text), network, "{text}");
        }
        assert_eq!(classify(&format!("fp{}", "0aZ".repeat(11))), Some(PayerNetwork::AlipayFace));
        assert_eq!(classify(&format!("fp{}", "0aZ".repeat(10))), None);
    }

    #[test]
    fn printing_shows_no_key() {
        assert_eq!(format!("{:?}", token("97", "12345678901", &counting()).unwrap()), "PayerToken");
    }
}
