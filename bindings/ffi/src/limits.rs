use crate::calls::Calls;
use kabao_base::MoneyView;
use kabao_core::error::Outcome;
use kabao_core::limits::{BalanceView, LimitsClient as Part, LimitsRequest, LimitsView, PrecheckRequest, PrecheckView, ReadyView, RulesView};

/// Limits, fees, and what stands in the way of a payment.
#[derive(uniffi::Object)]
pub struct LimitsClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl LimitsClient {
    /// Every limit that applies: which, its cap, what is used, reserved and left, when it begins anew, and which bites. Works
    /// without network; `counted_at` says how old the service's word is.
    pub async fn limits_explained(&self, request: LimitsRequest) -> Outcome<LimitsView> {
        self.0.run(|limits| async move { limits.limits_explained(request).await }).await
    }

    /// The most that can be paid now by `pay`, `code`, `ask`, `top_up`, `withdraw` or `transfer` from the balance or a card: limits, balance, fee and what
    /// is reserved in mind. Absent when nothing can. Works without network.
    pub async fn max_allowed_now(&self, channel: String, source: Option<String>) -> Outcome<Option<MoneyView>> {
        self.0.run(|limits| async move { limits.max_allowed_now(channel, source).await }).await
    }

    /// Everything that stands in the way of a payment, at once: the shape of the amount, the account, maintenance, every limit,
    /// the balance with what is reserved, for each source. Works without network.
    pub async fn precheck(&self, request: PrecheckRequest) -> Outcome<PrecheckView> {
        self.0.run(|limits| async move { limits.precheck(request).await }).await
    }

    /// The balance in its parts, with its age: what can be paid with, what is held, what is on its way. Works without network.
    pub async fn balance(&self) -> Outcome<BalanceView> {
        self.0.run(|limits| async move { limits.balance().await }).await
    }

    /// Whether a payer code can be shown and paid now, and of each thing that must be well whether it is. Works without network.
    pub async fn ready_to_pay(&self) -> Outcome<ReadyView> {
        self.0.run(|limits| async move { limits.ready_to_pay().await }).await
    }

    /// Asks the service what is counted, and for newer rules when it has some.
    pub async fn refresh(&self) -> Outcome<LimitsView> {
        self.0.run(|limits| async move { limits.refresh().await }).await
    }

    /// Sets the caps of one's own, in yuan; what is left out is no cap. A lower one counts at once on every phone of the account. A
    /// higher one, and giving one up, needs the payment PIN and waits (`own_next` says until when).
    pub async fn set_own_caps(&self, single: Option<String>, day: Option<String>, pin: Option<String>) -> Outcome<LimitsView> {
        self.0.run(|limits| async move { limits.set_own_caps(single, day, pin).await }).await
    }

    /// The rules in use, with the fees in words. Works without network.
    pub async fn rules(&self) -> Outcome<RulesView> {
        self.0.run(|limits| async move { limits.rules().await }).await
    }

    /// Asks the service for newer rules now. Fails with `feed_unlawful` for rules that allow more than the law; the rules in use
    /// stay in use.
    pub async fn refresh_rules(&self) -> Outcome<RulesView> {
        self.0.run(|limits| async move { limits.refresh_rules().await }).await
    }
}
