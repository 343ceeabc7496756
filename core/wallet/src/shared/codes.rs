//! The table of code formats in use: the one that the app brought with it, or a newer one that the service signed. What is
//! not signed, too late, not newer or not readable is refused with its reason, and the one in use stays in use.

use super::Core;
use crate::error::{Outcome, WalletError};
use crate::tables::feeds::{self, FeedRow};
use crate::tables::{sync, tokens};
use kabao_base::{Code, Timestamp};
use kabao_codes::payer::CODE_LENGTH;
use kabao_codes::table::{Table, TableError};
use kabao_proof::{DocumentError, Feed, KeySet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// After a refusal, and after a look for new keys, a sync does not ask again for so long, in milliseconds.
const PAUSE_MS: i64 = 3_600_000;
const NEVER: i64 = i64::MIN;

/// The table, and where it is from.
pub(crate) struct CodesInUse {
    pub(crate) table: Arc<Table>,
    /// Signed when, kept when, to be taken up until when; nothing for the app's own.
    pub(crate) signed: Option<Signed>,
    /// A version that is kept and does not count, because its key was taken out of use or this app cannot read it.
    void: Option<u64>,
    /// The key set under which this was judged.
    keys: Option<u64>,
}

/// The moments of a table that the service signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) issued_at: Timestamp,
    pub(crate) stored_at: Timestamp,
    pub(crate) not_after: Option<Timestamp>,
}

/// What the wallet remembers of the table while it runs.
pub(crate) struct Codes {
    in_use: Mutex<Option<Arc<CodesInUse>>>,
    keys_asked_ms: AtomicI64,
}

impl Default for Codes {
    fn default() -> Codes {
        Codes { in_use: Mutex::new(None), keys_asked_ms: AtomicI64::new(NEVER) }
    }
}

impl Codes {
    fn known(&self, keys: Option<u64>) -> Option<Arc<CodesInUse>> {
        let in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.as_ref().filter(|known| known.keys == keys).cloned()
    }

    /// Of two that were judged at the same time, the one under the newer keys counts, then the higher version.
    fn keep(&self, fresh: CodesInUse) -> Arc<CodesInUse> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let rank = |codes: &CodesInUse| (codes.keys, codes.table.version());
        match in_use.as_ref().filter(|known| rank(known) >= rank(&fresh)) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(in_use.insert(Arc::new(fresh))),
        }
    }
}

impl Core {
    /// The table in use. Needs no network; the signature of a kept one is checked once a start and at every new key set.
    pub(crate) async fn codes(&self) -> Outcome<Arc<CodesInUse>> {
        let keys = self.stored_key_set().await?;
        let version = keys.as_ref().map(|keys| keys.version);
        if let Some(known) = self.codes.known(version) {
            return Ok(known);
        }
        let row = self.files(|files| files.ledger(|conn| feeds::get(conn, Feed::CODES))).await?;
        Ok(self.codes.keep(judge(row, keys.as_deref())))
    }

    /// Asks the service for a newer table and takes it up. Gives whether there was one.
    ///
    /// # Errors
    /// `feed_forged`, `feed_expired`, `feed_older`, `feed_malformed`, `feed_claims_ours`: what came was refused, and the
    /// table in use stays in use.
    pub(crate) async fn refresh_codes(&self) -> Outcome<bool> {
        let held = self.codes().await?;
        let mut request = self.request("GET", "/v1/feeds/codes".to_owned(), Vec::new())?;
        request.query = Some(format!("after={}", held.table.version()));
        let answer = self.call(&request).await?;
        // 404, signed: a service without this feed has nothing newer either.
        if matches!(answer.status, 204 | 404) {
            self.note_refusal(None).await?;
            return Ok(false);
        }
        answer.accepted()?;
        let taken = self.take_up(answer.body).await;
        match &taken {
            Ok(()) => self.note_refusal(None).await?,
            Err(error) if is_refusal(error) => self.note_refusal(Some(error.failure().code.clone())).await?,
            Err(_) => {}
        }
        taken.map(|()| true)
    }

    /// After a sync: `announced` is the newest version, as the service signed it. Nothing that goes wrong here makes the
    /// sync fail; the next one tries again.
    pub(crate) async fn follow_codes(&self, announced: Option<u64>) -> Outcome<()> {
        let Some(announced) = announced else { return Ok(()) };
        let held = self.codes().await?;
        if announced > held.table.version() {
            let refused = self.refused_codes().await?;
            if refused.is_none_or(|(_, at)| self.now().since(at) >= PAUSE_MS) {
                self.refresh_codes().await?;
            }
        } else if announced < held.table.version() && held.signed.is_some() {
            // Higher than what the service knows: if its key was stolen, the root has taken the key out of the set.
            let (now, asked) = (self.host.monotonic_ms(), self.codes.keys_asked_ms.load(Ordering::Acquire));
            if asked == NEVER || now.saturating_sub(asked) >= PAUSE_MS {
                self.codes.keys_asked_ms.store(now, Ordering::Release);
                self.fetch_key_set().await?;
            }
        }
        Ok(())
    }

