//! A small HTTP/1.1 client: for the sign proxy, for notifications to tills, and for tests over sockets.

use crate::config::ServiceInfo;
use crate::kit::Raw;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where requests go. One connection for each request.
#[derive(Clone)]
pub struct Client {
    host: String,
    port: u16,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Client {
    /// Plain HTTP to an origin such as `http://127.0.0.1:4000`.
    pub fn plain(origin: &str) -> io::Result<Client> {
        let (host, port) = split(origin, "http://", 80)?;
        Ok(Client { host, port, tls: None })
    }

    /// HTTPS to the service, believing its own certificate authority only.
    pub fn service(info: &ServiceInfo) -> io::Result<Client> {
        let (host, port) = split(&info.url, "https://", 443)?;
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(info.tls_ca_pem.as_bytes()) {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Client { host, port, tls: Some(Arc::new(config)) })
    }

    /// The host and port that requests name.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Sends one request.
    pub async fn send(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> io::Result<Raw> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            None => exchange(stream, self, method, path, headers, body).await,
            Some(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
                let stream = TlsConnector::from(config.clone()).connect(name, stream).await?;
                exchange(stream, self, method, path, headers, body).await
            }
        }
    }
}

fn split(origin: &str, scheme: &str, usual: u16) -> io::Result<(String, u16)> {
    let rest = origin.strip_prefix(scheme).ok_or(io::ErrorKind::InvalidInput)?;
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) => Ok((host.to_owned(), port.parse().map_err(io::Error::other)?)),
        None => Ok((authority.to_owned(), usual)),
    }
}

async fn exchange<S>(stream: S, client: &Client, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> io::Result<Raw>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let driver = tokio::spawn(connection);
    let mut request = hyper::Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", client.authority());
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).map_err(io::Error::other)?;
    let answered = async {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
        let pair = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Raw { status: parts.status.as_u16(), headers: parts.headers.iter().map(pair).collect(), body })
    };
    let answer = answered.await;
    driver.abort();
    answer
}
