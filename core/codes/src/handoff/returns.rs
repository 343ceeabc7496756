//! The way back: a link of our own scheme that carries the token of the payment and a word of the
//! channel. Any app on the phone can open such a link, so one without the token is ignored, and
//! even with the token it only makes the wallet ask the service.

use super::{HandOffError, LIMIT, checked_token, percent};
use std::fmt;

/// What another app sent back. Not proof: the word goes to [`channel_answer`](super::channel_answer).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReturnedResult {
    /// The word of the channel, `9000` or `success`.
    pub code: String,
}

/// Why a link that opened the app is not the answer to the payment that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ReturnError {
    /// More than 4096 bytes.
    #[error("the link is too long")]
    TooLong,
    /// Another scheme or no link at all: not for us.
    #[error("not a return link")]
    NotOurs,
    /// No token: anyone could have written it. Ignored.
    #[error("the result carries no token")]
    NoToken,
    /// The token of another payment, or a guessed one. Ignored.
    #[error("the result carries another token")]
    OtherToken,
    /// The right token and no word, or several, or one that no channel writes: the service is asked.
    #[error("the result carries no word")]
    NoCode,
}

impl ReturnError {
    /// Whether the link is to be ignored: the payment goes on waiting as if it had not come.
    /// Otherwise the app did come back from this payment, and the service is asked at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::ReturnError;
    ///
    /// assert!(ReturnError::OtherToken.is_ignored());
    /// assert!(!ReturnError::NoCode.is_ignored());
    /// ```
    pub fn is_ignored(self) -> bool {
        self != ReturnError::NoCode
    }
}

/// Writes the address that a channel opens when it is done: `SCHEME://result?token=TOKEN`. The
/// channel, or the service's page behind it, adds `&code=WORD`.
///
/// # Errors
///
/// [`HandOffError::Scheme`] or [`HandOffError::Token`].
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::make_return_link;
///
/// assert_eq!(make_return_link("kabao", "q8Zr1mC0x5Vt2bNd")?, "kabao://result?token=q8Zr1mC0x5Vt2bNd");
/// # Ok::<(), kabao_codes::handoff::HandOffError>(())
/// ```
pub fn make_return_link(scheme: &str, return_token: &str) -> Result<String, HandOffError> {
    checked_scheme(scheme)?;
    checked_token(return_token)?;
    Ok(format!("{scheme}://result?token={return_token}"))
}

/// Reads a link that opened the app, `SCHEME://…?token=…&code=…`, as the answer to the payment
/// whose token is `expected_token`.
///
/// # Errors
///
/// [`ReturnError`]; all but [`ReturnError::NoCode`] are to be ignored.
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::{ReturnError, read_return};
///
/// let came = read_return("kabao://result?token=q8Zr1mC0x5Vt2bNd&code=9000", "kabao", "q8Zr1mC0x5Vt2bNd")?;
/// assert_eq!(came.code, "9000");
/// assert_eq!(read_return("kabao://result?code=9000", "kabao", "q8Zr1mC0x5Vt2bNd"), Err(ReturnError::NoToken));
/// # Ok::<(), ReturnError>(())
/// ```
pub fn read_return(text: &str, scheme: &str, expected_token: &str) -> Result<ReturnedResult, ReturnError> {
    if text.len() > LIMIT {
        return Err(ReturnError::TooLong);
    }
    let (seen, rest) = text.split_once("://").ok_or(ReturnError::NotOurs)?;
    if checked_scheme(scheme).is_err() || !seen.eq_ignore_ascii_case(scheme) {
        return Err(ReturnError::NotOurs);
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = Pairs { token: None, code: None, several_codes: false };
    for pair in query.split('&') {
        match pair.split_once('=') {
            // Two tokens are no token: which one counts would be the writer's choice.
            Some(("token", _)) if pairs.token.is_some() => return Err(ReturnError::OtherToken),
            Some(("token", value)) => pairs.token = Some(value),
            Some(("code", value)) => {
                pairs.several_codes |= pairs.code.is_some();
                pairs.code = Some(value);
            }
            _ => {}
        }
    }
    match pairs.token {
        None | Some("") => return Err(ReturnError::NoToken),
        Some(token) if token == expected_token && checked_token(expected_token).is_ok() => {}
        Some(_) => return Err(ReturnError::OtherToken),
    }
    let code = pairs.code.filter(|_| !pairs.several_codes).and_then(percent::decoded).ok_or(ReturnError::NoCode)?;
    let plain = (1..=32).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { Ok(ReturnedResult { code }) } else { Err(ReturnError::NoCode) }
}

struct Pairs<'a> {
    token: Option<&'a str>,
    code: Option<&'a str>,
    several_codes: bool,
}

impl fmt::Debug for Pairs<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pairs")
    }
}

