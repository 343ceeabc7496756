//! What the service said about this phone and its account for good, remembered with the answer that said it.

use crate::shared::Core;
use crate::tables::{account, marks, tokens};
use kabao_base::Id;

impl Core {
    /// Remembers that the service shut this phone out, and that its codes are worth nothing. What cannot be written now is
    /// said again by the next answer.
    pub(super) async fn note_revoked(&self, device: Id) {
        let (now, text) = (self.now(), device.to_string());
        let _ = self
            .files(move |files| {
                if files.ledger(|conn| marks::get(conn, marks::REVOKED))?.as_deref() == Some(text.as_str()) {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    marks::set(tx, marks::REVOKED, &text)?;
                    tokens::void(tx)?;
                    log.append(tx, "account", "device_revoked", b"")
                })
            })
            .await;
    }

    /// Another phone signed this one out: it is out here as well, and its codes are worth nothing.
    pub(super) async fn note_signed_out(&self, device: Id) {
        let (now, who) = (self.now(), self.who());
        let _ = self
            .files(move |files| {
                let row = files.commit(now, |tx, log| {
                    let mut row = account::load(tx)?;
                    if row.device_id == Some(device) {
                        row.device_id = None;
                        account::save(tx, &row)?;
                        tokens::void(tx)?;
                        log.append(tx, "account", "was_signed_out", b"")?;
                    }
                    Ok(row)
                })?;
                who.set(&row);
                Ok(())
            })
            .await;
    }

    /// Remembers that these files are an old copy; its payer codes may have been shown. Nothing is added to the log: which of the
    /// two the right one is, the service's memory goes on telling.
    pub(super) async fn note_rolled_back(&self) {
        let now = self.now();
        let _ = self
            .files(move |files| {
                let row = files.ledger(account::load)?;
                let Some(device) = row.device_id.map(|id| id.to_string()) else { return Ok(()) };
                if files.ledger(|conn| marks::get(conn, marks::ROLLED_BACK))?.as_deref() == Some(device.as_str()) {
                    return Ok(());
                }
                files.commit(now, |tx, _| {
                    marks::set(tx, marks::ROLLED_BACK, &device)?;
                    tokens::void(tx)
                })
            })
            .await;
    }

    /// Remembers that the service closed this phone's account for good: of the phone that asked, or of one that was signed out
    /// before and named its account.
    pub(crate) async fn note_closed(&self, device: Option<Id>) {
        let now = self.now();
        let _ = self
            .files(move |files| {
                let row = files.ledger(account::load)?;
                let Some(account) = row.account_id.filter(|_| device.is_none() || row.device_id == device).map(|id| id.to_string()) else { return Ok(()) };
                if files.ledger(|conn| marks::get(conn, marks::CLOSED))?.as_deref() == Some(account.as_str()) {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    marks::set(tx, marks::CLOSED, &account)?;
                    tokens::void(tx)?;
                    log.append(tx, "account", "closed", b"")
                })
            })
            .await;
    }
}
