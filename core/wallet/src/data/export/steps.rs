//! The steps of an export. Each works on the database thread for one page of rows, so that a payment never waits longer
//! than that.

use super::lines::{self, Line};
use super::page::{Page, html};
use super::sink::{Open, Sink, Written};
use crate::data::{DataClient, ExportReport, InventoryView};
use crate::error::Outcome;
use crate::service::wire;
use crate::tables::intents;
use crate::tables::{Files, account, choices, consents, marks, receipts, records, sync};
use crate::words::{Language, say};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Id, Timestamp, mask};
use kabao_proof::{KeySet, Receipt};
use serde_json::{Value, json};
use std::sync::Arc;

/// Rows of one step.
const STEP: u32 = 200;
/// So many receipts that do not verify are named.
const WRONG: usize = 100;

/// An export that is being written.
pub(super) struct Work {
    sink: Sink,
    files: Vec<(Written, String, u64)>,
    receipts: u64,
    wrong: Vec<String>,
    keys: Option<Arc<KeySet>>,
}

/// The same lines for people and for programs.
struct Pair {
    table: Open,
    json: Open,
    count: u64,
}

impl Work {
    pub(super) fn new(sink: Sink) -> Work {
        Work { sink, files: Vec::new(), receipts: 0, wrong: Vec::new(), keys: None }
    }

    /// Takes its place.
    pub(super) fn finish(self) -> Outcome<()> {
        self.sink.finish()
    }

    fn begin(&mut self, language: Language, name: &str, head: &[&str]) -> Outcome<Pair> {
        let (mut table, mut json) = (self.sink.begin(&format!("{name}.csv"))?, self.sink.begin(&format!("{name}.json"))?);
        self.sink.put(&mut table, super::csv::BOM.as_bytes())?;
        self.sink.put(&mut table, lines::head(language, head).as_bytes())?;
        self.sink.put(&mut json, b"[")?;
        Ok(Pair { table, json, count: 0 })
    }

    fn add(&mut self, pair: &mut Pair, line: &Line) -> Outcome<()> {
        self.sink.put(&mut pair.table, line.row().as_bytes())?;
        self.sink.put(&mut pair.json, if pair.count == 0 { b"\n" } else { b",\n" })?;
        self.sink.put(&mut pair.json, line.value.to_string().as_bytes())?;
        pair.count = pair.count.saturating_add(1);
        Ok(())
    }

    fn end(&mut self, mut pair: Pair, what: &str) -> Outcome<()> {
        self.sink.put(&mut pair.json, b"\n]\n")?;
        for open in [pair.table, pair.json] {
            let written = self.sink.end(open, true)?;
            self.files.push((written, what.to_owned(), pair.count));
        }
        Ok(())
    }

    fn one(&mut self, name: &str, what: &str, bytes: &[u8]) -> Outcome<()> {
        let written = self.sink.whole(name, bytes, true)?;
        self.files.push((written, what.to_owned(), 1));
        Ok(())
    }

    /// Writes a receipt as it was signed, and checks it. Gives its name and whether it holds.
    fn receipt(&mut self, id: Id, at: Timestamp, document: &[u8]) -> Outcome<(String, bool)> {
        let name = format!("receipts/{}/{id}.cose", at.china_month());
        self.sink.whole(&name, document, false)?;
        self.receipts = self.receipts.saturating_add(1);
        let opened = self.keys.as_ref().map(|keys| Receipt::open(document, keys));
        let verified = opened.is_some_and(|opened| opened.is_ok_and(|receipt| receipt.record_id == id));
        if !verified && self.wrong.len() < WRONG {
            self.wrong.push(id.to_string());
        }
        Ok((name, verified))
    }
}

