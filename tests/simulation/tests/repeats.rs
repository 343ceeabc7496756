//! What may be paid twice: the guard before a payment, what stands in the place of what, and what a charge takes of the limits.

use crate::common::cards::{at_bank, bound, typed};
use crate::common::moves::{fault, settled};
use crate::common::people::card_number;
use crate::common::transfers::{HOURS_2, friend, pass};
use crate::common::{Story, confirmation, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::error::Outcome;
use kabao_core::history::RefundRequest;
use kabao_core::limits::PrecheckRequest;
use kabao_core::pay::{ConfirmRequest, PaymentView, QuoteRequest, QuoteView};
use kabao_money::payment::PaymentState;
use serde_json::{Value, json};
use std::time::Duration;

/// Pays without having been told that the same was paid before.
async fn unasked(story: &Story, request: QuoteRequest) -> Outcome<PaymentView> {
    let quote = story.wallet().pay().quote(request).await.unwrap();
    story.wallet().pay().confirm(ConfirmRequest { again: false, ..confirmation(&quote) }).await
}

async fn synced(wallet: &Wallet) {
    while !wallet.history().sync().await.unwrap().complete {}
}

fn order(payee: &str, amount: &str, order: Option<&str>) -> QuoteRequest {
    QuoteRequest::Pay { payee_id: payee.to_owned(), amount: amount.to_owned(), order: order.map(str::to_owned) }
}

#[test]
fn an_order_that_was_paid_is_asked_about_for_a_day() {
    for (name, minutes, asked) in [("minutes", 10, true), ("hours", 23 * 60, true), ("days", 25 * 60, false)] {
        story(&format!("order-{name}"), async |story: Story| {
            story.top_up("100.00").await;
            let payee = story.merchant().await;
            assert_eq!(unasked(&story, order(&payee, "12.00", Some("o-1"))).await.unwrap().state, PaymentState::Succeeded);
            tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
            let again = unasked(&story, order(&payee, "12.00", Some("o-1"))).await;
            // After a day only the service remembers; it refuses for good.
            let by_phone = again.as_ref().is_err_and(|error| error.is(Code::PaymentRepeated));
            assert!(by_phone == asked && (asked || again.unwrap().state == PaymentState::Failed), "{name}");
            // Another order of as much, and as much without an order, are other purchases by then.
            for other in [Some("o-2"), None] {
                assert_eq!(unasked(&story, order(&payee, "12.00", other)).await.unwrap().state, PaymentState::Succeeded, "{name}");
                tokio::time::sleep(Duration::from_secs(600)).await;
            }
        });
    }
}

#[test]
fn an_order_is_paid_once_also_where_the_same_is_usual() {
    story("usual", async |story: Story| {
        story.top_up("100.00").await;
        let (wallet, payee) = (story.wallet(), story.merchant().await);
        let mut records = Vec::new();
        for _ in 0..2 {
            let paid = story.all.phone.pay(order(&payee, "2.00", None)).await.unwrap();
            synced(&wallet).await;
            records.push(paid.record_id.unwrap());
        }
        wallet.history().keep_both(records[1].clone(), records[0].clone(), true).await.unwrap();
        assert_eq!(unasked(&story, order(&payee, "2.00", None)).await.unwrap().state, PaymentState::Succeeded);
        assert_eq!(unasked(&story, order(&payee, "2.00", Some("o-1"))).await.unwrap().state, PaymentState::Succeeded);
        let again = unasked(&story, order(&payee, "2.00", Some("o-1"))).await;
        assert!(again.as_ref().is_err_and(|error| error.is(Code::PaymentRepeated)), "{again:?}");
        assert_eq!(story.wallet().pay().open_payments().await.unwrap().len(), 0);
    });
}

#[test]
fn what_came_back_does_not_count_as_paid() {
    story("came-back", async |story: Story| {
        story.top_up("100.00").await;
        let (wallet, shop) = (story.wallet(), story.merchant().await);
        let (theirs, payee) = friend(&story).await;
        let transfer = || QuoteRequest::Transfer { payee_id: payee.clone(), amount: "5.00".to_owned(), delay_ms: HOURS_2 };
        let sent = unasked(&story, transfer()).await.unwrap();
        let again = unasked(&story, transfer()).await;
        assert!(again.as_ref().is_err_and(|error| error.is(Code::PaymentRepeated)), "{again:?}");
        assert_eq!(wallet.pay().cancel_transfer(sent.intent_id).await.unwrap().state, "cancelled");
        assert_eq!(unasked(&story, transfer()).await.unwrap().state, PaymentState::Succeeded);
        // The same of a purchase that the merchant gave back whole.
        let paid = unasked(&story, order(&shop, "3.00", None)).await.unwrap();
        synced(&wallet).await;
        let wish = RefundRequest { record_id: paid.record_id.unwrap(), amount: None, reason: "returned".to_owned() };
        let ask = wallet.history().ask_refund(wish).await.unwrap().asks.remove(0).ask_id;
        let again = unasked(&story, order(&shop, "3.00", None)).await;
        assert!(again.as_ref().is_err_and(|error| error.is(Code::PaymentRepeated)), "{again:?}");
        story.all.console.post("/dev/refunds", json!({ "ask_id": ask, "answer": "approve" })).await.unwrap();
        pass(&story, 5_000).await;
        synced(&wallet).await;
        assert_eq!(unasked(&story, order(&shop, "3.00", None)).await.unwrap().state, PaymentState::Succeeded);
        theirs.close().await.unwrap();
    });
}

/// The bank does this with movements from now on.
async fn bank(story: &Story, movements: &str) {
    story.all.console.post("/dev/bank/faults", json!({ "movements": movements, "code": "bank_balance_low" })).await.unwrap();
}

async fn confirmed(story: &Story, quote: QuoteView) -> PaymentView {
    story.wallet().pay().confirm(confirmation(&quote)).await.unwrap()
}

#[test]
fn a_late_success_is_told_over_every_try_in_between() {
    story("chain", async |story: Story| {
        let wallet = story.wallet();
        let mut cards = vec![wallet.cards().list().await.unwrap()[0].card_id.clone()];
        for which in [1, 2] {
            let pan = card_number(which);
            at_bank(&story, &pan, json!({})).await;
            cards.push(bound(&story, &wallet, typed(&pan)).await.card_id);
        }
        let warning = async |view: &PaymentView| {
            let now = story.wallet().pay().payment(view.intent_id.clone()).await.unwrap();
            now.warning.map(|failure| failure.code)
        };
        bank(&story, "hold").await;
        let first = story.top_up("30.00").await;
        assert_eq!(first.state, PaymentState::Unknown);
        bank(&story, "refuse").await;
        let quote = wallet.pay().quote_other_source(first.intent_id.clone(), Some(cards[1].clone())).await.unwrap();
        let second = confirmed(&story, quote).await;
        assert_eq!((second.state, warning(&second).await), (PaymentState::Failed, None));
        bank(&story, "").await;
        let quote = wallet.pay().quote_other_source(second.intent_id.clone(), Some(cards[2].clone())).await.unwrap();
        let third = confirmed(&story, quote).await;
        assert_eq!(third.state, PaymentState::Succeeded);
        let open = Some(Code::MayPayTwice.as_str().to_owned());
        assert_eq!((warning(&first).await, warning(&second).await, warning(&third).await), (open.clone(), None, open));
        synced(&wallet).await;
        assert_eq!(wallet.history().duplicates().await.unwrap(), Vec::new());
        story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
        settled(&story).await;
        let twice = Some(Code::PaidTwice.as_str().to_owned());
        assert_eq!((warning(&first).await, warning(&second).await, warning(&third).await), (twice.clone(), None, twice));
        synced(&wallet).await;
        let found = wallet.history().duplicates().await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].why.as_str(), found[0].later.amount.minor, found[0].earlier.amount.minor), ("late_success", 3_000, 3_000));
        // There is nobody to claim one from: it is in the balance, and goes back to the card when the person wants that.
        let id = |item: &kabao_core::history::HistoryItem| item.record_id.clone().unwrap();
        assert_eq!((found[0].claimable, found[0].claim.is_none()), (false, true));
        let refused = wallet.history().claim_duplicate(id(&found[0].later), id(&found[0].earlier)).await.unwrap_err();
        assert!(refused.is(Code::TopUpTwice), "{refused:?}");
        let back = unasked(&story, QuoteRequest::Withdraw { amount: "30.00".to_owned(), card_id: cards[0].clone() }).await.unwrap();
        assert_eq!(back.state, PaymentState::Succeeded);
        // Who says that both are meant is not told again.
        let left = wallet.history().keep_both(id(&found[0].later), id(&found[0].earlier), false).await.unwrap();
        assert_eq!(left, Vec::new());
    });
}

