//! Accounts, amounts, additional data, languages and schemes.

use super::super::*;
use super::reading::EXAMPLE;
use kabao_base::Money;

fn field(id: &str, value: &str) -> String {
    format!("{id}{:02}{value}", value.chars().count())
}

fn code(fields: &str) -> MerchantCode {
    read(&with_checksum(&format!("000201{fields}"))).unwrap()
}

#[test]
fn the_example_of_the_specification_means_what_it_says() {
    let code = read(EXAMPLE).unwrap();
    assert_eq!(code.initiation(), Some(Initiation::Dynamic));
    assert_eq!(code.amount(), Some(MerchantAmount { text: "23.72".to_owned(), money: Some(Money::fen(2372)) }));
    let data = code.additional_data().unwrap();
    let given = |text: &str| DetailValue::Given { text: text.to_owned() };
    assert_eq!(
        data.details,
        [
            Detail { kind: DetailKind::StoreLabel, value: given("1234") },
            Detail { kind: DetailKind::CustomerLabel, value: DetailValue::AskPayer },
            Detail { kind: DetailKind::TerminalLabel, value: given("A6008667") },
        ]
    );
    assert_eq!(data.asks, [ConsumerData::MobileNumber, ConsumerData::EMail]);
    assert_eq!((data.templates.len(), code.schemes(&crate::table::Table::shipped()).len()), (0, 0));
    let local = code.language().unwrap();
    assert_eq!((local.language.as_str(), local.name.as_deref(), local.city.as_deref()), ("ZH", Some("最佳运输"), Some("北京")));
    let accounts = code.accounts();
    let guids: Vec<_> = accounts.iter().map(|account| (account.id.as_str(), account.guid.as_deref().unwrap())).collect();
    assert_eq!(guids, [("29", "D15600000000"), ("31", "D15600000001")]);
}

#[test]
fn accounts_have_their_network() {
    let networks = [
        ("02", AccountKind::Visa),
        ("03", AccountKind::Visa),
        ("05", AccountKind::Mastercard),
        ("06", AccountKind::EmvCo),
        ("10", AccountKind::Discover),
        ("11", AccountKind::AmericanExpress),
        ("14", AccountKind::Jcb),
        ("16", AccountKind::UnionPay),
        ("17", AccountKind::EmvCo),
        ("25", AccountKind::EmvCo),
        ("26", AccountKind::Template),
        ("51", AccountKind::Template),
    ];
    for (id, kind) in networks {
        let account = code(&format!("{id}01x")).accounts().remove(0);
        assert_eq!((account.kind, account.value.as_str(), account.guid), (kind, "x", None), "{id}");
    }
    assert!(code("0101x5201x5801x8001x").accounts().is_empty());
}

#[test]
fn unionpay_accounts_are_split_where_their_length_is_known() {
    let of = |value: &str| code(&field("15", value)).accounts().remove(0).unionpay();
    let known = of("2031041800520446mch64f01defcb31").unwrap();
    assert_eq!((known.acquirer.as_str(), known.forwarder.as_str(), known.merchant.as_str()), ("20310418", "00520446", "mch64f01defcb31"));
    assert_eq!(of("2794049627940496200511016").unwrap().merchant, "200511016");
    for other in ["279404962794049620051101", "2794049X27940496200511016", "203104180052044 mch64f01defcb31", "最最最最最最最最最", "1"] {
        assert_eq!(of(other), None, "{other}");
    }
    let visa = code("02252794049627940496200511016").accounts().remove(0);
    assert_eq!(visa.unionpay(), None);
}

#[test]
fn an_amount_is_money_only_where_the_currency_is_known() {
    let amount = |fields: &str| code(fields).amount().map(|amount| (amount.text, amount.money.map(|money| money.minor)));
    assert_eq!(amount("5303156"), None);
    assert_eq!(amount("5303156540298"), Some(("98".to_owned(), Some(9800))));
    assert_eq!(amount("5303392540398."), Some(("98.".to_owned(), Some(98))));
    assert_eq!(amount("5303392540598.50"), Some(("98.50".to_owned(), None)));
    assert_eq!(amount("5303999540298"), Some(("98".to_owned(), None)));
    assert_eq!(amount("540298"), Some(("98".to_owned(), None)));
    assert_eq!(amount("530315654010"), Some(("0".to_owned(), None)));
}

