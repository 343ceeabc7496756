//! The words that are one call each.

use super::words::Word;

impl Word {
    /// The call of a word with at most one argument.
    pub fn plain(&self) -> (&'static str, Option<(&'static str, &str)>) {
        match self {
            Word::OnboardingNext => ("onboarding_next", None),
            Word::ResendOtp => ("resend_otp", None),
            Word::ReplaceCheck => ("replace_check", None),
            Word::ReplaceFaceBegin => ("replace_face_begin", None),
            Word::RenewApprovalBegin => ("renew_approval_begin", None),
            Word::Skip => ("skip", None),
            Word::ConsentText { document } => ("consent_document", Some(("document", document))),
            Word::VerifyCheck => ("verify_check", None),
            Word::Documents => ("documents", None),
            Word::FaceBegin => ("face_begin", None),
            Word::Identity => ("identity", None),
            Word::Remedies => ("remedies", None),
            Word::Classes => ("classes", None),
            Word::AskSource { source } => ("ask_source", Some(("source", source))),
            Word::GuardianCode => ("guardian_code", None),
            Word::Read { text } => ("read", Some(("text", text))),
            Word::Payment { intent_id } => ("payment", Some(("intent_id", intent_id))),
            Word::Resolve { intent_id } => ("resolve", Some(("intent_id", intent_id))),
            Word::Abandon { intent_id } => ("abandon", Some(("intent_id", intent_id))),
            Word::TransferState { intent_id } => ("transfer", Some(("intent_id", intent_id))),
            Word::TransferCancel { intent_id } => ("cancel_transfer", Some(("intent_id", intent_id))),
            Word::BankTransfer => ("bank_transfer_details", None),
            Word::OpenPayments => ("open_payments", None),
            Word::Ways => ("ways", None),
            Word::Codes { refresh: true } => ("codes_refresh", None),
            Word::Codes { refresh: false } => ("codes", None),
            Word::PrepareCodes => ("prepare_codes", None),
            Word::ShowCode { way, .. } => ("show_code", Some(("way", way))),
            Word::Showing { showing_id } => ("showing", Some(("showing_id", showing_id))),
            Word::Asks => ("asks", None),
            Word::Decline { ask_id } => ("decline", Some(("ask_id", ask_id))),
            Word::Receipt { record_id, .. } => ("receipt", Some(("record_id", record_id))),
            Word::Detail { record_id } => ("detail", Some(("record_id", record_id))),
            Word::Sync => ("sync", None),
            Word::VerifyAll => ("verify_all", None),
            Word::Inventory => ("inventory", None),
            Word::Consents { refresh: true } => ("consents_refresh", None),
            Word::Consents { refresh: false } => ("consents", None),
            Word::Withdraw { document } => ("withdraw_consent", Some(("document", document))),
            Word::Fields => ("fields", None),
            Word::LockAfter { time: None } => ("lock_after", None),
            Word::Profile { refresh: true } => ("wallet_profile_refresh", None),
            Word::Profile { refresh: false } => ("wallet_profile", None),
            Word::Account { refresh: true } => ("account_refresh", None),
            Word::Account { refresh: false } => ("account", None),
            // The others have arguments of their own; a mistake here is told by the call.
            _ => ("", None),
        }
    }
}