#[test]
fn a_charge_that_is_not_counted_yet_hides_no_other_reservation() {
    story("uncounted", async |story: Story| {
        story.top_up("2000.00").await;
        let wallet = story.wallet();
        wallet.pay().prepare_codes().await.unwrap();
        wallet.limits().refresh().await.unwrap();
        let most = async || wallet.limits().max_allowed_now("code".to_owned(), Some("balance".to_owned())).await.unwrap().map_or(0, |most| most.minor);
        let before = most().await;
        let read = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
        let cap = wallet.pay().show_code("lakala".to_owned()).await.unwrap().cap.minor;
        assert_eq!(most().await, before - 2 * cap);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let rule = json!({ "path_prefix": "/v1/limits", "times": 99, "method": "GET", "action": { "status": 503 } });
        story.all.console.post("/dev/faults", rule).await.unwrap();
        story.all.console.post("/dev/till/charge", json!({ "code": read.digits, "amount_fen": 2_000, "order": "noodles" })).await.unwrap();
        wallet.history().sync().await.unwrap();
        // One code may still be charged up to its cap, and the other one was charged.
        let left = before - cap - 2_000;
        assert_eq!(most().await, left);
        let precheck = async |fen: i64| {
            let amount = format!("{}.{:02}", fen / 100, fen % 100);
            let request = PrecheckRequest { amount, channel: "code".to_owned(), source: Some("balance".to_owned()), ..Default::default() };
            wallet.limits().precheck(request).await.unwrap().blocked
        };
        assert_eq!((precheck(left).await, precheck(left + 1).await), (false, true));
        story.all.console.delete("/dev/faults").await.unwrap();
        wallet.limits().refresh().await.unwrap();
        assert_eq!(most().await, left);
    });
}

