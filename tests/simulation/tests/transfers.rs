//! Transfers on a network that loses answers, with an app that is killed, and a payee on another phone.

use crate::common::moves::{fault, killed, settled};
use crate::common::transfers::{HOURS_2, balance, friend, once, pass, send};
use crate::common::{Story, confirmation, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::pay::{PaymentProof, QuoteRequest};
use kabao_money::payment::PaymentState;
use serde_json::{Value, json};

#[test]
fn every_way_to_lose_an_answer_ends_with_one_transfer() {
    story("answers", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let actions =
            [json!("drop_before"), json!("drop_after"), json!("cut"), json!("badly_signed"), json!("lie_not_found"), json!("duplicate"), json!({ "status": 500 })];
        for (turn, action) in actions.iter().enumerate() {
            story.all.console.post("/dev/faults", fault("PUT", "/v1/payments", action.clone())).await.unwrap();
            let told = send(&story, &payee, &format!("1.{turn:02}"), 0).await;
            assert!(!told.may_pay_again, "{action}: {told:?}");
            settled(&story).await;
            assert_eq!(story.wallet().pay().payment(told.intent_id).await.unwrap().state, PaymentState::Succeeded, "{action}");
        }
        let gone: i64 = (0..7).map(|turn| 100 + turn).sum();
        assert_eq!((balance(&story.wallet()).await, balance(&theirs).await, once(&story).await), (10_000 - gone, gone, 8));
        theirs.close().await.unwrap();
    });
}

#[test]
fn who_received_money_holds_no_proof_of_having_paid() {
    story("proofs", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        send(&story, &payee, "3.00", 0).await;
        send(&story, &payee, "4.00", HOURS_2).await;
        settled(&story).await;
        while !theirs.history().sync().await.unwrap().complete {}
        let of = async |wallet: &Wallet, title: &str| {
            let items = wallet.history().list(None).await.unwrap().items;
            let found = items.into_iter().find(|item| item.amount.text.ends_with(title)).unwrap();
            let receipt = wallet.pay().receipt(found.record_id.unwrap()).await.unwrap();
            assert!(receipt.verified);
            (receipt.shows, receipt.title, receipt.arrives_at.is_some())
        };
        while !story.wallet().history().sync().await.unwrap().complete {}
        assert_eq!(of(&story.wallet(), "3.00").await, ("sent".to_owned(), "转账凭证".to_owned(), false));
        assert_eq!(of(&story.wallet(), "4.00").await, ("sent_later".to_owned(), "延时转账凭证".to_owned(), true));
        assert_eq!(of(&theirs, "3.00").await, ("received".to_owned(), "收款凭证".to_owned(), false));
        theirs.close().await.unwrap();
    });
}

#[test]
fn killed_at_any_effect_a_transfer_is_made_once_or_was_never_begun() {
    story("kills", async |mut story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let mut kills = 0;
        for effects in 1..22 {
            let host = story.all.phone.host.clone();
            let request = QuoteRequest::Transfer { payee_id: payee.clone(), amount: format!("2.{effects:02}"), delay_ms: effects % 2 * HOURS_2 };
            kills += u32::from(killed(&host, effects, story.all.phone.pay(request)).await.is_none());
            story.all.phone.crash().await;
            story.all.phone.start().await.unwrap();
            settled(&story).await;
        }
        assert!(kills >= 5, "{kills}");
        pass(&story, u64::from(HOURS_2)).await;
        let (mine, come) = (balance(&story.wallet()).await, balance(&theirs).await);
        let made = once(&story).await - 1;
        assert!(made >= 5 && mine + come == 10_000, "{made} {mine} {come}");
        assert!(story.wallet().history().verify().await.unwrap().first_wrong_event.is_none());
        theirs.close().await.unwrap();
    });
}

