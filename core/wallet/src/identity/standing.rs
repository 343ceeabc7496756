//! How the real name stands, and the cards that say what to do. Works without network.

use super::verify::renewal_view;
use super::types::{IdentityView, RemedyCard, ReverifyView};
use super::IdentityClient;
use crate::error::Outcome;
use crate::service::wire;
use crate::shared::VerificationView;
use crate::tables::{account, recheck, sync};
use crate::words::{Language, exists, explain, say};
use kabao_base::{Code, Failure};

/// The reasons for which a check is refused or waited for.
const REASONS: [Code; 22] = [
    Code::IdMismatch,
    Code::IdNotFound,
    Code::IdRegisterLate,
    Code::IdReportedLost,
    Code::IdOnOtherAccount,
    Code::IdOtherPerson,
    Code::DocumentExpired,
    Code::DocumentOther,
    Code::IdLegacy,
    Code::FaceMismatch,
    Code::LivenessFailed,
    Code::LivenessUsed,
    Code::LivenessStale,
    Code::LivenessOther,
    Code::UnderAge,
    Code::GuardianNeeded,
    Code::GuardianCode,
    Code::IdentityReview,
    Code::VerificationPending,
    Code::VerificationAttempts,
    Code::VendorMaintenance,
    Code::IdentityOverdue,
];

impl IdentityClient {
    /// The real name and its document as this phone knows them, and what there is to do.
    pub async fn view(&self) -> Outcome<IdentityView> {
        let language = self.core.settings.language;
        let (row, again, known) = self
            .core
            .open_files(|files| {
                let (row, again) = files.ledger(|conn| Ok((account::load(conn)?, recheck::load(conn)?)))?;
                Ok((row, again, files.cache(|conn| sync::snapshot(conn, sync::ACCOUNT))?))
            })
            .await?;
        let known = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok()).map(|known| known.verification);
        let verification = VerificationView::of(&row, known.as_ref());
        let renewal = again.map(|again| renewal_view(Some(&again), &row, None));
        let last = renewal.as_ref().unwrap_or(&verification);
        let code = match last.state.as_str() {
            "rejected" | "pending" => last.code.clone(),
            _ => None,
        };
        let code = code.or_else(|| (last.state == "pending").then(|| Code::VerificationPending.as_str().to_owned()));
        // Where the tries are used up, that is what there is to say.
        let code = if last.attempts_left == Some(0) { Some(Code::VerificationAttempts.as_str().to_owned()) } else { code };
        let left = last.attempts_left.filter(|left| *left > 0);
        let now = self.core.now();
        let wait = last.review_by.map(|by| by.since(now));
        let reverify = known.as_ref().and_then(|known| {
            let (overdue, by) = (known.reverify.as_deref()? == "overdue", known.reverify_by.clone()?);
            let key = if overdue { "reverify.overdue" } else { "reverify.due" };
            Some(ReverifyView { overdue, text: say(language, key, &[("day", &by)]), by })
        });
        let overdue = reverify.as_ref().is_some_and(|reverify| reverify.overdue);
        let code = code.or_else(|| overdue.then(|| Code::IdentityOverdue.as_str().to_owned()));
        let document = known.as_ref().and_then(|known| known.document.clone());
        let title = document.as_ref().map(|document| format!("document.{document}")).filter(|key| exists(key));
        Ok(IdentityView {
            remedy: code.map(|code| card(language, failure(&code).left(left).retry_after(wait))),
            verification,
            renewal,
            document_text: title.map(|key| say(language, &key, &[])),
            document,
            expires_on: known.and_then(|known| known.expires_on),
            reverify,
        })
    }

    /// Every reason for which a check can be refused, with what to do: a help page that needs no network.
    pub fn remedies(&self) -> Vec<RemedyCard> {
        REASONS.into_iter().map(|code| card(self.core.settings.language, Failure::of(code))).collect()
    }
}

/// A code that this version does not know keeps its name and gets a general sentence.
fn failure(code: &str) -> Failure {
    match Code::parse(code) {
        Some(known) => Failure::of(known),
        None => Failure { code: code.to_owned(), ..Failure::of(Code::IdMismatch) },
    }
}

fn card(language: Language, failure: Failure) -> RemedyCard {
    let said = explain(language, &failure);
    RemedyCard { code: failure.code, text: said.text, next: said.next, remedy: failure.remedy }
}
