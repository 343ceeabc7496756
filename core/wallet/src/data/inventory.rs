//! Counting what is kept.

use super::catalogue::{ANCHOR, FILE_KEY, ITEMS, Item, SIGNING_KEYS};
use super::{DataClient, DataEnd, DataPlace, FieldView, InventoryFile, InventoryFileKind, InventoryItem, InventoryView};
use crate::error::Outcome;
use crate::host::KeyRole;
use crate::tables::inventory::{Size, key_store};
use crate::tables::open::store_code;
use crate::words::{Language, say};
use kabao_vault::{Entry, EntryKind};
use std::collections::BTreeMap;

/// What was counted on this phone.
struct Counted {
    tables: [BTreeMap<String, Size>; 3],
    entries: Vec<Entry>,
    keys: BTreeMap<&'static str, Size>,
}

impl DataClient {
    /// Everything that is kept about the person, counted now: what, why, where, how long, how much. Reads the files once,
    /// so it takes as long as they are large. Works without network.
    pub async fn inventory(&self) -> Outcome<InventoryView> {
        let host = std::sync::Arc::clone(&self.core.host);
        let counted = self
            .core
            .open_files(move |files| {
                let [file_key, anchor] = key_store(host.secrets().as_ref())?;
                let mut keys = BTreeMap::new();
                for (name, bytes) in [(FILE_KEY, file_key), (ANCHOR, anchor)] {
                    keys.insert(name, Size { rows: u64::from(bytes.is_some()), bytes: bytes.unwrap_or(0) });
                }
                let mut signing = Size::default();
                for role in [KeyRole::Device, KeyRole::Approve] {
                    if host.keys().public_key(role).map_err(store_code)?.is_some() {
                        // A P-256 key; where the hardware keeps it, it is not readable, but it is there.
                        signing = Size { rows: signing.rows.saturating_add(1), bytes: signing.bytes.saturating_add(32) };
                    }
                }
                keys.insert(SIGNING_KEYS, signing);
                Ok(Counted { tables: files.sizes()?, entries: files.entries()?, keys })
            })
            .await?;
        Ok(view(self.core.settings.language, &counted, self.core.now()))
    }

    /// What a person types, and what becomes of it. Works on a locked wallet.
    pub fn fields(&self) -> Vec<FieldView> {
        super::fields::views(self.core.settings.language)
    }
}

fn view(language: Language, counted: &Counted, at: kabao_base::Timestamp) -> InventoryView {
    let items: Vec<InventoryItem> = ITEMS.iter().map(|item| item_view(language, item, counted)).collect();
    let files: Vec<InventoryFile> = counted.entries.iter().map(|entry| file_view(language, entry)).collect();
    let named = |place: DataPlace, table: &String| {
        ITEMS.iter().any(|item| item.place == place && item.tables.contains(&table.as_str()))
    };
    let places = [DataPlace::Ledger, DataPlace::Mine, DataPlace::Cache];
    let tables_known = places.iter().zip(&counted.tables).all(|(place, tables)| tables.keys().all(|table| named(*place, table)));
    let files_known = files.iter().all(|file| file.kind != InventoryFileKind::Unknown);
    InventoryView {
        file_bytes: files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes)),
        complete: tables_known && files_known,
        items,
        files,
        at,
    }
}

fn item_view(language: Language, item: &Item, counted: &Counted) -> InventoryItem {
    let [ledger, mine, cache] = &counted.tables;
    let of_tables = |tables: &BTreeMap<String, Size>| {
        let sizes = item.tables.iter().filter_map(|name| tables.get(*name));
        Some(sizes.fold(Size::default(), |sum, size| Size {
            rows: sum.rows.saturating_add(size.rows),
            bytes: sum.bytes.saturating_add(size.bytes),
        }))
    };
    let size = match item.place {
        DataPlace::Ledger => of_tables(ledger),
        DataPlace::Mine => of_tables(mine),
        DataPlace::Cache => of_tables(cache),
        DataPlace::KeyStore => counted.keys.get(item.id).copied(),
        DataPlace::Memory | DataPlace::Service => None,
    };
    let word = |part: &str| say(language, &format!("data.{part}"), &[]);
    InventoryItem {
        id: item.id.to_owned(),
        what: say(language, &format!("data.item.{}.what", item.id), &[]),
        why: say(language, &format!("data.item.{}.why", item.id), &[]),
        place: item.place,
        place_text: word(match item.place {
            DataPlace::Ledger => "place.ledger",
            DataPlace::Mine => "place.mine",
            DataPlace::Cache => "place.cache",
            DataPlace::KeyStore => "place.key_store",
            DataPlace::Memory => "place.memory",
            DataPlace::Service => "place.service",
        }),
        keep_text: say(language, &format!("data.keep.{}", item.keep), &[]),
        count: size.map(|size| size.rows),
        bytes: size.map(|size| size.bytes),
        encrypted: item.place != DataPlace::Memory,
        exportable: item.exportable,
        end: item.end,
        end_text: word(match item.end {
            DataEnd::Erasing => "end.erasing",
            DataEnd::AnyTime => "end.any_time",
            DataEnd::CallEnds => "end.call_ends",
            DataEnd::AfterClosing => "end.after_closing",
        }),
    }
}

fn file_view(language: Language, entry: &Entry) -> InventoryFile {
    let (kind, word) = match entry.kind {
        EntryKind::Lock => (InventoryFileKind::Lock, "lock"),
        EntryKind::Database => (InventoryFileKind::Database, "database"),
        EntryKind::Companion => (InventoryFileKind::Log, "log"),
        EntryKind::Aside => (InventoryFileKind::SetAside, "set_aside"),
        EntryKind::Stranger => (InventoryFileKind::Unknown, "unknown"),
    };
    InventoryFile {
        name: entry.name.clone(),
        kind,
        kind_text: say(language, &format!("data.file.{word}"), &[]),
        bytes: entry.bytes,
        encrypted: !matches!(kind, InventoryFileKind::Unknown | InventoryFileKind::Lock) && !entry.plain,
    }
}
