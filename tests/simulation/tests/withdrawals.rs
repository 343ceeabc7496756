//! Withdrawals on a network that loses, repeats and lies, with an app that is killed, a bank that is late, and a service that was put
//! back to an older copy.

use crate::common::moves::{fault, killed, once_each, settled};
use crate::common::{Story, confirmation, story};
use kabao_base::Code;
use kabao_core::pay::{PaymentProof, PaymentView, QuoteRequest};
use kabao_money::payment::PaymentState;
use serde_json::{Value, json};
use std::time::Duration;

async fn request(story: &Story, amount: &str) -> QuoteRequest {
    let card_id = story.wallet().cards().list().await.unwrap()[0].card_id.clone();
    QuoteRequest::Withdraw { amount: amount.to_owned(), card_id }
}

async fn withdraw(story: &Story, amount: &str) -> PaymentView {
    story.all.phone.pay(request(story, amount).await).await.unwrap()
}

/// What the bank holds of the wallet's money, and the balance that the phone shows.
async fn books(story: &Story) -> (i64, i64) {
    let wallet = story.wallet();
    while !wallet.history().sync().await.unwrap().complete {}
    let shown = wallet.account().refresh().await.unwrap().balance.unwrap().minor;
    (story.all.console.get("/dev/bank/holds").await.unwrap()["fen"].as_i64().unwrap(), shown)
}

async fn bank(story: &Story, faults: Value) {
    story.all.console.post("/dev/bank/faults", faults).await.unwrap();
}

/// The bank carries out what it held, and the service asks it again.
async fn bank_wakes(story: &Story) {
    bank(story, json!({})).await;
    story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        story.all.service.tick(story.all.service.now());
    }
}

#[test]
fn every_way_to_lose_an_answer_ends_with_one_withdrawal() {
    story("answers", async |story: Story| {
        story.top_up("200.00").await;
        let actions = [
            json!("drop_before"), json!("drop_after"), json!("cut"), json!("html"), json!("unsigned"), json!("badly_signed"), json!("lie_not_found"),
            json!("duplicate"), json!({ "status": 500 }), json!({ "delay_ms": 11_000 }),
        ];
        for (turn, action) in actions.iter().enumerate() {
            story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", action.clone())).await.unwrap();
            let told = withdraw(&story, &format!("1.{turn:02}")).await;
            assert!(!told.state.is_final() || told.state == PaymentState::Succeeded, "{action}: {told:?}");
            assert!(!told.may_pay_again, "{action}");
            settled(&story).await;
            assert_eq!(story.wallet().pay().payment(told.intent_id).await.unwrap().state, PaymentState::Succeeded, "{action}");
        }
        once_each(&story, actions.len() + 1).await;
        let gone: i64 = (0..10).map(|turn| 100 + turn).sum();
        assert_eq!(books(&story).await, (20_000 - gone, 20_000 - gone));
    });
}

#[test]
fn what_the_bank_has_is_a_part_of_the_balance_of_its_own() {
    story("leaving", async |story: Story| {
        story.top_up("200.00").await;
        let parts = async |story: &Story| {
            let view = story.wallet().limits().balance().await.unwrap();
            (view.total.unwrap().minor, view.available.unwrap().minor, view.in_flight.minor, view.leaving.minor)
        };
        let synced = async |story: &Story| while !story.wallet().history().sync().await.unwrap().complete {};
        synced(&story).await;
        assert_eq!(parts(&story).await, (20_000, 20_000, 0, 0));
        bank(&story, json!({ "movements": "hold" })).await;
        withdraw(&story, "60.00").await;
        // In no moment it is twice, or nowhere.
        let (total, available, in_flight, leaving) = parts(&story).await;
        assert_eq!((available, in_flight + leaving, total - in_flight), (14_000, 6_000, 14_000));
        synced(&story).await;
        assert_eq!(parts(&story).await, (14_000, 14_000, 0, 6_000));
        bank_wakes(&story).await;
        settled(&story).await;
        synced(&story).await;
        assert_eq!(parts(&story).await, (14_000, 14_000, 0, 0));
    });
}

#[test]
fn killed_at_any_effect_a_withdrawal_is_done_once_or_was_never_begun() {
    story("kills", async |mut story: Story| {
        story.top_up("300.00").await;
        let (mut done, mut kills) = (0, 0);
        for effects in 1..16 {
            let host = story.all.phone.host.clone();
            let request = request(&story, &format!("2.{effects:02}")).await;
            let said = killed(&host, effects, story.all.phone.pay(request)).await;
            kills += u32::from(said.is_none());
            story.all.phone.crash().await;
            story.all.phone.start().await.unwrap();
            settled(&story).await;
            while !story.wallet().history().sync().await.unwrap().complete {}
            done = story.executions().await.len() - 1;
        }
        assert!(kills >= 5 && done >= 5, "{kills} kills, {done} withdrawals");
        once_each(&story, done + 1).await;
        let (holds, shown) = books(&story).await;
        assert_eq!(holds, shown);
        assert!(story.wallet().history().verify().await.unwrap().first_wrong_event.is_none());
    });
}

