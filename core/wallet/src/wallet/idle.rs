//! Locking by itself: a setting, the sign that somebody is there, and the one who waits.

use super::Wallet;
use crate::error::{Outcome, WalletError};
use crate::tables::choices;
use crate::words::{Language, say, wait};
use kabao_base::Code;
use std::sync::Arc;

/// The shortest time that may be set, in seconds: reading one screen takes longer.
const SHORTEST: u32 = 15;
/// The longest.
const LONGEST: u32 = 3600;

/// After how long without a touch the wallet locks by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LockAfterView {
    /// In seconds; absent when it never does.
    pub seconds: Option<u32>,
    /// The sentence for the settings' page.
    pub text: String,
    /// The shortest time that may be set, in seconds.
    pub shortest: u32,
    /// The longest.
    pub longest: u32,
}

/// A time as it was set: whole minutes as such, any other in seconds. A wait would be rounded up.
fn exactly(language: Language, seconds: u32) -> String {
    match seconds % 60 {
        0 => wait(language, i64::from(seconds).saturating_mul(1000)),
        _ => say(language, "wait.seconds", &[("n", &seconds.to_string())]),
    }
}

impl Wallet {
    /// Somebody is there: call it for every touch of a screen that shows the wallet. It costs nothing. Calls do not count by
    /// themselves, because a push or a page that refreshes itself must not keep a wallet open. A locked wallet stays locked.
    pub fn touch(&self) {
        self.core.idle.touch(self.core.host.monotonic_ms());
    }

    /// After how long without a touch the wallet locks by itself. A new wallet never does: an app proposes a time.
    ///
    /// # Errors
    /// `locked`, `closed`.
    pub async fn lock_after(&self) -> Outcome<LockAfterView> {
        self.core.check_open()?;
        let (language, seconds) = (self.core.settings.language, self.core.idle.seconds());
        let text = match seconds {
            Some(seconds) => say(language, "lock.after", &[("wait", &exactly(language, seconds))]),
            None => say(language, "lock.never", &[]),
        };
        Ok(LockAfterView { seconds, text, shortest: SHORTEST, longest: LONGEST })
    }

    /// Sets it: 15 to 3600 seconds, or nothing for never. Kept on this phone. Counts from now, by a clock that nobody can set
    /// and that goes on while the phone sleeps. Locking by itself is [`Wallet::lock`]: a payment on its way still has its 20
    /// seconds.
    ///
    /// # Errors
    /// `bad_argument` (field `seconds`) for any other number; `locked`, `closed`, `storage_*`.
    pub async fn set_lock_after(&self, seconds: Option<u32>) -> Outcome<LockAfterView> {
        if seconds.is_some_and(|seconds| !(SHORTEST..=LONGEST).contains(&seconds)) {
            return Err(WalletError::from(Code::BadArgument).in_field("seconds"));
        }
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.mine_write(now, |tx| match seconds {
                    Some(seconds) => choices::set(tx, choices::LOCK_AFTER, &seconds.to_string(), now),
                    None => choices::remove(tx, choices::LOCK_AFTER),
                })
            })
            .await?;
        self.core.idle.set(seconds, self.core.host.monotonic_ms());
        self.lock_after().await
    }

    /// Waits for the moment and locks. Ends with the wallet.
    pub(super) fn lock_when_idle(&self) {
        let (core, mut changes) = (Arc::downgrade(&self.core), self.core.idle.changes());
        self.core.host.spawn(Box::pin(async move {
            loop {
                let Some(core) = core.upgrade() else { return };
                let left = if core.gate.is_open() { core.idle.left_ms(core.host.monotonic_ms()) } else { None };
                let pause = left.map(|ms| core.host.sleep(ms));
                if left == Some(0) {
                    // What it cannot close now, the next opening or the end of the process does.
                    let _ = Wallet { core }.lock().await;
                    continue;
                }
                drop(core);
                let changed = match pause {
                    Some(pause) => tokio::select! { changed = changes.changed() => changed, () = pause => Ok(()) },
                    None => changes.changed().await,
                };
                if changed.is_err() {
                    return;
                }
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_as_it_was_set() {
        let said = [15, 60, 90, 120, 3599, 3600].map(|seconds| exactly(Language::En, seconds));
        assert_eq!(said, ["15 s", "60 s", "90 s", "2 min", "3599 s", "60 min"]);
    }
}
