//! Signing out and in: killed at every point, with money in flight, by two phones at once, and with clocks that are years off.

use crate::common::moves::*;
use crate::common::{Story, story};
use kabao_base::{Code, Timestamp};
use kabao_codes::otp::{Enrolment, totp};
use kabao_core::account::{AccountClient, DeviceForm, SignInProof, SignInRequest};
use kabao_core::error::Outcome;
use kabao_core::Wallet;
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_money::payment::PaymentState;
use kabao_simulation::phone::{PHONE, PIN};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_401);
const PASSWORD: &str = "four-tin-lamps";

fn request() -> SignInRequest {
    SignInRequest { phone: PHONE.to_owned(), device_model: "Another phone".to_owned(), form: DeviceForm::Phone }
}

/// The service's time.
async fn now(story: &Story) -> Timestamp {
    let told = story.all.console.post("/dev/clock", json!({ "advance_ms": 0 })).await.unwrap();
    Timestamp::from_ms(told["now"].as_i64().unwrap())
}

async fn proof(story: &Story, uri: &str) -> SignInProof {
    let read = Enrolment::read(uri).unwrap();
    let code = totp(&read.key, now(story).await, read.settings).unwrap();
    SignInProof { password: Some(PASSWORD.to_owned()), pin: None, factor_code: Some(code.expose("typed by the person").to_owned()) }
}

/// A password and an authenticator app; gives its link.
async fn secured(story: &Story) -> String {
    let account = story.wallet().account();
    account.set_password(PASSWORD.to_owned(), Some(PIN.to_owned())).await.unwrap();
    let uri = account.factor_begin().await.unwrap().uri;
    let first = proof(story, &uri).await.factor_code.unwrap();
    assert_eq!(account.factor_confirm(first).await.unwrap().codes.len(), 10);
    uri
}

/// Does what the set-up names until this phone is signed in.
async fn go_on(story: &Story, account: &AccountClient, uri: &str) {
    for _ in 0..10 {
        let done: Outcome<()> = match account.onboarding_next().await.unwrap().kind {
            Kind::SignIn | Kind::Register => account.sign_in_begin(request()).await.map(drop),
            Kind::SignInOtp => match story.all.console.otp("kabao", PHONE).await {
                Ok(otp) if otp.len() == 6 => account.sign_in_otp(otp).await.map(drop),
                _ => account.sign_in_begin(request()).await.map(drop),
            },
            Kind::SignInProve => account.sign_in_prove(proof(story, uri).await).await.map(drop),
            _ => return,
        };
        if let Err(error) = done {
            assert!(wants_another_code(&error) || error.is(Code::FactorUsed), "{error:?}");
            tokio::time::sleep(Duration::from_secs(61)).await;
            if !error.is(Code::FactorUsed) {
                account.sign_in_begin(request()).await.unwrap();
            }
        }
    }
    panic!("signing in does not come to its end: {:?}", account.onboarding_next().await);
}

/// This phone, and no other one, is signed in.
async fn alone(wallet: &Wallet) {
    let devices = wallet.account().devices().await.unwrap().devices;
    let signed_in: Vec<_> = devices.iter().filter(|device| device.signed_in).collect();
    assert!(signed_in.len() == 1 && signed_in[0].this_device, "{devices:?}");
}

