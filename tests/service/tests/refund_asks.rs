//! What people ask merchants to give back: each step once, never more than was paid, one claim for two payments, and what an older copy of
//! the book makes of it.

use crate::common::{PIN, Town, cny, ok, payer_code, put, refused};
use kabao_base::Id;
use kabao_outside::World;
use kabao_proof::{Document, HistoryEntry, RecordKind};
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;

/// Pays a merchant of our own from the balance.
async fn pay(town: &Town, phone: &Phone, payee: &str, fen: i64) {
    let quote = town.quote(phone, json!({"kind": "pay", "amount": cny(fen), "payee_id": payee})).await;
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap();
    assert_eq!(put(phone, &body).await.text("state"), "succeeded");
}

/// A till charges a payer code.
async fn charge(town: &Town, phone: &Phone, order: &str, fen: i64) -> Value {
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 1}))).await.unwrap();
    let code = payer_code(&batch.json["tokens"][0], 0, World::now(town.world.as_ref()));
    town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": fen, "order": order}))).await
}

/// The newest entry of each record, oldest first.
async fn records(phone: &Phone) -> Vec<HistoryEntry> {
    let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
    let mut found: Vec<HistoryEntry> = Vec::new();
    for entry in page.json["entries"].as_array().unwrap() {
        let entry = HistoryEntry::decode(&wire::bytes(entry.as_str().unwrap(), "entry").unwrap()).unwrap();
        found.retain(|known| known.record_id != entry.record_id);
        found.push(entry);
    }
    found
}

async fn last_of(phone: &Phone, kind: RecordKind) -> HistoryEntry {
    records(phone).await.into_iter().rfind(|entry| entry.kind == kind).unwrap()
}

fn wish(record: Id, fen: i64) -> Value {
    json!({"record_id": record, "amount": cny(fen), "reason": "returned"})
}

fn claim(one: &HistoryEntry, other: &HistoryEntry) -> Value {
    let text = |entry: &HistoryEntry| wire::text(entry.receipt.as_deref().unwrap());
    json!({"record_id": one.record_id, "other_id": other.record_id, "amount": cny(one.amount.minor.abs()), "reason": "duplicate",
           "receipt": text(one), "other_receipt": text(other)})
}

async fn ask(phone: &Phone, id: Id, body: &Value) -> Reply {
    phone.call("PUT", &format!("/v1/refunds/{id}"), Some(body.clone())).await.unwrap()
}

async fn state(phone: &Phone, id: Id) -> Value {
    let reply = phone.call("GET", "/v1/refunds", None).await.unwrap();
    ok(&reply);
    reply.json["asks"].as_array().unwrap().iter().find(|ask| ask["ask_id"] == id.to_string()).cloned().unwrap_or(Value::Null)
}

