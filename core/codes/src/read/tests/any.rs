//! Any text and any bytes: an answer, and the same answer where nothing that counts differs.

use super::*;
use proptest::prelude::*;

/// One of each sort, to be cut, doubled and changed.
fn corpus() -> Vec<String> {
    let fixed = [
        "971234567890166296851979",
        "130123456789012345",
        "110101199003078670",
        "6212345678901234567",
        "6901234567892",
        "fp0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ0aZ",
        "https://qr.alipay.com/bax07729i8nrz04notk60045?t=1",
        "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa",
        "weixin://wxpay/bizpayurl?pr=Mvasgua",
        "wxp://f2f0AAAA",
        "#小程序://名字/AAAA",
        "https://qr.95516.com/00010002/01012166439217005044479417630044",
        "https://qr.95516.com/qrcGtwWeb-web/api/userAuth?version=1.0.0&redirectUrl=https%3A%2F%2Fexample.com",
        "https://paypal.me/example/25.00CNY",
        "upi://pay?pa=shop@bank&pn=%E9%9D%A2&am=1",
        "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "KB1R:BB8",
        "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJWggSNFZ4kBI0WF8gDkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcEbVjvEw==",
    ];
    fixed.iter().map(|text| (*text).to_owned()).chain([collection(Some(2350), true).1, collection(None, false).1]).collect()
}

/// Nothing can be paid directly but a whole collection code of ours.
fn direct(verdict: &Verdict) -> bool {
    verdict.pay == PayWay::Direct || verdict.collection.is_some() || verdict.refusal.is_none()
}

#[test]
fn cut_doubled_and_changed_codes_are_never_paid() {
    for whole in corpus() {
        for end in 0..whole.len() {
            assert!(!direct(&read_bytes(&whole.as_bytes()[..end], &context())), "{whole} cut at {end}");
            assert!(!direct(&read_bytes(&whole.as_bytes()[end + 1..], &context())), "{whole} from {end}");
        }
        let doubled = judged(&format!("{whole}{whole}"));
        assert!(!direct(&doubled), "{whole}");
        for byte in 0..whole.len() {
            let mut bytes = whole.clone().into_bytes();
            bytes[byte] ^= 0x80;
            assert!(!direct(&read_bytes(&bytes, &context())), "{whole} at {byte}");
        }
    }
}

#[test]
fn ten_mebibytes_are_refused_at_once() {
    for part in ["https://a.b/?u=", "%25", "0002", "最", "97", "\u{200b}"] {
        assert_eq!(judged(&part.repeat((10 << 20) / part.len())).family, Family::TooLong);
    }
}

#[test]
fn normal_forms_are_not_mixed_up() {
    // U+00E9 and e with U+0301 are two different codes; neither is changed.
    for text in ["https://caf\u{e9}.example/", "https://cafe\u{301}.example/"] {
        assert_eq!(judged(text).dangers, [Danger::IdnHost]);
    }
}

const HIDDEN: [char; 24] = [
    '\0', '\u{7}', '\t', '\n', '\r', '\u{7f}', '\u{85}', '\u{ad}', '\u{34f}', '\u{61c}', '\u{180e}', '\u{200b}', '\u{200d}', '\u{200e}',
    '\u{2028}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{206f}', '\u{3164}', '\u{fe0f}', '\u{feff}', '\u{fffa}', '\u{e0101}',
];

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,200}") {
        let verdict = judged(&text);
        prop_assert!(verdict.refusal.is_some() || verdict.collection.is_some());
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let verdict = read_bytes(&bytes, &context());
        prop_assert!(!direct(&verdict));
    }

    #[test]
    fn anything_like_a_link_has_an_answer(text in "(https?|alipays|weixin|wxp|upi|bitcoin)://[a-z0-9.@:%\\\\-]{0,40}[/?#][a-z0-9/?&=%.:#@\\\\最]{0,80}") {
        prop_assert!(!direct(&judged(&text)));
    }

    #[test]
    fn white_space_at_both_ends_does_not_matter(which in 0usize..20, before in "[ \t\r\n]{0,5}", after in "[ \t\r\n]{0,5}") {
        let text = corpus().swap_remove(which);
        prop_assert_eq!(judged(&format!("{before}{text}{after}")), judged(&text));
    }

    #[test]
    fn any_hidden_character_is_a_danger(which in 0usize..20, hidden in 0usize..24, place in any::<prop::sample::Index>()) {
        let text = corpus().swap_remove(which);
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).skip(1).collect();
        let at = places[place.index(places.len())];
        let verdict = judged(&format!("{}{}{}", &text[..at], HIDDEN[hidden], &text[at..]));
        let named = verdict.dangers.iter().any(|danger| matches!(danger, Danger::Hidden { .. }));
        prop_assert!(named);
        prop_assert!(verdict.is_hostile() && verdict.pay == PayWay::No);
    }

    #[test]
    fn upper_case_of_scheme_and_host_does_not_matter(which in 6usize..14, upper in any::<u32>()) {
        let text = corpus().swap_remove(which);
        let end = text.find("://").and_then(|at| text[at + 3..].find('/').map(|path| at + 3 + path)).unwrap_or(0);
        let changed: String = text.char_indices().map(|(at, letter)| {
            if at < end && upper >> (at % 32) & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
        }).collect();
        let (one, mut other) = (judged(&text), judged(&changed));
        // What is handed over is what was scanned.
        if let (PayWay::HandOver { link: first, .. }, PayWay::HandOver { link, .. }) = (&one.pay, &mut other.pay) {
            prop_assert_eq!(link.is_some(), first.is_some());
            link.clone_from(first);
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn any_change_of_our_code_is_seen(at in 0usize..80, to in "[ -~最]") {
        let (code, text) = collection(Some(2350), true);
        let changed: String = text.chars().enumerate().map(|(place, old)| if place == at { to.chars().next().unwrap() } else { old }).collect();
        if let Some(read) = judged(&changed).collection {
            prop_assert_eq!(read, code);
        }
    }

    #[test]
    fn a_table_of_codes_changes_whose_a_code_is_and_never_makes_one_payable(text in "\\PC{0,120}") {
        let empty = ReadContext { table: std::sync::Arc::new(Table::default()), ..context() };
        prop_assert_eq!(direct(&judged(&text)), direct(&read(&text, &empty)));
    }
}
