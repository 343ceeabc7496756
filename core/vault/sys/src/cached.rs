//! Statements that are prepared once: reading SQL costs more than most of our statements do.

use rusqlite::{Connection, Params, Result, Row};

/// What [`Connection`] does with a text of SQL, with the prepared statement kept for the next time. The text is one of ours, not one that
/// grows with its values.
pub trait Cached {
    /// The first row; an error when there is none.
    fn row<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T>;

    /// Carries it out, and says how many rows changed.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize>;
}

impl Cached for Connection {
    fn row<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
        self.prepare_cached(sql)?.query_row(params, read)
    }

    fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }
}
