//! What crosses to the apps.

use crate::words::{Language, say};
use crate::service::NetworkState;
use kabao_base::{Failure, MoneyView, Timestamp};
use kabao_money::fees::FeeKind;
use kabao_money::rules::{CardSort, FeeRow, Window};

/// What to explain. Everything may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LimitsRequest {
    /// The amount as typed, in yuan: then each line says whether this payment breaks it.
    pub amount: Option<String>,
    /// `pay` (a printed code), `code` (the payer code), `ask` (a merchant's question), `top_up`, `withdraw`, `transfer`; `pay` when it is left out.
    pub channel: Option<String>,
    /// `balance` or a card's id; the balance when it is left out, for a top-up the first card.
    pub source: Option<String>,
}

/// One limit that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LimitView {
    /// Which: `static_code`, `day`, `own_single` …
    pub rule: String,
    /// The same in words.
    pub rule_text: String,
    /// The cap.
    pub cap: MoneyView,
    /// What the service counted.
    pub used: MoneyView,
    /// What this phone may have spent beside that: codes that were shown, payments without a result.
    pub reserved: MoneyView,
    /// What is left.
    pub left: MoneyView,
    /// The first moment at which it begins anew; absent for the cap of one payment and for a lifetime.
    pub resets_at: Option<Timestamp>,
    /// The same in words: how long to wait.
    pub resets_text: Option<String>,
    /// Whether the payment breaks it; without an amount, whether nothing is left.
    pub bites: bool,
    /// What a refusal for it says; absent when it does not bite.
    pub failure: Option<Failure>,
}

/// Caps that the person set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OwnCapsView {
    /// In one payment; absent for none.
    pub single: Option<MoneyView>,
    /// In a day; absent for none.
    pub day: Option<MoneyView>,
    /// From when on they count.
    pub from: Option<Timestamp>,
}

/// Every limit that applies, and the most that can be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LimitsView {
    /// The limits, in the order in which the service looks: the first that bites is the reason it would give.
    pub lines: Vec<LimitView>,
    /// The most that can be paid now, fee taken off, balance and what is reserved in mind; absent when nothing can.
    pub max_now: Option<MoneyView>,
    /// When the service counted what is used; absent before the first answer.
    pub counted_at: Option<Timestamp>,
    /// How long ago that was, in words.
    pub age_text: Option<String>,
    /// Whether the service has said nothing for 30 days, or never.
    pub stale: bool,
    /// The version of the rules.
    pub rules_version: u64,
    /// The caps that the person set and that count now.
    pub own: OwnCapsView,
    /// Those that take their place later.
    pub own_next: Option<OwnCapsView>,
    /// From how much a day on the payment PIN is needed; absent when never.
    pub pin_from: Option<MoneyView>,
}

/// What to check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PrecheckRequest {
    /// The amount as typed, in yuan.
    pub amount: String,
    /// `pay`, `code`, `ask`, `top_up`, `withdraw` or `transfer`.
    pub channel: String,
    /// `balance` or a card's id; every source when it is left out.
    pub source: Option<String>,
    /// Who is to be paid, as the scan or the look-up named them. Without it nothing is said of earlier payments to a merchant or a person.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payee_id: Option<String>,
    /// The payee's name, as the scan gave it: a merchant has another id at each acquirer.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub payee_name: Option<String>,
    /// The merchant's order, where one is named; of a merchant's question it names who asks.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order: Option<String>,
    /// How the person means to confirm; either way when it is left out.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub proof: Option<ProofWay>,
}

/// A way to confirm a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ProofWay {
    /// The payment PIN.
    Pin,
    /// Finger or face, by the approval key.
    Approval,
}

/// One thing that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BlockerView {
    /// What, with its next step.
    pub failure: Failure,
    /// The most that this would let through; absent where no amount helps.
    pub most: Option<MoneyView>,
}

/// A source, and what stands in its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SourceCheckView {
    /// `balance`, or the card's id.
    pub source: String,
    /// What to call it.
    pub text: String,
    /// Whether nothing stands in its way.
    pub usable: bool,
    /// What it costs from there.
    pub fee: MoneyView,
    /// All that stands in its way, the service's own reason first.
    pub blockers: Vec<BlockerView>,
}

/// Something to look at that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct NoteView {
    /// `maybe_fen` (no decimals and a hundred times a usual price), `needs_pin`, `withdraw_pin`, `transfer_pin`, `pin_locked`,
    /// `approval_lost`, `counters_stale`, `clock_untrusted`.
    pub note: String,
    /// In words.
    pub text: String,
}

/// Everything that stands in the way of a payment, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PrecheckView {
    /// Whether it cannot be paid, as far as this phone knows.
    pub blocked: bool,
    /// The reason that the service would give; absent when nothing blocks.
    pub first: Option<Failure>,
    /// What was typed, read; absent when it is no amount. Show it: 2350 and 23.50 are not the same.
    pub amount: Option<MoneyView>,
    /// What stands in the way whatever the source.
    pub general: Vec<BlockerView>,
    /// Each source that was asked about.
    pub sources: Vec<SourceCheckView>,
    /// What to look at.
    pub notes: Vec<NoteView>,
    /// When the service counted what is used; absent before the first answer.
    pub counted_at: Option<Timestamp>,
}

