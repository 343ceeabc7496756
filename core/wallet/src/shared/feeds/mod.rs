//! What the service tells and changes without a release of the app, signed: one way for every feed. Each has a body of its
//! own (`cards`, `codes`, `rules`, `profile`); what is not signed, too late, not newer, too far ahead or not readable is refused with its
//! reason, and the one in use stays in use.

mod cards;
mod codes;
mod profile;
mod rules;
mod view;

pub(crate) use profile::Profile;
pub use view::TableView;

use super::Core;
use crate::error::{Outcome, WalletError};
use crate::tables::feeds::{self, FeedRow};
use crate::tables::{sync, tokens};
use kabao_base::{Code, Timestamp};
use kabao_proof::{DocumentError, Feed, KeySet};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// After a refusal, and after a look for new keys, a sync does not ask again for so long, in milliseconds.
const PAUSE_MS: i64 = 3_600_000;
const NEVER: i64 = i64::MIN;
/// A version may be at most so much above the one that counts. A version that was written wrongly, or by a stolen key, must
/// not stand so high that no later one can follow: a million steps never use up 2⁶³, and no service publishes a million.
pub(crate) const CLIMB_MAX: u64 = 1_000_000;

/// The body of a feed, read.
pub(crate) trait FeedBody: Send + Sync + Sized + 'static {
    /// The feed's name on the wire and in the tables.
    const NAME: &'static str;
    /// Where the reason of the last refusal is kept.
    const REFUSED: &'static str;
    /// Whether who is not registered can ask for it.
    const PUBLIC: bool;
    /// What the app brings with it.
    fn shipped() -> Arc<Self>;
    /// The version that the body names.
    fn version(&self) -> u64;
    /// Reads a body that would take the place of `held`.
    fn read(feed: &Feed, held: &Self) -> Outcome<Self>;
    /// Whether it may be taken up on this phone; `prefixes` are those of the payer codes that were fetched.
    fn suits(&self, _prefixes: &[String]) -> Outcome<()> {
        Ok(())
    }
    /// Where the wallet remembers it.
    fn slot(core: &Core) -> &Slot<Self>;
}

/// A feed's body, and where it is from.
pub(crate) struct InUse<T> {
    pub(crate) body: Arc<T>,
    /// Signed when, kept when, to be taken up until when; nothing for the app's own.
    pub(crate) signed: Option<Signed>,
    /// A version that is kept and does not count, because its key was taken out of use or this app cannot read it.
    void: Option<u64>,
    /// The key set under which this was judged.
    keys: Option<u64>,
}

/// The moments of a body that the service signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) issued_at: Timestamp,
    pub(crate) stored_at: Timestamp,
    pub(crate) not_after: Option<Timestamp>,
}

/// What the wallet remembers of a feed while it runs.
pub(crate) struct Slot<T> {
    in_use: Mutex<Option<Arc<InUse<T>>>>,
    keys_asked_ms: AtomicI64,
}

impl<T> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot { in_use: Mutex::new(None), keys_asked_ms: AtomicI64::new(NEVER) }
    }
}

impl<T: FeedBody> Slot<T> {
    fn known(&self, keys: Option<u64>) -> Option<Arc<InUse<T>>> {
        let in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.as_ref().filter(|known| known.keys == keys).cloned()
    }

    /// What was in use when it was looked at last, under whatever keys.
    fn latest(&self) -> Option<Arc<T>> {
        let in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.as_ref().map(|known| Arc::clone(&known.body))
    }

    /// Of two that were judged at the same time, the one under the newer keys counts, then the higher version.
    fn keep(&self, fresh: InUse<T>) -> Arc<InUse<T>> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let rank = |held: &InUse<T>| (held.keys, held.body.version());
        match in_use.as_ref().filter(|known| rank(known) >= rank(&fresh)) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(in_use.insert(Arc::new(fresh))),
        }
    }
}

impl Core {
    /// The body in use. Needs no network; the signature of a kept one is checked once a start and at every new key set.
    pub(crate) async fn feed<T: FeedBody>(&self) -> Outcome<Arc<InUse<T>>> {
        let keys = self.stored_key_set().await?;
        let version = keys.as_ref().map(|keys| keys.version);
        if let Some(known) = T::slot(self).known(version) {
            return Ok(known);
        }
        let row = self.files(|files| files.ledger(|conn| feeds::get(conn, T::NAME))).await?;
        Ok(T::slot(self).keep(judge(row, keys.as_deref())))
    }

