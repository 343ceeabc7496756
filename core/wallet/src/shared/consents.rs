//! Consents, document by document: giving one, asking whether a step may begin, and telling the service what was withdrawn. A
//! withdrawal is in force on this phone since it was written down; it is told when there is a way.

use super::Core;
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::tables::{consents, marks, sync};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::Digest32;
use serde::Deserialize;

/// What the real-name check itself is consented to with.
pub(crate) const REAL_NAME: &str = "real_name";
/// Face data, which is sensitive: a consent of its own (Personal Information Protection Law, article 29).
pub(crate) const FACE: &str = "face";
/// Handing a card's data to its bank, and the bank's debits.
pub(crate) const CARD_BINDING: &str = "card_binding";
/// What a real-name check needs.
pub(crate) const OF_A_CHECK: [&str; 4] = ["terms", "privacy", REAL_NAME, FACE];
/// What can be consented to, in the order in which it is asked for.
pub(crate) const DOCUMENTS: [&str; 5] = ["terms", "privacy", REAL_NAME, FACE, CARD_BINDING];

/// What the service has.
#[derive(Deserialize)]
pub(crate) struct Given {
    consent_id: Id,
    document: String,
    version: String,
    at: i64,
    withdrawn_at: Option<i64>,
}

/// A document of that name.
pub(crate) fn document_named(document: &str) -> Outcome<&'static str> {
    let known = DOCUMENTS.into_iter().find(|known| *known == document);
    known.ok_or_else(|| WalletError::from(Code::BadArgument).in_field("document"))
}

fn shown_as(document: &str) -> String {
    format!("{}:{document}", sync::CONSENTS)
}

/// Asks for the text of a document and remembers that it was shown. A text that is not what its digest says is no answer.
pub(crate) async fn consent_text(core: &Core, document: &'static str) -> Outcome<wire::ConsentText> {
    let request = core.request("GET", format!("/v1/consents/{document}"), Vec::new())?;
    let answer = core.call(&request).await?;
    let at = answer.time;
    let shown: wire::ConsentText = answer.read()?;
    if shown.document != document || Digest32::of(shown.text.as_bytes()).to_string() != shown.digest {
        return Err(Code::AnswerMalformed.into());
    }
    let body = serde_json::to_string(&shown).map_err(|_| Code::Internal)?;
    core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, &shown_as(document), &body, at))).await?;
    Ok(shown)
}

/// Consents to the version of a document that was shown last. A repeat after a lost answer is the same consent.
pub(crate) async fn give_consent(core: &Core, document: &'static str, version: String) -> Outcome<()> {
    core.identity()?;
    let (shown, under_way) = core
        .open_files(move |files| {
            let shown = files.cache(|conn| sync::snapshot(conn, &shown_as(document)))?;
            Ok((shown, files.ledger(|conn| consents::standing(conn, document))?))
        })
        .await?;
    let shown = shown.and_then(|(body, _)| serde_json::from_str::<wire::ConsentText>(&body).ok()).filter(|shown| shown.version == version);
    let Some(shown) = shown else { return Err(WalletError::from(Code::ConsentVersion).in_field("version")) };
    // The id is stored before it is used.
    let id = match under_way {
        Some((id, None)) => id,
        _ => {
            let (id, now) = (core.new_id()?, core.now());
            core.open_files(move |files| {
                files.commit(now, |tx, log| {
                    consents::set_standing(tx, document, id, None)?;
                    log.append(tx, "account", "consent_begun", document.as_bytes())
                })
            })
            .await?;
            id
        }
    };
    let body = serde_json::json!({ "consent_id": id, "document": document, "version": version, "digest": shown.digest });
    let request = core.request("POST", "/v1/consents".to_owned(), body.to_string().into_bytes())?;
    let answer = core.call(&request).await?;
    answer.accepted()?;
    let at = answer.time;
    core.open_files(move |files| {
        files.commit(at, |tx, log| {
            consents::add(tx, id, document, &version, at, Some(&shown.digest))?;
            // Taken back while the answer was on its way.
            if consents::standing(tx, document)?.is_some_and(|(under_way, _)| under_way == id) {
                consents::set_standing(tx, document, id, Some(&version))?;
            }
            log.append(tx, "account", "consent", document.as_bytes())
        })
    })
    .await
}

/// The consent that a step needs. A phone that knows none asks once what the account gave on another phone.
///
/// # Errors
/// `consent_missing` with the document as the field.
pub(crate) async fn need_consent(core: &Core, document: &'static str) -> Outcome<Id> {
    core.identity()?;
    let look = async || {
        core.open_files(move |files| files.ledger(|conn| Ok((consents::counts(conn, document)?, consents::ever_given(conn, document)?)))).await
    };
    let missing = || WalletError::from(Code::ConsentMissing).in_field(document);
    match look().await? {
        (Some(id), _) => return Ok(id),
        (None, true) => return Err(missing()),
        (None, false) => {}
    }
    let _ = ask_consents(core).await;
    look().await?.0.ok_or_else(missing)
}

