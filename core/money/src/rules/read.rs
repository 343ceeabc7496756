//! Reading rules: every field typed, every amount bounded, the law above all.

use super::{CardCaps, CardSort, PayChannel, FeeRow, MoveCaps, Rules, StepUp, Window};
use crate::fees::{FeeKind, FeeRule};
use crate::law::Strength;
use crate::limits::{AccountClass, BarcodeLevel, ClassCaps};
use kabao_base::{Code, Money, Timestamp};
use serde::Deserialize;

/// The largest rules, in bytes: what a feed carries.
pub const MAX_RULES: usize = 60 * 1024;
/// No amount above this is an amount: one hundred million yuan.
const AMOUNT_MAX: i64 = 10_000_000_000;
/// At most so many rows of a table.
const ROWS: usize = 256;
const HOUR_MS: i64 = 3_600_000;
/// A higher cap of one's own waits at least an hour and at most a month.
const RAISE_WAIT: (i64, i64) = (HOUR_MS, 30 * 24 * HOUR_MS);

/// Why rules were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Longer than a feed.
    #[error("the rules are too long")]
    TooLong,
    /// Not the shape of rules; names the part.
    #[error("the rules cannot be read: {0}")]
    Malformed(&'static str),
    /// They allow more than the law; names the part.
    #[error("the rules allow more than the law: {0}")]
    Unlawful(&'static str),
}

impl RulesError {
    /// The code in the catalogue of errors.
    pub const fn code(self) -> Code {
        match self {
            RulesError::Unlawful(_) => Code::FeedUnlawful,
            _ => Code::FeedMalformed,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    version: u64,
    currency: String,
    single: i64,
    day: i64,
    classes: Vec<ClassRow>,
    barcodes: Vec<BarcodeRow>,
    cards: Vec<CardRow>,
    new_phone: Both,
    top_up: Caps,
    withdraw: Caps,
    transfer: Caps,
    credit: Credit,
    step_up: Vec<Step>,
    own_caps: Own,
    fees: Vec<Fee>,
    maintenance: Vec<Rest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassRow {
    class: String,
    year: Option<i64>,
    lifetime: Option<i64>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BarcodeRow {
    level: String,
    day: Option<i64>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardRow {
    bank: Option<String>,
    kind: Option<String>,
    single: Option<i64>,
    day: Option<i64>,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    single: i64,
    day: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caps {
    single: Option<i64>,
    day: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credit {
    top_up: bool,
    pay: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    day_at_least: i64,
    needs: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    raise_wait_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fee {
    kind: String,
    card: Option<String>,
    rate_ppm: u32,
    min: i64,
    max: Option<i64>,
    free: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest {
    from: i64,
    until: i64,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    banks: Vec<String>,
}

impl Rules {
    /// Reads rules and holds them against the law.
    ///
    /// # Errors
    /// [`RulesError::Unlawful`] when one number is above what the law allows, [`RulesError::Malformed`] for everything that
    /// this version does not know.
    ///
    /// # Examples
    /// ```
    /// use kabao_money::rules::{Rules, RulesError};
    /// assert_eq!(Rules::parse(b"{}"), Err(RulesError::Malformed("json")));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Rules, RulesError> {
        if bytes.len() > MAX_RULES {
            return Err(RulesError::TooLong);
        }
        let sheet: Sheet = serde_json::from_slice(bytes).map_err(|_| RulesError::Malformed("json"))?;
        if sheet.currency != "CNY" {
            return Err(RulesError::Malformed("currency"));
        }
        let rows = [sheet.cards.len(), sheet.fees.len(), sheet.maintenance.len(), sheet.step_up.len()];
        if rows.into_iter().any(|count| count > ROWS) {
            return Err(RulesError::TooLong);
        }
        let step_up = match sheet.step_up.as_slice() {
            [] => None,
            [step] if step.needs == "pin" => Some(StepUp { day_at_least: amount(step.day_at_least, "step_up")? }),
            _ => return Err(RulesError::Malformed("step_up")),
        };
        let wait = sheet.own_caps.raise_wait_ms;
        if !(RAISE_WAIT.0..=RAISE_WAIT.1).contains(&wait) {
            return Err(RulesError::Malformed("own_caps"));
        }
        // Finger or PIN with the phone are two kinds: what the law leaves to them is the most that a day has.
        let two = Strength::Two.day_cap();
        let day = amount(sheet.day, "day")?;
        at_most(Some(day), two, "day")?;
        let new_phone = (amount(sheet.new_phone.single, "new_phone")?, amount(sheet.new_phone.day, "new_phone")?);
        at_most(Some(new_phone.1), two, "new_phone")?;
        Ok(Rules {
            version: Some(sheet.version).filter(|version| (1..=i64::MAX.unsigned_abs()).contains(version)).ok_or(RulesError::Malformed("version"))?,
            single: amount(sheet.single, "single")?,
            day,
            classes: classes(&sheet.classes)?,
            barcodes: barcodes(&sheet.barcodes)?,
            cards: sheet.cards.into_iter().map(card).collect::<Result<_, _>>()?,
            new_phone,
            top_up: caps(&sheet.top_up, "top_up")?,
            withdraw: caps(&sheet.withdraw, "withdraw")?,
            transfer: caps(&sheet.transfer, "transfer")?,
            credit_tops_up: sheet.credit.top_up,
            credit_pays: sheet.credit.pay,
            step_up,
            raise_wait_ms: wait,
            fees: sheet.fees.iter().map(fee).collect::<Result<_, _>>()?,
            maintenance: sheet.maintenance.iter().map(window).collect::<Result<_, _>>()?,
        })
    }
}

fn amount(fen: i64, part: &'static str) -> Result<Money, RulesError> {
    if (0..=AMOUNT_MAX).contains(&fen) { Ok(Money::fen(fen)) } else { Err(RulesError::Malformed(part)) }
}

fn maybe(fen: Option<i64>, part: &'static str) -> Result<Option<Money>, RulesError> {
    fen.map(|fen| amount(fen, part)).transpose()
}

/// Where the law has a cap, the rules have one that is not higher.
fn at_most(cap: Option<Money>, law: Option<Money>, part: &'static str) -> Result<(), RulesError> {
    let lawful = law.is_none_or(|law| cap.is_some_and(|cap| cap.minor <= law.minor));
    if lawful { Ok(()) } else { Err(RulesError::Unlawful(part)) }
}

fn classes(rows: &[ClassRow]) -> Result<[ClassCaps; 3], RulesError> {
    let mut caps = AccountClass::ALL.map(AccountClass::caps);
    if rows.len() != caps.len() {
        return Err(RulesError::Malformed("classes"));
    }
    for ((class, cap), row) in AccountClass::ALL.into_iter().zip(&mut caps).zip(rows) {
        if row.class != class.as_str() {
            return Err(RulesError::Malformed("classes"));
        }
        let (law, own) = (class.caps(), ClassCaps { year: maybe(row.year, "classes")?, lifetime: maybe(row.lifetime, "classes")? });
        at_most(own.year, law.year, "classes")?;
        at_most(own.lifetime, law.lifetime, "classes")?;
        *cap = own;
    }
    Ok(caps)
}

fn barcodes(rows: &[BarcodeRow]) -> Result<[Option<Money>; 4], RulesError> {
    let levels = [(BarcodeLevel::A, "A"), (BarcodeLevel::B, "B"), (BarcodeLevel::C, "C"), (BarcodeLevel::D, "D")];
    let mut caps = [None; 4];
    if rows.len() != caps.len() {
        return Err(RulesError::Malformed("barcodes"));
    }
    for (((level, name), cap), row) in levels.into_iter().zip(&mut caps).zip(rows) {
        if row.level != name {
            return Err(RulesError::Malformed("barcodes"));
        }
        *cap = maybe(row.day, "barcodes")?;
        at_most(*cap, level.day_cap(), "barcodes")?;
    }
    Ok(caps)
}

fn card(row: CardRow) -> Result<CardCaps, RulesError> {
    let caps = MoveCaps { single: maybe(row.single, "cards")?, day: maybe(row.day, "cards")? };
    // Each card has a counter of its own, and the law's cap of two factors is on each.
    at_most(caps.day, BarcodeLevel::B.day_cap(), "cards")?;
    Ok(CardCaps { bank: row.bank, kind: row.kind.as_deref().map(kind_of).transpose()?, caps })
}

fn kind_of(text: &str) -> Result<CardSort, RulesError> {
    CardSort::parse(text).ok_or(RulesError::Malformed("cards"))
}

fn caps(caps: &Caps, part: &'static str) -> Result<MoveCaps, RulesError> {
    Ok(MoveCaps { single: maybe(caps.single, part)?, day: maybe(caps.day, part)? })
}

fn fee(row: &Fee) -> Result<FeeRow, RulesError> {
    let kind = FeeKind::parse(&row.kind).ok_or(RulesError::Malformed("fees"))?;
    let rule = FeeRule { rate_ppm: row.rate_ppm, min: amount(row.min, "fees")?, max: maybe(row.max, "fees")?, free_left: amount(row.free, "fees")? };
    if rule.rate_ppm > 1_000_000 || rule.max.is_some_and(|max| max.minor < rule.min.minor) {
        return Err(RulesError::Malformed("fees"));
    }
    Ok(FeeRow { kind, card: row.card.as_deref().map(kind_of).transpose()?, rule })
}

fn window(row: &Rest) -> Result<Window, RulesError> {
    let channels = row.channels.iter().map(|name| PayChannel::parse(name).ok_or(RulesError::Malformed("maintenance"))).collect::<Result<Vec<_>, _>>()?;
    let banks = row.banks.len() <= ROWS && row.banks.iter().all(|bank| !bank.is_empty());
    if row.from >= row.until || channels.len() > ROWS || !banks {
        return Err(RulesError::Malformed("maintenance"));
    }
    Ok(Window { from: Timestamp::from_ms(row.from), until: Timestamp::from_ms(row.until), channels, banks: row.banks.clone() })
}
