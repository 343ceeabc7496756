//! What a person hears of a transfer: the service's own word, on every phone of the account; a wish to call it back that is not
//! lost with an answer; and payments that a restored service has never heard of.

use crate::common::moves::settled;
use crate::common::people::Person;
use crate::common::transfers::{HOURS_2, balance, friend, once, pass, send};
use crate::common::{Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::phone::PIN;
use serde_json::{Value, json};
use std::time::Duration;

async fn state(wallet: &Wallet, intent: &str) -> String {
    wallet.pay().transfer(intent.to_owned()).await.unwrap().state
}

/// Waits until the wallet, left alone, says this of a transfer.
async fn becomes(wallet: &Wallet, intent: &str, wanted: &str) {
    for _ in 0..60 {
        if state(wallet, intent).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    panic!("never {wanted}: {}", state(wallet, intent).await);
}

async fn faults(story: &Story, method: &str, path: &str, times: u32, action: Value) {
    let rule = json!({ "path_prefix": path, "method": method, "times": times, "action": action });
    story.all.console.post("/dev/faults", rule).await.unwrap();
}

async fn snapshot(story: &Story) -> Value {
    story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone()
}

async fn restore(story: &Story, snapshot: &Value) {
    story.all.console.post("/dev/restore", json!({ "snapshot": snapshot, "rebuild": true })).await.unwrap();
}

#[test]
fn another_phone_of_the_account_sees_it_and_calls_it_back() {
    story("beside", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let mut phone = story.another("beside");
        let beside = story.signed_in(&mut phone).await;
        let sent = send(&story, &payee, "5.00", HOURS_2).await.intent_id;
        // Before a sync as after it.
        for synced in [false, true] {
            if synced {
                while !beside.history().sync().await.unwrap().complete {}
            }
            let view = beside.pay().transfer(sent.clone()).await.unwrap();
            let seen = (view.state.as_str(), view.can_cancel, view.amount.minor, view.payee_name.as_str());
            assert_eq!(seen, ("waiting", true, 500, "*三"), "{synced}");
        }
        let said = beside.pay().cancel_transfer(sent.clone()).await.unwrap();
        assert_eq!((said.state.as_str(), said.can_cancel, said.amount.minor), ("cancelled", false, 500));
        // The same is said at once on both, and the money is there.
        assert_eq!(state(&beside, &sent).await, "cancelled");
        assert_eq!(story.wallet().pay().cancel_transfer(sent.clone()).await.unwrap().state, "cancelled");
        assert_eq!((state(&story.wallet(), &sent).await, balance(&story.wallet()).await), ("cancelled".to_owned(), 10_000));
        // An id of nobody stays unknown, and no transfer of somebody else is seen.
        assert!(beside.pay().transfer("ab".repeat(16)).await.unwrap_err().is(Code::NotFound));
        assert!(theirs.pay().transfer(sent.clone()).await.unwrap_err().is(Code::NotFound));
        assert!(theirs.pay().cancel_transfer(sent).await.unwrap_err().is(Code::NotFound));
        theirs.close().await.unwrap();
    });
}

#[test]
fn somebody_is_new_until_money_arrived_there() {
    story("still-new", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let wallet = story.wallet();
        let is_new = async || wallet.pay().payee_by_phone(Person::new(41).tel, None).await.unwrap().first_time;
        let sent = send(&story, &payee, "5.00", HOURS_2).await.intent_id;
        assert!(is_new().await, "while it waits");
        wallet.pay().cancel_transfer(sent).await.unwrap();
        assert!(is_new().await, "called back");
        send(&story, &payee, "6.00", 0).await;
        assert!(!is_new().await, "arrived");
        theirs.close().await.unwrap();
    });
}

#[test]
fn one_whose_own_answer_was_lost_is_called_back_and_the_person_is_told_so() {
    story("unanswered", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        faults(&story, "PUT", "/v1/payments", 1, json!("drop_after")).await;
        faults(&story, "GET", "/v1/payments", 1_000, json!("drop_before")).await;
        let sent = send(&story, &payee, "6.00", HOURS_2).await;
        assert_eq!(sent.state, PaymentState::Unknown);
        let said = story.wallet().pay().cancel_transfer(sent.intent_id.clone()).await.unwrap();
        assert_eq!((said.state.as_str(), said.amount.minor), ("cancelled", 600));
        story.all.console.delete("/dev/faults").await.unwrap();
        settled(&story).await;
        assert_eq!(state(&story.wallet(), &sent.intent_id).await, "cancelled");
        assert_eq!((balance(&story.wallet()).await, once(&story).await), (10_000, 2));
        theirs.close().await.unwrap();
    });
}

