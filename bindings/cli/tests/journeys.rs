//! Replays every journey of `tests/journeys` with the built program, each against a service of its own. A journey is
//! its own list of expectations; what is checked here beside them: that each has one, that the day's transcript is the
//! same in two runs, and that a wrong expectation is seen.

// A test program may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn journeys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/journeys")
}

fn kabao(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kabao")).args(arguments).env("LANG", "zh_CN.UTF-8").output().unwrap()
}

fn replay(name: &str, more: &[&str]) -> String {
    let path = journeys().join(name);
    let done = kabao(&[&["journey", path.to_str().unwrap()], more].concat());
    let (said, wrong) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{wrong}");
    assert!(said.contains("as written"), "{said}");
    said.into_owned()
}

macro_rules! journeys {
    ($($name:ident $file:literal),* $(,)?) => {
        $(#[test]
        fn $name() {
            replay($file, &[]);
        })*

        #[test]
        fn no_journey_is_left_out() {
            let known = [$($file),*];
            let folders = [("", journeys()), ("cards/", journeys().join("cards")), ("faults/", journeys().join("faults")), ("recovery/", journeys().join("recovery")), ("account/", journeys().join("account")), ("limits/", journeys().join("limits")), ("identity/", journeys().join("identity")), ("failures/", journeys().join("failures"))];
            for (prefix, folder) in folders {
                for entry in std::fs::read_dir(folder).unwrap() {
                    let name = format!("{prefix}{}", entry.unwrap().file_name().to_str().unwrap());
                    assert!(!name.ends_with(".json") || known.contains(&name.as_str()) || name == "first-day.json", "{name}");
                }
            }
        }
    };
}

journeys! {
    a_top_up_survives_every_fault "faults/top-up-faults.json",
    a_transfer_arrives_or_is_called_back_and_never_both "faults/transfer.json",
    a_withdrawal_is_done_or_back_in_the_balance "faults/withdrawal.json",
    a_bank_transfer_is_credited_once_or_goes_back "faults/bank-transfer.json",
    money_asked_back_comes_once_and_never_more_than_was_paid "faults/refund.json",
    the_same_thing_paid_twice_is_seen_and_claimed_once "faults/paid-twice.json",
    two_friends_pay_one_order_once "faults/shared-order.json",
    five_wrong_pins_lock_for_good "faults/pin-locked.json",
    what_was_given_up_is_never_carried_out "faults/tombstone.json",
    bad_answers_are_not_believed "faults/bad-answers.json",
    a_pin_that_the_identity_number_gives_away "faults/pin-given-away.json",
    a_restored_service_loses_and_doubles_nothing "faults/service-restored.json",
    a_newer_table_of_codes_counts_and_an_older_one_does_not "faults/code-table.json",
    a_newer_table_of_card_beginnings_counts_and_an_older_one_does_not "faults/card-table.json",
    a_printed_link_is_paid_like_the_code "collection-link.json",
    bad_input_is_refused_by_name "faults/bad-input.json",
    what_is_kept_and_how_it_ends "account/my-data.json",
    a_password_and_an_authenticator_app "account/second-factor.json",
    signed_out_and_in_again "account/sign-out.json",
    one_account_on_several_phones "account/two-phones.json",
    what_a_device_has_and_lacks "account/devices.json",
    a_recovery_sheet_is_replaced_with_the_pin_only "account/new-sheet.json",
    only_builds_of_the_operator_pay "account/official-build.json",
    a_refund_after_the_end_reaches_who_is_owed_it "account/refund-after-closing.json",
    a_locked_pin_on_a_lost_phone_gives_way_to_a_new_one "recovery/locked-pin-lost-phone.json",
    a_forgotten_pin_gives_way_to_a_new_one "account/forgotten-pin.json",
    a_day_begins_anew_at_midnight_in_beijing "limits/day-limit.json",
    caps_of_ones_own_are_lowered_at_once_and_raised_later "limits/own-caps.json",
    the_balance_in_its_parts "limits/balance.json",
    a_fee_follows_the_signed_rules_or_is_not_paid "limits/rules-change.json",
    nothing_is_begun_with_an_operator_that_nobody_vouches_for "limits/operator.json",
    cards_of_two_banks_and_a_credit_card "cards/two-banks-and-credit.json",
    a_default_another_source_a_new_card_and_a_removed_one "cards/choose-replace-remove.json",
    what_was_consented_to_can_be_withdrawn "account/consents.json",
    a_lost_phone_with_money_in_flight "recovery/lost-phone.json",
    a_reinstalled_app_finds_its_account "recovery/reinstall.json",
    a_new_fingerprint_takes_the_approval_key_only "recovery/new-fingerprint.json",
    another_number_for_the_account "account/new-number.json",
    a_second_contact_beside_the_number "account/second-contact.json",
    an_account_closed_and_this_phone_erased "account/closing.json",
    a_restored_backup_without_its_key "recovery/restored-backup.json",
    a_foreign_visitor_from_passport_to_payment "identity/visitor.json",
    a_minor_with_a_guardian "identity/minor.json",
    a_person_looks_at_what_is_unclear "identity/review.json",
    an_expired_document_holds_payments_until_it_is_renewed "identity/expired.json",
    every_reason_for_a_refusal_has_its_remedy "identity/refused.json",
    whatever_is_wrong_with_the_network_has_its_way_out "failures/network.json",
    money_that_does_not_suffice_has_its_way_out "failures/money.json",
    every_limit_has_its_way_out "failures/limits.json",
    whatever_is_wrong_at_the_bank_has_its_way_out "failures/bank-and-card.json",
    a_real_name_that_fails_has_its_way_out "failures/identity.json",
    a_proof_that_is_missing_has_its_way_out "failures/proof.json",
    a_code_that_cannot_be_paid_has_its_way_out "failures/codes.json",
    a_service_that_cannot_now_has_its_way_out "failures/service.json",
    an_account_or_a_phone_that_is_shut_has_its_way_out "failures/account-and-device.json",
}

