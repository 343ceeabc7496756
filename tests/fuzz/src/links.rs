//! What is scanned: the verdict, links, hand-offs.

use crate::text_of;
use kabao_codes::handoff::{self, HandOffApp, HandOffRequest, HandOffWay, ResultWords, channel_answer};
use kabao_codes::{ReadContext, Scanned, links, read};

fn context() -> ReadContext {
    ReadContext { guid: "app.kabao".to_owned(), payer_prefix: Some("97".to_owned()) }
}

/// White space at the ends changes nothing; what can be paid is never another's code.
pub fn read_text(data: &[u8]) {
    let text = text_of(data);
    let verdict = read(&text, &context());
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    // Near the limit the white space itself makes a text too long.
    if text.len() < 4000 {
        assert_eq!(read(trimmed, &context()), verdict, "white space at the ends changed the verdict");
        assert_eq!(read(&format!("\r\n {trimmed}\t"), &context()), verdict, "white space at the ends changed the verdict");
    }
    match &verdict {
        Ok(Scanned::Collection { .. }) => assert!(trimmed.starts_with("0002")),
        Ok(other) => assert!(other.refusal().is_some()),
        Err(error) => {
            let _ = error.code();
        }
    }
}

/// The classes of links, and what is wrapped.
pub fn links(data: &[u8]) {
    let text = text_of(data);
    let kind = links::classify(&text);
    assert!(!kind.name().is_empty());
    if let Some(inner) = links::inner(&text) {
        assert_eq!(kind, links::LinkKind::AlipayDeepLink);
        assert!(inner.len() <= text.len(), "decoding made it longer");
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
