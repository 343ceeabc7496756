//! A transfer on its way: how it stands, and calling it back. What the service said last is kept beside the receipt and the history,
//! so that the same is told on every phone of the account, and by a phone that lost the answer to the payment itself.

use super::PayClient;
use crate::error::{Outcome, WalletError};
use crate::intents;
use crate::shared::{Core, refresh_account};
use crate::tables::intents::{self as intent_table, IntentRow};
use crate::tables::records::{self, RecordRow};
use crate::tables::transfers::{self, Details, TransferRow};
use crate::tables::receipts;
use crate::words::{Language, say};
use kabao_base::{Code, Id, MoneyView, Timestamp};
use kabao_money::payment::PaymentState;
use kabao_proof::{Document, MoveKind, Receipt, Terms};

/// How a transfer of this account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TransferView {
    /// The payment.
    pub intent_id: String,
    /// The record of the history.
    pub record_id: String,
    /// Who is paid, masked.
    pub payee_name: String,
    /// What arrives.
    pub amount: MoneyView,
    /// `waiting`; `cancelling` (called back, and no answer is known yet: the wallet goes on asking); `arrived`; `cancelled` (the
    /// payer called it back); `returned` (it did not arrive, the money is in the balance again).
    pub state: String,
    /// The state in words.
    pub state_text: String,
    /// When it arrives, or would have.
    pub arrives_at: Timestamp,
    /// The same in words: the day and the time in China, and whether it is still to come, came, or would have been.
    pub arrives_text: String,
    /// Whether it can still be called back.
    pub can_cancel: bool,
}

impl PayClient {
    /// How a transfer of this account stands, on whichever of its phones it was made. Works without network where this phone knows
    /// it; asks the service where it does not, where its time has come, and where it was called back without an answer.
    ///
    /// # Errors
    /// `not_found` for a payment that is no transfer, has failed, or is unknown to the service too.
    pub async fn transfer(&self, intent_id: String) -> Outcome<TransferView> {
        let id = Id::parse(&intent_id).map_err(|_| WalletError::from(Code::BadId).in_field("intent_id"))?;
        self.core.check_open()?;
        let mut known = Known::read(&self.core, id).await?;
        let mut asked = Ok(());
        if known.wants_answer(self.core.now()) {
            asked = match known.wish() {
                true => intents::ask_again(&self.core, id).await,
                false => intents::look(&self.core, id).await,
            };
            known = Known::read(&self.core, id).await?;
        }
        known.view(self.core.settings.language, self.core.now()).ok_or_else(|| asked.err().unwrap_or_else(|| Code::NotFound.into()))
    }

    /// Calls a transfer back that waits, from any phone of the account. Asking again is the same; it either arrives or is called
    /// back, never both. The wish is kept, and said again until there is an answer.
    ///
    /// # Errors
    /// `transfer_arrived` when it was too late. `cancel_unknown` when no answer came: the wallet goes on asking.
    pub async fn cancel_transfer(&self, intent_id: String) -> Outcome<TransferView> {
        let id = Id::parse(&intent_id).map_err(|_| WalletError::from(Code::BadId).in_field("intent_id"))?;
        self.core.identity()?;
        Known::read(&self.core, id).await?;
        intents::call_back(&self.core, id).await?;
        // The balance and the limits; without an answer they come with the next sync, as its record does.
        let _ = refresh_account(&self.core).await;
        let known = Known::read(&self.core, id).await?;
        known.view(self.core.settings.language, self.core.now()).ok_or_else(|| Code::NotFound.into())
    }
}

/// What this phone knows of a transfer.
struct Known {
    id: Id,
    record: Option<RecordRow>,
    kept: Option<TransferRow>,
    receipt: Option<Receipt>,
}

impl Known {
    /// Refuses what is no transfer of this account.
    async fn read(core: &Core, id: Id) -> Outcome<Known> {
        let (own, record, kept, receipt) = core
            .open_files(move |files| {
                let record = files.cache(|conn| records::by_intent(conn, id))?;
                let (own, kept) = files.ledger(|conn| Ok((intent_table::get(conn, id)?, transfers::get(conn, id)?)))?;
                let at = own.as_ref().and_then(|row| row.record_id).or(record.as_ref().map(|row| row.record_id));
                let receipt = match at {
                    Some(at) => files.ledger(|conn| receipts::get(conn, at))?,
                    None => None,
                };
                Ok((own, record, kept, receipt))
            })
            .await?;
        let moved = record.as_ref().is_none_or(|record| record.kind == "transfer" && record.amount.minor < 0);
        if !moved || own.is_some_and(|row| !can_be(&row)) {
            return Err(Code::NotFound.into());
        }
        let receipt = receipt.and_then(|row| kabao_proof::cose::read(&row.document).ok()).and_then(|cose| Receipt::decode(&cose.payload).ok());
        Ok(Known { id, record, kept, receipt })
    }

    fn wish(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.wish)
    }

    fn details(&self) -> Option<Details> {
        let of = |receipt: &Receipt| Details {
            record_id: receipt.record_id,
            payee_name: receipt.payee_name.clone(),
            amount: receipt.amount,
            arrives_at: receipt.arrives_at.unwrap_or(receipt.at),
        };
        self.kept.as_ref().and_then(|kept| kept.details.clone()).or_else(|| self.receipt.as_ref().map(of))
    }

    fn said(&self) -> Option<&str> {
        self.kept.as_ref().and_then(|kept| kept.state.as_deref())
    }

    /// As the service said it and the history has it. One that came back without this phone's word may have been called back on
    /// another one, or its payee is gone: until the service says which, it is called returned, which holds for both.
    fn state(&self) -> &str {
        match (self.record.as_ref().map(|record| record.state.as_str()), self.said()) {
            (Some("reversed"), Some("cancelled")) => "cancelled",
            (Some("reversed"), _) => "returned",
            (_, Some(end @ ("arrived" | "cancelled" | "returned"))) => end,
            (Some("done"), _) => "arrived",
            // Before the sync that brings it: one without a delay has arrived when it was carried out.
            (None, _) if self.receipt.as_ref().is_some_and(|receipt| receipt.arrives_at.is_none()) => "arrived",
            _ => "waiting",
        }
    }

    fn wants_answer(&self, now: Timestamp) -> bool {
        let Some(details) = self.details() else { return true };
        match self.state() {
            "waiting" => self.wish() || now >= details.arrives_at,
            "returned" => self.said() != Some("returned"),
            _ => false,
        }
    }

    fn view(&self, language: Language, now: Timestamp) -> Option<TransferView> {
        let details = self.details()?;
        let (state, words) = match self.state() {
            "waiting" if self.wish() => ("cancelling", "cancelling"),
            "waiting" if now >= details.arrives_at => ("waiting", "due"),
            state => (state, state),
        };
        Some(TransferView {
            intent_id: self.id.to_string(),
            record_id: details.record_id.to_string(),
            payee_name: details.payee_name,
            amount: details.amount.view(language),
            state: state.to_owned(),
            state_text: say(language, &format!("transfer.{words}"), &[]),
            arrives_at: details.arrives_at,
            arrives_text: say(language, &format!("transfer.arrives.{words}"), &[("at", &details.arrives_at.china_text())]),
            can_cancel: matches!(state, "waiting" | "cancelling") && now < details.arrives_at,
        })
    }
}

/// Whether this payment of the phone is, or may become, a transfer on its way.
fn can_be(row: &IntentRow) -> bool {
    row.state != PaymentState::Failed && Terms::decode(&row.terms).is_ok_and(|terms| terms.kind == MoveKind::Transfer)
}
