//! docs/failures.md is true: its codes stand there as the catalogue and the words have them, each is provoked in its journey, which
//! then succeeds, and no cause of the register is passed over in silence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use kabao_base::{Actor, Certainty, Code};
use kabao_core::words::{self, Language};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `CorrectInput` → `correct_input`.
fn snake(name: impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The rows of the tables with so many columns; heads and rules are left out, and what stands in backticks is without them.
fn rows(page: &str, columns: usize) -> Vec<Vec<String>> {
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>();
    let all = page.lines().filter(|line| line.starts_with("| ")).map(cells);
    all.filter(|row| row.len() == columns && row[0] != "cause" && row[0] != "journey").collect()
}

/// The causes of the register, with those that the list of causes has twice.
fn causes() -> Vec<String> {
    let list = read("tests/journeys/failures/causes.tsv");
    list.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

/// Whether a code stands anywhere in what a step expects.
fn names(value: &Value, code: &str) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| (key == "code" || key.ends_with(".code")) && value == code || names(value, code)),
        Value::Array(items) => items.iter().any(|item| names(item, code)),
        _ => false,
    }
}

/// Whether a step failed or shows a failure.
fn shows_failure(step: &Value) -> bool {
    step.get("fails").is_some() || Code::ALL.iter().any(|code| names(&step["expect"], code.as_str()))
}

/// The calls that a next step consists of: what a person does who follows it, not what is looked at. The first have to
/// succeed in the chapter in which the code was met, as a payment that succeeds somewhere proves nothing; the second belong to a
/// process of their own (a verification, a new phone, a request for money) and may end chapters later.
fn deeds(remedy: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match remedy {
        "correct_input" => (&["bind_confirm", "confirm"], &["verify", "verify_check", "refunds"]),
        "try_again" => (&["confirm"], &["verify", "verify_check", "refunds"]),
        "wait" => (&["confirm", "resolve", "bind_confirm", "resend_otp", "rules_refresh"], &["verify", "verify_check"]),
        "do_not_pay_again" => (&["resolve", "confirm"], &[]),
        "check_network" => (&["account_refresh", "confirm", "resolve", "prepare_codes"], &[]),
        "set_clock" => (&["register"], &[]),
        "ask_new_code" => (&["enter_otp", "bind_confirm"], &[]),
        "retype_pin" => (&["confirm", "own_caps"], &[]),
        "choose_other_pin" => (&["choose_pin"], &[]),
        "call_support" => (&["confirm"], &["refunds"]),
        "call_bank" => (&["confirm", "bind_confirm"], &[]),
        "other_way_to_pay" => (&["confirm", "till_charge"], &[]),
        "top_up_or_other_source" | "smaller_amount" | "new_quote" | "scan_again" | "unlock" | "close_other" => (&["confirm"], &[]),
        "finish_set_up" => (&["confirm"], &["sign_in_prove", "replace_prove"]),
        "give_consent" => (&[], &["verify", "verify_check"]),
        "replace_device" => (&[], &["sign_in_prove", "replace_prove"]),
        // The report itself leaves the wallet; what was at fault works again.
        "report" => (&["confirm", "resolve"], &[]),
        _ => (&[], &[]),
    }
}

/// Whether a step is expected to come to a good end: each call has a place in its outcome that says so.
fn ends_well(step: &Value) -> bool {
    let expect = &step["expect"];
    let is = |path: &str, word: &str| expect[path] == word;
    let told = |path: &str| !expect[path].is_null();
    if step.get("fails").is_some() || shows_failure(step) {
        return false;
    }
    match step["do"].as_str().unwrap() {
        "confirm" | "resolve" => is("state", "succeeded"),
        "till_charge" => is("code", "BBS00000"),
        "bind_confirm" => told("last4"),
        "verify" | "verify_check" => is("state", "passed"),
        "refunds" => is("asks.0.state", "arrived") || expect["asks"]["?has"]["state"] == "arrived" || expect["arrived.minor"].as_i64() > Some(0),
        "sign_in_prove" => expect["done"] == true,
        "replace_prove" => is("state", "done"),
        "register" | "resend_otp" => told("otp_length"),
        "enter_otp" | "choose_pin" => told("pin_set"),
        "account_refresh" => told("balance.minor"),
        "prepare_codes" => told("codes_left"),
        "rules_refresh" => is("source", "service"),
        "own_caps" => told("own_next.single.minor"),
        _ => false,
    }
}

