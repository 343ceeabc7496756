//! Password, authenticator app and backup codes: every call killed at every effect and gone on with, two phones at once, and a
//! service that came back from an old copy. What is in force is what was said last, and a code counts once.

use crate::common::moves::*;
use crate::common::{Story, story};
use kabao_base::Code;
use kabao_codes::otp::{Enrolment, totp};
use kabao_core::account::{AccountClient, BackupCodes};
use kabao_simulation::phone::PIN;
use serde_json::json;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(61);

/// The code that the app shows now. Each is good once, so time goes by first.
async fn shown(story: &Story, uri: &str) -> String {
    tokio::time::sleep(MINUTE).await;
    let read = Enrolment::read(uri).unwrap();
    totp(&read.key, story.all.service.now(), read.settings).unwrap().expose("typed by the person").to_owned()
}

async fn enrolled(story: &Story, account: &AccountClient) -> (String, Vec<String>) {
    let uri = account.factor_begin().await.unwrap().uri;
    let codes = account.factor_confirm(shown(story, &uri).await).await.unwrap().codes;
    (uri, codes)
}

/// Whether this password is the one in force: only that one can be changed, here into itself with an end.
async fn in_force(account: &AccountClient, password: &str) -> bool {
    match account.change_password(password.to_owned(), format!("{password}!")).await {
        Ok(_) => true,
        Err(error) => {
            assert!(error.is(Code::PasswordWrong) && error.failure().field.as_deref() == Some("old"), "{error:?}");
            false
        }
    }
}

