//! Opening, locking, suspending and closing. No business stands here; one client a feature is handed out.

use crate::account::AccountClient;
use crate::cards::CardsClient;
use crate::data::DataClient;
use crate::error::Outcome;
use crate::history::HistoryClient;
use crate::host::Host;
use crate::identity::IdentityClient;
use crate::intents;
use crate::limits::LimitsClient;
use crate::operator::OperatorClient;
use crate::pay::PayClient;
use crate::shared::{self, Core, Settings, Subscription, WalletEvent, WalletListener};
use crate::tables::{account, choices, intents as journal, marks, open};
use crate::words::Language;
use kabao_base::Code;
use kabao_codes::collection::link::is_host;
use kabao_proof::PublicKey;
use std::path::PathBuf;
use std::sync::Arc;

mod idle;
pub use idle::LockAfterView;

/// How long a lock waits for answers that are on their way, in milliseconds.
const LANDING_MS: u64 = 20_000;

/// Which service a wallet belongs to: a part of the app's configuration, not of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ServiceSettings {
    /// The origin: `https://wallet.example`.
    pub url: String,
    /// The certificates that may stand above the service's, PEM.
    pub tls_ca_pem: String,
    /// SHA-256 of the public keys that the service's certificate may have, hexadecimal: the one in use and a backup.
    pub spki_pins: Vec<String>,
    /// The offline root that signs the key set: 65 bytes, base64url.
    pub root_key: String,
    /// What collection codes of this service carry as their GUID: `app.kabao`.
    pub guid: String,
    /// The host of this service's collection links, `pay.example`; absent where it has none. A link to it is read on the
    /// phone like a collection code and never opened; a host that imitates it is hostile.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub link_host: Option<String>,
}

/// Which build of the app this is, as the system says: the service keeps a list of those that its operator published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BuildIdentity {
    /// The name of the package: `app.kabao.wallet`. Letters, digits, dot, hyphen, underscore; at most 100.
    pub package: String,
    /// SHA-256 of the certificate that the package is signed with: 64 hexadecimal digits, lower case. Ask the system for it
    /// (Android: `PackageInfo.signingInfo`; Apple: the team's certificate).
    pub signing_digest: String,
    /// Where it was installed from: `app_store`, `google_play`, `appgallery`, `site`. Lower-case letters, digits, underscore; at most 32.
    pub channel: String,
}

/// What a wallet is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct WalletSettings {
    /// A private folder of the app; the wallet makes it.
    pub folder: String,
    /// The service.
    pub service: ServiceSettings,
    /// The language of what the person reads: `zh-CN`, `en`.
    pub language: String,
    /// The build of the app; an app that leaves it out names none, and the service decides what such apps may.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub build: Option<BuildIdentity>,
}

/// One wallet. Cheap to copy; all copies are one. [`Wallet::close`] closes it; one that is only dropped stays open as long
/// as a payment without a result is being asked for.
#[derive(Clone)]
pub struct Wallet {
    core: Arc<Core>,
}

impl Wallet {
    /// Opens the wallet of a folder, or makes it. Payments without a result are taken up at once; an erasing that was
    /// ordered and cut short is ended first, and the wallet is then a new one.
    ///
    /// # Errors
    /// `bad_argument` for a `root_key`, `link_host` or `build` that is none,
    /// `in_use` when another program has it, `key_lost` when the files are there and their key is not, `rolled_back`
    /// when an old copy of a file was put back, `storage_*` and `newer_schema` for what their names say.
    pub async fn open(settings: WalletSettings, host: Arc<dyn Host>) -> Outcome<Wallet> {
        let root = PublicKey::parse(&settings.service.root_key)
            .map_err(|_| crate::WalletError::from(Code::BadArgument).in_field("root_key"))?;
        if !settings.service.link_host.as_deref().is_none_or(is_host) {
            return Err(crate::WalletError::from(Code::BadArgument).in_field("link_host"));
        }
        if !settings.build.as_ref().is_none_or(shared::is_build) {
            return Err(crate::WalletError::from(Code::BadArgument).in_field("build"));
        }
        let settings = Settings {
            folder: PathBuf::from(settings.folder),
            root,
            guid: settings.service.guid,
            link_host: settings.service.link_host,
            language: Language::from_tag(&settings.language),
            build: settings.build,
        };
        let core = Arc::new(Core::new(host, settings));
        let wallet = Wallet { core };
        wallet.open_files().await?;
        wallet.follow();
        wallet.lock_when_idle();
        Ok(wallet)
    }

