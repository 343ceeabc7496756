//! The person behind an account: every document, minors, review, classes, verified again, numbers that change hands.
use crate::common::*;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
const TREMBLAY: &str = "GA302922;19890412;20460811;CAN";

/// A registered phone with a PIN.
async fn newcomer(town: &Town, tel: &str) -> Phone {
    let mut phone = town.phone().await;
    ok(&phone.register(tel).await.unwrap());
    assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
    phone
}

async fn verify(phone: &Phone, document: &str, name: &str, sealed: &str, channels: u32) -> Reply {
    let face = phone.face(channels, "ok", None).await.unwrap();
    phone.verify_as(document, name, sealed, json!({"liveness_token": face})).await.unwrap()
}

async fn standing(phone: &Phone) -> Value {
    let account = phone.call("GET", "/v1/account", None).await.unwrap();
    ok(&account);
    account.json["verification"].clone()
}

/// A resident number of somebody born on a day, `yyyymmdd`.
fn born(day: &str, sequence: u32) -> String {
    let body = format!("110101{day}{sequence:03}");
    let rest = body.bytes().fold(0u32, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    let check = (12 - rest) % 11;
    if check == 10 { format!("{body}X") } else { format!("{body}{check}") }
}

#[tokio::test]
async fn every_document_is_judged_again_and_nothing_is_spent() {
    let town = Town::new();
    let phone = newcomer(&town, "+447700900123").await;
    for (document, name, sealed, code, field) in [
        ("resident_card", "张三", "110105491231002", "id_legacy", "id_number"),
        ("resident_card", "张三", "11010519491231002X;;20261121;", "document_expired", "expires_on"),
        ("resident_card", "张三", "110105203012310029", "id_check_digit", "id_number"),
        ("foreigner_card", "SALEH", "932682198501010017;;;SAU", "empty_input", "id_number"),
        ("foreigner_card", "SALEH", "11010519491231002X;;20310101;", "document_other", "id_number"),
        ("hong_kong_macau_travel_permit", "CHAN", "H1234567;19940823;20310101;", "document_number", "id_number"),
        ("foreign_passport", "TREMBLAY", "GA302922;19890412;20190811;CAN", "document_expired", "expires_on"),
        ("foreign_passport", "TREMBLAY", "GA302922;19890412;20460811;", "nationality_unknown", "nationality"),
        ("foreign_passport", "TREMBLAY", "GA302922;20300101;20460811;CAN", "id_future", "id_number"),
        ("foreign_passport", "TREMBLAY", ";;;;;;;", "id_characters", "id_box"),
        ("foreign_passport", "TREMBLAY", "GA302922;1989\u{202e}0412;20460811;CAN", "date_invalid", "id_number"),
    ] {
        let refusal = phone.verify_as(document, name, sealed, json!({})).await.unwrap();
        refused(&refusal, 422, code);
        assert_eq!(refusal.text("field"), field, "{sealed}");
    }
    for (more, status, code) in [
        (json!({"document": "library_card"}), 400, "bad_argument"),
        (json!({"document": "x".repeat(1 << 14)}), 400, "bad_argument"),
        (json!({"document": 7}), 400, "bad_argument"),
        (json!({"liveness_nonce": "😀"}), 400, "bad_id"),
        (json!({"liveness_nonce": "0".repeat(32)}), 422, "liveness_stale"),
        (json!({"guardian_code": "１２３４５６７８"}), 422, "guardian_code"),
        (json!({"guardian_code": ""}), 422, "guardian_code"),
        (json!({"name": "\u{200b}"}), 422, "name_invalid"),
        (json!({"name": "A".repeat(1 << 14)}), 422, "name_invalid"),
        (json!({"unknown": 1}), 400, "bad_argument"),
    ] {
        refused(&phone.verify_as("foreign_passport", "TREMBLAY", TREMBLAY, more).await.unwrap(), status, code);
    }
    assert_eq!(standing(&phone).await["state"], "none", "nothing was judged");
    let passed = verify(&phone, "foreign_passport", "TREMBLAY", TREMBLAY, 3).await;
    ok(&passed);
    assert_eq!((passed.text("state"), passed.json["class"].as_i64()), ("passed", Some(2)));
    let standing = standing(&phone).await;
    assert_eq!((&standing["document"], &standing["expires_on"]), (&json!("foreign_passport"), &json!("2046-08-11")));
    // The birth date is no PIN, also where the number does not say it.
    let other = newcomer(&town, "+447700900124").await;
    refused(&verify(&other, "foreign_passport", "TREMBLAY", TREMBLAY, 3).await, 200, "id_on_other_account");
    let mut third = town.phone().await;
    ok(&third.register("+447700900125").await.unwrap());
    ok(&verify(&third, "foreign_passport", "GAGNON", "GB518874;19890412;20460811;CAN", 1).await);
    refused(&third.set_pin("198904").await.unwrap(), 422, "pin_birth_date");
}

#[tokio::test]
async fn minors_need_a_guardian_and_stay_in_class_one() {
    let town = Town::new();
    let (guardian, _) = town.person().await;
    let made = guardian.call("POST", "/v1/guardian-codes", Some(json!({}))).await.unwrap();
    ok(&made);
    let code = made.text("code").to_owned();
    let child = newcomer(&town, "+8613900139001").await;
    refused(&child.call("POST", "/v1/guardian-codes", Some(json!({}))).await.unwrap(), 403, "wrong_step");

    let try_with = async |birth: &str, more: Value| {
        let mut body = json!({"liveness_token": child.face(5, "ok", None).await.unwrap()});
        for (field, value) in more.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        child.verify_as("resident_card", "张小明", &born(birth, 7), body).await.unwrap()
    };
    // The day in China is 22 November 2026: seven years and 364 days.
    refused(&try_with("20181123", json!({})).await, 422, "under_age");
    refused(&try_with("20181122", json!({})).await, 422, "guardian_needed");
    refused(&try_with("20101123", json!({})).await, 422, "guardian_needed");
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    refused(&try_with("20101123", json!({"guardian_code": wrong})).await, 422, "guardian_code");
    // A code for what is refused for another reason is not used up.
    refused(&try_with("20181123", json!({"guardian_code": code})).await, 422, "under_age");
    let passed = try_with("20101123", json!({"guardian_code": code})).await;
    ok(&passed);
    assert_eq!((passed.text("state"), passed.json["class"].as_i64()), ("passed", Some(1)), "five registers agree, and class I it is");
    let second = newcomer(&town, "+8613900139002").await;
    let again = second.verify_as("resident_card", "李小", &born("20101123", 9), json!({"guardian_code": code})).await.unwrap();
    refused(&again, 422, "guardian_code");
    refused(&child.call("POST", "/v1/guardian-codes", Some(json!({}))).await.unwrap(), 403, "under_age");

    // Of age, and nothing else to do.
    let classes = child.call("GET", "/v1/account/classes", None).await.unwrap();
    assert_eq!((classes.json["class"].as_i64(), classes.json["highest"].as_i64()), (Some(1), Some(1)));
    // The day before the eighteenth birthday, and the birthday.
    town.world.advance(731 * DAY);
    assert_eq!(child.call("GET", "/v1/account/classes", None).await.unwrap().json["class"], 1);
    town.world.advance(DAY);
    assert_eq!(child.call("GET", "/v1/account/classes", None).await.unwrap().json["class"], 3);

    // Guesses are bounded, and an old code is none.
    let late = guardian.call("POST", "/v1/guardian-codes", Some(json!({}))).await.unwrap().text("code").to_owned();
    town.world.advance(600_001);
    refused(&second.verify_as("resident_card", "李小", &born("20151123", 9), json!({"guardian_code": late})).await.unwrap(), 422, "guardian_code");
    for _ in 0..9 {
        let guess = second.verify_as("resident_card", "李小", &born("20151123", 9), json!({"guardian_code": "11111111"})).await.unwrap();
        refused(&guess, 422, "guardian_code");
    }
    let fresh = guardian.call("POST", "/v1/guardian-codes", Some(json!({}))).await.unwrap().text("code").to_owned();
    refused(&second.verify_as("resident_card", "李小", &born("20151123", 9), json!({"guardian_code": fresh})).await.unwrap(), 429, "too_many_requests");
}

#[tokio::test]
async fn a_face_belongs_to_one_account_one_nonce_and_a_few_minutes() {
    let town = Town::new();
    let (one, other) = (newcomer(&town, "+8613900139001").await, newcomer(&town, "+8613900139002").await);
    for phone in [&one, &other] {
        phone.consent_to("face").await.unwrap();
    }
    let nonce = async |phone: &Phone| phone.call("POST", "/v1/liveness-nonces", Some(json!({}))).await.unwrap().text("nonce").to_owned();
    let mine = nonce(&one).await;
    let face = one.face(3, "ok", Some(&mine)).await.unwrap();
    let body = |face: &str, nonce: Option<&str>| json!({"liveness_token": face, "liveness_nonce": nonce});
    let by_number = async |phone: &Phone, number: u64, body: Value| phone.verify_as("resident_card", NAME, &id_number(number), body).await.unwrap();
    let by = async |phone: &Phone, body: Value| by_number(phone, 1, body).await;
    refused(&by(&other, body(&face, Some(&mine))).await, 422, "liveness_stale");
    let theirs = nonce(&other).await;
    refused(&by(&other, body(&face, Some(&theirs))).await, 200, "liveness_other");
    refused(&by(&other, body(&face, None)).await, 200, "liveness_other");
    town.world.advance(600_001);
    refused(&by(&one, body(&face, Some(&mine))).await, 422, "liveness_stale");
    let fresh = nonce(&one).await;
    let face = one.face(3, "ok", Some(&fresh)).await.unwrap();
    let passed = by(&one, body(&face, Some(&fresh))).await;
    ok(&passed);
    assert_eq!(passed.text("state"), "passed");
    refused(&by(&other, body(&face, Some(&fresh))).await, 422, "liveness_stale");
    let last = standing(&other).await;
    assert_eq!((&last["state"], &last["attempts_left"]), (&json!("rejected"), &json!(3)));
    for _ in 0..3 {
        refused(&by_number(&other, 2, json!({})).await, 200, "liveness_failed");
    }
    refused(&by_number(&other, 2, json!({})).await, 403, "verification_attempts");
    for _ in 0..9 {
        nonce(&one).await;
    }
    refused(&one.call("POST", "/v1/liveness-nonces", Some(json!({}))).await.unwrap(), 429, "too_many_requests");
}

#[tokio::test]
async fn review_and_maintenance_reject_nobody() {
    let mut town = Town::new();
    let mut phone = newcomer(&town, "+8613900139001").await;
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"maintenance_ms": 7_200_000}))).await;
    let face = phone.face(3, "unclear", None).await.unwrap();
    let down = phone.verify_as("resident_card", NAME, &id_number(1), json!({"liveness_token": face})).await.unwrap();
    refused(&down, 503, "vendor_maintenance");
    assert_eq!(down.json["retry_after_ms"], 7_200_000);
    assert_eq!(standing(&phone).await["state"], "none");
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({}))).await;
    let waits = phone.verify_as("resident_card", NAME, &id_number(1), json!({"liveness_token": face})).await.unwrap();
    assert_eq!((waits.status, waits.text("state"), waits.text("code")), (202, "pending", "identity_review"));
    let by = waits.json["review_by"].as_i64().unwrap();
    assert_eq!(by - kabao_service::World::now(town.world.as_ref()).as_ms(), DAY);
    let book = rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap();
    let id: String = book.query_row("SELECT verification_id FROM verifications", [], |row| row.get(0)).unwrap();
    let path = format!("/v1/verifications/{id}");
    // Asked later, after a new start, while the registers are being maintained: still the same promise.
    town.world.advance(3_600_000);
    town.restart();
    town.again(&mut phone);
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"maintenance_ms": 1}))).await;
    for _ in 0..2 {
        let waits = phone.call("GET", &path, None).await.unwrap();
        assert_eq!((waits.status, waits.json["review_by"].as_i64()), (202, Some(by)));
        town.ask_dev("POST", "/dev/vendor/faults", Some(json!({}))).await;
    }
    assert_eq!(standing(&phone).await["code"], "identity_review");
    assert_eq!(town.ask_dev("GET", "/dev/vendor/reviews", None).await["waiting"], json!([id]));
    town.ask_dev("POST", "/dev/vendor/reviews", Some(json!({"verification_id": id, "reject": "face_mismatch", "retriable": true}))).await;
    refused(&phone.call("GET", &path, None).await.unwrap(), 200, "face_mismatch");
    let face = phone.face(3, "unclear", None).await.unwrap();
    assert_eq!(phone.verify_as("resident_card", NAME, &id_number(1), json!({"liveness_token": face})).await.unwrap().status, 202);
    town.ask_dev("POST", "/dev/vendor/reviews", Some(json!({}))).await;
    let id: String = book.query_row("SELECT verification_id FROM verifications WHERE state = 'pending'", [], |row| row.get(0)).unwrap();
    let passed = phone.call("GET", &format!("/v1/verifications/{id}"), None).await.unwrap();
    assert_eq!((passed.status, passed.text("state")), (200, "passed"));
}