    /// Asks the service for a newer body and takes it up. Gives whether there was one.
    ///
    /// # Errors
    /// `feed_*`: what came was refused, and the one in use stays in use.
    pub(crate) async fn refresh_feed<T: FeedBody>(&self) -> Outcome<bool> {
        let held = self.feed::<T>().await?;
        let (path, after) = (format!("/v1/feeds/{}", T::NAME), format!("after={}", held.body.version()));
        let answer = if T::PUBLIC {
            self.call_public(path, after).await?
        } else {
            let mut request = self.request("GET", path, Vec::new())?;
            request.query = Some(after);
            self.call(&request).await?
        };
        // 404, signed: a service without this feed has nothing newer either.
        if matches!(answer.status, 204 | 404) {
            self.note_refusal::<T>(None).await?;
            return Ok(false);
        }
        answer.accepted()?;
        let taken = match self.take_up::<T>(answer.body.to_vec()).await {
            // Another refresh was quicker with the same body: nothing was refused.
            Err(error) if error.is(Code::FeedOlder) && self.kept_after::<T>(&held).await? => Ok(()),
            taken => taken,
        };
        match &taken {
            Ok(()) => self.note_refusal::<T>(None).await?,
            Err(error) if is_refusal(error) => self.note_refusal::<T>(Some(error.failure().code.clone())).await?,
            Err(_) => {}
        }
        taken.map(|()| true)
    }

    /// Whether something newer was kept since. The one in use changes a moment after the file does, and not at all when the call that
    /// kept it was dropped in between: what is kept is judged anew, and is in use from here on.
    async fn kept_after<T: FeedBody>(&self, held: &InUse<T>) -> Outcome<bool> {
        let row = self.files(|files| files.ledger(|conn| feeds::get(conn, T::NAME))).await?;
        let keys = self.stored_key_set().await?;
        let in_use = T::slot(self).keep(judge(row, keys.as_deref()));
        Ok(in_use.body.version() > held.body.version())
    }

    /// After a sync: `announced` are the newest versions, as the service signed them. Nothing that goes wrong here makes
    /// the sync fail; the next one tries again.
    pub(crate) async fn follow_feeds(&self, announced: &BTreeMap<String, u64>) {
        let of = |name: &str| announced.get(name).copied();
        let _ = self.follow::<kabao_codes::table::Table>(of(Feed::CODES)).await;
        let _ = self.follow::<kabao_money::rules::Rules>(of(Feed::RULES)).await;
        let _ = self.follow::<kabao_codes::cards::Issuers>(of(Feed::CARDS)).await;
        let _ = self.follow::<Profile>(of(Feed::PROFILE)).await;
    }

    async fn follow<T: FeedBody>(&self, announced: Option<u64>) -> Outcome<()> {
        let Some(announced) = announced else { return Ok(()) };
        let held = self.feed::<T>().await?;
        if announced > held.body.version() {
            let refused = self.refused_feed::<T>().await?;
            if refused.is_none_or(|(_, at)| self.now().since(at) >= PAUSE_MS) {
                self.refresh_feed::<T>().await?;
            }
        } else if announced < held.body.version() && held.signed.is_some() {
            // Higher than what the service knows: if its key was stolen, the root has taken the key out of the set.
            let asked_ms = &T::slot(self).keys_asked_ms;
            let (now, asked) = (self.host.monotonic_ms(), asked_ms.load(Ordering::Acquire));
            if asked == NEVER || now.saturating_sub(asked) >= PAUSE_MS {
                asked_ms.store(now, Ordering::Release);
                self.fetch_key_set().await?;
            }
        }
        Ok(())
    }

    /// The last refusal and its moment, until a body is taken up or the service has none that is newer.
    pub(crate) async fn refused_feed<T: FeedBody>(&self) -> Outcome<Option<(Code, Timestamp)>> {
        let noted = self.files(|files| files.cache(|conn| sync::snapshot(conn, T::REFUSED))).await?;
        Ok(noted.and_then(|(body, at)| Code::parse(&body).map(|code| (code, at))))
    }

