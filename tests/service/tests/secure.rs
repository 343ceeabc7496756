//! Passwords, second factors, phones beside one another: what has to be proven, what counts once, what an old copy cannot bring back.
use crate::common::guest::*;
use crate::common::*;
use kabao_base::Id;
use kabao_service::World;
use kabao_service::kit::Phone;
use serde_json::json;

#[tokio::test]
async fn a_password_is_proven_kept_slowly_and_locked_by_a_ladder() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let first = phone.make_id();
    refused(&set_password(&phone, first, "woaini1314", Some(PIN), None).await, 422, "password_common");
    refused(&set_password(&phone, first, "135792", Some(PIN), None).await, 422, "password_is_pin");
    // The phone's own rules pass it; it stands in published breaches.
    refused(&set_password(&phone, first, "Chocolate1", Some(PIN), None).await, 422, "password_common");
    refused(&set_password(&phone, first, &format!("tin-{}-lamps", &id_number(0)[6..14]), Some(PIN), None).await, 422, "password_birth_date");
    for (text, code) in [("05061987lamp", "password_birth_date"), ("060587-lamps", "password_birth_date"), ("ZhangSan-lamps", "password_name")] {
        refused(&set_password(&phone, first, text, Some(PIN), None).await, 422, code);
    }
    refused(&set_password(&phone, first, PASSWORD, None, None).await, 400, "bad_argument");
    refused(&set_password(&phone, first, PASSWORD, None, Some("x-y-z-old")).await, 409, "password_not_set");
    assert_eq!(set_password(&phone, first, PASSWORD, Some(PIN), None).await.status, 204);
    assert_eq!(set_password(&phone, first, PASSWORD, Some("000001"), None).await.status, 204, "the same change again is the same call");
    refused(&set_password(&phone, first, "nine-red-kites", Some(PIN), None).await, 409, "id_reused");
    refused(&set_password(&phone, phone.make_id(), PASSWORD, Some(PIN), None).await, 422, "password_same");

    // Five wrong ones, then the ladder; a restart and another phone change nothing.
    for left in (1..5).rev() {
        let no = set_password(&phone, phone.make_id(), "nine-red-kites", None, Some("wrong-wrong")).await;
        refused(&no, 422, "password_wrong");
        assert_eq!(no.json["attempts_left"], left);
    }
    let locked = set_password(&phone, phone.make_id(), "nine-red-kites", None, Some("wrong-wrong")).await;
    refused(&locked, 403, "password_locked");
    assert_eq!(locked.json["retry_after_ms"], 300_000);
    town.restart();
    town.again(&mut phone);
    refused(&set_password(&phone, phone.make_id(), "nine-red-kites", None, Some(PASSWORD)).await, 403, "password_locked");
    town.world.advance(300_001);
    let no = set_password(&phone, phone.make_id(), "nine-red-kites", None, Some("wrong-wrong")).await;
    assert_eq!((no.code(), &no.json["retry_after_ms"]), ("password_locked", &json!(900_000)), "the next step of the ladder");
    town.world.advance(900_001);
    assert_eq!(set_password(&phone, phone.make_id(), "nine-red-kites", None, Some(PASSWORD)).await.status, 204);
    let known = phone.call("GET", "/v1/account/security", None).await.unwrap();
    assert!(known.json["password_at"].as_i64().unwrap() > 0 && known.json.get("factor").is_none(), "{}", known.json);
}

