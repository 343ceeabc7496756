//! Money that comes back.

use super::{Json, all, maybe, object};
use kabao_core::history::{DuplicateView, RefundAskView, RefundTrackView, RefundView};
use serde_json::{Value, json};

impl Json for RefundAskView {
    fn json(&self) -> Value {
        object(json!({
            "ask_id": self.ask_id, "other_id": self.other_id, "amount": self.amount.json(), "agreed": maybe(self.agreed.as_ref()),
            "reason": self.reason, "reason_text": self.reason_text, "state": self.state, "state_text": self.state_text, "acts": self.acts,
            "acts_text": self.acts_text, "asked_at": self.asked_at.json(), "due_at": maybe(self.due_at.as_ref()), "refund_id": self.refund_id,
            "failure": maybe(self.failure.as_ref()),
        }))
    }
}

impl Json for RefundView {
    fn json(&self) -> Value {
        object(json!({
            "record_id": self.record_id, "amount": self.amount.json(), "state": self.state, "state_text": self.state_text, "acts": self.acts,
            "acts_text": self.acts_text, "at": self.at.json(), "due_at": maybe(self.due_at.as_ref()), "failure": maybe(self.failure.as_ref()),
        }))
    }
}

impl Json for RefundTrackView {
    fn json(&self) -> Value {
        object(json!({
            "record_id": self.record_id, "paid": self.paid.json(), "given": self.given.json(), "arrived": self.arrived.json(),
            "left": self.left.json(), "can_ask": self.can_ask, "why_not": maybe(self.why_not.as_ref()), "asks": all(&self.asks),
            "refunds": all(&self.refunds), "doubt": maybe(self.doubt.as_ref()),
        }))
    }
}

impl Json for DuplicateView {
    fn json(&self) -> Value {
        object(json!({
            "later": self.later.json(), "earlier": self.earlier.json(), "why": self.why, "why_text": self.why_text,
            "claimable": self.claimable, "do_text": self.do_text, "claim": maybe(self.claim.as_ref()),
        }))
    }
}
