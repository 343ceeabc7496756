//! Who is let in: signatures, times, nonces, bodies, paths.

use super::*;
use crate::lakala::wire::{Authorization, Verifier};
use serde_json::json;

fn code(shop: &Shop, request: &SignedRequest) -> String {
    shop.send(request).code
}

fn query(shop: &Shop) -> SignedRequest {
    shop.till.query("T1").unwrap()
}

fn with_authorization(mut request: SignedRequest, change: impl Fn(&str) -> String) -> SignedRequest {
    for (name, value) in &mut request.headers {
        if name == "Authorization" {
            *value = change(value);
        }
    }
    request
}

#[test]
fn only_the_merchants_signature_is_believed() {
    let shop = Shop::open();
    assert_eq!(code(&shop, &query(&shop)), "KB20002");
    let mut other_body = query(&shop);
    other_body.body.push(b' ');
    assert_eq!(code(&shop, &other_body), "KB10002");
    type Change = fn(&str) -> String;
    let cases: [(&str, Change); 9] = [
        ("KB10001", |_| String::new()),
        ("KB10001", |header| header.replace("LKLAPI-SHA256withRSA ", "LKLAPI-SHA256withSM2 ")),
        ("KB10001", |header| format!("{header},nonce_str=\"abcdefgh\"")),
        ("KB10001", |header| format!("{header},extra=\"1\"")),
        ("KB10001", |header| header.replace("timestamp=\"1", "timestamp=\"x")),
        ("KB10001", |header| header.replace('"', "")),
        ("KB10002", |header| header.replace("nonce_str=\"", "nonce_str=\"0")),
        ("KB10002", |header| header.replace("signature=\"", "signature=\"AAAA")),
        ("KB10003", |header| header.replace("appid=\"OP", "appid=\"OQ")),
    ];
    for (wanted, change) in cases {
        assert_eq!(code(&shop, &with_authorization(query(&shop), change)), wanted);
    }
    let mut twice = query(&shop);
    twice.headers.push(("authorization".to_owned(), "LKLAPI-SHA256withRSA ".to_owned()));
    assert_eq!(code(&shop, &twice), "KB10001");
    let mut none = query(&shop);
    none.headers.clear();
    assert_eq!(code(&shop, &none), "KB10001");
    assert_eq!(shop.wallet.calls(), 0);
}

#[test]
fn a_header_may_come_in_any_case_and_order() {
    let shop = Shop::open();
    let mut request = with_authorization(query(&shop), |header| {
        let (scheme, rest) = header.split_once(' ').unwrap();
        let mut parts: Vec<_> = rest.split(',').collect();
        parts.reverse();
        format!("{scheme} {}", parts.join(", "))
    });
    for (name, _) in &mut request.headers {
        *name = name.to_ascii_lowercase();
    }
    assert_eq!(code(&shop, &request), "KB20002");
}

#[test]
fn a_request_is_good_once_and_for_ten_minutes() {
    let shop = Shop::open();
    let request = query(&shop);
    assert_eq!(code(&shop, &request), "KB20002");
    assert_eq!(code(&shop, &request), "KB10005");
    shop.world.advance(599_000);
    assert_eq!(code(&shop, &request), "KB10005");
    let edge = query(&shop);
    shop.world.advance(602_000);
    assert_eq!(code(&shop, &edge), "KB10004");
    let early = query(&shop);
    shop.world.advance(-602_000);
    assert_eq!(code(&shop, &early), "KB10004");
}

#[test]
fn a_nonce_is_forgotten_only_when_its_request_is_too_old() {
    let shop = Shop::open();
    let early = query(&shop);
    // Sent by a clock that runs ahead: the request stays fresh for almost twenty minutes.
    shop.world.advance(-590_000);
    assert_eq!(code(&shop, &early), "KB20002");
    shop.world.advance(590_000 + 590_000);
    assert_eq!(code(&shop, &query(&shop)), "KB20002");
    assert_eq!(code(&shop, &early), "KB10005");
}

#[test]
fn a_replay_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lakala.db");
    let shop = Shop::at(Some(&path), Arc::default(), Arc::new(TestWorld::new(7)));
    let request = query(&shop);
    assert_eq!(code(&shop, &request), "KB20002");
    let (wallet, world) = (shop.wallet.clone(), shop.world.clone());
    drop(shop);
    assert_eq!(code(&Shop::at(Some(&path), wallet, world), &request), "KB10005");
}

