use super::*;
use crate::boxes::BoxPrivateKey;
use crate::{PublicKey, SoftwareKey, cbor, hex};
use ciborium::Value;
use kabao_base::{Currency, Id, Money};
use proptest::prelude::*;
use std::sync::LazyLock;

const DAY: i64 = 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn key(byte: u8) -> SoftwareKey {
    SoftwareKey::from_secret(&[byte; 32]).unwrap()
}

fn set_key(kid: &str, purpose: KeyPurpose, byte: u8, from: i64, to: i64) -> SetKey {
    let public = key(byte).public().to_bytes().to_vec();
    SetKey { kid: kid.to_owned(), purpose, algorithm: ALGORITHM_SIGN.to_owned(), public, not_before: at(from), not_after: at(to) }
}

fn box_key(kid: &str, byte: u8, from: i64, to: i64) -> SetKey {
    let public = BoxPrivateKey::from_bytes(kid, &[byte; 32]).unwrap().public().unwrap().bytes.to_vec();
    let algorithm = ALGORITHM_BOX.to_owned();
    SetKey { kid: kid.to_owned(), purpose: KeyPurpose::PinBox, algorithm, public, not_before: at(from), not_after: at(to) }
}

fn keys() -> KeySet {
    KeySet {
        version: 7,
        keys: vec![
            set_key("doc-old", KeyPurpose::Documents, 10, 0, 10 * DAY),
            set_key("doc-1", KeyPurpose::Documents, 11, 5 * DAY, 100 * DAY),
            set_key("ans-1", KeyPurpose::Answers, 12, 0, 100 * DAY),
            set_key("feeds-1", KeyPurpose::Feeds, 15, 0, 100 * DAY),
            box_key("pin-old", 13, 0, 10 * DAY),
            box_key("pin-1", 14, 5 * DAY, 100 * DAY),
        ],
    }
}

fn sign(document: &impl Document, kid: &str, key: &SoftwareKey) -> Vec<u8> {
    let waiting = document.to_sign(kid).unwrap();
    let signature = key.sign(&waiting.tbs);
    waiting.finish(&signature).unwrap()
}

fn feed() -> Feed {
    Feed { name: "codes".to_owned(), version: 3, issued_at: at(DAY), not_after: Some(at(30 * DAY)), body: b"{}".to_vec() }
}

fn terms() -> Terms {
    Terms {
        intent_id: Id::from_bytes([1; 16]),
        kind: MoveKind::Pay,
        quote_id: Id::from_bytes([2; 16]),
        account_id: Id::from_bytes([3; 16]),
        payee_id: Some(Id::from_bytes([4; 16])),
        order: Some("A-1".to_owned()),
        amount: Money::fen(2350),
        fee: Money::fen(0),
        source: Source::Card(Id::from_bytes([5; 16])),
        delay_ms: Some(7_200_000),
        expires_at: at(1_795_276_800_000),
        challenge: [6; 32],
    }
}

fn receipt() -> Receipt {
    Receipt {
        receipt_id: Id::from_bytes([1; 16]),
        record_id: Id::from_bytes([2; 16]),
        intent_id: Some(Id::from_bytes([3; 16])),
        terms_digest: Some([4; 32]),
        token_id: Some("01234567890".to_owned()),
        kind: RecordKind::Pay,
        account_id: Id::from_bytes([5; 16]),
        payee_id: Some(Id::from_bytes([6; 16])),
        payee_name: "老王豆浆".to_owned(),
        amount: Money::fen(2350),
        fee: Money::fen(1),
        source: Source::Balance,
        route: "lakala".to_owned(),
        order: Some("A-1".to_owned()),
        our_order: "K-1".to_owned(),
        acquirer_order: Some("L-1".to_owned()),
        original: None,
        arrives_at: Some(at(21 * DAY)),
        at: at(20 * DAY),
        epoch: 3,
    }
}

fn entry() -> HistoryEntry {
    HistoryEntry {
        seq: 9,
        record_id: Id::from_bytes([2; 16]),
        kind: RecordKind::Pay,
        state: "done".to_owned(),
        payee_id: None,
        payee_name: "老王豆浆".to_owned(),
        amount: Money::fen(-2350),
        fee: Money::fen(0),
        balance_after: Some(Money::fen(100)),
        route: "kabao".to_owned(),
        order: None,
        our_order: "K-1".to_owned(),
        acquirer_order: None,
        intent_id: None,
        token_id: None,
        original: None,
        at: at(1),
        updated_at: at(-1),
        receipt: Some(vec![1, 2, 3]),
    }
}

