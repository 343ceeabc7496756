//! What is kept about the person, and what the person can do about it: see it, take it along, have it erased.

mod catalogue;
mod consents;
mod erase;
mod export;
mod fields;
mod inventory;
mod types;

pub use types::{
    ConsentDocument, ConsentEntry, ConsentState, ConsentText, ConsentsView, DataEnd, DataPlace, EraseRequest, ExportProgress, ExportReport, ExportRequest, FieldClass, FieldView, InventoryFile, InventoryFileKind, InventoryItem, InventoryView,
};

use crate::shared::Core;
use std::sync::Arc;

/// What is kept about the person. Cheap to copy; all copies are one.
#[derive(Clone)]
pub struct DataClient {
    core: Arc<Core>,
}

impl DataClient {
    pub(crate) fn new(core: Arc<Core>) -> DataClient {
        DataClient { core }
    }

    /// Removes what an export that was killed left behind. What fails is tried again at the next opening.
    pub(crate) async fn tidy(&self) {
        // One that is being written now is not over.
        let Ok(_alone) = self.core.exporting.try_lock() else { return };
        let now = self.core.now();
        let _ = self.core.files(move |files| files.tidy_exports(now)).await;
    }
}
