use super::*;
use crate::limits::LimitRule;
use kabao_base::Code;
use proptest::prelude::*;
use serde_json::{Value, json};

fn shipped() -> Value {
    serde_json::from_slice(SHIPPED).unwrap()
}

fn read(change: impl FnOnce(&mut Value)) -> Result<Rules, RulesError> {
    let mut rules = shipped();
    change(&mut rules);
    Rules::parse(rules.to_string().as_bytes())
}

#[test]
fn what_ships_is_the_law_and_every_row_says_its_source() {
    let rules = Rules::shipped();
    assert_eq!(rules.version(), 1);
    for class in AccountClass::ALL {
        assert_eq!(rules.class_caps(class), class.caps());
    }
    for level in [BarcodeLevel::A, BarcodeLevel::B, BarcodeLevel::C, BarcodeLevel::D] {
        assert_eq!(rules.barcode_day(level), level.day_cap());
    }
    for table in ["classes", "barcodes", "cards"] {
        assert!(shipped()[table].as_array().unwrap().iter().all(|row| !row["source"].as_str().unwrap().is_empty()));
    }
}

#[test]
fn no_rules_allow_more_than_the_law() {
    type Change = fn(&mut Value);
    let wrong: [(&str, Change); 12] = [
        ("day", |rules| rules["day"] = json!(500_001)),
        ("classes", |rules| rules["classes"][0]["lifetime"] = json!(100_001)),
        ("classes", |rules| rules["classes"][0]["lifetime"] = Value::Null),
        ("classes", |rules| rules["classes"][1]["year"] = json!(10_000_001)),
        ("classes", |rules| rules["classes"][2]["year"] = Value::Null),
        ("barcodes", |rules| rules["barcodes"][1]["day"] = json!(500_001)),
        ("barcodes", |rules| rules["barcodes"][2]["day"] = Value::Null),
        ("barcodes", |rules| rules["barcodes"][3]["day"] = json!(50_001)),
        ("cards", |rules| rules["cards"][0]["day"] = json!(500_001)),
        ("cards", |rules| rules["cards"][0]["day"] = Value::Null),
        ("new_phone", |rules| rules["new_phone"]["day"] = json!(500_001)),
        ("day", |rules| rules["day"] = json!(10_000_000_000_i64)),
    ];
    for (part, change) in wrong {
        let refused = read(change).unwrap_err();
        assert_eq!((refused, refused.code()), (RulesError::Unlawful(part), Code::FeedUnlawful));
    }
    assert!(read(|rules| rules["barcodes"][3]["day"] = json!(0)).is_ok(), "lower is always lawful");
}

#[test]
fn what_this_version_does_not_know_is_no_rule() {
    type Change = fn(&mut Value);
    let wrong: [Change; 18] = [
        |rules| rules["tea"] = json!(1),
        |rules| rules["currency"] = json!("USD"),
        |rules| rules["single"] = json!(-1),
        |rules| rules["single"] = json!(10_000_000_001_i64),
        |rules| rules["single"] = json!(1.5),
        |rules| rules["version"] = json!(0),
        |rules| rules["version"] = json!(u64::MAX),
        |rules| rules["classes"] = json!([]),
        |rules| rules["classes"][0]["class"] = json!("II"),
        |rules| rules["step_up"] = json!([{"day_at_least": 1, "needs": "tea"}]),
        |rules| rules["own_caps"]["raise_wait_ms"] = json!(0),
        |rules| rules["fees"][0]["rate_ppm"] = json!(1_000_001),
        |rules| rules["fees"][0] = json!({"kind": "top_up", "card": null, "rate_ppm": 1, "min": 2, "max": 1, "free": 0}),
        |rules| rules["fees"][0]["kind"] = json!("tea"),
        |rules| rules["maintenance"] = json!([{"from": 2, "until": 2}]),
        |rules| rules["maintenance"] = json!([{"from": 1, "until": 2, "banks": [""]}]),
        |rules| rules["maintenance"] = json!([{"from": 1, "until": 2, "banks": vec!["甲银行"; 257]}]),
        |rules| rules["cards"][0]["kind"] = json!("tea"),
    ];
    for (place, change) in wrong.into_iter().enumerate() {
        assert!(matches!(read(change), Err(RulesError::Malformed(_))), "{place}");
    }
    assert_eq!(read(|rules| rules["fees"] = json!(vec![rules["fees"][0].clone(); 257])), Err(RulesError::TooLong));
    assert_eq!(Rules::parse(&[b' '; MAX_RULES + 1]), Err(RulesError::TooLong));
}

