//! Puts the parts of one run together.

use crate::console::Console;
use crate::net::Net;
use crate::phone::{Phone, Told};
use crate::storm::{Storm, Tally};
use crate::witness::Edge;
use crate::world::SimWorld;
use kabao_core::ServiceSettings;
use kabao_service::vault::VaultConnection;
use kabao_service::{Acquirer, Service, ServiceInfo, World, dev_router, router};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that goes when the run ends.
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder of this process, each its own; `name` is for the reader.
    pub fn new(name: &str) -> std::io::Result<Folder> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let turn = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kabao-simulation-{}-{turn}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A folder with the acquirer's keys, which take seconds to make; many worlds share them.
pub fn channels(name: &str) -> Told<Folder> {
    let folder = Folder::new(name).map_err(|error| error.to_string())?;
    make_channels(folder.path())?;
    Ok(folder)
}

/// They are made by a world of their own, so that the first run is like every other.
fn make_channels(folder: &Path) -> Told<()> {
    kabao_outside::lakala::ChannelKeys::open(folder, &SimWorld::new(0, false)).map(|_| ()).map_err(|error| error.to_string())
}

/// One world with a service and a phone that was never started.
pub struct Parts {
    /// Time, randomness, trace.
    pub world: Arc<SimWorld>,
    /// The way between.
    pub net: Arc<Net>,
    /// The service.
    pub service: Arc<Service>,
    /// Its console.
    pub console: Console,
    /// The phone.
    pub phone: Phone,
}

/// What the simulated service says of itself.
#[must_use]
pub fn info() -> ServiceInfo {
    ServiceInfo {
        url: "https://wallet.test".to_owned(),
        dev_url: String::new(),
        tls_ca_pem: String::new(),
        root_key: String::new(),
        spki_pins: Vec::new(),
        code_prefix: "97".to_owned(),
        code_length: 24,
        guid: "app.kabao".to_owned(),
        link_host: Some("pay.kabao.example".to_owned()),
    }
}

/// Starts service and phone below `folder`. `channels` keeps the acquirer's keys, which take seconds to make.
pub fn parts(seed: u64, keep: bool, folder: &Path, channels: &Path) -> Told<Parts> {
    let say = |error: &dyn std::fmt::Display| error.to_string();
    let world = Arc::new(SimWorld::new(seed, keep));
    let vault = VaultConnection::in_process_with(Arc::clone(&world) as Arc<dyn World>, 1);
    let service = Service::open(&folder.join("service"), vault, Arc::clone(&world) as Arc<dyn World>, info())
        .map_err(|error| say(&error))?;
    make_channels(channels)?;
    Acquirer::attach(&service, channels).map_err(|error| say(&error))?;
    let net = Arc::new(Net::new(Arc::clone(&world), router(Arc::clone(&service))));
    let settings = ServiceSettings {
        url: "https://wallet.test".to_owned(),
        tls_ca_pem: String::new(),
        spki_pins: Vec::new(),
        root_key: service.info().root_key,
        guid: "app.kabao".to_owned(),
        link_host: Some("pay.kabao.example".to_owned()),
    };
    let phone = Phone::new(folder.join("phone"), Arc::clone(&world), Arc::clone(&net), settings);
    let console = Console::new(dev_router(Arc::clone(&service)));
    Ok(Parts { world, net, service, console, phone })
}

/// What one storm came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The hash over everything that happened.
    pub trace: String,
    /// How many lines that was.
    pub lines: u64,
    /// What was done.
    pub tally: Tally,
    /// Payments that were sent.
    pub payments: u64,
    /// How the book of the service says that payments, transfers and charges ended.
    pub ends: BTreeMap<String, u64>,
    /// Payments without a result when the faults ended.
    pub open_at_clearing: u32,
    /// The longest that one of them then took, in milliseconds.
    pub longest_ms: i64,
    /// How often each promise was looked at.
    pub checked: BTreeMap<&'static str, u64>,
    /// How often each edge of the payment machine was walked, by fault.
    pub edges: BTreeMap<Edge, u64>,
    /// The promises that were broken, a sentence each.
    pub broken: Vec<String>,
}

/// One storm of so many steps. `export` is a file for what the phone says at the end.
pub async fn storm(seed: u64, steps: u32, folder: &Path, channels: &Path, export: Option<&Path>) -> Told<Report> {
    let parts = parts(seed, export.is_some(), folder, channels)?;
    let mut storm = Storm::new(parts, folder).await?;
    let tally = storm.rage(steps).await?;
    let broken = storm.end().await?;
    if let Some(file) = export {
        let text = storm.export().await?.to_string();
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    storm.phone.wallet()?.close().await.map_err(crate::phone::told)?;
    let (trace, lines) = storm.world.trace();
    let payments = u64::try_from(storm.net.witness.payments().len()).unwrap_or(0);
    let ((open_at_clearing, longest_ms), ends) = (storm.clearing(), storm.ends()?);
    Ok(Report { trace, lines, tally, payments, ends, open_at_clearing, longest_ms, checked: storm.checked.clone(), edges: storm.net.witness.edges(), broken })
}
