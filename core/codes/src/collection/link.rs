//! A collection code as a web link: what opens when a phone's own camera reads it, or when it is
//! sent in a message. It says what the merchant code says, in another form:
//!
//! `https://pay.example/c/1?p=M0001&o=A17&a=23.50&d=1&c=CNY`
//!
//! `/c/1` is the form and its version; `p` the payee, `o` the order, `a` the amount where the code
//! fixes it, `d=1` where the code is for one payment, `c` the currency. Nothing else may stand in
//! it and the order is fixed: one code, one link. A link has no checksum, as a web address has
//! none; the currency stands last, so that a link that was cut is no link. The host is
//! configuration. Reading opens nothing.

use super::{CollectionCode, is_name, plain};
use crate::emv::amount;
use crate::hidden_in_code;
use kabao_base::{Code, Currency};

/// The longest link that is read, in characters.
pub const LIMIT: usize = 512;

const PATH: &str = "/c/1";

/// Why a text is no collection link of ours, or one that must not be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Longer than 512 characters.
    #[error("the link is too long")]
    TooLong,
    /// A zero-width, bidirectional or control character.
    #[error("the link holds a hidden character: {name}")]
    Hidden {
        /// The sort of character.
        name: &'static str,
    },
    /// The configured host is no lower-case domain name.
    #[error("the configured host is not a domain name")]
    Host,
    /// Not an https link.
    #[error("this is not an https link")]
    NotLink,
    /// A link to another host.
    #[error("the link leads to another host")]
    OtherHost,
    /// Something stands before the host, with `@`: links are made to look like others so.
    #[error("the link names a user")]
    UserInfo,
    /// A port stands after the host.
    #[error("the link names a port")]
    Port,
    /// A part after `#`.
    #[error("the link has a fragment")]
    Fragment,
    /// Another page of the host.
    #[error("this is no collection link")]
    Path,
    /// A collection link of a version that is not known here.
    #[error("the link has a version that is not known")]
    Version,
    /// A parameter that these links do not have.
    #[error("the link has an unknown parameter")]
    Unknown,
    /// A parameter stands twice.
    #[error("parameter {name} stands twice")]
    Twice {
        /// The parameter.
        name: char,
    },
    /// A parameter stands before one that it must follow.
    #[error("parameter {name} stands in the wrong place")]
    Order {
        /// The parameter.
        name: char,
    },
    /// A parameter is missing.
    #[error("parameter {name} is missing")]
    Missing {
        /// The parameter.
        name: char,
    },
    /// A value that its parameter does not allow.
    #[error("parameter {name} has a value that it may not have")]
    Value {
        /// The parameter.
        name: char,
    },
}

impl LinkError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::collection::link::LinkError;
    /// assert_eq!(LinkError::UserInfo.code(), kabao_base::Code::CodeHostile);
    /// ```
    pub fn code(self) -> Code {
        match self {
            LinkError::TooLong => Code::InputTooLong,
            LinkError::Host => Code::BadArgument,
            LinkError::NotLink | LinkError::OtherHost | LinkError::Path | LinkError::Version => Code::CodeUnknown,
            LinkError::Missing { .. } | LinkError::Value { .. } => Code::CodeDamaged,
            _ => Code::CodeHostile,
        }
    }
}

/// The link of a collection code. The same code gives the same link.
///
/// # Examples
///
/// ```
/// use kabao_base::{Currency, Money};
/// use kabao_codes::collection::{CollectionCode, link};
/// let code = CollectionCode {
///     payee_code: "M0001".to_owned(),
///     order: None,
///     amount: Some(Money::fen(2350)),
///     currency: Currency::Cny,
///     dynamic: true,
/// };
/// let text = link::make(&code, "pay.example").unwrap();
/// assert_eq!(text, "https://pay.example/c/1?p=M0001&a=23.50&d=1&c=CNY");
/// assert_eq!(link::read(&text, "pay.example").unwrap(), code);
/// ```
pub fn make(code: &CollectionCode, host: &str) -> Result<String, LinkError> {
    let valid = |good: bool, name: char| if good { Ok(()) } else { Err(LinkError::Value { name }) };
    if !is_host(host) {
        return Err(LinkError::Host);
    }
    valid(is_name(&code.payee_code), 'p')?;
    valid(code.order.as_deref().is_none_or(is_name), 'o')?;
    let mut text = format!("https://{host}{PATH}?p={}", code.payee_code);
    if let Some(order) = &code.order {
        text.push_str(&format!("&o={order}"));
    }
    if let Some(asked) = code.amount {
        let digits = plain(asked);
        valid(asked.currency == code.currency && amount(&digits, code.currency) == Ok(asked), 'a')?;
        text.push_str(&format!("&a={digits}"));
    }
    if code.dynamic {
        text.push_str("&d=1");
    }
    text.push_str(&format!("&c={}", code.currency.code()));
    Ok(text)
}

