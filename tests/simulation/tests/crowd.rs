//! Everything at once, and cut off in the middle: two calls with one quote, locks and crashes while money is on its way,
//! a database that answers late.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{Changes, Holds, Story, confirm, story};
use kabao_base::Code;
use kabao_core::pay::QuoteRequest;
use kabao_money::merchant::MerchantState;
use kabao_money::payment::PaymentState;
use kabao_simulation::run::{Folder, parts};
use kabao_simulation::storm::Storm;
use kabao_simulation::{SimHost, Weather, in_one_thread};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

/// Polls a future so many times and drops it.
async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
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
async fn on_a_late_database(story: &mut Story) {
    story.wallet().close().await.unwrap();
    story.all.phone.crash().await;
    story.all.phone.put_on(SimHost::with_late_database);
    story.all.phone.start().await.unwrap();
}

fn fault(method: &str, path: &str, action: Value) -> Value {
    json!({ "path_prefix": path, "method": method, "times": 1, "action": action })
}

async fn settled(story: &Story) {
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

async fn once_each(story: &Story, count: usize) {
    let executions = story.executions().await;
    assert!(executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
    assert_eq!(executions.len(), count);
    assert_eq!(story.records().await, count);
}

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

#[test]
fn a_batch_whose_answer_was_lost_is_the_same_batch() {
    story("batch", async |story: Story| {
        let pay = story.wallet().pay();
        let mut shown = BTreeSet::new();
        for _ in 0..6 {
            assert!(shown.insert(pay.show_code("lakala".to_owned()).await.unwrap().showing_id));
        }
        let asked = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&asked);
        let mut lost = 3;
        story.meddle(Changes::new("POST", "/v1/payer-codes", move |request, answer| {
            let said: Value = serde_json::from_slice(&answer.body).unwrap();
            keep.lock().unwrap().push((request.body.clone(), said["tokens"].clone()));
            lost -= 1;
            if lost >= 0 { Err(kabao_core::host::TransportError::Cut) } else { Ok(answer) }
        }));
        for _ in 0..3 {
            pay.prepare_codes().await.unwrap_err();
        }
        let (one, two) = tokio::join!(pay.prepare_codes(), pay.prepare_codes());
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        let asked = asked.lock().unwrap().clone();
        assert!(asked.len() >= 4 && asked.iter().all(|one| *one == asked[0]), "the same id gives the same tokens");
        let left = pay.prepare_codes().await.unwrap();
        for _ in 0..left {
            assert!(shown.insert(pay.show_code("lakala".to_owned()).await.unwrap().showing_id), "a token was shown twice");
        }
        assert!(pay.show_code("lakala".to_owned()).await.is_err_and(|error| error.is(Code::NoPayerCodes)));
        assert_eq!(shown.len(), 20);
    });
}

#[test]
fn tokens_of_a_lying_batch_are_not_taken() {
    story("bad-batch", async |story: Story| {
        let pay = story.wallet().pay();
        for _ in 0..6 {
            pay.show_code("lakala".to_owned()).await.unwrap();
        }
        let lies: [fn(&mut Value); 12] = [
            |body| body["prefix"] = json!("62"),
            |body| body["prefix"] = json!("9"),
            |body| body["prefix"] = json!("９７"),
            |body| body["length"] = json!(18),
            |body| body["length"] = json!(-1),
            |body| body["tokens"][3]["token_id"] = json!("1234"),
            |body| body["tokens"][3]["token_id"] = json!("1234567890x"),
            |body| body["tokens"][3]["key"] = json!("AAAA"),
            |body| body["tokens"][3]["key"] = json!("A".repeat(500_000)),
            |body| body["tokens"][3]["cap"]["minor"] = json!(-1),
            |body| body["tokens"][3]["cap_untrusted"]["currency"] = json!("USD"),
            |body| body["tokens"][3]["not_after"] = Value::Null,
        ];
        for (number, lie) in lies.into_iter().enumerate() {
            let liar = Arc::clone(&story.liar);
            story.meddle(Changes::new("POST", "/v1/payer-codes", move |request, answer| {
                let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
                lie(&mut body);
                Ok(liar.answer(request, &kabao_simulation::Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
            }));
            let error = pay.prepare_codes().await.unwrap_err();
            assert!(error.is(Code::AnswerMalformed), "{number}: {error}");
        }
        story.honest();
        assert_eq!(pay.prepare_codes().await.unwrap(), 14);
    });
}

#[test]
fn a_token_is_shown_once_even_when_the_app_dies_before_the_first_pixel() {
    story("pixel", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        story.top_up("100.00").await;
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let (mut shown, mut died) = (BTreeSet::new(), 0);
        for polls in 1..60 {
            let pay = story.wallet().pay();
            let code = polled(pay.show_code("lakala".to_owned()), polls).await;
            drop(pay);
            match code {
                Some(Ok(code)) => assert!(shown.insert(code.showing_id), "shown twice"),
                Some(Err(error)) => {
                    assert!(error.is(Code::NoPayerCodes));
                    break;
                }
                None => {
                    died += 1;
                    story.all.phone.crash().await;
                    story.all.phone.start().await.unwrap();
                }
            }
        }
        assert!(died > 0 && !shown.is_empty() && shown.len() <= 10, "{died} {shown:?}");
        story.all.net.set(Weather::default());
        story.wallet().history().sync().await.unwrap();
        for showing in shown {
            assert_eq!(story.wallet().pay().showing(showing).await.unwrap().0, MerchantState::Shown);
        }
    });
}

#[test]
fn a_sync_cut_between_ledger_and_cache_brings_everything_all_the_same() {
    story("half-sync", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        for polls in (1..120).step_by(7) {
            // A code is charged and refunded while the phone is away.
            let pay = story.wallet().pay();
            let code = match pay.show_code("lakala".to_owned()).await {
                Ok(code) => code,
                Err(_) => {
                    pay.prepare_codes().await.unwrap();
                    pay.show_code("lakala".to_owned()).await.unwrap()
                }
            };
            if polls == 1 {
                story.top_up("100.00").await;
            }
            let order = format!("order-{polls}");
            let charge = json!({ "code": code.digits, "amount_fen": 100 + polls, "order": order });
            story.all.console.post("/dev/till/charge", charge).await.unwrap();
            story.all.console.post("/dev/till/refund", json!({ "origin": order, "amount_fen": 1 })).await.unwrap();
            drop(pay);
            let _ = polled(story.wallet().history().sync(), polls).await;
            story.all.phone.crash().await;
            story.all.phone.start().await.unwrap();
        }
        let account = story.wallet().account().view().await.unwrap().account_id;
        let records = story.records().await;
        let book = story.all.console.get(&format!("/dev/history/{account}")).await.unwrap();
        let theirs: BTreeSet<_> = book["entries"].as_array().unwrap().iter().map(|entry| {
            use kabao_proof::Document;
            let bytes = kabao_simulation::liar::decode(entry.as_str().unwrap()).unwrap();
            kabao_proof::HistoryEntry::decode(&bytes).unwrap().record_id
        }).collect();
        assert_eq!(records, theirs.len());
        let month = story.wallet().history().month(None).await.unwrap();
        assert_eq!(month.count, i64::try_from(records).unwrap());
        assert!(story.wallet().history().verify().await.unwrap().first_wrong_event.is_none());
    });
}

#[test]
fn a_key_store_that_refuses_to_write_stops_no_payment() {
    story("no-anchor", async |story: Story| {
        story.all.phone.secrets.refuse_writes(true);
        assert_eq!(story.top_up("20.00").await.state, PaymentState::Succeeded);
        let wallet = story.wallet();
        let quote = wallet.pay().quote(story.top_up_request("5.00").await).await.unwrap();
        let mut wrong = common::confirmation(&quote);
        wrong.proof = kabao_core::pay::PaymentProof::Pin { pin: "147036".to_owned() };
        assert_eq!(wallet.pay().confirm(wrong).await.unwrap().state, PaymentState::Failed);
        story.all.phone.secrets.refuse_writes(false);
        once_each(&story, 1).await;
    });
}

#[test]
fn the_promises_hold_when_the_database_answers_late() {
    let channels = Folder::new("crowd-late-channels").unwrap();
    for seed in 100..103 {
        let folder = Folder::new(&format!("crowd-late-{seed}")).unwrap();
        let broken = in_one_thread(async {
            let mut all = parts(seed, false, folder.path(), channels.path())?;
            all.phone.put_on(SimHost::with_late_database);
            let mut storm = Storm::new(all.world, all.net, all.service, all.console, all.phone).await?;
            storm.rage(50).await?;
            storm.clear_up().await?;
            storm.judge().await
        });
        assert_eq!(broken.unwrap(), Ok(Vec::new()), "seed {seed}");
    }
}
