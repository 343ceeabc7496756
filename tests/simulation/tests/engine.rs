//! What the engine of payments does with a wish, a refusal and a restored service: nothing that was said for certain gets lost, and nobody
//! is asked without a pause.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::moves::settled;
use common::{Holds, Story, story};
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