impl DataClient {
    /// Writes everything but the last step.
    pub(super) async fn write(&self, mut work: Work) -> Outcome<(ExportReport, Work)> {
        let (core, language) = (&self.core, self.core.settings.language);
        let inventory = self.inventory().await?;
        let (first_wrong, total) = core
            .open_files(|files| {
                let own = files.ledger(|conn| Ok((intents::count(conn)?, receipts::count(conn)?)))?;
                Ok((files.verify_events()?, own.0.saturating_add(own.1).saturating_add(files.cache(records::count)?)))
            })
            .await?;
        core.exported.send_replace(Some((0, total)));
        work.keys = core.stored_key_set().await?;
        let word = |name: &str| say(language, &format!("data.export.{name}"), &[]);
        let (history_word, payments_word) = (word("history"), word("payments"));
        let names = ["account", "consents", "cards", "settings", "keys"].map(word);
        let account: Vec<(String, String)>;
        (work, account) = core.open_files(move |files| small(files, work, language, &names)).await?;

        let mut pair;
        (work, pair) = core
            .open_files(move |_| work.begin(language, "history", &lines::HISTORY).map(|pair| (work, pair)))
            .await?;
        let (mut before, mut last) = (i64::MAX, false);
        while !last {
            (work, pair, before, last) = core.open_files(move |files| history(files, work, pair, before, language)).await?;
            self.further(if last { 0 } else { u64::from(STEP) });
        }
        (work, pair) = core
            .open_files(move |_| {
                work.end(pair, &history_word)?;
                work.begin(language, "payments", &lines::PAYMENTS).map(|pair| (work, pair))
            })
            .await?;
        (before, last) = (i64::MAX, false);
        while !last {
            (work, pair, before, last) = core.open_files(move |files| payments(files, work, pair, before, language)).await?;
            self.further(if last { 0 } else { u64::from(STEP) });
        }
        let (mut after, mut last) = (String::new(), false);
        while !last {
            (work, after, last) = core.open_files(move |files| own_receipts(files, work, &after)).await?;
            self.further(if last { 0 } else { u64::from(STEP) });
        }
        let (now, root_key) = (core.now(), core.settings.root.to_string());
        let sound = first_wrong.is_none() && work.wrong.is_empty();
        let report = core
            .open_files(move |_| {
                work.end(pair, &payments_word)?;
                let manifest = close(&mut work, language, now, root_key, sound, &account, &inventory)?;
                let report = ExportReport {
                    folder: String::new(),
                    files: work.sink.files,
                    bytes: work.sink.bytes,
                    receipts: work.receipts,
                    wrong_receipts: std::mem::take(&mut work.wrong),
                    first_wrong_event: first_wrong,
                    manifest_sha256: manifest,
                };
                Ok((report, work))
            })
            .await?;
        Ok(report)
    }

    fn further(&self, by: u64) {
        self.core.exported.send_modify(|progress| {
            *progress = progress.map(|(done, total)| (done.saturating_add(by).min(total), total));
        });
    }
}

/// Account, consents, cards, settings and the keys of the service.
fn small(files: &Files, mut work: Work, language: Language, names: &[String; 5]) -> Outcome<(Work, Vec<(String, String)>)> {
    let [of_account, of_consents, of_cards, of_settings, of_keys] = names;
    let (row, given, bindings, keys) = files.ledger(|conn| {
        Ok((account::load(conn)?, consents::all(conn)?, account::bindings(conn)?, marks::get(conn, marks::KEY_SET)?))
    })?;
    let (known, balance) = files.cache(|conn| Ok((sync::snapshot(conn, sync::ACCOUNT)?, sync::balance(conn)?)))?;
    let known = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok());
    let phone = row.phone.as_deref().map(|phone| mask::phone(phone.strip_prefix("+86").unwrap_or(phone)));
    let value = json!({
        "account_id": row.account_id, "device_id": row.device_id, "device_model": row.device_model, "phone_masked": phone,
        "account_class": row.class, "verification_state": row.verification_state, "name_masked": row.name_masked,
        "id_masked": row.id_masked, "pin_set": row.pin_set, "recovery_sheet_kept": row.sheet_set,
        "balance_minor": balance.map(|(balance, ..)| balance.minor), "balance_held_minor": balance.map(|(_, held, _)| held.minor),
        "balance_at": balance.map(|(.., at)| at.rfc3339()),
    });
    work.one("account.json", of_account, pretty(&value).as_bytes())?;
    let label = |name: &str| say(language, &format!("data.column.{name}"), &[]);
    let shown = [("account_id", row.account_id.map(|id| id.to_string())), ("phone", phone), ("person", row.name_masked), ("document_number", row.id_masked), ("device", row.device_model)];
    let account = shown.into_iter().filter_map(|(name, value)| Some((label(name), value?))).collect();

    let mut pair = work.begin(language, "consents", &lines::CONSENTS)?;
    for row in &given {
        work.add(&mut pair, &lines::consent(language, row))?;
    }
    work.end(pair, of_consents)?;
    let mut pair = work.begin(language, "cards", &lines::CARDS)?;
    match known {
        Some(known) => known.cards.iter().try_for_each(|card| work.add(&mut pair, &lines::card(&card.bank, &card.brand, &card.last4)))?,
        // Without an answer of the service: what was bound on this phone.
        None => bindings.iter().filter(|binding| binding.state == "bound").try_for_each(|row| {
            let part = |text: &Option<String>| text.clone().unwrap_or_default();
            work.add(&mut pair, &lines::card(&part(&row.bank), &part(&row.brand), &part(&row.last4)))
        })?,
    }
    work.end(pair, of_cards)?;
    let mut pair = work.begin(language, "settings", &lines::SETTINGS)?;
    for (name, value, at) in files.mine(choices::all)? {
        work.add(&mut pair, &lines::setting(&name, &value, at))?;
    }
    work.end(pair, of_settings)?;
    if let Some(keys) = keys {
        work.one("keys.cose", of_keys, &URL_SAFE_NO_PAD.decode(keys).map_err(|_| Code::StorageDamaged)?)?;
    }
    Ok((work, account))
}