#[tokio::test]
async fn an_expired_document_holds_payments_until_it_is_renewed() {
    let town = Town::new();
    let phone = newcomer(&town, "+447700900123").await;
    ok(&verify(&phone, "foreign_passport", "TREMBLAY MARIE", "GA302922;19890412;20270401;CAN", 3).await);
    let payee = town.merchant().await;
    // Nothing is on the balance: what is not held is refused for that.
    let quote = async || phone.call("POST", "/v1/quotes", Some(json!({"kind": "pay", "payee_id": payee, "amount": cny(100)}))).await.unwrap();
    let goes_on = async || refused(&quote().await, 422, "balance_low");
    refused(&verify(&phone, "foreign_passport", "TREMBLAY MARIE", TREMBLAY, 3).await, 409, "wrong_step");
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 2}))).await.unwrap();
    ok(&batch);
    town.world.advance(40 * DAY);
    assert_eq!((&standing(&phone).await["reverify"], &standing(&phone).await["reverify_by"]), (&json!("due"), &json!("2027-06-30")));
    goes_on().await;

    // Another person, another document of another person: not theirs; tries are counted, the account stays.
    for (name, sealed) in [("GAGNON LUC", "GB518874;19890412;20460811;CAN"), ("TREMBLAY MARIE", "GB518874;19890413;20460811;CAN")] {
        refused(&verify(&phone, "foreign_passport", name, sealed, 3).await, 200, "id_other_person");
    }
    assert_eq!(standing(&phone).await["state"], "passed");
    town.world.advance(181 * DAY);
    assert_eq!(standing(&phone).await["reverify"], "overdue");
    refused(&quote().await, 403, "identity_overdue");
    let codes = json!({"batch_id": phone.make_id(), "count": 2});
    refused(&phone.call("POST", "/v1/payer-codes", Some(codes)).await.unwrap(), 403, "identity_overdue");

    // The same person with a renewed passport: the same account, the same class, and on it goes.
    let passed = verify(&phone, "foreign_passport", "Marie Tremblay", "GB518874;19890412;20460811;CAN", 1).await;
    ok(&passed);
    assert_eq!((passed.text("state"), passed.json["class"].as_i64()), ("passed", Some(2)));
    let after = standing(&phone).await;
    assert_eq!((&after["expires_on"], &after["reverify"]), (&json!("2046-08-11"), &Value::Null));
    goes_on().await;

    // The operator's own date.
    town.ask_dev("POST", "/dev/reverify", Some(json!({"by": "2027-06-01"}))).await;
    assert_eq!(standing(&phone).await["reverify"], "overdue");
    refused(&quote().await, 403, "identity_overdue");
    ok(&verify(&phone, "foreign_passport", "Marie Tremblay", "GB518874;19890412;20460811;CAN", 1).await);
    goes_on().await;
}

