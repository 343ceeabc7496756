//! A disk for tests: it stands below the cipher, writes down every operation on the files of a folder, fails on demand,
//! and says afterwards what would have been left if the power had gone at any of them.
//!
//! [`Disk::watch`] puts a shim under SQLite's encryption layer (as the process's default place for files; files outside
//! watched folders go through untouched). [`Disk::journal`] is what happened. [`Replay`] walks through it and gives, at
//! each operation and for each [`Keep`] and [`Entries`], the bytes of every file that survive.

mod cut;
mod disk;
mod vfs;

pub use cut::{Entries, Files, Folder, Keep, Replay, put};
pub use disk::{Disk, Fault, FaultKind, Step};

/// Numbers from a seed: the same seed gives the same ones (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of these seeds together.
    #[must_use]
    pub fn of(seeds: &[u64]) -> Random {
        let mut random = Random(0);
        for seed in seeds {
            random.0 ^= *seed;
            random.0 = random.draw();
        }
        random
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `below`; 0 when there is none.
    pub fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.draw() % (below.max(1) as u64)).unwrap_or(0)
    }

    /// One of two.
    pub fn coin(&mut self) -> bool {
        self.draw() & 1 == 1
    }
}