/// One of the things that must be well before a code is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReadyCheckView {
    /// `account`, `channel`, `codes`, `source`, `limits`, `clock`.
    pub check: String,
    /// In words.
    pub text: String,
    /// Whether it is well.
    pub well: bool,
    /// Why not.
    pub failure: Option<Failure>,
}

/// Whether this phone can pay at a till now, without network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReadyView {
    /// Whether all of it is well.
    pub ready: bool,
    /// Each thing.
    pub checks: Vec<ReadyCheckView>,
    /// How many codes can be shown without network.
    pub codes_left: u32,
    /// Whether the time was signed since the phone started; otherwise the cap of a code is lower.
    pub clock_trusted: bool,
    /// How the way to the service stands, as the calls since opening found it.
    pub network: NetworkState,
    /// The same in words.
    pub network_text: String,
    /// What stood in the way last; absent when the service answered since.
    pub network_failure: Option<Failure>,
    /// The offer of a payer code instead, in words: where the network is not good and a code can be shown without it.
    pub offer_text: Option<String>,
}

/// A fee in words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FeeView {
    /// `top_up`, `pay`, `ask`.
    pub kind: String,
    /// For which cards: `debit`, `credit`; absent for all sources.
    pub card: Option<String>,
    /// Millionths of the amount.
    pub rate_ppm: u32,
    /// The least, where anything is charged.
    pub min: MoneyView,
    /// The most; absent for none.
    pub max: Option<MoneyView>,
    /// What goes free of charge, all movements of this kind together.
    pub free: MoneyView,
    /// The whole rule in words.
    pub text: String,
}

/// A time in which the service, or the way to some banks, rests.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MaintenanceView {
    /// From then on.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
    /// `top_up`, `pay`, `code`, `ask`; none named: all.
    pub channels: Vec<String>,
    /// The banks whose cards rest, by name; none named: the service itself.
    pub banks: Vec<String>,
    /// In words; times of UTC+8.
    pub text: String,
}

/// The rules in use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RulesView {
    /// Higher is newer.
    pub version: u64,
    /// `app`: they came with the app; `service`: the service signed them.
    pub source: String,
    /// The same in words.
    pub source_text: String,
    /// When the service signed them.
    pub issued_at: Option<Timestamp>,
    /// How long ago that was, in words.
    pub age_text: Option<String>,
    /// Whether the time in which they could be taken up is over. They stay in use until newer ones come.
    pub outdated: bool,
    /// Why the newest that came were not taken up; absent when nothing was refused since.
    pub refused: Option<Failure>,
    /// Every fee.
    pub fees: Vec<FeeView>,
    /// When the service rests.
    pub maintenance: Vec<MaintenanceView>,
}

pub(super) fn fee_view(language: Language, row: &FeeRow) -> FeeView {
    let kind = match row.kind {
        FeeKind::TopUp => "top_up",
        FeeKind::CollectionCode => "pay",
        FeeKind::PayerCode => "ask",
        FeeKind::Withdraw => "withdraw",
        FeeKind::Transfer => "transfer",
    };
    // Millionths as a percentage with four decimals, without the zeros at the end.
    let ppm = row.rule.rate_ppm;
    let percent = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    let mut parts = Vec::new();
    if ppm == 0 {
        parts.push(say(language, "fee.none", &[]));
    } else {
        parts.push(say(language, "fee.rate", &[("percent", percent)]));
        if row.rule.min.minor > 0 {
            parts.push(say(language, "fee.min", &[("amount", &row.rule.min.text())]));
        }
        if let Some(max) = row.rule.max {
            parts.push(say(language, "fee.max", &[("amount", &max.text())]));
        }
        if row.rule.free_left.minor > 0 {
            parts.push(say(language, "fee.free", &[("amount", &row.rule.free_left.text())]));
        }
    }
    FeeView {
        kind: kind.to_owned(),
        card: row.card.map(|sort| if sort == CardSort::Credit { "credit" } else { "debit" }.to_owned()),
        rate_ppm: ppm,
        min: row.rule.min.view(language),
        max: row.rule.max.map(|max| max.view(language)),
        free: row.rule.free_left.view(language),
        text: parts.join(" · "),
    }
}

pub(super) fn window_view(language: Language, window: &Window) -> MaintenanceView {
    let (from, until) = (window.from.china_text(), window.until.china_text());
    let times = [("from", from.as_str()), ("until", until.as_str())];
    let text = match window.banks.as_slice() {
        [] => say(language, "limit.maintenance", &times),
        banks => say(language, "limit.maintenance_of_banks", &[times.as_slice(), &[("banks", &banks.join(" / "))]].concat()),
    };
    MaintenanceView {
        from: window.from,
        until: window.until,
        channels: window.channels.iter().map(|channel| channel.as_str().to_owned()).collect(),
        banks: window.banks.clone(),
        text,
    }
}