#[test]
fn a_late_bank_is_waited_for_and_its_no_brings_the_money_back() {
    story("late", async |mut story: Story| {
        story.top_up("100.00").await;
        bank(&story, json!({ "movements": "hold" })).await;
        let flying = withdraw(&story, "60.00").await;
        assert_eq!((flying.state, flying.may_pay_again), (PaymentState::Unknown, false));
        // It is neither spent twice nor shown as there.
        assert_eq!(books(&story).await, (10_000, 4_000));
        let wallet = story.wallet();
        let twice = wallet.pay().quote(request(&story, "60.00").await).await.unwrap_err();
        assert!(twice.is(Code::AboveBalance), "{twice:?}");
        let item = wallet.history().list(None).await.unwrap().items.remove(0);
        assert_eq!((item.kind.as_str(), item.state.as_str(), item.amount.minor), ("withdraw", "pending", -6_000));
        // Locked, closed, opened again, given up: the bank has it.
        wallet.lock().await.unwrap();
        wallet.unlock().await.unwrap();
        drop(wallet);
        story.all.phone.crash().await;
        story.all.phone.start().await.unwrap();
        let given_up = story.wallet().pay().abandon(flying.intent_id.clone()).await.unwrap();
        assert_eq!((given_up.state, given_up.dispatched), (PaymentState::Unknown, true));
        bank_wakes(&story).await;
        settled(&story).await;
        assert_eq!(story.wallet().pay().payment(flying.intent_id).await.unwrap().state, PaymentState::Succeeded);
        assert_eq!(books(&story).await, (4_000, 4_000));

        bank(&story, json!({ "movements": "refuse", "code": "bank_refused" })).await;
        let refused = withdraw(&story, "10.00").await;
        assert_eq!((refused.state, refused.failure.as_ref().unwrap().code.as_str(), refused.may_pay_again), (PaymentState::Failed, "bank_refused", true));
        assert_eq!(refused.timeline.last().unwrap().stage, "returned");
        assert_eq!(books(&story).await, (4_000, 4_000));
        let executions = story.executions().await;
        assert!(executions.len() == 2 && executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
    });
}

#[test]
fn a_withdrawal_that_the_bank_refuses_comes_back_with_its_fee() {
    story("fee-back", async |story: Story| {
        story.top_up("100.00").await;
        story.all.console.post("/dev/fees", json!({ "kind": "withdraw", "rate_ppm": 12_500 })).await.unwrap();
        let wallet = story.wallet();
        let paid = withdraw(&story, "20.00").await;
        assert_eq!((paid.state, paid.fee.minor), (PaymentState::Succeeded, 25));
        assert_eq!(books(&story).await, (8_000, 7_975));
        bank(&story, json!({ "movements": "refuse", "code": "bank_refused" })).await;
        let refused = withdraw(&story, "10.00").await;
        assert_eq!((refused.state, refused.fee.minor), (PaymentState::Failed, 13));
        // What did not go cost nothing; half a fen is a fen.
        assert_eq!(books(&story).await, (8_000, 7_975));
        bank(&story, json!({ "movements": "hold" })).await;
        let late = withdraw(&story, "10.00").await;
        assert_eq!(late.state, PaymentState::Unknown);
        bank_wakes(&story).await;
        settled(&story).await;
        assert_eq!(wallet.pay().payment(late.intent_id).await.unwrap().state, PaymentState::Succeeded);
        assert_eq!(books(&story).await, (7_000, 6_962));
    });
}

#[test]
fn a_restored_service_neither_forgets_nor_doubles_a_withdrawal() {
    for (name, held, money_too) in [("done", false, false), ("held", true, false), ("poor", false, true), ("poor-held", true, true)] {
        story(&format!("restored-{name}"), async |story: Story| {
            if !money_too {
                story.top_up("100.00").await;
            }
            let copy = story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone();
            if money_too {
                story.top_up("100.00").await;
            }
            if held {
                bank(&story, json!({ "movements": "hold" })).await;
            }
            let told = withdraw(&story, "70.00").await;
            story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
            let wallet = story.wallet();
            let _ = wallet.history().sync().await;
            let _ = wallet.pay().resolve(told.intent_id.clone()).await;
            if held {
                let _ = wallet.pay().abandon(told.intent_id.clone()).await;
            }
            bank_wakes(&story).await;
            settled(&story).await;
            assert_eq!(wallet.pay().payment(told.intent_id).await.unwrap().state, PaymentState::Succeeded, "{name}");
            assert_eq!(books(&story).await, (3_000, 3_000), "{name}");
            let executions = story.executions().await;
            assert!(executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
        });
    }
}

#[test]
fn what_stands_in_the_way_is_known_without_network_and_is_what_the_service_says() {
    story("blockers", async |story: Story| {
        story.top_up("100.00").await;
        let wallet = story.wallet();
        let account = wallet.account().view().await.unwrap().account_id;
        // The last amount that fits and the first that does not, of each limit.
        for (used, class, fits, over, code) in [
            (json!([]), 3, "100.00", "100.01", "above_balance"),
            (json!([{ "counter": "withdraw_day", "fen": 495_000 }]), 3, "50.00", "50.01", "limit_day"),
            (json!([{ "counter": "withdraw_day", "fen": 0 }, { "counter": "life", "fen": 98_000 }]), 1, "100.00", "100.01", "above_balance"),
        ] {
            story.all.console.post("/dev/limits", json!({ "account_id": account, "class": class, "used": used })).await.unwrap();
            wallet.limits().refresh().await.unwrap();
            let most = wallet.limits().max_allowed_now("withdraw".to_owned(), None).await.unwrap().unwrap().minor;
            for (amount, wanted) in [(fits, None), (over, Some(code))] {
                let precheck = kabao_core::limits::PrecheckRequest { amount: amount.to_owned(), channel: "withdraw".to_owned(), source: None, ..Default::default() };
                let view = wallet.limits().precheck(precheck).await.unwrap();
                let said = wallet.pay().quote(request(&story, amount).await).await.err().map(|error| error.failure().code.clone());
                assert_eq!((view.first.map(|first| first.code), said.as_deref()), (wanted.map(str::to_owned), wanted), "{amount}");
            }
            assert_eq!(format!("{}.00", most / 100), fits);
        }
        // Class I has room for so much more in its lifetime, and the balance has a part of that already.
        let used = json!({ "account_id": account, "class": 1, "used": [{ "counter": "life", "fen": 85_000 }] });
        story.all.console.post("/dev/limits", used).await.unwrap();
        wallet.limits().refresh().await.unwrap();
        assert_eq!(wallet.limits().max_allowed_now("top_up".to_owned(), None).await.unwrap().unwrap().minor, 5_000);
        for (amount, wanted) in [("50.00", None), ("50.01", Some("limit_lifetime"))] {
            let precheck = kabao_core::limits::PrecheckRequest { amount: amount.to_owned(), channel: "top_up".to_owned(), source: None, ..Default::default() };
            let view = wallet.limits().precheck(precheck).await.unwrap();
            let said = wallet.pay().quote(story.top_up_request(amount).await).await.err().map(|error| error.failure().code.clone());
            assert_eq!((view.first.map(|first| first.code), said.as_deref()), (wanted.map(str::to_owned), wanted), "{amount}");
        }
        // Everything at once, in the service's order.
        let precheck = kabao_core::limits::PrecheckRequest { amount: "6000".to_owned(), channel: "withdraw".to_owned(), source: None, ..Default::default() };
        let view = wallet.limits().precheck(precheck).await.unwrap();
        let codes: Vec<String> = view.sources[0].blockers.iter().map(|blocker| blocker.failure.code.clone()).collect();
        assert_eq!(codes, ["limit_single", "limit_day", "above_balance"]);
    });
}

#[test]
fn a_withdrawal_wants_the_pin_and_no_other_source() {
    story("proof", async |story: Story| {
        story.top_up("100.00").await;
        let wallet = story.wallet();
        let quote = wallet.pay().quote(request(&story, "10.00").await).await.unwrap();
        let mut wish = confirmation(&quote);
        wish.proof = PaymentProof::Approval;
        assert!(wallet.pay().confirm(wish).await.unwrap_err().is(Code::PinAlways));
        // Nothing was begun: the same quote is good.
        assert!(wallet.pay().open_payments().await.unwrap().is_empty());
        assert_eq!(wallet.pay().confirm(confirmation(&quote)).await.unwrap().state, PaymentState::Succeeded);
        bank(&story, json!({ "movements": "refuse", "code": "bank_refused" })).await;
        let refused = withdraw(&story, "11.00").await;
        let other = wallet.pay().quote_other_source(refused.intent_id, None).await.unwrap_err();
        assert!(other.is(Code::NoOtherSource), "{other:?}");
    });
}
