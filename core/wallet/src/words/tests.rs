use super::compile::placeholders;
use super::*;
use kabao_base::Remedy;
use kabao_money::onboarding::{OnboardingStepKind, REASON_KEYS};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

const LANGUAGES: [Language; 2] = [Language::ZhCn, Language::En];

/// The words that must be read when an outcome is not known.
fn warns(language: Language, text: &str) -> bool {
    match language {
        Language::ZhCn => text.contains("结果待确认") && text.contains("请不要重复付款"),
        Language::En => text.contains("pending") && text.contains("Please do not pay again"),
    }
}

/// A failure of a code with every combination of what it may carry.
fn failures(code: Code) -> Vec<Failure> {
    let mut all = Vec::new();
    for attempts in [None, Some(0), Some(3)] {
        for ms in [None, Some(-5), Some(0), Some(1), Some(90_000), Some(i64::MAX)] {
            let failure = Failure::of(code).left(attempts).retry_after(ms);
            all.push(failure.clone());
            all.push(failure.unknown());
        }
    }
    all
}

/// The second parts of the keys of a table.
fn names_of(table: &str) -> BTreeSet<&'static str> {
    let of_table = TABLE.iter().filter_map(|(key, _, _)| key.strip_prefix(table)?.strip_prefix('.'));
    of_table.map(|rest| rest.split('.').next().unwrap()).collect()
}

#[test]
fn the_table_is_sorted_and_every_key_is_found() {
    assert!(TABLE.len() > 300, "{}", TABLE.len());
    assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for (key, zh, en) in TABLE {
        assert!(exists(key));
        assert_eq!(say(Language::ZhCn, key, &[]), *zh);
        assert_eq!(say(Language::En, key, &[]), *en);
    }
}

#[test]
fn every_code_has_text_and_next_in_both_languages_and_no_sentence_is_left_over() {
    for code in Code::ALL {
        for part in ["text", "next"] {
            assert!(exists(&format!("error.{}.{part}", code.as_str())), "{code:?} has no {part}");
        }
    }
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names_of("error"), codes);
    for (key, _, _) in TABLE.iter().filter(|(key, _, _)| key.starts_with("error.")) {
        let part = key.rsplit('.').next().unwrap();
        assert!(["text", "text_counted", "text_wait", "next"].contains(&part), "{key}");
    }
}

#[test]
fn an_explanation_is_never_empty_never_a_key_and_has_no_unfilled_placeholder() {
    for language in LANGUAGES {
        for failure in Code::ALL.iter().flat_map(|code| failures(*code)) {
            let said = explain(language, &failure);
            for text in [&said.text, &said.next] {
                assert!(!text.is_empty() && !text.contains(['{', '}']) && !text.contains("error."), "{failure:?}: {text}");
            }
        }
    }
}

#[test]
fn an_unknown_outcome_is_always_told_and_a_known_one_is_not_called_pending() {
    for language in LANGUAGES {
        for failure in Code::ALL.iter().flat_map(|code| failures(*code)) {
            let said = explain(language, &failure);
            let by_catalogue = Code::parse(&failure.code).unwrap().entry().certainty == Certainty::Unknown;
            let unknown = failure.certainty == Certainty::Unknown || by_catalogue;
            assert_eq!(warns(language, &said.text), unknown, "{failure:?}: {}", said.text);
            if unknown {
                for invitation in ["再试", "可以试", "ry again", "ries left", "new payment"] {
                    assert!(!said.text.contains(invitation) && !said.next.contains(invitation), "{failure:?}: {said:?}");
                }
            }
        }
    }
    let cut = Failure::of(Code::NetDown).unknown();
    assert_eq!(explain(Language::ZhCn, &cut).text, "结果待确认，请不要重复付款（连不上钱包服务）");
    assert_eq!(explain(Language::ZhCn, &cut).next, "钱包会继续查询，有结果会马上通知你。");
    assert_eq!(explain(Language::En, &cut).text, "The result is pending. Please do not pay again (The wallet service cannot be reached)");
}

#[test]
fn no_cause_claims_that_nothing_was_paid() {
    for (key, zh, en) in TABLE.iter().filter(|(key, _, _)| key.starts_with("error.") && key.contains(".text")) {
        for claim in ["没有扣款", "没有付款", "未扣款", "othing was charged", "othing was paid", "not charged"] {
            assert!(!zh.contains(claim) && !en.contains(claim), "{key}");
        }
    }
}

