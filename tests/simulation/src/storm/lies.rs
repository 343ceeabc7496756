//! Lies with the service's own keys, and truths told at the wrong time. None of them may be believed.

use super::Storm;
use crate::liar::{Liar, decode};
use crate::net::{Came, Meddler, Weather};
use crate::phone::{Told, told};
use kabao_core::host::{HttpRequest, HttpResponse};
use kabao_proof::documents::Document;
use kabao_proof::{Digest32, Head, chain, cose};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const HISTORY: &str = "/v1/history";

/// Tells the history as it was one entry ago, signed as the service signs.
struct Yesterday {
    liar: Arc<Liar>,
    /// The phone has verified at least as much.
    verified: u64,
    lies: AtomicU32,
}

impl Yesterday {
    fn tell(&self, request: &HttpRequest, answer: &HttpResponse) -> Option<Came> {
        let mut body: Value = serde_json::from_slice(&answer.body).ok()?;
        let entries = body["entries"].as_array_mut()?;
        entries.pop()?;
        if entries.is_empty() {
            return None;
        }
        let entries = entries.clone();
        let head = decode(body["head"].as_str()?).ok()?;
        let mut head = Head::decode(&cose::read(&head).ok()?.payload).ok()?;
        head.seq = body["first_seq"].as_u64()?.checked_add(u64::try_from(entries.len()).ok()?)?.checked_sub(1)?;
        if head.seq >= self.verified {
            return None;
        }
        head.hash = Digest32::parse(body["prev_hash"].as_str()?).ok()?.0;
        for entry in &entries {
            head.hash = chain::next_hash(&head.hash, &decode(entry.as_str()?).ok()?);
        }
        body["head"] = json!(self.liar.document(&head).ok()?);
        let lie = self.liar.answer(request, &Liar::envelope(answer), body.to_string().as_bytes()).ok()?;
        self.lies.fetch_add(1, Ordering::AcqRel);
        Some(Ok(lie))
    }
}

impl Meddler for Yesterday {
    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        let lie = answer.as_ref().ok().filter(|_| request.target.starts_with(HISTORY)).and_then(|answer| self.tell(request, answer));
        lie.unwrap_or(answer)
    }
}

/// Keeps the first answer about the history and gives it to every later question of the same words.
#[derive(Default)]
struct Again {
    kept: Mutex<Option<(String, HttpResponse)>>,
    old: AtomicU32,
    new: AtomicU32,
}

impl Meddler for Again {
    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        if !request.target.starts_with(HISTORY) {
            return answer;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match (kept.as_ref(), &answer) {
            (Some((target, old)), _) if *target == request.target => {
                self.old.fetch_add(1, Ordering::AcqRel);
                Ok(old.clone())
            }
            (None, Ok(first)) => {
                *kept = Some((request.target.clone(), first.clone()));
                answer
            }
            _ => {
                self.new.fetch_add(1, Ordering::AcqRel);
                answer
            }
        }
    }
}

/// Holds the answers about payments for two seconds, and remembers whether the service said an end.
#[derive(Default)]
struct Slowly {
    asked: AtomicU32,
    ended: AtomicU32,
}

impl Meddler for Slowly {
    fn instead(&self, request: &HttpRequest) -> Option<Came> {
        self.asked.fetch_add(u32::from(request.method == "PUT"), Ordering::AcqRel);
        None
    }

    fn hold_ms(&self, request: &HttpRequest) -> u64 {
        if request.method == "PUT" { 2_000 } else { 0 }
    }

    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        let said: Value = answer.as_ref().ok().and_then(|answer| serde_json::from_slice(&answer.body).ok()).unwrap_or_default();
        let end = ["succeeded", "refused", "tombstoned"].contains(&said["state"].as_str().unwrap_or_default());
        self.ended.fetch_add(u32::from(request.method == "PUT" && end), Ordering::AcqRel);
        answer
    }
}

/// Answers about a payment with the proof of another one, each signed as the service signs.
struct Borrows {
    liar: Arc<Liar>,
    /// Of each payment that ended: its address, what was said of it and its proof.
    proofs: Mutex<Vec<(String, Value, Value)>>,
}

impl Borrows {
    fn tell(&self, request: &HttpRequest, answer: &HttpResponse) -> Option<Came> {
        let mut body: Value = serde_json::from_slice(&answer.body).ok()?;
        let payment = request.target.strip_prefix("/v1/payments/")?.split('/').next()?.to_owned();
        body["proof"].as_str()?;
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        let other = proofs.iter().rev().find(|(of, _, _)| *of != payment).cloned();
        proofs.push((payment, body["state"].clone(), body["proof"].clone()));
        let (_, state, proof) = other?;
        (body["state"], body["proof"]) = (state, proof);
        self.liar.answer(request, &Liar::envelope(answer), body.to_string().as_bytes()).ok().map(Ok)
    }
}

impl Meddler for Borrows {
    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        let lie = answer.as_ref().ok().and_then(|answer| self.tell(request, answer));
        lie.unwrap_or(answer)
    }
}

