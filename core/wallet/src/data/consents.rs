//! What the person consented to, and taking it back.

use super::{ConsentDocument, ConsentEntry, ConsentState, ConsentText, ConsentsView, DataClient};
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::{self, DOCUMENTS, document_named, tell_withdrawals};
use crate::tables::consents::{self, ConsentRow};
use crate::tables::sync;
use crate::words::{self, Language, say};
use kabao_base::{Code, Id, Timestamp};

impl DataClient {
    /// Every document with how it stands, and everything that was given and withdrawn, as this phone knows it. Works without
    /// network.
    pub async fn consents(&self) -> Outcome<ConsentsView> {
        let (rows, counting, owed, shown) = self
            .core
            .open_files(|files| {
                let (rows, counting, owed) = files.ledger(|conn| Ok((consents::all(conn)?, consents::counting(conn)?, shared::owed(conn)?)))?;
                Ok((rows, counting, owed, files.cache(|conn| sync::snapshot(conn, sync::CONSENTS))?))
            })
            .await?;
        let (shown, at) = match shown {
            Some((body, at)) => (serde_json::from_str::<wire::Consents>(&body).ok(), Some(at)),
            None => (None, None),
        };
        Ok(view(self.core.settings.language, &rows, &counting, owed, shown.as_ref(), at))
    }

    /// The same, after asking the service for the versions of today and telling it what was withdrawn.
    pub async fn refresh_consents(&self) -> Outcome<ConsentsView> {
        tell_withdrawals(&self.core).await?;
        shared::ask_consents(&self.core).await?;
        self.consents().await
    }

    /// The text of a document in the version of today, to be shown before the person consents.
    ///
    /// # Errors
    /// `bad_argument` (field `document`) for a document that there is not. `answer_malformed` for a text that is not what its
    /// digest says.
    pub async fn consent_text(&self, document: String) -> Outcome<ConsentText> {
        let document = document_named(&document)?;
        let shown = shared::consent_text(&self.core, document).await?;
        let title = title(self.core.settings.language, document);
        Ok(ConsentText { document: shown.document, title, version: shown.version, digest: shown.digest, text: shown.text })
    }

    /// The person consents to the version of a document that `consent_text` showed last. Each document is a consent of its own;
    /// one that is sensitive (`face`) is never taken together with others. Consenting again to what is consented to is another
    /// entry of the history.
    ///
    /// # Errors
    /// `bad_argument` (field `document`); `consent_version` (field `version`) for another version than the one that was shown
    /// on this phone, or than the service's of today.
    pub async fn give_consent(&self, document: String, version: String) -> Outcome<ConsentsView> {
        let document = document_named(&document)?;
        shared::give_consent(&self.core, document, version).await?;
        self.consents().await
    }

    /// Withdraws the consent to a document. Counts on this phone at once, also without network; the service is
    /// told now or as soon as it can be reached, and stops what it was for. Withdrawing again changes nothing. What was found
    /// before stays at the service as long as the law asks; the view says so.
    ///
    /// # Errors
    /// `bad_argument` (field `document`) for a document that there is not, `consent_not_given` when it was never consented to,
    /// neither here nor on another phone of the account. A phone that has not asked the service yet asks it first, and gives what
    /// kept it from an answer.
    pub async fn withdraw_consent(&self, document: String) -> Outcome<ConsentsView> {
        let document = document_named(&document)?;
        let now = self.core.now();
        let asked = move |conn: &rusqlite::Connection| Ok(consents::ever_given(conn, document)? || !shared::owed(conn)?);
        if !self.core.open_files(move |files| files.ledger(asked)).await? {
            shared::ask_consents(&self.core).await?;
        }
        self.core
            .open_files(move |files| {
                let rows = files.ledger(consents::all)?;
                let of_document: Vec<&ConsentRow> = rows.iter().filter(|row| row.document == document).collect();
                if of_document.is_empty() {
                    return Err(WalletError::from(Code::ConsentNotGiven).in_field(document));
                }
                let standing: Vec<_> = of_document.iter().filter(|row| row.withdrawn_at.is_none()).map(|row| row.consent_id).collect();
                if standing.is_empty() {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    for id in &standing {
                        consents::withdraw(tx, *id, now)?;
                    }
                    // A consent that is under way ends with the others.
                    consents::end_standing(tx, document)?;
                    log.append(tx, "account", "consent_withdrawn", document.as_bytes())
                })
            })
            .await?;
        // Without an answer it is told with the next sync.
        let _ = tell_withdrawals(&self.core).await;
        self.consents().await
    }
}

fn view(language: Language, rows: &[ConsentRow], counting: &[Id], owed: bool, shown: Option<&wire::Consents>, at: Option<Timestamp>) -> ConsentsView {
    let documents = DOCUMENTS.iter().map(|document| {
        let newest = rows.iter().rev().find(|row| row.document == *document);
        let standing = rows.iter().rev().find(|row| row.document == *document && counting.contains(&row.consent_id) && row.withdrawn_at.is_none());
        let current = shown.and_then(|shown| shown.documents.iter().find(|known| known.document == *document)).map(|known| known.version.clone());
        let (state, word) = match (newest, standing, &current) {
            (_, Some(row), Some(version)) if row.version != *version => (ConsentState::Outdated, "outdated"),
            (_, Some(_), _) => (ConsentState::Given, "given"),
            // A step asked for it anew: another version, or the service came back from before it.
            (Some(row), None, _) if row.withdrawn_at.is_none() => (ConsentState::Outdated, "outdated"),
            (Some(_), None, _) => (ConsentState::Withdrawn, "withdrawn"),
            (None, None, _) if owed => (ConsentState::Unknown, "unknown"),
            (None, None, _) => (ConsentState::Missing, "missing"),
        };
        ConsentDocument {
            document: (*document).to_owned(),
            title: title(language, document),
            state,
            state_text: say(language, &format!("data.consent.{word}"), &[]),
            current_version: current,
            given_version: standing.map(|row| row.version.clone()),
            needed_for: say(language, &format!("data.document.{document}.needed_for"), &[]),
            afterwards: say(language, &format!("data.document.{document}.afterwards"), &[]),
        }
    });
    // Answers of one second are told in the order in which they are asked for.
    let mut told: Vec<&ConsentRow> = rows.iter().collect();
    told.sort_by_key(|row| (row.at, DOCUMENTS.iter().position(|document| *document == row.document)));
    let history = told.into_iter().map(|row| ConsentEntry {
        consent_id: row.consent_id.to_string(),
        document: row.document.clone(),
        title: title(language, &row.document),
        version: row.version.clone(),
        digest: row.digest.clone(),
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