#[test]
fn the_first_day_twice_with_one_transcript() {
    let folder = tempfile::tempdir().unwrap();
    let transcripts = ["one", "other"].map(|name| {
        let path = folder.path().join(name);
        replay("first-day.json", &["--transcript", path.to_str().unwrap()]);
        std::fs::read_to_string(path).unwrap()
    });
    assert!(transcripts[0].lines().count() > 100);
    assert_eq!(transcripts[0], transcripts[1]);
    for secret in ["480273", "6217001234567802", "110105199207150043"] {
        assert!(!transcripts[0].contains(secret));
    }
}

#[test]
fn without_a_command_the_day_is_told_in_both_languages() {
    for (language, words) in [("zh-CN", ["付款凭证", "已验证签名", "结果待确认", "拉卡拉"]), ("en", ["Payment receipt", "Signature verified", "The result is pending", "Lakala"])] {
        let done = kabao(&["--language", language]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told = String::from_utf8(done.stdout).unwrap();
        for word in words {
            assert!(told.to_lowercase().contains(&word.to_lowercase()), "{word}: {told}");
        }
        // A picture of a code, and no line wider than a terminal.
        assert!(told.contains("█▀▀▀▀▀█"));
        assert!(told.lines().all(|line| columns(line) <= 80), "{told}");
    }
}

/// A second count of columns: everything from the Chinese blocks on is two wide.
fn columns(line: &str) -> usize {
    line.chars().map(|letter| if ('\u{2e80}'..='\u{ffe6}').contains(&letter) { 2 } else { 1 }).sum()
}

#[test]
fn a_wrong_expectation_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    for (name, step, said) in [
        ("outcome", r#"{"do": "onboarding_next", "expect": {"step": "ready"}}"#, "expected \"ready\""),
        ("error", r#"{"do": "account", "fails": {"code": "locked"}}"#, "not_registered"),
        ("success", r#"{"do": "onboarding_next", "fails": {"code": "locked"}}"#, "it succeeded"),
        ("surprise", r#"{"do": "account"}"#, "not_registered"),
        ("ledger", r#"{"do": "ledger_check", "expect": {"sum": 1}}"#, "sum: expected 1"),
        ("scan", r#"{"do": "scan_files", "expect": {"finds": 0}}"#, "nothing secret was used"),
        ("name", r#"{"do": "no_such_thing"}"#, "nothing is named no_such_thing"),
    ] {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, format!(r#"{{"name": "x", "about": {{"zh-CN": "", "en": ""}}, "steps": [{step}]}}"#)).unwrap();
        let done = kabao(&["journey", path.to_str().unwrap()]);
        let wrong = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), wrong.contains(said)), (Some(1), true), "{name}: {wrong}");
    }
}
