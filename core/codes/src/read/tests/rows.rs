//! Every row of section 7.1 and every family.

use super::*;
use kabao_base::Code::{self, *};

/// The rows of 7.1 in their order, and what stands beside them in facts 0 and 4.
#[test]
fn digits_by_the_classifier() {
    for (text, family, refusal) in [
        ("971234567890166296851979", Family::OurPayerCode, CodeIsPayerCode),
        ("100123456789012345", Family::WeChatPayerCode, CodeIsPayerCode),
        ("150123456789012345", Family::WeChatPayerCode, CodeIsPayerCode),
        ("110101199003078670", Family::MayBeId, CodeMayBeId),
        ("110101199003078671", Family::WeChatPayerCode, CodeIsPayerCode),
        ("110101199002308670", Family::WeChatPayerCode, CodeIsPayerCode),
        ("160123456789012345", Family::Unknown, CodeUnknown),
        ("180123456789012345", Family::JdPayerCode, CodeIsPayerCode),
        ("510123456789012345", Family::BestPayPayerCode, CodeIsPayerCode),
        ("510104199003070015", Family::MayBeId, CodeMayBeId),
        ("440524188001010014", Family::MayBeId, CodeMayBeId),
        ("932682198501010017", Family::MayBeId, CodeMayBeId),
        ("810000199408230021", Family::MayBeId, CodeMayBeId),
        ("KAZ110090123105", Family::MayBeId, CodeMayBeId),
        ("kaz110090123105", Family::MayBeId, CodeMayBeId),
        ("KAZ110090123106", Family::Unknown, CodeUnknown),
        ("KAZ110090133105", Family::Unknown, CodeUnknown),
        ("KA0110090123105", Family::Unknown, CodeUnknown),
        ("KAZ11009012310", Family::Unknown, CodeUnknown),
        ("110105491231002", Family::Unknown, CodeUnknown),
        ("11010519491231002X", Family::MayBeId, CodeMayBeId),
        ("11010519491231002x", Family::MayBeId, CodeMayBeId),
        ("12345678901234567X", Family::MayBeId, CodeMayBeId),
        ("1234567890123456X", Family::Unknown, CodeUnknown),
        ("6212345678901234567", Family::UnionPayPayerCode, CodeIsPayerCode),
        ("6222021234567890128", Family::MayBeCard, CodeMayBeCard),
        ("621234567890123456", Family::Unknown, CodeUnknown),
        ("62123456789012345678", Family::Unknown, CodeUnknown),
        ("0112345678901234567", Family::ECnyPayerCode, CodeIsPayerCode),
        ("2500000000000000", Family::AlipayPayerCode, CodeIsPayerCode),
        ("301111111111111111111111", Family::AlipayPayerCode, CodeIsPayerCode),
        ("250000000000000", Family::Unknown, CodeUnknown),
        ("3000000000000000000000000", Family::Unknown, CodeUnknown),
        ("3112345678901234", Family::BaiduPayerCode, CodeIsPayerCode),
        ("fp0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ", Family::AlipayFaceCode, CodeIsPayerCode),
        ("201708210000000000001", Family::Unknown, CodeUnknown),
        ("6901234567892", Family::GoodsBarcode, CodeNoPayment),
        ("6901234567893", Family::Unknown, CodeUnknown),
        ("4006381333931", Family::GoodsBarcode, CodeNoPayment),
        ("4111111111111111", Family::MayBeCard, CodeMayBeCard),
        ("4111111111111112", Family::Unknown, CodeUnknown),
        ("123456", Family::Unknown, CodeUnknown),
    ] {
        let verdict = judged(text);
        assert_eq!((verdict.family, verdict.refusal, verdict.pay), (family, Some(refusal), PayWay::No), "{text}");
        assert!(verdict.dangers.is_empty(), "{text}");
    }
}

#[test]
fn the_same_digits_on_a_card_form() {
    let form = ReadContext { place: Place::CardForm, ..context() };
    for (text, family) in [
        ("6212345678901234567", Family::MayBeCard),
        ("6222021234567890128", Family::MayBeCard),
        ("4111111111111111", Family::MayBeCard),
        ("110101199003078670", Family::MayBeId),
        ("971234567890166296851979", Family::OurPayerCode),
    ] {
        assert_eq!(read(text, &form).family, family, "{text}");
    }
    assert_eq!(judged("KAZ110090123105").masked.as_deref(), Some("KAZ********3105"));
    assert_eq!(read("6222021234567890128", &form).masked.as_deref(), Some("**** 0128"));
}

