use super::*;
use proptest::prelude::*;

const TODAY: Day = Day { year: 2026, month: 11, day: 22 };

fn zone(lines: &[&str]) -> Mrz {
    read(&lines.join("\n"), TODAY).unwrap()
}

/// A line of a passport with its digits, another way than the reader's.
fn second_line(number: &str, nation: &str, birth: &str, expiry: &str, optional: &str) -> String {
    let field = |text: &str, length: usize| format!("{text:<<length$}{}", check_digit(&format!("{text:<<length$}")).unwrap());
    let (number, birth, expiry, optional) = (field(number, 9), field(birth, 6), field(expiry, 6), field(optional, 14));
    let over = check_digit(&format!("{number}{birth}{expiry}{optional}")).unwrap();
    format!("{number}{nation:<<3}{birth}F{expiry}{optional}{over}")
}

#[test]
fn reads_what_a_form_asks_of_a_visitor() {
    let mrz = zone(&["P<D<<MUSTERMANN<<ERIKA", "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"]);
    assert!(mrz.judge().is_ok());
    assert_eq!((mrz.issuer.as_str(), mrz.nationality.as_str(), mrz.code.as_str()), ("D", "D", "P"));
    assert_eq!((mrz.birth.day, mrz.expiry.day, mrz.sex), (Day::new(1964, 8, 12), Day::new(2027, 2, 28), Some(Sex::Female)));
    assert_eq!((mrz.expired(TODAY), mrz.kind()), (Some(false), Some(TravelKind::ForeignPassport)));
    assert_eq!(mrz.holder().unwrap().as_str(), "MUSTERMANN ERIKA");
    assert_eq!((mrz.number.expose("test"), mrz.masked().as_str()), ("C01X00T47", "C*****T47"));
}

#[test]
fn names_have_parts_and_may_lack_some() {
    let name = |line: &str| {
        let mrz = zone(&[line, "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"]);
        (mrz.surname, mrz.given)
    };
    let parts = |surname: &str, given: &str| (surname.to_owned(), given.to_owned());
    assert_eq!(name("P<UTOVAN<DER<MUELLEN<<JAN<PETER"), parts("VAN DER MUELLEN", "JAN PETER"));
    assert_eq!(name("P<UTOOCONNOR<<ENYA<SIOBHAN<<<"), parts("OCONNOR", "ENYA SIOBHAN"));
    assert_eq!(name("P<IDNSUHARTO"), parts("SUHARTO", ""));
    assert_eq!(name("P<UTOA<<B<<C"), parts("A", "B C"));
    assert_eq!(name(&format!("P<UTO{}", "A".repeat(39))), parts(&"A".repeat(39), ""));
    let digit = zone(&["P<UTOER1KSSON<<ANNA", "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"]);
    assert!(digit.holder().is_err());
    assert_eq!(digit.judge(), Err(MrzError::Characters));
    let filler = zone(&["P<UTOERIKSSON<<ANNA<<<<<<K<<<", "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"]);
    assert_eq!(filler.judge(), Err(MrzError::Characters));
    let sex = zone(&["P<UTOA<<B", "C01X00T478D<<6408125R2702283<<<<<<<<<<<<<<<4"]);
    assert!(sex.judge() == Err(MrzError::Characters) && sex.agrees());
}

#[test]
fn folds_what_people_and_scanners_write() {
    let line = second_line("E12345678", "CHN", "830102", "300101", "");
    let wanted = zone(&["POCHNZHANG<<SAN", &line]);
    let (wide, spaced) = (line.replace('<', "＜").to_lowercase(), line.replace("CHN", " chn "));
    for second in [wide, spaced, line.replace("<<", "«"), line.clone()] {
        let read = read(&format!("\r\n pochn Zhang‹‹San \r\n\n{second}\n"), TODAY).unwrap();
        assert_eq!((read.surname.as_str(), read.given.as_str()), ("ZHANG", "SAN"));
        assert!(read.judge().is_ok() && read.number.expose("test") == wanted.number.expose("test"));
    }
    let joined = format!("{:<<44}{line}", "POCHNZHANG<<SAN");
    assert_eq!(read(&joined, TODAY).unwrap().kind(), Some(TravelKind::ChinesePassport));
}

#[test]
fn long_numbers_flow_over_into_optional_data() {
    // Belgian card: nine characters, a filler, three more and the digit.
    let covered = |composite: &str| ["I<BEL000590448<4008<<<<<<<<<<<".to_owned(), format!("8512017F0901015BEL<<<<<<<<<<<{composite}"), "HEYNDRICKX<<JOHN".to_owned()];
    let mrz = read(&covered("2").join("\n"), TODAY).unwrap();
    assert_eq!((mrz.number.expose("test"), mrz.checks.number), ("000590448400", true));
    let wrong = read(&covered("2").join("\n").replace("<4008", "<4018"), TODAY).unwrap();
    assert!(!wrong.checks.number);
    // TD2 likewise; in a passport the filler is no digit.
    let td2 = zone(&["I<UTOERIKSSON<<ANNA", "D23145890<UTO7408122F12041597349<<<6"]);
    assert_eq!(td2.number.expose("test"), "D23145890734");
    let td3 = zone(&["P<UTOERIKSSON<<ANNA", "A12345678<UTO7408122F12041599012<<<<<<<<<<<4"]);
    assert!(!td3.checks.number);
}

