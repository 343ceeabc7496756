//! What the merchant is told without asking: a payment succeeded. Repeated until it says that it knows.

use super::acquirer::Acquirer;
use super::book::Trade;
use super::fields::{NotifyUrl, notify_url};
use super::wire::{Authorization, make_nonce};
use crate::error::OutsideError;
use crate::store::lock;
use kabao_base::Timestamp;
use kabao_vault_sys::Cached;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

/// The pauses before the second, third … time, in milliseconds.
const PAUSES_MS: [i64; 10] =
    [1_000, 5_000, 5_000, 10_000, 180_000, 600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000];
/// A delivery of which nothing was heard for so long is taken as lost, in milliseconds.
const LOST_MS: i64 = 60_000;

/// A notification to be posted now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its number; hand it to `acknowledged`.
    pub id: i64,
    /// Where it goes: a listener on this machine.
    pub url: String,
    /// The headers, the signature among them.
    pub headers: Vec<(String, String)>,
    /// The body; it is signed, so it goes out as it is.
    pub body: Vec<u8>,
}

/// Whether a merchant's answer means that the notification was taken: HTTP 200 and `{"code":"SUCCESS"}`.
pub fn is_acknowledgement(status: u16, body: &[u8]) -> bool {
    let code = serde_json::from_slice::<Value>(body).ok().and_then(|answer| answer.get("code").cloned());
    status == 200 && code == Some(json!("SUCCESS"))
}

impl Acquirer {
    /// Writes down that the merchant has to be told; in the transaction that made the payment succeed.
    pub(super) fn announce(&self, book: &Connection, trade: &Trade, data: &Value, now: Timestamp) -> rusqlite::Result<()> {
        let Some(url) = &trade.notify_url else { return Ok(()) };
        let mut data = data.clone();
        data["trade_status"] = json!("SUCCESS");
        let state = if notify_url(url) == Some(NotifyUrl::Loopback) { "due" } else { "elsewhere" };
        book.run(
            "INSERT INTO notifications(trade_no, url, body, sent, due_at, state) VALUES(?1, ?2, ?3, 0, ?4, ?5)",
            params![trade.trade_no, url, data.to_string(), now.as_ms(), state],
        )?;
        Ok(())
    }

    /// What has to be posted now. Each is given out once until `acknowledged` is called for it, or until a minute has
    /// gone by without a word. Addresses on other machines are kept in the book and not called.
    pub fn due(&self, now: Timestamp) -> Result<Vec<Notification>, OutsideError> {
        let rows: Vec<(i64, String, String)> = {
            let book = self.book.hold();
            let mut query = book.prepare_cached(
                "SELECT id, url, body FROM notifications WHERE state = 'due' AND due_at <= ?1 ORDER BY due_at, id LIMIT 100")?;
            query.query_map([now.as_ms()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?
        };
        let mut delivering = lock(&self.delivering);
        delivering.retain(|_, since| now.since(*since) < LOST_MS);
        let mut due = Vec::new();
        for (id, url, body) in rows {
            if delivering.contains_key(&id) {
                continue;
            }
            let body = body.into_bytes();
            let nonce = make_nonce(self.world.as_ref());
            let authorization = Authorization::of_notification(&self.keys.platform_key, now, &nonce, &body)?;
            delivering.insert(id, now);
            let headers = [("Content-Type", "application/json;charset=UTF-8"), ("Authorization", &authorization)];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            due.push(Notification { id, url, headers, body });
        }
        Ok(due)
    }

    /// What became of a notification that `due` gave out: taken, or to be repeated after the next pause.
    pub fn acknowledged(&self, id: i64, taken: bool, now: Timestamp) -> Result<(), OutsideError> {
        let again = self.faults().duplicate_notifications;
        let book = self.book.hold();
        let sent: Option<u32> = book
            .row("SELECT sent FROM notifications WHERE id = ?1 AND state = 'due'", [id], |row| row.get(0))
            .optional()?;
        if let Some(sent) = sent {
            let (state, due_at) = match PAUSES_MS.get(sent as usize) {
                _ if taken && !(again && sent == 0) => ("told", now),
                Some(pause) => ("due", now.plus_ms(*pause)),
                None => ("given_up", now),
            };
            book.run(
                "UPDATE notifications SET state = ?2, due_at = ?3, sent = sent + 1 WHERE id = ?1",
                params![id, state, due_at.as_ms()],
            )?;
        }
        drop(book);
        lock(&self.delivering).remove(&id);
        Ok(())
    }
}
