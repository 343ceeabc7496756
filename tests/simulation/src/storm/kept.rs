//! A run that is too long for one sitting: what it came to so far lies in a file, and the next part goes on behind it.

use super::sums::Sums;
use crate::run::Report;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A part of a run, by one build of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The digest of the program.
    pub program: String,
    /// Its first seed.
    pub from: u64,
    /// The seed behind its last one.
    pub end: u64,
    /// How long it took.
    pub seconds: u64,
}

/// What lies in the file.
#[derive(Default, Serialize, Deserialize)]
struct File {
    sums: Sums,
    parts: Vec<Part>,
}

/// The sum of storms without a gap in their seeds, however they come in.
pub struct Kept {
    path: Option<PathBuf>,
    file: File,
    /// Those that came before their turn.
    early: BTreeMap<u64, Report>,
    begin: Instant,
    part: usize,
}

impl Kept {
    /// Begins at `seed`, or goes on where the file ends.
    ///
    /// # Errors
    /// When there is a file that is not one of these.
    pub fn open(path: Option<&Path>, seed: u64, program: &str) -> Result<Self, String> {
        let mut file = match path.filter(|path| path.exists()) {
            None => File::default(),
            Some(path) => {
                let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
                serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        let from = file.parts.last().map_or(seed, |part| part.end);
        if file.parts.last().is_none_or(|part| part.program != program) {
            file.parts.push(Part { program: program.to_owned(), from, end: from, seconds: 0 });
        }
        let part = file.parts.len() - 1;
        let begin = Instant::now().checked_sub(std::time::Duration::from_secs(file.parts[part].seconds)).unwrap_or_else(Instant::now);
        Ok(Kept { path: path.map(Path::to_owned), file, early: BTreeMap::new(), begin, part })
    }

    /// The first seed that is wanted.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.file.parts[self.part].end
    }

    /// The first seed of all.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.file.parts[0].from
    }

    /// The sum so far.
    #[must_use]
    pub fn sums(&self) -> &Sums {
        &self.file.sums
    }

    /// All parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.file.parts
    }

    /// How long all parts took.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let before: u64 = self.file.parts[..self.part].iter().map(|part| part.seconds).sum();
        before as f64 + self.begin.elapsed().as_secs_f64()
    }

    /// One more storm; it counts when all before it are in.
    pub fn add(&mut self, seed: u64, report: Report) {
        self.early.insert(seed, report);
        while let Some(report) = self.early.remove(&self.next()) {
            self.file.sums.add(report);
            self.file.parts[self.part].end += 1;
        }
        self.file.parts[self.part].seconds = self.begin.elapsed().as_secs();
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn save(&self) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        let text = serde_json::to_vec(&self.file).map_err(|error| error.to_string())?;
        let new = path.with_extension("new");
        std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path)).map_err(|error| format!("{}: {error}", path.display()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn report(payments: u64) -> Report {
        Report { payments, trace: payments.to_string(), edges: BTreeMap::from([(("sent", "done".to_owned(), "lost"), 2)]), ..Report::default() }
    }

    #[test]
    fn a_run_in_parts_counts_each_seed_once_and_in_turn() {
        let folder = std::env::temp_dir().join(format!("kabao-simulation-{}-kept", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("pay.json");
        let mut first = Kept::open(Some(&file), 7, "a").unwrap();
        first.add(8, report(10));
        assert_eq!((first.next(), first.sums().payments), (7, 0), "the one before it is still under way");
        first.add(7, report(1));
        first.add(10, report(100));
        first.save().unwrap();
        let mut second = Kept::open(Some(&file), 7, "a").unwrap();
        assert_eq!((second.next(), second.sums().payments, second.parts().len()), (9, 11, 1), "what came early is run again");
        second.add(9, report(1000));
        second.save().unwrap();
        let third = Kept::open(Some(&file), 7, "b").unwrap();
        let ends: Vec<_> = third.parts().iter().map(|part| (part.program.as_str(), part.from, part.end)).collect();
        assert_eq!((third.first(), third.sums().storms, third.sums().payments), (7, 3, 1011));
        assert_eq!(ends, [("a", 7, 10), ("b", 10, 10)]);
        assert!(third.sums().text("x", third.parts(), 1.0).contains("| sent | done | 6 |"));
        std::fs::write(&file, "half a fi").unwrap();
        assert!(Kept::open(Some(&file), 7, "a").is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