#[tokio::test]
async fn registers_and_banks_lift_the_class_and_nothing_lowers_it() {
    let mut town = Town::new();
    let mut phone = newcomer(&town, "+8613900139001").await;
    refused(&phone.call("POST", "/v1/account/classes", Some(json!({"source": "tax"}))).await.unwrap(), 409, "wrong_step");
    ok(&phone.verify(NAME, &id_number(1), 1).await.unwrap());
    let class = async |phone: &Phone| phone.call("GET", "/v1/account/classes", None).await.unwrap().json["class"].as_i64().unwrap();
    assert_eq!(class(&phone).await, 1);
    let ask = async |phone: &Phone, source: &str| phone.call("POST", "/v1/account/classes", Some(json!({"source": source}))).await.unwrap();
    refused(&ask(&phone, "library").await, 400, "bad_argument");
    refused(&ask(&phone, &"x".repeat(1 << 14)).await, 400, "bad_argument");
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"sources": {"tax": "mismatch", "education": "not_found", "utilities": "pending"}}))).await;
    refused(&ask(&phone, "tax").await, 422, "source_mismatch");
    refused(&ask(&phone, "education").await, 422, "source_not_found");
    refused(&ask(&phone, "utilities").await, 503, "vendor_maintenance");
    ok(&ask(&phone, "mobile_operator").await);
    ok(&ask(&phone, "mobile_operator").await);
    assert_eq!(class(&phone).await, 1, "the same register counts once");
    ok(&ask(&phone, "social_insurance").await);
    assert_eq!(class(&phone).await, 2);
    town.restart();
    town.again(&mut phone);
    assert_eq!(class(&phone).await, 2);
    town.ask_dev("POST", "/dev/vendor/faults", Some(json!({"sources": {"tax": "mismatch"}}))).await;
    for _ in 0..6 {
        refused(&ask(&phone, "tax").await, 422, "source_mismatch");
    }
    refused(&ask(&phone, "tax").await, 429, "too_many_requests");
}

