use super::{HandOff, HandOffError, HandOffRequest, HandOffWay, WrappedLink, checked_wechat, percent};
use crate::handoff::LIMIT;
use crate::links;
use crate::table::Table;

fn hand_off(request: &HandOffRequest) -> Result<HandOff, HandOffError> {
    super::hand_off(request, &Table::shipped())
}

fn unwrap_hand_off(text: &str) -> Result<WrappedLink, HandOffError> {
    super::unwrap_hand_off(text, &Table::shipped())
}

fn ways(text: &str) -> Vec<HandOffWay> {
    super::ways(text, &Table::shipped())
}

fn request(way: HandOffWay, link: &str) -> HandOffRequest {
    HandOffRequest { way, link: link.to_owned(), return_token: "q8Zr1mC0x5Vt2bNd".to_owned(), expires_after_seconds: 300 }
}

const WECHAT: &str = "weixin://wap/pay?prepayid=wx201410272009395522657a690389285100&package=Sign%3DWXPay&noncestr=C380BEC2BFD727A4B6845133519F3AD6&timestamp=1414411784&sign=0CB01533B8C1EF103065174F50BCA001";

#[test]
fn writes_what_public_apps_open() {
    // Shapes: register, F5 (twenhub.com, cnblogs.com/haoran5544/p/18814245).
    let cases = [
        (HandOffWay::AlipayScan, "https://qr.alipay.com/fkx00000aaaa", "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa"),
        (HandOffWay::AlipayScan, "HTTPS://QR.ALIPAY.COM/FKX00000AAAA", "alipays://platformapi/startapp?saId=10000007&qrcode=HTTPS%3A%2F%2FQR.ALIPAY.COM%2FFKX00000AAAA"),
        (HandOffWay::AlipayPage, "https://qr.lakala.com/order?id=1&type=alipay", "alipays://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fqr.lakala.com%2Forder%3Fid%3D1%26type%3Dalipay"),
        (HandOffWay::WeChatPay, WECHAT, WECHAT),
        (HandOffWay::PayPalMe, "https://paypal.me/example/25EUR", "https://paypal.me/example/25EUR"),
    ];
    for (way, link, expected) in cases {
        let ready = hand_off(&request(way, link)).unwrap();
        assert_eq!((ready.app, ready.link.as_str(), ready.expires_after_seconds), (way.app(), expected, 300));
        assert_eq!(ready.return_token, "q8Zr1mC0x5Vt2bNd");
        assert!(ways(link).contains(&way), "{link}");
    }
}

#[test]
fn refuses_by_name() {
    let once = hand_off(&request(HandOffWay::AlipayScan, "https://qr.alipay.com/fkx00000aaaa")).unwrap().link;
    let cases = [
        (HandOffWay::AlipayScan, once.as_str(), HandOffError::Nested),
        (HandOffWay::AlipayPage, "https://qr.lakala.com/a?next=alipays%3A%2F%2Fplatformapi%2Fstartapp%3FappId%3D1", HandOffError::Nested),
        (HandOffWay::AlipayScan, "https://evil.example/fkx00000aaaa", HandOffError::UnknownLink),
        (HandOffWay::AlipayScan, "https://qr.alipay.com/fkx\u{200b}", HandOffError::Hidden),
        (HandOffWay::AlipayScan, "https://qr.alipay.com/fkx aaa", HandOffError::Hidden),
        (HandOffWay::AlipayScan, " https://qr.alipay.com/fkx", HandOffError::Hidden),
        (HandOffWay::AlipayScan, "http://qr.alipay.com/fkx", HandOffError::Shape),
        (HandOffWay::AlipayScan, "6212345678901234567", HandOffError::Shape),
        (HandOffWay::WeChatPay, "weixin://wxpay/bizpayurl?pr=abcdefg", HandOffError::Shape),
        (HandOffWay::PayPalMe, "https://paypal.me.evil.example/a", HandOffError::UnknownLink),
    ];
    for (way, link, error) in cases {
        assert_eq!(hand_off(&request(way, link)), Err(error), "{link}");
    }
    let long = format!("https://qr.alipay.com/{}", "a".repeat(LIMIT));
    assert_eq!(hand_off(&request(HandOffWay::AlipayScan, &long)), Err(HandOffError::TooLong));
    for token in ["", "short", "q8Zr1mC0x5Vt2bN=", &"a".repeat(65), "q8Zr1mC0x5Vt2bNä"] {
        let request = HandOffRequest { return_token: token.to_owned(), ..request(HandOffWay::WeChatPay, WECHAT) };
        assert_eq!(hand_off(&request), Err(HandOffError::Token), "{token}");
    }
    for seconds in [0, 7201, u32::MAX] {
        let request = HandOffRequest { expires_after_seconds: seconds, ..request(HandOffWay::WeChatPay, WECHAT) };
        assert_eq!(hand_off(&request), Err(HandOffError::Wait));
    }
}

