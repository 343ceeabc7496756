//! The service as one value: its book, its keys, its clock and its vault. Everything that answers a
//! request works on it; nothing else holds state.

use crate::config::ServiceInfo;
use crate::builds::Builds;
use crate::feeds::Feeds;
use crate::http::faults::Switchboard;
use crate::keys::Keys;
use crate::refusal::{Outcome, Refusal};
use crate::store::{self, meta};
use crate::vault::{BankState, Vault, VaultAnswer, VaultCall, VaultConnection};
use crate::world::{ShiftedWorld, make_id};
use kabao_base::{Code, Id, Timestamp};
use kabao_outside::World;
use kabao_proof::PublicKey;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

/// A registration that waits for its one-time code. In memory only: a restart forgets the code.
pub(crate) struct Pending {
    pub phone: String,
    pub device_key: PublicKey,
    pub approve_key: PublicKey,
    pub model: String,
    pub otp: String,
    pub sent_at: Timestamp,
    pub tries_left: u32,
    pub done: Option<(Id, Id)>,
}

/// A sign-in that waits for its code. In memory only.
pub(crate) struct SignInPending {
    pub pending: Pending,
    /// The form of the device.
    pub form: String,
}

/// A new approval key that waits for its code and PIN. In memory only.
pub(crate) struct Renewal {
    pub device: Id,
    pub approve_key: PublicKey,
    pub otp: String,
    pub sent_at: Timestamp,
    pub tries_left: u32,
}

/// A code that somebody has to type back. In memory only.
pub(crate) struct SentCode {
    pub otp: String,
    pub sent_at: Timestamp,
    pub tries_left: u32,
    /// It came back.
    pub used: bool,
}

/// What a phone received by SMS from the service.
pub(crate) struct Sms {
    pub text: String,
    pub otp: String,
    pub at: Timestamp,
}

/// What is kept in memory and nowhere else.
#[derive(Default)]
pub(crate) struct Memory {
    pub registrations: BTreeMap<Id, Pending>,
    pub replacements: BTreeMap<Id, Pending>,
    pub sign_ins: BTreeMap<Id, SignInPending>,
    pub renewals: BTreeMap<Id, Renewal>,
    /// Codes for changes of a number, by change and by `new` or `old`.
    pub change_codes: BTreeMap<(Id, &'static str), SentCode>,
    pub contact_codes: BTreeMap<Id, SentCode>,
    pub inbox: BTreeMap<String, Vec<Sms>>,
    /// The digits that tills read, by token: for the developer's console.
    pub read_codes: BTreeMap<String, String>,
}

/// What one request at a time may touch.
pub(crate) struct State {
    pub db: Connection,
    pub memory: Memory,
    /// The book was put back to an older copy and is not rebuilt yet: no payment is accepted.
    pub rebuilding: bool,
    /// When an older copy was put back last, milliseconds; zero for never.
    pub restored_at: i64,
}

/// The reference service.
pub struct Service {
    pub(crate) world: Arc<ShiftedWorld>,
    pub(crate) vault: Arc<VaultConnection>,
    pub(crate) keys: Keys,
    pub(crate) faults: Mutex<Switchboard>,
    pub(crate) data: PathBuf,
    pub(crate) outside: OnceLock<crate::dev::Acquirer>,
    pub(crate) info: RwLock<ServiceInfo>,
    feeds: Mutex<Feeds>,
    builds: Mutex<Builds>,
    state: Mutex<State>,
}

/// The phone that a request comes from.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its account.
    pub account: Id,
    /// The device.
    pub device: Id,
    /// The key that signs payments.
    pub approve_key: PublicKey,
}

impl Service {
    /// Opens the service on its data folder: the book, the keys, the vault. `info` is what the console and
    /// `service.json` tell of it.
    pub fn open(data: &Path, vault: VaultConnection, world: Arc<dyn World>, info: ServiceInfo) -> io::Result<Arc<Service>> {
        std::fs::create_dir_all(data)?;
        let world = Arc::new(ShiftedWorld::new(world));
        vault.open(data)?;
        let keys = match vault.call(world.now(), VaultCall::Hello) {
            Ok(VaultAnswer::Keys(keys)) => keys,
            _ => return Err(io::Error::other("the vault does not answer")),
        };
        let keys = Keys::open(&data.join("service.keys"), world.as_ref(), keys)?;
        let db = store::open(&data.join("service.db")).map_err(|_| io::Error::other("the service's book cannot be opened"))?;
        let rebuilding = meta::get(&db, "rebuilding").ok().flatten().is_some();
        let restored_at = meta::number(&db, "restored_at", 0).unwrap_or(0);
        let root_key = keys.root.to_string();
        let feeds = Feeds::open(&data.join("feeds"), &keys, world.now())?;
        Ok(Arc::new(Service {
            world,
            vault: Arc::new(vault),
            keys,
            faults: Mutex::new(Switchboard::default()),
            data: data.to_owned(),
            outside: OnceLock::new(),
            info: RwLock::new(ServiceInfo { root_key, ..info }),
            feeds: Mutex::new(feeds),
            builds: Mutex::new(Builds::open(data)?),
            state: Mutex::new(State { db, memory: Memory::default(), rebuilding, restored_at }),
        }))
    }