#[test]
fn reads_the_line_of_the_chinese_permits() {
    let line = |code: &str, number: &str| {
        let field = |text: &str| format!("{text}{}", check_digit(text).unwrap());
        let (number, expiry, birth) = (field(number), field("240101"), field("850101"));
        let over = check_digit(&format!("{number}{expiry}{birth}")).unwrap();
        format!("{code}{number}<{expiry}<{birth}<{over}")
    };
    let mrz = zone(&[&line("CS", "CA1234567")]);
    assert!(mrz.judge().is_ok());
    assert_eq!((mrz.kind(), mrz.format), (Some(TravelKind::OutboundHongKongMacauPermit), MrzFormat::ChinaPermit));
    assert_eq!((mrz.birth.day, mrz.expired(TODAY)), (Day::new(1985, 1, 1), Some(true)));
    assert_eq!((mrz.issuer.as_str(), mrz.surname.as_str(), mrz.sex), ("CHN", "", None));
    assert!(mrz.holder().is_err());
    assert_eq!(zone(&[&line("CD", "L12345678")]).kind(), Some(TravelKind::OutboundTaiwanPermit));
    let wrong = line("CS", "C12345678").replace("850101", "850107");
    assert_eq!(zone(&[&wrong]).judge(), Err(MrzError::CheckDigit));
    // As the chip gives it: two more lines.
    let chip = [line("CS", "C12345678").as_str(), "NGKELMPONBPJZHENG<<YANGBEN<<<<", "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"].join("\n");
    assert_eq!(read(&chip, TODAY).unwrap().format, MrzFormat::ChinaPermit);
}

