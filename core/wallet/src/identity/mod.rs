//! The real name: a document, consent, then the person's data and face. The service decides the class of the account.
//!
//! ```text
//! documents → read_form            judged on the phone, nothing is sent
//! consent_text → consent → face_begin → verify ─→ passed (class I, II, III) → classes → ask_source
//!                             │           ├─→ rejected (again while tries are left, or support)
//!                             │           └─→ pending → check → …   silence and a person's look are no rejection
//!                             └── verified again before the document expires: the account stays as it is meanwhile
//! ```

mod classes;
mod form;
mod standing;
mod types;
mod verify;

pub use kabao_codes::papers::DocumentKind;
pub use crate::shared::FaceRequest;
pub use types::{
    CheckView, ClassNeed, ClassesView, ConsentView, DocumentForm, FormView, GuardianCode, IdentityView,
    NameNoteView, RemedyCard, ReverifyView, CheckSourceView, VerifyRequest,
};

use crate::error::Outcome;
use crate::shared::{Core, REAL_NAME, consent_text, give_consent};
use std::sync::Arc;

/// The real-name check.
#[derive(Clone)]
pub struct IdentityClient {
    core: Arc<Core>,
}

impl IdentityClient {
    pub(crate) fn new(core: Arc<Core>) -> IdentityClient {
        IdentityClient { core }
    }

    /// The text of the consent to the check, in the version of today: `data().consent_text("real_name")`.
    pub async fn consent_text(&self) -> Outcome<ConsentView> {
        let shown = consent_text(&self.core, REAL_NAME).await?;
        Ok(ConsentView { document: shown.document, version: shown.version })
    }

    /// The person consents to that version: `data().give_consent("real_name", version)`.
    pub async fn consent(&self, version: String) -> Outcome<()> {
        give_consent(&self.core, REAL_NAME, version).await
    }
}