impl Storm {
    /// I3: what has no result is asked for, and every answer brings the proof of another payment. What came of each is judged by the books.
    pub(super) async fn asked_of_a_liar(&mut self) -> Told<()> {
        self.net.set(Weather::default());
        self.net.meddle(Some(Arc::new(Borrows { liar: Arc::clone(&self.liar), proofs: Mutex::default() }) as _));
        for _ in 0..1 + self.world.pick(2) {
            self.ask_or_give_up(60).await?;
            self.pay_once(3).await?;
        }
        self.ask_or_give_up(60).await?;
        self.net.meddle(None);
        Ok(())
    }

    /// Nobody else moves: what was on its way has arrived, and the clock is right.
    async fn calm(&mut self) -> Told<bool> {
        self.net.set(Weather::default());
        self.phone.host.right_clock();
        tokio::time::sleep(Duration::from_secs(30)).await;
        // A service that cannot now, or a sync that has much to bring: not the moment for a question of truth.
        Ok(self.phone.wallet()?.history().sync().await.is_ok_and(|report| report.complete))
    }

    /// I6: a phone without its cache is told a history that ends earlier than the one it has verified.
    pub(super) async fn tell_yesterday(&mut self) -> Told<()> {
        if !self.calm().await? {
            return Ok(());
        }
        let account = self.phone.wallet()?.account().view().await.map_err(told)?.account_id;
        let verified = self.console.get(&format!("/dev/history/{account}")).await?["seq"].as_u64().unwrap_or(0);
        if !self.phone.wallet()?.history().sync().await.is_ok_and(|report| report.complete) {
            return Ok(());
        }
        self.phone.wallet()?.close().await.map_err(told)?;
        self.phone.crash().await;
        std::fs::remove_file(self.phone.folder.join("cache.db")).map_err(|error| error.to_string())?;
        let lie = Arc::new(Yesterday { liar: Arc::clone(&self.liar), verified, lies: AtomicU32::new(0) });
        self.net.meddle(Some(Arc::clone(&lie) as _));
        let wallet = self.phone.start().await.map_err(told)?;
        let outcome = wallet.history().sync().await;
        self.net.meddle(None);
        if lie.lies.load(Ordering::Acquire) > 0 {
            self.judge_one("I6", outcome.is_ok().then(|| "a history that ends before the verified one was taken".to_owned()));
        }
        self.net.set(Weather::default());
        let _ = wallet.history().sync().await;
        Ok(())
    }

    /// I3: an answer belongs to one request; the same words asked again need a new one.
    pub(super) async fn answer_again(&mut self) -> Told<()> {
        if !self.calm().await? {
            return Ok(());
        }
        let again = Arc::new(Again::default());
        self.net.meddle(Some(Arc::clone(&again) as _));
        let history = self.phone.wallet()?.history();
        let _ = history.sync().await;
        let outcome = history.sync().await;
        self.net.meddle(None);
        if again.old.load(Ordering::Acquire) > 0 && again.new.load(Ordering::Acquire) == 0 {
            self.judge_one("I3", outcome.is_ok().then(|| "an answer to an earlier request was believed".to_owned()));
        }
        Ok(())
    }

    /// I1: the phone is locked while an answer is on its way; the answer is stored before the files close.
    pub(super) async fn lock_in_mid_air(&mut self) -> Told<()> {
        if !self.calm().await? {
            return Ok(());
        }
        let scanned = self.phone.wallet()?.pay().read(self.merchant.clone()).await;
        let Some(payee_id) = scanned.ok().and_then(|scanned| scanned.payee_id) else { return Ok(()) };
        let slow = Arc::new(Slowly::default());
        self.net.meddle(Some(Arc::clone(&slow) as _));
        let request = kabao_core::pay::QuoteRequest::Pay { payee_id, amount: "0.37".to_owned(), order: None };
        let quote = match self.phone.quote(request).await {
            Ok(quote) => quote,
            Err(error) => {
                self.net.meddle(None);
                self.refused(&error);
                return Ok(());
            }
        };
        let wallet = self.phone.wallet()?;
        let locks = async {
            while slow.asked.load(Ordering::Acquire) == 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            wallet.lock().await
        };
        let limit = Duration::from_secs(60);
        let (paid, locked) = tokio::join!(self.phone.confirm(quote), tokio::time::timeout(limit, locks));
        self.net.meddle(None);
        self.net.set(Weather { off: true, ..Weather::default() });
        if let Ok(Err(error)) = locked {
            self.refused(&error);
        }
        wallet.unlock().await.map_err(told)?;
        let answered = slow.asked.load(Ordering::Acquire) == 1 && slow.ended.load(Ordering::Acquire) == 1;
        // The call may have ended with the files closed under it; the payment is there all the same.
        let open = wallet.pay().open_payments().await.map_err(told)?;
        let own = open.into_iter().find(|payment| payment.amount.minor == 37);
        let now = match (paid, own) {
            (Ok(view), _) => Some(wallet.pay().payment(view.intent_id).await.map_err(told)?),
            (Err(_), own) => own,
        };
        if let Some(now) = now {
            let lost = (answered && !now.state.is_final()).then(|| format!("{}: the answer that came while the phone was being locked is lost", now.intent_id));
            self.judge_one("I1", lost);
            self.told(&now);
        }
        self.net.set(Weather::default());
        Ok(())
    }
}