#[test]
fn additional_data_keeps_templates() {
    let template = field("00", "br.gov.bcb.pix") + &field("01", "x");
    let inside = field("05", "RP1") + &field("50", &template) + &field("99", "no template") + &field("12", "for later");
    let data = code(&field("62", &inside)).additional_data().unwrap();
    assert_eq!(data.details, [Detail { kind: DetailKind::ReferenceLabel, value: DetailValue::Given { text: "RP1".to_owned() } }]);
    let (known, odd) = (&data.templates[0], &data.templates[1]);
    assert_eq!((known.id.as_str(), known.guid.as_deref(), known.parts.len()), ("50", Some("br.gov.bcb.pix"), 2));
    assert_eq!((odd.id.as_str(), odd.value.as_str(), odd.guid.as_deref(), odd.parts.len()), ("99", "no template", None, 0));
    assert_eq!(code("6203abc").additional_data(), None);
    assert_eq!((code("6403abc").language(), code("64060102最佳").language()), (None, None));
}

/// What the published cases call a scheme, and what we do.
#[test]
fn names_the_schemes_of_published_codes() {
    let ours = |label: &str| match label.split(['(', ' ']).next().unwrap() {
        "PIX" => "pix",
        "JPQR" => "jpqr",
        "QRIS" => "qris",
        "KHQR" => "khqr",
        "VietQR/NAPAS" => "vietqr",
        "VNPAY-QR" => "vnpay",
        "QR" => "qrph",
        "PromptPay" => "promptpay",
        "FPS" => "fps",
        "DuitNow" => "duitnow",
        "PayNow/SGQR" => "paynow",
        "BharatQR/UPI" => "bharatqr",
        "OnePay/LAPNet" => "lapnet",
        "UnionPay" => "unionpay",
        "BC" => "bc-korea",
        _ => "",
    };
    let file = include_str!("../../../../../tests/vectors/emv_mpm_valid.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
    let mut named = 0;
    for case in &cases {
        let expected = ours(case["scheme"].as_str().unwrap());
        let found = read(case["input"].as_str().unwrap()).unwrap().schemes(&crate::table::Table::shipped());
        named += usize::from(!found.is_empty());
        assert!(expected.is_empty() || found.iter().any(|scheme| scheme.key == expected), "{} {found:?}", case["id"]);
    }
    assert_eq!((named, cases.len()), (111, 123), "named, of all");
}

#[test]
fn names_what_only_shape_tells() {
    let keys = |fields: &str| code(fields).schemes(&crate::table::Table::shipped()).into_iter().map(|scheme| scheme.key).collect::<Vec<_>>();
    assert_eq!(keys("29180014jonhsmith@nbcq"), ["khqr"]);
    assert_eq!(keys("26180014jonhsmith@nbcq"), Vec::<String>::new());
    assert_eq!(keys(&(field("26", &field("00", "1672800072990000000081060002")) + "5802LK")), ["lankaqr"]);
    assert_eq!(keys("152527940496279404962005110165802MN"), ["unionpay", "qpay"]);
    assert_eq!(keys("0201a0301b0401c"), ["visa", "mastercard"]);
    assert_eq!(keys("26200016A000000333010101"), ["unionpay"]);
    assert_eq!(keys("26160012INT.BCEAO.PI"), ["uemoa"]);
    assert_eq!(keys("26310014D41000000140100509100005832"), ["bc-korea"]);
    assert_eq!(scheme_of_guid("A00000033", &crate::table::Table::shipped()), None);
    assert_eq!(scheme_of_guid("最A000000333", &crate::table::Table::shipped()), None);
    assert_eq!(scheme_of_guid("", &crate::table::Table::shipped()), None);
}
