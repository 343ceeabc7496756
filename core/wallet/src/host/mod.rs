//! What the device lends the wallet. The core reads no clock, makes no random number and starts no thread of its own:
//! whoever builds a [`Host`] decides. Phones and the desktop use [`real::RealHost`] and give it the parts that only
//! they have (secret store, keys, background); the simulation gives a host made from one seed.

pub mod real;
#[cfg(feature = "software-keys")]
pub mod software;

use kabao_base::Timestamp;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Work that goes on by itself.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// The world of one wallet. Implemented by [`real::RealHost`] and by the simulation. Calls come from any thread.
pub trait Host: Send + Sync + 'static {
    /// The wall clock of the device; may be wrong.
    fn now(&self) -> Timestamp;
    /// Milliseconds since some moment of this boot, sleep included; never goes back within a boot.
    fn monotonic_ms(&self) -> i64;
    /// Names the boot, so that a monotonic reading of an earlier boot is not believed.
    fn boot_id(&self) -> String;
    /// Fills `bytes` with cryptographically random ones.
    fn random(&self, bytes: &mut [u8]) -> Result<(), HostError>;
    /// Lets a task run to its end, whoever drops whatever.
    fn spawn(&self, task: Task);
    /// Ends after so many milliseconds.
    fn sleep(&self, ms: u64) -> Task;
    /// Runs `job` on the one thread that may touch the files (the simulation runs it at once).
    fn database(&self, job: Box<dyn FnOnce() + Send + 'static>);
    /// The way to the service.
    fn transport(&self) -> Arc<dyn Transport>;
    /// Where the file key and the anchor are kept.
    fn secrets(&self) -> Arc<dyn SecretStore>;
    /// The device key and the approval key.
    fn keys(&self) -> Arc<dyn DeviceKeys>;
    /// Keeps the process alive while money is on its way.
    fn background(&self) -> Arc<dyn Background>;
}

/// Why the device could not lend what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum HostError {
    /// Not now: the phone was not unlocked since it started, or the store is busy.
    #[error("not available now")]
    Unavailable,
    /// The key is gone: a restored backup, a reinstall, a new enrolment.
    #[error("the key is gone")]
    Lost,
    /// The person cancelled.
    #[error("cancelled by the person")]
    Cancelled,
    /// Anything else.
    #[error("the device failed")]
    Failed,
}

#[cfg(feature = "uniffi")]
impl From<uniffi::UnexpectedUniFFICallbackError> for HostError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> HostError {
        HostError::Failed
    }
}

/// A small store that encrypts what it holds with a key that cannot leave the device (Android Keystore, Keychain,
/// a keyring). Implemented by the app; called from the database thread; must not call back into the wallet.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
pub trait SecretStore: Send + Sync {
    /// Reads what was stored under `name`; nothing when it never was.
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError>;
    /// Stores durably: when this returns, a restart finds it.
    fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError>;
    /// Forgets.
    fn remove(&self, name: String) -> Result<(), HostError>;
}

/// Which of the two signing keys is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum KeyRole {
    /// Signs every request; needs no finger.
    Device,
    /// Signs a payment's digest; asks finger or face each time and dies with a new enrolment.
    Approve,
}

/// P-256 keys that cannot leave the device. Implemented by the app; called from any thread, one call at a time per key.
#[cfg_attr(feature = "uniffi", uniffi::export(rust, foreign))]
pub trait DeviceKeys: Send + Sync {
    /// Makes the key of a role anew and gives its public point (65 bytes, uncompressed).
    fn make(&self, role: KeyRole) -> Result<Vec<u8>, HostError>;
    /// The public point, or nothing when there is no key.
    fn public_key(&self, role: KeyRole) -> Result<Option<Vec<u8>>, HostError>;
    /// Signs with ECDSA over SHA-256; DER or 64 raw bytes.
    fn sign(&self, role: KeyRole, text: Vec<u8>) -> Result<Vec<u8>, HostError>;
}

/// Asks the system not to stop the process: held from the first byte of a payment to the recorded answer.
/// Implemented by the app (a foreground service, a background task); calls are short and must not block.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
pub trait Background: Send + Sync {
    /// Work begins; gives a number for [`Background::end`].
    fn begin(&self) -> u64;
    /// That work ended.
    fn end(&self, ticket: u64);
}

/// A host without background: desktops do not stop their programs.
pub struct NoBackground;

impl Background for NoBackground {
    fn begin(&self) -> u64 {
        0
    }
    fn end(&self, _ticket: u64) {}
}

/// One request to the wallet service. Its body may hold a one-time code: Debug shows its length alone.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET`, `PUT`, `POST`.
    pub method: &'static str,
    /// Path and query, beginning with `/`.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, empty for none.
    pub body: Vec<u8>,
    /// How long to wait for the whole answer.
    pub timeout_ms: u64,
}

/// What came back, believed by nobody yet. Its body may hold keys of payer codes: Debug shows its length alone.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} ({} bytes)", self.method, self.target, self.body.len())
    }
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// No answer of the service is longer.
pub const MAX_BODY: usize = 1 << 20;

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made; nothing was sent.
    #[error("the service cannot be reached")]
    Unreachable,
    /// The network does not know the service's name; nothing was sent.
    #[error("the name of the service is not known here")]
    NoName,
    /// No whole answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection ended in the middle.
    #[error("the answer was cut")]
    Cut,
    /// The other side does not speak TLS, as networks do that show a page of their own; nothing was sent.
    #[error("the other side does not speak TLS")]
    NotTls,
    /// The certificate or the pinned key is not the service's.
    #[error("the other side is not the service")]
    Untrusted,
    /// The certificate is not yet or no longer valid at the device's time.
    #[error("the certificate does not fit the time")]
    CertificateTime,
    /// The answer is longer than any answer.
    #[error("the answer is too long")]
    TooLong,
}

/// The way to the wallet service. Authentication of the server is the transport's.
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Host name and port as requests name them.
    fn authority(&self) -> String;
    /// Sends and waits.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
    /// The wallet was locked: connections that nothing waits for are closed, with what their buffers hold. Sending goes on
    /// to work.
    fn forget(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_do_not_print() {
        let body = b"{\"otp\":\"135790\"}".to_vec();
        let request = HttpRequest { method: "POST", target: "/v1".to_owned(), headers: Vec::new(), body: body.clone(), timeout_ms: 1 };
        let response = HttpResponse { status: 200, headers: Vec::new(), body };
        let printed = format!("{request:?} {response:?}");
        assert!(!printed.contains("135790") && !printed.contains("49, 51"), "{printed}");
    }
}
