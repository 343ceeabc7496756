//! Reads an amount in capitals: its value is found leniently, and the text must then be one of the value's lawful
//! spellings. So nothing is read that nobody may write.

use super::{CapitalError, Spelling, spell};
use crate::hidden_in_code;
use kabao_base::Money;
use kabao_base::numerals::CAPITAL;

/// Characters that a lawful amount has at most: 人民币, 18 digits with a unit each, a few 零.
const LONGEST: usize = 64;

/// Reads an amount in capitals, with 人民币 before it or without. Every spelling that the rules leave open is read
/// (see the [module](super)), also 圆 for 元, 正 for 整, and the characters 貳 陸 億 萬 圓 that the annex wants accepted.
///
/// # Errors
/// [`CapitalError`]: what a clerk would say, as far as one thing is wrong; else [`CapitalError::Malformed`].
///
/// # Examples
/// ```
/// use kabao_base::Money;
/// use kabao_codes::capital::{CapitalError, read};
/// assert_eq!(read("人民币壹仟陆佰捌拾元叁角贰分"), Ok(Money::fen(168_032)));
/// assert_eq!(read("壹拾万零柒仟圆伍角叁分"), Ok(Money::fen(10_700_053)));
/// assert_eq!(read("人民币拾元整"), Err(CapitalError::TenWithoutOne));
/// assert_eq!(read("人民币壹拾元"), Err(CapitalError::NoEnd));
/// ```
pub fn read(text: &str) -> Result<Money, CapitalError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CapitalError::Empty);
    }
    if text.chars().take(LONGEST + 1).count() > LONGEST {
        return Err(CapitalError::TooLong);
    }
    if hidden_in_code(text).is_some() {
        return Err(CapitalError::Hidden);
    }
    if text.chars().any(|character| "0123456789０１２３４５６７８９〇一二两三四五六七八九十百千".contains(character)) {
        return Err(CapitalError::Everyday);
    }
    let text: String = text.chars().map(plain).collect();
    let amount = text.strip_prefix("人民币").unwrap_or(&text);
    if amount.starts_with('负') {
        return Err(CapitalError::Negative);
    }
    let fen = value(amount).ok_or(CapitalError::Malformed)?;
    if !spellings(fen).any(|spelling| spelling == amount) {
        return Err(reason(amount, fen));
    }
    i64::try_from(fen).map(Money::fen).map_err(|_| CapitalError::Overflow)
}

/// What is wrong with a spelling of `fen`, where it is one thing that has a name.
fn reason(amount: &str, fen: u128) -> CapitalError {
    let is = |other: &str| spellings(fen).any(|spelling| spelling == other);
    if is(&format!("{amount}整")) {
        return CapitalError::NoEnd;
    }
    if is(&with_one_before_ten(amount)) {
        return CapitalError::TenWithoutOne;
    }
    CapitalError::Malformed
}

fn with_one_before_ten(amount: &str) -> String {
    let mut out = String::new();
    let mut before = None;
    for character in amount.chars() {
        if character == '拾' && before.and_then(digit).unwrap_or(0) == 0 {
            out.push('壹');
        }
        out.push(character);
        before = Some(character);
    }
    out
}

/// The character that the rules are written with.
fn plain(character: char) -> char {
    match character {
        '圆' | '圓' => '元',
        '正' => '整',
        '貳' => '贰',
        '陸' => '陆',
        '億' => '亿',
        '萬' => '万',
        other => other,
    }
}

/// Every lawful spelling; at most a few dozen, because at most four 零 may be left out.
fn spellings(fen: u128) -> impl Iterator<Item = String> {
    (0..16u32).flat_map(move |optional_zeros| {
        [false, true].into_iter().flat_map(move |zero_before_jiao| {
            [false, true].into_iter().flat_map(move |end_after_jiao| {
                [false, true].into_iter().map(move |zero_yuan| {
                    spell(fen, Spelling { optional_zeros, zero_before_jiao, end_after_jiao, zero_yuan })
                })
            })
        })
    })
}

fn value(amount: &str) -> Option<u128> {
    let amount = amount.strip_suffix('整').unwrap_or(amount);
    let (whole, part) = amount.split_once('元').unwrap_or(("", amount));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let (jiao, fen) = part.split_once('角').unwrap_or(("", part));
    let fen = if fen.is_empty() { 0 } else { small(fen.strip_suffix('分')?)? };
    whole_value(whole)?.checked_mul(100)?.checked_add(small(jiao)?.checked_mul(10)?)?.checked_add(fen)
}

/// One digit, 零 before it or not.
fn small(text: &str) -> Option<u128> {
    let text = text.strip_prefix('零').unwrap_or(text);
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (None, _) => Some(0),
        (Some(character), None) => digit(character),
        _ => None,
    }
}

fn digit(character: char) -> Option<u128> {
    CAPITAL.digits.iter().position(|known| *known == character).and_then(|position| u128::try_from(position).ok())
}

/// The number before 元. The last 亿 splits first, then the last 万万 before it, then 万.
fn whole_value(text: &str) -> Option<u128> {
    for (unit, size) in [("亿", 100_000_000u128), ("万万", 100_000_000), ("万", 10_000)] {
        if let Some((high, low)) = text.rsplit_once(unit) {
            return whole_value(high)?.checked_mul(size)?.checked_add(whole_value(low)?);
        }
    }
    let (mut sum, mut digit_before) = (0u128, None);
    for character in text.chars() {
        if let Some(digit) = digit(character) {
            digit_before = Some(digit);
        } else {
            let place = u32::try_from(CAPITAL.units.iter().position(|unit| *unit == character)?).ok()?;
            sum = sum.checked_add(digit_before.take().filter(|digit| *digit > 0).unwrap_or(1).checked_mul(10u128.pow(place + 1))?)?;
        }
    }
    sum.checked_add(digit_before.unwrap_or(0))
}
