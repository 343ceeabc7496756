//! The feed `profile`: who runs this wallet, under which licence, and how to reach them. The app brings none: a profile
//! counts only as the service signed it, and only until its time is over.

use super::{FeedBody, Slot};
use crate::error::Outcome;
use crate::shared::Core;
use crate::tables::sync;
use kabao_base::fold::hidden_kind;
use kabao_base::{Code, Language, Timestamp};
use kabao_proof::Feed;
use serde::Deserialize;
use std::sync::{Arc, LazyLock};

/// The longest text of a profile, in characters.
const TEXT: usize = 200;
/// At most so many channels, services or builds.
const LIST: usize = 64;
/// A profile that holds longer than this is none: who loses a licence must be gone from phones in the end. 400 days.
const LIFE_MS: i64 = 400 * 86_400_000;

/// The same in the languages of the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    #[serde(rename = "zh-CN")]
    zh: String,
    en: String,
}

impl Said {
    pub(crate) fn in_language(&self, language: Language) -> &str {
        match language {
            Language::ZhCn => &self.zh,
            Language::En => &self.en,
        }
    }
}

/// The payment licence 支付业务许可证.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Licence {
    pub(crate) number: String,
    pub(crate) scope: Said,
    /// UTC milliseconds.
    pub(crate) valid_until: i64,
}

/// A way to pay that the operator offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Channel {
    pub(crate) channel: String,
    pub(crate) name: Said,
}

/// Who runs this wallet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) version: u64,
    pub(crate) operator: Said,
    pub(crate) licence: Option<Licence>,
    pub(crate) channels: Vec<Channel>,
    /// The version of the feed `rules` that was in force when this was signed.
    pub(crate) rules_version: u64,
    pub(crate) hotline: String,
    pub(crate) site: String,
    /// The operator withdrew: nothing is to be begun under this name.
    #[serde(default)]
    pub(crate) revoked: bool,
}

/// No profile yet.
static NONE: LazyLock<Arc<Profile>> = LazyLock::new(|| {
    let nothing = || Said { zh: String::new(), en: String::new() };
    Arc::new(Profile {
        version: 0,
        operator: nothing(),
        licence: None,
        channels: Vec::new(),
        rules_version: 0,
        hotline: String::new(),
        site: String::new(),
        revoked: false,
    })
});

impl Profile {
    fn parse(bytes: &[u8]) -> Option<Profile> {
        let profile: Profile = serde_json::from_slice(bytes).ok()?;
        let mut texts = vec![&profile.operator.zh, &profile.operator.en, &profile.hotline, &profile.site];
        if let Some(licence) = &profile.licence {
            texts.extend([&licence.number, &licence.scope.zh, &licence.scope.en]);
        }
        for channel in &profile.channels {
            texts.extend([&channel.channel, &channel.name.zh, &channel.name.en]);
        }
        // What a person reads to decide whom to trust hides nothing and is not endless.
        let plain = |text: &&String| text.chars().count() <= TEXT && !text.chars().any(|sign| sign.is_control() || hidden_kind(sign).is_some());
        let named = !profile.operator.zh.trim().is_empty() && !profile.operator.en.trim().is_empty();
        let fits = named && profile.channels.len() <= LIST && texts.iter().all(plain) && profile.site.starts_with("https://");
        fits.then_some(profile)
    }

    /// Whether the operator may be trusted at that time; otherwise why not.
    pub(crate) fn standing(&self, not_after: Option<Timestamp>, now: Timestamp) -> Result<(), Code> {
        if self.revoked {
            return Err(Code::OperatorRevoked);
        }
        if not_after.is_none_or(|last| last < now) {
            return Err(Code::FeedExpired);
        }
        let licence = self.licence.as_ref().filter(|licence| !licence.number.trim().is_empty()).ok_or(Code::LicenceMissing)?;
        if licence.valid_until < now.as_ms() { Err(Code::LicenceExpired) } else { Ok(()) }
    }
}

impl FeedBody for Profile {
    const NAME: &'static str = Feed::PROFILE;
    const REFUSED: &'static str = sync::PROFILE_REFUSED;
    const PUBLIC: bool = true;