/// A scheme of one's own (RFC 3986, 3.1, in lower case) that is none of the web's.
pub(super) fn checked_scheme(scheme: &str) -> Result<(), HandOffError> {
    let lawful = (2..=32).contains(&scheme.len())
        && scheme.starts_with(|character: char| character.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
        && !["http", "https", "file", "content", "javascript", "data"].contains(&scheme);
    if lawful { Ok(()) } else { Err(HandOffError::Scheme) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "q8Zr1mC0x5Vt2bNd";

    #[test]
    fn only_the_token_of_this_payment_counts() {
        let cases = [
            ("kabao://result?token=q8Zr1mC0x5Vt2bNd&code=success", Ok("success")),
            ("KABAO://result/?code=6001&token=q8Zr1mC0x5Vt2bNd&extra=1", Ok("6001")),
            ("kabao://?token=q8Zr1mC0x5Vt2bNd&code=%36001#end", Ok("6001")),
            ("kabao://result?token=q8Zr1mC0x5Vt2bNe&code=9000", Err(ReturnError::OtherToken)),
            ("kabao://result?token=Q8ZR1MC0X5VT2BND&code=9000", Err(ReturnError::OtherToken)),
            ("kabao://result?token=q8Zr1mC0x5Vt2bNd&token=q8Zr1mC0x5Vt2bNd&code=9000", Err(ReturnError::OtherToken)),
            ("kabao://result?token=other&token=q8Zr1mC0x5Vt2bNd&code=9000", Err(ReturnError::OtherToken)),
            ("kabao://result?token=&code=9000", Err(ReturnError::NoToken)),
            ("kabao://result?code=9000", Err(ReturnError::NoToken)),
            ("kabao://result#?token=q8Zr1mC0x5Vt2bNd&code=9000", Err(ReturnError::NoToken)),
            ("kabao://result", Err(ReturnError::NoToken)),
            ("kabao://result?token=q8Zr1mC0x5Vt2bNd", Err(ReturnError::NoCode)),
            ("kabao://result?token=q8Zr1mC0x5Vt2bNd&code=", Err(ReturnError::NoCode)),
            ("kabao://result?token=q8Zr1mC0x5Vt2bNd&code=9000&code=4000", Err(ReturnError::NoCode)),
            ("kabao://result?token=q8Zr1mC0x5Vt2bNd&code=%zz", Err(ReturnError::NoCode)),
            ("kabao://result?token=q8Zr1mC0x5Vt2bNd&code=a%20b", Err(ReturnError::NoCode)),
            ("other://result?token=q8Zr1mC0x5Vt2bNd&code=9000", Err(ReturnError::NotOurs)),
            ("kabao:result?token=q8Zr1mC0x5Vt2bNd&code=9000", Err(ReturnError::NotOurs)),
            ("", Err(ReturnError::NotOurs)),
        ];
        for (text, expected) in cases {
            let came = read_return(text, "kabao", TOKEN);
            assert_eq!(came.as_ref().map(|result| result.code.as_str()), expected.as_ref().map(|code| *code), "{text}");
        }
        assert_eq!(read_return(&format!("kabao://{}", "a".repeat(LIMIT)), "kabao", TOKEN), Err(ReturnError::TooLong));
    }

    #[test]
    fn an_empty_or_short_expectation_matches_nothing() {
        for token in ["", "short"] {
            assert!(read_return(&format!("kabao://result?token={token}&code=9000"), "kabao", token).is_err());
        }
        assert_eq!(read_return("https://result?token=q8Zr1mC0x5Vt2bNd&code=9000", "https", TOKEN), Err(ReturnError::NotOurs));
    }

    #[test]
    fn a_scheme_is_ones_own() {
        for scheme in ["kabao", "app.kabao", "kb-pay1"] {
            assert_eq!(checked_scheme(scheme), Ok(()), "{scheme}");
        }
        for scheme in ["", "k", "Kabao", "1kabao", "https", "javascript", "ka bao", "kabao:", "卡包", &"a".repeat(33)] {
            assert_eq!(make_return_link(scheme, TOKEN), Err(HandOffError::Scheme), "{scheme}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(scheme in "[a-z][a-z0-9+.-]{3,9}", token in "[A-Za-z0-9_-]{16,64}", code in "[!-~]{1,32}", other in "[A-Za-z0-9_-]{16,64}") {
            proptest::prop_assume!(checked_scheme(&scheme).is_ok() && token != other);
            let link = format!("{}&code={}", make_return_link(&scheme, &token).unwrap(), percent::encoded(&code));
            proptest::prop_assert_eq!(read_return(&link, &scheme, &token), Ok(ReturnedResult { code }));
            proptest::prop_assert_eq!(read_return(&link, &scheme, &other), Err(ReturnError::OtherToken));
        }

        #[test]
        fn any_text_has_an_answer(text in "(kabao://)?\\PC{0,120}") {
            let came = read_return(&text, "kabao", TOKEN);
            proptest::prop_assert!(came.is_err() || text.contains(TOKEN));
        }
    }
}
