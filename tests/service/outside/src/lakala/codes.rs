//! The codes of answers. BBS… are the platform's own as integrators know them; KB… are ours.

macro_rules! replies {
    ($($variant:ident $code:literal $words:literal $doc:literal;)*) => {
        /// What an answer says, as code and words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reply {
            $(#[doc = $doc] $variant,)*
        }

        impl Reply {
            /// The code as it goes over the wire.
            pub fn code(self) -> &'static str {
                match self { $(Reply::$variant => $code,)* }
            }

            /// The words for the person at the till.
            pub fn words(self) -> &'static str {
                match self { $(Reply::$variant => $words,)* }
            }

            #[cfg(test)]
            pub(crate) const ALL: &'static [Reply] = &[$(Reply::$variant,)*];
        }
    };
}

replies! {
    Done "BBS00000" "成功" "Done; for a query: found, the state is in `trade_state`.";
    Paying "BBS10000" "用户支付中，请稍后查询" "The payer is still paying.";
    AskAgain "BBS11112" "结果未知，请稍后查询" "The result is not known; query again.";
    SignatureMissing "KB10001" "Authorization 缺失或格式错误" "The Authorization header is missing or cannot be read.";
    SignatureWrong "KB10002" "验签失败" "The signature is wrong.";
    MerchantUnknown "KB10003" "appid、证书序列号、商户号或终端号不正确" "Application, certificate, merchant or terminal are not known.";
    TimeRefused "KB10004" "时间戳与平台时间相差超过10分钟" "The request's time differs by more than ten minutes.";
    NonceRepeated "KB10005" "nonce_str 重复" "The nonce was used before.";
    BodyRefused "KB10006" "请求报文格式错误" "The body is not what this path expects.";
    FieldRefused "KB10007" "请求字段不正确" "A field is missing or malformed; the words name it.";
    OrderRepeated "KB20001" "商户订单号重复，请查询原订单" "The order number was used before; nothing was charged. Query it.";
    OrderUnknown "KB20002" "订单不存在" "There is no such order.";
    CodeRefused "KB20003" "付款码无效、已过期或已使用" "The payer code is unknown, dead or used.";
    ChannelNotOffered "KB20004" "本商户未开通该付款码所属渠道" "The payer code belongs to another scheme, which this merchant has not.";
    NotOffered "KB20005" "接口未开通" "The path exists at the platform and is not offered here.";
    BalanceLow "KB20006" "付款方余额不足" "The payer has too little.";
    LimitReached "KB20007" "超过付款方限额" "A limit of the payer is reached.";
    PayerDeclined "KB20008" "付款方已拒绝" "The payer declined.";
    PayerSilent "KB20009" "付款方未在规定时间内确认" "The payer did not confirm in time.";
    PaymentRefused "KB20010" "支付失败" "The wallet refused; the words carry its code.";
    RefundTooHigh "KB20011" "退款金额超过可退金额" "More than is left of the payment.";
    StateRefused "KB20012" "原订单状态不允许该操作" "The order is in a state that does not allow this.";
    GiveBackRefused "KB20013" "退款或撤销被拒绝" "The wallet refused to give back; the words carry its code.";
    PlatformFailed "KB90001" "系统繁忙，未受理" "The platform could not take the request; nothing happened.";
}

impl Reply {
    /// What a refusal of the wallet service is at the till.
    pub(crate) fn of_refusal(code: &str) -> Reply {
        match code {
            "code_unknown" | "code_damaged" | "code_hostile" | "code_not_payable" => Reply::CodeRefused,
            "balance_low" | "bank_balance_low" => Reply::BalanceLow,
            "ask_declined" => Reply::PayerDeclined,
            "ask_lapsed" => Reply::PayerSilent,
            limit if limit.starts_with("limit_") => Reply::LimitReached,
            _ => Reply::PaymentRefused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_only_one_means_done() {
        let codes: BTreeSet<_> = Reply::ALL.iter().map(|reply| reply.code()).collect();
        assert_eq!(codes.len(), Reply::ALL.len());
        for code in kabao_base::Code::ALL {
            assert!(Reply::of_refusal(code.as_str()).code().starts_with("KB2"), "{code:?}");
        }
    }
}
