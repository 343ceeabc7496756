//! What the engine promises, one story each: through the public calls, against the whole service, in one thread.

use crate::common::moves::fault;
use crate::common::{Story, story};
use kabao_base::{Certainty, Code, Remedy};
use kabao_core::pay::{ConfirmRequest, PaymentProof, QuoteRequest};
use kabao_core::{Wallet, WalletEvent, WalletListener};
use kabao_money::merchant::MerchantState;
use kabao_money::payment::PaymentState;
use kabao_simulation::Weather;
use kabao_simulation::phone::PIN;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_lost_answer_is_unknown_and_then_the_truth() {
    story("lost-answer", async |story: Story| {
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!("drop_after"))).await.unwrap();
        let told = story.top_up("200.00").await;
        assert_eq!(told.state, PaymentState::Unknown);
        let failure = told.failure.unwrap();
        assert_eq!((failure.certainty, failure.remedy), (Certainty::Unknown, Remedy::DoNotPayAgain));
        assert!(!told.may_pay_again);
        let pay = story.all.phone.wallet().unwrap().pay();
        let truth = pay.resolve(told.intent_id.clone()).await.unwrap();
        assert_eq!(truth.state, PaymentState::Succeeded);
        let receipt = pay.receipt(truth.record_id.unwrap()).await.unwrap();
        assert!(receipt.verified && receipt.amount.minor == 20_000);
        assert_eq!(story.executions().await, [json!({ "intent_id": told.intent_id, "count": 1 })]);
    });
}

#[test]
fn a_lost_request_is_sent_again_under_the_same_id() {
    story("lost-request", async |story: Story| {
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!("drop_before"))).await.unwrap();
        let told = story.top_up("200.00").await;
        assert_eq!(told.state, PaymentState::Unknown);
        let pay = story.all.phone.wallet().unwrap().pay();
        let mut truth = pay.resolve(told.intent_id.clone()).await.unwrap();
        while !truth.state.is_final() {
            truth = pay.resolve(told.intent_id.clone()).await.unwrap();
        }
        assert_eq!(truth.state, PaymentState::Succeeded);
        assert_eq!(story.executions().await, [json!({ "intent_id": told.intent_id, "count": 1 })]);
    });
}

#[test]
fn a_crash_in_the_middle_of_a_payment_loses_nothing() {
    story("crash", async |mut story: Story| {
        story.all.net.set(Weather { lose_answer: 100, ..Weather::default() });
        let wallet = story.all.phone.wallet().unwrap();
        let failed = wallet.history().sync().await.unwrap_err();
        assert_eq!(failed.failure().code, "net_cut");
        story.all.net.set(Weather::default());
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!({ "delay_ms": 9_000 }))).await.unwrap();
        let card_id = wallet.cards().list().await.unwrap()[0].card_id.clone();
        drop(wallet);
        {
            let paying = story.all.phone.pay(QuoteRequest::TopUp { amount: "50.00".to_owned(), card_id });
            // The answer is nine seconds away when the app is killed.
            tokio::select! {
                told = paying => panic!("told {told:?}"),
                () = tokio::time::sleep(Duration::from_secs(3)) => {}
            }
        }
        story.all.phone.crash().await;
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let wallet = story.all.phone.start().await.unwrap();
        let open = wallet.pay().open_payments().await.unwrap();
        assert_eq!(open.iter().map(|payment| payment.state).collect::<Vec<_>>(), [PaymentState::Unknown]);
        let shown = wallet.history().list(None).await.unwrap().open;
        assert_eq!(shown[0].state, "unknown", "it stands in the history before the service says anything");
        story.all.net.set(Weather::default());
        let truth = wallet.pay().resolve(open[0].intent_id.clone()).await.unwrap();
        assert_eq!(truth.state, PaymentState::Succeeded);
        assert_eq!(story.executions().await.len(), 1);
    });
}

