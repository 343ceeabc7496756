//! An order that a service took once more while it had forgotten the first payment: the phone that paid first hears it and tells.

use crate::common::transfers::{balance, friend, send};
use crate::common::{Story, confirmation, story};
use kabao_core::history::RefundRequest;
use kabao_core::pay::QuoteRequest;
use kabao_core::{WalletEvent, WalletListener};
use kabao_money::payment::PaymentState;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Notices(Mutex<Vec<Option<String>>>);

impl WalletListener for Notices {
    fn on_event(&self, event: WalletEvent) {
        if let WalletEvent::Notice { title, record_id, .. } = event
            && title == kabao_core::words::say(kabao_core::words::Language::ZhCn, "notice.order_twice.title", &[])
        {
            self.0.lock().unwrap().push(record_id);
        }
    }
}

#[test]
fn who_paid_an_order_that_was_paid_once_more_is_told_once_and_can_ask_for_it() {
    story("order-twice", async |story: Story| {
        story.top_up("200.00").await;
        let (wallet, payee) = (story.wallet(), story.merchant().await);
        let (theirs, person) = friend(&story).await;
        assert_eq!(send(&story, &person, "60.00", 0).await.state, PaymentState::Succeeded);
        assert_eq!(balance(&theirs).await, 6_000);
        let order = || QuoteRequest::Pay { payee_id: payee.clone(), amount: "50.00".to_owned(), order: Some("table 7".to_owned()) };
        let copy = story.all.console.post("/dev/snapshot", Value::Null).await.unwrap()["snapshot"].clone();
        let paid = story.all.phone.pay(order()).await.unwrap();
        assert_eq!((paid.state, paid.warning), (PaymentState::Succeeded, None));
        story.all.console.post("/dev/restore", json!({ "snapshot": copy, "rebuild": true })).await.unwrap();
        let quote = theirs.pay().quote(order()).await.unwrap();
        assert_eq!(theirs.pay().confirm(confirmation(&quote)).await.unwrap().state, PaymentState::Succeeded);
        let heard = Arc::new(Notices::default());
        let listening = wallet.subscribe(Arc::clone(&heard) as _);
        for _ in 0..3 {
            while !wallet.history().sync().await.unwrap().complete {}
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        assert_eq!(*heard.0.lock().unwrap(), vec![paid.record_id.clone()], "told once");
        drop(listening);
        let now = wallet.pay().payment(paid.intent_id).await.unwrap();
        assert_eq!((now.state, now.warning.unwrap().code.as_str()), (PaymentState::Succeeded, "order_paid_twice"));
        // What the words say can be done.
        let wish = RefundRequest { record_id: paid.record_id.unwrap(), amount: None, reason: "other".to_owned() };
        let track = wallet.history().ask_refund(wish).await.unwrap();
        assert_eq!(track.asks[0].state, "requested", "{track:?}");
        theirs.close().await.unwrap();
    });
}
