//! The history, page by page, with the signed end of its chain and every open question.

use super::App;
use crate::codes::asks;
use crate::http::errors::{Answer, Common};
use crate::holds;
use crate::refunds;
use crate::refusal::{Outcome, Refusal};
use crate::service::{Caller, internal};
use crate::store::{history, ledger, meta};
use crate::wire::{self, HistoryOut};
use axum::extract::{Query, State};
use axum::extract::rejection::QueryRejection;
use kabao_proof::{Head, hex};
use serde::Deserialize;
use utoipa::IntoParams;

const LARGEST_PAGE: u64 = 50;

/// Which page of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The page begins behind this number; 0 is the beginning.
    after: Option<u64>,
    /// The page ends before this number.
    before: Option<u64>,
    /// At most so many entries, 1 to 50.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u64>,
}

/// A page of the history.
#[utoipa::path(get, path = "/v1/history", params(Which), responses((status = 200, body = HistoryOut), Common))]
pub async fn page(State(service): App, caller: Caller, which: Result<Query<Which>, QueryRejection>) -> Outcome<Answer> {
    let Query(which) = which.map_err(|_| Refusal::argument("query"))?;
    let limit = which.limit.unwrap_or(LARGEST_PAGE);
    // The numbers of entries are those of the database: 63 bits.
    let fits = |number: Option<u64>| number.is_none_or(|number| i64::try_from(number).is_ok());
    if !fits(which.after) || !fits(which.before) || limit == 0 || limit > LARGEST_PAGE || (which.after.is_some() && which.before.is_some()) {
        return Err(Refusal::argument("limit"));
    }
    let now = service.now();
    let state = service.state();
    let (last, hash) = history::head(&state.db, caller.account)?;
    let (first, count) = match which.before {
        // The page that ends before a number; a number beyond the end means the end.
        Some(before) => {
            let end = before.min(last.saturating_add(1));
            let first = end.saturating_sub(limit).max(1);
            (first, end.saturating_sub(first))
        }
        None => (which.after.unwrap_or(0).min(last).saturating_add(1), limit),
    };
    let (bodies, prev) = history::page(&state.db, caller.account, first, i64::try_from(count).map_err(|_| internal())?)?;
    let got = u64::try_from(bodies.len()).map_err(|_| internal())?;
    let more = if which.before.is_some() { first > 1 && got > 0 } else { first.saturating_add(got) <= last };
    let head = Head { account_id: caller.account, seq: last, hash, at: now, epoch: meta::epoch(&state.db)? };
    let head = service.keys.sign(&head).ok_or_else(internal)?;
    let feeds = service.feeds().announced();
    let answer = HistoryOut {
        entries: bodies.iter().map(|body| wire::text(body)).collect(),
        first_seq: if got == 0 { 0 } else { first },
        prev_hash: hex(&prev),
        head: wire::text(&head),
        more,
        asks: asks::open(&state.db, caller.account, now)?,
        balance: ledger::user_balance(&state.db, caller.account)?.into(),
        balance_at: now.as_ms(),
        held: holds::held(&state.db, caller.account)?.into(),
        feeds,
        refunds_at: refunds::changed_at(&state.db, caller.account)?,
    };
    Answer::json(200, &answer)
}
