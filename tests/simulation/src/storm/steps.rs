//! What may happen in a storm.

use super::{Storm, Tally};
use crate::net::Weather;
use crate::phone::{Told, told};
use kabao_core::pay::QuoteRequest;
use serde_json::{Value, json};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

const MINUTE: i64 = 60_000;
pub(super) const DAY: i64 = 24 * 60 * MINUTE;
/// China's clocks are so far before UTC.
const CHINA: i64 = 8 * 60 * MINUTE;
/// Rates of fees, in millionths: none, the usual, and those that give halves of a fen.
const RATES: [u32; 4] = [0, 6_000, 5_000, 12_500];

impl Storm {
    pub(super) async fn step(&mut self, tally: &mut Tally) -> Told<()> {
        let choice = self.world.pick(46);
        self.world.note(&format!("step {choice}"));
        match choice {
            0..=2 => self.change_weather(),
            3..=9 => self.pay_somehow(tally, 20).await?,
            10..=13 => tally.charged += u32::from(self.charge().await?),
            14 | 15 => self.answer_merchants().await?,
            16 => {
                tally.crashes += 1;
                self.restart().await?;
            }
            17 | 18 => {
                tally.crashes += u32::from(self.killed_at_some_effect(tally).await?);
            }
            19 => {
                let wallet = self.phone.wallet()?;
                wallet.lock().await.map_err(told)?;
                wallet.unlock().await.map_err(told)?;
            }
            20 | 21 => self.ask_or_give_up(40).await?,
            22 | 23 => self.turn_the_bank().await?,
            24 => self.jump_the_clock(),
            25 => {
                if self.world.happens(80) {
                    self.net.set(Weather::default());
                    self.bank_wakes().await?;
                }
                self.let_time_pass().await;
            }
            26 => tally.restores += u32::from(self.restore(false).await?),
            27 => self.change_a_fee().await?,
            28 => self.tell_yesterday().await?,
            29 => self.answer_again().await?,
            30 => self.lock_in_mid_air().await?,
            31..=33 => self.call_back().await?,
            34..=37 => self.rush(tally).await?,
            38 => self.ask_back().await?,
            39 => self.merchants_answer(false).await?,
            // Full, or held by the system: nothing new can be put into the key store for a while.
            40 => self.phone.secrets.refuse_writes(self.world.happens(40)),
            41..=43 => self.corner(tally).await?,
            _ => {
                // Without network nothing new comes; what is here stays readable.
                let wallet = self.phone.wallet()?;
                if let Err(error) = wallet.history().sync().await {
                    self.refused(&error);
                }
                wallet.history().list(None).await.map_err(told)?;
            }
        }
        Ok(())
    }

    /// A payment; now and then nobody waits for its end.
    async fn pay_somehow(&mut self, tally: &mut Tally, yuan: u32) -> Told<()> {
        let awaits = if self.world.happens(20) { 1 + self.world.pick(30) } else { u32::MAX };
        let done = match dropped_after(awaits, self.pay_once(yuan)).await {
            Some(done) => done?,
            None => false,
        };
        tally.confirmed += u32::from(done);
        Ok(())
    }

    /// Many small payments one after the other, on a market for example. The weather and the bank change meanwhile, and mostly for
    /// the better: what has no result is asked for again and again, and a run is about payments, not about questions.
    async fn rush(&mut self, tally: &mut Tally) -> Told<()> {
        for _ in 0..10 + self.world.pick(51) {
            match self.world.pick(52) {
                0 => tally.crashes += u32::from(self.killed_at_some_effect(tally).await?),
                1 => self.ask_or_give_up(40).await?,
                2 => tally.charged += u32::from(self.charge().await?),
                3 | 4 => self.change_weather(),
                5 => self.turn_the_bank().await?,
                6..=8 => self.net.set(Weather::default()),
                9..=11 => self.bank_wakes().await?,
                12 | 13 => self.corner(tally).await?,
                _ => self.pay_somehow(tally, 3).await?,
            }
            tokio::time::sleep(Duration::from_millis(u64::from(self.world.pick(2_000)))).await;
        }
        Ok(())
    }

    /// As people pay: often whole yuan, which is where fees have halves of a fen.
    pub(super) fn amount(&self, yuan: u32) -> String {
        let fen = if self.world.happens(50) { 0 } else { self.world.pick(100) };
        format!("{}.{fen:02}", self.world.pick(yuan) + 1)
    }

