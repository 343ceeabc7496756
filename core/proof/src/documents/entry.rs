//! One entry of an account's history: the body of the chain.

use super::map::{Fields, Maker};
use super::outcome::token_if;
use super::{Document, DocumentError, RecordKind};
use kabao_base::{Id, Money, Timestamp};

/// The states that an entry may have.
pub const STATES: [&str; 9] = ["done", "refunded", "part_refunded", "reversed", "rerouted", "refused", "pending", "sent", "held"];

/// One entry of an account's history. A record that changes gets a further entry with the same
/// `record_id` and the next `seq`; entries themselves never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its number in the account's history, from 1, without gaps.
    pub seq: u64,
    /// The record that it states.
    pub record_id: Id,
    /// What kind of record.
    pub kind: RecordKind,
    /// `done`, `refunded`, `part_refunded`, `reversed`, `rerouted` (the card was gone: to the balance), `refused`, `pending`;
    /// of a refund to a card also `sent` (its bank has not confirmed it) and `held` (neither card nor balance can take it).
    pub state: String,
    /// Who was paid.
    pub payee_id: Option<Id>,
    /// The name of who was paid.
    pub payee_name: String,
    /// The effect on the person's money; negative is money out.
    pub amount: Money,
    /// The fee on top.
    pub fee: Money,
    /// The balance after it, where it touched the balance.
    pub balance_after: Option<Money>,
    /// The way it took: `lakala`, `kabao`, `bank`.
    pub route: String,
    /// The merchant's order number.
    pub order: Option<String>,
    /// The service's order number.
    pub our_order: String,
    /// The acquirer's order number.
    pub acquirer_order: Option<String>,
    /// The phone's id of the movement, when the phone started it.
    pub intent_id: Option<Id>,
    /// The payer-code token, 11 digits.
    pub token_id: Option<String>,
    /// The record that a refund or reversal belongs to.
    pub original: Option<Id>,
    /// When it happened.
    pub at: Timestamp,
    /// When this state was reached.
    pub updated_at: Timestamp,
    /// The signed receipt (COSE), when there is one.
    pub receipt: Option<Vec<u8>>,
}

impl Document for HistoryEntry {
    const CONTENT_TYPE: &'static str = "application/kabao-history-entry+cbor";

    fn put(&self, maker: &mut Maker) {
        maker.number("seq", self.seq);
        maker.id("record_id", &self.record_id);
        maker.text("kind", self.kind.as_str());
        maker.text("state", &self.state);
        maker.id_if("payee_id", self.payee_id.as_ref());
        maker.text("payee_name", &self.payee_name);
        maker.money("amount", self.amount);
        maker.money("fee", self.fee);
        if let Some(balance) = self.balance_after {
            maker.money("balance_after", balance);
        }
        maker.text("route", &self.route);
        maker.text_if("order", self.order.as_deref());
        maker.text("our_order", &self.our_order);
        maker.text_if("acquirer_order", self.acquirer_order.as_deref());
        maker.id_if("intent_id", self.intent_id.as_ref());
        maker.text_if("token_id", self.token_id.as_deref());
        maker.id_if("original", self.original.as_ref());
        maker.time("at", self.at);
        maker.time("updated_at", self.updated_at);
        maker.bytes_if("receipt", self.receipt.as_deref());
    }

    fn take(fields: &mut Fields) -> Result<HistoryEntry, DocumentError> {
        let entry = HistoryEntry {
            seq: fields.number("seq")?,
            record_id: fields.id("record_id")?,
            kind: RecordKind::take(fields)?,
            state: fields.text("state")?,
            payee_id: fields.id_if("payee_id")?,
            payee_name: fields.text("payee_name")?,
            amount: fields.money("amount")?,
            fee: fields.money("fee")?,
            balance_after: fields.money_if("balance_after")?,
            route: fields.text("route")?,
            order: fields.text_if("order")?,
            our_order: fields.text("our_order")?,
            acquirer_order: fields.text_if("acquirer_order")?,
            intent_id: fields.id_if("intent_id")?,
            token_id: token_if(fields)?,
            original: fields.id_if("original")?,
            at: fields.time("at")?,
            updated_at: fields.time("updated_at")?,
            receipt: fields.bytes_if("receipt")?,
        };
        if STATES.contains(&entry.state.as_str()) { Ok(entry) } else { Err(DocumentError::Malformed("state")) }
    }
}
