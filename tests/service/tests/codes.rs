//! Payer codes: one token, one order, whatever is tried.

use crate::common::{PIN, Town, ok, payer_code, put, refused};
use kabao_outside::{Charge, ChargeAnswer, WalletService, World};
use kabao_base::Money;
use serde_json::{Value, json};

fn charge(code: &str, order: &str, fen: i64) -> Charge {
    Charge {
        route: "lakala".to_owned(),
        acquirer_order: order.to_owned(),
        merchant_order: format!("m-{order}"),
        merchant_no: "8222".to_owned(),
        merchant_name: "便利店".to_owned(),
        code: code.to_owned(),
        amount: Money::fen(fen),
        subject: "水".to_owned(),
    }
}

fn refusal(answer: ChargeAnswer) -> String {
    match answer {
        ChargeAnswer::Refused { code, .. } => code,
        other => panic!("not refused: {other:?}"),
    }
}

async fn rich(town: &Town) -> (kabao_service::kit::Phone, Vec<Value>) {
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 100_000).await);
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 20}))).await.unwrap();
    ok(&batch);
    let tokens = batch.json["tokens"].as_array().unwrap().clone();
    (phone, tokens)
}

#[tokio::test]
async fn one_token_two_orders_at_once() {
    let town = Town::new();
    let (phone, tokens) = rich(&town).await;
    let now = town.world.now();
    for token in &tokens[..8] {
        let code = payer_code(token, 0, now);
        let answers: Vec<ChargeAnswer> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..4)
                .map(|number| {
                    let (service, charge) = (town.service.clone(), charge(&code, &format!("{code}-{number}"), 100));
                    scope.spawn(move || service.charge(&charge))
                })
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| matches!(answer, ChargeAnswer::Paid { .. })).count(), 1, "{answers:?}");
    }
    assert_eq!(town.balance(&phone).await, 100_000 - 800);
    let audit = town.audit().await;
    assert_eq!(audit["executions"].as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn the_same_order_has_the_same_answer() {
    let town = Town::new();
    let (phone, tokens) = rich(&town).await;
    let code = payer_code(&tokens[0], 0, town.world.now());
    let first = town.service.charge(&charge(&code, "o", 100));
    assert!(matches!(first, ChargeAnswer::Paid { .. }));
    assert_eq!(town.service.charge(&charge(&code, "o", 100)), first);
    assert_eq!(town.service.charge_state("lakala", "o"), first);
    assert_eq!(refusal(town.service.charge(&charge(&code, "o", 101))), "id_reused");
    assert_eq!(refusal(town.service.charge(&charge(&code, "p", 100))), "code_unknown");
    assert_eq!(town.service.charge_state("lakala", "q"), ChargeAnswer::Unknown);
    // A revocation that comes first fences the order.
    assert_eq!(refusal(town.service.revoke("lakala", "q", "r")), "payment_abandoned");
    let fresh = payer_code(&tokens[1], 0, town.world.now());
    assert_eq!(refusal(town.service.charge(&charge(&fresh, "q", 100))), "payment_abandoned");
    assert_eq!(town.balance(&phone).await, 99_900);
}

#[tokio::test]
async fn windows_and_caps() {
    let town = Town::new();
    let (_phone, tokens) = rich(&town).await;
    let now = town.world.now();
    let mut number = 0;
    let mut ask = |step: i64, fen: i64| {
        number += 1;
        town.service.charge(&charge(&payer_code(&tokens[number], step, now), &format!("w-{number}"), fen))
    };
    assert!(matches!(ask(1, 10_000), ChargeAnswer::Paid { .. }));
    assert!(matches!(ask(-1, 10_000), ChargeAnswer::Paid { .. }));
    assert!(matches!(ask(0, 10_001), ChargeAnswer::WaitingForPayer { .. }));
    assert!(matches!(ask(-10, 5_000), ChargeAnswer::Paid { .. }));
    assert!(matches!(ask(10, 5_000), ChargeAnswer::Paid { .. }));
    assert_eq!(refusal(ask(2, 5_001)), "code_unknown");
    assert_eq!(refusal(ask(11, 100)), "code_unknown");
    assert_eq!(refusal(ask(-11, 100)), "code_unknown");
    town.world.advance(24 * 3_600_000 + 1);
    let late = payer_code(&tokens[19], 0, town.world.now());
    assert_eq!(refusal(town.service.charge(&charge(&late, "late", 100))), "code_unknown");
}

#[tokio::test]
async fn guesses_find_nothing() {
    let town = Town::new();
    let (phone, tokens) = rich(&town).await;
    let mut bytes = [0u8; 8];
    for number in 0..10_000u64 {
        town.world.random(&mut bytes);
        let code = format!("97{:022}", u128::from(u64::from_be_bytes(bytes)) * 541 % 10u128.pow(22));
        if number % 100 == 0 {
            assert_eq!(refusal(town.service.charge(&charge(&code, &format!("g-{number}"), 1))), "code_unknown");
        }
    }
    // Guessing the tag of a token that exists kills it.
    let code = payer_code(&tokens[0], 0, town.world.now());
    for number in 0..5 {
        let tail = (code[23..].parse::<u32>().unwrap() + 1 + number) % 10;
        let guess = format!("{}{tail}", &code[..23]);
        assert_eq!(refusal(town.service.charge(&charge(&guess, &format!("t-{number}"), 1))), "code_unknown");
    }
    assert_eq!(refusal(town.service.charge(&charge(&code, "good", 1))), "code_unknown");
    assert_eq!(town.balance(&phone).await, 100_000);
}

#[tokio::test]
async fn a_question_is_answered_declined_or_lapses() {
    let town = Town::new();
    let (phone, tokens) = rich(&town).await;
    let asked = |number: usize| town.service.charge(&charge(&payer_code(&tokens[number], 0, town.world.now()), &format!("a-{number}"), 20_000));
    let open = async || phone.call("GET", "/v1/history", None).await.unwrap().json["asks"].clone();
    assert!(matches!(asked(0), ChargeAnswer::WaitingForPayer { .. }));
    let ask = open().await[0].clone();
    let path = format!("/v1/asks/{}/decline", ask["ask_id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(phone.call("POST", &path, Some(json!({}))).await.unwrap().status, 204);
    }
    assert_eq!(refusal(town.service.charge_state("lakala", "a-0")), "ask_declined");
    refused(&phone.call("POST", &format!("/v1/asks/{}/decline", "0".repeat(32)), Some(json!({}))).await.unwrap(), 404, "not_found");

    // Confirmed after its time: refused, and nothing moved.
    asked(1);
    let ask = open().await[0].clone();
    let wanted = json!({"kind": "ask", "amount": ask["amount"], "ask_id": ask["ask_id"]});
    let quote = town.quote(&phone, wanted.clone()).await;
    town.world.advance(60_001);
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap();
    let reply = put(&phone, &body).await;
    assert_eq!((reply.status, reply.text("state")), (200, "refused"));
    assert_eq!(refusal(town.service.charge_state("lakala", "a-1")), "ask_lapsed");
    refused(&phone.call("POST", "/v1/quotes", Some(wanted)).await.unwrap(), 422, "ask_lapsed");
    assert_eq!(open().await, json!([]));
    assert_eq!(town.balance(&phone).await, 100_000);
}

#[tokio::test]
async fn refunds_never_exceed_and_happen_once() {
    let town = Town::new();
    let (phone, tokens) = rich(&town).await;
    let service = &town.service;
    service.charge(&charge(&payer_code(&tokens[0], 0, town.world.now()), "o", 1_000));
    let whole = |answer: ChargeAnswer| match answer {
        ChargeAnswer::Refunded { refunded, whole, .. } => (refunded.minor, whole),
        other => panic!("{other:?}"),
    };
    assert_eq!(whole(service.refund("lakala", "o", "r1", Money::fen(400))), (400, false));
    assert_eq!(whole(service.refund("lakala", "o", "r1", Money::fen(400))), (400, false), "once");
    assert_eq!(refusal(service.refund("lakala", "o", "r1", Money::fen(300))), "id_reused");
    assert_eq!(refusal(service.refund("lakala", "o", "r2", Money::fen(601))), "amount_too_large");
    assert_eq!(refusal(service.refund("lakala", "o", "r3", Money::fen(0))), "amount_too_large");
    assert_eq!(refusal(service.refund("lakala", "o", "r4", Money::fen(-1))), "amount_too_large");
    assert_eq!(whole(service.refund("lakala", "o", "r5", Money::fen(600))), (1_000, true));
    assert_eq!(service.refund("lakala", "none", "r6", Money::fen(1)), ChargeAnswer::Unknown);
    assert_eq!(town.balance(&phone).await, 100_000);
    town.audit().await;
}
