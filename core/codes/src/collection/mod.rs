//! Collection codes 收款码 of this wallet: an EMVCo merchant code with a template of our own.
//!
//! The template (identifiers 26 to 51) carries our GUID in 00, the payee's code in 01 and, for an
//! order, its number in 02. The GUID is configuration. A code names its payee and nothing more:
//! name and account come from the service. The same as a web link: [`link`].

pub mod link;

use crate::emv::{EmvError, MerchantCode, amount, numeric_currency, read, value, with_checksum};
use kabao_base::{Currency, Money};

/// What a collection code of this wallet asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CollectionCode {
    /// Names the payee to the service.
    pub payee_code: String,
    /// The merchant's order; the service executes it once.
    pub order: Option<String>,
    /// The amount, where the code fixes it; else the payer types it.
    pub amount: Option<Money>,
    /// The currency of the code.
    pub currency: Currency,
    /// True for a code made for one payment, false for a printed one (lower limit of the law).
    pub dynamic: bool,
}

impl CollectionCode {
    /// What a merchant code asks for in the template of `guid`; `None` when it has no such template.
    /// Refused is what would let a person pay something else than was shown: a field that stands
    /// twice, a tip or surcharge, an amount or currency that is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::CollectionCode;
    /// use kabao_codes::emv::{EmvError, read, with_checksum};
    /// let ours = "00020126220009app.kabao0105M00015303156";
    /// let code = CollectionCode::of(&read(&with_checksum(ours)).unwrap(), "app.kabao").unwrap().unwrap();
    /// assert_eq!((code.payee_code.as_str(), code.amount), ("M0001", None));
    /// let tipped = read(&with_checksum(&format!("{ours}550201"))).unwrap();
    /// assert_eq!(CollectionCode::of(&tipped, "app.kabao"), Err(EmvError::Value { id: 55 }));
    /// ```
    pub fn of(code: &MerchantCode, guid: &str) -> Result<Option<CollectionCode>, EmvError> {
        let Some(template) = code.template(guid) else { return Ok(None) };
        if let Some(twice) = code.duplicates.first() {
            return Err(EmvError::Duplicate { id: twice.parse().unwrap_or(0) });
        }
        // Two of our templates may name two payees: one would be shown and the other paid.
        if let Some(second) = code.templates(guid).nth(1) {
            return Err(EmvError::Duplicate { id: second.0.parse().unwrap_or(0) });
        }
        for sub in ["00", "01", "02"] {
            if template.iter().filter(|field| field.id == sub).count() > 1 {
                return Err(EmvError::Duplicate { id: sub.parse().unwrap_or(0) });
            }
        }
        // A tip or a surcharge would change the amount that was confirmed.
        for id in [55, 56, 57] {
            if code.value(&id.to_string()).is_some() {
                return Err(EmvError::Value { id });
            }
        }
        let payee_code = value(&template, "01").ok_or(EmvError::Missing { id: 1 })?;
        let order = value(&template, "02");
        if !is_name(payee_code) || !order.is_none_or(is_name) {
            return Err(EmvError::Value { id: if is_name(payee_code) { 2 } else { 1 } });
        }
        let currency = code.value("53").ok_or(EmvError::Missing { id: 53 })?;
        let currency = numeric_currency(currency)?;
        let amount = code.value("54").map(|text| amount(text, currency)).transpose()?;
        let dynamic = match code.value("01") {
            None | Some("11") => false,
            Some("12") => true,
            Some(_) => return Err(EmvError::Value { id: 1 }),
        };
        let (payee_code, order) = (payee_code.to_owned(), order.map(str::to_owned));
        Ok(Some(CollectionCode { payee_code, order, amount, currency, dynamic }))
    }
}

/// What a collection code is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CollectionRequest {
    /// Our GUID, at most 32 printable ASCII characters: `app.kabao`.
    pub guid: String,
    /// What the code asks for.
    pub code: CollectionCode,
    /// The payee's name in ASCII, at most 25 characters.
    pub name: String,
    /// The payee's city in ASCII, at most 15 characters.
    pub city: String,
    /// The name in Chinese, at most 25 characters.
    pub local_name: Option<String>,
    /// Merchant category, four digits; `0000` where none is known.
    pub category: String,
}

