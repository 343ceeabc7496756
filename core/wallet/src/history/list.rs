//! Reading what is on the phone.

use super::{HistoryClient, HistoryItem, HistoryPage, MonthView, RecordView};
use crate::error::{Outcome, WalletError};
use crate::tables::intents::{self, IntentRow};
use crate::tables::records::{self, RecordRow};
use crate::words::{self, Language, say};
use kabao_base::{Code, Failure, Id, Money, Timestamp};
use kabao_money::payment::PaymentState;

/// Records of one page.
const PAGE: u32 = 50;
/// So many of the newest payments are looked at for what the history does not have yet.
const NEWEST: u32 = 50;

impl HistoryClient {
    /// A page of the list, newest first; `cursor` is the `next` of the page before.
    pub async fn list(&self, cursor: Option<String>) -> Outcome<HistoryPage> {
        let before = match &cursor {
            None => i64::MAX,
            Some(text) => text.parse().map_err(|_| WalletError::from(Code::BadArgument).in_field("cursor"))?,
        };
        let first = cursor.is_none();
        let language = self.core.settings.language;
        self.core
            .open_files(move |files| {
                let rows = files.cache(|conn| records::page(conn, before, PAGE + 1))?;
                let open = if first { files.ledger(unrecorded)? } else { Vec::new() };
                let open = files.cache(|conn| {
                    let mut missing = Vec::new();
                    for row in open {
                        if row.state != PaymentState::Failed && !records::has_intent(conn, row.intent_id)? {
                            missing.push(open_item(language, &row));
                        }
                    }
                    Ok(missing)
                })?;
                let more = rows.len() > PAGE as usize;
                let rows: Vec<_> = rows.into_iter().take(PAGE as usize).collect();
                let next = if more { rows.last().map(|(key, _)| key.to_string()) } else { None };
                Ok(HistoryPage { open, items: rows.iter().map(|(_, row)| item(language, row)).collect(), next })
            })
            .await
    }

    /// One record.
    pub async fn detail(&self, record_id: String) -> Outcome<RecordView> {
        let id = Id::parse(&record_id).map_err(|_| WalletError::from(Code::BadId).in_field("record_id"))?;
        let language = self.core.settings.language;
        let (row, receipt, stranger) = self
            .core
            .open_files(move |files| {
                files.cache(|conn| {
                    let row = records::get(conn, id)?.ok_or(Code::NotFound)?;
                    let stranger = is_from_stranger(conn, &row)?;
                    Ok((row, records::receipt(conn, id)?, stranger))
                })
            })
            .await?;
        Ok(RecordView {
            item: item(language, &row),
            fee: row.fee.view(language),
            route_text: say(language, &format!("way.{}", row.route), &[]),
            route: row.route,
            merchant_order: row.merchant_order,
            our_order: row.our_order,
            acquirer_order: row.acquirer_order,
            original: row.original.map(|id| id.to_string()),
            updated_at: row.updated_at,
            has_receipt: receipt.is_some(),
            warning: stranger.then(|| Failure::of(Code::UnknownIncoming)),
        })
    }

    /// The sums of a month, for example 202611; the present one when none is given.
    pub async fn month(&self, month: Option<i32>) -> Outcome<MonthView> {
        let month = month.unwrap_or_else(|| self.core.now().china_month());
        if !(197_001..=999_912).contains(&month) || !(1..=12).contains(&month.rem_euclid(100)) {
            return Err(WalletError::from(Code::BadArgument).in_field("month"));
        }
        let (spent, received, count) =
            self.core.open_files(move |files| files.cache(|conn| records::month(conn, month))).await?;
        let language = self.core.settings.language;
        Ok(MonthView { month, spent: Money::fen(spent).view(language), received: Money::fen(received).view(language), count })
    }
}

/// Whether money came from a person to whom nothing was ever sent. An entry that names nobody says nothing.
fn is_from_stranger(conn: &rusqlite::Connection, row: &RecordRow) -> Outcome<bool> {
    let Some(payer) = row.payee_id.filter(|_| row.kind == "transfer" && row.amount.minor > 0) else { return Ok(false) };
    Ok(!records::was_sent_to(conn, payer)?)
}

pub(super) fn item(language: Language, row: &RecordRow) -> HistoryItem {
    let kind_text = say(language, &format!("record.kind.{}", row.kind), &[]);
    HistoryItem {
        record_id: Some(row.record_id.to_string()),
        intent_id: row.intent_id.map(|id| id.to_string()),
        title: if row.payee_name.is_empty() { kind_text.clone() } else { row.payee_name.clone() },
        kind: row.kind.clone(),
        kind_text,
        state: row.state.clone(),
        state_text: say(language, &format!("record.state.{}", row.state), &[]),
        amount: row.amount.view(language),
        at: row.at,
        at_text: row.at.china_text(),
    }
}

/// The newest payments, and older ones without a result: what the synced history may not have.
fn unrecorded(conn: &rusqlite::Connection) -> Outcome<Vec<IntentRow>> {
    let mut rows = intents::newest(conn, NEWEST)?;
    let older = |row: &IntentRow| !rows.iter().any(|known| known.intent_id == row.intent_id);
    let older: Vec<IntentRow> = intents::unsettled(conn)?.into_iter().filter(older).collect();
    rows.extend(older);
    Ok(rows)
}

/// A payment that the synced history does not have yet: it must not disappear between confirming and syncing.
fn open_item(language: Language, row: &IntentRow) -> HistoryItem {
    let kind_text = words::move_kind(language, &row.kind);
    let signed = if row.kind == "top_up" { row.amount.minor } else { row.amount.minor.saturating_neg() };
    HistoryItem {
        record_id: row.record_id.map(|id| id.to_string()),
        intent_id: Some(row.intent_id.to_string()),
        title: row.payee_name.clone().unwrap_or_else(|| kind_text.clone()),
        kind: row.kind.clone(),
        kind_text,
        state: row.state.as_str().to_owned(),
        state_text: words::payment(language, row.state),
        amount: Money { minor: signed, currency: row.amount.currency }.view(language),
        at: row.created_at,
        at_text: Timestamp::china_text(row.created_at),
    }
}
