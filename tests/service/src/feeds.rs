//! Feeds: facts that the service changes without a release of the app. Signed once, kept as files, served as bytes; what a
//! body says is the wallet's to judge. Every version stays, so that the switch for old ones has something true to serve.

use crate::config::write_private;
use crate::keys::Keys;
use crate::rules::Rules;
use kabao_base::Timestamp;
use kabao_proof::{Document, Feed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DAY_MS: i64 = 86_400_000;
/// The table that ships with the app, byte for byte: what a service serves before it publishes another one. It is not read
/// here.
const CODES: &[u8] = include_bytes!("../../../core/codes/src/table/codes.json");
/// The beginnings of card numbers that ship with the app, likewise.
const CARDS: &[u8] = include_bytes!("../../../core/codes/src/cards/issuers.json");
/// Who runs the reference service.
const PROFILE: &[u8] = include_bytes!("shipped/profile.json");
/// How long a profile holds.
const PROFILE_LIFE_MS: i64 = 90 * DAY_MS;

/// How the feed is served wrongly. Each has the right signature of an answer around it: the document itself is the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedFault {
    /// The oldest version that was published, as it was signed then.
    Older,
    /// One bit of the body is another one.
    Altered,
    /// Signed by the service's key for documents.
    WrongKey,
    /// The document without a signature.
    Unsigned,
    /// Signed, and the body is nothing that anybody reads.
    Garbage,
    /// Signed, and its time is over.
    Expired,
    /// Signed, with the highest version that there is, so that no later one could follow.
    Jump,
}

/// All that the service reads of a body.
#[derive(Deserialize)]
struct Shipped {
    version: u64,
}

/// The feeds that there are.
pub const NAMES: [&str; 4] = [Feed::CODES, Feed::RULES, Feed::PROFILE, Feed::CARDS];

/// What ships, and for how long it may be taken up once it is signed.
fn shipped(name: &str) -> (&'static [u8], Option<i64>) {
    match name {
        Feed::PROFILE => (PROFILE, Some(PROFILE_LIFE_MS)),
        Feed::RULES => (crate::rules::SHIPPED, None),
        Feed::CARDS => (CARDS, None),
        _ => (CODES, None),
    }
}

/// How long a feed holds once it is signed; nothing for one that holds until a newer one comes.
pub fn life_ms(name: &str) -> Option<i64> {
    shipped(name).1
}

/// Every published version of every feed.
pub struct Feeds {
    folder: PathBuf,
    named: BTreeMap<&'static str, Published>,
    // The newest rules that can be read and keep the law: those the service follows.
    rules: Arc<Rules>,
}

/// Every published version of one feed.
#[derive(Default)]
struct Published {
    held: BTreeMap<u64, Vec<u8>>,
    fault: Option<FeedFault>,
}

/// Why a version was not published.
#[derive(Debug)]
pub enum Unpublished {
    /// Not higher than the one that is held.
    NotNewer,
    /// A name, a version, a time or a body that a feed cannot have.
    NoFeed,
    /// It cannot be written.
    Disk,
}

impl Published {
    fn newest(&self) -> u64 {
        self.held.keys().next_back().copied().unwrap_or(0)
    }

    /// A fault promises a newer one, so that phones come and ask.
    fn announced(&self) -> u64 {
        self.newest().saturating_add(u64::from(self.fault.is_some()))
    }
}

/// The name of a feed as the service holds it.
pub fn known(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}

