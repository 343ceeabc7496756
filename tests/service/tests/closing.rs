//! Closing an account: what stands in the way, taking it back, the end, and what is left of the person.
use crate::common::*;
use kabao_base::Id;
use kabao_proof::KeyPurpose;
use kabao_proof::digest::sha256_of;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

const TEL: &str = "+8613900139000";
const COOLING: i64 = 7 * 86_400_000;

/// Verified, with a PIN, without a card and without money.
async fn settled(town: &Town, tel: &str, number: u64) -> Phone {
    let mut phone = town.phone().await;
    ok(&phone.register(tel).await.unwrap());
    assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
    ok(&phone.verify(NAME, &id_number(number), 5).await.unwrap());
    phone
}

fn body(phone: &Phone, id: Id, pin: Option<&str>) -> Value {
    let proof = phone.make_id();
    let mut body = json!({"proof_id": proof, "confirmed": true});
    if let Some(pin) = pin {
        let (account, device) = (phone.account.unwrap(), phone.device.unwrap());
        let parts = ["kabao-close-1".to_owned(), id.to_string(), proof.to_string(), account.to_string(), device.to_string()];
        let digest = sha256_of(&[parts.join("\0").as_bytes()]);
        body["pin_box"] = phone.seal(&KeyPurpose::PinBox, b"kabao-pin-1", &digest, pin).unwrap();
    }
    body
}

async fn close(phone: &Phone, id: Id) -> Reply {
    phone.call("PUT", &format!("/v1/closures/{id}"), Some(body(phone, id, Some(PIN)))).await.unwrap()
}

async fn view(phone: &Phone) -> Reply {
    phone.call("GET", "/v1/closures", None).await.unwrap()
}

async fn end(town: &Town) {
    town.world.advance(COOLING + 1);
    town.ask_dev("POST", "/dev/tick", None).await;
}

fn blocking(reply: &Reply) -> Vec<&str> {
    let points = reply.json["points"].as_array().unwrap().iter();
    points.filter(|point| point["blocks"] == true).map(|point| point["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_point_in_the_way_is_named_and_nothing_closes_over_it() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    assert_eq!(blocking(&view(&phone).await), ["closure_cards"]);
    ok(&town.top_up(&phone, card, 5_000).await);
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({"movements": "hold"}))).await;
    assert_eq!(town.top_up(&phone, card, 3_000).await.status, 202);
    let standing = view(&phone).await;
    assert_eq!(blocking(&standing), ["closure_balance", "closure_in_flight", "closure_cards"]);
    assert_eq!(standing.json["points"][0]["count"], 5_000);
    // The PIN is not even judged: no try is spent on what would be refused.
    let id = phone.make_id();
    let wrong = phone.call("PUT", &format!("/v1/closures/{id}"), Some(body(&phone, id, Some("975310")))).await.unwrap();
    refused(&wrong, 409, "closure_balance");
    assert_eq!(view(&phone).await.text("state"), "open");
    town.audit().await;
}

