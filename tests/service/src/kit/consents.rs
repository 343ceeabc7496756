//! Consenting, document by document.

use super::Phone;
use kabao_base::Id;
use serde_json::json;
use std::io;

impl Phone {
    /// Consents to a document in the version that is shown, and gives the consent's id.
    pub async fn consent_to(&self, document: &str) -> io::Result<Id> {
        let id = self.make_id();
        let shown = self.call("GET", &format!("/v1/consents/{document}"), None).await?;
        let body = json!({"consent_id": id, "document": document, "version": shown.text("version"), "digest": shown.text("digest")});
        self.call("POST", "/v1/consents", Some(body)).await?;
        Ok(id)
    }

    /// Consents to everything that a real-name check needs, and gives the id of the consent that the check names.
    pub async fn consent_to_a_check(&self) -> io::Result<Id> {
        for document in ["terms", "privacy", "face"] {
            self.consent_to(document).await?;
        }
        self.consent_to("real_name").await
    }
}
