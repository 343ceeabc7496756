//! What a request may carry, read strictly: a field that is there has its shape or the request is refused by its name.

use chrono::NaiveDateTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::net::IpAddr;

/// The envelope of every request.
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) req_time: String,
    pub(super) version: String,
    pub(super) req_data: T,
}

impl<T: DeserializeOwned> Envelope<T> {
    /// Reads a body; the error names the field, or is empty when it is not JSON of this shape at all.
    pub(super) fn read(body: &[u8]) -> Result<T, &'static str> {
        let envelope: Envelope<T> = serde_json::from_slice(body).map_err(|_| "")?;
        let digits = envelope.req_time.len() == 14 && envelope.req_time.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || NaiveDateTime::parse_from_str(&envelope.req_time, "%Y%m%d%H%M%S").is_err() {
            return Err("req_time");
        }
        if envelope.version != "3.0" {
            return Err("version");
        }
        Ok(envelope.req_data)
    }
}

/// Who asks; part of every request.
#[derive(Deserialize)]
pub(super) struct Merchant {
    pub(super) merchant_no: String,
    pub(super) term_no: String,
}

#[derive(Deserialize)]
pub(super) struct MicropayFields {
    pub(super) out_trade_no: String,
    pub(super) auth_code: String,
    pub(super) total_amount: String,
    #[serde(default)]
    pub(super) subject: Option<String>,
    pub(super) location_info: Location,
    #[serde(default)]
    pub(super) notify_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Location {
    pub(super) request_ip: String,
}

#[derive(Deserialize)]
pub(super) struct QueryFields {
    #[serde(default)]
    pub(super) out_trade_no: Option<String>,
    #[serde(default)]
    pub(super) trade_no: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct GiveBackFields {
    pub(super) out_trade_no: String,
    #[serde(default)]
    pub(super) refund_amount: Option<String>,
    #[serde(default)]
    pub(super) refund_reason: Option<String>,
    #[serde(default)]
    pub(super) origin_out_trade_no: Option<String>,
    #[serde(default)]
    pub(super) origin_trade_no: Option<String>,
}

/// An order number of the merchant: 1 to 32 characters that print, without those that quote.
pub(super) fn order_number(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'\\<>&`".contains(&byte);
    ((1..=32).contains(&text.len()) && text.bytes().all(plain)).then_some(text)
}

/// An amount in fen: up to twelve digits, no leading zero, no sign.
pub(super) fn fen(text: &str) -> Option<i64> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return None;
    }
    text.parse().ok()
}

/// Words of the merchant that a person will read: up to 42 characters, none of them hidden.
pub(super) fn words(text: &str) -> Option<&str> {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    (text.chars().count() <= 42 && !text.chars().any(hidden)).then_some(text)
}

pub(super) fn ip(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Whom the notification goes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotifyUrl {
    /// A listener on this machine.
    Loopback,
    /// Anywhere else: the reference service does not call out, so that it cannot be sent somewhere.
    Elsewhere,
}

/// Judges an address; `None` when it is none.
pub(super) fn notify_url(text: &str) -> Option<NotifyUrl> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
    let graphic = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>`".contains(&byte));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if text.len() > 512 || !graphic || authority.is_empty() || authority.contains('@') {
        return None;
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            (host, rest.strip_prefix(':').map_or_else(|| rest.is_empty().then_some(None), |port| Some(Some(port)))?)
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let loopback = match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    Some(if loopback { NotifyUrl::Loopback } else { NotifyUrl::Elsewhere })
}

/// Whose payer code it is, by its first digits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CodeOwner {
    /// Ours: to the wallet service.
    Ours,
    /// Another scheme's.
    Other(&'static str),
    /// Nobody's, or not a payer code at all.
    Nobody,
}

/// Routes the digits that the till read.
pub(super) fn code_owner(code: &str, our_prefix: &str, our_length: usize) -> CodeOwner {
    if !(16..=32).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return CodeOwner::Nobody;
    }
    if code.starts_with(our_prefix) && code.len() == our_length {
        return CodeOwner::Ours;
    }
    match code.get(..2).and_then(|two| two.parse::<u8>().ok()) {
        Some(10..=15) => CodeOwner::Other("微信"),
        Some(25..=30) => CodeOwner::Other("支付宝"),
        Some(62) => CodeOwner::Other("银联"),
        Some(1) => CodeOwner::Other("数字人民币"),
        Some(51) => CodeOwner::Other("翼支付"),
        Some(83) => CodeOwner::Other("苏宁支付"),
        _ => CodeOwner::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_fen_in_plain_digits() {
        assert_eq!(fen("2350"), Some(2350));
        assert_eq!(fen("999999999999"), Some(999_999_999_999));
        for bad in ["", "0", "023", "-1", "+1", "23.50", "2,350", "２３", " 1", "1e3", "1000000000000", "9223372036854775808"] {
            assert_eq!(fen(bad), None, "{bad}");
        }
    }

    #[test]
    fn order_numbers_and_words() {
        assert!(order_number("T-2026.1122/0001_a").is_some() && order_number(&"a".repeat(32)).is_some());
        for bad in ["", "a b", "订单", "a\"b", "a\u{200b}", &"a".repeat(33)] {
            assert_eq!(order_number(bad), None, "{bad:?}");
        }
        assert!(words("豆浆 × 2").is_some() && words(&"豆".repeat(42)).is_some());
        for bad in ["a\nb", "a\u{202e}b", "\u{feff}", &"豆".repeat(43)] {
            assert_eq!(words(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_this_machine_is_notified() {
        for here in ["http://127.0.0.1:9000/n?a=1", "https://localhost/n", "http://[::1]:80", "http://127.9.9.9", "http://LOCALHOST:1"] {
            assert_eq!(notify_url(here), Some(NotifyUrl::Loopback), "{here}");
        }
        for there in ["http://192.168.0.1/n", "https://merchant.example/n", "http://localhost.example", "http://127.0.0.1.example", "http://0.0.0.0"] {
            assert_eq!(notify_url(there), Some(NotifyUrl::Elsewhere), "{there}");
        }
        for bad in ["", "ftp://127.0.0.1", "http://", "http://127.0.0.1@evil.example/", "http://a b", "http://127.0.0.1:99999", "http://[::1", "http://[::1]x", "http://h\\x"] {
            assert_eq!(notify_url(bad), None, "{bad}");
        }
    }

    #[test]
    fn codes_go_to_their_owners() {
        let owner = |code: &str| code_owner(code, "97", 24);
        assert_eq!(owner("970000000000000000000000"), CodeOwner::Ours);
        assert_eq!(owner("9700000000000000000000000"), CodeOwner::Nobody);
        assert_eq!(owner("97000000000000000000000０"), CodeOwner::Nobody);
        assert_eq!(owner("134500000000000000"), CodeOwner::Other("微信"));
        assert_eq!(owner("284500000000000000"), CodeOwner::Other("支付宝"));
        assert_eq!(owner("0100000000000000000"), CodeOwner::Other("数字人民币"));
        for nobody in ["", "13", "990000000000000000", "97000000000000000000000x", &"9".repeat(1 << 20)] {
            assert_eq!(owner(nobody), CodeOwner::Nobody);
        }
    }
}
