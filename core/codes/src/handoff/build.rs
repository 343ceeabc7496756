//! Links that open another app, and the way back from such a link to what it wraps.

use super::known::checked_https;
use super::{HandOffError, checked_text, checked_token, checked_wait, paypal, percent};
use crate::links::{row_of, take_apart};
use crate::read::Family;
use crate::table::Table;
use std::fmt;

/// The app that is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum HandOffApp {
    /// Alipay 支付宝.
    Alipay,
    /// WeChat 微信.
    WeChat,
    /// UnionPay's app 云闪付, or a bank's app with its service inside.
    UnionPay,
    /// PayPal.
    PayPal,
}

/// How an app is opened with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum HandOffWay {
    /// Alipay takes the link as if it had scanned it (`saId=10000007`). For printed and shown codes.
    AlipayScan,
    /// Alipay opens the link as a page (`appId=20000067`). For cashier pages that ask which app opens them.
    AlipayPage,
    /// WeChat takes a payment that the merchant's service has signed. The link is passed on as it is;
    /// it works only from the app that is registered with it.
    WeChatPay,
    /// PayPal opens its own https link. The link is passed on as it is.
    PayPalMe,
}

impl HandOffWay {
    /// The app that this way opens.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::{HandOffApp, HandOffWay};
    ///
    /// assert_eq!(HandOffWay::AlipayScan.app(), HandOffApp::Alipay);
    /// ```
    pub fn app(self) -> HandOffApp {
        match self {
            HandOffWay::AlipayScan | HandOffWay::AlipayPage => HandOffApp::Alipay,
            HandOffWay::WeChatPay => HandOffApp::WeChat,
            HandOffWay::PayPalMe => HandOffApp::PayPal,
        }
    }
}

/// What is handed to another app.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HandOffRequest {
    /// How the app is opened.
    pub way: HandOffWay,
    /// The scanned link, unchanged.
    pub link: String,
    /// A random word of this payment, 16 to 64 letters, digits, `-` or `_`. An answer without it is not believed.
    pub return_token: String,
    /// After how many seconds without an answer the wallet asks the service, 1 to 7200.
    pub expires_after_seconds: u32,
}

/// A hand-off that is ready: the link to open once, and what to wait for. Open it only when the
/// person asks for it; a return is not guaranteed, so start the timer at once.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HandOff {
    /// The app that opens.
    pub app: HandOffApp,
    /// The link to open.
    pub link: String,
    /// The word that the answer must carry.
    pub return_token: String,
    /// After how many seconds without an answer the result is unknown and the service is asked.
    pub expires_after_seconds: u32,
}

// Links name payees and signed orders, and whoever knows the token can write an answer: neither is printed.
impl fmt::Debug for HandOffRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HandOffRequest").field("way", &self.way).field("expires_after_seconds", &self.expires_after_seconds).finish_non_exhaustive()
    }
}

impl fmt::Debug for HandOff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HandOff").field("app", &self.app).field("expires_after_seconds", &self.expires_after_seconds).finish_non_exhaustive()
    }
}

/// A link that was found inside a hand-off.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct WrappedLink {
    /// How the app would be opened.
    pub way: HandOffWay,
    /// The link inside, decoded.
    pub link: String,
}

// What is written, and checked before it is passed on (`checked_wechat`), are grammars of the apps, not
// rows: the table says what is recognised.
const SCAN: &str = "alipays://platformapi/startapp?saId=10000007&qrcode=";
const PAGE: &str = "alipays://platformapi/startapp?appId=20000067&url=";

/// Writes the link that opens another app with a scanned link (register, F5, F12, F28). Only https
/// links that the table of codes gives to the app are wrapped; a hand-off inside a hand-off is refused.
/// WeChat's signed payment and PayPal.Me are checked and passed on without a change.
///
/// # Errors
///
/// [`HandOffError`] says what is wrong with link, token or time.
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::{HandOffApp, HandOffRequest, HandOffWay, hand_off};
/// use kabao_codes::table::Table;
///
/// let request = HandOffRequest {
///     way: HandOffWay::AlipayScan,
///     link: "https://qr.alipay.com/fkx00000aaaa".to_owned(),
///     return_token: "q8Zr1mC0x5Vt2bNd".to_owned(),
///     expires_after_seconds: 300,
/// };
/// let ready = hand_off(&request, &Table::shipped())?;
/// assert_eq!(ready.app, HandOffApp::Alipay);
/// assert_eq!(ready.link, "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa");
/// # Ok::<(), kabao_codes::handoff::HandOffError>(())
/// ```
pub fn hand_off(request: &HandOffRequest, table: &Table) -> Result<HandOff, HandOffError> {
    checked_token(&request.return_token)?;
    checked_wait(request.expires_after_seconds)?;
    let app = request.way.app();
    let link = match request.way {
        HandOffWay::AlipayScan => wrapped(SCAN, &request.link, table)?,
        HandOffWay::AlipayPage => wrapped(PAGE, &request.link, table)?,
        HandOffWay::WeChatPay => {
            checked_wechat(&request.link)?;
            request.link.clone()
        }
        HandOffWay::PayPalMe => {
            paypal::read_paypal_me(&request.link, table)?;
            request.link.clone()
        }
    };
    Ok(HandOff { app, link, return_token: request.return_token.clone(), expires_after_seconds: request.expires_after_seconds })
}

/// The link that opens Alipay's scanner with a code that the reader has judged.
pub(crate) fn alipay_scan(code: &str) -> String {
    format!("{SCAN}{}", percent::encoded(code))
}