async fn answer(town: &Town, id: Id, more: Value) -> (u16, Value) {
    let mut body = json!({"ask_id": id, "answer": "approve"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    town.dev().json("POST", "/dev/refunds", Some(body)).await.unwrap()
}

fn pass(town: &Town, ms: i64) {
    town.world.advance(ms);
    town.service.tick(World::now(town.world.as_ref()));
}

#[tokio::test]
async fn asked_agreed_to_and_given_back_once_and_never_beyond_the_payment() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    pay(&town, &phone, &payee, 2_350).await;
    let paid = last_of(&phone, RecordKind::Pay).await;
    let (first, second) = (phone.make_id(), phone.make_id());
    let asked = ask(&phone, first, &wish(paid.record_id, 1_000)).await;
    ok(&asked);
    assert_eq!((asked.text("state"), asked.json["due_at"].as_i64().unwrap() - asked.json["asked_at"].as_i64().unwrap()), ("requested", 3 * DAY));
    assert_eq!(ask(&phone, first, &wish(paid.record_id, 1_000)).await.json, asked.json, "the same again is the same");
    refused(&ask(&phone, first, &wish(paid.record_id, 1_001)).await, 409, "id_reused");
    // What is asked for already counts.
    refused(&ask(&phone, second, &wish(paid.record_id, 1_351)).await, 422, "refund_too_much");
    ok(&ask(&phone, second, &wish(paid.record_id, 1_350)).await);
    pass(&town, 60_000);
    assert_eq!(town.balance(&phone).await, 7_650, "a wish moves nothing");
    // Agreed to in part: carried out by the clock, once.
    assert_eq!(answer(&town, first, json!({"amount_fen": 1_001})).await.0, 400);
    assert_eq!(answer(&town, first, json!({"amount_fen": 600})).await.0, 200);
    assert_eq!(state(&phone, first).await["state"], "approved");
    for _ in 0..3 {
        pass(&town, 1_000);
        assert_eq!(town.balance(&phone).await, 8_250);
    }
    let given = state(&phone, first).await;
    assert_eq!((given["state"].as_str(), given["agreed"]["minor"].as_i64()), (Some("arrived"), Some(600)), "{given}");
    assert_eq!(answer(&town, first, json!({})).await.0, 409);
    let back = last_of(&phone, RecordKind::Refund).await;
    assert_eq!((back.original, back.amount.minor, back.state.as_str()), (Some(paid.record_id), 600, "done"));
    assert_eq!(given["refund_id"], back.record_id.to_string());
    assert_eq!(last_of(&phone, RecordKind::Pay).await.state, "part_refunded");
    // Refused with a reason; asked again, and all of the rest.
    assert_eq!(answer(&town, second, json!({"answer": "refuse", "why": "refund_goods_back"})).await.0, 200);
    assert_eq!((state(&phone, second).await["state"].as_str(), state(&phone, second).await["why"].as_str()), (Some("refused"), Some("refund_goods_back")));
    let third = phone.make_id();
    refused(&ask(&phone, third, &wish(paid.record_id, 1_751)).await, 422, "refund_too_much");
    ok(&ask(&phone, third, &wish(paid.record_id, 1_750)).await);
    assert_eq!(answer(&town, third, json!({})).await.0, 200);
    pass(&town, 1_000);
    assert_eq!((town.balance(&phone).await, last_of(&phone, RecordKind::Pay).await.state.as_str()), (10_000, "refunded"));
    refused(&ask(&phone, phone.make_id(), &wish(paid.record_id, 1)).await, 422, "refund_none");
    town.audit().await;
}

#[tokio::test]
async fn what_cannot_be_asked_back_is_named() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    pay(&town, &phone, &payee, 500).await;
    let (paid, topped) = (last_of(&phone, RecordKind::Pay).await.record_id, last_of(&phone, RecordKind::TopUp).await.record_id);
    let (stranger, _) = town.person().await;
    refused(&ask(&stranger, stranger.make_id(), &wish(paid, 1)).await, 404, "not_found");
    refused(&ask(&phone, phone.make_id(), &wish(topped, 1)).await, 422, "refund_none");
    refused(&ask(&phone, phone.make_id(), &wish(phone.make_id(), 1)).await, 404, "not_found");
    for (field, value, code) in [
        ("amount", cny(0), "amount_zero"), ("amount", cny(-1), "amount_negative"), ("amount", json!({"minor": 0.5, "currency": "CNY"}), "amount_decimals"),
        ("amount", json!({"minor": 1, "currency": "USD"}), "currency_unknown"), ("amount", cny(501), "refund_too_much"),
        ("amount", cny(i64::MAX), "amount_too_large"), ("reason", json!("\u{202e}"), "bad_argument"), ("reason", json!("x".repeat(40_000)), "bad_argument"),
        ("reason", json!("duplicate"), "bad_argument"), ("other_id", json!(topped), "bad_argument"), ("record_id", json!("💸"), "bad_id"),
        ("receipt", json!("💸"), "bad_argument"), ("receipt", json!("AAAA"), "receipt_invalid"), ("more", json!(1), "bad_argument"),
    ] {
        let mut body = wish(paid, 100);
        body[field] = value;
        let reply = ask(&phone, phone.make_id(), &body).await;
        assert_eq!(reply.code(), code, "{field}: {}", reply.json);
    }
    let mut body = wish(paid, 100);
    body["receipt"] = json!("A".repeat(1 << 20));
    assert_eq!(ask(&phone, phone.make_id(), &body).await.status, 413);
    // An id of another account's request is nobody else's.
    let id = phone.make_id();
    ok(&ask(&phone, id, &wish(paid, 100)).await);
    refused(&ask(&stranger, id, &wish(paid, 100)).await, 409, "id_reused");
    assert_eq!(stranger.call("GET", "/v1/refunds", None).await.unwrap().json, json!({"asks": []}));
    // Half a year later, and after too many refusals.
    assert_eq!(answer(&town, id, json!({"answer": "refuse"})).await.0, 200);
    for _ in 0..4 {
        let id = phone.make_id();
        ok(&ask(&phone, id, &wish(paid, 100)).await);
        assert_eq!(answer(&town, id, json!({"answer": "refuse", "why": "because"})).await.0, 400);
        assert_eq!(answer(&town, id, json!({"answer": "refuse"})).await.0, 200);
    }
    refused(&ask(&phone, phone.make_id(), &wish(paid, 100)).await, 422, "refund_refused");
    town.world.advance(181 * DAY);
    refused(&ask(&phone, phone.make_id(), &wish(paid, 100)).await, 422, "refund_late");
    assert_eq!(town.balance(&phone).await, 9_500);
}

