//! The ways to pay at a till, each with the reason when it cannot be used. A code is shown only after one was chosen.

use super::PayClient;
use crate::error::Outcome;
use crate::service::wire;
use crate::tables::sync;
use crate::words::{age, say};
use kabao_base::{Code, Failure, Timestamp};
use kabao_money::rules::{PayChannel, Rules};

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
    /// Until when it rests for maintenance, as the signed rules say; absent when it does not rest now.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub rests_until: Option<Timestamp>,
    /// When the service said last how the ways stand. What came since is not known here.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub known_at: Option<Timestamp>,
    /// How long ago that was, in words.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub age_text: Option<String>,
}

impl PayClient {
    /// The ways to pay, in the order to show. Works without network.
    pub async fn ways(&self) -> Outcome<Vec<WayToPay>> {
        self.core.identity()?;
        let (language, now) = (self.core.settings.language, self.core.now());
        let rules = self.core.feed::<Rules>().await?;
        let rests = rules.body.rests(PayChannel::PayerCode, now).map(|window| window.until);
        let known = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::ACCOUNT))).await?;
        let known = known.and_then(|(body, at)| Some((serde_json::from_str::<wire::Account>(&body).ok()?, at)));
        let Some((account, at)) = known else { return Ok(Vec::new()) };
        let age_text = age(language, now.since(at));
        let way = |channel: wire::Channel| WayToPay {
            text: say(language, &format!("way.{}", channel.channel), &[]),
            usable: channel.usable && rests.is_none(),
            // What the service says of this way outlasts a pause of all.
            reason: if channel.usable {
                rests.map(|until| Failure::of(Code::Maintenance).retry_after(Some(until.since(now))))
            } else {
                Some(Failure::of(channel.reason.as_deref().and_then(Code::parse).unwrap_or(Code::ChannelUnusable)))
            },
            rests_until: rests,
            known_at: Some(at),
            age_text: Some(age_text.clone()),
            way: channel.channel,
        };
        Ok(account.channels.into_iter().map(way).collect())
    }
}
