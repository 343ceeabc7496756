//! A phone in the place of a lost one: what has to be proven, what is shut out, who wins, what survives.
use crate::common::successor::*;
use crate::common::*;
use kabao_base::Id;
use kabao_proof::digest::sha256_of;
use serde_json::json;

#[tokio::test]
async fn a_new_phone_shuts_the_old_one_out_in_one_step() {
    let town = Town::new();
    let (old, card) = town.person().await;
    ok(&town.top_up(&old, card, 200_000).await);
    let batch = old.call("POST", "/v1/payer-codes", Some(json!({"batch_id": old.make_id(), "count": 3}))).await.unwrap();
    ok(&batch);
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({"movements": "hold"}))).await;
    let flying = town.top_up(&old, card, 3_000).await;
    assert_eq!(flying.status, 202);
    let quote = town.quote(&old, json!({"kind": "pay", "payee_id": town.merchant().await, "amount": cny(1_000)})).await;
    let late = old.payment(old.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap();

    let mut new = Successor::numbered(&town).await;
    let done = new.prove(PIN, &id_number(0)).await;
    ok(&done);
    new.become_device(&done);
    assert_eq!(done.json["open"].as_array().unwrap().len(), 1, "{}", done.json);
    assert_eq!(new.call("GET", "", None).await.json, done.json, "asked again it is the same");

    // The old phone: nothing, whatever it asks; its codes as well.
    refused(&old.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    refused(&put(&old, &late).await, 401, "device_revoked");
    let intent = late["terms"]["intent_id"].as_str().unwrap();
    refused(&old.call("POST", &format!("/v1/payments/{intent}/abandon"), Some(json!({}))).await.unwrap(), 401, "device_revoked");
    let code = payer_code(&batch.json["tokens"][0], 0, kabao_service::World::now(town.world.as_ref()));
    let charge = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 900}))).await;
    assert_ne!(charge["code"], "BBS00000", "{charge}");

    // The new one: the account, low limits, and the money in flight comes to its end.
    let account = new.phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(account.json["limits"]["single"], cny(50_000), "{}", account.json);
    assert!(account.json["limits"]["low_until"].as_i64().unwrap() > 0);
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({}))).await;
    town.ask_dev("POST", "/dev/bank/settle", None).await;
    assert_eq!(town.balance(&new.phone).await, 203_000);
    let notices = town.ask_dev("GET", "/dev/notices", None).await;
    assert_eq!(notices["notices"][0]["kind"], "device_replaced");
    let inbox = town.ask_dev("GET", "/dev/inbox?phone=13800138000", None).await;
    let told = inbox["messages"].as_array().unwrap().iter().any(|sms| sms["text"].as_str().unwrap().contains(MODEL));
    assert!(told, "the number is told: {inbox}");
    town.audit().await;
}

#[tokio::test]
async fn low_limits_hold_for_a_day_and_count_what_was_paid() {
    let town = Town::new();
    let (old, card) = town.person().await;
    ok(&town.top_up(&old, card, 300_000).await);
    let mut new = Successor::numbered(&town).await;
    let done = new.prove(PIN, &id_number(0)).await;
    new.become_device(&done);
    let merchant = town.merchant().await;
    let quote = |fen: i64| json!({"kind": "pay", "payee_id": merchant, "amount": cny(fen)});
    refused(&new.phone.call("POST", "/v1/quotes", Some(quote(50_001))).await.unwrap(), 422, "limit_new_device");
    for fen in [30_000, 20_000] {
        let quoted = town.quote(&new.phone, quote(fen)).await;
        let body = new.phone.payment(new.phone.make_id(), &quoted, json!({"kind": "balance"}), Some(PIN)).unwrap();
        assert_eq!(put(&new.phone, &body).await.text("state"), "succeeded");
    }
    // Printed codes have their own 500.00 a day; the next day begins in UTC+8 while the 24 hours go on.
    town.world.advance(23 * 3_600_000);
    for fen in [30_000, 20_000] {
        let quoted = town.quote(&new.phone, quote(fen)).await;
        let body = new.phone.payment(new.phone.make_id(), &quoted, json!({"kind": "balance"}), Some(PIN)).unwrap();
        assert_eq!(put(&new.phone, &body).await.text("state"), "succeeded");
    }
    refused(&new.phone.call("POST", "/v1/quotes", Some(quote(100))).await.unwrap(), 422, "limit_new_device");
    let limits = new.phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(limits.json["limits"]["single"], cny(0), "{}", limits.json);
    town.world.advance(3_600_001);
    let limits = new.phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(limits.json["limits"]["single"], cny(500_000), "{}", limits.json);
    assert!(limits.json["limits"].get("low_until").is_none());
    town.audit().await;
}

