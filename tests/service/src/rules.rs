//! The operator's rules as the service itself reads and keeps them: limits, fees, maintenance. Read here a second time, not with
//! the wallet's reader, so that the two can be held against each other. The law is the constants below: rules that allow
//! more are published like any other bytes, and not followed.

use kabao_base::Timestamp;
use serde::Deserialize;

/// Two factors without a certificate: all payment accounts of a person, a day (PBOC Announcement 2015 No. 43, article 24).
pub const LAW_DAY: i64 = 500_000;
/// Fewer than two factors: a day (银发〔2017〕296号).
pub const LAW_CODE_DAY: i64 = 100_000;
/// A printed code (class D): a day.
pub const LAW_STATIC_DAY: i64 = 50_000;
/// Class I: payments from the balance since the account was opened.
pub const LAW_CLASS_1_LIFE: i64 = 100_000;
/// Class II: payments from the balance a year.
pub const LAW_CLASS_2_YEAR: i64 = 10_000_000;
/// Class III: the same.
pub const LAW_CLASS_3_YEAR: i64 = 20_000_000;

/// What ships.
pub const SHIPPED: &[u8] = include_bytes!("../../../core/money/src/table/rules.json");

/// One version of the rules; fen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Higher is newer.
    pub version: u64,
    currency: String,
    /// At most this much in one payment.
    pub single: i64,
    /// From the balance, a day.
    pub day: i64,
    classes: Vec<Class>,
    barcodes: Vec<Barcode>,
    cards: Vec<CardRow>,
    /// In the first 24 hours of a phone that took another's place.
    pub new_phone: NewPhone,
    /// Into the balance.
    pub top_up: Caps,
    /// From the balance to a bound card.
    pub withdraw: Caps,
    /// From the balance to another person.
    pub transfer: Caps,
    /// What credit cards may be used for.
    pub credit: Credit,
    step_up: Vec<StepUp>,
    own_caps: OwnCaps,
    fees: Vec<Fee>,
    maintenance: Vec<Rest>,
}

/// Caps of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// At once.
    pub single: Option<i64>,
    /// A day.
    pub day: Option<i64>,
}

/// Caps of a new phone.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPhone {
    /// At once.
    pub single: i64,
    /// All payments of those hours together.
    pub day: i64,
}

