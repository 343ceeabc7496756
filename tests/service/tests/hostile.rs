//! Whoever calls, with whatever: a typed, signed answer, and never a fault of the service.

use crate::common::{NAME, PIN, Town, cny, id_number, ok, pan, refused};
use kabao_outside::World;
use serde_json::{Value, json};

#[tokio::test]
async fn strange_requests_get_signed_answers() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    for (method, path, status, code) in [
        ("GET", "/v1/nothing", 404, "not_found"), ("GET", "/v1", 404, "not_found"), ("DELETE", "/v1/account", 405, "method_not_allowed"),
        ("GET", "/v1/payments/xyz", 400, "bad_id"), ("GET", "/v1/history?limit=0", 400, "bad_argument"),
        ("GET", "/v1/history?after=-1", 400, "bad_argument"), ("GET", "/v1/history?x=1", 400, "bad_argument"),
        ("GET", "/v1/history?after=1&before=2", 400, "bad_argument"), ("POST", "/v1/quotes", 415, "bad_argument"),
    ] {
        refused(&phone.call(method, path, None).await.unwrap(), status, code);
    }
    let body = vec![b' '; 64 * 1024 + 1];
    let headers = phone.sign("POST", "/v1/quotes", &body).unwrap();
    let reply = phone.call_with("POST", "/v1/quotes", &headers, &body).await.unwrap();
    refused(&reply, 413, "input_too_long");
}

#[tokio::test]
async fn hostile_values_are_named() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let payee = town.merchant().await;
    let long = "9".repeat(60_000);
    let quote = |field: &str, value: Value| {
        let mut body = json!({"kind": "pay", "amount": cny(100), "payee_id": payee});
        body[field] = value;
        body
    };
    let cases = [
        (quote("amount", cny(0)), 422, "amount_zero"), (quote("amount", cny(-1)), 422, "amount_negative"),
        (quote("amount", cny(i64::MAX)), 422, "amount_too_large"), (quote("amount", cny(i64::MIN)), 422, "amount_negative"),
        (quote("amount", json!({"minor": 1.5, "currency": "CNY"})), 422, "amount_decimals"),
        (quote("amount", json!({"minor": 1e30, "currency": "CNY"})), 422, "amount_too_large"),
        (quote("amount", json!({"minor": -1e30, "currency": "CNY"})), 422, "amount_negative"),
        (quote("amount", json!({"minor": "１００", "currency": "CNY"})), 400, "bad_argument"),
        (quote("amount", json!({"minor": 100, "currency": "USD"})), 422, "currency_unknown"),
        (quote("amount", json!({"minor": 100, "currency": "cny"})), 422, "currency_unknown"),
        (quote("amount", json!({"minor": 100, "currency": ""})), 422, "currency_unknown"),
        (quote("amount", json!({"minor": 100, "currency": "CNY", "x": 1})), 400, "bad_argument"),
        (quote("payee_id", json!("")), 400, "bad_id"), (quote("payee_id", json!("AB".repeat(16))), 400, "bad_id"),
        (quote("payee_id", json!(long)), 400, "bad_id"), (quote("payee_id", json!("ab".repeat(16))), 404, "payee_unknown"),
        (quote("payee_id", json!(phone.account)), 422, "payee_is_self"),
        (quote("order", json!("")), 400, "empty_input"), (quote("order", json!(long)), 400, "input_too_long"),
        (quote("order", json!("a\u{202e}b")), 400, "hidden_character"), (quote("order", json!("a\u{200b}b")), 400, "hidden_character"),
        (quote("order", json!("a\nb")), 400, "hidden_character"), (quote("order", json!("a\u{0}b")), 400, "hidden_character"),
        (quote("kind", json!("")), 400, "bad_argument"), (quote("kind", json!("withdraw")), 400, "bad_argument"),
        (quote("card_id", json!("ab".repeat(16))), 422, "card_unknown"), (quote("ask_id", json!("ab".repeat(16))), 400, "bad_argument"),
        (quote("unknown", json!(1)), 400, "bad_argument"), (json!([]), 400, "bad_argument"), (json!("x"), 400, "bad_argument"),
        (Value::Null, 400, "bad_argument"), (json!({"kind": "ask", "amount": cny(1), "ask_id": "ab".repeat(16)}), 422, "ask_lapsed"),
        (quote("amount", cny(100)), 422, "balance_low"),
    ];
    for (body, status, code) in cases {
        let shown: String = body.to_string().chars().take(120).collect();
        let reply = phone.call("POST", "/v1/quotes", Some(body)).await.unwrap();
        if code == "balance_low" {
            // The card may pay: a quote comes, and the balance says why it cannot.
            assert_eq!(reply.json["sources"][0]["reason"], code);
            continue;
        }
        assert_eq!((reply.status, reply.code(), reply.signed), (status, code, true), "{shown}");
    }
    for body in [&b""[..], b"{", b"\xff\xfe", b"{\"kind\":\"pay\"}", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["] {
        let mut headers = phone.sign("POST", "/v1/quotes", body).unwrap();
        headers.retain(|(name, _)| name != "content-type");
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let reply = phone.call_with("POST", "/v1/quotes", &headers, body).await.unwrap();
        refused(&reply, 400, "bad_argument");
    }
}

