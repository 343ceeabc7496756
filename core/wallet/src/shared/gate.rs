//! Whether the person may read, and how much is still in flight.

use crate::error::Outcome;
use kabao_base::Code;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use tokio::sync::watch;

const LOCKED: u8 = 0;
const OPEN: u8 = 1;
const CLOSED: u8 = 2;

/// The lock as the person sees it. The files stay open a little longer when money is in flight.
pub(crate) struct Gate {
    state: AtomicU8,
    /// Counts the openings: work of an earlier one stops when it sees another number.
    opening: AtomicU64,
    in_flight: watch::Sender<u32>,
}

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate { state: AtomicU8::new(LOCKED), opening: AtomicU64::new(0), in_flight: watch::Sender::new(0) }
    }

    /// Refuses the person's calls while locked or closed.
    pub(crate) fn check_open(&self) -> Outcome<()> {
        match self.state.load(Ordering::Acquire) {
            OPEN => Ok(()),
            LOCKED => Err(Code::Locked.into()),
            _ => Err(Code::Closed.into()),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state.load(Ordering::Acquire) == OPEN
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSED
    }

    /// Opens, unless it was closed for good meanwhile.
    pub(crate) fn open(&self) -> Outcome<()> {
        self.opening.fetch_add(1, Ordering::AcqRel);
        match self.state.compare_exchange(LOCKED, OPEN, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) | Err(OPEN) => Ok(()),
            Err(_) => Err(Code::Closed.into()),
        }
    }

    /// Locks, unless it was closed for good.
    pub(crate) fn lock(&self) {
        let _ = self.state.compare_exchange(OPEN, LOCKED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Closes for good.
    pub(crate) fn close(&self) {
        self.state.store(CLOSED, Ordering::Release);
    }

    /// The number of the present opening.
    pub(crate) fn opening(&self) -> u64 {
        self.opening.load(Ordering::Acquire)
    }

    /// Makes work of the present opening stop at its next step.
    pub(crate) fn end_opening(&self) {
        self.opening.fetch_add(1, Ordering::AcqRel);
    }

    /// One more request that moves money is in flight until the guard is dropped.
    pub(crate) fn fly(&self) -> InFlight {
        self.in_flight.send_modify(|count| *count = count.saturating_add(1));
        InFlight { in_flight: self.in_flight.clone() }
    }

    /// Ends when nothing is in flight.
    pub(crate) async fn landed(&self) {
        let mut count = self.in_flight.subscribe();
        // The sender lives as long as this gate, so that waiting cannot fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

/// A request that moves money, from its first byte to the recorded answer.
pub(crate) struct InFlight {
    in_flight: watch::Sender<u32>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.in_flight.send_modify(|count| *count = count.saturating_sub(1));
    }
}
