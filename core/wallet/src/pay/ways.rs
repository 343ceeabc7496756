//! The ways to pay at a till, each with the reason when it cannot be used. A code is shown only after one was chosen.

use super::PayClient;
use crate::error::Outcome;
use crate::service::wire;
use crate::tables::sync;
use crate::words::say;
use kabao_base::{Code, Failure};

/// One way to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct WayToPay {
    /// `lakala`, `unionpay`, `alipay`, `wechat`, `paypal`.
    pub way: String,
    /// Its name.
    pub text: String,
    /// Whether it can be used now.
    pub usable: bool,
    /// Why not.
    pub reason: Option<Failure>,
}

impl PayClient {
    /// The ways to pay, in the order to show. Works without network.
    pub async fn ways(&self) -> Outcome<Vec<WayToPay>> {
        self.core.identity()?;
        let language = self.core.settings.language;
        let known = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::ACCOUNT))).await?;
        let known = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok());
        let channels = known.map(|known| known.channels).unwrap_or_default();
        Ok(channels
            .into_iter()
            .map(|channel| {
                let reason = channel.reason.as_deref().and_then(Code::parse).unwrap_or(Code::ChannelUnusable);
                WayToPay {
                    text: say(language, &format!("way.{}", channel.channel), &[]),
                    reason: (!channel.usable).then(|| Failure::of(reason)),
                    usable: channel.usable,
                    way: channel.channel,
                }
            })
            .collect())
    }
}
