use crate::calls::Calls;
use kabao_core::VerificationView;
use kabao_core::error::Outcome;
use kabao_core::identity::{
    ClassesView, ConsentView, DocumentForm, FaceRequest, FormView, GuardianCode, IdentityClient as Part, IdentityView, RemedyCard, VerifyRequest,
};

/// The real name: document, consent, the person's data and face. The service decides the class of the account.
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

    /// The documents that can be used, with the fields of each form. Works without network.
    pub fn documents(&self) -> Vec<DocumentForm> {
        self.0.part().documents()
    }

    /// Reads a form without sending anything: what the name becomes, how old the person is, what else is needed. A field
    /// that is not right is refused by its name.
    pub fn read_form(&self, request: VerifyRequest) -> Outcome<FormView> {
        self.0.part().read_form(request)
    }

    /// What the liveness vendor's library is started with; its `nonce` goes into the request of `verify`.
    pub async fn face_begin(&self) -> Outcome<FaceRequest> {
        self.0.run(|identity| async move { identity.face_begin().await }).await
    }

    /// Judges the form on the phone, then has it checked. The state `pending` is an answer: ask again with `check`. A
    /// verified person does this again when `view` says that it is due.
    pub async fn verify(&self, request: VerifyRequest) -> Outcome<VerificationView> {
        self.0.run(|identity| async move { identity.verify(request).await }).await
    }

    /// Asks how a pending check stands.
    pub async fn check(&self) -> Outcome<VerificationView> {
        self.0.run(|identity| async move { identity.check().await }).await
    }

    /// The real name and its document as this phone knows them, and what there is to do. Works without network.
    pub async fn view(&self) -> Outcome<IdentityView> {
        self.0.run(|identity| async move { identity.view().await }).await
    }

    /// Every reason for which a check can be refused, with what to do. Works without network.
    pub fn remedies(&self) -> Vec<RemedyCard> {
        self.0.part().remedies()
    }

    /// The class of the account and what the next one lacks. Without network, as the service said it last.
    pub async fn classes(&self) -> Outcome<ClassesView> {
        self.0.run(|identity| async move { identity.classes().await }).await
    }

    /// Has one more register asked about the person; one that agrees counts towards the next class.
    pub async fn ask_source(&self, source: String) -> Outcome<ClassesView> {
        self.0.run(|identity| async move { identity.ask_source(source).await }).await
    }

    /// A code with which this person, a verified adult, agrees to the account of a minor. Shown once.
    pub async fn guardian_code(&self) -> Outcome<GuardianCode> {
        self.0.run(|identity| async move { identity.guardian_code().await }).await
    }
}
