use super::*;
use kabao_base::Currency;
use proptest::prelude::*;

fn yuan(amount: i64) -> Money {
    Money::fen(amount * 100)
}

#[test]
fn the_numbers_of_the_law() {
    let caps = AccountClass::ALL.map(AccountClass::caps);
    assert_eq!(caps.map(|caps| caps.lifetime), [Some(yuan(1_000)), None, None]);
    assert_eq!(caps.map(|caps| caps.year), [None, Some(yuan(100_000)), Some(yuan(200_000))]);
    let levels = [BarcodeLevel::A, BarcodeLevel::B, BarcodeLevel::C, BarcodeLevel::D];
    let days = levels.map(BarcodeLevel::day_cap);
    assert_eq!(days, [None, Some(yuan(5_000)), Some(yuan(1_000)), Some(yuan(500))]);
    assert_eq!(AccountClass::ALL.map(AccountClass::as_str), ["I", "II", "III"]);
    assert_eq!(AccountClass::ALL.map(|class| AccountClass::parse(class.as_str())), AccountClass::ALL.map(Some));
    assert_eq!(AccountClass::parse("IV"), None);
}

/// The names stand in calls and in the keys of words, the codes in the catalogue: neither changes once it is released.
#[test]
fn every_rule_has_its_own_name_and_the_code_of_its_kind() {
    let rules = [
        (LimitRule::Zero, "zero", Code::AmountZero),
        (LimitRule::Negative, "negative", Code::AmountNegative),
        (LimitRule::Currency, "currency", Code::CurrencyUnknown),
        (LimitRule::Single, "single", Code::LimitSingle),
        (LimitRule::StaticCode, "static_code", Code::LimitStaticCode),
        (LimitRule::Day, "day", Code::LimitDay),
        (LimitRule::Year, "year", Code::LimitYear),
        (LimitRule::Lifetime, "lifetime", Code::LimitLifetime),
        (LimitRule::NewPhoneSingle, "new_phone_single", Code::LimitNewDevice),
        (LimitRule::NewPhoneDay, "new_phone_day", Code::LimitNewDevice),
        (LimitRule::OwnSingle, "own_single", Code::LimitOwnSingle),
        (LimitRule::OwnDay, "own_day", Code::LimitOwnDay),
        (LimitRule::CodeDay, "code_day", Code::LimitDay),
        (LimitRule::CardSingle, "card_single", Code::LimitSingle),
        (LimitRule::CardDay, "card_day", Code::LimitDay),
        (LimitRule::TopUpDay, "top_up_day", Code::LimitDay),
        (LimitRule::WithdrawDay, "withdraw_day", Code::LimitDay),
        (LimitRule::TransferDay, "transfer_day", Code::LimitDay),
    ];
    for (rule, name, code) in rules {
        assert_eq!((rule.as_str(), rule.code()), (name, code));
    }
}

#[test]
fn each_limit_has_its_name_and_passes_exactly_what_is_left() {
    let none = Usage::default();
    assert_eq!(check(Money::fen(i64::MAX), &none), Ok(()));
    assert_eq!(most(&none), None);
    let left = Some(Money::fen(500));
    let cases = [
        (Usage { single_cap: left, ..none }, LimitRule::Single, Code::LimitSingle),
        (Usage { static_left: left, ..none }, LimitRule::StaticCode, Code::LimitStaticCode),
        (Usage { day_left: left, ..none }, LimitRule::Day, Code::LimitDay),
        (Usage { year_left: left, ..none }, LimitRule::Year, Code::LimitYear),
        (Usage { lifetime_left: left, ..none }, LimitRule::Lifetime, Code::LimitLifetime),
    ];
    for (usage, rule, code) in cases {
        assert_eq!(check(Money::fen(500), &usage), Ok(()));
        let hit = check(Money::fen(501), &usage).expect_err("one fen too much");
        assert_eq!((hit.rule, hit.left, hit.code()), (rule, Money::fen(500), code));
        assert_eq!(most(&usage), left);
    }
}

