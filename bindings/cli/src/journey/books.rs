//! Comparisons with the service's books, made by this program and not by the wallet: the ledger as an auditor reads it,
//! and the history entry by entry.

use super::phone::ActError;
use super::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::Id;
use kabao_proof::{Digest32, Document, HistoryEntry, chain};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What the ledger says, and how often what is named by `reference` (a payment or a token) was carried out.
pub fn ledger(book: &Value, reference: Option<&str>) -> Value {
    let executions = book.get("executions").and_then(Value::as_array).cloned().unwrap_or_default();
    let named = |entry: &&Value| {
        ["intent_id", "token_id"].iter().any(|key| entry.get(key).and_then(Value::as_str).is_some_and(|of| Some(of) == reference))
    };
    let count = |entry: &Value| entry.get("count").and_then(Value::as_i64).unwrap_or(0);
    let mut view = json!({
        "sum": book.get("sum"), "negative": book.get("negative"), "uneven": book.get("uneven"), "astray": book.get("astray"),
        "most_executions": executions.iter().map(count).max().unwrap_or(0),
    });
    if reference.is_some() {
        view["times"] = json!(executions.iter().find(named).map_or(0, count));
    }
    view
}

/// What the person at the till sees of an answer.
pub fn till_saw(answer: &Value) -> Value {
    let data = |name: &str| answer.get("data").and_then(|data| data.get(name)).cloned();
    let parts = [
        ("code", answer.get("code").cloned()), ("order", answer.get("order").cloned()), ("error", answer.get("error").cloned()),
        ("trade_state", data("trade_state")), ("trade_no", data("trade_no")),
    ];
    parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
}

/// Compares the wallet's history with the service's, record by record, and checks the service's chain on the way.
///
/// # Errors
/// What differs.
pub async fn compare_history(world: &World, account: &str, book: &Value) -> Result<Value, ActError> {
    let theirs = entries(account, book)?;
    let ours = listed(world).await?;
    if ours.len() != theirs.len() {
        return Err(format!("the phone has {} records and the service {}", ours.len(), theirs.len()).into());
    }
    let mut receipts = 0;
    for (id, entry) in &theirs {
        let item = ours.get(id).ok_or("a record of the service is not on the phone")?;
        let of_record = || Map::from_iter([("record_id".to_owned(), json!(id))]);
        let detail = world.call("detail", of_record()).await?;
        let same = same_record(item, &detail, entry);
        if !same {
            return Err(format!("record {id} differs").into());
        }
        if let Some(theirs) = &entry.receipt {
            let receipt = world.call("receipt", of_record()).await?;
            let document = receipt.get("document").and_then(Value::as_str).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
            if receipt.get("verified") != Some(&json!(true)) || document.as_ref() != Some(theirs) {
                return Err(format!("the receipt of record {id} differs").into());
            }
            let carried = receipt.get("qr_text").and_then(Value::as_str).map(kabao_codes::carrier::read);
            if !carried.is_some_and(|carried| carried.is_ok_and(|carried| &carried.bytes == theirs)) {
                return Err(format!("the QR text of the receipt of record {id} differs").into());
            }
            receipts += 1;
        }
    }
    Ok(json!({ "records": theirs.len(), "receipts": receipts }))
}

/// Every record of the phone, by its id.
async fn listed(world: &World) -> Result<BTreeMap<String, Value>, ActError> {
    let (mut ours, mut with) = (BTreeMap::new(), Map::new());
    loop {
        let page = world.call("history", with).await?;
        let list = |name: &str| page.get(name).and_then(Value::as_array).into_iter().flatten();
        if let Some(open) = list("open").next() {
            return Err(format!("a payment is still {}", open.get("state").unwrap_or(&Value::Null)).into());
        }
        for item in list("items") {
            let id = item.get("record_id").and_then(Value::as_str).ok_or("a record without its id")?;
            ours.insert(id.to_owned(), item.clone());
        }
        let Some(next) = page.get("next") else { return Ok(ours) };
        with = Map::from_iter([("cursor".to_owned(), next.clone())]);
    }
}

/// Whether a record and its details say what the service's entry says.
fn same_record(item: &Value, detail: &Value, entry: &HistoryEntry) -> bool {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let minor = |value: &Value, key: &str| value.get(key).and_then(|money| money.get("minor")).and_then(Value::as_i64);
    text(item, "kind").as_deref() == Some(entry.kind.as_str())
        && text(item, "state") == Some(entry.state.clone())
        && minor(item, "amount") == Some(entry.amount.minor)
        && item.get("at").and_then(Value::as_i64) == Some(entry.at.as_ms())
        && text(item, "intent_id") == entry.intent_id.map(|id| id.to_string())
        && minor(detail, "fee") == Some(entry.fee.minor)
        && text(detail, "route").as_deref() == Some(entry.route.as_str())
        && text(detail, "our_order").as_deref() == Some(entry.our_order.as_str())
        && text(detail, "acquirer_order") == entry.acquirer_order
        && text(detail, "merchant_order") == entry.order
        && text(detail, "original") == entry.original.map(|id| id.to_string())
        && detail.get("has_receipt") == Some(&json!(entry.receipt.is_some()))
}

/// The records of the service's chain, the last state of each.
fn entries(account: &str, book: &Value) -> Result<BTreeMap<String, HistoryEntry>, String> {
    let account = Id::parse(account).map_err(|_| "the account has no id")?;
    let bodies = book.get("entries").and_then(Value::as_array).ok_or("the service shows no history")?;
    let (mut hash, mut records) = (chain::genesis(&account), BTreeMap::new());
    for (index, body) in bodies.iter().enumerate() {
        let body = URL_SAFE_NO_PAD.decode(body.as_str().unwrap_or_default()).map_err(|_| "an entry is no base64url")?;
        let entry = HistoryEntry::decode(&body).map_err(|error| format!("entry {}: {error}", index + 1))?;
        if entry.seq != index as u64 + 1 {
            return Err(format!("entry {} has the number {}", index + 1, entry.seq));
        }
        hash = chain::next_hash(&hash, &body);
        records.insert(entry.record_id.to_string(), entry);
    }
    let head = book.get("hash").and_then(Value::as_str).unwrap_or_default();
    if Digest32(hash).to_string() != head {
        return Err("the service's chain does not lead to its head".to_owned());
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_says_how_often_something_was_carried_out() {
        let book = json!({"sum": 0, "negative": [], "uneven": [], "astray": [], "executions": [
            {"intent_id": "aa", "count": 1}, {"token_id": "01", "count": 2}]});
        let view = ledger(&book, Some("01"));
        assert_eq!((&view["times"], &view["most_executions"], &view["sum"]), (&json!(2), &json!(2), &json!(0)));
        assert_eq!(ledger(&book, Some("bb"))["times"], json!(0));
    }

    #[test]
    fn a_broken_chain_is_seen() {
        let account = "00000000000000000000000000000001";
        let empty = |hash: &str| json!({"seq": 0, "hash": hash, "entries": []});
        let genesis = Digest32(chain::genesis(&Id::parse(account).unwrap())).to_string();
        assert!(entries(account, &empty(&genesis)).unwrap().is_empty());
        assert!(entries(account, &empty(&"0".repeat(64))).is_err());
        assert!(entries(account, &json!({"hash": genesis, "entries": ["AAAA"]})).is_err());
    }
}
