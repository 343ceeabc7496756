//! What is kept, what was consented to, what was exported and erased, as JSON.

use super::{Json, all, object, snake};
use kabao_core::EraseReport;
use kabao_core::data::{ConsentDocument, ConsentEntry, ConsentText, ConsentsView, ExportReport, FieldView, InventoryFile, InventoryItem, InventoryView};
use serde_json::{Value, json};

impl Json for InventoryView {
    fn json(&self) -> Value {
        json!({ "items": all(&self.items), "files": all(&self.files), "file_bytes": self.file_bytes, "complete": self.complete, "at": self.at.json() })
    }
}

impl Json for InventoryItem {
    fn json(&self) -> Value {
        object(json!({
            "id": self.id, "what": self.what, "why": self.why, "place": snake(self.place), "place_text": self.place_text,
            "keep_text": self.keep_text, "count": self.count, "bytes": self.bytes, "encrypted": self.encrypted,
            "exportable": self.exportable, "end": snake(self.end), "end_text": self.end_text,
        }))
    }
}

impl Json for InventoryFile {
    fn json(&self) -> Value {
        json!({ "name": self.name, "kind": snake(self.kind), "kind_text": self.kind_text, "bytes": self.bytes, "encrypted": self.encrypted })
    }
}

impl Json for FieldView {
    fn json(&self) -> Value {
        json!({
            "name": self.name, "class": snake(self.class), "what": self.what, "why": self.why, "keep_text": self.keep_text,
            "mask_text": self.mask_text, "never_kept": self.never_kept,
        })
    }
}

impl Json for ConsentsView {
    fn json(&self) -> Value {
        object(json!({ "documents": all(&self.documents), "history": all(&self.history), "as_of": self.as_of.map(|at| at.json()) }))
    }
}

impl Json for ConsentText {
    fn json(&self) -> Value {
        object(json!({
            "document": self.document, "title": self.title, "version": self.version, "digest": self.digest, "text": self.text,
        }))
    }
}

impl Json for ConsentDocument {
    fn json(&self) -> Value {
        object(json!({
            "document": self.document, "title": self.title, "needed_for": self.needed_for, "state": snake(self.state), "state_text": self.state_text,
            "current_version": self.current_version, "given_version": self.given_version, "afterwards": self.afterwards,
        }))
    }
}

impl Json for ConsentEntry {
    fn json(&self) -> Value {
        object(json!({
            "consent_id": self.consent_id, "document": self.document, "title": self.title, "version": self.version,
            "digest": self.digest, "given_at": self.given_at.json(), "given_text": self.given_text, "withdrawn_at": self.withdrawn_at.map(|at| at.json()),
            "withdrawn_text": self.withdrawn_text, "service_knows": self.service_knows,
        }))
    }
}

impl Json for ExportReport {
    fn json(&self) -> Value {
        object(json!({
            "folder": self.folder, "files": self.files, "bytes": self.bytes, "receipts": self.receipts,
            "wrong_receipts": self.wrong_receipts, "first_wrong_event": self.first_wrong_event, "manifest_sha256": self.manifest_sha256,
            "history_complete": self.history_complete, "history_at": self.history_at.map(|at| at.json()), "history_text": self.history_text,
            "not_asked": self.not_asked,
        }))
    }
}

impl Json for EraseReport {
    fn json(&self) -> Value {
        json!({ "files": self.files, "strangers": self.strangers, "keys_renewed": self.keys_renewed, "signed_out": self.signed_out })
    }
}
