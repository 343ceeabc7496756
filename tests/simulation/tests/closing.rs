//! Closing the account and erasing this phone: killed at every point, lied to, never before the service signed it.

use crate::common::moves::*;
use crate::common::{Changes, Story, fresh};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::account::{ClosureState, ClosureStep, DeviceForm, RegisterRequest, SignInRequest};
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_simulation::phone::{PHONE, PIN};
use kabao_simulation::{Liar, SimHost};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const EIGHT_DAYS: Duration = Duration::from_secs(8 * 86_400);

/// An account without money and cards on a phone that has none.
async fn set_up(story: &Story, wallet: &Wallet) {
    tokio::time::sleep(Duration::from_secs(86_401)).await;
    let account = wallet.account();
    account.register(RegisterRequest { phone: PHONE.to_owned(), device_model: "Simulated phone".to_owned() }).await.unwrap();
    account.enter_otp(story.all.console.otp("kabao", PHONE).await.unwrap()).await.unwrap();
    account.choose_pin(PIN.to_owned()).await.unwrap();
}

async fn eight_days(story: &Story) {
    tokio::time::sleep(EIGHT_DAYS).await;
    story.all.console.post("/dev/tick", json!({})).await.unwrap();
}

#[test]
fn killed_at_any_point_closing_and_erasing_are_resumed() {
    fresh("closing-kill", async |mut story: Story| {
        story.all.phone.put_on(SimHost::with_late_database);
        let mut points = 0;
        for call in ["close", "reopen", "closed", "erase"] {
            let mut times = 0;
            loop {
                times += 1 + times / 8;
                points += 1;
                let wallet = story.all.phone.start().await.unwrap();
                set_up(&story, &wallet).await;
                let account = wallet.account();
                if call != "close" {
                    account.close_account(Some(PIN.to_owned()), true).await.unwrap();
                }
                if matches!(call, "closed" | "erase") {
                    eight_days(&story).await;
                }
                if call == "erase" {
                    assert_eq!(account.closure().await.unwrap().state, ClosureState::Closed);
                }
                let came = match call {
                    "close" => polled(account.close_account(Some(PIN.to_owned()), true), times).await.map(|came| drop(came.unwrap())),
                    "reopen" => polled(account.reopen_account(), times).await.map(|came| drop(came.unwrap())),
                    "closed" => polled(account.closure(), times).await.map(|came| drop(came.unwrap())),
                    _ => polled(account.erase_closed(true), times).await.map(|came| drop(came.unwrap())),
                };
                drop((account, wallet));
                story.all.phone.crash().await;
                let again = story.all.phone.start().await.unwrap();
                to_the_end(&story, &again).await;
                drop(again);
                story.all.phone.crash().await;
                let new = story.all.phone.start().await.unwrap();
                assert_eq!(new.account().onboarding_next().await.unwrap().kind, Kind::Register, "{call} {times}");
                assert!(new.account().view().await.unwrap_err().is(Code::NotRegistered));
                new.close().await.unwrap();
                drop(new);
                story.all.phone.crash().await;
                if came.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 20, "{points} points");
        // Each account was closed once.
        let notices = story.all.console.get("/dev/notices").await.unwrap();
        let closed = notices["notices"].as_array().unwrap().iter().filter(|notice| notice["kind"] == "closed").count();
        assert_eq!(closed, points);
    });
}

/// Whatever it takes until this phone is erased.
async fn to_the_end(story: &Story, wallet: &Wallet) {
    let (account, mut seen) = (wallet.account(), Vec::new());
    for _ in 0..6 {
        if account.onboarding_next().await.unwrap().kind == Kind::Register {
            return;
        }
        let view = account.closure().await.unwrap();
        seen.push(format!("{:?} {:?}", view.next, view.called_off));
        match view.next {
            ClosureStep::Close => drop(account.close_account(Some(PIN.to_owned()), true).await.unwrap()),
            ClosureStep::Wait => {
                // An account on its way to its end pays nothing, and the phone says so before anybody tries.
                assert_eq!(account.onboarding_next().await.unwrap().kind, Kind::Closing);
                let ready = wallet.limits().ready_to_pay().await.unwrap();
                let account = ready.checks.into_iter().find(|check| check.check == "account").unwrap();
                assert_eq!(account.failure.unwrap().code, Code::AccountClosing.as_str());
                eight_days(story).await;
            }
            ClosureStep::ExportThenErase => {
                assert_eq!(account.onboarding_next().await.unwrap().kind, Kind::Closed);
                let report = account.erase_closed(true).await.unwrap();
                assert!(report.files >= 3 && report.keys_renewed, "{report:?}");
                return;
            }
            ClosureStep::Settle => panic!("{view:?}"),
        }
    }
    panic!("the closing does not come to its end: {seen:?}");
}

#[test]
fn nothing_is_erased_on_a_word_that_the_service_did_not_sign() {
    fresh("closing-lies", async |mut story: Story| {
        let wallet = story.all.phone.start().await.unwrap();
        set_up(&story, &wallet).await;
        let account = wallet.account();
        // Answers that say more than they may, and one that somebody else signed.
        for (status, body) in [
            (200, json!({ "state": "closed", "points": [], "cooling_ms": 1, "kept_years": 10 })), (200, json!({ "state": "cooling", "points": [] })),
            (200, json!({})), (401, json!({ "code": "account_closed" })),
        ] {
            let stranger = crate::common::stranger();
            let (liar, said) = (Arc::clone(&story.liar), body.clone());
            story.meddle(Changes::new("GET", "/v1/closures", move |request, answer| {
                let mut envelope = Liar::envelope(&answer);
                envelope.status = status;
                let bytes = said.to_string().into_bytes();
                Ok(match status {
                    401 => Liar::answer_by(&stranger, "answers-1", request, &envelope, &bytes).unwrap(),
                    _ => liar.answer(request, &envelope, &bytes).unwrap(),
                })
            }));
            let error = account.closure().await.unwrap_err();
            assert!(error.is(Code::AnswerMalformed) || error.is(Code::AnswerForged), "{body}: {error:?}");
            story.honest();
            assert!(account.erase_closed(true).await.unwrap_err().is(Code::WrongStep));
            assert_ne!(account.onboarding_next().await.unwrap().kind, Kind::Closed);
        }
        // A point that this version does not know stands in the way all the same.
        let liar = Arc::clone(&story.liar);
        story.meddle(Changes::new("GET", "/v1/closures", move |request, answer| {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            body["points"] = json!([{ "point": "moon_dust", "blocks": true, "code": "moon_dust_left", "count": 3 }]);
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        let view = account.closure().await.unwrap();
        assert_eq!((view.next, view.points[0].count), (ClosureStep::Settle, 3));
        assert_eq!(view.points[0].reason.as_ref().unwrap().code, Code::ClosureOther.as_str());
        story.honest();
        assert_eq!(account.closure().await.unwrap().next, ClosureStep::Close);
        // Locked, nothing is closed and nothing is erased.
        wallet.lock().await.unwrap();
        assert!(account.close_account(Some(PIN.to_owned()), true).await.unwrap_err().is(Code::Locked));
        assert!(account.erase_closed(true).await.unwrap_err().is(Code::Locked));
        wallet.close().await.unwrap();
    });
}

/// A phone that was signed out before its account was closed asks with no device any more: the account that its files are of is
/// named when it signs in or takes a place, and the answer leads to the end of the files and to a new account.
#[test]
fn signed_out_and_closed_then_leads_to_a_new_account() {
    fresh("closing-signed-out", async |mut story: Story| {
        for way in ["sign_in", "replace"] {
            let wallet = story.all.phone.start().await.unwrap();
            set_up(&story, &wallet).await;
            let account = wallet.account();
            account.close_account(Some(PIN.to_owned()), true).await.unwrap();
            account.sign_out().await.unwrap();
            assert!(account.closure().await.unwrap_err().is(Code::SignedOut));
            let request = || RegisterRequest { phone: PHONE.to_owned(), device_model: "Simulated phone".to_owned() };
            let sign_in = || SignInRequest { phone: PHONE.to_owned(), device_model: "Simulated phone".to_owned(), form: DeviceForm::Phone };
            eight_days(&story).await;
            assert_eq!(account.onboarding_next().await.unwrap().kind, Kind::SignIn);
            let said = match way {
                "sign_in" => account.sign_in_begin(sign_in()).await.unwrap_err(),
                _ => account.replace_begin(request()).await.unwrap_err(),
            };
            assert!(said.is(Code::AccountClosed), "{way}: {said:?}");
            drop((account, wallet));
            story.all.phone.crash().await;
            let wallet = story.all.phone.start().await.unwrap();
            let account = wallet.account();
            assert_eq!(account.onboarding_next().await.unwrap().kind, Kind::Closed);
            assert_eq!(account.closure().await.unwrap().next, ClosureStep::ExportThenErase);
            account.erase_closed(true).await.unwrap();
            drop((account, wallet));
            story.all.phone.crash().await;
            let wallet = story.all.phone.start().await.unwrap();
            assert_eq!(wallet.account().onboarding_next().await.unwrap().kind, Kind::Register);
            wallet.close().await.unwrap();
            drop(wallet);
            story.all.phone.crash().await;
        }
        // The number opens a new account.
        let wallet = story.all.phone.start().await.unwrap();
        set_up(&story, &wallet).await;
    });
}

/// The account is closed by its phone while another one is half-way in, and the number opens a new account. On the phone that was
/// half-way the first try works: what was begun for the closed account is left, and its id is never sent with anything else.
#[test]
fn what_was_begun_for_a_closed_account_does_not_stand_in_the_way_of_the_next_one() {
    for way in ["sign_in", "replace", "resend"] {
        fresh(&format!("closing-half-way-{way}"), async |mut story: Story| {
            let wallet = story.all.phone.start().await.unwrap();
            set_up(&story, &wallet).await;
            let mut half_way = story.another("half-way");
            let second = half_way.start().await.unwrap().account();
            let begin = async |again: bool| {
                let (phone, device_model) = (PHONE.to_owned(), "Another phone".to_owned());
                match way {
                    "replace" => second.replace_begin(RegisterRequest { phone, device_model }).await.unwrap(),
                    "resend" if again => second.resend_otp().await.unwrap(),
                    _ => second.sign_in_begin(SignInRequest { phone, device_model, form: DeviceForm::Phone }).await.unwrap(),
                }
            };
            let prove_number = async || {
                let otp = story.all.console.otp("kabao", PHONE).await.unwrap();
                match way {
                    "replace" => second.replace_otp(otp).await.unwrap().needs_pin,
                    _ => second.sign_in_otp(otp).await.unwrap().needs_pin,
                }
            };
            tokio::time::sleep(Duration::from_secs(61)).await;
            begin(false).await;
            assert!(prove_number().await, "{way}");
            let first = wallet.account();
            first.close_account(Some(PIN.to_owned()), true).await.unwrap();
            eight_days(&story).await;
            assert_eq!(first.closure().await.unwrap().state, ClosureState::Closed);
            first.erase_closed(true).await.unwrap();
            drop((first, wallet));
            story.all.phone.crash().await;
            let wallet = story.all.phone.start().await.unwrap();
            set_up(&story, &wallet).await;
            tokio::time::sleep(Duration::from_secs(61)).await;
            let sent = Arc::new(Mutex::new(Vec::new()));
            let (path, id) = if way == "replace" { ("/v1/device-replacements", "replacement_id") } else { ("/v1/sign-ins", "sign_in_id") };
            let seen = Arc::clone(&sent);
            story.meddle(Changes::new("POST", path, move |request, answer| {
                let mut body: Value = serde_json::from_slice(&request.body).unwrap();
                let id = body.as_object_mut().unwrap().remove(id).unwrap();
                seen.lock().unwrap().push((id, body));
                Ok(answer)
            }));
            begin(true).await;
            story.honest();
            let sent = sent.lock().unwrap().clone();
            let [(old, asked), (new, asked_again)] = sent.as_slice() else { panic!("{way}: {sent:?}") };
            assert!(old != new && asked == asked_again, "{way}: {sent:?}");
            assert!(prove_number().await, "{way}");
        });
    }
}
