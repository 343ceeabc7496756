//! The words about old copies: for the shell, and for the page on reliability.

use super::{Noticed, Searched};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const MODEL: &str = "\
Fault model. A phone with a copy of its three files and of its key store from before two payments, a withdrawal and a code that was
charged. *Whole files*: put back alone, together, with and without the key store. *An old page*: each page of a file that differs, put
into the present file. *A bit*: one flipped in each page. *A field*: each field of each row of the ledger changed by one, by somebody who
has the key. Then the app starts without a network, `verify` runs, then it syncs; what was not noticed has to be without effect: balance,
history and every payment are as before.";

impl Noticed {
    fn words(&self) -> String {
        match self {
            Noticed::AtOpening(code) => format!("at opening: {code}"),
            Noticed::WhenRead(code) => format!("when read or verified: {code}"),
            Noticed::AtFirstAnswer(code) => format!("at the first signed answer: {code}"),
            Noticed::WithoutEffect => "without effect".to_owned(),
            Noticed::OlderList => "not noticed, an older list (known)".to_owned(),
            Noticed::Impossible => "nothing there, or the file refuses it".to_owned(),
            Noticed::Not(_) => "NOT NOTICED".to_owned(),
        }
    }
}

impl Searched {
    fn table(&self) -> BTreeMap<&str, BTreeMap<String, u64>> {
        let mut table: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
        for ((class, noticed), count) in &self.classes {
            *table.entry(class).or_default().entry(noticed.words()).or_default() += count;
        }
        table
    }

    /// Each class with its points of detection, for the shell.
    pub fn print(&self) {
        for (class, found) in self.table() {
            for (point, count) in found {
                println!("{class:<52} {point:<52}{count:>5}");
            }
        }
    }

    /// The one line.
    #[must_use]
    pub fn figure(&self, seeds: &str, seconds: f64) -> String {
        let all = self.files + self.fields;
        let older: u64 = self.classes.iter().filter(|((_, noticed), _)| *noticed == Noticed::OlderList).map(|(_, count)| count).sum();
        format!(
            "{seeds}: {} of {all} changes not noticed and not without effect ({} of files and pages, {} of fields), {older} more known of `cache.db`; {seconds:.0} s",
            self.broken.len(),
            self.files,
            self.fields
        )
    }

    /// The part of the page.
    #[must_use]
    pub fn text(&self, command: &str, seeds: &str, seconds: f64) -> String {
        let mut text = format!("## Old copies and edits\n\n`{command}`:\n\n**{}**\n\n{MODEL}\n\n", self.figure(seeds, seconds));
        text.push_str("| what was changed | noticed | times |\n|---|---|---|\n");
        for (class, found) in self.table() {
            for (point, count) in found {
                let _ = writeln!(text, "| {class} | {point} | {count} |");
            }
        }
        text
    }
}
