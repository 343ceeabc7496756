//! The clocks of the device.

use kabao_base::Timestamp;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The wall clock. Before 1970 reads as 1970.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|span| span.as_millis()).unwrap_or(0);
    Timestamp::from_ms(i64::try_from(since).unwrap_or(i64::MAX))
}

/// Where the system tells its uptime, that is the reading, so that a later process of the same boot can compare;
/// elsewhere the time since this process started.
pub(super) fn monotonic_ms() -> i64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(uptime) = std::fs::read_to_string("/proc/uptime").ok().as_deref().and_then(uptime_ms) {
        return uptime;
    }
    static START: OnceLock<Instant> = OnceLock::new();
    i64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// Names the boot where the system does; otherwise this process, which is the careful answer: a reading of an
/// earlier process is then not believed.
pub(super) fn boot_id() -> String {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Ok(id) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
        return id.trim().to_owned();
    }
    format!("process-{}-{}", std::process::id(), now().as_ms())
}

/// `12345.67 …` in milliseconds.
fn uptime_ms(text: &str) -> Option<i64> {
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    let part: i64 = hundredths.get(..2)?.parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(part.checked_mul(10)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_read_in_milliseconds() {
        assert_eq!(uptime_ms("12345.67 45678.90\n"), Some(12_345_670));
        assert_eq!((uptime_ms(""), uptime_ms("12"), uptime_ms("a.bc d")), (None, None, None));
    }
}
