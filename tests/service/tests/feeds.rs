//! The table of code formats: published, served by version, signed by its own key, and wrong where a switch says so.

use crate::common::{Town, ok, refused};
use kabao_outside::World;
use kabao_proof::{DocumentError, Feed};
use kabao_service::kit::Phone;
use serde_json::{Value, json};

async fn publish(phone: &Phone, body: Value) -> (u16, Value) {
    phone.dev.json("POST", "/dev/feeds/codes", Some(body)).await.unwrap()
}

async fn turn(phone: &Phone, fault: Value) -> u16 {
    phone.dev.json("POST", "/dev/feeds/codes/fault", Some(json!({ "fault": fault }))).await.unwrap().0
}

/// What a phone gets that has version `after`.
async fn got(phone: &Phone, after: u64) -> Option<Result<Feed, DocumentError>> {
    let reply = phone.call("GET", &format!("/v1/feeds/codes?after={after}"), None).await.unwrap();
    assert!(reply.signed, "{reply:?}");
    match reply.status {
        204 => None,
        200 => Some(Feed::open(&reply.raw.body, Feed::CODES, phone.keys.as_ref().unwrap())),
        other => panic!("{other}"),
    }
}

async fn announced(phone: &Phone) -> u64 {
    let reply = phone.call("GET", "/v1/history", None).await.unwrap();
    ok(&reply);
    reply.json["feeds"]["codes"].as_u64().unwrap()
}

#[tokio::test]
async fn a_published_version_is_served_to_whoever_has_a_lower_one() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let before = announced(&phone).await;
    assert!(got(&phone, before).await.is_none());
    // What ships with the app is served byte for byte to whoever has nothing.
    let shipped = include_bytes!("../../../core/codes/src/table/codes.json");
    assert_eq!(got(&phone, 0).await.unwrap().unwrap().body, shipped);
    let (first, second) = (before + 1, before + 2);
    assert_eq!(publish(&phone, json!({"table": {"version": first, "x": "测试"}})).await.0, 200);
    assert_eq!(announced(&phone).await, first);
    let feed = got(&phone, before).await.unwrap().unwrap();
    assert_eq!((feed.version, feed.not_after, feed.issued_at), (first, None, town.world.now()));
    assert_eq!(serde_json::from_slice::<Value>(&feed.body).unwrap(), json!({"version": first, "x": "测试"}));
    assert!(got(&phone, first).await.is_none());
    assert!(got(&phone, i64::MAX.cast_unsigned()).await.is_none());
    // A text is taken byte for byte; the same version again, or a lower one, is not published.
    assert_eq!(publish(&phone, json!({"table": " {}\n", "version": second, "not_after": i64::MAX})).await.0, 200);
    let feed = got(&phone, first).await.unwrap().unwrap();
    assert_eq!((feed.body.as_slice(), feed.not_after.unwrap().as_ms()), (&b" {}\n"[..], i64::MAX));
    for version in [second, first, 0] {
        assert_eq!(publish(&phone, json!({"table": {}, "version": version})).await.0, 409, "{version}");
    }
    for body in [json!({}), json!({"table": {}}), json!({"table": "", "version": 9}), json!({"table": "x".repeat(70_000), "version": 9}), json!({"table": {}, "version": u64::MAX})] {
        assert_eq!(publish(&phone, body.clone()).await.0, 400);
    }
    assert_eq!(announced(&phone).await, second);
    // As after a crash: what was published is served again.
    town.restart();
    town.again(&mut phone);
    assert_eq!(announced(&phone).await, second);
    assert_eq!(got(&phone, first).await.unwrap().unwrap(), feed);
}

#[tokio::test]
async fn each_feed_that_ships_is_served_byte_for_byte() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    for (name, shipped) in [
        (Feed::CODES, &include_bytes!("../../../core/codes/src/table/codes.json")[..]),
        (Feed::CARDS, &include_bytes!("../../../core/codes/src/cards/issuers.json")[..]),
    ] {
        let reply = phone.call("GET", &format!("/v1/feeds/{name}"), None).await.unwrap();
        let feed = Feed::open(&reply.raw.body, name, phone.keys.as_ref().unwrap()).unwrap();
        assert_eq!((feed.version, feed.not_after, feed.body.as_slice()), (1, None, shipped), "{name}");
        assert_eq!(phone.call("GET", &format!("/v1/feeds/{name}?after=1"), None).await.unwrap().status, 204);
        let history = phone.call("GET", "/v1/history", None).await.unwrap();
        assert_eq!(history.json["feeds"][name], 1);
        for query in ["?after=-1", "?after=9223372036854775808", "?after=x", "?before=1", "?after=1&after=2", "?after=%F0%9F%98%80", "?after=%EF%BC%91"] {
            refused(&phone.call("GET", &format!("/v1/feeds/{name}{query}"), None).await.unwrap(), 400, "bad_argument");
        }
        let unsigned = phone.line.send("GET", &format!("/v1/feeds/{name}"), &[("host".to_owned(), phone.authority.clone())], b"").await.unwrap();
        assert_eq!(unsigned.status, 401);
    }
    // What one feed says is another's nowhere.
    let reply = phone.call("GET", "/v1/feeds/cards", None).await.unwrap();
    assert!(Feed::open(&reply.raw.body, Feed::CODES, phone.keys.as_ref().unwrap()).is_err());
}

