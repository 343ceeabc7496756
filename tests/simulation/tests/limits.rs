//! Limits, fees and what stands in the way: what the phone says beforehand is what the service says then; what may have been
//! spent holds its place; a wish for other caps survives lost answers, kills and two phones.

use crate::common::moves::polled;
use crate::common::{Changes, Story, confirm, fresh, story};
use kabao_base::Code;
use kabao_core::limits::{LimitsRequest, LimitsView, PrecheckRequest, PrecheckView};
use kabao_core::operator::OperatorView;
use kabao_core::Wallet;
use kabao_core::pay::QuoteRequest;
use kabao_simulation::phone::PIN;
use kabao_simulation::{Liar, Weather};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

impl Story {
    async fn account_id(&self) -> String {
        self.wallet().account().view().await.unwrap().account_id
    }

    async fn put(&self, change: Value) {
        let mut body = change;
        body["account_id"] = json!(self.account_id().await);
        self.all.console.post("/dev/limits", body).await.unwrap();
    }

    async fn rules(&self, change: Value) {
        self.all.console.post("/dev/feeds/rules", json!({ "change": change })).await.unwrap();
    }

    async fn explained(&self, amount: Option<&str>, channel: &str, source: Option<&str>) -> LimitsView {
        let text = |text: &str| text.to_owned();
        let request = LimitsRequest { amount: amount.map(text), channel: Some(text(channel)), source: source.map(text) };
        self.wallet().limits().limits_explained(request).await.unwrap()
    }

    async fn precheck(&self, amount: &str, channel: &str, source: Option<&str>) -> PrecheckView {
        let request = PrecheckRequest { amount: amount.to_owned(), channel: channel.to_owned(), source: source.map(str::to_owned), ..Default::default() };
        self.wallet().limits().precheck(request).await.unwrap()
    }

    async fn card(&self) -> String {
        self.wallet().cards().list().await.unwrap()[0].card_id.clone()
    }
}

/// One state of an account and one payment.
#[derive(Debug, Clone)]
struct Case {
    class: i64,
    used: Vec<(&'static str, i64)>,
    low: bool,
    own: (Option<i64>, Option<i64>),
    rules: Value,
    top_up: bool,
    fen: i64,
}

fn near(cap: i64) -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 0..=cap, (cap - 300).max(0)..=cap]
}