#[test]
fn killed_at_any_point_signing_out_and_in_is_resumed() {
    story("sign-in-kill", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let uri = secured(&story).await;
        story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
        let flying = story.top_up("20.00").await;
        assert_eq!(flying.state, PaymentState::Unknown);
        let mut points = 0;
        for call in ["out", "begin", "otp", "prove", "check"] {
            let mut times = 0;
            loop {
                times += 1 + times / 6;
                tokio::time::sleep(DAY).await;
                let account = story.wallet().account();
                if call != "out" {
                    let out = account.sign_out().await.unwrap();
                    assert!(out.finished && out.open_payments == 1, "{out:?}");
                }
                if ["otp", "prove", "check"].contains(&call) {
                    account.sign_in_begin(request()).await.unwrap();
                }
                let otp = story.all.console.otp("kabao", PHONE).await.unwrap_or_default();
                if ["prove", "check"].contains(&call) {
                    account.sign_in_otp(otp.clone()).await.unwrap();
                }
                let came = match call {
                    "out" => polled(account.sign_out(), times).await.map(|came| drop(came.unwrap())),
                    "begin" => polled(account.sign_in_begin(request()), times).await.map(|came| drop(came.unwrap())),
                    "otp" => polled(account.sign_in_otp(otp), times).await.map(|came| drop(came.unwrap())),
                    "prove" => {
                        let proof = proof(&story, &uri).await;
                        polled(account.sign_in_prove(proof), times).await.map(|came| drop(came.unwrap()))
                    }
                    _ => {
                        // The answer that says *done* is lost; asking for it is killed.
                        story.all.console.post("/dev/faults", fault("PUT", "/v1/sign-ins", json!("drop_after"))).await.unwrap();
                        account.sign_in_prove(proof(&story, &uri).await).await.unwrap_err();
                        polled(account.sign_in_check(), times).await.map(|came| drop(came.unwrap()))
                    }
                };
                drop(account);
                story.all.phone.crash().await;
                points += 1;
                let again = story.all.phone.start().await.unwrap();
                let account = again.account();
                if call == "out" {
                    // Out, or not yet: never in between for the person.
                    let out = account.sign_out().await.unwrap();
                    assert!(out.finished && out.open_payments == 1, "{out:?}");
                    assert!(again.pay().ways().await.unwrap_err().is(Code::SignedOut));
                }
                go_on(&story, &account, &uri).await;
                alone(&again).await;
                assert_eq!(again.pay().open_payments().await.unwrap().len(), 1);
                if came.is_some() {
                    break;
                }
            }
        }
        assert!(points > 40, "{points}");
        story.all.console.post("/dev/bank/faults", json!({})).await.unwrap();
        story.all.console.post("/dev/bank/settle", json!({})).await.unwrap();
        settled(&story).await;
        assert_eq!(story.wallet().pay().payment(flying.intent_id).await.unwrap().state, PaymentState::Succeeded);
        let executions = story.executions().await;
        assert!(executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
    });
}

#[test]
fn a_sign_out_waits_for_a_payment_that_is_being_sent() {
    story("sign-out-busy", async |story: Story| {
        let account = story.wallet().account();
        let request = story.top_up_request("3.00").await;
        // The answer comes late: meanwhile the payment is on its way.
        story.all.console.post("/dev/faults", json!({ "path_prefix": "/v1/payments", "times": 1, "action": { "hold_ms": 5_000 } })).await.unwrap();
        let paid = async { story.all.phone.pay(request).await };
        let out = async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            account.sign_out().await
        };
        let (paid, out) = tokio::join!(paid, out);
        assert!(out.unwrap_err().is(Code::SignOutBusy));
        assert_eq!(paid.unwrap().state, PaymentState::Succeeded);
        let out = account.sign_out().await.unwrap();
        assert!(out.finished && out.open_payments == 0, "{out:?}");
    });
}

#[test]
fn two_phones_sign_in_at_once_and_both_are_in() {
    story("two-at-once", async |story: Story| {
        let uri = secured(&story).await;
        let (mut one, mut other) = (story.another("one"), story.another("other"));
        let (one, other) = (one.start().await.unwrap(), other.start().await.unwrap());
        for wallet in [&one, &other] {
            tokio::time::sleep(Duration::from_secs(61)).await;
            wallet.account().sign_in_begin(request()).await.unwrap();
            let otp = story.all.console.otp("kabao", PHONE).await.unwrap();
            wallet.account().sign_in_otp(otp).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(61)).await;
        let proof = proof(&story, &uri).await;
        let (here, there) = (one.account(), other.account());
        let (first, second) = tokio::join!(here.sign_in_prove(proof.clone()), there.sign_in_prove(proof));
        // One challenge, two phones: one code lets exactly one in.
        let (winner, loser) = if first.is_ok() { (first, second) } else { (second, first) };
        assert!(winner.unwrap().done && loser.unwrap_err().is(Code::FactorUsed));
        tokio::time::sleep(Duration::from_secs(61)).await;
        for wallet in [&one, &other] {
            go_on(&story, &wallet.account(), &uri).await;
            assert!(wallet.account().devices().await.unwrap().devices.iter().filter(|device| device.signed_in).count() >= 2);
        }
        assert_eq!(story.wallet().account().devices().await.unwrap().devices.len(), 3);
    });
}

