//! Nobody is there: the wallet locks by itself, when it was told to, by a clock that nobody sets, and money on its way arrives.

use crate::common::moves::*;
use crate::common::{Story, story};
use kabao_base::Code;
use kabao_core::{Wallet, WalletEvent, WalletListener};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const YEARS: i64 = 3 * 365 * 86_400_000;

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Whether the files are closed: nothing more than a refusal of the person's calls would leave them open.
async fn shut(wallet: &Wallet) -> bool {
    wallet.is_locked() && wallet.costs().await.is_err_and(|error| error.is(Code::Locked)) && wallet.account().view().await.is_err_and(|error| error.is(Code::Locked))
}

#[derive(Default)]
struct Heard(Mutex<Vec<bool>>);

impl WalletListener for Heard {
    fn on_event(&self, event: WalletEvent) {
        if let WalletEvent::State { locked } = event {
            self.0.lock().unwrap().push(locked);
        }
    }
}

#[test]
fn untouched_for_the_time_that_was_set_it_locks_by_itself() {
    story("idle", async |mut story: Story| {
        let wallet = story.wallet();
        assert_eq!(wallet.lock_after().await.unwrap().seconds, None);
        seconds(10 * 3600).await;
        assert!(!wallet.is_locked(), "a new wallet never does");
        let heard = Arc::new(Heard::default());
        let listening = wallet.subscribe(Arc::clone(&heard) as _);
        let set = wallet.set_lock_after(Some(60)).await.unwrap();
        assert_eq!((set.seconds, set.shortest, set.longest), (Some(60), 15, 3600));
        assert!(!set.text.is_empty() && !set.text.contains(['{', '.']), "{}", set.text);
        seconds(40).await;
        wallet.touch();
        // Neither a push nor a page that refreshes itself is a person.
        seconds(40).await;
        wallet.hint(b"anything".to_vec()).await.unwrap();
        wallet.account().refresh().await.unwrap();
        seconds(19).await;
        assert!(!wallet.is_locked() && wallet.account().view().await.is_ok(), "59 s after the touch");
        seconds(2).await;
        assert!(shut(&wallet).await);
        assert_eq!(heard.0.lock().unwrap().as_slice(), [false, true], "and says so, once");
        // A touch opens nothing, and nothing is set from outside.
        wallet.touch();
        assert!(shut(&wallet).await);
        assert!(wallet.set_lock_after(None).await.unwrap_err().is(Code::Locked));
        assert!(wallet.lock_after().await.unwrap_err().is(Code::Locked));
        wallet.unlock().await.unwrap();
        assert_eq!(wallet.lock_after().await.unwrap().seconds, Some(60));
        seconds(59).await;
        assert!(!wallet.is_locked());
        seconds(2).await;
        assert!(shut(&wallet).await);
        drop(listening);
        wallet.close().await.unwrap();
        drop(wallet);
        // The setting outlives the process.
        let wallet = story.all.phone.start().await.unwrap();
        assert_eq!(wallet.lock_after().await.unwrap().seconds, Some(60));
        seconds(61).await;
        assert!(shut(&wallet).await);
        wallet.unlock().await.unwrap();
        assert_eq!(wallet.set_lock_after(None).await.unwrap().seconds, None);
        seconds(10 * 3600).await;
        assert!(!wallet.is_locked(), "taken back");
        wallet.close().await.unwrap();
        assert!(wallet.lock_after().await.unwrap_err().is(Code::Closed));
        wallet.touch();
    });
}

#[test]
fn no_other_time_is_taken() {
    story("idle-bad", async |story: Story| {
        let wallet = story.wallet();
        wallet.set_lock_after(Some(3600)).await.unwrap();
        for seconds in [0, 1, 14, 3601, 86_400, u32::MAX] {
            let refused = wallet.set_lock_after(Some(seconds)).await.unwrap_err();
            assert!(refused.is(Code::BadArgument), "{seconds}: {refused:?}");
            assert_eq!(refused.failure().field.as_deref(), Some("seconds"));
        }
        assert_eq!(wallet.lock_after().await.unwrap().seconds, Some(3600), "what was set before stays");
        wallet.set_lock_after(Some(15)).await.unwrap();
        seconds(16).await;
        assert!(shut(&wallet).await);
    });
}

#[test]
fn a_clock_that_is_turned_and_a_phone_that_sleeps_change_nothing() {
    story("idle-clock", async |story: Story| {
        let wallet = story.wallet();
        wallet.set_lock_after(Some(60)).await.unwrap();
        for years in [-YEARS, YEARS] {
            seconds(30).await;
            story.all.phone.host.turn_clock(years);
            seconds(25).await;
            assert!(!wallet.is_locked(), "55 s, whatever the clock says");
            seconds(6).await;
            assert!(shut(&wallet).await, "61 s, whatever the clock says");
            story.all.phone.host.turn_clock(-years);
            wallet.unlock().await.unwrap();
        }
        // Asleep, no timer fires. What comes first is refused, and then it is locked.
        story.all.phone.host.doze(61_000);
        assert!(wallet.is_locked());
        assert!(wallet.pay().open_payments().await.unwrap_err().is(Code::Locked));
        wallet.touch();
        assert!(wallet.history().list(None).await.unwrap_err().is(Code::Locked), "a touch comes too late");
        seconds(1).await;
        assert!(shut(&wallet).await);
        wallet.unlock().await.unwrap();
        // Who opens before the late timer fired is there.
        story.all.phone.host.doze(61_000);
        wallet.unlock().await.unwrap();
        seconds(55).await;
        assert!(!wallet.is_locked());
        wallet.close().await.unwrap();
    });
}

#[test]
fn a_payment_on_its_way_is_recorded_before_the_files_close() {
    story("idle-pay", async |story: Story| {
        let wallet = story.wallet();
        let request = story.top_up_request("20.00").await;
        wallet.set_lock_after(Some(15)).await.unwrap();
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!({ "delay_ms": 6_000 }))).await.unwrap();
        seconds(12).await;
        let watching = async {
            seconds(4).await;
            assert!(wallet.is_locked() && wallet.pay().open_payments().await.unwrap_err().is(Code::Locked), "locked for the person");
            assert!(wallet.costs().await.is_err());
        };
        let (told, ()) = tokio::join!(story.all.phone.pay(request), watching);
        drop(told);
        seconds(20).await;
        assert!(shut(&wallet).await);
        story.all.net.set(kabao_simulation::Weather { off: true, ..Default::default() });
        wallet.unlock().await.unwrap();
        assert!(wallet.pay().open_payments().await.unwrap().is_empty(), "the answer was recorded while it was locked");
        story.all.net.set(kabao_simulation::Weather::default());
        assert_eq!(story.executions().await.len(), 1);
    });
}

#[test]
fn killed_while_it_is_set_it_has_the_old_time_or_the_new_one() {
    story("idle-killed", async |mut story: Story| {
        story.wallet().set_lock_after(Some(60)).await.unwrap();
        for polls in 0..40 {
            let wallet = story.wallet();
            let done = polled(wallet.set_lock_after(Some(30)), polls).await.is_some();
            drop(wallet);
            story.all.phone.crash().await;
            let wallet = story.all.phone.start().await.unwrap();
            let now = wallet.lock_after().await.unwrap().seconds;
            assert!(now == Some(30) || (now == Some(60) && !done), "{polls}: {now:?}");
            wallet.set_lock_after(Some(60)).await.unwrap();
            if done {
                return;
            }
        }
        panic!("never done");
    });
}
