//! The rules of an operator as data: what may be paid how, what it costs, and when the service rests. They come with the app
//! and may be signed anew by the service (feed `rules`). The law stands in [`crate::law`] and is code: rules that allow more
//! than the law are refused as a whole, whoever signed them.
//!
//! Amounts are in fen. [`explain`](Rules::explain) names every limit that applies to a payment, [`fee`](Rules::fee) computes what
//! it costs; the service computes both a second time on its own.

mod explain;
mod read;

pub use explain::{Asked, CardSort, PayChannel, LimitLine, OwnCaps, Standing, Used};
pub use read::{MAX_RULES, RulesError};

use crate::fees::{Fee, FeeError, FeeKind, FeeRule, fee};
use crate::limits::{AccountClass, BarcodeLevel, ClassCaps};
use kabao_base::{Money, Timestamp};
use std::sync::{Arc, LazyLock};

/// The rules that come with the app.
const SHIPPED: &[u8] = include_bytes!("../table/rules.json");

static OURS: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(Rules::parse(SHIPPED).unwrap_or_else(|_| Rules::nothing())));

/// Caps of a movement of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveCaps {
    /// The most at once.
    pub single: Option<Money>,
    /// The most in a calendar day of UTC+8.
    pub day: Option<Money>,
}

/// Caps of a bank's cards. Of several rows that fit, the first counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardCaps {
    /// The bank as the service calls it; absent for every bank.
    pub bank: Option<String>,
    /// Debit or credit; absent for both.
    pub kind: Option<CardSort>,
    /// The caps.
    pub caps: MoveCaps,
}

/// From how much a day on more proof is asked for. The day counts, so that many small payments are one large one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUp {
    /// Payments of the day, this one included.
    pub day_at_least: Money,
}

/// A fee for one sort of movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRow {
    /// What it is for.
    pub kind: FeeKind,
    /// For which cards; absent for every source.
    pub card: Option<CardSort>,
    /// Millionths, least, most; `free_left` is the free quota before anything is used of it.
    pub rule: FeeRule,
}

/// A time in which the service, or the way to some banks, rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// From then on.
    pub from: Timestamp,
    /// Until then, that moment not included.
    pub until: Timestamp,
    /// Which channels; none named: all.
    pub channels: Vec<PayChannel>,
    /// Which banks, by the name that their cards carry; then cards of these banks rest and nothing else. None named: the
    /// service itself.
    pub banks: Vec<String>,
}

impl Window {
    fn covers(&self, channel: PayChannel, at: Timestamp) -> bool {
        self.from <= at && at < self.until && (self.channels.is_empty() || self.channels.contains(&channel))
    }
}

/// One version of the rules. Every amount is within the law: a [`Rules`] that breaks it cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    version: u64,
    single: Money,
    day: Money,
    classes: [ClassCaps; 3],
    barcodes: [Option<Money>; 4],
    cards: Vec<CardCaps>,
    new_phone: (Money, Money),
    top_up: MoveCaps,
    withdraw: MoveCaps,
    transfer: MoveCaps,
    credit_tops_up: bool,
    credit_pays: bool,
    step_up: Option<StepUp>,
    raise_wait_ms: i64,
    fees: Vec<FeeRow>,
    maintenance: Vec<Window>,
}

impl Rules {
    /// The rules that come with the app.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_money::rules::Rules::shipped().version(), 1);
    /// ```
    pub fn shipped() -> Arc<Rules> {
        Arc::clone(&OURS)
    }

    /// What the law allows to nobody in particular: nothing. Only for a build whose own rules cannot be read, which a test
    /// rules out.
    fn nothing() -> Rules {
        let (zero, none) = (Money::fen(0), MoveCaps { single: Some(Money::fen(0)), day: Some(Money::fen(0)) });
        Rules {
            version: 0,
            single: zero,
            day: zero,
            classes: AccountClass::ALL.map(AccountClass::caps),
            barcodes: [Some(zero); 4],
            cards: Vec::new(),
            new_phone: (zero, zero),
            top_up: none,
            withdraw: none,
            transfer: none,
            credit_tops_up: false,
            credit_pays: false,
            step_up: None,
            raise_wait_ms: 86_400_000,
            fees: Vec::new(),
            maintenance: Vec::new(),
        }
    }

    /// Higher is newer.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The caps of an account class: those of the law, or lower.
    pub fn class_caps(&self, class: AccountClass) -> ClassCaps {
        let [one, two, three] = self.classes;
        match class {
            AccountClass::I => one,
            AccountClass::II => two,
            AccountClass::III => three,
        }
    }