#[test]
fn given_up_before_it_arrived_it_is_never_carried_out() {
    story("abandon", async |story: Story| {
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!("drop_before"))).await.unwrap();
        story.all.console.post("/dev/faults", json!({ "path_prefix": "/v1/payments", "method": "GET", "times": 9, "action": "drop_before" })).await.unwrap();
        let told = story.top_up("80.00").await;
        let pay = story.all.phone.wallet().unwrap().pay();
        let mut end = pay.abandon(told.intent_id.clone()).await.unwrap();
        while !end.state.is_final() {
            end = pay.resolve(told.intent_id.clone()).await.unwrap();
        }
        assert_eq!((end.state, end.failure.unwrap().code.as_str()), (PaymentState::Failed, "payment_abandoned"));
        assert!(end.may_pay_again && story.executions().await.is_empty());
        assert!(pay.abandon(told.intent_id).await.unwrap_err().is(Code::NothingToAbandon));
    });
}

#[test]
fn a_bank_that_is_silent_keeps_the_payment_open() {
    story("silent-bank", async |story: Story| {
        story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
        let told = story.top_up("60.00").await;
        assert_eq!(told.state, PaymentState::Unknown);
        let pay = story.all.phone.wallet().unwrap().pay();
        assert_eq!(pay.resolve(told.intent_id.clone()).await.unwrap().state, PaymentState::Unknown);
        story.all.console.post("/dev/bank/faults", json!({ "movements": "none" })).await.unwrap();
        story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
        let truth = pay.resolve(told.intent_id).await.unwrap();
        assert_eq!(truth.state, PaymentState::Succeeded);
        let stages: Vec<_> = truth.timeline.iter().map(|stage| stage.stage.as_str()).collect();
        assert_eq!((stages.first(), stages.last()), (Some(&"accepted"), Some(&"arrived")), "{stages:?}");
    });
}

#[test]
fn five_wrong_pins_lock_and_neither_restart_nor_an_old_copy_unlocks() {
    story("pin", async |mut story: Story| {
        let card_id = story.all.phone.wallet().unwrap().cards().list().await.unwrap()[0].card_id.clone();
        let try_pin = async |wallet: &Wallet, pin: &str| {
            let request = QuoteRequest::TopUp { amount: "10.00".to_owned(), card_id: card_id.clone() };
            let quote = wallet.pay().quote(request).await.unwrap();
            let confirm = ConfirmRequest {
                quote_id: quote.quote_id,
                total_minor: quote.total.minor,
                source: quote.sources.iter().find(|source| source.proposed).unwrap().source.clone(),
                proof: PaymentProof::Pin { pin: pin.to_owned() },
                again: true,
            };
            wallet.pay().confirm(confirm).await.unwrap().failure.map(|failure| (failure.code, failure.attempts_left))
        };
        let wallet = story.all.phone.wallet().unwrap();
        assert_eq!(try_pin(&wallet, "147036").await, Some(("pin_wrong".to_owned(), Some(4))));
        let places = ["ledger.db", "ledger.db-wal"].map(|name| story.all.phone.folder.join(name));
        let before = places.each_ref().map(|place| std::fs::read(place).ok());
        for left in [3, 2, 1] {
            assert_eq!(try_pin(&wallet, "147036").await, Some(("pin_wrong".to_owned(), Some(left))));
        }
        let fifth = try_pin(&wallet, "147036").await.unwrap().0;
        assert!(fifth == "pin_locked" || fifth == "pin_wrong", "{fifth}");
        assert_eq!(try_pin(&wallet, PIN).await.unwrap().0, "pin_locked");
        drop(wallet);
        // Killed, so that nothing is written at the end: the anchor stands behind every wrong PIN as it is told.
        story.all.phone.crash().await;
        let after = places.each_ref().map(|place| std::fs::read(place).ok());
        let put = |files: [Option<Vec<u8>>; 2]| {
            for (place, bytes) in places.iter().zip(files) {
                bytes.map_or_else(|| drop(std::fs::remove_file(place)), |bytes| std::fs::write(place, bytes).unwrap());
            }
        };
        put(before);
        assert!(story.all.phone.start().await.err().unwrap().is(Code::RolledBack));
        put(after);
        let wallet = story.all.phone.start().await.unwrap();
        assert_eq!(try_pin(&wallet, PIN).await.unwrap().0, "pin_locked");
        assert!(story.executions().await.is_empty());
    });
}