#[test]
fn numbers_of_people_and_cards_show_their_mask_only() {
    for (text, mask) in [("110101199003078670", "110***********8670"), ("6222021234567890128", "**** 0128")] {
        let verdict = judged(text);
        assert_eq!(verdict.masked.as_deref(), Some(mask));
        assert!(!format!("{verdict:?}").contains(&text[4..12]), "{text}");
    }
}

#[test]
fn our_payer_codes_are_what_the_service_provisioned() {
    let digits = "971234567890166296851979";
    let nothing = ReadContext { payer_prefix: None, ..context() };
    assert_eq!(read(digits, &nothing).family, Family::Unknown);
    let longer = ReadContext { payer_length: 20, ..context() };
    assert_eq!(read("97123456789012345678", &longer).family, Family::OurPayerCode);
    assert_eq!(read(digits, &longer).family, Family::Unknown);
}

#[test]
fn links_by_scheme_host_and_path() {
    let ali = Some(Scheme::Alipay);
    let wechat = Some(Scheme::WeChat);
    let union = Some(Scheme::UnionPay);
    let paypal = Some(Scheme::PayPal);
    for (text, family, owner, is_static, refusal) in [
        ("https://qr.alipay.com/bax07729i8nrz04notk60045", Family::AlipayOrder, ali.clone(), Some(false), CodeNotPayable),
        ("https://qr.alipay.com/fkx00000aaaaaaaaaaaaaa0?t=1542355035868", Family::AlipayPersonal, ali.clone(), Some(true), CodeNotPayable),
        ("HTTPS://QR.ALIPAY.COM/FKX00000AAAAAAAAAAAAAA0", Family::AlipayPersonal, ali.clone(), Some(true), CodeNotPayable),
        ("https://qr.alipay.com/2m600000aaaaaaaaaaaaaa0", Family::AlipayCode, ali.clone(), None, CodeNotPayable),
        ("https://qr.alipay.com/tsx00000aaaaaaaaaaaaaa0", Family::AlipayTransfer, ali.clone(), None, CodeNotPayable),
        ("https://qr.alipay.com/ocx00000aaaaaaaaaaaaaa0", Family::AlipayOverseas, ali.clone(), None, CodeNotPayable),
        ("https://qr.alipay.com/c1x00000aaaaaaaaaaaaaa0", Family::AlipayRedPacket, ali.clone(), None, CodeNotPayable),
        ("https://qr.alipay.com/", Family::WebLink, ali.clone(), None, CodeWebLink),
        ("weixin://wxpay/bizpayurl?pr=Mvasgua", Family::WeChatOrder, wechat.clone(), Some(false), CodeNotPayable),
        ("WEIXIN://WXPAY/bizpayurl/up?pr=Mvasgua", Family::WeChatOrder, wechat.clone(), Some(false), CodeNotPayable),
        ("weixin://wxpay/bizpayurl?appid=wx1&mch_id=1&nonce_str=f&product_id=88&time_stamp=1&sign=A", Family::WeChatProduct, wechat.clone(), Some(true), CodeNotPayable),
        ("weixin://wxpay/bizpayurl", Family::Unknown, None, None, CodeUnknown),
        // No order has such a name.
        ("weixin://wxpay/bizpayurl?pr=%E9%9D%A2", Family::Unknown, None, None, CodeUnknown),
        ("weixin://wxpay/bizpayurl?pr=面", Family::Unknown, None, None, CodeUnknown),
        ("weixin://wxpay/bizpayurl?pr=a/b", Family::Unknown, None, None, CodeUnknown),
        ("wxp://f2f0AAAA-_=", Family::WeChatPersonal, wechat.clone(), Some(true), CodeNotPayable),
        ("WXP://F2F1AAAA", Family::WeChatPersonal, wechat.clone(), Some(true), CodeNotPayable),
        ("weixin://wap/pay?prepayid=wx1&package=Sign%3DWXPay&noncestr=a&timestamp=1&sign=A", Family::WeChatHandOff, wechat.clone(), Some(false), CodeNotPayable),
        ("https://u.wechat.com/EEEE", Family::WeChatContact, wechat.clone(), None, CodeNoPayment),
        ("https://mp.weixin.qq.com/a/~AAAA", Family::WeChatMiniProgram, wechat.clone(), None, CodeNoPayment),
        ("weixin://dl/business/?t=AAAA", Family::WeChatMiniProgram, wechat.clone(), None, CodeNoPayment),
        ("#小程序://名字/AAAA", Family::WeChatMiniProgram, wechat.clone(), None, CodeNoPayment),
        ("https://mp.weixin.qq.com/s/AAAA", Family::WebLink, wechat.clone(), None, CodeWebLink),
        ("https://qr.95516.com/00010002/01012166439217005044479417630044", Family::UnionPayMerchant, union.clone(), None, CodeNotPayable),
        ("https://qr.95516.com/48020000/01012166439217005044479417", Family::UnionPayMerchant, union.clone(), None, CodeNotPayable),
        ("HTTPS://QR.95516.COM/00010000/01012166439217005044479417630044", Family::UnionPayMerchant, union.clone(), None, CodeNotPayable),
        ("https://qr.95516.com/00010002/0101216643921700504447941", Family::WebLink, union.clone(), None, CodeWebLink),
        ("https://i.qianbao.qq.com/wallet/sqrcode.htm?m=tenpay", Family::QqWallet, Some(Scheme::Qq), None, CodeNotPayable),
        ("https://qr.lakala.com/order?id=1&type=alipay", Family::Aggregated, Some(Scheme::Lakala), None, CodeAggregated),
        ("https://qcode.lakala.com/qcode/abc", Family::Aggregated, Some(Scheme::Lakala), None, CodeAggregated),
        ("https://lakala.com/", Family::Aggregated, Some(Scheme::Lakala), None, CodeAggregated),
        ("https://paypal.me/example", Family::PayPalMe, paypal.clone(), Some(true), CodeNotPayable),
        ("https://www.paypal.com/paypalme/example/5", Family::PayPalMe, paypal.clone(), Some(true), CodeNotPayable),
        ("https://www.paypal.com/qrcodes/p2pqrc/ABC123", Family::PayPalCode, paypal.clone(), Some(true), CodeNotPayable),
        ("https://www.paypal.com/signin", Family::WebLink, paypal.clone(), None, CodeWebLink),
        ("https://pay.google.com/gp/v/save/eyJ.eyJ.sig", Family::GoogleWalletPass, None, None, CodeNoPayment),
        ("upi://pay?pa=shop@bank&am=1", Family::Upi, Some(Scheme::Upi), None, CodeNotPayable),
        ("upi://pay?am=1", Family::Unknown, None, None, CodeUnknown),
        ("taler://pay/shop.example/1", Family::ForeignLink, Some(Scheme::from_name("taler")), None, CodeNotPayable),
        ("https://www.example.com/menu?table=7", Family::WebLink, None, None, CodeWebLink),
        ("alipays://platformapi/startapp?saId=10000007", Family::AlipayHandOff, ali.clone(), None, CodeNoPayment),
        ("hello", Family::Unknown, None, None, CodeUnknown),
        ("qr.alipay.com/fkx00000aaaa", Family::Unknown, None, None, CodeUnknown),
        ("https://qr.alipay.com/fkx00000aaaa thank you", Family::Unknown, None, None, CodeUnknown),
    ] {
        let verdict = judged(text);
        assert_eq!((verdict.family, verdict.owner, verdict.asks.is_static, verdict.refusal), (family, owner, is_static, Some(refusal)), "{text}");
        assert_eq!(verdict.dangers, [], "{text}");
        assert_eq!(verdict.asks.limit_class, (is_static == Some(true)).then_some(LimitClass::D), "{text}");
    }
}

