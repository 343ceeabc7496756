//! The folder that merchant and platform share: who they are, their keys, their certificates.

use super::wire::{Signer, Verifier, hex};
use crate::error::OutsideError;
use crate::fingerprint::write_private;
use crate::port::World;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, SerialNumber};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::rand_core::{CryptoRng, Error, RngCore};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

const SETTINGS: &str = "lkl.json";
const MERCHANT_KEY: &str = "lkl_mch_private.pem";
const MERCHANT_CERT: &str = "lkl_mch_cert.cer";
const PLATFORM_KEY: &str = "lkl_platform_private.pem";
const PLATFORM_CERT: &str = "lkl_platform_cert.cer";
const TLS_CA: &str = "tls_ca.pem";

#[derive(Serialize, Deserialize)]
struct Settings {
    appid: String,
    serial_no: String,
    platform_serial: String,
    merchant_no: String,
    term_no: String,
}

/// The keys of one merchant and of the platform.
pub struct ChannelKeys {
    /// The merchant's application at the platform.
    pub appid: String,
    /// The serial number of the merchant's certificate.
    pub serial_no: String,
    /// The serial number of the platform's certificate.
    pub platform_serial: String,
    /// The merchant.
    pub merchant_no: String,
    /// Its terminal.
    pub term_no: String,
    pub(crate) merchant_key: Option<Signer>,
    pub(crate) merchant_cert: Verifier,
    pub(crate) platform_key: Signer,
    pub(crate) platform_cert: Verifier,
    folder: PathBuf,
}

impl ChannelKeys {
    /// Loads the folder; when it holds no `lkl.json`, makes everything in it. Making two RSA keys takes seconds.
    ///
    /// The merchant's private key may be missing from a folder that is loaded: a merchant who keeps it elsewhere needs
    /// only its certificate here, and only the simulated till cannot be used then.
    pub fn open(folder: &Path, world: &dyn World) -> Result<ChannelKeys, OutsideError> {
        if !folder.join(SETTINGS).exists() {
            make(folder, world)?;
        }
        let wrong = |name: &str, wanted| OutsideError::NotAKey { name: name.to_owned(), wanted };
        let settings: Settings = serde_json::from_slice(&read(folder, SETTINGS)?)
            .map_err(|_| wrong(SETTINGS, "a JSON object with the five names"))?;
        let merchant_key = if folder.join(MERCHANT_KEY).exists() {
            Some(Signer::read(&read(folder, MERCHANT_KEY)?).ok_or_else(|| wrong(MERCHANT_KEY, "an RSA key"))?)
        } else {
            None
        };
        let certificate = |name| Verifier::read(&read(folder, name)?).ok_or_else(|| wrong(name, "a certificate"));
        let merchant_cert = certificate(MERCHANT_CERT)?;
        let platform_cert = certificate(PLATFORM_CERT)?;
        let platform_key = Signer::read(&read(folder, PLATFORM_KEY)?).ok_or_else(|| wrong(PLATFORM_KEY, "an RSA key"))?;
        let fits = |key: &Signer, cert: &Verifier| key.sign(&[b"fit"]).map(|signature| cert.verifies(&[b"fit"], &signature));
        if !fits(&platform_key, &platform_cert)? {
            return Err(wrong(PLATFORM_KEY, "the key of the platform's certificate"));
        }
        if let Some(key) = &merchant_key
            && !fits(key, &merchant_cert)?
        {
            return Err(wrong(MERCHANT_KEY, "the key of the merchant's certificate"));
        }
        let same = |serial: &str, cert: &Verifier| {
            let plain = |text: &str| text.trim_start_matches('0').to_ascii_lowercase();
            plain(serial) == plain(&cert.serial())
        };
        if !same(&settings.platform_serial, &platform_cert) || !same(&settings.serial_no, &merchant_cert) {
            return Err(wrong(SETTINGS, "about these certificates: a serial number differs"));
        }
        Ok(ChannelKeys {
            appid: settings.appid,
            serial_no: settings.serial_no,
            platform_serial: settings.platform_serial,
            merchant_no: settings.merchant_no,
            term_no: settings.term_no,
            merchant_key,
            merchant_cert,
            platform_key,
            platform_cert,
            folder: folder.to_owned(),
        })
    }

    /// Puts the CA of the service's own certificate (PEM) beside the keys, for clients that check it.
    pub fn write_tls_ca(&self, pem: &str) -> Result<(), OutsideError> {
        write_private(&self.folder.join(TLS_CA), pem.as_bytes()).map_err(|error| OutsideError::file(TLS_CA, error))
    }

    /// Where the keys lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, OutsideError> {
    fs::read(folder.join(name)).map_err(|error| OutsideError::file(name, error))
}

/// Makes both key pairs. The settings come last: a folder with settings is complete.
fn make(folder: &Path, world: &dyn World) -> Result<(), OutsideError> {
    fs::create_dir_all(folder).map_err(|error| OutsideError::file("the key folder", error))?;
    let write = |name: &str, bytes: &[u8]| {
        write_private(&folder.join(name), bytes).map_err(|error| OutsideError::file(name, error))
    };
    let serial_no = make_pair(world, "Kabao test merchant", |key, cert| write(MERCHANT_KEY, key).and_then(|()| write(MERCHANT_CERT, cert)))?;
    let platform_serial =
        make_pair(world, "Kabao test platform", |key, cert| write(PLATFORM_KEY, key).and_then(|()| write(PLATFORM_CERT, cert)))?;
    let settings = Settings {
        appid: format!("OP{}", digits(world, 8)),
        serial_no,
        platform_serial,
        merchant_no: format!("822{}", digits(world, 12)),
        term_no: format!("A{}", digits(world, 7)),
    };
    let text = serde_json::to_vec_pretty(&settings).map_err(|_| OutsideError::Key("the settings cannot be written"))?;
    write(SETTINGS, &text)
}

/// Makes a key and a certificate that it signs itself; gives the serial number.
fn make_pair(
    world: &dyn World, name: &str, write: impl FnOnce(&[u8], &[u8]) -> Result<(), OutsideError>,
) -> Result<String, OutsideError> {
    let key = RsaPrivateKey::new(&mut Randomness(world), 2048).map_err(|_| OutsideError::Key("no RSA key could be made"))?;
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| OutsideError::Key("the RSA key cannot be written"))?;
    let signing = KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &PKCS_RSA_SHA256)
        .map_err(|_| OutsideError::Key("the RSA key is not usable"))?;
    let mut serial = [0u8; 8];
    world.random(&mut serial);
    // Positive, and with no leading zero in hexadecimal: every client writes it the same way.
    serial[0] = 0x10 | (serial[0] & 0x6f);
    let mut params = CertificateParams::default();
    let year = world.now().china_year().clamp(1970, 9000);
    params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + 10, 1, 1);
    params.serial_number = Some(SerialNumber::from(serial.to_vec()));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&signing).map_err(|_| OutsideError::Key("no certificate could be made"))?;
    write(pem.as_bytes(), certificate.pem().as_bytes())?;
    Ok(hex(&serial))
}

fn digits(world: &dyn World, count: usize) -> String {
    let mut bytes = vec![0u8; count];
    world.random(&mut bytes);
    bytes.iter().map(|byte| char::from(b'0' + byte % 10)).collect()
}

/// The world's randomness in the form in which the crate `rsa` takes it.
struct Randomness<'a>(&'a dyn World);

impl RngCore for Randomness<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0u8; 4];
        self.0.random(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0u8; 8];
        self.0.random(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.random(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.random(bytes);
        Ok(())
    }
}

impl CryptoRng for Randomness<'_> {}
