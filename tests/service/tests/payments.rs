//! Payments under repetition, refusal, silence of the bank, and restored books.

use crate::common::{PIN, Town, cny, ok, put, refused};
use kabao_base::Id;
use kabao_proof::{HistoryEntry, Document, RecordKind, Verdict};
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

fn verdict(phone: &Phone, reply: &Reply) -> Verdict {
    Verdict::open(&wire::bytes(reply.text("proof"), "proof").unwrap(), phone.keys.as_ref().unwrap()).unwrap()
}

fn refusal_code(phone: &Phone, reply: &Reply) -> (String, Option<u32>) {
    assert_eq!((reply.status, reply.text("state"), reply.signed), (200, "refused", true), "{}", reply.json);
    match verdict(phone, reply) {
        Verdict::Refusal(refusal) => (refusal.code, refusal.attempts_left),
        other => panic!("not a refusal: {other:?}"),
    }
}

async fn bank(town: &Town, faults: Value) {
    town.ask_dev("POST", "/dev/bank/faults", Some(faults)).await;
}

async fn pay_body(town: &Town, phone: &Phone, payee: &str, fen: i64, order: Option<&str>, pin: Option<&str>) -> Value {
    let mut asked = json!({"kind": "pay", "amount": cny(fen), "payee_id": payee});
    if let Some(order) = order {
        asked["order"] = json!(order);
    }
    let quote = town.quote(phone, asked).await;
    phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), pin).unwrap()
}

async fn top_up_body(town: &Town, phone: &Phone, card: Id, fen: i64) -> Value {
    let quote = town.quote(phone, json!({"kind": "top_up", "amount": cny(fen)})).await;
    phone.payment(phone.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap()
}

fn path(body: &Value, tail: &str) -> String {
    format!("/v1/payments/{}{tail}", body["terms"]["intent_id"].as_str().unwrap())
}

async fn abandon(phone: &Phone, body: &Value) -> Reply {
    phone.call("POST", &path(body, "/abandon"), Some(json!({}))).await.unwrap()
}

#[tokio::test]
async fn the_same_id_is_one_payment() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    let body = pay_body(&town, &phone, &payee, 1_000, Some("a"), None).await;
    let first = put(&phone, &body).await;
    ok(&first);
    assert_eq!(put(&phone, &body).await.raw.body, first.raw.body);
    assert_eq!(phone.call("GET", &path(&body, ""), None).await.unwrap().raw.body, first.raw.body);
    assert_eq!(abandon(&phone, &body).await.text("state"), "succeeded");

    let mut other = pay_body(&town, &phone, &payee, 1_000, None, None).await;
    other["terms"]["intent_id"] = body["terms"]["intent_id"].clone();
    refused(&put(&phone, &other).await, 409, "id_reused");

    // Another payment of the same order, by somebody else, is refused for good.
    let (second, card) = town.person().await;
    ok(&town.top_up(&second, card, 10_000).await);
    refused(&put(&second, &{ let mut stolen = body.clone(); stolen["terms"]["account_id"] = json!(second.account); stolen }).await, 409, "id_reused");
    let again = pay_body(&town, &second, &payee, 1_000, Some("a"), None).await;
    assert_eq!(refusal_code(&second, &put(&second, &again).await).0, "order_paid");
    assert_eq!(town.balance(&second).await, 10_000);
    town.audit().await;
}

#[tokio::test]
async fn an_order_that_somebody_else_is_paying_is_not_called_paid_and_a_torn_book_refuses_nothing() {
    let town = Town::new();
    let (first, card) = town.person().await;
    let (second, other) = town.person().await;
    ok(&town.top_up(&second, other, 10_000).await);
    let payee = town.merchant().await;
    // The first pays from a card whose bank is silent.
    bank(&town, json!({"movements": "hold"})).await;
    let quote = town.quote(&first, json!({"kind": "pay", "amount": cny(1_000), "payee_id": payee, "order": "a"})).await;
    let slow = first.payment(first.make_id(), &quote, json!({"kind": "card", "card_id": card}), Some(PIN)).unwrap();
    assert_eq!(put(&first, &slow).await.text("state"), "processing");
    let again = pay_body(&town, &second, &payee, 1_000, Some("a"), Some("975318")).await;
    assert_eq!(refusal_code(&second, &put(&second, &again).await), ("order_in_progress".to_owned(), None), "a try of the PIN is not spent on it");
    // It came to nothing: the order is free again.
    town.ask_dev("POST", "/dev/bank/state", Some(json!({"pan": crate::common::pan(0), "state": "closed"}))).await;
    bank(&town, json!({})).await;
    town.ask_dev("POST", "/dev/bank/settle", None).await;
    assert_eq!(first.call("GET", &path(&slow, ""), None).await.unwrap().text("state"), "refused");
    // A book that takes no row says that it cannot now, and signs nothing.
    let open = pay_body(&town, &second, &payee, 1_000, Some("a"), None).await;
    let book = rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap();
    book.execute_batch("CREATE TRIGGER torn BEFORE INSERT ON payments WHEN NEW.state = 'accepted' BEGIN SELECT RAISE(ABORT, 'torn'); END").unwrap();
    refused(&put(&second, &open).await, 503, "service_down");
    book.execute_batch("DROP TRIGGER torn").unwrap();
    assert_eq!(put(&second, &open).await.text("state"), "succeeded");
    assert_eq!(town.balance(&second).await, 9_000);
    town.audit().await;
}

