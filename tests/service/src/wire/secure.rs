//! What phones send and get about passwords, second factors, devices and signing in.

use super::BoxIn;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Chooses a login password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordIn {
    /// Made by the phone; the same change again is the same call again.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub change_id: String,
    /// The new password; opened by the vault only.
    pub password_box: BoxIn,
    /// Made by the phone for each try of a proof, so that a try whose answer was lost is not taken for the next one.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: Option<String>,
    /// The password in use, as the proof; or
    pub old_box: Option<BoxIn>,
    /// the payment PIN as the proof.
    pub pin_box: Option<BoxIn>,
}

/// What an account signs in with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SecurityOut {
    /// When the password was set; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_at: Option<i64>,
    /// The change that set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_change: Option<String>,
    /// The second factor, when it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<FactorOut>,
}

/// A second factor that is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactorOut {
    /// The enrolment.
    pub enrolment_id: String,
    /// Since when.
    pub at: i64,
    /// Backup codes that were not used.
    pub backups_left: u32,
}

/// Asks for a secret for an authenticator app.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentIn {
    /// Made by the phone; the same enrolment again gives the same secret for ten minutes.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub enrolment_id: String,
}

/// The secret: HMAC-SHA-1, six digits, thirty seconds.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentOut {
    /// Base32 without padding.
    pub secret: String,
    /// Until when it can be confirmed.
    pub expires_at: i64,
}

/// A code of the second factor as the proof.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorProofIn {
    /// Made by the phone, a new one for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The code; opened by the vault only.
    pub factor_box: BoxIn,
}

/// Asks for ten new backup codes.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupsIn {
    /// Made by the phone; the same issue again gives the same codes for ten minutes.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub issue_id: String,
    /// Made by the phone, a new one for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The code; opened by the vault only.
    pub factor_box: BoxIn,
}

/// Ten codes, each of which takes the place of the authenticator app once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct BackupsOut {
    /// Ten characters each.
    pub backup_codes: Vec<String>,
}

/// Asks for a code to the account's number, from a phone that is to be signed in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInIn {
    /// Made by the phone.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub sign_in_id: String,
    /// E.164: `+8613800138000`.
    #[schema(pattern = "^[+][1-9][0-9]{7,14}$")]
    pub phone: String,
    /// 65-byte point, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{87}$")]
    pub device_key: String,
    /// 65-byte point, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{87}$")]
    pub approve_key: String,
    /// As the person knows the phone.
    #[schema(min_length = 1, max_length = 100)]
    pub device_model: String,
    /// Its form.
    #[schema(pattern = "^(phone|tablet|watch|computer|other)$")]
    pub form: String,
    /// The build of the app; one that names none is judged as such.
    pub build: Option<super::BuildIn>,
    /// The account that this phone's files are of, where they are of one.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub account_id: Option<String>,
}

/// The proof that it is the account's person.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInProofIn {
    /// Made by the phone, a new one for each try.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub proof_id: String,
    /// The login password, where the account has one.
    pub password_box: Option<BoxIn>,
    /// The payment PIN, where it has a PIN and no password.
    pub pin_box: Option<BoxIn>,
    /// A code of the second factor, where it is on.
    pub factor_box: Option<BoxIn>,
}

/// How a sign-in stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignInOut {
    /// The sign-in.
    pub sign_in_id: String,
    /// `proving` or `done`.
    pub state: String,
    /// The account.
    pub account_id: String,
    /// The password has to be proven.
    pub needs_password: bool,
    /// The PIN has to be proven.
    pub needs_pin: bool,
    /// A code of the second factor has to be proven.
    pub needs_factor: bool,
    /// The account's person is verified.
    pub verified: bool,
    /// The account has a PIN.
    pub pin_set: bool,
    /// The phone's device, when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// Until when limits are low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_until: Option<i64>,
}

/// A phone of the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceOut {
    /// The device.
    pub device_id: String,
    /// As the person knows it.
    pub model: String,
    /// `phone`, `tablet`, `watch`, `computer` or `other`.
    pub form: String,
    /// Since when it is signed in.
    pub first_seen: i64,
    /// When it asked last, to the hour.
    pub last_seen: i64,
    /// The one that asks.
    pub this: bool,
    /// When it was signed out or shut out; absent while it is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
    /// `signed_out` or `replaced`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// What it has, as it says: `camera`, `nfc`, `secure_element`, `biometrics`, `sim`.
    #[serde(default)]
    pub capabilities: Vec<String>,
}

/// The phones of the account, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DevicesOut {
    /// Signed in first, then the ended ones.
    pub devices: Vec<DeviceOut>,
    /// How many may be signed in at once.
    pub limit: u32,
}

/// Signs a phone out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOutIn {
    /// Made by the phone; the same again is the same call again.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub sign_out_id: String,
}
