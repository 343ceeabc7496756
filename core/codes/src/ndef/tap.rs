//! What a tap is: the verdict that a scan of the same text has.

use super::NdefError;
use crate::read::{Danger, Family, ReadContext, Verdict};

/// Says what the message of a tag or a terminal is, as [`crate::read()`] says it of a scanned text. Never
/// fails, whatever the bytes: a damaged message is [`Family::Damaged`], an empty tag [`Family::Empty`], and
/// one with several links is refused as hostile, since another reader may follow another of them.
///
/// # Examples
/// ```
/// use kabao_codes::ndef::{Message, tap, uri};
/// use kabao_codes::{ReadContext, read};
/// let context = ReadContext::new("app.kabao");
/// let link = "https://qr.alipay.com/fkx00000000000000";
/// let tag = Message { records: vec![uri::record(link).unwrap()] }.write();
/// assert_eq!(tap(&tag, &context), read(link, &context));
/// ```
pub fn tap(bytes: &[u8], context: &ReadContext) -> Verdict {
    let message = match super::read(bytes) {
        Ok(message) => message,
        Err(error) => return refused(error),
    };
    if message.is_empty() {
        return crate::read("", context);
    }
    match message.payment_text() {
        Ok(text) => crate::read(&text, context),
        Err(error) => refused(error),
    }
}

fn refused(error: NdefError) -> Verdict {
    let (family, danger) = match error {
        NdefError::TooLong => (Family::TooLong, Some(Danger::TooLong)),
        NdefError::Several => (Family::Unknown, Some(Danger::TwoLinks)),
        NdefError::NothingToRead => (Family::Unknown, None),
        _ => (Family::Damaged, None),
    };
    let mut verdict = Verdict::refused(family, error.code());
    if let Some(danger) = danger {
        verdict.warn(danger);
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndef::{LIMIT, Message, Record, SmartPoster, Text, Tnf, uri};
    use kabao_base::Code;
    use proptest::prelude::*;

    fn context() -> ReadContext {
        ReadContext::new("app.kabao")
    }

    fn tag(records: &[Record]) -> Vec<u8> {
        Message { records: records.to_vec() }.write()
    }

    /// Links, codes and text of every sort, with what hides in them.
    fn texts() -> impl Strategy<Value = String> {
        let begin = "(https?://(www\\.)?|tel:|urn:nfc:|wxp://|weixin://wxpay/bizpayurl\\?pr=|https://qr\\.alipay\\.com/|KB1R:|000201|97|62|1[0-5]|)";
        (begin, prop_oneof!["\\PC{0,40}", "[0-9]{0,24}", ".{0,40}", "(a\\.cn/)?[a-z0-9/?=@.:%\u{202e}\u{200b} \n-]{0,40}"]).prop_map(|(begin, rest)| begin + &rest)
    }

    proptest! {
        #[test]
        fn a_tap_and_a_scan_say_the_same(text in texts()) {
            let scanned = crate::read(&text, &context());
            let link = |code: u8, rest: &str| Record::new(Tnf::WellKnown, b"U", b"", &[&[code], rest.as_bytes()].concat()).unwrap();
            // In full, and abbreviated as a tag does it.
            prop_assert_eq!(&tap(&tag(&[link(0, &text)]), &context()), &scanned);
            if let Some(rest) = text.strip_prefix("https://") {
                prop_assert_eq!(&tap(&tag(&[link(4, rest)]), &context()), &scanned);
            }
            prop_assert_eq!(&tap(&tag(&[Text::new(&text, "zh").unwrap().record().unwrap()]), &context()), &scanned);
            if let Ok(record) = uri::record(&text) {
                prop_assert_eq!(&tap(&tag(&[record]), &context()), &scanned);
                let poster = SmartPoster { uri: text.clone(), titles: vec![Text::new("付款", "zh").unwrap()], action: None, size: None, media_type: None };
                let poster = Record::new(Tnf::WellKnown, b"Sp", b"", &poster.write().unwrap()).unwrap();
                prop_assert_eq!(&tap(&tag(&[poster]), &context()), &scanned);
            }
        }

        #[test]
        fn any_bytes_have_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let verdict = tap(&bytes, &context());
            prop_assert_eq!(&verdict, &tap(&bytes, &context()));
        }
    }

    #[test]
    fn what_is_no_payment_says_why() {
        let link = |text: &str| uri::record(text).unwrap();
        let app = Record::new(Tnf::External, b"android.com:pkg", b"", b"com.example").unwrap();
        for (bytes, family, code) in [
            (vec![], Family::Empty, Code::EmptyInput),
            (vec![0xd0, 0, 0], Family::Empty, Code::EmptyInput),
            (vec![0xd1, 1, 9, b'U', 4], Family::Damaged, Code::CodeDamaged),
            (vec![0xd1, 1, 2, b'U', 0x24, b'a'], Family::Damaged, Code::CodeDamaged),
            (vec![0; LIMIT + 1], Family::TooLong, Code::InputTooLong),
            (tag(&[app]), Family::Unknown, Code::CodeUnknown),
            (tag(&[link("https://a.cn/1"), link("https://a.cn/2")]), Family::Unknown, Code::CodeHostile),
        ] {
            let verdict = tap(&bytes, &context());
            assert_eq!((verdict.family, verdict.refusal), (family, Some(code)));
        }
        let two = tap(&tag(&[link("https://a.cn/1"), link("https://a.cn/2")]), &context());
        assert!(two.is_hostile());
    }
}
