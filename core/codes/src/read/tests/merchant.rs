//! Codes that merchants show, ours and those of others, and payer codes of the same standard.

use super::*;
use kabao_base::Code::*;

#[test]
fn our_collection_code_is_paid_directly() {
    for (amount, dynamic) in [(None, false), (Some(2350), true), (Some(2350), false)] {
        let (code, text) = collection(amount, dynamic);
        let verdict = judged(&text);
        assert_eq!((verdict.family, verdict.owner.clone(), verdict.pay.clone(), verdict.refusal), (Family::OurCollection, Some(Scheme::Ours), PayWay::Direct, None));
        assert_eq!(verdict.collection, Some(code));
        assert_eq!(verdict.asks.payee.as_deref(), Some("面馆"));
        assert_eq!((verdict.asks.amount, verdict.asks.is_static), (amount.map(Money::fen), Some(!dynamic)));
        assert_eq!(verdict.asks.limit_class, (!dynamic).then_some(LimitClass::D));
        assert_eq!(verdict.asks.amount_editable, Some(amount.is_none()));
    }
    let (_, text) = collection(Some(2350), true);
    let stranger = ReadContext { guid: "app.other".to_owned(), ..context() };
    let verdict = read(&text, &stranger);
    assert_eq!((verdict.family, verdict.refusal, verdict.collection), (Family::EmvMerchant, Some(CodeNotPayable), None));
}

#[test]
fn our_collection_link_says_what_the_merchant_code_says() {
    for (amount, dynamic) in [(None, false), (Some(2350), true)] {
        let (code, text) = collection(amount, dynamic);
        let link = crate::collection::link::make(&code, "pay.kabao.app").unwrap();
        let (from_link, from_code) = (judged(&link), judged(&text));
        assert_eq!((from_link.family, from_link.pay.clone(), from_link.refusal), (Family::OurCollectionLink, PayWay::Direct, None), "{link}");
        assert_eq!(from_link.collection, from_code.collection);
        // A link has no room for the payee's name and trade.
        assert_eq!(Asks { payee: None, category: None, ..from_code.asks }, from_link.asks);
        // Without a host of ours, or at another's, it is a link like any other.
        assert_eq!(read(&link, &ReadContext { link_host: None, ..context() }).family, Family::WebLink);
        assert_eq!(judged(&link.replace("pay.kabao.app", "pay.shop.example")).collection, None);
        for end in 1..link.len() {
            assert_eq!(judged(&link[..end]).collection, None, "{}", &link[..end]);
        }
    }
    let of = |text: &str| (judged(text).family, judged(text).owner, judged(text).refusal);
    assert_eq!(of("https://pay.kabao.app/help"), (Family::WebLink, Some(Scheme::Ours), Some(CodeWebLink)));
    assert_eq!(of("https://pay.kabao.app/c/1?p=M0001"), (Family::OurCollectionLink, Some(Scheme::Ours), Some(CodeDamaged)));
    assert_eq!(of("https://pay.kabao.app/c/1?p=M0001&x=1&c=CNY").2, Some(CodeHostile));
    assert_eq!(of("http://pay.kabao.app/c/1?p=M0001&c=CNY").0, Family::WebLink);
    assert_eq!(of("https://pay.kabao.app@evil.example/c/1?p=M0001&c=CNY"), (Family::WebLink, None, Some(CodeHostile)));
}

#[test]
fn merchant_codes_of_others_by_template_network_and_country() {
    for (fields, owner) in [
        ("00020115081234567826060002ab", "unionpay"),
        ("00020126200016A000000333010101", "unionpay"),
        ("00020129370016A00000067701011101130066812223333", "promptpay"),
        ("00020126180014br.gov.bcb.pix", "pix"),
        ("00020102041234", "visa"),
        ("00020126100006ab.com5802MY", "duitnow"),
        ("00020126100006ab.com5802XX", "emv"),
    ] {
        let verdict = judged(&merchant(fields));
        assert_eq!((verdict.family, verdict.owner.as_ref().map(Scheme::name), verdict.refusal), (Family::EmvMerchant, Some(owner), Some(CodeNotPayable)), "{fields}");
    }
    let verdict = judged(&merchant("0002010102115303156540523.725908MERCHANT62070103A17"));
    assert_eq!((verdict.asks.payee.as_deref(), verdict.asks.amount, verdict.asks.order.as_deref()), (Some("MERCHANT"), Some(Money::fen(2372)), Some("A17")));
    assert_eq!((verdict.asks.is_static, verdict.asks.limit_class, verdict.asks.amount_editable), (Some(true), Some(LimitClass::D), Some(false)));
    assert_eq!(judged(&merchant("000201")).asks.is_static, None);
}

#[test]
fn payer_codes_of_the_emv_standard_are_shown_and_not_paid() {
    // The QRIS sample of the published cases.
    let code = "hQVDUFYwMWEVTwegAAAGAiAgWgqTYAkUMBAFMXIP";
    let verdict = judged(code);
    assert_eq!((verdict.family, verdict.owner.as_ref().map(Scheme::name), verdict.refusal), (Family::EmvPayer, Some("qris"), Some(CodeIsPayerCode)));
    assert!(!format!("{verdict:?}").contains("9360"));
    assert_eq!(judged(&code[..30]).family, Family::Damaged);
}

#[test]
fn damaged_merchant_codes() {
    let (_, text) = collection(Some(2350), true);
    assert_eq!(judged(&text[..text.len() - 1]).refusal, Some(CodeDamaged));
    assert_eq!(judged(&text.replace("23.50", "13.50")).family, Family::Damaged);
    let twice = merchant("00020126220009app.kabao0105M0001530315654011540195802CN");
    assert_eq!((judged(&twice).family, judged(&twice).refusal), (Family::OurCollection, Some(CodeHostile)));
    let long = merchant(&format!("000201{}", format!("8099{}", "a".repeat(99)).repeat(6)));
    assert_eq!(judged(&long).dangers, [Danger::TooLong]);
}

/// What would be shown is not what would be paid: refused here and not handed on.
#[test]
fn merchant_codes_of_others_that_ask_for_two_things() {
    let channels = ReadContext { channels: vec![Scheme::UnionPay], ..context() };
    let fields = |more: &str| merchant(&format!("0002011508123456785303156{more}5908MERCHANT"));
    for (more, refusal) in [
        ("54041.0054049.00", CodeHostile),
        ("150887654321", CodeHostile),
        ("540512,50", CodeDamaged),
        ("54010", CodeDamaged),
        ("54051.234", CodeDamaged),
        ("54041.0 ", CodeDamaged),
        ("5400", CodeDamaged),
    ] {
        for context in [&channels, &context()] {
            let verdict = read(&fields(more), context);
            assert_eq!((verdict.pay, verdict.refusal), (PayWay::No, Some(refusal)), "{more}");
            assert_ne!(verdict.asks.amount_editable, Some(true).filter(|_| more.starts_with("54")), "{more}");
        }
    }
    // A tip or a fee on top is not in the amount that is shown; UnionPay's own app asks for it.
    for more in ["540210550201", "54021055020256015", "54021055020357015"] {
        assert!(matches!(read(&fields(more), &channels).pay, PayWay::HandOver { .. }), "{more}");
    }
    assert!(matches!(read(&fields("540210"), &channels).pay, PayWay::Channel { .. }));
    assert_eq!(judged(&merchant("000201150812345678530315659 0".replace(' ', "0").as_str())).asks.payee, None);
}