#[test]
fn counts_and_waits_are_said_where_they_are_known() {
    let wrong = Failure::of(Code::PinWrong);
    assert_eq!(explain(Language::ZhCn, &wrong).text, "支付密码不对");
    let counted = wrong.left(Some(2));
    assert_eq!(explain(Language::ZhCn, &counted).text, "支付密码不对，还可以试 2 次");
    assert_eq!(explain(Language::En, &counted).text, "The payment PIN is wrong. Tries left: 2");

    let soon = Failure::of(Code::OtpCooldown);
    assert_eq!(explain(Language::ZhCn, &soon).text, "验证码刚刚发送过");
    assert_eq!(explain(Language::ZhCn, &soon.clone().retry_after(Some(0))).text, "验证码刚刚发送过");
    assert_eq!(explain(Language::ZhCn, &soon.clone().retry_after(Some(29_001))).text, "验证码刚刚发送过，30 秒后可以重新获取");
    assert_eq!(explain(Language::En, &soon.retry_after(Some(61_000))).text, "A code was sent a moment ago. You can ask for another in 2 min");

    // A code without words for a number says its plain sentence.
    let plain = Failure::of(Code::CardClosed).left(Some(1)).retry_after(Some(1_000));
    assert_eq!(explain(Language::En, &plain).text, "This card is closed");
}

#[test]
fn every_code_that_asks_to_wait_can_say_how_long() {
    for code in Code::ALL.iter().filter(|code| code.entry().remedy == Remedy::Wait) {
        assert!(exists(&format!("error.{}.text_wait", code.as_str())), "{code:?}");
    }
}

#[test]
fn each_kind_of_text_has_its_own_placeholders() {
    for (key, zh, _) in TABLE {
        let part = key.rsplit('.').next().unwrap();
        let expected: &[&str] = match (key.split('.').next().unwrap(), part) {
            ("error", "text_counted") => &["attempts_left"],
            ("error", "text_wait") => &["wait"],
            ("failure", "unknown_text") => &["cause"],
            ("age" | "wait", part) if part != "just_now" => &["n"],
            ("way", "card") => &["bank", "last4"],
            ("reverify", _) => &["day"],
            ("account_class", "begin") => &["class"],
            ("account_class", "further") => &["class", "missing"],
            ("identity_source", "bank") => &["bank"],
            ("limit", "resets") => &["wait"],
            ("limit", "maintenance") => &["from", "until"],
            ("limit", "maintenance_of_banks") => &["banks", "from", "until"],
            ("fee", "rate") => &["percent"],
            ("fee", "min" | "max" | "free") => &["amount"],
            ("code", "look_alike") => &["host"],
            ("lock", "after") => &["wait"],
            ("transfer", "after") => &["wait"],
            ("transfer", _) if key.starts_with("transfer.arrives.") => &["at"],
            ("bank_transfer", "usual") => &["n"],
            ("notice", "body") if key.contains("bank_transfer") => &["amount"],
            ("receipt", "arrives_at") => &["at"],
            ("unusable", "text") if ["service_file", "profile", "not_run", "not_confirmed"].iter().any(|about| key.contains(about)) => &["about"],
            ("shell", "not_understood") => &["line", "why"],
            ("closure", "kept" | "refunds") => &["years"],
            ("data", "history_complete" | "history_part") => &["time"],
            ("data", "not_asked") => &["what"],
            ("sheet", "payee" | "svg_title") => &["payee"],
            ("screen", "balance_of") => &["age", "amount"],
            ("screen", "ask_line") => &["amount", "payee"],
            ("screen", "not_usable") => &["why"],
            ("screen", "code_cap") => &["amount"],
            ("screen", "code_left") => &["n"],
            ("screen", "line_of") => &["amount", "at", "kind", "state", "title"],
            ("show", "too_wide") => &["columns"],
            ("show", "written") => &["file"],
            ("show", "several_codes") => &["count"],
            ("code", part) if key.starts_with("code.line.") && !["amount_open", "static", "dynamic", "direct"].contains(&part) => &["text"],
            ("security", "text") if key.contains("few_backup_codes") => &["count"],
            ("sign_out", "finished_open" | "later_open") => &["count"],
            ("notice", "body") if key.contains("top_up") => &["amount"],
            ("notice", "body") => &["amount", "payee"],
            _ => &[],
        };
        assert_eq!(placeholders(zh), Ok(expected.iter().copied().collect()), "{key}");
    }
}

