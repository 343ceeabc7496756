//! What a storm seldom comes to by itself, brought about: payments are given up while the network does one thing to everything, an approval is sent
//! or payments are asked for across an older copy of the book, and a phone asks with a wrong clock, or asks a liar.

use super::steps::DAY;
use super::{Storm, Tally};
use crate::net::Weather;
use crate::phone::Told;
use kabao_core::pay::QuoteRequest;
use serde_json::json;

/// How often, in a hundred, the one thing happens.
const OFTEN: u32 = 60;

impl Storm {
    /// One of the corners.
    pub(super) async fn corner(&mut self, tally: &mut Tally) -> Told<()> {
        match self.world.pick(12) {
            0 => tally.restores += u32::from(self.approved_before_the_copy().await?),
            1 => tally.restores += u32::from(self.asked_across_the_copy().await?),
            2 | 3 => self.asked_with_a_wrong_clock().await?,
            4 => {
                self.leave_some_open().await?;
                self.asked_of_a_liar().await?;
            }
            _ => self.given_up_in_bad_weather().await?,
        }
        Ok(())
    }

    /// Every answer comes late, or every request comes once more some minutes later.
    fn slow_or_again(&self) {
        let slow = self.world.happens(50);
        let (slow, again) = if slow { (OFTEN, 0) } else { (0, OFTEN) };
        self.net.set(Weather { slow, again, ..Weather::default() });
    }

    /// Payments have no result when the book goes back to a copy that may not know them; they are asked for, some while nothing is accepted.
    async fn asked_across_the_copy(&mut self) -> Told<bool> {
        self.net.set(Weather::default());
        if self.snapshot.is_none() {
            self.restore(false).await?;
        }
        self.leave_some_open().await?;
        self.slow_or_again();
        let restored = self.restore(false).await?;
        for _ in 0..1 + self.world.pick(2) {
            self.ask_or_give_up(40).await?;
        }
        Ok(restored)
    }

    /// Some payments have no result, as the bank holds them or as their answers are lost; then one thing happens to most of what is asked.
    async fn given_up_in_bad_weather(&mut self) -> Told<()> {
        self.leave_some_open().await?;
        let mut weather = Weather::default();
        let one = match self.world.pick(12) {
            0 => &mut weather.lose_request,
            1 => &mut weather.lose_answer,
            2 => &mut weather.twice,
            3 | 4 => &mut weather.slow,
            5 => &mut weather.stranger,
            6 => &mut weather.late,
            7 | 8 => &mut weather.again,
            9 => &mut weather.truncated,
            10 => &mut weather.stale,
            _ => &mut weather.swapped,
        };
        *one = OFTEN;
        self.net.set(weather);
        for _ in 0..1 + self.world.pick(3) {
            if self.world.happens(30) {
                self.call_back().await?;
            }
            self.ask_or_give_up(70).await?;
        }
        if self.world.happens(60) {
            self.net.set(Weather::default());
            self.bank_wakes().await?;
        }
        Ok(())
    }

    /// Approved, and before it is sent the service goes back to a copy that may not know the quote.
    async fn approved_before_the_copy(&mut self) -> Told<bool> {
        self.net.set(Weather::default());
        let Some(card) = self.phone.wallet()?.cards().list().await.unwrap_or_default().into_iter().next() else { return Ok(false) };
        let amount = self.amount(20);
        let quote = match self.phone.quote(QuoteRequest::TopUp { amount, card_id: card.card_id }).await {
            Ok(quote) => quote,
            Err(error) => {
                self.refused(&error);
                return Ok(false);
            }
        };
        let restored = self.restore(true).await?;
        if self.world.happens(50) {
            self.slow_or_again();
        }
        match self.phone.confirm(quote).await {
            Ok(view) => {
                self.unknown += u32::from(!view.state.is_final());
                self.told(&view);
            }
            Err(error) => self.refused(&error),
        }
        Ok(restored)
    }

    /// The phone's clock is days off while it asks what became of a payment, and right again soon after.
    async fn asked_with_a_wrong_clock(&mut self) -> Told<()> {
        self.leave_some_open().await?;
        self.net.set(Weather::default());
        if self.world.happens(50) {
            self.slow_or_again();
        }
        self.phone.host.turn_clock(if self.world.happens(50) { DAY } else { -DAY });
        if self.world.happens(50) {
            self.phone.host.reboot(u64::from(self.world.pick(u32::MAX)));
        }
        if self.world.happens(40) {
            self.call_back().await?;
        }
        self.ask_or_give_up(20).await?;
        if self.world.happens(50) {
            self.pay_once(3).await?;
        }
        self.phone.host.right_clock();
        Ok(())
    }

    /// One or two payments stay without a result: the bank holds them, or the answer is lost.
    async fn leave_some_open(&mut self) -> Told<()> {
        for _ in 0..1 + self.world.pick(2) {
            if self.world.happens(50) {
                self.bank(json!({ "movements": "hold" })).await?;
            } else {
                self.net.set(Weather { lose_answer: 90, ..Weather::default() });
            }
            let amount = self.amount(20);
            match self.world.pick(3) {
                0 => self.withdraw(&amount).await?,
                1 => self.send_to_friend(&amount).await?,
                _ => self.top_up(&amount).await?,
            };
        }
        Ok(())
    }
}
