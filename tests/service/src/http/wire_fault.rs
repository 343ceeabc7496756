//! Faults of the wire as a mark on an answer: what the listener does to the connection. A simulation without
//! sockets reads the same mark and plays a transport that failed.

/// What becomes of an answer on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WireFault {
    /// The answer leaves so many milliseconds late.
    pub delay_ms: u64,
    /// What the connection does.
    pub cut: Cut,
}

/// What the connection does instead of carrying the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    /// Carries it.
    #[default]
    No,
    /// Closes without a byte. Whether the request was handled is the switch's secret.
    Silent,
    /// Closes in the middle of the body.
    Half,
}
