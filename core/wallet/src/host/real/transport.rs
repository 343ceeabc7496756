//! HTTPS to one service: its own certificate authority, its pinned keys, no redirect, no proxy, no cookies.

use crate::host::{HttpRequest, HttpResponse, MAX_BODY, Transport, TransportError};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, InvalidMessage, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// One service has one name; more are not needed.
const SESSIONS: usize = 8;

/// How long a connection may take to come about on a good network. On a weak one it may take half of what the whole call waits: where
/// 30 % of the packets are lost each way and the others take 400 ms, three of ten do not stand within 5 seconds, one of eleven within
/// 10, three of a hundred within 20 (measured through `tests/outside/network.py`).
const CONNECT_MS: u64 = 5_000;
/// How long a connection rests before it is given up. Services and what stands before them end one after 15 seconds or more, and on a
/// weak network the news of it comes late or never: a call on such a connection is cut although the network is good by then.
const REST: Duration = Duration::from_secs(10);

/// The HTTPS client of one service.
pub struct HttpsTransport {
    client: Mutex<Connecting>,
    tls: ClientConfig,
    origin: String,
    authority: String,
}

impl HttpsTransport {
    /// `url` is the origin (`https://host:port`), `ca_pem` the certificates that may stand above the service's,
    /// `pins` the hexadecimal SHA-256 of the public keys that the service may use; empty for none.
    ///
    /// # Errors
    /// [`TransportError::Untrusted`] when the settings cannot be used.
    pub fn new(url: &str, ca_pem: &str, pins: Vec<String>) -> Result<HttpsTransport, TransportError> {
        let origin = url.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&origin).map_err(|_| TransportError::Untrusted)?;
        if parsed.scheme() != "https" || parsed.path() != "/" || parsed.query().is_some() {
            return Err(TransportError::Untrusted);
        }
        let host = parsed.host_str().ok_or(TransportError::Untrusted)?;
        let authority = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let tls = tls(ca_pem, pins)?;
        Ok(HttpsTransport { client: Mutex::new(Connecting::new(&tls, CONNECT_MS)?), tls, origin, authority })
    }

    /// The client for a call that waits so long. When it is more patient than the calls before it, one of them had no answer in time:
    /// the connections of that time are left alone, as they may be known to one side only, and new ones have longer to come about.
    fn client(&self, timeout_ms: u64) -> reqwest::Client {
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let connect_ms = timeout_ms / 2;
        if connect_ms > current.connect_ms
            && let Ok(patient) = Connecting::new(&self.tls, connect_ms)
        {
            *current = patient;
        }
        current.client.clone()
    }
}

/// A client, and how long its connections may take to come about.
struct Connecting {
    client: reqwest::Client,
    connect_ms: u64,
}

impl Connecting {
    fn new(tls: &ClientConfig, connect_ms: u64) -> Result<Connecting, TransportError> {
        Ok(Connecting { client: client(tls, connect_ms)?, connect_ms })
    }
}

/// A client with connections and TLS sessions of its own.
fn client(tls: &ClientConfig, connect_ms: u64) -> Result<reqwest::Client, TransportError> {
    let mut tls = tls.clone();
    tls.resumption = Resumption::in_memory_sessions(SESSIONS);
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(connect_ms))
        .pool_idle_timeout(REST)
        .build()
        .map_err(|_| TransportError::Untrusted)
}

fn tls(ca_pem: &str, pins: Vec<String>) -> Result<ClientConfig, TransportError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        let certificate = certificate.map_err(|_| TransportError::Untrusted)?;
        roots.add(certificate).map_err(|_| TransportError::Untrusted)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|_| TransportError::Untrusted)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TransportError::Untrusted)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { inner, pins }))
        .with_no_client_auth();
    Ok(config)
}