#[test]
fn clocks_three_years_off_keep_nobody_out() {
    for years in [-3i64, 3] {
        story("sign-in-clock", async |story: Story| {
            let uri = secured(&story).await;
            let mut device = story.another("years");
            let account = device.start().await.unwrap().account();
            device.host.turn_clock(years * 365 * 86_400_000);
            tokio::time::sleep(Duration::from_secs(61)).await;
            // The person is told once; from then on the service's time counts.
            let told = account.sign_in_begin(request()).await.unwrap_err();
            assert!(told.is(Code::ClockWrong), "{years}: {told:?}");
            go_on(&story, &account, &uri).await;
            let devices = account.devices().await.unwrap().devices;
            let this = devices.iter().find(|device| device.this_device).unwrap();
            let age = now(&story).await.since(this.last_seen);
            assert!(this.signed_in && (0..600_000).contains(&age), "{years}: {age}");
            // A password of today is not three years old, and none that was set in the future.
            let set = account.security_refresh().await.unwrap();
            assert!((0..600_000).contains(&now(&story).await.since(set.password_at.unwrap())), "{years}: {set:?}");
        });
    }
}

#[test]
fn backup_codes_that_nobody_read_are_given_again() {
    story("codes-unread", async |story: Story| {
        let account = story.wallet().account();
        account.set_password(PASSWORD.to_owned(), Some(PIN.to_owned())).await.unwrap();
        let uri = account.factor_begin().await.unwrap().uri;
        let code = proof(&story, &uri).await.factor_code.unwrap();
        // The app ends between the service's answer and the screen.
        let codes = account.factor_confirm(code.clone()).await.unwrap().codes;
        assert_eq!(account.factor_confirm(code).await.unwrap().codes, codes);
        tokio::time::sleep(Duration::from_secs(61)).await;
        let fresh = account.backup_codes(proof(&story, &uri).await.factor_code.unwrap()).await.unwrap().codes;
        assert_ne!(fresh, codes);
        assert_eq!(account.backup_codes(proof(&story, &uri).await.factor_code.unwrap()).await.unwrap().codes, fresh);
        tokio::time::sleep(Duration::from_secs(700)).await;
        assert_ne!(account.backup_codes(proof(&story, &uri).await.factor_code.unwrap()).await.unwrap().codes, fresh);
    });
}

#[test]
fn the_right_pin_after_a_wrong_one_whose_answer_was_lost_is_right() {
    story("right-after-lost", async |story: Story| {
        let account = story.wallet().account();
        let lost = |path: &str| fault("PUT", path, json!("drop_after"));
        story.all.console.post("/dev/faults", lost("/v1/account/password")).await.unwrap();
        account.set_password(PASSWORD.to_owned(), Some("147036".to_owned())).await.unwrap_err();
        account.set_password(PASSWORD.to_owned(), Some(PIN.to_owned())).await.unwrap();
        let limits = story.wallet().limits();
        limits.set_own_caps(Some("50.00".to_owned()), None, None).await.unwrap();
        let raise = |pin: &str| limits.set_own_caps(Some("500.00".to_owned()), None, Some(pin.to_owned()));
        story.all.console.post("/dev/faults", lost("/v1/limits/own")).await.unwrap();
        raise("147036").await.unwrap_err();
        raise(PIN).await.unwrap();
    });
}