#[test]
fn a_code_is_charged_once_by_one_order() {
    story("payer-code", async |story: Story| {
        story.top_up("200.00").await;
        let wallet = story.all.phone.wallet().unwrap();
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let ways = wallet.pay().ways().await.unwrap();
        assert!(ways.iter().all(|way| way.usable == way.reason.is_none()) && ways.iter().any(|way| !way.usable));
        assert!(wallet.pay().show_code("paypal".to_owned()).await.unwrap_err().is(Code::ChannelUnusable));
        let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
        assert!(code.digits.len() == 24 && code.clock_trusted);
        let charge = async |order: &str, digits: &str| {
            let body = json!({ "code": digits, "amount_fen": 2350, "order": order });
            story.all.console.post("/dev/till/charge", body).await.unwrap()["code"].as_str().unwrap().to_owned()
        };
        assert_eq!(charge("order-1", &code.digits).await, "BBS00000");
        assert_ne!(charge("order-1", &code.digits).await, "BBS00000", "a repeated order is refused by the acquirer");
        assert_ne!(charge("order-2", &code.digits).await, "BBS00000", "the code was used for another order");
        assert_ne!(charge("order-3", "970000000000000000000000").await, "BBS00000");
        story.all.net.set(Weather::default());
        wallet.history().sync().await.unwrap();
        let (state, record) = wallet.pay().showing(code.showing_id.clone()).await.unwrap();
        assert_eq!(state, MerchantState::Paid);
        let receipt = wallet.pay().receipt(record.unwrap()).await.unwrap();
        assert!(receipt.verified && receipt.route == "lakala" && receipt.acquirer_order.is_some());
        assert_eq!(receipt.amount.minor, 2350);
        for (back, after) in [(350, MerchantState::Paid), (2_000, MerchantState::Reversed)] {
            let refund = json!({ "origin": "order-1", "amount_fen": back });
            assert_eq!(story.all.console.post("/dev/till/refund", refund).await.unwrap()["code"], json!("BBS00000"));
            wallet.history().sync().await.unwrap();
            assert_eq!(wallet.pay().showing(code.showing_id.clone()).await.unwrap().0, after);
        }
        assert!(wallet.pay().next_picture(code.showing_id, "lakala".to_owned()).await.is_err());
        assert_eq!(story.executions().await.len(), 2);
    });
}

#[test]
fn above_the_cap_the_person_decides_or_it_lapses() {
    story("asks", async |story: Story| {
        story.top_up("300.00").await;
        let wallet = story.all.phone.wallet().unwrap();
        let charge = async |order: &str| {
            let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
            let body = json!({ "code": code.digits, "amount_fen": 12_000, "order": order });
            assert_eq!(story.all.console.post("/dev/till/charge", body).await.unwrap()["code"], json!("BBS10000"));
            assert_eq!(wallet.history().sync().await.unwrap().asks, 1);
            wallet.pay().asks().await.unwrap().remove(0)
        };
        let state = async |order: &str| {
            let answer = story.all.console.post("/dev/till/query", json!({ "order": order })).await.unwrap();
            answer["data"]["trade_state"].as_str().unwrap().to_owned()
        };
        let heard = Arc::new(Heard::default());
        let subscription = wallet.subscribe(Arc::clone(&heard) as _);
        let ask = charge("big-1").await;
        tokio::task::yield_now().await;
        let told = heard.0.lock().unwrap().clone();
        assert!(told.contains(&WalletEvent::AskArrived { ask_id: ask.ask_id.clone() }), "{told:?}");
        assert!(told.iter().any(|event| matches!(event, WalletEvent::Notice { body, .. } if body.contains("120"))), "{told:?}");
        subscription.cancel();
        assert_eq!(ask.amount.minor, 12_000);
        let paid = story.all.phone.pay(QuoteRequest::Ask { ask_id: ask.ask_id }).await.unwrap();
        assert_eq!(paid.state, PaymentState::Succeeded, "{paid:?}");
        assert_eq!(state("big-1").await, "SUCCESS");
        let ask = charge("big-2").await;
        tokio::time::sleep(Duration::from_secs(61)).await;
        story.all.service.tick(story.all.service.now());
        let late = story.all.phone.pay(QuoteRequest::Ask { ask_id: ask.ask_id }).await.unwrap_err();
        assert!(late.is(Code::AskLapsed), "{late:?}");
        assert_eq!(state("big-2").await, "FAIL");
        let ask = charge("big-3").await;
        wallet.pay().decline(ask.ask_id).await.unwrap();
        assert_eq!(state("big-3").await, "FAIL");
        assert_eq!(story.executions().await.len(), 2);
    });
}

