//! What the engine of payments does with a wish, a refusal and a restored service: nothing that was said for certain gets lost, and nobody
//! is asked without a pause.

use crate::common::moves::{fault, on_a_late_database, settled};
use crate::common::{Holds, Story, confirm, confirmation, story};
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

async fn snapshot(story: &Story) -> Value {
    story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone()
}

async fn restore(story: &Story, snapshot: &Value) {
    story.all.console.post("/dev/restore", json!({ "snapshot": snapshot, "rebuild": true })).await.unwrap();
}

async fn faults(story: &Story, method: &str, path: &str, times: u32, action: Value) {
    let rule = json!({ "path_prefix": path, "method": method, "times": times, "action": action });
    story.all.console.post("/dev/faults", rule).await.unwrap();
}

async fn synced(story: &Story) {
    while !story.wallet().history().sync().await.unwrap().complete {}
}

#[test]
fn the_reason_why_terms_were_not_taken_outlives_the_tombstone() {
    for silent in [false, true] {
        story(&format!("reason-{silent}"), async |story: Story| {
            story.top_up("50.00").await;
            let payee_id = story.merchant().await;
            let copy = snapshot(&story).await;
            let quote = story.wallet().pay().quote(QuoteRequest::Pay { payee_id, amount: "7.00".to_owned(), order: None }).await.unwrap();
            restore(&story, &copy).await;
            if silent {
                faults(&story, "POST", "/v1/payments", 2, json!({ "status": 503 })).await;
            }
            let paid = confirm(&story.wallet(), &quote).await.unwrap();
            settled(&story).await;
            let view = story.wallet().pay().payment(paid.intent_id).await.unwrap();
            assert_eq!((view.state, view.failure.unwrap().code.as_str()), (PaymentState::Failed, "quote_unknown"));
            assert!(view.may_pay_again);
        });
    }
    // Who gives up a payment that had no answer is told that, whatever kept the answer away.
    story("reason-none", async |story: Story| {
        story.top_up("50.00").await;
        let payee_id = story.merchant().await;
        faults(&story, "PUT", "/v1/payments", 1_000, json!({ "status": 503 })).await;
        faults(&story, "GET", "/v1/payments", 1_000, json!({ "status": 429 })).await;
        let paid = story.all.phone.pay(QuoteRequest::Pay { payee_id, amount: "7.00".to_owned(), order: None }).await.unwrap();
        assert_eq!(paid.state, PaymentState::Unknown);
        story.wallet().pay().abandon(paid.intent_id.clone()).await.unwrap();
        settled(&story).await;
        let view = story.wallet().pay().payment(paid.intent_id).await.unwrap();
        assert_eq!((view.state, view.failure.unwrap().code.as_str()), (PaymentState::Failed, "payment_abandoned"));
    });
}

#[test]
fn a_wish_to_give_up_is_kept_whenever_it_comes() {
    // From before the question for the truth to after its answer: the next attempt is at least 200 ms away.
    let mut given_up = 0;
    story("wish", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        story.top_up("100.00").await;
        let payee_id = story.merchant().await;
        for turns in 0..60 {
            story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!("drop_before"))).await.unwrap();
            story.all.console.post("/dev/faults", fault("GET", "/v1/payments", json!({ "delay_ms": 100 }))).await.unwrap();
            let request = QuoteRequest::Pay { payee_id: payee_id.clone(), amount: "1.00".to_owned(), order: Some(format!("o-{turns}")) };
            let paid = story.all.phone.pay(request).await.unwrap();
            assert_eq!(paid.state, PaymentState::Unknown);
            tokio::time::sleep(Duration::from_millis(100)).await;
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            let said = story.wallet().pay().abandon(paid.intent_id.clone()).await.unwrap();
            settled(&story).await;
            let view = story.wallet().pay().payment(paid.intent_id.clone()).await.unwrap();
            let code = view.failure.map(|failure| failure.code);
            assert_eq!((view.state, code.as_deref()), (PaymentState::Failed, Some("payment_abandoned")), "{turns}: {said:?}");
            given_up += 1;
        }
        assert_eq!(story.executions().await.len(), 1);
    });
    assert_eq!(given_up, 60);
}