#[tokio::test]
async fn a_number_that_changed_hands_reaches_nothing_of_its_old_account() {
    let town = Town::new();
    let (old, card) = town.person().await;
    ok(&town.top_up(&old, card, 10_000).await);
    let tel = "+8613800138000";
    let mut new = town.phone().await;
    refused(&new.register(tel).await.unwrap(), 409, "phone_taken");
    town.ask_dev("POST", "/dev/numbers/release", Some(json!({"phone": tel}))).await;
    let (status, again) = town.dev().json("POST", "/dev/numbers/release", Some(json!({"phone": tel}))).await.unwrap();
    assert_eq!((status, &again["code"]), (404, &json!("phone_unknown")));
    // The new owner opens an account of their own, and finds nothing of the old one.
    town.world.advance(60_001);
    ok(&new.register(tel).await.unwrap());
    assert_ne!(new.account, old.account);
    assert_eq!(town.balance(&new).await, 0);
    let body = json!({
        "replacement_id": new.make_id(), "phone": tel, "device_key": new.device_key.public(), "approve_key": new.approve_key.public(), "device_model": "x",
    });
    town.world.advance(60_001);
    let third = town.phone().await;
    let mut body = body;
    body["device_key"] = json!(third.device_key.public());
    body["approve_key"] = json!(third.approve_key.public());
    ok(&third.call("POST", "/v1/device-replacements", Some(body.clone())).await.unwrap());
    let otp = third.otp(tel, "kabao").await.unwrap();
    let path = format!("/v1/device-replacements/{}/otp", body["replacement_id"].as_str().unwrap());
    let bytes = json!({"otp": otp}).to_string().into_bytes();
    let headers = third.sign_as_self("POST", &path, &bytes).unwrap();
    let reached = third.call_with("POST", &path, &headers, &bytes).await.unwrap();
    assert_eq!(reached.text("account_id"), new.account.unwrap().to_string());
    // The old one keeps its money and its phone, and is told.
    assert_eq!(town.balance(&old).await, 10_000);
    assert_eq!(town.ask_dev("GET", "/dev/notices", None).await["notices"][0]["kind"], "number_released");
    town.audit().await;
}

