//! Which build of the app this is: told with every enrolment and when it changes, refused by name, and never more than told.

use crate::common::moves::killed;
use crate::common::{Changes, Holds, Story, fresh, story};
use kabao_base::Code;
use kabao_core::BuildIdentity;
use kabao_core::account::{DeviceForm, RegisterRequest, SignInRequest};
use kabao_core::limits::PrecheckRequest;
use kabao_money::onboarding::OnboardingStepKind as Step;
use kabao_simulation::phone::PHONE;
use serde_json::json;
use std::sync::Arc;

fn build(package: &str, digest: char) -> Option<BuildIdentity> {
    Some(BuildIdentity { package: package.to_owned(), signing_digest: digest.to_string().repeat(64), channel: "site".to_owned() })
}

impl Story {
    async fn list(&self, package: &str, digest: char, withdrawn: bool) {
        let line = json!({ "package": package, "signing_digest": digest.to_string().repeat(64), "withdrawn": withdrawn });
        self.all.console.post("/dev/builds", line).await.unwrap();
    }

    /// The app is killed and starts again as this build.
    async fn restart_as(&mut self, build: Option<BuildIdentity>) {
        self.all.phone.crash().await;
        self.all.phone.build = build;
        self.all.phone.start().await.unwrap();
    }
}

/// What `ready_to_pay`, `precheck` and the step of the set-up say of the build.
async fn what_stands_in_the_way(story: &Story) -> [Option<Code>; 3] {
    let wallet = story.wallet();
    let of_build = |failure: Option<&kabao_base::Failure>| failure.and_then(|failure| Code::parse(&failure.code)).filter(|code| matches!(code, Code::BuildWithdrawn | Code::BuildUnknown));
    let ready = wallet.limits().ready_to_pay().await.unwrap();
    let channel = ready.checks.iter().find(|check| check.check == "channel").unwrap();
    let request = PrecheckRequest { amount: "1.00".to_owned(), channel: "top_up".to_owned(), source: None, ..Default::default() };
    let precheck = wallet.limits().precheck(request).await.unwrap();
    let step = wallet.account().onboarding_next().await.unwrap();
    [of_build(channel.failure.as_ref()), of_build(precheck.first.as_ref()), (step.kind == Step::UpdateApp).then_some(Code::BuildWithdrawn)]
}

#[test]
fn an_unknown_build_opens_and_takes_over_nothing_and_the_official_one_goes_on() {
    fresh("build-enrol", async |mut story| {
        for (wrong, field) in [("", 'a'), ("app kabao", 'a'), ("包", 'a'), ("app", 'A'), ("a\u{202e}", 'b')] {
            story.all.phone.build = build(wrong, field);
            let refused = story.all.phone.start().await.map(drop).unwrap_err();
            assert!(refused.is(Code::BadArgument) && refused.failure().field.as_deref() == Some("build"), "{wrong}: {refused:?}");
        }
        story.all.phone.build = build("app.repacked", 'b');
        let account = story.all.phone.start().await.unwrap().account();
        let request = || RegisterRequest { phone: PHONE.to_owned(), device_model: "Simulated phone".to_owned() };
        for _ in 0..2 {
            assert!(account.register(request()).await.unwrap_err().is(Code::BuildUnknown));
            // Nobody was sent a code: nothing waits for one.
            assert!(account.resend_otp().await.unwrap_err().is(Code::WrongStep));
            assert_eq!(account.onboarding_next().await.unwrap().kind, Step::Register);
            let replaced = account.replace_begin(request()).await.unwrap_err();
            assert!(replaced.is(Code::BuildUnknown), "{replaced:?}");
            assert_eq!(account.onboarding_next().await.unwrap().kind, Step::Register);
        }
        drop(account);
        assert!(story.all.console.otp("kabao", PHONE).await.is_err(), "nobody was sent a code");
        story.list("app.kabao.wallet", 'a', false).await;
        story.restart_as(build("app.kabao.wallet", 'a')).await;
        let account = story.wallet().account();
        account.register(request()).await.unwrap();
        account.enter_otp(story.all.console.otp("kabao", PHONE).await.unwrap()).await.unwrap();
        drop(account);
        // A second phone that was repackaged is not let in either.
        story.restart_as(build("app.repacked", 'b')).await;
        let account = story.wallet().account();
        account.sign_out().await.unwrap();
        let request = SignInRequest { phone: PHONE.to_owned(), device_model: "Another phone".to_owned(), form: DeviceForm::Phone };
        assert!(account.sign_in_begin(request).await.unwrap_err().is(Code::BuildUnknown));
        assert_eq!(account.onboarding_next().await.unwrap().kind, Step::SignIn);
    });
}