#[tokio::test]
async fn a_second_factor_counts_each_code_once_and_is_shown_once() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let id = phone.make_id();
    let ask = || phone.call("POST", "/v1/second-factor", Some(json!({"enrolment_id": id})));
    let offered = ask().await.unwrap();
    ok(&offered);
    assert_eq!(ask().await.unwrap().text("secret"), offered.text("secret"), "a lost answer is given again");
    let other = phone.call("POST", "/v1/second-factor", Some(json!({"enrolment_id": phone.make_id()}))).await.unwrap();
    assert_ne!(other.text("secret"), offered.text("secret"), "another enrolment has another secret");
    town.world.advance(700_000);
    let (secret, codes) = enrol(&town, &phone).await;
    assert_eq!(codes.len(), 10);
    refused(&ask().await.unwrap(), 409, "factor_already_on");

    refused(&off(&phone, &totp(&town, &secret, 0)).await, 422, "factor_used");
    refused(&off(&phone, &totp(&town, &secret, -1)).await, 422, "factor_used");
    let early = off(&phone, &totp(&town, &secret, 2)).await;
    refused(&early, 422, "factor_time");
    assert_eq!(early.json["attempts_left"], 4);
    refused(&off(&phone, "ZZZZZZZZZZ").await, 422, "factor_wrong");

    // The same try again is the same try: the code is not used up by its own repeat.
    let issue = phone.make_id();
    let (proof, factor_box) = factor_proof(&phone, "backups", &issue.to_string(), &totp(&town, &secret, 1));
    let body = json!({"issue_id": issue, "proof_id": proof, "factor_box": factor_box});
    let issued = phone.call("POST", "/v1/second-factor/backup-codes", Some(body.clone())).await.unwrap();
    ok(&issued);
    let again = phone.call("POST", "/v1/second-factor/backup-codes", Some(body.clone())).await.unwrap();
    assert_eq!(again.json, issued.json);
    refused(&off(&phone, &codes[0]).await, 422, "factor_wrong");
    town.world.advance(600_001);
    refused(&phone.call("POST", "/v1/second-factor/backup-codes", Some(body)).await.unwrap(), 409, "factor_expired");

    // An enrolment that was confirmed does not give codes again after others were issued.
    let (proof, factor_box) = factor_proof(&phone, "confirm", &id.to_string(), "000000");
    let old = phone.call("PUT", &format!("/v1/second-factor/{id}"), Some(json!({"proof_id": proof, "factor_box": factor_box}))).await.unwrap();
    assert_eq!(old.status, 409, "{}", old.json);
    let backup = issued.json["backup_codes"][3].as_str().unwrap();
    assert_eq!(off(&phone, backup).await.status, 204);
    assert_eq!(off(&phone, backup).await.status, 204, "off is off");
}

#[tokio::test]
async fn another_phone_is_signed_in_beside_the_first() {
    let town = Town::new();
    let (first, _) = town.person().await;
    assert_eq!(set_password(&first, first.make_id(), PASSWORD, Some(PIN), None).await.status, 204);
    let (secret, codes) = enrol(&town, &first).await;
    let guest = Guest::numbered(&town).await;
    refused(&guest.prove(None, Some(PIN), None).await, 400, "bad_argument");
    refused(&guest.prove(Some("wrong-wrong"), None, Some(&totp(&town, &secret, 0))).await, 422, "password_wrong");
    let half = guest.prove(Some(PASSWORD), None, None).await;
    ok(&half);
    assert_eq!((half.text("state"), &half.json["needs_password"], &half.json["needs_factor"]), ("proving", &json!(false), &json!(true)));
    refused(&guest.prove(None, None, Some("ZZZZZZZZZZ")).await, 422, "factor_wrong");
    // The same try twice at once: one device, one use of the code.
    let proof = guest.proof(guest.phone.make_id(), None, None, Some(&codes[4]));
    let (one, other) = tokio::join!(guest.call("PUT", "/proof", Some(proof.clone())), guest.call("PUT", "/proof", Some(proof)));
    assert_eq!((one.text("state"), one.text("device_id")), ("done", other.text("device_id")), "{} {}", one.json, other.json);
    assert!(one.json["low_until"].as_i64().unwrap() > 0);
    let second = guest.settle(&one);
    for phone in [&first, &second] {
        ok(&phone.call("GET", "/v1/account", None).await.unwrap());
    }
    let list = second.call("GET", "/v1/devices", None).await.unwrap();
    assert_eq!(list.json["devices"].as_array().unwrap().len(), 2, "{}", list.json);

    // A used backup code stays used, and a box of one phone fits no other.
    let mut third = Guest::numbered(&town).await;
    ok(&third.prove(Some(PASSWORD), None, None).await);
    refused(&third.prove(None, None, Some(&codes[4])).await, 422, "factor_used");
    let stolen = third.proof(third.phone.make_id(), None, None, Some(&codes[5]));
    third.phone.device_key = second.device_key.clone();
    let path = format!("/v1/sign-ins/{}/proof", third.id);
    let bytes = stolen.to_string().into_bytes();
    let headers = third.phone.sign_as_self("PUT", &path, &bytes).unwrap();
    refused(&third.phone.call_with("PUT", &path, &headers, &bytes).await.unwrap(), 401, "signature_invalid");
}