#[test]
fn sentences_end_as_their_kind_asks() {
    for (key, zh, en) in TABLE {
        let whole = ["next", "why", "body", "unknown_next", "other_next"].contains(&key.rsplit('.').next().unwrap());
        assert_eq!(zh.ends_with('。'), whole, "{key}: {zh}");
        assert_eq!(en.ends_with('.'), whole, "{key}: {en}");
    }
}

#[test]
fn chinese_is_chinese_and_english_is_english() {
    let is_hanzi = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    for (key, zh, en) in TABLE {
        assert!(zh.contains(is_hanzi) || ["way.paypal", "way.card", "device_part.nfc"].contains(key), "{key}: {zh}");
        assert!(en.is_ascii(), "{key}: {en}");
        assert!(zh.chars().chain(en.chars()).all(|character| hidden_kind(character).is_none()), "{key}");
    }
}

#[test]
fn a_code_of_a_newer_service_gets_a_general_sentence() {
    let newer = Failure { code: "moon_phase".to_owned(), ..Failure::of(Code::PaymentRefused) };
    assert_eq!(explain(Language::En, &newer).text, "This could not be completed");
    let newer = newer.unknown();
    assert!(LANGUAGES.iter().all(|language| warns(*language, &explain(*language, &newer).text)));
}

#[test]
fn every_step_and_state_has_words_and_no_words_are_left_over() {
    for language in LANGUAGES {
        for reason in REASON_KEYS {
            let words = step(language, &OnboardingStep { kind: OnboardingStepKind::Ready, reason_key: reason.to_owned(), can_skip: false });
            assert!(!words.title.starts_with("onboarding") && !words.why.starts_with("onboarding"), "{reason}");
        }
        for state in PaymentState::ALL {
            assert!(!payment(language, state).starts_with("payment."), "{state:?}");
        }
        for state in MerchantState::ALL {
            assert!(!payer_code(language, state).starts_with("payer_code."), "{state:?}");
        }
    }
    assert_eq!(payment(Language::ZhCn, PaymentState::Unknown), "结果待确认");
    let steps: BTreeSet<_> = REASON_KEYS.iter().map(|key| key.trim_start_matches("onboarding_")).collect();
    assert_eq!(names_of("onboarding"), steps);
    use kabao_codes::read::{Danger, Family};
    assert_eq!(names_of("code.family"), Family::ALL.iter().map(|family| family.name()).collect());
    assert_eq!(names_of("code.danger"), Danger::NAMES.iter().copied().collect());
    assert_eq!(names_of("payment"), PaymentState::ALL.iter().map(|state| state.as_str()).collect());
    assert_eq!(names_of("payer_code"), MerchantState::ALL.iter().map(|state| state.as_str()).collect());
}

#[test]
fn the_names_that_the_service_uses_have_words() {
    for key in [
        "record.kind.top_up", "record.kind.pay", "record.kind.payer_code", "record.kind.refund", "record.kind.reversal", "record.kind.withdraw", "stage.returned", "record.kind.transfer", "stage.sent", "transfer.waiting", "transfer.arrived", "transfer.cancelled", "transfer.returned", "transfer.cancelling", "transfer.due",
        "record.state.done", "record.state.refunded", "record.state.part_refunded", "record.state.reversed", "record.state.rerouted",
        "record.state.refused", "record.state.pending", "record.state.sent", "record.state.held", "way.lakala", "way.unionpay", "way.alipay", "way.wechat",
        "way.paypal", "way.balance", "way.card", "stage.accepted", "stage.sent_to_bank", "stage.bank_confirmed",
        "stage.arrived", "stage.refused", "stage.abandoned",
    ] {
        assert!(exists(key), "{key}");
    }
}

#[test]
fn ages_are_whole_units_that_passed_and_waits_are_rounded_up() {
    let age = |ms| age(Language::ZhCn, ms);
    assert_eq!([age(i64::MIN), age(-1), age(59_999)], ["刚刚", "刚刚", "刚刚"]);
    assert_eq!([age(60_000), age(HOUR - 1), age(HOUR), age(DAY - 1), age(DAY)], ["1 分钟前", "59 分钟前", "1 小时前", "23 小时前", "1 天前"]);
    assert_eq!(age(i64::MAX), format!("{} 天前", i64::MAX / DAY));
    let wait = |ms| wait(Language::En, ms);
    assert_eq!([wait(i64::MIN), wait(0), wait(1_000), wait(1_001), wait(60_000)], ["1 s", "1 s", "1 s", "2 s", "60 s"]);
    assert_eq!([wait(60_001), wait(HOUR), wait(HOUR + 1), wait(DAY), wait(DAY + 1)], ["2 min", "60 min", "2 h", "24 h", "2 d"]);
    assert_eq!(wait(i64::MAX), format!("{} d", i64::MAX / DAY + 1));
}

