//! Bringing the service's history: the newest page first, then what is new, then what is old; each page checked against
//! the chain and the signed head before anything of it is kept.

use super::{HistoryClient, SyncReport, duplicates, refunds};
use crate::error::Outcome;
use crate::intents;
use crate::service::wire::{Ask, Page};
use crate::shared::{Core, ServiceClock, WalletEvent, follow_counters, refresh_account, tell_withdrawals};
use crate::tables::receipts::{self, ReceiptRow};
use crate::tables::records::{self, RecordRow};
use crate::tables::sync::{self as table, Synced};
use crate::tables::{Files, marks, tokens};
use crate::words::say;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Money, Timestamp};
use kabao_money::merchant::{MerchantEvent, MerchantState, step};
use kabao_proof::{Digest32, Document, Head, HistoryEntry, Receipt, chain};
use std::collections::{BTreeMap, BTreeSet};

/// Entries of one page.
const PAGE: u64 = 50;
/// Pages of one call; the rest comes with the next call, so that a first screen is there soon.
const PAGES: u32 = 200;

/// What a sync heard beside the records.
#[derive(Default)]
struct Told {
    feeds: BTreeMap<String, u64>,
    /// When a refund that was asked for changed last.
    refunds_at: Option<i64>,
    /// The records that are new or changed.
    arrived: BTreeSet<Id>,
}

/// A page that was checked.
struct Checked {
    entries: Vec<(HistoryEntry, RecordRow)>,
    /// The records whose receipt verified: only those go where receipts are kept for good.
    proved: BTreeSet<Id>,
    run: Synced,
    head: Head,
    page: Page,
    /// The head to remember: only one whose history is known to go on from the head that was remembered before.
    mark: Option<Mark>,
}

/// The newest head that was verified, kept in the ledger, so that a service cannot tell another history to a phone whose
/// cache is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    epoch: u64,
    seq: u64,
    hash: [u8; 32],
}

impl Mark {
    fn text(&self) -> String {
        format!("{};{};{}", self.epoch, self.seq, kabao_proof::hex(&self.hash))
    }

    fn parse(text: &str) -> Option<Mark> {
        let mut parts = text.splitn(3, ';');
        let (epoch, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Mark { epoch, seq, hash: Digest32::parse(parts.next()?).ok()?.0 })
    }
}

impl HistoryClient {
    /// Brings what is new. Cheap when nothing is.
    pub async fn sync(&self) -> Outcome<SyncReport> {
        let identity = self.core.identity()?;
        tell_withdrawals(&self.core).await?;
        // Two at once would each check against what the other replaces.
        let alone = self.core.syncing.lock().await;
        let mut report = SyncReport { changed: 0, asks: 0, complete: false };
        let mut told = self.bring(identity.account_id, &mut report).await?;
        // A restored service writes what it is shown at the end of its history.
        // So does one that has heard only now what was called back.
        while intents::after_restore(&self.core).await? > 0 || intents::tell_wishes(&self.core).await.is_ok_and(|answered| answered > 0) {
            let more = self.bring(identity.account_id, &mut report).await?;
            told.arrived.extend(&more.arrived);
            told = Told { arrived: told.arrived, ..more };
        }
        // Only makes an old copy easier to notice: a key store that cannot be written keeps nothing of what came from the person.
        let _ = self.core.anchor_if_due().await;
        let account = self.core.open_files(|files| files.cache(|conn| table::snapshot(conn, table::ACCOUNT))).await?;
        if account.is_none() {
            // The cache was dropped: cards and ways to pay come with the account.
            refresh_account(&self.core).await?;
        } else {
            // A card may have been removed on another phone, or the account frozen: no record of the history tells it.
            let _ = refresh_account(&self.core).await;
        }
        drop(alone);
        // What a scan needs is no reason for a sync to fail.
        let _ = refunds::follow(&self.core, told.refunds_at).await;
        if !told.arrived.is_empty() {
            let _ = duplicates::warn(&self.core, &told.arrived).await;
        }
        self.core.follow_feeds(&told.feeds).await;
        follow_counters(&self.core, report.changed > 0).await;
        Ok(report)
    }

