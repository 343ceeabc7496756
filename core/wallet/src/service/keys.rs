//! The service's key set: signed by the offline root, kept in the ledger, only ever replaced by a newer one.

use crate::error::Outcome;
use crate::host::HttpRequest;
use crate::shared::Core;
use crate::tables::marks;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::Code;
use kabao_proof::KeySet;
use std::sync::{Arc, PoisonError};

impl Core {
    /// The key set: from memory, from the ledger, from the service.
    pub(crate) async fn key_set(&self) -> Outcome<Arc<KeySet>> {
        if let Some(known) = self.known_keys() {
            return Ok(known);
        }
        match self.stored_key_set().await? {
            Some(stored) => Ok(stored),
            None => self.fetch_key_set().await,
        }
    }

    /// The key set without asking the service: for what must work with the network off.
    pub(crate) async fn stored_key_set(&self) -> Outcome<Option<Arc<KeySet>>> {
        if let Some(known) = self.known_keys() {
            return Ok(Some(known));
        }
        let stored = self.files(|files| files.ledger(|conn| marks::get(conn, marks::KEY_SET))).await?;
        let Some(stored) = stored else { return Ok(None) };
        let document = URL_SAFE_NO_PAD.decode(stored).map_err(|_| Code::StorageDamaged)?;
        let set = KeySet::open(&document, &self.settings.root).map_err(|_| Code::StorageDamaged)?;
        Ok(Some(self.keep(set)))
    }

    /// Asks the service for its key set. It needs no signature of the answer: the root signed the set.
    pub(crate) async fn fetch_key_set(&self) -> Outcome<Arc<KeySet>> {
        let request = HttpRequest {
            method: "GET",
            target: "/v1/keys".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: 0,
        };
        let response = self.exchange(request).await?;
        if response.status != 200 {
            return Err(if response.status >= 500 { Code::ServiceDown } else { Code::AnswerUnsigned }.into());
        }
        let set = KeySet::open(&response.body, &self.settings.root).map_err(|_| Code::AnswerForged)?;
        if let Some(known) = self.known_keys() {
            if set.version == known.version && set == *known {
                return Ok(known);
            }
            // Versions only grow: an older set could bring back a key that was taken out of use.
            if !set.accepts_newer(known.version) {
                return Err(Code::AnswerForged.into());
            }
        }
        let (now, text, version) = (self.now(), URL_SAFE_NO_PAD.encode(&response.body), set.version.to_string());
        self.files(move |files| {
            files.commit(now, |tx, log| {
                marks::set(tx, marks::KEY_SET, &text)?;
                log.append(tx, "keys", "service", version.as_bytes())
            })
        })
        .await?;
        Ok(self.keep(set))
    }

    fn known_keys(&self) -> Option<Arc<KeySet>> {
        self.client.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, set: KeySet) -> Arc<KeySet> {
        let set = Arc::new(set);
        *self.client.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&set));
        set
    }
}
