//! Opening an account: phone number and code, payment PIN, recovery sheet.
//!
//! ```text
//! register → enter_otp → choose_pin → make_recovery_sheet → confirm_recovery_sheet
//!    ↑ resend_otp                        (or skip_recovery_sheet)
//! ```
//! A number that has an account goes another way: `replace_begin → replace_otp → replace_prove` (see `replace.rs`), or beside its
//! other phones `sign_in_begin → sign_in_otp → sign_in_prove` (see `sign_in.rs`).
//! `onboarding_next` always names exactly one next step, from what the files say, so that it survives every restart.

mod arrive;
mod device_report;
mod devices;
mod factor;
mod closing;
mod contacts;
mod number;
mod password;
mod pin;
mod pin_reset;
mod register;
mod renew;
mod replace;
mod replace_pin;
mod secure_types;
mod sheet;
mod sign_in;
mod types;

pub use device_report::{DeviceCapability, DeviceReport, DeviceReportView, DeviceStep};
pub use closing::{ClosurePoint, ClosureState, ClosureStep, ClosureView};
pub use contacts::{ContactAdvice, ContactKind, ContactRequest, ContactView, ContactsView};
pub use number::{PhoneChangeRequest, PhoneChangeState, PhoneChangeView};
pub use pin_reset::{PinResetProof, PinResetState, PinResetView};
pub use secure_types::{
    BackupCodes, DeviceForm, DeviceView, DevicesView, FactorEnrolment, PasswordDraft, PasswordStrength, SecurityReason, SecurityView,
    SignInProof, SignInRequest, SignInView, SignOutView,
};
pub use types::{
    AccountView, OtpSentView, PersonProof, RecoverySheet, RegisterRequest, ReplaceProof, ReplaceState, ReplaceView,
};

use crate::error::Outcome;
use crate::intents;
use crate::service::wire;
use crate::shared::{Core, OF_A_CHECK, VerificationView, refresh_account, why_not_build};
use crate::tables::account::{self, AccountRow};
use crate::tables::replacement::{self, PERSON_PENDING, PROVING, ReplacementRow};
use crate::tables::sign_in::{self as signing_in, PROVING as SIGN_IN_PROVING};
use crate::tables::{choices, consents, marks, sync};
use kabao_base::{Code, Timestamp};
use kabao_money::onboarding::{OnboardingFacts, OnboardingStep, ReplaceFact, SignInFact, VerificationFact, next};
use std::sync::Arc;

/// The account of the person. Cheap to copy; all copies are one.
#[derive(Clone)]
pub struct AccountClient {
    core: Arc<Core>,
}

impl AccountClient {
    pub(crate) fn new(core: Arc<Core>) -> AccountClient {
        AccountClient { core }
    }

    /// The one next step of the set-up, why, and whether it can be put off. Works without network.
    pub async fn onboarding_next(&self) -> Outcome<OnboardingStep> {
        let build = self.core.build();
        let facts = self
            .core
            .open_files(move |files| {
                let (row, bindings, replacing, signing_in) =
                    files.ledger(|conn| Ok((account::load(conn)?, account::bindings(conn)?, replacing(conn)?, signing_in(conn)?)))?;
                let (sheet_skipped, card_skipped) = files.mine(|conn| {
                    Ok((choices::get(conn, choices::SHEET_SKIPPED)?, choices::get(conn, choices::CARD_SKIPPED)?))
                })?;
                let known = files.cache(|conn| sync::snapshot(conn, sync::ACCOUNT))?;
                let known = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok());
                let bound = bindings.iter().filter(|binding| binding.state == "bound").count();
                let cards = u32::try_from(bound).unwrap_or(u32::MAX).max(known.as_ref().map_or(0, cards_of));
                let mut facts = facts(&row, cards);
                facts.consent = files.ledger(|conn| {
                    OF_A_CHECK.into_iter().try_fold(true, |all, document| Ok(all && consents::counts(conn, document)?.is_some()))
                })?;
                let closed = files.ledger(|conn| marks::get(conn, marks::CLOSED))?;
                facts.closed = closed.is_some() && closed == row.account_id.map(|id| id.to_string());
                facts.replacing = replacing;
                facts.signing_in = signing_in;
                // A phone that was shut out is no phone of the account.
                facts.registered &= replacing == ReplaceFact::None && signing_in == SignInFact::None;
                facts.sheet_skipped = sheet_skipped.is_some();
                facts.card_skipped = card_skipped.is_some();
                facts.frozen = known.as_ref().is_some_and(|known| known.frozen);
                facts.closing = known.as_ref().is_some_and(|known| known.closing);
                if let Some(known) = &known {
                    facts.build_refused = files.ledger(|conn| why_not_build(conn, known, row.device_id, build.as_ref()))?.is_some();
                }
                facts.pin_locked = known.is_some_and(|known| known.pin_locked);
                Ok(facts)
            })
            .await?;
        let mut facts = facts;
        facts.operator_unverified = matches!(self.core.operator_standing().await?, Some(Err(_)));
        Ok(next(&facts))
    }

    /// Puts off the step that `onboarding_next` names, where that is allowed.
    pub async fn skip(&self) -> Outcome<OnboardingStep> {
        use kabao_money::onboarding::OnboardingStepKind as Kind;
        let step = self.onboarding_next().await?;
        let choice = match step.kind {
            Kind::KeepRecoverySheet => choices::SHEET_SKIPPED,
            Kind::BindCard => choices::CARD_SKIPPED,
            _ => return Err(Code::WrongStep.into()),
        };
        let now = self.core.now();
        self.core
            .open_files(move |files| files.mine_write(now, |tx| choices::set(tx, choice, "yes", now)))
            .await?;
        self.onboarding_next().await
    }

    /// The account as this phone knows it, with the age of what the service said. Works without network.
    pub async fn view(&self) -> Outcome<AccountView> {
        let language = self.core.settings.language;
        let (row, known, balance) = self
            .core
            .open_files(|files| {
                let row = files.ledger(account::load)?;
                let (known, balance) =
                    files.cache(|conn| Ok((sync::snapshot(conn, sync::ACCOUNT)?, sync::balance(conn)?)))?;
                Ok((row, known, balance))
            })
            .await?;
        let account_id = row.account_id.ok_or(Code::NotRegistered)?;
        let known = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok());
        let now = self.core.now();
        Ok(AccountView {
            account_id: account_id.to_string(),
            // A number that was changed on another phone is known by the service's word alone.
            phone_masked: match row.phone.as_deref() {
                Some(phone) => kabao_base::mask::phone(local(phone)),
                None => known.as_ref().map(|known| known.phone_masked.clone()).unwrap_or_default(),
            },
            account_class: row.class,
            verification: VerificationView::of(&row, known.as_ref().map(|known| &known.verification)),
            pin_set: row.pin_set,
            pin_locked: known.as_ref().is_some_and(|known| known.pin_locked),
            pin_must_change: known.as_ref().is_some_and(|known| known.pin_must_change),
            recovery_sheet_kept: row.sheet_set,
            frozen: known.as_ref().is_some_and(|known| known.frozen),
            balance: balance.map(|(money, ..)| money.view(language)),
            balance_at: balance.map(|(.., at)| at),
            balance_age_text: balance.map(|(.., at)| crate::words::age(language, now.since(at))),
            single_limit: known.as_ref().and_then(|known| known.limits.single).map(|left| left.view(language)),
            day_left: known.as_ref().and_then(|known| known.limits.day_left).map(|left| left.view(language)),
            low_limits_until: known.as_ref().and_then(|known| known.limits.low_until).map(Timestamp::from_ms).filter(|until| now < *until),
        })
    }

    /// Asks the service how the account stands.
    pub async fn refresh(&self) -> Outcome<AccountView> {
        refresh_account(&self.core).await?;
        // A transfer that was called back without an answer: what came of it stands in the balance.
        if intents::tell_wishes(&self.core).await.is_ok_and(|answered| answered > 0) {
            let _ = refresh_account(&self.core).await;
        }
        self.view().await
    }
}