/// What credit cards may be used for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Into the balance.
    pub top_up: bool,
    /// To a merchant.
    pub pay: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    class: String,
    year: Option<i64>,
    lifetime: Option<i64>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Barcode {
    level: String,
    day: Option<i64>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardRow {
    bank: Option<String>,
    kind: Option<String>,
    single: Option<i64>,
    day: Option<i64>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepUp {
    day_at_least: i64,
    needs: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnCaps {
    raise_wait_ms: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fee {
    kind: String,
    card: Option<String>,
    rate_ppm: i64,
    min: i64,
    max: Option<i64>,
    free: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest {
    from: i64,
    until: i64,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    banks: Vec<String>,
}

impl Rest {
    fn is_open(&self, channel: &str, now: Timestamp) -> bool {
        (self.from..self.until).contains(&now.as_ms()) && (self.channels.is_empty() || self.channels.iter().any(|name| name == channel))
    }
}

/// `debit` or `credit`, whatever finer name a card has.
fn sort(kind: &str) -> &'static str {
    if matches!(kind, "credit" | "quasi_credit") { "credit" } else { "debit" }
}

impl Rules {
    /// Reads rules; nothing when they cannot be read or allow more than the law.
    pub fn read(bytes: &[u8]) -> Option<Rules> {
        let rules: Rules = serde_json::from_slice(bytes).ok()?;
        let under = |cap: Option<i64>, law: i64| cap.is_some_and(|cap| (0..=law).contains(&cap));
        let lawful = rules.currency == "CNY"
            && (0..=LAW_DAY).contains(&rules.day)
            && (0..=LAW_DAY).contains(&rules.new_phone.day)
            && rules.single >= 0
            && rules.classes.len() == 3
            && rules.barcodes.len() == 4
            && under(rules.class(1).1, LAW_CLASS_1_LIFE)
            && under(rules.class(2).0, LAW_CLASS_2_YEAR)
            && under(rules.class(3).0, LAW_CLASS_3_YEAR)
            && under(rules.barcode("B"), LAW_DAY)
            && under(rules.barcode("C"), LAW_CODE_DAY)
            && under(rules.barcode("D"), LAW_STATIC_DAY)
            && rules.cards.iter().all(|row| under(row.day, LAW_DAY))
            && rules.step_up.len() <= 1
            && rules.step_up.iter().all(|step| step.needs == "pin" && step.day_at_least >= 0)
            && (3_600_000..=30 * 86_400_000).contains(&rules.own_caps.raise_wait_ms)
            && rules.fees.iter().all(|fee| (0..=1_000_000).contains(&fee.rate_ppm) && fee.min >= 0 && fee.free >= 0 && fee.max.is_none_or(|max| max >= fee.min))
            && rules.maintenance.iter().all(|rest| rest.from < rest.until && rest.banks.iter().all(|bank| !bank.is_empty()));
        lawful.then_some(rules)
    }

    /// What ships.
    pub fn shipped() -> Option<Rules> {
        Rules::read(SHIPPED)
    }

    /// Year and lifetime of a class.
    pub fn class(&self, class: i64) -> (Option<i64>, Option<i64>) {
        let name = match class {
            1 => "I",
            2 => "II",
            _ => "III",
        };
        self.classes.iter().find(|row| row.class == name).map_or((None, None), |row| (row.year, row.lifetime))
    }

    fn barcode(&self, level: &str) -> Option<i64> {
        self.barcodes.iter().find(|row| row.level == level).and_then(|row| row.day)
    }

    /// Payer codes below their cap, from the balance, a day.
    pub fn code_day(&self) -> i64 {
        self.barcode("C").unwrap_or(0)
    }

    /// Printed codes, a day.
    pub fn static_day(&self) -> i64 {
        self.barcode("D").unwrap_or(0)
    }

    /// The caps of a card.
    pub fn card(&self, bank: &str, kind: &str) -> Caps {
        let fits = |row: &&CardRow| row.bank.as_ref().is_none_or(|name| name == bank) && row.kind.as_ref().is_none_or(|own| sort(own) == sort(kind));
        let found = self.cards.iter().find(fits).map(|row| Caps { single: row.single, day: row.day });
        found.unwrap_or(Caps { single: None, day: self.barcode("B") })
    }

    /// From how much a day on the PIN is needed.
    pub fn step_up(&self) -> Option<i64> {
        self.step_up.first().map(|step| step.day_at_least)
    }

    /// How long a higher cap of one's own waits.
    pub fn raise_wait_ms(&self) -> i64 {
        self.own_caps.raise_wait_ms
    }

    /// How long maintenance of a channel goes on, in milliseconds; nothing when there is none.
    pub fn rests(&self, channel: &str, now: Timestamp) -> Option<i64> {
        let open = |rest: &&Rest| rest.banks.is_empty() && rest.is_open(channel, now);
        self.maintenance.iter().find(open).map(|rest| rest.until.saturating_sub(now.as_ms()))
    }

    /// Until when cards of a bank rest, for every channel or for one; nothing when they do not.
    pub fn bank_rests(&self, bank: &str, channel: Option<&str>, now: Timestamp) -> Option<Timestamp> {
        let open = |rest: &&Rest| rest.banks.iter().any(|name| name == bank) && rest.is_open(channel.unwrap_or_default(), now);
        self.maintenance.iter().filter(open).map(|rest| Timestamp::from_ms(rest.until)).max()
    }

    /// The fee of a movement when `free_used` of the free quota is gone: the rate on what is not free, half a fen is a fen, then
    /// least and most; nothing where nothing is charged.
    pub fn fee(&self, kind: &str, card: Option<&str>, amount: i64, free_used: i64) -> i64 {
        let fits = |row: &&Fee| row.kind == kind && (row.card.is_none() || row.card.as_deref().map(sort) == card.map(sort));
        let Some(row) = self.fees.iter().find(fits) else { return 0 };
        let charged = amount.saturating_sub(row.free.saturating_sub(free_used).max(0)).max(0);
        if charged == 0 || row.rate_ppm == 0 {
            return 0;
        }
        let product = i128::from(charged) * i128::from(row.rate_ppm) + 500_000;
        let rated = i64::try_from(product / 1_000_000).unwrap_or(i64::MAX);
        rated.max(row.min).min(row.max.unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(change: impl FnOnce(&mut Value)) -> Option<Rules> {
        let mut rules: Value = serde_json::from_slice(SHIPPED).unwrap();
        change(&mut rules);
        Rules::read(rules.to_string().as_bytes())
    }

    #[test]
    fn cards_of_a_bank_rest_by_the_rules_and_the_service_goes_on() {
        let rules = read(|rules| {
            rules["maintenance"] = json!([{"from": 100, "until": 200, "channels": ["top_up"], "banks": ["甲银行"]}, {"from": 150, "until": 300, "banks": ["甲银行"]}]);
        })
        .unwrap();
        let until = |bank: &str, channel: Option<&str>, at| rules.bank_rests(bank, channel, Timestamp::from_ms(at)).map(Timestamp::as_ms);
        assert_eq!([until("甲银行", Some("top_up"), 120), until("甲银行", Some("pay"), 120), until("甲银行", Some("top_up"), 160)], [Some(200), None, Some(300)]);
        assert_eq!([until("甲银行", None, 160), until("甲银行", None, 300), until("乙银行", None, 160)], [Some(300), None, None]);
        assert_eq!(rules.rests("top_up", Timestamp::from_ms(160)), None);
        assert!(read(|rules| rules["maintenance"] = json!([{"from": 1, "until": 2, "banks": [""]}])).is_none());
    }

    #[test]
    fn what_ships_is_followed_and_what_is_above_the_law_is_not() {
        let rules = read(|_| {}).unwrap();
        assert_eq!((rules.code_day(), rules.static_day(), rules.class(1), rules.class(3)), (100_000, 50_000, (None, Some(100_000)), (Some(20_000_000), None)));
        type Change = fn(&mut Value);
        let unlawful: [Change; 6] = [
            |rules| rules["day"] = json!(500_001),
            |rules| rules["classes"][0]["lifetime"] = json!(null),
            |rules| rules["classes"][1]["year"] = json!(10_000_001),
            |rules| rules["barcodes"][3]["day"] = json!(50_001),
            |rules| rules["barcodes"][2]["day"] = json!(null),
            |rules| rules["cards"][0]["day"] = json!(500_001),
        ];
        assert!(unlawful.into_iter().all(|change| read(change).is_none()));
    }

    #[test]
    fn half_a_fen_is_a_fen_and_the_free_quota_goes_first() {
        let rules = read(|rules| {
            rules["fees"] = json!([
                {"kind": "top_up", "card": "credit", "rate_ppm": 6_000, "min": 10, "max": 500, "free": 1_000},
                {"kind": "pay", "card": null, "rate_ppm": 500_000, "min": 0, "max": null, "free": 0},
            ]);
        })
        .unwrap();
        let top_up = |amount, used| rules.fee("top_up", Some("quasi_credit"), amount, used);
        assert_eq!([top_up(1_000, 0), top_up(1_001, 0), top_up(10_000, 5_000), top_up(1_000_000, 0)], [0, 10, 60, 500]);
        assert_eq!([rules.fee("pay", None, 1, 0), rules.fee("top_up", Some("debit"), 10_000, 0), rules.fee("ask", None, 9, 0)], [1, 0, 0]);
    }
}
