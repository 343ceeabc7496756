//! Money that is asked back: the person asks for a payment or a part of it, and the merchant agrees, to less perhaps, refuses, or says nothing.

use super::Storm;
use crate::book::{number, text};
use crate::phone::{Told, told};
use kabao_core::history::{RefundRequest, RefundTrackView};
use serde_json::json;

impl Storm {
    /// Asks back one of the newest payments to a merchant.
    pub(super) async fn ask_back(&mut self) -> Told<()> {
        let history = self.phone.wallet()?.history();
        let list = history.list(None).await.map_err(told)?.items;
        let bought = |kind: &str, state: &str| matches!(kind, "pay" | "payer_code") && matches!(state, "done" | "part_refunded");
        let list: Vec<_> = list.into_iter().filter(|item| item.record_id.is_some() && bought(&item.kind, &item.state)).collect();
        if list.is_empty() {
            return Ok(());
        }
        let item = &list[self.world.pick(u32::try_from(list.len()).unwrap_or(1)) as usize];
        let most = u32::try_from(item.amount.minor.abs()).unwrap_or(1).max(1);
        let part = self.world.happens(50).then(|| 1 + self.world.pick(most)).map(|fen| format!("{}.{:02}", fen / 100, fen % 100));
        let request = RefundRequest { record_id: item.record_id.clone().unwrap_or_default(), amount: part, reason: "returned".to_owned() };
        match history.ask_refund(request).await {
            Ok(track) => self.sound(&track),
            Err(error) => self.refused(&error),
        }
        Ok(())
    }

    /// What lies before the merchants is answered, or left.
    pub(super) async fn merchants_answer(&mut self, all: bool) -> Told<()> {
        for ask in self.console.get("/dev/refunds").await?["asks"].as_array().cloned().unwrap_or_default() {
            if !["requested", "approved"].contains(&ask["state"].as_str().unwrap_or_default()) {
                continue;
            }
            let wanted = u32::try_from(ask["amount"]["minor"].as_i64().unwrap_or(1)).unwrap_or(1).max(1);
            let answer = match if all { 3 } else { self.world.pick(6) } {
                0 => json!({ "ask_id": ask["ask_id"], "answer": "refuse", "why": "refund_delivered" }),
                1 => json!({ "ask_id": ask["ask_id"], "answer": "approve", "hold": true }),
                2 => json!({ "ask_id": ask["ask_id"], "answer": "approve", "amount_fen": 1 + self.world.pick(wanted) }),
                3 => json!({ "ask_id": ask["ask_id"], "answer": "approve" }),
                _ => continue,
            };
            // One that makes no sense any more, as more has been given back meanwhile, is refused.
            let said = self.console.post("/dev/refunds", answer).await;
            self.world.note(if said.is_ok() { "the merchant answered" } else { "the merchant could not answer" });
        }
        Ok(())
    }

    /// I8: what comes back of a payment is what its parts say, and never more than was paid.
    fn sound(&mut self, track: &RefundTrackView) {
        let parts: i64 = track.refunds.iter().map(|refund| refund.amount.minor).sum();
        let sound = track.doubt.is_none() && track.given.minor == parts && parts <= track.paid.minor && track.left.minor >= 0 && track.arrived.minor <= parts;
        self.judge_one("I8", (!sound).then(|| format!("what comes back does not add up: {track:?}")));
    }

    /// At the end: nothing was given back twice or above what was paid, and the phone knows of every request what the service knows.
    pub(super) async fn compare_asked_back(&mut self) -> Told<()> {
        let book = self.service_book()?;
        let sql = "SELECT p.intent_id, p.amount, sum(r.amount) FROM refunds r JOIN payments p USING (order_id) WHERE r.route = 'kabao' GROUP BY 1 HAVING sum(r.amount) > p.amount";
        let above = book.rows(sql)?.pop();
        self.judge_one("I2", above.map(|row| format!("{} of {} came back of {}", number(&row, 2), number(&row, 1), text(&row, 0))));
        let account = self.phone.wallet()?.account().view().await.map_err(told)?.account_id;
        let history = self.phone.wallet()?.history();
        let theirs = self.console.get("/dev/refunds").await?["asks"].as_array().cloned().unwrap_or_default();
        let sql = format!("SELECT ask_id FROM refund_asks WHERE account_id = '{account}'");
        let mine: Vec<String> = book.rows(&sql)?.iter().map(|row| text(row, 0).to_owned()).collect();
        for ask in theirs.iter().filter(|ask| mine.iter().any(|id| ask["ask_id"] == json!(id))) {
            let track = history.refunds(ask["record_id"].as_str().unwrap_or_default().to_owned()).await.map_err(told)?;
            self.sound(&track);
            let ours = track.asks.iter().find(|known| ask["ask_id"] == json!(known.ask_id)).map(|known| known.state.as_str());
            self.judge_one("I4", (ours != ask["state"].as_str()).then(|| format!("the request {} is {ours:?} with the phone", ask)));
            let unheard = track.asks.iter().find(|known| known.state == "asking").map(|known| known.ask_id.clone());
            self.judge_one("I4", unheard.map(|id| format!("the request {id} was never heard")));
        }
        Ok(())
    }
}
