//! What crosses to the apps.

use crate::shared::VerificationView;
use kabao_base::{Failure, Remedy, Timestamp};
use kabao_codes::papers::DocumentKind;

/// What the person consents to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ConsentView {
    /// The text that is meant: `real_name`.
    pub document: String,
    /// The version that is consented to; another one needs another consent.
    pub version: String,
}

/// What the check needs. Which fields a document has, `documents` says.
#[derive(Clone, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct VerifyRequest {
    /// The name as on the document; may be empty where `mrz` has it.
    pub name: String,
    /// The number of the document; may be empty where `mrz` has it. Sealed for one process of the service; not kept here.
    pub id_number: String,
    /// What the liveness vendor's library gave; passed on as it is.
    pub liveness_token: String,
    /// The kind of document; absent for the resident identity card.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub document: Option<DocumentKind>,
    /// Date of birth, year first: `1989-04-12`.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub birth_date: Option<String>,
    /// The last day of validity, year first; `long_term` on a resident card that is valid for good.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub expires_on: Option<String>,
    /// The nationality, three letters as the passport prints them.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub nationality: Option<String>,
    /// The two lines at the foot of a passport's page, typed or scanned, with a line break between.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub mrz: Option<String>,
    /// What `face_begin` gave and the vendor's library was started with.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub liveness_nonce: Option<String>,
    /// A guardian's code of consent, for a person under 16.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub guardian_code: Option<String>,
}

impl VerifyRequest {
    /// A check by resident identity card.
    pub fn resident(name: impl Into<String>, id_number: impl Into<String>, liveness_token: impl Into<String>) -> VerifyRequest {
        VerifyRequest { name: name.into(), id_number: id_number.into(), liveness_token: liveness_token.into(), ..VerifyRequest::default() }
    }
}

impl std::fmt::Debug for VerifyRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VerifyRequest(…)")
    }
}

/// The form of one kind of document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DocumentForm {
    /// The kind, for [`VerifyRequest`].
    pub document: DocumentKind,
    /// Its name in words.
    pub title: String,
    /// The fields that must be filled in: `name`, `id_number`, `nationality`, `birth_date`, `expires_on`.
    pub fields: Vec<String>,
    /// The fields that may be left empty. `mrz` fills all others.
    pub optional: Vec<String>,
}

/// What was changed in a name on the way to the register; the document and what is printed keep the name as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct NameNoteView {
    /// `private_character`, `separator`, `radical`, `plain`.
    pub note: String,
    /// In words.
    pub text: String,
}

/// A form as it was read, before anything is sent.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct FormView {
    /// The kind of document.
    pub document: DocumentKind,
    /// The name as it will be sent.
    pub name: String,
    /// What was changed in it.
    pub name_notes: Vec<NameNoteView>,
    /// The number, masked.
    pub id_masked: String,
    /// Date of birth, `1989-04-12`.
    pub birth_date: String,
    /// Completed years.
    pub age: u32,
    /// The last day of validity.
    pub expires_on: Option<String>,
    /// The nationality of a foreigner.
    pub nationality: Option<String>,
    /// The highest class that a person of this age may have.
    pub highest_class: u8,
    /// Whether a guardian's code is needed.
    pub needs_guardian: bool,
}

impl std::fmt::Debug for FormView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FormView(…)")
    }
}

/// A reason and what to do about it, readable without network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RemedyCard {
    /// The code of the catalogue.
    pub code: String,
    /// What happened.
    pub text: String,
    /// What to do now.
    pub next: String,
    /// The kind of next step.
    pub remedy: Remedy,
}

/// That the real name has to be verified again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReverifyView {
    /// Payments are held until a new check passes. Refunds arrive, and the history stays readable.
    pub overdue: bool,
    /// The last day before payments are held, `2026-12-31`.
    pub by: String,
    /// In words.
    pub text: String,
}

/// The real name and its document, as this phone knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct IdentityView {
    /// How the check that opened the account stands.
    pub verification: VerificationView,
    /// A later check, while it is under way or after it was rejected.
    pub renewal: Option<VerificationView>,
    /// The kind of document: `resident_card` …
    pub document: Option<String>,
    /// In words.
    pub document_text: Option<String>,
    /// Its last day.
    pub expires_on: Option<String>,
    /// Present from 90 days before the real name has to be verified again.
    pub reverify: Option<ReverifyView>,
    /// Why the last check was rejected, or is waited for, and what to do.
    pub remedy: Option<RemedyCard>,
}

/// An external check that agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckView {
    /// The register, or `bank` for a bound card.
    pub source: String,
    /// In words, with the bank's name.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A register that can still be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckSourceView {
    /// Its name, for `ask_source`.
    pub source: String,
    /// In words.
    pub text: String,
    /// Why it did not count the last time.
    pub reason: Option<Failure>,
}

/// What a class needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ClassNeed {
    /// 1, 2 or 3.
    pub account_class: u8,
    /// What it is for, in words.
    pub text: String,
    /// How many checks it needs (PBOC Announcement 2015 No. 43, article 11).
    pub needs: u32,
    /// How many of them are missing.
    pub missing: u32,
    /// Whether a person of this age may have it.
    pub allowed: bool,
}

/// The class of the payment account and the way to the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ClassesView {
    /// The present class: 0 before the real-name check, then 1, 2 or 3.
    pub account_class: u8,
    /// The highest class that the person may have.
    pub highest: u8,
    /// Why that is not class III, in words.
    pub highest_text: Option<String>,
    /// What is missing for the next class, in words; absent when there is none.
    pub next_text: Option<String>,
    /// The classes I, II, III.
    pub classes: Vec<ClassNeed>,
    /// The checks that agree, oldest first.
    pub checks: Vec<CheckView>,
    /// Registers that can still be asked.
    pub sources: Vec<CheckSourceView>,
    /// When the service said so.
    pub at: Timestamp,
}

/// A guardian's consent to the account of a minor: shown once, typed on the minor's phone.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct GuardianCode {
    /// Eight digits.
    pub code: String,
    /// Until when.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for GuardianCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("GuardianCode(…)")
    }
}
