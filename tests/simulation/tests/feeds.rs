//! The table of code formats as the service sends it: a newer one counts without a release of the app, and nothing that is
//! older, altered, late, unreadable or signed by somebody else takes its place.

use crate::common::moves::{on_a_late_database, polled};
use crate::common::{Changes, Holds, Story, story, stranger};
use kabao_base::{Code, Timestamp};
use kabao_core::error::Outcome;
use kabao_core::pay::TableView;
use kabao_proof::{Feed, KeyPurpose, KeySet};
use kabao_simulation::{Liar, Weather};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

/// The app's own table, at another version and changed.
fn table(version: u64, change: impl FnOnce(&mut Value)) -> Value {
    let mut table: Value = serde_json::from_slice(include_bytes!("../../../core/codes/src/table/codes.json")).unwrap();
    table["version"] = json!(version);
    change(&mut table);
    table
}

fn same(_: &mut Value) {}

/// Nobody's link and nobody's payer code, as the app's own table has it.
const NEW_LINK: &str = "https://pay.neu.example/anna";
const NEW_PAYER_CODE: &str = "391234567890123456789";

fn row(table: &mut Value, section: &str, row: Value) {
    table[section].as_array_mut().unwrap().insert(0, row);
}

fn link(table: &mut Value) {
    row(table, "links", json!({
        "family": "paypal_me", "owner": "paypal", "schemes": ["https"], "host": "pay.neu.example", "paths": ["/{s:1-64}"], "needs": [],
        "token": null, "fixed": "static", "hand_over": "as_is", "source": "a test",
    }));
}

fn payer_code(table: &mut Value, first: &str, last: &str, length: u32) {
    row(table, "payer_codes", json!({
        "network": "alipay", "first": first, "last": last, "shortest": length, "longest": length, "letters": false, "source": "a test",
    }));
}

fn known(table: &mut Value) {
    link(table);
    payer_code(table, "39", "39", 21);
}

impl Story {
    async fn publish(&self, version: u64, change: impl FnOnce(&mut Value)) {
        self.all.console.post("/dev/feeds/codes", json!({ "table": table(version, change) })).await.unwrap();
    }

    /// Family and owner of a scanned text.
    async fn whose(&self, text: &str) -> (String, Option<String>) {
        let view = self.wallet().pay().read(text.to_owned()).await.unwrap();
        (view.family, view.owner)
    }

    async fn fault(&self, fault: Value) {
        self.all.console.post("/dev/feeds/codes/fault", json!({ "fault": fault })).await.unwrap();
    }

    async fn codes(&self) -> TableView {
        self.wallet().pay().codes().await.unwrap()
    }

    async fn refresh(&self) -> Outcome<TableView> {
        self.wallet().pay().refresh_codes().await
    }

    /// The app is killed and starts again without network.
    async fn restart_offline(&mut self) {
        self.all.phone.crash().await;
        self.all.net.set(Weather { off: true, ..Weather::default() });
        self.all.phone.start().await.unwrap();
    }

    fn online(&self) {
        self.all.net.set(Weather::default());
    }

    /// From now on the service sends this document, well signed as an answer.
    fn send(&self, document: Vec<u8>) {
        let liar = Arc::clone(&self.liar);
        self.meddle(Changes::new("GET", "/v1/feeds/codes", move |request, answer| {
            let envelope = kabao_simulation::liar::Envelope { status: 200, ..Liar::envelope(&answer) };
            Ok(liar.answer(request, &envelope, &document).unwrap())
        }));
    }

    fn feed(&self, version: u64) -> Feed {
        let now = self.all.service.now();
        Feed { name: Feed::CODES.to_owned(), version, issued_at: now, not_after: None, body: table(version, same).to_string().into_bytes() }
    }
}

