//! Two phones of one account: what one of them does, the other knows.

use crate::common::{Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::data::ConsentState;
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::phone::PIN;
use serde_json::json;

#[test]
fn a_phone_that_was_just_signed_in_knows_its_limits() {
    story("new-limits", async |story: Story| {
        story.top_up("500.00").await;
        story.wallet().limits().set_own_caps(Some("50.00".to_owned()), Some("100.00".to_owned()), None).await.unwrap();
        let mut phone = story.another("limited");
        let wallet = story.signed_in(&mut phone).await;
        let most = wallet.limits().max_allowed_now("pay".to_owned(), None).await.unwrap().unwrap();
        assert_eq!(most.minor, 5_000);
        let all = wallet.limits().limits_explained(kabao_core::limits::LimitsRequest::default()).await.unwrap();
        assert!(all.lines.iter().any(|line| line.rule.contains("new_phone")), "{all:?}");
    });
}

#[test]
fn of_two_phones_that_answer_one_merchant_the_loser_is_told_that_it_is_paid() {
    story("one-ask", async |story: Story| {
        story.top_up("500.00").await;
        let mut phone = story.another("asked");
        let other = story.signed_in(&mut phone).await;
        let code = story.wallet().pay().show_code("lakala".to_owned()).await.unwrap();
        let charge = json!({ "code": code.digits, "amount_fen": 12_000, "order": "order-1" });
        assert_eq!(story.all.console.post("/dev/till/charge", charge).await.unwrap()["code"], json!("BBS10000"));
        let mut quotes = Vec::new();
        for wallet in [&story.wallet(), &other] {
            wallet.history().sync().await.unwrap();
            let ask = wallet.pay().asks().await.unwrap().remove(0);
            quotes.push((wallet.clone(), wallet.pay().quote(QuoteRequest::Ask { ask_id: ask.ask_id }).await.unwrap()));
        }
        let first = crate::common::confirm(&quotes[0].0, &quotes[0].1).await.unwrap();
        assert_eq!(first.state, PaymentState::Succeeded);
        let late = crate::common::confirm(&quotes[1].0, &quotes[1].1).await.unwrap();
        assert_eq!(late.state, PaymentState::Failed);
        assert_eq!(late.failure.unwrap().code, "ask_paid");
        assert!(!late.may_pay_again);
        assert_eq!(story.executions().await.iter().filter(|one| one["count"] == json!(1)).count(), 2);
    });
}

#[test]
fn a_card_removed_on_another_phone_is_gone_here_after_a_sync() {
    story("card-elsewhere", async |story: Story| {
        let mut phone = story.another("cards");
        let other = story.signed_in(&mut phone).await;
        let card = other.cards().list().await.unwrap().remove(0);
        other.cards().unbind(card.card_id, PIN.to_owned()).await.unwrap();
        assert_eq!(story.wallet().cards().list().await.unwrap().len(), 1);
        story.wallet().history().sync().await.unwrap();
        assert!(story.wallet().cards().list().await.unwrap().is_empty());
    });
}

#[test]
fn a_consent_withdrawn_on_another_phone_is_withdrawn_here() {
    story("consent-elsewhere", async |story: Story| {
        let mut phone = story.another("consents");
        let other = story.signed_in(&mut phone).await;
        let state = async |wallet: &Wallet| {
            let view = wallet.data().refresh_consents().await.unwrap();
            view.documents.into_iter().find(|one| one.document == "real_name").unwrap().state
        };
        assert_eq!(state(&other).await, ConsentState::Given);
        story.wallet().data().withdraw_consent("real_name".to_owned()).await.unwrap();
        assert_eq!(state(&other).await, ConsentState::Withdrawn);
    });
}

#[test]
fn two_phones_that_wish_at_once_have_one_cap() {
    story("two-wishes", async |story| {
        let mut other = story.another("beside");
        let (here, there) = (story.wallet(), story.signed_in(&mut other).await);
        for (one, two) in [("50", "70"), ("45", "40")] {
            let (a, b) = (here.limits(), there.limits());
            let (first, second) = tokio::join!(a.set_own_caps(Some(one.to_owned()), None, None), b.set_own_caps(Some(two.to_owned()), None, None));
            // Without the PIN no cap grows: whoever came first, the lower one holds.
            for refused in [first, second].into_iter().filter_map(Result::err) {
                assert!(refused.is(Code::OwnCapRaise), "{refused:?}");
            }
            let lower = one.parse::<i64>().unwrap().min(two.parse().unwrap()) * 100;
            for wallet in [&here, &there] {
                assert_eq!(wallet.limits().refresh().await.unwrap().own.single.unwrap().minor, lower, "{one} {two}");
            }
        }
    });
}