    async fn note_refusal<T: FeedBody>(&self, code: Option<String>) -> Outcome<()> {
        let now = self.now();
        self.files(move |files| {
            // The cache is written only when there is something to change.
            if code.is_none() && files.cache(|conn| sync::snapshot(conn, T::REFUSED))?.is_none_or(|(body, _)| body.is_empty()) {
                return Ok(());
            }
            files.cache_write(|tx| sync::set_snapshot(tx, T::REFUSED, code.as_deref().unwrap_or_default(), now))
        })
        .await
    }

    /// Takes up a document that the service sent.
    async fn take_up<T: FeedBody>(&self, document: Vec<u8>) -> Outcome<()> {
        let (feed, keys) = self.open_feed(&document, T::NAME).await?;
        let (held, now) = (self.feed::<T>().await?, self.now());
        if feed.version <= held.body.version() {
            return Err(Code::FeedOlder.into());
        }
        if feed.version.saturating_sub(held.body.version()) > CLIMB_MAX {
            return Err(Code::FeedJumps.into());
        }
        if !feed.is_current_at(now) {
            return Err(Code::FeedExpired.into());
        }
        let body = T::read(&feed, &held.body)?;
        if body.version() != feed.version {
            return Err(Code::FeedMalformed.into());
        }
        let prefixes = self.files(|files| files.ledger(tokens::prefixes)).await?;
        body.suits(&prefixes)?;
        let row = FeedRow { version: feed.version, issued_at: feed.issued_at, stored_at: now, document };
        let (void, version) = (held.void, feed.version.to_string());
        self.files(move |files| {
            files.commit(now, |tx, log| {
                feeds::put(tx, T::NAME, &row, void)?;
                log.append(tx, "feed", T::NAME, version.as_bytes())
            })
        })
        .await?;
        let signed = Signed { issued_at: feed.issued_at, stored_at: now, not_after: feed.not_after };
        T::slot(self).keep(InUse { body: Arc::new(body), signed: Some(signed), void: None, keys: Some(keys) });
        Ok(())
    }

    /// Opens a document, with new keys when its key is not known yet. Gives the version of the key set, too.
    async fn open_feed(&self, document: &[u8], name: &str) -> Outcome<(Feed, u64)> {
        let keys = self.key_set().await?;
        let opened = match Feed::open(document, name, &keys) {
            Err(DocumentError::UnknownKey | DocumentError::KeyNotValid) => {
                let keys = self.fetch_key_set().await?;
                Feed::open(document, name, &keys).map(|feed| (feed, keys.version))
            }
            other => other.map(|feed| (feed, keys.version)),
        };
        opened.map_err(|_| Code::FeedForged.into())
    }
}

/// Which body counts: the kept one when its signature holds, this app reads it and it is newer than the app's own.
fn judge<T: FeedBody>(row: Option<FeedRow>, keys: Option<&KeySet>) -> InUse<T> {
    let (shipped, version) = (T::shipped(), keys.map(|keys| keys.version));
    let own = |void| InUse { body: T::shipped(), signed: None, void, keys: version };
    let Some(row) = row else { return own(None) };
    let opened = keys.and_then(|keys| Feed::open(&row.document, T::NAME, keys).ok());
    let Some(feed) = opened else { return own(Some(row.version)) };
    let signed = Signed { issued_at: feed.issued_at, stored_at: row.stored_at, not_after: feed.not_after };
    match T::read(&feed, &shipped) {
        Ok(body) if body.version() == feed.version => InUse { body: Arc::new(body), signed: Some(signed), void: None, keys: version },
        // An update of the app brought the same or a newer one.
        Err(error) if !error.is(Code::FeedMalformed) => own(None),
        _ => own(Some(row.version)),
    }
}

/// Whether a feed came and was not taken up; any other error means that none came.
pub(crate) fn is_refusal(error: &WalletError) -> bool {
    let refusals = [
        Code::FeedForged, Code::FeedExpired, Code::FeedOlder, Code::FeedJumps, Code::FeedMalformed, Code::FeedUnlawful, Code::FeedClaimsOurs,
    ];
    refusals.into_iter().any(|code| error.is(code))
}
