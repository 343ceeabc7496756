//! Limits as data and as arithmetic: account classes, barcode levels, counters of day, year and
//! lifetime. The service decides; the phone explains before anything is sent.
//!
//! Days and years are those of UTC+8. Sources: PBOC notice 2015-43 (classes), 银发〔2017〕296号
//! (barcodes).

use kabao_base::{Code, Money, MoneyError, Timestamp};

/// The class of a payment account 支付账户.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum AccountClass {
    /// One external check: 1,000 yuan of balance payments in the life of the account.
    I,
    /// Three external checks, or face to face: 100,000 yuan a year.
    II,
    /// Five external checks, or face to face: 200,000 yuan a year.
    III,
}

impl AccountClass {
    /// Every class.
    pub const ALL: [AccountClass; 3] = [AccountClass::I, AccountClass::II, AccountClass::III];

    /// The name as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccountClass::I => "I",
            AccountClass::II => "II",
            AccountClass::III => "III",
        }
    }

    /// The class of a stored name.
    pub fn parse(text: &str) -> Option<AccountClass> {
        AccountClass::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// The caps that the law puts on payments from the balance.
    pub const fn caps(self) -> ClassCaps {
        match self {
            AccountClass::I => ClassCaps { year: None, lifetime: Some(Money::fen(100_000)) },
            AccountClass::II => ClassCaps { year: Some(Money::fen(10_000_000)), lifetime: None },
            AccountClass::III => ClassCaps { year: Some(Money::fen(20_000_000)), lifetime: None },
        }
    }
}

/// The caps of an account class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ClassCaps {
    /// In a calendar year; transfers to the person's own bank account do not count.
    pub year: Option<Money>,
    /// Since the account was opened; everything counts, and refunds give nothing back.
    pub lifetime: Option<Money>,
}

/// How strongly a payment by barcode is proven 条码支付风险防范能力分级.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum BarcodeLevel {
    /// Two factors, one of them a certificate or an electronic signature: cap by agreement.
    A,
    /// Two factors: 5,000 yuan a day.
    B,
    /// Less than two factors, a payer code without PIN: 1,000 yuan a day.
    C,
    /// A static code, whatever the proof: 500 yuan a day.
    D,
}

impl BarcodeLevel {
    /// The cap of a day for one bank card, or for all payment accounts together. `None`: by agreement.
    pub const fn day_cap(self) -> Option<Money> {
        match self {
            BarcodeLevel::A => None,
            BarcodeLevel::B => Some(Money::fen(500_000)),
            BarcodeLevel::C => Some(Money::fen(100_000)),
            BarcodeLevel::D => Some(Money::fen(50_000)),
        }
    }
}

/// What is left of each limit that applies. `None`: the limit does not apply to this payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Usage {
    /// The most that one payment may be (the cap of a payer code, of a card, of the service).
    pub single_cap: Option<Money>,
    /// Left today.
    pub day_left: Option<Money>,
    /// Left this year.
    pub year_left: Option<Money>,
    /// Left in the life of the account (class I).
    pub lifetime_left: Option<Money>,
    /// Left today for printed codes.
    pub static_left: Option<Money>,
}

impl Usage {
    /// The limits that apply, in the order in which equals are reported.
    fn applying(&self) -> impl Iterator<Item = (LimitRule, Money)> {
        [
            (LimitRule::Single, self.single_cap),
            (LimitRule::StaticCode, self.static_left),
            (LimitRule::Day, self.day_left),
            (LimitRule::Year, self.year_left),
            (LimitRule::Lifetime, self.lifetime_left),
        ]
        .into_iter()
        .filter_map(|(rule, left)| left.map(|left| (rule, left)))
    }
}

/// Which limit was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum LimitRule {
    /// The amount is zero.
    Zero,
    /// The amount is negative.
    Negative,
    /// The amount is of another currency than a limit.
    Currency,
    /// The cap of one payment.
    Single,
    /// The day's limit for printed codes.
    StaticCode,
    /// The day's limit.
    Day,
    /// The year's limit.
    Year,
    /// The lifetime limit of class I.
    Lifetime,
    /// The cap of one payment on a phone that took another's place.
    NewPhoneSingle,
    /// The same for its first 24 hours together.
    NewPhoneDay,
    /// The cap of one payment that the person set.
    OwnSingle,
    /// The day's cap that the person set.
    OwnDay,
    /// The day's limit for payer codes.
    CodeDay,
    /// The cap of one payment from this card.
    CardSingle,
    /// The day's limit of this card.
    CardDay,
    /// The day's limit for top-ups.
    TopUpDay,
    /// The day's limit for withdrawals to cards.
    WithdrawDay,
    /// The day's limit for transfers to other persons.
    TransferDay,
}

