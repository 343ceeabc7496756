//! Rows of digits: identity numbers, cards, payer codes, goods.

use super::{Family, Place, ReadContext, Scheme, Verdict};
use crate::cards::{self, CardBrand};
use crate::identity;
use crate::payer::PayerNetwork;
use kabao_base::{CardNumber, Code, mask};

pub(super) fn judge(text: &str, context: &ReadContext) -> Option<Verdict> {
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    // Before everything else: a person's number weighs more than any code.
    if may_be_id(text) {
        let verdict = Verdict::refused(Family::MayBeId, Code::CodeMayBeId);
        return Some(Verdict { masked: Some(mask::id_number(text)), ..verdict });
    }
    if is_ours(text, context) {
        return Some(payer_code(Family::OurPayerCode).of(Scheme::Ours));
    }
    if let Some(tail) = card_tail(text, context) {
        let verdict = Verdict::refused(Family::MayBeCard, Code::CodeMayBeCard);
        return Some(Verdict { masked: Some(format!("**** {tail}")), ..verdict });
    }
    if let Some(network) = context.table.payer_network(text) {
        let (family, owner) = family_of(network);
        return Some(payer_code(family).of(owner));
    }
    is_goods(text).then(|| Verdict::refused(Family::GoodsBarcode, Code::CodeNoPayment))
}

fn payer_code(family: Family) -> Verdict {
    Verdict::refused(family, Code::CodeIsPayerCode)
}

/// Every mark of a number, or 17 digits and X, which nothing but an identity number has.
fn may_be_id(text: &str) -> bool {
    let shape = text.len() == 18 && text.ends_with(['X', 'x']) && text.bytes().take(17).all(|byte| byte.is_ascii_digit());
    shape || identity::may_be_resident(text)
}

fn is_ours(text: &str, context: &ReadContext) -> bool {
    let length = u32::try_from(text.len()).is_ok_and(|length| length == context.payer_length);
    let prefix = context.payer_prefix.as_deref().is_some_and(|prefix| prefix.len() >= 2 && text.starts_with(prefix));
    length && prefix && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The last four digits of what may be a card. Before a scanner only what has the check digit and the
/// beginning of a card and would else be UnionPay's payer code, or nobody's; on a form whatever a card can be.
fn card_tail(text: &str, context: &ReadContext) -> Option<String> {
    if !(14..=19).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let shape = cards::judge(&CardNumber::new(text.to_owned())).ok()?;
    let known = shape.brand != CardBrand::Other;
    let card = match (context.place, context.table.payer_network(text)) {
        (Place::CardForm, _) => true,
        (Place::Scanner, Some(PayerNetwork::UnionPay)) => shape.check_digit_agrees && shape.brand == CardBrand::UnionPay,
        (Place::Scanner, Some(_)) => false,
        (Place::Scanner, None) => shape.check_digit_agrees && known,
    };
    card.then_some(shape.last4)
}

fn family_of(network: PayerNetwork) -> (Family, Scheme) {
    match network {
        PayerNetwork::Ours => (Family::OurPayerCode, Scheme::Ours),
        PayerNetwork::Alipay => (Family::AlipayPayerCode, Scheme::Alipay),
        PayerNetwork::AlipayFace => (Family::AlipayFaceCode, Scheme::Alipay),
        PayerNetwork::WeChat => (Family::WeChatPayerCode, Scheme::WeChat),
        PayerNetwork::UnionPay => (Family::UnionPayPayerCode, Scheme::UnionPay),
        PayerNetwork::ECny => (Family::ECnyPayerCode, Scheme::ECny),
        PayerNetwork::Jd => (Family::JdPayerCode, Scheme::Jd),
        PayerNetwork::BestPay => (Family::BestPayPayerCode, Scheme::BestPay),
        PayerNetwork::BaiduWallet => (Family::BaiduPayerCode, Scheme::Baidu),
    }
}

/// 13 digits with the check digit of EAN-13 (69 is China's beginning; others are sold here too).
fn is_goods(text: &str) -> bool {
    if text.len() != 13 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = text.bytes().zip([1, 3].into_iter().cycle()).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    sum.is_multiple_of(10)
}
