//! What this device is and has, as the app said it last.

use super::id_if;
use crate::error::Outcome;
use kabao_base::{Id, Timestamp};
use kabao_vault::Cached;
use kabao_vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};

/// The report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceReportRow {
    pub(crate) form: String,
    /// Names with a blank between them, in a fixed order.
    pub(crate) capabilities: String,
    /// The device of the account that the service knows it of.
    pub(crate) told_to: Option<Id>,
}

/// Reads it; nothing before the app said it.
pub(crate) fn load(conn: &Connection) -> Outcome<Option<DeviceReportRow>> {
    conn.row("SELECT form, capabilities, told_to FROM device_report", [], |row| {
        Ok(DeviceReportRow { form: row.get(0)?, capabilities: row.get(1)?, told_to: id_if(row, 2)? })
    })
    .optional()
    .map_err(|error| VaultError::from(error).into())
}

/// Stores it; the service does not know it yet.
pub(crate) fn save(conn: &Connection, form: &str, capabilities: &str, at: Timestamp) -> Outcome<()> {
    conn.run(
        "INSERT OR REPLACE INTO device_report (one, form, capabilities, at) VALUES (1, ?1, ?2, ?3)",
        params![form, capabilities, at.as_ms()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// The service knows this report of this device. One that changed meanwhile is not known.
pub(crate) fn told(conn: &Connection, row: &DeviceReportRow, device: Id) -> Outcome<()> {
    conn.run(
        "UPDATE device_report SET told_to = ?3 WHERE form = ?1 AND capabilities = ?2",
        params![row.form, row.capabilities, device.to_string()],
    )
    .map(|_| ())
    .map_err(|error| VaultError::from(error).into())
}

/// It is told once more.
pub(crate) fn tell_again(conn: &Connection) -> Outcome<()> {
    conn.run("UPDATE device_report SET told_to = NULL", []).map(|_| ()).map_err(|error| VaultError::from(error).into())
}