/// What is missing in the journey for a code: that it is provoked, or that doing what its next step says succeeds afterwards.
fn missing(journey: &Value, code: &str, remedy: &str) -> Option<&'static str> {
    let steps = journey["steps"].as_array().unwrap();
    let provokes = |step: &Value| ["fails", "expect", "cases"].iter().any(|part| names(&step[*part], code));
    let (here, later) = deeds(remedy);
    let done = |step: &Value, calls: &[&str]| calls.iter().any(|call| step["do"] == *call) && ends_well(step);
    let mut met = steps.iter().enumerate().filter(|(_, step)| provokes(step)).map(|(at, _)| &steps[at + 1..]).peekable();
    if met.peek().is_none() {
        return Some("is not provoked");
    }
    let follows = |rest: &[Value]| {
        let chapter = rest.iter().take_while(|step| step.get("chapter").is_none());
        chapter.into_iter().any(|step| done(step, here)) || rest.iter().any(|step| done(step, later))
    };
    if met.any(follows) { None } else { Some("is followed by no success of what the next step says") }
}

/// Everything that is wrong with the page.
fn judge(page: &str, readme: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut told = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for row in rows(page, 8) {
        let [cause, name, what, certainty, actor, remedy, again, journey] = row.as_slice() else { unreachable!() };
        told.insert(cause.clone());
        let Some(code) = Code::parse(name) else {
            wrong.push(format!("{name} is no code"));
            continue;
        };
        if !seen.insert((cause.clone(), name.clone())) {
            wrong.push(format!("{name} stands twice"));
        }
        let entry = code.entry();
        let wait = words::exists(&format!("error.{name}.text_wait"));
        let wanted = [
            words::say(Language::En, &format!("error.{name}.text"), &[]),
            snake(entry.certainty),
            snake(entry.actor),
            snake(entry.remedy),
            if wait { "told" } else { "any time" }.to_owned(),
        ];
        if wanted.each_ref() != [what, certainty, actor, remedy, again] {
            wrong.push(format!("{name}: {wanted:?}"));
        }
        match std::fs::read_to_string(root().join("tests/journeys").join(journey)) {
            Ok(text) => wrong.extend(missing(&serde_json::from_str(&text).unwrap(), name, remedy).map(|what| format!("{name} {what} in {journey}"))),
            Err(_) => wrong.push(format!("{name}: there is no {journey}")),
        }
    }
    let (waiting, known) = (readme.split("## Not yet").nth(1).unwrap_or_default().split("\n## ").next().unwrap_or_default(), causes());
    let waiting: BTreeSet<String> = rows(waiting, 2).into_iter().filter(|row| row[1].len() > 20).map(|row| row[0].clone()).collect();
    for cause in &known {
        if told.contains(cause) == waiting.contains(cause) {
            wrong.push(format!("{cause} needs a row, or a reason why it has none, and not both"));
        }
    }
    wrong.extend(told.iter().chain(&waiting).filter(|cause| *cause != "-" && !known.contains(cause)).map(|cause| format!("{cause} is no cause of the register")));
    wrong
}

#[test]
fn every_cause_has_its_codes_and_every_code_its_journey() {
    assert_eq!(causes().len(), 20);
    let (page, readme) = (read("docs/failures.md"), read("tests/journeys/failures/README.md"));
    assert!(rows(&page, 8).len() > 60, "the page was not read");
    let wrong = judge(&page, &readme);
    assert!(wrong.is_empty(), "docs/failures.md: {wrong:#?}");
}

