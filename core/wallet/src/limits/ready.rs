//! One look before the queue at the till: can this phone pay now, without network?

use super::LimitsClient;
use super::facts::Facts;
use super::types::{ReadyCheckView, ReadyView};
use crate::error::Outcome;
use crate::service::NetworkState;
use crate::words::{Language, say};
use kabao_base::{Code, Failure};
use kabao_money::rules::PayChannel;

impl LimitsClient {
    /// Whether a payer code can be shown and paid now: the account, a channel, a code that needs no network, the balance behind
    /// it, the limits, the clock. Says of each whether it is well, how the network stands, and offers a code where a scan would
    /// wait. Works without network.
    pub async fn ready_to_pay(&self) -> Outcome<ReadyView> {
        self.core.check_open()?;
        let facts = self.facts().await?;
        let language = self.core.settings.language;
        let checks = checks(language, &facts);
        let ready = checks.iter().all(|check| check.well);
        let (network, trouble) = self.core.client.way.state();
        let offered = ready && !matches!(network, NetworkState::Good | NetworkState::Unasked);
        Ok(ReadyView {
            ready,
            network,
            network_text: say(language, &format!("network.{}", network.as_str()), &[]),
            network_failure: trouble.map(Failure::of),
            offer_text: offered.then(|| say(language, "network.offer", &[])),
            checks,
            codes_left: facts.codes_left,
            clock_trusted: facts.clock_trusted,
        })
    }
}

fn checks(language: Language, facts: &Facts) -> Vec<ReadyCheckView> {
    let account = match facts {
        Facts { no_phone: Some(code), .. } => Some(*code),
        Facts { frozen: true, .. } => Some(Code::AccountFrozen),
        Facts { class: None, .. } | Facts { pin_set: false, .. } => Some(Code::WrongStep),
        Facts { identity_overdue: true, .. } => Some(Code::IdentityOverdue),
        _ => None,
    };
    let rests = facts.rules.rests(PayChannel::PayerCode, facts.now);
    let channel = match (rests, facts.channels.iter().any(|channel| channel.usable)) {
        _ if facts.build.is_some() => facts.build.map(Failure::of),
        (Some(window), _) => Some(Failure::of(Code::Maintenance).retry_after(Some(window.until.since(facts.now)))),
        (None, false) => Some(Failure::of(Code::ChannelUnusable)),
        (None, true) => None,
    };
    let of = |code: Option<Code>| code.map(Failure::of);
    let bitten = facts.lines(PayChannel::PayerCode, None, None).into_iter().find(|line| line.bites);
    let limits = bitten.map(|line| Failure::of(line.code()).retry_after(line.resets_at.map(|at| at.since(facts.now))));
    let named = [
        ("account", of(account)),
        ("channel", channel),
        ("codes", of((facts.codes_left == 0).then_some(Code::NoPayerCodes))),
        ("source", of((facts.spendable().unwrap_or(0) == 0).then_some(Code::BalanceLow))),
        ("limits", limits),
        ("clock", of(facts.clock_wrong.then_some(Code::ClockWrong))),
    ];
    let view = |(check, failure): (&str, Option<Failure>)| ReadyCheckView {
        check: check.to_owned(),
        text: say(language, &format!("ready.{check}"), &[]),
        well: failure.is_none(),
        failure,
    };
    named.into_iter().map(view).collect()
}
