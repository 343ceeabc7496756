//! What is scanned: the verdict, links, hand-offs.

use crate::{hides, text_of};
use kabao_base::{CardNumber, Currency, Money};
use kabao_codes::handoff::{self, HandOffApp, HandOffRequest, HandOffWay, ResultWords, channel_answer};
use kabao_codes::read::{Danger, Family, PayWay, Place, Scheme, Verdict};
use kabao_codes::{CollectionCode, ReadContext, Table, cards, collection, links, read};
use std::sync::Arc;

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

/// White space at the ends changes nothing; what can be paid is never another's code; a number that
/// may be a person's or a card's is not in the verdict.
pub fn read_text(data: &[u8]) {
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
    if matches!(verdict.family, Family::MayBeId | Family::MayBeCard) {
        hides(&format!("{verdict:?}"), trimmed);
    }
    let on_form = read(&text, &ReadContext { place: Place::CardForm, channels: vec![Scheme::Alipay, Scheme::UnionPay], ..context() });
    lawful(&on_form);
    let digits = (14..=19).contains(&trimmed.len()) && trimmed.bytes().all(|byte| byte.is_ascii_digit());
    if digits && cards::judge(&CardNumber::new(trimmed.to_owned())).is_ok() {
        assert!(matches!(on_form.family, Family::MayBeCard | Family::MayBeId), "a card number would be sent as a code");
    }
}

/// Bytes have an answer; the ones that are text have the answer of the text.
pub fn read_bytes(data: &[u8]) {
    let verdict = kabao_codes::read_bytes(data, &context());
    lawful(&verdict);
    match std::str::from_utf8(data) {
        Ok(text) => assert_eq!(read(text, &context()), verdict),
        Err(_) => assert!(matches!(verdict.family, Family::NotText | Family::TooLong)),
    }
}

/// What a link wraps, and where its way leads: only to what is known, and never back into another wrapping.
pub fn links(data: &[u8]) {
    let (text, table) = (text_of(data), Table::shipped());
    if let Some(inner) = links::inner(&text, &table) {
        assert!(inner.len() <= text.len(), "decoding made it longer");
    }
    for text in [text.clone(), format!("https://{text}")] {
        let verdict = read(&text, &context());
        lawful(&verdict);
        let scanned = text.trim_matches([' ', '\t', '\r', '\n']);
        let PayWay::HandOver { link, .. } = &verdict.pay else { continue };
        if scanned.starts_with("https://") && let Some(link) = link.as_deref().filter(|link| *link != scanned) {
            assert_eq!(links::inner(link, &table).as_deref(), Some(scanned), "another link would be opened");
        }
        assert!(scanned.matches("://").count() <= 6, "nested deeper than any app makes");
        let token = verdict.asks.token.as_deref().unwrap_or_default();
        match verdict.family {
            Family::AlipayOrder | Family::AlipayPersonal | Family::AlipayCode => assert!((6..=64).contains(&token.len())),
            Family::UnionPayMerchant => assert!((35..=41).contains(&token.len())),
            _ => {}
        }
    }
}

/// A table from anybody is taken whole or refused, and cannot make the code of another payable.
pub fn table(data: &[u8]) {
    let split = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (bytes, text) = data.split_at_checked(split).unwrap_or((data, &[]));
    let Ok(table) = Table::parse(bytes) else { return };
    assert!(table.version() > 0 && table.sources().iter().all(|source| !source.is_empty()));
    assert_eq!(Table::parse(bytes).as_ref(), Ok(&table));
    assert_eq!(Table::shipped().replace_with(table.clone()).is_ok(), table.version() > Table::shipped().version());
    assert!(table.replace_with(table.clone()).is_err(), "a table replaces itself");
    let leaves_ours = table.leaves("97", 24).is_ok();
    let context = ReadContext { table: Arc::new(table), ..context() };
    let without_ours = read("970000000000000000000000", &ReadContext { payer_prefix: None, ..context.clone() });
    assert!(!leaves_ours || without_ours.family == Family::Unknown, "a table takes our beginning and says that it does not");
    let ours = read("970000000000000000000000", &context);
    assert_eq!(ours.family, Family::OurPayerCode, "a table took our own payer codes away");
    assert!(ours.refusal.is_some());
    for text in [&text_of(text), "https://qr.alipay.com/bax00000", "wxp://f2f0AAAA", "281234567890123456"] {
        let verdict = read(text, &context);
        lawful(&verdict);
        let link = text.trim().to_ascii_lowercase().starts_with("https://pay.kabao.example/");
        assert!(verdict.pay != PayWay::Direct || link || text.trim().starts_with("0002"), "a table made it payable");
    }
}

