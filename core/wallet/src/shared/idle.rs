//! For how long nobody has touched the wallet. Counted on the device's monotonic clock, sleep included: setting the clock
//! neither keeps a wallet open nor locks it.

use crate::error::Outcome;
use crate::shared::Core;
use kabao_base::Code;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::watch;

const NEVER: i64 = 0;

/// When the wallet locks by itself.
pub(crate) struct Idle {
    after_ms: AtomicI64,
    touched_ms: AtomicI64,
    /// Counts what may bring the moment nearer, or say that it is there: another setting, an opening, a call that came too late.
    changed: watch::Sender<u64>,
}

impl Default for Idle {
    fn default() -> Idle {
        Idle { after_ms: AtomicI64::new(NEVER), touched_ms: AtomicI64::new(0), changed: watch::Sender::new(0) }
    }
}

impl Idle {
    /// Takes the setting, in seconds; nothing for never. Counts from now.
    pub(crate) fn set(&self, seconds: Option<u32>, now_ms: i64) {
        self.after_ms.store(seconds.map_or(NEVER, |seconds| i64::from(seconds).saturating_mul(1000)), Ordering::Release);
        self.restart(now_ms);
    }

    /// The setting, in seconds.
    pub(crate) fn seconds(&self) -> Option<u32> {
        u32::try_from(self.after_ms.load(Ordering::Acquire) / 1000).ok().filter(|seconds| *seconds > 0)
    }

    /// The wallet is opened, or set anew: counts from now.
    pub(crate) fn restart(&self, now_ms: i64) {
        self.touched_ms.store(now_ms, Ordering::Release);
        self.wake();
    }

    /// Somebody is there. Too late when the time is over already.
    pub(crate) fn touch(&self, now_ms: i64) {
        if self.left_ms(now_ms) != Some(0) {
            self.touched_ms.fetch_max(now_ms, Ordering::AcqRel);
        }
    }

    /// How long until the wallet locks by itself: 0 when it is time, nothing when it never does.
    pub(crate) fn left_ms(&self, now_ms: i64) -> Option<u64> {
        let after = self.after_ms.load(Ordering::Acquire);
        if after == NEVER {
            return None;
        }
        let since = now_ms.saturating_sub(self.touched_ms.load(Ordering::Acquire)).max(0);
        Some(u64::try_from(after.saturating_sub(since)).unwrap_or(0))
    }

    /// Makes the one who waits look again.
    fn wake(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Wakes whoever waits for the moment, at each change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

impl Core {
    /// Whether nobody has touched the open wallet for the time that was set.
    pub(crate) fn is_idle(&self) -> bool {
        self.idle.left_ms(self.host.monotonic_ms()) == Some(0)
    }

    /// Refuses the person's calls while the wallet is locked or closed, and from the moment on at which it has to lock by
    /// itself: a phone that slept wakes with timers that are late.
    pub(crate) fn check_open(&self) -> Outcome<()> {
        self.gate.check_open()?;
        if self.is_idle() {
            self.idle.wake();
            return Err(Code::Locked.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_the_last_touch_and_a_touch_comes_too_late() {
        let idle = Idle::default();
        assert_eq!((idle.left_ms(1 << 40), idle.seconds()), (None, None));
        idle.set(Some(60), 1_000);
        assert_eq!((idle.left_ms(1_000), idle.left_ms(60_999), idle.left_ms(61_000), idle.seconds()), (Some(60_000), Some(1), Some(0), Some(60)));
        idle.touch(31_000);
        assert_eq!(idle.left_ms(61_000), Some(30_000));
        idle.touch(20_000);
        assert_eq!(idle.left_ms(61_000), Some(30_000), "an older touch does not count");
        idle.touch(91_000);
        assert_eq!(idle.left_ms(91_000), Some(0), "too late");
        idle.restart(91_000);
        assert_eq!(idle.left_ms(91_000), Some(60_000));
        // Readings of the clock that cannot be are no reason to stay open for longer than was set.
        assert_eq!((idle.left_ms(i64::MIN), idle.left_ms(i64::MAX)), (Some(60_000), Some(0)));
        idle.set(None, 0);
        assert_eq!(idle.left_ms(i64::MAX), None);
    }
}
