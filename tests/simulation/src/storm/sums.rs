//! What many storms came to: the figure, the edges that were walked, and their part of the page on reliability.

use super::PROMISES;
use super::kept::Part;
use crate::run::Report;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// An edge that was walked less often has not been looked at enough.
const ENOUGH: u64 = 100;

const MODEL: &str = "\
Fault model. One phone, one friend, one merchant, one till; requests and answers are lost, delayed, repeated, cut short, swapped, kept back
until the phone has asked what became of them, or replaced by a stranger's; the app is killed at any effect (a commit, a request, an answer,
a write to the key store) and its calls are dropped at any await; the key store refuses to write; the phone's clock jumps by up to 1,000
days; the bank is silent, late, refuses, loses its answer, speaks twice, names another amount, or carries out what it had promised to forget;
a merchant who is asked for money back gives it, gives less, agrees and lets wait, refuses, or says nothing; the service's book is put back
to an older copy; the service lies with its own keys. Each storm has 60 steps, of which some are a rush of up to sixty payments one after the
other; every book is read after each step.
The network and the service stand in the same thread as the phone, and the disk keeps what it was told (*Power loss* and *Disks that fail*
are below).";

/// A state, what was heard in it, and what the network did.
type Edge = (String, String, String);

/// The sum of many storms.
#[derive(Default, Serialize, Deserialize)]
pub struct Sums {
    /// How many there were.
    pub storms: u64,
    /// Payments that were sent, of every kind.
    pub payments: u64,
    charged: u64,
    crashes: u64,
    restores: u64,
    unknown: u64,
    /// Payments without a result when the faults ended, and the longest that one of them then took, in milliseconds.
    open: u64,
    longest_ms: i64,
    checked: BTreeMap<String, u64>,
    ends: BTreeMap<String, u64>,
    #[serde(with = "pairs")]
    edges: BTreeMap<Edge, u64>,
    traces: BTreeSet<String>,
}

impl Sums {
    /// One more storm.
    pub fn add(&mut self, report: Report) {
        self.storms += 1;
        self.payments += report.payments;
        self.charged += u64::from(report.tally.charged);
        self.crashes += u64::from(report.tally.crashes);
        self.restores += u64::from(report.tally.restores);
        self.unknown += u64::from(report.tally.unknown);
        self.open += u64::from(report.open_at_clearing);
        self.longest_ms = self.longest_ms.max(report.longest_ms);
        for (name, count) in report.checked {
            *self.checked.entry(name.to_owned()).or_default() += count;
        }
        for ((state, heard, fault), count) in report.edges {
            *self.edges.entry((state.to_owned(), heard, fault.to_owned())).or_default() += count;
        }
        for (end, count) in report.ends {
            *self.ends.entry(end).or_default() += count;
        }
        self.traces.insert(report.trace);
    }

    /// The one line. Three divided by the number of trials bounds the rate of what was never seen, at 95 %.
    #[must_use]
    pub fn figure(&self, seed: u64, seconds: f64) -> String {
        let n = self.payments.max(1);
        format!(
            "0 violations in {n} payments of {} storms from seed {seed}, < 3/{n} a payment at 95 % under this fault model; {} edges, {} distinct traces, {seconds:.0} s",
            self.storms,
            self.edges.len(),
            self.traces.len()
        )
    }

    /// Everything else, line by line.
    pub fn print(&self) {
        println!("{:<12}{:<22}{:<18}{:>8}", "state", "event", "fault", "times");
        for ((state, heard, fault), count) in &self.edges {
            println!("{state:<12}{heard:<22}{fault:<18}{count:>8}");
        }
        let rare = self.rare();
        println!("{} of {} edges were walked fewer than {ENOUGH} times: {}", rare.len(), self.edges.len(), rare.join("; "));
        let ends: Vec<String> = self.ends.iter().map(|(end, count)| format!("{end} {count}")).collect();
        println!("ends: {}", ends.join(", "));
        let checked: Vec<String> = PROMISES.iter().map(|name| format!("{name} {}", self.checked.get(*name).copied().unwrap_or(0))).collect();
        println!("looked at: {}", checked.join(", "));
        let Sums { storms, charged, crashes, restores, unknown, .. } = self;
        println!("{storms} storms, {charged} charges, {crashes} kills, {restores} restores, {unknown} payments unknown on the way");
        println!("{}", self.cleared());
    }