#[tokio::test]
async fn every_path_survives_every_value() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let id = "ab".repeat(16);
    let paths = [
        ("POST", "/v1/registrations".to_owned()), ("POST", format!("/v1/registrations/{id}/otp")), ("PUT", "/v1/account/pin".to_owned()),
        ("PUT", "/v1/account/recovery-sheet".to_owned()), ("POST", "/v1/freeze".to_owned()), ("POST", "/v1/consents".to_owned()),
        ("PUT", format!("/v1/verifications/{id}")), ("POST", "/v1/cards".to_owned()), ("POST", format!("/v1/cards/{id}/otp")),
        ("POST", "/v1/payees/resolve".to_owned()), ("POST", "/v1/quotes".to_owned()), ("PUT", format!("/v1/payments/{id}")),
        ("POST", format!("/v1/payments/{id}/proof")), ("POST", "/v1/payer-codes".to_owned()), ("POST", format!("/v1/asks/{id}/decline")),
    ];
    let sealed = json!({"v": 1, "suite": "X25519-HKDF-SHA256-AES-256-GCM", "kid": "pin-1", "enc": "AAAA", "ct": "AAAA"});
    let values = [
        json!(""), json!("x"), json!("１２３４５６"), json!("1\u{200b}2"), json!("\u{202e}"), json!(0), json!(-1), json!(i64::MIN), json!(u64::MAX),
        json!(1e300), json!(null), json!(true), json!([]), json!({}), json!("9".repeat(50_000)), sealed, json!(id),
    ];
    let fields = [
        "registration_id", "phone", "device_key", "approve_key", "device_model", "otp", "pin_box", "sheet_hash", "code", "consent_id", "document",
        "version", "name", "id_box", "liveness_token", "binding_id", "pan_box", "payee_code", "kind", "amount", "terms", "approval", "proof", "batch_id", "count",
    ];
    for (method, path) in &paths {
        for value in &values {
            let mut body = serde_json::Map::new();
            for field in fields {
                body.insert(field.to_owned(), value.clone());
            }
            for body in [Value::Object(body), json!({(fields[0]): value}), value.clone()] {
                // Larger than 64 KiB it is 413 before anything is read.
                let reply = phone.call(method, path, Some(body)).await.unwrap();
                assert!(reply.signed && (200..500).contains(&reply.status), "{method} {path} {} {}", reply.status, reply.json);
            }
        }
    }
    // Each field of its own path, with the other fields right.
    let right = |path: &str| match path {
        "/v1/payees/resolve" => json!({"payee_code": "x"}),
        "/v1/payer-codes" => json!({"batch_id": id, "count": 1}),
        "/v1/consents" => json!({"consent_id": id, "document": "real_name", "version": "x"}),
        "/v1/freeze" => json!({"phone": "+8613800138000", "code": "x"}),
        "/v1/cards" => json!({"binding_id": id, "pan_box": {"v": 1, "suite": "s", "kid": "k", "enc": "AA", "ct": "AA"}, "name": "x", "phone": "1"}),
        _ => json!({}),
    };
    for (method, path) in &paths {
        let base = right(path);
        for field in base.as_object().unwrap().keys() {
            for value in &values {
                let mut body = base.clone();
                body[field] = value.clone();
                let reply = phone.call(method, path, Some(body)).await.unwrap();
                assert!(reply.signed && (200..500).contains(&reply.status), "{method} {path} {field} {} {}", reply.status, reply.json);
            }
        }
    }
}

