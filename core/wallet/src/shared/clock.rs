//! The service's time on this phone. A signed answer gives it; from then on the monotonic clock carries it, until the
//! next start of the phone. The wall clock alone is not believed for payer codes.

use crate::error::Outcome;
use crate::host::Host;
use crate::tables::marks;
use kabao_base::Timestamp;
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};

/// How far the wall clock may be from the service's time before the clock is called wrong, in milliseconds.
const A_DAY: i64 = 86_400_000;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sample {
    service: Timestamp,
    monotonic_ms: i64,
    wall: Timestamp,
    boot_id: String,
}

/// The last signed time, with what this phone's clocks said at that moment.
#[derive(Default)]
pub(crate) struct ServiceClock(Mutex<Option<Sample>>);

impl ServiceClock {
    /// The service's time, and whether it is trusted: a signed time was seen since the phone started.
    pub(crate) fn now(&self, host: &dyn Host) -> (Timestamp, bool) {
        let sample = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wall = host.now();
        match sample.as_ref() {
            Some(sample) if sample.boot_id == host.boot_id() => {
                let passed = host.monotonic_ms().saturating_sub(sample.monotonic_ms);
                (sample.service.plus_ms(passed.max(0)), true)
            }
            // The offset of an earlier start is the best guess there is.
            Some(sample) => (wall.plus_ms(sample.service.since(sample.wall)), false),
            None => (wall, false),
        }
    }

    /// A signed answer told the time. Answers may overtake each other: an earlier time than one seen already is
    /// not taken while the phone runs.
    pub(crate) fn learn(&self, host: &dyn Host, service: Timestamp) {
        let next = Sample { service, monotonic_ms: host.monotonic_ms(), wall: host.now(), boot_id: host.boot_id() };
        let mut sample = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let older = sample.as_ref().is_some_and(|known| known.boot_id == next.boot_id && known.service > next.service);
        if !older {
            *sample = Some(next);
        }
    }

    /// The service corrected the time: this one counts, also when it is earlier than one seen before.
    pub(crate) fn believe(&self, host: &dyn Host, service: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.learn(host, service);
    }

    /// Whether it is this phone's clock that a certificate outside of its time speaks of: it is far from what the service last
    /// signed, or no time was ever signed. A new phone's clock is wrong more often than the certificate of a service is.
    pub(crate) fn explains_a_certificate(&self, host: &dyn Host) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none() || self.wall_is_wrong(host)
    }

    /// Whether the wall clock is more than a day from what the service last signed.
    pub(crate) fn wall_is_wrong(&self, host: &dyn Host) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(known) = known else { return false };
        let expected = if known.boot_id == host.boot_id() {
            known.service.plus_ms(host.monotonic_ms().saturating_sub(known.monotonic_ms).max(0))
        } else {
            known.service
        };
        host.now().since(expected).checked_abs().is_none_or(|distance| distance > A_DAY)
    }

    /// Whether a time told by the service is so far from the wall clock that the person must set it.
    pub(crate) fn too_far(host: &dyn Host, service: Timestamp) -> bool {
        host.now().since(service).checked_abs().is_none_or(|distance| distance > A_DAY)
    }

    /// The mark to store with the next commit.
    pub(crate) fn mark(&self) -> Option<String> {
        let sample = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sample.as_ref().map(|sample| {
            format!("{} {} {} {}", sample.service.as_ms(), sample.monotonic_ms, sample.wall.as_ms(), sample.boot_id)
        })
    }

    /// Stores the mark, when there is one.
    pub(crate) fn store(conn: &Connection, mark: Option<String>) -> Outcome<()> {
        mark.map_or(Ok(()), |mark| marks::set(conn, marks::CLOCK, &mark))
    }

    /// Takes up the mark of an earlier run.
    pub(crate) fn restore(&self, mark: &str) {
        let mut parts = mark.splitn(4, ' ');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (Some(service), Some(monotonic_ms), Some(wall)) = (number(), number(), number()) else { return };
        let Some(boot_id) = parts.next() else { return };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Sample {
            service: Timestamp::from_ms(service),
            monotonic_ms,
            wall: Timestamp::from_ms(wall),
            boot_id: boot_id.to_owned(),
        });
    }
}