    /// Brings pages until nothing is missing, or there were many. Gives what the service said beside them.
    async fn bring(&self, account: Id, report: &mut SyncReport) -> Outcome<Told> {
        let mut said = Told::default();
        let mut forward = true;
        for _ in 0..PAGES {
            let known = self.core.open_files(|files| files.cache(table::load)).await?;
            let query = match (&known, forward) {
                (None, _) => format!("before={}&limit={PAGE}", i64::MAX),
                (Some(run), true) => format!("after={}&limit={PAGE}", run.high),
                (Some(run), false) => format!("before={}&limit={PAGE}", run.low),
            };
            let page = self.page(query).await?;
            let fresh = known.is_none();
            let Some(checked) = self.check(account, known, forward, page).await? else {
                // The service was restored and tells another history: what is here is fetched anew.
                self.core.open_files(|files| files.cache_write(|tx| table::forget(tx))).await?;
                continue;
            };
            said.feeds.clone_from(&checked.page.feeds);
            said.refunds_at = checked.page.refunds_at;
            let (run, head) = (checked.run, checked.head.seq);
            report.asks = u32::try_from(checked.page.asks.len()).unwrap_or(u32::MAX);
            let (told, asked) = keep(&self.core, checked).await?;
            asked.iter().for_each(|ask| tell_ask(&self.core, ask));
            report.changed = report.changed.saturating_add(u32::try_from(told.len()).unwrap_or(u32::MAX));
            if forward && !fresh {
                told.iter().for_each(|row| tell(&self.core, row));
                said.arrived.extend(told.iter().map(|row| row.record_id));
            }
            forward = run.high < head;
            if !forward && run.low <= 1 {
                report.complete = true;
                break;
            }
        }
        Ok(said)
    }

    async fn page(&self, query: String) -> Outcome<Page> {
        let mut request = self.core.request("GET", "/v1/history".to_owned(), Vec::new())?;
        request.query = Some(query);
        self.core.call(&request).await?.read()
    }

    /// Checks a page against what is here; nothing when the service tells another history since a restore.
    async fn check(
        &self,
        account: Id,
        known: Option<Synced>,
        forward: bool,
        page: Page,
    ) -> Outcome<Option<Checked>> {
        let wrong = || crate::WalletError::from(Code::HistoryInconsistent);
        let keys = self.core.key_set().await?;
        let head = URL_SAFE_NO_PAD.decode(&page.head).map_err(|_| wrong())?;
        let head = Head::open(&head, &keys).map_err(|_| wrong())?;
        let stored = self.core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::HISTORY_HEAD))).await?;
        let old = stored.as_deref().map(|text| Mark::parse(text).ok_or(Code::StorageDamaged)).transpose()?;
        if known.is_some() && old.is_some_and(|old| head.epoch > old.epoch) {
            // Asked with an empty cache next time; the mark is set by the page that is then kept.
            return Ok(None);
        }
        let older = |old: Mark| head.epoch < old.epoch || (head.epoch == old.epoch && head.seq < old.seq);
        if head.account_id != account || old.is_some_and(older) {
            return Err(wrong());
        }
        // A restored service may tell another history: nothing remembered of the old one binds it.
        let old = old.filter(|old| old.epoch == head.epoch);
        let prev = Digest32::parse(&page.prev_hash).map_err(|_| wrong())?.0;
        // A page without entries has no first one: then it stands where it was asked for.
        let first = match (page.entries.is_empty(), &known) {
            (false, _) => page.first_seq,
            (true, None) => 1,
            (true, Some(run)) if forward => run.high.saturating_add(1),
            (true, Some(run)) => run.low,
        };
        let (mut hash, mut seq, mut entries, mut proved) = (prev, first, Vec::new(), BTreeSet::new());
        // The hash after entry `first - 1`, `first`, …: one of them may be the one that is remembered.
        let mut met = old.map(|old| old.seq.saturating_add(1) == first).filter(|here| *here).map(|_| prev);
        for text in &page.entries {
            let body = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
            let entry = HistoryEntry::decode(&body).map_err(|_| wrong())?;
            if entry.seq != seq {
                return Err(wrong());
            }
            hash = chain::next_hash(&hash, &body);
            if old.is_some_and(|old| old.seq == seq) {
                met = Some(hash);
            }
            seq = seq.checked_add(1).ok_or_else(wrong)?;
            let row = row(&entry)?;
            let receipt = entry.receipt.as_deref().and_then(|document| Receipt::open(document, &keys).ok());
            if receipt.is_some_and(|receipt| receipt.record_id == entry.record_id && receipt.account_id == account) {
                proved.insert(entry.record_id);
            }
            entries.push((entry, row));
        }
        let last = seq.saturating_sub(1);
        let genesis = first != 1 || prev == chain::genesis(&account);
        let at_head = last != head.seq || hash == head.hash;
        let at = self.core.now();
        let run = match known {
            None if last == head.seq && first >= 1 => {
                Synced { low: first, low_prev: prev, high: last, high_hash: hash, at }
            }
            Some(run) if forward && first == run.high + 1 && prev == run.high_hash => {
                Synced { high: last, high_hash: hash, at, ..run }
            }
            Some(run) if !forward && last + 1 == run.low && hash == run.low_prev => {
                Synced { low: first, low_prev: prev, at, ..run }
            }
            _ => return Err(wrong()),
        };
        // A page without entries is an answer only where there is nothing more in that direction.
        let moves_on = !page.entries.is_empty() || (forward && !page.more && last == head.seq);
        let same = old.zip(met).is_none_or(|(old, met)| old.hash == met);
        if !(genesis && at_head && moves_on && same) {
            return Err(wrong());
        }
        let linked = old.is_none_or(|old| met.is_some() || (run.low <= old.seq && old.seq < run.high));
        let mark = linked.then_some(Mark { epoch: head.epoch, seq: run.high, hash: run.high_hash });
        Ok(Some(Checked { entries, proved, run, head, page, mark: mark.filter(|mark| Some(*mark) != old) }))
    }
}