#[tokio::test]
async fn signatures_nonces_and_clocks() {
    let town = Town::new();
    let (mut phone, _) = town.person().await;
    let headers = phone.sign("GET", "/v1/account", b"").unwrap();
    ok(&phone.call_with("GET", "/v1/account", &headers, b"").await.unwrap());
    refused(&phone.call_with("GET", "/v1/account", &headers, b"").await.unwrap(), 401, "replayed");
    refused(&phone.call_with("GET", "/v1/cards", &headers, b"").await.unwrap(), 401, "signature_invalid");
    let now = town.world.now();
    for ms in [-301_000, 301_000, i64::MIN / 4_000] {
        let headers = phone.sign_at("GET", "/v1/account", b"", now.plus_ms(ms));
        let Ok(headers) = headers else { continue };
        refused(&phone.call_with("GET", "/v1/account", &headers, b"").await.unwrap(), 401, "clock_skew");
    }
    ok(&phone.call_with("GET", "/v1/account", &phone.sign_at("GET", "/v1/account", b"", now.plus_ms(-299_000)).unwrap(), b"").await.unwrap());
    let bare = [("host".to_owned(), "localhost".to_owned())];
    refused(&phone.call_with("GET", "/v1/account", &bare, b"").await.unwrap(), 401, "signature_invalid");
    let without_head: Vec<_> = headers.iter().filter(|(name, _)| name != "kabao-head").cloned().collect();
    let reply = phone.call_with("GET", "/v1/account", &without_head, b"").await.unwrap();
    assert_eq!((reply.status, reply.code()), (401, "signature_invalid"));

    // Heads only grow, and the one from before comes back.
    let head = |seq: u64| format!("{seq};{}", "ab".repeat(32));
    phone.head = head(9);
    phone.call("GET", "/v1/account", None).await.unwrap();
    phone.head = head(4);
    assert_eq!(phone.call("GET", "/v1/account", None).await.unwrap().last_head, Some(head(9)));
    assert_eq!(phone.call("GET", "/v1/account", None).await.unwrap().last_head, Some(head(9)));

    phone.head = head(1);
    let path = format!("/dev/devices/{}/revoke", phone.device.unwrap());
    town.ask_dev("POST", &path, None).await;
    refused(&phone.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
    phone.device = Some(phone.make_id());
    refused(&phone.call("GET", "/v1/account", None).await.unwrap(), 401, "device_revoked");
}

#[tokio::test]
async fn registering_by_the_book() {
    let town = Town::new();
    let mut phone = town.phone().await;
    for bad in ["", "13800138000", "+86138", "+86１３８００１３８０００", "+8610000000000"] {
        refused(&phone.register(bad).await.unwrap(), 422, "phone_invalid");
    }
    let id = phone.make_id();
    let body = json!({"registration_id": id, "phone": "+8613800138000", "device_key": phone.device_key.public(),
        "approve_key": phone.approve_key.public(), "device_model": "x"});
    let path = format!("/v1/registrations/{id}/otp");
    ok(&phone.call("POST", "/v1/registrations", Some(body.clone())).await.unwrap());
    let soon = phone.call("POST", "/v1/registrations", Some(body.clone())).await.unwrap();
    refused(&soon, 429, "otp_cooldown");
    assert_eq!(soon.json["retry_after_ms"], 60_000);
    let otp = phone.otp("+8613800138000", "kabao").await.unwrap();
    let wrong = format!("{:06}", (otp.parse::<u32>().unwrap() + 1) % 1_000_000);
    for left in (1..5).rev() {
        let reply = phone.call("POST", &path, Some(json!({"otp": wrong}))).await.unwrap();
        refused(&reply, 422, "otp_wrong");
        assert_eq!(reply.json["attempts_left"], left);
    }
    refused(&phone.call("POST", &path, Some(json!({"otp": wrong}))).await.unwrap(), 403, "otp_locked");
    refused(&phone.call("POST", &path, Some(json!({"otp": otp}))).await.unwrap(), 403, "otp_locked");
    town.world.advance(60_001);
    ok(&phone.call("POST", "/v1/registrations", Some(body.clone())).await.unwrap());
    let otp = phone.otp("+8613800138000", "kabao").await.unwrap();
    town.world.advance(300_001);
    refused(&phone.call("POST", &path, Some(json!({"otp": otp}))).await.unwrap(), 422, "otp_expired");
    ok(&phone.call("POST", "/v1/registrations", Some(body.clone())).await.unwrap());
    let otp = phone.otp("+8613800138000", "kabao").await.unwrap();
    let first = phone.call("POST", &path, Some(json!({"otp": otp}))).await.unwrap();
    ok(&first);
    assert_eq!(phone.call("POST", &path, Some(json!({"otp": otp}))).await.unwrap().raw.body, first.raw.body);
    refused(&phone.call("POST", &path, Some(json!({"otp": "000000"}))).await.unwrap(), 422, "otp_used");
    let mut other = town.phone().await;
    refused(&other.register("+8613800138000").await.unwrap(), 409, "phone_taken");

    phone.account = first.text("account_id").parse_id();
    phone.device = first.text("device_id").parse_id();
    for (pin, code) in [("111111", "pin_repeats"), ("123456", "pin_run"), ("138001", "pin_phone"), ("138000", "pin_phone"), ("870605", "pin_birth_date")] {
        refused(&phone.set_pin(pin).await.unwrap(), 422, code);
    }
    // The tail of the number is not yet known; once it is, the PIN has to change.
    let number = id_number(3);
    let tail: String = number.chars().skip(12).collect();
    let chosen = if tail.ends_with('X') { PIN.to_owned() } else { tail };
    assert_eq!(phone.set_pin(&chosen).await.unwrap().status, 204);
    refused(&phone.set_pin("246813").await.unwrap(), 409, "wrong_step");
    ok(&phone.verify(NAME, &number, 1).await.unwrap());
    let account = phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!((account.json["class"].as_i64(), account.json["pin_must_change"].as_bool()), (Some(1), Some(chosen != PIN)));
    assert_eq!(account.json["limits"]["lifetime_left"]["minor"], 100_000);

    // The same person on another account, the same card on another account.
    town.skip_people(5);
    let (second, _) = town.person().await;
    let mut third = town.phone().await;
    ok(&third.register("+8613900139000").await.unwrap());
    let elsewhere = third.verify(NAME, &number, 5).await.unwrap();
    assert_eq!((elsewhere.text("state"), elsewhere.text("code")), ("rejected", "id_on_other_account"));
    refused(&third.call("POST", "/v1/quotes", Some(json!({"kind": "top_up", "amount": cny(1)}))).await.unwrap(), 403, "wrong_step");
    refused(&phone.bind(&pan(5), NAME, "13800138000").await.unwrap(), 422, "card_taken");
    refused(&second.bind("6222020200000000000", NAME, "13800138000").await.unwrap(), 422, "card_number_refused");
}

trait ParseId {
    fn parse_id(&self) -> Option<kabao_base::Id>;
}

impl ParseId for str {
    fn parse_id(&self) -> Option<kabao_base::Id> {
        kabao_base::Id::parse(self).ok()
    }
}

#[tokio::test]
async fn a_silent_vendor_rejects_nobody() {
    let town = Town::new();
    let mut phone = town.phone().await;
    ok(&phone.register("+8613800138000").await.unwrap());
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"pending_times": 2}))).await;
    let pending = phone.verify(NAME, &id_number(0), 5).await.unwrap();
    assert_eq!((pending.status, pending.text("state")), (202, "pending"));
    let account = phone.call("GET", "/v1/account", None).await.unwrap();
    assert_eq!(account.json["verification"]["state"], "pending");
    let book = rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap();
    let id: String = book.query_row("SELECT verification_id FROM verifications", [], |row| row.get(0)).unwrap();
    let path = format!("/v1/verifications/{id}");
    assert_eq!(phone.call("GET", &path, None).await.unwrap().status, 202);
    let passed = phone.call("GET", &path, None).await.unwrap();
    assert_eq!((passed.status, passed.text("state")), (200, "passed"));
}