#[test]
fn a_signed_payment_of_wechat_has_one_shape() {
    assert_eq!(checked_wechat(WECHAT), Ok(()));
    let rsa = format!("{}%3D%3D", "A".repeat(342));
    let (start, _) = WECHAT.rsplit_once('=').unwrap();
    assert_eq!(checked_wechat(&format!("{start}={rsa}")), Ok(()));
    for changed in [
        WECHAT.replace("weixin", "wexin"),
        WECHAT.replace("wap/pay", "wap/payy"),
        WECHAT.replace("Sign%3DWXPay", "Sign=WXPay"),
        WECHAT.replace("timestamp=1414411784", "timestamp=141441178"),
        WECHAT.replace("&timestamp=1414411784", ""),
        WECHAT.replace("prepayid=wx", "prepayid="). replace("201410272009395522657a690389285100", ""),
        format!("{WECHAT}&sign=0CB01533B8C1EF103065174F50BCA001"),
        format!("{WECHAT}&more=1"),
        format!("{WECHAT}&"),
        format!("{WECHAT}0"),
        format!("{start}={rsa}%3D"),
    ] {
        assert_eq!(checked_wechat(&changed), Err(HandOffError::Shape), "{changed}");
    }
}

#[test]
fn what_is_inside_is_judged_too() {
    let inside = |value: &str| unwrap_hand_off(&format!("alipays://platformapi/startapp?appId=20000067&url={value}"));
    assert_eq!(inside("https%3A%2F%2Fevil.example"), Err(HandOffError::UnknownLink));
    assert_eq!(inside("alipays%3A%2F%2Fplatformapi%2Fstartapp%3Furl%3Dhttps"), Err(HandOffError::Nested));
    for value in ["", "%zz", "%ff", "https%3A%2F%2Fqr.alipay.com%2Fbax00001&url=b", "https%3A%2F%2Fqr.alipay.com%2Fbax00001&qrcode=b"] {
        assert_eq!(inside(value), Err(HandOffError::Shape), "{value}");
    }
    assert_eq!(inside("https%3A%2F%2Fqr.alipay.com%2Fbax00001%0A"), Err(HandOffError::Hidden));
    for text in ["alipays://platformapi/startapp", "alipays://other/startapp?url=a", "alipayx://platformapi/startapp?url=a", ""] {
        assert_eq!(unwrap_hand_off(text), Err(HandOffError::Shape), "{text}");
    }
    assert!(unwrap_hand_off("ALIPAYQR://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Fbax00001").is_ok());
    assert_eq!(unwrap_hand_off(&"a".repeat(1 << 20)), Err(HandOffError::TooLong));
}

#[test]
fn printing_shows_neither_link_nor_token() {
    let request = request(HandOffWay::AlipayScan, "https://qr.alipay.com/fkx00000aaaa");
    let ready = hand_off(&request).unwrap();
    for printed in [format!("{request:?}"), format!("{ready:?}")] {
        assert!(!printed.contains("q8Zr") && !printed.contains("fkx"), "{printed}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_wrapped_is_unwrapped(
        host in proptest::sample::select(vec!["qr.alipay.com/fkx0000A", "QR.ALIPAY.COM/BAX00000", "qr.lakala.com", "lakala.com"]),
        tail in "(/[!-~ä-ü一-龥]{0,60}|[?#][!-~]{0,60})?",
        page in proptest::bool::ANY,
    ) {
        proptest::prop_assume!(!tail.contains('\\'));
        let way = if page { HandOffWay::AlipayPage } else { HandOffWay::AlipayScan };
        // A code of Alipay ends where its path ends; a page may go on.
        let tail = if host.contains('/') { tail.replacen('/', "?", 1) } else { tail };
        let link = format!("https://{host}{tail}");
        let Ok(ready) = hand_off(&request(way, &link)) else {
            // Only what may hide another hand-off or another address has no way.
            proptest::prop_assert!(tail.contains("//") || tail.contains('%') || tail.contains(':'), "{}", link);
            return Ok(());
        };
        proptest::prop_assert_eq!(unwrap_hand_off(&ready.link), Ok(WrappedLink { way, link: link.clone() }));
        proptest::prop_assert_eq!(links::inner(&ready.link, &crate::Table::shipped()), Some(link));
        // A link that opens an app is never wrapped again.
        proptest::prop_assert_eq!(hand_off(&request(way, &ready.link)), Err(HandOffError::Nested));
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,300}") {
        let _ = ways(&text);
        let _ = unwrap_hand_off(&text);
        for way in [HandOffWay::AlipayScan, HandOffWay::AlipayPage, HandOffWay::WeChatPay, HandOffWay::PayPalMe] {
            if let Ok(ready) = hand_off(&request(way, &text)) {
                proptest::prop_assert!(ready.link == text || ready.link.ends_with(&percent::encoded(&text)));
            }
        }
    }
}
