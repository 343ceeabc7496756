//! Every field of every row of the ledger, changed by somebody who has the key.

use crate::disk::vault::{Levels, specs};
use crate::liar::decode;
use crate::phone::{Phone, Told};
use kabao_vault::{Db, FileKey, Folder, Presence, VaultError};
use rusqlite::types::Value;
use zeroize::Zeroizing;

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    table: String,
    column: String,
    /// Which row, in the order of the table's key.
    row: i64,
}

impl Field {
    pub(super) fn name(&self) -> String {
        format!("`{}.{}`", self.table, self.column)
    }

    pub(super) fn what(&self) -> String {
        format!("in row {}", self.row)
    }
}

fn ledger(phone: &Phone) -> Told<Db> {
    let keys = phone.secrets.copy();
    let stored = keys.get("file-key").and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or("no key")?;
    let (_, encoded) = stored.rsplit_once(' ').ok_or("no key")?;
    let bytes: [u8; 32] = decode(encoded)?.try_into().map_err(|_| "not a key")?;
    let say = |error: VaultError| error.to_string();
    let folder = Folder::lock(&phone.folder).map_err(say)?;
    let [ledger, ..] = specs(Levels::WALLET, true);
    Db::open(&folder, &ledger, &FileKey::new(Zeroizing::new(bytes)), Presence::MustExist).map_err(say)
}

/// Every field of every row.
pub(super) fn fields(phone: &Phone) -> Told<Vec<Field>> {
    let db = ledger(phone)?;
    let mut all = Vec::new();
    let found = db.read(|conn| -> Result<Vec<Field>, VaultError> {
        let names = |sql: &str| -> Result<Vec<String>, VaultError> {
            Ok(conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
        };
        for table in names("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")? {
            let rows: i64 = conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
            for column in names(&format!("SELECT name FROM pragma_table_info('{table}')"))? {
                all.extend((0..rows).map(|row| Field { table: table.clone(), column: column.clone(), row }));
            }
        }
        Ok(std::mem::take(&mut all))
    });
    let fields = found.map_err(|error| error.to_string())?;
    db.close().map_err(|error| error.to_string())?;
    Ok(fields)
}

/// Another value of the same sort.
fn other(value: Value) -> Value {
    match value {
        Value::Integer(number) => Value::Integer(number.wrapping_add(1)),
        Value::Real(number) => Value::Real(number + 1.0),
        Value::Text(text) => {
            // The last character is another one, so that an id stays as long as an id.
            let last = if text.ends_with('0') { '1' } else { '0' };
            let mut short = text;
            short.pop();
            short.push(last);
            Value::Text(short)
        }
        Value::Blob(mut bytes) => {
            match bytes.last_mut() {
                Some(byte) => *byte ^= 1,
                None => bytes.push(1),
            }
            Value::Blob(bytes)
        }
        Value::Null => Value::Null,
    }
}

/// Changes a field. Whether there was something to change and the file took it.
pub(super) fn edit(phone: &Phone, field: &Field) -> Told<bool> {
    let db = ledger(phone)?;
    let Field { table, column, row } = field;
    let done = db.write(|tx| -> Result<bool, VaultError> {
        let mut names = tx.prepare(&format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"))?;
        let keys: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        drop(names);
        let order = keys.join(", ");
        let sql = format!("SELECT {column}, {order} FROM {table} ORDER BY {order} LIMIT 1 OFFSET {row}");
        let values: Vec<Value> = tx.query_row(&sql, [], |row| (0..=keys.len()).map(|place| row.get(place)).collect())?;
        let Some((value, ids)) = values.split_first() else { return Ok(false) };
        let changed = other(value.clone());
        if changed == *value {
            return Ok(false);
        }
        let wheres: Vec<String> = keys.iter().enumerate().map(|(place, key)| format!("{key} = ?{}", place + 2)).collect();
        let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {}", wheres.join(" AND "));
        let all: Vec<Value> = std::iter::once(changed).chain(ids.iter().cloned()).collect();
        // A CHECK of the table refuses some.
        Ok(tx.execute(&sql, rusqlite::params_from_iter(all)).is_ok_and(|rows| rows == 1))
    });
    let done = done.map_err(|error| error.to_string())?;
    db.close().map_err(|error| error.to_string())?;
    Ok(done)
}
