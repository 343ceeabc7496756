use super::*;
use LimitRule as L;
use PayChannel as C;

/// 2026-11-22 12:00:00 in UTC+8.
const NOON: i64 = 1_795_320_000_000;

/// Rule, cap, used by the service's count, reserved by the phone.
type Row = (LimitRule, i64, i64, i64);

/// Each counter holds another number, so that none can stand in the place of its neighbour.
fn counters(first: i64) -> Used {
    let n = |place: i64| first * place;
    Used {
        day: n(1), static_day: n(2), code_day: n(3), year: n(4), life: n(5), kept: n(6), low: n(7), own_day: n(8),
        top_up_day: n(9), withdraw_day: n(10), transfer_day: n(11), card_day: n(12), card_static: n(13),
    }
}

fn rules() -> Rules {
    let rules = Rules::shipped();
    let mut rules = (*rules).clone();
    rules.top_up.day = Some(Money::fen(90_000));
    rules.withdraw = MoveCaps { single: Some(Money::fen(41_000)), day: Some(Money::fen(42_000)) };
    rules.transfer = MoveCaps { single: Some(Money::fen(43_000)), day: Some(Money::fen(44_000)) };
    rules
}

fn lines(channel: PayChannel, card: bool, standing: &Standing) -> Vec<LimitLine> {
    let card = card.then(|| ("甲银行".to_owned(), CardSort::Debit));
    let asked = Asked { channel, card, total: None };
    rules().explain(&asked, standing, &counters(10), &counters(1), Timestamp::from_ms(NOON))
}

fn rows(channel: PayChannel, card: bool, standing: &Standing) -> Vec<Row> {
    let row = |line: LimitLine| {
        assert_eq!(line.left.minor, line.cap.minor - line.used.minor - line.reserved.minor, "{line:?}");
        (line.rule, line.cap.minor, line.used.minor, line.reserved.minor)
    };
    lines(channel, card, standing).into_iter().map(row).collect()
}

fn of_class(class: AccountClass) -> Standing {
    Standing { class: Some(class), ..Standing::default() }
}

#[test]
fn every_way_to_pay_has_its_limits_in_the_order_of_the_service() {
    let all = [(L::Day, 500_000, 10, 1), (L::Year, 10_000_000, 40, 4)];
    let single = |cap| (L::Single, cap, 0, 0);
    let two = of_class(AccountClass::II);
    let from_balance = |channel| rows(channel, false, &two);
    assert_eq!(from_balance(C::TopUp), [single(500_000), (L::TopUpDay, 90_000, 90, 9)]);
    assert_eq!(from_balance(C::PrintedCode), [single(500_000), (L::StaticCode, 50_000, 20, 2), all[0], all[1]]);
    assert_eq!(from_balance(C::PayerCode), [single(500_000), (L::CodeDay, 100_000, 30, 3), all[0], all[1]]);
    assert_eq!(from_balance(C::Question), [single(500_000), all[0], all[1]]);
    assert_eq!(from_balance(C::Withdraw), [single(41_000), (L::WithdrawDay, 42_000, 100, 10)]);
    assert_eq!(from_balance(C::Transfer), [single(43_000), (L::TransferDay, 44_000, 110, 11), all[0], all[1]]);
    // A card has the counters of a card, and none of the balance.
    let card = (L::CardDay, 500_000, 120, 12);
    assert_eq!(rows(C::PrintedCode, true, &two), [single(500_000), (L::StaticCode, 50_000, 130, 13), card]);
    assert_eq!(rows(C::PayerCode, true, &two), [single(500_000), card]);
    assert_eq!(rows(C::Question, true, &two), [single(500_000), card]);
}

#[test]
fn class_one_has_a_lifetime_and_no_year() {
    let one = of_class(AccountClass::I);
    let paid = rows(C::Question, false, &one);
    assert_eq!(paid, [(L::Single, 500_000, 0, 0), (L::Day, 500_000, 10, 1), (L::Lifetime, 100_000, 50, 5)]);
    // What is spent and what is kept, and what may be coming in.
    let topped_up = rows(C::TopUp, false, &one);
    assert_eq!(topped_up, [(L::Single, 500_000, 0, 0), (L::TopUpDay, 90_000, 90, 9), (L::Lifetime, 100_000, 110, 6)]);
    let none = rows(C::Question, false, &Standing::default());
    assert_eq!(none, [(L::Single, 500_000, 0, 0), (L::Day, 500_000, 10, 1)], "before the real-name check there is no class");
}

