//! Every limit that applies to a payment: which, its cap, what is used, what is left, when it begins anew, and whether this
//! payment breaks it. The lines stand in the order in which the service looks, so that the first one that is broken is the
//! reason that the service gives.

use super::{MoveCaps, Rules};
use crate::limits::{AccountClass, BarcodeLevel, LimitRule, Period};
use kabao_base::{Code, Money, Timestamp};

/// Debit or credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardSort {
    /// The person's own money 借记卡.
    Debit,
    /// The bank's money 信用卡.
    Credit,
}

impl CardSort {
    /// The sort of a name; a quasi-credit card 准贷记卡 is one of credit, a prepaid card one of debit.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::rules::CardSort;
    /// assert_eq!(CardSort::parse("quasi_credit"), Some(CardSort::Credit));
    /// ```
    pub fn parse(text: &str) -> Option<CardSort> {
        match text {
            "debit" | "prepaid" => Some(CardSort::Debit),
            "credit" | "quasi_credit" => Some(CardSort::Credit),
            _ => None,
        }
    }
}

/// How a payment is made, as far as rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PayChannel {
    /// From a card to the balance 充值.
    TopUp,
    /// A merchant's printed code 静态收款码, confirmed with a proof: level D.
    PrintedCode,
    /// The payer code 付款码 below its cap: fewer than two factors, level C.
    PayerCode,
    /// A merchant's question that the person confirms: two factors, level B.
    Question,
    /// From the balance to a bound debit card of the same person 提现.
    Withdraw,
    /// From the balance to another person 转账.
    Transfer,
}

impl PayChannel {
    /// Every channel.
    pub const ALL: [PayChannel; 6] = [
        PayChannel::TopUp,
        PayChannel::PrintedCode,
        PayChannel::PayerCode,
        PayChannel::Question,
        PayChannel::Withdraw,
        PayChannel::Transfer,
    ];

    /// The name in rules and calls.
    pub const fn as_str(self) -> &'static str {
        match self {
            PayChannel::TopUp => "top_up",
            PayChannel::PrintedCode => "pay",
            PayChannel::PayerCode => "code",
            PayChannel::Question => "ask",
            PayChannel::Withdraw => "withdraw",
            PayChannel::Transfer => "transfer",
        }
    }

    /// The channel of a name.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::rules::PayChannel;
    /// assert_eq!(PayChannel::parse("pay"), Some(PayChannel::PrintedCode));
    /// assert_eq!(PayChannel::parse("tea"), None);
    /// ```
    pub fn parse(text: &str) -> Option<PayChannel> {
        PayChannel::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// How.
    pub channel: PayChannel,
    /// From which card, its bank and sort; absent: from the balance.
    pub card: Option<(String, CardSort)>,
    /// Amount and fee; absent: what applies at all.
    pub total: Option<Money>,
}

/// Caps that the person set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnCaps {
    /// The most in one payment.
    pub single: Option<Money>,
    /// The most in a calendar day of UTC+8, all sources together.
    pub day: Option<Money>,
}

/// How the account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Its class; absent before the real-name check.
    pub class: Option<AccountClass>,
    /// Until when limits are low because the phone took another's place.
    pub low_until: Option<Timestamp>,
    /// Caps that the person set.
    pub own: OwnCaps,
}

/// What is used up of each counter, in fen. Days and years are those of the time asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// From the balance today.
    pub day: i64,
    /// From the balance today, to printed codes.
    pub static_day: i64,
    /// From the balance today, by payer codes.
    pub code_day: i64,
    /// From the balance this year.
    pub year: i64,
    /// From the balance since the account was opened.
    pub life: i64,
    /// What the balance holds, held or not: of class I its lifetime has to have room for all of it, so that no money lies where it
    /// can never be spent.
    pub kept: i64,
    /// Since limits are low.
    pub low: i64,
    /// From every source today.
    pub own_day: i64,
    /// Topped up today.
    pub top_up_day: i64,
    /// Withdrawn to cards today.
    pub withdraw_day: i64,
    /// Transferred to other persons today.
    pub transfer_day: i64,
    /// From this card today.
    pub card_day: i64,
    /// From this card today, to printed codes.
    pub card_static: i64,
}

