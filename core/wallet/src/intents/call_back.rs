//! Calling a transfer back. The wish is written down before it is said, and said again at every exchange, on opening and by
//! itself, until the service answers: called back, or arrived. A wish that nobody hears must not be lost, for the money moves
//! without it.

use crate::error::{Outcome, WalletError};
use crate::service::{Answer, wire};
use crate::shared::{Core, WalletEvent};
use crate::tables::transfers::{self, Details};
use crate::tables::{intents, records};
use crate::words::say;
use kabao_base::{Code, Id};
use kabao_money::payment::PaymentState;
use kabao_money::retry_delay;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known without asking the ledger.
#[derive(Default)]
pub(crate) struct Calling {
    /// Held while wishes are being said: a second round at the same time would only repeat it.
    alone: tokio::sync::Mutex<()>,
    /// Somebody goes on asking.
    going: AtomicBool,
}

/// Writes the wish down and says it. What the service says is kept.
///
/// # Errors
/// `transfer_arrived` when it was too late, `not_found` where nothing can be called back; `cancel_unknown` while there is no answer:
/// the wish stays, and is said again.
pub(crate) async fn call_back(core: &Arc<Core>, id: Id) -> Outcome<()> {
    let now = core.now();
    let before = core
        .open_files(move |files| {
            files.commit(now, |tx, log| {
                let before = transfers::wish(tx, id, now)?;
                log.append(tx, "transfer", &id.to_string(), b"call back")?;
                Ok(before)
            })
        })
        .await?;
    match ask(core, id).await {
        Err(error) if error.is(Code::TransferArrived) || error.is(Code::NotFound) => Err(error),
        // Whether one that was said before was heard is not known, whatever is said of this one.
        Err(error) if error.is(Code::CancelUnknown) || before => {
            keep_asking(core);
            Err(Code::CancelUnknown.into())
        }
        Err(error) => {
            forget(core, id).await?;
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

async fn ask(core: &Core, id: Id) -> Outcome<()> {
    let silent = |_| WalletError::from(Code::CancelUnknown);
    let request = core.engine_request("POST", format!("/v1/transfers/{id}/cancel"), b"{}".to_vec())?;
    let answer = core.call(&request).await.map_err(silent)?;
    match answer.status {
        200..300 => keep(core, id, &answer).await.map_err(silent),
        404 if answer.refusal().code == Code::NotFound.as_str() && may_be_there(core, id).await? => Err(Code::CancelUnknown.into()),
        429 | 500.. => Err(Code::CancelUnknown.into()),
        _ => {
            let refused = WalletError::from(answer.refusal());
            if refused.is(Code::TransferArrived) {
                core.files(move |files| files.commit(answer.time, |tx, log| {
                    transfers::hear(tx, id, "arrived", None)?;
                    log.append(tx, "transfer", &id.to_string(), b"arrived")
                }))
                .await?;
            }
            if refused.is(Code::NotFound) {
                forget(core, id).await?;
            }
            Err(refused)
        }
    }
}

/// How it stands, asked of the service and kept.
pub(crate) async fn look(core: &Core, id: Id) -> Outcome<()> {
    let answer = core.call(&core.engine_request("GET", format!("/v1/transfers/{id}"), Vec::new())?).await?;
    answer.accepted()?;
    keep(core, id, &answer).await
}

/// Says a wish that stands here again.
pub(crate) async fn ask_again(core: &Core, id: Id) -> Outcome<()> {
    let Ok(_alone) = core.engine.calling.alone.try_lock() else { return Ok(()) };
    ask(core, id).await
}

async fn keep(core: &Core, id: Id, answer: &Answer) -> Outcome<()> {
    let said: wire::Transfer = answer.parse()?;
    if !matches!(said.state.as_str(), "waiting" | "arrived" | "cancelled" | "returned") {
        return Err(Code::AnswerMalformed.into());
    }
    let at = answer.time;
    core.files(move |files| {
        files.commit(at, |tx, log| {
            let details = Details { record_id: said.record_id, payee_name: said.payee_name, amount: said.amount, arrives_at: said.arrives_at };
            transfers::hear(tx, id, &said.state, Some(&details))?;
            log.append(tx, "transfer", &id.to_string(), said.state.as_bytes())
        })
    })
    .await
}

async fn forget(core: &Core, id: Id) -> Outcome<()> {
    let now = core.now();
    core.files(move |files| {
        files.commit(now, |tx, log| {
            transfers::drop_wish(tx, id)?;
            log.append(tx, "transfer", &id.to_string(), b"not called back")
        })
    })
    .await
}

/// Whether a service that does not know it may come to know it: it is on its way there, or was lost in a restore.
async fn may_be_there(core: &Core, id: Id) -> Outcome<bool> {
    core.files(move |files| match files.ledger(|conn| intents::get(conn, id))? {
        Some(row) => Ok(row.state != PaymentState::Failed),
        None => files.cache(|conn| records::has_intent(conn, id)),
    })
    .await
}

/// Says every wish again that has no answer. Cheap when there is none. Gives how many were answered.
pub(crate) async fn tell_wishes(core: &Core) -> Outcome<u32> {
    let Ok(_alone) = core.engine.calling.alone.try_lock() else { return Ok(0) };
    let mut answered = 0u32;
    for id in core.files(|files| files.ledger(transfers::wishes)).await? {
        match ask(core, id).await {
            Ok(()) => {}
            Err(error) if error.is(Code::TransferArrived) => too_late(core, id).await,
            Err(error) if error.is(Code::NotFound) => {}
            Err(_) => continue,
        }
        answered = answered.saturating_add(1);
        core.payment_moved(id);
    }
    Ok(answered)
}

/// The person was told that the result would be told.
async fn too_late(core: &Core, id: Id) {
    let known = core.files(move |files| files.ledger(|conn| Ok((intents::get(conn, id)?, transfers::get(conn, id)?)))).await;
    let Ok((own, kept)) = known else { return };
    let own = own.map(|row| (row.payee_name.unwrap_or_default(), row.amount, row.record_id));
    let told = || kept?.details.map(|details| (details.payee_name, details.amount, Some(details.record_id)));
    let Some((payee, amount, record)) = own.or_else(told) else { return };
    let (language, amount) = (core.settings.language, amount.text());
    let arguments = [("amount", amount.as_str()), ("payee", payee.as_str())];
    core.listeners.tell(WalletEvent::Notice {
        title: say(language, "notice.cancel_late.title", &arguments),
        body: say(language, "notice.cancel_late.body", &arguments),
        record_id: record.map(|record| record.to_string()),
    });
}

/// Goes on by itself until every wish has its answer, or the files are closed: opening them begins anew.
pub(crate) fn keep_asking(core: &Arc<Core>) {
    if core.engine.calling.going.swap(true, Ordering::AcqRel) {
        return;
    }
    let shared = Arc::clone(core);
    core.host.spawn(Box::pin(async move {
        let mut silent = 0u32;
        loop {
            // Without the files nothing can be asked for.
            let Ok(wishes) = shared.files(|files| files.ledger(transfers::wishes)).await else { break };
            if wishes.is_empty() {
                break;
            }
            silent = silent.saturating_add(1);
            let jitter = shared.random::<2>().map_or(500, |bytes| u32::from(u16::from_be_bytes(bytes)) % 1001);
            shared.host.sleep(u64::try_from(retry_delay(silent, jitter)).unwrap_or(1000)).await;
            let _ = tell_wishes(&shared).await;
        }
        shared.engine.calling.going.store(false, Ordering::Release);
    }));
}
