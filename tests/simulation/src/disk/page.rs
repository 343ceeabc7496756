//! What was run and what came of it, as a part of the page on reliability.

use super::Figure;
use crate::page::RELEASE;
use std::fmt::Write as _;
use std::path::Path;

/// One run of the harness.
pub struct Run {
    what: String,
    seed: u64,
    count: u64,
    every: u64,
    parts: Vec<(String, Figure, bool)>,
    took: u64,
}

/// What the disk is taken to do; the page says it beside the figure.
const POWER_MODEL: &str = "\
Fault model. Each file is what was synced plus what was written since. When the power goes, of the latter is kept: nothing;
each 512-byte sector by a coin; everything; everything up to one torn sector; some whole writes, later ones perhaps without
earlier ones, and of each file something else. A sector that is not written to stays as it is (SQLite's *powersafe
overwrite*). Entries of the folder that changed since it was synced are kept, lost, undone where they were removals, or kept
in part. *POSIX folder*: a sync of the folder makes all of its entries last. *Strict folder*: a removal lasts only when the
folder was synced for it. The key store is taken to be durable at once. Not modelled: disks that lie about a sync, bits that
rot.";

const IO_MODEL: &str = "\
Fault model. At the k-th operation that can meet it, once or from then on: no room (half of a write lands, no new file, no
longer index beside the log), failed writes, cuts and removals (half of a write lands), failed reads, failed syncs (what was
to be synced never reaches the disk, although the system shows it), a folder that became read-only. After each fault the
files are opened as they stand, and as they are when the power goes right after it. Every error has to be one of *disk
full*, *read-only*, *reading or writing failed*, *poisoned*.";

impl Run {
    /// A run that begins: `power` or `io`, its first seed, how many, and every how many places.
    #[must_use]
    pub fn new(what: &str, seed: u64, count: u64, every: u64) -> Run {
        Run { what: what.to_owned(), seed, count, every, parts: Vec::new(), took: 0 }
    }

    /// One part of it is done; a control has to lose something.
    pub fn part(&mut self, name: &str, figure: Figure, control: bool) {
        println!("{name}: {} operations, {} points, {figure}", figure.operations, figure.points);
        if !control {
            figure.first.iter().for_each(|line| println!("  {line}"));
        }
        self.parts.push((name.to_owned(), figure, control));
    }

    /// How long it took.
    pub fn seconds(&mut self, took: u64) {
        self.took = took;
    }

    /// Whether nothing was lost, and every control lost something.
    #[must_use]
    pub fn good(&self) -> bool {
        self.parts.iter().all(|(_, figure, control)| (figure.broken > 0) == *control)
    }

    /// The one line.
    #[must_use]
    pub fn figure(&self) -> String {
        let blind = self.parts.iter().filter(|(_, figure, control)| *control && figure.broken == 0);
        let blind: Vec<&str> = blind.map(|(name, _, _)| name.as_str()).collect();
        if !blind.is_empty() {
            return format!("the harness is blind: {} lost nothing", blind.join("; "));
        }
        let mut all = Figure::default();
        for (_, figure, _) in self.parts.iter().filter(|(_, _, control)| !control) {
            all.add(figure.clone());
        }
        format!("seeds {} to {}: {all}", self.seed, self.seed.saturating_add(self.count).saturating_sub(1))
    }

    fn text(&self) -> String {
        let (title, model) = match self.what.as_str() {
            "io" => ("Disks that fail", IO_MODEL),
            _ => ("Power loss", POWER_MODEL),
        };
        let mut text = format!("## {title}\n\n");
        let Run { what, seed, count, every, took, .. } = self;
        let places = if *every == 1 { String::new() } else { format!(" --every {every}") };
        let _ = writeln!(text, "`cargo xtask sim {what} --seed {seed} --count {count}{places}{RELEASE}`, {took} s:\n");
        let _ = writeln!(text, "**{}**\n\n{model}\n", self.figure());
        text.push_str("| part | operations | points | distinct | lost |\n|---|---|---|---|---|\n");
        for (name, figure, control) in &self.parts {
            let wanted = if *control { " (has to be above 0)" } else { "" };
            let Figure { operations, points, broken, .. } = figure;
            let _ = writeln!(text, "| {name} | {operations} | {points} | {} | {broken}{wanted} |", figure.distinct());
        }
        text
    }
}

/// Puts a run into its part of the page.
///
/// # Errors
/// The file cannot be read or written, or one of the marks is missing.
pub fn write(file: &Path, run: &Run) -> Result<(), String> {
    crate::page::put(file, &run.what, &run.text())
}
