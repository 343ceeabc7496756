use crate::calls::Calls;
use kabao_core::error::Outcome;
use kabao_core::history::{
    DuplicateView, HistoryClient as Part, HistoryPage, MonthView, RecordView, RefundRequest, RefundTrackView, SyncReport, VerifyReport,
};

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

    /// What comes back of a payment: requests, refunds, sums, who acts next and until when. As the last sync brought it.
    pub async fn refunds(&self, record_id: String) -> Outcome<RefundTrackView> {
        self.0.run(|history| async move { history.refunds(record_id).await }).await
    }

    /// Asks the merchant for a payment back, or for a part of it. Without network the request waits on this phone and is sent with the next
    /// sync. Nothing moves before the merchant's answer.
    pub async fn ask_refund(&self, request: RefundRequest) -> Outcome<RefundTrackView> {
        self.0.run(|history| async move { history.ask_refund(request).await }).await
    }

    /// Payments that may be the same thing paid twice, newest first, each with its claim. As the last sync brought it.
    pub async fn duplicates(&self) -> Outcome<Vec<DuplicateView>> {
        self.0.run(|history| async move { history.duplicates().await }).await
    }

    /// Claims one of two payments back, with both receipts, in one call; one claim for each two, whichever phone makes it.
    pub async fn claim_duplicate(&self, record_id: String, other_id: String) -> Outcome<RefundTrackView> {
        self.0.run(|history| async move { history.claim_duplicate(record_id, other_id).await }).await
    }

    /// Both payments are meant and are not asked about again; with `always` no repeat at this merchant is, as on a bus.
    pub async fn keep_both(&self, record_id: String, other_id: String, always: bool) -> Outcome<Vec<DuplicateView>> {
        self.0.run(|history| async move { history.keep_both(record_id, other_id, always).await }).await
    }

    /// Checks the seal of every event and the signature of every receipt. Takes as long as the history is.
    pub async fn verify(&self) -> Outcome<VerifyReport> {
        self.0.run(|history| async move { history.verify().await }).await
    }
}
