//! Which builds of the app may open accounts and pay: unknown and withdrawn ones are refused by name, and the list outlives a
//! restart and an older copy of the book.

use crate::common::*;
use kabao_service::kit::{Phone, Reply};
use serde_json::{Value, json};

const TEL: &str = "+8613900139000";

fn build(digest: &str, version: &str) -> Value {
    json!({"package": "app.kabao.wallet", "signing_digest": digest.repeat(64), "channel": "site", "core_version": version})
}

fn line(digest: &str, more: Value) -> Value {
    let mut line = json!({"package": "app.kabao.wallet", "signing_digest": digest.repeat(64)});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

/// The three ways to become a phone of an account.
async fn enrol(phone: &Phone, path: &str, build: Option<&Value>) -> Reply {
    let field = match path {
        "/v1/registrations" => "registration_id",
        "/v1/sign-ins" => "sign_in_id",
        _ => "replacement_id",
    };
    let mut body = json!({
        field: phone.make_id(), "phone": TEL, "device_key": phone.device_key.public(), "approve_key": phone.approve_key.public(),
        "device_model": "Test phone",
    });
    if path == "/v1/sign-ins" {
        body["form"] = json!("phone");
    }
    if let Some(build) = build {
        body["build"] = build.clone();
    }
    phone.call("POST", path, Some(body)).await.unwrap()
}

async fn name(phone: &Phone, build: &Value) -> Reply {
    phone.call("PUT", "/v1/devices/this/build", Some(build.clone())).await.unwrap()
}

#[tokio::test]
async fn only_a_listed_build_enrols_and_nothing_is_sent_to_others() {
    let mut town = Town::new();
    let mut phone = town.phone().await;
    let ours = build("a", "0.1.0");
    for path in ["/v1/registrations", "/v1/sign-ins", "/v1/device-replacements"] {
        refused(&enrol(&phone, path, Some(&ours)).await, 403, "build_unknown");
    }
    town.ask_dev("POST", "/dev/builds", Some(line("a", json!({})))).await;
    // Repackaged: the same name, signed by somebody else.
    refused(&enrol(&phone, "/v1/registrations", Some(&build("b", "0.1.0"))).await, 403, "build_unknown");
    town.ask_dev("POST", "/dev/builds", Some(line("a", json!({"core_version": "0.0.9", "withdrawn": true})))).await;
    refused(&enrol(&phone, "/v1/registrations", Some(&build("a", "0.0.9"))).await, 403, "build_withdrawn");
    let inbox = town.ask_dev("GET", "/dev/inbox?phone=%2B8613900139000", None).await;
    assert_eq!(inbox["messages"], json!([]), "nobody gets a code for a build that may not be used");
    ok(&enrol(&phone, "/v1/registrations", Some(&ours)).await);
    // The operator may also shut out apps that name none; a restart forgets nothing of it.
    town.ask_dev("POST", "/dev/builds", Some(json!({"package": "", "withdrawn": true}))).await;
    town.restart();
    town.again(&mut phone);
    refused(&enrol(&phone, "/v1/registrations", None).await, 403, "build_withdrawn");
    refused(&enrol(&phone, "/v1/registrations", Some(&build("a", "0.0.9"))).await, 403, "build_withdrawn");
    let known = town.ask_dev("GET", "/dev/builds", None).await;
    assert_eq!(known["builds"].as_array().unwrap().iter().filter(|line| line["package"] == "").count(), 1, "one line for each build");
}

#[tokio::test]
async fn a_withdrawn_build_pays_nothing_and_keeps_the_rest() {
    let mut town = Town::new();
    let (mut phone, card) = town.person().await;
    let (old, newer) = (build("a", "0.1.0"), build("a", "0.2.0"));
    town.ask_dev("POST", "/dev/builds", Some(line("a", json!({})))).await;
    assert_eq!((name(&phone, &old).await.status, name(&phone, &old).await.status), (204, 204));
    ok(&town.top_up(&phone, card, 5_000).await);
    let batch = phone.call("POST", "/v1/payer-codes", Some(json!({"batch_id": phone.make_id(), "count": 2}))).await.unwrap();
    ok(&batch);
    let pay = json!({"kind": "pay", "amount": cny(100), "payee_id": town.merchant().await});
    let quote = town.quote(&phone, pay.clone()).await;
    let copy = town.ask_dev("POST", "/dev/snapshot", None).await;
    town.ask_dev("POST", "/dev/builds", Some(line("a", json!({"core_version": "0.1.0", "withdrawn": true})))).await;
    for round in ["at once", "from an older copy of the book, after a restart"] {
        // A quote of before, a new one, a new code, a code of before at a till.
        let body = phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap();
        let answered = put(&phone, &body).await;
        if round == "at once" {
            assert_eq!(answered.text("state"), "refused", "{}", answered.json);
        } else {
            // A quote dies with the epoch that it was made in.
            refused(&answered, 422, "quote_unknown");
        }
        refused(&phone.call("POST", "/v1/quotes", Some(pay.clone())).await.unwrap(), 403, "build_withdrawn");
        let more = json!({"batch_id": phone.make_id(), "count": 1});
        refused(&phone.call("POST", "/v1/payer-codes", Some(more)).await.unwrap(), 403, "build_withdrawn");
        let position = usize::from(round != "at once");
        let code = payer_code(&batch.json["tokens"][position], 0, kabao_service::World::now(town.world.as_ref()));
        let charge = town.ask_dev("POST", "/dev/till/charge", Some(json!({"code": code, "amount_fen": 900}))).await;
        assert_ne!(charge["code"], "BBS00000", "{round}: {charge}");
        // Balance, history and limits stay, and so does freezing.
        assert_eq!(town.balance(&phone).await, 5_000, "{round}");
        let account = phone.call("GET", "/v1/account", None).await.unwrap();
        assert_eq!(account.json["channels"][0]["reason"], "build_withdrawn");
        ok(&phone.call("GET", "/v1/history", None).await.unwrap());
        town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": copy["snapshot"]}))).await;
        town.restart();
        town.again(&mut phone);
    }
    let hash = kabao_proof::hex(&kabao_proof::digest::sha256_of(&[b"kabao-sheet-1", b"ABCDABCDABCDABCD"]));
    assert_eq!(phone.call("PUT", "/v1/account/recovery-sheet", Some(json!({"sheet_hash": hash}))).await.unwrap().status, 204);
    // The phone is updated: it pays again. A repackaged one is written down and pays nothing.
    assert_eq!(name(&phone, &newer).await.status, 204);
    ok(&phone.call("POST", "/v1/quotes", Some(pay.clone())).await.unwrap());
    assert_eq!(name(&phone, &build("b", "0.2.0")).await.status, 204);
    refused(&phone.call("POST", "/v1/quotes", Some(pay)).await.unwrap(), 403, "build_unknown");
    let freeze = json!({"phone": "+8613800138000", "code": "ABCD-ABCD-ABCD-ABCD"});
    assert_eq!(phone.call("POST", "/v1/freeze", Some(freeze)).await.unwrap().status, 204);
    town.audit().await;
}

#[tokio::test]
async fn every_field_of_a_build_is_bounded() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let (fresh, good, megabyte) = (town.phone().await, build("a", "0.1.0"), "a".repeat(1_000));
    for field in ["package", "signing_digest", "channel", "core_version"] {
        for wrong in ["", " ", "包", "🏦", "ａ", "a\u{202e}b", "a\u{200b}", "a b", "A/B", &megabyte, "0A"] {
            if wrong == "0A" && matches!(field, "package" | "core_version") {
                continue;
            }
            let mut build = good.clone();
            build[field] = json!(wrong);
            refused(&name(&phone, &build).await, 400, "bad_argument");
            let reply = enrol(&fresh, "/v1/registrations", Some(&build)).await;
            assert_eq!((reply.status, reply.code(), reply.json["field"].as_str()), (400, "bad_argument", Some(field)));
        }
    }
    let long = json!({"package": "a".repeat(1 << 20), "signing_digest": "a".repeat(64), "channel": "site", "core_version": "0"});
    assert_eq!(name(&phone, &long).await.status, 413);
    let mut more = good.clone();
    more["tea"] = json!(1);
    assert_eq!(name(&phone, &more).await.status, 400);
    assert_eq!(phone.line.send("PUT", "/v1/devices/this/build", &[("host".to_owned(), phone.authority.clone())], b"{}").await.unwrap().status, 401);
    // Another account's build is its own.
    town.ask_dev("POST", "/dev/builds", Some(line("a", json!({"withdrawn": true})))).await;
    let (other, _) = town.person().await;
    assert_eq!(name(&phone, &good).await.status, 204);
    let code = |reply: Reply| reply.code().to_owned();
    let batch = |phone: &Phone| json!({"batch_id": phone.make_id(), "count": 1});
    assert_eq!(code(phone.call("POST", "/v1/payer-codes", Some(batch(&phone))).await.unwrap()), "build_withdrawn");
    ok(&other.call("POST", "/v1/payer-codes", Some(batch(&other))).await.unwrap());
}