    pub(super) async fn pay_once(&mut self, yuan: u32) -> Told<bool> {
        if self.world.happens(40) {
            let amount = self.amount(2 * yuan);
            return self.top_up(&amount).await;
        }
        match self.world.pick(4) {
            0 => {
                let amount = self.amount(yuan);
                return self.withdraw(&amount).await;
            }
            1 => {
                let amount = self.amount(yuan);
                return self.send_to_friend(&amount).await;
            }
            _ => {}
        }
        let scanned = self.phone.wallet()?.pay().read(self.merchant.clone()).await;
        let Some(payee_id) = scanned.ok().and_then(|scanned| scanned.payee_id) else { return Ok(false) };
        let amount = self.amount(yuan);
        let order = self.world.happens(50).then(|| format!("order-{}", self.world.pick(6)));
        Ok(self.confirm("pay", QuoteRequest::Pay { payee_id, amount, order }).await)
    }

    /// The app is killed at some effect of a payment, a charge or an answer, and starts again. Whether it was.
    async fn killed_at_some_effect(&mut self, tally: &mut Tally) -> Told<bool> {
        let host = Arc::clone(&self.phone.host);
        host.light_fuse(1 + self.world.pick(36));
        let killed = tokio::select! {
            biased;
            () = host.burnt() => true,
            done = async {
                self.pay_somehow(tally, 20).await?;
                // What goes on by itself is cut off as well.
                tokio::time::sleep(Duration::from_secs(20)).await;
                Ok::<(), String>(())
            } => {
                done?;
                false
            }
        };
        host.put_out();
        if killed {
            self.restart().await?;
        }
        Ok(killed)
    }

