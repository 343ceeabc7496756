//! What is made to deceive, by name.

use super::*;

fn names(text: &str) -> Vec<&'static str> {
    judged(text).dangers.iter().map(Danger::name).collect()
}

#[test]
fn every_trick_has_its_name() {
    for (text, dangers) in [
        ("https://qr.alipay.com@evil.example/bax0", vec!["user_info"]),
        ("https://qr.alipay.com:pass@evil.example/bax0", vec!["user_info"]),
        ("https://evil.example@qr.alipay.com/fkx00000aaaa", vec!["user_info"]),
        ("wxp://f2f0AAAA@evil.example", vec!["user_info"]),
        ("https://qr.alipay.com.evil.example/bax07729i8nrz", vec!["look_alike"]),
        ("https://qr.alipаy.com/bax07729i8nrz", vec!["idn_host", "look_alike"]),
        ("https://qr.xn--alipy-7ve.com/bax07729i8nrz", vec!["idn_host", "look_alike"]),
        ("https://qr.аlipаy.com/bax07729i8nrz", vec!["idn_host", "look_alike"]),
        ("https://QR.A1IPAY.COM/FKX00000", vec!["look_alike"]),
        ("https://qr.aIipay.com/fkx00000", vec!["look_alike"]),
        ("https://www.paypal.corn/paypalme/a", vec!["look_alike"]),
        ("https://evil.example/qr.alipay.com/bax07729i8nrz", vec!["look_alike"]),
        ("https://pay.kaba0.app/c/1", vec!["look_alike"]),
        ("https://pay.kabao.app.evil.example/c/1", vec!["look_alike"]),
        ("https://xn--fiqs8s.example/", vec!["idn_host"]),
        ("https://qr.alipay.com:8443/bax07729i8nrz", vec!["odd_port"]),
        ("http://qr.alipay.com/bax07729i8nrz", vec!["plain_http"]),
        ("http://qr.alipay.com:443/bax07729i8nrz", vec!["odd_port", "plain_http"]),
        ("https://qr.alipay%2ecom/bax0", vec!["odd_host"]),
        ("https://qr.alipay.com\\@evil.example/bax0", vec!["odd_host"]),
        ("https://203.0.113.7/pay", vec!["odd_host"]),
        ("https://qr.95516.com/qrcGtwWeb-web/api/userAuth?version=1.0.0&redirectUrl=https%3A%2F%2Fexample.com", vec!["sign_in", "open_redirect"]),
        ("https://qr.95516.com/qrcGtwWeb-web/api/userAuth?version=1.0.0", vec!["sign_in"]),
        ("https://example.com/go?to=https%253A%252F%252Fevil.example", vec!["open_redirect"]),
        ("https://example.com/go?to=//evil.example", vec!["open_redirect"]),
        ("https://example.com/#https://evil.example", vec!["open_redirect"]),
        ("https://example.com/go?to=https%3A%2F%2Fexample.com%2Fb", vec![]),
        ("https://qr.alipay.com/fkx00000aaaa?u=https%3A%2F%2Fevil.example", vec!["open_redirect"]),
        ("alipays://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fevil.example", vec!["open_redirect"]),
        ("alipays://platformapi/startapp?qrcode=https%3A%2F%2Fqr.alipay.com%40evil.example%2Ffkx00000", vec!["user_info", "open_redirect"]),
        ("alipays://platformapi/startapp?qrcode=wxp%3A%2F%2Ff2f0AAAA", vec!["open_redirect"]),
        ("alipays://platformapi/startapp?qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx%E2%80%AE", vec!["hidden"]),
        ("upi://pay?pa=a@b&pn=Shop%E2%80%AE", vec!["hidden"]),
        ("https://t.cn/A6abcd", vec!["short_link"]),
        ("http://dwz.cn/abc", vec!["short_link", "plain_http"]),
        ("https://qr.alipay.com/fkx00000https://evil.example", vec!["two_links"]),
        ("https://qr.alipay.com/fkx00000 https://evil.example", vec!["two_links"]),
        ("https://qr.alipay.com/fkx00000aaaa?t=18https://qr.alipay.com/fkx00000bbbb", vec!["two_links"]),
        ("weixin://wxpay/bizpayurl?pr=AGe6bcD12#b weixin://wxpay/bizpayurl?pr=XXe6bcD12", vec!["two_links"]),
        ("weixin://wxpay/bizpayurl?pr=AGe6bcD12#bweixin://wxpay/bizpayurl?pr=XXe6bcD12", vec!["two_links"]),
        ("https://qr.alipay.com/fkx00000aaaa?a=https://qr.alipay.com/x&b=https://qr.alipay.com/y&c=https://qr.alipay.com/z", vec!["two_links"]),
        ("https://qr.alipay.com/fkx00000aaaa#cdHTTPS://qr.alipay.com/fkx00000bbbb", vec!["two_links"]),
        ("https://qr.lakala.com/order?id=1&back=https://qr.lakala.com/order", vec![]),
        ("９７１２３４５６７８９０１６６２９６８５１９７９", vec!["odd_digits"]),
        ("٩٧١٢٣٤٥٦٧٨٩٠", vec!["odd_digits"]),
        ("https://qr.95516.com/０００１０００２/1", vec!["odd_digits"]),
        ("9712345678901\u{200b}66296851979", vec!["hidden"]),
        ("hello\u{202e}", vec!["hidden"]),
        ("hel\nlo", vec!["hidden"]),
        ("hel\u{fff3}lo", vec!["hidden"]),
        ("hel\u{e01f0}lo", vec!["hidden"]),
        ("\u{feff}https://qr.alipay.com/fkx00000aaaa", vec!["hidden"]),
    ] {
        assert_eq!(names(text), dangers, "{text}");
    }
}

