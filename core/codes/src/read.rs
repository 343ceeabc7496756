//! What a scanned text is: the first question of every payment, answered without network.

use crate::collection::CollectionCode;
use crate::emv::{self, EmvError, MerchantCode};
use crate::hidden_in_code;
use crate::identity;
use crate::links::{self, LinkKind};
use crate::payer::{self, CODE_LENGTH, PayerNetwork};
use kabao_base::Code;

/// What this wallet calls its own: configuration and data of the service, not constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadContext {
    /// The GUID of our template in merchant codes, `app.kabao`.
    pub guid: String,
    /// The prefix of our payer codes, `97`; absent before the first batch of tokens.
    pub payer_prefix: Option<String>,
}

/// Whose code it is when it is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum OtherWallet {
    /// Alipay 支付宝.
    Alipay,
    /// WeChat Pay 微信支付.
    WeChat,
    /// UnionPay 云闪付.
    UnionPay,
    /// QQ's wallet.
    Qq,
    /// PayPal.
    PayPal,
    /// India's UPI.
    Upi,
    /// A merchant code of a scheme that is not ours, most often abroad.
    ForeignScheme,
}

/// What a scanned text is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Scanned {
    /// A collection code of this wallet: it can be paid.
    Collection {
        /// What it asks for.
        code: CollectionCode,
    },
    /// A payer code: a till scans it. It cannot be paid.
    PayerCode {
        /// Whose payer code.
        network: PayerNetwork,
    },
    /// 18 characters with every mark of an identity number. It is not sent anywhere.
    MayBeId,
    /// A code of another wallet or scheme.
    Other {
        /// Whose.
        wallet: OtherWallet,
    },
    /// Nobody's code that the wallet knows.
    Unknown,
}

impl Scanned {
    /// Why the text cannot be paid, as an entry of the error catalogue; `None` when it can.
    pub fn refusal(&self) -> Option<Code> {
        match self {
            Scanned::Collection { .. } => None,
            Scanned::PayerCode { .. } => Some(Code::CodeIsPayerCode),
            Scanned::MayBeId => Some(Code::CodeMayBeId),
            Scanned::Other { .. } => Some(Code::CodeNotPayable),
            Scanned::Unknown => Some(Code::CodeUnknown),
        }
    }
}

/// Why a scanned text is not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Nothing but white space.
    #[error("the code is empty")]
    Empty,
    /// More than 4096 characters.
    #[error("the code is too long")]
    TooLong,
    /// A zero-width, bidirectional or control character: the code shows less than it says.
    #[error("the code holds a hidden character: {name}")]
    Hidden {
        /// The sort of character.
        name: &'static str,
    },
    /// It begins as a merchant code and is damaged, cut, or asks in a way that is not allowed.
    #[error(transparent)]
    Merchant(#[from] EmvError),
}

impl CodeError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            CodeError::Empty => Code::EmptyInput,
            CodeError::TooLong => Code::InputTooLong,
            CodeError::Hidden { .. } => Code::CodeHostile,
            CodeError::Merchant(error) => error.code(),
        }
    }
}

/// Says what a scanned text is. A machine made it, so nothing is folded but white space at its
/// ends, which some scanners add.
pub fn read(text: &str, context: &ReadContext) -> Result<Scanned, CodeError> {
    if text.len() > emv::LIMIT * 4 || text.chars().count() > emv::LIMIT {
        return Err(CodeError::TooLong);
    }
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Err(CodeError::Empty);
    }
    if let Some(name) = hidden_in_code(text) {
        return Err(CodeError::Hidden { name });
    }
    if is_our_payer_code(text, context) {
        return Ok(Scanned::PayerCode { network: PayerNetwork::Ours });
    }
    if text.starts_with("0002") {
        let code = emv::read(text)?;
        return Ok(match CollectionCode::of(&code, &context.guid)? {
            Some(code) => Scanned::Collection { code },
            None => Scanned::Other { wallet: scheme_of(&code) },
        });
    }
    // Before the payer codes: 18 digits from 11 on can be either, and a person's number weighs more.
    if identity::may_be_resident(text) {
        return Ok(Scanned::MayBeId);
    }
    if let Some(network) = payer::classify(text) {
        return Ok(Scanned::PayerCode { network });
    }
    Ok(wallet_of(links::classify(text)).map_or(Scanned::Unknown, |wallet| Scanned::Other { wallet }))
}