/// Whether this phone has to take the place of an earlier one, and how far it came.
fn replacing(conn: &rusqlite::Connection) -> Outcome<ReplaceFact> {
    let row = account::load(conn)?;
    let revoked = row.device_id.is_some() && marks::get(conn, marks::REVOKED)? == row.device_id.map(|id| id.to_string());
    let taken = row.account_id.is_none() && marks::get(conn, marks::PHONE_TAKEN)?.is_some();
    Ok(match replacement::load(conn)? {
        Some(ReplacementRow { state, .. }) if state == PROVING => ReplaceFact::Proving,
        Some(ReplacementRow { state, .. }) if state == PERSON_PENDING => ReplaceFact::PersonPending,
        Some(_) => ReplaceFact::OtpPending,
        None if taken || revoked => ReplaceFact::Needed,
        None => ReplaceFact::None,
    })
}

/// Whether this phone was signed out, or is being signed in, and how far it came.
fn signing_in(conn: &rusqlite::Connection) -> Outcome<SignInFact> {
    let row = account::load(conn)?;
    Ok(match signing_in::load(conn)? {
        Some(row) if row.state == SIGN_IN_PROVING => SignInFact::Proving,
        Some(_) => SignInFact::OtpPending,
        None if is_old_copy(conn, &row)? => SignInFact::RolledBack,
        None if row.account_id.is_some() && row.device_id.is_none() => SignInFact::Needed,
        None => SignInFact::None,
    })
}

/// Whether the service said that this phone runs on an old copy of its files.
fn is_old_copy(conn: &rusqlite::Connection, row: &AccountRow) -> Outcome<bool> {
    Ok(row.device_id.is_some() && marks::get(conn, marks::ROLLED_BACK)? == row.device_id.map(|id| id.to_string()))
}

fn cards_of(known: &wire::Account) -> u32 {
    u32::try_from(known.cards.len()).unwrap_or(u32::MAX)
}

fn facts(row: &AccountRow, cards: u32) -> OnboardingFacts {
    OnboardingFacts {
        registered: row.account_id.is_some() && row.device_id.is_some(),
        otp_pending: row.registration_id.is_some(),
        replacing: ReplaceFact::None,
        signing_in: SignInFact::None,
        pin_set: row.pin_set,
        sheet_kept: row.sheet_set,
        sheet_skipped: false,
        consent: false,
        verification: match row.verification_state.as_deref() {
            Some("passed") => VerificationFact::Passed,
            // One that may not have arrived is asked for before it is typed again.
            Some("submitted" | "pending") => VerificationFact::Pending,
            Some("rejected") => VerificationFact::Rejected { retriable: row.verification_retriable },
            _ => VerificationFact::None,
        },
        cards,
        card_skipped: false,
        frozen: false,
        closing: false,
        closed: false,
        pin_locked: false,
        operator_unverified: false,
        build_refused: false,
    }
}

/// The mainland number without its country code.
fn local(phone: &str) -> &str {
    phone.strip_prefix("+86").unwrap_or(phone)
}