impl LimitRule {
    /// The name in calls and words.
    pub const fn as_str(self) -> &'static str {
        match self {
            LimitRule::Zero => "zero",
            LimitRule::Negative => "negative",
            LimitRule::Currency => "currency",
            LimitRule::Single => "single",
            LimitRule::StaticCode => "static_code",
            LimitRule::Day => "day",
            LimitRule::Year => "year",
            LimitRule::Lifetime => "lifetime",
            LimitRule::NewPhoneSingle => "new_phone_single",
            LimitRule::NewPhoneDay => "new_phone_day",
            LimitRule::OwnSingle => "own_single",
            LimitRule::OwnDay => "own_day",
            LimitRule::CodeDay => "code_day",
            LimitRule::CardSingle => "card_single",
            LimitRule::CardDay => "card_day",
            LimitRule::TopUpDay => "top_up_day",
            LimitRule::WithdrawDay => "withdraw_day",
            LimitRule::TransferDay => "transfer_day",
        }
    }

    /// The code in the catalogue of errors.
    pub const fn code(self) -> Code {
        match self {
            LimitRule::Zero => Code::AmountZero,
            LimitRule::Negative => Code::AmountNegative,
            LimitRule::Currency => Code::CurrencyUnknown,
            LimitRule::Single | LimitRule::CardSingle => Code::LimitSingle,
            LimitRule::StaticCode => Code::LimitStaticCode,
            LimitRule::Day | LimitRule::CodeDay | LimitRule::CardDay | LimitRule::TopUpDay | LimitRule::WithdrawDay | LimitRule::TransferDay => Code::LimitDay,
            LimitRule::Year => Code::LimitYear,
            LimitRule::Lifetime => Code::LimitLifetime,
            LimitRule::NewPhoneSingle | LimitRule::NewPhoneDay => Code::LimitNewDevice,
            LimitRule::OwnSingle => Code::LimitOwnSingle,
            LimitRule::OwnDay => Code::LimitOwnDay,
        }
    }
}

/// The limit that an amount hits; of several the tightest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[error("the amount is above a limit")]
pub struct LimitHit {
    /// Which limit.
    pub rule: LimitRule,
    /// The most that it allows now; zero when nothing is left.
    pub left: Money,
}

impl LimitHit {
    /// The code in the catalogue of errors.
    pub const fn code(&self) -> Code {
        self.rule.code()
    }
}

/// Whether `amount` is within every limit that applies. Of several limits that are hit, the one
/// with the least left is reported: an amount of [`LimitHit::left`] passes all of them.
pub fn check(amount: Money, usage: &Usage) -> Result<(), LimitHit> {
    let zero = Money { minor: 0, currency: amount.currency };
    if amount.minor <= 0 {
        let rule = if amount.minor == 0 { LimitRule::Zero } else { LimitRule::Negative };
        return Err(LimitHit { rule, left: zero });
    }
    if usage.applying().any(|(_, left)| left.currency != amount.currency) {
        return Err(LimitHit { rule: LimitRule::Currency, left: zero });
    }
    match tightest(usage) {
        Some((rule, left)) if amount.minor > left.minor => {
            Err(LimitHit { rule, left: Money { minor: left.minor.max(0), ..left } })
        }
        _ => Ok(()),
    }
}

/// The most that can be paid now, `None` when no limit applies. Never negative.
pub fn most(usage: &Usage) -> Option<Money> {
    tightest(usage).map(|(_, left)| Money { minor: left.minor.max(0), ..left })
}

fn tightest(usage: &Usage) -> Option<(LimitRule, Money)> {
    usage.applying().min_by_key(|(_, left)| left.minor)
}

/// The time over which a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Period {
    /// A calendar day in UTC+8.
    Day,
    /// A calendar year in UTC+8.
    Year,
    /// Since the account was opened.
    Lifetime,
}

/// One movement that a limit may count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Movement {
    /// A payment.
    Spent {
        /// How much; not negative.
        amount: Money,
        /// When.
        at: Timestamp,
        /// A transfer to the person's own bank account: only the lifetime limit counts it.
        own_account: bool,
    },
    /// A refund.
    Refunded {
        /// How much; not negative.
        amount: Money,
        /// When it came back.
        at: Timestamp,
        /// When the payment was made.
        paid_at: Timestamp,
        /// Whether the payment went to the person's own bank account.
        own_account: bool,
    },
}

/// What the movements use up of a limit of `period` at the time `now`. A refund gives back what
/// its payment used up when both lie within the period of `now`; a lifetime limit gives nothing back.
pub fn used(period: Period, now: Timestamp, movements: &[Movement]) -> Result<Money, MoneyError> {
    let within = |at: Timestamp| match period {
        Period::Day => at.china_day() == now.china_day(),
        Period::Year => at.china_year() == now.china_year(),
        Period::Lifetime => true,
    };
    let counts = |own_account: bool| !own_account || period == Period::Lifetime;
    let mut total = Money::fen(0);
    for movement in movements {
        match *movement {
            Movement::Spent { amount, at, own_account } => {
                let amount = not_negative(amount)?;
                if within(at) && counts(own_account) {
                    total = total.plus(amount)?;
                }
            }
            Movement::Refunded { amount, at, paid_at, own_account } => {
                let amount = not_negative(amount)?;
                let gives_back = period != Period::Lifetime && within(at) && within(paid_at);
                if gives_back && counts(own_account) {
                    total = total.minus(amount)?;
                }
            }
        }
    }
    Ok(Money { minor: total.minor.max(0), ..total })
}

/// What is left of a cap: never negative, never more than the cap.
pub fn left(cap: Money, used: Money) -> Result<Money, MoneyError> {
    let left = not_negative(cap)?.minus(not_negative(used)?)?;
    Ok(Money { minor: left.minor.max(0), ..left })
}

fn not_negative(amount: Money) -> Result<Money, MoneyError> {
    if amount.minor < 0 { Err(MoneyError::Negative) } else { Ok(amount) }
}

#[cfg(test)]
mod tests;