#[test]
fn a_proof_that_cannot_be_taken_now_holds_up_no_other_one() {
    story("held-up", async |story: Story| {
        let copy = snapshot(&story).await;
        let mut first = Vec::new();
        for fen in 1..=9 {
            let paid = story.top_up(&format!("0.0{fen}")).await;
            if fen <= 5 {
                first.push(format!("/v1/payments/{}/proof", paid.intent_id));
            }
        }
        for path in &first {
            faults(&story, "POST", path, 1_000_000, json!({ "status": 503 })).await;
        }
        let holds = Arc::new(Holds::default());
        story.all.net.meddle(Some(holds.clone()));
        restore(&story, &copy).await;
        for _ in 0..4 {
            synced(&story).await;
        }
        let asked = holds.seen.lock().unwrap().iter().filter(|line| line.ends_with("/proof")).cloned().collect::<Vec<_>>();
        let presented = |path: &str| asked.iter().filter(|line| line.ends_with(path)).count();
        let taken = asked.iter().filter(|line| !first.iter().any(|path| line.ends_with(path))).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(taken.len(), 4, "{asked:?}");
        assert!(first.iter().all(|path| presented(path) > 0), "{asked:?}");
        // A service that takes none is not asked for each of them again and again.
        faults(&story, "POST", "/v1/payments", 1_000_000, json!({ "status": 503 })).await;
        restore(&story, &copy).await;
        let before = holds.seen.lock().unwrap().iter().filter(|line| line.ends_with("/proof")).count();
        for _ in 0..10 {
            synced(&story).await;
        }
        let after = holds.seen.lock().unwrap().iter().filter(|line| line.ends_with("/proof")).count();
        assert!((10..=40).contains(&(after - before)), "{}", after - before);
        story.all.console.delete("/dev/faults").await.unwrap();
        for _ in 0..2 {
            synced(&story).await;
        }
        assert_eq!(story.wallet().account().refresh().await.unwrap().balance.unwrap().minor, 45);
    });
}

#[test]
fn the_pauses_grow_whatever_is_heard() {
    for (name, lies) in [("on-its-way", false), ("in-turn", true)] {
        story(&format!("pauses-{name}"), async |story: Story| {
            let holds = Arc::new(Holds::default());
            story.all.net.meddle(Some(holds.clone()));
            story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
            if lies {
                faults(&story, "GET", "/v1/payments", 1_000_000, json!("lie_not_found")).await;
            }
            let paid = story.top_up("30.00").await;
            assert_eq!(paid.state, PaymentState::Unknown);
            tokio::time::sleep(Duration::from_secs(3 * 3_600)).await;
            let path = format!("/v1/payments/{}", paid.intent_id);
            let asked = holds.seen.lock().unwrap().iter().filter(|line| line.ends_with(&path)).count();
            // Each pause is half a quarter of an hour on average when it has grown.
            assert!((12..=90).contains(&asked), "{name}: {asked}");
            story.all.console.delete("/dev/faults").await.unwrap();
            story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
            settled(&story).await;
            assert_eq!(story.wallet().pay().payment(paid.intent_id).await.unwrap().state, PaymentState::Succeeded);
        });
    }
}

#[test]
fn a_question_that_an_acquirer_has_as_paid_is_not_called_never_arrived() {
    for (name, by_card, given_up) in [("balance", false, false), ("card", true, false), ("given-up", false, true)] {
        story(&format!("asked-{name}"), async |story: Story| {
            story.top_up("300.00").await;
            let (wallet, copy) = (story.wallet(), snapshot(&story).await);
            let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
            let charge = json!({ "code": code.digits, "amount_fen": 12_000, "order": "big-1" });
            story.all.console.post("/dev/till/charge", charge).await.unwrap();
            synced(&story).await;
            let ask = wallet.pay().asks().await.unwrap().remove(0);
            let quote = wallet.pay().quote(QuoteRequest::Ask { ask_id: ask.ask_id }).await.unwrap();
            let mut wish = confirmation(&quote);
            let source = quote.sources.iter().find(|source| source.usable && (source.source != "balance") == by_card).unwrap();
            wish.source.clone_from(&source.source);
            faults(&story, "PUT", "/v1/payments", 1, json!("drop_after")).await;
            faults(&story, "GET", "/v1/payments", 1_000, json!("drop_before")).await;
            let paid = wallet.pay().confirm(wish).await.unwrap();
            assert_eq!(paid.state, PaymentState::Unknown);
            let till = async || {
                let said = story.all.console.post("/dev/till/query", json!({ "order": "big-1" })).await.unwrap();
                said["data"]["trade_state"].as_str().unwrap_or_default().to_owned()
            };
            assert_eq!(till().await, "SUCCESS");
            restore(&story, &copy).await;
            story.all.console.delete("/dev/faults").await.unwrap();
            if given_up {
                wallet.pay().abandon(paid.intent_id.clone()).await.unwrap();
            }
            settled(&story).await;
            for turn in 0..3 {
                let view = wallet.pay().payment(paid.intent_id.clone()).await.unwrap();
                let code = view.failure.as_ref().map(|failure| failure.code.as_str());
                assert!(view.state == PaymentState::Succeeded || (code == Some("ask_paid") && !view.may_pay_again), "{name} {turn}: {view:?}");
                synced(&story).await;
                story.all.service.tick(story.all.service.now());
            }
            assert_eq!(till().await, "SUCCESS");
            let paid: Vec<_> = wallet.history().list(None).await.unwrap().items.into_iter().filter(|item| item.amount.minor == -12_000).collect();
            assert_eq!(paid.len(), 1, "{name}: {paid:?}");
        });
    }
}
