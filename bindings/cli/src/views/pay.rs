//! Codes, quotes, payments and receipts, as JSON.

use super::{Json, beside, maybe, object};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_core::pay::{AskView, BankTransferView, PayerCodeView, PaymentView, PersonPayeeView, QuoteView, ReceiptView, ScanView, TableView, TransferView, WayToPay};
use serde_json::{Value, json};

impl Json for ScanView {
    fn json(&self) -> Value {
        object(json!({
            "payee_id": self.payee_id, "payee_name": self.payee_name, "order": self.order,
            "amount": maybe(self.amount.as_ref()), "limit_class": self.limit_class,
            "static_left": maybe(self.static_left.as_ref()), "family": self.family, "owner": self.owner,
            "says": object(json!({
                "payee": self.says.payee, "amount": self.says.amount, "currency": self.says.currency, "order": self.says.order,
                "is_static": self.says.is_static, "amount_editable": self.says.amount_editable, "masked": self.says.masked,
                "category": self.says.category.map(|category| category.key()),
            })),
            "dangers": self.dangers.iter().map(|found| json!({ "danger": found.danger, "text": found.text })).collect::<Vec<_>>(),
            "hand_over": self.hand_over.as_ref().map_or(Value::Null, |found| object(json!({ "app": found.app, "text": found.text, "link": found.link }))),
            "words": {
                "title": self.words.title, "lines": self.words.lines, "dangers": self.words.dangers, "refusal": self.words.refusal,
                "next": self.words.next,
            },
            "refusal": maybe(self.refusal.as_ref()),
        }))
    }
}

impl Json for QuoteView {
    fn json(&self) -> Value {
        let sources = self.sources.iter().map(|source| {
            object(json!({
                "source": source.source, "text": source.text, "usable": source.usable, "proposed": source.proposed,
                "is_default": source.is_default, "reason": maybe(source.reason.as_ref()),
            }))
        });
        object(json!({
            "default_passed_over": maybe(self.default_passed_over.as_ref()), "instead_of": self.instead_of,
            "warning": maybe(self.warning.as_ref()),
            "quote_id": self.quote_id, "payee_name": self.payee_name, "amount": self.amount.json(), "fee": self.fee.json(),
            "total": self.total.json(), "sources": sources.collect::<Vec<_>>(), "expires_at": self.expires_at,
        }))
    }
}

impl Json for PaymentView {
    fn json(&self) -> Value {
        let timeline = self.timeline.iter().map(|stage| json!({ "stage": stage.stage, "text": stage.text, "at": stage.at }));
        object(json!({
            "intent_id": self.intent_id, "kind": self.kind, "state": self.state.as_str(), "state_text": self.state_text,
            "payee_name": self.payee_name, "amount": self.amount.json(), "fee": self.fee.json(),
            "may_pay_again": self.may_pay_again, "dispatched": self.dispatched, "failure": maybe(self.failure.as_ref()),
            "record_id": self.record_id, "timeline": timeline.collect::<Vec<_>>(), "created_at": self.created_at,
            "instead_of": self.instead_of, "replaced_by": self.replaced_by, "warning": maybe(self.warning.as_ref()),
        }))
    }
}

impl Json for TableView {
    fn json(&self) -> Value {
        object(json!({
            "version": self.version, "source": self.source, "source_text": self.source_text,
            "issued_at": self.issued_at.map(|at| at.json()), "age_text": self.age_text,
            "stored_at": self.stored_at.map(|at| at.json()), "outdated": self.outdated,
            "refused": maybe(self.refused.as_ref()), "refused_at": self.refused_at.map(|at| at.json()),
        }))
    }
}

impl Json for BankTransferView {
    fn json(&self) -> Value {
        let fields = self.fields.iter().map(|field| json!({ "field": field.field, "title": field.title, "plain": field.plain, "shown": field.shown }));
        let arrivals = self.arrivals.iter().map(|arrival| {
            object(json!({
                "record_id": arrival.record_id, "amount": arrival.amount.json(), "state": arrival.state, "state_text": arrival.state_text,
                "why": maybe(arrival.why.as_ref()), "support_no": arrival.support_no, "at": arrival.at.json(), "at_text": arrival.at_text,
            }))
        });
        json!({
            "fields": fields.collect::<Vec<_>>(), "notes": self.notes.iter().map(|note| json!({ "note": note.note, "text": note.text })).collect::<Vec<_>>(),
            "arrivals": arrivals.collect::<Vec<_>>(), "at": self.at.json(), "age_text": self.age_text,
        })
    }
}

impl Json for PersonPayeeView {
    fn json(&self) -> Value {
        let delays = self.delays.iter().map(|delay| json!({ "delay_ms": delay.delay_ms, "text": delay.text, "proposed": delay.proposed }));
        object(json!({
            "payee_id": self.payee_id, "name_masked": self.name_masked, "phone_masked": self.phone_masked, "first_time": self.first_time,
            "name_checked": self.name_checked, "delays": delays.collect::<Vec<_>>(), "warning": maybe(self.warning.as_ref()),
        }))
    }
}

impl Json for TransferView {
    fn json(&self) -> Value {
        object(json!({
            "intent_id": self.intent_id, "record_id": self.record_id, "payee_name": self.payee_name, "amount": self.amount.json(),
            "state": self.state, "state_text": self.state_text, "arrives_at": self.arrives_at,
            "arrives_text": self.arrives_text, "can_cancel": self.can_cancel,
        }))
    }
}

impl Json for WayToPay {
    fn json(&self) -> Value {
        object(json!({
            "way": self.way, "text": self.text, "usable": self.usable, "reason": maybe(self.reason.as_ref()),
            "rests_until": self.rests_until.map(|at| at.json()), "known_at": self.known_at.map(|at| at.json()), "age_text": self.age_text,
        }))
    }
}

impl Json for PayerCodeView {
    fn json(&self) -> Value {
        let told = json!({
            "showing_id": self.showing_id, "way": self.way, "digits": self.digits, "grouped": self.grouped,
            "draw_again_at": self.draw_again_at, "cap": self.cap.json(), "clock_trusted": self.clock_trusted,
            "codes_left": self.codes_left,
        });
        beside(told, &self.qr, Some(&self.bars))
    }
}

impl Json for AskView {
    fn json(&self) -> Value {
        object(json!({
            "ask_id": self.ask_id, "payee_name": self.payee_name, "order": self.order, "amount": self.amount.json(),
            "expires_at": self.expires_at,
        }))
    }
}

impl Json for ReceiptView {
    fn json(&self) -> Value {
        object(json!({
            "record_id": self.record_id, "verified": self.verified, "shows": self.shows, "title": self.title, "payee_name": self.payee_name,
            "payee_label": self.payee_label, "arrives_at": self.arrives_at, "arrives_text": self.arrives_text, "amount": self.amount.json(), "fee": self.fee.json(), "route": self.route, "route_text": self.route_text,
            "source": self.source, "source_text": self.source_text, "our_order": self.our_order, "acquirer_order": self.acquirer_order, "merchant_order": self.merchant_order,
            "at": self.at, "at_text": self.at_text, "document": URL_SAFE_NO_PAD.encode(&self.document),
            "qr_text": self.qr_text,
        }))
    }
}