#[test]
fn called_back_or_arrived_and_never_both_whatever_is_lost() {
    story("cancel", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let wallet = story.wallet();
        for (turn, action) in [json!("drop_before"), json!("drop_after"), json!("unsigned"), json!("duplicate"), json!("lie_not_found")].iter().enumerate() {
            let sent = send(&story, &payee, &format!("3.{turn:02}"), HOURS_2).await;
            assert_eq!(wallet.pay().transfer(sent.intent_id.clone()).await.unwrap().state, "waiting");
            story.all.console.post("/dev/faults", fault("POST", "/v1/transfers", action.clone())).await.unwrap();
            if let Err(error) = wallet.pay().cancel_transfer(sent.intent_id.clone()).await {
                assert!(error.is_unknown() || error.is(Code::NotFound), "{action}: {error:?}");
            }
            assert_eq!(wallet.pay().cancel_transfer(sent.intent_id.clone()).await.unwrap().state, "cancelled", "{action}");
            while !wallet.history().sync().await.unwrap().complete {}
            let view = wallet.pay().transfer(sent.intent_id).await.unwrap();
            assert_eq!((view.state.as_str(), view.can_cancel), ("cancelled", false));
        }
        // One that nobody calls back in time.
        let sent = send(&story, &payee, "4.00", HOURS_2).await;
        pass(&story, u64::from(HOURS_2)).await;
        let late = wallet.pay().cancel_transfer(sent.intent_id.clone()).await.unwrap_err();
        assert!(late.is(Code::TransferArrived) && !late.is_unknown(), "{late:?}");
        pass(&story, u64::from(HOURS_2)).await;
        assert_eq!((balance(&wallet).await, balance(&theirs).await), (9_600, 400));
        assert_eq!(wallet.pay().transfer(sent.intent_id).await.unwrap().state, "arrived");
        let items = theirs.history().list(None).await.unwrap().items;
        assert_eq!((items.len(), items[0].kind.as_str(), items[0].amount.minor), (1, "transfer", 400));
        assert_eq!(once(&story).await, 7);
        theirs.close().await.unwrap();
    });
}

#[test]
fn a_transfer_wants_the_pin_the_right_quote_and_a_person_who_was_looked_up() {
    story("proof", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let wallet = story.wallet();
        let request = |payee: &str| QuoteRequest::Transfer { payee_id: payee.to_owned(), amount: "10.00".to_owned(), delay_ms: HOURS_2 };
        let quote = wallet.pay().quote(request(&payee)).await.unwrap();
        assert_eq!(quote.warning.as_ref().map(|warning| warning.code.as_str()), Some("payee_first_time"));
        let mut wish = confirmation(&quote);
        wish.proof = PaymentProof::Approval;
        assert!(wallet.pay().confirm(wish).await.unwrap_err().is(Code::PinAlways));
        let sent = wallet.pay().confirm(confirmation(&quote)).await.unwrap();
        assert_eq!(sent.state, PaymentState::Succeeded);
        // The other side has not looked this person up, and cannot call the transfer back.
        let mine = wallet.account().view().await.unwrap().account_id;
        assert!(theirs.pay().quote(request(&mine)).await.unwrap_err().is(Code::PersonUnknown));
        assert!(theirs.pay().cancel_transfer(sent.intent_id.clone()).await.unwrap_err().is(Code::NotFound));
        theirs.close().await.unwrap();
    });
}

#[test]
fn a_restored_service_is_shown_the_proof_and_delivers_once() {
    for (name, called_back) in [("kept", false), ("back", true)] {
        story(&format!("restored-{name}"), async |story: Story| {
            story.top_up("100.00").await;
            let (theirs, payee) = friend(&story).await;
            let copy = story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone();
            let sent = send(&story, &payee, "30.00", HOURS_2).await;
            if called_back {
                assert_eq!(story.wallet().pay().cancel_transfer(sent.intent_id.clone()).await.unwrap().state, "cancelled");
            }
            story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
            while !story.wallet().history().sync().await.unwrap().complete {}
            pass(&story, u64::from(HOURS_2)).await;
            let (mine, come) = (balance(&story.wallet()).await, balance(&theirs).await);
            assert_eq!((mine, come), if called_back { (10_000, 0) } else { (7_000, 3_000) }, "{name}");
            once(&story).await;
            theirs.close().await.unwrap();
        });
    }
}