fn fields_of(document: &impl Document) -> Vec<(Value, Value)> {
    cbor::decode(&document.encode()).unwrap().into_map().unwrap()
}

/// Every field, with another value of the same kind, gives other bytes; taken away, it is missing
/// or reads as absent; with a value of another kind, it is refused; one more is refused.
fn every_field_counts<D: Document + PartialEq + std::fmt::Debug>(document: &D) {
    let bytes = document.encode();
    assert_eq!(D::decode(&bytes).as_ref(), Ok(document));
    let fields = fields_of(document);
    assert!(fields.len() > 2);
    let again = |fields: Vec<(Value, Value)>| D::decode(&cbor::encode(&Value::Map(fields)).unwrap());
    for index in 0..fields.len() {
        let mut without = fields.clone();
        without.remove(index);
        assert_ne!(again(without).as_ref(), Ok(document));
        let mut other = fields.clone();
        other[index].1 = Value::Bool(true);
        assert!(again(other).is_err(), "{:?}", fields[index].0);
    }
    let mut more = fields.clone();
    more.push((Value::from("zz"), Value::from(1)));
    assert_eq!(again(more).err(), Some(DocumentError::UnknownField));
    let mut later = fields;
    later.iter_mut().filter(|pair| pair.0 == Value::from("v")).for_each(|pair| pair.1 = Value::from(2));
    assert_eq!(again(later).err(), Some(DocumentError::UnknownVersion));
    for cut in 0..bytes.len() {
        assert!(D::decode(&bytes[..cut]).is_err());
    }
    assert_eq!(D::decode(&vec![0xa0; 1 << 20]).err(), Some(DocumentError::Cbor(CborError::TooLarge)));
}

#[test]
fn every_field_of_every_document_counts() {
    let id = Id::from_bytes([8; 16]);
    every_field_counts(&terms());
    every_field_counts(&receipt());
    every_field_counts(&entry());
    every_field_counts(&Refusal { intent_id: Some(id), token_id: Some("0".repeat(11)), account_id: id, code: "pin_wrong".to_owned(), attempts_left: Some(2), at: at(5), epoch: 1 });
    every_field_counts(&Tombstone { intent_id: id, account_id: id, at: at(5), epoch: 1 });
    every_field_counts(&Head { account_id: id, seq: 4, hash: [9; 32], at: at(5), epoch: 1 });
    every_field_counts(&keys());
    every_field_counts(&feed());
}

#[test]
fn a_receipt_says_whose_proof_it_is() {
    let of = |kind, intent: bool, waits: bool| {
        let intent_id = intent.then(|| Id::from_bytes([3; 16]));
        Receipt { kind, intent_id, arrives_at: waits.then(|| at(9)), ..receipt() }.shows().as_str()
    };
    let transfers = [(true, false), (true, true), (false, false)].map(|(intent, waits)| of(RecordKind::Transfer, intent, waits));
    assert_eq!(transfers, ["sent", "sent_later", "received"]);
    let others = [RecordKind::TopUp, RecordKind::Pay, RecordKind::PayerCode, RecordKind::Refund, RecordKind::Reversal, RecordKind::Withdraw];
    assert_eq!(others.map(|kind| of(kind, true, false)), ["topped_up", "paid", "paid", "refunded", "undone", "withdrawn"]);
}