impl Feeds {
    /// Reads what is in the folder, and publishes what ships when that is newer. What is about to end is signed anew.
    pub fn open(folder: &Path, keys: &Keys, now: Timestamp) -> io::Result<Feeds> {
        std::fs::create_dir_all(folder)?;
        let mut named: BTreeMap<&'static str, Published> = NAMES.into_iter().map(|name| (name, Published::default())).collect();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".cose")).unwrap_or_default();
            let Some((name, Ok(version))) = stem.rsplit_once('-').map(|(name, version)| (name, version.parse())) else { continue };
            if let Some(published) = known(name).and_then(|name| named.get_mut(name)) {
                published.held.insert(version, std::fs::read(&path)?);
            }
        }
        let rules = Rules::shipped().ok_or_else(|| io::Error::other("the rules that ship cannot be followed"))?;
        let mut feeds = Feeds { folder: folder.to_owned(), named, rules: Arc::new(rules) };
        for name in NAMES {
            let (body, life) = shipped(name);
            let version = serde_json::from_slice::<Shipped>(body)?.version;
            if version > feeds.newest(name) {
                let not_after = life.map(|ms| now.plus_ms(ms));
                let feed = Feed { name: name.to_owned(), version, issued_at: now, not_after, body: body.to_vec() };
                feeds.publish(keys, &feed).map_err(|_| io::Error::other("what ships cannot be published"))?;
            }
        }
        feeds.renew(keys, now);
        let signed: Vec<Vec<u8>> = feeds.named.get(Feed::RULES).map(|published| published.held.values().cloned().collect()).unwrap_or_default();
        for signed in signed {
            if let Ok(feed) = Feed::open(&signed, Feed::RULES, &keys.set) {
                feeds.follow(&feed);
            }
        }
        Ok(feeds)
    }

    /// Follows rules that are newer and keep the law; others are published and not followed.
    fn follow(&mut self, feed: &Feed) {
        let newer = Rules::read(&feed.body).filter(|rules| rules.version == feed.version && rules.version > self.rules.version);
        if let Some(rules) = newer.filter(|_| feed.name == Feed::RULES) {
            self.rules = Arc::new(rules);
        }
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules)
    }

    /// Signs anew what holds for less than half of its time: the same body at the next version.
    fn renew(&mut self, keys: &Keys, now: Timestamp) {
        for name in NAMES {
            let Some(life) = shipped(name).1 else { continue };
            let newest = self.named.get(name).and_then(|published| published.held.values().next_back());
            let Some(feed) = newest.and_then(|signed| Feed::open(signed, name, &keys.set).ok()) else { continue };
            // What was published with an end of its own keeps it.
            let ours = feed.not_after == Some(feed.issued_at.plus_ms(life));
            if !ours || feed.not_after.is_some_and(|last| last.since(now) > life / 2) {
                continue;
            }
            let version = feed.version.saturating_add(1);
            let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&feed.body) else { continue };
            body["version"] = version.into();
            let again = Feed { version, issued_at: now, not_after: Some(now.plus_ms(life)), body: body.to_string().into_bytes(), ..feed };
            // What cannot be written now is tried again at the next question.
            let _ = self.publish(keys, &again);
        }
    }

    /// Signs a version and serves it from now on.
    pub fn publish(&mut self, keys: &Keys, feed: &Feed) -> Result<(), Unpublished> {
        let published = self.named.get_mut(feed.name.as_str()).ok_or(Unpublished::NoFeed)?;
        if feed.version <= published.newest() {
            return Err(Unpublished::NotNewer);
        }
        Feed::decode(&feed.encode()).map_err(|_| Unpublished::NoFeed)?;
        let signed = keys.sign_feed(feed).ok_or(Unpublished::NoFeed)?;
        let file = self.folder.join(format!("{}-{}.cose", feed.name, feed.version));
        write_private(&file, &signed).map_err(|_| Unpublished::Disk)?;
        published.held.insert(feed.version, signed);
        self.follow(feed);
        Ok(())
    }

    /// Every version of a feed that was published.
    pub fn versions(&self, name: &str) -> Vec<u64> {
        self.named.get(name).map(|published| published.held.keys().copied().collect()).unwrap_or_default()
    }

    /// The highest version of a feed that was published; 0 when there is none.
    pub fn newest(&self, name: &str) -> u64 {
        self.named.get(name).map_or(0, Published::newest)
    }

    /// The body of the newest version of a feed.
    pub fn body(&self, keys: &Keys, name: &str) -> Option<Vec<u8>> {
        let signed = self.named.get(name)?.held.values().next_back()?;
        Feed::open(signed, name, &keys.set).ok().map(|feed| feed.body)
    }

    /// The versions that the history tells phones.
    pub fn announced(&self) -> BTreeMap<String, u64> {
        self.named.iter().map(|(name, published)| ((*name).to_owned(), published.announced())).collect()
    }

    /// The fault of a feed that is on.
    pub fn fault(&self, name: &str) -> Option<FeedFault> {
        self.named.get(name).and_then(|published| published.fault)
    }

    /// Turns a fault of a feed on, or all off.
    pub fn set_fault(&mut self, name: &str, fault: Option<FeedFault>) {
        if let Some(published) = self.named.get_mut(name) {
            published.fault = fault;
        }
    }

    /// What a phone gets that has version `after`; nothing when there is nothing newer.
    pub fn serve(&mut self, keys: &Keys, name: &str, after: u64, now: Timestamp) -> Option<Vec<u8>> {
        self.renew(keys, now);
        let published = self.named.get(name)?;
        match published.fault {
            None if after >= published.newest() => None,
            None => published.held.values().next_back().cloned(),
            Some(FeedFault::Older) => published.held.values().next().cloned(),
            Some(fault) => self.faulty(keys, name, fault, now),
        }
    }

    fn faulty(&self, keys: &Keys, name: &str, fault: FeedFault, now: Timestamp) -> Option<Vec<u8>> {
        let body = self.body(keys, name).unwrap_or_else(|| b"{}".to_vec());
        let not_after = shipped(name).1.map(|ms| now.plus_ms(ms));
        let version = self.newest(name).saturating_add(1);
        let feed = Feed { name: name.to_owned(), version, issued_at: now, not_after, body };
        match fault {
            FeedFault::Older => None,
            FeedFault::Altered => {
                let (mut signed, half) = (keys.sign_feed(&feed)?, feed.body.len().div_ceil(2));
                let start = signed.windows(feed.body.len()).position(|window| window == feed.body)?;
                *signed.get_mut(start.saturating_add(half).saturating_sub(1))? ^= 1;
                Some(signed)
            }
            FeedFault::WrongKey => keys.sign(&feed),
            FeedFault::Unsigned => Some(feed.encode()),
            FeedFault::Garbage => keys.sign_feed(&Feed { body: vec![0xff; 64], ..feed }),
            FeedFault::Expired => {
                keys.sign_feed(&Feed { issued_at: now.plus_ms(-2 * DAY_MS), not_after: Some(now.plus_ms(-DAY_MS)), ..feed })
            }
            FeedFault::Jump => keys.sign_feed(&Feed { version: i64::MAX.unsigned_abs(), ..feed }),
        }
    }
}
