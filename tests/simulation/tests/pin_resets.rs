//! A new PIN for one that was locked: killed at every point, lied to, and true about which PIN counts.

use crate::common::moves::*;
use crate::common::{Changes, Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::account::{PersonProof, PinResetProof, PinResetState as State};
use kabao_core::limits::PrecheckRequest;
use kabao_core::pay::{ConfirmRequest, PaymentProof};
use kabao_simulation::Liar;
use kabao_simulation::book::Book;
use kabao_simulation::phone::{ID_NUMBER, PHONE, PIN};
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(61);
const DAY: Duration = Duration::from_secs(86_401);

async fn proof(story: &Story, wallet: &Wallet, pin: &str) -> PinResetProof {
    let face = wallet.identity().face_begin().await.unwrap();
    let token = story.all.console.post("/dev/liveness", json!({ "channels": 5, "result": "ok", "nonce": face.nonce })).await.unwrap();
    let liveness_token = token["token"].as_str().unwrap().to_owned();
    let person = PersonProof { name: "张三".to_owned(), id_number: ID_NUMBER.to_owned(), liveness_token, liveness_nonce: Some(face.nonce) };
    PinResetProof { pin: pin.to_owned(), person: Some(person) }
}

/// Whether a payment goes through with this PIN.
async fn pays(story: &Story, wallet: &Wallet, pin: &str) -> bool {
    let quote = wallet.pay().quote(story.top_up_request("1.00").await).await.unwrap();
    let confirm = ConfirmRequest {
        quote_id: quote.quote_id,
        total_minor: quote.total.minor,
        source: quote.sources.iter().find(|source| source.proposed).unwrap().source.clone(),
        proof: PaymentProof::Pin { pin: pin.to_owned() },
        again: true,
    };
    wallet.pay().confirm(confirm).await.unwrap().failure.is_none()
}

async fn resets(story: &Story) -> usize {
    let notices = story.all.console.get("/dev/notices").await.unwrap();
    notices["notices"].as_array().unwrap().iter().filter(|notice| notice["kind"] == "pin_reset").count()
}

async fn code(story: &Story) -> Option<String> {
    story.all.console.otp("kabao", PHONE).await.ok().filter(|otp| otp.len() == 6)
}

/// Does what comes next until the reset is done; gives whether the PIN typed here is said to count.
async fn go_on(story: &Story, wallet: &Wallet, pin: &str, before: usize) -> bool {
    let account = wallet.account();
    for _ in 0..12 {
        let standing = account.pin_reset_standing().await.unwrap().map(|view| view.state);
        let done = match standing {
            // The first try won, and its answer was heard.
            None if resets(story).await > before => return false,
            None => account.pin_reset_begin().await.map(|_| ()),
            Some(State::EnterCode) => match code(story).await {
                Some(otp) => account.pin_reset_otp(otp).await.map(|_| ()),
                None => account.pin_reset_begin().await.map(|_| ()),
            },
            Some(_) => match account.pin_reset_finish(proof(story, wallet, pin).await).await {
                Ok(view) if view.state == State::Done => return true,
                Err(error) if error.is(Code::PinResetDone) => return false,
                other => other.map(|_| ()),
            },
        };
        match done {
            Err(error) if [Code::OtpCooldown, Code::OtpExpired, Code::OtpWrong, Code::OtpUsed].into_iter().any(|code| error.is(code)) => {
                tokio::time::sleep(MINUTE).await;
                let _ = account.pin_reset_begin().await;
            }
            Err(error) if error.is(Code::WrongStep) => {}
            other => other.unwrap(),
        }
    }
    panic!("the reset does not come to its end: {:?}", account.pin_reset_standing().await);
}

#[test]
fn killed_at_any_point_a_reset_is_resumed_and_the_person_knows_which_pin_counts() {
    story("pin-reset-kill", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let (mut points, mut firsts) = (0u32, 0u32);
        for call in ["begin", "otp", "finish", "check"] {
            let mut times = 0;
            loop {
                times += 1 + times / 8;
                points += 1;
                // Two PINs that are like nothing: what is typed first, and what is typed after the kill.
                let (first, second) = (format!("48{:02}73", 10 + points % 80), format!("73{:02}48", 10 + points % 80));
                tokio::time::sleep(DAY).await;
                let before = resets(&story).await;
                let wallet = story.wallet();
                let account = wallet.account();
                if call != "begin" {
                    account.pin_reset_begin().await.unwrap();
                }
                let otp = code(&story).await.unwrap_or_default();
                if matches!(call, "finish" | "check") {
                    account.pin_reset_otp(otp.clone()).await.unwrap();
                }
                if call == "check" {
                    // The answer that says *done* is lost; asking for it is killed.
                    story.all.console.post("/dev/faults", fault("PUT", "/v1/pin-resets", json!("drop_after"))).await.unwrap();
                    let proof = proof(&story, &wallet, &first).await;
                    account.pin_reset_finish(proof).await.unwrap_err();
                }
                let came = match call {
                    "begin" => polled(account.pin_reset_begin(), times).await.map(|came| drop(came.unwrap())),
                    "otp" => polled(account.pin_reset_otp(otp), times).await.map(|came| drop(came.unwrap())),
                    "finish" => {
                        let proof = proof(&story, &wallet, &first).await;
                        polled(account.pin_reset_finish(proof), times).await.map(|came| drop(came.unwrap()))
                    }
                    _ => polled(account.pin_reset_check(), times).await.map(|came| drop(came.unwrap())),
                };
                drop((account, wallet));
                story.all.phone.crash().await;
                let again = story.all.phone.start().await.unwrap();
                let mine = go_on(&story, &again, &second, before).await;
                let (counts, not) = if mine { (&second, &first) } else { (&first, &second) };
                assert!(pays(&story, &again, counts).await, "{call} {times}: {mine}");
                assert!(!pays(&story, &again, not).await, "{call} {times}: {mine}");
                assert!(pays(&story, &again, counts).await, "{call} {times}: {mine}");
                assert_eq!(resets(&story).await, before + 1, "{call} {times}");
                firsts += u32::from(!mine);
                if came.is_some() {
                    break;
                }
            }
        }
        println!("{points} points, the first PIN counted after {firsts}");
        assert!(points > 15 && firsts > 2, "{points} points, {firsts} firsts");
        assert_eq!(story.wallet().history().verify().await.unwrap().first_wrong_event, None);
    });
}

