//! What is scanned: the verdict, links, hand-offs.

use crate::text_of;
use kabao_codes::handoff::{self, HandOffApp, HandOffRequest, HandOffWay, ResultWords, channel_answer};
use kabao_codes::read::{Danger, PayWay, Verdict};
use kabao_codes::{ReadContext, Table, links, read, read_bytes};

fn context() -> ReadContext {
    ReadContext {
        payer_prefix: Some("97".to_owned()),
        link_host: Some("pay.kabao.example".to_owned()),
        ..ReadContext::new("app.kabao")
    }
}

/// What holds for every verdict: only our own code can be paid, and not when it deceives.
fn lawful(verdict: &Verdict) {
    let ours = verdict.pay == PayWay::Direct;
    assert_eq!(ours, verdict.collection.is_some());
    assert!(verdict.refusal.is_some() || ours || matches!(verdict.pay, PayWay::Channel { .. }));
    assert!(!(verdict.is_hostile() && (ours || matches!(verdict.pay, PayWay::HandOver { .. }))));
    assert!(verdict.dangers.iter().map(Danger::name).all(|name| Danger::NAMES.contains(&name)));
    assert!(verdict.masked.as_deref().is_none_or(|mask| mask.contains('*')));
}

/// White space at the ends changes nothing; what can be paid is never another's code.
pub fn read_text(data: &[u8]) {
    lawful(&read_bytes(data, &context()));
    let text = text_of(data);
    let verdict = read(&text, &context());
    lawful(&verdict);
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    // Near the limit the white space itself makes a text too long.
    if text.len() < 4000 {
        assert_eq!(read(trimmed, &context()), verdict, "white space at the ends changed the verdict");
        assert_eq!(read(&format!("\r\n {trimmed}\t"), &context()), verdict, "white space at the ends changed the verdict");
    }
    if verdict.collection.is_some() {
        assert!(trimmed.starts_with("0002") || trimmed.to_ascii_lowercase().starts_with("https://pay.kabao.example/"));
    }
}

/// What is wrapped, and a table of codes from anybody.
pub fn links(data: &[u8]) {
    let text = text_of(data);
    if let Some(inner) = links::inner(&text, &Table::shipped()) {
        assert!(inner.len() <= text.len(), "decoding made it longer");
    }
    if let Ok(table) = Table::parse(data) {
        assert!(table.version() > 0 && table.sources().iter().all(|source| !source.is_empty()));
    }
}

/// Links that open other apps, and what they send back.
pub const HAND_OFFS: &[&str] = &[
    "https://qr.lakala.com/order?id=1&type=alipay",
    "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa",
    "alipays://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fqr.lakala.com%2Forder%3Fid%3D1",
    "weixin://wap/pay?prepayid=wx201410272009395522657a690389285100&package=Sign%3DWXPay&noncestr=C380BEC2BFD727A4B6845133519F3AD6&timestamp=1414411784&sign=0CB01533B8C1EF103065174F50BCA001",
    "https://www.paypal.com/paypalme/example/10.50USD",
    "kabao://result?token=q8Zr1mC0x5Vt2bNd&code=9000",
    "201307081544391234567",
    "success",
    "PART_REFUND",
];

/// What is wrapped is unwrapped; a result needs its token; a strange word is unknown.
pub fn handoff(data: &[u8]) {
    let text = text_of(data);
    let token = "q8Zr1mC0x5Vt2bNd";
    let request = |way, link: &str| HandOffRequest { way, link: link.to_owned(), return_token: token.to_owned(), expires_after_seconds: 300 };
    for way in [HandOffWay::AlipayScan, HandOffWay::AlipayPage, HandOffWay::WeChatPay, HandOffWay::PayPalMe] {
        let Ok(ready) = handoff::hand_off(&request(way, &text)) else { continue };
        assert!(handoff::ways(&text).iter().any(|known| known.app() == way.app()));
        if way.app() == HandOffApp::Alipay {
            assert_eq!(handoff::unwrap_hand_off(&ready.link).ok(), Some(handoff::WrappedLink { way, link: text.clone() }));
            assert!(handoff::hand_off(&request(way, &ready.link)).is_err(), "a hand-off was wrapped again");
        } else {
            assert_eq!(ready.link, text);
        }
        assert!(!format!("{ready:?}").contains(token));
    }
    if let Ok(inside) = handoff::unwrap_hand_off(&text) {
        assert!(handoff::hand_off(&request(inside.way, &inside.link)).is_ok());
    }
    if let Ok(me) = handoff::read_paypal_me(&text) {
        assert!((1..=20).contains(&me.name.len()));
    }
    if let Ok(came) = handoff::read_return(&text, "kabao", token) {
        assert!(text.contains(token) && !came.code.is_empty());
    }
    if let Ok(tn) = handoff::UnionPayTn::read(&text) {
        assert_eq!(tn.digits(), text);
    }
    for words in [ResultWords::AlipayCashier, ResultWords::UnionPayClient, ResultWords::LakalaTrade, ResultWords::LakalaPayment] {
        let answer = channel_answer(words, &text);
        assert!(answer.word_known || answer.state == handoff::ChannelState::Unknown);
    }
}
