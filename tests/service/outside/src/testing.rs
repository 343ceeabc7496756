//! What the tests of this crate share: a world that they set, and a search through files.

use crate::port::World;
use kabao_base::Timestamp;
use std::path::Path;
use std::sync::Mutex;

/// A clock that stands still until it is moved, and randomness from a seed.
pub struct TestWorld(Mutex<(i64, u64)>);

impl TestWorld {
    /// 2026-11-22 12:19:09 in UTC+8.
    pub fn new(seed: u64) -> TestWorld {
        TestWorld(Mutex::new((1_795_321_149_000, seed)))
    }

    pub fn advance(&self, ms: i64) {
        self.0.lock().unwrap().0 += ms;
    }
}

impl World for TestWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.lock().unwrap().0)
    }

    fn random(&self, bytes: &mut [u8]) {
        let state = &mut self.0.lock().unwrap().1;
        for byte in bytes {
            // splitmix64
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed ^ (mixed >> 31)) as u8;
        }
    }
}

/// Fails when a file of the folder holds one of the texts, or when there is nothing to search.
pub fn assert_absent(folder: &Path, texts: &[&str]) {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        seen += bytes.len();
        for text in texts {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{text} stands in {}", path.display());
        }
    }
    assert!(seen > 4096);
}