fn wrapped(start: &str, link: &str, table: &Table) -> Result<String, HandOffError> {
    checked_https(link, HandOffApp::Alipay, table)?;
    Ok(format!("{start}{}", percent::encoded(link)))
}

/// Reads the link inside a link that opens Alipay. What is inside is checked like what is wrapped:
/// a link of the table, and no further hand-off.
///
/// # Errors
///
/// [`HandOffError::Shape`] for any other text, and for a link with none or several links inside;
/// [`HandOffError::Nested`] and [`HandOffError::UnknownLink`] for what is inside.
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::{HandOffError, HandOffWay, unwrap_hand_off};
/// use kabao_codes::table::Table;
///
/// let table = Table::shipped();
/// let inside = unwrap_hand_off("alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa", &table)?;
/// assert_eq!((inside.way, inside.link.as_str()), (HandOffWay::AlipayScan, "https://qr.alipay.com/fkx00000aaaa"));
/// assert_eq!(unwrap_hand_off("https://qr.alipay.com/fkx00000aaaa", &table), Err(HandOffError::Shape));
/// # Ok::<(), HandOffError>(())
/// ```
pub fn unwrap_hand_off(text: &str, table: &Table) -> Result<WrappedLink, HandOffError> {
    // Encoding makes at most three bytes of one, so that what was wrapped can always be read back.
    if text.len() > super::LIMIT * 3 + PAGE.len() + 16 {
        return Err(HandOffError::TooLong);
    }
    if crate::hidden_in_code(text).is_some() || text.chars().any(char::is_whitespace) {
        return Err(HandOffError::Hidden);
    }
    let (place, query) = text.split_once('?').ok_or(HandOffError::Shape)?;
    let outer = take_apart(place).filter(|link| link.fragment.is_empty()).ok_or(HandOffError::Shape)?;
    if row_of(&outer, table).is_none_or(|row| row.family != Family::AlipayHandOff) {
        return Err(HandOffError::Shape);
    }
    let mut found = None;
    for pair in query.split('&') {
        let way = match pair.split_once('=') {
            Some(("qrcode", value)) => Some((HandOffWay::AlipayScan, value)),
            Some(("url", value)) => Some((HandOffWay::AlipayPage, value)),
            _ => None,
        };
        if way.is_some() && found.is_some() {
            return Err(HandOffError::Shape);
        }
        found = found.or(way);
    }
    let (way, value) = found.ok_or(HandOffError::Shape)?;
    let link = percent::decoded(value).ok_or(HandOffError::Shape)?;
    checked_https(&link, HandOffApp::Alipay, table)?;
    Ok(WrappedLink { way, link })
}

/// The ways to open another app with a scanned text, best first; empty where none is known. A
/// WeChat order (`weixin://wxpay/…`) or personal code (`wxp://…`) has none: WeChat opens them only
/// from its own camera (register, F9, F11).
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::{HandOffWay, ways};
/// use kabao_codes::table::Table;
///
/// let table = Table::shipped();
/// assert_eq!(ways("https://qr.alipay.com/fkx00000aaaa", &table), [HandOffWay::AlipayScan, HandOffWay::AlipayPage]);
/// assert_eq!(ways("https://paypal.me/example/25EUR", &table), [HandOffWay::PayPalMe]);
/// assert!(ways("weixin://wxpay/bizpayurl?pr=abcdefg", &table).is_empty());
/// ```
pub fn ways(text: &str, table: &Table) -> Vec<HandOffWay> {
    if checked_https(text, HandOffApp::Alipay, table).is_ok() {
        return vec![HandOffWay::AlipayScan, HandOffWay::AlipayPage];
    }
    if paypal::read_paypal_me(text, table).is_ok() {
        return vec![HandOffWay::PayPalMe];
    }
    if checked_wechat(text).is_ok() { vec![HandOffWay::WeChatPay] } else { Vec::new() }
}

/// `weixin://wap/pay?prepayid=…&package=Sign%3DWXPay&noncestr=…&timestamp=…&sign=…` (register, F12):
/// each of the five once and nothing else. The order is free, because the signature sorts them.
fn checked_wechat(link: &str) -> Result<(), HandOffError> {
    checked_text(link)?;
    let query = link.strip_prefix("weixin://wap/pay?").ok_or(HandOffError::Shape)?;
    let word = |value: &str, longest: usize| (1..=longest).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let mut seen = [false; 5];
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').ok_or(HandOffError::Shape)?;
        let (place, lawful) = match name {
            "prepayid" => (0, word(value, 64)),
            "package" => (1, value == "Sign%3DWXPay"),
            "noncestr" => (2, word(value, 32)),
            "timestamp" => (3, value.len() == 10 && value.bytes().all(|byte| byte.is_ascii_digit())),
            "sign" => (4, is_signature(value)),
            _ => return Err(HandOffError::Shape),
        };
        match seen.get_mut(place) {
            Some(before) if lawful && !*before => *before = true,
            _ => return Err(HandOffError::Shape),
        }
    }
    if seen.contains(&false) { Err(HandOffError::Shape) } else { Ok(()) }
}

/// MD5 or HMAC-SHA256 in hexadecimal, or RSA in base64 whose signs are percent-encoded.
fn is_signature(value: &str) -> bool {
    let hex = [32, 64].contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let base64 = percent::decoded(value).is_some_and(|plain| {
        let body = plain.trim_end_matches('=');
        plain.len() == 344 && body.len() >= 342 && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
    });
    hex || base64
}

#[cfg(test)]
mod tests;
