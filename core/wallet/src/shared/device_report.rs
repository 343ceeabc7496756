//! Telling the service what this device is and has.

use super::Core;
use crate::error::Outcome;
use crate::tables::device_report;

/// Tells the service, if it does not know it of this device yet. Telling again changes nothing.
pub(crate) async fn tell_device(core: &Core) -> Outcome<()> {
    let Ok(own) = core.identity() else { return Ok(()) };
    let Some(row) = core.open_files(|files| files.ledger(device_report::load)).await?.filter(|row| row.told_to != Some(own.device_id)) else {
        return Ok(());
    };
    let has: Vec<&str> = row.capabilities.split_whitespace().collect();
    let body = serde_json::json!({ "form": row.form, "capabilities": has });
    let request = core.request("PUT", "/v1/devices/this".to_owned(), body.to_string().into_bytes())?;
    let answer = core.call(&request).await?;
    answer.accepted()?;
    let at = answer.time;
    core.files(move |files| {
        files.commit(at, |tx, log| {
            device_report::told(tx, &row, own.device_id)?;
            log.append(tx, "account", "device_told", b"")
        })
    })
    .await
}
