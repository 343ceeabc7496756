//! Answers that lie: of strangers on the way, and of a service whose keys are in wrong hands. Never a final state without
//! the right proof, never a hang, nothing lost: when the truth is told again, it is taken.

mod lies;

use crate::common::{Changes, Story, story, stranger};
use kabao_core::host::{HttpResponse, TransportError};
use kabao_money::payment::PaymentState;
use kabao_proof::documents::Document;
use kabao_proof::{KeySet, Receipt, Refusal, cose};
use kabao_simulation::Liar;
use kabao_simulation::liar::decode;
use lies::{LIES, OneLie};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An earlier payment with its answer.
async fn earlier(story: &Story) -> (String, HttpResponse) {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    story.meddle(Changes::new("PUT", "/v1/payments/", move |_, answer| {
        *keep.lock().unwrap() = Some(answer.clone());
        Ok(answer)
    }));
    assert_eq!(story.top_up("3.00").await.state, PaymentState::Succeeded);
    let answer = kept.lock().unwrap().take().unwrap();
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    (said["proof"].as_str().unwrap().to_owned(), answer)
}

#[test]
fn no_lie_about_a_payment_ends_it() {
    story("lies", async |story: Story| {
        let (proof, stale) = earlier(&story).await;
        let pay = story.wallet().pay();
        for (count, (name, lie)) in LIES.iter().enumerate() {
            let one = Arc::new(OneLie {
                liar: Arc::clone(&story.liar),
                lie: *lie,
                earlier: proof.clone(),
                stale: stale.clone(),
                told: AtomicUsize::new(0),
            });
            story.all.net.meddle(Some(Arc::clone(&one) as _));
            let told = story.top_up(&format!("1.{count:02}")).await;
            assert!(!told.state.is_final(), "{name}: {:?}", told.state);
            assert!(!told.may_pay_again, "{name}");
            tokio::time::sleep(Duration::from_secs(120)).await;
            let view = pay.resolve(told.intent_id.clone()).await.unwrap();
            assert!(!view.state.is_final(), "{name}: {:?}", view.state);
            let heard = one.told.load(Ordering::Acquire);
            assert!((2..600).contains(&heard), "{name}: {heard} requests in two minutes");
            story.honest();
            let mut truth = pay.resolve(told.intent_id.clone()).await.unwrap();
            for _ in 0..5 {
                if !truth.state.is_final() {
                    truth = pay.resolve(told.intent_id.clone()).await.unwrap();
                }
            }
            assert_eq!(truth.state, PaymentState::Succeeded, "{name}: the truth");
        }
        let executions = story.executions().await;
        assert_eq!(executions.len(), LIES.len() + 1);
        assert!(executions.iter().all(|execution| execution["count"] == json!(1)));
        assert_eq!(story.records().await, LIES.len() + 1);
        let report = story.wallet().history().verify().await.unwrap();
        assert!(report.first_wrong_event.is_none() && report.wrong_receipts.is_empty(), "{report:?}");
    });
}