    /// Fetches the record and the balance after each payment that became final. Ends with the wallet.
    fn follow(&self) {
        let leaving = Arc::downgrade(&self.core);
        self.core.host.spawn(Box::pin(async move {
            // A sign-out without network is told now; without network still, when it is opened next.
            if let Some(core) = leaving.upgrade() {
                let _ = AccountClient::new(core).finish_sign_out().await;
            }
        }));
        let (core, mut settled) = (Arc::downgrade(&self.core), self.core.settled.subscribe());
        self.core.host.spawn(Box::pin(async move {
            while settled.changed().await.is_ok() {
                let Some(core) = core.upgrade() else { return };
                // Without network nothing is lost: the payment stands in the list, and the next sync brings its record.
                let _ = HistoryClient::new(core).sync().await;
            }
        }));
    }

    /// Opens a locked wallet again. Does nothing when it is open.
    pub async fn unlock(&self) -> Outcome<()> {
        // One after the other with locking and closing: half of each would be neither.
        let _turn = self.core.turning.lock().await;
        if self.core.gate.is_closed() {
            return Err(Code::Closed.into());
        }
        if self.core.gate.is_open() {
            // Who opens is there, also where the time was over and nothing has locked yet.
            self.core.idle.restart(self.core.host.monotonic_ms());
            return Ok(());
        }
        self.open_files().await
    }

    async fn open_files(&self) -> Outcome<()> {
        let core = &self.core;
        let (path, host, head) = (core.settings.folder.clone(), Arc::clone(&core.host), Arc::clone(&core.head));
        let held = Arc::clone(core);
        let opened = core
            .on_thread(move || {
                // A lock that is still landing left the files open: they are used again.
                if held.has_files() {
                    return held.opened();
                }
                shared::erase::resume(&path, host.as_ref())?;
                let secrets = host.secrets();
                let mut random = |bytes: &mut [u8]| host.random(bytes);
                let files = open::open(&path, secrets.as_ref(), &mut random, head)?;
                held.hold(files);
                held.opened()
            })
            .await?;
        core.who().set(&opened.account);
        if let Some(mark) = opened.clock {
            core.clock.restore(&mark);
        }
        core.client.restore_epoch(opened.epoch);
        if opened.proofs_owed {
            core.engine.restored.owe();
        }
        // A number that is typed is looked up without waiting.
        let _ = core.feed::<kabao_codes::cards::Issuers>().await;
        core.idle.set(opened.lock_after, core.host.monotonic_ms());
        if let Err(closed) = core.gate.open() {
            core.close_files().await?;
            return Err(closed);
        }
        // Once more, for the one who waits: the wallet is open now.
        core.idle.restart(core.host.monotonic_ms());
        core.listeners.tell(WalletEvent::State { locked: false });
        intents::resume(core).await?;
        self.data().tidy().await;
        Ok(())
    }

    /// Locks for the person at once: no data, no new payment. The files close when the answers that are on their way
    /// are recorded, at the latest after 20 seconds; what has no answer by then stays *unknown*.
    pub async fn lock(&self) -> Outcome<()> {
        if self.core.gate.is_closed() {
            return Err(Code::Closed.into());
        }
        self.shut();
        self.detached(|wallet| async move {
            tokio::select! {
                biased;
                () = wallet.core.gate.landed() => {}
                () = wallet.core.host.sleep(LANDING_MS) => {}
            }
            wallet.leave().await
        })
        .await
    }

    /// The same without waiting: for the moment in which the system stops the app.
    pub async fn suspend(&self) -> Outcome<()> {
        if self.core.gate.is_closed() {
            return Err(Code::Closed.into());
        }
        self.shut();
        self.detached(|wallet| async move { wallet.leave().await }).await
    }

    /// Closes for good; open it anew with [`Wallet::open`].
    pub async fn close(&self) -> Outcome<()> {
        if self.core.gate.is_closed() {
            return Ok(());
        }
        self.shut();
        self.core.gate.close();
        self.detached(|wallet| async move { wallet.leave().await }).await
    }

    /// Runs to its end whether the caller waits or not: half a lock would leave the key in memory.
    async fn detached<F>(&self, work: impl FnOnce(Wallet) -> F) -> Outcome<()>
    where
        F: Future<Output = Outcome<()>> + Send + 'static,
    {
        let (answer, wait) = tokio::sync::oneshot::channel();
        let work = work(self.clone());
        self.core.host.spawn(Box::pin(async move {
            let _ = answer.send(work.await);
        }));
        wait.await.map_err(|_| Code::StorageFailed)?
    }

    fn shut(&self) {
        self.core.gate.lock();
        self.core.listeners.tell(WalletEvent::State { locked: true });
    }

