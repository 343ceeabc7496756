//! A payment: written down first, then the wallet service is asked; asked again until it is settled.

use super::acquirer::{Acquirer, Outcome, ROUTE, bad, read};
use super::book::{self, GivenBack, State, Trade};
use super::codes::Reply;
use super::fields::{CodeOwner, MicropayFields, QueryFields, fen, ip, notify_url, order_number, words};
use super::wire::compact_time;
use crate::error::OutsideError;
use crate::port::{Charge, ChargeAnswer};
use crate::store::lock;
use kabao_base::{Money, Timestamp};
use serde_json::{Value, json};

/// How long the platform goes on asking by itself, in milliseconds.
const PATIENCE_MS: i64 = 2 * 3_600_000;

impl Acquirer {
    pub(super) fn micropay(&self, body: &[u8], now: Timestamp) -> Result<Outcome, Outcome> {
        let fields: MicropayFields = read(body)?;
        let order = order_number(&fields.out_trade_no).ok_or_else(|| bad("out_trade_no"))?;
        let amount = fen(&fields.total_amount).ok_or_else(|| bad("total_amount"))?;
        let subject = words(fields.subject.as_deref().unwrap_or_default()).ok_or_else(|| bad("subject"))?;
        ip(&fields.location_info.request_ip).ok_or_else(|| bad("location_info.request_ip"))?;
        let url = fields.notify_url.filter(|url| !url.is_empty());
        if url.as_deref().is_some_and(|url| notify_url(url).is_none()) {
            return Err(bad("notify_url"));
        }
        if book::find(&self.book.hold(), &self.keys.merchant_no, order)?.is_some() {
            return Err(Reply::OrderRepeated.into());
        }
        match self.code_owner(&fields.auth_code) {
            CodeOwner::Ours => {}
            CodeOwner::Other(whose) => return Err(Outcome::detail(Reply::ChannelNotOffered, whose)),
            CodeOwner::Nobody => return Err(Reply::CodeRefused.into()),
        }
        let mut trade = Trade::new(self.world.as_ref(), now, &self.keys.merchant_no, order, "pay", amount);
        trade.notify_url = url;
        // From here until the answer is written down, a query does not conclude from *unknown* that there is no payment.
        let _asking = Asking::begin(self, &trade.trade_no);
        if !trade.insert(&self.book.hold())? {
            return Err(Reply::OrderRepeated.into());
        }
        let charge = Charge {
            route: ROUTE.to_owned(),
            acquirer_order: trade.trade_no.clone(),
            merchant_order: trade.out_trade_no.clone(),
            merchant_no: trade.merchant_no.clone(),
            merchant_name: self.merchant_name(),
            code: fields.auth_code,
            amount: Money::fen(amount),
            subject: subject.to_owned(),
        };
        let answer = self.wallet().map_or(ChargeAnswer::Unavailable, |wallet| wallet.charge(&charge));
        // The money may have moved: a book that fails now is no refusal.
        let trade = self.settle(&trade, &answer, now).unwrap_or(trade);
        if self.faults().lose_answer {
            return Ok(Outcome::new(Reply::Paying, undecided(&trade)));
        }
        Ok(match trade.state {
            State::Done => Outcome::new(Reply::Done, self.describe(&trade, GivenBack::default())),
            State::Waiting => Outcome::new(Reply::Paying, undecided(&trade)),
            State::Open => Outcome::new(Reply::AskAgain, undecided(&trade)),
            State::Failed => refused(&trade),
        })
    }

    pub(super) fn tradequery(&self, body: &[u8], now: Timestamp) -> Result<Outcome, Outcome> {
        let fields: QueryFields = read(body)?;
        let trade = self.look_up(fields.out_trade_no.as_deref(), fields.trade_no.as_deref(), "out_trade_no", "trade_no")?;
        if self.faults().silent_queries {
            let mut data = undecided(&trade);
            data["trade_state"] = json!("DEAL");
            return Ok(Outcome::new(Reply::Done, data));
        }
        let trade = self.ask_again(trade, now);
        let back = book::given_back(&self.book.hold(), &trade.trade_no)?;
        let mut data = self.describe(&trade, back);
        data["trade_state"] = json!(trade_state(&trade, back));
        if let Some(code) = &trade.code {
            data["fail_reason"] = json!(code);
        }
        if back.done > 0 {
            data["refund_amount"] = json!(back.done.to_string());
        }
        Ok(Outcome::new(Reply::Done, data))
    }

    /// Finds a trade of the merchant by its own number, the platform's, or both when they agree.
    pub(super) fn look_up(
        &self, out_trade_no: Option<&str>, trade_no: Option<&str>, first: &str, second: &str,
    ) -> Result<Trade, Outcome> {
        let out_trade_no = out_trade_no.filter(|number| !number.is_empty());
        let trade_no = trade_no.filter(|number| !number.is_empty());
        let book = self.book.hold();
        let found = match (out_trade_no, trade_no) {
            (Some(number), other) => {
                let number = order_number(number).ok_or_else(|| bad(first))?;
                let found = book::find(&book, &self.keys.merchant_no, number)?;
                found.filter(|trade| other.is_none_or(|other| other == trade.trade_no))
            }
            (None, Some(number)) => {
                let number = order_number(number).ok_or_else(|| bad(second))?;
                book::by_number(&book, number)?.filter(|trade| trade.merchant_no == self.keys.merchant_no)
            }
            (None, None) => return Err(bad(first)),
        };
        found.ok_or_else(|| Reply::OrderUnknown.into())
    }

