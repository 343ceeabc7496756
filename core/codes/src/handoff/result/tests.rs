use super::ChannelState::*;
use super::*;

const ANY: AlipayTradeContext = AlipayTradeContext { paid: None, cancelled: false, refund: RefundExtent::NotKnown };

fn every_kind() -> Vec<ResultWords> {
    let mut kinds = vec![ResultWords::AlipayCashier, ResultWords::UnionPayClient, ResultWords::LakalaTrade, ResultWords::LakalaPayment];
    for refund in [RefundExtent::NotKnown, RefundExtent::Nothing, RefundExtent::Part, RefundExtent::All] {
        kinds.push(ResultWords::WeChatTrade { refund });
        for paid in [None, Some(false), Some(true)] {
            for cancelled in [false, true] {
                kinds.push(ResultWords::AlipayTrade { context: AlipayTradeContext { paid, cancelled, refund } });
            }
        }
    }
    kinds
}

/// Register, table 7.2, with the words of F6, F7, F13, F20 and F22.
#[test]
fn every_word_of_the_table() {
    let alipay = ResultWords::AlipayTrade { context: ANY };
    let wechat = ResultWords::WeChatTrade { refund: RefundExtent::NotKnown };
    let rows = [
        (ResultWords::AlipayCashier, "9000", Succeeded),
        (ResultWords::AlipayCashier, "8000", Processing),
        (ResultWords::AlipayCashier, "4000", Failed),
        (ResultWords::AlipayCashier, "5000", Unknown),
        (ResultWords::AlipayCashier, "6001", Cancelled),
        (ResultWords::AlipayCashier, "6002", Unknown),
        (ResultWords::AlipayCashier, "6004", Unknown),
        (ResultWords::AlipayCashier, "99", Cancelled),
        (alipay, "WAIT_BUYER_PAY", AwaitingPayer),
        (alipay, "TRADE_SUCCESS", Succeeded),
        (alipay, "TRADE_FINISHED", Succeeded),
        (alipay, "TRADE_CLOSED", Unknown),
        (wechat, "SUCCESS", Succeeded),
        (wechat, "REFUND", Refunded),
        (wechat, "NOTPAY", AwaitingPayer),
        (wechat, "CLOSED", ClosedUnpaid),
        (wechat, "REVOKED", Cancelled),
        (wechat, "USERPAYING", AwaitingPayer),
        (wechat, "PAYERROR", Failed),
        (ResultWords::UnionPayClient, "success", Succeeded),
        (ResultWords::UnionPayClient, "Fail", Failed),
        (ResultWords::UnionPayClient, "CANCEL", Cancelled),
        (ResultWords::UnionPayClient, "unknown", Unknown),
        (ResultWords::LakalaTrade, "INIT", AwaitingPayer),
        (ResultWords::LakalaTrade, "CREATE", AwaitingPayer),
        (ResultWords::LakalaTrade, "DEAL", Processing),
        (ResultWords::LakalaTrade, "UNKNOWN", Unknown),
        (ResultWords::LakalaTrade, "SUCCESS", Succeeded),
        (ResultWords::LakalaTrade, "FAIL", Failed),
        (ResultWords::LakalaTrade, "REVOKED", Cancelled),
        (ResultWords::LakalaTrade, "CLOSE", ClosedUnpaid),
        (ResultWords::LakalaTrade, "REFUND", RefundedAll),
        (ResultWords::LakalaTrade, "PART_REFUND", RefundedPart),
        (ResultWords::LakalaPayment, "BBS00000", Succeeded),
        (ResultWords::LakalaPayment, "BBS10000", AwaitingPayer),
        (ResultWords::LakalaPayment, "BBS11112", Processing),
        (ResultWords::LakalaPayment, "BBS11105", Processing),
    ];
    for (words, word, state) in rows {
        let answer = channel_answer(words, word);
        assert_eq!((answer.state, answer.word_known), (state, true), "{words:?} {word}");
        let client = matches!(words, ResultWords::AlipayCashier | ResultWords::UnionPayClient);
        assert_eq!(answer.from_server, !client);
    }
}

#[test]
fn a_closed_trade_means_three_things() {
    let closed = |paid, cancelled, refund| channel_answer(ResultWords::AlipayTrade { context: AlipayTradeContext { paid, cancelled, refund } }, "TRADE_CLOSED").state;
    assert_eq!(closed(Some(false), false, RefundExtent::Nothing), ClosedUnpaid);
    assert_eq!(closed(Some(false), false, RefundExtent::NotKnown), ClosedUnpaid);
    assert_eq!(closed(Some(true), false, RefundExtent::All), RefundedAll);
    assert_eq!(closed(None, false, RefundExtent::All), RefundedAll);
    assert_eq!(closed(Some(true), true, RefundExtent::Nothing), Cancelled);
    assert_eq!(closed(Some(false), true, RefundExtent::NotKnown), Cancelled);
    // Not enough, or a contradiction.
    assert_eq!(closed(None, false, RefundExtent::NotKnown), Unknown);
    assert_eq!(closed(Some(true), false, RefundExtent::Nothing), Unknown);
    assert_eq!(closed(Some(true), false, RefundExtent::Part), Unknown);
    assert_eq!(closed(Some(false), false, RefundExtent::All), Unknown);
    assert_eq!(closed(None, false, RefundExtent::Nothing), Unknown);
}

#[test]
fn a_refund_is_as_large_as_is_known() {
    let wechat = |refund| channel_answer(ResultWords::WeChatTrade { refund }, "REFUND").state;
    assert_eq!((wechat(RefundExtent::All), wechat(RefundExtent::Part), wechat(RefundExtent::Nothing)), (RefundedAll, RefundedPart, Refunded));
    let alipay = |refund| channel_answer(ResultWords::AlipayTrade { context: AlipayTradeContext { refund, ..ANY } }, "TRADE_SUCCESS").state;
    assert_eq!((alipay(RefundExtent::All), alipay(RefundExtent::Part), alipay(RefundExtent::Nothing)), (RefundedAll, RefundedPart, Succeeded));
}

#[test]
fn words_are_compared_as_written() {
    for (words, word) in [
        (ResultWords::AlipayCashier, " 9000"), (ResultWords::AlipayCashier, "９０００"), (ResultWords::AlipayCashier, "90000"),
        (ResultWords::LakalaTrade, "success"), (ResultWords::LakalaTrade, "SUCCESS\0"), (ResultWords::LakalaPayment, "BBS99999"),
        (ResultWords::UnionPayClient, "success "), (ResultWords::UnionPayClient, ""),
    ] {
        assert_eq!(channel_answer(words, word), ChannelAnswer { state: Unknown, from_server: channel_answer(words, word).from_server, word_known: false }, "{word:?}");
    }
}

proptest::proptest! {
    #[test]
    fn an_unknown_word_is_never_a_failure_nor_a_success(word in "\\PC{0,40}|[A-Z_]{1,16}|[0-9]{1,6}|BBS[0-9]{5}") {
        for words in every_kind() {
            let answer = channel_answer(words, &word);
            proptest::prop_assert!(answer.word_known || answer.state == Unknown);
        }
    }
}