#[test]
fn a_restored_service_is_asked_before_anything_is_sent_again() {
    story("restored", async |story: Story| {
        story.top_up("100.00").await;
        let snapshot = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        let payee_id = story.merchant().await;
        let pay_request = |amount: &str| QuoteRequest::Pay { payee_id: payee_id.clone(), amount: amount.to_owned(), order: None };
        let second = story.top_up("40.00").await;
        assert_eq!(second.state, PaymentState::Succeeded);
        let paid = story.all.phone.pay(pay_request("9.90")).await.unwrap();
        assert_eq!(paid.state, PaymentState::Succeeded);
        story.all.console.post("/dev/restore", json!({ "snapshot": snapshot["snapshot"] })).await.unwrap();
        let wallet = story.all.phone.wallet().unwrap();
        wallet.history().sync().await.unwrap();
        for intent in [second.intent_id, paid.intent_id] {
            let view = wallet.pay().payment(intent).await.unwrap();
            assert_eq!(view.state, PaymentState::Succeeded, "a final word stays");
        }
        while !wallet.history().sync().await.unwrap().complete {}
        let ledger = story.all.console.get("/dev/ledger").await.unwrap();
        assert_eq!(ledger["sum"], json!(0));
        assert!(ledger["executions"].as_array().unwrap().iter().all(|execution| execution["count"] == json!(1)));
    });
}

#[test]
fn files_and_anchor_put_back_are_found_at_the_first_signed_answer() {
    story("all-back", async |mut story: Story| {
        let wallet = story.all.phone.wallet().unwrap();
        wallet.close().await.unwrap();
        drop(wallet);
        let read = |name: &str| std::fs::read(story.all.phone.folder.join(name)).unwrap();
        let (old, keys) = ([read("ledger.db"), read("mine.db"), read("cache.db")], story.all.phone.secrets.copy());
        story.all.phone.start().await.unwrap();
        story.top_up("30.00").await;
        story.all.phone.wallet().unwrap().close().await.unwrap();
        for (name, bytes) in ["ledger.db", "mine.db", "cache.db"].iter().zip(&old) {
            std::fs::write(story.all.phone.folder.join(name), bytes).unwrap();
        }
        story.all.phone.secrets.put_back(keys);
        // Offline nothing can be noticed, and the design says so.
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let wallet = story.all.phone.start().await.unwrap();
        story.all.net.set(Weather::default());
        assert!(wallet.history().sync().await.unwrap_err().is(Code::RolledBack));
        let refused = story.all.phone.pay(QuoteRequest::TopUp { amount: "1.00".to_owned(), card_id: "0".repeat(32) }).await;
        assert!(refused.unwrap_err().is(Code::RolledBack));
    });
}

#[derive(Default)]
struct Heard(Mutex<Vec<WalletEvent>>);

impl WalletListener for Heard {
    fn on_event(&self, event: WalletEvent) {
        self.0.lock().unwrap().push(event);
    }
}