#[test]
fn bodies_are_read_strictly() {
    let shop = Shop::open();
    let signed = |body: Vec<u8>| code(&shop, &shop.till.sign(TRADEQUERY, body).unwrap());
    for body in ["", "[]", "null", "{", "{\"req_time\":1}", "\u{feff}{}"] {
        assert_eq!(signed(body.as_bytes().to_vec()), "KB10006", "{body:?}");
    }
    assert_eq!(signed(vec![0xff; 16]), "KB10006");
    assert_eq!(signed(vec![b' '; 1 << 20]), "KB10006");
    assert_eq!(signed("[".repeat(60_000).into_bytes()), "KB10006");
    let envelope = |time: &str, version: &str, merchant: &str| {
        let data = json!({"merchant_no": merchant, "term_no": keys().term_no, "out_trade_no": "T1"});
        json!({"req_time": time, "version": version, "req_data": data}).to_string().into_bytes()
    };
    let merchant = keys().merchant_no.clone();
    let other_terminal = json!({"merchant_no": merchant, "term_no": "A0000000", "out_trade_no": "T1"});
    let body = json!({"req_time": "20261122121909", "version": "3.0", "req_data": other_terminal});
    assert_eq!(signed(body.to_string().into_bytes()), "KB10003");
    assert_eq!(signed(envelope("20261122121909", "3.0", &merchant)), "KB20002");
    assert_eq!(signed(envelope("20261322121909", "3.0", &merchant)), "KB10007");
    assert_eq!(signed(envelope("2026-11-22", "3.0", &merchant)), "KB10007");
    assert_eq!(signed(envelope("20261122121909", "2.0", &merchant)), "KB10007");
    assert_eq!(signed(envelope("20261122121909", "3.0", "822000000000000")), "KB10003");
}

#[test]
fn fields_of_a_charge_are_read_strictly() {
    let shop = Shop::open();
    let good = || {
        json!({"out_trade_no": "T1", "auth_code": CODE, "total_amount": "2350", "subject": "豆浆",
               "location_info": {"request_ip": "127.0.0.1"}, "notify_url": "http://127.0.0.1:9/n"})
    };
    let bad = [
        ("out_trade_no", json!("a b"), "KB10007"), ("out_trade_no", json!(""), "KB10007"),
        ("out_trade_no", json!("a".repeat(33)), "KB10007"), ("out_trade_no", json!(7), "KB10006"),
        ("total_amount", json!(2350), "KB10006"), ("total_amount", json!("23.50"), "KB10007"),
        ("total_amount", json!("0"), "KB10007"), ("total_amount", json!("-5"), "KB10007"),
        ("total_amount", json!("２３５０"), "KB10007"), ("total_amount", json!("99999999999999999999"), "KB10007"),
        ("subject", json!("a\u{202e}b"), "KB10007"), ("subject", json!("豆".repeat(43)), "KB10007"),
        ("location_info", json!({}), "KB10006"), ("location_info", json!({"request_ip": "here"}), "KB10007"),
        ("notify_url", json!("file:///etc/passwd"), "KB10007"), ("auth_code", json!("x"), "KB20003"),
        ("auth_code", json!("134500000000000000"), "KB20004"), ("auth_code", json!("9".repeat(1 << 15)), "KB20003"),
    ];
    for (field, value, wanted) in bad {
        let mut data = good();
        data[field] = value;
        assert_eq!(code(&shop, &shop.till.request(MICROPAY, data).unwrap()), wanted, "{field}");
    }
    for field in ["out_trade_no", "auth_code", "total_amount", "location_info"] {
        let mut data = good();
        data.as_object_mut().unwrap().remove(field);
        assert_eq!(code(&shop, &shop.till.request(MICROPAY, data).unwrap()), "KB10006", "{field}");
    }
    // None of them used up the order number or the code, and unknown fields are no fault.
    assert_eq!(shop.wallet.calls(), 0);
    let mut data = good();
    data["settle_type"] = json!("0");
    assert_eq!(code(&shop, &shop.till.request(MICROPAY, data).unwrap()), "BBS00000");
}

#[test]
fn what_is_not_offered_says_so() {
    let shop = Shop::open();
    for path in [PREORDER, CLOSE] {
        let answer = shop.send(&shop.till.request(path, json!({"out_trade_no": "T1"})).unwrap());
        assert_eq!(answer.code, "KB20005");
    }
    let request = query(&shop);
    for path in ["/", "/api/v3/labs/trans/micropay/", "/api/v3/labs/trans/MICROPAY"] {
        assert_eq!(shop.acquirer.handle(path, &request.headers, &request.body, shop.now()).status, 404);
    }
}