#[test]
fn arguments_are_plain_text() {
    let say = |payee: &str| say(Language::En, "notice.paid.body", &[("payee", payee), ("amount", "¥23.50")]);
    assert_eq!(say("Old Street Noodles"), "You paid ¥23.50 to Old Street Noodles.");
    assert_eq!(say("{amount}"), "You paid ¥23.50 to {amount}.");
    assert_eq!(say("}{"), "You paid ¥23.50 to }{.");
    assert_eq!(say("a\u{202e}b\u{200b}c\nd\0"), "You paid ¥23.50 to abc d.");
    assert_eq!(super::say(Language::En, "notice.paid.body", &[("amount", "¥1")]), "You paid ¥1 to {payee}.");
    assert_eq!(fill("{a {b}", &[("b", "x")]), "{a {b}");
    assert_eq!(fill("tail {", &[]), "tail {");
}

#[test]
fn a_screen_says_what_a_receipt_says_in_the_same_words() {
    let none = HashMap::new();
    assert_eq!(screen(Language::En, "our_order", &none), say(Language::En, "receipt.our_order", &[]));
    assert!(names_of("screen").intersection(&names_of("receipt")).next().is_none());
    let filled = HashMap::from([("n".to_owned(), "3".to_owned())]);
    assert_eq!(screen(Language::ZhCn, "code_left", &filled), "没有网络时还能出示 3 次");
    assert_eq!(screen(Language::En, "no_such", &none), "receipt.no_such");
}

#[test]
fn an_unknown_key_gives_itself() {
    for key in ["", "error", "error.pin_wrong", "error.pin_wrong.text.", "zzz", "\u{feff}"] {
        assert!(!exists(key));
        assert_eq!(say(Language::ZhCn, key, &[("n", "1")]), key);
    }
}

#[test]
fn tags_choose_the_language() {
    for tag in ["zh", "zh-CN", "zh_CN", "zh-Hans-CN", "ZH-hant-TW", "zh-HK"] {
        assert_eq!(Language::from_tag(tag), Language::ZhCn, "{tag}");
    }
    for tag in ["en", "en-GB", "de", "", "-", "zha", "zhx-CN", "中文", "en-zh"] {
        assert_eq!(Language::from_tag(tag), Language::En, "{tag}");
    }
    assert!(LANGUAGES.iter().all(|language| Language::from_tag(language.tag()) == *language));
}

/// The first text with a dot in each call of `say(` or `exists(`: the key that the call names.
fn keys_named_in(source: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for call in ["say(", "exists("] {
        for (at, _) in source.match_indices(call) {
            let named = source[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_');
            let statement = source[at..].split(';').next().unwrap_or_default();
            let texts = statement.split('"').skip(1).step_by(2);
            let key = texts.take(1).find(|text| text.contains('.'));
            keys.extend(key.filter(|_| !named).map(str::to_owned));
        }
    }
    keys
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("words/tests.rs") {
            files.push(path);
        }
    }
}

/// Whether a key, or a key with a part that is filled in while running, leads to a sentence.
fn leads_somewhere(key: &str) -> bool {
    match key.split_once('{') {
        None => exists(key),
        Some((before, _)) => TABLE.iter().any(|(known, _, _)| known.starts_with(before)),
    }
}

#[test]
fn every_key_that_the_source_names_has_a_sentence() {
    assert_eq!(keys_named_in(r#"x.say(l, "a.b", &[("n", "c.d")]); exists( &format!("e.{}", f)); essay("g.h"); say(l, key);"#), ["a.b", "e.{}"]);
    assert!(leads_somewhere("way.{}") && !leads_somewhere("road.{}") && !leads_somewhere("way.lakal"));
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut found = 0;
    for file in files {
        for key in keys_named_in(&std::fs::read_to_string(&file).unwrap()) {
            found += 1;
            assert!(leads_somewhere(&key), "{}: no sentence for `{key}`", file.display());
        }
    }
    assert!(found >= 10, "{found}");
}
