use super::*;
use crate::Day;
use proptest::prelude::*;

fn instrument(digits: &str) -> String {
    make_from_text(digits, CapitalStyle::Instrument).unwrap()
}

#[test]
fn the_examples_of_the_annex() {
    let cases = [
        ("1409.50", "人民币壹仟肆佰零玖元伍角"), ("6007.14", "人民币陆仟零柒元壹角肆分"), ("1680.32", "人民币壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "人民币壹拾万柒仟元零伍角叁分"), ("16409.02", "人民币壹万陆仟肆佰零玖元零贰分"), ("325.04", "人民币叁佰贰拾伍元零肆分"),
    ];
    for (digits, words) in cases {
        assert_eq!(instrument(digits), words);
        assert_eq!(read(words), make_money(digits));
    }
    for (digits, other) in [("1680.32", "人民币壹仟陆佰捌拾元叁角贰分"), ("107000.53", "人民币壹拾万零柒仟元伍角叁分")] {
        assert_eq!(read(other), make_money(digits));
    }
}

fn make_money(digits: &str) -> Result<Money, CapitalError> {
    Ok(Money::parse(digits, Currency::Cny).unwrap())
}

#[test]
fn zeros_and_ends() {
    let cases = [
        ("0", "人民币零元整"), ("0.01", "人民币壹分"), ("0.10", "人民币壹角"), ("0.15", "人民币壹角伍分"), ("10", "人民币壹拾元整"),
        ("10.05", "人民币壹拾元零伍分"), ("10.50", "人民币壹拾元零伍角"), ("11.50", "人民币壹拾壹元伍角"), ("10000", "人民币壹万元整"),
        ("10001", "人民币壹万零壹元整"), ("100000000", "人民币壹亿元整"), ("100000000.01", "人民币壹亿元零壹分"),
        ("92233720368547758.07", "人民币玖万万贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零柒分"),
    ];
    for (digits, words) in cases {
        assert_eq!(instrument(digits), words);
        assert_eq!(read(words), make_money(digits));
    }
    assert_eq!(make(Money::fen(50), CapitalStyle::Voucher).unwrap(), "人民币伍角整");
    assert_eq!(make(Money::fen(-1050), CapitalStyle::Common).unwrap(), "人民币负壹拾元伍角");
    let least = "人民币负玖万万贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零捌分";
    assert_eq!(make(Money::fen(i64::MIN), CapitalStyle::Common).unwrap(), least);
}

#[test]
fn reads_what_clerks_write() {
    for text in ["伍角", "伍角整", "伍角正", "零元伍角", "人民币零元伍角整"] {
        assert_eq!(read(text), Ok(Money::fen(50)), "{text}");
    }
    assert_eq!(read(" 貳仟陸佰圓整 "), Ok(Money::fen(260_000)));
    assert_eq!(read("壹億零伍萬元正"), Ok(Money::fen(10_005_000_000)));
}

#[test]
fn refuses_what_could_be_altered() {
    let cases = [
        ("", CapitalError::Empty), ("  ", CapitalError::Empty), ("拾元整", CapitalError::TenWithoutOne),
        ("人民币壹佰拾元整", CapitalError::TenWithoutOne), ("壹佰元", CapitalError::NoEnd), ("人民币一百元整", CapitalError::Everyday),
        ("100元", CapitalError::Everyday), ("两元整", CapitalError::Everyday), ("负壹元整", CapitalError::Negative),
        ("壹元伍分", CapitalError::Malformed), ("壹元零伍分整", CapitalError::Malformed), ("壹仟伍元整", CapitalError::Malformed),
        ("壹佰零零伍元整", CapitalError::Malformed), ("壹万零壹拾万元整", CapitalError::Malformed), ("人民币", CapitalError::Malformed),
        ("元整", CapitalError::Malformed), ("整", CapitalError::Malformed), ("壹", CapitalError::Malformed), ("壹壹元整", CapitalError::Malformed),
        ("零壹元整", CapitalError::Malformed), ("壹元零角整", CapitalError::Malformed), ("零角", CapitalError::Malformed),
        ("壹亿亿元整", CapitalError::Malformed), ("人民币 壹元整", CapitalError::Malformed), ("人民币人民币壹元整", CapitalError::Malformed),
        ("壹\u{200b}元整", CapitalError::Hidden), ("壹元\n整", CapitalError::Hidden), ("壹元整ABC", CapitalError::Malformed),
        ("壹亿柒仟元整", CapitalError::Malformed),
        ("玖万万贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零捌分", CapitalError::Overflow),
    ];
    for (text, error) in cases {
        assert_eq!(read(text), Err(error), "{text}");
    }
    for text in ["壹".repeat(1 << 20), "万".repeat(64), "亿".repeat(64), "拾".repeat(64), "元".repeat(64)] {
        assert!(read(&text).is_err());
    }
    assert_eq!(make(Money::fen(-1), CapitalStyle::Voucher), Err(CapitalError::Negative));
    assert_eq!(make(Money { minor: 1, currency: Currency::Usd }, CapitalStyle::Common), Err(CapitalError::Currency));
    assert_eq!(make_from_text("1.234", CapitalStyle::Instrument), Err(CapitalError::Malformed));
}

#[test]
fn dates_take_a_zero_where_a_stroke_would_change_them() {
    let cases = [
        (1, 15, "零壹月壹拾伍日"), (10, 20, "零壹拾月零贰拾日"), (2, 1, "零贰月零壹日"), (3, 9, "叁月零玖日"), (11, 10, "壹拾壹月零壹拾日"),
        (12, 31, "壹拾贰月叁拾壹日"), (9, 30, "玖月零叁拾日"), (2, 29, "零贰月贰拾玖日"), (8, 11, "捌月壹拾壹日"),
    ];
    for (month, day, words) in cases {
        assert_eq!(dates::make_month_and_day(month, day).unwrap(), words);
    }
    for (month, day) in [(0, 1), (13, 1), (1, 0), (1, 32), (4, 31), (2, 30), (u32::MAX, u32::MAX)] {
        assert_eq!(dates::make_month_and_day(month, day), Err(CapitalError::Malformed));
    }
    assert_eq!(dates::read("贰零贰陆年零玖月零玖日"), dates::read("贰零贰陆年玖月零玖日"));
    for text in ["贰零贰陆年零贰月贰拾玖日", "贰零贰陆年壹月壹日", "贰陆年玖月零玖日", "年", "贰零贰陆年零零玖月零玖日", "零玖月零玖日"] {
        assert_eq!(dates::read(text), Err(CapitalError::Malformed), "{text}");
    }
    assert_eq!(dates::read("二零二六年玖月零玖日"), Err(CapitalError::Everyday));
    assert_eq!(dates::read(&"零".repeat(1 << 20)), Err(CapitalError::TooLong));
    assert_eq!(dates::make(Day { year: 99, month: 1, day: 1 }), Err(CapitalError::Overflow));
    assert_eq!(dates::make(Day { year: 2023, month: 2, day: 29 }), Err(CapitalError::Malformed));
}

#[test]
fn every_day_of_a_leap_year_reads_back() {
    for month in 1..=12 {
        for day in (1..=31).filter_map(|day| Day::new(2028, month, day)) {
            assert_eq!(dates::read(&dates::make(day).unwrap()), Ok(day));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_written_is_read(fen in prop_oneof![0i64..=i64::MAX, 0i64..1_000_000, (0i64..10_000_000).prop_map(|value| value * 100_000)]) {
        for style in [CapitalStyle::Instrument, CapitalStyle::Voucher] {
            prop_assert_eq!(read(&make(Money::fen(fen), style).unwrap()), Ok(Money::fen(fen)));
        }
    }

    #[test]
    fn one_character_more_or_less_is_another_amount_or_none(fen in 0i64..100_000_000_000, at in 0usize..30, new in prop::sample::select("零壹贰玖拾佰仟万亿元角分整".chars().collect::<Vec<_>>())) {
        let text: Vec<char> = make(Money::fen(fen), CapitalStyle::Instrument).unwrap().chars().collect();
        let at = at % text.len();
        let (before, after) = text.split_at(at);
        let longer: String = before.iter().chain(Some(&new)).chain(after).collect();
        let shorter: String = before.iter().chain(after.iter().skip(1)).collect();
        for changed in [longer, shorter] {
            if let Ok(money) = read(&changed) {
                // Only what the rules leave open may change without changing the amount: 零, 整, 人民币, 零元.
                let open = |text: &str| text.replace("人民币", "").replace("零元", "").replace(['零', '整'], "");
                let same = open(&changed) == open(&text.iter().collect::<String>());
                prop_assert_eq!(money == Money::fen(fen), same, "{}", changed);
            }
        }
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,70}", capital in "[零壹贰拾佰仟万亿元角分整人民币年月日]{0,64}") {
        for text in [text, capital] {
            let _ = dates::read(&text);
            if let Ok(money) = read(&text) {
                prop_assert!(money.minor >= 0);
            }
        }
    }
}