#[test]
fn reads_visas() {
    let mrz = zone(&["V<UTOERIKSSON<<ANNA<MARIA", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"]);
    assert!(mrz.judge().is_ok() && mrz.checks.composite.is_none() && mrz.kind().is_none());
    assert_eq!((mrz.format, mrz.optional.expose("test")), (MrzFormat::VisaA, "6ZE184226B"));
    let mrz = zone(&["V<UTOERIKSSON<<ANNA<MARIA", "L8988901C4XXX4009078F9612109<<<<<<<<"]);
    assert!(mrz.judge().is_ok() && mrz.format == MrzFormat::VisaB);
    assert_eq!(mrz.expiry.day, Day::new(1996, 12, 10));
}

#[test]
fn centuries_follow_today() {
    let dates = |birth: &str, expiry: &str, today| {
        let lines = format!("P<UTOA<<B\n{}", second_line("A1", "UTO", birth, expiry, ""));
        let mrz = read(&lines, today).unwrap();
        (mrz.birth.day.map(|day| day.year), mrz.expiry.day.map(|day| day.year))
    };
    assert_eq!(dates("261122", "361122", TODAY), (Some(2026), Some(2036)));
    assert_eq!(dates("700101", "760101", TODAY), (Some(1970), Some(1976)));
    assert_eq!(dates("261123", "751231", TODAY), (Some(1926), Some(2075)));
    assert_eq!(dates("000229", "361122", TODAY), (Some(2000), Some(2036)));
    assert_eq!(dates("990101", "091122", Day { year: 1999, ..TODAY }), (Some(1999), Some(2009)));
    // Born before the document expired, and not in 2025.
    assert_eq!(dates("250411", "100318", TODAY), (Some(1925), Some(2010)));
    assert_eq!(dates("740230", "740230", TODAY), (None, None));
    let strange = Day { year: i32::MIN, month: u32::MAX, day: u32::MAX };
    assert_eq!(dates("740101", "740101", strange), (None, None));
    assert_eq!(dates("740101", "740101", Day { year: i32::MAX, ..strange }), (None, None));
}

#[test]
fn dates_that_do_not_exist_are_refused_and_unknown_ones_are_not() {
    let judge = |birth: &str, expiry: &str| zone(&["P<UTOA<<B", &second_line("A1", "UTO", birth, expiry, "")]).judge();
    assert_eq!(judge("740230", "300101"), Err(MrzError::Date));
    assert_eq!(judge("740203", "301301"), Err(MrzError::Date));
    assert_eq!((judge("<4<203", "300101"), judge("740203", "30<101")), (Err(MrzError::Date), Err(MrzError::Date)));
    assert_eq!((judge("<<<<<<", "300101"), judge("74<<<<", "300101"), judge("740203", "<<<<<<")), (Ok(()), Ok(()), Ok(())));
}

#[test]
fn empty_optional_data_may_have_either_digit() {
    let line = second_line("A1", "UTO", "740203", "300101", "");
    let (head, over) = line.split_at(42);
    assert!(zone(&["P<UTOA<<B", &format!("{head}<{}", &over[1..])]).judge().is_ok());
    let full = second_line("A1", "UTO", "740203", "300101", "0000000000000");
    assert!(zone(&["P<UTOA<<B", &full]).judge().is_ok());
    let (head, over) = full.split_at(42);
    assert!(zone(&["P<UTOA<<B", &format!("{head}<{}", &over[1..])]).judge().is_err());
}

#[test]
fn names_what_is_wrong() {
    let error = |text: &str| read(text, TODAY).unwrap_err();
    let line = second_line("E12345678", "CHN", "830102", "300101", "");
    for cut in 1..44 {
        assert_eq!(error(&format!("POCHNZHANG<<SAN\n{}", &line[..cut])), MrzError::Layout, "{cut}");
    }
    assert_eq!(error(&format!("POCHNZHANG<<SAN\n{line}<")), MrzError::Layout);
    assert_eq!(error(&format!("{:A<45}\n{line}", "POCHN")), MrzError::Layout);
    assert_eq!(error(&format!("POCHNZHANG<<SAN\n{line}\n{line}\n{line}")), MrzError::Layout);
    // The French card before 2021 has fields of its own.
    assert_eq!(error(&format!("{:<<36}\n{:0<36}", "IDFRABERTHIER", "8806923102858CORINNE<<<<<<<6512068F6")), MrzError::Layout);
    for (text, code) in [
        ("", Code::EmptyInput),
        (" \n\t\n", Code::EmptyInput),
        ("P<UTO\u{202e}", Code::HiddenCharacter),
        ("P<UTO\u{200b}", Code::HiddenCharacter),
        ("P<UTO\0", Code::HiddenCharacter),
        ("P<UTO😀", Code::IdCharacters),
        ("P<UTOŽ", Code::IdCharacters),
        ("P<UTO-A", Code::IdCharacters),
        ("P<UTO", Code::IdLength),
    ] {
        assert_eq!(error(text).code(), code, "{text:?}");
    }
    assert_eq!(error(&"<".repeat(1 << 20)).code(), Code::InputTooLong);
}

#[test]
fn printing_shows_nothing_of_the_person() {
    let mrz = zone(&["POCHNZHANG<<SAN", &second_line("E12345678", "CHN", "830102", "300101", "SECRET")]);
    let shown = format!("{mrz:?} {:?}", mrz.birth);
    for part in ["ZHANG", "12345678", "SECRET", "8301", "1983"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,100}|([A-Z0-9<]{30}\n){3}|([A-Z0-9<]{36}\n){2}|([A-Z0-9<]{44}\n){2}|CS[A-Z0-9<]{28}") {
        if let Ok(mrz) = read(&text, TODAY) {
            let _ = (mrz.judge(), mrz.kind(), mrz.holder(), mrz.masked(), mrz.expired(TODAY));
        }
    }

    /// A change of one character under a check digit is noticed; 7-3-1 is blind where two characters have values of
    /// the same remainder modulo 10.
    #[test]
    fn one_misread_character_is_noticed(place in 0usize..9, other in "[A-Z0-9<]") {
        let line = second_line("E12345678", "CHN", "830102", "300101", "");
        let was = line[place..=place].to_owned();
        let changed = format!("{}{other}{}", &line[..place], &line[place + 1..]);
        let noticed = !zone(&["POCHNZHANG<<SAN", &changed]).checks.number;
        prop_assert_eq!(noticed, check_digit(&was) != check_digit(&other));
    }

    /// The crate `mrz` and this module read the same from lines with lawful letters. It is stricter with codes, with
    /// a number that begins with a filler, takes a filler for the check digit 0 and a passport's number for a long one;
    /// such lines are left out.
    #[test]
    fn agrees_with_a_peer(
        name in "[A-Z]{1,10}(<[A-Z]{1,6})?<<[A-Z]{1,8}(<[A-Z]{1,5}){0,2}",
        number in "[A-Z0-9]{1,9}",
        birth in "[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])",
        optional in "[A-Z0-9]{0,14}",
        place in 0usize..44,
        misread in "[A-Z0-9<]?",
    ) {
        let first = format!("{:<<44}", format!("P<UTO{name}"));
        let mut second = second_line(&number, "UTO", &birth, "300101", &optional);
        let digit = [9, 19, 27, 42, 43].contains(&place);
        if place != 0 && !(digit && misread == "<") && !misread.is_empty() {
            second.replace_range(place..=place, &misread);
        }
        let ours = zone(&[&first, &second]);
        let theirs = mrz::parse_td3(&first, &second).unwrap();
        prop_assert_eq!(Some(ours.checks.number), theirs.checks.document_number);
        prop_assert_eq!(Some(ours.checks.birth), theirs.checks.date_of_birth);
        prop_assert_eq!(Some(ours.checks.expiry), theirs.checks.date_of_expiry);
        prop_assert_eq!(ours.checks.optional, theirs.checks.personal_number);
        prop_assert_eq!(ours.checks.composite, theirs.checks.composite);
        prop_assert_eq!(&ours.surname, &theirs.surname);
        prop_assert_eq!(&ours.given, &theirs.given_names);
        prop_assert_eq!(ours.number.expose("test"), theirs.document_number.replace('<', ""));
    }
}
