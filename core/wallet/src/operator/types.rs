//! What crosses to the apps.

use kabao_base::{Failure, Timestamp};

/// A payment licence 支付业务许可证.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LicenceView {
    /// Its number, as the authority gave it.
    pub number: String,
    /// What it allows.
    pub scope: String,
    /// Until when.
    pub valid_until: Timestamp,
}

/// A way to pay that the operator offers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChannelView {
    /// Its name for programs, `lakala`.
    pub channel: String,
    /// Its name for people.
    pub name: String,
}

/// Who runs this wallet. Show `standing_text` beside the name: a name alone proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OperatorView {
    /// `verified`, `unverified`, or `unknown` before the first answer.
    pub standing: String,
    /// The same in words.
    pub standing_text: String,
    /// Why it is unverified; absent otherwise.
    pub reason: Option<Failure>,
    /// The operator's name; absent before the first answer.
    pub operator: Option<String>,
    /// Its licence; absent when it names none.
    pub licence: Option<LicenceView>,
    /// What it offers.
    pub channels: Vec<ChannelView>,
    /// The version of the rules (limits and fees) that was in force when this was signed.
    pub rules_version: Option<u64>,
    /// The official telephone number for help.
    pub hotline: Option<String>,
    /// The official place on the web.
    pub site: Option<String>,
    /// The version: higher is newer; 0 before the first answer.
    pub version: u64,
    /// When the service signed it.
    pub issued_at: Option<Timestamp>,
    /// How long ago that was, in words.
    pub age_text: Option<String>,
    /// Until when it holds.
    pub valid_until: Option<Timestamp>,
    /// Why the newest one that came was not taken up; absent when nothing was refused since.
    pub refused: Option<Failure>,
}