#[test]
fn what_is_refused_as_hostile_says_why() {
    for text in ["https://pay.kabao.app:8443/c/1?p=M0001&c=CNY", "https://x@pay.kabao.app/c/1?p=M0001&c=CNY"] {
        let verdict = judged(text);
        assert!(verdict.refusal == Some(Code::CodeHostile) && !verdict.dangers.is_empty(), "{text}");
    }
    let usual = judged("https://pay.kabao.app:443/c/1?p=M0001&c=CNY");
    assert_eq!((usual.refusal, usual.pay, usual.dangers.as_slice()), (Some(Code::CodeWebLink), PayWay::No, &[][..]));
}

/// What pages and browsers make of a value is more than what the standard allows.
#[test]
fn an_address_is_found_however_it_is_written() {
    for value in [
        "u=https%3A%2F%2Fevil.example%2F%",
        "u=https%3A%2F%2Fevil.example%2F%ff",
        "u=https%3A%2F%2Fevil.example%2F%20x",
        "u=https%3A%5C%5Cevil.example",
        "u=%2F%5Cevil.example",
        "u=%5C%5Cevil.example",
        "u=https:/evil.example",
        "u=https%3Aevil.example",
        "u=h%09ttps://evil.example",
        "u=%00https://evil.example",
        "u=%E2%80%AEhttps://evil.example",
        "u=a%3Dhttps%3A%2F%2Fevil.example",
        "u=javascript%3Aalert(1)",
        "u=Data:text/html,x",
        "u=intent%3A%23Intent",
        "u=https%2525253A%2525252F%2525252Fevil.example",
        "u=https%25252525253A",
        "https://evil.example",
        "https://evil.example=1",
        "https%3A%2F%2Fevil.example",
        "a=1;u=//evil.example",
        "u=https%3A%2F%2Fqr.alipay.com%2Fgo%3Fu%3Dhttps%253A%252F%252Fevil.example",
        "u=https://qr.alipay.com%40evil.example",
        "u=https://user@evil.example:443",
        "u=weixin%3A%2F%2Fdl%2Fbusiness",
    ] {
        for mark in ["?", "#"] {
            let verdict = judged(&format!("https://qr.alipay.com/fkx00000aaaa{mark}{value}"));
            assert_eq!((verdict.dangers, verdict.pay), (vec![Danger::OpenRedirect], PayWay::No), "{mark}{value}");
        }
    }
    for value in ["t=1&_s=web-other", "t=12:30", "u=https%3A%2F%2FQR.alipay.com:443%2Fb", "u=/b//c", "p=100%25", "u=%2Fb%3Fc%3Dd"] {
        let verdict = judged(&format!("https://qr.alipay.com/fkx00000aaaa?{value}"));
        assert_eq!(verdict.dangers, [], "{value}");
        assert!(matches!(verdict.pay, PayWay::HandOver { .. }), "{value}");
    }
}

