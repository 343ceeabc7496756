//! What the service counted of every limit, kept with its moment.

use super::Core;
use crate::error::Outcome;
use crate::service::{Answer, wire};
use crate::tables::{intents, sync};
use kabao_base::Code;
use kabao_money::rules::Rules;

/// Asks the service, and for newer rules when it has some.
pub(crate) async fn refresh_counters(core: &Core) -> Outcome<()> {
    let request = core.request("GET", "/v1/limits".to_owned(), Vec::new())?;
    let answer = core.call(&request).await?;
    let rules_version = keep_counters(core, &answer).await?;
    if rules_version > core.feed::<Rules>().await?.body.version() {
        // Rules that are refused stand with their reason in `rules`; the counters are good all the same.
        let _ = core.refresh_feed::<Rules>().await;
    }
    Ok(())
}

/// Keeps an answer that says yes. Gives the version of the rules in force.
pub(crate) async fn keep_counters(core: &Core, answer: &Answer) -> Outcome<u64> {
    let counters: wire::Counters = answer.read()?;
    let (body, at) = (serde_json::to_string(&counters).map_err(|_| Code::Internal)?, answer.time);
    core.files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::LIMITS, &body, at))).await?;
    Ok(counters.rules_version)
}

/// After a sync: counts again when it brought something, so that this is not counted twice or not at all; when a payment of this
/// phone moved, or a day in China began, since it was counted; and the first time, as limits of a new phone and caps of one's own
/// are known to the service alone. Nothing that goes wrong here makes the sync fail.
pub(crate) async fn follow_counters(core: &Core, changed: bool) {
    let now = core.now();
    let counted = core
        .files(move |files| {
            let Some((_, at)) = files.cache(|conn| sync::snapshot(conn, sync::LIMITS))? else { return Ok(false) };
            let moved = files.ledger(|conn| intents::newest(conn, 50))?.iter().any(|row| row.updated_at > at);
            Ok(!moved && at.china_day() == now.china_day())
        })
        .await;
    if changed || matches!(counted, Ok(false)) {
        let _ = refresh_counters(core).await;
    }
}