#[tokio::test]
async fn a_till_gives_back_once_and_silence_moves_nothing() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 5_000).await);
    assert_eq!(charge(&town, &phone, "till-1", 1_500).await["code"], "BBS00000");
    let paid = last_of(&phone, RecordKind::PayerCode).await.record_id;
    let id = phone.make_id();
    ok(&ask(&phone, id, &wish(paid, 1_500)).await);
    assert_eq!(answer(&town, id, json!({"hold": true})).await.0, 200);
    for _ in 0..3 {
        pass(&town, DAY);
        assert_eq!((state(&phone, id).await["state"].as_str(), town.balance(&phone).await), (Some("approved"), 3_500));
    }
    assert_eq!(answer(&town, id, json!({})).await.1["code"], "BBS00000");
    let given = state(&phone, id).await;
    assert_eq!((given["state"].as_str(), town.balance(&phone).await), (Some("arrived"), 5_000), "{given}");
    assert_eq!((last_of(&phone, RecordKind::PayerCode).await.state.as_str(), records(&phone).await.len()), ("refunded", 3));
    assert_eq!(answer(&town, id, json!({})).await.0, 409);
    // A refund that nobody asked for answers no request of another payment.
    assert_eq!(charge(&town, &phone, "till-2", 700).await["code"], "BBS00000");
    town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": "till-2", "amount_fen": 200}))).await;
    assert_eq!(phone.call("GET", "/v1/refunds", None).await.unwrap().json["asks"].as_array().unwrap().len(), 1);
    // What the merchant gives of its own ends a request that nothing is left for.
    let late = phone.make_id();
    let second = last_of(&phone, RecordKind::PayerCode).await.record_id;
    ok(&ask(&phone, late, &wish(second, 300)).await);
    town.world.advance(1);
    let other = phone.make_id();
    ok(&ask(&phone, other, &wish(second, 200)).await);
    town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": "till-2", "amount_fen": 500}))).await;
    let states = [state(&phone, late).await["state"].clone(), state(&phone, other).await["state"].clone()];
    assert_eq!(states, [json!("arrived"), json!("refused")]);
    town.audit().await;
}

