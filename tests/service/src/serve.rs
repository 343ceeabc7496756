//! A running service: two listeners and a clock.

use crate::client::Client;
use crate::config::{CODE_LENGTH, CODE_PREFIX, GUID, LINK_HOST, ServiceConfig, ServiceInfo, write_private};
use crate::dev::dev_router;
use crate::http::router;
use crate::listen::accept;
use crate::service::Service;
use crate::tls;
use crate::vault::VaultConnection;
use kabao_outside::World;
use kabao_outside::lakala::{Notification, is_acknowledgement};
use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

const TICK: Duration = Duration::from_millis(200);
const NOTIFY_WITHIN: Duration = Duration::from_secs(10);

/// A service that runs. Dropping it, or `stop`, ends its listeners and connections.
pub struct Running {
    /// Origin of `/v1` and of the acquirer's endpoint.
    pub url: String,
    /// Origin of the developer's console.
    pub dev_url: String,
    /// What wallets are told; also in `service.json`.
    pub info: ServiceInfo,
    /// The service itself.
    pub service: Arc<Service>,
    tasks: JoinSet<()>,
}

/// Starts the service. Everything is on disk under `config.data`; a service started anew over the same folder
/// goes on where the other one ended, however it ended.
///
/// Errors: an address that is taken or not loopback (console), a folder that cannot be used, a vault that
/// does not answer.
pub async fn serve(config: ServiceConfig, vault: VaultConnection, world: Arc<dyn World>) -> io::Result<Running> {
    if !config.dev_listen.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the developer's console listens on loopback only"));
    }
    std::fs::create_dir_all(&config.data)?;
    let tls = tls::open(&config.data, &config.hosts, world.now())?;
    let listener = TcpListener::bind(config.listen).await?;
    let dev_listener = TcpListener::bind(config.dev_listen).await?;
    let url = format!("https://localhost:{}", listener.local_addr()?.port());
    let dev_url = format!("http://{}", dev_listener.local_addr()?);
    let info = ServiceInfo {
        url: url.clone(),
        dev_url: dev_url.clone(),
        tls_ca_pem: tls.ca_pem.clone(),
        root_key: String::new(),
        spki_pins: tls.pins,
        code_prefix: CODE_PREFIX.to_owned(),
        code_length: u32::try_from(CODE_LENGTH).unwrap_or(0),
        guid: GUID.to_owned(),
        link_host: Some(LINK_HOST.to_owned()),
    };
    let data = config.data.clone();
    let channels = config.channel_keys.clone();
    let opened = tokio::task::spawn_blocking(move || Service::open_whole(&data, &channels, vault, world, info));
    let service = opened.await.map_err(io::Error::other)??;
    if let Some(acquirer) = service.outside.get() {
        acquirer.publish_ca(&tls.ca_pem).map_err(|error| io::Error::other(error.to_string()))?;
    }
    let info = service.info.read().unwrap_or_else(PoisonError::into_inner).clone();
    let text = serde_json::to_vec_pretty(&info).map_err(io::Error::other)?;
    write_private(&config.data.join("service.json"), &text)?;

    let mut tasks = JoinSet::new();
    tasks.spawn(accept(listener, Some(tls.config), router(service.clone())));
    tasks.spawn(accept(dev_listener, None, dev_router(service.clone())));
    tasks.spawn(keep_time(service.clone()));
    Ok(Running { url, dev_url, info, service, tasks })
}

impl Running {
    /// Ends listeners and connections and waits until they are gone.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn keep_time(service: Arc<Service>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut posts = JoinSet::new();
    loop {
        ticks.tick().await;
        let ticking = service.clone();
        let due = tokio::task::spawn_blocking(move || {
            let now = ticking.now();
            ticking.tick(now);
            ticking.outside.get().map(|acquirer| acquirer.due(now)).unwrap_or_default()
        });
        for note in due.await.unwrap_or_default() {
            posts.spawn(deliver(service.clone(), note));
        }
        while posts.try_join_next().is_some() {}
    }
}

/// Tells a merchant; what is not acknowledged is told again later.
async fn deliver(service: Arc<Service>, note: Notification) {
    let (origin, path) = match note.url.match_indices('/').nth(2) {
        Some((at, _)) => note.url.split_at(at),
        None => (note.url.as_str(), "/"),
    };
    let sent = async {
        let client = Client::plain(origin)?;
        client.send("POST", path, &note.headers, &note.body).await
    };
    let taken = match tokio::time::timeout(NOTIFY_WITHIN, sent).await {
        Ok(Ok(raw)) => is_acknowledgement(raw.status, &raw.body),
        _ => false,
    };
    if let Some(acquirer) = service.outside.get() {
        let _ = acquirer.inner.acknowledged(note.id, taken, service.now());
    }
}
