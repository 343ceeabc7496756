//! What may be paid and what it costs, before anything is asked: every limit that applies with what is used and left of it, when
//! it begins anew, and everything that stands in the way of a payment at once. All of it works without network.
//!
//! The rules are signed (feed `rules`) and below the law; what is used is what the service counted and signed last, with its
//! age, and beside it what this phone may have spent since: codes that were shown, payments without a result.

mod balance;
mod earlier;
mod explain;
mod facts;
mod own;
mod precheck;
mod proofs;
mod ready;
mod spent;
mod types;

pub use balance::BalanceView;
pub use types::{
    BlockerView, FeeView, LimitView, LimitsRequest, LimitsView, MaintenanceView, NoteView, OwnCapsView, PrecheckRequest, PrecheckView, ProofWay, ReadyCheckView,
    ReadyView, RulesView, SourceCheckView,
};

pub use crate::service::NetworkState;

use crate::error::{Outcome, WalletError};
use crate::shared::{Core, refresh_account, refresh_counters};
use crate::words::{age, say};
use facts::Facts;
use kabao_base::{Code, Failure, Money};
use kabao_money::rules::{PayChannel, Rules};
use std::sync::Arc;

/// After so many days without a word of the service, what is known about limits is called stale.
const STALE_MS: i64 = 30 * 86_400_000;

/// Limits, fees, and what stands in the way.
#[derive(Clone)]
pub struct LimitsClient {
    core: Arc<Core>,
}

impl LimitsClient {
    pub(crate) fn new(core: Arc<Core>) -> LimitsClient {
        LimitsClient { core }
    }

    /// Asks the service what is counted, and for newer rules when it has some.
    pub async fn refresh(&self) -> Outcome<LimitsView> {
        refresh_counters(&self.core).await?;
        // The cards, and whether the account is frozen: what the counters are about.
        refresh_account(&self.core).await?;
        self.limits_explained(LimitsRequest::default()).await
    }

    /// The rules in use, with the fees in words. Works without network.
    pub async fn rules(&self) -> Outcome<RulesView> {
        self.core.check_open()?;
        let (held, refused) = (self.core.feed::<Rules>().await?, self.core.refused_feed::<Rules>().await?);
        let (now, language) = (self.core.now(), self.core.settings.language);
        let source = if held.signed.is_some() { "service" } else { "app" };
        let fees = held.body.fees().iter().map(|row| types::fee_view(language, row)).collect();
        let maintenance = held.body.windows(now).map(|window| types::window_view(language, window)).collect();
        Ok(RulesView {
            version: held.body.version(),
            source: source.to_owned(),
            source_text: say(language, &format!("codes.{source}"), &[]),
            issued_at: held.signed.map(|signed| signed.issued_at),
            age_text: held.signed.map(|signed| age(language, now.since(signed.issued_at))),
            outdated: held.signed.and_then(|signed| signed.not_after).is_some_and(|last| last < now),
            refused: refused.map(|(code, _)| Failure::of(code)),
            fees,
            maintenance,
        })
    }

    /// Asks the service for newer rules now. A sync does the same when the service says that there are some.
    ///
    /// # Errors
    /// `feed_unlawful` for rules that allow more than the law, and the other `feed_*`; the rules in use stay in use.
    pub async fn refresh_rules(&self) -> Outcome<RulesView> {
        self.core.refresh_feed::<Rules>().await?;
        self.rules().await
    }

    async fn facts(&self) -> Outcome<Facts> {
        facts::gather(&self.core).await
    }
}

/// A channel as it is named in a call: `top_up`, `pay`, `code`, `ask`.
fn channel(name: &str) -> Outcome<PayChannel> {
    PayChannel::parse(name).ok_or_else(|| WalletError::from(Code::BadArgument).in_field("channel"))
}

/// An amount in the fen of these rules.
fn fen(minor: i64) -> Money {
    Money::fen(minor)
}
