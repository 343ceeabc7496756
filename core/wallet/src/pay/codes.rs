//! Which table of code formats decides what a scanned code is. It comes with the app; the service may sign a newer one.

use super::PayClient;
use crate::error::Outcome;
use crate::shared::TableView;
use kabao_codes::table::Table;

impl PayClient {
    /// Which table is in use. Works without network.
    pub async fn codes(&self) -> Outcome<TableView> {
        self.core.table_view::<Table>().await
    }

    /// Asks the service for a newer table now. A sync does the same when the service says that there is one.
    ///
    /// # Errors
    /// `feed_forged`, `feed_expired`, `feed_older`, `feed_jumps`, `feed_malformed`, `feed_claims_ours` say why what came was refused; the
    /// table in use stays in use.
    pub async fn refresh_codes(&self) -> Outcome<TableView> {
        self.core.refresh_feed::<Table>().await?;
        self.codes().await
    }
}
