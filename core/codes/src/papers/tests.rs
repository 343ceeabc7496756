use super::*;
use proptest::prelude::*;

const LINES: &str = "P<CANTREMBLAY<<MARIE<CLAIRE<<<<<<<<<<<<<<<<<\nGA302922<0CAN8904126F3308110<<<<<<<<<<<<<<<0";

fn today() -> Day {
    Day::new(2026, 11, 22).unwrap()
}

fn visitor() -> PaperForm<'static> {
    PaperForm { mrz: Some(LINES), ..PaperForm::of(DocumentKind::ForeignPassport) }
}

fn by_hand() -> PaperForm<'static> {
    PaperForm {
        name: "Marie Claire Tremblay",
        id_number: "ga 302922",
        birth_date: Some("1989-04-12"),
        expires_on: Some("2033.8.11"),
        nationality: Some("can"),
        ..PaperForm::of(DocumentKind::ForeignPassport)
    }
}

fn refused(form: &PaperForm<'_>) -> (&'static str, &'static str) {
    let error = read(form, today()).unwrap_err();
    (error.field.as_str(), error.code.as_str())
}

#[test]
fn a_visitor_is_read_from_the_lines_or_typed_alike() {
    let (scanned, typed) = (read(&visitor(), today()).unwrap(), read(&by_hand(), today()).unwrap());
    assert_eq!(scanned.name.as_str(), "TREMBLAY MARIE CLAIRE");
    assert_eq!(*scanned.sealed_text(), "GA302922;19890412;20330811;CAN");
    assert_eq!(*typed.sealed_text(), *scanned.sealed_text());
    assert_eq!((scanned.sex, scanned.age(today()), scanned.masked().as_str()), (Some(Sex::Female), 37, "G****922"));
    let both = PaperForm { mrz: Some(LINES), ..by_hand() };
    assert_eq!(*read(&both, today()).unwrap().sealed_text(), *scanned.sealed_text());
    assert!(!format!("{scanned:?}{both:?}{:?}", refused(&PaperForm { name: "张三", ..by_hand() })).contains("302922"));
    let german = "P<D<<MUELLER<<HANS<<<<<<<<<<<<<<<<<<<<<<<<<<\nC01X00T478D<<8001313M3102282<<<<<<<<<<<<<<<2";
    let read = read(&PaperForm { mrz: Some(german), name: "Hans Müller", ..visitor() }, today()).unwrap();
    assert_eq!((read.nationality.as_deref(), read.name.as_str()), (Some("D"), "Hans Müller"));
}

#[test]
fn every_field_of_a_visitor_has_its_refusal() {
    for (form, told) in [
        (PaperForm { name: "", ..by_hand() }, ("name", "empty_input")),
        (PaperForm { name: "玛丽", ..by_hand() }, ("name", "name_not_latin")),
        (PaperForm { name: "Marie\u{202e}", ..by_hand() }, ("name", "hidden_character")),
        (PaperForm { name: "Мария", ..by_hand() }, ("name", "name_invalid")),
        (PaperForm { id_number: "", ..by_hand() }, ("id_number", "empty_input")),
        (PaperForm { id_number: "AB-CDEFGH", ..by_hand() }, ("id_number", "document_number")),
        (PaperForm { id_number: "GA😀02922", ..by_hand() }, ("id_number", "document_number")),
        (PaperForm { nationality: None, ..by_hand() }, ("nationality", "empty_input")),
        (PaperForm { nationality: Some("QQQ"), ..by_hand() }, ("nationality", "nationality_unknown")),
        (PaperForm { nationality: Some("CHN"), ..by_hand() }, ("nationality", "document_other")),
        (PaperForm { birth_date: None, ..by_hand() }, ("birth_date", "empty_input")),
        (PaperForm { birth_date: Some("1989-02-30"), ..by_hand() }, ("birth_date", "date_invalid")),
        (PaperForm { birth_date: Some("12/04/1989"), ..by_hand() }, ("birth_date", "date_invalid")),
        (PaperForm { birth_date: Some("2026-11-23"), ..by_hand() }, ("birth_date", "id_future")),
        (PaperForm { birth_date: Some("0001-01-01"), ..by_hand() }, ("birth_date", "date_invalid")),
        (PaperForm { expires_on: None, ..by_hand() }, ("expires_on", "empty_input")),
        (PaperForm { expires_on: Some("2026-11-21"), ..by_hand() }, ("expires_on", "document_expired")),
        (PaperForm { expires_on: Some("长期"), ..by_hand() }, ("expires_on", "date_invalid")),
        (PaperForm { expires_on: Some("2133-08-11"), ..by_hand() }, ("expires_on", "date_invalid")),
        (PaperForm { mrz: Some("?"), ..visitor() }, ("mrz", "mrz_misread")),
        (PaperForm { mrz: Some("\u{200b}"), ..visitor() }, ("mrz", "hidden_character")),
        (PaperForm { id_number: "GA302923", ..visitor() }, ("id_number", "mrz_differs")),
        (PaperForm { name: "Marie Gagnon", ..visitor() }, ("name", "mrz_differs")),
        (PaperForm { nationality: Some("FRA"), ..visitor() }, ("nationality", "mrz_differs")),
        (PaperForm { birth_date: Some("1989-04-13"), ..visitor() }, ("birth_date", "mrz_differs")),
        (PaperForm { expires_on: Some("2034-08-11"), ..visitor() }, ("expires_on", "mrz_differs")),
    ] {
        assert_eq!(refused(&form), told);
    }
    assert!(read(&PaperForm { expires_on: Some("２０２６年11月22日"), ..by_hand() }, today()).is_ok(), "valid on its last day");
    // A hundred years cannot be told from two digits; the person says which.
    let old = PaperForm { birth_date: Some("1889-04-12"), ..visitor() };
    assert_eq!(read(&old, today()).unwrap().birth.year, 1889);
    for wrong in 0..LINES.len() {
        let Some(sign) = LINES.get(wrong..=wrong).filter(|sign| *sign != "\n" && wrong > 44) else { continue };
        let other = LINES.get(..wrong).unwrap().to_owned() + if sign == "7" { "8" } else { "7" } + LINES.get(wrong + 1..).unwrap();
        let told = read(&PaperForm { mrz: Some(&other), ..visitor() }, today());
        // The nationality and the sex have no check digit, and are letters.
        assert_eq!(told.unwrap_err().code, Code::MrzMisread, "{wrong}");
    }
    let chinese = "POCHNZHENGJIAN<<YANGBEN\nE900000821CHN8108038F2110189NGKELMPONBPJB978";
    assert_eq!(refused(&PaperForm { mrz: Some(chinese), ..visitor() }), ("mrz", "document_other"));
}

