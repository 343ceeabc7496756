//! Answers that end early, at every byte: cut on the way, so that their signature does not fit, and cut before they were signed, so that
//! it does. No panic, no final word, and when the answers are whole again the payment comes to the end that the service has for it.

use crate::common::moves::settled;
use crate::common::transfers::{HOURS_2, balance, friend, once, send};
use crate::common::{Story, confirm, story};
use kabao_core::host::{HttpRequest, TransportError};
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::liar::Envelope;
use kabao_simulation::{Came, Liar, Meddler};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Cuts the answers to one kind of request: each at the next byte, first on the way, then before it is signed. Once all bytes had
/// their turn, nothing is cut any more.
struct Cutter {
    liar: Arc<Liar>,
    method: &'static str,
    path: &'static str,
    /// What the path ends with.
    end: &'static str,
    /// What becomes of the other requests about a payment.
    others: Others,
    turn: Mutex<Turn>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Pass,
    /// Questions are answered with *not found*, so that the payment is sent again.
    NotFound,
    /// The payment itself never arrives.
    NeverSent,
}

#[derive(Default, Clone, Copy)]
struct Turn {
    at: usize,
    signed: bool,
    /// The longest answer so far.
    whole: usize,
    cuts: usize,
}

impl Turn {
    fn over(self) -> bool {
        self.whole > 0 && self.at >= self.whole
    }
}

impl Cutter {
    fn new(story: &Story, method: &'static str, path: &'static str, end: &'static str, others: Others) -> Arc<Cutter> {
        let cutter = Arc::new(Cutter { liar: Arc::clone(&story.liar), method, path, end, others, turn: Mutex::default() });
        story.all.net.meddle(Some(Arc::clone(&cutter) as _));
        cutter
    }

    fn turn(&self) -> Turn {
        *self.turn.lock().unwrap()
    }

    fn meant(&self, request: &HttpRequest) -> bool {
        let path = request.target.split('?').next().unwrap_or_default();
        request.method == self.method && path.starts_with(self.path) && path.ends_with(self.end)
    }
}