#[tokio::test]
async fn what_was_quoted_is_what_is_paid() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    let good = pay_body(&town, &phone, &payee, 1_000, Some("a"), None).await;
    let changes: [(&str, Value); 8] = [
        ("amount", cny(999)), ("fee", cny(1)), ("payee_id", json!("00".repeat(16))), ("order", json!("b")), ("kind", json!("ask")),
        ("expires_at", json!(1)), ("account_id", json!("11".repeat(16))), ("challenge", json!(wire::text(&[1; 32]))),
    ];
    for (field, value) in changes {
        let mut bad = good.clone();
        bad["terms"][field] = value;
        refused(&put(&phone, &bad).await, 422, "quote_altered");
        refused(&phone.call("GET", &path(&good, ""), None).await.unwrap(), 404, "not_found");
    }
    let mut unknown = good.clone();
    unknown["terms"]["quote_id"] = json!("22".repeat(16));
    refused(&put(&phone, &unknown).await, 422, "quote_unknown");

    let mut forged = good.clone();
    forged["approval"] = json!({"approve_signature": wire::text(phone.device_key.sign(b"x").as_bytes())});
    assert_eq!(refusal_code(&phone, &put(&phone, &forged).await).0, "approval_refused");
    // The refusal is for good, also for the right proof.
    assert_eq!(refusal_code(&phone, &put(&phone, &good).await).0, "approval_refused");

    let late = pay_body(&town, &phone, &payee, 1_000, None, Some(PIN)).await;
    town.world.advance(120_001);
    assert_eq!(refusal_code(&phone, &put(&phone, &late).await).0, "quote_expired");
    assert_eq!(town.balance(&phone).await, 10_000);

    // One quote is one payment.
    let quote = town.quote(&phone, json!({"kind": "pay", "amount": cny(1_000), "payee_id": payee})).await;
    let [first, second] = [0, 1].map(|_| phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap());
    assert_eq!(put(&phone, &first).await.text("state"), "succeeded");
    refused(&put(&phone, &second).await, 422, "quote_unknown");
    assert_eq!(town.balance(&phone).await, 9_000);
}

#[tokio::test]
async fn five_wrong_pins_lock_and_no_restart_unlocks() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    for left in (1..5).rev() {
        let body = pay_body(&town, &phone, &payee, 100, None, Some("975318")).await;
        let first = put(&phone, &body).await;
        assert_eq!(refusal_code(&phone, &first), ("pin_wrong".to_owned(), Some(left)));
        assert_eq!(put(&phone, &body).await.raw.body, first.raw.body, "a repetition costs no try");
        town.restart();
        town.again(&mut phone);
    }
    let body = pay_body(&town, &phone, &payee, 100, None, Some("975318")).await;
    assert_eq!(refusal_code(&phone, &put(&phone, &body).await), ("pin_locked".to_owned(), Some(0)));
    town.restart();
    town.again(&mut phone);
    let body = pay_body(&town, &phone, &payee, 100, None, Some(PIN)).await;
    assert_eq!(refusal_code(&phone, &put(&phone, &body).await).0, "pin_locked");
    let account = phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(account.json["pin_locked"], true);
    refused(&phone.set_pin("246813").await.unwrap(), 403, "pin_locked");
    // The other proof is not the PIN's.
    let body = pay_body(&town, &phone, &payee, 100, None, None).await;
    ok(&put(&phone, &body).await);
}

#[tokio::test]
async fn a_right_pin_forgets_the_wrong_ones() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    for pin in ["975318", "975318", "975318", "975318", PIN, "975318"] {
        let body = pay_body(&town, &phone, &payee, 100, None, Some(pin)).await;
        let reply = put(&phone, &body).await;
        if pin == PIN { assert_eq!(reply.text("state"), "succeeded") } else { assert_eq!(refusal_code(&phone, &reply).0, "pin_wrong") }
    }
    // A box made for another payment is no guess.
    let mut body = pay_body(&town, &phone, &payee, 100, None, Some(PIN)).await;
    body["approval"] = pay_body(&town, &phone, &payee, 100, None, Some(PIN)).await["approval"].clone();
    assert_eq!(refusal_code(&phone, &put(&phone, &body).await), ("approval_refused".to_owned(), None));
}

