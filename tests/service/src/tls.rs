//! The service's certificate: an authority of its own, made once, and a leaf for `localhost` that is renewed
//! with the same key, so that pins stay.

use crate::config::{read_or_make, write_private};
use chrono::{DateTime, Datelike, Duration, Utc};
use kabao_base::Timestamp;
use kabao_proof::{hex, sha256};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What a listener needs, and what wallets are told.
pub struct Tls {
    /// For the listener.
    pub config: Arc<rustls::ServerConfig>,
    /// The authority, PEM.
    pub ca_pem: String,
    /// SHA-256 of the leaf's public key and of the backup's, hexadecimal.
    pub pins: Vec<String>,
}

/// How long a leaf lives: what public authorities allow. A phone whose clock is years off does not accept it.
const LEAF_DAYS: i64 = 397;
const CA_DAYS: i64 = 3650;

fn other(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}

fn key(path: &Path) -> io::Result<KeyPair> {
    let pem = read_or_make(path, || KeyPair::generate().map(|key| key.serialize_pem().into_bytes()).unwrap_or_default())?;
    let pem = String::from_utf8(pem).map_err(other)?;
    KeyPair::from_pem(&pem).map_err(other)
}

fn lifetime(params: &mut CertificateParams, now: DateTime<Utc>, days: i64) -> io::Result<()> {
    let part = |date: DateTime<Utc>| -> io::Result<_> {
        let (month, day) = (u8::try_from(date.month()).map_err(other)?, u8::try_from(date.day()).map_err(other)?);
        Ok(date_time_ymd(date.year(), month, day))
    };
    params.not_before = part(now - Duration::days(2))?;
    params.not_after = part(now + Duration::days(days))?;
    Ok(())
}

/// Reads or makes the keys, and signs a leaf for `hosts` and loopback that is valid now.
pub fn open(data: &Path, hosts: &[String], now: Timestamp) -> io::Result<Tls> {
    let now = DateTime::<Utc>::from_timestamp_millis(now.as_ms()).ok_or(io::ErrorKind::InvalidInput)?;
    let (ca_key, leaf_key, backup_key) = (key(&data.join("tls_ca.key"))?, key(&data.join("tls_leaf.key"))?, key(&data.join("tls_backup.key"))?);
    let mut ca = CertificateParams::new(Vec::<String>::new()).map_err(other)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "Kabao reference service");
    let path = data.join("tls_ca.pem");
    let ca_pem = match std::fs::read_to_string(&path) {
        Ok(pem) => pem,
        Err(_) => {
            lifetime(&mut ca, now, CA_DAYS)?;
            let pem = ca.self_signed(&ca_key).map_err(other)?.pem();
            write_private(&path, pem.as_bytes())?;
            pem
        }
    };
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(hosts.iter().cloned());
    let mut leaf = CertificateParams::new(names).map_err(other)?;
    lifetime(&mut leaf, now, LEAF_DAYS)?;
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    let issuer = Issuer::from_params(&ca, &ca_key);
    let certificate = leaf.signed_by(&leaf_key, &issuer).map_err(other)?;
    let chain = vec![
        certificate.der().clone(),
        CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?,
    ];
    let private = PrivateKeyDer::try_from(leaf_key.serialize_der()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(other)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let pin = |key: &KeyPair| hex(&sha256(&key.subject_public_key_info()));
    Ok(Tls { config: Arc::new(config), ca_pem, pins: vec![pin(&leaf_key), pin(&backup_key)] })
}
