//! Setting up and being verified: killed at every point, on two phones at once, with wrong clocks, with a service that is
//! ahead of the phone or behind it, and with answers that are meant for somebody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::moves::*;
use common::{Changes, Story, fresh, story};
use kabao_base::Code;
use kabao_core::account::RegisterRequest;
use kabao_core::cards::BindRequest;
use kabao_core::error::Outcome;
use kabao_core::identity::VerifyRequest;
use kabao_core::{ServiceSettings, VerificationView, Wallet, WalletError};
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_simulation::phone::{ID_NUMBER, PIN, consent_to_all};
use kabao_simulation::{Liar, Phone, SimHost};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Somebody with a telephone number, a document and a card of their own.
struct Person {
    tel: String,
    number: String,
    card: String,
}

impl Person {
    fn new(which: u32) -> Person {
        let body = format!("11010119870605{which:03}");
        let rest = body.bytes().fold(0u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
        let check = (12 - rest) % 11;
        let number = if check == 10 { format!("{body}X") } else { format!("{body}{check}") };
        let digits = format!("62220202{which:010}");
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                let digit = u32::from(digit - b'0');
                if place % 2 == 1 { digit } else if digit * 2 > 9 { digit * 2 - 9 } else { digit * 2 }
            })
            .sum();
        Person { tel: format!("138{which:08}"), number, card: format!("{digits}{}", (10 - sum % 10) % 10) }
    }

    fn register(&self) -> RegisterRequest {
        RegisterRequest { phone: self.tel.clone(), device_model: "A phone".to_owned() }
    }

    async fn document(&self, story: &Story) -> VerifyRequest {
        let token = story.all.console.post("/dev/liveness", json!({ "channels": 5, "result": "ok" })).await.unwrap();
        VerifyRequest::resident("张三", self.number.clone(), token["token"].as_str().unwrap())
    }

    fn bind(&self) -> BindRequest {
        BindRequest { card_number: self.card.clone(), name: "张三".to_owned(), phone: self.tel.clone(), expiry: None, cvv: None, bank: None }
    }
}

fn phone(story: &Story, name: &str) -> Phone {
    let service = ServiceSettings {
        url: "https://wallet.test".to_owned(),
        tls_ca_pem: String::new(),
        spki_pins: Vec::new(),
        root_key: story.all.service.info().root_key,
        guid: "app.kabao".to_owned(),
        link_host: None,
    };
    let folder = story.all.phone.folder.with_file_name(name);
    let mut phone = Phone::new(folder, Arc::clone(&story.all.world), Arc::clone(&story.all.net), service);
    phone.put_on(SimHost::with_late_database);
    phone
}

/// Does the one step that the set-up names.
async fn take(story: &Story, wallet: &Wallet, person: &Person, kind: Kind) -> Outcome<()> {
    let (account, identity, cards) = (wallet.account(), wallet.identity(), wallet.cards());
    match kind {
        Kind::Register => account.register(person.register()).await.map(drop),
        Kind::EnterOtp => match story.all.console.otp("kabao", &person.tel).await {
            Ok(otp) => account.enter_otp(otp).await.map(drop),
            // The asking may never have arrived.
            Err(_) => account.resend_otp().await.map(drop),
        },
        Kind::ChoosePin => account.choose_pin(PIN.to_owned()).await.map(drop),
        Kind::KeepRecoverySheet => {
            let sheet = account.make_recovery_sheet().await?;
            account.confirm_recovery_sheet(sheet.code).await.map(drop)
        }
        Kind::Consent => consent_to_all(wallet).await,
        Kind::Verify => identity.verify(person.document(story).await).await.map(drop),
        Kind::AwaitVerification => identity.check().await.map(drop),
        Kind::BindCard => {
            let waiting = cards.waiting().await?;
            match waiting.first() {
                Some(binding) => {
                    let otp = story.all.console.otp("bank", &person.tel).await.unwrap();
                    cards.confirm(binding.binding_id.clone(), otp).await.map(drop)
                }
                None => {
                    // A service that came back from before it is given this consent again, too.
                    consent_to_all(wallet).await?;
                    cards.bind(person.bind()).await.map(drop)
                }
            }
        }
        other => panic!("nothing to do at {other:?}"),
    }
}

/// Goes on until nothing is missing. Gives the steps that were taken.
async fn go_on(story: &Story, wallet: &Wallet, person: &Person) -> Vec<Kind> {
    let mut taken = Vec::new();
    for _ in 0..30 {
        let kind = wallet.account().onboarding_next().await.unwrap().kind;
        if kind == Kind::Ready {
            return taken;
        }
        taken.push(kind);
        match take(story, wallet, person, kind).await {
            Ok(()) => {}
            Err(error) if [Code::OtpCooldown, Code::OtpExpired, Code::OtpWrong, Code::OtpUsed].iter().any(|code| error.is(*code)) => {
                tokio::time::sleep(Duration::from_secs(61)).await;
                let _ = wallet.account().resend_otp().await;
            }
            // What never arrived is typed again; the set-up then says so.
            Err(error) if error.is(Code::NotFound) || error.is(Code::ConsentMissing) => {}
            Err(error) => panic!("{kind:?}: {error:?}"),
        }
    }
    panic!("the set-up does not come to its end: {taken:?}");
}

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
                let mut device = phone(&story, &format!("who-{which}"));
                let wallet = device.start().await.unwrap();
                if killed == Kind::AwaitVerification {
                    story.all.console.post("/dev/vendor/faults", json!({ "pending_times": 1 })).await.unwrap();
                }
                while step_of(&wallet).await != killed {
                    let kind = step_of(&wallet).await;
                    take(&story, &wallet, &person, kind).await.unwrap();
                }
                let came = polled(take(&story, &wallet, &person, killed), times).await;
                drop(wallet);
                device.crash().await;
                points += 1;
                let again = device.start().await.unwrap();
                let before = step_of(&again).await;
                assert!(before >= killed || killed == Kind::AwaitVerification, "{killed:?} {times}: back at {before:?}");
                go_on(&story, &again, &person).await;
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
            let (mut one, mut other) = (phone(&story, "one"), phone(&story, "other"));
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
            go_on(&story, &winner, &person).await;
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
            let mut device = phone(&story, "clock");
            let wallet = device.start().await.unwrap();
            device.host.turn_clock(years * 365 * 86_400_000);
            let person = Person::new(1);
            // The person is told once; from then on the service's time counts.
            let told = wallet.account().register(person.register()).await.unwrap_err();
            assert!(told.is(Code::ClockWrong), "{told:?}");
            let taken = go_on(&story, &wallet, &person).await;
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
            body["account_id"] = json!(common::other());
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
        let mut device = phone(&story, "behind");
        let (wallet, person) = (device.start().await.unwrap(), Person::new(1));
        while step_of(&wallet).await != Kind::Consent {
            let kind = step_of(&wallet).await;
            take(&story, &wallet, &person, kind).await.unwrap();
        }
        let snapshot = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        while step_of(&wallet).await != Kind::BindCard {
            let kind = step_of(&wallet).await;
            take(&story, &wallet, &person, kind).await.unwrap();
        }
        story.all.console.post("/dev/restore", json!({ "snapshot": snapshot["snapshot"] })).await.unwrap();
        wallet.account().refresh().await.unwrap();
        assert_eq!(wallet.account().view().await.unwrap().account_class, 0);
        let taken = go_on(&story, &wallet, &person).await;
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
