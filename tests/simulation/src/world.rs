//! Time, randomness and the trace of one run.

use kabao_base::Timestamp;
use kabao_outside::World;
use std::sync::{Mutex, PoisonError};

/// When every run begins: 22 November 2026, 08:00 in China.
const MORNING: i64 = 1_795_305_600_000;

/// One seed's world, shared by the phone, the service and the outside parties.
pub struct SimWorld {
    seed: u64,
    began: tokio::time::Instant,
    drawn: Mutex<u64>,
    trace: Mutex<([u8; 32], u64, Option<Vec<String>>)>,
}

impl SimWorld {
    /// The world of a seed. With `keep`, the lines of the trace are kept for reading.
    pub fn new(seed: u64, keep: bool) -> SimWorld {
        SimWorld {
            seed,
            began: tokio::time::Instant::now(),
            drawn: Mutex::new(0),
            trace: Mutex::new(([0; 32], 0, keep.then(Vec::new))),
        }
    }

    /// A world that is so many milliseconds old already: another process of a run that began before.
    pub fn resumed(seed: u64, elapsed_ms: i64) -> SimWorld {
        let before = std::time::Duration::from_millis(u64::try_from(elapsed_ms).unwrap_or(0));
        let now = tokio::time::Instant::now();
        SimWorld { began: now.checked_sub(before).unwrap_or(now), ..SimWorld::new(seed, false) }
    }

    /// Writes down that something happened. Everything that decides how a run goes on belongs here.
    pub fn note(&self, line: &str) {
        let at = self.now().as_ms() - MORNING;
        let line = format!("{at} {line}");
        let mut trace = self.trace.lock().unwrap_or_else(PoisonError::into_inner);
        trace.0 = kabao_proof::digest::sha256_of(&[&trace.0, line.as_bytes()]);
        trace.1 += 1;
        if let Some(lines) = &mut trace.2 {
            lines.push(line);
        }
    }

    /// The hash over all lines, and how many there were.
    pub fn trace(&self) -> (String, u64) {
        let trace = self.trace.lock().unwrap_or_else(PoisonError::into_inner);
        (kabao_proof::hex(&trace.0), trace.1)
    }

    /// The lines that were kept.
    pub fn lines(&self) -> Vec<String> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner).2.clone().unwrap_or_default()
    }

    /// Milliseconds since the run began.
    pub fn elapsed(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// A number below `below`.
    pub fn pick(&self, below: u32) -> u32 {
        let mut bytes = [0; 8];
        self.random(&mut bytes);
        u32::try_from(u64::from_be_bytes(bytes) % u64::from(below.max(1))).unwrap_or(0)
    }

    /// Happens so many times in a hundred.
    pub fn happens(&self, percent: u32) -> bool {
        self.pick(100) < percent
    }
}

impl World for SimWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(MORNING + self.elapsed())
    }

    fn random(&self, bytes: &mut [u8]) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            *drawn += 1;
            let block = kabao_proof::digest::sha256_of(&[b"kabao-sim", &self.seed.to_be_bytes(), &drawn.to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
