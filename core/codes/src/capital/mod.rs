//! Amounts and dates in capital characters 大写, as cheques, receipts and invoices carry them.
//!
//! Rules: annex 1 of the PBOC's 支付结算办法 (正确填写票据和结算凭证的基本规定) and article 52 of the Ministry of
//! Finance's 会计基础工作规范. Where they leave a choice, one spelling is written and every lawful one is read:
//!
//! - 零 between a place of 元 that is zero and 角 is written (壹拾元零伍角); 零 between a place of 万 that is zero and a
//!   place of 千 that is not, is left out (壹拾万柒仟元). The annex allows each to be written or left out.
//! - 整 stands after 元, never after 分. After 角 the annex leaves it open and article 52 wants it:
//!   [`CapitalStyle`] decides.

pub mod dates;
mod reading;

pub use reading::read;

use kabao_base::numerals::CAPITAL;
use kabao_base::{Code, Currency, Money};

/// The manner in which an amount is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CapitalStyle {
    /// For cheques and vouchers of payment, by the PBOC's annex: 整 after 元 only.
    Instrument,
    /// For books and receipts, by article 52 of the accounting rules: 整 after 元 and after 角.
    Voucher,
    /// As common software writes: no 零 before 角, 负 before a negative amount. For lists and logs, not for instruments.
    Common,
}

/// Why an amount or a date has no capitals, or capitals have no amount or date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapitalError {
    /// Nothing but white space.
    #[error("nothing was typed")]
    Empty,
    /// Longer than any lawful amount.
    #[error("the text is too long")]
    TooLong,
    /// A character that cannot be seen.
    #[error("the text holds a hidden character")]
    Hidden,
    /// Capital amounts are renminbi.
    #[error("capital amounts are written for renminbi only")]
    Currency,
    /// An instrument has no negative amount.
    #[error("an instrument has no negative amount")]
    Negative,
    /// The amount does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// Everyday numerals (一二三, 123), which the rules forbid because they are easily altered.
    #[error("capital numerals are wanted, not everyday ones")]
    Everyday,
    /// 拾 without 壹 before it: a digit could be written in front.
    #[error("壹 is missing before 拾")]
    TenWithoutOne,
    /// 整 is missing after 元: more could be written behind.
    #[error("整 is missing after 元")]
    NoEnd,
    /// No amount, or no day, that the rules would spell like this.
    #[error("this is not a lawful spelling")]
    Malformed,
}

impl CapitalError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::capital::CapitalError;
    /// assert_eq!(CapitalError::Negative.code(), kabao_base::Code::AmountNegative);
    /// ```
    pub fn code(self) -> Code {
        match self {
            CapitalError::Empty => Code::EmptyInput,
            CapitalError::TooLong => Code::InputTooLong,
            CapitalError::Hidden => Code::HiddenCharacter,
            CapitalError::Currency => Code::CurrencyUnknown,
            CapitalError::Negative => Code::AmountNegative,
            CapitalError::Overflow => Code::AmountTooLarge,
            CapitalError::Everyday | CapitalError::TenWithoutOne | CapitalError::NoEnd | CapitalError::Malformed => {
                Code::AmountMalformed
            }
        }
    }
}

/// The amount in capitals, 人民币 before it.
///
/// # Errors
/// [`CapitalError::Currency`] for anything but renminbi; [`CapitalError::Negative`] below zero, unless the style is
/// [`CapitalStyle::Common`].
///
/// # Examples
/// ```
/// use kabao_base::Money;
/// use kabao_codes::capital::{CapitalStyle, make};
/// assert_eq!(make(Money::fen(168_032), CapitalStyle::Instrument).unwrap(), "人民币壹仟陆佰捌拾元零叁角贰分");
/// assert_eq!(make(Money::fen(50), CapitalStyle::Voucher).unwrap(), "人民币伍角整");
/// ```
pub fn make(amount: Money, style: CapitalStyle) -> Result<String, CapitalError> {
    if amount.currency != Currency::Cny {
        return Err(CapitalError::Currency);
    }
    let negative = amount.minor < 0;
    if negative && style != CapitalStyle::Common {
        return Err(CapitalError::Negative);
    }
    let sign = if negative { "负" } else { "" };
    Ok(format!("人民币{sign}{}", spell(u128::from(amount.minor.unsigned_abs()), Spelling::of(style))))
}

/// The amount in capitals, from digits as a person types them (`1,680.32`).
///
/// # Errors
/// As [`make`]; a text that is no amount of renminbi is refused with the reason.
///
/// # Examples
/// ```
/// use kabao_codes::capital::{CapitalError, CapitalStyle, make_from_text};
/// assert_eq!(make_from_text("1,409.50", CapitalStyle::Instrument).unwrap(), "人民币壹仟肆佰零玖元伍角");
/// assert_eq!(make_from_text("-1", CapitalStyle::Instrument), Err(CapitalError::Negative));
/// ```
pub fn make_from_text(digits: &str, style: CapitalStyle) -> Result<String, CapitalError> {
    use kabao_base::MoneyError;
    let amount = Money::parse(digits, Currency::Cny).map_err(|error| match error {
        MoneyError::Empty => CapitalError::Empty,
        MoneyError::Negative => CapitalError::Negative,
        MoneyError::Overflow => CapitalError::Overflow,
        MoneyError::HiddenCharacter => CapitalError::Hidden,
        _ => CapitalError::Malformed,
    })?;
    make(amount, style)
}

/// One way to spell an amount among those that the rules allow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spelling {
    /// One bit for each 零 that may be left out, the lowest for the first in the text.
    pub optional_zeros: u32,
    /// 零 between a zero place of 元 and 角.
    pub zero_before_jiao: bool,
    /// 整 after 角.
    pub end_after_jiao: bool,
    /// 零元 when there is less than one.
    pub zero_yuan: bool,
}

impl Spelling {
    pub(crate) fn of(style: CapitalStyle) -> Spelling {
        Spelling {
            optional_zeros: 0,
            zero_before_jiao: style != CapitalStyle::Common,
            end_after_jiao: style == CapitalStyle::Voucher,
            zero_yuan: false,
        }
    }
}

/// The amount in capitals without 人民币.
pub(crate) fn spell(fen: u128, spelling: Spelling) -> String {
    let (whole, jiao, last) = (fen / 100, fen / 10 % 10, fen % 10);
    let with_yuan = whole > 0 || fen == 0 || spelling.zero_yuan;
    let mut zeros = spelling.optional_zeros;
    let mut out = String::new();
    if with_yuan {
        out = CAPITAL.whole(whole, &mut || {
            let write = zeros & 1 == 1;
            zeros >>= 1;
            write
        });
        out.push('元');
    }
    if jiao > 0 {
        if whole > 0 && whole % 10 == 0 && spelling.zero_before_jiao {
            out.push('零');
        }
        out.push(CAPITAL.digit(jiao));
        out.push('角');
    } else if last > 0 && whole > 0 {
        out.push('零');
    }
    if last > 0 {
        out.push(CAPITAL.digit(last));
        out.push('分');
    } else if jiao == 0 || spelling.end_after_jiao {
        out.push('整');
    }
    out
}

#[cfg(test)]
mod tests;