#[tokio::test]
async fn to_a_card_it_is_sent_and_then_arrives_or_goes_elsewhere() {
    let town = Town::new();
    for (takes_back, ends) in [(true, "arrived"), (false, "rerouted")] {
        let (phone, card) = town.person().await;
        let order = format!("card-{ends}");
        charge(&town, &phone, &order, 12_000).await;
        let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
        let question = &page.json["asks"][0];
        let wanted = json!({"kind": "ask", "amount": question["amount"], "payee_id": question["payee_id"], "order": question["order"], "ask_id": question["ask_id"]});
        let quote = town.quote(&phone, wanted).await;
        let body = phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
        assert_eq!(put(&phone, &body).await.text("state"), "succeeded");
        let paid = last_of(&phone, RecordKind::PayerCode).await.record_id;
        let id = phone.make_id();
        ok(&ask(&phone, id, &wish(paid, 12_000)).await);
        town.ask_dev("POST", "/dev/bank/faults", Some(json!({"takes_back": takes_back}))).await;
        ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
        let before = phone.call("GET", "/v1/history?after=0", None).await.unwrap().json["refunds_at"].as_i64().unwrap();
        answer(&town, id, json!({})).await;
        let sent = state(&phone, id).await;
        assert_eq!((sent["state"].as_str(), last_of(&phone, RecordKind::Refund).await.state.as_str()), (Some("sent"), "sent"));
        assert_eq!(sent["due_at"].as_i64().unwrap() - sent["answered_at"].as_i64().unwrap(), 7 * DAY);
        pass(&town, 10_000);
        assert_eq!(state(&phone, id).await["state"], ends);
        let refund = last_of(&phone, RecordKind::Refund).await;
        assert_eq!(refund.state, if takes_back { "done" } else { "rerouted" });
        assert_eq!(town.balance(&phone).await, if takes_back { 0 } else { 12_000 });
        let after = phone.call("GET", "/v1/history?after=0", None).await.unwrap().json["refunds_at"].as_i64().unwrap();
        assert!(after > before, "{before} {after}");
    }
    town.audit().await;
}

#[tokio::test]
async fn two_payments_of_the_same_thing_have_one_claim_with_both_receipts() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 50_000).await);
    let payee = town.merchant().await;
    for fen in [2_000, 2_000, 2_001] {
        pay(&town, &phone, &payee, fen).await;
    }
    let elsewhere = town.merchant().await;
    pay(&town, &phone, &elsewhere, 2_000).await;
    let paid: Vec<HistoryEntry> = records(&phone).await.into_iter().filter(|entry| entry.kind == RecordKind::Pay).collect();
    let id = phone.make_id();
    for (other, field) in [("receipt", "receipt"), ("other_receipt", "other_receipt")] {
        let mut body = claim(&paid[1], &paid[0]);
        body.as_object_mut().unwrap().remove(other);
        let reply = ask(&phone, id, &body).await;
        assert_eq!((reply.code(), reply.json["field"].as_str()), ("receipt_invalid", Some(field)));
        // The receipt of another payment proves nothing of this one.
        body[other] = json!(wire::text(paid[2].receipt.as_deref().unwrap()));
        assert_eq!(ask(&phone, id, &body).await.code(), "receipt_invalid");
    }
    refused(&ask(&phone, id, &claim(&paid[2], &paid[0])).await, 422, "not_twice");
    refused(&ask(&phone, id, &claim(&paid[1], &paid[1])).await, 422, "not_twice");
    let made = ask(&phone, id, &claim(&paid[1], &paid[0])).await;
    ok(&made);
    // From either side and under whatever id: one claim.
    for (one, two) in [(1, 0), (0, 1)] {
        let again = ask(&phone, phone.make_id(), &claim(&paid[one], &paid[two])).await;
        assert_eq!(again.json, made.json);
    }
    // Merchants of the same name at another acquirer are one shop; those a day apart are not one purchase.
    let named_alike = ask(&phone, phone.make_id(), &claim(&paid[3], &paid[0])).await;
    ok(&named_alike);
    answer(&town, id, json!({})).await;
    pass(&town, 1_000);
    assert_eq!(town.balance(&phone).await, 50_000 - 2_000 - 2_001 - 2_000);
    town.world.advance(DAY + 60_000);
    pay(&town, &phone, &payee, 2_000).await;
    let late = last_of(&phone, RecordKind::Pay).await;
    refused(&ask(&phone, phone.make_id(), &claim(&late, &paid[0])).await, 422, "not_twice");
    town.audit().await;
}