#[tokio::test]
async fn a_stolen_sim_alone_replaces_nothing_and_spends_no_try() {
    let town = Town::new();
    let (old, _) = town.person().await;
    let thief = Successor::numbered(&town).await;
    let proof = thief.phone.make_id();
    // No name, no try of the PIN; another person's name, the same.
    let body = json!({"proof_id": proof, "pin_box": thief.pin_box(proof, "123123")});
    refused(&thief.call("PUT", "/proof", Some(body)).await, 400, "bad_argument");
    for _ in 0..5 {
        refused(&thief.prove("123123", &id_number(7)).await, 422, "id_mismatch");
    }
    refused(&thief.prove("123123", &id_number(7)).await, 403, "verification_attempts");
    // The bound is the account's, not the phone's.
    let again = Successor::numbered(&town).await;
    refused(&again.prove(PIN, &id_number(0)).await, 403, "verification_attempts");
    ok(&old.call("GET", "/v1/account", None).await.unwrap());
    // The PIN has all of its tries.
    town.world.advance(86_400_001);
    let owner = Successor::numbered(&town).await;
    let wrong = owner.prove("975310", &id_number(0)).await;
    refused(&wrong, 422, "pin_wrong");
    assert_eq!(wrong.json["attempts_left"], 4);
}

#[tokio::test]
async fn another_name_with_the_right_number_takes_no_account() {
    let town = Town::new();
    let (old, _) = town.person().await;
    let thief = Successor::numbered(&town).await;
    for name in ["王五", "张", "张三丰", "三张"] {
        refused(&thief.prove_as(name, PIN, &id_number(0)).await, 422, "id_mismatch");
    }
    // A new PIN the same, and the tries of both are counted together.
    let proof = thief.phone.make_id();
    let mut person = thief.bound_person(proof, &id_number(0)).await;
    person["name"] = json!("王五");
    let body = json!({"proof_id": proof, "new_pin_box": thief.new_pin_box(proof, "481507"), "person": person});
    refused(&thief.call("PUT", "/proof", Some(body)).await, 422, "id_mismatch");
    refused(&thief.prove(PIN, &id_number(0)).await, 403, "verification_attempts");
    ok(&old.call("GET", "/v1/account", None).await.unwrap());
    // The name in another writing, and one that the same number was verified under before, are the person's.
    town.world.advance(86_400_001);
    town.ask_dev("POST", "/dev/reverify", Some(json!({"by": "2020-01-01"}))).await;
    ok(&old.verify("张三丰", &id_number(0), 3).await.unwrap());
    let owner = Successor::numbered(&town).await;
    for name in [" 张·三丰 ", "张 三", "张三"] {
        refused(&owner.prove_as(name, "975310", &id_number(0)).await, 422, "pin_wrong");
    }
    assert_eq!(owner.prove_as("张三", PIN, &id_number(0)).await.text("state"), "done");
}

#[tokio::test]
async fn the_pin_is_counted_by_the_vault_over_all_phones() {
    let mut town = Town::new();
    let (old, _) = town.person().await;
    let one = Successor::numbered(&town).await;
    for left in [4, 3, 2] {
        let reply = one.prove("975310", &id_number(0)).await;
        assert_eq!((reply.code(), reply.json["attempts_left"].as_i64()), ("pin_wrong", Some(left)));
    }
    // The same try again is the same try.
    let proof = one.phone.make_id();
    let body = json!({"proof_id": proof, "pin_box": one.pin_box(proof, "975310")});
    for _ in 0..3 {
        let reply = one.call("PUT", "/proof", Some(body.clone())).await;
        assert_eq!((reply.code(), reply.json["attempts_left"].as_i64()), ("pin_wrong", Some(1)));
    }
    town.restart();
    let other = Successor::numbered(&town).await;
    refused(&other.prove("975310", &id_number(0)).await, 403, "replace_pin_locked");
    refused(&other.prove(PIN, &id_number(0)).await, 403, "replace_pin_locked");
    let mut old = old;
    town.again(&mut old);
    let account = old.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(account.json["pin_locked"], json!(true));
}

#[tokio::test]
async fn a_box_fits_one_phone_only() {
    let town = Town::new();
    let (_, _) = town.person().await;
    let (one, other) = (Successor::numbered(&town).await, Successor::numbered(&town).await);
    let proof = one.phone.make_id();
    let body = json!({"proof_id": proof, "pin_box": one.pin_box(proof, PIN), "person": other.person(proof, NAME, &id_number(0)).await});
    refused(&other.call("PUT", "/proof", Some(body)).await, 422, "approval_refused");
}

