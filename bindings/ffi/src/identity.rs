use crate::calls::Calls;
use kabao_core::VerificationView;
use kabao_core::error::Outcome;
use kabao_core::identity::{ConsentView, IdentityClient as Part, VerifyRequest};

/// The real-name check: consent, then name, number and liveness. The service decides the class of the account.
#[derive(uniffi::Object)]
pub struct IdentityClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl IdentityClient {
    /// The version of the text that the person has to see.
    pub async fn consent_text(&self) -> Outcome<ConsentView> {
        self.0.run(|identity| async move { identity.consent_text().await }).await
    }

    /// The person consents to that version. Kept on the phone with its moment.
    pub async fn consent(&self, version: String) -> Outcome<()> {
        self.0.run(|identity| async move { identity.consent(version).await }).await
    }

    /// Judges name and number on the phone, then has them checked. The state `pending` is an answer: ask again with
    /// `check`.
    pub async fn verify(&self, request: VerifyRequest) -> Outcome<VerificationView> {
        self.0.run(|identity| async move { identity.verify(request).await }).await
    }

    /// Asks how a pending check stands.
    pub async fn check(&self) -> Outcome<VerificationView> {
        self.0.run(|identity| async move { identity.check().await }).await
    }
}
