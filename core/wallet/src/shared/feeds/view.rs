//! A table that the service may sign anew, as people see it.

use super::FeedBody;
use crate::error::Outcome;
use crate::shared::Core;
use crate::words::{age, say};
use kabao_base::{Failure, Timestamp};

/// A table of facts in use: of code formats, or of the beginnings of card numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TableView {
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

impl Core {
    /// Which table is in use. Works without network.
    pub(crate) async fn table_view<T: FeedBody>(&self) -> Outcome<TableView> {
        self.check_open()?;
        let (table, refused) = (self.feed::<T>().await?, self.refused_feed::<T>().await?);
        let (now, language) = (self.now(), self.settings.language);
        let source = if table.signed.is_some() { "service" } else { "app" };
        Ok(TableView {
            version: table.body.version(),
            source: source.to_owned(),
            source_text: say(language, &format!("codes.{source}"), &[]),
            issued_at: table.signed.map(|signed| signed.issued_at),
            age_text: table.signed.map(|signed| age(language, now.since(signed.issued_at))),
            stored_at: table.signed.map(|signed| signed.stored_at),
            outdated: table.signed.and_then(|signed| signed.not_after).is_some_and(|last| last < now),
            refused: refused.map(|(code, _)| Failure::of(code)),
            refused_at: refused.map(|(_, at)| at),
        })
    }
}