#[tokio::test]
async fn a_tombstone_stops_the_late_original() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let body = top_up_body(&town, &phone, card, 5_000).await;
    let stone = abandon(&phone, &body).await;
    assert_eq!((stone.status, stone.text("state"), stone.signed), (200, "tombstoned", true));
    assert!(matches!(verdict(&phone, &stone), Verdict::Tombstone(_)));
    let late = put(&phone, &body).await;
    assert_eq!((late.status, late.text("state"), late.text("proof")), (410, "tombstoned", stone.text("proof")));
    assert_eq!(phone.call("GET", &path(&body, ""), None).await.unwrap().status, 410);
    assert_eq!(town.balance(&phone).await, 0);
    assert_eq!(town.ask_dev("GET", "/dev/bank/holds", None).await["fen"], 0);
    town.audit().await;
}

#[tokio::test]
async fn a_silent_bank_is_asked_until_it_answers() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    bank(&town, json!({"movements": "hold"})).await;
    let body = top_up_body(&town, &phone, card, 5_000).await;
    let pending = put(&phone, &body).await;
    assert_eq!((pending.status, pending.text("state"), pending.text("proof")), (202, "processing", ""));
    assert_eq!(put(&phone, &body).await.status, 202);
    // A kill of the service changes nothing.
    town.restart();
    town.again(&mut phone);
    assert_eq!(phone.call("GET", &path(&body, ""), None).await.unwrap().text("state"), "processing");
    town.ask_dev("POST", "/dev/bank/settle", None).await;
    for _ in 0..10 {
        town.world.advance(30_000);
        town.service.tick(kabao_outside::World::now(town.world.as_ref()));
    }
    assert_eq!(phone.call("GET", &path(&body, ""), None).await.unwrap().text("state"), "succeeded");
    assert_eq!(town.balance(&phone).await, 5_000);
    town.audit().await;
}

#[tokio::test]
async fn an_answer_lost_at_the_bank_is_found() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    bank(&town, json!({"movements": "lose_answer"})).await;
    let body = top_up_body(&town, &phone, card, 5_000).await;
    assert_eq!(put(&phone, &body).await.status, 202);
    town.world.advance(5_000);
    town.service.tick(kabao_outside::World::now(town.world.as_ref()));
    assert_eq!(phone.call("GET", &path(&body, ""), None).await.unwrap().text("state"), "succeeded");
    assert_eq!(town.ask_dev("GET", "/dev/bank/holds", None).await["fen"], 5_000);
    town.audit().await;
}

#[tokio::test]
async fn the_banks_no_is_a_refusal() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    bank(&town, json!({"movements": "refuse", "code": "bank_balance_low"})).await;
    let body = top_up_body(&town, &phone, card, 5_000).await;
    assert_eq!(refusal_code(&phone, &put(&phone, &body).await).0, "bank_balance_low");
    assert_eq!(abandon(&phone, &body).await.text("state"), "refused");
}

#[tokio::test]
async fn abandoned_after_it_was_handed_on() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    bank(&town, json!({"movements": "hold", "silent_queries": true})).await;
    let body = top_up_body(&town, &phone, card, 5_000).await;
    assert_eq!(put(&phone, &body).await.status, 202);
    let fenced = abandon(&phone, &body).await;
    assert_eq!((fenced.status, fenced.text("state"), fenced.text("proof")), (202, "dispatched", ""));
    assert_eq!(put(&phone, &body).await.status, 202, "still nobody says that it failed");
    bank(&town, json!({"movements": "none", "breaks_cancel": true})).await;
    town.world.advance(70_000);
    town.service.tick(kabao_outside::World::now(town.world.as_ref()));
    let stone = phone.call("GET", &path(&body, ""), None).await.unwrap();
    assert_eq!((stone.status, stone.text("state")), (410, "tombstoned"), "the bank said that it will not");
    // And did it all the same: the money goes back to the card, and the phone is told.
    town.ask_dev("POST", "/dev/bank/settle", None).await;
    town.world.advance(10_000);
    town.service.tick(kabao_outside::World::now(town.world.as_ref()));
    assert_eq!(town.balance(&phone).await, 0);
    assert_eq!(town.ask_dev("GET", "/dev/bank/holds", None).await["fen"], 0);
    let page = phone.call("GET", "/v1/history", None).await.unwrap();
    let entries = page.json["entries"].as_array().unwrap();
    let entry = HistoryEntry::decode(&wire::bytes(entries[0].as_str().unwrap(), "entry").unwrap()).unwrap();
    assert_eq!((entry.kind, entry.state.as_str()), (RecordKind::Reversal, "reversed"));
    let audit = town.audit().await;
    assert_eq!(audit["executions"], json!([]));
}

