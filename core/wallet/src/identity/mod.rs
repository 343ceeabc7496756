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
pub use types::{
    CheckView, ClassNeed, ClassesView, ConsentView, DocumentForm, FaceRequest, FormView, GuardianCode, IdentityView,
    NameNoteView, RemedyCard, ReverifyView, CheckSourceView, VerifyRequest,
};

use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::Core;
use crate::tables::account;
use kabao_base::Code;
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

    /// The version of the text that the person has to see.
    pub async fn consent_text(&self) -> Outcome<ConsentView> {
        let request = self.core.request("GET", "/v1/consents/real_name".to_owned(), Vec::new())?;
        let consent: wire::Consent = self.core.call(&request).await?.read()?;
        Ok(ConsentView { document: consent.document, version: consent.version })
    }

    /// The person consents to that version. Kept on the phone with its moment.
    pub async fn consent(&self, version: String) -> Outcome<()> {
        if version.is_empty() || version.len() > 64 {
            return Err(WalletError::from(Code::ConsentVersion).in_field("version"));
        }
        let row = self.core.account_row().await?;
        // The id is stored before it is used; a repeat after a lost answer is the same consent.
        let id = match row.consent_id.filter(|_| row.consent_version.is_none()) {
            Some(id) => id,
            None => {
                let id = self.core.new_id()?;
                self.core
                    .change_account("consent_begun", move |row| {
                        row.consent_id = Some(id);
                        row.consent_version = None;
                    })
                    .await?;
                id
            }
        };
        let body = serde_json::json!({ "consent_id": id, "document": "real_name", "version": version });
        let request = self.core.request("POST", "/v1/consents".to_owned(), body.to_string().into_bytes())?;
        let answer = self.core.call(&request).await?;
        answer.accepted()?;
        let at = answer.time;
        let kept = version.clone();
        self.core
            .open_files(move |files| {
                files.commit(at, |tx, log| {
                    account::add_consent(tx, id, "real_name", &kept, at)?;
                    log.append(tx, "account", "consent", b"")
                })
            })
            .await?;
        self.core.change_account("consented", move |row| row.consent_version = Some(version)).await?;
        Ok(())
    }
}