#[tokio::test]
async fn a_closing_account_pays_nothing_and_can_be_taken_back() {
    let mut town = Town::new();
    let mut phone = settled(&town, TEL, 0).await;
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 1}))).await.unwrap();
    ok(&batch);
    let id = phone.make_id();
    let path = format!("/v1/closures/{id}");
    refused(&phone.call("PUT", &path, Some(body(&phone, id, None))).await.unwrap(), 400, "bad_argument");
    let wrong = phone.call("PUT", &path, Some(body(&phone, id, Some("975310")))).await.unwrap();
    assert_eq!((wrong.code(), wrong.json["attempts_left"].as_i64()), ("pin_wrong", Some(4)));
    refused(&phone.call("PUT", &path, Some(body(&phone, phone.make_id(), Some(PIN)))).await.unwrap(), 422, "approval_refused");
    let mut meant = body(&phone, id, Some(PIN));
    meant["confirmed"] = json!(false);
    refused(&phone.call("PUT", &path, Some(meant)).await.unwrap(), 400, "bad_argument");
    let begun = close(&phone, id).await;
    assert_eq!(begun.text("state"), "cooling", "{}", begun.json);
    assert_eq!(close(&phone, id).await.json, begun.json, "the same call again is the same closing");
    refused(&close(&phone, phone.make_id()).await, 409, "account_closing");
    // Another account has no part in it.
    town.skip_people(10);
    let (other, _) = town.person().await;
    refused(&other.call("POST", &format!("{path}/reopening"), None).await.unwrap(), 404, "not_found");
    refused(&other.call("PUT", &path, Some(body(&other, id, Some(PIN)))).await.unwrap(), 409, "id_reused");
    // No quote, no code, no other number.
    let quote = json!({"kind": "pay", "amount": cny(100), "payee_id": town.merchant().await});
    refused(&phone.call("POST", "/v1/quotes", Some(quote.clone())).await.unwrap(), 403, "account_closing");
    let more = json!({"batch_id": phone.make_id(), "count": 1});
    refused(&phone.call("POST", "/v1/payer-codes", Some(more)).await.unwrap(), 403, "account_closing");
    let number = json!({"change_id": phone.make_id(), "phone": "+8617012345678", "old_reachable": true});
    refused(&phone.call("POST", "/v1/phone-changes", Some(number)).await.unwrap(), 403, "account_closing");
    let code = payer_code(&batch.json["tokens"][0], 0, kabao_service::World::now(town.world.as_ref()));
    let charge = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 900}))).await;
    assert_ne!(charge["code"], "BBS00000", "{charge}");
    // Money that comes in meanwhile is there, and no code of before pays with it.
    let (payer, card) = town.person().await;
    ok(&town.top_up(&payer, card, 5_000).await);
    let codes = payer.call("POST", "/v1/payer-codes", Some(json!({"batch_id": payer.make_id(), "count": 2}))).await.unwrap();
    let now = kabao_service::World::now(town.world.as_ref());
    let spent = json!({"code": payer_code(&codes.json["tokens"][0], 0, now), "amount_fen": 5_000, "order": "all"});
    assert_eq!(town.ask_dev("POST", "/dev/till/charge", Some(spent)).await["code"], "BBS00000");
    ok(&payer.remove_card(payer.make_id(), card, PIN).await.unwrap());
    assert_eq!(close(&payer, payer.make_id()).await.text("state"), "cooling");
    town.ask_dev("POST", "/dev/till/refund", Some(json!({"origin": "all", "amount_fen": 900}))).await;
    assert_eq!(town.balance(&payer).await, 900);
    let kept = json!({"code": payer_code(&codes.json["tokens"][1], 0, now), "amount_fen": 900, "order": "kept"});
    assert_ne!(town.ask_dev("POST", "/dev/till/charge", Some(kept)).await["code"], "BBS00000");
    assert_eq!(town.balance(&payer).await, 900);
    // Taken back, also after a restart and after an older copy of the book.
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    town.world.advance(COOLING - 60_000);
    town.restart();
    town.again(&mut phone);
    assert_eq!(view(&phone).await.text("state"), "cooling");
    let open = phone.call("POST", &format!("{path}/reopening"), None).await.unwrap();
    assert_eq!(open.text("state"), "open", "{}", open.json);
    assert_eq!(phone.call("POST", &format!("{path}/reopening"), None).await.unwrap().json, open.json);
    refused(&close(&phone, id).await, 409, "wrong_step");
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
    end(&town).await;
    assert_eq!(view(&phone).await.text("state"), "open");
    refused(&phone.call("POST", "/v1/quotes", Some(quote)).await.unwrap(), 422, "balance_low");
}

