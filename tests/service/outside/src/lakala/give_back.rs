//! Refunds and revocations: a row of their own, written down before the wallet service is asked, repeated under the
//! same number until there is an answer.

use super::acquirer::{Acquirer, Outcome, ROUTE, bad, read};
use super::book::{self, State, Trade};
use super::codes::Reply;
use super::fields::{GiveBackFields, fen, order_number, words};
use super::wire::compact_time;
use crate::port::ChargeAnswer;
use crate::store::lock;
use kabao_base::{Money, Timestamp};
use serde_json::{Value, json};

impl Acquirer {
    pub(super) fn refund(&self, body: &[u8], now: Timestamp) -> Result<Outcome, Outcome> {
        let fields: GiveBackFields = read(body)?;
        let order = order_number(&fields.out_trade_no).ok_or_else(|| bad("out_trade_no"))?;
        let amount = fields.refund_amount.as_deref().and_then(fen).ok_or_else(|| bad("refund_amount"))?;
        words(fields.refund_reason.as_deref().unwrap_or_default()).ok_or_else(|| bad("refund_reason"))?;
        let origin = self.origin(&fields, now)?;
        self.begin("refund", order, &origin, amount, now)
    }

    pub(super) fn revoke(&self, body: &[u8], now: Timestamp) -> Result<Outcome, Outcome> {
        let fields: GiveBackFields = read(body)?;
        let order = order_number(&fields.out_trade_no).ok_or_else(|| bad("out_trade_no"))?;
        let origin = self.origin(&fields, now)?;
        self.begin("revoke", order, &origin, origin.amount, now)
    }

    /// The payment that is meant, as it stands now.
    fn origin(&self, fields: &GiveBackFields, now: Timestamp) -> Result<Trade, Outcome> {
        let origin = self.look_up(
            fields.origin_out_trade_no.as_deref(), fields.origin_trade_no.as_deref(), "origin_out_trade_no", "origin_trade_no")?;
        if origin.kind != "pay" {
            return Err(Reply::StateRefused.into());
        }
        Ok(self.ask_again(origin, now))
    }

    /// Checks and claims the amount in one transaction, so that two refunds at once cannot give back too much.
    fn begin(&self, kind: &str, order: &str, origin: &Trade, amount: i64, now: Timestamp) -> Result<Outcome, Outcome> {
        let mut trade = Trade::new(self.world.as_ref(), now, &origin.merchant_no, order, kind, amount);
        trade.origin = Some(origin.trade_no.clone());
        trade.our_order.clone_from(&origin.our_order);
        {
            let mut book = self.book.hold();
            let book = book.transaction()?;
            if book::find(&book, &trade.merchant_no, order)?.is_some() {
                return Err(Reply::OrderRepeated.into());
            }
            let origin = book::by_number(&book, &origin.trade_no)?.ok_or(Reply::OrderUnknown)?;
            let back = book::given_back(&book, &origin.trade_no)?;
            let lawful = match kind {
                "refund" => origin.state == State::Done && !back.revoked,
                _ => origin.state != State::Failed && back.claimed == 0,
            };
            if !lawful {
                return Err(Outcome::detail(Reply::StateRefused, super::pay::trade_state(&origin, back)));
            }
            if back.claimed.checked_add(amount).is_none_or(|all| all > origin.amount) {
                return Err(Outcome::detail(Reply::RefundTooHigh, &format!("{}", origin.amount.saturating_sub(back.claimed))));
            }
            if !trade.insert(&book)? {
                return Err(Reply::OrderRepeated.into());
            }
            book.commit()?;
        }
        let trade = self.give_back_now(trade, now);
        let data = describe(&trade, origin);
        Ok(match trade.state {
            State::Done => Outcome::new(Reply::Done, data),
            State::Failed => {
                Outcome { reply: Reply::GiveBackRefused, detail: trade.code.unwrap_or_default(), data }
            }
            State::Open | State::Waiting => Outcome::new(Reply::AskAgain, data),
        })
    }

    /// Asks the wallet service to give back; the same number is carried out once, so that asking again is safe.
    pub(super) fn give_back_now(&self, trade: Trade, now: Timestamp) -> Trade {
        let (Some(wallet), Some(origin)) = (self.wallet(), trade.origin.clone()) else { return trade };
        let in_flight = lock(&self.asking).contains(&origin);
        let answer = match trade.kind.as_str() {
            "refund" => wallet.refund(ROUTE, &origin, &trade.trade_no, Money::fen(trade.amount)),
            _ => wallet.revoke(ROUTE, &origin, &trade.trade_no),
        };
        let answer = match answer {
            // The wallet service never heard of the payment, and nobody is about to tell it.
            ChargeAnswer::Unknown if trade.kind == "revoke" && !in_flight => {
                ChargeAnswer::Refused { our_order: None, code: "not_found".to_owned() }
            }
            answer => answer,
        };
        self.settle_give_back(&trade, &origin, &answer, now).unwrap_or(trade)
    }

    fn settle_give_back(&self, trade: &Trade, origin: &str, answer: &ChargeAnswer, now: Timestamp) -> rusqlite::Result<Trade> {
        let mut book = self.book.hold();
        let book = book.transaction()?;
        let unpaid = book::by_number(&book, origin)?.is_some_and(|origin| origin.state != State::Done);
        match answer {
            ChargeAnswer::Refunded { our_order, .. } => {
                book::advance(&book, &trade.trade_no, State::Done, None, Some(our_order), now)?;
                if trade.kind == "revoke" {
                    // It had been paid, unnoticed, and is undone: paid first, then revoked.
                    book::advance(&book, origin, State::Done, None, Some(our_order), now)?;
                }
            }
            // What nobody paid yet is refused to the payer: that is what revoking it means.
            ChargeAnswer::Refused { our_order, .. } if trade.kind == "revoke" && unpaid => {
                book::advance(&book, &trade.trade_no, State::Done, None, our_order.as_deref(), now)?;
                book::advance(&book, origin, State::Failed, Some("payment_abandoned"), our_order.as_deref(), now)?;
            }
            ChargeAnswer::Refused { our_order, code } => {
                book::advance(&book, &trade.trade_no, State::Failed, Some(code), our_order.as_deref(), now)?;
            }
            // Paid and not given back, or nobody knows: asked again by `poll`.
            ChargeAnswer::Paid { .. }
            | ChargeAnswer::WaitingForPayer { .. }
            | ChargeAnswer::Unknown
            | ChargeAnswer::Unavailable => {}
        }
        let trade = book::by_number(&book, &trade.trade_no)?.unwrap_or_else(|| trade.clone());
        book.commit()?;
        Ok(trade)
    }
}

fn describe(trade: &Trade, origin: &Trade) -> Value {
    json!({
        "merchant_no": trade.merchant_no, "out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no,
        "log_no": trade.log_no(), "acc_trade_no": origin.our_order.as_deref().unwrap_or_default(),
        "account_type": "KABAO", "total_amount": origin.amount.to_string(), "refund_amount": trade.amount.to_string(),
        "payer_amount": trade.amount.to_string(), "trade_time": compact_time(trade.done_at.unwrap_or(trade.made_at)),
        "origin_out_trade_no": origin.out_trade_no, "origin_trade_no": origin.trade_no, "origin_log_no": origin.log_no(),
    })
}
