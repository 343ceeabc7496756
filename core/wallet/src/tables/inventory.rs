//! What lies in the files: which tables, how many rows, how many bytes.

use super::Files;
use super::open::{ANCHOR, FILE_KEY, SPECS, store_code};
use crate::error::Outcome;
use crate::host::SecretStore;
use kabao_vault::{Entry, VaultError};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Rows and bytes of content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Size of every table of one file, by name. Reads the whole file once.
pub(crate) fn sizes(conn: &Connection) -> Outcome<BTreeMap<String, Size>> {
    let all = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let names = texts(conn, all, [])?;
    let mut found = BTreeMap::new();
    for name in names {
        // The columns' names come from the file's own schema; they are quoted all the same.
        let columns = texts(conn, "SELECT name FROM pragma_table_info(?1)", [&name])?;
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let lengths: Vec<String> =
            columns.iter().map(|column| format!("coalesce(length(CAST({} AS BLOB)), 0)", quoted(column))).collect();
        let sum = if lengths.is_empty() { "0".to_owned() } else { lengths.join(" + ") };
        let size = conn
            .query_row(&format!("SELECT count(*), coalesce(sum({sum}), 0) FROM {}", quoted(&name)), [], |row| {
                Ok(Size { rows: super::count_at(row, 0)?, bytes: super::count_at(row, 1)? })
            })
            .map_err(VaultError::from)?;
        found.insert(name, size);
    }
    Ok(found)
}

fn texts(conn: &Connection, sql: &str, values: impl rusqlite::Params) -> Outcome<Vec<String>> {
    conn.prepare_cached(sql)
        .and_then(|mut select| select.query_map(values, |row| row.get(0))?.collect())
        .map_err(|error| VaultError::from(error).into())
}

impl Files {
    /// Sizes of the tables of ledger, mine and cache, in this order.
    pub(crate) fn sizes(&self) -> Outcome<[BTreeMap<String, Size>; 3]> {
        Ok([self.ledger(sizes)?, self.mine(sizes)?, self.cache(sizes)?])
    }

    /// Everything in the wallet's folder.
    pub(crate) fn entries(&self) -> Outcome<Vec<Entry>> {
        Ok(self.folder.entries(&SPECS)?)
    }
}

/// How many bytes the key of the files and the anchor take in the key store; absent where there is none.
pub(crate) fn key_store(secrets: &dyn SecretStore) -> Outcome<[Option<u64>; 2]> {
    let length = |name: &str| {
        let held = secrets.load(name.to_owned()).map_err(store_code)?.map(zeroize::Zeroizing::new);
        Ok::<_, crate::WalletError>(held.map(|bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
    };
    Ok([length(FILE_KEY)?, length(ANCHOR)?])
}
