//! The vendor's book and switches.

use super::*;
use crate::testing::TestWorld;

const NUMBER: &str = "11010519491231002X";

fn id(byte: u8) -> Id {
    Id::from_bytes([byte; 16])
}

fn check(vendor: &SimulatedVendor, id: Id, name: &str, number: &str, token: &str) -> IdentityAnswer {
    vendor.verify(id, &PersonToCheck { document: "resident_card", name, number, nationality: None }, token, None)
}

fn vendor() -> (SimulatedVendor, Arc<TestWorld>) {
    let world = Arc::new(TestWorld::new(1));
    (SimulatedVendor::open(None, world.clone()).unwrap(), world)
}

#[test]
fn check_digits() {
    for right in [NUMBER, "440524188001010014", "11010519491231002x", "810000199408230021", "932682198501010017"] {
        assert!(check_digit_is_right("resident_card", right), "{right}");
    }
    for wrong in ["", "110105194912310021", "11010519491231002", "11010519491231002XX", "1101051949123100２X", "é1010519491231002X"] {
        assert!(!check_digit_is_right("resident_card", wrong), "{wrong}");
    }
}

#[test]
fn passes_once_per_token_and_repeats_its_answer() {
    let (vendor, world) = vendor();
    let token = vendor.issue_liveness(5, LivenessResult::Ok, None).unwrap();
    let passed = IdentityAnswer::Passed { channels: 5 };
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &token), passed);
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &token), passed);
    assert_eq!(check(&vendor, id(2), "张三", NUMBER, &token), rejected("liveness_used", true));
    assert_eq!(check(&vendor, id(1), "李四", NUMBER, &token), rejected("id_reused", false));
    assert_eq!(check(&vendor, id(3), "张三", NUMBER, "lv00"), rejected("liveness_failed", true));
    let failed = vendor.issue_liveness(5, LivenessResult::Failed, None).unwrap();
    assert_eq!(check(&vendor, id(4), "张三", NUMBER, &failed), rejected("liveness_failed", true));
    let late = vendor.issue_liveness(5, LivenessResult::Ok, None).unwrap();
    world.advance(TOKEN_LIFE_MS + 1);
    assert_eq!(check(&vendor, id(5), "张三", NUMBER, &late), rejected("liveness_stale", true));
}

#[test]
fn silence_is_not_a_rejection() {
    let (vendor, _) = vendor();
    let token = vendor.issue_liveness(3, LivenessResult::Ok, None).unwrap();
    vendor.set_faults(VendorFaults { pending_times: 2, ..VendorFaults::default() });
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &token), IdentityAnswer::Pending);
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &token), IdentityAnswer::Pending);
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &token), IdentityAnswer::Passed { channels: 3 });
}

#[test]
fn the_register_knows_numbers_and_names() {
    let (vendor, _) = vendor();
    let token = || vendor.issue_liveness(3, LivenessResult::Ok, None).unwrap();
    assert_eq!(check(&vendor, id(1), "张三", "110105194912310021", &token()), rejected("id_not_found", true));
    vendor.set_holder(NUMBER, "张三").unwrap();
    assert_eq!(check(&vendor, id(2), "李四", NUMBER, &token()), rejected("id_mismatch", true));
    assert_eq!(check(&vendor, id(3), "张三", NUMBER, &token()), IdentityAnswer::Passed { channels: 3 });
    vendor.set_number(NUMBER, "id_reported_lost").unwrap();
    assert_eq!(check(&vendor, id(4), "张三", NUMBER, &token()), rejected("id_reported_lost", false));
    vendor.set_faults(VendorFaults { reject: Some(("id_mismatch".to_owned(), true)), ..VendorFaults::default() });
    assert_eq!(check(&vendor, id(5), "张三", "440524188001010014", &token()), rejected("id_mismatch", true));
}

#[test]
fn answers_outlive_the_process_and_the_book_holds_no_person() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vendor.db");
    let world = Arc::new(TestWorld::new(1));
    let vendor = SimulatedVendor::open(Some(&path), world.clone()).unwrap();
    let token = vendor.issue_liveness(2, LivenessResult::Ok, None).unwrap();
    assert_eq!(check(&vendor, id(1), "张三丰", NUMBER, &token), IdentityAnswer::Passed { channels: 2 });
    drop(vendor);
    let vendor = SimulatedVendor::open(Some(&path), world).unwrap();
    assert_eq!(check(&vendor, id(1), "张三丰", NUMBER, &token), IdentityAnswer::Passed { channels: 2 });
    crate::testing::assert_absent(folder.path(), &[NUMBER, "张三丰", &token]);
}