impl Meddler for Cutter {
    fn instead(&self, request: &HttpRequest) -> Option<Came> {
        let payment = request.method == "PUT" && request.target.starts_with("/v1/payments/");
        (payment && self.others == Others::NeverSent && !self.turn().over()).then_some(Err(TransportError::Cut))
    }

    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        let mut answer = answer?;
        let mut turn = self.turn.lock().unwrap();
        if turn.over() {
            return Ok(answer);
        }
        if !self.meant(request) {
            if self.others == Others::NotFound && request.method == "GET" && request.target.starts_with("/v1/payments/") {
                let around = Envelope { status: 404, ..Liar::envelope(&answer) };
                return Ok(self.liar.answer(request, &around, br#"{"code":"not_found"}"#).unwrap());
            }
            return Ok(answer);
        }
        turn.whole = turn.whole.max(answer.body.len());
        answer.body.truncate(turn.at.min(answer.body.len() - 1));
        let cut = if turn.signed { self.liar.answer(request, &Liar::envelope(&answer), &answer.body).unwrap() } else { answer };
        (turn.at, turn.signed, turn.cuts) = (turn.at + usize::from(turn.signed), !turn.signed, turn.cuts + 1);
        Ok(cut)
    }
}

/// Does something until each byte had its turn.
async fn at_every_byte(cutter: &Cutter, mut work: impl AsyncFnMut(Turn)) {
    loop {
        let before = cutter.turn();
        work(before).await;
        let after = cutter.turn();
        assert!(after.cuts > before.cuts, "nothing was cut at byte {} of {}", before.at, before.whole);
        if after.over() {
            assert!(after.whole > 50 && after.cuts >= 2 * after.whole, "{} cuts of {} bytes", after.cuts, after.whole);
            return;
        }
    }
}

/// Every payment has its end, each was carried out once, and the phone's history is the service's.
async fn right(story: &Story, executions: usize) {
    settled(story).await;
    assert_eq!((once(story).await, story.records().await), (executions, executions));
    let report = story.wallet().history().verify().await.unwrap();
    assert!(report.first_wrong_event.is_none() && report.wrong_receipts.is_empty(), "{report:?}");
}

#[test]
fn a_quote_that_ends_early_is_no_quote() {
    story("quote", async |story: Story| {
        let request = story.top_up_request("5.00").await;
        let (pay, cutter) = (story.wallet().pay(), Cutter::new(&story, "POST", "/v1/quotes", "", Others::Pass));
        at_every_byte(&cutter, async |turn| assert!(pay.quote(request.clone()).await.is_err(), "at {}", turn.at)).await;
        assert!(pay.open_payments().await.unwrap().is_empty());
        let quote = pay.quote(request).await.unwrap();
        assert_eq!(confirm(&story.wallet(), &quote).await.unwrap().state, PaymentState::Succeeded);
        right(&story, 1).await;
    });
}

/// Pays, and has the answers to one kind of request cut: the payment stays open as long as they are.
async fn stays_open(story: &Story, method: &'static str, others: Others) {
    let quote = story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap();
    if method == "GET" {
        story.all.net.set(kabao_simulation::Weather { lose_answer: 100, ..Default::default() });
    }
    let pay = story.wallet().pay();
    let cutter = Cutter::new(story, method, "/v1/payments/", "", others);
    let told = confirm(&story.wallet(), &quote).await.unwrap();
    assert_eq!((told.state, told.may_pay_again), (PaymentState::Unknown, false));
    story.all.net.set(kabao_simulation::Weather::default());
    at_every_byte(&cutter, async |turn| {
        let mut view = pay.resolve(told.intent_id.clone()).await.unwrap();
        // It is sent again only after a pause, which grows.
        for _ in 0..60 {
            if cutter.turn().cuts > turn.cuts {
                break;
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
            view = pay.resolve(told.intent_id.clone()).await.unwrap();
        }
        // The last cut may be followed by a whole answer within the same question.
        let whole = cutter.turn().over();
        assert!(whole || !view.state.is_final() && !view.may_pay_again, "{:?} at {}", view.state, turn.at);
    })
    .await;
    right(story, 1).await;
    assert_eq!(pay.payment(told.intent_id).await.unwrap().state, PaymentState::Succeeded);
}

#[test]
fn a_payment_whose_answers_end_early_stays_open_and_is_carried_out_once() {
    story("sent", async |story: Story| stays_open(&story, "PUT", Others::NotFound).await);
}

#[test]
fn a_payment_whose_questions_are_answered_in_part_stays_open() {
    story("asked", async |story: Story| stays_open(&story, "GET", Others::Pass).await);
}

#[test]
fn a_payment_is_given_up_with_a_whole_tombstone_only() {
    story("given-up", async |story: Story| {
        let quote = story.wallet().pay().quote(story.top_up_request("5.00").await).await.unwrap();
        let (pay, cutter) = (story.wallet().pay(), Cutter::new(&story, "POST", "/v1/payments/", "/abandon", Others::NeverSent));
        let told = confirm(&story.wallet(), &quote).await.unwrap();
        assert_eq!(told.state, PaymentState::Unknown);
        let mut begun = false;
        at_every_byte(&cutter, async |turn| {
            let view = if begun { pay.resolve(told.intent_id.clone()).await } else { pay.abandon(told.intent_id.clone()).await }.unwrap();
            begun = true;
            assert!(cutter.turn().over() || !view.state.is_final() && !view.may_pay_again, "{:?} at {}", view.state, turn.at);
        })
        .await;
        settled(&story).await;
        assert_eq!(pay.payment(told.intent_id).await.unwrap().state, PaymentState::Failed);
        assert_eq!((once(&story).await, story.records().await), (0, 0));
    });
}

#[test]
fn a_transfer_is_called_back_with_a_whole_answer_only() {
    story("called-back", async |story: Story| {
        story.top_up("100.00").await;
        let (theirs, payee) = friend(&story).await;
        let sent = send(&story, &payee, "5.00", HOURS_2).await.intent_id;
        let (pay, cutter) = (story.wallet().pay(), Cutter::new(&story, "POST", "/v1/transfers/", "/cancel", Others::Pass));
        at_every_byte(&cutter, async |turn| {
            let said = pay.cancel_transfer(sent.clone()).await;
            assert!(cutter.turn().over() || said.as_ref().map_or(true, |view| view.state != "cancelled"), "{said:?} at {}", turn.at);
        })
        .await;
        assert_eq!(pay.cancel_transfer(sent).await.unwrap().state, "cancelled");
        settled(&story).await;
        assert_eq!((balance(&story.wallet()).await, balance(&theirs).await), (10_000, 0));
        theirs.close().await.unwrap();
    });
}

#[test]
fn a_history_and_a_balance_that_end_early_change_nothing() {
    story("synced", async |story: Story| {
        let merchant = story.merchant().await;
        story.top_up("20.00").await;
        let (history, account) = (story.wallet().history(), story.wallet().account());
        story.records().await;
        account.refresh().await.unwrap();
        story.all.phone.pay(QuoteRequest::Pay { payee_id: merchant, amount: "3.00".to_owned(), order: None }).await.unwrap();
        let before = account.view().await.unwrap().balance;
        let shown = async || history.list(None).await.unwrap().items.len();
        let count = shown().await;
        let cutter = Cutter::new(&story, "GET", "/v1/history", "", Others::Pass);
        at_every_byte(&cutter, async |turn| {
            assert!(history.sync().await.is_err(), "at {}", turn.at);
            assert_eq!(shown().await, count, "at {}", turn.at);
        })
        .await;
        let cutter = Cutter::new(&story, "GET", "/v1/account", "", Others::Pass);
        at_every_byte(&cutter, async |turn| {
            assert!(account.refresh().await.is_err(), "at {}", turn.at);
            assert_eq!(account.view().await.unwrap().balance, before, "at {}", turn.at);
        })
        .await;
        assert_eq!(account.refresh().await.unwrap().balance.unwrap().minor, 1_700);
        right(&story, 2).await;
    });
}