#[test]
fn a_withdrawn_build_pays_nothing_until_the_app_is_updated() {
    story("build-withdrawn", async |mut story| {
        story.list("app.old", 'a', false).await;
        story.list("app.new", 'a', false).await;
        let copy = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        story.restart_as(build("app.old", 'a')).await;
        story.top_up("20.00").await;
        story.list("app.old", 'a', true).await;
        let refused = story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap_err();
        assert!(refused.is(Code::BuildWithdrawn), "{refused:?}");
        // What it has stays readable, the history goes on.
        story.wallet().history().sync().await.unwrap();
        assert_eq!(what_stands_in_the_way(&story).await, [Some(Code::BuildWithdrawn); 3]);
        assert_eq!(story.records().await, 1);
        story.wallet().account().refresh().await.unwrap();
        // An older copy of the book brings it back as little as a start of the app does; the service learns the build again.
        story.all.console.post("/dev/restore", json!({ "snapshot": copy["snapshot"] })).await.unwrap();
        story.restart_as(build("app.old", 'a')).await;
        story.wallet().history().sync().await.unwrap();
        assert!(story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap_err().is(Code::BuildWithdrawn));
        // Updated: the first quote tells it and is answered.
        story.restart_as(build("app.new", 'a')).await;
        // What the service said of the earlier build is nothing of this one, told or not.
        assert_eq!(what_stands_in_the_way(&story).await, [None; 3]);
        story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap();
        story.wallet().account().refresh().await.unwrap();
        assert_eq!(what_stands_in_the_way(&story).await, [None; 3]);
        let seen = Arc::new(Holds::default());
        story.all.net.meddle(Some(Arc::clone(&seen) as _));
        story.wallet().pay().quote(story.top_up_request("6.00").await).await.unwrap();
        assert!(!seen.seen.lock().unwrap().iter().any(|line| line.contains("/build")), "told once");
    });
}

#[test]
fn killed_while_the_build_is_told_it_is_told_again() {
    story("build-killed", async |mut story| {
        story.list("app.old", 'a', true).await;
        story.list("app.new", 'a', false).await;
        for effects in 1..30 {
            story.restart_as(build("app.old", 'a')).await;
            assert!(story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap_err().is(Code::BuildWithdrawn), "{effects}");
            story.restart_as(build("app.new", 'a')).await;
            let (wallet, host) = (story.wallet(), Arc::clone(&story.all.phone.host));
            let (pay, asked) = (wallet.pay(), story.top_up_request("5.00").await);
            let came = killed(&host, effects, pay.quote(asked)).await;
            drop((pay, wallet));
            story.restart_as(build("app.new", 'a')).await;
            story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap();
            assert_eq!(story.wallet().history().verify().await.unwrap().first_wrong_event, None);
            if came.is_some() {
                assert!(effects > 2, "it was killed on the way");
                return;
            }
        }
        panic!("it never came to its end");
    });
}

#[test]
fn a_lost_or_foreign_answer_about_the_build_is_no_answer() {
    story("build-lost", async |mut story| {
        story.list("app.new", 'a', false).await;
        story.restart_as(build("app.new", 'a')).await;
        story.meddle(Changes::new("PUT", "/v1/devices/this/build", |_, mut answer| {
            answer.status = 200;
            answer.body = json!({ "account_id": "00".repeat(16) }).to_string().into_bytes();
            Ok(answer)
        }));
        // Unsigned, so not believed; the quote has an answer all the same.
        story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap();
        story.honest();
        let seen = Arc::new(Holds::default());
        story.all.net.meddle(Some(Arc::clone(&seen) as _));
        story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap();
        assert_eq!(seen.seen.lock().unwrap().iter().filter(|line| line.contains("/build")).count(), 1);
        assert_eq!(story.all.console.get("/dev/builds").await.unwrap()["builds"].as_array().map(Vec::len), Some(3));
    });
}