#[tokio::test]
async fn the_sheet_freezes_and_does_nothing_else() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let hash = kabao_proof::hex(&kabao_proof::digest::sha256_of(&[b"kabao-sheet-1", b"ABCDEFGHJKLMNPQR"]));
    assert_eq!(phone.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    let freeze = async |code: &str| {
        let headers = [("host".to_owned(), "localhost".to_owned()), ("content-type".to_owned(), "application/json".to_owned())];
        let body = json!({"phone": "+8613800138000", "code": code}).to_string().into_bytes();
        phone.call_with("POST", "/v1/freeze", &headers, &body).await.unwrap()
    };
    for _ in 0..4 {
        refused(&freeze("AAAA-AAAA").await, 422, "otp_wrong");
    }
    assert_eq!(freeze("abcd-efgh-jklm-npqr").await.status, 204);
    refused(&phone.call("POST", "/v1/quotes", Some(json!({"kind": "top_up", "amount": cny(1)}))).await.unwrap(), 403, "account_frozen");
    refused(&freeze("AAAA-AAAA").await, 422, "otp_wrong");
    refused(&freeze("AAAA-AAAA").await, 429, "too_many_requests");
}

#[tokio::test]
async fn no_secret_lies_in_any_file() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    ok(&town.top_up(&phone, card, 1_000).await);
    let otp = phone.otp("+8613800138000", "kabao").await.unwrap();
    let bank_otp = phone.otp("13800138000", "bank").await.unwrap();
    let secrets = [pan(0), id_number(0), "13800138000".to_owned(), NAME.to_owned()];
    let short = [PIN.to_owned(), otp, bank_otp];
    let mut files = 0;
    for entry in std::fs::read_dir(town.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        files += 1;
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for secret in &secrets {
            assert!(!holds(secret), "{} in {}", secret, path.display());
        }
        // Six digits occur by chance in ids and times; as a text of their own they do not.
        for secret in &short {
            assert!(!holds(&format!("\"{secret}\"")), "{} in {}", secret, path.display());
        }
    }
    assert!(files >= 6, "the scan saw {files} files");
}

#[tokio::test]
async fn faults_without_a_socket_are_marked() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let fault = async |action: Value| {
        town.ask_dev("DELETE", "/dev/faults", None).await;
        let rule = json!({"path_prefix": "/v1/account", "method": "GET", "times": 1, "action": action});
        town.ask_dev("POST", "/dev/faults", Some(rule)).await;
        phone.call("GET", "/v1/account", None).await
    };
    for action in [json!("drop_before"), json!("drop_after"), json!("cut")] {
        assert!(fault(action).await.is_err());
    }
    refused(&fault(json!("lie_not_found")).await.unwrap(), 404, "not_found");
    refused(&fault(json!({"status": 503})).await.unwrap(), 503, "service_down");
    refused(&fault(json!({"status": 429})).await.unwrap(), 429, "too_many_requests");
    ok(&fault(json!("duplicate")).await.unwrap());
    for action in [json!("html"), json!("unsigned"), json!("badly_signed")] {
        assert!(!fault(action).await.unwrap().signed);
    }
    ok(&fault(json!({"delay_ms": 5})).await.unwrap());
}