#[test]
fn a_phone_that_took_anothers_place_and_the_persons_own_caps_come_before_the_counters() {
    let own = OwnCaps { single: Some(Money::fen(31_000)), day: Some(Money::fen(32_000)) };
    let standing = Standing { class: None, low_until: Some(Timestamp::from_ms(NOON + 1)), own };
    let (low_single, low_day) = ((L::NewPhoneSingle, 50_000, 0, 0), (L::NewPhoneDay, 100_000, 70, 7));
    let (own_single, own_day) = ((L::OwnSingle, 31_000, 0, 0), (L::OwnDay, 32_000, 80, 8));
    let single = (L::Single, 500_000, 0, 0);
    assert_eq!(rows(C::Question, false, &standing), [single, low_single, low_day, own_single, own_day, (L::Day, 500_000, 10, 1)]);
    assert_eq!(rows(C::Question, true, &standing), [single, low_single, low_day, own_single, own_day, (L::CardDay, 500_000, 120, 12)]);
    // The person's own caps are about spending: what goes to one's own card is not spent.
    assert_eq!(rows(C::Withdraw, false, &standing), [(L::Single, 41_000, 0, 0), low_single, low_day, (L::WithdrawDay, 42_000, 100, 10)]);
    // Low limits end at the moment that was told.
    let over = Standing { low_until: Some(Timestamp::from_ms(NOON)), own: OwnCaps::default(), ..standing };
    assert_eq!(rows(C::Question, false, &over), [single, (L::Day, 500_000, 10, 1)]);
    assert_eq!(rows(C::Withdraw, false, &over), [(L::Single, 41_000, 0, 0), (L::WithdrawDay, 42_000, 100, 10)]);
}

#[test]
fn the_lower_of_two_caps_of_one_transfer_counts() {
    let single = |single: Option<i64>, channel| {
        let mut rules = rules();
        (rules.single, rules.transfer.single) = (Money::fen(40_000), single.map(Money::fen));
        let asked = Asked { channel, card: None, total: None };
        let lines = rules.explain(&asked, &Standing::default(), &Used::default(), &Used::default(), Timestamp::from_ms(NOON));
        let caps: Vec<i64> = lines.iter().filter(|line| line.rule == L::Single).map(|line| line.cap.minor).collect();
        assert_eq!(lines.iter().filter(|line| line.period.is_none()).count(), caps.len());
        caps
    };
    assert_eq!([None, Some(39_999), Some(40_001)].map(|cap| single(cap, C::Transfer)), [[40_000], [39_999], [40_000]]);
    assert_eq!(single(Some(1), C::Question), [40_000], "a transfer's cap is no payment's");
}

#[test]
fn a_limit_begins_anew_when_its_time_is_over_and_a_cap_of_one_payment_never() {
    let standing = Standing { low_until: Some(Timestamp::from_ms(NOON + 5)), ..of_class(AccountClass::II) };
    let anew = |line: &LimitLine| (line.rule, line.period, line.resets_at.map(Timestamp::china_text));
    let text = |text: &str| Some(text.to_owned());
    let found: Vec<_> = lines(C::PrintedCode, false, &standing).iter().map(anew).collect();
    assert_eq!(found, [
        (L::Single, None, None),
        (L::NewPhoneSingle, None, text("2026-11-22 12:00:00")),
        (L::NewPhoneDay, None, text("2026-11-22 12:00:00")),
        (L::StaticCode, Some(Period::Day), text("2026-11-23 00:00:00")),
        (L::Day, Some(Period::Day), text("2026-11-23 00:00:00")),
        (L::Year, Some(Period::Year), text("2027-01-01 00:00:00")),
    ]);
    for channel in [C::Question, C::TopUp] {
        let lifetime = lines(channel, false, &of_class(AccountClass::I)).iter().map(anew).next_back();
        assert_eq!(lifetime, Some((L::Lifetime, Some(Period::Lifetime), None)));
    }
}

/// A count below zero gives nothing back, and what is left is what breaks a line by one fen.
#[test]
fn what_bites_is_one_fen_more_than_what_is_left() {
    let line = |total: Option<i64>, used: i64, reserved: i64| {
        let asked = Asked { channel: C::PrintedCode, card: None, total: total.map(Money::fen) };
        let of = |static_day| Used { static_day, ..Used::default() };
        let lines = rules().explain(&asked, &Standing::default(), &of(used), &of(reserved), Timestamp::from_ms(NOON));
        let line = lines.into_iter().find(|line| line.rule == L::StaticCode).unwrap();
        assert_eq!(line.code(), Code::LimitStaticCode);
        (line.used.minor, line.reserved.minor, line.left.minor, line.bites)
    };
    assert_eq!(line(Some(9_000), 40_000, 1_000), (40_000, 1_000, 9_000, false));
    assert_eq!(line(Some(9_001), 40_000, 1_000), (40_000, 1_000, 9_000, true));
    assert_eq!(line(Some(50_001), -7, -8), (0, 0, 50_000, true));
    assert_eq!(line(Some(1), i64::MAX, i64::MAX), (i64::MAX, i64::MAX, 0, true));
    // Without an amount a line bites when nothing is left.
    assert_eq!([line(None, 49_999, 0).3, line(None, 50_000, 0).3], [false, true]);
}

#[test]
fn names_read_back() {
    assert_eq!(C::ALL.map(C::as_str), ["top_up", "pay", "code", "ask", "withdraw", "transfer"]);
    assert_eq!(C::ALL.map(|channel| C::parse(channel.as_str())), C::ALL.map(Some));
    assert_eq!(C::parse("tea"), None);
    let sorts = ["debit", "prepaid", "credit", "quasi_credit", "tea"].map(CardSort::parse);
    assert_eq!(sorts, [Some(CardSort::Debit), Some(CardSort::Debit), Some(CardSort::Credit), Some(CardSort::Credit), None]);
}
