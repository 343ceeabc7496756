//! The feed `rules`: limits, fees, maintenance. The app brings the law's own; the service may sign stricter ones, never laxer.

use super::{FeedBody, Slot};
use crate::error::Outcome;
use crate::shared::Core;
use crate::tables::sync;
use kabao_base::Code;
use kabao_money::rules::Rules;
use kabao_proof::Feed;
use std::sync::Arc;

impl FeedBody for Rules {
    const NAME: &'static str = Feed::RULES;
    const REFUSED: &'static str = sync::RULES_REFUSED;
    const PUBLIC: bool = false;

    fn shipped() -> Arc<Rules> {
        Rules::shipped()
    }

    fn version(&self) -> u64 {
        Rules::version(self)
    }

    fn read(feed: &Feed, held: &Rules) -> Outcome<Rules> {
        let rules = Rules::parse(&feed.body).map_err(|error| error.code())?;
        // An update of the app brought the same or newer ones.
        if rules.version() <= held.version() { Err(Code::FeedOlder.into()) } else { Ok(rules) }
    }

    fn slot(core: &Core) -> &Slot<Rules> {
        &core.rules
    }
}
