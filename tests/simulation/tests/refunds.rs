//! Money that comes back by another way than it went, and what the person sees of it.

use crate::common::{Story, confirmation, story};
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::phone::PIN;
use serde_json::json;

/// A question of a merchant that the person pays with the card; gives the card.
async fn paid_by_card(story: &Story, order: &str, fen: i64) -> String {
    let wallet = story.wallet();
    let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
    let charge = json!({ "code": code.digits, "amount_fen": fen, "order": order });
    assert_eq!(story.all.console.post("/dev/till/charge", charge).await.unwrap()["code"], json!("BBS10000"));
    wallet.history().sync().await.unwrap();
    let ask = wallet.pay().asks().await.unwrap().remove(0);
    let quote = wallet.pay().quote(QuoteRequest::Ask { ask_id: ask.ask_id }).await.unwrap();
    let card = quote.sources.iter().find(|source| source.usable && source.source != "balance").unwrap().source.clone();
    let mut wish = confirmation(&quote);
    wish.source.clone_from(&card);
    assert_eq!(wallet.pay().confirm(wish).await.unwrap().state, PaymentState::Succeeded);
    card
}

#[test]
fn money_for_a_card_that_is_gone_is_in_the_history_and_keeps_no_account_open() {
    story("rerouted", async |story: Story| {
        let wallet = story.wallet();
        paid_by_card(&story, "order-1", 20_000).await;
        let card = wallet.cards().list().await.unwrap().remove(0);
        wallet.cards().unbind(card.card_id, PIN.to_owned()).await.unwrap();
        story.all.console.post("/dev/till/refund", json!({ "origin": "order-1", "amount_fen": 20_000 })).await.unwrap();
        for _ in 0..5 {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            story.all.service.tick(story.all.service.now());
        }
        let report = wallet.history().sync().await.unwrap();
        assert!(report.complete);
        let list = wallet.history().list(None).await.unwrap().items;
        let back = list.iter().find(|item| item.state == "rerouted").unwrap_or_else(|| panic!("{list:?}"));
        assert_eq!(back.amount.minor, 20_000);
        assert!(!back.state_text.is_empty());
        assert_eq!(wallet.account().refresh().await.unwrap().balance.unwrap().minor, 20_000);
        assert!(wallet.history().verify().await.unwrap().first_wrong_event.is_none());
        let points = wallet.account().closure().await.unwrap().points;
        let returns = points.iter().find(|point| point.point == "returns").unwrap_or_else(|| panic!("{points:?}"));
        assert!(!returns.blocks, "{returns:?}");
    });
}

#[test]
fn a_month_counts_the_fees_of_what_went_out() {
    story("month-fees", async |story: Story| {
        story.all.console.post("/dev/fees", json!({ "kind": "pay", "rate_ppm": 6_000 })).await.unwrap();
        story.top_up("100.00").await;
        let payee_id = story.merchant().await;
        let paid = story.all.phone.pay(QuoteRequest::Pay { payee_id, amount: "50.00".to_owned(), order: None }).await.unwrap();
        assert_eq!((paid.state, paid.fee.minor), (PaymentState::Succeeded, 30));
        let wallet = story.wallet();
        wallet.history().sync().await.unwrap();
        let month = wallet.history().month(None).await.unwrap();
        assert_eq!((month.spent.minor, month.received.minor), (5_030, 10_000));
        let left = wallet.account().refresh().await.unwrap().balance.unwrap().minor;
        assert_eq!(month.received.minor - month.spent.minor, left);
    });
}

#[test]
fn an_account_that_is_free_again_is_not_called_frozen() {
    story("free-again", async |story: Story| {
        let wallet = story.wallet();
        let account = wallet.account().view().await.unwrap().account_id;
        let frozen = |is: i64| json!({ "account_id": account, "frozen": is });
        story.all.console.post("/dev/limits", frozen(1)).await.unwrap();
        wallet.limits().refresh().await.unwrap();
        let frozen_now = async || {
            let ready = wallet.limits().ready_to_pay().await.unwrap();
            ready.checks.iter().any(|check| check.failure.as_ref().is_some_and(|why| why.code == "account_frozen"))
        };
        assert!(frozen_now().await);
        story.all.console.post("/dev/limits", frozen(0)).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        wallet.account().refresh().await.unwrap();
        assert!(!frozen_now().await);
    });
}
