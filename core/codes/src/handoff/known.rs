//! The https links that an app is known to open.

use super::{HandOffApp, HandOffError, checked_text, percent};

/// A host, whether its sub-domains belong to it, and who opens its links.
struct KnownHost {
    name: &'static str,
    below: bool,
    app: HandOffApp,
}

/// - `qr.alipay.com`: collection and order codes of Alipay (register, F3, F4);
/// - `lakala.com` and below: aggregated pages that ask which app scans (F24, F25); Alipay is one of those that they know.
const HOSTS: &[KnownHost] = &[
    KnownHost { name: "qr.alipay.com", below: false, app: HandOffApp::Alipay },
    KnownHost { name: "lakala.com", below: true, app: HandOffApp::Alipay },
];

/// Schemes that open an app: one of these inside a link hides what is opened at the end.
const APP_SCHEMES: &[&str] = &["alipay", "alipays", "alipayqr", "weixin", "wxp", "uppay", "uppaywallet", "uppaysdk", "upwallet", "intent"];

/// Checks that `link` is an https link, taken apart without doubt, to a host that `app` opens.
pub(super) fn checked_https(link: &str, app: HandOffApp) -> Result<(), HandOffError> {
    checked_text(link)?;
    let (scheme, rest) = link.split_once("://").ok_or(HandOffError::Shape)?;
    if opens_app(scheme) {
        return Err(HandOffError::Nested);
    }
    if !scheme.eq_ignore_ascii_case("https") || rest.contains('\\') {
        return Err(HandOffError::Shape);
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at_checked(end).ok_or(HandOffError::Shape)?;
    // Ports, user names and letters outside ASCII make another host of it; none of them is needed.
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.') {
        return Err(HandOffError::UnknownHost);
    }
    let host = host.to_ascii_lowercase();
    let known = HOSTS.iter().any(|known| {
        known.app == app && (host == known.name || (known.below && host.strip_suffix(known.name).is_some_and(|left| left.ends_with('.') && left.len() > 1)))
    });
    if !known {
        return Err(HandOffError::UnknownHost);
    }
    if hides_app_link(tail) { Err(HandOffError::Nested) } else { Ok(()) }
}

fn opens_app(scheme: &str) -> bool {
    APP_SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// Whether a link that opens an app stands in the text, plain or encoded up to three times.
fn hides_app_link(text: &str) -> bool {
    let mut layer = text.to_owned();
    for _ in 0..4 {
        let found = layer.match_indices("://").any(|(at, _)| {
            let before = layer.get(..at).unwrap_or_default();
            let word = before.rsplit(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
            opens_app(word)
        });
        if found {
            return true;
        }
        let inner = percent::loosened(&layer);
        if inner == layer {
            return false;
        }
        layer = inner;
    }
    // Still encoded after three layers: nobody writes that who has nothing to hide.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_whole() {
        for link in ["https://qr.alipay.com/fkx00000aaaa", "HTTPS://QR.ALIPAY.COM/FKX00000AAAA", "https://qr.lakala.com/order?id=1&type=alipay", "https://ipos.lakala.com/q/a"] {
            assert_eq!(checked_https(link, HandOffApp::Alipay), Ok(()), "{link}");
        }
        for link in [
            "https://qr.alipay.com.evil.example/a", "https://evil-lakala.com/a", "https://.lakala.com/a", "https://qr.alipay.com:443/a",
            "https://qr.alipay.com@evil.example/a", "https://x.qr.alipay.com/a", "https://qr.alipаy.com/a", "https:///a", "https://qr.95516.com/00010000/1",
        ] {
            assert_eq!(checked_https(link, HandOffApp::Alipay), Err(HandOffError::UnknownHost), "{link}");
        }
        for link in ["http://qr.alipay.com/a", "qr.alipay.com/a", "", "https:/qr.alipay.com", "https://qr.alipay.com\\@evil.example/a"] {
            assert_eq!(checked_https(link, HandOffApp::Alipay), Err(HandOffError::Shape), "{link}");
        }
        assert_eq!(checked_https("https://qr.alipay.com/a", HandOffApp::WeChat), Err(HandOffError::UnknownHost));
    }

    #[test]
    fn an_app_link_inside_is_found_through_three_layers() {
        let mut inner = "alipays://platformapi/startapp".to_owned();
        for _ in 0..5 {
            assert_eq!(checked_https(&format!("https://qr.alipay.com/a?u={inner}"), HandOffApp::Alipay), Err(HandOffError::Nested), "{inner}");
            inner = percent::encoded(&inner);
        }
        for hidden in ["%zz&u=alipays%3A%2F%2Fplatformapi", "%ff&u=WEIXIN%3a//wap", "x=wxp://f2f0"] {
            assert_eq!(checked_https(&format!("https://qr.alipay.com/a?{hidden}"), HandOffApp::Alipay), Err(HandOffError::Nested), "{hidden}");
        }
        assert_eq!(checked_https("https://qr.alipay.com/a?u=https%3A%2F%2Fqr.alipay.com%2Fb", HandOffApp::Alipay), Ok(()));
        assert_eq!(checked_https("https://qr.alipay.com/a?u=100%", HandOffApp::Alipay), Ok(()));
    }

    #[test]
    fn many_separators_take_linear_time() {
        let link = format!("https://qr.alipay.com/{}", "a://".repeat(1000));
        assert_eq!(checked_https(&link, HandOffApp::Alipay), Ok(()));
        assert_eq!(checked_https(&format!("https://qr.alipay.com/{}", "a".repeat(5000)), HandOffApp::Alipay), Err(HandOffError::TooLong));
    }
}
