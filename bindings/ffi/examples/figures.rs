//! The floor of the figures in `docs/bindings.md`: the same calls without another language between.
//! `cargo xtask bindings figures` runs it with what it needs.

use kabao_core::host::{HostError, SecretStore};
use kabao_core::{ServiceSettings, WalletSettings};
use kabao_ffi::{KabaoWallet, dev_only_software_keys};
use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

struct Secrets(Mutex<HashMap<String, Vec<u8>>>);

impl SecretStore for Secrets {
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned())
    }
    fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
        Ok(())
    }
    fn remove(&self, name: String) -> Result<(), HostError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        Ok(())
    }
}

/// The median of so many calls, in nanoseconds, after a tenth of that to warm up.
async fn median<F: Future>(name: &str, count: usize, call: impl Fn() -> F) {
    let mut took = Vec::with_capacity(count);
    for round in 0..count + count / 10 {
        let began = Instant::now();
        std::hint::black_box(call().await);
        if round >= count / 10 {
            took.push(began.elapsed().as_nanos());
        }
    }
    took.sort_unstable();
    println!("{name} {}", took.get(count / 2).copied().unwrap_or_default());
}

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().collect();
    let [_, folder, secrets, showing, url, certificate, pin, root_key, guid] = given.as_slice() else {
        return Err("FOLDER SECRETS SHOWING URL CERTIFICATE PIN ROOT_KEY GUID".into());
    };
    let mut kept = HashMap::new();
    for line in std::fs::read_to_string(secrets)?.lines() {
        let (name, hex) = line.split_once(' ').ok_or("NAME HEX")?;
        let bytes: Result<Vec<u8>, _> = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16)).collect();
        kept.insert(name.to_owned(), bytes?);
    }
    let secrets: Arc<dyn SecretStore> = Arc::new(Secrets(Mutex::new(kept)));
    let service = ServiceSettings {
        url: url.clone(),
        tls_ca_pem: certificate.clone(),
        spki_pins: vec![pin.clone()],
        root_key: root_key.clone(),
        guid: guid.clone(),
        link_host: None,
    };
    let settings = WalletSettings { folder: folder.clone(), service, language: "zh-CN".into(), build: None };
    let calls = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    calls.block_on(async {
        let wallet = KabaoWallet::open(settings, secrets.clone(), dev_only_software_keys(secrets), None).await?;
        let (history, pay) = (wallet.history(), wallet.pay());
        let page = history.list(None).await?;
        println!("records {}", page.items.len());
        median("no_op_at_once", 20_000, async || wallet.is_locked()).await;
        median("no_op", 5_000, async || wallet.unlock().await).await;
        median("page_of_50", 1_000, async || history.list(None).await).await;
        pay.next_picture(showing.clone(), "lakala".into()).await?;
        median("payer_code", 1_000, async || pay.next_picture(showing.clone(), "lakala".into()).await).await;
        median("error", 2_000, async || pay.payment("x".into()).await).await;
        wallet.shut_down().await?;
        Ok(())
    })
}