/// The text of a collection code. The same request gives the same text, and what it says is read
/// back before it is given out. An error names the field that cannot be written.
///
/// # Examples
///
/// ```
/// use kabao_base::{Currency, Money};
/// use kabao_codes::{CollectionCode, CollectionRequest, make_collection_code};
/// let text = make_collection_code(&CollectionRequest {
///     guid: "app.kabao".to_owned(),
///     code: CollectionCode {
///         payee_code: "M0001".to_owned(),
///         order: None,
///         amount: Some(Money::fen(2350)),
///         currency: Currency::Cny,
///         dynamic: true,
///     },
///     name: "NOODLE HOUSE".to_owned(),
///     city: "SHANGHAI".to_owned(),
///     local_name: Some("面馆".to_owned()),
///     category: "5812".to_owned(),
/// });
/// assert!(text.unwrap().contains("540523.50"));
/// ```
pub fn make_collection_code(request: &CollectionRequest) -> Result<String, EmvError> {
    let code = &request.code;
    let valid = |good: bool, id: u8| if good { Ok(()) } else { Err(EmvError::Value { id }) };
    valid(is_name(&request.guid) && request.guid.len() <= 32, 0)?;
    valid(is_name(&code.payee_code), 1)?;
    valid(code.order.as_deref().is_none_or(is_name), 2)?;
    valid(request.category.len() == 4 && request.category.bytes().all(|byte| byte.is_ascii_digit()), 52)?;
    valid(code.amount.is_none_or(|amount| amount.currency == code.currency && amount.minor > 0), 54)?;
    valid(is_label(&request.name, 25) && request.name.is_ascii(), 59)?;
    valid(is_label(&request.city, 15) && request.city.is_ascii(), 60)?;
    valid(request.local_name.as_deref().is_none_or(|name| is_label(name, 25)), 64)?;

    let mut template = field("00", &request.guid)? + &field("01", &code.payee_code)?;
    if let Some(order) = &code.order {
        template.push_str(&field("02", order)?);
    }
    let mut text = field("00", "01")?;
    text.push_str(&field("01", if code.dynamic { "12" } else { "11" })?);
    text.push_str(&field("26", &template).map_err(|_| EmvError::Value { id: 26 })?);
    text.push_str(&field("52", &request.category)?);
    text.push_str(&field("53", &format!("{:03}", code.currency.numeric()))?);
    if let Some(amount) = code.amount {
        text.push_str(&field("54", &plain(amount))?);
    }
    text.push_str(&field("58", "CN")?);
    text.push_str(&field("59", &request.name)?);
    text.push_str(&field("60", &request.city)?);
    if let Some(name) = &request.local_name {
        text.push_str(&field("64", &(field("00", "ZH")? + &field("01", name)?))?);
    }
    let text = with_checksum(&text);
    // What was written must read back as what was asked for.
    let back = CollectionCode::of(&read(&text)?, &request.guid)?;
    if back.as_ref() == Some(code) { Ok(text) } else { Err(EmvError::Value { id: 26 }) }
}

fn field(id: &str, value: &str) -> Result<String, EmvError> {
    let count = value.chars().count();
    if count == 0 || count > 99 {
        return Err(EmvError::Length);
    }
    Ok(format!("{id}{count:02}{value}"))
}

/// `23.50`: digits, and a point where the currency has decimals.
fn plain(amount: Money) -> String {
    let decimals = amount.currency.decimals() as usize;
    let digits = format!("{:0width$}", amount.minor, width = decimals + 1);
    match digits.split_at_checked(digits.len().saturating_sub(decimals)) {
        Some((whole, part)) if decimals > 0 => format!("{whole}.{part}"),
        _ => digits,
    }
}

