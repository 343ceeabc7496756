//! The https links that an app is known to open: what the table of codes says of them.

use super::{HandOffApp, HandOffError, checked_text, percent};
use crate::links::{row_of, take_apart};
use crate::table::{HandOverWay, Table};

/// Checks that `link` is an https link, taken apart without doubt, that `app` opens: a code of its
/// own (F3, F4), or an acquirer's page that asks which app scans (F24, F25).
pub(super) fn checked_https(link: &str, app: HandOffApp, table: &Table) -> Result<(), HandOffError> {
    checked_text(link)?;
    let parts = take_apart(link).ok_or(HandOffError::Shape)?;
    if table.opens_app(&parts.scheme) {
        return Err(HandOffError::Nested);
    }
    if parts.scheme != "https" || link.contains('\\') {
        return Err(HandOffError::Shape);
    }
    let row = row_of(&parts, table).ok_or(HandOffError::UnknownLink)?;
    let taken = matches!(row.hand_over, HandOverWay::AlipayScan | HandOverWay::AskService);
    if !taken || app != HandOffApp::Alipay {
        return Err(HandOffError::UnknownLink);
    }
    // A code of the app's own that carries another address is none that it makes; an acquirer's page may.
    if row.hand_over == HandOverWay::AlipayScan && crate::read::leads_elsewhere(&parts) {
        return Err(HandOffError::Nested);
    }
    let (_, behind) = link.split_once("://").ok_or(HandOffError::Shape)?;
    if hides_app_link(behind, table) { Err(HandOffError::Nested) } else { Ok(()) }
}

/// Whether a link that opens an app stands in the text, plain or encoded up to three times.
fn hides_app_link(text: &str, table: &Table) -> bool {
    let mut layer = text.to_owned();
    for _ in 0..4 {
        let found = layer.match_indices("://").any(|(at, _)| {
            let before = layer.get(..at).unwrap_or_default();
            let word = before.rsplit(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
            table.opens_app(word)
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
    fn a_code_that_leads_elsewhere_is_none() {
        let check = |link: &str| checked_https(link, HandOffApp::Alipay, &Table::shipped());
        for tail in ["?u=https%3A%2F%2Fevil.example", "?u=%2F%5Cevil.example", "#//evil.example", "?u=javascript:x"] {
            assert_eq!(check(&format!("https://qr.alipay.com/fkx00000aaaa{tail}")), Err(HandOffError::Nested), "{tail}");
        }
        assert_eq!(check("https://qr.alipay.com/fkx00000aaaa?u=%2Fb&t=12:30"), Ok(()));
        assert_eq!(check("https://qr.lakala.com/order?back=https%3A%2F%2Fshop.example"), Ok(()));
    }

    #[test]
    fn hosts_are_compared_whole() {
        for link in ["https://qr.alipay.com/fkx00000aaaa", "HTTPS://QR.ALIPAY.COM/FKX00000AAAA", "https://qr.lakala.com/order?id=1&type=alipay", "https://ipos.lakala.com/q/a"] {
            assert_eq!(checked_https(link, HandOffApp::Alipay, &Table::shipped()), Ok(()), "{link}");
        }
        for link in [
            "https://qr.alipay.com.evil.example/bax00001", "https://qr.alipay.com/", "https://qr.alipay.com/bax/../x", "https://evil-lakala.com/a", "https://.lakala.com/a", "https://qr.alipay.com:8443/bax00001",
            "https://qr.alipay.com@evil.example/bax00001", "https://x.qr.alipay.com/bax00001", "https://qr.alipаy.com/bax00001", "https:///a", "https://qr.95516.com/00010000/1",
        ] {
            assert_eq!(checked_https(link, HandOffApp::Alipay, &Table::shipped()), Err(HandOffError::UnknownLink), "{link}");
        }
        for link in ["http://qr.alipay.com/bax00001", "qr.alipay.com/a", "", "https:/qr.alipay.com", "https://qr.alipay.com\\@evil.example/bax00001"] {
            assert_eq!(checked_https(link, HandOffApp::Alipay, &Table::shipped()), Err(HandOffError::Shape), "{link}");
        }
        assert_eq!(checked_https("https://qr.alipay.com/bax00001", HandOffApp::WeChat, &Table::shipped()), Err(HandOffError::UnknownLink));
    }

    #[test]
    fn an_app_link_inside_is_found_through_three_layers() {
        let mut inner = "alipays://platformapi/startapp".to_owned();
        for _ in 0..5 {
            assert_eq!(checked_https(&format!("https://qr.alipay.com/bax00001?u={inner}"), HandOffApp::Alipay, &Table::shipped()), Err(HandOffError::Nested), "{inner}");
            inner = percent::encoded(&inner);
        }
        for hidden in ["%zz&u=alipays%3A%2F%2Fplatformapi", "%ff&u=WEIXIN%3a//wap", "x=wxp://f2f0"] {
            assert_eq!(checked_https(&format!("https://qr.alipay.com/bax00001?{hidden}"), HandOffApp::Alipay, &Table::shipped()), Err(HandOffError::Nested), "{hidden}");
        }
        assert_eq!(checked_https("https://qr.alipay.com/bax00001?u=https%3A%2F%2Fqr.alipay.com%2Fb", HandOffApp::Alipay, &Table::shipped()), Ok(()));
        assert_eq!(checked_https("https://qr.alipay.com/bax00001?u=100%", HandOffApp::Alipay, &Table::shipped()), Ok(()));
    }

    #[test]
    fn many_separators_take_linear_time() {
        let link = format!("https://qr.lakala.com/{}", "a://".repeat(1000));
        assert_eq!(checked_https(&link, HandOffApp::Alipay, &Table::shipped()), Ok(()));
        assert_eq!(checked_https(&format!("https://qr.alipay.com/{}", "a".repeat(5000)), HandOffApp::Alipay, &Table::shipped()), Err(HandOffError::TooLong));
    }
}
