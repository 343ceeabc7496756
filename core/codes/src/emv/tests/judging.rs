//! The strict profile.

use super::super::*;
use super::reading::EXAMPLE;

/// A strict code with one field put in the place of another.
fn findings(change: &[(&str, &str)]) -> Vec<(String, Fault)> {
    let mut fields = vec![
        ("01", "12"),
        ("15", "2799900027999000123456789012345"),
        ("52", "4111"),
        ("53", "156"),
        ("54", "23.72"),
        ("58", "CN"),
        ("59", "BEST TRANSPORT"),
        ("60", "BEIJING"),
    ];
    for (id, value) in change {
        fields.retain(|field| field.0 != *id || change.iter().filter(|other| other.0 == *id).count() > 1);
        if *value != "-" {
            fields.push((id, value));
        }
    }
    let body: String = fields.iter().map(|(id, value)| format!("{id}{:02}{value}", value.chars().count())).collect();
    let code = read(&with_checksum(&format!("000201{body}"))).unwrap();
    code.findings().into_iter().map(|finding| (finding.field, finding.fault)).collect()
}

#[test]
fn the_example_of_the_specification_is_strict() {
    assert_eq!(read(EXAMPLE).unwrap().findings(), []);
    assert_eq!(findings(&[]), []);
}

#[test]
fn lawful_values_are_not_found() {
    for (id, values) in [
        ("01", &["11", "12", "-"][..]),
        ("54", &["98", "98.", "98.7", "98.73", "0.01", "-", "9999999999.99"]),
        ("55", &["01"]),
        ("61", &["100000", "EC1A 1BB"]),
        ("62", &["0603***", "0903AME", "0901E", "1003ABC", "1103000", "50200016A011223344998877", "50140010a.b-c.shop"]),
        ("64", &["0002ZH0102面馆", "0002zh0102面馆0202北京"]),
        ("80", &["003239401ff0c21a4543a8ed5fbaa30ab02e", "0008app.shop0101x"]),
    ] {
        for value in values {
            assert_eq!(findings(&[(id, value)]), [], "{id} {value}");
        }
    }
    for fee in [[("55", "02"), ("56", "500")], [("55", "03"), ("57", "00.01")], [("55", "03"), ("57", "99.99")], [("55", "03"), ("57", "3")]] {
        assert_eq!(findings(&fee), [], "{fee:?}");
    }
}

#[test]
fn unlawful_values_are_found() {
    for (id, values) in [
        ("01", &["13", "1"][..]),
        ("52", &["411", "41110", "411X"]),
        ("53", &["CNY", "0156"]),
        ("54", &["0", "0.00", "98,73", "3 705", "1.2.3", ".5", "1.234", "-1", "99999999999.99", "１"]),
        ("55", &["00", "04", "1"]),
        ("58", &["cn", "CHN", "C1"]),
        ("59", &["面馆", "12345678901234567890123456"]),
        ("60", &["1234567890123456", "北京"]),
        ("61", &["12345678901"]),
        ("15", &["最"]),
    ] {
        for value in values {
            assert_eq!(findings(&[(id, value)]), [(id.to_owned(), Fault::Value)], "{id} {value}");
        }
    }
    for (id, value, field, fault) in [
        ("59", "", "59", Fault::Empty),
        ("65", "x", "65", Fault::Reserved),
        ("06", "x", "06", Fault::Reserved),
        ("17", "x", "17", Fault::Reserved),
        ("26", "x", "26", Fault::NotTemplate),
        ("26", "0101x", "26.00", Fault::Missing),
        ("26", "0004shop", "26.00", Fault::Guid),
        ("26", "0009name@bank", "26.00", Fault::Guid),
        ("26", "0000", "26.00", Fault::Empty),
        ("82", "24d4b83552c970df6f92", "82", Fault::NotTemplate),
        ("99", "00131726822962612", "99.00", Fault::Guid),
        ("62", "x", "62", Fault::NotTemplate),
        ("62", "0500", "62.05", Fault::Empty),
        ("62", "052612345678901234567890123456", "62.05", Fault::Value),
        ("62", "0902AA", "62.09", Fault::Value),
        ("62", "0901X", "62.09", Fault::Value),
        ("62", "1102ab", "62.11", Fault::Value),
        ("62", "1201x", "62.12", Fault::Reserved),
        ("62", "0501a0501b", "62.05", Fault::Twice),
        ("62", "50050101x", "62.50.00", Fault::Missing),
        ("62", "500800041234", "62.50.00", Fault::Guid),
        ("64", "0002ZH", "64.01", Fault::Missing),
        ("64", "0102面馆", "64.00", Fault::Missing),
        ("64", "0003ZHO0102面馆", "64.00", Fault::Value),
        ("64", "0002ZH0102面馆0301x", "64.03", Fault::Reserved),
    ] {
        assert_eq!(findings(&[(id, value)]), [(field.to_owned(), fault)], "{id} {value}");
    }
}

