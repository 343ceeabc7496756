//! What several stories do: cut a call off, answer late, wait for the end, count.

use super::Story;
use kabao_base::Code;
use kabao_core::WalletError;
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

/// Kills the app at its so manieth effect during a call: a commit, a request, an answer, a write to the key store. Gives what the
/// call said when it ended before.
pub async fn killed<F: Future>(host: &SimHost, effects: u32, call: F) -> Option<F::Output> {
    host.light_fuse(effects);
    let said = tokio::select! {
        biased;
        () = host.burnt() => None,
        said = call => Some(said),
    };
    // A key store that failed because the app was dead let the call end.
    let dead = tokio::select! {
        biased;
        () = host.burnt() => true,
        () = std::future::ready(()) => false,
    };
    host.put_out();
    said.filter(|_| !dead)
}

/// A code that was used, mistyped, too late, or asked for too soon: another one is asked for.
pub fn wants_another_code(error: &WalletError) -> bool {
    [Code::OtpCooldown, Code::OtpExpired, Code::OtpWrong, Code::OtpUsed].iter().any(|code| error.is(*code))
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