/// Small tables, one with a text behind it, one that is refused for a host in Chinese.
pub const TABLES: &[&str] = &[
    TABLE,
    EDGE,
    HANZI,
    concat!(
        "{\"version\":7,\"payer_codes\":[],\"reserved_prefixes\":[],\"links\":[],\"merchant_schemes\":[],\"merchant_guids\":[],",
        "\"merchant_countries\":[],\"app_schemes\":[],\"short_links\":[],\"crypto_schemes\":[]}\0https://pay.kabao.example/c/1?p=M0001&c=CNY"
    ),
];
/// The highest version there is, and payer codes beside ours.
const EDGE: &str = r#"{"version":18446744073709551615,"payer_codes":[{"network":"alipay","first":"25","last":"99","shortest":16,"longest":24,"letters":false,"source":"a"}],"reserved_prefixes":[],"links":[],"merchant_schemes":[],"merchant_guids":[],"merchant_countries":[],"app_schemes":[],"short_links":[{"host":"a.b","source":"a"}],"crypto_schemes":[]}"#;
/// Names may be in Chinese; a host is written in ASCII.
const HANZI: &str = r#"{"version":3,"payer_codes":[],"reserved_prefixes":[],"links":[],"merchant_schemes":[{"owner":"unionpay","name":"云闪付","country":"CN","source":"银联"}],"merchant_guids":[],"merchant_countries":[],"app_schemes":[],"short_links":[{"host":"短.cn","source":"a"}],"crypto_schemes":[]}"#;
const TABLE: &str = r#"{"version":2,"payer_codes":[{"network":"ecny","first":"01","last":"01","shortest":19,"longest":19,"letters":false,"source":"a"},{"network":"alipay-face","first":"fp","last":"fp","shortest":35,"longest":35,"letters":true,"source":"a"}],"reserved_prefixes":[{"first":"10","last":"15","source":"a"}],"links":[{"family":"alipay_order","owner":"alipay","schemes":["https"],"host":"qr.alipay.com","paths":["/bax{a:3-61}"],"needs":["t"],"token":"path","fixed":"dynamic","hand_over":"alipay_scan","source":"a"},{"family":"wechat_personal","owner":"wechat","schemes":["wxp"],"host":"f2f{b:1-256}","paths":["","/{*}"],"needs":[],"token":"host","fixed":"static","hand_over":"open_app","source":"a"}],"merchant_schemes":[{"owner":"promptpay","name":"PromptPay","country":"TH","source":"a"}],"merchant_guids":[{"owner":"promptpay","guid":"a000000677010111","begins":true,"source":"a"}],"merchant_countries":[{"country":"TH","owner":"promptpay","source":"a"}],"app_schemes":[{"scheme":"uppay","source":"a"}],"short_links":[{"host":"t.cn","source":"a"}],"crypto_schemes":[{"scheme":"bitcoin","source":"a"}]}"#;

/// A link of ours is written back as it was read, but for capitals in scheme and host.
pub fn collection_link(data: &[u8]) {
    let text = text_of(data);
    let host = "pay.kabao.example";
    let payee: String = text.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let minor = i64::try_from(text.len()).unwrap_or(1);
    for currency in [Currency::Cny, Currency::Jpy] {
        let amount = Some(Money { minor, currency }).filter(|_| minor % 3 > 0);
        let code = CollectionCode { payee_code: payee.clone(), order: (minor % 2 == 0).then(|| payee.clone()), amount, currency, dynamic: minor % 5 == 0 };
        if let Ok(link) = collection::link::make(&code, host) {
            assert_eq!(collection::link::read(&link, host), Ok(code), "read otherwise than written");
        }
    }
    for text in [text.clone(), format!("https://{host}/c/1?{text}")] {
        match collection::link::read(&text, host) {
            Ok(code) => {
                let again = collection::link::make(&code, host);
                assert!(again.as_deref().is_ok_and(|again| again.eq_ignore_ascii_case(&text)), "two links for one code");
                assert!(again.is_ok_and(|again| collection::link::read(&again, host).as_ref() == Ok(&code)));
                let verdict = read(&text, &context());
                assert_eq!((verdict.family, verdict.pay), (Family::OurCollectionLink, PayWay::Direct));
                assert_eq!(verdict.collection.as_ref(), Some(&code));
            }
            Err(error) => {
                let _ = error.code();
            }
        }
    }
}

