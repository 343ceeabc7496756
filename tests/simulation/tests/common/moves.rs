//! What several stories do: cut a call off, answer late, wait for the end, count.

use super::Story;
use kabao_simulation::SimHost;
use serde_json::{Value, json};
use std::task::Poll;
use std::time::Duration;

/// Polls a future so many times and drops it.
pub async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = Box::pin(future);
    for _ in 0..times {
        let ready = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(value) = ready {
            return Some(value);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// The app starts anew on a database that answers late.
pub async fn on_a_late_database(story: &mut Story) {
    story.wallet().close().await.unwrap();
    story.all.phone.crash().await;
    story.all.phone.put_on(SimHost::with_late_database);
    story.all.phone.start().await.unwrap();
}

/// A rule of the switchboard that meets one request.
pub fn fault(method: &str, path: &str, action: Value) -> Value {
    json!({ "path_prefix": path, "method": method, "times": 1, "action": action })
}

/// Asks until every payment has its end.
pub async fn settled(story: &Story) {
    for _ in 0..60 {
        let open = story.wallet().pay().open_payments().await.unwrap();
        if open.is_empty() {
            return;
        }
        for payment in open {
            story.wallet().pay().resolve(payment.intent_id).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    panic!("payments without an end");
}

/// So many payments, each carried out once and each in the history.
pub async fn once_each(story: &Story, count: usize) {
    let executions = story.executions().await;
    assert!(executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
    assert_eq!(executions.len(), count);
    assert_eq!(story.records().await, count);
}