#[tokio::test]
async fn codes_are_bounded_whatever_they_are_for() {
    let town = Town::new();
    let tel = "+8613800138000";
    town.ask_dev("POST", "/dev/phone-rules", Some(json!({"prefix": "+86170"}))).await;
    refused(&town.phone().await.register("+8617012345678").await.unwrap(), 422, "phone_unreachable");
    // Each time another phone with other keys.
    let ask = async |path: &str, field: &str| {
        let phone = town.phone().await;
        let keys = (phone.device_key.public(), phone.approve_key.public());
        let body = json!({field: phone.make_id(), "phone": tel, "device_key": keys.0, "approve_key": keys.1, "device_model": "x"});
        phone.call("POST", path, Some(body)).await.unwrap()
    };
    refused(&ask("/v1/device-replacements", "replacement_id").await, 404, "phone_unknown");
    for _ in 0..6 {
        ok(&ask("/v1/registrations", "registration_id").await);
        refused(&ask("/v1/registrations", "registration_id").await, 429, "otp_cooldown");
        town.world.advance(60_001);
    }
    let mut owner = town.phone().await;
    ok(&owner.register(tel).await.unwrap());
    // What was sent for one purpose counts for the others.
    for _ in 0..3 {
        refused(&ask("/v1/device-replacements", "replacement_id").await, 429, "otp_cooldown");
        town.world.advance(60_001);
        ok(&ask("/v1/device-replacements", "replacement_id").await);
    }
    town.world.advance(60_001);
    refused(&ask("/v1/device-replacements", "replacement_id").await, 429, "too_many_requests");
    refused(&ask("/v1/registrations", "registration_id").await, 409, "phone_taken");
    let inbox = town.ask_dev("GET", "/dev/inbox?phone=13800138000", None).await;
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_long_name_of_a_passport_is_a_name() {
    let town = Town::new();
    let mut phone = town.phone().await;
    ok(&phone.register("+8613800138077").await.unwrap());
    // The visual zone has it whole; the machine-readable one cuts it after 39.
    let name = "MARIA DE LOS ANGELES FERNANDEZ DE CORDOBA Y RODRIGUEZ DE VALCARCEL";
    assert!(name.len() > 50 && name.len() <= 100);
    let passed = verify(&phone, "foreign_passport", name, "GA302922;19890412;20460811;ESP", 3).await;
    assert_eq!(passed.text("state"), "passed", "{}", passed.json);
    let other = "A".repeat(101);
    refused(&verify(&phone, "foreign_passport", &other, "GA302923;19890412;20460811;ESP", 3).await, 422, "name_invalid");
}
