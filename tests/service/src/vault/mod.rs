//! The PIN vault, tokeniser and identity desk: the only part that sees a PIN, a card number or an
//! identity number. It runs in a process of its own; the main process passes boxes through and gets
//! verdicts and tokens. The card bank and the identity vendor are reached from there, because they
//! take whole numbers.

mod calls;
mod child;
mod decisions;
mod desk;
mod device_log;
mod engine;
mod factor;
mod login;
mod names;
mod outside;
mod papers;
mod person;
mod pins;
mod replaced;
mod rows;
mod weak;
mod weak_password;
mod weak_person;

pub use calls::{BoxKeyText, VaultAnswer, VaultCall, VaultKeys};
pub use child::{ChildVault, run_vault};
pub use engine::Engine;
pub use papers::DOCUMENTS;
pub use pins::PIN_ROUNDS;
pub use rows::{
    BankState, BookRow, Decision, DecisionRow, DeviceRow, FactorState, HandedOut, IdentityState, LOGIN_DOMAIN, Liveness, LoginState, LoginVerdict,
    PersonFacts, PinVerdict, ReplacedRow, StatementRow, VERDICT_DOMAIN,
};

use kabao_base::Timestamp;
use kabao_outside::World;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The vault cannot be reached: its process died or does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the vault cannot be reached")]
pub struct VaultDown;

/// The vault, wherever it runs. Calls are synchronous and come from any thread.
pub trait Vault: Send + Sync {
    /// Asks the vault. `now` is the service's clock, so that one clock serves both.
    fn call(&self, now: Timestamp, call: VaultCall) -> Result<VaultAnswer, VaultDown>;
}

/// How the service reaches its vault.
pub enum VaultConnection {
    /// A child process that runs [`run_vault`].
    Child(ChildVault),
    /// In this process: for simulations in one thread.
    InProcess(Box<InProcess>),
}

/// A vault without a process of its own.
pub struct InProcess {
    world: Arc<dyn World>,
    pin_rounds: u32,
    data: Mutex<Option<(PathBuf, Engine)>>,
}

impl VaultConnection {
    /// Starts `exe` with `args` as the vault and starts it anew when it dies. The child must call [`run_vault`].
    pub fn spawn(exe: &Path, args: &[String]) -> io::Result<VaultConnection> {
        ChildVault::spawn(exe, args).map(VaultConnection::Child)
    }

    /// Runs the vault in this process, with the world given. Its files lie in the service's data folder.
    pub fn in_process(world: Arc<dyn World>) -> VaultConnection {
        VaultConnection::in_process_with(world, PIN_ROUNDS)
    }

    /// The same with another number of rounds for a PIN. A simulation takes one: nobody guesses there, and every payment waits for them.
    pub fn in_process_with(world: Arc<dyn World>, pin_rounds: u32) -> VaultConnection {
        VaultConnection::InProcess(Box::new(InProcess { world, pin_rounds, data: Mutex::new(None) }))
    }

    /// Tells the connection where the service keeps its files. Called once, before the first call.
    pub(crate) fn open(&self, data: &Path) -> io::Result<()> {
        match self {
            // A child knows its folder from its arguments.
            VaultConnection::Child(_) => Ok(()),
            VaultConnection::InProcess(inner) => {
                let engine = Engine::open(data, inner.world.clone(), inner.pin_rounds)?;
                *inner.data.lock().unwrap_or_else(PoisonError::into_inner) = Some((data.to_owned(), engine));
                Ok(())
            }
        }
    }
}

impl Vault for VaultConnection {
    fn call(&self, now: Timestamp, call: VaultCall) -> Result<VaultAnswer, VaultDown> {
        match self {
            VaultConnection::Child(child) => child.call(now, call),
            VaultConnection::InProcess(inner) => {
                let mut slot = inner.data.lock().unwrap_or_else(PoisonError::into_inner);
                let (_, engine) = slot.as_mut().ok_or(VaultDown)?;
                engine.answer(now, call)
            }
        }
    }
}