#[test]
fn cards_and_permits_by_their_numbers() {
    let of = |kind, id_number, expires_on| PaperForm { name: "陈大文", id_number, expires_on, ..PaperForm::of(kind) };
    use DocumentKind::*;
    let long = Some("2031-01-01");
    for (form, sealed) in [
        (of(ResidentCard, "11010519491231002x", None), "11010519491231002X;19491231;;"),
        (of(ResidentCard, "１１０１０５１９４９１２３１００２Ｘ", Some("长期")), "11010519491231002X;19491231;;"),
        (of(ResidentCard, "110105 19491231 002X", long), "11010519491231002X;19491231;20310101;"),
        (of(HongKongResidencePermit, "810000199408230021", long), "810000199408230021;19940823;20310101;"),
        (of(ForeignerCard, "932682198501010017", long), "932682198501010017;19850101;20310101;SAU"),
        (of(ForeignerCard, "kaz110090123105", long), "KAZ110090123105;19901231;20310101;KAZ"),
    ] {
        assert_eq!(*read(&form, today()).unwrap().sealed_text(), sealed);
    }
    let permit = PaperForm { birth_date: Some("19940823"), ..of(HongKongMacauTravelPermit, "H1234567802", long) };
    assert_eq!(*read(&permit, today()).unwrap().sealed_text(), "H12345678;19940823;20310101;");
    let taiwan = PaperForm { birth_date: Some("19940823"), ..of(TaiwanTravelPermit, "12345678", long) };
    assert_eq!(read(&taiwan, today()).unwrap().masked(), "1****678");
    for (form, told) in [
        (of(ResidentCard, "110105491231002", None), ("id_number", "id_legacy")),
        (of(ResidentCard, "110105194912310021", None), ("id_number", "id_check_digit")),
        (of(ResidentCard, "110105194902300020", None), ("id_number", "id_birth_date")),
        (of(ResidentCard, "110105203012310029", None), ("id_number", "id_future")),
        (of(ResidentCard, "810000199408230021", None), ("id_number", "document_other")),
        (of(ResidentCard, "932682198501010017", None), ("id_number", "document_other")),
        (of(ForeignerCard, "11010519491231002X", long), ("id_number", "document_other")),
        (of(MacauResidencePermit, "810000199408230021", long), ("id_number", "document_other")),
        (of(HongKongResidencePermit, "810000199408230021", None), ("expires_on", "empty_input")),
        (of(TaiwanTravelPermit, "H12345678", long), ("id_number", "document_other")),
        (of(HongKongMacauTravelPermit, "A12345678", long), ("id_number", "document_number")),
        (PaperForm { name: "张 三", ..of(ResidentCard, "11010519491231002X", None) }, ("name", "name_invalid")),
        (PaperForm { birth_date: Some("1949-12-30"), ..of(ResidentCard, "11010519491231002X", None) }, ("birth_date", "document_other")),
    ] {
        assert_eq!(refused(&form), told);
    }
}

#[test]
fn ages_turn_on_the_birthday() {
    let born = Day::new(2008, 2, 29).unwrap();
    let age = |month, day| born.age_on(Day::new(2026, month, day).unwrap());
    assert_eq!((age(2, 28), age(3, 1)), (17, 18));
    assert_eq!(Day::new(2030, 1, 1).unwrap().age_on(today()), 0);
}

#[test]
fn every_kind_has_a_name_and_its_fields() {
    for kind in DocumentKind::ALL {
        assert_eq!(DocumentKind::parse(kind.as_str()), Some(kind));
        assert!(kind.fields().starts_with(&[PaperField::Name, PaperField::IdNumber]));
        let told = read(&PaperForm::of(kind), today()).unwrap_err();
        assert_eq!((told.field, told.code), (PaperField::Name, Code::EmptyInput));
    }
}

proptest! {
    #[test]
    fn any_form_has_an_answer(kind in 0usize..8, texts in proptest::collection::vec("\\PC{0,40}|[A-Z0-9<\n-]{0,90}", 6)) {
        let maybe = |at: usize| Some(texts[at].as_str()).filter(|text| !text.is_empty());
        let form = PaperForm {
            name: &texts[0], id_number: &texts[1], birth_date: maybe(2), expires_on: maybe(3), nationality: maybe(4), mrz: maybe(5),
            ..PaperForm::of(DocumentKind::ALL[kind])
        };
        let _ = read(&form, today());
    }

    #[test]
    fn what_is_read_is_valid_today(year in 1900i32..2100, month in 1u32..=12, day in 1u32..=28) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let form = PaperForm { expires_on: Some(&text), ..by_hand() };
        prop_assert_eq!(read(&form, today()).is_ok(), Day::new(year, month, day).unwrap() >= today() && year <= 2076);
    }
}