/// One page of the history with its receipts.
fn history(files: &Files, mut work: Work, mut pair: Pair, before: i64, language: Language) -> Outcome<(Work, Pair, i64, bool)> {
    let rows = files.cache(|conn| records::page(conn, before, STEP))?;
    let mut next = before;
    for (key, row) in &rows {
        next = *key;
        let own = files.ledger(|conn| receipts::get(conn, row.record_id))?.map(|row| row.document);
        let document = match own {
            Some(document) => Some(document),
            None => files.cache(|conn| records::receipt(conn, row.record_id))?,
        };
        let receipt = document.map(|document| work.receipt(row.record_id, row.at, &document)).transpose()?;
        work.add(&mut pair, &lines::record(language, row, receipt.as_ref()))?;
    }
    Ok((work, pair, next, rows.len() < STEP as usize))
}

/// One page of the payments of this phone.
fn payments(files: &Files, mut work: Work, mut pair: Pair, before: i64, language: Language) -> Outcome<(Work, Pair, i64, bool)> {
    let rows = files.ledger(|conn| intents::page(conn, before, STEP))?;
    let mut next = before;
    for (number, row) in &rows {
        next = *number;
        work.add(&mut pair, &lines::payment(language, row))?;
    }
    Ok((work, pair, next, rows.len() < STEP as usize))
}

/// Receipts of this phone whose record the history does not have yet.
fn own_receipts(files: &Files, mut work: Work, after: &str) -> Outcome<(Work, String, bool)> {
    let rows = files.ledger(|conn| receipts::page(conn, after, STEP))?;
    let mut next = after.to_owned();
    for row in &rows {
        next = row.record_id.to_string();
        if files.cache(|conn| records::get(conn, row.record_id))?.is_none() {
            work.receipt(row.record_id, row.at, &row.document)?;
        }
    }
    Ok((work, next, rows.len() < STEP as usize))
}

/// Page, sums and manifest. Gives the manifest's SHA-256.
fn close(
    work: &mut Work,
    language: Language,
    now: Timestamp,
    root_key: String,
    sound: bool,
    account: &[(String, String)],
    inventory: &InventoryView,
) -> Outcome<String> {
    let listed: Vec<Value> =
        work.files.iter().map(|(file, _, count)| json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256, "count": count })).collect();
    let page = html(&Page {
        language,
        made_at: now.china_text(),
        account,
        sound,
        files: &work.files,
        receipts: work.receipts,
        root_key: root_key.clone(),
        inventory,
    });
    let index = work.sink.whole("index.html", page.as_bytes(), true)?;
    let sums = work.sink.end_sums()?;
    let manifest = json!({
        "format": "kabao-export-1", "made_at": now.rfc3339(), "language": language.tag(), "sound": sound, "root_key": root_key,
        "wrong_receipts": work.wrong, "receipts": work.receipts, "files": listed,
        "index": { "name": index.name, "bytes": index.bytes, "sha256": index.sha256 },
        "sums": { "name": sums.name, "bytes": sums.bytes, "sha256": sums.sha256 },
    });
    Ok(work.sink.last("manifest.json", pretty(&manifest).as_bytes())?.sha256)
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