/// Each number is another one, so that none can stand in the place of its neighbour.
#[test]
fn what_an_operator_signs_is_told_as_it_was_written() {
    let rules = read(|rules| {
        rules["version"] = json!(7);
        rules["classes"][0]["lifetime"] = json!(90_001);
        rules["classes"][1]["year"] = json!(9_000_002);
        rules["classes"][2]["year"] = json!(19_000_003);
        for (level, day) in [4_000_004, 400_005, 90_006, 40_007].into_iter().enumerate() {
            rules["barcodes"][level]["day"] = json!(day);
        }
        rules["withdraw"] = json!({"single": 11, "day": 12});
        rules["transfer"] = json!({"single": 13, "day": 14});
        rules["step_up"] = json!([{"day_at_least": 250_008, "needs": "pin"}]);
        rules["own_caps"]["raise_wait_ms"] = json!(7_200_000);
        rules["fees"] = json!([{"kind": "withdraw", "card": "debit", "rate_ppm": 1_000, "min": 10, "max": 15, "free": 16}]);
    })
    .unwrap();
    let fen = |minor| Some(Money::fen(minor));
    assert_eq!(rules.version(), 7);
    let classes = AccountClass::ALL.map(|class| rules.class_caps(class)).map(|caps| (caps.year, caps.lifetime));
    assert_eq!(classes, [(None, fen(90_001)), (fen(9_000_002), None), (fen(19_000_003), None)]);
    let levels = [BarcodeLevel::A, BarcodeLevel::B, BarcodeLevel::C, BarcodeLevel::D];
    assert_eq!(levels.map(|level| rules.barcode_day(level)), [4_000_004, 400_005, 90_006, 40_007].map(fen));
    assert_eq!(rules.withdraw(), MoveCaps { single: fen(11), day: fen(12) });
    assert_eq!(rules.transfer(), MoveCaps { single: fen(13), day: fen(14) });
    assert_eq!(rules.step_up(), Some(StepUp { day_at_least: Money::fen(250_008) }));
    assert_eq!(rules.raise_wait_ms(), 7_200_000);
    let rule = FeeRule { rate_ppm: 1_000, min: Money::fen(10), max: fen(15), free_left: Money::fen(16) };
    assert_eq!(rules.fees(), [FeeRow { kind: FeeKind::Withdraw, card: Some(CardSort::Debit), rule }]);
    assert_eq!(read(|rules| rules["step_up"] = json!([])).unwrap().step_up(), None);
}

/// A loan is neither paid back nor drawn as cash through the wallet, whatever an operator signs.
#[test]
fn a_credit_card_pays_what_the_operator_allows_and_is_never_paid_into() {
    let may = |top_up: bool, pay: bool| {
        let rules = read(|rules| rules["credit"] = json!({"top_up": top_up, "pay": pay})).unwrap();
        PayChannel::ALL.map(|channel| rules.credit_may(channel))
    };
    // Top-up; printed code, payer code, question; withdrawal, transfer.
    assert_eq!(may(true, false), [true, false, false, false, false, false]);
    assert_eq!(may(false, true), [false, true, true, true, false, false]);
}

