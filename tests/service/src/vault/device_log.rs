//! Which phones were signed in and signed out, kept here for the reason that replacements are: this file outlives a book that is put
//! back to an older copy. A phone that was signed out stays out whatever copy of the book is in use.

use super::engine::Engine;
use super::{DeviceRow, VaultAnswer, VaultDown};
use kabao_base::{Id, Timestamp};
use kabao_proof::PublicKey;
use kabao_vault_sys::Cached;
use rusqlite::params;

impl Engine {
    /// Writes it down, once; gives it as it stands.
    pub(super) fn keep_device(&mut self, row: &DeviceRow) -> Result<VaultAnswer, VaultDown> {
        let sql = "INSERT OR IGNORE INTO device_log (entry, signed_in, account, device, device_key, approve_key, model, form, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.db.run(
            sql,
            params![
                row.entry.to_string(), row.signed_in, row.account.to_string(), row.device.to_string(), row.device_key.to_bytes(),
                row.approve_key.to_bytes(), row.model, row.form, row.at.as_ms()
            ],
        )?;
        self.device_log(Some(row.entry))
    }

    /// Every entry in order, or one.
    pub(super) fn device_log(&self, only: Option<Id>) -> Result<VaultAnswer, VaultDown> {
        let sql = "SELECT entry, signed_in, account, device, device_key, approve_key, model, form, at FROM device_log
                   WHERE ?1 IS NULL OR entry = ?1 ORDER BY seq";
        let mut select = self.db.prepare_cached(sql)?;
        let rows = select.query_map([only.map(|id| id.to_string())], |row| {
            let id = |column: usize| -> rusqlite::Result<Id> { Id::parse(&row.get::<_, String>(column)?).map_err(|_| rusqlite::Error::InvalidQuery) };
            let key = |column: usize| -> rusqlite::Result<PublicKey> {
                PublicKey::from_bytes(&row.get::<_, Vec<u8>>(column)?).map_err(|_| rusqlite::Error::InvalidQuery)
            };
            Ok(DeviceRow {
                entry: id(0)?,
                signed_in: row.get(1)?,
                account: id(2)?,
                device: id(3)?,
                device_key: key(4)?,
                approve_key: key(5)?,
                model: row.get(6)?,
                form: row.get(7)?,
                at: Timestamp::from_ms(row.get(8)?),
            })
        })?;
        Ok(VaultAnswer::Devices(rows.collect::<Result<_, _>>()?))
    }
}
