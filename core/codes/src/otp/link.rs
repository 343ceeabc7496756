//! The link `otpauth://` that an authenticator app reads from a QR code when a person enrols.
//!
//! Source: the Key Uri Format of Google Authenticator's wiki, which other apps follow:
//! `otpauth://totp/Issuer:account?secret=…&issuer=…&algorithm=…&digits=…&period=…`.

use super::{OtpAlgorithm, OtpError, OtpKey, OtpSettings, base32};
use crate::hidden_in_code;
use kabao_base::secret::OtpText;

/// Longest link in bytes: two labels and an issuer of 64 characters of four bytes, each byte written as three.
const LONGEST: usize = 4096;
/// Longest issuer and longest account, in characters.
const LONGEST_LABEL: usize = 64;

/// What moves a code on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum OtpMoving {
    /// The time, by the period of the settings.
    Time,
    /// A counter, which stands at this value.
    Counter {
        /// The next counter.
        next: u64,
    },
}

/// What an enrolment link says. It cannot be printed, because it holds the key.
pub struct Enrolment {
    /// Who asks for the codes, as the app shows it.
    pub issuer: String,
    /// Whose codes they are, as the app shows it. Should be masked: screens are photographed.
    pub account: String,
    /// The key.
    pub key: OtpKey,
    /// Time or counter.
    pub moving: OtpMoving,
    /// Hash, digits, period.
    pub settings: OtpSettings,
}

impl Enrolment {
    /// The link, for a QR code. Everything is written out, because some apps assume other values than the format says.
    ///
    /// # Errors
    /// [`OtpError::Settings`] for settings out of bounds; [`OtpError::Malformed`] for an issuer or an account that is
    /// empty or holds a colon, [`OtpError::Hidden`] and [`OtpError::TooLong`] (64 characters) for the same.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::otp::{Enrolment, OtpKey, OtpMoving, OtpSettings};
    /// let enrolment = Enrolment {
    ///     issuer: "卡包".to_owned(),
    ///     account: "138****8000".to_owned(),
    ///     key: OtpKey::new(b"12345678901234567890".to_vec()).unwrap(),
    ///     moving: OtpMoving::Time,
    ///     settings: OtpSettings::default(),
    /// };
    /// let link = enrolment.link().unwrap();
    /// assert_eq!(Enrolment::read(link.expose("it is read back")).unwrap().issuer, "卡包");
    /// ```
    pub fn link(&self) -> Result<OtpText, OtpError> {
        let settings = self.settings.checked()?;
        for label in [&self.issuer, &self.account] {
            check_label(label)?;
        }
        let (kind, moving) = match self.moving {
            OtpMoving::Time => ("totp", format!("period={}", settings.period)),
            OtpMoving::Counter { next } => ("hotp", format!("counter={next}")),
        };
        let (issuer, account) = (escape(&self.issuer), escape(&self.account));
        let secret = base32::encode(&self.key.0);
        let (algorithm, digits) = (settings.algorithm.name(), settings.digits);
        Ok(OtpText::new(format!(
            "otpauth://{kind}/{issuer}:{account}?secret={}&issuer={issuer}&algorithm={algorithm}&digits={digits}&{moving}",
            *secret
        )))
    }