#[test]
fn a_token_stays_as_it_was_scanned() {
    for (text, token) in [
        ("HTTPS://QR.ALIPAY.COM/FKX00000AAAAaaaa", "FKX00000AAAAaaaa"),
        ("weixin://wxpay/bizpayurl?pr=MvasGUA", "MvasGUA"),
        ("wxp://f2f0AbCd-_=", "f2f0AbCd-_="),
        ("https://qr.95516.com/00010002/01012166439217005044479417630044", "00010002/01012166439217005044479417630044"),
    ] {
        assert_eq!(judged(text).asks.token.as_deref(), Some(token));
    }
}

#[test]
fn what_can_be_handed_over() {
    let link = |text: &str| match judged(text).pay {
        PayWay::HandOver { app, link } => Some((app, link)),
        _ => None,
    };
    let scanned = "https://qr.alipay.com/fkx00000aaaa";
    let scan = "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa";
    assert_eq!(link(scanned), Some((Scheme::Alipay, Some(scan.to_owned()))));
    // Wrapped, in every spelling, it ends the same; other arguments of the wrapping are not handed on.
    for wrapped in [
        scan,
        "ALIPAYS://PLATFORMAPI/STARTAPP?saId=10000007&qrcode=https%3a%2f%2fqr.alipay.com%2ffkx00000aaaa",
        "alipayqr://platformapi/startapp?qrcode=https://qr.alipay.com/fkx00000aaaa&back=https%3A%2F%2Fevil.example",
        "alipay://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa",
    ] {
        let verdict = judged(wrapped);
        assert_eq!(verdict.family, Family::AlipayHandOff, "{wrapped}");
        assert_eq!(verdict.asks.token.as_deref(), Some("fkx00000aaaa"), "{wrapped}");
        assert_eq!(link(wrapped), Some((Scheme::Alipay, Some(scan.to_owned()))), "{wrapped}");
    }
    assert_eq!(link("wxp://f2f0AAAA"), Some((Scheme::WeChat, None)));
    assert_eq!(link("weixin://wxpay/bizpayurl?pr=A"), Some((Scheme::WeChat, None)));
    assert_eq!(link("https://qr.95516.com/00010002/01012166439217005044479417630044"), Some((Scheme::UnionPay, None)));
    let paypal = "https://paypal.me/example/25USD";
    assert_eq!(link(paypal), Some((Scheme::PayPal, Some(paypal.to_owned()))));
    assert_eq!(link("weixin://wap/pay?prepayid=wx1"), None);
    assert_eq!(link("upi://pay?pa=a@b"), None);
}

