//! Weak networks and networks with a page of their own: how long is waited, what is offered instead, and that nothing is sent
//! or believed twice for it.

use crate::common::{Story, confirm, story};
use kabao_base::Code;
use kabao_core::host::{HttpRequest, HttpResponse, TransportError};
use kabao_core::limits::NetworkState;
use kabao_money::payment::PaymentState;
use kabao_simulation::{Came, Meddler, Weather};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Every answer comes so much later; how long each call was ready to wait is written down.
#[derive(Default)]
struct Stall {
    ms: AtomicU64,
    waits: Mutex<Vec<u64>>,
}

impl Meddler for Stall {
    fn instead(&self, request: &HttpRequest) -> Option<Came> {
        self.waits.lock().unwrap().push(request.timeout_ms);
        None
    }

    fn hold_ms(&self, _: &HttpRequest) -> u64 {
        self.ms.load(Ordering::SeqCst)
    }
}

/// The same to whatever is asked: what a network with a page of its own may say.
struct Page(Came);

impl Meddler for Page {
    fn instead(&self, _: &HttpRequest) -> Option<Came> {
        Some(self.0.clone())
    }
}

fn page(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Came {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(HttpResponse { status, headers, body: body.to_vec() })
}

impl Story {
    async fn network(&self) -> (NetworkState, Option<String>, bool) {
        let ready = self.wallet().limits().ready_to_pay().await.unwrap();
        (ready.network, ready.network_failure.map(|failure| failure.code), ready.offer_text.is_some())
    }
}

#[test]
fn a_stall_of_half_a_minute_is_waited_for_and_the_code_is_offered_meanwhile() {
    story("stall", async |story: Story| {
        story.top_up("500.00").await;
        story.wallet().pay().prepare_codes().await.unwrap();
        while !story.wallet().history().sync().await.unwrap().complete {}
        assert_eq!(story.network().await, (NetworkState::Good, None, false));
        let stall = Arc::new(Stall::default());
        story.all.net.meddle(Some(Arc::clone(&stall) as _));
        stall.ms.store(30_000, Ordering::SeqCst);
        let account = story.wallet().account();
        for _ in 0..2 {
            assert!(account.refresh().await.unwrap_err().is(Code::NetSlow));
            assert_eq!(story.network().await, (NetworkState::Weak, Some("net_slow".to_owned()), true));
            // The offer is one that holds: a code comes without any network.
            let asked = stall.waits.lock().unwrap().len();
            assert!(story.wallet().pay().show_code("lakala".to_owned()).await.is_ok());
            assert_eq!(stall.waits.lock().unwrap().len(), asked);
        }
        account.refresh().await.unwrap();
        assert_eq!(*stall.waits.lock().unwrap(), [10_000, 20_000, 40_000]);
        // Quick answers bring the short wait back, one step at a time.
        stall.ms.store(100, Ordering::SeqCst);
        for _ in 0..3 {
            account.refresh().await.unwrap();
        }
        assert_eq!(stall.waits.lock().unwrap()[3..], [40_000, 20_000, 10_000]);
        assert_eq!(story.network().await, (NetworkState::Good, None, false));
    });
}

#[test]
fn a_payment_on_a_stalling_network_is_unknown_once_and_carried_out_once() {
    story("stalled-payment", async |story: Story| {
        let quote = story.wallet().pay().quote(story.top_up_request("20.00").await).await.unwrap();
        let stall = Arc::new(Stall::default());
        stall.ms.store(25_000, Ordering::SeqCst);
        story.all.net.meddle(Some(Arc::clone(&stall) as _));
        let paid = confirm(&story.wallet(), &quote).await.unwrap();
        assert_eq!((paid.state, paid.may_pay_again), (PaymentState::Unknown, false));
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_secs(30)).await;
            if story.wallet().pay().payment(paid.intent_id.clone()).await.unwrap().state.is_final() {
                break;
            }
        }
        let end = story.wallet().pay().payment(paid.intent_id.clone()).await.unwrap();
        assert_eq!(end.state, PaymentState::Succeeded, "the network never became better");
        let executions = story.executions().await;
        assert_eq!(executions.iter().filter(|execution| execution["intent_id"] == paid.intent_id.as_str()).count(), 1);
        assert!(executions.iter().all(|execution| execution["count"] == 1));
    });
}