#[test]
fn missing_and_unexpected_fields_are_found() {
    for id in ["52", "53", "58", "59", "60"] {
        assert_eq!(findings(&[(id, "-")]), [(id.to_owned(), Fault::Missing)]);
    }
    assert_eq!(findings(&[("15", "-")]), [("02".to_owned(), Fault::Missing)]);
    for (change, id, fault) in [
        (&[("55", "02")][..], "56", Fault::Missing),
        (&[("55", "03")], "57", Fault::Missing),
        (&[("56", "1")], "56", Fault::Unexpected),
        (&[("55", "01"), ("57", "1")], "57", Fault::Unexpected),
        (&[("55", "02"), ("56", "0")], "56", Fault::Value),
        (&[("55", "03"), ("57", "00.00")], "57", Fault::Value),
        (&[("55", "03"), ("57", "100")], "57", Fault::Value),
        (&[("55", "03"), ("57", "1.234")], "57", Fault::Value),
        (&[("61", "1"), ("61", "1")], "61", Fault::Twice),
    ] {
        assert_eq!(findings(change), [(id.to_owned(), fault)], "{change:?}");
    }
}

#[test]
fn the_whole_code_is_judged() {
    let of = |text: &str| read(text).unwrap().findings();
    let strict = "00020101021115312799900027999000123456789012345520441115303156 5802CN5904Shop6007Beijing".replace(' ', "");
    assert_eq!(of(&with_checksum(&strict)), []);
    let other = strict.replacen("000201", "000202", 1);
    assert_eq!(of(&with_checksum(&other)), [Finding { field: "00".to_owned(), fault: Fault::Value }]);
    let small = with_checksum(&(strict.clone() + "6101a")).to_lowercase();
    let (head, sum) = small.split_at(small.len() - 4);
    assert!(sum.bytes().any(|byte| byte.is_ascii_alphabetic()), "{sum}");
    let small = format!("{}{sum}", &with_checksum(&(strict.clone() + "6101a"))[..head.len()]);
    assert_eq!(of(&small), [Finding { field: "63".to_owned(), fault: Fault::SmallLetters }]);
    let bytes = strict.clone() + "64160002ZH0106面馆";
    assert_eq!(of(&with_checksum(&bytes)), [Finding { field: String::new(), fault: Fault::CountsBytes }]);
    let long: String = (80..86).map(|id| format!("{id}890008app.shop0173{}", "x".repeat(73))).collect();
    assert_eq!(of(&with_checksum(&(strict + &long))), [Finding { field: String::new(), fault: Fault::TooLong }]);
}

/// The published cases say which codes lack a mandatory field; the strict profile agrees on every
/// one of them, and finds more than they look for.
#[test]
fn agrees_with_published_cases_on_what_is_missing() {
    let file = include_str!("../../../../../tests/vectors/emv_mpm_valid.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
    for case in cases {
        let findings = read(case["input"].as_str().unwrap()).unwrap().findings();
        let missing: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.fault == Fault::Missing && finding.field.parse().is_ok_and(|id: u8| id > 50) && !["56", "57"].contains(&finding.field.as_str()))
            .map(|finding| finding.field.as_str())
            .collect();
        assert_eq!(serde_json::json!(missing), case["expected"]["missing_emvco_mandatory"], "{}", case["id"]);
        assert!(case["expected"]["emvco_strict_ok"] == true || !findings.is_empty(), "{}", case["id"]);
    }
}
