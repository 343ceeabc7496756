//! A phone in the place of a lost one: killed at every point, raced by the old one and by a third one, lied to.

use crate::common::moves::*;
use crate::common::{Changes, Story, story};
use kabao_base::Code;
use kabao_core::account::{PersonProof, RegisterRequest, ReplaceProof, ReplaceState, ReplaceView};
use kabao_core::error::Outcome;
use kabao_core::pay::QuoteRequest;
use kabao_core::Wallet;
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_money::payment::PaymentState;
use kabao_simulation::phone::{ID_NUMBER, PHONE, PIN};
use kabao_simulation::Liar;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_401);

fn request() -> RegisterRequest {
    RegisterRequest { phone: PHONE.to_owned(), device_model: "Another phone".to_owned() }
}

async fn proof(story: &Story) -> ReplaceProof {
    let token = story.all.console.post("/dev/liveness", json!({ "channels": 5, "result": "ok" })).await.unwrap();
    let liveness_token = token["token"].as_str().unwrap().to_owned();
    let person = PersonProof { name: "张三".to_owned(), id_number: ID_NUMBER.to_owned(), liveness_token, liveness_nonce: None };
    ReplaceProof { pin: Some(PIN.to_owned()), person: Some(person) }
}

/// The same, with a face that is bound to this replacement.
async fn bound_proof(story: &Story, wallet: &Wallet) -> Outcome<ReplaceProof> {
    let nonce = match wallet.account().replace_face_begin().await {
        Ok(begun) => begun.nonce,
        // The name is proven already.
        Err(error) if error.is(Code::WrongStep) => return Ok(proof(story).await),
        Err(error) => return Err(error),
    };
    let token = story.all.console.post("/dev/liveness", json!({ "channels": 5, "result": "ok", "nonce": nonce })).await.unwrap();
    let liveness_token = token["token"].as_str().unwrap().to_owned();
    let person = PersonProof { name: "张三".to_owned(), id_number: ID_NUMBER.to_owned(), liveness_token, liveness_nonce: Some(nonce) };
    Ok(ReplaceProof { pin: Some(PIN.to_owned()), person: Some(person) })
}

/// Number proven, name and PIN not yet.
async fn numbered(story: &Story, wallet: &Wallet) -> ReplaceView {
    tokio::time::sleep(Duration::from_secs(61)).await;
    wallet.account().replace_begin(request()).await.unwrap();
    wallet.account().replace_otp(story.all.console.otp("kabao", PHONE).await.unwrap()).await.unwrap()
}

/// Does what the set-up names until this phone is the account's. Gives how many steps that took.
async fn go_on(story: &Story, wallet: &Wallet) -> u32 {
    let account = wallet.account();
    for steps in 0..8 {
        let done: Outcome<()> = match account.onboarding_next().await.unwrap().kind {
            Kind::Register | Kind::ReplacePhone => account.replace_begin(request()).await.map(|_| ()),
            // An asking that was cut off may never have arrived.
            Kind::ReplaceOtp => match story.all.console.otp("kabao", PHONE).await {
                Ok(otp) if otp.len() == 6 => match account.replace_otp(otp).await {
                    Err(error) if error.is(Code::OtpExpired) => {
                        tokio::time::sleep(Duration::from_secs(61)).await;
                        account.replace_begin(request()).await.map(|_| ())
                    }
                    other => other.map(|_| ()),
                },
                _ => account.replace_begin(request()).await.map(|_| ()),
            },
            Kind::ReplaceProve => match bound_proof(story, wallet).await {
                Ok(proof) => account.replace_prove(proof).await.map(|_| ()),
                Err(error) => Err(error),
            },
            _ => return steps,
        };
        match done {
            Err(error) if error.is(Code::OtpCooldown) || error.is(Code::OtpUsed) || error.is(Code::OtpWrong) => {
                tokio::time::sleep(Duration::from_secs(61)).await;
                account.replace_begin(request()).await.unwrap();
            }
            other => other.unwrap(),
        }
    }
    panic!("the replacement does not come to its end: {:?}", account.onboarding_next().await);
}