/// 1 to 64 letters, digits and `-_.`: what may name a payee, an order or a template.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_label(text: &str, limit: usize) -> bool {
    (1..=limit).contains(&text.chars().count()) && crate::hidden_in_code(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request() -> CollectionRequest {
        CollectionRequest {
            guid: "app.kabao".to_owned(),
            code: CollectionCode {
                payee_code: "M0001".to_owned(),
                order: None,
                amount: None,
                currency: Currency::Cny,
                dynamic: false,
            },
            name: "NOODLE HOUSE".to_owned(),
            city: "SHANGHAI".to_owned(),
            local_name: Some("面馆".to_owned()),
            category: "5812".to_owned(),
        }
    }

    fn asked(body: &str) -> Result<Option<CollectionCode>, EmvError> {
        CollectionCode::of(&read(&with_checksum(body)).unwrap(), "app.kabao")
    }

    /// The checksum was computed with Python's `binascii.crc_hqx(body, 0xffff)`.
    #[test]
    fn writes_a_printed_code() {
        let text = make_collection_code(&request()).unwrap();
        assert_eq!(text, "00020101021126220009app.kabao0105M00015204581253031565802CN5912NOODLE HOUSE6008SHANGHAI64120002ZH0102面馆6304A25D");
        assert_eq!(CollectionCode::of(&read(&text).unwrap(), "APP.KABAO").unwrap().unwrap(), request().code);
        assert_eq!(CollectionCode::of(&read(&text).unwrap(), "app.other").unwrap(), None);
    }

    #[test]
    fn names_what_is_wrong() {
        const OURS: &str = "00020126220009app.kabao0105M0001";
        let value = |id| Err(EmvError::Value { id });
        assert_eq!(asked(OURS), Err(EmvError::Missing { id: 53 }));
        assert_eq!(asked(&format!("{OURS}5303999")), Err(EmvError::Currency));
        assert_eq!(asked(&format!("{OURS}5303CNY")), value(53));
        for amount in ["0", "0.00", "1.234", "98,73", "3 705", ".5", "1.2.3", "-1", "99999999999999"] {
            let body = format!("{OURS}530315654{:02}{amount}", amount.len());
            assert_eq!(asked(&body), value(54), "{amount}");
        }
        for (amount, minor) in [("98", 9800), ("98.", 9800), ("98.7", 9870), ("98.73", 9873)] {
            let code = asked(&format!("{OURS}530315654{:02}{amount}", amount.len())).unwrap().unwrap();
            assert_eq!(code.amount, Some(Money::fen(minor)), "{amount}");
        }
        assert_eq!(asked(&format!("{OURS}53031565401154019")), Err(EmvError::Duplicate { id: 54 }));
        assert_eq!(asked(&format!("{OURS}5303156550201")), value(55));
        assert_eq!(asked(&format!("{OURS}5303156010213")), value(1));
        assert_eq!(asked("00020126310009app.kabao0105M00010105M00025303156"), Err(EmvError::Duplicate { id: 1 }));
        assert_eq!(asked("00020126220009app.kabao0105M000127220009APP.kabao0105M00025303156"), Err(EmvError::Duplicate { id: 27 }));
        assert_eq!(asked("00020126130009app.kabao5303156"), Err(EmvError::Missing { id: 1 }));
        assert_eq!(asked("00020126310009app.kabao0105M00010205a b c5303156"), value(2));
        assert_eq!(asked("00020126220009app.kabao0105M 0015303156"), value(1));
    }

    #[test]
    fn refuses_to_write_what_cannot_be_read() {
        let broken = |change: fn(&mut CollectionRequest)| {
            let mut request = request();
            change(&mut request);
            make_collection_code(&request).unwrap_err()
        };
        assert_eq!(broken(|request| request.code.amount = Some(Money::fen(0))), EmvError::Value { id: 54 });
        assert_eq!(broken(|request| request.code.amount = Some(Money::fen(i64::MAX))), EmvError::Value { id: 54 });
        assert_eq!(broken(|request| request.name = "面馆".to_owned()), EmvError::Value { id: 59 });
        assert_eq!(broken(|request| request.local_name = Some("面\u{202e}馆".to_owned())), EmvError::Value { id: 64 });
        assert_eq!(broken(|request| request.guid = String::new()), EmvError::Value { id: 0 });
        assert_eq!(broken(|request| request.code.order = Some("o".repeat(65))), EmvError::Value { id: 2 });
        assert_eq!(broken(|request| (request.code.payee_code, request.code.order) = ("p".repeat(64), Some("o".repeat(64)))), EmvError::Value { id: 26 });
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(payee in "[A-Za-z0-9._-]{1,24}", order in proptest::option::of("[A-Z0-9]{1,32}"),
                                   minor in proptest::option::of(1i64..10_000_000_000), dynamic: bool) {
            let mut request = request();
            request.code = CollectionCode { payee_code: payee, order, amount: minor.map(Money::fen), currency: Currency::Cny, dynamic };
            let text = make_collection_code(&request).unwrap();
            let back = CollectionCode::of(&read(&text).unwrap(), "app.kabao").unwrap();
            prop_assert_eq!(back, Some(request.code));
        }
    }
}