    /// The key in groups of four characters, for a person who cannot scan.
    ///
    /// # Examples
    /// ```
    /// # use kabao_codes::otp::{Enrolment, OtpKey, OtpMoving, OtpSettings};
    /// # let key = OtpKey::new(b"12345678901234567890".to_vec()).unwrap();
    /// # let (issuer, account) = ("Kabao".to_owned(), "me".to_owned());
    /// let enrolment = Enrolment { issuer, account, key, moving: OtpMoving::Time, settings: OtpSettings::default() };
    /// assert_eq!(enrolment.typed_key().expose("it is shown once"), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    /// ```
    pub fn typed_key(&self) -> OtpText {
        let plain = base32::encode(&self.key.0);
        let mut grouped = String::with_capacity(plain.len() * 5 / 4 + 1);
        for (at, character) in plain.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(character);
        }
        OtpText::new(grouped)
    }

    /// Reads a link. What it leaves out has the value of [`OtpSettings::default`]; parameters that the format does not
    /// know (a picture, a colour) are passed over.
    ///
    /// # Errors
    /// [`OtpError::Malformed`] when it is no such link, names a parameter twice, or says two different issuers;
    /// [`OtpError::Settings`], [`OtpError::KeyTooShort`], [`OtpError::TooLong`], [`OtpError::Hidden`].
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::otp::Enrolment;
    /// let read = Enrolment::read("otpauth://totp/Kabao:me?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=60").unwrap();
    /// assert_eq!((read.issuer.as_str(), read.account.as_str(), read.settings.period), ("Kabao", "me", 60));
    /// ```
    pub fn read(text: &str) -> Result<Enrolment, OtpError> {
        if text.len() > LONGEST {
            return Err(OtpError::TooLong);
        }
        if hidden_in_code(text).is_some() {
            return Err(OtpError::Hidden);
        }
        let (scheme, rest) = text.trim().split_once("://").ok_or(OtpError::Malformed)?;
        let (kind, rest) = rest.split_once('/').ok_or(OtpError::Malformed)?;
        let (label, query) = rest.split_once('?').ok_or(OtpError::Malformed)?;
        if !scheme.eq_ignore_ascii_case("otpauth") || query.contains('#') {
            return Err(OtpError::Malformed);
        }
        let query = Query::read(query)?;
        let label = unescape(label)?;
        let (before, account) = match label.split_once(':') {
            Some((issuer, account)) => (Some(issuer), account.trim_start_matches(' ')),
            None => (None, label.as_str()),
        };
        let issuer = match (before, query.issuer.as_deref()) {
            (Some(one), Some(other)) if one != other => return Err(OtpError::Malformed),
            (one, other) => one.or(other).unwrap_or_default(),
        };
        for label in [issuer, account] {
            if !(label.is_empty() && before.is_none() && query.issuer.is_none()) {
                check_label(label)?;
            }
        }
        let defaults = OtpSettings::default();
        let settings = OtpSettings {
            algorithm: match query.algorithm {
                Some(name) => OtpAlgorithm::parse(&name).ok_or(OtpError::Settings)?,
                None => defaults.algorithm,
            },
            digits: number(query.digits)?.unwrap_or(defaults.digits),
            period: number(query.period)?.unwrap_or(defaults.period),
        };
        let moving = match (kind.to_ascii_lowercase().as_str(), number(query.counter)?) {
            ("totp", None) => OtpMoving::Time,
            ("hotp", Some(next)) => OtpMoving::Counter { next },
            _ => return Err(OtpError::Malformed),
        };
        let secret = zeroize::Zeroizing::new(query.secret.ok_or(OtpError::Malformed)?);
        let (issuer, account) = (issuer.to_owned(), account.to_owned());
        Ok(Enrolment { issuer, account, key: OtpKey::from_base32(&secret)?, moving, settings: settings.checked()? })
    }
}

#[derive(Default)]
struct Query {
    secret: Option<String>,
    issuer: Option<String>,
    algorithm: Option<String>,
    digits: Option<String>,
    period: Option<String>,
    counter: Option<String>,
}

impl Query {
    fn read(query: &str) -> Result<Query, OtpError> {
        let mut read = Query::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').ok_or(OtpError::Malformed)?;
            let place = match name {
                "secret" => &mut read.secret,
                "issuer" => &mut read.issuer,
                "algorithm" => &mut read.algorithm,
                "digits" => &mut read.digits,
                "period" => &mut read.period,
                "counter" => &mut read.counter,
                _ => continue,
            };
            if place.is_some() {
                return Err(OtpError::Malformed);
            }
            *place = Some(unescape(value)?);
        }
        Ok(read)
    }
}

fn number<T: std::str::FromStr>(text: Option<String>) -> Result<Option<T>, OtpError> {
    let Some(text) = text else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OtpError::Settings);
    }
    text.parse().map(Some).map_err(|_| OtpError::Settings)
}

fn check_label(label: &str) -> Result<(), OtpError> {
    if hidden_in_code(label).is_some() {
        return Err(OtpError::Hidden);
    }
    if label.chars().count() > LONGEST_LABEL {
        return Err(OtpError::TooLong);
    }
    if label.trim() != label || label.is_empty() || label.contains(':') { Err(OtpError::Malformed) } else { Ok(()) }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn unescape(text: &str) -> Result<String, OtpError> {
    let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => match (hex(bytes.next()), hex(bytes.next())) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(OtpError::Malformed),
            },
            other => other,
        });
    }
    let out = String::from_utf8(out).map_err(|_| OtpError::Malformed)?;
    if hidden_in_code(&out).is_some() { Err(OtpError::Hidden) } else { Ok(out) }
}
