//! Setting up and being verified: killed at every point, on two phones at once, with wrong clocks, with a service that is
//! ahead of the phone or behind it, and with answers that are meant for somebody else.

use crate::common::moves::*;
use crate::common::people::Person;
use crate::common::{Changes, Story, fresh, story};
use kabao_base::Code;
use kabao_core::identity::VerifyRequest;
use kabao_core::{VerificationView, Wallet, WalletError};
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_simulation::phone::ID_NUMBER;
use kabao_simulation::Liar;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

async fn step_of(wallet: &Wallet) -> Kind {
    wallet.account().onboarding_next().await.unwrap().kind
}

#[test]
fn killed_at_any_point_the_set_up_goes_on_from_there() {
    fresh("who-kill", async |story: Story| {
        let all = [
            Kind::Register, Kind::EnterOtp, Kind::ChoosePin, Kind::KeepRecoverySheet, Kind::Consent, Kind::Verify, Kind::AwaitVerification,
            Kind::BindCard,
        ];
        let (mut points, mut which) = (0, 0);
        for killed in all {
            let mut times = 0;
            loop {
                times = 2 * times + 1;
                which += 1;
                let person = Person::new(which);
                let mut device = story.another(&format!("who-{which}"));
                let wallet = device.start().await.unwrap();
                if killed == Kind::AwaitVerification {
                    story.all.console.post("/dev/vendor/faults", json!({ "pending_times": 1 })).await.unwrap();
                }
                while step_of(&wallet).await != killed {
                    let kind = step_of(&wallet).await;
                    person.take(&story, &wallet, kind).await.unwrap();
                }
                let came = polled(person.take(&story, &wallet, killed), times).await;
                drop(wallet);
                device.crash().await;
                points += 1;
                let again = device.start().await.unwrap();
                let before = step_of(&again).await;
                assert!(before >= killed || killed == Kind::AwaitVerification, "{killed:?} {times}: back at {before:?}");
                person.go_on(&story, &again).await;
                let view = again.account().refresh().await.unwrap();
                assert_eq!((view.account_class, view.pin_set, view.verification.state.as_str()), (3, true, "passed"), "{killed:?} {times}");
                assert_eq!(again.cards().refresh().await.unwrap().len(), 1, "{killed:?} {times}");
                again.close().await.unwrap();
                if came.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 25, "{points} points");
    });
}

#[test]
fn of_two_phones_that_begin_with_one_number_one_opens_the_account() {
    for first in [true, false] {
        fresh("who-two", async |story: Story| {
            let person = Person::new(1);
            let (mut one, mut other) = (story.another("one"), story.another("other"));
            let (one, other) = (one.start().await.unwrap(), other.start().await.unwrap());
            one.account().register(person.register()).await.unwrap();
            let mine = story.all.console.otp("kabao", &person.tel).await.unwrap();
            let soon = other.account().register(person.register()).await.unwrap_err();
            assert!(soon.is(Code::OtpCooldown), "{soon:?}");
            tokio::time::sleep(Duration::from_secs(61)).await;
            other.account().register(person.register()).await.unwrap();
            let theirs = story.all.console.otp("kabao", &person.tel).await.unwrap();
            if mine != theirs {
                // A code belongs to the registration that it was sent for.
                let crossed = other.account().enter_otp(mine.clone()).await.unwrap_err();
                assert!(crossed.is(Code::OtpWrong), "{crossed:?}");
            }
            let (one_account, other_account) = (one.account(), other.account());
            let (a, b) = if first {
                tokio::join!(one_account.enter_otp(mine), other_account.enter_otp(theirs))
            } else {
                let (b, a) = tokio::join!(other_account.enter_otp(theirs), one_account.enter_otp(mine));
                (a, b)
            };
            let lost = match (&a, &b) {
                (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
                both => panic!("{both:?}"),
            };
            assert!(lost.is(Code::PhoneTaken), "{lost:?}");
            let (winner, loser) = if a.is_ok() { (one, other) } else { (other, one) };
            assert_eq!((step_of(&winner).await, step_of(&loser).await), (Kind::ChoosePin, Kind::ReplacePhone));
            person.go_on(&story, &winner).await;
            // With the SIM alone the other one gets nowhere: real name and PIN are asked for.
            tokio::time::sleep(Duration::from_secs(61)).await;
            loser.account().replace_begin(person.register()).await.unwrap();
            let view = loser.account().replace_otp(story.all.console.otp("kabao", &person.tel).await.unwrap()).await.unwrap();
            assert!(view.needs_person && view.needs_pin && view.account.is_none());
        });
    }
}

#[test]
fn clocks_three_years_off_hinder_nobody() {
    for years in [-3i64, 3] {
        fresh("who-clock", async |story: Story| {
            let mut device = story.another("clock");
            let wallet = device.start().await.unwrap();
            device.host.turn_clock(years * 365 * 86_400_000);
            let person = Person::new(1);
            // The person is told once; from then on the service's time counts.
            let told = wallet.account().register(person.register()).await.unwrap_err();
            assert!(told.is(Code::ClockWrong), "{told:?}");
            let taken = person.go_on(&story, &wallet).await;
            assert!(taken.contains(&Kind::Verify), "{taken:?}");
            // The day is the service's: a document that is good until next year is good, one of last year is not.
            let form = |expires: &str| VerifyRequest { expires_on: Some(expires.to_owned()), ..VerifyRequest::resident("张三", person.number.clone(), "") };
            assert!(wallet.identity().read_form(form("2027-11-22")).is_ok(), "{years}");
            assert!(wallet.identity().read_form(form("2025-11-22")).is_err_and(|error| error.is(Code::DocumentExpired)), "{years}");
            assert_eq!(wallet.identity().read_form(form("2027-11-22")).unwrap().age, 39);
        });
    }
}

#[test]
fn an_account_that_is_not_ours_is_not_taken_up() {
    story("who-other", async |story: Story| {
        let before = story.wallet().account().view().await.unwrap();
        let liar = Arc::clone(&story.liar);
        story.meddle(Changes::new("GET", "/v1/account", move |request, answer| {
            let mut body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            body["account_id"] = json!(crate::common::other());
            body["balance"]["minor"] = json!(99_999_999);
            body["class"] = json!(1);
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        let error: WalletError = story.wallet().account().refresh().await.unwrap_err();
        assert!(error.is(Code::AnswerMalformed), "{error:?}");
        story.honest();
        let after = story.wallet().account().view().await.unwrap();
        assert_eq!((after.balance, after.account_class), (before.balance, before.account_class));
    });
}

#[test]
fn a_service_that_is_behind_gets_what_it_lacks() {
    fresh("who-behind", async |story: Story| {
        let mut device = story.another("behind");
        let (wallet, person) = (device.start().await.unwrap(), Person::new(1));
        while step_of(&wallet).await != Kind::Consent {
            let kind = step_of(&wallet).await;
            person.take(&story, &wallet, kind).await.unwrap();
        }
        let snapshot = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        while step_of(&wallet).await != Kind::BindCard {
            let kind = step_of(&wallet).await;
            person.take(&story, &wallet, kind).await.unwrap();
        }
        story.all.console.post("/dev/restore", json!({ "snapshot": snapshot["snapshot"] })).await.unwrap();
        wallet.account().refresh().await.unwrap();
        assert_eq!(wallet.account().view().await.unwrap().account_class, 0);
        let taken = person.go_on(&story, &wallet).await;
        assert!(taken.contains(&Kind::Consent) && taken.contains(&Kind::Verify), "{taken:?}");
        assert_eq!(wallet.account().refresh().await.unwrap().account_class, 3);
    });
}

/// Verified again, asking first what became of the last try.
async fn renewed(story: &Story, wallet: &Wallet) -> VerificationView {
    let identity = wallet.identity();
    for _ in 0..4 {
        if let Some(renewal) = identity.view().await.unwrap().renewal
            && matches!(renewal.state.as_str(), "submitted" | "pending")
        {
            match identity.check().await {
                Ok(view) if view.state == "passed" => return view,
                Ok(_) => continue,
                Err(error) => assert!(error.is(Code::NotFound), "{error:?}"),
            }
        }
        match identity.verify(document(story).await).await {
            Ok(view) => return view,
            // It had passed, and the answer was lost.
            Err(error) => {
                assert!(error.is(Code::WrongStep), "{error:?}");
                wallet.account().refresh().await.unwrap();
                return wallet.account().view().await.unwrap().verification;
            }
        }
    }
    panic!("the check does not come to its end");
}

async fn document(story: &Story) -> VerifyRequest {
    let token = story.all.console.post("/dev/liveness", json!({ "channels": 1, "result": "ok" })).await.unwrap();
    VerifyRequest::resident("张三", ID_NUMBER, token["token"].as_str().unwrap())
}

#[test]
fn killed_at_any_point_a_second_check_leaves_the_account_as_it_is() {
    story("who-again", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let (mut times, mut points) = (0, 0);
        loop {
            times += 1 + times / 4;
            points += 1;
            story.all.console.post("/dev/reverify", json!({ "by": "2027-01-31" })).await.unwrap();
            story.wallet().account().refresh().await.unwrap();
            assert!(story.wallet().identity().view().await.unwrap().reverify.is_some_and(|due| !due.overdue));
            let request = document(&story).await;
            let identity = story.wallet().identity();
            let came = polled(identity.verify(request), times).await;
            drop(identity);
            story.all.phone.crash().await;
            let wallet = story.all.phone.start().await.unwrap();
            let view = wallet.identity().view().await.unwrap();
            assert_eq!((view.verification.state.as_str(), view.verification.account_class), ("passed", 3), "{times}");
            assert_eq!(step_of(&wallet).await, Kind::Ready, "{times}");
            let done = renewed(&story, &wallet).await;
            assert_eq!((done.state.as_str(), done.account_class), ("passed", 3), "{times}");
            wallet.account().refresh().await.unwrap();
            let after = wallet.identity().view().await.unwrap();
            assert!(after.reverify.is_none() && after.renewal.is_none(), "{times}: {after:?}");
            drop(wallet);
            if came.is_some() {
                break;
            }
        }
        println!("{points} points");
        assert!(points > 8, "{points}");
    });
}
