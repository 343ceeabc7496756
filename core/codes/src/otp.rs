//! One-time passwords of an authenticator app: HOTP (RFC 4226) and TOTP (RFC 6238), to make and to verify, and the
//! link that enrols an app.
//!
//! Pure functions: who calls them brings the time, keeps the last step that was used and counts wrong tries. HMAC is
//! ring's, which signs the rest of the wallet too. SHA-1 is broken for signatures but not in HMAC, and it is the only
//! algorithm that every authenticator app knows.

mod base32;
mod link;

pub use link::{Enrolment, OtpMoving};

use kabao_base::{Code, FoldKind, Otp, Timestamp, fold};
use ring::hmac;
use zeroize::Zeroizing;

/// Shortest key in bytes: 128 bits, which RFC 4226 (R6) demands.
pub const SHORTEST_KEY: usize = 16;
/// Longest key in bytes: one block of SHA-512; longer ones are hashed first and gain nothing.
pub const LONGEST_KEY: usize = 128;

/// The hash under the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum OtpAlgorithm {
    /// What every app knows.
    #[default]
    Sha1,
    /// Known to many apps.
    Sha256,
    /// Known to some apps.
    Sha512,
}

impl OtpAlgorithm {
    /// The name in links: `SHA1`, `SHA256`, `SHA512`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::otp::OtpAlgorithm::Sha256.name(), "SHA256");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            OtpAlgorithm::Sha1 => "SHA1",
            OtpAlgorithm::Sha256 => "SHA256",
            OtpAlgorithm::Sha512 => "SHA512",
        }
    }

    /// Reads a name, in any case and with a hyphen or without (`sha-256`).
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::otp::OtpAlgorithm;
    /// assert_eq!(OtpAlgorithm::parse("sha-256"), Some(OtpAlgorithm::Sha256));
    /// assert_eq!(OtpAlgorithm::parse("MD5"), None);
    /// ```
    pub fn parse(name: &str) -> Option<OtpAlgorithm> {
        let all = [OtpAlgorithm::Sha1, OtpAlgorithm::Sha256, OtpAlgorithm::Sha512];
        let name = if name.len() > 8 { return None } else { name.replacen('-', "", 1) };
        all.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(&name))
    }
}

/// How codes are made, apart from the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OtpSettings {
    /// The hash.
    pub algorithm: OtpAlgorithm,
    /// Digits of a code, 6 to 8.
    pub digits: u8,
    /// Seconds for which a time-based code stands, 1 to 3600.
    pub period: u32,
}

impl Default for OtpSettings {
    /// What an app assumes when a link says nothing: SHA-1, six digits, 30 seconds.
    fn default() -> OtpSettings {
        OtpSettings { algorithm: OtpAlgorithm::Sha1, digits: 6, period: 30 }
    }
}

impl OtpSettings {
    fn checked(self) -> Result<OtpSettings, OtpError> {
        let lawful = (6..=8).contains(&self.digits) && (1..=3600).contains(&self.period);
        if lawful { Ok(self) } else { Err(OtpError::Settings) }
    }
}

/// Why there is no code, or why a code was not accepted. Never holds a key or a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtpError {
    /// Digits, period or window out of bounds.
    #[error("the settings are out of bounds")]
    Settings,
    /// The key is shorter than 128 bits.
    #[error("the key is too short")]
    KeyTooShort,
    /// The key or the link is longer than any lawful one.
    #[error("the text is too long")]
    TooLong,
    /// Not Base32, or not an enrolment link.
    #[error("this is not a key or an enrolment link")]
    Malformed,
    /// A character that cannot be seen.
    #[error("the text holds a hidden character")]
    Hidden,
    /// A time before 1970, or a counter at its end.
    #[error("the time or the counter is out of bounds")]
    Moment,
    /// Not as many digits as a code has.
    #[error("a code has another length")]
    Shape,
    /// The code does not fit.
    #[error("the code is wrong")]
    Wrong,
    /// The code was used already, or an older one than the last that was used.
    #[error("the code was used already")]
    Used,
}

impl OtpError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::otp::OtpError::Used.code(), kabao_base::Code::OtpUsed);
    /// ```
    pub fn code(self) -> Code {
        match self {
            OtpError::Wrong | OtpError::Shape => Code::OtpWrong,
            OtpError::Used => Code::OtpUsed,
            OtpError::TooLong => Code::InputTooLong,
            OtpError::Hidden => Code::HiddenCharacter,
            OtpError::Moment => Code::ClockWrong,
            OtpError::Settings | OtpError::KeyTooShort | OtpError::Malformed => Code::BadArgument,
        }
    }
}