/// Reads a collection link of this host. Scheme and host may be written in capitals, as printed
/// codes do; everything else is taken as it stands, and nothing is decoded.
///
/// # Examples
///
/// ```
/// use kabao_codes::collection::link::{LinkError, read};
/// let code = read("https://pay.example/c/1?p=M0001&c=CNY", "pay.example").unwrap();
/// assert_eq!((code.payee_code.as_str(), code.amount), ("M0001", None));
/// assert_eq!(read("https://pay.example@evil.example/c/1?p=M0001&c=CNY", "pay.example"), Err(LinkError::UserInfo));
/// ```
pub fn read(text: &str, host: &str) -> Result<CollectionCode, LinkError> {
    if text.len() > LIMIT {
        return Err(LinkError::TooLong);
    }
    if let Some(name) = hidden_in_code(text) {
        return Err(LinkError::Hidden { name });
    }
    if !is_host(host) {
        return Err(LinkError::Host);
    }
    let (scheme, rest) = text.split_at_checked(8).ok_or(LinkError::NotLink)?;
    if !scheme.eq_ignore_ascii_case("https://") {
        return Err(LinkError::NotLink);
    }
    let (authority, rest) = rest.split_at_checked(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())).ok_or(LinkError::NotLink)?;
    let (named, port) = authority.split_once(':').map_or((authority, None), |(named, port)| (named, Some(port)));
    if authority.contains('@') {
        return Err(LinkError::UserInfo);
    }
    if !named.eq_ignore_ascii_case(host) {
        return Err(LinkError::OtherHost);
    }
    if port.is_some() {
        return Err(LinkError::Port);
    }
    if rest.contains('#') {
        return Err(LinkError::Fragment);
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if path != PATH {
        let version = path.strip_prefix("/c/").is_some_and(|tail| !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit()));
        return Err(if version { LinkError::Version } else { LinkError::Path });
    }
    code_of(query)
}

fn code_of(query: &str) -> Result<CollectionCode, LinkError> {
    let names = ['p', 'o', 'a', 'd', 'c'];
    let mut values: [Option<&str>; 5] = [None; 5];
    let mut furthest = 0;
    for part in query.split('&').filter(|_| !query.is_empty()) {
        let (name, value) = part.split_once('=').ok_or(LinkError::Unknown)?;
        let known = names.iter().zip(values.iter_mut()).enumerate().find(|(_, (known, _))| name.chars().eq([**known]));
        let (place, (name, kept)) = known.ok_or(LinkError::Unknown)?;
        if kept.replace(value).is_some() {
            return Err(LinkError::Twice { name: *name });
        }
        if place < furthest {
            return Err(LinkError::Order { name: *name });
        }
        furthest = place;
    }
    let [payee, order, asked, dynamic, currency] = values;
    let wrong = |name: char| LinkError::Value { name };
    let payee = payee.ok_or(LinkError::Missing { name: 'p' })?;
    let payee = Some(payee).filter(|payee| is_name(payee)).ok_or(wrong('p'))?;
    let letters = currency.ok_or(LinkError::Missing { name: 'c' })?;
    let currency = Currency::parse(letters).ok().filter(|currency| currency.code() == letters).ok_or(wrong('c'))?;
    let money = |text: &str| amount(text, currency).ok().filter(|money| plain(*money) == text).ok_or(wrong('a'));
    let amount = asked.map(money).transpose()?;
    if !order.is_none_or(is_name) {
        return Err(wrong('o'));
    }
    if dynamic.is_some_and(|value| value != "1") {
        return Err(wrong('d'));
    }
    let order = order.map(str::to_owned);
    Ok(CollectionCode { payee_code: payee.to_owned(), order, amount, currency, dynamic: dynamic.is_some() })
}

