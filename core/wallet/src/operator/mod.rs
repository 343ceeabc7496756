//! Whom the person deals with: the operator with its licence, as the service signs it. Readable before there is an account,
//! and without network until its time is over.
//!
//! ```text
//! unknown ──asked──→ verified ──time over, licence over, withdrawn──→ unverified
//!    └────nothing that holds came────────────────────────────────────────↑
//! ```
//! While it is *unverified*, `onboarding_next` names that and nothing else, and no account is opened or taken over.

mod types;

pub use types::{ChannelView, LicenceView, OperatorView};

use crate::error::Outcome;
use crate::shared::{Core, Profile};
use crate::words::{age, say};
use kabao_base::{Code, Failure, Timestamp};
use std::sync::Arc;

/// Who runs this wallet.
#[derive(Clone)]
pub struct OperatorClient {
    core: Arc<Core>,
}

impl OperatorClient {
    pub(crate) fn new(core: Arc<Core>) -> OperatorClient {
        OperatorClient { core }
    }

    /// Who runs this wallet, as far as this phone knows. Works without network and before there is an account. Before the
    /// first answer the standing is `unknown`.
    pub async fn wallet_profile(&self) -> Outcome<OperatorView> {
        self.core.check_open()?;
        let (held, refused) = (self.core.feed::<Profile>().await?, self.core.refused_feed::<Profile>().await?);
        let (now, language) = (self.core.now(), self.core.settings.language);
        let standing = self.core.operator_standing().await?;
        let name = match standing {
            Some(Ok(())) => "verified",
            Some(Err(_)) => "unverified",
            None => "unknown",
        };
        let profile = &held.body;
        let known = held.signed.map(|_| ());
        Ok(OperatorView {
            standing: name.to_owned(),
            standing_text: say(language, &format!("operator.{name}"), &[]),
            reason: standing.and_then(Result::err).map(Failure::of),
            operator: known.map(|()| profile.operator.in_language(language).to_owned()),
            licence: profile.licence.as_ref().map(|licence| LicenceView {
                number: licence.number.clone(),
                scope: licence.scope.in_language(language).to_owned(),
                valid_until: Timestamp::from_ms(licence.valid_until),
            }),
            channels: profile.channels.iter().map(|known| ChannelView { channel: known.channel.clone(), name: known.name.in_language(language).to_owned() }).collect(),
            rules_version: known.map(|()| profile.rules_version),
            hotline: known.map(|()| profile.hotline.clone()),
            site: known.map(|()| profile.site.clone()),
            version: profile.version,
            issued_at: held.signed.map(|signed| signed.issued_at),
            age_text: held.signed.map(|signed| age(language, now.since(signed.issued_at))),
            valid_until: held.signed.and_then(|signed| signed.not_after),
            refused: refused.map(|(code, _)| Failure::of(code)),
        })
    }

    /// Asks the service now. What holds already stays until its time is over; what came and was refused stands in `refused`.
    ///
    /// # Errors
    /// What the network says; never what is wrong about the profile: that is for the person to see.
    pub async fn refresh_profile(&self) -> Outcome<OperatorView> {
        self.core.check_open()?;
        let judged = [Code::FeedForged, Code::FeedExpired, Code::FeedOlder, Code::FeedJumps, Code::FeedMalformed];
        match self.core.refresh_feed::<Profile>().await {
            Err(error) if !judged.into_iter().any(|code| error.is(code)) => Err(error),
            _ => self.wallet_profile().await,
        }
    }
}
