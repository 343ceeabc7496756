//! What happened: the list, one record, the months. All of it is on the phone and needs no network; `sync` brings what
//! is new, checks it against the chain that the service signed, and tells the person what arrived.

mod duplicates;
mod list;
mod refund_types;
mod refunds;
mod sync;
mod types;
mod verify;

pub use refund_types::{DuplicateView, RefundAskView, RefundRequest, RefundTrackView, RefundView};
pub use types::{HistoryItem, HistoryPage, MonthView, RecordView, SyncReport, VerifyReport};

use crate::shared::Core;
use std::sync::Arc;

/// The history.
#[derive(Clone)]
pub struct HistoryClient {
    core: Arc<Core>,
}

impl HistoryClient {
    pub(crate) fn new(core: Arc<Core>) -> HistoryClient {
        HistoryClient { core }
    }
}
