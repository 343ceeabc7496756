//! Time and randomness. One value that everything asks, so that a run can be repeated from a seed
//! and the developer's console can turn the clock.

use kabao_base::{Id, Timestamp};
use kabao_outside::World;
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The operating system's clock and randomness: the world of a running service.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealWorld;

impl World for RealWorld {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn random(&self, bytes: &mut [u8]) {
        if SystemRandom::new().fill(bytes).is_err() {
            // Keys and challenges from a source that failed would be guessable: there is no safe way on.
            std::process::abort();
        }
    }
}

/// A world whose clock can be put forward.
pub struct ShiftedWorld {
    inner: Arc<dyn World>,
    offset_ms: AtomicI64,
}

impl ShiftedWorld {
    /// The same world, with an offset of zero.
    pub fn new(inner: Arc<dyn World>) -> ShiftedWorld {
        ShiftedWorld { inner, offset_ms: AtomicI64::new(0) }
    }

    /// Puts the clock forward (back when negative) and says the new offset in milliseconds.
    pub fn advance(&self, ms: i64) -> i64 {
        let add = |offset: i64| Some(offset.saturating_add(ms));
        match self.offset_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add) {
            Ok(before) | Err(before) => before.saturating_add(ms),
        }
    }
}

impl World for ShiftedWorld {
    fn now(&self) -> Timestamp {
        self.inner.now().plus_ms(self.offset_ms.load(Ordering::SeqCst))
    }

    fn random(&self, bytes: &mut [u8]) {
        self.inner.random(bytes);
    }
}

/// A new random id.
pub fn make_id(world: &dyn World) -> Id {
    let mut bytes = [0u8; 16];
    world.random(&mut bytes);
    Id::from_bytes(bytes)
}

/// `count` random decimal digits, each equally likely.
pub fn make_digits(world: &dyn World, count: usize) -> String {
    let mut digits = String::with_capacity(count);
    while digits.len() < count {
        let mut byte = [0u8; 1];
        world.random(&mut byte);
        // 250 is the largest multiple of ten in a byte: what lies above would favour small digits.
        if byte[0] < 250 {
            digits.push(char::from(b'0' + byte[0] % 10));
        }
    }
    digits
}