#[test]
fn killed_at_any_effect_a_password_is_the_old_one_or_the_new_one() {
    story("secure-password", async |mut story: Story| {
        let mut points = 0;
        for call in ["set", "change"] {
            for effects in 1.. {
                points += 1;
                let at = format!("{call} {effects}");
                let (old, new) = (format!("four-tin-lamps-{points}"), format!("seven-red-boats-{points}"));
                let account = story.wallet().account();
                account.set_password(old.clone(), Some(PIN.to_owned())).await.unwrap();
                let host = std::sync::Arc::clone(&story.all.phone.host);
                let came = match call {
                    "set" => killed(&host, effects, account.set_password(new.clone(), Some(PIN.to_owned()))).await,
                    _ => killed(&host, effects, account.change_password(old.clone(), new.clone())).await,
                };
                let ended = came.map(|came| drop(came.unwrap())).is_some();
                drop(account);
                story.all.phone.crash().await;
                let account = story.all.phone.start().await.unwrap().account();
                assert!(account.security_refresh().await.unwrap().password_set, "{at}");
                let (was_old, was_new) = match in_force(&account, &old).await {
                    true => (true, false),
                    false => (false, in_force(&account, &new).await),
                };
                assert!(was_old != was_new, "{at}: {was_old} {was_new}");
                assert!(!ended || was_new, "{at}");
                // The person says it again, or something else: what is said last is in force.
                let last = if points % 2 == 0 { new } else { format!("nine-old-stones-{points}") };
                account.set_password(last.clone(), Some(PIN.to_owned())).await.unwrap();
                assert!(in_force(&account, &last).await, "{at}");
                if ended {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 12, "{points} points");
        assert_eq!(story.wallet().history().verify().await.unwrap().first_wrong_event, None);
    });
}

/// Ten codes in the person's hand of which one turns the app off: whatever was lost, there is a way to them.
async fn ten_that_count(account: &AccountClient, codes: &BackupCodes, at: &str) {
    assert_eq!(codes.codes.len(), 10, "{at}");
    assert_eq!(account.security_refresh().await.unwrap().backup_codes_left, 10, "{at}");
    assert!(!account.factor_off(codes.codes[3].clone()).await.unwrap().factor_on, "{at}");
}

#[test]
fn killed_at_any_effect_a_second_factor_is_on_or_off_and_its_codes_are_in_hand() {
    story("secure-factor", async |mut story: Story| {
        let mut points = 0;
        for call in ["begin", "confirm", "backups", "off"] {
            for effects in 1.. {
                points += 1;
                let at = format!("{call} {effects}");
                let account = story.wallet().account();
                let host = std::sync::Arc::clone(&story.all.phone.host);
                let mut uri = String::new();
                let ended = match call {
                    "begin" => killed(&host, effects, account.factor_begin()).await.map(|came| drop(came.unwrap())),
                    "confirm" => {
                        uri = account.factor_begin().await.unwrap().uri;
                        let code = shown(&story, &uri).await;
                        killed(&host, effects, account.factor_confirm(code)).await.map(|came| drop(came.unwrap()))
                    }
                    _ => {
                        uri = enrolled(&story, &account).await.0;
                        let code = shown(&story, &uri).await;
                        match call {
                            "backups" => killed(&host, effects, account.backup_codes(code)).await.map(|came| drop(came.unwrap())),
                            _ => killed(&host, effects, account.factor_off(code)).await.map(|came| drop(came.unwrap())),
                        }
                    }
                };
                drop(account);
                story.all.phone.crash().await;
                let account = story.all.phone.start().await.unwrap().account();
                let on = account.security_refresh().await.unwrap().factor_on;
                match (call, on) {
                    ("begin", false) => {
                        // A link that nobody saw is none: it is shown again, and works.
                        let (_, codes) = enrolled(&story, &account).await;
                        ten_that_count(&account, &BackupCodes { codes }, &at).await;
                    }
                    ("confirm", _) => {
                        assert!(ended.is_none() || on, "{at}");
                        let code = shown(&story, &uri).await;
                        // When it was on already, its codes went with the app: they are given again.
                        let codes = account.factor_confirm(code).await.unwrap();
                        ten_that_count(&account, &codes, &at).await;
                    }
                    ("backups", true) => {
                        let codes = account.backup_codes(shown(&story, &uri).await).await.unwrap();
                        ten_that_count(&account, &codes, &at).await;
                    }
                    ("off", true) => {
                        assert!(ended.is_none(), "{at}");
                        assert!(!account.factor_off(shown(&story, &uri).await).await.unwrap().factor_on, "{at}");
                    }
                    ("off", false) => assert!(!account.factor_off("123456".to_owned()).await.unwrap().factor_on, "{at}: what is off is off"),
                    other => panic!("{at}: {other:?}"),
                }
                if ended.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 16, "{points} points");
    });
}

#[test]
fn of_two_phones_that_say_something_at_once_the_last_one_counts_and_a_code_counts_once() {
    story("secure-two", async |story: Story| {
        let mut other = story.another("beside");
        let (here, there) = (story.wallet().account(), story.signed_in(&mut other).await.account());
        for turn in 0..4 {
            let (one, two) = (format!("four-tin-lamps-{turn}"), format!("seven-red-boats-{turn}"));
            let (a, b) = tokio::join!(here.set_password(one.clone(), Some(PIN.to_owned())), there.set_password(two.clone(), Some(PIN.to_owned())));
            assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
            let last = in_force(&here, &one).await;
            assert!(last != in_force(&there, &two).await, "{turn}");
        }
        let (uri, codes) = enrolled(&story, &here).await;
        let paper = codes[0].clone();
        let (a, b) = tokio::join!(here.backup_codes(paper.clone()), there.backup_codes(paper));
        let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
        let (won, lost) = (won.unwrap(), lost.unwrap_err());
        assert!(won.codes.len() == 10 && (lost.is(Code::FactorUsed) || lost.is(Code::FactorWrong)), "{lost:?}");
        assert_eq!(here.security_refresh().await.unwrap().backup_codes_left, 10);
        let code = shown(&story, &uri).await;
        let (a, b) = tokio::join!(here.factor_off(code.clone()), there.factor_off(code));
        let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
        // What is off is off, whatever is shown as the proof.
        assert!(!won.unwrap().factor_on && lost.is_ok_and(|view| !view.factor_on));
    });
}

#[test]
fn a_service_from_an_old_copy_forgets_no_password_and_no_used_code() {
    story("secure-restored", async |story: Story| {
        let account = story.wallet().account();
        account.set_password("four-tin-lamps".to_owned(), Some(PIN.to_owned())).await.unwrap();
        let (uri, codes) = enrolled(&story, &account).await;
        let copy = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        account.change_password("four-tin-lamps".to_owned(), "seven-red-boats".to_owned()).await.unwrap();
        let fresh = account.backup_codes(codes[0].clone()).await.unwrap().codes;
        // For ten minutes the same codes are given again; after that a proof counts again.
        tokio::time::sleep(Duration::from_secs(601)).await;
        let code = shown(&story, &uri).await;
        assert_ne!(account.backup_codes(code.clone()).await.unwrap().codes, fresh);
        story.all.console.post("/dev/restore", json!({ "snapshot": copy["snapshot"] })).await.unwrap();
        let _ = account.security_refresh().await;
        assert!(account.security_refresh().await.unwrap().factor_on);
        assert!(!in_force(&account, "four-tin-lamps").await && in_force(&account, "seven-red-boats").await);
        for used in [code, codes[0].clone(), codes[1].clone(), fresh[0].clone()] {
            let error = account.factor_off(used).await.unwrap_err();
            assert!([Code::FactorUsed, Code::FactorWrong].iter().any(|code| error.is(*code)), "{error:?}");
        }
        assert!(account.security_refresh().await.unwrap().factor_on);
    });
}
