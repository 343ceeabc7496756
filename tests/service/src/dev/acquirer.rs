//! The acquirer beside the service, with its till.

use crate::http::wire_fault::{Cut, WireFault};
use crate::service::Service;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use kabao_base::Timestamp;
use kabao_outside::lakala::{self, AcquirerLine, ChannelKeys, Notification, Till};
use kabao_outside::{OutsideError, WalletService};
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The simulated acquirer and the simulated till of its merchant.
pub struct Acquirer {
    /// Behind the merchant endpoint.
    pub inner: lakala::Acquirer,
    /// The merchant's side.
    pub till: Till,
    keys: Arc<ChannelKeys>,
    notes: Mutex<Vec<Value>>,
}

/// Headers as the acquirer takes them.
pub fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()));
    headers.iter().filter_map(pair).collect()
}

impl Acquirer {
    /// Opens the acquirer with its book in the data folder and lets it charge at `service`.
    pub fn attach(service: &Arc<Service>, channel_keys: &Path) -> Result<(), OutsideError> {
        let keys = Arc::new(ChannelKeys::open(channel_keys, service.world.as_ref())?);
        let inner = lakala::Acquirer::open(Some(&service.data.join("acquirer.db")), service.world.clone(), keys.clone())?;
        inner.set_payer_codes(crate::config::CODE_PREFIX, crate::config::CODE_LENGTH);
        let wallet: Weak<dyn WalletService> = Arc::downgrade(service) as Weak<dyn WalletService>;
        inner.set_wallet(wallet);
        let till = Till::new(keys.clone(), service.world.clone());
        let _ = service.outside.set(Acquirer { inner, till, keys, notes: Mutex::new(Vec::new()) });
        Ok(())
    }

    /// Answers a request of a till.
    pub fn answer(&self, path: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Response {
        let answer = self.inner.handle(path, &pairs(headers), body, now);
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in answer.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.to_ascii_lowercase()), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        let cut = if answer.cut { Cut::Silent } else { Cut::No };
        response.extensions_mut().insert(WireFault { delay_ms: answer.delay_ms, cut });
        response
    }

    /// The acquirer asks again what it does not know.
    pub fn tick(&self, now: Timestamp) {
        let _ = self.inner.poll(now);
    }

    /// Everything that it carried out.
    pub fn book(&self) -> Option<Vec<AcquirerLine>> {
        self.inner.book(Timestamp::from_ms(0)).ok()
    }

    /// Puts the service's certificate authority beside the keys, for tills that check it.
    pub fn publish_ca(&self, pem: &str) -> Result<(), OutsideError> {
        self.keys.write_tls_ca(pem)
    }

    /// Notifications that have to be posted now.
    pub fn due(&self, now: Timestamp) -> Vec<Notification> {
        self.inner.due(now).unwrap_or_default()
    }

    /// Takes a notification as the merchant does: only with the platform's signature.
    pub fn notified(&self, headers: &[(String, String)], body: &[u8]) -> bool {
        match self.till.read_notification(headers, body) {
            Ok(note) => {
                self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note.data);
                true
            }
            Err(_) => false,
        }
    }

    /// What the merchant was told.
    pub fn notes(&self) -> Vec<Value> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
