//! Limits on the wire: what is counted, caps of one's own, the PIN for much in a day, maintenance, rules that change.

use crate::common::{PIN, Town, cny, ok, put, refused};
use kabao_base::Id;
use kabao_proof::boxes::INFO_PIN;
use kabao_proof::digest::sha256_of;
use kabao_proof::{KeyPurpose, Verdict};
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

async fn pay_body(town: &Town, phone: &Phone, payee: &str, fen: i64, pin: Option<&str>) -> Value {
    let quote = town.quote(phone, json!({"kind": "pay", "amount": cny(fen), "payee_id": payee})).await;
    phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), pin).unwrap()
}

fn refusal_code(phone: &Phone, reply: &Reply) -> String {
    let proof = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, reply.text("proof")).unwrap();
    match Verdict::open(&proof, phone.keys.as_ref().unwrap()).unwrap() {
        Verdict::Refusal(refusal) => refusal.code,
        other => panic!("not a refusal: {other:?}"),
    }
}

fn box_of(phone: &Phone, pin: &str, parts: &[String]) -> Value {
    phone.seal(&KeyPurpose::PinBox, INFO_PIN, &sha256_of(&[parts.join("\0").as_bytes()]), pin).unwrap()
}

async fn counters(phone: &Phone) -> Value {
    let reply = phone.call("GET", "/v1/limits", None).await.unwrap();
    ok(&reply);
    reply.json
}

fn used(counters: &Value, name: &str) -> i64 {
    let found = counters["counters"].as_array().unwrap().iter().find(|counter| counter["counter"] == name);
    found.map_or(0, |counter| counter["used"]["minor"].as_i64().unwrap())
}

/// A wish, with the PIN in a box for it.
async fn wish(phone: &Phone, change: Id, single: Option<i64>, day: Option<i64>, pin: Option<&str>) -> Reply {
    let text = |cap: Option<i64>| cap.map(|fen| fen.to_string()).unwrap_or_default();
    let account = phone.account.unwrap();
    let proof = phone.make_id();
    let parts = ["kabao-own-caps-1".to_owned(), change.to_string(), proof.to_string(), account.to_string(), text(single), text(day)];
    let sealed = pin.map(|pin| box_of(phone, pin, &parts));
    let body = json!({"single": single.map(cny), "day": day.map(cny), "proof_id": proof, "pin_box": sealed});
    phone.call("PUT", &format!("/v1/limits/own/{change}"), Some(body)).await.unwrap()
}

#[tokio::test]
async fn what_is_paid_is_counted_once_and_named() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 60_000).await);
    let payee = town.merchant().await;
    let before = counters(&phone).await;
    assert_eq!((used(&before, "top_up_day"), used(&before, "day"), before["rules_version"].as_u64()), (60_000, 0, Some(1)));
    let body = pay_body(&town, &phone, &payee, 700, None).await;
    for _ in 0..2 {
        ok(&put(&phone, &body).await);
    }
    let after = counters(&phone).await;
    for name in ["day", "static_day", "year", "life", "own_day"] {
        assert_eq!(used(&after, name), 700, "{name}");
    }
    assert!(after["counted"].as_array().unwrap().contains(&body["terms"]["intent_id"]));
    assert_eq!((after["balance"]["minor"].as_i64(), after["own"]["from"].as_i64()), (Some(59_300), Some(0)));
    // Another account sees nothing of it.
    let (other, _) = town.person().await;
    assert_eq!(counters(&other).await["counters"], json!([]));
    refused(&phone.call("POST", "/v1/limits", Some(json!({}))).await.unwrap(), 405, "method_not_allowed");
}