#[test]
fn a_wish_that_was_not_heard_is_said_again_until_there_is_an_answer() {
    for (turn, action) in [json!("drop_before"), json!("drop_after"), json!("unsigned"), json!("badly_signed"), json!("cut"), json!({ "status": 500 })].iter().enumerate() {
        story(&format!("wish-{turn}"), async |mut story: Story| {
            story.top_up("100.00").await;
            let (theirs, payee) = friend(&story).await;
            let sent = send(&story, &payee, "7.00", HOURS_2).await.intent_id;
            faults(&story, "POST", "/v1/transfers", 2, action.clone()).await;
            let open = story.wallet().pay().cancel_transfer(sent.clone()).await.unwrap_err();
            assert!(open.is(Code::CancelUnknown) && open.is_unknown(), "{action}: {open:?}");
            match turn % 3 {
                // Left alone.
                0 => {}
                // Killed: the wish is on the disk.
                1 => {
                    story.all.phone.crash().await;
                    story.all.phone.start().await.unwrap();
                }
                _ => while !story.wallet().history().sync().await.unwrap().complete {},
            }
            becomes(&story.wallet(), &sent, "cancelled").await;
            pass(&story, u64::from(HOURS_2)).await;
            assert_eq!((balance(&story.wallet()).await, balance(&theirs).await), (10_000, 0), "{action}");
            assert!(story.wallet().history().verify().await.unwrap().first_wrong_event.is_none());
            theirs.close().await.unwrap();
        });
    }
}

#[test]
fn while_nobody_answers_the_wish_is_seen_and_too_late_is_told_as_too_late() {
    story("late", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let sent = send(&story, &payee, "8.00", HOURS_2).await.intent_id;
        faults(&story, "POST", "/v1/transfers", 1_000_000, json!("drop_before")).await;
        for _ in 0..2 {
            assert!(story.wallet().pay().cancel_transfer(sent.clone()).await.unwrap_err().is(Code::CancelUnknown));
            let view = story.wallet().pay().transfer(sent.clone()).await.unwrap();
            assert_eq!((view.state.as_str(), view.can_cancel), ("cancelling", true));
        }
        pass(&story, u64::from(HOURS_2)).await;
        story.all.console.delete("/dev/faults").await.unwrap();
        becomes(&story.wallet(), &sent, "arrived").await;
        assert_eq!((balance(&story.wallet()).await, balance(&theirs).await), (9_200, 800));
        let late = story.wallet().pay().cancel_transfer(sent.clone()).await.unwrap_err();
        assert!(late.is(Code::TransferArrived) && !late.is_unknown());
        theirs.close().await.unwrap();
    });
}

#[test]
fn one_that_never_reached_a_restored_service_comes_to_its_end_by_itself() {
    story("never-came", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let merchant = story.merchant().await;
        faults(&story, "PUT", "/v1/payments", 1_000, json!("drop_before")).await;
        faults(&story, "GET", "/v1/payments", 1_000, json!("drop_before")).await;
        let mut lost = vec![send(&story, &payee, "9.00", HOURS_2).await];
        lost.push(story.all.phone.pay(QuoteRequest::Pay { payee_id: merchant, amount: "4.00".to_owned(), order: None }).await.unwrap());
        assert!(lost.iter().all(|view| view.state == PaymentState::Unknown && !view.may_pay_again), "{lost:?}");
        let copy = snapshot(&story).await;
        restore(&story, &copy).await;
        story.all.console.delete("/dev/faults").await.unwrap();
        settled(&story).await;
        for view in lost {
            let view = story.wallet().pay().payment(view.intent_id).await.unwrap();
            assert_eq!((view.state, view.may_pay_again), (PaymentState::Failed, true), "{view:?}");
            assert_eq!(view.failure.unwrap().code, "payment_never_arrived");
        }
        // Paid again, it is paid once.
        assert_eq!(send(&story, &payee, "9.00", 0).await.state, PaymentState::Succeeded);
        assert_eq!((balance(&story.wallet()).await, balance(&theirs).await, once(&story).await), (9_100, 900, 2));
        theirs.close().await.unwrap();
    });
}