#[test]
fn a_window_of_maintenance_is_announced_until_it_is_over() {
    let rules = read(|rules| rules["maintenance"] = json!([{"from": 100, "until": 200}, {"from": 150, "until": 300, "banks": ["甲银行"]}])).unwrap();
    let told = |now| rules.windows(Timestamp::from_ms(now)).map(|window| window.until.as_ms()).collect::<Vec<_>>();
    assert_eq!([told(0), told(199), told(200), told(299), told(300)], [vec![200, 300], vec![200, 300], vec![300], vec![300], vec![]]);
}

#[test]
fn without_rules_that_can_be_read_nothing_is_paid() {
    let nothing = Rules::nothing();
    let standing = Standing { class: Some(AccountClass::III), ..Standing::default() };
    for channel in PayChannel::ALL {
        assert!(!nothing.credit_may(channel), "{channel:?}");
        for card in [None, Some(("甲银行".to_owned(), CardSort::Debit))] {
            let asked = Asked { channel, card, total: Some(Money::fen(1)) };
            let lines = nothing.explain(&asked, &standing, &Used::default(), &Used::default(), Timestamp::from_ms(0));
            assert!(lines.iter().any(|line| line.bites && line.left == Money::fen(0)), "{asked:?}");
        }
    }
    assert_ne!(*Rules::shipped(), nothing);
}

/// The last number that is taken and the first that is not.
#[test]
fn every_number_is_taken_up_to_its_bound() {
    type Change = Box<dyn Fn(i64) -> Result<Rules, RulesError>>;
    let row = json!({"kind": "pay", "card": null, "rate_ppm": 1, "min": 5, "max": 9, "free": 0});
    let fee = move |field: &'static str| -> Change {
        let row = row.clone();
        Box::new(move |value| {
            read(|rules| {
                rules["fees"] = json!([row]);
                rules["fees"][0][field] = json!(value);
            })
        })
    };
    let hour = 3_600_000;
    let bounds: [(&str, i64, i64, Change); 8] = [
        ("single", 0, 10_000_000_000, Box::new(|value| read(|rules| rules["single"] = json!(value)))),
        ("version", 1, i64::MAX, Box::new(|value| read(|rules| rules["version"] = json!(value)))),
        ("own_caps", hour, 30 * 24 * hour, Box::new(|value| read(|rules| rules["own_caps"]["raise_wait_ms"] = json!(value)))),
        ("rate", 0, 1_000_000, fee("rate_ppm")),
        ("least", 0, 9, fee("min")),
        ("most", 5, 10_000_000_000, fee("max")),
        ("until", 3, i64::MAX, Box::new(|value| read(|rules| rules["maintenance"] = json!([{"from": 2, "until": value}])))),
        ("from", i64::MIN, 1, Box::new(|value| read(|rules| rules["maintenance"] = json!([{"from": value, "until": 2}])))),
    ];
    for (name, first, last, with) in bounds {
        assert!(with(first).is_ok() && with(last).is_ok(), "{name}");
        assert!(first == i64::MIN || with(first - 1).is_err(), "{name}");
        assert!(last == i64::MAX || with(last + 1).is_err(), "{name}");
    }
}

#[test]
fn tables_have_two_hundred_and_fifty_six_rows_and_a_feed_sixty_kilobytes() {
    type Change = fn(&mut Value, usize);
    let tables: [Change; 5] = [
        |rules, rows| rules["fees"] = json!(vec![rules["fees"][0].clone(); rows]),
        |rules, rows| rules["cards"] = json!(vec![rules["cards"][0].clone(); rows]),
        |rules, rows| rules["maintenance"] = json!(vec![json!({"from": 1, "until": 2}); rows]),
        |rules, rows| rules["maintenance"] = json!([{"from": 1, "until": 2, "banks": vec!["甲银行"; rows]}]),
        |rules, rows| rules["maintenance"] = json!([{"from": 1, "until": 2, "channels": vec!["pay"; rows]}]),
    ];
    for (place, change) in tables.into_iter().enumerate() {
        assert!(read(|rules| change(rules, 256)).is_ok(), "{place}");
        assert!(read(|rules| change(rules, 257)).is_err(), "{place}");
    }
    let padded = |length: usize| {
        let mut bytes = SHIPPED.to_vec();
        bytes.resize(length, b' ');
        Rules::parse(&bytes)
    };
    assert_eq!([padded(60 * 1024), padded(60 * 1024 + 1)], [Ok((*Rules::shipped()).clone()), Err(RulesError::TooLong)]);
}