#[tokio::test]
async fn caps_of_ones_own_are_lowered_by_anybody_with_the_phone_and_raised_by_the_person() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 60_000).await);
    let payee = town.merchant().await;
    let (low, high) = (phone.make_id(), phone.make_id());
    ok(&wish(&phone, low, Some(5_000), Some(8_000), None).await);
    let over = json!({"kind": "pay", "amount": cny(5_001), "payee_id": payee});
    refused(&phone.call("POST", "/v1/quotes", Some(over.clone())).await.unwrap(), 422, "limit_own_single");
    // Without the PIN, with a wrong one, or with the box of another wish, nothing is raised.
    refused(&wish(&phone, high, Some(6_000), Some(8_000), None).await, 422, "own_cap_raise");
    let wrong = wish(&phone, high, Some(6_000), Some(8_000), Some("480279")).await;
    refused(&wrong, 422, "pin_wrong");
    let account = phone.account.unwrap();
    let proof = phone.make_id();
    let parts = ["kabao-own-caps-1".to_owned(), high.to_string(), proof.to_string(), account.to_string(), "5500".to_owned(), "8000".to_owned()];
    let sealed = box_of(&phone, PIN, &parts);
    let moved = json!({"single": cny(6_000), "day": cny(8_000), "proof_id": proof, "pin_box": sealed});
    assert_ne!(phone.call("PUT", &format!("/v1/limits/own/{high}"), Some(moved)).await.unwrap().status, 200);
    // The same wish again, also after a restart, is the same wish: it does not wait anew.
    let first = wish(&phone, high, Some(6_000), None, Some(PIN)).await;
    ok(&first);
    town.restart();
    town.again(&mut phone);
    let again = wish(&phone, high, Some(6_000), None, Some(PIN)).await;
    ok(&again);
    assert_eq!(first.json["own_next"], again.json["own_next"]);
    assert_eq!((again.json["own"]["single"]["minor"].as_i64(), again.json["own"]["day"]["minor"].as_i64()), (Some(5_000), Some(8_000)));
    refused(&wish(&phone, high, Some(9_000), None, Some(PIN)).await, 409, "id_reused");
    refused(&phone.call("POST", "/v1/quotes", Some(over)).await.unwrap(), 422, "limit_own_single");
}

#[tokio::test]
async fn a_wish_that_is_none_is_named() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let path = format!("/v1/limits/own/{}", phone.make_id());
    let long = "9".repeat(1_000_000);
    for (body, status, code) in [
        (json!({"single": cny(0)}), 422, "amount_zero"),
        (json!({"day": cny(-1)}), 422, "amount_negative"),
        (json!({"single": {"minor": 1.5, "currency": "CNY"}}), 422, "amount_decimals"),
        (json!({"single": {"minor": i64::MAX, "currency": "CNY"}}), 422, "amount_too_large"),
        (json!({"single": {"minor": 1, "currency": "USD"}}), 422, "currency_unknown"),
        (json!({"single": cny(2), "day": cny(1)}), 422, "own_cap_malformed"),
        (json!({"single": "1"}), 400, "bad_argument"),
        (json!({"tea": 1}), 400, "bad_argument"),
        (json!([]), 400, "bad_argument"),
        (json!({"single": {"minor": 1, "currency": long}}), 413, "input_too_long"),
    ] {
        let reply = phone.call("PUT", &path, Some(body)).await.unwrap();
        assert_eq!((reply.status, reply.code().to_owned()), (status, code.to_owned()));
    }
    for id in ["x", "%E2%80%AE", "0", &"a".repeat(33)] {
        assert!([400, 404].contains(&phone.call("PUT", &format!("/v1/limits/own/{id}"), Some(json!({}))).await.unwrap().status), "{id}");
    }
    assert_eq!(counters(&phone).await["own"]["from"], 0, "none of it set anything");
}

#[tokio::test]
async fn so_much_in_a_day_is_confirmed_with_the_pin() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 60_000).await);
    let payee = town.merchant().await;
    let account = phone.account.unwrap().to_string();
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": account, "used": [{"counter": "own_day", "fen": 299_500}]}))).await;
    // One fen below the sum finger or face is enough; with it the PIN is.
    ok(&put(&phone, &pay_body(&town, &phone, &payee, 499, None).await).await);
    let by_finger = put(&phone, &pay_body(&town, &phone, &payee, 1, None).await).await;
    assert_eq!(refusal_code(&phone, &by_finger), "step_up_pin");
    ok(&put(&phone, &pay_body(&town, &phone, &payee, 1, Some(PIN)).await).await);
    town.audit().await;
}

