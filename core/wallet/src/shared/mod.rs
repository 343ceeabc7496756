//! What all features share: the files behind their one thread, the way to the service, the service's time, the lock
//! and the listeners.

mod account;
mod build;
mod clock;
mod consents;
mod device_report;
mod face;
mod counters;
pub(crate) mod erase;
mod feeds;
mod gate;
mod idle;
mod listeners;
mod person;
mod sources;
mod typed;
mod who;

pub use account::VerificationView;
pub(crate) use account::{know_time, refresh_account};
pub(crate) use build::{is_build, is_of_build, tell_build, why_not_build};
pub(crate) use clock::ServiceClock;
pub(crate) use device_report::tell_device;
pub use face::FaceRequest;
pub(crate) use face::{face_nonce, read_face_nonce};
pub(crate) use consents::{
    CARD_BINDING, DOCUMENTS, FACE, Given, OF_A_CHECK, REAL_NAME, ask_consents, ask_owed_consents, consent_text, document_named, give_consent,
    hear_consent, need_consent, owed, tell_withdrawals,
};
pub(crate) use counters::{follow_counters, keep_counters, refresh_counters};
pub use erase::EraseReport;
pub use feeds::TableView;
pub(crate) use feeds::{Profile, is_refusal};
pub(crate) use gate::Gate;
pub(crate) use idle::Idle;
pub(crate) use person::{read_id_number, read_phone};
pub(crate) use sources::{KnownCards, card_reason, card_text, known_cards, preference, source_text};
pub(crate) use typed::{read_pin, refuse_numbers};
pub(crate) use who::{Identity, Who};
pub use listeners::{Subscription, WalletEvent, WalletListener};

use crate::error::Outcome;
use crate::host::Host;
use crate::service::Client;
use crate::tables::Files;
use crate::tables::account::{self as account_table, AccountRow};
use crate::tables::events::EventHead;
use crate::tables::open::store_code;
use crate::words::Language;
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::PublicKey;
use listeners::Listeners;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{oneshot, watch};

/// The least time between two anchors that nothing else asks for, in milliseconds.
const ANCHOR_MS: i64 = 60_000;
const NEVER: i64 = i64::MIN;

/// What a wallet is opened with, checked.
pub(crate) struct Settings {
    pub(crate) folder: PathBuf,
    pub(crate) root: PublicKey,
    pub(crate) guid: String,
    pub(crate) link_host: Option<String>,
    pub(crate) language: Language,
    pub(crate) build: Option<crate::BuildIdentity>,
}

/// Shared by the features of one wallet.
pub(crate) struct Core {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) settings: Settings,
    pub(crate) client: Client,
    pub(crate) clock: ServiceClock,
    pub(crate) gate: Gate,
    pub(crate) idle: Idle,
    pub(crate) listeners: Listeners,
    pub(crate) head: Arc<Mutex<EventHead>>,
    /// Counts the changes of payments, so that whoever waits for one looks again.
    pub(crate) moved: watch::Sender<u64>,
    /// Counts the payments that became final, so that their records are fetched.
    pub(crate) settled: watch::Sender<u64>,
    /// Opening and closing the files, one at a time.
    pub(crate) turning: tokio::sync::Mutex<()>,
    /// One sync at a time.
    pub(crate) syncing: tokio::sync::Mutex<()>,
    /// One export at a time.
    pub(crate) exporting: tokio::sync::Mutex<()>,
    /// How far it is: done, of so many.
    pub(crate) exported: watch::Sender<Option<(u64, u64)>>,
    pub(crate) engine: crate::intents::Engine,
    pub(crate) quotes: crate::pay::Quotes,
    codes: feeds::Slot<kabao_codes::table::Table>,
    rules: feeds::Slot<kabao_money::rules::Rules>,
    profile: feeds::Slot<Profile>,
    issuers: feeds::Slot<kabao_codes::cards::Issuers>,
    /// When the anchor was written last, on the monotonic clock.
    anchored_ms: AtomicI64,
    files: Arc<Mutex<Option<Files>>>,
    who: Arc<Who>,
}

impl Core {
    pub(crate) fn new(host: Arc<dyn Host>, settings: Settings) -> Core {
        Core {
            client: Client::new(host.transport()),
            clock: ServiceClock::default(),
            gate: Gate::new(),
            idle: Idle::default(),
            listeners: Listeners::default(),
            head: Arc::new(Mutex::new(EventHead::default())),
            moved: watch::Sender::new(0),
            settled: watch::Sender::new(0),
            turning: tokio::sync::Mutex::new(()),
            syncing: tokio::sync::Mutex::new(()),
            exporting: tokio::sync::Mutex::new(()),
            exported: watch::Sender::new(None),
            engine: crate::intents::Engine::default(),
            quotes: crate::pay::Quotes::default(),
            codes: feeds::Slot::default(),
            rules: feeds::Slot::default(),
            profile: feeds::Slot::default(),
            issuers: feeds::Slot::default(),
            anchored_ms: AtomicI64::new(NEVER),
            files: Arc::new(Mutex::new(None)),
            who: Arc::default(),
            host,
            settings,
        }
    }