    /// Asks the wallet service about everything that is open and due to be asked. Call it with every tick; gives how
    /// many trades were asked about. A payment that nobody knows after two hours is undone.
    pub fn poll(&self, now: Timestamp) -> Result<usize, OutsideError> {
        let open = book::to_ask(&self.book.hold(), now)?;
        let count = open.len();
        for trade in open {
            let age = now.since(trade.made_at);
            let pause = if age < 60_000 { 5_000 } else if age < 600_000 { 30_000 } else { 300_000 };
            book::ask_later(&self.book.hold(), &trade.trade_no, now.plus_ms(pause))?;
            let trade = self.ask_again(trade, now);
            if trade.kind == "pay" && !trade.state.is_final() && age > PATIENCE_MS {
                self.fence(trade, now);
            }
        }
        Ok(count)
    }

    /// Asks the wallet service about a trade that is not settled; gives the trade as it stands then.
    pub(super) fn ask_again(&self, trade: Trade, now: Timestamp) -> Trade {
        if trade.state.is_final() || lock(&self.asking).contains(&trade.trade_no) {
            return trade;
        }
        if trade.kind != "pay" {
            return self.give_back_now(trade, now);
        }
        let Some(wallet) = self.wallet() else { return trade };
        match wallet.charge_state(ROUTE, &trade.trade_no) {
            ChargeAnswer::Unknown => self.fence(trade, now),
            answer => self.settle(&trade, &answer, now).unwrap_or(trade),
        }
    }

    /// The wallet service knows no such charge. Nobody will ask for it any more; a revocation makes sure, and only then
    /// the payment has failed.
    fn fence(&self, trade: Trade, now: Timestamp) -> Trade {
        let Some(wallet) = self.wallet() else { return trade };
        let answer = match wallet.revoke(ROUTE, &trade.trade_no, &format!("{}F", trade.trade_no)) {
            ChargeAnswer::Unknown => ChargeAnswer::Refused { our_order: None, code: "not_found".to_owned() },
            // It was paid after all and is given back: for the merchant it never was.
            ChargeAnswer::Refunded { our_order, .. } => {
                ChargeAnswer::Refused { our_order: Some(our_order), code: "payment_abandoned".to_owned() }
            }
            answer @ ChargeAnswer::Refused { .. } => answer,
            _ => return trade,
        };
        self.settle(&trade, &answer, now).unwrap_or(trade)
    }

    /// Writes down what the wallet service said of a payment, together with the notification that follows from it.
    pub(super) fn settle(&self, trade: &Trade, answer: &ChargeAnswer, now: Timestamp) -> rusqlite::Result<Trade> {
        let mut book = self.book.hold();
        let book = book.transaction()?;
        match answer {
            ChargeAnswer::Paid { our_order, .. } | ChargeAnswer::Refunded { our_order, .. } => {
                let at = if let ChargeAnswer::Paid { at, .. } = answer { *at } else { now };
                if book::advance(&book, &trade.trade_no, State::Done, None, Some(our_order), at)?
                    && let Some(paid) = book::by_number(&book, &trade.trade_no)?
                {
                    self.announce(&book, &paid, &self.describe(&paid, GivenBack::default()), now)?;
                }
            }
            ChargeAnswer::WaitingForPayer { our_order } => {
                book::advance(&book, &trade.trade_no, State::Waiting, None, Some(our_order), now)?;
            }
            ChargeAnswer::Refused { our_order, code } => {
                book::advance(&book, &trade.trade_no, State::Failed, Some(code), our_order.as_deref(), now)?;
            }
            ChargeAnswer::Unknown | ChargeAnswer::Unavailable => {}
        }
        let now = book::by_number(&book, &trade.trade_no)?.unwrap_or_else(|| trade.clone());
        book.commit()?;
        Ok(now)
    }

    /// The data of an answer about a trade.
    pub(super) fn describe(&self, trade: &Trade, back: GivenBack) -> Value {
        let mut data = undecided(trade);
        data["account_type"] = json!("KABAO");
        data["acc_trade_no"] = json!(trade.our_order.as_deref().unwrap_or_default());
        data["payer_amount"] = json!(trade.amount.to_string());
        data["trade_time"] = json!(compact_time(trade.done_at.unwrap_or(trade.made_at)));
        data["merchant_name"] = json!(self.merchant_name());
        if back.revoked {
            data["trade_state"] = json!("REVOKED");
        }
        data
    }
}

/// What can be said of a trade whose end is not known.
fn undecided(trade: &Trade) -> Value {
    json!({
        "merchant_no": trade.merchant_no, "out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no,
        "log_no": trade.log_no(), "total_amount": trade.amount.to_string(),
    })
}

/// The refusal of a payment that failed.
fn refused(trade: &Trade) -> Outcome {
    let code = trade.code.as_deref().unwrap_or_default();
    Outcome { reply: Reply::of_refusal(code), detail: code.to_owned(), data: undecided(trade) }
}

/// A trade's state in the platform's words.
pub(super) fn trade_state(trade: &Trade, back: GivenBack) -> &'static str {
    match trade.state {
        _ if back.revoked => "REVOKED",
        State::Open => "UNKNOWN",
        State::Waiting => "DEAL",
        State::Failed => "FAIL",
        State::Done if trade.kind != "pay" || back.done == 0 => "SUCCESS",
        State::Done if back.done >= trade.amount => "REFUND",
        State::Done => "PART_REFUND",
    }
}

/// Says that the wallet service is being asked about a payment, for as long as it lives.
struct Asking<'a>(&'a Acquirer, String);

impl<'a> Asking<'a> {
    fn begin(acquirer: &'a Acquirer, trade_no: &str) -> Asking<'a> {
        lock(&acquirer.asking).insert(trade_no.to_owned());
        Asking(acquirer, trade_no.to_owned())
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        lock(&self.0.asking).remove(&self.1);
    }
}
