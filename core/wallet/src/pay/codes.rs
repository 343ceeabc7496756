//! Which table of code formats decides what a scanned code is. It comes with the app; the service may sign a newer one.

use super::PayClient;
use crate::error::Outcome;
use crate::words::{age, say};
use kabao_base::{Failure, Timestamp};
use kabao_codes::table::Table;

/// The table of code formats in use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CodesView {
    /// Its version: a count from 1, higher is newer.
    pub version: u64,
    /// `app`: it came with the app; `service`: the service signed it.
    pub source: String,
    /// The same in words.
    pub source_text: String,
    /// When the service signed it; absent for the app's own.
    pub issued_at: Option<Timestamp>,
    /// How long ago that was, in words.
    pub age_text: Option<String>,
    /// When this phone took it up.
    pub stored_at: Option<Timestamp>,
    /// Whether the time in which it could be taken up is over. It stays in use until a newer one comes.
    pub outdated: bool,
    /// Why the newest table that the service sent was not taken up; absent when nothing was refused since.
    pub refused: Option<Failure>,
    /// When that was.
    pub refused_at: Option<Timestamp>,
}

impl PayClient {
    /// Which table is in use. Works without network.
    pub async fn codes(&self) -> Outcome<CodesView> {
        self.core.check_open()?;
        let (codes, refused) = (self.core.feed::<Table>().await?, self.core.refused_feed::<Table>().await?);
        let (now, language) = (self.core.now(), self.core.settings.language);
        let source = if codes.signed.is_some() { "service" } else { "app" };
        Ok(CodesView {
            version: codes.body.version(),
            source: source.to_owned(),
            source_text: say(language, &format!("codes.{source}"), &[]),
            issued_at: codes.signed.map(|signed| signed.issued_at),
            age_text: codes.signed.map(|signed| age(language, now.since(signed.issued_at))),
            stored_at: codes.signed.map(|signed| signed.stored_at),
            outdated: codes.signed.and_then(|signed| signed.not_after).is_some_and(|last| last < now),
            refused: refused.map(|(code, _)| Failure::of(code)),
            refused_at: refused.map(|(_, at)| at),
        })
    }

    /// Asks the service for a newer table now. A sync does the same when the service says that there is one.
    ///
    /// # Errors
    /// `feed_forged`, `feed_expired`, `feed_older`, `feed_jumps`, `feed_malformed`, `feed_claims_ours` say why what came was refused; the
    /// table in use stays in use.
    pub async fn refresh_codes(&self) -> Outcome<CodesView> {
        self.core.refresh_feed::<Table>().await?;
        self.codes().await
    }
}