#[tokio::test]
async fn a_stolen_sim_alone_signs_nobody_in_and_takes_no_pin_away() {
    let town = Town::new();
    let (_first, _) = town.person().await;
    let guest = Guest::begin(&town).await;
    refused(&guest.call("GET", "", None).await, 404, "not_found");
    refused(&guest.prove(None, Some(PIN), None).await, 404, "not_found");
    refused(&guest.call("POST", "/otp", Some(json!({"otp": "000000"}))).await, 422, "otp_wrong");
    let otp = guest.phone.otp(TEL, "kabao").await.unwrap();
    // The code counts for what asked for it: not for a replacement, not for another sign-in.
    let other = Guest { id: guest.phone.make_id(), phone: town.phone().await, account: guest.account };
    refused(&other.call("POST", "/otp", Some(json!({"otp": otp}))).await, 404, "not_found");
    let path = format!("/v1/device-replacements/{}/otp", guest.id);
    let body = json!({"otp": otp}).to_string().into_bytes();
    let headers = guest.phone.sign_as_self("POST", &path, &body).unwrap();
    refused(&guest.phone.call_with("POST", &path, &headers, &body).await.unwrap(), 404, "not_found");
    let known = guest.call("POST", "/otp", Some(json!({"otp": otp}))).await;
    assert_eq!((&known.json["needs_pin"], &known.json["needs_password"]), (&json!(true), &json!(false)));
    let mut guest = guest;
    guest.account = Id::parse(known.text("account_id")).unwrap();
    for left in [4, 3] {
        let no = guest.prove(None, Some("246813"), None).await;
        refused(&no, 422, "pin_wrong");
        assert_eq!(no.json["attempts_left"], left);
    }
    refused(&guest.prove(None, Some("246813"), None).await, 429, "too_many_requests");
    // On another phone as well; and the person still pays, with a PIN that is not locked.
    let second = Guest::numbered(&town).await;
    refused(&second.prove(None, Some(PIN), None).await, 429, "too_many_requests");
    // The same id with other keys is another's.
    let mut stranger = second.request();
    stranger["approve_key"] = json!(guest.phone.approve_key.public());
    town.world.advance(60_001);
    refused(&second.phone.call("POST", "/v1/sign-ins", Some(stranger)).await.unwrap(), 409, "id_reused");
    town.world.advance(86_400_001);
    let third = Guest::numbered(&town).await;
    let done = third.prove(None, Some(PIN), None).await;
    ok(&done);
    third.settle(&done);
}

