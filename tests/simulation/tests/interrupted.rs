//! Calls that are dropped, interrupted or raced, and what is kept in memory alone: found by attack, mended, and held here.
use crate::common::moves::*;
use crate::common::*;
use kabao_base::{Certainty, Code};
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::*;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_confirm_that_is_dropped_at_any_point_comes_to_its_end() {
    story("cut-h1", async |mut s| {
        on_a_late_database(&mut s).await;
        let mut bad = Vec::new();
        for times in 1..60 {
            let quote = s.wallet().pay().quote(s.top_up_request(&format!("1.{times:02}")).await).await.unwrap();
            let _ = polled(confirm(&s.wallet(), &quote), times).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            let open = s.wallet().pay().open_payments().await.unwrap();
            if !open.is_empty() {
                bad.push((times, open[0].state));
            }
        }
        assert!(bad.is_empty(), "{bad:?}");
    });
}

#[test]
fn unlocking_in_the_middle_of_a_lock_opens_or_waits() {
    story("cut-h3", async |mut s| {
        on_a_late_database(&mut s).await;
        let w = s.wallet();
        for turn in 0..60 {
            let locking = w.lock();
            let unlocking = async { for _ in 0..turn % 12 { tokio::task::yield_now().await; } w.unlock().await };
            let (locked, unlocked) = tokio::join!(locking, unlocking);
            locked.unwrap();
            unlocked.unwrap();
            if !w.is_locked() {
                w.history().list(None).await.unwrap();
            }
            w.unlock().await.unwrap();
        }
    });
}

#[test]
fn what_is_closed_stays_closed() {
    story("cut-h4", async |mut s| {
        on_a_late_database(&mut s).await;
        for turn in 0..40 {
            let w = s.wallet();
            w.lock().await.unwrap();
            let closing = async { for _ in 0..turn % 14 { tokio::task::yield_now().await; } w.close().await };
            let (_, closed) = tokio::join!(w.unlock(), closing);
            closed.unwrap();
            assert!(w.history().list(None).await.unwrap_err().is(Code::Closed), "turn {turn}");
            drop(w);
            s.all.phone.start().await.unwrap();
        }
    });
}

#[test]
fn a_confirm_cut_off_by_suspending_is_unknown() {
    story("cut-h6", async |s| {
        s.all.console.post("/dev/faults", json!({"path_prefix":"/v1/payments","method":"PUT","times":1,"action":{"delay_ms":9000}})).await.unwrap();
        let w = s.wallet();
        let request = s.top_up_request("20.00").await;
        let (told, _) = tokio::join!(s.all.phone.pay(request), async { tokio::time::sleep(Duration::from_secs(1)).await; w.suspend().await.unwrap(); });
        assert_eq!(told.unwrap_err().failure().certainty, Certainty::Unknown);
    });
}

#[test]
fn a_service_that_is_down_is_asked_less_and_less() {
    for action in [json!({"status":503}), json!({"status":429})] {
    story("cut-h7", async |s| {
        s.all.console.post("/dev/faults", json!({"path_prefix":"/v1/payments","method":"PUT","times":100000,"action":action})).await.unwrap();
        let holds = Arc::new(Holds::default());
        s.all.net.meddle(Some(Arc::clone(&holds) as _));
        s.top_up("20.00").await;
        tokio::time::sleep(Duration::from_secs(600)).await;
        let n = holds.seen.lock().unwrap().iter().filter(|l| l.contains("/v1/payments")).count();
        assert!(n < 60);
    });
    }
}

#[test]
fn a_wrong_time_of_the_service_is_corrected_by_it() {
    story("cut-h8", async |s| {
        let liar = Arc::clone(&s.liar);
        let mut once = true;
        s.meddle(Changes::new("GET", "/v1/history", move |request, answer| {
            if !std::mem::take(&mut once) { return Ok(answer); }
            let mut e = Liar::envelope(&answer);
            e.time_ms += 3_600_000;
            Ok(liar.answer(request, &e, &answer.body).unwrap())
        }));
        s.wallet().history().sync().await.unwrap();
        s.honest();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        s.wallet().history().sync().await.unwrap();
    });
}

#[test]
fn two_syncs_at_once_agree() {
    story("cut-h9", async |s| {
        s.top_up("20.00").await;
        let holds = Arc::new(Holds::default());
        holds.holds.lock().unwrap().push(("/v1/history", 3000));
        s.all.net.meddle(Some(Arc::clone(&holds) as _));
        let h = s.wallet().history();
        let (a, b) = tokio::join!(h.sync(), async { tokio::time::sleep(Duration::from_secs(1)).await; s.top_up("5.00").await; h.sync().await });
        a.unwrap();
        b.unwrap();
    });
}