/// Whether links can have this host: a domain name in small ASCII letters with at least one dot, without a port.
///
/// # Examples
///
/// ```
/// use kabao_codes::collection::link::is_host;
/// assert!(is_host("pay.example") && !is_host("pay.example:443") && !is_host("https://pay.example"));
/// ```
pub fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::{CollectionRequest, make_collection_code};
    use crate::emv;
    use kabao_base::Money;
    use proptest::prelude::*;

    const HOST: &str = "pay.example";

    fn code() -> CollectionCode {
        let amount = Some(Money::fen(2350));
        CollectionCode { payee_code: "M0001".to_owned(), order: Some("A17".to_owned()), amount, currency: Currency::Cny, dynamic: true }
    }

    #[test]
    fn a_link_says_what_the_code_says() {
        let text = make(&code(), HOST).unwrap();
        assert_eq!(text, "https://pay.example/c/1?p=M0001&o=A17&a=23.50&d=1&c=CNY");
        assert_eq!(read(&text, HOST), Ok(code()));
        assert_eq!(read("HTTPS://PAY.EXAMPLE/c/1?p=M0001&o=A17&a=23.50&d=1&c=CNY", HOST), Ok(code()));
        let printed = CollectionCode { order: None, amount: None, dynamic: false, ..code() };
        assert_eq!(make(&printed, HOST).unwrap(), "https://pay.example/c/1?p=M0001&c=CNY");
        let yen = CollectionCode { amount: Some(Money { minor: 100, currency: Currency::Jpy }), currency: Currency::Jpy, ..code() };
        assert_eq!(read(&make(&yen, HOST).unwrap(), HOST), Ok(yen));
    }

    #[test]
    fn refuses_what_is_not_ours_or_dresses_up() {
        let value = |name| LinkError::Value { name };
        for (text, error) in [
            ("", LinkError::NotLink),
            ("https:/", LinkError::NotLink),
            ("http://pay.example/c/1?p=M1&c=CNY", LinkError::NotLink),
            (" https://pay.example/c/1?p=M1&c=CNY", LinkError::NotLink),
            ("https:\\\\pay.example/c/1?p=M1&c=CNY", LinkError::NotLink),
            ("https:/最/", LinkError::NotLink),
            ("https://", LinkError::OtherHost),
            ("https://evil.example/c/1?p=M1&c=CNY", LinkError::OtherHost),
            ("https://pay.example.evil.example/c/1?p=M1&c=CNY", LinkError::OtherHost),
            ("https://a.pay.example/c/1?p=M1&c=CNY", LinkError::OtherHost),
            ("https://pay.example./c/1?p=M1&c=CNY", LinkError::OtherHost),
            ("https://раy.example/c/1?p=M1&c=CNY", LinkError::OtherHost),
            ("https://pay%2eexample/c/1?p=M1&c=CNY", LinkError::OtherHost),
            ("https://pay.example@evil.example/c/1?p=M1&c=CNY", LinkError::UserInfo),
            ("https://u:p@pay.example/c/1?p=M1&c=CNY", LinkError::UserInfo),
            ("https://pay.example:443/c/1?p=M1&c=CNY", LinkError::Port),
            ("https://pay.example:/c/1?p=M1&c=CNY", LinkError::Port),
            ("https://evil.example:443/c/1?p=M1&c=CNY", LinkError::OtherHost),
            ("https://pay.example/c/1?p=M1&c=CNY#", LinkError::Fragment),
            ("https://pay.example#/c/1?p=M1&c=CNY", LinkError::Fragment),
            ("https://pay.example", LinkError::Path),
            ("https://pay.example?p=M1&c=CNY", LinkError::Path),
            ("https://pay.example\\c\\1?p=M1&c=CNY", LinkError::Path),
            ("https://pay.example/c/1/?p=M1&c=CNY", LinkError::Path),
            ("https://pay.example/c/../c/1?p=M1&c=CNY", LinkError::Path),
            ("https://pay.example/C/1?p=M1&c=CNY", LinkError::Path),
            ("https://pay.example//c/1?p=M1&c=CNY", LinkError::Path),
            ("https://pay.example/c/?p=M1&c=CNY", LinkError::Path),
            ("https://pay.example/c/2?p=M1&c=CNY", LinkError::Version),
            ("https://pay.example/c/01?p=M1&c=CNY", LinkError::Version),
            ("https://pay.example/c/1?p=M1&c=CNY&x=1", LinkError::Unknown),
            ("https://pay.example/c/1?p=M1&c=CNY&P=1", LinkError::Unknown),
            ("https://pay.example/c/1?p=M1&c=CNY&", LinkError::Unknown),
            ("https://pay.example/c/1?p=M1&&c=CNY", LinkError::Unknown),
            ("https://pay.example/c/1?p=M1&d&c=CNY", LinkError::Unknown),
            ("https://pay.example/c/1?p=M1&c=CNY&=1", LinkError::Unknown),
            ("https://pay.example/c/1?p=M1&c=CNY;a=1", value('c')),
            ("https://pay.example/c/1?p=M1&c=CNY&p=M2", LinkError::Twice { name: 'p' }),
            ("https://pay.example/c/1?p=M1&a=1.00&a=1.00&c=CNY", LinkError::Twice { name: 'a' }),
            ("https://pay.example/c/1?c=CNY&p=M1", LinkError::Order { name: 'p' }),
            ("https://pay.example/c/1?p=M1&c=CNY&a=1.00", LinkError::Order { name: 'a' }),
            ("https://pay.example/c/1", LinkError::Missing { name: 'p' }),
            ("https://pay.example/c/1?", LinkError::Missing { name: 'p' }),
            ("https://pay.example/c/1?c=CNY", LinkError::Missing { name: 'p' }),
            ("https://pay.example/c/1?p=M1", LinkError::Missing { name: 'c' }),
            ("https://pay.example/c/1?p=&c=CNY", value('p')),
            ("https://pay.example/c/1?p=M%31&c=CNY", value('p')),
            ("https://pay.example/c/1?p=M1?&c=CNY", value('p')),
            ("https://pay.example/c/1?p=M1&c=cny", value('c')),
            ("https://pay.example/c/1?p=M1&c=156", value('c')),
            ("https://pay.example/c/1?p=M1&c=XXX", value('c')),
            ("https://pay.example/c/1?p=M1&o=&c=CNY", value('o')),
            ("https://pay.example/c/1?p=M1&o=a+b&c=CNY", value('o')),
            ("https://pay.example/c/1?p=M1&d=0&c=CNY", value('d')),
            ("https://pay.example/c/1?p=M1&d=&c=CNY", value('d')),
            ("https://pay.example/c/1?p=M1&c=CNY\u{200b}", LinkError::Hidden { name: "zero-width" }),
            ("https://pay.example/c/1?p=M1&c=CNY\n", LinkError::Hidden { name: "control" }),
        ] {
            assert_eq!(read(text, HOST), Err(error), "{text}");
        }
        for amount in ["", "0", "0.00", "1", "1.0", "1.", "01.00", "1,00", "-1.00", "+1.00", "1.000", "１.００", "1e2", "99999999999.00"] {
            let text = format!("https://pay.example/c/1?p=M1&a={amount}&c=CNY");
            assert_eq!(read(&text, HOST), Err(value('a')), "{amount}");
        }
        assert_eq!(read(&"https://pay.example/".repeat(1 << 19), HOST), Err(LinkError::TooLong));
        for host in ["", "localhost", "Pay.example", "pay.example:443", "pay..example", "-a.example", "支付.example"] {
            assert_eq!(read("https://x/c/1", host), Err(LinkError::Host), "{host}");
            assert_eq!(make(&code(), host), Err(LinkError::Host), "{host}");
        }
    }

    #[test]
    fn refuses_to_write_what_cannot_be_read() {
        let wrong = |change: fn(&mut CollectionCode)| {
            let mut code = code();
            change(&mut code);
            make(&code, HOST).unwrap_err()
        };
        assert_eq!(wrong(|code| code.payee_code = "a&p=b".to_owned()), LinkError::Value { name: 'p' });
        assert_eq!(wrong(|code| code.order = Some(String::new())), LinkError::Value { name: 'o' });
        assert_eq!(wrong(|code| code.amount = Some(Money::fen(0))), LinkError::Value { name: 'a' });
        assert_eq!(wrong(|code| code.amount = Some(Money::fen(-1))), LinkError::Value { name: 'a' });
        assert_eq!(wrong(|code| code.amount = Some(Money::fen(i64::MAX))), LinkError::Value { name: 'a' });
        assert_eq!(wrong(|code| code.currency = Currency::Hkd), LinkError::Value { name: 'a' });
    }

    #[test]
    fn nothing_cut_or_doubled_is_a_link() {
        let text = make(&code(), HOST).unwrap();
        for end in 0..text.len() {
            assert!(read(&text[..end], HOST).is_err(), "{end}");
        }
        assert!(read(&text.repeat(2), HOST).is_err());
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,80}", tail in "[pcaod=&?#@:/.A-Z0-9]{0,60}") {
            let _ = (read(&text, HOST), read(&format!("https://pay.example{tail}"), HOST), make(&code(), &text));
            if let Ok(code) = read(&format!("https://pay.example/c/1?p=M1&{tail}&c=CNY"), HOST) {
                prop_assert_eq!(read(&make(&code, HOST).unwrap(), HOST), Ok(code));
            }
        }

        /// The link and the merchant code of one request ask for the same.
        #[test]
        fn link_and_merchant_code_say_the_same(payee in "[A-Za-z0-9._-]{1,24}", order in proptest::option::of("[A-Z0-9]{1,32}"),
                                               minor in proptest::option::of(1i64..10_000_000_000), dynamic: bool) {
            let code = CollectionCode { payee_code: payee, order, amount: minor.map(Money::fen), currency: Currency::Cny, dynamic };
            let (guid, name, city) = ("app.kabao".to_owned(), "NOODLE HOUSE".to_owned(), "SHANGHAI".to_owned());
            let local_name = Some("面馆".to_owned());
            let request = CollectionRequest { guid, code: code.clone(), name, city, local_name, category: "5812".to_owned() };
            let merchant = emv::read(&make_collection_code(&request).unwrap()).unwrap();
            let asked = CollectionCode::of(&merchant, "app.kabao").unwrap();
            prop_assert_eq!(asked.as_ref(), Some(&code));
            prop_assert_eq!(read(&make(&code, HOST).unwrap(), HOST), Ok(code));
        }
    }
}