#[test]
fn one_whose_receipt_the_history_brought_is_not_given_up_in_a_restored_service() {
    story("in-history", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let copy = snapshot(&story).await;
        faults(&story, "PUT", "/v1/payments", 1, json!("drop_after")).await;
        faults(&story, "GET", "/v1/payments", 1_000, json!("drop_before")).await;
        let sent = send(&story, &payee, "9.00", 0).await;
        while !story.wallet().history().sync().await.unwrap().complete {}
        assert_eq!(story.wallet().pay().payment(sent.intent_id.clone()).await.unwrap().state, PaymentState::Unknown);
        restore(&story, &copy).await;
        story.all.console.delete("/dev/faults").await.unwrap();
        settled(&story).await;
        assert_eq!(story.wallet().pay().payment(sent.intent_id).await.unwrap().state, PaymentState::Succeeded);
        assert_eq!((balance(&story.wallet()).await, balance(&theirs).await, once(&story).await), (9_100, 900, 2));
        theirs.close().await.unwrap();
    });
}

#[test]
fn what_a_bank_carried_out_before_a_restore_ends_without_a_word_of_the_person() {
    story("orphan", async |story: Story| {
        let copy = snapshot(&story).await;
        faults(&story, "PUT", "/v1/payments", 1, json!("drop_after")).await;
        faults(&story, "GET", "/v1/payments", 1_000, json!("drop_before")).await;
        let lost = story.top_up("30.00").await;
        assert_eq!(lost.state, PaymentState::Unknown);
        tokio::time::sleep(Duration::from_secs(60)).await;
        story.all.service.tick(story.all.service.now());
        restore(&story, &copy).await;
        story.all.console.delete("/dev/faults").await.unwrap();
        settled(&story).await;
        let view = story.wallet().pay().payment(lost.intent_id).await.unwrap();
        assert_eq!((view.state, view.may_pay_again), (PaymentState::Failed, true), "{view:?}");
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            story.all.service.tick(story.all.service.now());
        }
        assert_eq!(balance(&story.wallet()).await, 0);
    });
}

#[test]
fn what_came_back_because_the_payee_is_gone_is_not_called_called_back() {
    story("gone", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        story.all.console.post("/dev/periods", json!({ "cooling_ms": 60_000 })).await.unwrap();
        let copy = snapshot(&story).await;
        let sent = send(&story, &payee, "3.00", HOURS_2).await.intent_id;
        // The restored book does not know of it while the payee closes.
        restore(&story, &copy).await;
        theirs.account().close_account(Some(PIN.to_owned()), true).await.unwrap();
        pass(&story, 61_000).await;
        while !story.wallet().history().sync().await.unwrap().complete {}
        assert_eq!(state(&story.wallet(), &sent).await, "waiting");
        pass(&story, u64::from(HOURS_2)).await;
        for _ in 0..2 {
            let view = story.wallet().pay().transfer(sent.clone()).await.unwrap();
            assert_eq!((view.state.as_str(), view.can_cancel), ("returned", false));
            assert_ne!(view.state_text, "已撤回");
            while !story.wallet().history().sync().await.unwrap().complete {}
        }
        assert_eq!(balance(&story.wallet()).await, 10_000);
        theirs.close().await.unwrap();
    });
}

#[test]
fn called_back_stays_called_back_in_a_restored_service_from_the_first_moment() {
    for (name, early) in [("before-it-was-sent", true), ("before-it-was-called-back", false)] {
        story(&format!("stays-{name}"), async |story: Story| {
            story.top_up("100.00").await;
            let (theirs, payee) = friend(&story).await;
            let first = snapshot(&story).await;
            let sent = send(&story, &payee, "30.00", HOURS_2).await.intent_id;
            let second = snapshot(&story).await;
            assert_eq!(story.wallet().pay().cancel_transfer(sent.clone()).await.unwrap().state, "cancelled");
            restore(&story, if early { &first } else { &second }).await;
            assert_eq!(balance(&story.wallet()).await, 10_000, "{name}");
            assert_eq!(state(&story.wallet(), &sent).await, "cancelled");
            let items = story.wallet().history().list(None).await.unwrap().items;
            assert!(items.iter().all(|item| item.state != "pending"), "{items:?}");
            theirs.close().await.unwrap();
        });
    }
}