#[test]
fn a_newer_table_arrives_with_a_sync_and_is_there_without_network() {
    story("arrives", async |mut story| {
        let before = story.codes().await;
        assert_eq!((before.source.as_str(), before.issued_at, before.refused.as_ref()), ("app", None, None));
        assert_eq!(story.refresh().await.unwrap(), before, "nothing newer");
        let (first, second) = (before.version + 1, before.version + 5);
        assert_eq!(story.whose(NEW_LINK).await, ("web_link".to_owned(), None));
        assert_eq!(story.whose(NEW_PAYER_CODE).await.1, None);
        story.publish(first, known).await;
        assert_eq!(story.codes().await, before, "nothing comes before the next sync");
        story.wallet().history().sync().await.unwrap();
        let now = story.codes().await;
        assert_eq!((now.version, now.source.as_str(), now.outdated), (first, "service", false));
        let paypal = Some("paypal".to_owned());
        assert_eq!(story.whose(NEW_LINK).await, ("paypal_me".to_owned(), paypal.clone()));
        assert_eq!(story.whose(NEW_PAYER_CODE).await.1.as_deref(), Some("alipay"));
        assert!(now.issued_at.is_some() && now.stored_at.is_some() && now.age_text.is_some());
        // The next version no longer knows the beginning: what was withdrawn is gone, without a release too.
        story.publish(second, link).await;
        assert_eq!(story.refresh().await.unwrap().version, second);
        assert_eq!(story.whose(NEW_PAYER_CODE).await.1, None);
        story.restart_offline().await;
        let kept = story.codes().await;
        assert_eq!((kept.version, kept.source.as_str()), (second, "service"));
        assert!(story.refresh().await.unwrap_err().is(Code::NetDown));
        assert_eq!(story.codes().await, kept);
        assert_eq!(story.whose(NEW_LINK).await, ("paypal_me".to_owned(), paypal));
        let verified = story.wallet().history().verify().await.unwrap();
        assert_eq!(verified.first_wrong_event, None);
        story.wallet().lock().await.unwrap();
        assert!(story.wallet().pay().codes().await.unwrap_err().is(Code::Locked));
    });
}

#[test]
fn two_refreshes_at_once_bring_one_table_and_refuse_nothing() {
    story("crossed", async |story| {
        let newer = story.codes().await.version + 1;
        story.publish(newer, same).await;
        // The answer to the one is on its way while the other takes the table up.
        story.meddle(Holds { seen: Mutex::default(), holds: Mutex::new(vec![("/v1/feeds/codes", 3_000)]) });
        let (one, other) = tokio::join!(story.refresh(), story.refresh());
        assert_eq!((one.unwrap().version, other.unwrap().version), (newer, newer));
        assert_eq!(story.codes().await.refused, None);
    });
}

#[test]
fn what_is_wrong_is_refused_with_its_reason_and_the_one_in_use_stays() {
    story("refused", async |mut story| {
        let base = story.codes().await.version;
        story.publish(base + 1, same).await;
        story.publish(base + 2, same).await;
        story.wallet().history().sync().await.unwrap();
        let held = story.codes().await;
        assert_eq!(held.version, base + 2);
        for (fault, code) in [
            ("older", Code::FeedOlder), ("altered", Code::FeedForged), ("wrong_key", Code::FeedForged),
            ("unsigned", Code::FeedForged), ("garbage", Code::FeedMalformed), ("jump", Code::FeedJumps), ("expired", Code::FeedExpired),
        ] {
            story.fault(json!(fault)).await;
            // A sync goes on as if nothing were wrong; asked for by name, the reason is told.
            story.wallet().history().sync().await.unwrap();
            let failed = story.refresh().await.unwrap_err();
            assert!(failed.is(code), "{fault}: {failed:?}");
            let now = story.codes().await;
            assert_eq!((now.version, now.stored_at), (held.version, held.stored_at), "{fault}");
            assert_eq!(now.refused.map(|failure| failure.code).as_deref(), Some(code.as_str()), "{fault}");
            tokio::time::sleep(HOUR).await;
        }
        story.restart_offline().await;
        let kept = story.codes().await;
        assert_eq!((kept.version, kept.refused.unwrap().code.as_str()), (held.version, "feed_expired"));
        story.online();
        story.fault(Value::Null).await;
        assert_eq!(story.refresh().await.unwrap().refused, None, "the service has nothing newer: nothing is refused");
        story.publish(base + 3, same).await;
        story.wallet().history().sync().await.unwrap();
        assert_eq!(story.codes().await.version, base + 3);
    });
}

