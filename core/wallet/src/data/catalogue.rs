//! What this wallet keeps and why, as data: every table of its files, what lies in the key store, what the service has. A
//! test fails for a table that stands here never or twice, and for an item that docs/data.md does not know.

use super::{DataEnd, DataPlace};

/// One class of data. Its words are `data.item.<id>.what` and `.why`; how long is `data.keep.<keep>`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) id: &'static str,
    pub(super) place: DataPlace,
    /// The tables that hold it.
    pub(super) tables: &'static [&'static str],
    pub(super) keep: &'static str,
    pub(super) exportable: bool,
    pub(super) end: DataEnd,
}

const fn table(id: &'static str, place: DataPlace, tables: &'static [&'static str], keep: &'static str, exportable: bool) -> Item {
    let end = match place {
        DataPlace::Cache => DataEnd::AnyTime,
        _ => DataEnd::Erasing,
    };
    Item { id, place, tables, keep, exportable, end }
}

const fn outside(id: &'static str, place: DataPlace, keep: &'static str, end: DataEnd) -> Item {
    Item { id, place, tables: &[], keep, exportable: false, end }
}

/// The file key in the key store.
pub(super) const FILE_KEY: &str = "file_key";
/// The anchor in the key store.
pub(super) const ANCHOR: &str = "anchor";
/// The signing keys in the key store.
pub(super) const SIGNING_KEYS: &str = "signing_keys";
/// What is typed.
pub(super) const TYPED: &str = "typed";

pub(super) const ITEMS: &[Item] = {
    use DataEnd::{AfterClosing, CallEnds, Erasing};
    use DataPlace::{Cache, KeyStore, Ledger, Memory, Mine, Service};
    &[
        table("account", Ledger, &["account", "replacement", "phone_change", "pin_reset", "sign_in", "recheck", "standing_consents", "device_report"], "phone", true),
        table("consents", Ledger, &["consents", "consent_texts", "withdrawals"], "phone", true),
        table("cards", Ledger, &["bindings"], "phone", true),
        table("payments", Ledger, &["intents", "intent_links", "transfers"], "phone", true),
        table("receipts", Ledger, &["receipts"], "phone", true),
        table("payer_codes", Ledger, &["code_batches", "code_tokens"], "shown", false),
        table("journal", Ledger, &["events"], "phone", false),
        table("bookkeeping", Ledger, &["marks"], "replaced", false),
        table("rules", Ledger, &["feeds"], "replaced", false),
        table("refunds", Ledger, &["refund_asks", "meant_repeats"], "phone", true),
        table("choices", Mine, &["choices", "revision", "repeats"], "phone", true),
        table("exports", Mine, &["exports"], "phone", true),
        table("history", Cache, &["records", "documents", "months", "synced"], "dropped", true),
        table("answers", Cache, &["snapshots"], "replaced", true),
        outside(FILE_KEY, KeyStore, "phone", Erasing),
        outside(ANCHOR, KeyStore, "replaced", Erasing),
        outside(SIGNING_KEYS, KeyStore, "phone", Erasing),
        outside(TYPED, Memory, "call", CallEnds),
        outside("service_account", Service, "law", AfterClosing),
        outside("service_identity", Service, "law", AfterClosing),
        outside("service_cards", Service, "law", AfterClosing),
        outside("service_payments", Service, "law", AfterClosing),
        outside("service_devices", Service, "closing", AfterClosing),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::exists;
    use std::collections::BTreeSet;

    #[test]
    fn every_item_has_words_and_stands_once() {
        let ids: BTreeSet<_> = ITEMS.iter().map(|item| item.id).collect();
        assert_eq!(ids.len(), ITEMS.len());
        for item in ITEMS {
            for key in [format!("data.item.{}.what", item.id), format!("data.item.{}.why", item.id), format!("data.keep.{}", item.keep)] {
                assert!(exists(&key), "{key}");
            }
            assert_eq!(item.tables.is_empty(), !matches!(item.place, DataPlace::Ledger | DataPlace::Mine | DataPlace::Cache), "{}", item.id);
        }
    }
}
