//! The merchant's side of it: an answer, and the refund that carries it out.

use super::{ROUTE, find, paid};
use crate::codes::{charge::ChargeRow, give_back};
use crate::refusal::{Outcome, Refusal};
use crate::service::Service;
use crate::store::{self, all, history, id_at, one, run};
use crate::vault::{Decision, DecisionRow, VaultAnswer, VaultCall};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::{RecordKind, digest};
use rusqlite::{Connection, params};

/// What a merchant can say against it.
const WHYS: [&str; 3] = ["refund_refused", "refund_goods_back", "refund_delivered"];

/// A refund was carried out: the request that it answers has its end. When nothing is left of the payment, no other one has a sense.
pub(crate) fn settle(tx: &Connection, row: &ChargeRow, order: &str, amount: i64, now: Timestamp) -> Outcome<()> {
    let (record, original) = (give_back::derive_record(&row.route, order), row.order_id.to_string());
    // Named by its own number, or else agreed to, of the same amount, the oldest.
    let sql = "SELECT ask_id FROM refund_asks WHERE record_id = ?1 AND state IN ('requested', 'approved') \
               ORDER BY ask_id = ?2 DESC, state = 'approved' DESC, coalesce(agreed, amount) = ?3 DESC, asked_at, ask_id LIMIT 1";
    if let Some(ask) = one(tx, sql, params![original, order, amount], |row| row.get::<_, String>(0))? {
        let sql = "UPDATE refund_asks SET state = 'given', agreed = ?2, refund_id = ?3, answered_at = coalesce(answered_at, ?4), changed_at = max(changed_at + 1, ?4) \
                   WHERE ask_id = ?1";
        run(tx, sql, params![ask, amount, record.to_string(), now.as_ms()])?;
    }
    if row.refunded.saturating_add(amount) >= row.amount {
        let sql = "UPDATE refund_asks SET state = 'refused', why = 'refund_none', answered_at = ?2, changed_at = max(changed_at + 1, ?2) \
                   WHERE record_id = ?1 AND state IN ('requested', 'approved')";
        run(tx, sql, params![original, now.as_ms()])?;
    }
    Ok(())
}

/// The merchant's answer. Gives the till's order and how much, when it is to be given back at a till.
pub fn answer(service: &Service, id: Id, approve: bool, fen: Option<i64>, why: Option<&str>, hold: bool) -> Outcome<Option<(String, i64)>> {
    let now = service.now();
    let at_till = {
        let mut state = service.state();
        if state.rebuilding {
            return Err(Refusal::down());
        }
        let ask = find(&state.db, id)?.ok_or_else(|| Refusal::of(404, Code::NotFound))?;
        let why = why.unwrap_or("refund_refused");
        if !["requested", "approved"].contains(&ask.state.as_str()) {
            return Err(Refusal::of(409, Code::WrongStep));
        }
        if !approve {
            if !WHYS.contains(&why) || ask.state != "requested" {
                return Err(Refusal::argument("why"));
            }
            let sql = "UPDATE refund_asks SET state = 'refused', why = ?2, answered_at = ?3, changed_at = max(changed_at + 1, ?3) WHERE ask_id = ?1";
            run(&state.db, sql, params![id.to_string(), why, now.as_ms()])?;
            return Ok(None);
        }
        let agreed = fen.or(ask.agreed).unwrap_or(ask.amount);
        if !(1..=ask.amount).contains(&agreed) {
            return Err(Refusal::argument("amount_fen"));
        }
        let row = paid(&state.db, ask.account, ask.record)?.ok_or_else(|| Refusal::rule(Code::RefundNone))?;
        let ours = row.route == ROUTE;
        if ours && !hold {
            let decision = derive_decision(id);
            let body = Decision::RefundGiven { ask: id, record: ask.record, amount: agreed };
            let row = DecisionRow { decision, account: ask.account, body, at: now };
            let VaultAnswer::Decisions(rows) = service.ask_vault(VaultCall::KeepDecision(row))? else { return Err(Refusal::down()) };
            // The first word stands, also when this book has forgotten it.
            let row = rows.into_iter().find(|row| row.decision == decision).ok_or_else(Refusal::down)?;
            store::write(&mut state.db, |tx| apply(tx, &row))?;
        }
        let sql = "UPDATE refund_asks SET state = 'approved', agreed = ?2, answered_at = coalesce(answered_at, ?3), changed_at = max(changed_at + 1, ?3) WHERE ask_id = ?1";
        run(&state.db, sql, params![id.to_string(), agreed, now.as_ms()])?;
        (!ours).then(|| (row.merchant_order.clone(), agreed))
    };
    Ok(at_till)
}

fn derive_decision(ask: Id) -> Id {
    let hash = digest::sha256_of(&[b"kabao-refund-given-1", ask.as_bytes()]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id::from_bytes(bytes)
}

/// Takes down what the vault has written: carried out by the clock, once the payment is there.
pub fn apply(tx: &Connection, row: &DecisionRow) -> Outcome<()> {
    let Decision::RefundGiven { ask, record, amount } = &row.body else { return Ok(()) };
    let sql = "INSERT OR IGNORE INTO refunds_decided (ask_id, account_id, record_id, amount, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    run(tx, sql, params![ask.to_string(), row.account.to_string(), record.to_string(), amount, row.at.as_ms()])?;
    Ok(())
}

/// Carries out what merchants of our own agreed to, each once. Called by the clock, and when a proof brought a payment back.
pub fn carry_due(service: &Service, now: Timestamp) -> Outcome<()> {
    let mut state = service.state();
    if state.rebuilding {
        return Err(Refusal::down());
    }
    let sql = "SELECT d.ask_id, d.account_id, d.record_id, d.amount FROM refunds_decided d \
               WHERE NOT EXISTS (SELECT 1 FROM refunds r WHERE r.route = ?1 AND r.refund_order = d.ask_id) ORDER BY d.at, d.ask_id LIMIT 200";
    let due = all(&state.db, sql, [ROUTE], |row| Ok((row.get::<_, String>(0)?, id_at(row, "account_id")?, id_at(row, "record_id")?, row.get::<_, i64>(3)?)))?;
    for (order, account, record, amount) in due {
        let Some(row) = paid(&state.db, account, record)? else { continue };
        // One that cannot go on now does not hold up the others.
        let _ = store::write(&mut state.db, |tx| {
            let left = row.amount.saturating_sub(row.refunded);
            if amount > left {
                return Err(Refusal::rule(Code::RefundTooMuch));
            }
            give_back::give(tx, service, &row, &order, amount, RecordKind::Refund, now)?;
            history::restate(tx, account, row.order_id, if amount == left { "refunded" } else { "part_refunded" }, now)
        });
    }
    Ok(())
}
