//! The feed `codes`: which code formats there are.

use super::{FeedBody, Slot};
use crate::error::{Outcome, WalletError};
use crate::shared::Core;
use crate::tables::sync;
use kabao_base::Code;
use kabao_codes::payer::CODE_LENGTH;
use kabao_codes::table::{Table, TableError};
use kabao_proof::Feed;
use std::sync::Arc;

impl FeedBody for Table {
    const NAME: &'static str = Feed::CODES;
    const REFUSED: &'static str = sync::CODES_REFUSED;
    const PUBLIC: bool = false;

    fn shipped() -> Arc<Table> {
        Table::shipped()
    }

    fn version(&self) -> u64 {
        Table::version(self)
    }

    fn read(feed: &Feed, held: &Table) -> Outcome<Table> {
        Table::parse(&feed.body).and_then(|table| held.replace_with(table)).map_err(table_code)
    }

    /// What a till reads off this phone must stay this phone's: payer codes that were fetched are not given away.
    fn suits(&self, prefixes: &[String]) -> Outcome<()> {
        prefixes.iter().try_for_each(|prefix| self.leaves(prefix, CODE_LENGTH).map_err(table_code))
    }

    fn slot(core: &Core) -> &Slot<Table> {
        &core.codes
    }
}

fn table_code(error: TableError) -> WalletError {
    match error {
        TableError::Downgrade => Code::FeedOlder,
        TableError::OwnPrefix => Code::FeedClaimsOurs,
        _ => Code::FeedMalformed,
    }
    .into()
}