/// The secret that server and app share, 16 to 128 bytes. Wiped when dropped; cannot be printed, copied or compared.
pub struct OtpKey(Zeroizing<Vec<u8>>);

impl OtpKey {
    /// Takes the bytes over.
    ///
    /// # Errors
    /// [`OtpError::KeyTooShort`] below 128 bits, [`OtpError::TooLong`] above 128 bytes.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::otp::{OtpError, OtpKey};
    /// assert!(OtpKey::new(vec![7; 20]).is_ok());
    /// assert_eq!(OtpKey::new(vec![7; 10]).err(), Some(OtpError::KeyTooShort));
    /// ```
    pub fn new(bytes: Vec<u8>) -> Result<OtpKey, OtpError> {
        let key = OtpKey(Zeroizing::new(bytes));
        match key.0.len() {
            ..SHORTEST_KEY => Err(OtpError::KeyTooShort),
            SHORTEST_KEY..=LONGEST_KEY => Ok(key),
            _ => Err(OtpError::TooLong),
        }
    }

    /// Reads Base32 (RFC 4648) as a person types it off a screen: upper or lower case, spaces and hyphens anywhere,
    /// `=` at the end or not.
    ///
    /// # Errors
    /// [`OtpError::Malformed`] for other characters or a length that no Base32 has; else as [`OtpKey::new`].
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::otp::{OtpError, OtpKey};
    /// assert!(OtpKey::from_base32("gezd gnbv gy3t qojq gezd gnbv gy3t qojq").is_ok());
    /// assert_eq!(OtpKey::from_base32("GEZDGNBVGY3TQOJ0").err(), Some(OtpError::Malformed));
    /// ```
    pub fn from_base32(text: &str) -> Result<OtpKey, OtpError> {
        OtpKey::new(std::mem::take(&mut *base32::decode(text)?))
    }

    fn tag(&self, algorithm: OtpAlgorithm, counter: u64) -> hmac::Tag {
        let algorithm = match algorithm {
            OtpAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            OtpAlgorithm::Sha256 => hmac::HMAC_SHA256,
            OtpAlgorithm::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, &self.0), &counter.to_be_bytes())
    }

    fn code(&self, settings: OtpSettings, counter: u64) -> Zeroizing<String> {
        let tag = self.tag(settings.algorithm, counter);
        let offset = tag.as_ref().last().map_or(0, |byte| usize::from(byte & 0x0f));
        let word = tag.as_ref().iter().skip(offset).take(4).fold(0u32, |word, byte| (word << 8) | u32::from(*byte));
        let value = (word & 0x7fff_ffff) % 10u32.pow(u32::from(settings.digits));
        Zeroizing::new(format!("{value:0width$}", width = usize::from(settings.digits)))
    }
}

/// The code for a counter (RFC 4226). The period of the settings is not used.
///
/// # Errors
/// [`OtpError::Settings`] for digits outside 6 to 8.
///
/// # Examples
/// ```
/// use kabao_codes::otp::{OtpKey, OtpSettings, hotp};
/// let key = OtpKey::new(b"12345678901234567890".to_vec()).unwrap();
/// assert_eq!(hotp(&key, 0, OtpSettings::default()).unwrap().expose("the example of the RFC"), "755224");
/// ```
pub fn hotp(key: &OtpKey, counter: u64, settings: OtpSettings) -> Result<Otp, OtpError> {
    let mut code = key.code(settings.checked()?, counter);
    Ok(Otp::new(std::mem::take(&mut *code)))
}

/// The code at a point in time (RFC 6238, counted from 1970).
///
/// # Errors
/// [`OtpError::Settings`] for settings out of bounds, [`OtpError::Moment`] before 1970.
///
/// # Examples
/// ```
/// use kabao_base::Timestamp;
/// use kabao_codes::otp::{OtpKey, OtpSettings, totp};
/// let key = OtpKey::new(b"12345678901234567890".to_vec()).unwrap();
/// let settings = OtpSettings { digits: 8, ..OtpSettings::default() };
/// let code = totp(&key, Timestamp::from_ms(59_000), settings).unwrap();
/// assert_eq!(code.expose("the example of the RFC"), "94287082");
/// ```
pub fn totp(key: &OtpKey, now: Timestamp, settings: OtpSettings) -> Result<Otp, OtpError> {
    hotp(key, step_at(now, settings.checked()?)?, settings)
}