#[test]
fn locked_and_closed_give_nothing() {
    story("cut-h18", async |s| {
        let w = s.wallet();
        w.cards().refresh().await.unwrap();
        w.cards().refresh().await.unwrap();
        w.lock().await.unwrap();
        assert!(w.cards().refresh().await.unwrap_err().is(Code::Locked));
        assert!(w.identity().consent_text().await.unwrap_err().is(Code::Locked));
        w.close().await.unwrap();
        let after = w.cards().refresh().await;
        assert!(after.unwrap_err().is(Code::Closed));
    });
}

#[test]
fn a_worthless_receipt_does_not_stand_in_the_way() {
    story("cut-h17", async |s| {
        s.all.console.post("/dev/faults", json!({"path_prefix":"/v1/payments","method":"PUT","times":1,"action":"drop_after"})).await.unwrap();
        s.all.console.post("/dev/faults", json!({"path_prefix":"/v1/payments","method":"GET","times":1,"action":"drop_before"})).await.unwrap();
        let p = s.top_up("20.00").await;
        let liar = Arc::clone(&s.liar);
        let mut once = true;
        s.meddle(Changes::new("GET", "/v1/history", move |request, answer| {
            if !std::mem::take(&mut once) { return Ok(answer); }
            use kabao_proof::{Document, HistoryEntry, Head};
            let mut body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            let mut hash = kabao_proof::Digest32::parse(body["prev_hash"].as_str().unwrap()).unwrap().0;
            let mut entries = Vec::new();
            for entry in body["entries"].as_array().unwrap() {
                let mut e = HistoryEntry::decode(&kabao_simulation::liar::decode(entry.as_str().unwrap()).unwrap()).unwrap();
                e.receipt = Some(b"nothing".to_vec());
                let bytes = e.encode();
                hash = kabao_proof::chain::next_hash(&hash, &bytes);
                entries.push(json!(kabao_simulation::liar::encode(&bytes)));
            }
            let cose = kabao_proof::cose::read(&kabao_simulation::liar::decode(body["head"].as_str().unwrap()).unwrap()).unwrap();
            let mut head = Head::decode(&cose.payload).unwrap();
            head.hash = hash;
            body["entries"] = json!(entries); body["head"] = json!(liar.document(&head).unwrap());
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        s.honest();
        let v = s.wallet().pay().resolve(p.intent_id.clone()).await.unwrap();
        let r = s.wallet().pay().receipt(v.record_id.unwrap()).await;
        assert!(r.unwrap().verified);
    });
}

#[test]
fn proofs_owed_to_a_restored_service_outlive_a_crash() {
    for crash in [false, true] {
        story("cut-h10", async |mut s| {
            s.top_up("100.00").await;
            let payee_id = s.merchant().await;
            let snapshot = s.all.console.post("/dev/snapshot", json!({})).await.unwrap();
            let paid = s.all.phone.pay(QuoteRequest::Pay { payee_id, amount: "9.90".into(), order: None }).await.unwrap();
            assert_eq!(paid.state, PaymentState::Succeeded);
            s.all.console.post("/dev/restore", json!({ "snapshot": snapshot["snapshot"] })).await.unwrap();
            s.wallet().account().refresh().await.unwrap();
            if crash { s.wallet().close().await.unwrap(); s.all.phone.crash().await; s.all.phone.start().await.unwrap(); }
            s.wallet().history().sync().await.unwrap();
            let n = s.executions().await.iter().filter(|e| e["intent_id"] == json!(paid.intent_id)).count();
            assert_eq!(n, 1);
        });
    }
}

#[test]
fn proofs_stay_owed_while_a_restored_service_takes_none() {
    story("cut-h12", async |mut s| {
        s.top_up("100.00").await;
        let payee_id = s.merchant().await;
        let snapshot = s.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        let mut paid = Vec::new();
        for (kind, amount) in [("top", "50.00"), ("pay", "120.00"), ("pay", "9.90")] {
            paid.push(match kind {
                "top" => s.top_up(amount).await.intent_id,
                _ => s.all.phone.pay(QuoteRequest::Pay { payee_id: payee_id.clone(), amount: amount.into(), order: None }).await.unwrap().intent_id,
            });
        }
        s.all.console.post("/dev/restore", json!({ "snapshot": snapshot["snapshot"], "rebuild": false })).await.unwrap();
        // It answers, and takes nothing yet.
        let _ = s.wallet().history().sync().await;
        s.all.console.post("/dev/rebuild", json!(null)).await.unwrap();
        // The bank is silent: the top-up's proof waits, and with it the payment that was made from its money.
        s.all.console.post("/dev/bank/faults", json!({ "silent_queries": true })).await.unwrap();
        s.wallet().history().sync().await.unwrap();
        s.all.phone.crash().await;
        s.all.phone.start().await.unwrap();
        s.all.console.post("/dev/bank/faults", json!({ "silent_queries": false })).await.unwrap();
        s.wallet().history().sync().await.unwrap();
        let carried_out = s.executions().await;
        for id in paid {
            assert_eq!(carried_out.iter().filter(|one| one["intent_id"] == json!(id)).count(), 1, "{carried_out:?}");
        }
        // Nothing is owed any more, and nothing is presented twice.
        let presented = || s.all.net.witness.edges().iter().filter(|((state, _, _), _)| *state == "final").map(|(_, count)| count).sum::<u64>();
        let before = presented();
        s.wallet().history().sync().await.unwrap();
        assert_eq!(presented(), before);
    });
}

#[test]
fn unlocking_asks_at_once() {
    story("cut-h11", async |s| {
        s.all.console.post("/dev/faults", json!({"path_prefix":"/v1/payments","method":"PUT","times":1,"action":"drop_after"})).await.unwrap();
        s.all.console.post("/dev/faults", json!({"path_prefix":"/v1/payments","method":"GET","times":1,"action":"drop_after"})).await.unwrap();
        let p = s.top_up("20.00").await;
        s.all.net.set(Weather { off: true, ..Weather::default() });
        tokio::time::sleep(Duration::from_secs(7200)).await;
        s.all.net.set(Weather::default());
        s.wallet().lock().await.unwrap();
        s.wallet().unlock().await.unwrap();
        let mut seconds = 0;
        while s.wallet().pay().payment(p.intent_id.clone()).await.unwrap().state != PaymentState::Succeeded { tokio::time::sleep(Duration::from_secs(1)).await; seconds += 1; }
        assert!(seconds < 5);
    });
}

#[test]
fn a_lock_that_nobody_waits_for_closes_the_files() {
    story("cut-h13", async |s| {
        s.all.console.post("/dev/faults", json!({"path_prefix":"/v1/payments","method":"PUT","times":1,"action":{"delay_ms":9000}})).await.unwrap();
        let w = s.wallet();
        let request = s.top_up_request("20.00").await;
        let paying = tokio::task::spawn_local({ let w = w.clone(); async move { let q = w.pay().quote(request).await.unwrap(); confirm(&w, &q).await.map(|v| v.state) } });
        tokio::time::sleep(Duration::from_secs(1)).await;
        let _ = tokio::time::timeout(Duration::from_secs(1), w.lock()).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        paying.abort();
        let mut other = Phone::new(s.all.phone.folder.clone(), Arc::clone(&s.all.world), Arc::clone(&s.all.net), kabao_core::ServiceSettings{url:"https://wallet.test".into(),tls_ca_pem:"".into(),spki_pins:vec![],root_key:s.all.service.info().root_key,guid:"app.kabao".into(),link_host:None});
        other.secrets.put_back(s.all.phone.secrets.copy());
        let r = other.start().await.map(|_| ()).map_err(|e| e.to_string());
        assert!(r.is_ok(), "files still open a minute after lock");
    });
}

#[test]
fn a_success_has_its_receipt_before_any_history_comes() {
    story("cut-receipt", async |s| {
        let request = s.top_up_request("20.00").await;
        s.meddle(NoHistory);
        let paid = s.all.phone.pay(request).await.unwrap();
        assert_eq!(paid.state, PaymentState::Succeeded);
        let receipt = s.wallet().pay().receipt(paid.record_id.unwrap()).await.unwrap();
        assert!(receipt.verified && receipt.amount.minor == 2_000);
    });
}

#[test]
fn a_start_asks_for_every_payment_without_a_result_and_nobody_else_has_to() {
    story("cut-resume", async |mut s| {
        s.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!("drop_after"))).await.unwrap();
        s.all.console.post("/dev/faults", json!({ "path_prefix": "/v1/payments", "method": "GET", "times": 99, "action": "drop_before" })).await.unwrap();
        let told = s.top_up("20.00").await;
        assert_eq!(told.state, PaymentState::Unknown);
        // A long pause: what is asked for from here on is asked for by the start.
        tokio::time::sleep(Duration::from_secs(600)).await;
        let open = s.wallet().pay().open_payments().await.unwrap();
        assert_eq!(open.iter().map(|payment| payment.state).collect::<Vec<_>>(), [PaymentState::Unknown]);
        s.all.phone.crash().await;
        s.all.console.delete("/dev/faults").await.unwrap();
        let wallet = s.all.phone.start().await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        let now = wallet.pay().payment(told.intent_id).await.unwrap();
        assert_eq!(now.state, PaymentState::Succeeded);
    });
}