#[test]
fn the_till_believes_only_the_platform() {
    let shop = Shop::open();
    let request = query(&shop);
    let good = shop.acquirer.handle(request.path, &request.headers, &request.body, shop.now());
    let read = |change: &dyn Fn(&mut LakalaResponse)| {
        let mut answer = good.clone();
        change(&mut answer);
        shop.till.read_answer(answer.status, &answer.headers, &answer.body).map(|_| ())
    };
    assert_eq!(read(&|_| ()), Ok(()));
    assert_eq!(read(&|answer| answer.status = 500), Err(TillError::Status));
    assert_eq!(read(&|answer| answer.body[3] ^= 1), Err(TillError::Forged));
    assert_eq!(read(&|answer| answer.headers.truncate(5)), Err(TillError::Unsigned));
    assert_eq!(read(&|answer| answer.headers[2].1 = "00".to_owned()), Err(TillError::NotOurs));
    assert_eq!(read(&|answer| answer.headers[4].1.push('0')), Err(TillError::Forged));
    shop.world.advance(700_000);
    assert_eq!(read(&|_| ()), Err(TillError::Stale));
    let names: Vec<_> = good.headers.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = ["Content-Type", "Lklapi-Appid", "Lklapi-Serial", "Lklapi-Timestamp", "Lklapi-Nonce", "Lklapi-Signature"];
    assert_eq!(names, wanted);
}

#[test]
fn the_key_folder_is_made_once_and_checked_when_loaded() {
    let folder = key_folder();
    let made = ChannelKeys::open(folder.path(), &TestWorld::new(1)).unwrap();
    let again = ChannelKeys::open(folder.path(), &TestWorld::new(2)).unwrap();
    assert_eq!((&made.appid, &made.platform_serial), (&again.appid, &again.platform_serial));
    made.write_tls_ca("ca").unwrap();
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let wanted = ["lkl.json", "lkl_mch_cert.cer", "lkl_mch_private.pem", "lkl_platform_cert.cer", "lkl_platform_private.pem", "tls_ca.pem"];
    assert_eq!(names, wanted);
    let file = |name: &str| folder.path().join(name);
    let settings: serde_json::Value = serde_json::from_slice(&std::fs::read(file("lkl.json")).unwrap()).unwrap();
    assert_eq!(settings.as_object().unwrap().len(), 5);
    let platform = Verifier::read(&std::fs::read(file("lkl_platform_cert.cer")).unwrap()).unwrap();
    assert_eq!(settings["platform_serial"], platform.serial().as_str());
    // A merchant that keeps its key: the platform side works, the till says what is missing.
    std::fs::rename(file("lkl_mch_private.pem"), file("kept")).unwrap();
    let keyless = Arc::new(ChannelKeys::open(folder.path(), &TestWorld::new(2)).unwrap());
    assert!(Till::new(keyless, Arc::new(TestWorld::new(3))).query("T1").is_err());
    // A key that is not the certificate's is refused by name.
    std::fs::copy(file("lkl_platform_private.pem"), file("lkl_mch_private.pem")).unwrap();
    let refused = ChannelKeys::open(folder.path(), &TestWorld::new(2)).err().unwrap().to_string();
    assert!(refused.starts_with("lkl_mch_private.pem is not"), "{refused}");
    std::fs::write(file("lkl_platform_cert.cer"), "junk").unwrap();
    std::fs::rename(file("kept"), file("lkl_mch_private.pem")).unwrap();
    assert!(ChannelKeys::open(folder.path(), &TestWorld::new(2)).is_err());
}

#[test]
fn the_crate_rsa_agrees_with_what_is_signed() {
    use base64::Engine;
    use rsa::pkcs8::DecodePrivateKey;
    use rsa::traits::SignatureScheme;
    let folder = key_folder();
    let pem = std::fs::read_to_string(folder.path().join("lkl_mch_private.pem")).unwrap();
    let private = rsa::RsaPrivateKey::from_pkcs8_pem(&pem).unwrap();
    let signer = crate::lakala::wire::Signer::read(pem.as_bytes()).unwrap();
    let header = Authorization::of_request(&signer, "OP1", "1f", Timestamp::from_ms(1_795_321_149_000), "n0n0n0n0", b"{}").unwrap();
    let read = Authorization::read(&header).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, b"OP1\n1f\n1795321149\nn0n0n0n0\n{}\n");
    // DigestInfo of SHA-256 (RFC 8017, 9.2), written out: the padding is checked without the crate that signed.
    let prefix = [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
    let scheme = rsa::Pkcs1v15Sign { hash_len: Some(32), prefix: prefix.to_vec().into_boxed_slice() };
    let signature = base64::engine::general_purpose::STANDARD.decode(&read.signature).unwrap();
    scheme.verify(&private.to_public_key(), digest.as_ref(), &signature).unwrap();
}
