//! The host of a simulated phone: the database runs inline, tasks run on the one thread, time is virtual.

use crate::net::Net;
use crate::world::SimWorld;
use kabao_base::Timestamp;
use kabao_core::host::software::SoftwareKeys;
use kabao_core::host::{Background, DeviceKeys, Host, HostError, HttpRequest, HttpResponse, NoBackground, SecretStore, Task, Transport, TransportError};
use kabao_outside::World;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What survives a crash of the app: the key store.
#[derive(Default)]
pub struct KeyStore(Mutex<BTreeMap<String, Vec<u8>>>, AtomicBool, Mutex<Option<Watch>>);

/// Told of everything in the key store, after each change.
pub type Watch = Arc<dyn Fn(BTreeMap<String, Vec<u8>>) + Send + Sync>;

impl KeyStore {
    /// From now on nothing can be written, or it can again.
    pub fn refuse_writes(&self, refuse: bool) {
        self.1.store(refuse, Ordering::Release);
    }

    /// A copy of everything, to put back later.
    pub fn copy(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on somebody is told of each change, or nobody any more.
    pub fn watch(&self, watch: Option<Watch>) {
        *self.2.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    fn changed(&self) {
        let watch = self.2.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(watch) = watch {
            watch(self.copy());
        }
    }

    /// Puts a copy back.
    pub fn put_back(&self, copy: BTreeMap<String, Vec<u8>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = copy;
    }
}

impl SecretStore for KeyStore {
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned())
    }

    fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
        if self.1.load(Ordering::Acquire) {
            return Err(HostError::Unavailable);
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
        self.changed();
        Ok(())
    }

    fn remove(&self, name: String) -> Result<(), HostError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        self.changed();
        Ok(())
    }
}

/// Burns down with every effect of the app; at its end the app is killed, whatever it was about to do.
pub struct Fuse {
    left: AtomicI64,
    dead: watch::Sender<bool>,
}

impl Fuse {
    fn new() -> Arc<Fuse> {
        Arc::new(Fuse { left: AtomicI64::new(i64::MAX), dead: watch::Sender::new(false) })
    }

    /// One more effect; whether it still happens.
    fn burn(&self) -> bool {
        if self.left.fetch_sub(1, Ordering::AcqRel) <= 1 {
            self.dead.send_replace(true);
        }
        !*self.dead.borrow()
    }
}

/// The network as an app sees it that may be killed before a request leaves or after its answer came.
struct Wired(Arc<Net>, Arc<Fuse>);

#[async_trait::async_trait]
impl Transport for Wired {
    fn authority(&self) -> String {
        self.0.authority()
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if !self.1.burn() {
            return std::future::pending().await;
        }
        let answer = self.0.send(request).await;
        if self.1.burn() { answer } else { std::future::pending().await }
    }
}

/// The key store as such an app sees it.
struct Stored(Arc<KeyStore>, Arc<Fuse>);

impl SecretStore for Stored {
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
        self.0.load(name)
    }

    fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
        if self.1.burn() { self.0.store(name, value) } else { Err(HostError::Unavailable) }
    }

    fn remove(&self, name: String) -> Result<(), HostError> {
        if self.1.burn() { self.0.remove(name) } else { Err(HostError::Unavailable) }
    }
}

/// One start of the app on the simulated phone.
pub struct SimHost {
    world: Arc<SimWorld>,
    net: Arc<Net>,
    secrets: Arc<KeyStore>,
    keys: Arc<SoftwareKeys>,
    tasks: Mutex<Vec<tokio::task::AbortHandle>>,
    wall_offset: AtomicI64,
    slept_ms: AtomicI64,
    boot: AtomicU64,
    fuse: Arc<Fuse>,
    buried: Mutex<Vec<Job>>,
    queue: Option<Arc<Mutex<VecDeque<Job>>>>,
}

/// Work for the database.
type Job = Box<dyn FnOnce() + Send + 'static>;

