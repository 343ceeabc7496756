//! Everything at once, and cut off in the middle: two calls with one quote, locks and crashes while money is on its way,
//! a database that answers late.

use crate::common::moves::*;
use crate::common::{Holds, Story, confirm, story};
use kabao_base::Code;
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::Weather;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn one_quote_confirmed_twice_at_once_pays_once() {
    for late in [false, true] {
        story("twice", async |mut story: Story| {
            if late {
                on_a_late_database(&mut story).await;
            }
            let wallet = story.wallet();
            let quote = wallet.pay().quote(story.top_up_request("20.00").await).await.unwrap();
            let (one, two, three) = tokio::join!(confirm(&wallet, &quote), confirm(&wallet, &quote), confirm(&wallet, &quote));
            let told = [one, two, three];
            let paid = told.iter().filter(|told| told.as_ref().is_ok_and(|view| view.state == PaymentState::Succeeded)).count();
            assert_eq!(paid, 1, "{told:?}");
            for error in told.into_iter().filter_map(Result::err) {
                assert!(error.is(Code::PaymentUnresolved) || error.is(Code::QuoteUnknown), "{error:?}");
            }
            once_each(&story, 1).await;
        });
    }
}

#[test]
fn a_second_payment_for_the_same_order_waits_for_the_first() {
    story("same-order", async |story: Story| {
        story.top_up("100.00").await;
        let payee_id = story.merchant().await;
        let request = |order: &str| QuoteRequest::Pay { payee_id: payee_id.clone(), amount: "9.00".to_owned(), order: Some(order.to_owned()) };
        let wallet = story.wallet();
        let (one, two) = (wallet.pay().quote(request("A")).await.unwrap(), wallet.pay().quote(request("A")).await.unwrap());
        let other = wallet.pay().quote(request("B")).await.unwrap();
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!("drop_after"))).await.unwrap();
        let holds = Arc::new(Holds::default());
        holds.holds.lock().unwrap().push(("/v1/payments", 4_000));
        story.all.net.meddle(Some(Arc::clone(&holds) as _));
        let (first, second, third) = tokio::join!(confirm(&wallet, &one), confirm(&wallet, &two), confirm(&wallet, &other));
        assert_eq!(first.unwrap().state, PaymentState::Unknown);
        let second = second.unwrap_err();
        assert!(second.is(Code::PaymentUnresolved) && second.is_unknown(), "{second:?}");
        assert_eq!(third.unwrap().state, PaymentState::Succeeded);
        settled(&story).await;
        // The merchant's order is paid; another payment for it is refused with proof or not quoted.
        if let Ok(quote) = wallet.pay().quote(request("A")).await {
            assert_eq!(confirm(&wallet, &quote).await.unwrap().state, PaymentState::Failed);
        }
        once_each(&story, 3).await;
    });
}

