//! Amounts as codes print them.

use kabao_base::{Currency, Money};

/// The amount when its currency is known, the amount as printed, and the currency. An amount that is
/// none (a comma, more decimals than the currency has, zero) is not there: nothing is rounded.
pub(super) fn printed(amount: Option<&str>, currency: Option<&str>) -> (Option<Money>, Option<String>, Option<String>) {
    let letters = |text: &&str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let currency = currency.filter(letters).map(str::to_ascii_uppercase);
    let known = currency.as_deref().and_then(|code| Currency::parse(code).ok());
    let name = known.map(|known| known.code().to_owned()).or(currency);
    let Some(text) = amount.filter(|text| is_amount(text)) else { return (None, None, name) };
    let money = known.and_then(|known| Money::parse(text.strip_suffix('.').unwrap_or(text), known).ok());
    // Against the rules of a currency that is known: it is no amount of it.
    let text = (known.is_none() || money.is_some()).then(|| text.to_owned());
    (money, text, name)
}

/// Whether the payer sets the amount: yes where the code has none; not known where what it has cannot be read.
pub(super) fn is_editable(in_code: Option<&str>, readable: Option<&str>) -> Option<bool> {
    match (in_code, readable) {
        (None, _) => Some(true),
        (Some(_), Some(_)) => Some(false),
        (Some(_), None) => None,
    }
}

/// At most 13 characters: digits, and a point with at most three behind it; not zero.
fn is_amount(text: &str) -> bool {
    let (units, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shape = text.len() <= 13 && !units.is_empty() && digits(units) && digits(part) && part.len() <= 3;
    shape && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_printed() {
        let text = |amount: &str, currency: &str| printed(Some(amount), Some(currency)).1;
        assert_eq!(printed(Some("25.00"), Some("CNY")), (Some(Money::fen(2500)), Some("25.00".to_owned()), Some("CNY".to_owned())));
        assert_eq!(printed(Some("98."), Some("156")), (Some(Money::fen(9800)), Some("98.".to_owned()), Some("CNY".to_owned())));
        assert_eq!(printed(Some("1"), None), (None, Some("1".to_owned()), None));
        assert_eq!(text("1.500", "KWD").as_deref(), Some("1.500"));
        assert_eq!(printed(Some("7"), Some("AAA")), (None, Some("7".to_owned()), Some("AAA".to_owned())));
        for (amount, currency) in [("5.5", "JPY"), ("0", "CNY"), ("0.00", "INR"), ("1,5", "CNY"), ("1.234", "CNY"), (".5", "CNY"), ("-1", "CNY"), ("１", "CNY"), ("", "CNY")] {
            assert_eq!(text(amount, currency), None, "{amount} {currency}");
        }
        assert_eq!(printed(None, Some("x")), (None, None, None));
    }
}