    fn shipped() -> Arc<Profile> {
        Arc::clone(&NONE)
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn read(feed: &Feed, _: &Profile) -> Outcome<Profile> {
        let lasts = feed.not_after.is_some_and(|last| last.since(feed.issued_at) <= LIFE_MS);
        Profile::parse(&feed.body).filter(|_| lasts).ok_or_else(|| Code::FeedMalformed.into())
    }

    fn slot(core: &Core) -> &Slot<Profile> {
        &core.profile
    }
}

impl Core {
    /// Whom the person deals with, as far as this phone knows: nothing before the first answer, then whether they stand.
    pub(crate) async fn operator_standing(&self) -> Outcome<Option<Result<(), Code>>> {
        let (held, refused) = (self.feed::<Profile>().await?, self.refused_feed::<Profile>().await?);
        Ok(match (held.signed, refused) {
            (Some(signed), _) => Some(held.body.standing(signed.not_after, self.now())),
            (None, Some((code, _))) => Some(Err(code)),
            (None, None) => None,
        })
    }

    /// Before an account is opened or taken over: somebody who shows who they are, or nothing begins. Asks the service when
    /// nothing that holds is here.
    ///
    /// # Errors
    /// `operator_unverified`; what the network says when the service cannot be asked.
    pub(crate) async fn require_operator(&self) -> Outcome<()> {
        if let Some(Ok(())) = self.operator_standing().await? {
            return Ok(());
        }
        match self.refresh_feed::<Profile>().await {
            Err(error) if !super::is_refusal(&error) => return Err(error),
            _ => {}
        }
        match self.operator_standing().await? {
            Some(Ok(())) => Ok(()),
            _ => Err(Code::OperatorUnverified.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn body() -> Value {
        json!({
            "version": 1, "operator": {"zh-CN": "甲", "en": "A"},
            "licence": {"number": "Z1", "scope": {"zh-CN": "乙", "en": "B"}, "valid_until": 1_000},
            "channels": [{"channel": "lakala", "name": {"zh-CN": "丙", "en": "C"}}], "rules_version": 1, "hotline": "95000",
            "site": "https://a.example", "revoked": false
        })
    }

    fn read(change: impl FnOnce(&mut Value)) -> Option<Profile> {
        let mut body = body();
        change(&mut body);
        Profile::parse(body.to_string().as_bytes())
    }

    #[test]
    fn what_hides_something_or_names_nobody_is_no_profile() {
        assert!(read(|_| {}).is_some());
        assert!(read(|body| body["licence"] = Value::Null).is_some(), "an operator without a licence is read, and then not trusted");
        type Change = fn(&mut Value);
        let wrong: [(&str, Change); 8] = [
            ("a bidirectional mark", |body| body["operator"]["en"] = json!("A\u{202e}B")),
            ("a zero width space", |body| body["hotline"] = json!("95\u{200b}000")),
            ("nobody", |body| body["operator"]["zh-CN"] = json!("  ")),
            ("no safe site", |body| body["site"] = json!("http://a.example")),
            ("an endless name", |body| body["operator"]["en"] = json!("A".repeat(201))),
            ("too many channels", |body| body["channels"] = json!(vec![body["channels"][0].clone(); 65])),
            ("what this version does not know", |body| body["tea"] = json!(1)),
            ("no version", |body| { body.as_object_mut().unwrap().remove("version"); }),
        ];
        for (what, change) in wrong {
            assert!(read(change).is_none(), "{what}");
        }
    }

    #[test]
    fn a_licence_counts_to_its_last_millisecond() {
        let at = Timestamp::from_ms;
        let (profile, late) = (read(|_| {}).unwrap(), Some(at(2_000)));
        assert_eq!(profile.standing(late, at(1_000)), Ok(()));
        assert_eq!(profile.standing(late, at(1_001)), Err(Code::LicenceExpired));
        assert_eq!(profile.standing(Some(at(900)), at(901)), Err(Code::FeedExpired));
        assert_eq!(profile.standing(None, at(1)), Err(Code::FeedExpired));
        assert_eq!(read(|body| body["revoked"] = json!(true)).unwrap().standing(late, at(1)), Err(Code::OperatorRevoked));
        for number in ["", "  "] {
            assert_eq!(read(|body| body["licence"]["number"] = json!(number)).unwrap().standing(late, at(1)), Err(Code::LicenceMissing));
        }
    }
}
