//! What the person consented to, and taking it back.

use super::{ConsentDocument, ConsentEntry, ConsentState, ConsentsView, DataClient};
use crate::error::{Outcome, WalletError};
use crate::shared::tell_withdrawals;
use crate::tables::consents::{self, ConsentRow};
use crate::tables::{account, sync};
use crate::words::{self, Language, say};
use kabao_base::{Code, Id, Timestamp};
use serde::{Deserialize, Serialize};

/// What can be consented to.
const DOCUMENTS: &[&str] = &["real_name"];

/// The versions that the service shows today, as they are kept.
#[derive(Deserialize, Serialize)]
struct Shown {
    documents: Vec<ShownDocument>,
    /// What the service has; not kept here but in the ledger.
    #[serde(default, skip_serializing)]
    given: Vec<Given>,
}

#[derive(Deserialize)]
struct Given {
    consent_id: Id,
    document: String,
    version: String,
    at: i64,
    withdrawn_at: Option<i64>,
}

#[derive(Deserialize, Serialize)]
struct ShownDocument {
    document: String,
    version: String,
}

impl DataClient {
    /// Every document with how it stands, and everything that was given and withdrawn, as this phone knows it. Works without
    /// network.
    pub async fn consents(&self) -> Outcome<ConsentsView> {
        let (rows, shown) = self
            .core
            .open_files(|files| Ok((files.ledger(consents::all)?, files.cache(|conn| sync::snapshot(conn, sync::CONSENTS))?)))
            .await?;
        let (shown, at) = match shown {
            Some((body, at)) => (serde_json::from_str::<Shown>(&body).ok(), Some(at)),
            None => (None, None),
        };
        Ok(view(self.core.settings.language, &rows, shown.as_ref(), at))
    }

    /// The same, after asking the service for the versions of today and telling it what was withdrawn.
    pub async fn refresh_consents(&self) -> Outcome<ConsentsView> {
        tell_withdrawals(&self.core).await?;
        let request = self.core.request("GET", "/v1/consents".to_owned(), Vec::new())?;
        let answer = self.core.call(&request).await?;
        let shown: Shown = answer.read()?;
        let (at, body) = (answer.time, serde_json::to_string(&shown).map_err(|_| Code::Internal)?);
        self.core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::CONSENTS, &body, at))).await?;
        self.learn(shown.given, at).await?;
        self.consents().await
    }

    /// Takes up consents that were given on an earlier phone of the account.
    async fn learn(&self, given: Vec<Given>, at: Timestamp) -> Outcome<()> {
        self
            .core
            .open_files(move |files| {
                let known = files.ledger(consents::all)?;
                let news: Vec<&Given> = given.iter().filter(|entry| known.iter().all(|row| row.consent_id != entry.consent_id)).collect();
                if news.is_empty() {
                    return Ok(());
                }
                files.commit(at, |tx, log| {
                    let mut row = account::load(tx)?;
                    for entry in news {
                        account::add_consent(tx, entry.consent_id, &entry.document, &entry.version, Timestamp::from_ms(entry.at))?;
                        match entry.withdrawn_at.map(Timestamp::from_ms) {
                            Some(withdrawn) => {
                                consents::withdraw(tx, entry.consent_id, withdrawn)?;
                                consents::told(tx, entry.consent_id, at)?;
                            }
                            None if row.consent_id.is_none() && entry.document == "real_name" => {
                                (row.consent_id, row.consent_version) = (Some(entry.consent_id), Some(entry.version.clone()));
                            }
                            None => {}
                        }
                    }
                    account::save(tx, &row)?;
                    log.append(tx, "account", "consents_learned", b"")
                })
            })
            .await
    }

    /// Withdraws the consent to a document (`real_name`). Counts on this phone at once, also without network; the service is
    /// told now or as soon as it can be reached, and stops what it was for. Withdrawing again changes nothing. What was found
    /// before stays at the service as long as the law asks; the view says so.
    ///
    /// # Errors
    /// `bad_argument` (field `document`) for a document that there is not, `consent_missing` when it was never consented to.
    pub async fn withdraw_consent(&self, document: String) -> Outcome<ConsentsView> {
        let Some(document) = DOCUMENTS.iter().copied().find(|known| *known == document) else {
            return Err(WalletError::from(Code::BadArgument).in_field("document"));
        };
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                let rows = files.ledger(consents::all)?;
                let of_document: Vec<&ConsentRow> = rows.iter().filter(|row| row.document == document).collect();
                if of_document.is_empty() {
                    return Err(Code::ConsentMissing.into());
                }
                let standing: Vec<_> = of_document.iter().filter(|row| row.withdrawn_at.is_none()).map(|row| row.consent_id).collect();
                if standing.is_empty() {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    for id in &standing {
                        consents::withdraw(tx, *id, now)?;
                    }
                    let mut row = account::load(tx)?;
                    // A consent that is under way ends with the others.
                    (row.consent_id, row.consent_version) = (None, None);
                    account::save(tx, &row)?;
                    log.append(tx, "account", "consent_withdrawn", document.as_bytes())
                })
            })
            .await?;
        // Without an answer it is told with the next sync.
        let _ = tell_withdrawals(&self.core).await;
        self.consents().await
    }
}

fn view(language: Language, rows: &[ConsentRow], shown: Option<&Shown>, at: Option<Timestamp>) -> ConsentsView {
    let documents = DOCUMENTS.iter().map(|document| {
        let newest = rows.iter().rev().find(|row| row.document == *document);
        let standing = newest.filter(|row| row.withdrawn_at.is_none());
        let current = shown.and_then(|shown| shown.documents.iter().find(|known| known.document == *document)).map(|known| known.version.clone());
        let (state, word) = match (newest, standing, &current) {
            (_, Some(row), Some(version)) if row.version != *version => (ConsentState::Outdated, "outdated"),
            (_, Some(_), _) => (ConsentState::Given, "given"),
            (Some(_), None, _) => (ConsentState::Withdrawn, "withdrawn"),
            (None, None, _) => (ConsentState::Missing, "missing"),
        };
        ConsentDocument {
            document: (*document).to_owned(),
            title: title(language, document),
            state,
            state_text: say(language, &format!("data.consent.{word}"), &[]),
            current_version: current,
            given_version: standing.map(|row| row.version.clone()),
            afterwards: say(language, &format!("data.document.{document}.afterwards"), &[]),
        }
    });
    let history = rows.iter().map(|row| ConsentEntry {
        consent_id: row.consent_id.to_string(),
        document: row.document.clone(),
        title: title(language, &row.document),
        version: row.version.clone(),
        given_at: row.at,
        given_text: row.at.china_text(),
        withdrawn_at: row.withdrawn_at,
        withdrawn_text: row.withdrawn_at.map(Timestamp::china_text),
        service_knows: row.withdrawn_at.is_none() || row.told_at.is_some(),
    });
    ConsentsView { documents: documents.collect(), history: history.collect(), as_of: at }
}

/// The name of a document; of one that this version does not know, its own.
pub(super) fn title(language: Language, document: &str) -> String {
    let key = format!("data.document.{document}.title");
    if words::exists(&key) { say(language, &key, &[]) } else { document.to_owned() }
}