/// Asks what the account consented to, here and on other phones, and which versions are of today.
pub(crate) async fn ask_consents(core: &Core) -> Outcome<()> {
    let request = core.request("GET", "/v1/consents".to_owned(), Vec::new())?;
    let answer = core.call(&request).await?;
    let at = answer.time;
    let said: wire::Consents = answer.read()?;
    let shown = serde_json::to_string(&said).map_err(|_| Code::Internal)?;
    core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::CONSENTS, &shown, at))).await?;
    learn_consents(core, said.given, at).await
}

/// The same for a phone that became the account's and did not ask yet; nothing for every other one.
pub(crate) async fn ask_owed_consents(core: &Core) -> Outcome<()> {
    if core.open_files(|files| files.ledger(owed)).await? { ask_consents(core).await } else { Ok(()) }
}

/// Whether what was consented to on other phones is not known.
pub(crate) fn owed(conn: &rusqlite::Connection) -> Outcome<bool> {
    Ok(marks::get(conn, marks::CONSENTS_OWED)?.is_some())
}

/// What a refused step says of consents: the one that is missing, or is to another version by now, is asked for before the next.
pub(crate) async fn hear_consent(core: &Core, error: &WalletError) -> Outcome<()> {
    if !error.is(Code::ConsentVersion) && !error.is(Code::ConsentMissing) {
        return Ok(());
    }
    let named = error.failure().field.as_deref().and_then(|field| document_named(field).ok());
    let (document, now) = (named.unwrap_or(REAL_NAME), core.now());
    core.open_files(move |files| {
        files.commit(now, |tx, log| {
            consents::end_standing(tx, document)?;
            log.append(tx, "account", "consent_gone", document.as_bytes())
        })
    })
    .await
}

/// Takes up consents that were given on another phone of the account.
async fn learn_consents(core: &Core, given: Vec<Given>, at: Timestamp) -> Outcome<()> {
    core.open_files(move |files| {
        let known = files.ledger(consents::all)?;
        let news: Vec<&Given> = given.iter().filter(|entry| known.iter().all(|row| row.consent_id != entry.consent_id)).collect();
        // Withdrawn on another phone of the account: it counts here as well.
        let standing = |id: Id| known.iter().any(|row| row.consent_id == id && row.withdrawn_at.is_none());
        let ended: Vec<(&Given, i64)> = given.iter().filter_map(|entry| Some((entry, entry.withdrawn_at?))).filter(|(entry, _)| standing(entry.consent_id)).collect();
        if news.is_empty() && ended.is_empty() && !files.ledger(owed)? {
            return Ok(());
        }
        files.commit(at, |tx, log| {
            for (entry, withdrawn) in ended {
                consents::withdraw(tx, entry.consent_id, Timestamp::from_ms(withdrawn))?;
                consents::told(tx, entry.consent_id, at)?;
                if consents::standing(tx, &entry.document)?.is_some_and(|(id, _)| id == entry.consent_id) {
                    consents::end_standing(tx, &entry.document)?;
                }
            }
            // The newest first: that is the one that counts.
            for entry in news.into_iter().rev() {
                consents::add(tx, entry.consent_id, &entry.document, &entry.version, Timestamp::from_ms(entry.at), None)?;
                match entry.withdrawn_at.map(Timestamp::from_ms) {
                    Some(withdrawn) => {
                        consents::withdraw(tx, entry.consent_id, withdrawn)?;
                        consents::told(tx, entry.consent_id, at)?;
                    }
                    None if DOCUMENTS.contains(&entry.document.as_str()) && consents::standing(tx, &entry.document)?.is_none() => {
                        consents::set_standing(tx, &entry.document, entry.consent_id, Some(&entry.version))?;
                    }
                    None => {}
                }
            }
            marks::remove(tx, marks::CONSENTS_OWED)?;
            log.append(tx, "account", "consents_learned", b"")
        })
    })
    .await
}

/// Tells the service of every withdrawal that it does not know of. Telling again changes nothing.
pub(crate) async fn tell_withdrawals(core: &Core) -> Outcome<()> {
    let owed = core
        .open_files(|files| {
            files.ledger(|conn| {
                let untold = consents::untold(conn)?;
                if untold.is_empty() { Ok(Vec::new()) } else { Ok(consents::all(conn)?.into_iter().filter(|row| untold.contains(&row.consent_id)).collect()) }
            })
        })
        .await?;
    for row in owed {
        let id = row.consent_id;
        let body = serde_json::json!({ "document": row.document, "version": row.version });
        let request = core.request("PUT", format!("/v1/consents/{id}/withdrawal"), body.to_string().into_bytes())?;
        let answer = core.call(&request).await?;
        answer.accepted()?;
        let at = answer.time;
        core.files(move |files| {
            files.commit(at, |tx, log| {
                consents::told(tx, id, at)?;
                log.append(tx, "account", "withdrawal_told", b"")
            })
        })
        .await?;
    }
    Ok(())
}
