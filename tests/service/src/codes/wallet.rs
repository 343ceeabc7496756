//! The wallet service as an acquirer sees it.

use super::{asks, charge, give_back};
use crate::refusal::Outcome;
use crate::service::Service;
use kabao_base::Money;
use kabao_outside::{Charge, ChargeAnswer, WalletService};

fn or_unavailable(answer: Outcome<ChargeAnswer>) -> ChargeAnswer {
    answer.unwrap_or(ChargeAnswer::Unavailable)
}

impl WalletService for Service {
    fn charge(&self, asked: &Charge) -> ChargeAnswer {
        or_unavailable(charge::charge(self, asked))
    }

    fn charge_state(&self, route: &str, acquirer_order: &str) -> ChargeAnswer {
        let now = self.now();
        or_unavailable(asks::lapse_due(self, now).and_then(|()| {
            let state = self.state();
            if state.rebuilding {
                return Ok(ChargeAnswer::Unavailable);
            }
            Ok(charge::find(&state.db, route, acquirer_order)?.map_or(ChargeAnswer::Unknown, |row| charge::answer(&row)))
        }))
    }

    fn refund(&self, route: &str, acquirer_order: &str, refund_order: &str, amount: Money) -> ChargeAnswer {
        or_unavailable(give_back::refund(self, route, acquirer_order, refund_order, amount))
    }

    fn revoke(&self, route: &str, acquirer_order: &str, revoke_order: &str) -> ChargeAnswer {
        or_unavailable(give_back::revoke(self, route, acquirer_order, revoke_order))
    }
}