#[test]
fn a_channel_of_ours_pays_it_here() {
    let channels = ReadContext { channels: vec![Scheme::Alipay, Scheme::UnionPay], ..context() };
    let unionpay = Scheme::UnionPay;
    for (text, scheme) in [
        ("https://qr.alipay.com/fkx00000aaaa".to_owned(), Scheme::Alipay),
        ("https://qr.95516.com/00010002/01012166439217005044479417630044".to_owned(), unionpay.clone()),
        (merchant("00020115081234567826060002ab"), unionpay.clone()),
    ] {
        let verdict = read(&text, &channels);
        assert_eq!((verdict.pay, verdict.refusal), (PayWay::Channel { scheme }, None), "{text}");
    }
    assert_eq!(read("https://qr.95516.com/qrcGtwWeb-web/api/userAuth?version=1", &channels).refusal, Some(Code::CodeSignIn));
    assert!(matches!(read("wxp://f2f0AAAA", &channels).pay, PayWay::HandOver { .. }));
}

#[test]
fn an_aggregated_page_is_asked_of_the_service() {
    let verdict = judged("https://QR.lakala.com/order?id=1&type=alipay&wayCode=WX_JSAPI&payType=unionpay&channel=moon");
    let routes = vec![Scheme::Alipay, Scheme::WeChat, Scheme::UnionPay];
    assert_eq!(verdict.pay, PayWay::AskService { host: "qr.lakala.com".to_owned(), routes });
    assert_eq!(judged("https://lakala.com.evil.example/q").family, Family::WebLink);
}