#[test]
fn an_answer_about_another_reset_is_not_believed_and_a_lock_refuses() {
    story("pin-reset-lies", async |story: Story| {
        let wallet = story.wallet();
        let account = wallet.account();
        for _ in 0..5 {
            assert!(!pays(&story, &wallet, "147036").await);
        }
        assert!(!pays(&story, &wallet, PIN).await);
        tokio::time::sleep(MINUTE).await;
        account.pin_reset_begin().await.unwrap();
        let otp = code(&story).await.unwrap();
        for lie in [
            json!({ "reset_id": crate::common::other() }), json!({ "state": "finished" }), json!({ "state": "done" }), json!({ "needs_person": "no" }),
        ] {
            let (liar, said) = (std::sync::Arc::clone(&story.liar), lie.clone());
            story.meddle(Changes::new("POST", "/v1/pin-resets", move |request, answer| {
                let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
                for (name, value) in said.as_object().unwrap() {
                    body[name] = value.clone();
                }
                Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
            }));
            let error = account.pin_reset_otp(otp.clone()).await.unwrap_err();
            assert!(error.is(Code::AnswerMalformed), "{lie}: {error:?}");
            story.honest();
            assert_eq!(account.pin_reset_standing().await.unwrap().unwrap().state, State::EnterCode);
        }
        assert_eq!(account.pin_reset_otp(otp).await.unwrap().state, State::Proving);
        wallet.lock().await.unwrap();
        assert!(account.pin_reset_begin().await.unwrap_err().is(Code::Locked));
        wallet.unlock().await.unwrap();
        // What the phone can judge is judged before anything leaves it.
        let good = proof(&story, &wallet, "480273").await;
        for (pin, code) in [("111111", Code::PinRepeats), ("12345", Code::PinLength), ("４８０２７３", Code::PinNotAscii)] {
            let error = account.pin_reset_finish(PinResetProof { pin: pin.to_owned(), ..good.clone() }).await.unwrap_err();
            assert!(error.is(code), "{pin}: {error:?}");
        }
        let bare = good.person.clone().map(|person| PersonProof { liveness_nonce: None, ..person });
        let error = account.pin_reset_finish(PinResetProof { person: bare, ..good.clone() }).await.unwrap_err();
        assert!(error.is(Code::LivenessStale));
        assert_eq!(account.pin_reset_finish(good).await.unwrap().state, State::Done);
        assert!(pays(&story, &wallet, "480273").await);
        assert!(!account.view().await.unwrap().pin_locked);
        assert!(account.pin_reset_check().await.unwrap_err().is(Code::WrongStep));
        // Nothing of it is kept here.
        let ledger = std::fs::read(story.all.phone.folder.join("ledger.db")).unwrap();
        assert!(!ledger.windows(6).any(|six| six == b"480273"));
    });
}

/// Erasing a phone frees its place among the account's phones, where there is a network.
#[test]
fn an_erased_phone_is_signed_out_where_the_service_can_be_reached() {
    story("erase-signs-out", async |story: Story| {
        let wallet = story.wallet();
        let word = wallet.data().erase_word();
        let report = wallet.data().erase_this_phone(kabao_core::data::EraseRequest { word, despite_open: false }).await.unwrap();
        assert!(report.signed_out && report.keys_renewed, "{report:?}");
        let phone = story.all.phone.folder.clone();
        let book = Book::open(&phone.parent().unwrap().join("service").join("service.db")).unwrap();
        assert_eq!(book.rows("SELECT count(*) FROM devices WHERE revoked = 0").unwrap(), [["0"]]);
    });
}

#[test]
fn a_locked_pin_is_known_before_it_is_asked_for() {
    story("locked-precheck", async |story: Story| {
        story.top_up("100.00").await;
        let wallet = story.wallet();
        let of = async |channel: &str| {
            let request = PrecheckRequest { amount: "10.00".to_owned(), channel: channel.to_owned(), source: None, ..Default::default() };
            let view = wallet.limits().precheck(request).await.unwrap();
            let notes = view.notes.iter().any(|note| note.note == "pin_locked");
            (view.general.iter().any(|blocker| blocker.failure.code == "pin_locked"), notes)
        };
        assert_eq!([of("pay").await, of("withdraw").await, of("code").await], [(false, false); 3]);
        for _ in 0..5 {
            assert!(!pays(&story, &wallet, "975318").await);
        }
        wallet.account().refresh().await.unwrap();
        // The approval key still pays what asks for no PIN; a withdrawal always asks for it, a payer code never.
        assert_eq!([of("pay").await, of("withdraw").await, of("code").await], [(false, true), (true, false), (false, false)]);
    });
}