#[test]
fn a_refused_table_is_not_fetched_at_every_sync() {
    story("pause", async |story| {
        story.publish(story.codes().await.version + 1, same).await;
        story.fault(json!("garbage")).await;
        let seen = Arc::new(Holds::default());
        story.all.net.meddle(Some(Arc::clone(&seen) as _));
        let fetched = || seen.seen.lock().unwrap().iter().filter(|line| line.contains("/v1/feeds/codes")).count();
        for _ in 0..5 {
            story.wallet().history().sync().await.unwrap();
        }
        assert_eq!(fetched(), 1);
        tokio::time::sleep(HOUR).await;
        story.wallet().history().sync().await.unwrap();
        assert_eq!(fetched(), 2);
        // Without anything newer nothing is asked at all.
        story.fault(Value::Null).await;
        story.refresh().await.unwrap();
        seen.seen.lock().unwrap().clear();
        story.wallet().history().sync().await.unwrap();
        assert_eq!(fetched(), 0);
    });
}

#[test]
fn only_the_key_for_feeds_signs_a_table() {
    story("keys", async |story| {
        let held = story.codes().await;
        let next = story.feed(held.version + 1);
        let wrong = [
            ("a stranger under its name", Liar::feed_by(&stranger(), "feeds-1", &next).unwrap()),
            ("a stranger under a new name", Liar::feed_by(&stranger(), "feeds-9", &next).unwrap()),
            ("the key for documents", Liar::feed_by(&story.liar.documents, "documents-1", &next).unwrap()),
            ("the key for answers", Liar::feed_by(&story.liar.answers, "answers-1", &next).unwrap()),
            ("the root", Liar::feed_by(&story.liar.root, "root-1", &next).unwrap()),
            ("another feed", Liar::feed_by(&story.liar.feeds, "feeds-1", &Feed { name: "fees".to_owned(), ..next.clone() }).unwrap()),
            ("a time before the key", Liar::feed_by(&story.liar.feeds, "feeds-1", &Feed { issued_at: Timestamp::from_ms(1), ..next.clone() }).unwrap()),
            ("a key set", story.all.service.info().root_key.into_bytes()),
            ("nothing", Vec::new()),
            ("a megabyte", vec![0xd2; 1_000_000]),
        ];
        for (what, document) in wrong {
            story.send(document);
            let failed = story.refresh().await.unwrap_err();
            assert!(failed.is(Code::FeedForged), "{what}: {failed:?}");
            assert_eq!(story.codes().await.version, held.version, "{what}");
        }
        // Another version inside than outside.
        story.send(Liar::feed_by(&story.liar.feeds, "feeds-1", &Feed { version: next.version + 1, ..next.clone() }).unwrap());
        assert!(story.refresh().await.unwrap_err().is(Code::FeedMalformed));
        story.send(Liar::feed_by(&story.liar.feeds, "feeds-1", &next).unwrap());
        assert_eq!(story.refresh().await.unwrap().version, next.version);
    });
}