#[tokio::test]
async fn closed_for_good_frees_number_and_person_and_stays_closed() {
    let mut town = Town::new();
    let mut phone = settled(&town, TEL, 0).await;
    let hash = kabao_proof::hex(&sha256_of(&[b"kabao-sheet-1", b"ABCDABCDABCDABCD"]));
    assert_eq!(phone.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    let id = phone.make_id();
    ok(&close(&phone, id).await);
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    town.world.advance(COOLING - 1_000);
    town.ask_dev("POST", "/dev/tick", None).await;
    assert_eq!(view(&phone).await.text("state"), "cooling");
    end(&town).await;
    for (method, path) in [("GET", "/v1/closures"), ("GET", "/v1/account"), ("GET", "/v1/history"), ("GET", "/v1/contacts")] {
        refused(&phone.call(method, path, None).await.unwrap(), 401, "account_closed");
    }
    refused(&phone.call("POST", &format!("/v1/closures/{id}/reopening"), None).await.unwrap(), 401, "account_closed");
    // An older copy of the book, read by a service that was killed, opens nothing.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"], "rebuild": false}))).await;
    town.restart();
    town.again(&mut phone);
    refused(&view(&phone).await, 401, "account_closed");
    // The sheet of a closed account freezes nothing; the number is nobody's.
    let freeze = json!({"phone": TEL, "code": "ABCD-ABCD-ABCD-ABCD"});
    refused(&phone.call("POST", "/v1/freeze", Some(freeze)).await.unwrap(), 422, "otp_wrong");
    let mut again = town.phone().await;
    let body = json!({
        "replacement_id": again.make_id(), "phone": TEL, "device_key": again.device_key.public(),
        "approve_key": again.approve_key.public(), "device_model": "Again",
    });
    refused(&again.call("POST", "/v1/device-replacements", Some(body)).await.unwrap(), 404, "phone_unknown");
    // The same person, the same number, a new account.
    ok(&again.register(TEL).await.unwrap());
    assert_ne!(again.account, phone.account);
    assert_eq!(again.set_pin("246813").await.unwrap().status, 204);
    let verified = again.verify(NAME, &id_number(0), 5).await.unwrap();
    assert_eq!(verified.text("state"), "passed", "{}", verified.json);
    // No file of the service holds the number that was the account's.
    town.audit().await;
}

#[tokio::test]
async fn a_replacement_under_way_and_a_frozen_account_do_not_mix_with_closing() {
    let town = Town::new();
    let phone = settled(&town, TEL, 0).await;
    let hash = kabao_proof::hex(&sha256_of(&[b"kabao-sheet-1", b"ABCDABCDABCDABCD"]));
    assert_eq!(phone.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    town.world.advance(60_001);
    let thief = town.phone().await;
    let replacement = thief.make_id();
    let asked = json!({
        "replacement_id": replacement, "phone": TEL, "device_key": thief.device_key.public(),
        "approve_key": thief.approve_key.public(), "device_model": "Thief",
    });
    ok(&thief.call("POST", "/v1/device-replacements", Some(asked)).await.unwrap());
    let code = thief.otp(TEL, "kabao").await.unwrap();
    ok(&close(&phone, phone.make_id()).await);
    end(&town).await;
    let path = format!("/v1/device-replacements/{replacement}/otp");
    let bytes = json!({"otp": code}).to_string().into_bytes();
    let headers = thief.sign_as_self("POST", &path, &bytes).unwrap();
    let late = thief.call_with("POST", &path, &headers, &bytes).await.unwrap();
    assert!(["otp_expired", "phone_unknown"].contains(&late.code()), "{}", late.json);
    let frozen = settled(&town, "+8613900139001", 1).await;
    assert_eq!(frozen.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    let freeze = json!({"phone": "+8613900139001", "code": "ABCD-ABCD-ABCD-ABCD"});
    assert_eq!(frozen.call("POST", "/v1/freeze", Some(freeze)).await.unwrap().status, 204);
    refused(&close(&frozen, frozen.make_id()).await, 403, "account_frozen");
}

#[tokio::test]
async fn a_phone_that_was_signed_out_before_hears_that_its_account_is_closed() {
    let town = Town::new();
    let phone = settled(&town, TEL, 0).await;
    ok(&close(&phone, phone.make_id()).await);
    let asks = async |path: &str, of: Value| {
        let new = town.phone().await;
        let mut body = json!({
            "phone": TEL, "device_key": new.device_key.public(), "approve_key": new.approve_key.public(), "device_model": "Mate X", "account_id": of,
        });
        match path {
            "/v1/sign-ins" => (body["sign_in_id"], body["form"]) = (json!(new.make_id()), json!("phone")),
            _ => body["replacement_id"] = json!(new.make_id()),
        }
        new.call("POST", path, Some(body)).await.unwrap()
    };
    let own = json!(phone.account.unwrap());
    for (turn, path) in ["/v1/sign-ins", "/v1/device-replacements"].into_iter().enumerate() {
        // Cooling is not closed: the way back is open.
        town.world.advance(60_001);
        ok(&asks(path, own.clone()).await);
        for bad in ["", "😀", "\u{202e}", &"1".repeat(1 << 20)] {
            let reply = asks(path, json!(bad)).await;
            assert!(matches!(reply.status, 400 | 413), "{turn}: {}", reply.json);
        }
    }
    end(&town).await;
    for path in ["/v1/sign-ins", "/v1/device-replacements"] {
        refused(&asks(path, own.clone()).await, 401, "account_closed");
        // An account that nobody knows says nothing of this number.
        refused(&asks(path, json!(phone.make_id())).await, 404, "phone_unknown");
    }
    // The number is somebody else's by now: the files are still of the closed account.
    let mut next = town.phone().await;
    ok(&next.register(TEL).await.unwrap());
    refused(&asks("/v1/sign-ins", own).await, 401, "account_closed");
}
