//! Over real sockets: HTTPS, faults of the wire, the vault as a child, the signing proxy, a kill and a new start.

use crate::common::{Folder, NAME, PIN, channel_keys, cny, id_number, ok, pan};
use kabao_base::Id;
use kabao_proof::PublicKey;
use kabao_service::client::Client;
use kabao_service::kit::{Line, Phone};
use kabao_service::{RealWorld, Running, ServiceConfig, VaultConnection, serve, sign_proxy};
use serde_json::{Value, json};
use std::sync::Arc;

async fn start(folder: &Folder, vault: VaultConnection) -> Running {
    let config = ServiceConfig::on_loopback(folder.path());
    std::fs::create_dir_all(&config.channel_keys).unwrap();
    for entry in std::fs::read_dir(channel_keys()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), config.channel_keys.join(entry.file_name())).unwrap();
    }
    serve(config, vault, Arc::new(RealWorld)).await.unwrap()
}

async fn phone(running: &Running) -> Phone {
    let client = Client::service(&running.info).unwrap();
    let authority = client.authority();
    let dev = Line::Net(Client::plain(&running.dev_url).unwrap());
    let mut phone = Phone::new(Line::Net(client), dev, &authority, Arc::new(RealWorld)).unwrap();
    phone.fetch_keys(&PublicKey::parse(&running.info.root_key).unwrap()).await.unwrap();
    phone
}

