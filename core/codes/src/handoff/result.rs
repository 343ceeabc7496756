//! The words of each channel for the result of a payment. A word that nobody wrote down is
//! [`ChannelState::Unknown`], never a failure: telling a person to pay again costs money.

use super::states::{ChannelAnswer, ChannelState};

/// Whose word it is and where it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ResultWords {
    /// The code that Alipay's cashier hands back on the phone: `9000` (register, F6).
    AlipayCashier,
    /// `trade_status` of Alipay's server: `TRADE_SUCCESS` (F7). `TRADE_CLOSED` alone is not enough:
    /// without the context it is unknown.
    AlipayTrade {
        /// What is known of the trade besides the word.
        context: AlipayTradeContext,
    },
    /// `trade_state` of WeChat Pay's server: `SUCCESS` (F13).
    WeChatTrade {
        /// How much was given back, for the word `REFUND`.
        refund: RefundExtent,
    },
    /// What UnionPay's library says on the phone: `success` (F20).
    UnionPayClient,
    /// `trade_state` of Lakala's server: `SUCCESS` (F22).
    LakalaTrade,
    /// `code` of Lakala's answer to a payment: `BBS00000` (F22). Not for a query: there the same
    /// code only says that the order was found.
    LakalaPayment,
}

/// How much of a payment was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum RefundExtent {
    /// Nobody said.
    NotKnown,
    /// Nothing.
    Nothing,
    /// A part.
    Part,
    /// All of it.
    All,
}

/// What is known of an Alipay trade besides its status. The status `TRADE_CLOSED` has three meanings:
/// never paid, called off, given back whole (docs.antom.com/ac/gr/trade_status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AlipayTradeContext {
    /// Whether it was ever paid; absent when nobody said.
    pub paid: Option<bool>,
    /// Whether the merchant called it off (`alipay.trade.cancel`).
    pub cancelled: bool,
    /// How much was given back.
    pub refund: RefundExtent,
}

/// What a channel's word means. The word is compared as written; only UnionPay's library, whose own
/// example compares without case, is read in any case.
///
/// # Examples
///
/// ```
/// use kabao_codes::handoff::{AlipayTradeContext, ChannelState, RefundExtent, ResultWords, channel_answer};
///
/// // "Might be a success": never shown as a failure.
/// assert_eq!(channel_answer(ResultWords::AlipayCashier, "6004").state, ChannelState::Unknown);
/// let context = AlipayTradeContext { paid: Some(true), cancelled: false, refund: RefundExtent::All };
/// assert_eq!(channel_answer(ResultWords::AlipayTrade { context }, "TRADE_CLOSED").state, ChannelState::RefundedAll);
/// assert!(!channel_answer(ResultWords::LakalaTrade, "no such word").word_known);
/// ```
pub fn channel_answer(words: ResultWords, word: &str) -> ChannelAnswer {
    let from_server = !matches!(words, ResultWords::AlipayCashier | ResultWords::UnionPayClient);
    let state = match words {
        ResultWords::AlipayCashier => alipay_cashier(word),
        ResultWords::AlipayTrade { context } => alipay_trade(word, context),
        ResultWords::WeChatTrade { refund } => wechat_trade(word, refund),
        ResultWords::UnionPayClient => union_pay_client(word),
        ResultWords::LakalaTrade => lakala_trade(word),
        ResultWords::LakalaPayment => lakala_payment(word),
    };
    ChannelAnswer { state: state.unwrap_or(ChannelState::Unknown), from_server, word_known: state.is_some() }
}

/// docs.antom.com/ac/solution_api/trade_pay.
fn alipay_cashier(word: &str) -> Option<ChannelState> {
    Some(match word {
        "9000" => ChannelState::Succeeded,
        "8000" => ChannelState::Processing,
        "4000" => ChannelState::Failed,
        // Asked twice: the first question decides, and its answer is not here.
        "5000" => ChannelState::Unknown,
        // The person left: by the back key, or to look for a forgotten password.
        "6001" | "99" => ChannelState::Cancelled,
        "6002" | "6004" => ChannelState::Unknown,
        _ => return None,
    })
}

/// docs.antom.com/ac/gr/trade_status.
fn alipay_trade(word: &str, context: AlipayTradeContext) -> Option<ChannelState> {
    Some(match (word, context.refund) {
        ("WAIT_BUYER_PAY", _) => ChannelState::AwaitingPayer,
        ("TRADE_SUCCESS" | "TRADE_FINISHED", RefundExtent::Part) => ChannelState::RefundedPart,
        ("TRADE_SUCCESS" | "TRADE_FINISHED", RefundExtent::All) => ChannelState::RefundedAll,
        ("TRADE_SUCCESS" | "TRADE_FINISHED", _) => ChannelState::Succeeded,
        ("TRADE_CLOSED", _) if context.cancelled => ChannelState::Cancelled,
        ("TRADE_CLOSED", RefundExtent::All) if context.paid != Some(false) => ChannelState::RefundedAll,
        ("TRADE_CLOSED", RefundExtent::Nothing | RefundExtent::NotKnown) if context.paid == Some(false) => ChannelState::ClosedUnpaid,
        // Paid, closed, and not given back: what is known contradicts itself.
        ("TRADE_CLOSED", _) => ChannelState::Unknown,
        _ => return None,
    })
}

/// pay.weixin.qq.com, order query. The register names USERPAYING for two rows; here the password is
/// being typed, so the payer is who is waited for.
fn wechat_trade(word: &str, refund: RefundExtent) -> Option<ChannelState> {
    Some(match word {
        "NOTPAY" | "USERPAYING" => ChannelState::AwaitingPayer,
        "SUCCESS" => ChannelState::Succeeded,
        "REFUND" => match refund {
            RefundExtent::All => ChannelState::RefundedAll,
            RefundExtent::Part => ChannelState::RefundedPart,
            RefundExtent::NotKnown | RefundExtent::Nothing => ChannelState::Refunded,
        },
        "CLOSED" => ChannelState::ClosedUnpaid,
        "REVOKED" => ChannelState::Cancelled,
        "PAYERROR" => ChannelState::Failed,
        _ => return None,
    })
}

fn union_pay_client(word: &str) -> Option<ChannelState> {
    let is = |known: &str| word.eq_ignore_ascii_case(known);
    Some(match () {
        () if is("success") => ChannelState::Succeeded,
        () if is("fail") => ChannelState::Failed,
        () if is("cancel") => ChannelState::Cancelled,
        () if is("unknown") => ChannelState::Unknown,
        () => return None,
    })
}

/// Lakala's open platform, order query: `trade_state`.
fn lakala_trade(word: &str) -> Option<ChannelState> {
    Some(match word {
        "INIT" | "CREATE" => ChannelState::AwaitingPayer,
        "DEAL" => ChannelState::Processing,
        "UNKNOWN" => ChannelState::Unknown,
        "SUCCESS" => ChannelState::Succeeded,
        "FAIL" => ChannelState::Failed,
        "REVOKED" => ChannelState::Cancelled,
        "CLOSE" => ChannelState::ClosedUnpaid,
        "REFUND" => ChannelState::RefundedAll,
        "PART_REFUND" => ChannelState::RefundedPart,
        _ => return None,
    })
}

/// Lakala's open platform: `code` of the answer to a payment, as integrators read it.
fn lakala_payment(word: &str) -> Option<ChannelState> {
    Some(match word {
        "BBS00000" => ChannelState::Succeeded,
        "BBS10000" => ChannelState::AwaitingPayer,
        "BBS11112" | "BBS11105" => ChannelState::Processing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