/// What `precheck` says in advance of what was paid before, and what confirming then says.
async fn foreseen(story: &Story, request: QuoteRequest) -> (Option<String>, Option<String>) {
    let (amount, channel, source, payee_id, order) = match request.clone() {
        QuoteRequest::Pay { payee_id, amount, order } => (amount, "pay", "balance".to_owned(), Some(payee_id), order),
        QuoteRequest::Transfer { payee_id, amount, .. } => (amount, "transfer", "balance".to_owned(), Some(payee_id), None),
        QuoteRequest::TopUp { amount, card_id } => (amount, "top_up", card_id, None, None),
        QuoteRequest::Withdraw { amount, card_id } => (amount, "withdraw", card_id, None, None),
        QuoteRequest::Ask { .. } => panic!("no questions here"),
    };
    let asked = PrecheckRequest { amount, channel: channel.to_owned(), source: Some(source), payee_id, order, ..PrecheckRequest::default() };
    let view = story.wallet().limits().precheck(asked).await.unwrap();
    assert_eq!(view.blocked, view.first.is_some());
    let refused = unasked(story, request).await.err().map(|error| error.failure().code.clone());
    (view.first.map(|failure| failure.code), refused)
}

#[test]
fn what_a_confirmation_would_be_refused_with_is_known_before() {
    story("foreseen", async |story: Story| {
        let (repeated, open) = (Some(Code::PaymentRepeated.as_str().to_owned()), Some(Code::PaymentUnresolved.as_str().to_owned()));
        let (repeated, open) = ((repeated.clone(), repeated), (open.clone(), open));
        story.top_up("100.00").await;
        let (wallet, shop) = (story.wallet(), story.merchant().await);
        let (theirs, friend) = friend(&story).await;
        let card_id = wallet.cards().list().await.unwrap()[0].card_id.clone();
        let move_of = |amount: &str| QuoteRequest::Withdraw { amount: amount.to_owned(), card_id: card_id.clone() };
        let sent = || QuoteRequest::Transfer { payee_id: friend.clone(), amount: "5.00".to_owned(), delay_ms: HOURS_2 };
        for request in [order(&shop, "12.00", None), order(&shop, "13.00", Some("o-1")), sent(), move_of("10.00"), story.top_up_request("20.00").await] {
            assert_eq!(foreseen(&story, request.clone()).await, (None, None), "{request:?}");
            assert_eq!(foreseen(&story, request.clone()).await, repeated, "{request:?}");
        }
        assert_eq!(foreseen(&story, order(&shop, "13.00", Some("o-2"))).await, repeated);
        // Without an answer: the same order waits, and so does as much to the same payee.
        let lost = fault("PUT", "/v1/payments", json!("drop_after"));
        let silent = json!({ "path_prefix": "/v1/payments", "method": "GET", "times": 99, "action": "drop_before" });
        for rule in [lost, silent] {
            story.all.console.post("/dev/faults", rule).await.unwrap();
        }
        assert_eq!(unasked(&story, order(&shop, "7.00", Some("o-7"))).await.unwrap().state, PaymentState::Unknown);
        for other in [order(&shop, "7.00", Some("o-7")), order(&shop, "8.00", Some("o-7")), order(&shop, "7.00", None)] {
            assert_eq!(foreseen(&story, other.clone()).await, open, "{other:?}");
        }
        story.all.console.delete("/dev/faults").await.unwrap();
        settled(&story).await;
        // Where the same is usual nobody is asked, and neither is who names another amount.
        synced(&wallet).await;
        let mut bus = Vec::new();
        for _ in 0..2 {
            bus.push(story.all.phone.pay(order(&shop, "2.00", None)).await.unwrap().record_id.unwrap());
            synced(&wallet).await;
        }
        wallet.history().keep_both(bus[1].clone(), bus[0].clone(), true).await.unwrap();
        assert_eq!(foreseen(&story, order(&shop, "2.00", None)).await, (None, None));
        assert_eq!(foreseen(&story, order(&shop, "12.01", None)).await, (None, None));
        theirs.close().await.unwrap();
    });
}
