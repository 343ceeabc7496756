//! Money that is asked back, on a network that loses answers, with an app that is killed, two phones, and a service from an older copy.

use crate::common::moves::{fault, killed};
use crate::common::{Changes, Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::history::{RefundRequest, RefundTrackView};
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::Liar;
use serde_json::{Value, json};
use std::time::Duration;

async fn synced(wallet: &Wallet) {
    while !wallet.history().sync().await.unwrap().complete {}
}

/// Pays a merchant of our own; gives the record.
async fn paid(story: &Story, payee: &str, amount: &str) -> String {
    let paid = story.all.phone.pay(QuoteRequest::Pay { payee_id: payee.to_owned(), amount: amount.to_owned(), order: None }).await.unwrap();
    assert_eq!(paid.state, PaymentState::Succeeded);
    synced(&story.wallet()).await;
    paid.record_id.unwrap()
}

async fn requests(story: &Story) -> Vec<Value> {
    story.all.console.get("/dev/refunds").await.unwrap()["asks"].as_array().unwrap().clone()
}

/// The merchant agrees to everything that is asked, and the clock carries it out.
async fn agree(story: &Story) {
    for ask in requests(story).await.iter().filter(|ask| ask["state"] == json!("requested")) {
        story.all.console.post("/dev/refunds", json!({ "ask_id": ask["ask_id"], "answer": "approve" })).await.unwrap();
    }
    pass(story).await;
}

async fn pass(story: &Story) {
    tokio::time::sleep(Duration::from_secs(5)).await;
    story.all.service.tick(story.all.service.now());
}

fn wish(record: &str, amount: Option<&str>) -> RefundRequest {
    RefundRequest { record_id: record.to_owned(), amount: amount.map(str::to_owned), reason: "returned".to_owned() }
}

async fn balance(wallet: &Wallet) -> i64 {
    synced(wallet).await;
    wallet.account().refresh().await.unwrap().balance.unwrap().minor
}

/// Never more than was paid, and the sums agree with the parts.
fn sound(track: &RefundTrackView) {
    let parts: i64 = track.refunds.iter().map(|refund| refund.amount.minor).sum();
    assert!(track.doubt.is_none() && track.given.minor == parts && parts <= track.paid.minor, "{track:?}");
    assert!(track.left.minor >= 0 && track.arrived.minor <= track.given.minor, "{track:?}");
}

#[test]
fn every_way_to_lose_an_answer_ends_with_one_request_and_one_refund() {
    story("answers", async |story: Story| {
        story.top_up("100.00").await;
        let (wallet, payee) = (story.wallet(), story.merchant().await);
        let actions =
            [json!("drop_before"), json!("drop_after"), json!("cut"), json!("badly_signed"), json!("lie_not_found"), json!("duplicate"), json!({ "status": 500 })];
        for (turn, action) in actions.iter().enumerate() {
            let record = paid(&story, &payee, &format!("2.{turn:02}")).await;
            story.all.console.post("/dev/faults", fault("PUT", "/v1/refunds", action.clone())).await.unwrap();
            let asked = wallet.history().ask_refund(wish(&record, None)).await.unwrap();
            assert!(["asking", "requested"].contains(&asked.asks[0].state.as_str()), "{action}: {asked:?}");
            // The same wish again is the same request, whether the first one was heard or not.
            let again = wallet.history().ask_refund(wish(&record, None)).await;
            assert!(again.as_ref().map_or_else(|error| error.is(Code::RefundTooMuch), |track| track.asks.len() == 1), "{action}: {again:?}");
            synced(&wallet).await;
            let track = wallet.history().refunds(record.clone()).await.unwrap();
            assert_eq!((track.asks.len(), track.asks[0].state.as_str(), track.left.minor), (1, "requested", 0), "{action}: {track:?}");
            assert_eq!(requests(&story).await.len(), turn + 1, "{action}");
            agree(&story).await;
            synced(&wallet).await;
            let track = wallet.history().refunds(record).await.unwrap();
            assert_eq!((track.asks[0].state.as_str(), track.refunds.len(), track.given.minor), ("arrived", 1, track.paid.minor), "{action}: {track:?}");
            sound(&track);
        }
        assert_eq!(balance(&wallet).await, 10_000);
        assert!(wallet.history().verify().await.unwrap().first_wrong_event.is_none());
    });
}

#[test]
fn killed_at_any_effect_a_request_is_made_once_or_was_never_begun() {
    story("kills", async |mut story: Story| {
        story.top_up("100.00").await;
        let payee = story.merchant().await;
        let record = paid(&story, &payee, "50.00").await;
        let (mut kills, mut most) = (0, 0);
        for effects in 1..12 {
            let host = story.all.phone.host.clone();
            let history = story.wallet().history();
            kills += u32::from(killed(&host, effects, history.ask_refund(wish(&record, Some("1.00")))).await.is_none());
            drop(history);
            story.all.phone.crash().await;
            let wallet = story.all.phone.start().await.unwrap();
            synced(&wallet).await;
            let track = wallet.history().refunds(record.clone()).await.unwrap();
            sound(&track);
            let open = track.asks.iter().filter(|ask| ask.state == "requested").count();
            assert!(open <= 1 && track.asks.iter().all(|ask| ask.state != "asking"), "{effects}: {track:?}");
            most = most.max(open);
            for ask in requests(&story).await.iter().filter(|ask| ask["state"] == json!("requested")) {
                let answer = json!({ "ask_id": ask["ask_id"], "answer": if effects % 2 == 0 { "approve" } else { "refuse" } });
                // Beyond five a merchant is asked no more; agreed to they stay within the payment.
                story.all.console.post("/dev/refunds", answer).await.unwrap();
            }
            pass(&story).await;
        }
        assert!(kills >= 4 && most == 1, "{kills} {most}");
        let wallet = story.wallet();
        synced(&wallet).await;
        let track = wallet.history().refunds(record).await.unwrap();
        sound(&track);
        assert_eq!(balance(&wallet).await, 5_000 + track.given.minor);
        assert!(track.given.minor >= 100);
    });
}

#[test]
fn a_service_from_an_older_copy_is_asked_again_and_gives_once() {
    story("restored", async |story: Story| {
        story.top_up("100.00").await;
        let (wallet, payee) = (story.wallet(), story.merchant().await);
        let record = paid(&story, &payee, "30.00").await;
        let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
        let charge = json!({ "code": code.digits, "amount_fen": 1_500, "order": "order-1" });
        assert_eq!(story.all.console.post("/dev/till/charge", charge).await.unwrap()["code"], json!("BBS00000"));
        synced(&wallet).await;
        let items = wallet.history().list(None).await.unwrap().items;
        let charged = items.iter().find(|item| item.kind == "payer_code").unwrap().record_id.clone().unwrap();
        let copy = story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone();
        wallet.history().ask_refund(wish(&record, Some("10.00"))).await.unwrap();
        wallet.history().ask_refund(wish(&charged, Some("5.00"))).await.unwrap();
        agree(&story).await;
        assert_eq!(balance(&wallet).await, 10_000 - 4_500 + 1_500);
        for round in 0..2 {
            story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
            pass(&story).await;
            synced(&wallet).await;
            agree(&story).await;
            assert_eq!(balance(&wallet).await, 10_000 - 4_500 + 1_500, "{round}");
            for id in [&record, &charged] {
                let track = wallet.history().refunds(id.clone()).await.unwrap();
                sound(&track);
                assert_eq!((track.asks.len(), track.asks[0].state.as_str(), track.refunds.len()), (1, "arrived", 1), "{round}: {track:?}");
            }
        }
        assert!(story.executions().await.iter().all(|one| one["count"] == json!(1)));
    });
}

#[test]
fn two_phones_pay_the_same_see_it_and_make_one_claim() {
    story("two", async |story: Story| {
        story.top_up("100.00").await;
        let payee = story.merchant().await;
        let mut phone = story.another("second");
        let other = story.signed_in(&mut phone).await;
        let wallet = story.wallet();
        paid(&story, &payee, "12.00").await;
        // The other phone has not synced since: nothing warns it.
        let request = QuoteRequest::Pay { payee_id: payee.clone(), amount: "12.00".to_owned(), order: None };
        let quote = other.pay().quote(request.clone()).await.unwrap();
        let mut wanted = crate::common::confirmation(&quote);
        wanted.again = false;
        assert_eq!(other.pay().confirm(wanted).await.unwrap().state, PaymentState::Succeeded);
        for phone in [&wallet, &other] {
            synced(phone).await;
            let found = phone.history().duplicates().await.unwrap();
            assert_eq!((found.len(), found[0].why.as_str(), found[0].claim.is_none()), (1, "same_amount", true), "{found:?}");
        }
        // After the sync a third one is asked about on either phone.
        for phone in [&wallet, &other] {
            let mut wanted = crate::common::confirmation(&phone.pay().quote(request.clone()).await.unwrap());
            wanted.again = false;
            assert!(phone.pay().confirm(wanted).await.unwrap_err().is(Code::PaymentRepeated));
        }
        let pair = wallet.history().duplicates().await.unwrap().remove(0);
        let (later, earlier) = (pair.later.record_id.unwrap(), pair.earlier.record_id.unwrap());
        let (mine, theirs) = (wallet.history(), other.history());
        let claims = tokio::join!(mine.claim_duplicate(later.clone(), earlier.clone()), theirs.claim_duplicate(earlier.clone(), later.clone()));
        assert!(claims.0.is_ok() && claims.1.is_ok(), "{claims:?}");
        assert_eq!(requests(&story).await.len(), 1);
        agree(&story).await;
        for phone in [&wallet, &other] {
            synced(phone).await;
            let found = phone.history().duplicates().await.unwrap();
            assert_eq!(found[0].claim.as_ref().map(|claim| claim.state.as_str()), Some("arrived"), "{found:?}");
        }
        assert_eq!(balance(&wallet).await, 10_000 - 1_200);
        other.close().await.unwrap();
    });
}

#[test]
fn answers_about_requests_that_make_no_sense_change_nothing() {
    story("liar", async |story: Story| {
        story.top_up("100.00").await;
        let (wallet, payee) = (story.wallet(), story.merchant().await);
        let record = paid(&story, &payee, "5.00").await;
        let first = wallet.history().ask_refund(wish(&record, Some("1.00"))).await.unwrap().asks.remove(0);
        assert_eq!(first.state, "requested");
        // Signed answers of another shape: what was known before stays known.
        for (turn, said) in [json!({ "asks": 1 }), json!([]), json!({ "asks": [{ "ask_id": "x" }] })].into_iter().enumerate() {
            let liar = story.liar.clone();
            story.meddle(Changes::new("GET", "/v1/refunds", move |request, answer| {
                Ok(liar.answer(request, &Liar::envelope(&answer), said.to_string().as_bytes()).unwrap())
            }));
            let track = wallet.history().ask_refund(wish(&record, Some(&format!("0.{:02}", turn + 1)))).await.unwrap();
            assert_eq!(track.asks.len(), turn + 2, "{track:?}");
            assert!(track.asks.iter().any(|ask| ask.ask_id == first.ask_id && ask.state == "requested"), "{track:?}");
            sound(&track);
        }
        story.honest();
        synced(&wallet).await;
        let track = wallet.history().refunds(record.clone()).await.unwrap();
        assert_eq!((track.asks.len(), track.left.minor), (4, 500 - 106), "{track:?}");
        assert!(track.asks.iter().all(|ask| ask.state == "requested"), "{track:?}");
    });
}

#[test]
fn a_late_success_after_another_way_was_taken_is_told_and_claimed() {
    story("late", async |story: Story| {
        story.top_up("100.00").await;
        let (wallet, payee) = (story.wallet(), story.merchant().await);
        let request = |order: Option<&str>| QuoteRequest::Pay { payee_id: payee.clone(), amount: "20.00".to_owned(), order: order.map(str::to_owned) };
        // The bank says nothing about the scan.
        story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
        let quote = wallet.pay().quote(request(None)).await.unwrap();
        let mut wanted = crate::common::confirmation(&quote);
        wanted.source = quote.sources.iter().find(|source| source.usable && source.source != "balance").unwrap().source.clone();
        let first = wallet.pay().confirm(wanted).await.unwrap();
        assert_eq!(first.state, PaymentState::Unknown);
        story.all.console.post("/dev/bank/faults", json!({})).await.unwrap();
        // The link to the same merchant is asked about, and taken all the same.
        let quote = wallet.pay().quote(request(Some("A-7"))).await.unwrap();
        let mut wanted = crate::common::confirmation(&quote);
        (wanted.source, wanted.again) = ("balance".to_owned(), false);
        assert!(wallet.pay().confirm(wanted.clone()).await.unwrap_err().is(Code::PaymentUnresolved));
        wanted.again = true;
        let second = wallet.pay().confirm(wanted).await.unwrap();
        assert_eq!((second.state, second.warning.unwrap().code.as_str()), (PaymentState::Succeeded, "may_pay_twice"));
        synced(&wallet).await;
        assert!(wallet.history().duplicates().await.unwrap().is_empty());
        story.all.console.post("/dev/bank/settle", json!({})).await.unwrap();
        crate::common::moves::settled(&story).await;
        let late = wallet.pay().payment(first.intent_id).await.unwrap();
        assert_eq!((late.state, late.warning.unwrap().code.as_str()), (PaymentState::Succeeded, "paid_twice"));
        synced(&wallet).await;
        let pair = wallet.history().duplicates().await.unwrap().remove(0);
        assert_eq!(pair.why, "late_success");
        wallet.history().claim_duplicate(pair.later.record_id.unwrap(), pair.earlier.record_id.unwrap()).await.unwrap();
        agree(&story).await;
        for _ in 0..3 {
            pass(&story).await;
        }
        synced(&wallet).await;
        let found = wallet.history().duplicates().await.unwrap();
        assert_eq!((found.len(), found[0].claim.as_ref().map(|claim| claim.state.as_str())), (1, Some("arrived")), "{found:?}");
    });
}
