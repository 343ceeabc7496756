use super::*;
use serde_json::{Value, json};

fn shipped() -> Value {
    serde_json::from_slice(SHIPPED).unwrap()
}

/// The shipped table with one place changed.
fn changed(pointer: &str, value: Value) -> Result<Table, TableError> {
    let mut table = shipped();
    *table.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    Table::parse(table.to_string().as_bytes())
}

#[test]
fn what_ships_is_read_and_every_row_names_its_source() {
    let table = Table::parse(SHIPPED).unwrap();
    assert_eq!(*Table::shipped(), table);
    let rows: usize = shipped().as_object().unwrap().values().filter_map(|section| section.as_array().map(Vec::len)).sum();
    assert_eq!(table.sources().len(), rows);
    // Text, one row a line, so that a change is read as a change of rows.
    assert!(SHIPPED.iter().filter(|byte| **byte == b'\n').count() > rows);
}

#[test]
fn a_table_is_replaced_by_a_newer_one_only() {
    let table = |version: u64| changed("/version", json!(version)).unwrap();
    assert_eq!(table(2).replace_with(table(3)).map(|table| table.version()), Ok(3));
    for version in [1, 2] {
        assert_eq!(table(2).replace_with(table(version)), Err(TableError::Downgrade));
    }
    assert_eq!(changed("/version", json!(0)), Err(TableError::Downgrade));
}

#[test]
fn what_is_not_understood_is_refused_whole() {
    let wrong = |pointer: &str, value: Value| changed(pointer, value).unwrap_err();
    assert_eq!(wrong("/version", json!(-1)), TableError::Shape);
    assert_eq!(wrong("/links", json!(null)), TableError::Shape);
    assert_eq!(wrong("/links/0/family", json!("our_collection")), TableError::Name);
    assert_eq!(wrong("/links/0/family", json!("surprise")), TableError::Name);
    assert_eq!(wrong("/links/0/owner", json!("ours")), TableError::Name);
    assert_eq!(wrong("/links/0/owner", json!("A b")), TableError::Text);
    assert_eq!(wrong("/links/0/hand_over", json!("pay")), TableError::Name);
    assert_eq!(wrong("/links/0/fixed", json!("maybe")), TableError::Name);
    assert_eq!(wrong("/links/0/token", json!("query")), TableError::Name);
    for need in ["a b", "", "a=", "a={z:1-2}", "=a"] {
        assert_eq!(wrong("/links/0/needs", json!([need])), TableError::Text, "{need}");
    }
    assert_eq!(wrong("/links/0/paths", json!([])), TableError::Text);
    assert_eq!(wrong("/links/0/paths", json!(["/{z:1-2}"])), TableError::Path);
    assert_eq!(wrong("/links/0/schemes", json!([])), TableError::Text);
    assert_eq!(wrong("/links/0/schemes", json!(["http"])), TableError::Text);
    assert_eq!(wrong("/links/0/schemes", json!(["https", "alipays"])), TableError::Text);
    for scheme in ["javascript", "data", "file", "intent", "content"] {
        assert_eq!(wrong("/links/0/schemes", json!([scheme])), TableError::Text, "{scheme}");
    }
    assert_eq!(wrong("/crypto_schemes/0/scheme", json!("https")), TableError::Text);
    for host in ["", "*", "alipay", "QR.alipay.com", "qr.alipаy.com", "xn--a.com", "-a.com", "a..com", "*.com", "a.com:80", "a.com/"] {
        assert_eq!(wrong("/links/0/host", json!(host)), TableError::Host, "{host}");
    }
    assert_eq!(wrong("/short_links/0/host", json!("t")), TableError::Host);
    assert_eq!(wrong("/crypto_schemes/0/scheme", json!("Bitcoin")), TableError::Text);
    assert_eq!(wrong("/merchant_guids/0/guid", json!("A0")), TableError::Text);
    assert_eq!(wrong("/merchant_countries/0/country", json!("kh")), TableError::Text);
    assert_eq!(wrong("/merchant_schemes/0/country", json!("CHN")), TableError::Text);
    assert_eq!(wrong("/merchant_schemes/0/name", json!("")), TableError::Text);
    assert_eq!(wrong("/merchant_schemes/0/name", json!("n".repeat(65))), TableError::Text);
    assert_eq!(wrong("/merchant_schemes/0/owner", json!("ours")), TableError::Name);
    assert_eq!(wrong("/merchant_schemes/0/owner", json!("pix")), TableError::Conflict);
    assert_eq!(wrong("/app_schemes/0/scheme", json!("UPPAY")), TableError::Text);
    assert_eq!(wrong("/links/0/source", json!("")), TableError::Text);
    assert_eq!(wrong("/links/0/source", json!("a\u{202e}b")), TableError::Text);
    assert_eq!(wrong("/payer_codes/0/network", json!("ours")), TableError::Name);
    for (field, value) in [("first", json!("0")), ("first", json!("02")), ("first", json!("0a")), ("shortest", json!(2)), ("longest", json!(18)), ("longest", json!(65))] {
        assert_eq!(wrong(&format!("/payer_codes/0/{field}"), value), TableError::Prefix, "{field}");
    }
    assert_eq!(wrong("/reserved_prefixes/0/first", json!("99")), TableError::Prefix);
    let mut more = shipped();
    more["surprise"] = json!(1);
    assert_eq!(Table::parse(more.to_string().as_bytes()), Err(TableError::Shape));
    more = shipped();
    more["links"][0]["surprise"] = json!(1);
    assert_eq!(Table::parse(more.to_string().as_bytes()), Err(TableError::Shape));
    let twice = String::from_utf8(SHIPPED.to_vec()).unwrap().replacen("{", "{\"version\":9,", 1);
    assert_eq!(Table::parse(twice.as_bytes()), Err(TableError::Shape));
}

