//! A merchant asks for more than a payer code may pay by itself: the person confirms, declines, or lets it lapse.

use super::{AskView, PayClient};
use crate::error::{Outcome, WalletError};
use crate::service::wire::Ask;
use crate::tables::sync;
use crate::words::Language;
use kabao_base::{Code, Id, Timestamp};

impl PayClient {
    /// The questions that can still be answered, as the last sync brought them.
    pub async fn asks(&self) -> Outcome<Vec<AskView>> {
        let language = self.core.settings.language;
        Ok(self.known_asks().await?.into_iter().map(|ask| view(language, ask)).collect())
    }

    /// Says no. The merchant's order is refused.
    pub async fn decline(&self, ask_id: String) -> Outcome<()> {
        let id = Id::parse(&ask_id).map_err(|_| WalletError::from(Code::BadId).in_field("ask_id"))?;
        let request = self.core.request("POST", format!("/v1/asks/{id}/decline"), b"{}".to_vec())?;
        self.core.call(&request).await?.accepted()
    }

    /// The open questions that have not lapsed.
    pub(super) async fn known_asks(&self) -> Outcome<Vec<Ask>> {
        let stored = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::ASKS))).await?;
        let now = self.core.now().as_ms();
        let asks: Vec<Ask> = stored.and_then(|(body, _)| serde_json::from_str(&body).ok()).unwrap_or_default();
        Ok(asks.into_iter().filter(|ask| ask.expires_at > now).collect())
    }
}

fn view(language: Language, ask: Ask) -> AskView {
    AskView {
        ask_id: ask.ask_id.to_string(),
        payee_name: ask.payee_name,
        order: ask.order,
        amount: ask.amount.view(language),
        expires_at: Timestamp::from_ms(ask.expires_at),
    }
}
