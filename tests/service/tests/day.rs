//! The main road: register, verify, bind, top up, pay at a till, pay a printed code, refund, read the history.

use crate::common::{NAME, PIN, Town, cny, id_number, ok, pan, payer_code, put};
use kabao_base::Id;
use kabao_outside::World;
use kabao_proof::{Document, Head, HistoryEntry, Receipt, RecordKind, chain};
use kabao_service::wire;
use serde_json::json;

#[tokio::test]
async fn a_day_from_registration_to_refund() {
    let town = Town::new();
    let mut phone = town.phone().await;
    ok(&phone.register("+8613800138000").await.unwrap());
    assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
    assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204, "the same call again");
    let sheet = json!({"sheet_hash": "ab".repeat(32)});
    assert_eq!(phone.call("PUT", "/v1/account/recovery-sheet", Some(sheet)).await.unwrap().status, 204);

    let verified = phone.verify(NAME, &id_number(0), 3).await.unwrap();
    ok(&verified);
    assert_eq!((verified.text("state"), verified.json["class"].as_i64()), ("passed", Some(2)));
    assert_eq!(verified.text("name_masked"), "*三");
    let card = phone.bind(&pan(0), NAME, "13800138000").await.unwrap();
    ok(&card);
    let card_id = Id::parse(card.text("card_id")).unwrap();

    let paid = town.top_up(&phone, card_id, 20_000).await;
    ok(&paid);
    assert_eq!(paid.text("state"), "succeeded");
    let stages: Vec<&str> = paid.json["timeline"].as_array().unwrap().iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["accepted", "sent_to_bank", "bank_confirmed", "arrived"]);
    assert_eq!(town.balance(&phone).await, 20_000);

    // A till reads a code, the phone being off.
    let batch = json!({"batch_id": phone.make_id(), "count": 3});
    let tokens = phone.call("POST", "/v1/payer-codes", Some(batch.clone())).await.unwrap();
    ok(&tokens);
    assert_eq!(phone.call("POST", "/v1/payer-codes", Some(batch)).await.unwrap().raw.body, tokens.raw.body, "the same batch, the same answer");
    let code = payer_code(&tokens.json["tokens"][0], 0, town.world.now());
    let charged = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 2350, "order": "till-1"}))).await;
    assert_eq!(charged["code"], "BBS00000", "{charged}");
    let state = town.ask_dev("POST", "/dev/till/query", Some(json!({"order": "till-1"}))).await;
    assert_eq!(state["data"]["trade_state"], "SUCCESS", "{state}");
    assert_eq!(town.balance(&phone).await, 17_650);
    let read = town.ask_dev("GET", "/dev/tokens", None).await;
    assert_eq!(read["tokens"][0]["digits"], json!(code));

    // The same code for another order, and the same order again.
    let again = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 2350, "order": "till-2"}))).await;
    assert_eq!(again["code"], "KB20003", "{again}");
    let repeated = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 2350, "order": "till-1"}))).await;
    assert_eq!(repeated["code"], "KB20001", "{repeated}");

    // A printed code.
    let merchant = town.ask_dev("POST", "/dev/merchants", Some(json!({"name": "小面馆"}))).await;
    let payee = phone.call("POST", "/v1/payees/resolve", Some(json!({"payee_code": merchant["payee_code"]}))).await.unwrap();
    ok(&payee);
    assert_eq!((payee.text("name"), payee.text("limit_class")), ("小面馆", "D"));
    let quote = town.quote(&phone, json!({"kind": "pay", "amount": cny(1_200), "payee_id": payee.text("payee_id"), "order": "table 4"})).await;
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), None).unwrap();
    let paid = put(&phone, &body).await;
    ok(&paid);
    let receipt = Receipt::open(&wire::bytes(paid.text("proof"), "proof").unwrap(), phone.keys.as_ref().unwrap()).unwrap();
    assert_eq!((receipt.payee_name.as_str(), receipt.route.as_str(), receipt.amount.minor), ("小面馆", "kabao", 1_200));
    assert_eq!(receipt.terms_digest, kabao_service::kit::terms_digest(&body["terms"]));

    // The till asks above the cap; the person confirms.
    let code = payer_code(&tokens.json["tokens"][1], 0, town.world.now());
    let asked = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 12_000, "order": "till-3"}))).await;
    assert_eq!(asked["code"], "BBS10000", "{asked}");
    let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
    let ask = &page.json["asks"][0];
    let wanted = json!({"kind": "ask", "amount": ask["amount"], "payee_id": ask["payee_id"], "order": ask["order"], "ask_id": ask["ask_id"]});
    let quote = town.quote(&phone, wanted).await;
    let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap();
    ok(&put(&phone, &body).await);
    let state = town.ask_dev("POST", "/dev/till/query", Some(json!({"order": "till-3"}))).await;
    assert_eq!(state["data"]["trade_state"], "SUCCESS", "{state}");

    // And once the question lapses.
    let code = payer_code(&tokens.json["tokens"][2], 0, town.world.now());
    town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 10_001, "order": "till-4"}))).await;
    town.world.advance(61_000);
    town.service.tick(town.world.now());
    let state = town.ask_dev("POST", "/dev/till/query", Some(json!({"order": "till-4"}))).await;
    assert_eq!(state["data"]["trade_state"], "FAIL", "{state}");

    let back = town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": "till-1", "amount_fen": 350, "order": "back-1"}))).await;
    assert_eq!(back["code"], "BBS00000", "{back}");
    let undone = town.ask_dev("POST", "/dev/till/revoke", Some(json!({"origin": "till-3", "order": "back-2"}))).await;
    assert_eq!(undone["code"], "BBS00000", "{undone}");
    assert_eq!(town.balance(&phone).await, 20_000 - 2_350 - 1_200 + 350);

    // The history: a chain whose head is signed, one record for the charge, receipts that open.
    let page = phone.call("GET", "/v1/history?after=0", None).await.unwrap();
    ok(&page);
    let bodies: Vec<Vec<u8>> =
        page.json["entries"].as_array().unwrap().iter().map(|entry| wire::bytes(entry.as_str().unwrap(), "entry").unwrap()).collect();
    let head = Head::open(&wire::bytes(page.text("head"), "head").unwrap(), phone.keys.as_ref().unwrap()).unwrap();
    let account = phone.account.unwrap();
    let hash = chain::fold(&chain::genesis(&account), bodies.iter().map(Vec::as_slice));
    assert_eq!((head.seq, head.hash), (bodies.len() as u64, hash));
    let entries: Vec<HistoryEntry> = bodies.iter().map(|body| HistoryEntry::decode(body).unwrap()).collect();
    let charge: Vec<&HistoryEntry> = entries.iter().filter(|entry| entry.order.as_deref() == Some("till-1") && entry.kind == RecordKind::PayerCode).collect();
    assert_eq!(charge.iter().map(|entry| entry.state.as_str()).collect::<Vec<_>>(), ["done", "part_refunded"]);
    let receipt = Receipt::open(charge[0].receipt.as_deref().unwrap(), phone.keys.as_ref().unwrap()).unwrap();
    assert_eq!((receipt.route.as_str(), receipt.token_id.as_deref()), ("lakala", tokens.json["tokens"][0]["token_id"].as_str()));
    assert!(receipt.acquirer_order.is_some() && receipt.our_order == charge[0].our_order);
    assert!(entries.iter().any(|entry| entry.state == "refused" && entry.order.as_deref() == Some("till-4")));

    let audit = town.audit().await;
    assert_eq!(audit["executions"].as_array().unwrap().len(), 4);
}