#[test]
fn amounts_of_links() {
    let asks = |text: &str| {
        let asks = judged(text).asks;
        (asks.amount.map(|money| money.minor), asks.amount_text, asks.currency, asks.amount_editable)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(asks("https://paypal.me/example/25.00CNY"), (Some(2500), some("25.00"), some("CNY"), Some(true)));
    assert_eq!(asks("https://paypal.me/example/25.5"), (None, some("25.5"), None, Some(true)));
    assert_eq!(asks("https://paypal.me/example/1200HUF"), (Some(120_000), some("1200"), some("HUF"), Some(true)));
    assert_eq!(asks("https://paypal.me/example/99twd"), (Some(9_900), some("99"), some("TWD"), Some(true)));
    assert_eq!(asks("https://paypal.me/example/1200JPY").0, Some(1200));
    for text in ["1200.5JPY", "10.5HUF", "99.99TWD", "1,5USD", "0USD", "-5USD"] {
        assert_eq!(asks(&format!("https://paypal.me/example/{text}")).1, None, "{text}");
    }
    for (path, payee) in [("paypalme/a", Some("a")), ("PAYPALME/a", Some("a")), ("paypalme/PayPalMe", Some("PayPalMe"))] {
        assert_eq!(judged(&format!("https://www.paypal.com/{path}")).asks.payee.as_deref(), payee, "{path}");
    }
    assert_eq!(asks("https://www.paypal.com/PAYPALME/a/5EUR").1, some("5"));
    assert_eq!(judged("https://paypal.me/paypalme/5").asks.payee.as_deref(), Some("paypalme"));
    assert_eq!(judged("upi://pay?pa=a@b&am=1,000").asks.amount_editable, None);
    let verdict = judged("upi://pay?pa=dmart.razorpay@hdfcbank&pn=Test%20Shop&tr=RZP1&am=100&cu=INR&mc=5411&QRexpire=2021-08-20T17:48:19+05:30");
    assert_eq!(verdict.asks.payee.as_deref(), Some("Test Shop"));
    assert_eq!((verdict.asks.order.as_deref(), verdict.asks.amount_text.as_deref(), verdict.asks.currency.as_deref()), (Some("RZP1"), Some("100"), Some("INR")));
    assert_eq!((verdict.asks.expires.as_deref(), verdict.asks.amount_editable), (Some("2021-08-20T17:48:19+05:30"), Some(false)));
    assert_eq!(judged("upi://pay?pa=a@b").asks.amount_editable, Some(true));
}

#[test]
fn our_documents_are_never_payable() {
    use crate::carrier::{CarrierKind, make};
    for kind in [CarrierKind::Receipt, CarrierKind::FreezeCode, CarrierKind::RecoverySheet, CarrierKind::DevicePairing] {
        let verdict = judged(&make(kind, b"signed").unwrap());
        assert_eq!((verdict.family, verdict.document, verdict.pay, verdict.refusal), (Family::OurDocument, Some(kind), PayWay::No, Some(CodeNoPayment)));
    }
    assert_eq!(judged("KB1R:!!").family, Family::OurDocument);
    assert_eq!(judged("KB1X:BB8").family, Family::Unknown);
}

#[test]
fn a_tap_and_a_scan_end_in_the_same_verdict() {
    // A URI record of the NFC Forum, whose prefix 4 is `https://`.
    let tap = b"\xd1\x01\x17U\x04qr.alipay.com/fkx00000";
    let tapped = crate::ndef::read(tap).unwrap().payment_text().unwrap();
    assert_eq!(judged(&tapped), judged("https://qr.alipay.com/fkx00000"));
    assert_eq!(read_bytes(b"https://qr.alipay.com/fkx00000", &context()), judged("https://qr.alipay.com/fkx00000"));
}

#[test]
fn what_is_no_text_is_named() {
    assert_eq!(read_bytes(&[0xff, 0x31], &context()).family, Family::NotText);
    assert_eq!(read_bytes(b"", &context()).family, Family::Empty);
    assert_eq!(judged(" \r\n\t").refusal, Some(EmptyInput));
    assert_eq!(judged("\u{3000}").family, Family::Unknown);
    assert_eq!((judged(&"最".repeat(4097)).family, judged(&"最".repeat(4097)).refusal), (Family::TooLong, Some(InputTooLong)));
    assert_eq!(judged(&"1".repeat(4096)).family, Family::Unknown);
    assert_eq!(read_bytes(&vec![0xff; 10 << 20], &context()).family, Family::TooLong);
}

#[test]
fn crypto_is_recognised_and_refused() {
    for text in [
        "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2?amount=1",
        "BITCOIN:BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "lightning:lnbc1",
        "ethereum:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    ] {
        let verdict = judged(text);
        assert_eq!((verdict.family, verdict.refusal, verdict.dangers.as_slice()), (Family::Crypto, Some(CodeCrypto), [Danger::Crypto].as_slice()), "{text}");
    }
}

#[test]
fn names_of_families_are_stable_and_differ() {
    let names: std::collections::BTreeSet<&str> = Family::ALL.iter().map(|family| family.name()).collect();
    assert_eq!(names.len(), Family::ALL.len());
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
}
