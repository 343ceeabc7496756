//! What became of a payment: the state as the ledger has it, the truth on request, giving up.

use super::{PayClient, PaymentView, StageView};
use crate::error::{Outcome, WalletError};
use crate::intents;
use crate::service::wire::Stage;
use crate::tables::intents::IntentRow;
use crate::words::{self, Language, say};
use kabao_base::{Certainty, Code, Failure, Id, Timestamp};
use kabao_money::payment::PaymentState;

impl PayClient {
    /// How a payment stands, without asking the service.
    pub async fn payment(&self, intent_id: String) -> Outcome<PaymentView> {
        let id = read_id(&intent_id)?;
        self.core.check_open()?;
        self.viewed(&intents::get(&self.core, id).await?).await
    }

    /// Payments without a result, oldest first.
    pub async fn open_payments(&self) -> Outcome<Vec<PaymentView>> {
        let rows = self.core.open_files(|files| files.ledger(crate::tables::intents::unsettled)).await?;
        Ok(rows.iter().map(|row| view(self.core.settings.language, row)).collect())
    }

    /// Asks the service for the truth now.
    pub async fn resolve(&self, intent_id: String) -> Outcome<PaymentView> {
        let id = read_id(&intent_id)?;
        self.core.check_open()?;
        self.viewed(&intents::resolve(&self.core, id).await?).await
    }

    /// Gives a payment up. When the service never handed it to a bank, it will never be carried out; when it did, the
    /// result stays open until the bank answers.
    pub async fn abandon(&self, intent_id: String) -> Outcome<PaymentView> {
        let id = read_id(&intent_id)?;
        self.core.check_open()?;
        self.viewed(&intents::abandon(&self.core, id).await?).await
    }
}

fn read_id(text: &str) -> Outcome<Id> {
    Id::parse(text).map_err(|_| WalletError::from(Code::BadId).in_field("intent_id"))
}

pub(super) fn view(language: Language, row: &IntentRow) -> PaymentView {
    let stages: Vec<Stage> = row.timeline.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    PaymentView {
        intent_id: row.intent_id.to_string(),
        kind: row.kind.clone(),
        state: row.state,
        state_text: words::payment(language, row.state),
        payee_name: row.payee_name.clone(),
        amount: row.amount.view(language),
        fee: row.fee.view(language),
        may_pay_again: row.state.may_pay_again() && !is_paid_otherwise(row),
        dispatched: row.dispatched,
        failure: failure(row),
        record_id: row.record_id.map(|id| id.to_string()),
        timeline: stages
            .into_iter()
            .map(|stage| StageView {
                text: say(language, &format!("stage.{}", stage.stage), &[]),
                stage: stage.stage,
                at: Timestamp::from_ms(stage.at),
            })
            .collect(),
        created_at: row.created_at,
        instead_of: None,
        replaced_by: None,
        warning: None,
    }
}

/// What was to be paid is paid, or is being paid, by somebody else or from another phone: another try would pay it twice.
fn is_paid_otherwise(row: &IntentRow) -> bool {
    let code = row.code.as_deref().and_then(Code::parse);
    matches!(code, Some(Code::AskPaid | Code::OrderPaid | Code::OrderInProgress))
}

/// Why it failed; for an open payment, why there is no result, with the certainty that is due.
fn failure(row: &IntentRow) -> Option<Failure> {
    let code = row.code.as_deref().map(|code| Code::parse(code).unwrap_or(Code::PaymentRefused));
    match row.state {
        PaymentState::Succeeded | PaymentState::Draft => None,
        PaymentState::Failed => {
            // The end is signed; a reason that would say otherwise is none.
            let certain = code.filter(|code| code.entry().certainty == Certainty::Certain);
            Some(Failure::of(certain.unwrap_or(Code::PaymentRefused)).left(row.attempts_left))
        }
        _ => {
            // Whatever kept the answer away, the next step is the same: do not pay again, the wallet goes on asking.
            let mut failure = Failure::of(Code::PaymentUnknown);
            if let Some(code) = code {
                failure.cause = code.entry().cause;
                if code == Code::ClockWrong {
                    failure = Failure::of(code).unknown();
                }
            }
            Some(failure)
        }
    }
}
