//! Tokens of payer codes, and what is cut in half: batches, syncs, a key store that refuses, a database that answers late.

use crate::common::moves::*;
use crate::common::{Changes, Story, channels, story};
use kabao_base::Code;
use kabao_money::merchant::MerchantState;
use kabao_money::payment::PaymentState;
use kabao_simulation::run::{Folder, parts};
use kabao_simulation::storm::Storm;
use kabao_simulation::{SimHost, Weather, in_one_thread};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

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
        let mut wrong = crate::common::confirmation(&quote);
        wrong.proof = kabao_core::pay::PaymentProof::Pin { pin: "147036".to_owned() };
        assert_eq!(wallet.pay().confirm(wrong).await.unwrap().state, PaymentState::Failed);
        // Nor what the history brings, nor locking.
        tokio::time::sleep(std::time::Duration::from_secs(120)).await;
        assert!(wallet.history().sync().await.unwrap().complete);
        wallet.lock().await.unwrap();
        wallet.unlock().await.unwrap();
        story.all.phone.secrets.refuse_writes(false);
        once_each(&story, 1).await;
    });
}

#[test]
fn the_promises_hold_when_the_database_answers_late() {
    // 104: a service that was restored while a sync was on its way wrote at its end what the phone showed it.
    for seed in [100, 101, 102, 104] {
        let folder = Folder::new(&format!("crowd-late-{seed}")).unwrap();
        let broken = in_one_thread(async {
            let mut all = parts(seed, false, folder.path(), channels())?;
            all.phone.put_on(SimHost::with_late_database);
            let mut storm = Storm::new(all, folder.path()).await?;
            storm.rage(50).await?;
            storm.end().await
        });
        assert_eq!(broken.unwrap(), Ok(Vec::new()), "seed {seed}");
    }
}