#[test]
fn a_stolen_key_for_feeds_holds_no_phone_at_a_high_version() {
    story("stolen", async |mut story| {
        let own = story.codes().await.version;
        // A version from which no later one could follow is not climbed to at all.
        let end = u64::try_from(i64::MAX).unwrap();
        for far in [own + 1_000_001, end] {
            story.send(Liar::feed_by(&story.liar.feeds, "feeds-1", &story.feed(far)).unwrap());
            assert!(story.refresh().await.unwrap_err().is(Code::FeedJumps));
            assert_eq!(story.codes().await.version, own);
        }
        let high = own + 1_000_000;
        story.send(Liar::feed_by(&story.liar.feeds, "feeds-1", &story.feed(high)).unwrap());
        assert_eq!(story.refresh().await.unwrap().version, high);
        // The root takes the key out and names another one.
        let fresh = kabao_proof::SoftwareKey::from_secret(&[77; 32]).unwrap();
        let liar = Arc::clone(&story.liar);
        let public = fresh.public().to_bytes().to_vec();
        let served = Liar::feed_by(&fresh, "feeds-2", &story.feed(own + 1)).unwrap();
        story.meddle(Changes::new("GET", "/v1/", move |request, mut answer| {
            if request.target == "/v1/keys" {
                let mut set = KeySet::open(&answer.body, &liar.root.public()).unwrap();
                set.version += 1;
                for key in set.keys.iter_mut().filter(|key| key.purpose == KeyPurpose::Feeds) {
                    (key.kid, key.public) = ("feeds-2".to_owned(), public.clone());
                }
                answer.body = liar.key_set(&set).unwrap();
            } else if request.target.starts_with("/v1/feeds/codes") {
                let envelope = kabao_simulation::liar::Envelope { status: 200, ..Liar::envelope(&answer) };
                return Ok(liar.answer(request, &envelope, &served).unwrap());
            }
            Ok(answer)
        }));
        // The service knows of no such version: the phone looks for new keys, and what the old one signed counts no longer.
        story.publish(own + 1, same).await;
        story.wallet().history().sync().await.unwrap();
        assert_eq!((story.codes().await.version, story.codes().await.source.as_str()), (own, "app"));
        story.wallet().history().sync().await.unwrap();
        assert_eq!((story.codes().await.version, story.codes().await.source.as_str()), (own + 1, "service"));
        story.honest();
        story.restart_offline().await;
        assert_eq!(story.codes().await.version, own + 1);
    });
}

#[test]
fn two_versions_that_arrive_out_of_order_leave_the_higher_one() {
    for late in [false, true] {
        story(if late { "order-late" } else { "order" }, async |mut story| {
            if late {
                on_a_late_database(&mut story).await;
            }
            let own = story.codes().await.version;
            story.publish(own + 1, same).await;
            let slow = Holds { seen: Mutex::default(), holds: Mutex::new(vec![("/v1/feeds/codes", 3_000)]) };
            story.meddle(slow);
            let wallet = story.wallet();
            let first = tokio::task::spawn_local(async move { wallet.pay().refresh_codes().await });
            tokio::time::sleep(Duration::from_secs(1)).await;
            story.publish(own + 2, same).await;
            assert_eq!(story.refresh().await.unwrap().version, own + 2);
            // What came first is older than what is in use by now, and that is what it shows.
            assert_eq!(first.await.unwrap().unwrap().version, own + 2);
            assert_eq!(story.codes().await.version, own + 2);
            // Many at once: one takes it up, the others find it done.
            story.honest();
            story.publish(own + 3, same).await;
            let (one, two, three) = tokio::join!(story.refresh(), story.refresh(), story.refresh());
            for done in [one, two, three] {
                assert_eq!(done.map_err(|error| error.failure().code.clone()).map(|view| view.version), Ok(own + 3));
            }
            story.restart_offline().await;
            assert_eq!(story.codes().await.version, own + 3);
        });
    }
}