/// Keeps a page: first the ledger (what must not be lost), then the cache (which says how far the sync is).
async fn keep(core: &Core, checked: Checked) -> Outcome<(Vec<RecordRow>, Vec<Ask>)> {
    let (now, clock) = (core.now(), core.clock.mark());
    core.open_files(move |files| {
        keep_in_ledger(files, &checked, now, clock)?;
        let asks = serde_json::to_string(&checked.page.asks).map_err(|_| Code::Internal)?;
        files.cache_write(|tx| {
            let before = table::snapshot(tx, table::ASKS)?;
            let before: Vec<Ask> = before.and_then(|(body, _)| serde_json::from_str(&body).ok()).unwrap_or_default();
            let known = |ask: &Ask| before.iter().any(|old| old.ask_id == ask.ask_id);
            let fresh = checked.page.asks.iter().filter(|ask| !known(ask)).cloned().collect();
            let mut changed = Vec::new();
            for (entry, row) in &checked.entries {
                if records::upsert(tx, row, entry.receipt.as_deref())? {
                    changed.push(row.clone());
                }
            }
            table::save(tx, &checked.run)?;
            table::set_newest(tx, checked.head.seq, now)?;
            table::set_snapshot(tx, table::ASKS, &asks, now)?;
            let balance_at = Timestamp::from_ms(checked.page.balance_at);
            table::set_balance(tx, checked.page.balance, checked.page.held, balance_at)?;
            Ok((changed, fresh))
        })
    })
    .await
}

fn keep_in_ledger(files: &Files, checked: &Checked, now: Timestamp, clock: Option<String>) -> Outcome<()> {
    let asked: Vec<&str> = checked.page.asks.iter().map(|ask| ask.token_id.as_str()).collect();
    if checked.mark.is_none() && checked.entries.is_empty() && asked.is_empty() {
        return Ok(());
    }
    files.commit(now, |tx, log| {
        for (entry, row) in &checked.entries {
            let own = row.intent_id.is_some() || row.token_id.is_some();
            if let (Some(document), true) = (&entry.receipt, own && checked.proved.contains(&row.record_id)) {
                receipts::insert(tx, &ReceiptRow {
                    record_id: row.record_id,
                    intent_id: row.intent_id,
                    token_id: row.token_id.clone(),
                    at: row.at,
                    document: document.clone(),
                })?;
            }
            if let Some(token) = &entry.token_id {
                advance_token(tx, log, token, event_of(&entry.state), Some(row.record_id))?;
            }
        }
        for token in &asked {
            advance_token(tx, log, token, MerchantEvent::AskArrived, None)?;
        }
        if let Some(mark) = checked.mark {
            let text = mark.text();
            marks::set(tx, marks::HISTORY_HEAD, &text)?;
            ServiceClock::store(tx, clock)?;
            log.append(tx, "history", "head", text.as_bytes())?;
        }
        Ok(())
    })
}