#[test]
fn of_several_limits_the_tightest_is_named() {
    let usage = Usage {
        single_cap: Some(yuan(1_000)),
        day_left: Some(yuan(300)),
        year_left: Some(yuan(20)),
        lifetime_left: Some(yuan(20)),
        static_left: Some(yuan(500)),
    };
    let hit = check(yuan(2_000), &usage).expect_err("too much");
    assert_eq!((hit.rule, hit.left), (LimitRule::Year, yuan(20)));
    let overdrawn = Usage { day_left: Some(yuan(-3)), ..usage };
    let hit = check(yuan(1), &overdrawn).expect_err("nothing left");
    assert_eq!((hit.rule, hit.left), (LimitRule::Day, yuan(0)));
    assert_eq!(most(&overdrawn), Some(yuan(0)));
}

#[test]
fn amounts_that_are_none() {
    let cases = [
        (0, LimitRule::Zero, Code::AmountZero),
        (-1, LimitRule::Negative, Code::AmountNegative),
        (i64::MIN, LimitRule::Negative, Code::AmountNegative),
    ];
    for (amount, rule, code) in cases {
        let hit = check(Money::fen(amount), &Usage::default()).expect_err("not positive");
        assert_eq!((hit.rule, hit.left, hit.code()), (rule, Money::fen(0), code));
    }
    let dollars = Money { minor: 1, currency: Currency::Usd };
    let hit = check(dollars, &Usage { day_left: Some(yuan(1)), ..Usage::default() }).expect_err("dollars");
    assert_eq!((hit.rule, hit.code()), (LimitRule::Currency, Code::CurrencyUnknown));
    assert_eq!(check(dollars, &Usage::default()), Ok(()));
}

const HOUR: i64 = 3_600_000;
/// 2026-11-22 00:00:00 in UTC+8.
const MIDNIGHT: i64 = 1_795_276_800_000;

fn spent(fen: i64, at: i64) -> Movement {
    Movement::Spent { amount: Money::fen(fen), at: Timestamp::from_ms(at), own_account: false }
}

fn refunded(fen: i64, at: i64, paid_at: i64) -> Movement {
    Movement::Refunded {
        amount: Money::fen(fen),
        at: Timestamp::from_ms(at),
        paid_at: Timestamp::from_ms(paid_at),
        own_account: false,
    }
}

fn used_at(period: Period, now: i64, movements: &[Movement]) -> i64 {
    used(period, Timestamp::from_ms(now), movements).expect("fits").minor
}

#[test]
fn the_day_of_the_law_begins_at_midnight_in_china() {
    assert_eq!(Timestamp::from_ms(MIDNIGHT).china_text(), "2026-11-22 00:00:00");
    let movements = [spent(100, MIDNIGHT - 1), spent(20, MIDNIGHT), spent(3, MIDNIGHT + 24 * HOUR - 1)];
    assert_eq!(used_at(Period::Day, MIDNIGHT + HOUR, &movements), 23);
    assert_eq!(used_at(Period::Day, MIDNIGHT - HOUR, &movements), 100);
    assert_eq!(used_at(Period::Year, MIDNIGHT, &movements), 123);
    assert_eq!(used_at(Period::Lifetime, MIDNIGHT + 9000 * HOUR, &movements), 123);
    assert_eq!(used_at(Period::Year, MIDNIGHT + 9000 * HOUR, &movements), 0);
}

