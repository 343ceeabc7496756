//! The service's own keys. They lie in one private file of the data folder; the PIN vault's private
//! keys lie in another, which this process does not read.

use crate::config::{read_or_make, write_private};
use crate::seal::Sealer;
use crate::vault::VaultKeys;
use kabao_base::Timestamp;
use kabao_outside::World;
use kabao_proof::documents::{ALGORITHM_BOX, ALGORITHM_SIGN};
use kabao_proof::{Digest32, Document, Feed, KeyPurpose, KeySet, PublicKey, SetKey, SoftwareKey, hex};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The name of the key that signs answers.
pub const ANSWERS: &str = "answers-1";
/// The name of the key that signs documents.
pub const DOCUMENTS: &str = "documents-1";
/// The name of the key that signs feeds.
pub const FEEDS: &str = "feeds-1";

const YEAR_MS: i64 = 366 * 86_400_000;

#[derive(Serialize, Deserialize)]
struct KeyFile {
    root: Digest32Text,
    answers: Digest32Text,
    documents: Digest32Text,
    seal: Digest32Text,
    mark: Digest32Text,
    made_at: i64,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    vault: Option<VaultKeys>,
    // Absent in the file of a service that had no feeds.
    #[serde(default)]
    feeds: Option<Digest32Text>,
}

/// 32 bytes as 64 hexadecimal digits.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Digest32Text(String);

impl Digest32Text {
    fn make(world: &dyn World) -> Digest32Text {
        let mut bytes = [0u8; 32];
        world.random(&mut bytes);
        Digest32Text(hex(&bytes))
    }

    fn bytes(&self) -> io::Result<[u8; 32]> {
        Digest32::parse(&self.0).map(|digest| digest.0).map_err(|_| broken())
    }

    fn signing(&self) -> io::Result<SoftwareKey> {
        SoftwareKey::from_secret(&self.bytes()?).map_err(|_| broken())
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the key file cannot be used")
}

/// Every key that the main process holds.
pub struct Keys {
    /// Signs answers.
    pub answers: SoftwareKey,
    /// Signs receipts, refusals, tombstones and heads.
    pub documents: SoftwareKey,
    /// Signs feeds.
    pub feeds: SoftwareKey,
    /// Seals personal columns.
    pub sealer: Sealer,
    /// The public half of the offline root.
    pub root: PublicKey,
    /// The key set, signed by the root.
    pub signed_set: Vec<u8>,
    /// The same set, read.
    pub set: KeySet,
    /// What the vault signs with and opens boxes with, public halves.
    pub vault: VaultKeys,
}

impl Keys {
    /// Reads the keys, or makes them. The root's private half lies beside the others because this is a
    /// reference service; a real one keeps it offline and hands in the signed set.
    pub fn open(path: &Path, world: &dyn World, vault: VaultKeys) -> io::Result<Keys> {
        let make = || {
            let one = || Digest32Text::make(world);
            let file = KeyFile {
                root: one(), answers: one(), documents: one(), seal: one(), mark: one(),
                made_at: world.now().as_ms(), version: 0, vault: None, feeds: None,
            };
            serde_json::to_vec(&file).unwrap_or_default()
        };
        let mut file: KeyFile = serde_json::from_slice(&read_or_make(path, make)?).map_err(|_| broken())?;
        if file.vault.as_ref() != Some(&vault) || file.feeds.is_none() {
            // Versions only grow: a vault with other keys, or a key for feeds, is announced, never slipped in.
            file.feeds.get_or_insert_with(|| Digest32Text::make(world));
            file.version = file.version.saturating_add(1);
            file.vault = Some(vault.clone());
            write_private(path, &serde_json::to_vec(&file).map_err(|_| broken())?)?;
        }
        let (root, answers, documents) = (file.root.signing()?, file.answers.signing()?, file.documents.signing()?);
        let feeds = file.feeds.as_ref().ok_or_else(broken)?.signing()?;
        let made = Timestamp::from_ms(file.made_at);
        let key = |kid: &str, purpose, algorithm: &str, public: Vec<u8>| SetKey {
            kid: kid.to_owned(),
            purpose,
            algorithm: algorithm.to_owned(),
            public,
            not_before: made.plus_ms(-YEAR_MS),
            not_after: made.plus_ms(20 * YEAR_MS),
        };
        let point = |key: &SoftwareKey| key.public().to_bytes().to_vec();
        let set = KeySet {
            version: file.version,
            keys: vec![
                key(ANSWERS, KeyPurpose::Answers, ALGORITHM_SIGN, point(&answers)),
                key(DOCUMENTS, KeyPurpose::Documents, ALGORITHM_SIGN, point(&documents)),
                key(FEEDS, KeyPurpose::Feeds, ALGORITHM_SIGN, point(&feeds)),
                key(&vault.verdict_kid, KeyPurpose::PinVerdicts, ALGORITHM_SIGN, vault.verdict_key.to_bytes().to_vec()),
                key(&vault.pin.kid, KeyPurpose::PinBox, ALGORITHM_BOX, vault.pin.bytes()?),
                key(&vault.card.kid, KeyPurpose::CardBox, ALGORITHM_BOX, vault.card.bytes()?),
                key(&vault.id.kid, KeyPurpose::IdBox, ALGORITHM_BOX, vault.id.bytes()?),
            ],
        };
        let waiting = set.to_sign("root-1").map_err(|_| broken())?;
        let signature = root.sign(&waiting.tbs);
        let signed_set = waiting.finish(&signature).map_err(|_| broken())?;
        let sealer = Sealer::new(&file.seal.bytes()?, &file.mark.bytes()?).map_err(|_| broken())?;
        Ok(Keys { answers, documents, feeds, sealer, root: root.public(), signed_set, set, vault })
    }

    /// Signs a document.
    pub fn sign<D: Document>(&self, document: &D) -> Option<Vec<u8>> {
        signed(document, DOCUMENTS, &self.documents)
    }

    /// Signs a feed.
    pub fn sign_feed(&self, feed: &Feed) -> Option<Vec<u8>> {
        signed(feed, FEEDS, &self.feeds)
    }
}

fn signed<D: Document>(document: &D, kid: &str, key: &SoftwareKey) -> Option<Vec<u8>> {
    let waiting = document.to_sign(kid).ok()?;
    let signature = key.sign(&waiting.tbs);
    waiting.finish(&signature).ok()
}
