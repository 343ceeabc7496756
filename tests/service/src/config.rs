//! Where the service keeps its things, where it listens, and what it tells the world of itself.

use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// How one reference service is set up.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// The folder of the database, the keys and `service.json`.
    pub data: PathBuf,
    /// Where `/v1` and the acquirer's endpoint are served over HTTPS. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the developer's console is served, plain HTTP. Only loopback addresses are accepted.
    pub dev_listen: SocketAddr,
    /// The folder of the acquirer's RSA keys; made there when missing.
    pub channel_keys: PathBuf,
    /// Host names beside `localhost` and `127.0.0.1` that the certificate carries.
    pub hosts: Vec<String>,
}

impl ServiceConfig {
    /// A service on free loopback ports with everything under `data`.
    pub fn on_loopback(data: &Path) -> ServiceConfig {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        ServiceConfig {
            data: data.to_owned(),
            listen: any,
            dev_listen: any,
            channel_keys: data.join("channels"),
            hosts: Vec::new(),
        }
    }
}

/// What a wallet must know to talk to this service; written to `service.json` in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInfo {
    /// Origin of `/v1`, for example `https://localhost:8443`.
    pub url: String,
    /// Origin of the developer's console.
    pub dev_url: String,
    /// The certificate authority of the TLS certificate, PEM text.
    pub tls_ca_pem: String,
    /// Public key of the offline root, base64url of 65 bytes.
    pub root_key: String,
    /// SHA-256 of the certificate's public key and of the backup's, hexadecimal.
    pub spki_pins: Vec<String>,
    /// The first digits of our payer codes.
    pub code_prefix: String,
    /// How many digits a payer code has.
    pub code_length: u32,
    /// The identifier of our template in printed collection codes.
    pub guid: String,
    /// The host of our collection links; absent where there are none.
    #[serde(default)]
    pub link_host: Option<String>,
}

/// The first digits of our payer codes. Data of the service; a wallet takes it from the batch.
pub const CODE_PREFIX: &str = "97";
/// How many digits a payer code has.
pub const CODE_LENGTH: usize = 24;
/// The identifier of our template in printed collection codes.
pub const GUID: &str = "app.kabao";
/// The host of our collection links. Nobody serves it: a wallet reads the link and opens nothing.
pub const LINK_HOST: &str = "pay.kabao.example";

/// Writes `bytes` so that only this user can read them, replacing the file as a whole.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let part = path.with_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)
}

/// Reads a private file, or makes it with `make` when there is none.
pub fn read_or_make(path: &Path, make: impl FnOnce() -> Vec<u8>) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = make();
            write_private(path, &bytes)?;
            Ok(bytes)
        }
        Err(error) => Err(error),
    }
}