/// One limit that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitLine {
    /// Which.
    pub rule: LimitRule,
    /// Over which time it counts; absent for the cap of one payment.
    pub period: Option<Period>,
    /// The cap.
    pub cap: Money,
    /// What the service counted.
    pub used: Money,
    /// What this phone may have spent beside that.
    pub reserved: Money,
    /// What is left; never negative.
    pub left: Money,
    /// The first moment at which it begins anew.
    pub resets_at: Option<Timestamp>,
    /// Whether the payment breaks it; without an amount, whether nothing is left.
    pub bites: bool,
}

impl LimitLine {
    /// The code in the catalogue of errors.
    pub fn code(&self) -> Code {
        self.rule.code()
    }
}

struct Maker<'a> {
    asked: &'a Asked,
    now: Timestamp,
    lines: Vec<LimitLine>,
}

impl Maker<'_> {
    fn single(&mut self, rule: LimitRule, cap: Option<Money>) {
        self.line(rule, None, cap, 0, 0, None);
    }

    fn day(&mut self, rule: LimitRule, cap: Option<Money>, used: i64, reserved: i64) {
        let end = self.now.china_day_end();
        self.line(rule, Some(Period::Day), cap, used, reserved, Some(end));
    }

    fn line(&mut self, rule: LimitRule, period: Option<Period>, cap: Option<Money>, used: i64, reserved: i64, resets_at: Option<Timestamp>) {
        let Some(cap) = cap else { return };
        let (used, reserved) = (used.max(0), reserved.max(0));
        let left = cap.minor.saturating_sub(used).saturating_sub(reserved).max(0);
        let bites = self.asked.total.map_or(left == 0, |total| total.minor > left);
        let of = Money::fen;
        self.lines.push(LimitLine { rule, period, cap, used: of(used), reserved: of(reserved), left: of(left), resets_at, bites });
    }
}

impl Rules {
    /// Every limit that applies, in the order in which the service looks. `reserved` is what this phone may have spent and the
    /// service had not counted: codes that were shown, payments without a result.
    ///
    /// # Examples
    /// ```
    /// use kabao_base::{Money, Timestamp};
    /// use kabao_money::{limits::{AccountClass, LimitRule}, rules::{Asked, PayChannel, Rules, Standing, Used}};
    /// let asked = Asked { channel: PayChannel::PrintedCode, card: None, total: Some(Money::fen(20_000)) };
    /// let standing = Standing { class: Some(AccountClass::II), ..Standing::default() };
    /// let used = Used { static_day: 40_000, ..Used::default() };
    /// let lines = Rules::shipped().explain(&asked, &standing, &used, &Used::default(), Timestamp::from_ms(0));
    /// let broken = lines.iter().find(|line| line.bites).unwrap();
    /// assert_eq!((broken.rule, broken.left), (LimitRule::StaticCode, Money::fen(10_000)));
    /// ```
    pub fn explain(&self, asked: &Asked, standing: &Standing, used: &Used, reserved: &Used, now: Timestamp) -> Vec<LimitLine> {
        let mut maker = Maker { asked, now, lines: Vec::new() };
        if asked.channel == PayChannel::TopUp {
            maker.single(LimitRule::Single, self.top_up.single);
            maker.day(LimitRule::TopUpDay, self.top_up.day, used.top_up_day, reserved.top_up_day);
            if let Some(class) = standing.class {
                let (all, coming) = (used.life.saturating_add(used.kept), reserved.kept);
                maker.line(LimitRule::Lifetime, Some(Period::Lifetime), self.class_caps(class).lifetime, all, coming, None);
            }
            return maker.lines;
        }
        if asked.channel == PayChannel::Withdraw {
            self.withdraw_lines(&mut maker, standing, used, reserved);
            return maker.lines;
        }
        let of_transfer = self.transfer.single.filter(|_| asked.channel == PayChannel::Transfer);
        let lower = of_transfer.map_or(self.single, |cap| Money { minor: cap.minor.min(self.single.minor), ..cap });
        maker.single(LimitRule::Single, Some(lower));
        if let Some(until) = standing.low_until.filter(|until| now < *until) {
            maker.line(LimitRule::NewPhoneSingle, None, Some(self.new_phone.0), 0, 0, Some(until));
            maker.line(LimitRule::NewPhoneDay, None, Some(self.new_phone.1), used.low, reserved.low, Some(until));
        }
        maker.single(LimitRule::OwnSingle, standing.own.single);
        maker.day(LimitRule::OwnDay, standing.own.day, used.own_day, reserved.own_day);
        match &asked.card {
            Some((bank, sort)) => self.card_lines(&mut maker, self.card_caps(bank, *sort), used, reserved),
            None => self.balance_lines(&mut maker, standing, used, reserved),
        }
        maker.lines
    }