#[tokio::test]
async fn a_service_without_a_key_for_feeds_announces_one() {
    let mut town = Town::new();
    let root = kabao_proof::PublicKey::parse(&town.service.info().root_key).unwrap();
    let (mut phone, _) = town.person().await;
    let before = phone.keys.clone().unwrap();
    let path = town.folder.path().join("service.keys");
    let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    file.as_object_mut().unwrap().remove("feeds");
    std::fs::write(&path, file.to_string()).unwrap();
    town.restart();
    town.again(&mut phone);
    phone.fetch_keys(&root).await.unwrap();
    assert!(phone.keys.as_ref().unwrap().accepts_newer(before.version));
    assert_eq!(publish(&phone, json!({"table": {"version": 900}})).await.0, 200);
    assert_eq!(got(&phone, 0).await.unwrap().unwrap().version, 900);
}

#[tokio::test]
async fn a_phone_asks_with_its_signature_and_a_number() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    for query in ["?after=-1", "?after=9223372036854775808", "?after=x", "?before=1", "?after=1&after=2"] {
        refused(&phone.call("GET", &format!("/v1/feeds/codes{query}"), None).await.unwrap(), 400, "bad_argument");
    }
    refused(&phone.call("POST", "/v1/feeds/codes", Some(json!({}))).await.unwrap(), 405, "method_not_allowed");
    refused(&phone.call("GET", "/v1/feeds/fees", None).await.unwrap(), 404, "not_found");
    // The profile is for everybody, and its answer is signed over the number that was sent along.
    for query in ["?after=-1", "?nonce=a%20b", "?tea=1", "?after=1&nonce=1&nonce=2"] {
        refused(&phone.call("GET", &format!("/v1/feeds/profile{query}"), None).await.unwrap(), 400, "bad_argument");
    }
    let long = "a".repeat(1_000_000);
    for nonce in [&long[..65], "%F0%9F%98%80", "%E2%80%AE", "%EF%BC%91", ""] {
        let asked = phone.line.send("GET", &format!("/v1/feeds/profile?nonce={nonce}"), &[("host".to_owned(), phone.authority.clone())], b"").await.unwrap();
        assert_eq!(asked.status, if nonce.is_empty() { 200 } else { 400 }, "{}", nonce.len());
    }
    let unsigned = phone.line.send("GET", "/v1/feeds/codes", &[("host".to_owned(), phone.authority.clone())], b"").await.unwrap();
    assert_eq!(unsigned.status, 401);
}

#[tokio::test]
async fn each_switch_makes_the_document_wrong_and_the_answer_stays_signed() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let first = announced(&phone).await + 1;
    assert_eq!(publish(&phone, json!({"table": {"version": first}})).await.0, 200);
    let newest = first + 1;
    assert_eq!(publish(&phone, json!({"table": {"version": newest}})).await.0, 200);
    let honest = got(&phone, 0).await.unwrap().unwrap();
    for fault in ["altered", "wrong_key", "unsigned"] {
        assert_eq!(turn(&phone, json!(fault)).await, 200);
        assert!(got(&phone, newest).await.unwrap().is_err(), "{fault}");
        assert_eq!(announced(&phone).await, newest + 1);
    }
    turn(&phone, json!("older")).await;
    assert!(got(&phone, newest).await.unwrap().unwrap().version < newest);
    turn(&phone, json!("garbage")).await;
    let garbage = got(&phone, newest).await.unwrap().unwrap();
    assert!(garbage.version > newest && serde_json::from_slice::<Value>(&garbage.body).is_err());
    turn(&phone, json!("jump")).await;
    assert_eq!(got(&phone, newest).await.unwrap().unwrap().version, i64::MAX.unsigned_abs());
    turn(&phone, json!("expired")).await;
    assert!(!got(&phone, newest).await.unwrap().unwrap().is_current_at(town.world.now()));
    assert_eq!((turn(&phone, json!("tea")).await, turn(&phone, Value::Null).await), (400, 200));
    assert_eq!(got(&phone, 0).await.unwrap().unwrap(), honest);
    assert!(got(&phone, newest).await.is_none());
}

#[tokio::test]
async fn a_profile_is_signed_anew_before_its_time_is_over() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let held = async |phone: &Phone| {
        let reply = phone.call("GET", "/v1/feeds/profile", None).await.unwrap();
        ok(&reply);
        Feed::open(&reply.raw.body, Feed::PROFILE, phone.keys.as_ref().unwrap()).unwrap()
    };
    let first = held(&phone).await;
    assert_eq!((first.version, first.not_after.unwrap().since(first.issued_at)), (1, 90 * 86_400_000));
    phone.dev.json("POST", "/dev/clock", Some(json!({ "advance_ms": 46 * 86_400_000_i64 }))).await.unwrap();
    let second = held(&phone).await;
    assert_eq!((second.version, second.issued_at >= first.issued_at), (2, true));
    assert_eq!(serde_json::from_slice::<Value>(&second.body).unwrap()["version"], 2);
    assert_eq!(held(&phone).await, second, "and not at every question");
}