    async fn leave(&self) -> Outcome<()> {
        let _turn = self.core.turning.lock().await;
        // Somebody may have unlocked meanwhile: then the files are in use again.
        if self.core.gate.is_open() {
            return Ok(());
        }
        self.core.gate.end_opening();
        let left = intents::leave_unknown(&self.core).await;
        self.core.quotes.forget_all();
        self.core.host.transport().forget();
        self.core.close_files().await?;
        match left {
            // Already locked before: there was nothing to leave.
            Err(error) if !error.is(Code::Locked) && !error.is(Code::Closed) => Err(error),
            _ => Ok(()),
        }
    }

    /// The phone is on another network: call it when the system says so. Connections of the old one are given up, whoever waits for an answer
    /// there hears `net_cut` instead of waiting its time out, and every payment without a result is asked for at once. Nothing is sent
    /// twice for it: a payment that was on its way is *unknown* until its answer is there.
    pub fn network_changed(&self) {
        self.core.host.transport().forget();
        self.core.client.way.moved();
        self.core.engine.ask_now();
    }

    /// What the features share.
    #[cfg(feature = "figures")]
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Whether the wallet is locked.
    pub fn is_locked(&self) -> bool {
        !self.core.gate.is_open() || self.core.is_idle()
    }

    /// Sets aside the files of a wallet whose key is lost, so that a new wallet can begin in the same folder. Nothing
    /// is deleted. Gives the new names. Refused with `key_present` while the key is there: that wallet opens.
    pub async fn set_aside_lost(folder: String, host: Arc<dyn Host>) -> Outcome<Vec<String>> {
        let (answer, wait) = tokio::sync::oneshot::channel();
        let (secrets, stamp) = (host.secrets(), host.now().as_ms().to_string());
        host.database(Box::new(move || {
            let _ = answer.send(open::set_aside(&PathBuf::from(folder), secrets.as_ref(), &stamp));
        }));
        wait.await.map_err(|_| Code::StorageFailed)?
    }

    /// Registration, PIN, recovery sheet, the next step of the set-up.
    pub fn account(&self) -> AccountClient {
        AccountClient::new(Arc::clone(&self.core))
    }

    /// The real name.
    pub fn identity(&self) -> IdentityClient {
        IdentityClient::new(Arc::clone(&self.core))
    }

    /// Bound cards.
    pub fn cards(&self) -> CardsClient {
        CardsClient::new(Arc::clone(&self.core))
    }

    /// Limits, fees, and what stands in the way of a payment.
    pub fn limits(&self) -> LimitsClient {
        LimitsClient::new(Arc::clone(&self.core))
    }

    /// Who runs this wallet.
    pub fn operator(&self) -> OperatorClient {
        OperatorClient::new(Arc::clone(&self.core))
    }

    /// Paying.
    pub fn pay(&self) -> PayClient {
        PayClient::new(Arc::clone(&self.core))
    }

    /// The history.
    pub fn history(&self) -> HistoryClient {
        HistoryClient::new(Arc::clone(&self.core))
    }

    /// What is kept about the person: inventory, consents, export, erasing.
    pub fn data(&self) -> DataClient {
        DataClient::new(Arc::clone(&self.core))
    }

    /// Tells `listener` what happens, beginning with the present state.
    pub fn subscribe(&self, listener: Arc<dyn WalletListener>) -> Subscription {
        let first = WalletEvent::State { locked: self.is_locked() };
        self.core.listeners.add(self.core.host.as_ref(), listener, first)
    }

    /// Something arrived by push. Nothing in it is believed; it is only a reason to look.
    pub async fn hint(&self, _push: Vec<u8>) -> Outcome<()> {
        self.history().sync().await.map(|_| ())
    }

    /// What the files cost since they were opened: for benchmarks and tests. Ledger, mine, cache: pages read, frames
    /// written, commits.
    pub async fn costs(&self) -> Outcome<Vec<[u64; 3]>> {
        let counters = self.core.open_files(|files| files.counters()).await?;
        Ok(counters.iter().map(|file| [file.pages_read, file.frames_written, file.commits]).collect())
    }
}

/// What opening learns from the ledger.
struct Opened {
    account: account::AccountRow,
    clock: Option<String>,
    epoch: u64,
    proofs_owed: bool,
    lock_after: Option<u32>,
}

impl Core {
    /// Reads it. Runs on the database thread.
    fn opened(&self) -> Outcome<Opened> {
        self.with_files(|files| {
            let lock_after = files.mine(|conn| choices::get(conn, choices::LOCK_AFTER))?.and_then(|text| text.parse().ok());
            files.ledger(|conn| {
                let epoch = marks::get(conn, marks::EPOCH)?.and_then(|text| text.parse().ok()).unwrap_or(0);
                Ok(Opened {
                    account: account::load(conn)?,
                    clock: marks::get(conn, marks::CLOCK)?,
                    epoch,
                    proofs_owed: journal::owes(conn, epoch)?,
                    lock_after,
                })
            })
        })
    }
}
