//! A merchant's question that was answered by paying, in a service that was put back to before it: the acquirer's book and the phone's
//! receipt speak of one payment.

use crate::common::{Story, confirmation, story};
use kabao_core::pay::{AskView, PaymentView, QuoteRequest};
use kabao_money::payment::PaymentState;
use serde_json::{Value, json};

async fn snapshot(story: &Story) -> Value {
    story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone()
}

/// A till asks for 120 yuan, and the person pays from the balance or by card.
async fn answered(story: &Story, by_card: bool) -> PaymentView {
    let ask = asked(story).await;
    pay_it(story, ask, by_card).await
}

/// A till asks for 120 yuan.
async fn asked(story: &Story) -> AskView {
    let wallet = story.wallet();
    let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
    let charge = json!({ "code": code.digits, "amount_fen": 12_000, "order": "big-1" });
    story.all.console.post("/dev/till/charge", charge).await.unwrap();
    wallet.history().sync().await.unwrap();
    wallet.pay().asks().await.unwrap().remove(0)
}

async fn pay_it(story: &Story, ask: AskView, by_card: bool) -> PaymentView {
    let wallet = story.wallet();
    let quote = wallet.pay().quote(QuoteRequest::Ask { ask_id: ask.ask_id }).await.unwrap();
    let mut wish = confirmation(&quote);
    let source = quote.sources.iter().find(|source| source.usable && (source.source != "balance") == by_card).unwrap();
    wish.source.clone_from(&source.source);
    let paid = wallet.pay().confirm(wish).await.unwrap();
    assert_eq!(paid.state, PaymentState::Succeeded);
    paid
}

/// What the merchants have, and what the till is told.
async fn merchants(story: &Story) -> (i64, String) {
    let ledger = story.all.console.get("/dev/ledger").await.unwrap();
    assert!(ledger["sum"] == json!(0) && ledger["negative"] == json!([]), "{ledger}");
    let merchants = ledger["accounts"].as_array().unwrap().iter().filter(|row| row["account"].as_str().unwrap().starts_with("merchant:"));
    let have = merchants.filter_map(|row| row["balance"].as_i64()).sum();
    let said = story.all.console.post("/dev/till/query", json!({ "order": "big-1" })).await.unwrap();
    (have, said["data"]["trade_state"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_question_that_was_paid_is_paid_once_after_an_older_copy_was_put_back() {
    // Whether the acquirer's book has it as paid before the receipt comes, and how much is topped up after it.
    for (name, by_card, acquirer_first, later) in [
        ("balance", false, true, "400.00"), ("receipt-first", false, false, "400.00"), ("card", true, true, "400.00"),
        ("card-receipt-first", true, false, "400.00"), ("poor", false, true, ""),
    ] {
        story(&format!("ask-{name}"), async |story: Story| {
            let copy = if later.is_empty() { Some(snapshot(&story).await) } else { None };
            story.top_up("300.00").await;
            let copy = match copy {
                Some(copy) => copy,
                None => snapshot(&story).await,
            };
            let paid = answered(&story, by_card).await;
            if acquirer_first {
                assert_eq!(merchants(&story).await, (12_000, "SUCCESS".to_owned()));
            }
            if !later.is_empty() {
                // Enough in the balance to pay it a second time.
                story.top_up(later).await;
            }
            let wallet = story.wallet();
            while !wallet.history().sync().await.unwrap().complete {}
            let before = wallet.account().refresh().await.unwrap().balance.unwrap().minor;
            story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
            for _ in 0..4 {
                while !wallet.history().sync().await.unwrap().complete {}
                tokio::time::sleep(std::time::Duration::from_secs(60)).await;
                story.all.service.tick(story.all.service.now());
            }
            let after = wallet.account().refresh().await.unwrap().balance.unwrap().minor;
            assert_eq!((after, merchants(&story).await), (before, (12_000, "SUCCESS".to_owned())), "{name}");
            let executions = story.executions().await;
            let ours = executions.iter().filter(|execution| execution["intent_id"] == json!(paid.intent_id)).count();
            assert!(ours == 1 && executions.iter().all(|execution| execution["count"] == json!(1)), "{name}: {executions:?}");
            let holds = story.all.console.get("/dev/bank/holds").await.unwrap()["fen"].as_i64().unwrap();
            assert_eq!(holds, after + 12_000, "{name}");
            assert_eq!(wallet.pay().payment(paid.intent_id).await.unwrap().state, PaymentState::Succeeded);
        });
    }
}

/// The acquirer had not heard of the payment and gave the order up with the restored book: the till kept its goods, and the money
/// comes back, from a copy with the question in it as from one without.
#[test]
fn what_was_paid_for_an_order_that_its_till_was_told_no_of_comes_back() {
    for (name, by_card, with_ask) in [("balance", false, false), ("card", true, false), ("open-balance", false, true), ("open-card", true, true)] {
        story(&format!("ask-no-{name}"), async |story: Story| {
            story.top_up("300.00").await;
            let wallet = story.wallet();
            while !wallet.history().sync().await.unwrap().complete {}
            let before = wallet.account().refresh().await.unwrap().balance.unwrap().minor;
            let mut copy = snapshot(&story).await;
            let ask = asked(&story).await;
            if with_ask {
                copy = snapshot(&story).await;
            }
            let paid = pay_it(&story, ask, by_card).await;
            story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
            story.all.console.post("/dev/till/revoke", json!({ "origin": "big-1", "order": "big-1-v" })).await.unwrap();
            let (_, till) = merchants(&story).await;
            assert_ne!(till, "SUCCESS", "{name}");
            for _ in 0..4 {
                while !wallet.history().sync().await.unwrap().complete {}
                tokio::time::sleep(std::time::Duration::from_secs(60)).await;
                story.all.service.tick(story.all.service.now());
            }
            let after = wallet.account().refresh().await.unwrap().balance.unwrap().minor;
            assert_eq!((after, merchants(&story).await), (before, (0, till)), "{name}");
            let holds = story.all.console.get("/dev/bank/holds").await.unwrap()["fen"].as_i64().unwrap();
            assert_eq!(holds, after, "{name}");
            let payment = wallet.pay().payment(paid.intent_id).await.unwrap();
            assert_eq!(payment.state, PaymentState::Succeeded);
            let items = wallet.history().list(None).await.unwrap().items;
            let ours: Vec<_> = items.iter().filter(|item| item.kind != "top_up").map(|item| format!("{} {} {}", item.kind, item.state, item.amount.minor)).collect();
            println!("{name}: {ours:?}");
            assert_eq!(ours.len(), 2, "{name}: {ours:?}");
        });
    }
}

#[test]
fn a_call_that_is_dropped_in_the_middle_of_the_proofs_leaves_none_behind() {
    story("dropped", async |mut story: Story| {
        crate::common::moves::on_a_late_database(&mut story).await;
        let copy = snapshot(&story).await;
        for amount in ["1.00", "2.00", "3.00"] {
            story.top_up(amount).await;
        }
        let wallet = story.wallet();
        for polls in 1..40 {
            story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
            let _ = crate::common::moves::polled(wallet.history().sync(), polls).await;
            // What goes on by itself has the time for it.
            for _ in 0..2 {
                while !wallet.history().sync().await.unwrap().complete {}
            }
            assert_eq!(wallet.account().refresh().await.unwrap().balance.unwrap().minor, 600, "dropped after {polls} polls");
        }
    });
}