    /// The process number of the vault, when it is a child.
    pub fn vault_process_id(&self) -> Option<u32> {
        match self.vault.as_ref() {
            VaultConnection::Child(child) => child.process_id(),
            VaultConnection::InProcess(_) => None,
        }
    }

    /// What the service tells of itself.
    pub fn info(&self) -> ServiceInfo {
        self.info.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The service's clock.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Takes the book for one request. A panic of another holder left it whole: a transaction that was not
    /// committed is gone.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the service tells without a release of the app.
    pub(crate) fn feeds(&self) -> MutexGuard<'_, Feeds> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which builds of the app may be used.
    pub(crate) fn builds(&self) -> MutexGuard<'_, Builds> {
        self.builds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules in force.
    pub(crate) fn rules(&self) -> Arc<crate::rules::Rules> {
        self.feeds().rules()
    }

    pub(crate) fn make_id(&self) -> Id {
        make_id(self.world.as_ref())
    }

    /// Asks the vault; its silence is 503.
    pub(crate) fn ask_vault(&self, call: VaultCall) -> Outcome<VaultAnswer> {
        self.vault.call(self.now(), call).map_err(|_| Refusal::down())
    }

    /// Asks the vault and leaves its silence to the caller.
    pub(crate) fn vault_call(&self, now: Timestamp, call: VaultCall) -> Result<VaultAnswer, crate::vault::VaultDown> {
        self.vault.call(now, call)
    }

    /// Asks the bank through the vault; silence of either is `Pending`.
    pub(crate) fn ask_bank(&self, call: VaultCall) -> BankState {
        match self.vault.call(self.now(), call) {
            Ok(VaultAnswer::Bank(state)) => state,
            _ => BankState::Pending,
        }
    }

    /// All periodic work: questions lapse, the bank is asked again, reversals go on, notifications leave.
    /// Cheap when nothing is due; call it often.
    pub fn tick(&self, now: Timestamp) {
        // Each part stands alone: a part that cannot work now works at the next tick.
        let _ = crate::codes::asks::lapse_due(self, now);
        let _ = crate::pay::settle::resolve_due(self, now);
        let _ = crate::pay::returns::reconcile(self, now);
        let _ = crate::pay::transfer::deliver_due(self, now);
        let _ = crate::pay::missed::take_up_due(self);
        let _ = crate::refunds::carry_due(self, now);
        let _ = crate::closing::close_due(self, now);
        let _ = self.forget_nonces(now);
        if let Some(acquirer) = self.outside.get() {
            acquirer.tick(now);
        }
    }

    /// Opens the service with its acquirer, and rebuilds a book that was put back before. What a simulation
    /// needs; a running service adds listeners (`serve`).
    pub fn open_whole(
        data: &Path,
        channel_keys: &Path,
        vault: VaultConnection,
        world: Arc<dyn World>,
        info: ServiceInfo,
    ) -> io::Result<Arc<Service>> {
        let service = Service::open(data, vault, world, info)?;
        crate::dev::Acquirer::attach(&service, channel_keys).map_err(|error| io::Error::other(error.to_string()))?;
        let unfinished = service.state().rebuilding;
        if unfinished {
            // Not reached now, it is asked again by hand; until then the service says *cannot now*.
            let _ = crate::pay::rebuild::rebuild(&service);
        }
        Ok(service)
    }

    fn forget_nonces(&self, now: Timestamp) -> Outcome<()> {
        let state = self.state();
        store::run(&state.db, "DELETE FROM nonces WHERE at < ?1", [now.plus_ms(-2 * crate::http::auth::SKEW_MS).as_ms()])?;
        Ok(())
    }
}

/// An `internal` refusal: what must not happen happened, and nothing was changed.
pub(crate) fn internal() -> Refusal {
    Refusal::of(500, Code::Internal)
}