#[test]
fn what_deceives_is_neither_paid_nor_handed_over() {
    for text in [
        "https://evil.example@qr.alipay.com/fkx00000aaaa",
        "https://qr.alipay.com/fkx00000aaaa?u=https%3A%2F%2Fevil.example",
        "https://qr.alipay.com/fkx00000https://evil.example",
        "alipays://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fevil.example",
        "https://qr.alipаy.com/bax07729i8nrz",
    ] {
        let verdict = judged(text);
        assert_eq!((verdict.pay, verdict.refusal), (PayWay::No, Some(Code::CodeHostile)), "{text}");
    }
}

/// The corpus: each known host, changed as the makers of such links do.
#[test]
fn look_alikes_of_every_known_host() {
    let table = Table::shipped();
    for known in table.known_hosts() {
        let host = &known.host;
        let changed = [
            format!("{host}.evil.example"),
            format!("{}.evil.example", host.replace('.', "-")),
            host.replace('a', "а"),
            host.replace('o', "0"),
            host.replace('l', "1"),
            host.replace('i', "l"),
            host.replace('m', "rn"),
            format!("{host}n"),
            format!("x{host}"),
        ];
        for other in changed.iter().filter(|other| *other != host) {
            // `xqr.alipay.com` is Alipay's own to give.
            let base = host.rsplit('.').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(".");
            let related = other.ends_with(&format!(".{base}"));
            let verdict = judged(&format!("https://{other}/pay"));
            let named = verdict.dangers.iter().any(|danger| matches!(danger, Danger::LookAlike { .. }));
            assert!(related || named, "{other}");
            assert_eq!(verdict.pay, PayWay::No, "{other}");
        }
    }
}

#[test]
fn wrappings_end() {
    let mut text = "https://qr.alipay.com/fkx00000aaaa".to_owned();
    for depth in 0..8 {
        let verdict = judged(&text);
        match depth {
            0..=4 => assert!(matches!(verdict.pay, PayWay::HandOver { .. }), "{depth}"),
            _ => assert_eq!((verdict.pay, verdict.refusal), (PayWay::No, Some(Code::CodeHostile)), "{depth}"),
        }
        text = format!("alipays://platformapi/startapp?saId=10000007&qrcode={}", encoded(&text));
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[test]
fn a_thousand_links_in_links_are_not_paid() {
    let plain = "alipays://platformapi/startapp?qrcode=".repeat(100);
    let percents = format!("https://example.com/?u=https{}3A//evil.example", "%25".repeat(1_000));
    for text in [plain, percents, "https://".repeat(400), "%25".repeat(1_300), "//".repeat(1_500), "https://a/?".to_owned() + &"a=%2".repeat(900)] {
        let verdict = judged(&text);
        assert!(verdict.pay == PayWay::No && verdict.refusal.is_some(), "{}", &text[..40]);
    }
}

#[test]
fn the_words_of_dangers_are_all_listed() {
    let all = [
        Danger::Hidden { name: "control" },
        Danger::LookAlike { of: String::new() },
        Danger::IdnHost,
        Danger::OddHost,
        Danger::UserInfo,
        Danger::OpenRedirect,
        Danger::Nested,
        Danger::SignIn,
        Danger::ShortLink,
        Danger::Crypto,
        Danger::PlainHttp,
        Danger::OddPort,
        Danger::TwoLinks,
        Danger::TooLong,
        Danger::OddDigits,
    ];
    assert_eq!(all.iter().map(Danger::name).collect::<Vec<_>>(), Danger::NAMES);
}

#[test]
fn a_well_known_stranger_imitates_nobody() {
    let dangers = |text: &str| read(text, &context()).dangers;
    for text in ["https://www.alipan.com/s/abc", "https://alipan.com", "https://www.allpay.com.tw/x", "https://paypay.ne.jp"] {
        assert_eq!(dangers(text), [], "{text}");
    }
    for text in ["https://alipam.com", "https://alipan.com.pay.example.alipay.com.cc", "https://myalipan.com.alipay.com.example"] {
        assert!(dangers(text).iter().any(|danger| matches!(danger, Danger::LookAlike { .. })), "{text}");
    }
}