    /// Runs `job` on the database thread, whether the wallet is locked or not: for the engine, which may still have
    /// to record an answer.
    pub(crate) async fn files<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Files) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let files = Arc::clone(&self.files);
        let done = self.on_thread(move || with(&files, job)).await;
        // Whoever asks after the end is told so.
        if self.gate.is_closed() { done.map_err(|error| if error.is(Code::Locked) { Code::Closed.into() } else { error }) } else { done }
    }

    /// The same on the database thread itself.
    pub(crate) fn with_files<T>(&self, job: impl FnOnce(&Files) -> Outcome<T>) -> Outcome<T> {
        with(&self.files, job)
    }

    /// Whether the files are open.
    pub(crate) fn has_files(&self) -> bool {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The same for the person's calls: refused while locked.
    pub(crate) async fn open_files<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Files) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        self.check_open()?;
        self.files(job).await
    }

    /// Runs `job` on the database thread.
    pub(crate) async fn on_thread<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (answer, wait) = oneshot::channel();
        self.host.database(Box::new(move || {
            let _ = answer.send(job());
        }));
        wait.await.map_err(|_| Code::StorageFailed)?
    }

    /// Puts the opened files in their place.
    pub(crate) fn hold(&self, files: Files) {
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = Some(files);
    }

    /// Takes the files out, writes the anchor and closes them; they are closed as well when the key store takes no anchor. Runs on the
    /// database thread.
    pub(crate) async fn close_files(&self) -> Outcome<()> {
        let (files, secrets) = (Arc::clone(&self.files), self.host.secrets());
        self.on_thread(move || {
            let Some(files) = files.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
            let _ = files.anchor(secrets.as_ref());
            files.close()
        })
        .await
    }

    /// Writes the anchor now.
    pub(crate) async fn anchor(&self) -> Outcome<()> {
        let secrets = self.host.secrets();
        self.files(move |files| files.anchor(secrets.as_ref())).await
    }

    /// Writes the anchor when the last one is more than a minute old: not on the way of every payment.
    pub(crate) async fn anchor_if_due(&self) -> Outcome<()> {
        let now = self.host.monotonic_ms();
        let last = self.anchored_ms.load(Ordering::Acquire);
        if last != NEVER && now.saturating_sub(last) < ANCHOR_MS {
            return Ok(());
        }
        self.anchored_ms.store(now, Ordering::Release);
        self.anchor().await
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> Outcome<[u8; N]> {
        let mut bytes = [0; N];
        self.host.random(&mut bytes).map_err(store_code)?;
        Ok(bytes)
    }

    /// A new id; the caller stores it before its first use.
    pub(crate) fn new_id(&self) -> Outcome<Id> {
        Ok(Id::from_bytes(self.random()?))
    }

    /// The service's time as well as this phone knows it.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now(self.host.as_ref()).0
    }

    /// Who this phone is, or the error that says to register first.
    pub(crate) fn identity(&self) -> Outcome<Identity> {
        self.who.get()
    }

    /// For whoever changes the row of the account.
    pub(crate) fn who(&self) -> Arc<Who> {
        Arc::clone(&self.who)
    }

    /// Changes the row of the account in one commit, with the event that names what happened.
    pub(crate) async fn change_account(
        &self,
        event: &'static str,
        change: impl FnOnce(&mut AccountRow) + Send + 'static,
    ) -> Outcome<AccountRow> {
        let (now, clock, who) = (self.now(), self.clock.mark(), self.who());
        self.files(move |files| {
            let row = files.commit(now, |tx, log| {
                let mut row = account_table::load(tx)?;
                change(&mut row);
                account_table::save(tx, &row)?;
                ServiceClock::store(tx, clock)?;
                log.append(tx, "account", event, b"")?;
                Ok(row)
            })?;
            who.set(&row);
            Ok(row)
        })
        .await
    }

    /// The row of the account.
    pub(crate) async fn account_row(&self) -> Outcome<AccountRow> {
        self.open_files(|files| files.ledger(account_table::load)).await
    }

    /// Says that a payment changed.
    pub(crate) fn payment_moved(&self, intent_id: Id) {
        self.moved.send_modify(|count| *count = count.wrapping_add(1));
        self.listeners.tell(WalletEvent::PaymentChanged { intent_id: intent_id.to_string() });
    }
}

fn with<T>(files: &Mutex<Option<Files>>, job: impl FnOnce(&Files) -> Outcome<T>) -> Outcome<T> {
    let held = files.lock().unwrap_or_else(PoisonError::into_inner);
    match held.as_ref() {
        Some(files) => job(files),
        None => Err(Code::Locked.into()),
    }
}