#[test]
fn a_token_is_bound_to_its_nonce() {
    let (vendor, _) = vendor();
    let person = PersonToCheck { document: "resident_card", name: "张三", number: NUMBER, nationality: None };
    let token = vendor.issue_liveness(3, LivenessResult::Ok, Some("n1")).unwrap();
    for (case, nonce) in [(1, None), (2, Some("n2"))] {
        assert_eq!(vendor.verify(id(case), &person, &token, nonce), rejected("liveness_other", true));
    }
    assert_eq!(vendor.verify(id(3), &person, &token, Some("n1")), IdentityAnswer::Passed { channels: 3 });
    let free = vendor.issue_liveness(3, LivenessResult::Ok, None).unwrap();
    assert_eq!(vendor.verify(id(4), &person, &free, Some("n1")), rejected("liveness_other", true));
}

#[test]
fn a_person_looks_at_what_is_unclear() {
    let (vendor, world) = vendor();
    let unclear = || vendor.issue_liveness(3, LivenessResult::Unclear, None).unwrap();
    let (one, other) = (unclear(), unclear());
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &one), IdentityAnswer::Review { within_ms: REVIEW_MS });
    world.advance(3_600_000);
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &one), IdentityAnswer::Review { within_ms: REVIEW_MS - 3_600_000 });
    world.advance(REVIEW_MS);
    assert_eq!(check(&vendor, id(2), "张三", NUMBER, &other), rejected("liveness_stale", true));
    assert_eq!(vendor.reviews().unwrap(), [id(1).to_string()]);
    assert_eq!(vendor.decide(None, None).unwrap(), 1);
    assert!(vendor.reviews().unwrap().is_empty());
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &one), IdentityAnswer::Passed { channels: 3 });
    let third = unclear();
    check(&vendor, id(3), "张三", NUMBER, &third);
    vendor.decide(Some(&id(3).to_string()), Some(("face_mismatch", true))).unwrap();
    assert_eq!(check(&vendor, id(3), "张三", NUMBER, &third), rejected("face_mismatch", true));
    let face = vendor.issue_liveness(3, LivenessResult::OtherFace, None).unwrap();
    assert_eq!(check(&vendor, id(4), "张三", NUMBER, &face), rejected("face_mismatch", true));
}

#[test]
fn maintenance_uses_nothing_up_and_registers_answer_one_by_one() {
    let (vendor, _) = vendor();
    let token = vendor.issue_liveness(1, LivenessResult::Ok, None).unwrap();
    let sources = [("tax".to_owned(), "mismatch".to_owned()), ("education".to_owned(), "not_found".to_owned())].into_iter().collect();
    vendor.set_faults(VendorFaults { maintenance_ms: Some(900), sources, ..VendorFaults::default() });
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &token), IdentityAnswer::Maintenance { retry_after_ms: 900 });
    let person = PersonToCheck { document: "resident_card", name: "张三", number: NUMBER, nationality: None };
    let said = ["tax", "education", "mobile_operator"].map(|source| vendor.ask_source(source, &person));
    assert_eq!(said, [SourceAnswer::Mismatch, SourceAnswer::NotFound, SourceAnswer::Match]);
    vendor.set_faults(VendorFaults::default());
    assert_eq!(check(&vendor, id(1), "张三", NUMBER, &token), IdentityAnswer::Passed { channels: 1 });
}

#[test]
fn every_document_by_its_own_rule() {
    assert!(check_digit_is_right("foreigner_card", "KAZ110090123105") && !check_digit_is_right("foreigner_card", "KAZ110090123106"));
    assert!(check_digit_is_right("foreign_passport", "GA302922") && check_digit_is_right("taiwan_travel_permit", "12345678"));
    assert!(!check_digit_is_right("foreigner_card", "932682198501010018"));
    let (vendor, _) = vendor();
    vendor.set_holder("GA302922", "TREMBLAY MARIE CLAIRE").unwrap();
    let token = vendor.issue_liveness(3, LivenessResult::Ok, None).unwrap();
    let person = PersonToCheck { document: "foreign_passport", name: "Tremblay, Marie-Claire", number: "GA302922", nationality: Some("CAN") };
    assert_eq!(vendor.verify(id(1), &person, &token, None), IdentityAnswer::Passed { channels: 3 });
}