#[test]
fn a_refund_gives_back_within_the_period_and_never_of_a_lifetime() {
    let now = MIDNIGHT + 12 * HOUR;
    let same_day = [spent(1000, MIDNIGHT + HOUR), refunded(400, MIDNIGHT + 2 * HOUR, MIDNIGHT + HOUR)];
    assert_eq!(used_at(Period::Day, now, &same_day), 600);
    assert_eq!(used_at(Period::Year, now, &same_day), 600);
    assert_eq!(used_at(Period::Lifetime, now, &same_day), 1000);
    // Paid yesterday, back today: today's limit gets nothing.
    let next_day = [spent(1000, MIDNIGHT - HOUR), spent(70, now), refunded(400, MIDNIGHT + HOUR, MIDNIGHT - HOUR)];
    assert_eq!(used_at(Period::Day, now, &next_day), 70);
    assert_eq!(used_at(Period::Year, now, &next_day), 670);
    // Back after the period looked at.
    let later = [spent(1000, MIDNIGHT - HOUR), refunded(400, MIDNIGHT + HOUR, MIDNIGHT - HOUR)];
    assert_eq!(used_at(Period::Day, MIDNIGHT - 1, &later), 1000);
}

#[test]
fn own_account_counts_only_in_class_one() {
    let at = Timestamp::from_ms(MIDNIGHT);
    let out = Movement::Spent { amount: yuan(10), at, own_account: true };
    let back = Movement::Refunded { amount: yuan(4), at, paid_at: at, own_account: true };
    let movements = [out, back, spent(100, MIDNIGHT)];
    assert_eq!(used_at(Period::Day, MIDNIGHT, &movements), 100);
    assert_eq!(used_at(Period::Year, MIDNIGHT, &movements), 100);
    assert_eq!(used_at(Period::Lifetime, MIDNIGHT, &movements), 1_100);
}

#[test]
fn what_is_left_is_checked() {
    assert_eq!(left(yuan(1_000), yuan(400)), Ok(yuan(600)));
    assert_eq!(left(yuan(1_000), yuan(1_400)), Ok(yuan(0)));
    assert_eq!(left(yuan(0), yuan(0)), Ok(yuan(0)));
    assert_eq!(left(yuan(-1), yuan(0)), Err(MoneyError::Negative));
    assert_eq!(left(yuan(1), yuan(-1)), Err(MoneyError::Negative));
    assert_eq!(left(yuan(1), Money { minor: 1, currency: Currency::Usd }), Err(MoneyError::CurrencyMismatch));
    let now = Timestamp::from_ms(MIDNIGHT);
    let huge = [spent(i64::MAX, MIDNIGHT), spent(1, MIDNIGHT)];
    assert_eq!(used(Period::Day, now, &huge), Err(MoneyError::Overflow));
    assert_eq!(used(Period::Day, now, &[spent(-1, MIDNIGHT)]), Err(MoneyError::Negative));
    assert_eq!(used(Period::Lifetime, now, &[refunded(-1, MIDNIGHT, 0)]), Err(MoneyError::Negative));
    // More came back than went out (a correction): the limit is whole, not larger.
    assert_eq!(used(Period::Day, now, &[refunded(5, MIDNIGHT, MIDNIGHT)]), Ok(Money::fen(0)));
}

proptest! {
    #[test]
    fn what_is_named_as_left_passes(
        amount in 1i64.., single in proptest::option::of(any::<i64>()), day in proptest::option::of(any::<i64>()),
        year in proptest::option::of(any::<i64>()), lifetime in proptest::option::of(any::<i64>()),
    ) {
        let usage = Usage {
            single_cap: single.map(Money::fen),
            day_left: day.map(Money::fen),
            year_left: year.map(Money::fen),
            lifetime_left: lifetime.map(Money::fen),
            static_left: None,
        };
        match check(Money::fen(amount), &usage) {
            Ok(()) => prop_assert!(most(&usage).is_none_or(|most| amount <= most.minor)),
            Err(hit) => {
                prop_assert!(amount > hit.left.minor);
                prop_assert_eq!(most(&usage), Some(hit.left));
                prop_assert!(hit.left.minor == 0 || check(hit.left, &usage) == Ok(()));
            }
        }
    }
}
