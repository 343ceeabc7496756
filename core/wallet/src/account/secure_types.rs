//! What crosses to the apps about passwords, the second factor, devices and signing in.

use super::DeviceCapability;
use super::AccountView;
use kabao_base::Timestamp;
use kabao_codes::draw::QrPicture;

/// A password as it is being typed, and what of the person may not stand in it. What is not at hand is left out.
#[derive(Clone, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct PasswordDraft {
    /// The password so far.
    pub password: String,
    /// The birth date, `19900307`.
    pub birth_date: Option<String>,
    /// The name in letters, words apart: `zhang san`.
    pub name_letters: Option<String>,
    /// The identity number, or its last six characters.
    pub id_tail: Option<String>,
}

impl std::fmt::Debug for PasswordDraft {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordDraft(…)")
    }
}

/// One reason why a password is refused, or a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SecurityReason {
    /// A stable name: a code of the catalogue, or the name of a hint.
    pub code: String,
    /// What it means, in words.
    pub text: String,
    /// What to do, whole sentences.
    pub next: String,
}

/// What a password is worth, as far as this phone can say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PasswordStrength {
    /// Whether it may be chosen. The service judges again, with a list of its own.
    pub acceptable: bool,
    /// Every reason against it.
    pub reasons: Vec<SecurityReason>,
}

/// What the account signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SecurityView {
    /// Whether there is a login password.
    pub password_set: bool,
    /// When it was set.
    pub password_at: Option<Timestamp>,
    /// How long ago that is, in words.
    pub password_age_text: Option<String>,
    /// Whether an authenticator app is asked for at signing in.
    pub factor_on: bool,
    /// Since when.
    pub factor_at: Option<Timestamp>,
    /// Backup codes that were not used.
    pub backup_codes_left: u32,
    /// What should be done, the most urgent first.
    pub hints: Vec<SecurityReason>,
    /// When the service said so; the view works without network.
    pub known_at: Timestamp,
}

/// The secret of an authenticator app, shown once and not kept.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct FactorEnrolment {
    /// The link that the app reads: `otpauth://totp/…`.
    pub uri: String,
    /// The link as a QR code.
    pub qr: QrPicture,
    /// The key in groups of four, for an app that cannot scan.
    pub typed_key: String,
    /// Until when the first code has to be entered.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for FactorEnrolment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FactorEnrolment(…)")
    }
}

/// Ten codes to be kept on paper, shown once. Each takes the place of the authenticator app one time.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct BackupCodes {
    /// The codes, in two groups of five.
    pub codes: Vec<String>,
}

impl std::fmt::Debug for BackupCodes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BackupCodes(…)")
    }
}

/// What sort of device this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DeviceForm {
    /// A telephone.
    Phone,
    /// A tablet; it may have no SIM card.
    Tablet,
    /// A watch; it may have no camera.
    Watch,
    /// A computer.
    Computer,
    /// Anything else.
    Other,
}

impl DeviceForm {
    /// The name of it: `phone`, `tablet`, `watch`, `computer`, `other`.
    pub fn name(self) -> &'static str {
        match self {
            DeviceForm::Phone => "phone",
            DeviceForm::Tablet => "tablet",
            DeviceForm::Watch => "watch",
            DeviceForm::Computer => "computer",
            DeviceForm::Other => "other",
        }
    }

    /// The form of a name; one that a newer service says is `Other`.
    pub fn from_name(name: &str) -> DeviceForm {
        [DeviceForm::Phone, DeviceForm::Tablet, DeviceForm::Watch, DeviceForm::Computer]
            .into_iter()
            .find(|form| form.name() == name)
            .unwrap_or(DeviceForm::Other)
    }
}

/// A phone of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DeviceView {
    /// The device, for `sign_out_device`.
    pub device_id: String,
    /// The model, as the person knows it.
    pub model: String,
    /// What sort of device.
    pub form: DeviceForm,
    /// Its sort in words.
    pub form_text: String,
    /// What it has, as it said; empty where it said nothing.
    pub capabilities: Vec<DeviceCapability>,
    /// The same in words.
    pub capability_texts: Vec<String>,
    /// Since when it is signed in.
    pub first_seen: Timestamp,
    /// When it asked the service last, to the hour.
    pub last_seen: Timestamp,
    /// How long ago that is, in words.
    pub last_seen_text: String,
    /// The phone in the person's hand.
    pub this_device: bool,
    /// Whether it is signed in.
    pub signed_in: bool,
    /// When it was signed out or shut out.
    pub ended_at: Option<Timestamp>,
    /// How it ended, in words: signed out, or another phone took its place.
    pub ended_text: Option<String>,
}

/// The phones of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DevicesView {
    /// Those that are signed in first.
    pub devices: Vec<DeviceView>,
    /// How many may be signed in at once.
    pub limit: u32,
    /// When the service said so.
    pub known_at: Timestamp,
}

/// What became of signing out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SignOutView {
    /// Whether the service knows. If not, this phone is signed out for the person all the same, and tells the service as soon as it can.
    pub finished: bool,
    /// Payments without a result. They are not lost: the service carries them to their end, and this phone follows them again after signing in.
    pub open_payments: u32,
    /// All of this in words.
    pub text: String,
}

/// What signing in needs first.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SignInRequest {
    /// The telephone number as typed; a mainland mobile number.
    pub phone: String,
    /// The model of the phone, as the person will know it in the list of devices.
    pub device_model: String,
    /// What sort of device this is.
    pub form: DeviceForm,
}

/// What proves that it is the account's person; [`SignInView`] says what is needed.
#[derive(Clone, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct SignInProof {
    /// The login password.
    pub password: Option<String>,
    /// The payment PIN, for an account without a password.
    pub pin: Option<String>,
    /// Six digits of the authenticator app, or a backup code.
    pub factor_code: Option<String>,
}

impl std::fmt::Debug for SignInProof {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SignInProof(…)")
    }
}

/// A sign-in as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SignInView {
    /// Whether this phone is signed in.
    pub done: bool,
    /// Whether the login password has to be typed.
    pub needs_password: bool,
    /// Whether the payment PIN has to be typed.
    pub needs_pin: bool,
    /// Whether a code of the authenticator app has to be typed.
    pub needs_factor: bool,
    /// Until when limits are low.
    pub low_limits_until: Option<Timestamp>,
    /// The account, once this phone is one of its phones.
    pub account: Option<AccountView>,
}