    /// The day's cap of a barcode level; `None`: by agreement.
    pub fn barcode_day(&self, level: BarcodeLevel) -> Option<Money> {
        let [a, b, c, d] = self.barcodes;
        match level {
            BarcodeLevel::A => a,
            BarcodeLevel::B => b,
            BarcodeLevel::C => c,
            BarcodeLevel::D => d,
        }
    }

    /// The caps of a bank's card.
    pub fn card_caps(&self, bank: &str, kind: CardSort) -> MoveCaps {
        let fits = |row: &&CardCaps| row.bank.as_deref().is_none_or(|name| name == bank) && row.kind.is_none_or(|own| own == kind);
        let found = self.cards.iter().find(fits).map(|row| row.caps);
        // A card that no row names has what the law leaves to every card.
        found.unwrap_or(MoveCaps { single: None, day: self.barcode_day(BarcodeLevel::B) })
    }

    /// Caps of a withdrawal.
    pub fn withdraw(&self) -> MoveCaps {
        self.withdraw
    }

    /// Caps of a transfer to a person.
    pub fn transfer(&self) -> MoveCaps {
        self.transfer
    }

    /// Whether a credit card may be used for it.
    pub fn credit_may(&self, channel: PayChannel) -> bool {
        match channel {
            PayChannel::TopUp => self.credit_tops_up,
            // Money that was paid into a credit card would be a loan paid back, or cash out of one.
            PayChannel::Withdraw | PayChannel::Transfer => false,
            _ => self.credit_pays,
        }
    }

    /// From how much a day on the payment PIN is asked for.
    pub fn step_up(&self) -> Option<StepUp> {
        self.step_up
    }

    /// How long a higher cap of one's own waits before it counts, in milliseconds.
    pub fn raise_wait_ms(&self) -> i64 {
        self.raise_wait_ms
    }

    /// The window of maintenance that a channel is in at a time.
    pub fn rests(&self, channel: PayChannel, at: Timestamp) -> Option<&Window> {
        self.maintenance.iter().find(|window| window.banks.is_empty() && window.covers(channel, at))
    }

    /// The window in which cards of a bank cannot be used for a channel. What else is paid goes on.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Timestamp;
    /// use kabao_money::rules::{PayChannel, Rules};
    /// assert!(Rules::shipped().bank_rests("工商银行", PayChannel::TopUp, Timestamp::from_ms(0)).is_none());
    /// ```
    pub fn bank_rests(&self, bank: &str, channel: PayChannel, at: Timestamp) -> Option<&Window> {
        self.maintenance.iter().find(|window| window.banks.iter().any(|own| own == bank) && window.covers(channel, at))
    }

    /// The windows of maintenance that are not over.
    pub fn windows(&self, now: Timestamp) -> impl Iterator<Item = &Window> {
        self.maintenance.iter().filter(move |window| now < window.until)
    }

    /// Every fee.
    pub fn fees(&self) -> &[FeeRow] {
        &self.fees
    }

    /// The rule of a fee: the first row that fits, or no fee.
    pub fn fee_rule(&self, kind: FeeKind, card: Option<CardSort>) -> FeeRule {
        let fits = |row: &&FeeRow| row.kind == kind && (row.card.is_none() || row.card == card);
        let none = FeeRule { rate_ppm: 0, min: Money::fen(0), max: None, free_left: Money::fen(0) };
        self.fees.iter().find(fits).map_or(none, |row| row.rule)
    }

    /// What it costs, when `free_used` of the free quota is gone. Half a fen is a fen ([`fee`]).
    ///
    /// # Errors
    /// [`FeeError`] for an amount that is none.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::Money;
    /// use kabao_money::{fees::FeeKind, rules::Rules};
    /// let rules = Rules::shipped();
    /// assert_eq!(rules.fee(FeeKind::TopUp, None, Money::fen(20_000), Money::fen(0)).unwrap().fee, Money::fen(0));
    /// ```
    pub fn fee(&self, kind: FeeKind, card: Option<CardSort>, amount: Money, free_used: Money) -> Result<Fee, FeeError> {
        let rule = self.fee_rule(kind, card);
        let free_left = Money { minor: rule.free_left.minor.saturating_sub(free_used.minor.max(0)).max(0), ..rule.free_left };
        fee(kind, amount, &FeeRule { free_left, ..rule })
    }
}

#[cfg(test)]
mod tests;