/// Links of ours.
pub const COLLECTIONS: &[&str] = &[
    "https://pay.kabao.example/c/1?p=M0001&o=A17&a=23.50&d=1&c=CNY",
    "HTTPS://PAY.KABAO.EXAMPLE/c/1?p=M0001&c=JPY",
    "p=M0001&a=100&c=JPY",
];

/// Links that open other apps, and what they send back.
pub const HAND_OFFS: &[&str] = &[
    "https://qr.lakala.com/order?id=1&type=alipay",
    "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa",
    "https://qr.lakala.com/order?id=%2525252541",
    "https://qr.lakala.com/order?id=%25252541",
    "alipays://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fqr.lakala.com%2Forder%3Fid%3D1",
    "weixin://wap/pay?prepayid=wx201410272009395522657a690389285100&package=Sign%3DWXPay&noncestr=C380BEC2BFD727A4B6845133519F3AD6&timestamp=1414411784&sign=0CB01533B8C1EF103065174F50BCA001",
    "https://www.paypal.com/paypalme/example/10.50USD",
    "kabao://result?token=q8Zr1mC0x5Vt2bNd&code=9000",
    "201307081544391234567",
    "success",
    "PART_REFUND",
];

/// How often `%XX` has to be decoded until nothing changes; 9 for more.
fn times_encoded(text: &str) -> usize {
    let hex = |digit: u8| char::from(digit).to_digit(16);
    let decode = |text: &[u8]| {
        let (mut out, mut at) = (Vec::new(), 0);
        while let Some(byte) = text.get(at).copied() {
            let pair = text.get(at + 1).copied().and_then(hex).zip(text.get(at + 2).copied().and_then(hex)).filter(|_| byte == b'%');
            out.push(pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()).unwrap_or(byte));
            at += if pair.is_some() { 3 } else { 1 };
        }
        out
    };
    let mut layer = text.as_bytes().to_vec();
    for times in 0..9 {
        let inner = decode(&layer);
        if inner == layer {
            return times;
        }
        layer = inner;
    }
    9
}

/// What is wrapped is unwrapped; a result needs its token; a strange word is unknown.
pub fn handoff(data: &[u8]) {
    let text = text_of(data);
    let (token, table) = ("q8Zr1mC0x5Vt2bNd", Table::shipped());
    let request = |way, link: &str| HandOffRequest { way, link: link.to_owned(), return_token: token.to_owned(), expires_after_seconds: 300 };
    for way in [HandOffWay::AlipayScan, HandOffWay::AlipayPage, HandOffWay::WeChatPay, HandOffWay::PayPalMe] {
        let Ok(ready) = handoff::hand_off(&request(way, &text), &table) else { continue };
        assert!(handoff::ways(&text, &table).iter().any(|known| known.app() == way.app()));
        if way.app() == HandOffApp::Alipay {
            assert_eq!(handoff::unwrap_hand_off(&ready.link, &table).ok(), Some(handoff::WrappedLink { way, link: text.clone() }));
            assert!(handoff::hand_off(&request(way, &ready.link), &table).is_err(), "a hand-off was wrapped again");
            assert!(times_encoded(&text) <= 3, "nobody encodes that often who has nothing to hide");
        } else {
            assert_eq!(ready.link, text);
        }
        assert!(!format!("{ready:?}").contains(token));
    }
    if let Ok(inside) = handoff::unwrap_hand_off(&text, &table) {
        assert!(handoff::hand_off(&request(inside.way, &inside.link), &table).is_ok());
    }
    if let Ok(me) = handoff::read_paypal_me(&text, &Table::shipped()) {
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
