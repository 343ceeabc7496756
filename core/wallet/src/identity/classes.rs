//! The classes of payment accounts: which one, on what it stands, what the next one lacks. The service counts and decides.

use super::types::{CheckView, ClassNeed, ClassesView, GuardianCode, CheckSourceView};
use super::IdentityClient;
use crate::error::Outcome;
use crate::shared::{REAL_NAME, refresh_account};
use crate::tables::{consents, sync};
use crate::words::{Language, exists, say};
use kabao_base::{Cause, Code, Failure, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Classes {
    class: u8,
    highest: u8,
    checks: Vec<Check>,
    needs: Vec<u32>,
    sources: Vec<Source>,
}

#[derive(Deserialize, Serialize)]
struct Check {
    source: String,
    bank: Option<String>,
    at: i64,
}

#[derive(Deserialize, Serialize)]
struct Source {
    source: String,
    code: Option<String>,
}

#[derive(Deserialize)]
struct MadeCode {
    code: String,
    expires_at: i64,
}

impl IdentityClient {
    /// The class of the account and the way to the next one: asked of the service; without network, as it was said last.
    pub async fn classes(&self) -> Outcome<ClassesView> {
        let request = self.core.request("GET", "/v1/account/classes".to_owned(), Vec::new())?;
        match self.core.call(&request).await {
            Ok(answer) => {
                let at = answer.time;
                self.keep(answer.read()?, at).await
            }
            Err(error) if error.failure().cause == Cause::Network => {
                let known = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::CLASSES))).await?;
                let known = known.and_then(|(body, at)| Some((serde_json::from_str::<Classes>(&body).ok()?, at)));
                known.map(|(known, at)| view(self.core.settings.language, known, at)).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Has one more register asked about the person; one that agrees counts towards the next class.
    ///
    /// # Errors
    /// `source_mismatch`, `source_not_found`: it does not count, another one may. `vendor_maintenance`: ask later.
    pub async fn ask_source(&self, source: String) -> Outcome<ClassesView> {
        if source.is_empty() || source.len() > 40 || !source.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Err(crate::WalletError::from(Code::BadArgument).in_field("source"));
        }
        // A consent that was withdrawn counts here at once; the service may not know of it yet.
        if self.core.open_files(|files| files.ledger(|conn| consents::taken_back(conn, REAL_NAME))).await? {
            return Err(crate::WalletError::from(Code::ConsentMissing).in_field(REAL_NAME));
        }
        let body = serde_json::json!({ "source": source }).to_string().into_bytes();
        let request = self.core.request("POST", "/v1/account/classes".to_owned(), body)?;
        let answer = self.core.call(&request).await?;
        let at = answer.time;
        let view = self.keep(answer.read()?, at).await?;
        // The class changes limits and ways to pay; how they stand now can also be asked later.
        let _ = refresh_account(&self.core).await;
        Ok(view)
    }

    /// A code with which this person, a verified adult, agrees to the account of a minor. Shown once, not kept; a new one
    /// ends the one before.
    pub async fn guardian_code(&self) -> Outcome<GuardianCode> {
        let request = self.core.request("POST", "/v1/guardian-codes".to_owned(), b"{}".to_vec())?;
        let made: MadeCode = self.core.call(&request).await?.read()?;
        Ok(GuardianCode { code: made.code, expires_at: Timestamp::from_ms(made.expires_at) })
    }

    async fn keep(&self, said: Classes, at: Timestamp) -> Outcome<ClassesView> {
        let body = serde_json::to_string(&said).map_err(|_| Code::Internal)?;
        self.core.files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::CLASSES, &body, at))).await?;
        Ok(view(self.core.settings.language, said, at))
    }
}

fn view(language: Language, said: Classes, at: Timestamp) -> ClassesView {
    let count = u32::try_from(said.checks.len()).unwrap_or(u32::MAX);
    let named = |source: &str, bank: &str| {
        let key = format!("identity_source.{source}");
        if exists(&key) { say(language, &key, &[("bank", bank)]) } else { source.to_owned() }
    };
    let classes: Vec<ClassNeed> = (1u8..=3)
        .zip(&said.needs)
        .map(|(account_class, needs)| ClassNeed {
            account_class,
            text: say(language, &format!("account_class.class_{account_class}"), &[]),
            needs: *needs,
            missing: if said.class >= account_class { 0 } else { needs.saturating_sub(count) },
            allowed: account_class <= said.highest,
        })
        .collect();
    let next = classes.iter().find(|need| need.account_class > said.class && need.allowed);
    let next_text = next.map(|need| {
        let (class, missing) = (need.account_class.to_string(), need.missing.to_string());
        let key = if said.class == 0 { "account_class.begin" } else { "account_class.further" };
        say(language, key, &[("class", &class), ("missing", &missing)])
    });
    let failure = |code: String| match Code::parse(&code) {
        Some(known) => Failure::of(known),
        None => Failure { code, ..Failure::of(Code::SourceNotFound) },
    };
    ClassesView {
        account_class: said.class,
        highest: said.highest,
        highest_text: (said.highest < 3).then(|| say(language, "account_class.minor", &[])),
        next_text,
        classes,
        checks: said
            .checks
            .into_iter()
            .map(|check| CheckView {
                text: named(&check.source, check.bank.as_deref().unwrap_or_default()),
                source: check.source,
                at: Timestamp::from_ms(check.at),
            })
            .collect(),
        sources: said
            .sources
            .into_iter()
            .map(|source| CheckSourceView { text: named(&source.source, ""), source: source.source, reason: source.code.map(failure) })
            .collect(),
        at,
    }
}
