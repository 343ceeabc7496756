//! Payer codes and printed links.

use super::{Answer, Case, input};
use crate::payer::PayerNetwork;
use crate::read::{Family, ReadContext};
use crate::table::Table;
use crate::{identity, links, payer, read};
use serde_json::json;

pub(super) const SETS: &[&str] = &["payment_codes", "merchant_qr_content"];

pub(super) fn answer(set: &str, case: &Case, _: (i32, u32, u32)) -> Answer {
    let input = input(case)?;
    if set == "payment_codes" {
        return Ok(json!({ "network": network(input) }));
    }
    let found = read(input, &ReadContext::new("app.kabao"));
    let kind = if found.is_hostile() { "unknown" } else { kind(found.family) };
    Ok(json!({ "kind": kind, "inner": links::inner(input.trim(), &Table::shipped()) }))
}

/// Shape only, as the set asks; but a number of a person is nobody's payer code. JD and BestPay, each
/// known from one public source, are no answers of the set.
fn network(text: &str) -> Option<&'static str> {
    let network = payer::classify(text).filter(|_| !identity::may_be_resident(text))?;
    (!matches!(network, PayerNetwork::Jd | PayerNetwork::BestPay)).then(|| network.name())
}

/// The set's names.
fn kind(family: Family) -> &'static str {
    match family {
        Family::AlipayOrder => "alipay-dynamic-order",
        Family::AlipayPersonal => "alipay-personal-receive",
        Family::AlipayTransfer => "alipay-transfer",
        Family::AlipayOverseas => "alipay-overseas",
        Family::AlipayRedPacket => "alipay-red-packet",
        Family::AlipayHandOff => "alipay-deeplink",
        Family::WeChatOrder => "wechat-native-dynamic",
        Family::WeChatProduct => "wechat-native-product",
        Family::WeChatPersonal => "wechat-personal-receive",
        Family::WeChatContact => "wechat-contact (not payment)",
        Family::WeChatMiniProgram => "wechat-miniprogram (not payment)",
        Family::UnionPayMerchant => "unionpay-merchant",
        Family::UnionPaySignIn => "unionpay-userauth (not a payment code)",
        Family::QqWallet => "qq-wallet",
        Family::PayPalMe | Family::PayPalCode => "paypal-me",
        Family::Upi => "upi",
        _ => "unknown",
    }
}