#[tokio::test]
async fn who_is_signed_out_stays_out_and_five_is_the_limit() {
    let mut town = Town::new();
    let (first, _) = town.person().await;
    assert_eq!(set_password(&first, first.make_id(), PASSWORD, Some(PIN), None).await.status, 204);
    let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await;
    let mut phones = Vec::new();
    for _ in 0..4 {
        let guest = Guest::numbered(&town).await;
        let done = guest.prove(Some(PASSWORD), None, None).await;
        phones.push(guest.settle(&done));
    }
    let late = Guest::numbered(&town).await;
    refused(&late.prove(Some(PASSWORD), None, None).await, 409, "device_limit");
    let out = |phone: &Phone, device: Id| {
        let (path, body) = (format!("/v1/devices/{device}/sign-out"), json!({"sign_out_id": phone.make_id()}));
        (path, body)
    };
    let batch = phones[0].call("POST", "/v1/payer-codes", Some(json!({"batch_id": first.make_id(), "count": 1}))).await.unwrap();
    ok(&batch);
    let (path, body) = out(&first, phones[0].device.unwrap());
    assert_eq!(first.call("POST", &path, Some(body.clone())).await.unwrap().status, 204);
    assert_eq!(first.call("POST", &path, Some(body.clone())).await.unwrap().status, 204, "again");
    // The id of a sign-out is not another phone's.
    let (other, _) = out(&first, phones[1].device.unwrap());
    refused(&first.call("POST", &other, Some(body)).await.unwrap(), 409, "id_reused");
    refused(&phones[0].call("GET", "/v1/account", None).await.unwrap(), 401, "signed_out");
    let code = payer_code(&batch.json["tokens"][0], 0, town.world.now());
    let charge = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 900}))).await;
    assert_ne!(charge["code"], "BBS00000", "{charge}");
    let done = late.prove(None, None, None).await;
    ok(&done);
    let late = late.settle(&done);

    // Somebody else's phone is no phone of this account.
    let (stranger, _) = town.person().await;
    let (path, body) = out(&stranger, first.device.unwrap());
    refused(&stranger.call("POST", &path, Some(body)).await.unwrap(), 404, "not_found");
    ok(&first.call("GET", "/v1/account", None).await.unwrap());

    // A book from before any of this: out stays out, in stays in.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot["snapshot"]}))).await;
    refused(&phones[0].call("GET", "/v1/account", None).await.unwrap(), 401, "signed_out");
    for phone in [&first, &phones[1], &phones[2], &phones[3], &late] {
        ok(&phone.call("GET", "/v1/account", None).await.unwrap());
    }
    town.restart();
    let mut gone = phones.remove(0);
    town.again(&mut gone);
    refused(&gone.call("GET", "/v1/account", None).await.unwrap(), 401, "signed_out");
}

#[tokio::test]
async fn hostile_values_are_named() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let texts = ["", "é", "\u{202e}12", "👨‍👩‍👧", "１２３４５６", "a\u{200b}b"].map(str::to_owned).into_iter().chain(["9".repeat(50_000)]);
    for text in texts {
        let guest = Guest { id: phone.make_id(), phone: town.phone().await, account: phone.account.unwrap() };
        for field in ["sign_in_id", "phone", "device_key", "approve_key", "device_model", "form"] {
            let mut body = guest.request();
            body[field] = json!(text);
            let reply = guest.phone.call("POST", "/v1/sign-ins", Some(body)).await.unwrap();
            // A name of a model may hold nearly everything that can be seen.
            let model = field == "device_model" && (400..500).contains(&reply.status) | (reply.status == 200);
            assert!(model || (400..500).contains(&reply.status), "{field} {text:.20}: {} {}", reply.status, reply.json);
            assert!(!reply.code().is_empty() || reply.status == 200, "{field} {text:.20}");
        }
        let boxed = json!({"v": 1, "suite": text, "kid": text, "enc": text, "ct": text});
        let bodies = [
            ("PUT", "/v1/account/password".to_owned(), json!({"change_id": phone.make_id(), "password_box": boxed})),
            ("POST", "/v1/second-factor".to_owned(), json!({"enrolment_id": text})),
            ("PUT", format!("/v1/second-factor/{}", phone.make_id()), json!({"proof_id": text, "factor_box": boxed})),
            ("POST", "/v1/second-factor/backup-codes".to_owned(), json!({"issue_id": phone.make_id(), "proof_id": phone.make_id(), "factor_box": boxed})),
            ("POST", "/v1/second-factor/off".to_owned(), json!({"proof_id": phone.make_id(), "factor_box": boxed})),
            ("POST", format!("/v1/devices/{}/sign-out", phone.make_id()), json!({"sign_out_id": text})),
        ];
        for (method, path, body) in bodies {
            let reply = phone.call(method, &path, Some(body)).await.unwrap();
            // What is off is off, whatever is shown as the proof.
            let is_off = path.ends_with("/off") && reply.status == 204;
            assert!(is_off || (400..500).contains(&reply.status) && !reply.code().is_empty(), "{path} {text:.20}: {} {}", reply.status, reply.json);
        }
    }
    town.audit().await;
}