#[test]
fn beginnings_that_two_rows_claim_are_refused() {
    for (first, last, shortest, longest) in [("10", "10", 18, 18), ("09", "11", 10, 20), ("135", "135", 18, 18), ("28", "28", 24, 30)] {
        let mut table = shipped();
        let row = json!({"network": "jd", "first": first, "last": last, "shortest": shortest, "longest": longest, "letters": false, "source": "test"});
        table["payer_codes"].as_array_mut().unwrap().push(row);
        assert_eq!(Table::parse(table.to_string().as_bytes()), Err(TableError::Conflict), "{first}");
    }
}

#[test]
fn our_own_beginning_is_left_alone() {
    let table = Table::shipped();
    assert_eq!(table.leaves("97", 24), Ok(()));
    for (prefix, length) in [("13", 18), ("25", 24), ("83", 24), ("00", 24)] {
        assert_eq!(table.leaves(prefix, length), Err(TableError::OwnPrefix), "{prefix}");
    }
    let mut claims = shipped();
    claims["version"] = json!(2);
    let row = json!({"network": "jd", "first": "97", "last": "97", "shortest": 20, "longest": 24, "letters": false, "source": "test"});
    claims["payer_codes"].as_array_mut().unwrap().push(row);
    let claims = Table::parse(claims.to_string().as_bytes()).unwrap();
    assert_eq!(claims.leaves("97", 24), Err(TableError::OwnPrefix));
    // Taken all the same, it takes no code of ours away: what is provisioned is asked first.
    let context = crate::ReadContext { payer_prefix: Some("97".to_owned()), table: Arc::new(claims), ..crate::ReadContext::new("app.kabao") };
    assert_eq!(crate::read("971234567890166296851979", &context).family, Family::OurPayerCode);
}

#[test]
fn size_and_depth_are_bounded() {
    assert_eq!(Table::parse(&vec![b' '; LIMIT + 1]), Err(TableError::TooLong));
    let mut many = shipped();
    let row = many["short_links"][0].clone();
    many["short_links"] = Value::Array(vec![row; 513]);
    assert_eq!(Table::parse(many.to_string().as_bytes()), Err(TableError::TooManyRows));
    assert_eq!(Table::parse("[".repeat(200_000).as_bytes()), Err(TableError::Shape));
    assert_eq!(Table::parse(&[0xff]), Err(TableError::Shape));
}

/// What a newer table brings is read: a page of another acquirer.
#[test]
fn a_newer_table_teaches_new_codes() {
    let mut newer = shipped();
    newer["version"] = json!(2);
    let row = json!({"family": "aggregated", "owner": "some_acquirer", "schemes": ["https"], "host": "qr.acquirer.example", "paths": ["/p/{a:4-32}"],
                     "needs": [], "token": "path", "fixed": "static", "hand_over": "ask_service", "source": "test"});
    newer["links"].as_array_mut().unwrap().push(row);
    let newer = Table::shipped().replace_with(Table::parse(newer.to_string().as_bytes()).unwrap()).unwrap();
    let context = crate::ReadContext { table: Arc::new(newer), ..crate::ReadContext::new("app.kabao") };
    let verdict = crate::read("https://qr.acquirer.example/p/abcd", &context);
    assert_eq!((verdict.family, verdict.owner.as_ref().map(Scheme::name)), (Family::Aggregated, Some("some_acquirer")));
    assert_eq!(crate::read("https://qr.acquirer.example/p/abcd", &crate::ReadContext::new("app.kabao")).family, Family::WebLink);
}

