//! Telling the service what the person withdrew. In force on this phone since it was written down; told when there is a way.

use super::Core;
use crate::error::Outcome;
use crate::tables::consents;

/// Tells the service of every withdrawal that it does not know of. Telling again changes nothing.
pub(crate) async fn tell_withdrawals(core: &Core) -> Outcome<()> {
    let owed = core
        .open_files(|files| {
            files.ledger(|conn| {
                let untold = consents::untold(conn)?;
                if untold.is_empty() { Ok(Vec::new()) } else { Ok(consents::all(conn)?.into_iter().filter(|row| untold.contains(&row.consent_id)).collect()) }
            })
        })
        .await?;
    for row in owed {
        let id = row.consent_id;
        let body = serde_json::json!({ "document": row.document, "version": row.version });
        let request = core.request("PUT", format!("/v1/consents/{id}/withdrawal"), body.to_string().into_bytes())?;
        let answer = core.call(&request).await?;
        answer.accepted()?;
        let at = answer.time;
        core.files(move |files| {
            files.commit(at, |tx, log| {
                consents::told(tx, id, at)?;
                log.append(tx, "account", "withdrawal_told", b"")
            })
        })
        .await?;
    }
    Ok(())
}
