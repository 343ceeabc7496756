//! The real host: two workers for the network, one thread for the files, the system's clock and randomness.
// This module is where the device's clock, randomness and threads enter the core; everything else takes them from a Host.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod clock;
mod transport;

pub use transport::HttpsTransport;

use super::{Background, DeviceKeys, Host, HostError, SecretStore, Task, Transport};
use kabao_base::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::{Arc, mpsc};
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send + 'static>;

/// The real implementation of [`Host`]. One per process is enough; it may serve one wallet after another.
pub struct RealHost {
    // Dropped from a worker thread, a runtime would panic: it is shut down without waiting instead.
    runtime: Option<tokio::runtime::Runtime>,
    jobs: mpsc::Sender<Job>,
    transport: Arc<dyn Transport>,
    secrets: Arc<dyn SecretStore>,
    keys: Arc<dyn DeviceKeys>,
    background: Arc<dyn Background>,
    random: SystemRandom,
    boot_id: String,
}

impl RealHost {
    /// Starts the workers.
    ///
    /// # Errors
    /// [`HostError::Failed`] when threads cannot be started.
    pub fn start(
        transport: Arc<dyn Transport>,
        secrets: Arc<dyn SecretStore>,
        keys: Arc<dyn DeviceKeys>,
        background: Arc<dyn Background>,
    ) -> Result<RealHost, HostError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("kabao-worker")
            .enable_all()
            // A worker that rests keeps nothing of its work: ciphers leave the last block of what they sealed on the stack.
            .on_thread_park(kabao_vault::wipe_stack)
            .build()
            .map_err(|_| HostError::Failed)?;
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("kabao-files".to_owned())
            .spawn(move || {
                while let Ok(job) = queue.recv() {
                    // A job that panics must not take the thread of the files with it.
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                }
            })
            .map_err(|_| HostError::Failed)?;
        Ok(RealHost {
            runtime: Some(runtime),
            jobs,
            transport,
            secrets,
            keys,
            background,
            random: SystemRandom::new(),
            boot_id: clock::boot_id(),
        })
    }

    /// Where asynchronous calls of other languages and of the command line run.
    pub fn handle(&self) -> Option<tokio::runtime::Handle> {
        self.runtime.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for RealHost {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Host for RealHost {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn monotonic_ms(&self) -> i64 {
        clock::monotonic_ms()
    }

    fn boot_id(&self) -> String {
        self.boot_id.clone()
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        self.random.fill(bytes).map_err(|_| HostError::Failed)
    }

    fn spawn(&self, task: Task) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(task);
        }
    }

    fn sleep(&self, ms: u64) -> Task {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn database(&self, job: Job) {
        // The thread ends only with this host; a job that finds no thread is dropped, and its caller is told.
        let _ = self.jobs.send(job);
    }

    fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }

    fn secrets(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.secrets)
    }

    fn keys(&self) -> Arc<dyn DeviceKeys> {
        Arc::clone(&self.keys)
    }

    fn background(&self) -> Arc<dyn Background> {
        Arc::clone(&self.background)
    }
}