impl SimHost {
    /// A start of the app with a key store and a network that outlive it.
    pub fn new(world: Arc<SimWorld>, net: Arc<Net>, secrets: Arc<KeyStore>) -> SimHost {
        let random = Arc::clone(&world);
        let keys = SoftwareKeys::new(
            Arc::clone(&secrets) as Arc<dyn SecretStore>,
            Arc::new(move |bytes: &mut [u8]| {
                random.random(bytes);
                Ok(())
            }),
        )
        .that_stay();
        SimHost {
            world,
            net,
            secrets,
            keys: Arc::new(keys),
            tasks: Mutex::new(Vec::new()),
            wall_offset: AtomicI64::new(0),
            slept_ms: AtomicI64::new(0),
            boot: AtomicU64::new(1),
            fuse: Fuse::new(),
            buried: Mutex::default(),
            queue: None,
        }
    }

    /// The same with a database that answers later, as one on a thread of its own does: everything else may go on in
    /// between. The order of its work stays.
    pub fn with_late_database(mut self) -> SimHost {
        self.queue = Some(Arc::default());
        self
    }

    /// Turns the phone's clock by so many milliseconds.
    pub fn turn_clock(&self, ms: i64) {
        self.wall_offset.fetch_add(ms, Ordering::AcqRel);
    }

    /// The phone's clock is right again.
    pub fn right_clock(&self) {
        self.wall_offset.store(0, Ordering::Release);
    }

    /// The app is killed at its so manieth effect from now: a commit, a request, an answer, a write to the key store.
    pub fn light_fuse(&self, effects: u32) {
        self.fuse.left.store(i64::from(effects), Ordering::Release);
    }

    /// Nothing is going to kill it, unless it is dead already.
    pub fn put_out(&self) {
        self.fuse.left.store(i64::MAX, Ordering::Release);
    }

    /// Ends when the fuse has burnt down.
    pub async fn burnt(&self) {
        let mut dead = self.fuse.dead.subscribe();
        // The sender lives as long as this host.
        let _ = dead.wait_for(|dead| *dead).await;
    }

    /// The phone sleeps: its clocks go on, and no timer fires before it wakes.
    pub fn doze(&self, ms: i64) {
        self.slept_ms.fetch_add(ms, Ordering::AcqRel);
        self.turn_clock(ms);
    }

    /// The phone was started anew: monotonic readings of before mean nothing.
    pub fn reboot(&self, boot: u64) {
        self.boot.store(boot, Ordering::Release);
    }

    /// The app is killed: nothing of it goes on.
    pub fn kill(&self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        self.buried.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(queue) = &self.queue {
            queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl Host for SimHost {
    fn now(&self) -> Timestamp {
        self.world.now().plus_ms(self.wall_offset.load(Ordering::Acquire))
    }

    fn monotonic_ms(&self) -> i64 {
        self.world.elapsed().saturating_add(self.slept_ms.load(Ordering::Acquire))
    }

    fn boot_id(&self) -> String {
        format!("boot-{}", self.boot.load(Ordering::Acquire))
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        self.world.random(bytes);
        Ok(())
    }

    fn spawn(&self, task: Task) {
        let task = tokio::task::spawn_local(task);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(task.abort_handle());
    }

    fn sleep(&self, ms: u64) -> Task {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn database(&self, job: Job) {
        // Whoever waits for the answer waits for nothing: the app is dead.
        if !self.fuse.burn() {
            return self.buried.lock().unwrap_or_else(PoisonError::into_inner).push(job);
        }
        let Some(queue) = self.queue.clone() else { return job() };
        queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        let turns = self.world.pick(6);
        tokio::task::spawn_local(async move {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(next) = next {
                next();
            }
        });
    }

    fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(Wired(Arc::clone(&self.net), Arc::clone(&self.fuse)))
    }

    fn secrets(&self) -> Arc<dyn SecretStore> {
        Arc::new(Stored(Arc::clone(&self.secrets), Arc::clone(&self.fuse)))
    }

    fn keys(&self) -> Arc<dyn DeviceKeys> {
        Arc::clone(&self.keys) as Arc<dyn DeviceKeys>
    }

    fn background(&self) -> Arc<dyn Background> {
        Arc::new(NoBackground)
    }
}
