//! What crosses to the apps.

use crate::shared::VerificationView;
use kabao_base::{MoneyView, Timestamp};
use kabao_codes::draw::QrPicture;

/// What a registration needs.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RegisterRequest {
    /// The telephone number as typed: a mainland mobile number, or one of another country with `+` or `00` before it.
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
    /// The same as the text of a QR code (`KB1S:` and Base45): what a scanner gives back is taken in the code's place.
    pub qr_text: String,
    /// The QR code, to draw on the sheet.
    pub qr: QrPicture,
    /// What stands at the head of the sheet.
    pub title: String,
    /// What to do with it, one line each. The sheet names no number and no name: who finds it does not learn whose it is.
    pub lines: Vec<String>,
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
    /// Until when limits are low because this phone took the place of an earlier one; absent otherwise.
    pub low_limits_until: Option<Timestamp>,
}

/// The real name of the account's person, shown again on a new phone.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct PersonProof {
    /// The name as on the document.
    pub name: String,
    /// The number of the document with which the account was verified, of whatever kind. Sealed for one process of the
    /// service; not kept here.
    pub id_number: String,
    /// What the liveness vendor's library gave; passed on as it is.
    pub liveness_token: String,
    /// The nonce that the library was started with: of `replace_face_begin`, or when the number is changed of
    /// `identity().face_begin()`.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub liveness_nonce: Option<String>,
}

impl std::fmt::Debug for PersonProof {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PersonProof(…)")
    }
}

/// What proves that it is the account's person; [`ReplaceView`] says which of the two are needed.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct ReplaceProof {
    /// The payment PIN: six ASCII digits.
    pub pin: Option<String>,
    /// The real name.
    pub person: Option<PersonProof>,
}

impl std::fmt::Debug for ReplaceProof {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ReplaceProof(…)")
    }
}

/// How far this phone came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ReplaceState {
    /// The number is proven; what is still needed is in the view.
    Proving,
    /// The real name is being checked: ask again with `replace_check`, then prove the PIN.
    PersonPending,
    /// This phone is the account's, and the earlier one is shut out.
    Done,
}

/// A replacement as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReplaceView {
    /// How far it came.
    pub state: ReplaceState,
    /// Whether the real name has to be shown.
    pub needs_person: bool,
    /// Whether the payment PIN has to be typed.
    pub needs_pin: bool,
    /// How many payments of the earlier phone have no result yet; they are in the list of open payments.
    pub open_payments: u32,
    /// Until when limits are low.
    pub low_limits_until: Option<Timestamp>,
    /// The account, once this phone is its phone.
    pub account: Option<AccountView>,
}