#[test]
fn whatever_a_network_shows_in_the_place_of_the_service_ends_no_payment() {
    story("pages", async |story: Story| {
        let html = ("content-type", "text/html");
        let pages = [
            page(200, &[html], b"<html>sign in</html>"),
            page(200, &[html], &vec![b'x'; 1 << 20]),
            page(200, &[html], "登录\u{202e}\u{200b}😀".as_bytes()),
            page(302, &[("location", "http://10.0.0.1/login")], b""),
            page(511, &[html], b""),
            Err(TransportError::NotTls),
        ];
        for (place, said) in pages.into_iter().enumerate() {
            let amount = format!("{}.00", 11 + place);
            let quote = story.wallet().pay().quote(story.top_up_request(&amount).await).await.unwrap();
            story.meddle(Page(said));
            assert!(story.wallet().account().refresh().await.unwrap_err().is(Code::NetSignIn), "{place}");
            assert_eq!(story.network().await.0, NetworkState::SignIn, "{place}");
            let paid = confirm(&story.wallet(), &quote).await.unwrap();
            assert_eq!((paid.state, paid.may_pay_again), (PaymentState::Unknown, false), "{place}");
            assert!(!story.executions().await.iter().any(|execution| execution["intent_id"] == paid.intent_id.as_str()), "{place}");
            story.honest();
            let end = story.wallet().pay().resolve(paid.intent_id.clone()).await.unwrap();
            assert_eq!(end.state, PaymentState::Succeeded, "{place}");
        }
        assert!(story.executions().await.iter().all(|execution| execution["count"] == 1));
    });
}

#[test]
fn what_is_no_page_of_a_network_is_not_called_one() {
    story("no-pages", async |story: Story| {
        for (said, code) in [
            (page(502, &[("content-type", "text/html")], b"<html>bad gateway</html>"), Code::AnswerUnsigned),
            (page(404, &[("content-type", "text/html")], b""), Code::AnswerUnsigned),
            (page(200, &[("content-type", "application/json")], b"{}"), Code::AnswerUnsigned),
            (Err(TransportError::NoName), Code::NetNoName),
            (Err(TransportError::Unreachable), Code::NetDown),
            (Err(TransportError::Untrusted), Code::TlsUntrusted),
        ] {
            story.meddle(Page(said));
            let error = story.wallet().operator().refresh_profile().await.unwrap_err();
            assert!(error.is(code), "{code:?}: {error:?}");
        }
    });
}

#[test]
fn a_phone_that_changes_networks_in_mid_payment_pays_once() {
    story("changes", async |story: Story| {
        let quote = story.wallet().pay().quote(story.top_up_request("30.00").await).await.unwrap();
        // The first network takes the request and dies before the answer; for a while there is none; then there is another one.
        story.all.net.set(Weather { lose_answer: 100, ..Weather::default() });
        let paid = confirm(&story.wallet(), &quote).await.unwrap();
        assert_eq!(paid.state, PaymentState::Unknown);
        story.all.net.set(Weather { off: true, ..Weather::default() });
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(story.network().await.0, NetworkState::Down);
        story.all.net.set(Weather::default());
        let end = story.wallet().pay().resolve(paid.intent_id.clone()).await.unwrap();
        assert_eq!(end.state, PaymentState::Succeeded);
        assert!(story.executions().await.iter().all(|execution| execution["count"] == 1));
        assert_eq!(story.network().await.0, NetworkState::Good);
    });
}

#[test]
fn a_phone_that_moves_to_another_network_waits_for_no_answer_on_the_old_one() {
    story("moved", async |story: Story| {
        let quote = story.wallet().pay().quote(story.top_up_request("20.00").await).await.unwrap();
        let stall = Arc::new(Stall::default());
        stall.ms.store(9_000, Ordering::SeqCst);
        story.all.net.meddle(Some(Arc::clone(&stall) as _));
        let (wallet, begun) = (story.wallet(), tokio::time::Instant::now());
        let (account, pay) = (wallet.account(), wallet.pay());
        let moves = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            stall.ms.store(100, Ordering::SeqCst);
            wallet.network_changed();
        };
        let (paid, asked, ()) = tokio::join!(confirm(&wallet, &quote), account.refresh(), moves);
        assert!(asked.unwrap_err().is(Code::NetCut));
        let paid = paid.unwrap();
        assert_eq!((paid.state, paid.may_pay_again), (PaymentState::Unknown, false), "it may have arrived");
        let end = pay.resolve(paid.intent_id.clone()).await.unwrap();
        assert_eq!(end.state, PaymentState::Succeeded);
        assert!(begun.elapsed() < Duration::from_secs(5), "the old network's answer was waited for: {:?}", begun.elapsed());
        assert_eq!(story.network().await.0, NetworkState::Good);
        let executions = story.executions().await;
        assert_eq!(executions.iter().filter(|execution| execution["intent_id"] == paid.intent_id.as_str()).map(|execution| &execution["count"]).collect::<Vec<_>>(), [1]);
        // After hours without network the pauses are a quarter of an hour; who is back, knows at once.
        let quote = pay.quote(story.top_up_request("21.00").await).await.unwrap();
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let paid = confirm(&wallet, &quote).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3 * 3_600)).await;
        story.all.net.set(Weather::default());
        wallet.network_changed();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(pay.payment(paid.intent_id).await.unwrap().state.is_final());
    });
}
