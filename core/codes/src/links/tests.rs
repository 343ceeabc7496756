use super::*;

#[test]
fn links_taken_apart() {
    let link = take_apart("HTTPS://User:pw@Host.Example:8443/Path?a=1&b=2#Frag").unwrap();
    assert_eq!((link.scheme.as_str(), link.host, link.host_lower.as_str(), link.port), ("https", "Host.Example", "host.example", Some("8443")));
    assert_eq!((link.user_info, link.path, link.query, link.fragment), (true, "/Path", "a=1&b=2", "Frag"));
    assert_eq!((link.parameter("b"), link.parameter("c"), link.has_odd_port()), (Some("2"), None, true));
    let bare = take_apart("https://[::1]").unwrap();
    assert_eq!((bare.host, bare.port, bare.has_plain_host()), ("[::1]", None, false));
    for text in ["", "://", "1a://b", "a b://c", "https://a b", "https://a\u{3000}b", "mailto:a@b", "ht最://a"] {
        assert!(take_apart(text).is_none(), "{text}");
    }
}

#[test]
fn what_a_deep_link_wraps() {
    let table = Table::shipped();
    let inner = |text: &str| inner(text, &table);
    let text = "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa";
    assert_eq!(inner(text).as_deref(), Some("https://qr.alipay.com/fkx00000aaaa"));
    assert_eq!(inner("alipayqr://platformapi/startapp?url=a%2fb").as_deref(), Some("a/b"));
    assert_eq!(inner("alipays://platformapi/startapp?qrcode=%zz"), None);
    assert_eq!(inner("alipays://platformapi/startapp?qrcode=%ff"), None);
    assert_eq!(inner("alipays://platformapi/startapp?qrcode=%"), None);
    assert_eq!(inner("https://qr.alipay.com/fkx00000aaaa?qrcode=a"), None);
}

#[test]
fn one_round_of_decoding() {
    assert_eq!(percent_decoded("%25%32%35").as_deref(), Some("%25"));
    assert_eq!(percent_decoded("%E9%9D%A2").as_deref(), Some("面"));
    for text in ["%", "%4", "%g0", "%+1", "%ff"] {
        assert_eq!(percent_decoded(text), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,80}") {
        let link = take_apart(&text);
        let _ = (link.map(|link| row_of(&link, &Table::shipped()).is_some()), inner(&text, &Table::shipped()), percent_decoded(&text));
    }
}