    async fn answer_merchants(&mut self) -> Told<()> {
        for ask in self.phone.wallet()?.pay().asks().await.map_err(told)? {
            match self.world.pick(3) {
                0 => {
                    self.confirm("ask", QuoteRequest::Ask { ask_id: ask.ask_id }).await;
                }
                1 => {
                    if let Err(error) = self.phone.wallet()?.pay().decline(ask.ask_id).await {
                        self.refused(&error);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Asks what became of each payment without a result, or gives it up, so often in a hundred.
    pub(super) async fn ask_or_give_up(&mut self, gives_up: u32) -> Told<()> {
        for open in self.phone.wallet()?.pay().open_payments().await.map_err(told)? {
            let pay = self.phone.wallet()?.pay();
            let gives_up = self.world.happens(gives_up);
            if gives_up {
                self.net.witness.happened(open.state.as_str(), "abandon asked", "none");
            }
            let asked = if gives_up { pay.abandon(open.intent_id).await } else { pay.resolve(open.intent_id).await };
            match asked {
                Ok(view) => self.told(&view),
                Err(error) => self.refused(&error),
            }
        }
        Ok(())
    }

    /// The bank is silent, late, speaks twice, of another amount, or carries out what it had promised to forget.
    async fn turn_the_bank(&mut self) -> Told<()> {
        let movements = ["none", "lose_answer", "hold", "hold", "down", "refuse"][self.world.pick(6) as usize];
        let breaks = self.world.happens(10);
        self.faithless |= breaks;
        let amount = self.world.happens(20).then(|| 1 + self.world.pick(10_000));
        self.bank(json!({
            "movements": movements,
            "code": "bank_refused",
            "silent_queries": self.world.happens(15),
            "breaks_cancel": breaks,
            "duplicate_callbacks": self.world.happens(30),
            "callback_amount": amount,
        }))
        .await?;
        if self.world.happens(15) {
            self.books_another_amount().await?;
        }
        if movements == "hold" && self.world.happens(50) {
            // Given up while the bank has it.
            let amount = self.amount(40);
            match self.world.happens(50) {
                true => self.top_up(&amount).await?,
                false => self.withdraw(&amount).await?,
            };
            self.ask_or_give_up(40).await?;
        }
        if self.world.happens(30) {
            self.console.post("/dev/bank/settle", Value::Null).await?;
        }
        Ok(())
    }

    /// The bank takes another amount from a card than it was asked for. What it gives to a card cannot be called back, and would wait for
    /// somebody for ever: no withdrawal may be on its way.
    async fn books_another_amount(&mut self) -> Told<()> {
        self.bank_wakes().await?;
        self.service.tick(self.service.now());
        let sql = "SELECT 1 FROM payments WHERE kind = 'withdraw' AND state IN ('accepted', 'sent', 'cancelling')";
        if self.service_book()?.rows(sql)?.is_empty() {
            self.bank(json!({ "movements": "none", "books_amount": 1 + self.world.pick(10_000) })).await?;
            let amount = self.amount(40);
            self.top_up(&amount).await?;
            self.bank(json!({ "movements": "none" })).await?;
        }
        Ok(())
    }

    /// The bank is as banks are, and answers what it held.
    pub(super) async fn bank_wakes(&mut self) -> Told<()> {
        self.bank(json!({ "movements": "none" })).await?;
        self.console.post("/dev/bank/settle", Value::Null).await.map(|_| ())
    }

    /// The phone's clock is put somewhere else, or the phone is started anew.
    fn jump_the_clock(&mut self) {
        let jumps = [1_000, -1_000, 4 * MINUTE, -4 * MINUTE, 20 * MINUTE, -20 * MINUTE, 3 * 60 * MINUTE, DAY, -DAY, 1_000 * DAY, -1_000 * DAY];
        match self.world.pick(16) as usize {
            place if place < jumps.len() => self.phone.host.turn_clock(jumps[place]),
            11 | 12 => self.phone.host.reboot(u64::from(self.world.pick(u32::MAX))),
            _ => self.phone.host.right_clock(),
        }
    }

    /// Hours go by: to the evening, over midnight in China, over midnight of UTC.
    pub(super) async fn let_time_pass(&mut self) {
        let minutes = if self.world.happens(50) {
            // To some hour of the next night in China, which is still the day before by UTC.
            let now = self.service.now().as_ms();
            let midnight = (now + CHINA).div_euclid(DAY).saturating_add(1).saturating_mul(DAY) - CHINA;
            u64::try_from((midnight - now) / MINUTE).unwrap_or(0) + u64::from(self.world.pick(8 * 60))
        } else {
            u64::from(60 + self.world.pick(14 * 60))
        };
        tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
        if let Ok(wallet) = self.phone.wallet() {
            let _ = wallet.pay().prepare_codes().await;
        }
    }

    /// A copy of the service's book is kept, and some steps later put back. Whether one was put back.
    pub(super) async fn restore(&mut self, now: bool) -> Told<bool> {
        let Some(snapshot) = self.snapshot.take() else {
            let kept = self.console.post("/dev/snapshot", Value::Null).await?;
            self.snapshot = kept["snapshot"].as_str().map(str::to_owned);
            return Ok(false);
        };
        self.restored = true;
        let rebuild = now || self.world.happens(70);
        self.note_open("epoch changed", "restored").await?;
        self.console.post("/dev/restore", json!({ "snapshot": snapshot, "rebuild": rebuild })).await?;
        if !rebuild {
            // Nothing is accepted meanwhile; what is asked, is asked again.
            self.ask_or_give_up(40).await?;
            if let Err(error) = self.phone.wallet()?.history().sync().await {
                self.refused(&error);
            }
            self.console.post("/dev/rebuild", Value::Null).await?;
        }
        // The table of fees is older too; whoever restores a service sets it again.
        for kind in ["top_up", "pay", "ask", "withdraw", "transfer"] {
            let rate = self.rates.get(kind).copied().unwrap_or(0);
            self.console.post("/dev/fees", json!({ "kind": kind, "rate_ppm": rate })).await?;
        }
        Ok(true)
    }

    pub(super) async fn change_a_fee(&mut self) -> Told<()> {
        let kind = ["top_up", "pay", "pay", "ask", "withdraw", "transfer"][self.world.pick(6) as usize];
        let rate = RATES[self.world.pick(4) as usize];
        self.console.post("/dev/fees", json!({ "kind": kind, "rate_ppm": rate })).await?;
        self.rates.insert(kind, rate);
        Ok(())
    }

    fn change_weather(&self) {
        let often = |percent: u32| if self.world.happens(35) { self.world.pick(percent) } else { 0 };
        self.net.set(Weather {
            off: self.world.happens(10),
            lose_request: often(60),
            lose_answer: often(60),
            twice: often(50),
            slow: often(40),
            stranger: often(20),
            late: often(40),
            again: often(50),
            truncated: often(20),
            stale: often(30),
            swapped: often(20),
        });
    }
}

/// Polls a future so many times and drops it: cancelled at that await.
async fn dropped_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (std::pin::pin!(future), polls);
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left = left.saturating_sub(u32::from(polls != u32::MAX));
        future.as_mut().poll(context).map(Some)
    })
    .await
}
