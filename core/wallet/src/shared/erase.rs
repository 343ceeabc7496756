//! Erasing what this phone has, for good. Called when an account was closed, and when a person asks for this phone alone.

use super::{Core, WalletEvent};
use crate::error::Outcome;
use crate::host::{Host, KeyRole};
use crate::tables::erase;
use kabao_base::Code;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use tokio::sync::oneshot;

/// How long erasing waits for the service.
const PATIENCE_MS: u64 = 5_000;

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct EraseReport {
    /// How many files were removed. None of them, and no copy of them anywhere, can be read any more.
    pub files: u32,
    /// Names in the wallet's folder that are not the wallet's; they were left alone. At most fifty.
    pub strangers: Vec<String>,
    /// Whether both signing keys were replaced by new ones that no service knows. Where a phone refuses, the old ones stay
    /// in its key store; they sign nothing more, because what they were for is gone.
    pub keys_renewed: bool,
    /// Whether the service knows that this phone is gone. Without network it does not: the account's list of devices goes on
    /// naming it, and it takes one of their places, until another phone of the account signs it out.
    pub signed_out: bool,
}

/// Destroys the key of the files, then the files. Closes the wallet for good; open it anew for an empty one. Runs to its
/// end whether the caller waits or not, and the next opening ends it when the app is killed.
///
/// Nothing is asked here: whoever calls has the person's word, or the service's that the account is closed.
pub(crate) async fn erase(core: &Arc<Core>) -> Outcome<EraseReport> {
    let secrets = core.host.secrets();
    // Until the order stands nothing has happened: a store that cannot be written leaves the wallet as it is.
    core.on_thread(move || erase::order(secrets.as_ref())).await?;
    core.gate.lock();
    core.gate.close();
    core.listeners.tell(WalletEvent::State { locked: true });
    let (answer, wait) = oneshot::channel();
    let core = Arc::clone(core);
    Arc::clone(&core).host.spawn(Box::pin(async move {
        let _turn = core.turning.lock().await;
        // While its key can still sign. What cannot be told now is never told: nothing of this phone stays to tell it.
        let signed_out = leave(&core).await;
        core.gate.end_opening();
        core.quotes.forget_all();
        core.host.transport().forget();
        let now = core.now();
        let (files, host, path) = (Arc::clone(&core.files), Arc::clone(&core.host), core.settings.folder.clone());
        let done = core
            .on_thread(move || {
                // Without the anchor: there is nothing to come back to. What an export cut short left lies open, and goes too.
                if let Some(files) = files.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    let _ = files.tidy_exports(now);
                }
                carry_out(&path, host.as_ref())
            })
            .await;
        let _ = answer.send(done.map(|report| EraseReport { signed_out, ..report }));
    }));
    wait.await.map_err(|_| Code::StorageFailed)?
}

/// Tells the service that this phone is gone, and gives whether it knows. A phone that is no device of an account has nothing
/// to leave.
async fn leave(core: &Core) -> bool {
    let Ok(identity) = core.identity() else { return true };
    let told = async {
        let body = serde_json::json!({ "sign_out_id": core.new_id()? }).to_string().into_bytes();
        let request = core.engine_request("POST", format!("/v1/devices/{}/sign-out", identity.device_id), body)?;
        core.call(&request).await?.accepted()
    };
    // Who takes the network away must not keep the files alive.
    let answered: Option<Outcome<()>> = tokio::select! {
        done = told => Some(done),
        () = core.host.sleep(PATIENCE_MS) => None,
    };
    match answered {
        Some(Ok(())) => true,
        Some(Err(error)) => [Code::SignedOut, Code::DeviceRevoked, Code::AccountClosed, Code::NotFound].into_iter().any(|code| error.is(code)),
        None => false,
    }
}

/// Ends what a killed app began. Runs on the database thread, before the files are opened.
pub(crate) fn resume(path: &Path, host: &dyn Host) -> Outcome<()> {
    if erase::is_ordered(host.secrets().as_ref())? {
        carry_out(path, host)?;
    }
    Ok(())
}

fn carry_out(path: &Path, host: &dyn Host) -> Outcome<EraseReport> {
    let keys = host.keys();
    // A new key takes the place of the old one, which is the only way to be rid of it that every key store has.
    let renewed = [KeyRole::Device, KeyRole::Approve].map(|role| match keys.public_key(role) {
        Ok(None) => true,
        _ => keys.make(role).is_ok(),
    });
    let done = erase::carry_out(path, host.secrets().as_ref())?;
    Ok(EraseReport { files: done.files, strangers: done.strangers, keys_renewed: renewed == [true, true], signed_out: false })
}
