//! The steps of an export. Each works on the database thread for one page of rows, so that a payment never waits longer
//! than that.

use super::about::{self, About};
use super::lines::{self, Line};
use super::page::{Page, html};
use super::sink::{Open, Sink, Written};
use crate::data::{DataClient, ExportReport, InventoryView};
use crate::error::Outcome;
use crate::tables::{Files, intents, receipts, records, sync};
use crate::words::{Language, say};
use kabao_base::{Id, Timestamp};
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
pub(super) struct Pair {
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

    pub(super) fn begin(&mut self, language: Language, name: &str, head: &[&str]) -> Outcome<Pair> {
        let (mut table, mut json) = (self.sink.begin(&format!("{name}.csv"))?, self.sink.begin(&format!("{name}.json"))?);
        self.sink.put(&mut table, super::csv::BOM.as_bytes())?;
        self.sink.put(&mut table, lines::head(language, head).as_bytes())?;
        self.sink.put(&mut json, b"[")?;
        Ok(Pair { table, json, count: 0 })
    }

    pub(super) fn add(&mut self, pair: &mut Pair, line: &Line) -> Outcome<()> {
        self.sink.put(&mut pair.table, line.row().as_bytes())?;
        self.sink.put(&mut pair.json, if pair.count == 0 { b"\n" } else { b",\n" })?;
        self.sink.put(&mut pair.json, line.value.to_string().as_bytes())?;
        pair.count = pair.count.saturating_add(1);
        Ok(())
    }

    pub(super) fn end(&mut self, mut pair: Pair, what: &str) -> Outcome<()> {
        self.sink.put(&mut pair.json, b"\n]\n")?;
        for open in [pair.table, pair.json] {
            let written = self.sink.end(open, true)?;
            self.files.push((written, what.to_owned(), pair.count));
        }
        Ok(())
    }

    pub(super) fn one(&mut self, name: &str, what: &str, bytes: &[u8]) -> Outcome<()> {
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
        // How far the history goes when its first page is read; what comes meanwhile makes it no smaller.
        let (first_wrong, total, reach) = core
            .open_files(|files| {
                let own = files.ledger(|conn| Ok((intents::count(conn)?, receipts::count(conn)?)))?;
                let (records, reach) = files.cache(|conn| Ok((records::count(conn)?, sync::reach(conn)?)))?;
                Ok((files.verify_events()?, own.0.saturating_add(own.1).saturating_add(records), reach))
            })
            .await?;
        core.exported.send_replace(Some((0, total)));
        work.keys = core.stored_key_set().await?;
        let word = |name: &str| say(language, &format!("data.export.{name}"), &[]);
        let (history_word, payments_word) = (word("history"), word("payments"));
        let about: About;
        (work, about) = core.open_files(move |files| about::write(files, work, language)).await?;

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
                let reach = Reach::of(reach);
                let manifest = close(&mut work, language, now, root_key, sound, &about, &reach, &inventory)?;
                let report = ExportReport {
                    folder: String::new(),
                    files: work.sink.files,
                    bytes: work.sink.bytes,
                    receipts: work.receipts,
                    wrong_receipts: std::mem::take(&mut work.wrong),
                    first_wrong_event: first_wrong,
                    manifest_sha256: manifest,
                    history_complete: reach.complete,
                    history_at: reach.at,
                    history_text: reach.text(language),
                    not_asked: about.not_asked.iter().map(|name| (*name).to_owned()).collect(),
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

/// How far the history is here.
struct Reach {
    /// From its first entry to the newest that the service spoke of.
    complete: bool,
    /// When that was so; nothing before the first sync.
    at: Option<Timestamp>,
    /// Numbers of the oldest and the newest entry.
    entries: Option<(u64, u64)>,
}

impl Reach {
    fn of(known: Option<(sync::Synced, bool)>) -> Reach {
        let (at, entries) = (known.map(|(run, _)| run.at), known.map(|(run, _)| (run.low, run.high)));
        Reach { complete: known.is_some_and(|(_, whole)| whole), at, entries }
    }

    fn text(&self, language: Language) -> String {
        let time = self.at.map(Timestamp::china_text).unwrap_or_default();
        let name = match (self.complete, self.at) {
            (true, _) => "history_complete",
            (false, Some(_)) => "history_part",
            (false, None) => "history_none",
        };
        say(language, &format!("data.export.{name}"), &[("time", &time)])
    }
}

/// Page, sums and manifest. Gives the manifest's SHA-256.
#[allow(clippy::too_many_arguments, reason = "what the last step writes down")]
fn close(
    work: &mut Work,
    language: Language,
    now: Timestamp,
    root_key: String,
    sound: bool,
    about: &About,
    reach: &Reach,
    inventory: &InventoryView,
) -> Outcome<String> {
    let listed: Vec<Value> =
        work.files.iter().map(|(file, _, count)| json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256, "count": count })).collect();
    let mut notes = vec![reach.text(language)];
    if !about.not_asked.is_empty() {
        let named: Vec<String> = about.not_asked.iter().map(|name| say(language, &format!("data.export.{name}"), &[])).collect();
        notes.push(say(language, "data.export.not_asked", &[("what", &named.join(" / "))]));
    }
    let page = html(&Page {
        language,
        made_at: now.china_text(),
        account: &about.account,
        sound,
        notes: &notes,
        files: &work.files,
        receipts: work.receipts,
        root_key: root_key.clone(),
        inventory,
    });
    let index = work.sink.whole("index.html", page.as_bytes(), true)?;
    let sums = work.sink.end_sums()?;
    let manifest = json!({
        "format": "kabao-export-1", "made_at": now.rfc3339(), "language": language.tag(), "sound": sound, "root_key": root_key,
        "history": {
            "complete": reach.complete, "synced_at": reach.at.map(|at| at.rfc3339()),
            "first_entry": reach.entries.map(|(first, _)| first), "last_entry": reach.entries.map(|(_, last)| last),
        },
        "not_asked": about.not_asked, "answers": about.answered,
        "wrong_receipts": work.wrong, "receipts": work.receipts, "files": listed,
        "index": { "name": index.name, "bytes": index.bytes, "sha256": index.sha256 },
        "sums": { "name": sums.name, "bytes": sums.bytes, "sha256": sums.sha256 },
    });
    Ok(work.sink.last("manifest.json", pretty(&manifest).as_bytes())?.sha256)
}

pub(super) fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
