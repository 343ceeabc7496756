//! The feed `cards`: which bank's cards begin how. It names banks; no number that the app's own table lets pass is refused
//! because of it.

use super::{FeedBody, Slot};
use crate::error::{Outcome, WalletError};
use crate::shared::Core;
use crate::tables::sync;
use kabao_base::Code;
use kabao_codes::cards::{Issuers, IssuersError};
use kabao_proof::Feed;
use std::sync::Arc;

impl FeedBody for Issuers {
    const NAME: &'static str = Feed::CARDS;
    const REFUSED: &'static str = sync::CARDS_REFUSED;
    const PUBLIC: bool = false;

    fn shipped() -> Arc<Issuers> {
        Issuers::shipped()
    }

    fn version(&self) -> u64 {
        Issuers::version(self)
    }

    fn read(feed: &Feed, held: &Issuers) -> Outcome<Issuers> {
        let newer = Issuers::parse(&feed.body).and_then(|table| held.replace_with(table));
        newer.map_err(|error| WalletError::from(if error == IssuersError::Downgrade { Code::FeedOlder } else { Code::FeedMalformed }))
    }

    fn slot(core: &Core) -> &Slot<Issuers> {
        &core.issuers
    }
}

impl Core {
    /// The beginnings in use, without waiting: for a number while it is typed. The app's own until the wallet was opened once.
    pub(crate) fn issuers(&self) -> Arc<Issuers> {
        Issuers::slot(self).latest().unwrap_or_else(Issuers::shipped)
    }
}