#[tokio::test]
async fn limits_and_fees_are_the_services_own() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 60_000).await);
    let payee = town.merchant().await;
    let body = pay_body(&town, &phone, &payee, 49_000, None, None).await;
    ok(&put(&phone, &body).await);
    let over = json!({"kind": "pay", "amount": cny(1_001), "payee_id": payee});
    // The balance may not, the card with its own counter may.
    let quote = town.quote(&phone, over.clone()).await;
    assert_eq!(quote["sources"][0], json!({"source": {"kind": "balance"}, "usable": false, "reason": "limit_static_code"}));
    assert_eq!(quote["sources"][1]["usable"], true);
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), None).unwrap();
    assert_eq!(refusal_code(&phone, &put(&phone, &body).await).0, "limit_static_code");
    refused(&phone.call("POST", "/v1/quotes", Some(json!({"kind": "top_up", "amount": cny(500_001)}))).await.unwrap(), 422, "limit_single");
    let account = phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(account.json["limits"]["static_left"]["minor"], 1_000);

    town.ask_dev("POST", "/dev/fees", Some(json!({"kind": "pay", "rate_ppm": 6_000}))).await;
    let quote = town.quote(&phone, json!({"kind": "pay", "amount": cny(900), "payee_id": payee})).await;
    assert_eq!((quote["fee"]["minor"].as_i64(), quote["total"]["minor"].as_i64()), (Some(5), Some(905)));
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), None).unwrap();
    ok(&put(&phone, &body).await);
    assert_eq!(town.balance(&phone).await, 60_000 - 49_000 - 905);
    town.audit().await;
}

#[tokio::test]
async fn a_restored_book_is_a_new_epoch_and_is_mended() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let payee = town.merchant().await;
    let tokens = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 2}))).await.unwrap();
    let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone();

    // What the copy does not know: a top-up with its receipt, a top-up whose answer was lost, a payment, a charge.
    let known = top_up_body(&town, &phone, card, 3_000).await;
    let known_answer = put(&phone, &known).await;
    ok(&known_answer);
    let lost = top_up_body(&town, &phone, card, 4_000).await;
    ok(&put(&phone, &lost).await);
    let paid = pay_body(&town, &phone, &payee, 2_000, Some("x"), None).await;
    let paid_answer = put(&phone, &paid).await;
    ok(&paid_answer);
    let unseen = top_up_body(&town, &phone, card, 1_000).await;
    let stone = abandon(&phone, &unseen).await;
    let code = crate::common::payer_code(&tokens.json["tokens"][0], 0, kabao_outside::World::now(town.world.as_ref()));
    town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 500, "order": "t"}))).await;

    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot, "rebuild": false}))).await;
    let down = put(&phone, &known).await;
    assert_eq!((down.status, down.code(), down.epoch), (503, "service_down", 2));
    assert_eq!(abandon(&phone, &known).await.status, 503, "a book that is not whole fences nothing");
    town.ask_dev("POST", "/dev/rebuild", None).await;

    // The acquirer's charge is back, the bank's debits lie in suspense.
    assert_eq!(town.balance(&phone).await, 10_000 - 500);
    let audit = town.audit().await;
    assert!(audit["accounts"].as_array().unwrap().contains(&json!({"account": "suspense", "balance": 7_000})), "{audit}");
    // Of such a debit the money is known and not the payment: a phone without its receipt gives it up.
    refused(&phone.call("GET", &path(&known, ""), None).await.unwrap(), 404, "not_found");
    refused(&put(&phone, &known).await, 409, "id_reused");

    for (body, answer) in [(&known, &known_answer), (&paid, &paid_answer), (&unseen, &stone)] {
        for _ in 0..2 {
            let reply = phone.call("POST", &path(body, "/proof"), Some(json!({"proof": answer.text("proof")}))).await.unwrap();
            assert_eq!((reply.status, reply.signed), (204, true), "{}", reply.json);
        }
    }
    assert_eq!(put(&phone, &unseen).await.status, 410);
    assert_eq!(phone.call("GET", &path(&known, ""), None).await.unwrap().text("proof"), known_answer.text("proof"));
    // The one without a receipt is abandoned: its money goes back to the card.
    let back = abandon(&phone, &lost).await;
    assert_eq!((back.status, back.text("state")), (200, "tombstoned"));
    assert_eq!(town.balance(&phone).await, 10_000 - 500 + 3_000 - 2_000);
    assert_eq!(town.ask_dev("GET", "/dev/bank/holds", None).await["fen"], 13_000);
    town.audit().await;
    let forged = phone.call("POST", &path(&known, "/proof"), Some(json!({"proof": paid_answer.text("proof")}))).await.unwrap();
    refused(&forged, 422, "receipt_invalid");
}