#[test]
fn a_second_signed_end_does_not_replace_the_first() {
    story("contradiction", async |story: Story| {
        let liar = Arc::clone(&story.liar);
        story.meddle(Changes::new("*", "/v1/payments/", move |request, answer| {
            let said: Value = serde_json::from_slice(&answer.body).unwrap();
            let Some(proof) = said["proof"].as_str() else { return Ok(answer) };
            let receipt = Receipt::decode(&cose::read(&decode(proof).unwrap()).unwrap().payload).unwrap();
            let refusal = Refusal {
                intent_id: receipt.intent_id, token_id: None, account_id: receipt.account_id, code: "balance_low".to_owned(),
                attempts_left: None, at: receipt.at, epoch: receipt.epoch,
            };
            let body = json!({ "state": "refused", "proof": liar.document(&refusal).unwrap() });
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        // A service that signs two ends lies with its own hand; the phone keeps the first, and the record tells the other.
        let told = story.top_up("8.00").await;
        assert_eq!(told.state, PaymentState::Failed);
        story.honest();
        assert_eq!(story.records().await, 1);
        let pay = story.wallet().pay();
        assert_eq!(pay.resolve(told.intent_id.clone()).await.unwrap().state, PaymentState::Failed);
        assert!(pay.abandon(told.intent_id).await.is_err());
        assert!(story.wallet().history().verify().await.unwrap().first_wrong_event.is_none());
    });
}

#[test]
fn giving_up_is_believed_only_with_a_tombstone() {
    story("give-up", async |story: Story| {
        let (proof, stale) = earlier(&story).await;
        let pay = story.wallet().pay();
        for (count, (name, lie)) in LIES.iter().enumerate().step_by(3) {
            story.honest();
            story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
            let told = story.top_up(&format!("2.{count:02}")).await;
            assert_eq!(told.state, PaymentState::Unknown, "{name}");
            let (liar, earlier, stale) = (Arc::clone(&story.liar), proof.clone(), stale.clone());
            story.meddle(OneLie { liar, lie: *lie, earlier, stale, told: AtomicUsize::new(0) });
            let view = pay.abandon(told.intent_id.clone()).await.unwrap();
            assert!(!view.state.is_final() && !view.may_pay_again, "{name}: {:?}", view.state);
            story.honest();
            story.all.console.post("/dev/bank/faults", json!({ "movements": "none" })).await.unwrap();
            story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
            let mut end = pay.resolve(told.intent_id.clone()).await.unwrap();
            for _ in 0..50 {
                if end.state.is_final() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(30)).await;
                story.all.console.post("/dev/bank/settle", Value::Null).await.unwrap();
                end = pay.resolve(told.intent_id.clone()).await.unwrap();
            }
            let executed = story.executions().await.iter().any(|execution| execution["intent_id"] == json!(told.intent_id));
            let wanted = if executed { PaymentState::Succeeded } else { PaymentState::Failed };
            assert_eq!(end.state, wanted, "{name}");
        }
    });
}

#[test]
fn an_old_or_foreign_key_set_is_not_taken() {
    story("keys", async |story: Story| {
        let known = story.all.net.clone();
        let (liar, evil) = (Arc::clone(&story.liar), stranger());
        let honest = Arc::new(Mutex::new(Vec::new()));
        for case in 0..7 {
            let (liar, evil, honest) = (Arc::clone(&liar), evil.clone(), Arc::clone(&honest));
            known.meddle(Some(Arc::new(Changes::new("*", "/v1/", move |request, answer| {
                if request.target != "/v1/keys" {
                    // Signed by a key that only the wrong set names.
                    return Ok(Liar::answer_by(&evil, "answers-9", request, &Liar::envelope(&answer), &answer.body).unwrap());
                }
                *honest.lock().unwrap() = answer.body.clone();
                let mut set = KeySet::decode(&cose::read(&answer.body).unwrap().payload).unwrap();
                let mut added = set.keys[0].clone();
                (added.kid, added.public) = ("answers-9".to_owned(), evil.public().to_bytes().to_vec());
                set.keys.push(added);
                let body = match case {
                    // An older version and the same version, both by the true root.
                    0 => { set.version -= 1; liar.key_set(&set).unwrap() }
                    1 => liar.key_set(&set).unwrap(),
                    // A newer one by somebody else.
                    2 => {
                        set.version += 1;
                        let waiting = set.to_sign("root-1").unwrap();
                        let signature = evil.sign(&waiting.tbs);
                        waiting.finish(&signature).unwrap()
                    }
                    3 => vec![0xd2; 1 << 20],
                    4 => b"<html>".to_vec(),
                    5 => Vec::new(),
                    _ => return Err(TransportError::TooLong),
                };
                Ok(HttpResponse { body, ..answer })
            }))));
            let error = story.wallet().history().sync().await.unwrap_err();
            assert!(error.failure().code.starts_with("answer_"), "{case}: {error}");
        }
        story.honest();
        assert_eq!(story.top_up("5.00").await.state, PaymentState::Succeeded);
        assert_eq!(story.records().await, 1);
    });
}