#[test]
fn what_is_wrong_with_the_page_is_noticed() {
    let (page, readme) = (read("docs/failures.md"), read("tests/journeys/failures/README.md"));
    let changed = |from: &str, to: &str| {
        assert!(page.contains(from), "{from}");
        judge(&page.replacen(from, to, 1), &readme).len()
    };
    assert_eq!(changed("| `net_slow` |", "| `net_dull` |"), 1);
    assert_eq!(changed("| `net_slow` |", "| `storage_full` |"), 2, "another code has other words, and is not provoked there");
    assert_eq!(changed("| `BAL_LOW` | `balance_low` | The balance is too low | certain | person", "| `BAL_LOW` | `balance_low` | The balance is too low | certain | wallet"), 1);
    assert_eq!(changed("| `LIMIT_CONFLICT` | `limit_day`", "| `LIMITS` | `limit_day`"), 1);
    assert_eq!(changed("`failures/identity.json`", "`failures/nobody.json`"), 1);
    assert_eq!(changed("| `NET_WEAK` |", "| `NET_DOWN` |"), 1, "a cause without a row");
    assert_eq!(judge(&page, &readme.replace("| `INFO_LEAK` |", "| `BAL_LOW` |")).len(), 2);
    assert_eq!(judge(&page, &readme.replace("no signals of a device are read yet (root, hooks, screen sharing, overlays): they come with the apps", "later")).len(), 1);
}

#[test]
fn a_provoked_code_without_a_success_is_noticed() {
    let missing = |steps: &str, code: &str, remedy: &str| missing(&serde_json::from_str(&format!(r#"{{"steps": [{steps}]}}"#)).unwrap(), code, remedy);
    let none = Some("is followed by no success of what the next step says");
    let fails = r#"{"do": "sync", "fails": {"code": "net_down"}}"#;
    let after = |step: &str| missing(&format!("{fails}, {step}"), "net_down", "check_network");
    assert_eq!(missing(fails, "net_down", "check_network"), none);
    assert_eq!(after(r#"{"do": "account_refresh", "expect": {"balance.minor": 5}}"#), None);
    // Who only looks does nothing, who expects nothing knows nothing, and another failure is no success.
    assert_eq!(after(r#"{"do": "sync", "expect": {"complete": true}}, {"do": "scan_files", "expect": {"finds": 0}}"#), none);
    assert_eq!(after(r#"{"do": "account_refresh"}"#), none);
    assert_eq!(after(r#"{"do": "account_refresh", "expect": {"balance.minor": 5, "failure.code": "net_cut"}}"#), none);
    assert_eq!(after(r#"{"do": "account_refresh", "fails": {"code": "net_cut"}}"#), none);
    // A payment has to have succeeded, in the same chapter; a new phone may take longer.
    assert_eq!(after(r#"{"do": "confirm", "expect": {"state": "unknown"}}"#), none);
    assert_eq!(after(r#"{"do": "confirm", "expect": {"state": "succeeded"}}"#), None);
    assert_eq!(after(r#"{"chapter": {}, "do": "confirm", "expect": {"state": "succeeded"}}"#), none);
    let lost = r#"{"do": "sync", "fails": {"code": "key_lost"}}, {"chapter": {}, "do": "replace_prove", "expect": {"state": "done"}}"#;
    assert_eq!(missing(lost, "key_lost", "replace_device"), None);
    assert_eq!(missing(lost, "key_lost", "unlock"), none, "what was done is not what the next step says");
    assert_eq!(missing(lost, "net_cut", "check_network"), Some("is not provoked"));
    let case = r#"{"do": "read", "cases": [{"with": {}, "expect": {"refusal": {"code": "code_unknown"}}}]}, {"do": "till_charge", "expect": {"code": "BBS00000"}}"#;
    assert_eq!(missing(case, "code_unknown", "other_way_to_pay"), None);
}

/// The parts of the catalogue that promise something of each other.
#[test]
fn who_acts_fits_the_certainty() {
    for code in Code::ALL {
        let entry = code.entry();
        assert!(entry.certainty == Certainty::Certain || entry.actor != Actor::Person, "{code:?}: a person cannot act on what is not known");
    }
}