    fn cleared(&self) -> String {
        let minutes = self.longest_ms as f64 / 60_000.0;
        format!("{} payments had no result when the faults ended; each had its end within 30 simulated minutes, the last after {minutes:.1}", self.open)
    }

    fn rare(&self) -> Vec<String> {
        let rare = self.edges.iter().filter(|(_, count)| **count < ENOUGH);
        rare.map(|((state, heard, fault), count)| format!("{state}/{heard}/{fault} {count}")).collect()
    }

    /// The part of the page.
    #[must_use]
    pub fn text(&self, command: &str, parts: &[Part], seconds: f64) -> String {
        let seed = parts.first().map_or(1, |part| part.from);
        let mut text = format!("## Storms\n\n`{command}`, {seconds:.0} s:\n\n**{}**\n\n", self.figure(seed, seconds));
        if parts.len() > 1 {
            let seeds: Vec<String> = parts.iter().map(|part| format!("{} to {}", part.from, part.end.saturating_sub(1))).collect();
            let _ = writeln!(text, "It was run in parts, each by another build of the program: seeds {}.\n", seeds.join(", "));
        }
        let _ = write!(text, "{MODEL}\n\n");
        let Sums { charged, crashes, restores, unknown, .. } = self;
        let _ = writeln!(text, "{charged} charges at tills, {crashes} kills, {restores} older copies put back, {unknown} payments unknown on the way.");
        let _ = writeln!(text, "{}.\n", self.cleared());
        text.push_str("How the book of the service ended:\n\n| what | ended as | times |\n|---|---|---|\n");
        for (end, count) in &self.ends {
            let (what, state) = end.split_once(' ').unwrap_or((end, ""));
            let _ = writeln!(text, "| {what} | {state} | {count} |");
        }
        text.push_str("\nHow often each promise was looked at:");
        for name in PROMISES {
            let _ = write!(text, " {name} {}", self.checked.get(name).copied().unwrap_or(0));
        }
        let faults: BTreeSet<&str> = self.edges.keys().map(|(_, _, fault)| fault.as_str()).collect();
        text.push_str(
            ".\n\nEvery edge: the state of the payment, what happened to it, and what the network did to that exchange. *killed*: the app or its call\nwas gone before the answer came. *meddler*: an answer held, changed or invented by the service's own keys. The states of a transfer\nthat waits are the last row's.\n\n",
        );
        let _ = writeln!(text, "| state | event | {} |", faults.iter().copied().collect::<Vec<_>>().join(" | "));
        let _ = writeln!(text, "|---|---|{}", "---|".repeat(faults.len()));
        let rows: BTreeSet<(&str, &str)> = self.edges.keys().map(|(state, heard, _)| (state.as_str(), heard.as_str())).collect();
        for (state, heard) in rows {
            let cell = |fault: &&str| {
                let edge = self.edges.iter().find(|((of, event, by), _)| *of == state && event == heard && by == fault);
                edge.map_or_else(String::new, |(_, count)| count.to_string())
            };
            let _ = writeln!(text, "| {state} | {heard} | {} |", faults.iter().map(cell).collect::<Vec<_>>().join(" | "));
        }
        let rare = self.rare();
        let _ = writeln!(text, "\n{} of {} edges were walked fewer than {ENOUGH} times in this run: {}.", rare.len(), self.edges.len(), rare.join("; "));
        text
    }
}

/// A map whose keys are no texts, as a list of pairs.
mod pairs {
    use super::Edge;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BTreeMap;

    pub fn serialize<S: Serializer>(map: &BTreeMap<Edge, u64>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Edge, u64>, D::Error> {
        Ok(Vec::<(Edge, u64)>::deserialize(from)?.into_iter().collect())
    }
}
