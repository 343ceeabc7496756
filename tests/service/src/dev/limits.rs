//! Fees by rate, and accounts put where days of payments would bring them.

use super::{App, done, number, text};
use crate::freezing;
use crate::http::errors::{Answer, Sent};
use crate::refusal::{Outcome, Refusal};
use crate::store::low::{self, LOW_MS};
use crate::store::{limits, run};
use crate::wire;
use axum::extract::State;
use kabao_base::Timestamp;
use kabao_proof::Feed;
use rusqlite::params;
use serde_json::{Value, json};

/// Sets the rate of a fee: `{kind, rate_ppm}`; `top_up_credit` also lets credit cards fill the balance. It is a new version of the rules.
pub async fn set_fee(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let (kind, rate) = (text(&body, "kind")?, number(&body, "rate_ppm")?);
    let mut feeds = service.feeds();
    let newest = feeds.body(&service.keys, Feed::RULES).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let mut rules = newest.ok_or_else(|| Refusal::argument("kind"))?;
    let version = feeds.newest(Feed::RULES).saturating_add(1);
    rules["version"] = json!(version);
    if !(0..=100_000).contains(&rate) {
        return Err(Refusal::argument("rate_ppm"));
    }
    let rows = rules["fees"].as_array_mut().ok_or_else(|| Refusal::argument("kind"))?;
    if kind == "top_up_credit" {
        // Credit fills the balance once that has a price; its row stands before the one for every card.
        rows.retain(|row| row["card"] != "credit");
        rows.insert(0, json!({"kind": "top_up", "card": "credit", "rate_ppm": rate, "min": 0, "max": null, "free": 0}));
        rules["credit"]["top_up"] = json!(true);
    } else {
        let row = rows.iter_mut().find(|row| row["kind"] == kind && row["card"].is_null()).ok_or_else(|| Refusal::argument("kind"))?;
        row["rate_ppm"] = json!(rate);
    }
    let feed = Feed { name: Feed::RULES.to_owned(), version, issued_at: service.now(), not_after: None, body: rules.to_string().into_bytes() };
    feeds.publish(&service.keys, &feed).map_err(|_| Refusal::argument("rate_ppm"))?;
    Answer::json(200, &json!({"version": version}))
}

/// Puts an account somewhere: `{account_id, class?, frozen?, low_until?, used?: [{counter, card_id?, fen}]}`, counters as the
/// contract names them.
pub async fn put(State(service): App, Sent(body): Sent<Value>) -> Outcome<Answer> {
    let account = wire::id(text(&body, "account_id")?, "account_id")?;
    let (now, mut state): (Timestamp, _) = (service.now(), service.state());
    for column in ["class", "frozen", "low_until"] {
        let Some(value) = body.get(column) else { continue };
        let number = value.as_i64().or(value.as_bool().map(i64::from)).ok_or_else(|| Refusal::argument(column))?;
        if column == "low_until" {
            low::put(&state.db, account, number.saturating_sub(LOW_MS), number)?;
            continue;
        }
        if column == "frozen" {
            match number {
                0 => freezing::unfreeze(&service, &mut state, account, now)?,
                _ => freezing::freeze(&service, &mut state, account, now).map(|_| ())?,
            }
            continue;
        }
        let sql = format!("UPDATE accounts SET {column} = ?2 WHERE account_id = ?1");
        run(&state.db, &sql, params![account.to_string(), number])?;
    }
    for used in body.get("used").and_then(Value::as_array).into_iter().flatten() {
        let card = wire::maybe_id(used.get("card_id").and_then(Value::as_str), "card_id")?;
        if !limits::set_used(&state.db, account, text(used, "counter")?, card, number(used, "fen")?, now)? {
            return Err(Refusal::argument("counter"));
        }
    }
    done()
}