/// The step of a time-based code: how many periods have passed since 1970.
fn step_at(now: Timestamp, settings: OtpSettings) -> Result<u64, OtpError> {
    let seconds = u64::try_from(now.as_seconds()).map_err(|_| OtpError::Moment)?;
    Ok(seconds / u64::from(settings.period))
}

/// Judges a time-based code: accepted in the present step and `window` steps before and after it (at most 10), once.
///
/// Gives the step of the code. The caller stores it, in one transaction with what the code allows, and gives it back as
/// `last_used_step`: from then on that step and all before it are refused, so that a code which was looked at over a
/// shoulder is worth nothing. What was typed is folded first (full-width digits, spaces).
///
/// # Errors
/// [`OtpError::Wrong`], [`OtpError::Used`], [`OtpError::Shape`]; [`OtpError::Settings`] and [`OtpError::Moment`] when the
/// caller is wrong.
///
/// # Examples
/// ```
/// use kabao_base::Timestamp;
/// use kabao_codes::otp::{OtpError, OtpKey, OtpSettings, verify_totp};
/// let key = OtpKey::new(b"12345678901234567890".to_vec()).unwrap();
/// let (settings, now) = (OtpSettings { digits: 8, ..OtpSettings::default() }, Timestamp::from_ms(65_000));
/// assert_eq!(verify_totp(&key, "9428 7082", now, None, settings, 1), Ok(1));
/// assert_eq!(verify_totp(&key, "94287082", now, Some(1), settings, 1), Err(OtpError::Used));
/// ```
pub fn verify_totp(
    key: &OtpKey, typed: &str, now: Timestamp, last_used_step: Option<u64>, settings: OtpSettings, window: u8,
) -> Result<u64, OtpError> {
    let settings = settings.checked()?;
    if window > 10 {
        return Err(OtpError::Settings);
    }
    let step = step_at(now, settings)?;
    let steps = step.saturating_sub(u64::from(window))..=step.saturating_add(u64::from(window));
    let (fresh, used) = matching(key, typed, settings, steps, |step| last_used_step.is_none_or(|last| step > last))?;
    fresh.ok_or(if used { OtpError::Used } else { OtpError::Wrong })
}

/// Judges a counter-based code: `counter` is the next one expected, and a person may have pressed the button up to
/// `look_ahead` times more (at most 50). Gives the counter to expect next; the caller stores it before the code counts.
///
/// # Errors
/// [`OtpError::Wrong`], [`OtpError::Shape`]; [`OtpError::Settings`] and [`OtpError::Moment`] when the caller is wrong.
///
/// # Examples
/// ```
/// use kabao_codes::otp::{OtpError, OtpKey, OtpSettings, verify_hotp};
/// let key = OtpKey::new(b"12345678901234567890".to_vec()).unwrap();
/// assert_eq!(verify_hotp(&key, "359152", 0, OtpSettings::default(), 5), Ok(3));
/// assert_eq!(verify_hotp(&key, "359152", 3, OtpSettings::default(), 5), Err(OtpError::Wrong));
/// ```
pub fn verify_hotp(key: &OtpKey, typed: &str, counter: u64, settings: OtpSettings, look_ahead: u8) -> Result<u64, OtpError> {
    let settings = settings.checked()?;
    if look_ahead > 50 {
        return Err(OtpError::Settings);
    }
    let last = counter.checked_add(u64::from(look_ahead)).filter(|last| *last < u64::MAX).ok_or(OtpError::Moment)?;
    let (found, _) = matching(key, typed, settings, counter..=last, |_| true)?;
    found.map(|counter| counter.saturating_add(1)).ok_or(OtpError::Wrong)
}

/// The first counter whose code was typed and that may be used, and whether one that may not was. Every counter is
/// tried and every code compared whole, so that the time tells nothing.
fn matching(
    key: &OtpKey, typed: &str, settings: OtpSettings, counters: std::ops::RangeInclusive<u64>, may: impl Fn(u64) -> bool,
) -> Result<(Option<u64>, bool), OtpError> {
    let typed = fold(typed, FoldKind::Otp).map(Zeroizing::new).map_err(|_| OtpError::Shape)?;
    if typed.len() != usize::from(settings.digits) {
        return Err(OtpError::Shape);
    }
    let (mut fresh, mut used) = (None, false);
    for counter in counters {
        let difference = key.code(settings, counter).bytes().zip(typed.bytes()).fold(0u8, |sum, (a, b)| sum | (a ^ b));
        if difference == 0 && may(counter) {
            fresh = fresh.or(Some(counter));
        }
        used |= difference == 0 && !may(counter);
    }
    Ok((fresh, used))
}

#[cfg(test)]
mod tests;
