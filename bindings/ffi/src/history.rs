use crate::calls::Calls;
use kabao_core::error::Outcome;
use kabao_core::history::{HistoryClient as Part, HistoryPage, MonthView, RecordView, SyncReport, VerifyReport};

/// What happened. Everything but `sync` is on the phone and works without network.
#[derive(uniffi::Object)]
pub struct HistoryClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl HistoryClient {
    /// Brings what is new and checks it against the chain that the service signed. Cheap when nothing is.
    pub async fn sync(&self) -> Outcome<SyncReport> {
        self.0.run(|history| async move { history.sync().await }).await
    }

    /// A page of at most fifty records, newest first; `cursor` is the `next` of the page before.
    pub async fn list(&self, cursor: Option<String>) -> Outcome<HistoryPage> {
        self.0.run(|history| async move { history.list(cursor).await }).await
    }

    /// One record with everything that is known of it.
    pub async fn detail(&self, record_id: String) -> Outcome<RecordView> {
        self.0.run(|history| async move { history.detail(record_id).await }).await
    }

    /// The sums of a month in the time of China, for example 202611; of the present one when none is given.
    pub async fn month(&self, month: Option<i32>) -> Outcome<MonthView> {
        self.0.run(|history| async move { history.month(month).await }).await
    }

    /// Checks the seal of every event and the signature of every receipt. Takes as long as the history is.
    pub async fn verify(&self) -> Outcome<VerifyReport> {
        self.0.run(|history| async move { history.verify().await }).await
    }
}
