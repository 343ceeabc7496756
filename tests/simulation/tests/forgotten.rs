//! A service that was put back to before money left it, or before an account was opened: phones that come back one after the other
//! find what was, spend nothing twice, and are told no circle of advice.

use crate::common::cards::{bound, typed};
use crate::common::moves::{fault, settled};
use crate::common::people::{Person, card_number};
use crate::common::transfers::{balance, friend, once, pass, send};
use crate::common::{Story, fresh, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::pay::QuoteRequest;
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_money::payment::PaymentState;
use kabao_simulation::Phone;
use serde_json::{Value, json};

async fn snapshot(story: &Story) -> Value {
    story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone()
}

async fn restore(story: &Story, copy: &Value) {
    story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
}

async fn bank_holds(story: &Story) -> i64 {
    story.all.console.get("/dev/bank/holds").await.unwrap()["fen"].as_i64().unwrap()
}

fn withdrawal(amount: &str, card_id: &str) -> QuoteRequest {
    QuoteRequest::Withdraw { amount: amount.to_owned(), card_id: card_id.to_owned() }
}

/// What can be paid with and what is held, as the phone says.
async fn parts(wallet: &Wallet) -> (i64, i64) {
    wallet.limits().refresh().await.unwrap();
    let view = wallet.limits().balance().await.unwrap();
    (view.available.unwrap().minor, view.held.unwrap().minor)
}

/// The whole history, newest first: amount and state.
async fn told(wallet: &Wallet) -> Vec<(i64, String)> {
    while !wallet.history().sync().await.unwrap().complete {}
    wallet.history().list(None).await.unwrap().items.into_iter().map(|item| (item.amount.minor, item.state)).collect()
}

#[test]
fn what_went_to_a_card_that_the_copy_does_not_know_is_not_there_to_spend() {
    story("card", async |story: Story| {
        story.top_up("500.00").await;
        let wallet = story.wallet();
        let first = wallet.cards().list().await.unwrap()[0].card_id.clone();
        let copy = snapshot(&story).await;
        let second = bound(&story, &wallet, typed(&card_number(77))).await;
        story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", json!("drop_after"))).await.unwrap();
        story.all.console.post("/dev/faults", json!({ "path_prefix": "/v1/payments", "method": "GET", "action": "drop_before" })).await.unwrap();
        let flying = story.all.phone.pay(withdrawal("100.00", &second.card_id)).await.unwrap();
        assert_eq!(flying.state, PaymentState::Unknown);
        restore(&story, &copy).await;
        story.all.console.delete("/dev/faults").await.unwrap();
        let more = wallet.pay().quote(withdrawal("400.01", &first)).await.unwrap_err();
        assert!(more.is(Code::AboveBalance), "{more:?}");
        pass(&story, 60_000).await;
        settled(&story).await;
        assert_eq!(wallet.pay().payment(flying.intent_id).await.unwrap().state, PaymentState::Succeeded);
        assert_eq!((told(&wallet).await[0].clone(), balance(&wallet).await, bank_holds(&story).await), ((-10_000, "done".to_owned()), 40_000, 40_000));
        once(&story).await;
    });
}

#[test]
fn what_was_transferred_and_drawn_out_is_not_there_for_a_second_phone() {
    // Whether the copy has the money that was transferred.
    for money_too in [false, true] {
        story(&format!("second-{money_too}"), async |story: Story| {
            let (theirs, payee) = friend(&story).await;
            let person = Person::new(41);
            let binding = theirs.cards().bind(person.bind()).await.unwrap();
            let card = theirs.cards().confirm(binding.binding_id, story.all.console.otp("bank", &person.tel).await.unwrap()).await.unwrap();
            let mut other = story.another("beside");
            let beside = story.signed_in(&mut other).await;
            pass(&story, 25 * 3_600_000).await;
            let before = snapshot(&story).await;
            story.top_up("100.00").await;
            let after = snapshot(&story).await;
            send(&story, &payee, "100.00", 0).await;
            let quote = theirs.pay().quote(withdrawal("100.00", &card.card_id)).await.unwrap();
            assert_eq!(crate::common::confirm(&theirs, &quote).await.unwrap().state, PaymentState::Succeeded);
            for wallet in [&story.wallet(), &theirs, &beside] {
                told(wallet).await;
            }
            let (mine, came) = (told(&beside).await, told(&theirs).await);
            assert_eq!(bank_holds(&story).await, 0);
            restore(&story, if money_too { &before } else { &after }).await;
            // The second phone is the first to come.
            while !beside.history().sync().await.unwrap().complete {}
            assert_eq!(parts(&beside).await, (0, 0), "{money_too}");
            let mine_card = beside.cards().list().await.unwrap()[0].card_id.clone();
            let again = beside.pay().quote(withdrawal("1.00", &mine_card)).await.unwrap_err();
            assert!(again.is(Code::AboveBalance), "{again:?}");
            // Who received comes before the first phone does.
            pass(&story, 60_000).await;
            while !theirs.history().sync().await.unwrap().complete {}
            if !money_too {
                assert_eq!(told(&theirs).await, came);
                assert_eq!(told(&beside).await, mine);
            }
            settled(&story).await;
            pass(&story, 60_000).await;
            for (wallet, was) in [(&story.wallet(), &mine), (&beside, &mine), (&theirs, &came)] {
                assert_eq!((told(wallet).await, balance(wallet).await), (was.clone(), 0));
            }
            assert_eq!((bank_holds(&story).await, once(&story).await), (0, 3));
            theirs.close().await.unwrap();
            beside.close().await.unwrap();
        });
    }
}

/// The till has been told that it is paid; the money came from a friend, whose phone is the last to come.
#[test]
fn what_was_paid_at_a_till_with_a_friends_money_is_paid_when_the_friend_comes() {
    // Whether the copy has the friend's own money.
    for money_too in [false, true] {
        story(&format!("till-{money_too}"), async |story: Story| {
            let (theirs, payee) = friend(&story).await;
            theirs.pay().prepare_codes().await.unwrap();
            if money_too {
                story.top_up("50.00").await;
            }
            let copy = snapshot(&story).await;
            if !money_too {
                story.top_up("50.00").await;
            }
            send(&story, &payee, "50.00", 0).await;
            assert_eq!(balance(&theirs).await, 5_000);
            let code = theirs.pay().show_code("lakala".to_owned()).await.unwrap();
            let charge = json!({ "code": code.digits, "amount_fen": 2_880, "order": "order-1" });
            assert_eq!(story.all.console.post("/dev/till/charge", charge).await.unwrap()["code"], json!("BBS00000"));
            let mut before = told(&theirs).await;
            restore(&story, &copy).await;
            let _ = (told(&theirs).await, told(&story.wallet()).await);
            pass(&story, 120_000).await;
            let mut after = told(&theirs).await;
            before.sort_unstable();
            after.sort_unstable();
            assert_eq!((balance(&theirs).await, after), (5_000 - 2_880, before), "{money_too}");
            assert_eq!((balance(&story.wallet()).await, bank_holds(&story).await), (0, 5_000));
            theirs.close().await.unwrap();
        });
    }
}

/// The book that is put back has never seen the codes, neither the one that a till took nor those that the phone still holds.
#[test]
fn codes_that_were_handed_out_after_the_copy_are_known() {
    story("codes", async |story: Story| {
        let (theirs, payee) = friend(&story).await;
        story.top_up("50.00").await;
        send(&story, &payee, "50.00", 0).await;
        assert_eq!(balance(&theirs).await, 5_000);
        let copy = snapshot(&story).await;
        theirs.pay().prepare_codes().await.unwrap();
        let charge = async |order: &str| {
            let code = theirs.pay().show_code("lakala".to_owned()).await.unwrap();
            let charge = json!({ "code": code.digits, "amount_fen": 1_200, "order": order });
            assert_eq!(story.all.console.post("/dev/till/charge", charge).await.unwrap()["code"], json!("BBS00000"), "{order}");
        };
        charge("before").await;
        let mut before = told(&theirs).await;
        restore(&story, &copy).await;
        let mut after = told(&theirs).await;
        before.sort_unstable();
        after.sort_unstable();
        assert_eq!((balance(&theirs).await, after), (3_800, before));
        charge("after").await;
        let _ = told(&theirs).await;
        assert_eq!(balance(&theirs).await, 2_600);
        theirs.close().await.unwrap();
    });
}

#[test]
fn who_opened_an_account_after_the_copy_goes_on_with_it() {
    fresh("opened", async |story: Story| {
        let person = Person::new(43);
        let mut phone: Phone = story.another("new");
        let wallet = phone.start().await.unwrap();
        let copy = snapshot(&story).await;
        person.go_on(&story, &wallet).await;
        let card_id = wallet.cards().list().await.unwrap()[0].card_id.clone();
        phone.pay(QuoteRequest::TopUp { amount: "300.00".to_owned(), card_id }).await.unwrap();
        let before = told(&wallet).await;
        restore(&story, &copy).await;
        let _ = wallet.history().sync().await;
        let _ = wallet.account().refresh().await;
        let taken = person.go_on(&story, &wallet).await;
        assert!(taken.contains(&Kind::Verify) && !taken.contains(&Kind::ChoosePin), "{taken:?}");
        assert_eq!((told(&wallet).await, balance(&wallet).await, bank_holds(&story).await), (before, 30_000, 30_000));
        // The card is bound anew, as the list says.
        assert!(wallet.cards().list().await.unwrap().is_empty());
        while wallet.cards().list().await.unwrap().is_empty() {
            if let Err(error) = person.take(&story, &wallet, Kind::BindCard).await {
                assert!(error.is(Code::ConsentMissing), "{error:?}");
            }
        }
        let card_id = wallet.cards().list().await.unwrap()[0].card_id.clone();
        assert_eq!(phone.pay(withdrawal("300.00", &card_id)).await.unwrap().state, PaymentState::Succeeded);
        assert_eq!((balance(&wallet).await, bank_holds(&story).await, once(&story).await), (0, 0, 2));
        wallet.close().await.unwrap();
    });
}
