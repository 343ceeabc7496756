//! Where to transfer money to.

use super::App;
use crate::http::errors::{Answer, Common};
use crate::pay::{wire_memo, wires};
use crate::refusal::{Outcome, Refusal};
use crate::service::Caller;
use crate::store::people::account;
use crate::wire::BankTransferOut;
use axum::extract::State;
use kabao_base::Code;

/// The operator's account, the memo of the caller's own, and what came with it. The same as often as it is asked.
#[utoipa::path(get, path = "/v1/bank-transfer", responses((status = 200, body = BankTransferOut), Common))]
pub async fn details(State(service): App, caller: Caller) -> Outcome<Answer> {
    let state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let who = account(&state.db, caller.account)?;
    if who.frozen {
        return Err(Refusal::of(403, Code::AccountFrozen));
    }
    if who.closing {
        return Err(Refusal::of(409, Code::AccountClosing));
    }
    if who.class == 0 {
        // Money finds its way to a verified name alone.
        return Err(Refusal::of(409, Code::WrongStep));
    }
    let to = wires::Collection::shipped()?;
    let answer = BankTransferOut {
        name: to.name,
        account_no: to.account_no,
        bank: to.bank,
        memo: wire_memo::memo_of(who.id),
        usual_minutes: to.usual_minutes,
        working_days_only: to.working_days_only,
        arrivals: wires::arrivals(&state.db, who.id)?,
    };
    Answer::json(200, &answer)
}