#[test]
fn a_card_has_the_first_row_that_fits() {
    let rules = read(|rules| {
        rules["cards"] = json!([
            {"bank": "甲银行", "kind": "credit", "single": 100, "day": 200, "source": "a test"},
            {"bank": "甲银行", "kind": null, "single": null, "day": 300, "source": "a test"},
        ]);
    })
    .unwrap();
    let day = |bank: &str, sort| rules.card_caps(bank, sort).day.unwrap().minor;
    assert_eq!([day("甲银行", CardSort::Credit), day("甲银行", CardSort::Debit), day("乙银行", CardSort::Credit)], [200, 300, 500_000]);
}

#[test]
fn a_day_begins_anew_at_midnight_in_china() {
    let last = Timestamp::from_ms(1_795_276_799_999);
    let asked = Asked { channel: PayChannel::PrintedCode, card: None, total: None };
    let standing = Standing { class: Some(AccountClass::II), ..Standing::default() };
    let lines = Rules::shipped().explain(&asked, &standing, &Used { static_day: 50_000, ..Used::default() }, &Used::default(), last);
    let printed = lines.iter().find(|line| line.rule == LimitRule::StaticCode).unwrap();
    assert_eq!((printed.bites, printed.left.minor, printed.resets_at), (true, 0, Some(last.plus_ms(1))));
    let year = lines.iter().find(|line| line.rule == LimitRule::Year).unwrap();
    assert_eq!(year.resets_at.unwrap().china_text(), "2027-01-01 00:00:00");
}

#[test]
fn a_fee_has_a_free_quota_and_half_a_fen_is_a_fen() {
    let rules = read(|rules| {
        rules["fees"] = json!([
            {"kind": "top_up", "card": "credit", "rate_ppm": 6_000, "min": 10, "max": 500, "free": 1_000},
            {"kind": "pay", "card": null, "rate_ppm": 500_000, "min": 0, "max": null, "free": 0},
        ]);
    })
    .unwrap();
    let top_up = |amount, used, sort| rules.fee(FeeKind::TopUp, sort, Money::fen(amount), Money::fen(used)).unwrap().fee.minor;
    let credit = Some(CardSort::Credit);
    assert_eq!([top_up(1_000, 0, credit), top_up(1_001, 0, credit), top_up(10_000, 5_000, credit), top_up(1_000_000, 0, credit)], [0, 10, 60, 500]);
    assert_eq!([top_up(10_000, 0, None), top_up(10_000, 0, Some(CardSort::Debit))], [0, 0]);
    assert_eq!(rules.fee(FeeKind::CollectionCode, None, Money::fen(1), Money::fen(0)).unwrap().fee.minor, 1);
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Rules::parse(&bytes);
    }

    /// What is left is what fits: one fen more breaks the line, and nothing overflows.
    #[test]
    fn what_is_left_fits_and_one_fen_more_does_not(
        day in 0i64..600_000, printed in 0i64..60_000, year in 0i64..11_000_000, kept in 0i64..1_000, own in proptest::option::of(0i64..600_000),
        channel in 0usize..4, extreme in any::<i64>(),
    ) {
        let rules = Rules::shipped();
        let standing = Standing { class: Some(AccountClass::II), low_until: None, own: OwnCaps { single: None, day: own.map(Money::fen) } };
        let used = Used { day, static_day: printed, year, life: extreme, own_day: day, ..Used::default() };
        let reserved = Used { day: kept, static_day: kept, year: kept, own_day: kept, ..Used::default() };
        let lines = |total: Option<i64>| {
            let asked = Asked { channel: PayChannel::ALL[channel], card: None, total: total.map(Money::fen) };
            rules.explain(&asked, &standing, &used, &reserved, Timestamp::from_ms(0))
        };
        let most = lines(None).iter().map(|line| line.left.minor).min().unwrap();
        prop_assert!(lines(Some(most)).iter().all(|line| !line.bites));
        prop_assert!(lines(Some(most + 1)).iter().any(|line| line.bites));
        let _ = lines(Some(extreme));
    }
}