    /// Money that stays the person's own is not spent: the law's caps of day and year leave it out, for the same name at a bank
    /// (PBOC Announcement 2015 No. 43, articles 11 and 24). Class I counts it in its lifetime, but is never refused for it: a top-up
    /// is taken only as far as the lifetime has room, so that what lies beyond is money that came back, which stays the person's.
    fn withdraw_lines(&self, maker: &mut Maker<'_>, standing: &Standing, used: &Used, reserved: &Used) {
        maker.single(LimitRule::Single, self.withdraw.single);
        if let Some(until) = standing.low_until.filter(|until| maker.now < *until) {
            maker.line(LimitRule::NewPhoneSingle, None, Some(self.new_phone.0), 0, 0, Some(until));
            maker.line(LimitRule::NewPhoneDay, None, Some(self.new_phone.1), used.low, reserved.low, Some(until));
        }
        maker.day(LimitRule::WithdrawDay, self.withdraw.day, used.withdraw_day, reserved.withdraw_day);
    }

    fn card_lines(&self, maker: &mut Maker<'_>, caps: MoveCaps, used: &Used, reserved: &Used) {
        maker.single(LimitRule::CardSingle, caps.single);
        if maker.asked.channel == PayChannel::PrintedCode {
            maker.day(LimitRule::StaticCode, self.barcode_day(BarcodeLevel::D), used.card_static, reserved.card_static);
        }
        maker.day(LimitRule::CardDay, caps.day, used.card_day, reserved.card_day);
    }

    fn balance_lines(&self, maker: &mut Maker<'_>, standing: &Standing, used: &Used, reserved: &Used) {
        match maker.asked.channel {
            PayChannel::PrintedCode => maker.day(LimitRule::StaticCode, self.barcode_day(BarcodeLevel::D), used.static_day, reserved.static_day),
            PayChannel::PayerCode => maker.day(LimitRule::CodeDay, self.barcode_day(BarcodeLevel::C), used.code_day, reserved.code_day),
            PayChannel::Transfer => maker.day(LimitRule::TransferDay, self.transfer.day, used.transfer_day, reserved.transfer_day),
            // Two factors have the day of all payments and no narrower one.
            PayChannel::Question | PayChannel::TopUp | PayChannel::Withdraw => {}
        }
        maker.day(LimitRule::Day, Some(self.day), used.day, reserved.day);
        if let Some(class) = standing.class {
            let (caps, now) = (self.class_caps(class), maker.now);
            maker.line(LimitRule::Year, Some(Period::Year), caps.year, used.year, reserved.year, Some(now.china_year_end()));
            maker.line(LimitRule::Lifetime, Some(Period::Lifetime), caps.lifetime, used.life, reserved.life, None);
        }
    }
}

#[cfg(test)]
mod tests;
