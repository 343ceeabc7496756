//! PayPal.Me: `https://paypal.me/NAME[/AMOUNT[CURRENCY]]` (register, F28).

use super::{HandOffError, checked_text};
use crate::links::take_apart;
use crate::read::Family;
use crate::table::Table;
use kabao_base::Money;

/// Currencies that PayPal takes in whole units only, although two of them have decimals in ISO 4217.
const WHOLE: [&str; 3] = ["HUF", "JPY", "TWD"];

/// What a PayPal.Me link says, as written: the wallet pays none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PayPalMe {
    /// The payee's name at PayPal, as written.
    pub name: String,
    /// The amount in units of the currency, `25` or `25.50`; absent when the payer types it.
    pub amount: Option<String>,
    /// Three letters of ISO 4217 in upper case; absent when it is the payee's own currency.
    pub currency: Option<String>,
}

/// Writes a PayPal.Me link.
///
/// # Errors
///
/// [`HandOffError::Shape`] for a name that is not 1 to 20 letters and digits, [`HandOffError::Amount`]
/// for an amount that is not positive or has decimals where PayPal takes whole units (HUF, JPY, TWD).
///
/// # Examples
///
/// ```
/// use kabao_base::{Currency, Money};
/// use kabao_codes::handoff::paypal_me_link;
///
/// let ten = Money { minor: 1050, currency: Currency::Usd };
/// assert_eq!(paypal_me_link("example", Some(ten))?, "https://paypal.me/example/10.50USD");
/// assert_eq!(paypal_me_link("example", None)?, "https://paypal.me/example");
/// # Ok::<(), kabao_codes::handoff::HandOffError>(())
/// ```
pub fn paypal_me_link(name: &str, amount: Option<Money>) -> Result<String, HandOffError> {
    if !is_name(name) {
        return Err(HandOffError::Shape);
    }
    let Some(amount) = amount else { return Ok(format!("https://paypal.me/{name}")) };
    if amount.minor <= 0 {
        return Err(HandOffError::Amount);
    }
    let currency = amount.currency.code();
    let plain = amount.plain();
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let text = if part.bytes().all(|digit| digit == b'0') { whole } else { &plain };
    if !is_amount(text, Some(currency)) {
        return Err(HandOffError::Amount);
    }
    Ok(format!("https://paypal.me/{name}/{text}{currency}"))
}

/// Reads a PayPal.Me link of a host that the table names: `paypal.me`, `www.paypal.me`, or `paypal.com/paypalme/` as
/// PayPal itself writes it.
///
/// # Errors
///
/// [`HandOffError::UnknownLink`] for any other host, [`HandOffError::Shape`] or [`HandOffError::Amount`]
/// for a path that says something else.
///
/// # Examples
///
/// ```
/// use kabao_codes::{handoff::read_paypal_me, table::Table};
///
/// let read = read_paypal_me("https://www.paypal.me/Example/1200jpy", &Table::shipped())?;
/// assert_eq!((read.name.as_str(), read.amount.as_deref(), read.currency.as_deref()), ("Example", Some("1200"), Some("JPY")));
/// # Ok::<(), kabao_codes::handoff::HandOffError>(())
/// ```
pub fn read_paypal_me(link: &str, table: &Table) -> Result<PayPalMe, HandOffError> {
    checked_text(link)?;
    let parts = take_apart(link).ok_or(HandOffError::Shape)?;
    if parts.scheme != "https" {
        return Err(HandOffError::Shape);
    }
    let mut rows = table.links().iter().filter(|row| row.family == Family::PayPalMe && row.host == parts.host_lower);
    let row = rows.next().filter(|_| !parts.user_info && parts.port.is_none()).ok_or(HandOffError::UnknownLink)?;
    let below = row.below(parts.path).ok_or(HandOffError::Shape)?;
    let below = below.strip_suffix('/').unwrap_or(below);
    let (name, amount) = match below.split_once('/') {
        Some((name, amount)) => (name, Some(amount)),
        None => (below, None),
    };
    if !is_name(name) {
        return Err(HandOffError::Shape);
    }
    let Some(amount) = amount else { return Ok(PayPalMe { name: name.to_owned(), amount: None, currency: None }) };
    let digits = amount.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(amount.len());
    let (number, letters) = amount.split_at_checked(digits).ok_or(HandOffError::Amount)?;
    let currency = match letters.len() {
        0 => None,
        3 if letters.bytes().all(|byte| byte.is_ascii_alphabetic()) => Some(letters.to_ascii_uppercase()),
        _ => return Err(HandOffError::Amount),
    };
    if !is_amount(number, currency.as_deref()) {
        return Err(HandOffError::Amount);
    }
    Ok(PayPalMe { name: name.to_owned(), amount: Some(number.to_owned()), currency })
}

