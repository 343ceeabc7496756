//! What a search came to, in the words in which it is reported.

use std::collections::BTreeSet;
use std::fmt;

/// Points judged, and promises broken.
#[derive(Clone, Debug, Default)]
pub struct Figure {
    /// Operations of the flows.
    pub operations: usize,
    /// Points judged.
    pub points: usize,
    /// Points at which something that was answered was gone, a file was refused, or a chain did not hold.
    pub broken: usize,
    /// The first of them, with what repeats it.
    pub first: Vec<String>,
    seen: BTreeSet<[u8; 32]>,
}

/// So many are told in full.
const TOLD: usize = 12;

impl Figure {
    /// Nothing judged yet, of a flow of so many operations.
    #[must_use]
    pub fn over(operations: usize) -> Figure {
        Figure { operations, ..Figure::default() }
    }

    /// One more point; true when its bytes had not been seen before.
    pub fn count(&mut self, digest: [u8; 32]) -> bool {
        self.points += 1;
        self.seen.insert(digest)
    }

    /// A promise was broken.
    pub fn break_at(&mut self, line: String) {
        self.broken += 1;
        if self.first.len() < TOLD {
            self.first.push(line);
        }
    }

    /// Points with different bytes.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.seen.len()
    }

    /// Adds another search.
    pub fn add(&mut self, other: Figure) {
        self.operations += other.operations;
        self.points += other.points;
        self.broken += other.broken;
        self.seen.extend(other.seen);
        let room = TOLD.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(room));
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distinct = self.distinct();
        write!(to, "{} lost in {distinct} distinct points", self.broken)?;
        if self.broken == 0 { write!(to, ", < 3/{distinct} at 95 % under this fault model") } else { Ok(()) }
    }
}
