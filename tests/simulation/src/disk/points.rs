//! Every place at which the power can go, and what it leaves.

use kabao_disk::{Entries, Files, Folder, Keep, Random, Replay, Step};
use std::collections::VecDeque;

/// One cut: where, how, what was left, and how much had been written down by then.
#[derive(Clone, Debug)]
pub struct Point {
    /// After so many operations.
    pub cut: usize,
    /// What was kept of the bytes on their way.
    pub keep: Keep,
    /// What was kept of the folder's entries.
    pub entries: Entries,
    /// So many marks had been set.
    pub marks: usize,
    /// What survives.
    pub files: Files,
    /// Its SHA-256.
    pub digest: [u8; 32],
}

impl Point {
    /// Where it is, for a report that can be repeated.
    #[must_use]
    pub fn place(&self) -> String {
        format!("operation {} {:?} entries {:?}", self.cut, self.keep, self.entries)
    }
}

/// Walks through a journal: every operation, every [`Keep`], every sort of [`Entries`] that differs there.
pub struct Points<'steps> {
    steps: &'steps [Step],
    next: usize,
    cut: usize,
    marks: usize,
    replay: Replay,
    waiting: VecDeque<(Keep, Entries)>,
    seed: u64,
    begun: bool,
}

impl<'steps> Points<'steps> {
    /// All points of a journal that began with `files`; `seed` decides what is left to chance.
    #[must_use]
    pub fn of(files: Files, steps: &'steps [Step], model: Folder, seed: u64) -> Points<'steps> {
        let replay = Replay::begin(files, model);
        Points { steps, next: 0, cut: 0, marks: 0, replay, waiting: VecDeque::new(), seed, begun: false }
    }

    /// Goes to the next operation, over the marks that follow it; false at the end.
    fn go(&mut self) -> bool {
        if self.begun {
            let Some(step) = self.steps.get(self.next) else { return false };
            self.replay.step(step);
            self.next += 1;
            self.cut += 1;
        }
        self.begun = true;
        while let Some(Step::Mark(_)) = self.steps.get(self.next) {
            self.marks += 1;
            self.next += 1;
        }
        for entries in self.replay.entries() {
            self.waiting.extend(Keep::ALL.map(|keep| (keep, entries)));
        }
        true
    }
}

impl Iterator for Points<'_> {
    type Item = Point;

    fn next(&mut self) -> Option<Point> {
        while self.waiting.is_empty() {
            if !self.go() {
                return None;
            }
        }
        let (keep, entries) = self.waiting.pop_front()?;
        let mut random = Random::of(&[self.seed, self.cut as u64, keep as u64, entries as u64]);
        let files = self.replay.survivors(keep, entries, &mut random);
        let digest = digest(&files);
        Some(Point { cut: self.cut, keep, entries, marks: self.marks, files, digest })
    }
}

/// The SHA-256 over names and bytes.
#[must_use]
pub fn digest(files: &Files) -> [u8; 32] {
    let mut all = [0; 32];
    for (name, bytes) in files {
        let length = (bytes.len() as u64).to_be_bytes();
        all = kabao_proof::digest::sha256_of(&[&all, name.as_bytes(), &[0], &length, bytes]);
    }
    all
}