fn is_our_payer_code(text: &str, context: &ReadContext) -> bool {
    let digits = text.len() == CODE_LENGTH as usize && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && context.payer_prefix.as_deref().is_some_and(|prefix| prefix.len() == 2 && text.starts_with(prefix))
}

/// UnionPay has identifiers 15 and 16 and the application A000000333; other schemes are not told apart.
fn scheme_of(code: &MerchantCode) -> OtherWallet {
    let unionpay = ["15", "16"].iter().any(|id| code.value(id).is_some())
        || code.fields.iter().any(|field| {
            emv::parts(&field.value).is_ok_and(|parts| emv::value(&parts, "00").is_some_and(|guid| guid.starts_with("A000000333")))
        });
    if unionpay { OtherWallet::UnionPay } else { OtherWallet::ForeignScheme }
}

fn wallet_of(kind: LinkKind) -> Option<OtherWallet> {
    match kind {
        LinkKind::AlipayOrder
        | LinkKind::AlipayPersonal
        | LinkKind::AlipayTransfer
        | LinkKind::AlipayOverseas
        | LinkKind::AlipayRedPacket
        | LinkKind::AlipayDeepLink => Some(OtherWallet::Alipay),
        LinkKind::WeChatOrder | LinkKind::WeChatPersonal => Some(OtherWallet::WeChat),
        LinkKind::UnionPayMerchant => Some(OtherWallet::UnionPay),
        LinkKind::QqWallet => Some(OtherWallet::Qq),
        LinkKind::PayPalMe => Some(OtherWallet::PayPal),
        LinkKind::Upi => Some(OtherWallet::Upi),
        LinkKind::WeChatContact | LinkKind::WeChatMiniProgram | LinkKind::UnionPaySignIn | LinkKind::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::{CollectionRequest, make_collection_code};
    use kabao_base::{Currency, Money};
    use proptest::prelude::*;

    fn context() -> ReadContext {
        ReadContext { guid: "app.kabao".to_owned(), payer_prefix: Some("97".to_owned()) }
    }

    fn ours() -> (CollectionCode, String) {
        let code = CollectionCode {
            payee_code: "M0001".to_owned(),
            order: Some("A17".to_owned()),
            amount: Some(Money::fen(2350)),
            currency: Currency::Cny,
            dynamic: true,
        };
        let text = make_collection_code(&CollectionRequest {
            guid: "app.kabao".to_owned(),
            code: code.clone(),
            name: "NOODLE HOUSE".to_owned(),
            city: "SHANGHAI".to_owned(),
            local_name: None,
            category: "5812".to_owned(),
        });
        (code, text.unwrap())
    }

    #[test]
    fn says_what_a_text_is() {
        let (code, text) = ours();
        assert_eq!(read(&text, &context()).unwrap(), Scanned::Collection { code });
        let payer = |network| Scanned::PayerCode { network };
        let other = |wallet| Scanned::Other { wallet };
        for (text, what) in [
            ("971234567890166296851979", payer(PayerNetwork::Ours)),
            ("971234567890166296851979\r\n", payer(PayerNetwork::Ours)),
            ("130123456789012345", payer(PayerNetwork::WeChat)),
            ("6212345678901234567", payer(PayerNetwork::UnionPay)),
            ("110101199003078670", Scanned::MayBeId),
            ("11010519491231002X", Scanned::MayBeId),
            ("932682198501010017", Scanned::MayBeId),
            ("https://qr.alipay.com/bax07729i8nrz04notk60045", other(OtherWallet::Alipay)),
            ("wxp://f2f0AAAAAAAAAAAA", other(OtherWallet::WeChat)),
            ("https://qr.95516.com/00010002/01012166439217005044479417630044", other(OtherWallet::UnionPay)),
            ("https://i.qianbao.qq.com/wallet/sqrcode.htm?m=tenpay", other(OtherWallet::Qq)),
            ("https://paypal.me/example/25.00CNY", other(OtherWallet::PayPal)),
            ("upi://pay?pa=shop@bank&am=1", other(OtherWallet::Upi)),
            ("https://u.wechat.com/EEEE", Scanned::Unknown),
            ("９７１２３４５６７８９０１６６２９６８５１９７９", Scanned::Unknown),
            ("hello", Scanned::Unknown),
        ] {
            assert_eq!(read(text, &context()).unwrap(), what, "{text}");
        }
        let merchant = |body: &str| {
            let body = format!("{body}6304");
            read(&format!("{body}{:04X}", emv::crc(body.as_bytes())), &context()).unwrap()
        };
        assert_eq!(merchant("00020115081234567826060002ab"), other(OtherWallet::UnionPay));
        assert_eq!(merchant("00020126200016A000000333010101"), other(OtherWallet::UnionPay));
        assert_eq!(merchant("00020126100006ab.com"), other(OtherWallet::ForeignScheme));
        let nothing = ReadContext { payer_prefix: None, ..context() };
        assert_eq!(read("971234567890166296851979", &nothing).unwrap(), Scanned::Unknown);
        let stranger = ReadContext { guid: "app.other".to_owned(), ..context() };
        assert_eq!(read(&text, &stranger).unwrap(), other(OtherWallet::ForeignScheme));
    }

    #[test]
    fn refuses_what_hides_or_is_damaged() {
        let (_, text) = ours();
        let code = |text: &str| read(text, &context()).unwrap_err().code();
        assert_eq!(code(" \n"), Code::EmptyInput);
        assert_eq!(code(&"1".repeat(1 << 20)), Code::InputTooLong);
        assert_eq!(code(&"最".repeat(4097)), Code::InputTooLong);
        assert_eq!(code("97123456789016\u{200b}6296851979"), Code::CodeHostile);
        assert_eq!(code("hello\u{202e}"), Code::CodeHostile);
        assert_eq!(code("hel\nlo"), Code::CodeHostile);
        assert_eq!(code(&text[..text.len() - 1]), Code::CodeDamaged);
        assert_eq!(code(&text.replace("23.50", "13.50")), Code::CodeDamaged);
    }

    #[test]
    fn only_a_collection_code_can_be_paid() {
        let (_, text) = ours();
        assert_eq!(read(&text, &context()).unwrap().refusal(), None);
        assert_eq!(read("130123456789012345", &context()).unwrap().refusal(), Some(Code::CodeIsPayerCode));
        assert_eq!(read("110101199003078670", &context()).unwrap().refusal(), Some(Code::CodeMayBeId));
        assert_eq!(read("wxp://f2f0AAAA", &context()).unwrap().refusal(), Some(Code::CodeNotPayable));
        assert_eq!(read("hello", &context()).unwrap().refusal(), Some(Code::CodeUnknown));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in ".{0,120}") {
            let _ = read(&text, &context());
        }

        #[test]
        fn any_change_of_a_code_is_seen(at in 0usize..60, to in "[ -~最]") {
            let (code, text) = ours();
            let changed: String = text.chars().enumerate().map(|(place, old)| if place == at { to.chars().next().unwrap() } else { old }).collect();
            if let Ok(Scanned::Collection { code: read }) = read(&changed, &context()) {
                prop_assert_eq!(read, code);
            }
        }
    }
}