async fn fault(phone: &Phone, rule: Value) {
    let (status, answer) = phone.dev.json("POST", "/dev/faults", Some(rule)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_faults_and_a_new_start() {
    let folder = Folder::new();
    let running = start(&folder, VaultConnection::in_process(Arc::new(RealWorld))).await;
    let mut phone = phone(&running).await;
    ok(&phone.register("+8613800138000").await.unwrap());
    assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
    ok(&phone.verify(NAME, &id_number(0), 5).await.unwrap());
    let card = phone.bind(&pan(0), NAME, "13800138000").await.unwrap();
    ok(&card);

    let names: Vec<String> = {
        let raw = phone.call("GET", "/v1/account", None).await.unwrap().raw;
        raw.headers.into_iter().map(|(name, _)| name).collect()
    };
    assert!(names.contains(&"kabao-time".to_owned()), "{names:?}");

    for action in ["\"drop_before\"", "\"drop_after\"", "\"cut\""] {
        let action: Value = serde_json::from_str(action).unwrap();
        fault(&phone, json!({"path_prefix": "/v1/account", "times": 1, "action": action})).await;
        assert!(phone.call("GET", "/v1/account", None).await.is_err(), "{action}");
        ok(&phone.call("GET", "/v1/account", None).await.unwrap());
    }
    for (action, status) in [(json!("html"), 200), (json!("unsigned"), 200), (json!("badly_signed"), 200)] {
        fault(&phone, json!({"path_prefix": "/v1/account", "times": 1, "action": action})).await;
        let reply = phone.call("GET", "/v1/account", None).await.unwrap();
        assert_eq!((reply.status, reply.signed), (status, false), "{action}");
    }
    fault(&phone, json!({"path_prefix": "/v1/account", "times": 1, "action": {"delay_ms": 300}})).await;
    let before = std::time::Instant::now();
    ok(&phone.call("GET", "/v1/account", None).await.unwrap());
    assert!(before.elapsed().as_millis() >= 300);

    // A top-up whose answer is lost, then the truth; then the same after the service was started anew.
    let quote = phone.call("POST", "/v1/quotes", Some(json!({"kind": "top_up", "amount": cny(5_000)}))).await.unwrap();
    let intent = phone.make_id();
    let body = phone.payment(intent, &quote.json, json!({"kind": "card", "card_id": card.text("card_id")}), Some(PIN)).unwrap();
    fault(&phone, json!({"path_prefix": "/v1/payments", "times": 1, "action": "drop_after"})).await;
    let path = format!("/v1/payments/{intent}");
    assert!(phone.call("PUT", &path, Some(body.clone())).await.is_err());
    let state = phone.call("GET", &path, None).await.unwrap();
    assert_eq!((state.status, state.text("state")), (200, "succeeded"));
    assert!(!std::fs::read(folder.path().join("service.json")).unwrap().is_empty());
    running.stop().await;

    let running = start(&folder, VaultConnection::in_process(Arc::new(RealWorld))).await;
    let client = Client::service(&running.info).unwrap();
    phone.authority = client.authority();
    phone.line = Line::Net(client);
    phone.dev = Line::Net(Client::plain(&running.dev_url).unwrap());
    let again = phone.call("PUT", &path, Some(body)).await.unwrap();
    ok(&again);
    assert_eq!(again.raw.body, state.raw.body, "the same answer after a new start");

    // A till is told of its payment by a signed notification.
    let tokens = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 1}))).await.unwrap();
    let code = crate::common::payer_code(&tokens.json["tokens"][0], 0, kabao_service::World::now(&RealWorld));
    let charge = json!({"code": code, "amount_fen": 100, "order": "n-1"});
    let (_, charged) = phone.dev.json("POST", "/dev/till/charge", Some(charge)).await.unwrap();
    assert_eq!(charged["code"], "BBS00000", "{charged}");
    let told = async || phone.dev.json("GET", "/dev/till/notifications", None).await.unwrap().1["notifications"].clone();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while told().await == json!([]) {
        assert!(std::time::Instant::now() < deadline, "nobody told the till");
        tokio::task::yield_now().await;
    }
    assert_eq!(told().await[0]["out_trade_no"], "n-1");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proxy_signs_for_tools_that_cannot() {
    let folder = Folder::new();
    let running = start(&folder, VaultConnection::in_process(Arc::new(RealWorld))).await;
    let file = folder.path().join("proxy.json");
    let proxy = sign_proxy(([127, 0, 0, 1], 0).into(), &running.info, &file).await.unwrap();
    let line = Line::Net(Client::plain(&proxy.url).unwrap());
    let (status, account) = line.json("GET", "/v1/account", None).await.unwrap();
    assert_eq!((status, account["balance"]["minor"].as_i64()), (200, Some(10_000)), "{account}");
    let (status, error) = line.json("POST", "/v1/quotes", Some(json!({}))).await.unwrap();
    assert_eq!((status, error["code"].as_str()), (400, Some("bad_argument")));
    let (status, _) = line.json("DELETE", "/v1/account", None).await.unwrap();
    assert_eq!(status, 405);
    let first = proxy.account;
    proxy.stop().await;
    let proxy = sign_proxy(([127, 0, 0, 1], 0).into(), &running.info, &file).await.unwrap();
    assert_eq!(proxy.account, first, "the device is kept");
    proxy.stop().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vault_is_a_process_that_may_die() {
    let folder = Folder::new();
    let args = ["--exact", "sockets::run_as_the_vault", "--nocapture", "--quiet", "--ignored"].map(str::to_owned);
    // The child is this very test program; its first line of output is the test harness's, so a wrapper of
    // the shell takes the frames from another descriptor.
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "exec 3>&1; export KABAO_TEST_VAULT={:?}; exec {:?} {} >/dev/null",
        folder.path(), exe, args.join(" ")
    );
    let vault = VaultConnection::spawn("/bin/sh".as_ref(), &["-c".to_owned(), script]).unwrap();
    let VaultConnection::Child(_) = &vault else { panic!("a child was asked for") };
    let running = start(&folder, vault).await;
    let mut phone = phone(&running).await;
    ok(&phone.register("+8613800138000").await.unwrap());
    assert_eq!(phone.set_pin(PIN).await.unwrap().status, 204);
    ok(&phone.verify(NAME, &id_number(0), 5).await.unwrap());
    let card = phone.bind(&pan(0), NAME, "13800138000").await.unwrap();
    ok(&card);

    let pid = running.service.vault_process_id().unwrap();
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    // The call that meets the death is 503 (or the clock met it first); the next one meets a new vault. A quote asks the
    // vault how the cards stand.
    let wish = json!({"kind": "top_up", "amount": cny(5_000)});
    let mut quote = phone.call("POST", "/v1/quotes", Some(wish.clone())).await.unwrap();
    if quote.status == 503 {
        assert_eq!((quote.code(), quote.signed), ("service_down", true));
        quote = phone.call("POST", "/v1/quotes", Some(wish)).await.unwrap();
    }
    ok(&quote);
    let body = phone.payment(phone.make_id(), &quote.json, json!({"kind": "card", "card_id": card.text("card_id")}), Some(PIN)).unwrap();
    let intent = Id::parse(body["terms"]["intent_id"].as_str().unwrap()).unwrap();
    let path = format!("/v1/payments/{intent}");
    let mut reply = phone.call("PUT", &path, Some(body.clone())).await.unwrap();
    if reply.status == 503 {
        assert_eq!((reply.code(), reply.signed), ("service_down", true));
        reply = phone.call("PUT", &path, Some(body)).await.unwrap();
    }
    ok(&reply);
    assert_eq!(reply.text("state"), "succeeded");
    assert_ne!(running.service.vault_process_id().unwrap(), pid);
    running.stop().await;
}

/// Not a test: the child of the test above.
#[test]
#[ignore = "the vault's process of the test above"]
fn run_as_the_vault() {
    let Some(data) = std::env::var_os("KABAO_TEST_VAULT") else { return };
    let out = std::fs::OpenOptions::new().write(true).open("/proc/self/fd/3").unwrap();
    kabao_service::run_vault(data.as_ref(), std::io::stdin(), out).unwrap();
}
