use crate::calls::Calls;
use kabao_core::EraseReport;
use kabao_core::data::{ConsentText, ConsentsView, DataClient as Part, EraseRequest, ExportProgress, ExportReport, ExportRequest, FieldView, InventoryView};
use kabao_core::error::Outcome;

/// What is kept about the person: inventory, consents, export, and erasing this phone.
#[derive(uniffi::Object)]
pub struct DataClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl DataClient {
    /// Everything that is kept about the person, counted now: what, why, where, how long, how much. Reads the files once, so
    /// it takes as long as they are large. Works without network.
    pub async fn inventory(&self) -> Outcome<InventoryView> {
        self.0.run(|data| async move { data.inventory().await }).await
    }

    /// What a person types, and what becomes of it. Works on a locked wallet.
    pub fn fields(&self) -> Vec<FieldView> {
        self.0.part().fields()
    }

    /// Every document with how it stands, and everything that was given and withdrawn, as this phone knows it. Works without
    /// network.
    pub async fn consents(&self) -> Outcome<ConsentsView> {
        self.0.run(|data| async move { data.consents().await }).await
    }

    /// The same, after asking the service for the versions of today and telling it what was withdrawn.
    pub async fn refresh_consents(&self) -> Outcome<ConsentsView> {
        self.0.run(|data| async move { data.refresh_consents().await }).await
    }

    /// The text of a document (`terms`, `privacy`, `real_name`, `face`, `card_binding`) in the version of today, to be shown
    /// before the person consents. Fails with `bad_argument` (field `document`).
    pub async fn consent_text(&self, document: String) -> Outcome<ConsentText> {
        self.0.run(|data| async move { data.consent_text(document).await }).await
    }

    /// The person consents to the version of a document that `consent_text` showed last; each document on its own. Fails with
    /// `bad_argument` (field `document`) and `consent_version` (field `version`).
    pub async fn give_consent(&self, document: String, version: String) -> Outcome<ConsentsView> {
        self.0.run(|data| async move { data.give_consent(document, version).await }).await
    }

    /// Withdraws the consent to a document. Counts on this phone at once, also without network; the service is
    /// told now or as soon as it can be reached, and stops what it was for. Again changes nothing. Fails with `bad_argument`
    /// (field `document`) and `consent_missing`.
    pub async fn withdraw_consent(&self, document: String) -> Outcome<ConsentsView> {
        self.0.run(|data| async move { data.withdraw_consent(document).await }).await
    }

    /// Writes everything that this phone has about the person into a new folder: `index.html` to begin with, tables as CSV and
    /// JSON, receipts as they were signed, and the SHA-256 of every file. Works without network; sync before if the newest is
    /// wanted. Takes as long as the history is: ask `export_progress` meanwhile. Give a folder of the app's own and share or
    /// zip what is in it; nothing in it is encrypted.
    ///
    /// The folder appears when it is whole; cut short, nothing of it stays. Fails with `export_exists`, `export_folder`,
    /// `export_running`, `storage_full`, `storage_read_only`, `storage_failed`, `locked`.
    pub async fn export(&self, request: ExportRequest) -> Outcome<ExportReport> {
        self.0.run(|data| async move { data.export(request).await }).await
    }

    /// How far the export is that is being written; absent when there is none.
    pub fn export_progress(&self) -> Option<ExportProgress> {
        self.0.part().export_progress()
    }

    /// The word that the person types to confirm erasing, in the language of the wallet.
    pub fn erase_word(&self) -> String {
        self.0.part().erase_word()
    }

    /// Erases what this phone has: destroys the key of its files, then the files, then closes the wallet for good. Neither
    /// the files nor any copy of them can be read afterwards. The account stays at the service: a phone that is set up anew
    /// takes it up again, with its history. When the app is killed in the middle, the next opening ends it.
    ///
    /// Fails with `erase_not_meant` (field `word`) for another word than `erase_word`, with `erase_open` while payments of
    /// this phone have no result (unless `despite_open`), with `key_store_unavailable` when the key store refuses.
    pub async fn erase_this_phone(&self, request: EraseRequest) -> Outcome<EraseReport> {
        self.0.run(|data| async move { data.erase_this_phone(request).await }).await
    }
}
