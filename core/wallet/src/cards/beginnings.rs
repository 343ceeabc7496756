//! Which table says whose card begins how. It comes with the app; the service may sign a newer one.

use super::CardsClient;
use crate::error::Outcome;
use crate::shared::TableView;
use kabao_codes::cards::Issuers;

impl CardsClient {
    /// Which table of card beginnings is in use. Works without network.
    pub async fn beginnings(&self) -> Outcome<TableView> {
        self.core.table_view::<Issuers>().await
    }

    /// Asks the service for a newer table now. A sync does the same when the service says that there is one. A bank that no
    /// table knows is no obstacle: its cards are bound without its name.
    ///
    /// # Errors
    /// `feed_forged`, `feed_expired`, `feed_older`, `feed_jumps`, `feed_malformed` say why what came was refused; the table in use
    /// stays in use.
    pub async fn refresh_beginnings(&self) -> Outcome<TableView> {
        self.core.refresh_feed::<Issuers>().await?;
        self.beginnings().await
    }
}
