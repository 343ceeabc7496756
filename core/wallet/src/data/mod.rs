//! What is kept about the person, and what the person can do about it: see it, take it along, have it erased.

mod catalogue;
mod erase;
mod fields;
mod inventory;
mod types;

pub use types::{
    DataEnd, DataPlace, EraseRequest, FieldClass, FieldView, InventoryFile, InventoryFileKind, InventoryItem, InventoryView,
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
}