#[tokio::test]
async fn of_two_phones_exactly_one_wins() {
    let town = Town::new();
    let (old, _) = town.person().await;
    let (one, other) = (Successor::numbered(&town).await, Successor::numbered(&town).await);
    town.world.advance(60_001);
    let (waiting, sent) = Successor::begin(&town).await;
    ok(&sent);
    let otp = waiting.phone.otp(TEL, "kabao").await.unwrap();
    let number = id_number(0);
    let (first, second) = tokio::join!(one.prove(PIN, &number), other.prove(PIN, &number));
    let ((mut winner, won), (loser, lost)) =
        if first.status == 200 { ((one, first), (other, second)) } else { ((other, second), (one, first)) };
    winner.become_device(&won);
    refused(&lost, 409, "replace_overtaken");
    // For good, whatever is asked.
    refused(&loser.prove(PIN, &number).await, 409, "replace_overtaken");
    refused(&loser.call("GET", "", None).await, 409, "replace_overtaken");
    refused(&loser.ask_code(TEL).await, 409, "replace_overtaken");
    refused(&old.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    // A code that was on its way to a third phone is worth nothing.
    refused(&waiting.call("POST", "/otp", Some(json!({"otp": otp}))).await, 404, "not_found");
    ok(&winner.phone.call("GET", "/v1/account", None).await.unwrap());
}

#[tokio::test]
async fn ids_and_codes_by_the_book() {
    let mut town = Town::new();
    let (old, _) = town.person().await;
    town.world.advance(60_001);
    let (new, sent) = Successor::begin(&town).await;
    ok(&sent);
    refused(&new.ask_code(TEL).await, 429, "otp_cooldown");
    refused(&new.ask_code("+8613800138999").await, 409, "id_reused");
    let stranger = Successor { phone: town.phone().await, id: new.id, account: new.account };
    refused(&stranger.ask_code(TEL).await, 409, "id_reused");
    refused(&stranger.call("POST", "/otp", Some(json!({"otp": "123456"}))).await, 401, "signature_invalid");
    refused(&stranger.call("GET", "", None).await, 401, "signature_invalid");
    let unknown = Successor { phone: town.phone().await, id: new.phone.make_id(), account: new.account };
    refused(&unknown.ask_code("+8613800138999").await, 404, "phone_unknown");
    refused(&unknown.call("GET", "", None).await, 404, "not_found");
    // Five wrong codes lock this one.
    let otp = new.phone.otp(TEL, "kabao").await.unwrap();
    let wrong = if otp == "000000" { "000001" } else { "000000" };
    for left in [4, 3, 2, 1] {
        let reply = new.call("POST", "/otp", Some(json!({"otp": wrong}))).await;
        assert_eq!((reply.status, reply.code(), reply.json["attempts_left"].as_i64()), (422, "otp_wrong", Some(left)));
    }
    refused(&new.call("POST", "/otp", Some(json!({"otp": wrong}))).await, 403, "otp_locked");
    refused(&new.call("POST", "/otp", Some(json!({"otp": otp}))).await, 403, "otp_locked");
    // Ten codes a day for a number, whatever asks for them.
    let mut count = 0;
    loop {
        town.world.advance(60_001);
        let reply = new.ask_code(TEL).await;
        if reply.status == 429 {
            assert_eq!(reply.code(), "too_many_requests");
            break;
        }
        count += 1;
        assert!(count < 10, "no end of codes");
    }
    // The number proven counts for an hour.
    town.world.advance(86_400_000);
    let late = Successor::numbered(&town).await;
    town.world.advance(3_600_001);
    refused(&late.prove(PIN, &id_number(0)).await, 422, "otp_expired");
    town.restart();
    let mut old = old;
    town.again(&mut old);
    ok(&old.call("GET", "/v1/account", None).await.unwrap());
}

#[tokio::test]
async fn a_frozen_account_stays_frozen_on_the_new_phone() {
    let town = Town::new();
    let (old, _) = town.person().await;
    let hash = kabao_proof::hex(&sha256_of(&[b"kabao-sheet-1", b"ABCDABCDABCDABCD"]));
    assert_eq!(old.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    let frozen = old.call("POST", "/v1/freeze", Some(json!({"phone": TEL, "code": "ABCD-ABCD-ABCD-ABCD"}))).await.unwrap();
    assert_eq!(frozen.status, 204, "{}", frozen.json);
    let mut new = Successor::numbered(&town).await;
    let done = new.prove(PIN, &id_number(0)).await;
    new.become_device(&done);
    let account = new.phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(account.json["frozen"], json!(true));
    refused(&old.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    let quote = json!({"kind": "top_up", "amount": cny(100), "card_id": new.phone.make_id()});
    refused(&new.phone.call("POST", "/v1/quotes", Some(quote)).await.unwrap(), 403, "account_frozen");
}

#[tokio::test]
async fn an_account_without_a_name_needs_its_pin_and_one_without_a_pin_its_number() {
    let town = Town::new();
    let mut old = town.phone().await;
    ok(&old.register(TEL).await.unwrap());
    town.world.advance(60_001);
    let (mut new, _) = Successor::begin(&town).await;
    let otp = new.phone.otp(TEL, "kabao").await.unwrap();
    let done = new.call("POST", "/otp", Some(json!({"otp": otp}))).await;
    new.account = Id::parse(done.text("account_id")).unwrap();
    new.become_device(&done);
    assert_eq!(new.phone.set_pin(PIN).await.unwrap().status, 204);
    let mut third = Successor::numbered(&town).await;
    let proof = third.phone.make_id();
    let none = third.call("PUT", "/proof", Some(json!({"proof_id": proof}))).await;
    refused(&none, 400, "bad_argument");
    let wrong = third.call("PUT", "/proof", Some(json!({"proof_id": proof, "pin_box": third.pin_box(proof, "975310")}))).await;
    refused(&wrong, 422, "pin_wrong");
    let proof = third.phone.make_id();
    let done = third.call("PUT", "/proof", Some(json!({"proof_id": proof, "pin_box": third.pin_box(proof, PIN)}))).await;
    third.become_device(&done);
    refused(&new.phone.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    refused(&new.call("GET", "", None).await, 401, "device_revoked");
}

#[tokio::test]
async fn what_was_shut_out_stays_out_after_a_restore() {
    let mut town = Town::new();
    let (mut old, card) = town.person().await;
    ok(&town.top_up(&old, card, 5_000).await);
    let batch = old.call("POST", "/v1/payer-codes", Some(json!({"batch_id": old.make_id(), "count": 1}))).await.unwrap();
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    let mut new = Successor::numbered(&town).await;
    let done = new.prove(PIN, &id_number(0)).await;
    new.become_device(&done);
    // Also while the books of the others are not read yet.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"], "rebuild": false}))).await;
    refused(&old.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    town.restart();
    town.again(&mut old);
    town.again(&mut new.phone);
    refused(&old.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    let code = payer_code(&batch.json["tokens"][0], 0, kabao_service::World::now(town.world.as_ref()));
    let charge = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 900}))).await;
    assert_ne!(charge["code"], "BBS00000", "{charge}");
    let account = new.phone.call("GET", "/v1/account", None).await.unwrap();
    ok(&account);
    assert_eq!(account.json["limits"]["single"], cny(50_000));
    assert_eq!(new.call("GET", "", None).await.text("device_id"), done.text("device_id"));
    town.audit().await;
}

#[tokio::test]
async fn a_service_killed_at_any_step_goes_on() {
    let mut town = Town::new();
    let (mut old, _) = town.person().await;
    let mut new = Successor::numbered(&town).await;
    // The code is forgotten, what it proved is not.
    town.restart();
    town.again(&mut new.phone);
    assert_eq!(new.call("POST", "/otp", Some(json!({"otp": "123456"}))).await.text("state"), "proving");
    // The vendor is silent, the service is killed, the vendor answers.
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"pending_times": 1}))).await;
    let pending = new.prove(PIN, &id_number(0)).await;
    assert_eq!((pending.status, pending.text("state")), (202, "person_pending"));
    town.restart();
    town.again(&mut new.phone);
    town.again(&mut old);
    ok(&old.call("GET", "/v1/account", None).await.unwrap());
    let asked = new.call("GET", "", None).await;
    assert_eq!((asked.text("state"), &asked.json["needs_person"]), ("proving", &json!(false)));
    let proof = new.phone.make_id();
    let body = json!({"proof_id": proof, "pin_box": new.pin_box(proof, PIN)});
    let done = new.call("PUT", "/proof", Some(body.clone())).await;
    new.become_device(&done);
    town.restart();
    town.again(&mut new.phone);
    assert_eq!(new.call("PUT", "/proof", Some(body)).await.json, done.json);
    ok(&new.phone.call("GET", "/v1/account", None).await.unwrap());
    assert_eq!(town.ask_dev("GET", "/dev/notices", None).await["notices"].as_array().unwrap().len(), 1);
}
