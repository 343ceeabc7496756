//! The books of the other side, read as an auditor reads them: plain SQL over the files, none of the service's code.

use crate::phone::Told;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// One book, opened to be read.
pub struct Book(Connection);

impl Book {
    /// Opens the file.
    pub fn open(path: &Path) -> Told<Book> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| format!("{}: {error}", path.display()))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Book(connection))
    }

    /// Every row, its columns as text; what is empty is an empty text.
    pub fn rows(&self, sql: &str) -> Told<Vec<Vec<String>>> {
        let say = |error: rusqlite::Error| format!("{sql}: {error}");
        let mut query = self.0.prepare_cached(sql).map_err(say)?;
        let width = query.column_count();
        let rows = query.query_map([], |row| {
            (0..width)
                .map(|column| {
                    Ok(match row.get_ref(column)? {
                        rusqlite::types::ValueRef::Null => String::new(),
                        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                        rusqlite::types::ValueRef::Real(number) => number.to_string(),
                        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                        rusqlite::types::ValueRef::Blob(bytes) => kabao_proof::hex(bytes),
                    })
                })
                .collect::<rusqlite::Result<Vec<String>>>()
        });
        rows.and_then(Iterator::collect).map_err(say)
    }
}

/// A number of a row; zero where there is none.
pub fn number(row: &[String], column: usize) -> i64 {
    row.get(column).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A text of a row.
pub fn text(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}