#[test]
fn giving_up_in_mid_air_and_asking_all_at_once() {
    story("mid-air", async |story: Story| {
        let wallet = story.wallet();
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!({ "delay_ms": 3_000 }))).await.unwrap();
        let quote = wallet.pay().quote(story.top_up_request("20.00").await).await.unwrap();
        let giving_up = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let open = wallet.pay().open_payments().await.unwrap().remove(0);
            assert_eq!(open.state, PaymentState::Sending);
            wallet.pay().abandon(open.intent_id).await
        };
        let (told, gave_up) = tokio::join!(confirm(&wallet, &quote), giving_up);
        assert_eq!(told.unwrap().state, PaymentState::Succeeded);
        assert!(gave_up.is_err_and(|error| error.is_unknown()) || story.executions().await.len() == 1);
        // Ten without a result; all are asked for and given up at once, some of them twice.
        story.all.net.set(Weather { lose_request: 100, ..Weather::default() });
        let mut quotes = Vec::new();
        story.all.net.set(Weather::default());
        for number in 0..10 {
            quotes.push(wallet.pay().quote(story.top_up_request(&format!("1.{number:02}")).await).await.unwrap());
        }
        story.all.net.set(Weather { off: true, ..Weather::default() });
        for quote in &quotes {
            assert_eq!(confirm(&wallet, quote).await.unwrap().state, PaymentState::Unknown);
        }
        let open = wallet.pay().open_payments().await.unwrap();
        assert_eq!(open.len(), 10);
        story.all.net.set(Weather::default());
        let tasks: Vec<_> = open
            .iter()
            .flat_map(|payment| [(0, payment), (1, payment), (2, payment)])
            .map(|(what, payment)| {
                let (pay, id) = (wallet.pay(), payment.intent_id.clone());
                tokio::task::spawn_local(async move {
                    match what {
                        0 => drop(pay.resolve(id).await.unwrap()),
                        _ => drop(pay.abandon(id).await),
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        settled(&story).await;
        let executed = story.executions().await;
        for payment in open {
            let view = wallet.pay().payment(payment.intent_id.clone()).await.unwrap();
            let moved = executed.iter().any(|execution| execution["intent_id"] == json!(payment.intent_id));
            let wanted = if moved { PaymentState::Succeeded } else { PaymentState::Failed };
            assert_eq!(view.state, wanted);
            assert!(wallet.pay().abandon(payment.intent_id).await.is_err_and(|error| error.is(Code::NothingToAbandon)));
        }
        once_each(&story, executed.len()).await;
    });
}

#[test]
fn killed_again_and_again_in_the_middle_of_a_payment() {
    for late in [false, true] {
        story("killed", async |mut story: Story| {
            if late {
                on_a_late_database(&mut story).await;
            }
            let mut begun = 0;
            for cut in 0..12_u64 {
                let request = story.top_up_request(&format!("1.{cut:02}")).await;
                let quote = story.wallet().pay().quote(request).await.unwrap();
                story.all.net.set(Weather { slow: 100, ..Weather::default() });
                let wallet = story.wallet();
                let paying = tokio::task::spawn_local(async move { drop(confirm(&wallet, &quote).await) });
                tokio::time::sleep(Duration::from_millis(cut * 700)).await;
                paying.abort();
                let _ = paying.await;
                story.all.phone.crash().await;
                story.all.net.set(Weather::default());
                let wallet = story.all.phone.start().await.unwrap();
                // Killed once more while what was open is being asked for.
                if cut % 3 == 0 {
                    drop(wallet);
                    story.all.phone.crash().await;
                    story.all.phone.start().await.unwrap();
                }
                settled(&story).await;
                begun = story.executions().await.len();
            }
            assert!(begun >= 11, "{begun}");
            once_each(&story, begun).await;
            assert!(story.wallet().history().verify().await.unwrap().first_wrong_event.is_none());
        });
    }
}

#[test]
fn locked_suspended_and_closed_while_money_moves() {
    for late in [false, true] {
        story("shut", async |mut story: Story| {
            if late {
                on_a_late_database(&mut story).await;
            }
            for turn in 0..12_u64 {
                let wallet = story.wallet();
                let request = story.top_up_request(&format!("1.{turn:02}")).await;
                let quote = wallet.pay().quote(request).await.unwrap();
                let delay = json!({ "delay_ms": 1_000 + turn * 700 });
                story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", delay)).await.unwrap();
                let shutting = async {
                    tokio::time::sleep(Duration::from_millis(turn * 400)).await;
                    match turn % 3 {
                        0 => wallet.lock().await.unwrap(),
                        1 => wallet.suspend().await.unwrap(),
                        _ => wallet.close().await.unwrap(),
                    }
                };
                let syncing = async { drop(wallet.history().sync().await) };
                let (told, (), ()) = tokio::join!(confirm(&wallet, &quote), shutting, syncing);
                // Whatever was said: what is final is true.
                drop(told);
                if turn % 3 == 2 {
                    let closed = wallet.history().list(None).await.unwrap_err();
                    assert!(closed.is(Code::Closed));
                    drop(wallet);
                    // The answer on its way ends, and then nothing of the old one is left.
                    tokio::time::sleep(Duration::from_secs(30)).await;
                    story.all.phone.start().await.unwrap();
                } else {
                    wallet.unlock().await.unwrap();
                }
                settled(&story).await;
            }
            let count = story.executions().await.len();
            once_each(&story, count).await;
        });
    }
}

#[test]
fn opened_again_while_a_lock_is_landing() {
    story("landing", async |story: Story| {
        let wallet = story.wallet();
        let quote = wallet.pay().quote(story.top_up_request("20.00").await).await.unwrap();
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!({ "delay_ms": 6_000 }))).await.unwrap();
        let locking = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            wallet.lock().await.unwrap();
        };
        let unlocking = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(wallet.is_locked());
            wallet.unlock().await.unwrap();
            assert_eq!(wallet.pay().open_payments().await.unwrap()[0].state, PaymentState::Sending);
        };
        let (told, (), ()) = tokio::join!(confirm(&wallet, &quote), locking, unlocking);
        assert_eq!(told.unwrap().state, PaymentState::Succeeded);
        assert!(!wallet.is_locked() && wallet.history().list(None).await.is_ok());
        once_each(&story, 1).await;
    });
}

#[test]
fn a_second_opener_in_the_same_program_is_refused_until_the_first_closes() {
    story("openers", async |mut story: Story| {
        let first = story.wallet();
        assert!(story.all.phone.start().await.is_err_and(|error| error.is(Code::InUse)));
        first.lock().await.unwrap();
        // A locked wallet holds no files; another opener may have them, and the first says who does.
        let second = story.all.phone.start().await.unwrap();
        assert!(first.unlock().await.is_err_and(|error| error.is(Code::InUse)));
        second.close().await.unwrap();
        first.unlock().await.unwrap();
        first.history().sync().await.unwrap();
        first.close().await.unwrap();
    });
}
