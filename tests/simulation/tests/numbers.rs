//! Another number for the account: killed at every point, raced, lied to, on a phone that is locked.

use crate::common::moves::*;
use crate::common::{Changes, Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::account::{PersonProof, PhoneChangeRequest, PhoneChangeState as State, ReplaceProof};
use kabao_simulation::phone::{ID_NUMBER, PHONE, PIN};
use kabao_simulation::Liar;
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(61);
const DAY: Duration = Duration::from_secs(86_401);

fn request(phone: &str, old: bool) -> PhoneChangeRequest {
    PhoneChangeRequest { phone: phone.to_owned(), old_number_reachable: old }
}

async fn proof(story: &Story) -> ReplaceProof {
    let token = story.all.console.post("/dev/liveness", json!({ "channels": 5, "result": "ok" })).await.unwrap();
    let liveness_token = token["token"].as_str().unwrap().to_owned();
    let person = PersonProof { name: "张三".to_owned(), id_number: ID_NUMBER.to_owned(), liveness_token, liveness_nonce: None };
    ReplaceProof { pin: Some(PIN.to_owned()), person: Some(person) }
}

fn masked(phone: &str) -> String {
    kabao_base::mask::phone(phone)
}

/// Does what comes next until the new number is the account's.
async fn go_on(story: &Story, wallet: &Wallet, old: &str, new: &str, reachable: bool) {
    let account = wallet.account();
    for _ in 0..12 {
        account.refresh().await.unwrap();
        let standing = account.change_phone_standing().await.unwrap();
        let done = match standing.map(|view| view.state) {
            None if account.view().await.unwrap().phone_masked == masked(new) => return,
            None => account.change_phone_begin(request(new, reachable)).await.map(|_| ()),
            Some(state @ (State::NewCode | State::OldCode)) => {
                let number = if state == State::NewCode { new } else { old };
                match story.all.console.otp("kabao", number).await {
                    Ok(otp) if otp.len() == 6 => account.change_phone_otp(otp).await.map(|_| ()),
                    _ => account.change_phone_send().await.map(|_| ()),
                }
            }
            Some(_) => account.change_phone_prove(proof(story).await).await.map(|_| ()),
        };
        match done {
            Err(error) if wants_another_code(&error) => {
                tokio::time::sleep(MINUTE).await;
                account.change_phone_send().await.unwrap();
            }
            other => other.unwrap(),
        }
    }
    panic!("the change does not come to its end: {:?}", account.change_phone_standing().await);
}

#[test]
fn killed_at_any_point_a_change_of_the_number_is_resumed() {
    story("number-kill", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let (mut old, mut points) = (PHONE.to_owned(), 0u64);
        for call in ["begin", "otp", "send", "old", "prove", "check"] {
            let mut times = 0;
            loop {
                times += 1 + times / 8;
                points += 1;
                let new = format!("1701234{points:04}");
                let reachable = call != "prove" || points % 2 == 0;
                tokio::time::sleep(DAY).await;
                let wallet = story.wallet();
                let account = wallet.account();
                if call != "begin" {
                    account.change_phone_begin(request(&new, reachable)).await.unwrap();
                }
                let otp = story.all.console.otp("kabao", &new).await.unwrap_or_default();
                if !matches!(call, "begin" | "otp") {
                    account.change_phone_otp(otp.clone()).await.unwrap();
                }
                if matches!(call, "old" | "prove" | "check") && reachable {
                    account.change_phone_send().await.unwrap();
                }
                let old_otp = story.all.console.otp("kabao", &old).await.unwrap_or_default();
                if matches!(call, "prove" | "check") && reachable {
                    account.change_phone_otp(old_otp.clone()).await.unwrap();
                }
                if call == "check" {
                    // The answer that says *done* is lost; asking for it is killed.
                    story.all.console.post("/dev/faults", fault("PUT", "/v1/phone-changes", json!("drop_after"))).await.unwrap();
                    account.change_phone_prove(proof(&story).await).await.unwrap_err();
                }
                let proof = proof(&story).await;
                let came = match call {
                    "begin" => polled(account.change_phone_begin(request(&new, reachable)), times).await.map(|came| drop(came.unwrap())),
                    "otp" => polled(account.change_phone_otp(otp), times).await.map(|came| drop(came.unwrap())),
                    "send" => polled(account.change_phone_send(), times).await.map(|came| drop(came.unwrap())),
                    "old" => polled(account.change_phone_otp(old_otp), times).await.map(|came| drop(came.unwrap())),
                    "prove" => polled(account.change_phone_prove(proof), times).await.map(|came| drop(came.unwrap())),
                    _ => polled(account.change_phone_check(), times).await.map(|came| drop(came.unwrap())),
                };
                drop((account, wallet));
                story.all.phone.crash().await;
                let again = story.all.phone.start().await.unwrap();
                go_on(&story, &again, &old, &new, reachable).await;
                old = new;
                if came.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 30, "{points} points");
        // One change, one notice.
        let notices = story.all.console.get("/dev/notices").await.unwrap();
        assert_eq!(notices["notices"].as_array().unwrap().len() as u64, points);
        assert_eq!(story.wallet().history().verify().await.unwrap().first_wrong_event, None);
    });
}

#[test]
fn an_answer_about_another_number_is_not_believed() {
    story("number-lies", async |story: Story| {
        let account = story.wallet().account();
        account.change_phone_begin(request("17012345678", true)).await.unwrap();
        let otp = story.all.console.otp("kabao", "17012345678").await.unwrap();
        for lie in [
            json!({ "phone_masked": "171****5678" }), json!({ "state": "finished" }), json!({ "state": "done", "phone_masked": "" }),
            json!({ "phone_masked": null }), json!({ "needs_pin": "yes" }),
        ] {
            let (liar, said) = (std::sync::Arc::clone(&story.liar), lie.clone());
            story.meddle(Changes::new("POST", "/v1/phone-changes", move |request, answer| {
                let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
                for (name, value) in said.as_object().unwrap() {
                    body[name] = value.clone();
                }
                Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
            }));
            let error = account.change_phone_otp(otp.clone()).await.unwrap_err();
            assert!(error.is(Code::AnswerMalformed), "{lie}: {error:?}");
            story.honest();
            assert_eq!(account.view().await.unwrap().phone_masked, masked(PHONE));
        }
        // The truth afterwards: the new number is proven, and nothing more.
        assert_eq!(account.change_phone_otp(otp).await.unwrap().state, State::OldCode);
        // A lock refuses what a person would do, and the change waits.
        let wallet = story.wallet();
        wallet.lock().await.unwrap();
        assert!(account.change_phone_send().await.unwrap_err().is(Code::Locked));
        wallet.unlock().await.unwrap();
        assert_eq!(account.change_phone_standing().await.unwrap().unwrap().state, State::OldCode);
        // A change that the service knows nothing of any more begins with a new code.
        account.change_phone_cancel().await.unwrap();
        assert_eq!(account.change_phone_standing().await.unwrap(), None);
        assert!(account.change_phone_check().await.unwrap_err().is(Code::WrongStep));
    });
}