fn event_of(state: &str) -> MerchantEvent {
    match state {
        "refused" => MerchantEvent::Refused,
        "pending" => MerchantEvent::Pending,
        "refunded" | "reversed" => MerchantEvent::Refunded,
        _ => MerchantEvent::Charged,
    }
}

fn advance_token(
    tx: &rusqlite::Transaction<'_>,
    log: &mut crate::tables::events::Log<'_>,
    token_id: &str,
    event: MerchantEvent,
    record: Option<Id>,
) -> Outcome<()> {
    let Some(token) = tokens::get(tx, token_id)? else { return Ok(()) };
    let state = MerchantState::parse(&token.state).unwrap_or(MerchantState::Shown);
    // A state that does not take the event knows more already.
    let Ok(next) = step(state, event) else { return Ok(()) };
    if next.state == state && record == token.record_id {
        return Ok(());
    }
    tokens::set_state(tx, token_id, next.state.as_str(), None, record)?;
    log.append(tx, "token", token_id, next.state.as_str().as_bytes())
}

fn row(entry: &HistoryEntry) -> Outcome<RecordRow> {
    Ok(RecordRow {
        record_id: entry.record_id,
        seq: entry.seq,
        kind: entry.kind.as_str().to_owned(),
        state: entry.state.clone(),
        payee_id: entry.payee_id,
        payee_name: entry.payee_name.clone(),
        amount: entry.amount,
        fee: entry.fee,
        route: entry.route.clone(),
        merchant_order: entry.order.clone(),
        our_order: entry.our_order.clone(),
        acquirer_order: entry.acquirer_order.clone(),
        intent_id: entry.intent_id,
        token_id: entry.token_id.clone(),
        original: entry.original,
        at: entry.at,
        updated_at: entry.updated_at,
    })
}

/// Tells the listeners: the record, and a sentence for the person.
fn tell(core: &Core, row: &RecordRow) {
    let record_id = row.record_id.to_string();
    core.listeners.tell(WalletEvent::RecordArrived { record_id: record_id.clone() });
    let key = match (row.kind.as_str(), row.state.as_str()) {
        ("withdraw", "done") => "withdrawn",
        ("transfer", "done") if row.amount.minor > 0 => "transfer_in",
        ("withdraw", "refused") => "withdraw_back",
        ("top_up", "refused") => "bank_transfer_back",
        (_, "refused") => "refused",
        (_, "pending") => return,
        ("top_up", _) => "top_up_arrived",
        ("refund", "sent" | "held") => "refund_sent",
        ("refund", _) => "refunded",
        ("reversal", _) => "reversed",
        (_, "done") => "paid",
        // A payment that was refunded or reversed: the record of the refund tells it.
        _ => return,
    };
    notice(core, key, row.amount, &row.payee_name, Some(record_id));
}

/// Tells the listeners that a merchant asks.
fn tell_ask(core: &Core, ask: &Ask) {
    core.listeners.tell(WalletEvent::AskArrived { ask_id: ask.ask_id.to_string() });
    notice(core, "asked", ask.amount, &ask.payee_name, None);
}

pub(super) fn notice(core: &Core, key: &str, amount: Money, payee: &str, record_id: Option<String>) {
    let language = core.settings.language;
    let amount = Money { minor: amount.minor.saturating_abs(), currency: amount.currency }.text();
    let arguments = [("amount", amount.as_str()), ("payee", payee)];
    core.listeners.tell(WalletEvent::Notice {
        title: say(language, &format!("notice.{key}.title"), &arguments),
        body: say(language, &format!("notice.{key}.body"), &arguments),
        record_id,
    });
}
