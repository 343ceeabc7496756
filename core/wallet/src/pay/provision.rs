//! Tokens for payer codes, fetched while there is network, so that codes can be shown without.

use super::PayClient;
use crate::error::Outcome;
use crate::service::wire::{Batch, Token};
use crate::shared::{ServiceClock, tell_build};
use crate::tables::tokens::{self, TokenRow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Timestamp};
use kabao_codes::table::Table;
use kabao_codes::payer::{PayerToken, refuse_prefix};
use zeroize::Zeroizing;

/// Tokens of one batch.
const BATCH: u32 = 10;
/// Below this many, another batch is fetched.
const ENOUGH: u32 = 5;

impl PayClient {
    /// Fetches tokens when few are left. Gives how many codes can be shown without network.
    pub async fn prepare_codes(&self) -> Outcome<u32> {
        let now = self.core.now();
        let left = self.core.open_files(move |files| files.ledger(|conn| tokens::left(conn, now))).await?;
        if left >= ENOUGH {
            return Ok(left);
        }
        let id = self.batch_id(now).await?;
        let _ = tell_build(&self.core).await;
        let body = serde_json::json!({ "batch_id": id, "count": BATCH }).to_string().into_bytes();
        let request = self.core.request("POST", "/v1/payer-codes".to_owned(), body)?;
        let batch: Batch = self.core.call(&request).await?.read()?;
        // A prefix of another scheme, or a shape that may be a citizen's number, is never shown to a till.
        refuse_prefix(&batch.prefix, batch.length).map_err(|_| Code::AnswerMalformed)?;
        let codes = self.core.feed::<Table>().await?;
        codes.body.leaves(&batch.prefix, batch.length).map_err(|_| Code::AnswerMalformed)?;
        let rows = batch.tokens.iter().map(|token| row(id, &batch.prefix, token)).collect::<Outcome<Vec<_>>>()?;
        let (now, clock, secrets) = (self.core.now(), self.core.clock.mark(), self.core.host.secrets());
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    for row in &rows {
                        tokens::insert(tx, row)?;
                    }
                    tokens::set_batch(tx, id, "stored", now)?;
                    ServiceClock::store(tx, clock)?;
                    log.append(tx, "batch", &id.to_string(), rows.len().to_string().as_bytes())
                })?;
                // An old copy of the files would show tokens that were used up: the anchor finds it.
                files.anchor(secrets.as_ref())?;
                files.ledger(|conn| tokens::left(conn, now))
            })
            .await
    }

    /// The id of the next batch: one that was asked for and not answered, or a new one, stored before its use.
    async fn batch_id(&self, now: Timestamp) -> Outcome<Id> {
        let fresh = self.core.new_id()?;
        self.core
            .open_files(move |files| {
                if let Some(open) = files.ledger(tokens::open_batch)? {
                    return Ok(open);
                }
                files.commit(now, |tx, log| {
                    tokens::begin_batch(tx, fresh, now)?;
                    log.append(tx, "batch", &fresh.to_string(), b"asked")
                })?;
                Ok(fresh)
            })
            .await
    }
}

fn row(batch_id: Id, prefix: &str, token: &Token) -> Outcome<TokenRow> {
    let key = Zeroizing::new(URL_SAFE_NO_PAD.decode(&token.key).map_err(|_| Code::AnswerMalformed)?);
    let not_after = Timestamp::from_ms(token.not_after);
    // The rules of a token are those of the crate that shows it.
    PayerToken::new(prefix, &token.token_id, &key, not_after, token.cap, token.cap_untrusted)
        .map_err(|_| Code::AnswerMalformed)?;
    Ok(TokenRow {
        token_id: token.token_id.clone(),
        batch_id,
        prefix: prefix.to_owned(),
        key,
        not_after,
        cap: token.cap.minor,
        cap_untrusted: token.cap_untrusted.minor,
        state: "unused".to_owned(),
        shown_at: None,
        record_id: None,
    })
}