/// Everything that the usual verifier asks, and one of the pinned keys.
#[derive(Debug)]
struct Pinned {
    inner: Arc<WebPkiServerVerifier>,
    pins: Vec<String>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        if self.pins.is_empty() {
            return Ok(verified);
        }
        let refused = rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        let certificate = webpki::EndEntityCert::try_from(end_entity).map_err(|_| refused.clone())?;
        let key = kabao_proof::digest::sha256(certificate.subject_public_key_info().as_ref());
        let seen = kabao_proof::digest::hex(&key);
        if self.pins.contains(&seen) { Ok(verified) } else { Err(refused) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[async_trait::async_trait]
impl Transport for HttpsTransport {
    fn authority(&self) -> String {
        self.authority.clone()
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|_| TransportError::Untrusted)?;
        let mut builder = self
            .client(request.timeout_ms)
            .request(method, format!("{}{}", self.origin, request.target))
            .timeout(Duration::from_millis(request.timeout_ms));
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let mut answer = builder.body(request.body).send().await.map_err(|error| judge(&error))?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(|error| judge(&error))? {
            if body.len().saturating_add(chunk.len()) > MAX_BODY {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse { status, headers, body: std::mem::take(&mut *body) })
    }

    fn forget(&self) {
        // The old one goes with its pool; a request that is on its way keeps it until its answer is there.
        if let Ok(fresh) = Connecting::new(&self.tls, CONNECT_MS) {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

/// What an error of the client means for the wallet. Anything unclear is a cut: the request may have arrived.
fn judge(error: &reqwest::Error) -> TransportError {
    if let Some(tls) = tls_error(error) {
        return match tls {
            rustls::Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => TransportError::CertificateTime,
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => TransportError::Untrusted,
            // The first bytes were no TLS: a page sits where the service should.
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) if error.is_connect() => TransportError::NotTls,
            _ => TransportError::Cut,
        };
    }
    if error.is_timeout() {
        TransportError::Timeout
    } else if error.is_connect() {
        if is_of_the_name(error) { TransportError::NoName } else { TransportError::Unreachable }
    } else {
        TransportError::Cut
    }
}

fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // An I/O error wraps the error of the TLS layer without naming it as its source.
        let inner = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}

/// Whether the name could not be resolved. The client has no type for it; it names the part that failed.
fn is_of_the_name(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(current) = next {
        if current.to_string().starts_with("dns error") {
            return true;
        }
        next = current.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    /// An authority that signed nothing.
    const CA: &str = "-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIUc6L8ctO1+z4weYg8MI/jdrJC4EwwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKa2FiYW8gdGVzdDAgFw0yNjExMjMwMzQ4MzFaGA8yMTI2MTAz
MDAzNDgzMVowFTETMBEGA1UEAwwKa2FiYW8gdGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABP1mF3b/oIU+PDAdpaZywMkp3zDBFgKbDdR4EH2j3lnw5G/zwEI9
wFZWrfM+VwJwu/EQSATNJ9018ncubXSDw3+jUzBRMB0GA1UdDgQWBBRmuev+UQLb
VFAVXZe534W1wAm7RzAfBgNVHSMEGDAWgBRmuev+UQLbVFAVXZe534W1wAm7RzAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCc1pU2WrTOBRcqVrVJ
Df3bnm1zaB6BFbwTRIk847P2gwIgPgvFFl3tpF5s4irKKBiRJI61enAGJPch3Wk2
p85fFRo=
-----END CERTIFICATE-----";

    fn transport(url: &str) -> HttpsTransport {
        HttpsTransport::new(url, CA, Vec::new()).unwrap()
    }

    #[test]
    fn a_patient_call_lets_its_connection_take_longer() {
        let way = transport("https://service.test");
        let connect_ms = |timeout_ms: u64| {
            way.client(timeout_ms);
            way.client.lock().unwrap().connect_ms
        };
        assert_eq!([10_000, 20_000, 40_000].map(connect_ms), [5_000, 10_000, 20_000]);
        // What stands by then is not given up for a call that waits less: that one ends by its own time.
        assert_eq!(connect_ms(10_000), 20_000);
        way.forget();
        assert_eq!(connect_ms(10_000), 5_000);
    }

    #[test]
    fn a_connection_that_does_not_come_about_ends_before_the_call_does() {
        // Takes connections and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = transport(&format!("https://{}", silent.local_addr().unwrap()));
        *way.client.lock().unwrap() = Connecting::new(&way.tls, 300).unwrap();
        let ask = |timeout_ms| HttpRequest { method: "GET", target: "/".to_owned(), headers: Vec::new(), body: Vec::new(), timeout_ms };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let took = |timeout_ms| {
            let begun = Instant::now();
            assert_eq!(runtime.block_on(way.send(ask(timeout_ms))).err(), Some(TransportError::Timeout));
            begun.elapsed().as_millis()
        };
        let (first, patient) = (took(600), took(1_400));
        assert!((300..600).contains(&first), "{first} ms");
        assert!((700..1_400).contains(&patient), "{patient} ms");
    }
}