    /// The last refusal and its moment, until a table is taken up or the service has none that is newer.
    pub(crate) async fn refused_codes(&self) -> Outcome<Option<(Code, Timestamp)>> {
        let noted = self.files(|files| files.cache(|conn| sync::snapshot(conn, sync::CODES_REFUSED))).await?;
        Ok(noted.and_then(|(body, at)| Code::parse(&body).map(|code| (code, at))))
    }

    async fn note_refusal(&self, code: Option<String>) -> Outcome<()> {
        let now = self.now();
        self.files(move |files| {
            // The cache is written only when there is something to change.
            if code.is_none() && files.cache(|conn| sync::snapshot(conn, sync::CODES_REFUSED))?.is_none_or(|(body, _)| body.is_empty()) {
                return Ok(());
            }
            files.cache_write(|tx| sync::set_snapshot(tx, sync::CODES_REFUSED, code.as_deref().unwrap_or_default(), now))
        })
        .await
    }

    /// Takes up a document that the service sent.
    async fn take_up(&self, document: Vec<u8>) -> Outcome<()> {
        let (feed, keys) = self.open_feed(&document).await?;
        let (held, now) = (self.codes().await?, self.now());
        if feed.version <= held.table.version() {
            return Err(Code::FeedOlder.into());
        }
        if !feed.is_current_at(now) {
            return Err(Code::FeedExpired.into());
        }
        let table = Table::parse(&feed.body).and_then(|table| held.table.replace_with(table)).map_err(table_code)?;
        if table.version() != feed.version {
            return Err(Code::FeedMalformed.into());
        }
        // What a till reads off this phone must stay this phone's: payer codes that were fetched are not given away.
        let prefixes = self.files(|files| files.ledger(tokens::prefixes)).await?;
        for prefix in prefixes {
            table.leaves(&prefix, CODE_LENGTH).map_err(table_code)?;
        }
        let row = FeedRow { version: feed.version, issued_at: feed.issued_at, stored_at: now, document };
        let (void, version) = (held.void, feed.version.to_string());
        self.files(move |files| {
            files.commit(now, |tx, log| {
                feeds::put(tx, Feed::CODES, &row, void)?;
                log.append(tx, "feed", Feed::CODES, version.as_bytes())
            })
        })
        .await?;
        let signed = Signed { issued_at: feed.issued_at, stored_at: now, not_after: feed.not_after };
        self.codes.keep(CodesInUse { table: Arc::new(table), signed: Some(signed), void: None, keys: Some(keys) });
        Ok(())
    }

    /// Opens a document, with new keys when its key is not known yet. Gives the version of the key set, too.
    async fn open_feed(&self, document: &[u8]) -> Outcome<(Feed, u64)> {
        let keys = self.key_set().await?;
        let opened = match Feed::open(document, Feed::CODES, &keys) {
            Err(DocumentError::UnknownKey | DocumentError::KeyNotValid) => {
                let keys = self.fetch_key_set().await?;
                Feed::open(document, Feed::CODES, &keys).map(|feed| (feed, keys.version))
            }
            other => other.map(|feed| (feed, keys.version)),
        };
        opened.map_err(|_| Code::FeedForged.into())
    }
}

/// Which table counts: the kept one when its signature holds, this app reads it and it is newer than the app's own.
fn judge(row: Option<FeedRow>, keys: Option<&KeySet>) -> CodesInUse {
    let (shipped, version) = (Table::shipped(), keys.map(|keys| keys.version));
    let own = |void| CodesInUse { table: Table::shipped(), signed: None, void, keys: version };
    let Some(row) = row else { return own(None) };
    let opened = keys.and_then(|keys| Feed::open(&row.document, Feed::CODES, keys).ok());
    let read = opened.and_then(|feed| Some((Table::parse(&feed.body).ok()?, feed)));
    let Some((table, feed)) = read.filter(|(table, feed)| table.version() == feed.version) else { return own(Some(row.version)) };
    let signed = Signed { issued_at: feed.issued_at, stored_at: row.stored_at, not_after: feed.not_after };
    match shipped.replace_with(table) {
        Ok(table) => CodesInUse { table: Arc::new(table), signed: Some(signed), void: None, keys: version },
        // An update of the app brought the same or a newer one.
        Err(_) => own(None),
    }
}

fn table_code(error: TableError) -> WalletError {
    match error {
        TableError::Downgrade => Code::FeedOlder,
        TableError::OwnPrefix => Code::FeedClaimsOurs,
        _ => Code::FeedMalformed,
    }
    .into()
}

fn is_refusal(error: &WalletError) -> bool {
    let refusals = [Code::FeedForged, Code::FeedExpired, Code::FeedOlder, Code::FeedMalformed, Code::FeedClaimsOurs];
    refusals.into_iter().any(|code| error.is(code))
}