#[test]
fn the_maintenance_of_a_bank_stops_its_cards_and_nothing_else() {
    let rules = read(|rules| {
        rules["maintenance"] = json!([
            {"from": 100, "until": 200, "channels": ["top_up"], "banks": ["甲银行"]},
            {"from": 150, "until": 300, "banks": ["甲银行", "乙银行"]},
            {"from": 400, "until": 500},
        ]);
    })
    .unwrap();
    let bank = |name: &str, channel, at| rules.bank_rests(name, channel, Timestamp::from_ms(at)).map(|window| window.until.as_ms());
    let (top_up, pay) = (PayChannel::TopUp, PayChannel::PrintedCode);
    assert_eq!([bank("甲银行", top_up, 99), bank("甲银行", top_up, 100), bank("甲银行", top_up, 199), bank("甲银行", top_up, 200)], [None, Some(200), Some(200), Some(300)]);
    assert_eq!([bank("甲银行", pay, 149), bank("甲银行", pay, 150), bank("乙银行", pay, 299), bank("乙银行", pay, 300), bank("丙银行", pay, 150)], [None, Some(300), Some(300), None, None]);
    let service = |at| rules.rests(pay, Timestamp::from_ms(at)).map(|window| window.until.as_ms());
    assert_eq!([service(150), service(450), bank("甲银行", pay, 450)], [None, Some(500), None]);
}

#[test]
fn a_class_one_balance_is_never_more_than_its_lifetime_has_room_for_and_is_always_withdrawn() {
    let now = Timestamp::from_ms(1_795_276_799_999);
    let of = |channel: PayChannel, class: AccountClass, total: i64, life: i64, kept: i64, coming: i64| {
        let asked = Asked { channel, card: None, total: Some(Money::fen(total)) };
        let (used, reserved) = (Used { life, kept, ..Used::default() }, Used { kept: coming, ..Used::default() });
        let standing = Standing { class: Some(class), ..Standing::default() };
        Rules::shipped().explain(&asked, &standing, &used, &reserved, now).into_iter().find(|line| line.bites).map(|line| line.rule)
    };
    let top_up = |total, life, kept, coming| of(PayChannel::TopUp, AccountClass::I, total, life, kept, coming);
    assert_eq!([top_up(100_000, 0, 0, 0), top_up(100_001, 0, 0, 0)], [None, Some(LimitRule::Lifetime)]);
    // Paying moves it from the balance to what is used up: the room stays the same.
    assert_eq!([top_up(40_000, 60_000, 0, 0), top_up(40_000, 0, 60_000, 0), top_up(40_000, 20_000, 30_000, 10_000)], [None; 3]);
    assert_eq!([top_up(40_001, 60_000, 0, 0), top_up(40_001, 0, 60_000, 0), top_up(40_001, 20_000, 30_000, 10_000)], [Some(LimitRule::Lifetime); 3]);
    assert_eq!(of(PayChannel::TopUp, AccountClass::II, 100_001, i64::MAX, i64::MAX, i64::MAX), None);
    assert_eq!(top_up(1, i64::MAX, i64::MAX, i64::MAX), Some(LimitRule::Lifetime));
    // What came back can go to the person's own card when nothing can be spent any more.
    assert_eq!(of(PayChannel::Withdraw, AccountClass::I, 60_000, 100_000, 60_000, 0), None);
    assert_eq!(of(PayChannel::Question, AccountClass::I, 1, 100_000, 60_000, 0), Some(LimitRule::Lifetime));
}