#[test]
fn the_digest_of_terms_is_fixed() {
    let text = hex(&terms().encode());
    // Thirteen fields, sorted by their encoded keys: shorter keys first.
    assert!(text.starts_with("ad61760163666565a265 6d696e6f7200".replace(' ', "").as_str()), "{text}");
    assert_eq!(terms().digest(), crate::sha256(&terms().encode()));
    let json = serde_json::to_string(&terms()).unwrap();
    assert_eq!(serde_json::from_str::<Terms>(&json).unwrap(), terms());
    assert!(json.contains(r#""source":{"kind":"card","card_id":"05050505050505050505050505050505"}"#), "{json}");
    assert!(json.contains(r#""kind":"pay""#) && json.contains(r#""challenge":"BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgY""#));
    let balance = Terms { source: Source::Balance, payee_id: None, order: None, kind: MoveKind::TopUp, ..terms() };
    let json = serde_json::to_string(&balance).unwrap();
    assert!(json.contains(r#""source":{"kind":"balance"}"#) && !json.contains("payee_id"));
    assert_eq!(serde_json::from_str::<Terms>(&json).unwrap(), balance);
    assert!(serde_json::from_str::<Terms>(&json.replacen('{', "{\"x\":1,", 1)).is_err());
    assert!(serde_json::from_str::<Terms>(&json.replace("\"kind\":\"balance\"", "\"kind\":\"balance\",\"x\":1")).is_err());
}

#[test]
fn every_changed_term_changes_the_digest() {
    let changes: [fn(&mut Terms); 12] = [
        |t| t.intent_id = Id::from_bytes([9; 16]), |t| t.kind = MoveKind::Ask, |t| t.quote_id = Id::from_bytes([9; 16]),
        |t| t.account_id = Id::from_bytes([9; 16]), |t| t.payee_id = None, |t| t.order = None,
        |t| t.amount.minor += 1, |t| t.amount.currency = Currency::Hkd, |t| t.fee.minor = 1,
        |t| t.source = Source::Balance, |t| t.expires_at = at(1), |t| t.challenge[31] = 0,
    ];
    for change in changes {
        let mut other = terms();
        change(&mut other);
        assert_ne!(other.digest(), terms().digest());
    }
}

#[test]
fn verdicts_open_by_their_kind() {
    let (keys, id) = (keys(), Id::from_bytes([8; 16]));
    let signed = sign(&receipt(), "doc-1", &key(11));
    assert_eq!(Verdict::open(&signed, &keys), Ok(Verdict::Receipt(receipt())));
    assert_eq!(Receipt::open(&signed, &keys), Ok(receipt()));
    assert_eq!(Tombstone::open(&signed, &keys), Err(DocumentError::WrongKind));
    let tombstone = Tombstone { intent_id: id, account_id: id, at: at(6 * DAY), epoch: 1 };
    assert_eq!(Verdict::open(&sign(&tombstone, "doc-1", &key(11)), &keys).map(|verdict| verdict.intent_id()), Ok(Some(id)));
    let head = Head { account_id: id, seq: 1, hash: [1; 32], at: at(6 * DAY), epoch: 1 };
    let signed = sign(&head, "doc-1", &key(11));
    assert_eq!(Head::open(&signed, &keys), Ok(head));
    assert_eq!(Verdict::open(&signed, &keys), Err(DocumentError::WrongKind));
    for bytes in [&[][..], &[0xd2], &vec![0xd2; 1 << 20], &receipt().encode()] {
        assert!(Verdict::open(bytes, &keys).is_err());
    }
}

#[test]
fn a_key_counts_for_its_purpose_and_its_life() {
    let keys = keys();
    let old = Receipt { at: at(9 * DAY), ..receipt() };
    // Retired since, but valid when it signed.
    assert_eq!(Receipt::open(&sign(&old, "doc-old", &key(10)), &keys), Ok(old));
    assert_eq!(Receipt::open(&sign(&receipt(), "doc-old", &key(10)), &keys), Err(DocumentError::KeyNotValid));
    assert_eq!(Receipt::open(&sign(&receipt(), "ans-1", &key(12)), &keys), Err(DocumentError::WrongPurpose));
    assert_eq!(Receipt::open(&sign(&receipt(), "pin-1", &key(12)), &keys), Err(DocumentError::WrongPurpose));
    assert_eq!(Receipt::open(&sign(&receipt(), "doc-9", &key(11)), &keys), Err(DocumentError::UnknownKey));
    assert_eq!(Receipt::open(&sign(&receipt(), "doc-1", &key(12)), &keys), Err(DocumentError::Cose(CoseError::WrongSignature)));
    assert_eq!(keys.signing_key_at("ans-1", &KeyPurpose::Answers, at(DAY)), Ok(key(12).public()));
    assert_eq!(keys.signing_key_at("ans-1", &KeyPurpose::Answers, at(101 * DAY)), Err(DocumentError::KeyNotValid));
}

#[test]
fn boxes_go_to_the_newest_valid_key() {
    let keys = keys();
    let kid = |now| keys.box_key(&KeyPurpose::PinBox, at(now)).map(|key| key.kid);
    assert_eq!(kid(DAY).as_deref(), Ok("pin-old"));
    assert_eq!(kid(6 * DAY).as_deref(), Ok("pin-1"));
    assert_eq!(kid(101 * DAY), Err(DocumentError::KeyNotValid));
    assert_eq!(keys.box_key(&KeyPurpose::CardBox, at(DAY)), Err(DocumentError::UnknownKey));
}

#[test]
fn a_feed_is_signed_by_a_key_for_feeds_and_opens_under_its_name() {
    let (keys, signed) = (keys(), sign(&feed(), "feeds-1", &key(15)));
    assert_eq!(Feed::open(&signed, "codes", &keys), Ok(feed()));
    assert_eq!(Feed::open(&signed, "fees", &keys), Err(DocumentError::Malformed("name")));
    // No key for another purpose, no other key under that name, and the key's life counts.
    let open = |bytes: &[u8]| Feed::open(bytes, "codes", &keys).err();
    assert_eq!(open(&sign(&feed(), "doc-1", &key(11))), Some(DocumentError::WrongPurpose));
    assert_eq!(open(&sign(&feed(), "feeds-1", &key(11))), Some(DocumentError::Cose(CoseError::WrongSignature)));
    assert_eq!(open(&sign(&feed(), "feeds-2", &key(15))), Some(DocumentError::UnknownKey));
    let late = Feed { issued_at: at(101 * DAY), not_after: None, ..feed() };
    assert_eq!(open(&sign(&late, "feeds-1", &key(15))), Some(DocumentError::KeyNotValid));
    assert_eq!(open(&sign(&receipt(), "feeds-1", &key(15))), Some(DocumentError::WrongKind));
    assert!(open(&feed().encode()).is_some(), "what is not signed is no feed");
    for index in 0..signed.len() {
        let mut other = signed.clone();
        other[index] ^= 1;
        assert!(open(&other).is_some(), "byte {index}");
    }
    // The key for feeds signs nothing else.
    assert_eq!(Receipt::open(&sign(&receipt(), "feeds-1", &key(15)), &keys), Err(DocumentError::WrongPurpose));
}

#[test]
fn a_feed_has_a_size_a_version_and_an_end() {
    let again = |feed: &Feed| Feed::decode(&feed.encode());
    let full = Feed { body: vec![0x20; MAX_FEED_BODY], ..feed() };
    assert_eq!(again(&full), Ok(full.clone()));
    assert_eq!(Feed::open(&sign(&full, "feeds-1", &key(15)), "codes", &keys()), Ok(full.clone()));
    let bodies = [vec![], vec![0x20; MAX_FEED_BODY + 1]];
    for body in bodies {
        assert_eq!(again(&Feed { body, ..feed() }), Err(DocumentError::Malformed("body")));
    }
    for version in [0, 1 << 63, u64::MAX] {
        assert_eq!(again(&Feed { version, ..feed() }), Err(DocumentError::Malformed("version")));
    }
    for name in ["", "Codes", "co des", "编码", &"c".repeat(33)] {
        assert_eq!(again(&Feed { name: name.to_owned(), ..feed() }), Err(DocumentError::Malformed("name")));
    }
    assert_eq!(again(&Feed { not_after: Some(at(DAY - 1)), ..feed() }), Err(DocumentError::Malformed("not_after")));
    assert!(feed().is_current_at(at(30 * DAY)) && !feed().is_current_at(at(30 * DAY + 1)));
    assert!(Feed { not_after: None, ..feed() }.is_current_at(at(i64::MAX)));
}

#[test]
fn a_key_set_is_signed_by_the_root() {
    let signed = sign(&keys(), "root-1", &key(1));
    let set = KeySet::open(&signed, &key(1).public()).unwrap();
    assert_eq!(set, keys());
    assert!(set.accepts_newer(6) && !set.accepts_newer(7) && !set.accepts_newer(8));
    let other: PublicKey = key(2).public();
    assert_eq!(KeySet::open(&signed, &other), Err(DocumentError::Cose(CoseError::WrongSignature)));
    assert_eq!(KeySet::open(&sign(&terms(), "root-1", &key(1)), &key(1).public()), Err(DocumentError::WrongKind));
    let mut twice = keys();
    twice.keys.push(twice.keys[0].clone());
    assert_eq!(KeySet::decode(&twice.encode()), Err(DocumentError::Malformed("keys")));
    let mut off = keys();
    off.keys[0].public[64] ^= 1;
    assert_eq!(KeySet::decode(&off.encode()), Err(DocumentError::Malformed("public")));
    let mut turned = keys();
    turned.keys[0].not_after = at(-1);
    assert_eq!(KeySet::decode(&turned.encode()), Err(DocumentError::Malformed("not_after")));
    // A purpose or algorithm of a later release does not make the set unreadable, and is not used.
    let mut later = keys();
    later.keys[0].algorithm = "SM2-SM3".to_owned();
    later.keys[1].purpose = KeyPurpose::Other("tea".to_owned());
    let later = KeySet::decode(&later.encode()).unwrap();
    assert_eq!(later.signing_key("doc-old", &KeyPurpose::Documents).err(), Some(DocumentError::WrongPurpose));
    assert_eq!(later.signing_key("doc-1", &KeyPurpose::Documents).err(), Some(DocumentError::WrongPurpose));
}

#[test]
fn values_that_are_not_allowed_are_refused() {
    let bad_state = HistoryEntry { state: "gone".to_owned(), ..entry() };
    assert_eq!(HistoryEntry::decode(&bad_state.encode()), Err(DocumentError::Malformed("state")));
    for token in ["", "1234567890", "123456789012", "1234567890a", "１２３４５６７８９０１"] {
        let bad = Receipt { token_id: Some(token.to_owned()), ..receipt() };
        assert_eq!(Receipt::decode(&bad.encode()), Err(DocumentError::Malformed("token_id")));
    }
    for name in ["a\nb".to_owned(), "n".repeat(513), "a\0".to_owned()] {
        let bad = Receipt { payee_name: name, ..receipt() };
        assert_eq!(Receipt::decode(&bad.encode()), Err(DocumentError::Malformed("payee_name")));
    }
    assert_eq!(Terms::decode(&[0x81, 0x00]), Err(DocumentError::Shape));
    assert_eq!(Terms::decode(&[0xa1, 0x00, 0x00]), Err(DocumentError::Shape));
    assert_eq!(Terms::decode(&[0xa2, 0x61, b'v', 1, 0x61, b'v', 1]), Err(DocumentError::Cbor(CborError::DuplicateKey)));
}

/// Made once: signing is slow without optimisation.
static SAMPLE: LazyLock<(KeySet, Vec<u8>)> = LazyLock::new(|| (keys(), sign(&receipt(), "doc-1", &key(11))));

proptest! {
    #[test]
    fn entries_read_back(seq in any::<u64>(), minor in any::<i64>(), ms in any::<i64>(), name in "[a-z银行 ]{0,60}", raw in prop::collection::vec(any::<u8>(), 0..300), receipt in any::<bool>()) {
        let entry = HistoryEntry { seq, amount: Money::fen(minor), at: at(ms), payee_name: name, receipt: receipt.then_some(raw), ..entry() };
        let bytes = entry.encode();
        prop_assert_eq!(cbor::encode(&cbor::decode(&bytes).unwrap()).unwrap(), bytes.clone());
        prop_assert_eq!(HistoryEntry::decode(&bytes), Ok(entry));
    }

    #[test]
    fn a_changed_byte_of_a_receipt_is_noticed(index in 0usize..600, flip in 1u8..) {
        let (keys, mut signed) = SAMPLE.clone();
        let index = index % signed.len();
        signed[index] ^= flip;
        prop_assert!(Verdict::open(&signed, &keys).is_err());
    }

    #[test]
    fn whatever_is_read_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Terms::decode(&bytes), KeySet::decode(&bytes), Verdict::open(&bytes, &SAMPLE.0), Feed::open(&bytes, "codes", &SAMPLE.0), Feed::decode(&bytes));
    }
}
