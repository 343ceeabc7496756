//! What crosses to the apps.

use crate::shared::VerificationView;
use kabao_base::{MoneyView, Timestamp};

/// What a registration needs.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RegisterRequest {
    /// The telephone number as typed; a mainland mobile number.
    pub phone: String,
    /// The model of the phone, as the person will know it in a list of devices.
    pub device_model: String,
}

/// A code is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OtpSentView {
    /// The number it was sent to, masked.
    pub phone_masked: String,
    /// How many digits it has.
    pub otp_length: u32,
    /// From when on another one can be asked for.
    pub resend_at: Timestamp,
}

/// The recovery sheet: shown once, kept by the person on paper.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct RecoverySheet {
    /// The code, in groups of four. It can freeze the account from any phone, and nothing else.
    pub code: String,
}

impl std::fmt::Debug for RecoverySheet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RecoverySheet(…)")
    }
}

/// The account as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AccountView {
    /// Names the account to support.
    pub account_id: String,
    /// The telephone number, masked.
    pub phone_masked: String,
    /// The class of the payment account: 0 before the real-name check, then 1, 2 or 3.
    pub account_class: u8,
    /// The real-name check.
    pub verification: VerificationView,
    /// Whether a payment PIN is set.
    pub pin_set: bool,
    /// Whether the PIN is locked after too many wrong tries.
    pub pin_locked: bool,
    /// Whether the PIN has to be chosen anew: it turned out to be a birth date or the tail of the identity number.
    pub pin_must_change: bool,
    /// Whether a recovery sheet was kept.
    pub recovery_sheet_kept: bool,
    /// Whether the account is frozen.
    pub frozen: bool,
    /// The balance, as the service said it last; absent before the first answer.
    pub balance: Option<MoneyView>,
    /// When that was true.
    pub balance_at: Option<Timestamp>,
    /// How long ago that is, in words.
    pub balance_age_text: Option<String>,
    /// The most that one payment may be.
    pub single_limit: Option<MoneyView>,
    /// What is left of today's limit.
    pub day_left: Option<MoneyView>,
}
