//! What can be wrong with a phone: its network is off, its clock is wrong, its sensor for finger or face does not work.

use crate::setup::ServiceFile;
use kabao_base::Timestamp;
use kabao_core::host::real::{HttpsTransport, RealHost};
use kabao_core::host::{Background, DeviceKeys, Host, HostError, HttpRequest, HttpResponse, KeyRole, SecretStore, Task, Transport, TransportError};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The switches of one phone. They stay as they are when the wallet is opened again.
#[derive(Default)]
pub struct Switches {
    off: AtomicBool,
    clock_ms: AtomicI64,
    approval: Mutex<Option<HostError>>,
}

impl Switches {
    /// Switches the network.
    pub fn set_network(&self, on: bool) {
        self.off.store(!on, Ordering::SeqCst);
    }

    /// Sets the clock so many days ahead of the right time, or behind it.
    pub fn set_clock(&self, days: i64) {
        self.clock_ms.store(days.saturating_mul(86_400_000), Ordering::SeqCst);
    }

    /// What asking for finger or face ends with from now on: `cancelled`, `blocked`, `fault`; nothing: it works.
    ///
    /// # Errors
    /// For another word.
    pub fn set_approval(&self, fault: Option<&str>) -> Result<(), String> {
        let fault = match fault {
            None => None,
            Some("cancelled") => Some(HostError::Cancelled),
            Some("blocked") => Some(HostError::Unavailable),
            Some("fault") => Some(HostError::Failed),
            Some(other) => return Err(format!("no sensor fails like {other}")),
        };
        *self.approval.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        Ok(())
    }
}

/// Where a phone looks for the service: on the `right` way, in a network that does not know the name (`no_name`), in one with a
/// page of its own in the service's place (`page`: the console, which speaks no TLS), where `nobody` listens.
///
/// # Errors
/// For another word.
pub fn url_of(way: &str, service: &ServiceFile) -> Result<String, String> {
    match way {
        "right" => Ok(service.url.clone()),
        "no_name" => Ok("https://kabao-service.invalid:443".to_owned()),
        "page" => Ok(service.dev_url.replacen("http:", "https:", 1)),
        "nobody" => Ok("https://127.0.0.1:1".to_owned()),
        other => Err(format!("no way is named {other}")),
    }
}

/// The way to the service with a switch in it.
pub struct Wires {
    inner: HttpsTransport,
    switches: Arc<Switches>,
}

impl Wires {
    /// A way to this service.
    ///
    /// # Errors
    /// The text to show.
    pub fn new(service: &ServiceFile, switches: &Arc<Switches>) -> Result<Wires, String> {
        Ok(Wires { inner: service.transport()?, switches: Arc::clone(switches) })
    }
}

#[async_trait::async_trait]
impl Transport for Wires {
    fn authority(&self) -> String {
        self.inner.authority()
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if self.switches.off.load(Ordering::SeqCst) {
            return Err(TransportError::Unreachable);
        }
        self.inner.send(request).await
    }

    fn forget(&self) {
        self.inner.forget();
    }
}

/// The desktop as a host with a clock that can be wrong.
pub struct Device {
    inner: Arc<RealHost>,
    switches: Arc<Switches>,
}

impl Device {
    /// A device around a host.
    pub fn new(inner: Arc<RealHost>, switches: &Arc<Switches>) -> Device {
        Device { inner, switches: Arc::clone(switches) }
    }
}

impl Host for Device {
    fn now(&self) -> Timestamp {
        self.inner.now().plus_ms(self.switches.clock_ms.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> i64 {
        self.inner.monotonic_ms()
    }

    fn boot_id(&self) -> String {
        self.inner.boot_id()
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        self.inner.random(bytes)
    }

    fn spawn(&self, task: Task) {
        self.inner.spawn(task);
    }

    fn sleep(&self, ms: u64) -> Task {
        self.inner.sleep(ms)
    }

    fn database(&self, job: Box<dyn FnOnce() + Send + 'static>) {
        self.inner.database(job);
    }

    fn transport(&self) -> Arc<dyn Transport> {
        self.inner.transport()
    }

    fn secrets(&self) -> Arc<dyn SecretStore> {
        self.inner.secrets()
    }

    fn keys(&self) -> Arc<dyn DeviceKeys> {
        Arc::new(Sensor { inner: self.inner.keys(), switches: Arc::clone(&self.switches) })
    }

    fn background(&self) -> Arc<dyn Background> {
        self.inner.background()
    }
}

/// The keys behind a sensor that may not work.
struct Sensor {
    inner: Arc<dyn DeviceKeys>,
    switches: Arc<Switches>,
}

impl DeviceKeys for Sensor {
    fn make(&self, role: KeyRole) -> Result<Vec<u8>, HostError> {
        self.inner.make(role)
    }

    fn public_key(&self, role: KeyRole) -> Result<Option<Vec<u8>>, HostError> {
        self.inner.public_key(role)
    }

    fn sign(&self, role: KeyRole, text: Vec<u8>) -> Result<Vec<u8>, HostError> {
        let fault = *self.switches.approval.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) if role == KeyRole::Approve => Err(fault),
            _ => self.inner.sign(role, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_fails_in_three_ways_and_works_again() {
        let switches = Switches::default();
        for word in ["cancelled", "blocked", "fault"] {
            assert!(switches.set_approval(Some(word)).is_ok());
        }
        assert!(switches.set_approval(Some("tired")).is_err());
        assert!(switches.set_approval(None).is_ok());
        assert!(switches.approval.lock().unwrap().is_none());
    }
}
