//! The words of `kabao wallet` about limits and what stands in the way of a payment.

use super::{Answer, Stop, ask, secret, with};
use clap::Subcommand;
use kabao_core::Wallet;
use serde_json::{Map, Value, json};

/// Limits, caps of one's own, and whether something can be paid now.
#[derive(Subcommand)]
pub enum LimitWord {
    /// Every limit that applies, what is left of it, and when it begins anew.
    Limits {
        /// In yuan: says which limit this payment breaks.
        amount: Option<String>,
        /// pay (a printed code), code (the payer code), ask (a merchant's question), top_up, withdraw, transfer.
        #[arg(long)]
        channel: Option<String>,
        /// `balance` or a card's id.
        #[arg(long)]
        source: Option<String>,
        /// Asks the service.
        #[arg(long)]
        refresh: bool,
    },
    /// Everything that stands in the way of a payment.
    Precheck {
        /// In yuan.
        amount: String,
        /// pay, code, ask, top_up, withdraw, transfer.
        #[arg(long, default_value = "pay")]
        channel: String,
        /// `balance` or a card's id; every source without it.
        #[arg(long)]
        source: Option<String>,
        /// Who is to be paid, as `scan` names them: then earlier payments to them count.
        #[arg(long)]
        payee: Option<String>,
        /// The payee's name, as `scan` gives it.
        #[arg(long)]
        payee_name: Option<String>,
        /// The merchant's order.
        #[arg(long)]
        order: Option<String>,
        /// How it will be confirmed: pin or approval (finger or face); either without it.
        #[arg(long)]
        proof: Option<String>,
    },
    /// Whether a payer code can be shown and paid now, without network.
    Ready,
    /// Sets one's own caps; what is left out is none. Reads: the PIN, where a cap is raised.
    OwnCaps {
        /// In one payment, yuan.
        #[arg(long)]
        single: Option<String>,
        /// In a day, yuan.
        #[arg(long)]
        day: Option<String>,
        /// Higher than now, or none any more.
        #[arg(long)]
        raise: bool,
    },
    /// The rules of limits and fees in use.
    Rules {
        /// Asks the service.
        #[arg(long)]
        refresh: bool,
    },
}

/// Carries one word out.
pub async fn carry_out(word: &LimitWord, wallet: &Wallet, answer: &Answer) -> Result<Value, Stop> {
    let none = Map::new();
    Ok(match word {
        LimitWord::Limits { amount, channel, source, refresh } => {
            if *refresh {
                ask(wallet, answer, "limits_refresh", none).await?;
            }
            ask(wallet, answer, "limits", with([("amount", json!(amount)), ("channel", json!(channel)), ("source", json!(source))])).await?
        }
        LimitWord::Precheck { amount, channel, source, payee, payee_name, order, proof } => {
            let what = [
                ("amount", json!(amount)),
                ("channel", json!(channel)),
                ("source", json!(source)),
                ("payee_id", json!(payee)),
                ("payee_name", json!(payee_name)),
                ("order", json!(order)),
                ("proof", json!(proof)),
            ];
            ask(wallet, answer, "precheck", with(what)).await?
        }
        LimitWord::Ready => ask(wallet, answer, "ready_to_pay", none).await?,
        LimitWord::OwnCaps { single, day, raise } => {
            let pin = if *raise { secret("PIN")? } else { Value::Null };
            ask(wallet, answer, "own_caps", with([("single", json!(single)), ("day", json!(day)), ("pin", pin)])).await?
        }
        LimitWord::Rules { refresh: true } => ask(wallet, answer, "rules_refresh", none).await?,
        LimitWord::Rules { refresh: false } => ask(wallet, answer, "rules", none).await?,
    })
}
