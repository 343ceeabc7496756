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