#[test]
fn killed_between_fetching_and_storing_it_has_the_old_one_or_the_new_one() {
    story("killed", async |mut story| {
        on_a_late_database(&mut story).await;
        let (mut held, mut stayed, mut came) = (story.codes().await.version, 0, 0);
        for polls in 0..90 {
            let next = held + 1;
            story.publish(next, same).await;
            let wallet = story.wallet();
            let _ = polled(wallet.pay().refresh_codes(), polls).await;
            drop(wallet);
            story.restart_offline().await;
            let found = story.codes().await.version;
            assert!(found == held || found == next, "{held} {next} {found}");
            if found == held { stayed += 1 } else { came += 1 }
            assert_eq!(story.wallet().history().verify().await.unwrap().first_wrong_event, None);
            story.online();
            held = story.refresh().await.unwrap().version;
            assert_eq!(held, next);
        }
        assert!(stayed > 3 && came > 3, "{stayed} {came}");
    });
}

#[test]
fn a_held_table_outlives_its_end_and_a_table_without_a_feed_is_no_error() {
    story("end", async |story| {
        let own = story.codes().await.version;
        let end = story.all.service.now().plus_ms(60_000);
        let body = json!({ "table": table(own + 1, same), "not_after": end.as_ms() });
        story.all.console.post("/dev/feeds/codes", body).await.unwrap();
        assert!(!story.refresh().await.unwrap().outdated);
        tokio::time::sleep(HOUR).await;
        let view = story.codes().await;
        assert_eq!((view.version, view.outdated), (own + 1, true));
        let fault = json!({ "path_prefix": "/v1/feeds", "action": "lie_not_found" });
        story.all.console.post("/dev/faults", fault).await.unwrap();
        assert_eq!(story.refresh().await.unwrap().version, own + 1);
    });
}

#[test]
fn a_table_that_takes_our_codes_or_gives_us_another_ones_is_refused() {
    story("ours", async |mut story| {
        let own = story.codes().await.version;
        let shown = story.wallet().pay().show_code("lakala".to_owned()).await.unwrap().digits;
        assert_eq!(story.whose(&shown).await.1.as_deref(), Some("ours"));
        type Change = fn(&mut Value);
        let claims: [(&str, Change, Code); 7] = [
            ("our beginning", |table| payer_code(table, "97", "97", 24), Code::FeedClaimsOurs),
            ("a range around it", |table| payer_code(table, "90", "99", 24), Code::FeedClaimsOurs),
            ("our beginning may not be ours", |table| row(table, "reserved_prefixes", json!({"first": "97", "last": "97", "source": "a test"})), Code::FeedClaimsOurs),
            ("a link that is ours", |table| { link(table); table["links"][0]["owner"] = json!("ours"); }, Code::FeedMalformed),
            ("a merchant code that is ours", |table| row(table, "merchant_guids", json!({"owner": "ours", "guid": "a000000333", "begins": true, "source": "a test"})), Code::FeedMalformed),
            ("two claim the same", |table| payer_code(table, "13", "13", 18), Code::FeedMalformed),
            ("what this version does not know", |table| table["tea"] = json!([]), Code::FeedMalformed),
        ];
        for (step, (what, change, code)) in (1..).zip(claims) {
            story.publish(own + step, change).await;
            let failed = story.refresh().await.unwrap_err();
            assert!(failed.is(code), "{what}: {failed:?}");
            assert_eq!(story.codes().await.version, own, "{what}");
        }
        assert_eq!(story.whose(&shown).await.1.as_deref(), Some("ours"));
        // A table that leaves out what is reserved makes no other scheme's beginning ours: the service cannot provision it.
        story.publish(own + 20, |table| { table["reserved_prefixes"] = json!([]); table["payer_codes"] = json!([]); }).await;
        story.refresh().await.unwrap();
        story.all.phone.crash().await;
        let wallet = story.all.phone.start().await.unwrap();
        while wallet.pay().show_code("lakala".to_owned()).await.is_ok() {}
        let liar = Arc::clone(&story.liar);
        story.meddle(Changes::new("POST", "/v1/payer-codes", move |request, answer| {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            body["prefix"] = json!("28");
            Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
        }));
        assert!(wallet.pay().prepare_codes().await.unwrap_err().is(Code::AnswerMalformed));
    });
}
