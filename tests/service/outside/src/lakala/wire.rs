//! What is signed and how: RSA PKCS#1 v1.5 over SHA-256, base64, over lines that each end in a line feed.

use crate::error::OutsideError;
use crate::port::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kabao_base::{Id, Timestamp};
use ring::signature::RsaKeyPair;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The scheme of the Authorization header.
const SCHEME: &str = "LKLAPI-SHA256withRSA ";

/// A private RSA key.
pub(crate) struct Signer(RsaKeyPair);

impl Signer {
    /// Reads a PEM, PKCS#8 or PKCS#1.
    pub(crate) fn read(pem: &[u8]) -> Option<Signer> {
        let pair = match PrivateKeyDer::from_pem_slice(pem).ok()? {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return None,
        };
        pair.ok().map(Signer)
    }

    /// Signs the lines. The padding is the deterministic one: ring asks for a source of randomness and draws nothing.
    pub(crate) fn sign(&self, lines: &[&[u8]]) -> Result<String, OutsideError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&ring::signature::RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), &join(lines), &mut signature)
            .map_err(|_| OutsideError::Key("signing failed"))?;
        Ok(STANDARD.encode(signature))
    }
}

/// A certificate with an RSA key of 2048 to 8192 bits.
pub(crate) struct Verifier(CertificateDer<'static>);

impl Verifier {
    /// Reads a PEM.
    pub(crate) fn read(pem: &[u8]) -> Option<Verifier> {
        let der = CertificateDer::from_pem_slice(pem).ok()?.into_owned();
        webpki::EndEntityCert::try_from(&der).ok()?;
        Some(Verifier(der))
    }

    /// Whether `signature` (base64) was made over the lines with the certificate's key.
    pub(crate) fn verifies(&self, lines: &[&[u8]], signature: &str) -> bool {
        let (Ok(signature), Ok(certificate)) = (STANDARD.decode(signature), webpki::EndEntityCert::try_from(&self.0)) else {
            return false;
        };
        certificate.verify_signature(webpki::ring::RSA_PKCS1_2048_8192_SHA256, &join(lines), &signature).is_ok()
    }

    /// The serial number, lower-case hexadecimal.
    pub(crate) fn serial(&self) -> String {
        match webpki::EndEntityCert::try_from(&self.0) {
            Ok(certificate) => hex(certificate.serial()),
            Err(_) => String::new(),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn join(lines: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for line in lines {
        all.extend_from_slice(line);
        all.push(b'\n');
    }
    all
}

/// The fields of an Authorization header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) appid: String,
    pub(crate) serial_no: String,
    pub(crate) timestamp: String,
    pub(crate) nonce: String,
    pub(crate) signature: String,
}

impl Authorization {
    /// Reads a header strictly: the scheme, then `name="value"` separated by commas, each name once, none unknown.
    /// Time and nonce and signature have to be there; application and serial are empty in a notification.
    pub(crate) fn read(header: &str) -> Option<Authorization> {
        let mut found = Authorization::default();
        for part in header.strip_prefix(SCHEME).filter(|rest| rest.len() <= 4096)?.split(',') {
            let (name, quoted) = part.strip_prefix(' ').unwrap_or(part).split_once('=')?;
            let value = quoted.strip_prefix('"')?.strip_suffix('"')?;
            let slot = match name {
                "appid" => &mut found.appid,
                "serial_no" => &mut found.serial_no,
                "timestamp" => &mut found.timestamp,
                "nonce_str" => &mut found.nonce,
                "signature" => &mut found.signature,
                _ => return None,
            };
            let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=.".contains(&byte));
            if value.is_empty() || !plain || !slot.is_empty() {
                return None;
            }
            *slot = value.to_owned();
        }
        let complete = (8..=64).contains(&found.nonce.len()) && !found.signature.is_empty() && found.seconds().is_some();
        complete.then_some(found)
    }

    /// The time, in seconds since 1970: ten digits.
    pub(crate) fn seconds(&self) -> Option<i64> {
        let digits = self.timestamp.len() == 10 && self.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| self.timestamp.parse().ok()).flatten()
    }

    /// The header of a merchant's request.
    pub(crate) fn of_request(
        signer: &Signer, appid: &str, serial_no: &str, now: Timestamp, nonce: &str, body: &[u8],
    ) -> Result<String, OutsideError> {
        let timestamp = now.as_seconds().to_string();
        let lines = [appid, serial_no, &timestamp, nonce].map(str::as_bytes);
        let signature = signer.sign(&[lines[0], lines[1], lines[2], lines[3], body])?;
        Ok(format!(
            "{SCHEME}appid=\"{appid}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp}\",serial_no=\"{serial_no}\",signature=\"{signature}\""
        ))
    }

    /// The header of a notification.
    pub(crate) fn of_notification(signer: &Signer, now: Timestamp, nonce: &str, body: &[u8]) -> Result<String, OutsideError> {
        let timestamp = now.as_seconds().to_string();
        let signature = signer.sign(&[timestamp.as_bytes(), nonce.as_bytes(), body])?;
        Ok(format!("{SCHEME}timestamp=\"{timestamp}\",nonce_str=\"{nonce}\",signature=\"{signature}\""))
    }

    /// Whether a merchant's request is signed with the certificate's key.
    pub(crate) fn signs_request(&self, merchant: &Verifier, body: &[u8]) -> bool {
        let lines = [&self.appid, &self.serial_no, &self.timestamp, &self.nonce].map(|line| line.as_bytes());
        merchant.verifies(&[lines[0], lines[1], lines[2], lines[3], body], &self.signature)
    }

    /// Whether a notification is signed with the certificate's key.
    pub(crate) fn signs_notification(&self, platform: &Verifier, body: &[u8]) -> bool {
        platform.verifies(&[self.timestamp.as_bytes(), self.nonce.as_bytes(), body], &self.signature)
    }
}

/// The headers of a signed answer, in the case in which some clients look for them.
pub(crate) fn answer_headers(
    signer: &Signer, appid: &str, serial: &str, now: Timestamp, nonce: &str, body: &[u8],
) -> Result<Vec<(String, String)>, OutsideError> {
    let timestamp = now.as_seconds().to_string();
    let signature =
        signer.sign(&[appid.as_bytes(), serial.as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), body])?;
    Ok([
        ("Content-Type", "application/json;charset=UTF-8"),
        ("Lklapi-Appid", appid),
        ("Lklapi-Serial", serial),
        ("Lklapi-Timestamp", &timestamp),
        ("Lklapi-Nonce", nonce),
        ("Lklapi-Signature", &signature),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec())
}

/// The one header of a name, whatever its case; `None` when it is missing or stands there twice.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut all = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let first = all.next()?;
    all.next().is_none().then_some(first.1.as_str())
}

/// 32 random characters.
pub(crate) fn make_nonce(world: &dyn World) -> String {
    let mut bytes = [0u8; 16];
    world.random(&mut bytes);
    Id::from_bytes(bytes).to_string()
}

/// `yyyyMMddHHmmss` in UTC+8.
pub(crate) fn compact_time(at: Timestamp) -> String {
    at.china_text().chars().filter(char::is_ascii_digit).collect()
}