#[test]
fn a_lock_waits_for_the_answer_of_a_payment_and_no_longer() {
    story("lock", async |story: Story| {
        let heard = Arc::new(Heard::default());
        let wallet = story.all.phone.wallet().unwrap();
        let subscription = wallet.subscribe(Arc::clone(&heard) as _);
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!({ "delay_ms": 6_000 }))).await.unwrap();
        let card_id = wallet.cards().list().await.unwrap()[0].card_id.clone();
        let paying = story.all.phone.pay(QuoteRequest::TopUp { amount: "20.00".to_owned(), card_id });
        let locking = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let began = story.all.world.elapsed();
            wallet.lock().await.unwrap();
            assert!(wallet.pay().open_payments().await.unwrap_err().is(Code::Locked));
            story.all.world.elapsed() - began
        };
        let (told, waited) = tokio::join!(paying, locking);
        assert!((4_000..20_000).contains(&waited), "waited {waited} ms");
        drop(told);
        wallet.unlock().await.unwrap();
        assert!(wallet.pay().open_payments().await.unwrap().is_empty(), "the answer was recorded while it was locked");
        assert_eq!(story.executions().await.len(), 1);
        tokio::task::yield_now().await;
        let events = heard.0.lock().unwrap().clone();
        assert_eq!(events.first(), Some(&WalletEvent::State { locked: false }), "first the present state");
        assert!(events.contains(&WalletEvent::State { locked: true }));
        drop(subscription);
    });
}

#[test]
fn suspended_at_once_and_unknown_afterwards() {
    story("suspend", async |story: Story| {
        let wallet = story.all.phone.wallet().unwrap();
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!({ "delay_ms": 9_000 }))).await.unwrap();
        let card_id = wallet.cards().list().await.unwrap()[0].card_id.clone();
        let paying = story.all.phone.pay(QuoteRequest::TopUp { amount: "20.00".to_owned(), card_id });
        let suspending = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let began = story.all.world.elapsed();
            wallet.suspend().await.unwrap();
            story.all.world.elapsed() - began
        };
        let (told, took) = tokio::join!(paying, suspending);
        assert!(took < 500 && told.is_err(), "{took} ms, {told:?}");
        story.all.net.set(Weather { off: true, ..Weather::default() });
        wallet.unlock().await.unwrap();
        let open = wallet.pay().open_payments().await.unwrap();
        assert_eq!(open[0].state, PaymentState::Unknown);
        story.all.net.set(Weather::default());
        assert_eq!(wallet.pay().resolve(open[0].intent_id.clone()).await.unwrap().state, PaymentState::Succeeded);
    });
}

#[test]
fn a_wrong_clock_is_named_and_a_small_error_is_mended() {
    story("clock", async |story: Story| {
        let wallet = story.all.phone.wallet().unwrap();
        // The phone carries on with the service's time: its own clock may be turned as it likes.
        story.all.phone.host.turn_clock(20 * 60_000);
        wallet.history().sync().await.unwrap();
        wallet.close().await.unwrap();
        drop(wallet);
        let mut story = story;
        // After a start of the phone only its clock is left; twenty minutes are mended by the service's answer.
        story.all.phone.host.reboot(2);
        story.all.phone.host.turn_clock(25 * 60_000);
        let wallet = story.all.phone.start().await.unwrap();
        wallet.history().sync().await.unwrap();
        let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
        assert!(code.clock_trusted);
        wallet.close().await.unwrap();
        drop(wallet);
        for years in [3, -3] {
            story.all.phone.host.reboot(u64::try_from(100 + years).unwrap());
            story.all.phone.host.turn_clock(years * 365 * 86_400_000);
            let wallet = story.all.phone.start().await.unwrap();
            let wrong = wallet.history().sync().await.unwrap_err();
            assert!(wrong.is(Code::ClockWrong), "{years}: {wrong:?}");
            assert_eq!(wrong.failure().remedy, Remedy::SetClock);
            story.all.phone.host.turn_clock(-years * 365 * 86_400_000);
            wallet.history().sync().await.unwrap();
            wallet.close().await.unwrap();
        }
    });
}

#[test]
fn an_untrusted_clock_lowers_the_cap_and_says_so() {
    story("untrusted", async |mut story: Story| {
        story.top_up("100.00").await;
        story.all.phone.wallet().unwrap().close().await.unwrap();
        story.all.phone.host.reboot(9);
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let wallet = story.all.phone.start().await.unwrap();
        let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
        assert!(!code.clock_trusted && code.cap.minor < 10_000, "{code:?}");
        let body = json!({ "code": code.digits, "amount_fen": 1200, "order": "o-1" });
        assert_eq!(story.all.console.post("/dev/till/charge", body).await.unwrap()["code"], json!("BBS00000"));
    });
}