/// What the account's phone sees is what the service did, once each.
async fn whole(story: &Story, wallet: &Wallet, count: usize) {
    for _ in 0..40 {
        let open = wallet.pay().open_payments().await.unwrap();
        if open.is_empty() {
            break;
        }
        for payment in open {
            wallet.pay().resolve(payment.intent_id).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert!(wallet.pay().open_payments().await.unwrap().is_empty(), "payments without an end");
    while !wallet.history().sync().await.unwrap().complete {}
    let executions = story.executions().await;
    assert!(executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
    assert_eq!(executions.len(), count, "{executions:?}");
    let (mut records, mut cursor) = (0, None);
    loop {
        let page = wallet.history().list(cursor).await.unwrap();
        records += page.items.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(records, count);
    assert_eq!(wallet.history().verify().await.unwrap().wrong_receipts, Vec::<String>::new());
}

#[test]
fn killed_at_any_point_a_replacement_is_resumed() {
    story("replace-kill", async |story: Story| {
        story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
        let flying = story.top_up("20.00").await;
        assert_eq!(flying.state, PaymentState::Unknown);
        story.wallet().close().await.unwrap();
        let mut before = story.another("kill-0");
        tokio::time::sleep(DAY).await;
        go_on(&story, &before.start().await.unwrap()).await;
        before.wallet().unwrap().close().await.unwrap();
        let (mut points, mut number) = (0, 0);
        for call in ["begin", "otp", "prove", "check"] {
            let mut times = 0;
            loop {
                // Close together at the beginning, then wider: each point costs a whole replacement.
                times += 1 + times / 6;
                number += 1;
                tokio::time::sleep(DAY).await;
                let mut phone = story.another(&format!("kill-{number}"));
                let wallet = phone.start().await.unwrap();
                let account = wallet.account();
                let came = match call {
                    "begin" => polled(account.replace_begin(request()), times).await.map(|came| drop(came.unwrap())),
                    "otp" => {
                        account.replace_begin(request()).await.unwrap();
                        let otp = story.all.console.otp("kabao", PHONE).await.unwrap();
                        polled(account.replace_otp(otp), times).await.map(|came| drop(came.unwrap()))
                    }
                    _ => {
                        numbered(&story, &wallet).await;
                        if call == "check" {
                            // The answer that says *done* is lost; asking for it is killed.
                            story.all.console.post("/dev/faults", fault("PUT", "/v1/device-replacements", json!("drop_after"))).await.unwrap();
                            account.replace_prove(proof(&story).await).await.unwrap_err();
                            polled(account.replace_check(), times).await.map(|came| drop(came.unwrap()))
                        } else {
                            let proof = proof(&story).await;
                            polled(account.replace_prove(proof), times).await.map(|came| drop(came.unwrap()))
                        }
                    }
                };
                drop((account, wallet));
                phone.crash().await;
                points += 1;
                let again = phone.start().await.unwrap();
                go_on(&story, &again).await;
                let open = again.pay().open_payments().await.unwrap();
                assert_eq!(open.iter().map(|payment| &payment.intent_id).collect::<Vec<_>>(), [&flying.intent_id], "{call} {times}");
                again.account().refresh().await.unwrap();
                let old = before.start().await.unwrap();
                let shut_out = old.account().refresh().await.unwrap_err();
                assert!(shut_out.is(Code::DeviceRevoked), "{call} {times}: {shut_out:?}");
                // Closed while the day goes by: otherwise both ask for the open payment all day long.
                old.close().await.unwrap();
                again.close().await.unwrap();
                before = phone;
                if came.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 30, "{points} points");
        story.all.console.post("/dev/bank/faults", json!({})).await.unwrap();
        story.all.console.post("/dev/bank/settle", json!({})).await.unwrap();
        whole(&story, &before.start().await.unwrap(), 1).await;
    });
}

#[test]
fn the_old_phone_pays_while_it_is_replaced() {
    for turn in 0..12u64 {
        story("replace-race", async |story: Story| {
            story.top_up("100.00").await;
            let payee_id = story.merchant().await;
            let mut phone = story.another("race");
            let wallet = phone.start().await.unwrap();
            numbered(&story, &wallet).await;
            let proof = proof(&story).await;
            let pay = QuoteRequest::Pay { payee_id, amount: "7.00".to_owned(), order: None };
            let top_up = story.top_up_request("8.00").await;
            let late = |ms: u64| tokio::time::sleep(Duration::from_millis(ms));
            let slow = json!({ "path_prefix": "/v1/device-replacements", "method": "PUT", "times": 1, "action": { "hold_ms": turn * 7 } });
            story.all.console.post("/dev/faults", slow).await.unwrap();
            let account = wallet.account();
            let (done, paid, topped) = tokio::join!(
                account.replace_prove(proof),
                async { late(turn % 5).await; story.all.phone.pay(pay).await },
                async { late(turn % 3).await; story.all.phone.pay(top_up).await },
            );
            assert_eq!(done.unwrap().state, ReplaceState::Done);
            let mut count = 1;
            for came in [&paid, &topped] {
                match came {
                    Ok(view) if view.state == PaymentState::Succeeded => count += 1,
                    Ok(view) => assert!(!view.state.is_final() && !view.may_pay_again, "turn {turn}: {view:?}"),
                    Err(error) => assert!(error.is(Code::DeviceRevoked), "turn {turn}: {error:?}"),
                }
            }
            // What the old phone does not know, the book does: never more than what was confirmed, each once.
            let executed = story.executions().await.len();
            assert!((count..=3).contains(&executed), "turn {turn}: {executed}");
            whole(&story, &wallet, executed).await;
            assert!(story.wallet().account().refresh().await.unwrap_err().is(Code::DeviceRevoked));
            assert_eq!(story.wallet().account().onboarding_next().await.unwrap().kind, Kind::ReplacePhone);
            // Nothing of the old phone is carried out any more, however long it asks.
            tokio::time::sleep(DAY).await;
            assert_eq!(story.executions().await.len(), executed, "turn {turn}");
        });
    }
}

#[test]
fn of_two_phones_that_replace_one_wins_and_the_other_is_told() {
    story("replace-two", async |story: Story| {
        let (mut one, mut other) = (story.another("one"), story.another("other"));
        let (one, other) = (one.start().await.unwrap(), other.start().await.unwrap());
        numbered(&story, &one).await;
        numbered(&story, &other).await;
        let proofs = (proof(&story).await, proof(&story).await);
        let (first, second) = (one.account(), other.account());
        let (first, second) = tokio::join!(first.replace_prove(proofs.0), second.replace_prove(proofs.1));
        let (winner, loser, lost) = if first.is_ok() { (one, other, second) } else { (other, one, first) };
        let lost = lost.unwrap_err();
        assert!(lost.is(Code::ReplaceOvertaken), "{lost:?}");
        assert!(loser.account().replace_check().await.unwrap_err().is(Code::WrongStep), "it has to begin anew");
        winner.account().refresh().await.unwrap();
        assert_eq!(loser.account().onboarding_next().await.unwrap().kind, Kind::ReplacePhone);
        assert!(story.wallet().account().refresh().await.unwrap_err().is(Code::DeviceRevoked));
    });
}

#[test]
fn a_payment_of_another_account_is_not_taken_over() {
    story("replace-foreign", async |story: Story| {
        story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
        story.top_up("20.00").await;
        let mut phone = story.another("foreign");
        let wallet = phone.start().await.unwrap();
        numbered(&story, &wallet).await;
        // Named as the account from the first answer on, it is not changed for another: not on the way, and not at its end.
        let lie = |state: &'static str| {
            let liar = Arc::clone(&story.liar);
            story.meddle(Changes::new("*", "/v1/device-replacements", move |request, answer| {
                let mut body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                if body["state"] == json!(state) {
                    body["account_id"] = json!(crate::common::other());
                }
                Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
            }));
        };
        lie("proving");
        let error = wallet.account().replace_check().await.unwrap_err();
        assert!(error.is(Code::AnswerMalformed), "{error:?}");
        lie("done");
        let error = wallet.account().replace_prove(proof(&story).await).await.unwrap_err();
        assert!(error.is(Code::AnswerMalformed), "{error:?}");
        assert!(wallet.pay().open_payments().await.unwrap().is_empty());
        assert!(wallet.account().view().await.unwrap_err().is(Code::NotRegistered));
        story.honest();
        assert_eq!(wallet.account().replace_check().await.unwrap().open_payments, 1);
    });
}