#[tokio::test]
async fn an_older_copy_of_the_book_gives_nothing_back_twice_and_forgets_no_refund() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    pay(&town, &phone, &payee, 3_000).await;
    assert_eq!(charge(&town, &phone, "till-1", 1_500).await["code"], "BBS00000");
    let (paid, charged) = (last_of(&phone, RecordKind::Pay).await.record_id, last_of(&phone, RecordKind::PayerCode).await.record_id);
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let (ours, tills) = (phone.make_id(), phone.make_id());
    let mut wishes = [(ours, wish(paid, 2_000)), (tills, wish(charged, 900))];
    for (id, body) in &mut wishes {
        let asked = ask(&phone, *id, body).await;
        ok(&asked);
        body["asked_at"] = asked.json["asked_at"].clone();
        answer(&town, *id, json!({})).await;
    }
    pass(&town, 1_000);
    assert_eq!(town.balance(&phone).await, 10_000 - 4_500 + 2_900);
    for round in 0..2 {
        town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
        town.restart();
        town.again(&mut phone);
        assert_eq!(state(&phone, ours).await, Value::Null, "{round}: the copy does not know it");
        pass(&town, 1_000);
        assert_eq!(town.balance(&phone).await, 10_000 - 4_500 + 2_900, "{round}");
        // The phone asks again, and the merchants answer again.
        for (id, body) in &wishes {
            let again = ask(&phone, *id, body).await;
            assert_eq!((again.text("state"), answer(&town, *id, json!({})).await.0), ("arrived", 409), "{round}: {}", again.json);
        }
        pass(&town, 1_000);
        assert_eq!(town.balance(&phone).await, 10_000 - 4_500 + 2_900, "{round}");
    }
    // One that was asked for the first time is not taken for what was given before.
    let fresh = phone.make_id();
    let asked = ask(&phone, fresh, &wish(charged, 600)).await;
    assert_eq!(asked.text("state"), "requested");
    town.audit().await;
}

#[tokio::test]
async fn a_payment_that_has_another_record_since_a_restore_is_known_by_its_receipt() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 1}))).await.unwrap();
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let code = payer_code(&batch.json["tokens"][0], 0, World::now(town.world.as_ref()));
    let charged = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 1_500, "order": "till-1"}))).await;
    assert_eq!(charged["code"], "BBS00000");
    let paid = last_of(&phone, RecordKind::PayerCode).await;
    let id = phone.make_id();
    let mut body = wish(paid.record_id, 900);
    body["receipt"] = json!(wire::text(paid.receipt.as_deref().unwrap()));
    let asked = ask(&phone, id, &body).await;
    ok(&asked);
    body["asked_at"] = asked.json["asked_at"].clone();
    answer(&town, id, json!({})).await;
    assert_eq!(town.balance(&phone).await, 9_400);
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    town.restart();
    town.again(&mut phone);
    let now = last_of(&phone, RecordKind::PayerCode).await.record_id;
    assert_ne!(now, paid.record_id);
    let again = ask(&phone, id, &body).await;
    assert_eq!((again.text("state"), again.text("record_id")), ("arrived", now.to_string().as_str()), "{}", again.json);
    assert_eq!(town.balance(&phone).await, 9_400);
    // Another payment's receipt, or none, finds nothing.
    body.as_object_mut().unwrap().remove("receipt");
    assert_eq!(ask(&phone, phone.make_id(), &body).await.status, 404);
}
