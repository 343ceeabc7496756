use crate::faults::guarded;
use kabao_base::Code;
use kabao_core::error::Outcome;
use kabao_core::host::real::{HttpsTransport, RealHost};
use kabao_core::host::{Background, DeviceKeys, NoBackground, SecretStore};
use kabao_core::{WalletError, WalletEvent, WalletListener, WalletSettings};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The real host over what the app lends, and the threads on which calls run.
pub(crate) fn start(
    settings: &WalletSettings,
    secrets: Arc<dyn SecretStore>,
    keys: Arc<dyn DeviceKeys>,
    background: Option<Arc<dyn Background>>,
) -> Outcome<(Arc<RealHost>, Handle)> {
    let service = &settings.service;
    let transport = HttpsTransport::new(&service.url, &service.tls_ca_pem, service.spki_pins.clone())
        .map_err(|_| WalletError::from(Code::BadArgument).in_field("service"))?;
    let background: Arc<dyn Background> = match background {
        Some(inner) => Arc::new(Guarded(inner)),
        None => Arc::new(NoBackground),
    };
    let host = RealHost::start(Arc::new(transport), secrets, keys, background).map_err(|_| Code::Internal)?;
    let threads = host.handle().ok_or(Code::Internal)?;
    Ok((Arc::new(host), threads))
}

/// Code of the app that may throw where the wallet expects an answer.
pub(crate) struct Guarded<T: ?Sized>(pub(crate) Arc<T>);

impl Background for Guarded<dyn Background> {
    fn begin(&self) -> u64 {
        guarded(0, || self.0.begin())
    }

    fn end(&self, ticket: u64) {
        guarded((), || self.0.end(ticket));
    }
}

impl WalletListener for Guarded<dyn WalletListener> {
    fn on_event(&self, event: WalletEvent) {
        guarded((), || self.0.on_event(event));
    }
}

/// DEV ONLY: device and approval keys in memory, kept in `store`. For tests and desktops without a secure element;
/// absent from the library that phones get.
#[cfg(feature = "dev-keys")]
#[uniffi::export]
pub fn dev_only_software_keys(store: Arc<dyn SecretStore>) -> Arc<dyn DeviceKeys> {
    use kabao_core::host::HostError;
    use kabao_core::host::software::SoftwareKeys;
    use ring::rand::{SecureRandom, SystemRandom};

    let random = SystemRandom::new();
    Arc::new(SoftwareKeys::new(store, Arc::new(move |bytes| random.fill(bytes).map_err(|_| HostError::Failed))))
}