#[tokio::test]
async fn rules_are_followed_from_the_next_quote_on_and_only_below_the_law() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 60_000).await);
    let payee = town.merchant().await;
    let asked = json!({"kind": "pay", "amount": cny(10_000), "payee_id": payee});
    let quoted = town.quote(&phone, asked.clone()).await;
    assert_eq!((quoted["fee"]["minor"].as_i64(), quoted["rules_version"].as_u64()), (Some(0), Some(1)));
    town.ask_dev("POST", "/dev/fees", Some(json!({"kind": "pay", "rate_ppm": 6_000}))).await;
    // What was quoted before is honoured.
    let body = phone.payment(phone.make_id(), &quoted, json!({"kind": "balance"}), None).unwrap();
    ok(&put(&phone, &body).await);
    let quoted = town.quote(&phone, asked.clone()).await;
    assert_eq!((quoted["fee"]["minor"].as_i64(), quoted["rules_version"].as_u64()), (Some(60), Some(2)));
    // Above the law: served, and not followed.
    let unlawful = json!({"change": {"barcodes": [{"level": "A", "day": null, "source": "x"}, {"level": "B", "day": 500_000, "source": "x"},
        {"level": "C", "day": 100_000, "source": "x"}, {"level": "D", "day": 60_000, "source": "x"}]}});
    assert_eq!(town.ask_dev("POST", "/dev/feeds/rules", Some(unlawful)).await["version"], 3);
    assert_eq!(counters(&phone).await["rules_version"], 2);
    // Maintenance refuses with the time to wait; what was quoted before goes through.
    let quoted = town.quote(&phone, asked.clone()).await;
    let rest = json!({"change": {"barcodes": [{"level": "A", "day": null, "source": "x"}, {"level": "B", "day": 500_000, "source": "x"},
        {"level": "C", "day": 100_000, "source": "x"}, {"level": "D", "day": 50_000, "source": "x"}],
        "maintenance": [{"from": 0, "until": 4_102_416_000_000_i64, "channels": ["pay"]}]}});
    town.ask_dev("POST", "/dev/feeds/rules", Some(rest)).await;
    let reply = phone.call("POST", "/v1/quotes", Some(asked)).await.unwrap();
    refused(&reply, 503, "maintenance");
    assert!(reply.json["retry_after_ms"].as_i64().unwrap() > 0);
    let body = phone.payment(phone.make_id(), &quoted, json!({"kind": "balance"}), None).unwrap();
    ok(&put(&phone, &body).await);
    town.audit().await;
}

async fn account(phone: &Phone) -> (i64, i64) {
    let reply = phone.call("GET", "/v1/account", None).await.unwrap();
    ok(&reply);
    (reply.json["balance"]["minor"].as_i64().unwrap(), reply.json["held"]["minor"].as_i64().unwrap())
}

#[tokio::test]
async fn what_is_held_is_there_and_cannot_be_paid_with() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 10_000).await);
    let (payee, of) = (town.merchant().await, phone.account.unwrap());
    for hostile in [json!({"account_id": of, "fen": 0}), json!({"account_id": of, "fen": -1}), json!({"account_id": of, "fen": i64::MAX}), json!({"fen": 5})] {
        assert_eq!(town.dev().json("POST", "/dev/holds", Some(hostile)).await.unwrap().0, 400);
    }
    // More than there is may be ordered: then all of it is held, and what comes in.
    let order = |fen: i64| town.ask_dev("POST", "/dev/holds", Some(json!({"account_id": of, "fen": fen})));
    let first = order(12_000).await;
    assert_eq!(account(&phone).await, (10_000, 10_000));
    ok(&town.top_up(&phone, card, 5_000).await);
    assert_eq!(account(&phone).await, (15_000, 12_000));
    let body = pay_body(&town, &phone, &payee, 3_000, None).await;
    order(1).await;
    assert_eq!(refusal_code(&phone, &put(&phone, &body).await), "balance_low", "ordered between the quote and the payment");
    let body = pay_body(&town, &phone, &payee, 2_999, None).await;
    ok(&put(&phone, &body).await);
    assert_eq!(account(&phone).await, (12_001, 12_001));
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let lift = || town.ask_dev("POST", "/dev/holds/lift", Some(json!({"account_id": of, "hold_id": first["hold_id"]})));
    lift().await;
    lift().await;
    order(700).await;
    assert_eq!(account(&phone).await, (12_001, 701));
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    assert_eq!(account(&phone).await, (12_001, 701), "an older copy knows every order");
    town.audit().await;
}