/// One table for all who ask: whose merchant or payer code it is, how a scheme is called, which links open an app.
#[test]
fn a_newer_table_teaches_everyone_who_asks() {
    let mut newer = shipped();
    newer["version"] = json!(2);
    let mut add = |section: &str, row: Value| newer[section].as_array_mut().unwrap().insert(0, row);
    add("merchant_guids", json!({"owner": "new_pay", "guid": "com.newpay", "begins": false, "source": "test"}));
    add("merchant_guids", json!({"owner": "other_pay", "guid": "com.other.", "begins": true, "source": "test"}));
    add("merchant_schemes", json!({"owner": "new_pay", "name": "NewPay 新付", "country": "MN", "source": "test"}));
    add("app_schemes", json!({"scheme": "newpay", "source": "test"}));
    add("links", json!({"family": "alipay_hand_off", "owner": "alipay", "schemes": ["alipaynew"], "host": "platformapi", "paths": ["/startapp"],
                        "needs": [], "token": null, "fixed": "unknown", "hand_over": "as_is", "source": "test"}));
    add("links", json!({"family": "paypal_me", "owner": "paypal", "schemes": ["https"], "host": "paypal.example", "paths": ["/to/{a:1-20}/{s:1-32}"],
                        "needs": [], "token": null, "fixed": "static", "hand_over": "as_is", "source": "test"}));
    let newer = Table::parse(newer.to_string().as_bytes()).unwrap();
    let old = Table::shipped();

    let text = emv::with_checksum("00020126140010COM.NEWPAY");
    let code = emv::read(&text).unwrap();
    let scheme = emv::Scheme { key: "new-pay".to_owned(), name: "NewPay 新付".to_owned(), country: Some("MN".to_owned()) };
    assert_eq!((code.schemes(&newer), code.schemes(&old)), (vec![scheme], Vec::new()));
    // Named by no row: its short name is its name.
    assert_eq!(emv::scheme_of_guid("com.other.shop", &newer).unwrap().name, "other-pay");
    let context = crate::ReadContext { table: Arc::new(newer.clone()), ..crate::ReadContext::new("app.kabao") };
    assert_eq!(crate::read(&text, &context).owner.unwrap().name(), "new_pay");

    use crate::handoff::{HandOffApp, HandOffError, HandOffRequest, HandOffWay, hand_off, read_paypal_me, unwrap_hand_off, ways};
    let wrapped = "alipaynew://platformapi/startapp?qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa";
    assert_eq!(unwrap_hand_off(wrapped, &newer).unwrap().link, "https://qr.alipay.com/fkx00000aaaa");
    assert_eq!(unwrap_hand_off(wrapped, &old), Err(HandOffError::Shape));
    let request = |link: &str| HandOffRequest { way: HandOffWay::AlipayScan, link: link.to_owned(), return_token: "q8Zr1mC0x5Vt2bNd".to_owned(), expires_after_seconds: 300 };
    let hidden = request("https://qr.lakala.com/order?u=newpay%3A%2F%2Fpay");
    assert_eq!(hand_off(&hidden, &newer), Err(HandOffError::Nested));
    assert_eq!(hand_off(&hidden, &old).map(|ready| ready.app), Ok(HandOffApp::Alipay));
    let paypal = "https://paypal.example/to/anna/25EUR";
    assert_eq!(read_paypal_me(paypal, &newer).unwrap().amount.as_deref(), Some("25"));
    assert_eq!((ways(paypal, &newer), ways(paypal, &old)), (vec![HandOffWay::PayPalMe], Vec::new()));
    assert_eq!(crate::read(paypal, &context).asks.amount_text.as_deref(), Some("25"));
}

#[test]
fn every_scheme_of_the_shipped_rows_has_a_name() {
    let table = Table::shipped();
    let guids = table.merchant_guids.iter().map(|row| &row.owner);
    let owners = guids.chain(table.merchant_countries.iter().map(|row| &row.owner));
    for owner in owners {
        assert!(table.merchant_schemes.iter().any(|row| row.owner == *owner), "{}", owner.name());
    }
    for (place, row) in table.merchant_guids.iter().enumerate() {
        // A row behind one that takes the same identifiers would never be asked.
        let shadowed = table.merchant_guids.iter().take(place).any(|earlier| row.guid == earlier.guid || (earlier.begins && row.guid.starts_with(&earlier.guid)));
        assert!(!shadowed, "{}", row.guid);
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = Table::parse(&bytes);
    }

    #[test]
    fn any_changed_byte_has_an_answer(at in 0..SHIPPED.len(), to in 32u8..127) {
        let mut bytes = SHIPPED.to_vec();
        bytes[at] = to;
        let _ = Table::parse(&bytes);
    }
}