fn case() -> impl Strategy<Value = Case> {
    let used = (near(50_000), near(500_000), near(10_000_000), near(100_000), near(500_000), near(500_000), near(50_000));
    let own = (proptest::option::of(1..600_000_i64), proptest::option::of(1..600_000_i64));
    let fee = (0..20_000_i64, 0..300_i64, proptest::option::of(300..900_i64), near(60_000));
    let caps = (1..=500_000_i64, 1..=500_000_i64, 1..=50_000_i64, proptest::option::of(1..=500_000_i64), 1..=500_000_i64);
    let amount = prop_oneof![1..=600_i64, 1..=60_000_i64, 49_900..=50_100_i64, 1..=520_000_i64];
    (1..=3_i64, used, any::<bool>(), own, fee, (any::<bool>(), caps), any::<bool>(), amount).prop_map(|(class, used, low, own, fee, (strict, caps), top_up, fen)| {
        let (printed, day, year, life, all, card, card_static) = used;
        let mut rules = json!({
            "single": 500_000, "day": 500_000, "barcodes": null, "fees": [
                {"kind": "top_up", "card": null, "rate_ppm": fee.0, "min": fee.1, "max": fee.2, "free": fee.3},
                {"kind": "pay", "card": null, "rate_ppm": fee.0, "min": fee.1, "max": fee.2, "free": fee.3},
            ],
            "top_up": {"single": 500_000, "day": null},
        });
        let printed_cap = if strict { caps.2 } else { 50_000 };
        rules["barcodes"] = json!([
            {"level": "A", "day": null, "source": "a test"}, {"level": "B", "day": 500_000, "source": "a test"},
            {"level": "C", "day": 100_000, "source": "a test"}, {"level": "D", "day": printed_cap, "source": "a test"},
        ]);
        if strict {
            (rules["single"], rules["day"]) = (json!(caps.0), json!(caps.1));
            rules["cards"] = json!([{"bank": null, "kind": null, "single": caps.3, "day": caps.4, "source": "a test"}]);
            rules["top_up"] = json!({"single": caps.0, "day": caps.3});
        } else {
            rules["cards"] = json!([{"bank": null, "kind": null, "single": null, "day": 500_000, "source": "a test"}]);
        }
        // A person with caps of a day below one payment is refused when they are set.
        let own = match own {
            (Some(single), Some(day)) => (Some(single.min(day)), Some(single.max(day))),
            other => other,
        };
        let used = vec![
            ("static_day", printed), ("day", day), ("year", year), ("life", life), ("own_day", all), ("card_day", card), ("card_static", card_static),
            ("top_up_day", day), ("free_pay", card_static), ("free_top_up", printed),
        ];
        Case { class, used, low, own, rules, top_up, fen }
    })
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// For many states of an account: what the phone says beforehand is what the service says, with the same reason at every source
/// and the same fee, and the most that can be paid is paid while one fen more is not.
#[test]
fn what_stands_in_the_way_is_what_the_service_refuses() {
    story("same", async |story| {
        let (wallet, shop, card) = (story.wallet(), story.merchant().await, story.card().await);
        story.top_up("4000").await;
        let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
        let (mut refused, mut passed, mut reasons) = (0, 0, std::collections::BTreeSet::new());
        let long_ago = story.all.service.now().plus_ms(-1_000).as_ms();
        for round in 0..60 {
            let case = case().new_tree(&mut runner).unwrap().current();
            let of_card = |counter: &str| counter.starts_with("card_").then(|| card.clone());
            let used: Vec<Value> = case.used.iter().map(|(counter, fen)| json!({ "counter": counter, "card_id": of_card(counter), "fen": fen })).collect();
            // Caps of one's own that are higher than the last ones wait a day.
            let own = |cap: Option<i64>| cap.map(yuan);
            wallet.limits().set_own_caps(own(case.own.0), own(case.own.1), Some(PIN.to_owned())).await.unwrap();
            tokio::time::sleep(Duration::from_secs(25 * 3_600)).await;
            let low = if case.low { story.all.service.now().plus_ms(3_600_000).as_ms() } else { long_ago };
            story.put(json!({ "class": case.class, "low_until": low, "used": used })).await;
            if case.low {
                story.put(json!({ "used": [{"counter": "low", "fen": case.used[0].1 * 2}] })).await;
            }
            story.rules(case.rules.clone()).await;
            wallet.limits().refresh().await.unwrap();
            let (channel, amount) = (if case.top_up { "top_up" } else { "pay" }, yuan(case.fen));
            let said = story.precheck(&amount, channel, None).await;
            let request = |amount: String| match case.top_up {
                true => QuoteRequest::TopUp { amount, card_id: card.clone() },
                false => QuoteRequest::Pay { payee_id: shop.clone(), amount, order: None },
            };
            let told = wallet.pay().quote(request(amount.clone())).await;
            match &told {
                Ok(quote) => {
                    passed += 1;
                    assert!(!said.blocked, "{round} {case:?}: {:?}", said.first);
                    let by_service: Vec<(String, Option<String>)> =
                        quote.sources.iter().map(|source| (source.source.clone(), source.reason.as_ref().map(|failure| failure.code.clone()))).collect();
                    let by_phone: Vec<(String, Option<String>)> =
                        said.sources.iter().map(|source| (source.source.clone(), source.blockers.first().map(|found| found.failure.code.clone()))).collect();
                    assert_eq!(by_phone, by_service, "{round} {case:?}");
                    assert_eq!(said.sources[0].fee, quote.fee, "{round} {case:?}");
                }
                Err(error) => {
                    refused += 1;
                    let code = error.failure().code.clone();
                    assert_eq!(said.first.as_ref().map(|failure| &failure.code), Some(&code), "{round} {case:?}");
                    reasons.insert(code);
                }
            }
            // The most that can be paid from the card passes, one fen more does not.
            let most = wallet.limits().max_allowed_now(channel.to_owned(), Some(card.clone())).await.unwrap().map_or(0, |most| most.minor);
            for (fen, fits) in [(most, true), (most + 1, false)] {
                if fen > 0 {
                    let quote = wallet.pay().quote(request(yuan(fen))).await;
                    let usable = quote.is_ok_and(|quote| quote.sources.iter().any(|source| source.source == card && source.usable));
                    assert_eq!(usable, fits, "{round} {fen} {case:?}");
                }
            }
        }
        assert!(refused > 12 && passed > 12, "{refused} {passed}");
        for reason in ["limit_single", "limit_day", "limit_new_device", "limit_own_single", "limit_own_day"] {
            assert!(reasons.contains(reason), "{reason} {reasons:?}");
        }
    });
}

#[test]
fn what_may_have_been_spent_holds_its_place() {
    story("reserved", async |mut story| {
        story.top_up("500").await;
        let wallet = story.wallet();
        let before = wallet.limits().refresh().await.unwrap();
        assert_eq!((before.stale, before.max_now.unwrap().minor), (false, 50_000));
        wallet.pay().prepare_codes().await.unwrap();
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let cap = wallet.pay().show_code("lakala".to_owned()).await.unwrap().cap.minor;
        let of = async |story: &Story, rule: &str| {
            let view = story.explained(None, "pay", None).await;
            let line = view.lines.iter().find(|line| line.rule == rule).unwrap().clone();
            (line.reserved.minor, view.max_now.unwrap().minor)
        };
        // A code on the screen may be charged up to its cap, and the phone does not hear of it.
        assert_eq!(of(&story, "day").await, (cap, 50_000 - cap));
        assert_eq!(of(&story, "static_code").await.0, 0, "a payer code is no printed one");
        // A payment whose answer was lost, too, until the truth is known.
        story.all.net.set(Weather::default());
        let shop = story.merchant().await;
        let quote = wallet.pay().quote(QuoteRequest::Pay { payee_id: shop, amount: "30".to_owned(), order: None }).await.unwrap();
        story.all.console.post("/dev/faults", json!({ "path_prefix": "/v1/payments", "times": 99, "action": { "status": 503 } })).await.unwrap();
        let paid = confirm(&wallet, &quote).await.unwrap();
        assert_eq!(paid.state.as_str(), "unknown");
        assert_eq!(of(&story, "static_code").await.0, 3_000);
        // Killed and started again without network, it is the same.
        drop(wallet);
        story.all.phone.crash().await;
        story.all.net.set(Weather { off: true, ..Weather::default() });
        story.all.phone.start().await.unwrap();
        assert_eq!(of(&story, "static_code").await.0, 3_000);
        assert_eq!(of(&story, "day").await.0, cap + 3_000);
    });
}

#[test]
fn a_code_that_was_charged_counts_once() {
    story("counted-once", async |story| {
        story.top_up("100").await;
        let wallet = story.wallet();
        wallet.pay().prepare_codes().await.unwrap();
        wallet.limits().refresh().await.unwrap();
        let code = wallet.pay().show_code("lakala".to_owned()).await.unwrap();
        let parts = async |wallet: &Wallet| {
            let view = wallet.limits().balance().await.unwrap();
            (view.total.unwrap().minor, view.available.unwrap().minor, view.in_flight.minor)
        };
        let counted = async |story: &Story| {
            let line = story.explained(None, "code", None).await.lines.into_iter().find(|line| line.rule == "code_day").unwrap();
            (line.used.minor, line.reserved.minor)
        };
        assert_eq!(parts(&wallet).await, (10_000, 0, code.cap.minor));
        story.all.console.post("/dev/till/charge", json!({ "code": code.digits, "amount_fen": 2_000, "order": "noodles" })).await.unwrap();
        wallet.history().sync().await.unwrap();
        // The sync brought the record, the balance after it and what is counted now: nothing of the cap is held back any more.
        assert_eq!((parts(&wallet).await, counted(&story).await), ((8_000, 8_000, 0), (2_000, 0)));
        wallet.limits().refresh().await.unwrap();
        assert_eq!((parts(&wallet).await, counted(&story).await), ((8_000, 8_000, 0), (2_000, 0)));
        // What precheck lets through the service lets through.
        assert!(!story.precheck("80.00", "pay", Some("balance")).await.blocked);
        // A phone that is signed out pays nothing, and says so.
        wallet.account().sign_out().await.unwrap();
        let ready = wallet.limits().ready_to_pay().await.unwrap();
        let account = ready.checks.into_iter().find(|check| check.check == "account").unwrap();
        assert_eq!(account.failure.unwrap().code, Code::SignedOut.as_str());
        assert_eq!(story.precheck("80.00", "pay", Some("balance")).await.first.unwrap().code, Code::SignedOut.as_str());
    });
}

#[test]
fn a_wish_for_higher_caps_is_one_wish_however_often_it_is_sent() {
    story("wish", async |mut story| {
        let wallet = story.wallet();
        wallet.limits().set_own_caps(Some("50".to_owned()), None, None).await.unwrap();
        drop(wallet);
        // Killed at any point of it: the cap is the old one or waits, and is never open.
        for polls in 0..40 {
            let wallet = story.wallet();
            let _ = polled(wallet.limits().set_own_caps(Some("900".to_owned()), None, Some(PIN.to_owned())), polls).await;
            drop(wallet);
            story.all.phone.crash().await;
            story.all.phone.start().await.unwrap();
            let now = story.wallet().limits().refresh().await.unwrap();
            assert_eq!(now.own.single.unwrap().minor, 5_000, "{polls}");
        }
        let wallet = story.wallet();
        let asked = wallet.limits().set_own_caps(Some("900".to_owned()), None, Some(PIN.to_owned())).await.unwrap();
        let from = asked.own_next.unwrap().from.unwrap();
        assert!(from.since(story.all.service.now()) <= 86_400_000);
        // Whoever holds the phone without the PIN opens nothing, and a lower wish takes the higher one back.
        assert!(wallet.limits().set_own_caps(None, None, None).await.unwrap_err().is(Code::OwnCapRaise));
        let low = wallet.limits().set_own_caps(Some("10".to_owned()), None, None).await.unwrap();
        assert_eq!((low.own.single.unwrap().minor, low.own_next), (1_000, None));
        tokio::time::sleep(Duration::from_secs(2 * 86_400)).await;
        let later = wallet.limits().refresh().await;
        let later = if later.is_err() { wallet.limits().refresh().await } else { later };
        assert_eq!(later.unwrap().own.single.unwrap().minor, 1_000);
    });
}

#[test]
fn a_quote_that_does_not_follow_the_rules_is_not_shown() {
    story("fee", async |story| {
        let shop = story.merchant().await;
        story.top_up("100").await;
        let liar = Arc::clone(&story.liar);
        story.meddle(Changes::new("POST", "/v1/quotes", move |request, answer| {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            body["fee"]["minor"] = json!(1);
            body["total"]["minor"] = json!(body["total"]["minor"].as_i64().unwrap() + 1);
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        let request = QuoteRequest::Pay { payee_id: shop, amount: "1".to_owned(), order: None };
        assert!(story.wallet().pay().quote(request.clone()).await.unwrap_err().is(Code::FeeDiffers));
        story.honest();
        assert_eq!(story.wallet().pay().quote(request).await.unwrap().fee.minor, 0);
    });
}

#[test]
fn an_answer_about_limits_that_is_not_believed_changes_nothing() {
    story("answers", async |story| {
        let wallet = story.wallet();
        let held = wallet.limits().refresh().await.unwrap();
        type Change = fn(&mut Value);
        let wrong: [Change; 4] = [
            |body| body["counters"] = json!([{"counter": "day", "used": {"minor": "x", "currency": "CNY"}}]),
            |body| body["balance"] = json!({"minor": 1, "currency": "TEA"}),
            |body| body["own"] = Value::Null,
            |body| *body = json!([]),
        ];
        for change in wrong {
            let liar = Arc::clone(&story.liar);
            story.meddle(Changes::new("GET", "/v1/limits", move |request, answer| {
                let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
                change(&mut body);
                Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
            }));
            assert!(wallet.limits().refresh().await.unwrap_err().is(Code::AnswerMalformed));
            assert_eq!(story.explained(None, "pay", None).await.counted_at, held.counted_at);
        }
        // Numbers that no counter has overflow nothing.
        let liar = Arc::clone(&story.liar);
        story.meddle(Changes::new("GET", "/v1/limits", move |request, answer| {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            body["counters"] = json!([{"counter": "day", "used": {"minor": i64::MAX, "currency": "CNY"}}, {"counter": "year", "used": {"minor": i64::MIN, "currency": "CNY"}}]);
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        wallet.limits().refresh().await.unwrap();
        let view = story.explained(Some("1"), "pay", None).await;
        assert_eq!(view.lines.iter().find(|line| line.rule == "day").map(|line| (line.bites, line.left.minor)), Some((true, 0)));
        assert_eq!(view.max_now, None);
    });
}

/// Whatever is typed is a blocker with its name, and no call is made.
#[test]
fn hostile_input_is_a_blocker_and_no_error() {
    story("hostile", async |story| {
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let long = "9".repeat(1 << 20);
        for (typed, code) in [
            ("", "empty_input"), ("0", "amount_zero"), ("-1", "amount_negative"), ("1.234", "amount_decimals"), ("23,50", "amount_malformed"),
            ("😀", "amount_malformed"), ("1\u{202e}2", "hidden_character"), ("1\u{200b}2", "hidden_character"), (&long, "amount_too_large"),
        ] {
            let said = story.precheck(typed, "pay", None).await;
            assert_eq!((said.blocked, said.first.unwrap().code.as_str()), (true, code));
        }
        assert_eq!(story.precheck("２３．５０", "pay", None).await.amount.unwrap().minor, 2_350, "full-width digits are digits");
        let limits = story.wallet().limits();
        for channel in ["", "tea", long.as_str()] {
            assert!(limits.max_allowed_now(channel.to_owned(), None).await.unwrap_err().is(Code::BadArgument));
        }
        for (source, code) in [("", Code::BadId), ("balance ", Code::BadId), (&"f".repeat(32), Code::CardUnknown), (&long, Code::BadId)] {
            assert!(limits.max_allowed_now("pay".to_owned(), Some(source.to_owned())).await.unwrap_err().is(code));
        }
    });
}

#[test]
fn an_operator_is_judged_by_the_service_s_time_and_not_by_the_phone_s() {
    fresh("operator", async |mut story| {
        let standing = |view: OperatorView| (view.standing, view.version);
        let wallet = story.all.phone.start().await.unwrap();
        assert_eq!(standing(wallet.operator().wallet_profile().await.unwrap()), ("unknown".to_owned(), 0));
        assert_eq!(standing(wallet.operator().refresh_profile().await.unwrap()), ("verified".to_owned(), 1));
        // An old answer played again is no answer to this question.
        let seen = std::sync::Mutex::new(None);
        story.meddle(Changes::new("GET", "/v1/feeds/profile", move |_, answer| Ok(seen.lock().unwrap().get_or_insert(answer).clone())));
        let _ = wallet.operator().refresh_profile().await;
        assert!(wallet.operator().refresh_profile().await.unwrap_err().is(Code::AnswerForged));
        story.honest();
        drop(wallet);
        story.all.phone.crash().await;
        story.all.net.set(Weather { off: true, ..Weather::default() });
        let wallet = story.all.phone.start().await.unwrap();
        assert_eq!(standing(wallet.operator().wallet_profile().await.unwrap()), ("verified".to_owned(), 1));
    });
}

#[test]
fn a_service_from_an_old_copy_opens_no_cap() {
    story("restored-caps", async |story| {
        let limits = story.wallet().limits();
        limits.set_own_caps(Some("90".to_owned()), None, None).await.unwrap();
        let copy = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        limits.set_own_caps(Some("50".to_owned()), None, None).await.unwrap();
        story.all.console.post("/dev/restore", json!({ "snapshot": copy["snapshot"] })).await.unwrap();
        let _ = limits.refresh().await;
        while !story.wallet().history().sync().await.unwrap().complete {}
        assert_eq!(limits.refresh().await.unwrap().own.single.unwrap().minor, 5_000);
        let request = QuoteRequest::Pay { payee_id: story.merchant().await, amount: "60".to_owned(), order: None };
        assert!(story.wallet().pay().quote(request).await.unwrap_err().is(Code::LimitOwnSingle));
    });
}
