//! Feeds: facts that the service changes without a release of the app. Signed once, kept as files, served as bytes; what a
//! body says is the wallet's to judge. Every version stays, so that the switch for old ones has something true to serve.

use crate::config::write_private;
use crate::keys::Keys;
use kabao_base::Timestamp;
use kabao_proof::{Document, Feed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

const DAY_MS: i64 = 86_400_000;
/// The table that ships with the app, byte for byte: what a service serves before it publishes another one. Its rules are not
/// read here.
const SHIPPED: &[u8] = include_bytes!("../../../core/codes/src/table/codes.json");

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
}

/// All that the service reads of a table.
#[derive(Deserialize)]
struct Shipped {
    version: u64,
}

/// Every published version of the table of codes.
pub struct Feeds {
    folder: PathBuf,
    held: BTreeMap<u64, Vec<u8>>,
    fault: Option<FeedFault>,
}

/// Why a version was not published.
#[derive(Debug)]
pub enum Unpublished {
    /// Not higher than the one that is held.
    NotNewer,
    /// A version, a time or a body that a feed cannot have.
    NoFeed,
    /// It cannot be written.
    Disk,
}

impl Feeds {
    /// Reads what is in the folder, and publishes the table that ships when that is newer.
    pub fn open(folder: &Path, keys: &Keys, now: Timestamp) -> io::Result<Feeds> {
        std::fs::create_dir_all(folder)?;
        let mut held = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let version = name.strip_prefix("codes-").and_then(|rest| rest.strip_suffix(".cose")).and_then(|text| text.parse().ok());
            if let Some(version) = version {
                held.insert(version, std::fs::read(&path)?);
            }
        }
        let mut feeds = Feeds { folder: folder.to_owned(), held, fault: None };
        let version = serde_json::from_slice::<Shipped>(SHIPPED)?.version;
        if version > feeds.newest() {
            let feed = Feed { name: Feed::CODES.to_owned(), version, issued_at: now, not_after: None, body: SHIPPED.to_vec() };
            feeds.publish(keys, &feed).map_err(|_| io::Error::other("the table of codes that ships cannot be published"))?;
        }
        Ok(feeds)
    }

    /// Signs a version and serves it from now on.
    pub fn publish(&mut self, keys: &Keys, feed: &Feed) -> Result<(), Unpublished> {
        if feed.version <= self.newest() {
            return Err(Unpublished::NotNewer);
        }
        Feed::decode(&feed.encode()).map_err(|_| Unpublished::NoFeed)?;
        let signed = keys.sign_feed(feed).ok_or(Unpublished::NoFeed)?;
        write_private(&self.folder.join(format!("codes-{}.cose", feed.version)), &signed).map_err(|_| Unpublished::Disk)?;
        self.held.insert(feed.version, signed);
        Ok(())
    }

    /// Every version that was published.
    pub fn versions(&self) -> Vec<u64> {
        self.held.keys().copied().collect()
    }

    /// The highest version that was published; 0 when there is none.
    pub fn newest(&self) -> u64 {
        self.held.keys().next_back().copied().unwrap_or(0)
    }

    /// The version that the history tells phones. A fault promises a newer one, so that they come and ask.
    pub fn announced(&self) -> u64 {
        self.newest().saturating_add(u64::from(self.fault.is_some()))
    }

    /// The fault that is on.
    pub fn fault(&self) -> Option<FeedFault> {
        self.fault
    }

    /// Turns a fault on, or all off.
    pub fn set_fault(&mut self, fault: Option<FeedFault>) {
        self.fault = fault;
    }

    /// What a phone gets that has version `after`; nothing when there is nothing newer.
    pub fn serve(&self, keys: &Keys, after: u64, now: Timestamp) -> Option<Vec<u8>> {
        match self.fault {
            None if after >= self.newest() => None,
            None => self.held.values().next_back().cloned(),
            Some(FeedFault::Older) => self.held.values().next().cloned(),
            Some(fault) => self.faulty(keys, fault, now),
        }
    }

    fn faulty(&self, keys: &Keys, fault: FeedFault, now: Timestamp) -> Option<Vec<u8>> {
        let newest = self.held.values().next_back();
        let body = newest.and_then(|signed| Feed::open(signed, Feed::CODES, &keys.set).ok()).map_or(b"{}".to_vec(), |feed| feed.body);
        let feed = Feed { name: Feed::CODES.to_owned(), version: self.announced(), issued_at: now, not_after: None, body };
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
        }
    }
}