fn is_name(name: &str) -> bool {
    (1..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Up to twelve digits and at most two decimals, more than zero.
fn is_amount(text: &str, currency: Option<&str>) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let point = text.contains('.');
    let whole_only = currency.is_some_and(|code| WHOLE.contains(&code));
    digits(whole)
        && digits(part)
        && (1..=12).contains(&whole.len())
        && (!point || ((1..=2).contains(&part.len()) && !whole_only))
        && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_base::Currency;

    fn read_paypal_me(link: &str) -> Result<PayPalMe, HandOffError> {
        super::read_paypal_me(link, &Table::shipped())
    }

    #[test]
    fn whole_units_stay_whole() {
        // HUF, JPY and TWD: register, F28.
        let yen = Money { minor: 1200, currency: Currency::Jpy };
        assert_eq!(paypal_me_link("example", Some(yen)).as_deref(), Ok("https://paypal.me/example/1200JPY"));
        for text in ["1200.5JPY", "1200.00HUF", "99.99twd"] {
            assert_eq!(read_paypal_me(&format!("https://paypal.me/example/{text}")), Err(HandOffError::Amount), "{text}");
        }
        for text in ["1200HUF", "99TWD", "99.99HKD", "0.01EUR"] {
            assert!(read_paypal_me(&format!("https://paypal.me/example/{text}")).is_ok(), "{text}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (link, error) in [
            ("http://paypal.me/example", HandOffError::Shape),
            ("https://paypal.me", HandOffError::Shape),
            ("https://paypal.me/", HandOffError::Shape),
            ("https://paypal.me/exa-mple", HandOffError::Shape),
            ("https://paypal.me/123456789012345678901", HandOffError::Shape),
            ("https://paypa1.me/example", HandOffError::UnknownLink),
            ("https://paypal.me.evil.example/example", HandOffError::UnknownLink),
            ("https://paypal.me@evil.example/example", HandOffError::UnknownLink),
            ("https://paypal.me:443/example", HandOffError::UnknownLink),
            ("https://www.paypal.com/signin/example", HandOffError::Shape),
            ("https://paypal.me/example/EUR", HandOffError::Amount),
            ("https://paypal.me/example/0", HandOffError::Amount),
            ("https://paypal.me/example/-5", HandOffError::Amount),
            ("https://paypal.me/example/1,5", HandOffError::Amount),
            ("https://paypal.me/example/1.", HandOffError::Amount),
            ("https://paypal.me/example/1.555USD", HandOffError::Amount),
            ("https://paypal.me/example/25EURO", HandOffError::Amount),
            ("https://paypal.me/example/25/EUR", HandOffError::Amount),
            ("https://paypal.me/example/25€", HandOffError::Amount),
            ("https://paypal.me/example/1000000000000", HandOffError::Amount),
            ("https://paypal.me/exam ple", HandOffError::Hidden),
        ] {
            assert_eq!(read_paypal_me(link), Err(error), "{link}");
        }
        for minor in [0, -1, i64::MIN] {
            assert_eq!(paypal_me_link("example", Some(Money::fen(minor))), Err(HandOffError::Amount));
        }
        assert_eq!(paypal_me_link("example", Some(Money::fen(i64::MAX))), Err(HandOffError::Amount));
        assert_eq!(paypal_me_link("", None), Err(HandOffError::Shape));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(name in "[A-Za-z0-9]{1,20}", minor in 1i64..100_000_000_000_000, yen in proptest::bool::ANY) {
            let currency = if yen { Currency::Jpy } else { Currency::Usd };
            let money = Money { minor: if yen { minor / 100 + 1 } else { minor }, currency };
            let read = read_paypal_me(&paypal_me_link(&name, Some(money)).unwrap()).unwrap();
            proptest::prop_assert_eq!(read.name, name);
            proptest::prop_assert_eq!(read.currency.as_deref(), Some(currency.code()));
            proptest::prop_assert_eq!(Money::parse(&read.amount.unwrap(), currency), Ok(money));
        }

        #[test]
        fn any_text_has_an_answer(text in "(https://paypal\\.me/)?\\PC{0,60}") {
            let _ = read_paypal_me(&text);
        }
    }
}
