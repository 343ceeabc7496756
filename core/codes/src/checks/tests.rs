//! The published cases of `tests/vectors`, counted as its README says.

use super::*;

const TODAY: (i32, u32, u32) = (2026, 11, 22);

/// Cases that disagree with the keys that count, by id. A key of `expected` that is null leaves
/// `valid`, `accept`, `brand` and `luhn` open: the sources disagree. Of `error` only presence counts.
fn disagreeing(set: &str, file: &str, counts: impl Fn(&str) -> &'static [&'static str]) -> (usize, Vec<String>) {
    let cases: Vec<Value> = serde_json::from_str(file).unwrap();
    let (mut asked, mut wrong) = (0, Vec::new());
    for mut case in cases {
        let kind = case["kind"].as_str().unwrap_or_default().to_owned();
        let keys = counts(&kind);
        if keys.is_empty() || (kind == "normalise" && case["region"] != "CN") {
            continue;
        }
        asked += 1;
        let expected = case.as_object_mut().unwrap().remove("expected").unwrap();
        let answer: Value = serde_json::from_str(&answer(set, &case.to_string(), TODAY)).unwrap();
        assert_eq!(answer["id"], case["id"]);
        let agrees = keys.iter().all(|key| {
            let open = expected[key].is_null() && ["valid", "accept", "brand", "luhn"].contains(key);
            if *key == "error" {
                return expected[key].is_null() == answer["actual"][key].is_null();
            }
            expected.get(key).is_none() || open || expected[key] == answer["actual"][key]
        });
        if !agrees || answer["actual"].is_null() {
            wrong.push(case["id"].as_str().unwrap().to_owned());
        }
    }
    (asked, wrong)
}

macro_rules! vectors {
    ($name:ident, $count:expr, $counts:expr) => {
        #[test]
        fn $name() {
            let file = include_str!(concat!("../../../../tests/vectors/", stringify!($name), ".json"));
            assert_eq!(disagreeing(stringify!($name), file, $counts), ($count, Vec::new()));
        }
    };
}

vectors!(id_numbers, 20, |_| &["valid", "birth", "sex", "upgraded", "normalised"]);
vectors!(names, 19, |_| &["valid", "normalised"]);
vectors!(travel_documents, 13, |_| &["valid"]);
vectors!(mrz, 12, |_| &[
    "valid", "checks", "issuer", "surname", "given", "number", "nationality", "birth", "sex", "expiry", "check_digit",
]);
vectors!(payment_codes, 23, |_| &["network"]);
vectors!(passwords, 2, |kind| if kind == "payment-pin-policy" { &["accept"] } else { &[] });
vectors!(phones, 41, |kind| match kind {
    "cn-mobile-prefix" => &["sms_capable_regex"],
    "normalise" => &["valid", "e164", "mobile"],
    _ => &[],
});
vectors!(bank_cards, 107, |kind| match kind {
    // Of an error only counts that there is one: two of the answers below are compared.
    "cn-bin-lookup" => &["bankCode", "cardType"],
    "brand-detection" => &["brand", "luhn"],
    "number-validity" => &["valid", "potentially_valid", "brand"],
    "luhn" => &["luhn"],
    "luhn-check-digit" | "iso7064-mod11-2-check-digit" => &["check_digit"],
    "masking" => &["masked"],
    _ => &[],
});
vectors!(emv_mpm_valid, 123, |_| &[
    "poi", "mcc", "currency", "amount", "country", "merchant_name", "merchant_city", "mai_ids", "duplicate_ids", "top_level",
]);
vectors!(emv_mpm_invalid, 31, |_| &["valid"]);
vectors!(emv_cpm_valid, 9, |_| &["valid", "hex", "payload_format", "aids", "pan"]);
vectors!(emv_cpm_invalid, 3, |_| &["valid"]);
vectors!(ndef, 54, |kind| match kind {
    "uri-payload-decode" => &["uri", "error"],
    "text-payload-decode" => &["text", "lang", "encoding", "error"],
    "smartposter-payload" => &["uri", "title", "action", "type", "size", "error"],
    "record-decode" | "message-decode-any-mode" | "message-decode-strict" => &["error"],
    "uri-message" => &["uris", "roundtrip"],
    "record-encode-decode" => &["hex"],
    _ => &[],
});
vectors!(type4_tag, 1, |kind| match kind {
    "read-sequence" => &["cc", "ndef_hex", "uri"],
    "cc-access" => &["access"],
    _ => &[],
});
vectors!(merchant_qr_content, 20, |_| &["kind", "inner"]);

#[test]
fn merchant_codes_are_written_back_as_they_were() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../../tests/vectors/emv_mpm_valid.json")).unwrap();
    for case in cases {
        let answer: Value = serde_json::from_str(&answer("emv_mpm_valid", &case.to_string(), TODAY)).unwrap();
        assert_eq!(answer["actual"]["reencoded"], case["input"]);
    }
}

#[test]
fn a_bad_line_is_answered_and_named() {
    for line in ["", "not json", "[]", "1", "null", "{", "\"input\"", "{\"input\":1}", "{}"] {
        for set in sets() {
            let answer: Value = serde_json::from_str(&answer(set, line, TODAY)).unwrap();
            assert!(answer["id"].is_null() && answer["error"].is_string(), "{line}");
        }
    }
    let score = "{\"id\":\"a\",\"kind\":\"score\",\"input\":\"111111\"}";
    assert!(answer("passwords", score, TODAY).contains("error"));
    let deep = "[".repeat(100_000);
    assert!(answer("names", &deep, TODAY).contains("error"));
    assert!(answer("nothing", "{\"id\":\"a\",\"input\":\"b\"}", TODAY).starts_with("{\"error\""));
    assert!(answer("id_numbers", "{\"id\":\"a\",\"doc_type\":\"resident-18\",\"input\":\"b\"}", (2026, 2, 30)).contains("error"));
    let long = json!({ "id": "a", "doc_type": "resident-18", "input": "1".repeat(1 << 20), "kind": "luhn" }).to_string();
    for set in sets() {
        assert!(!answer(set, &long, TODAY).contains('\n'));
    }
}

#[test]
fn a_birth_after_today_is_refused() {
    let line = "{\"id\":\"a\",\"doc_type\":\"resident-18\",\"input\":\"110101199003078670\"}";
    assert!(answer("id_numbers", line, (1990, 3, 6)).contains("\"valid\":false"));
    assert!(answer("id_numbers", line, (1990, 3, 7)).contains("\"valid\":true"));
}

#[test]
fn one_document_serves_hong_kong_and_macau() {
    let valid = |document: &str, number: &str| {
        let line = json!({ "id": "a", "doc_type": document, "input": number }).to_string();
        answer("id_numbers", &line, TODAY).contains("\"valid\":true")
    };
    let (hong_kong, macau, taiwan) = ("810000199408230021", "820000196108197467", "830000199001010012");
    assert!(valid("hk-residence-permit", hong_kong) && valid("hk-residence-permit", macau) && valid("mo-residence-permit", macau));
    assert!(valid("tw-residence-permit", taiwan) && !valid("hk-residence-permit", taiwan) && !valid("tw-residence-permit", macau));
}
