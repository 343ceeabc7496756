//! Transfers between persons: who may be paid, what waits and is called back, and what an older copy of the book makes of it.

use crate::common::{PIN, Town, cny, ok, put, refused};
use kabao_outside::World;
use kabao_proof::{Document, HistoryEntry, RecordKind, Verdict};
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

const HOURS_2: i64 = 7_200_000;

/// The number of the n-th person.
fn tel(number: u64) -> String {
    format!("+86138001380{number:02}")
}

async fn look(phone: &Phone, number: &str, begins: Option<&str>) -> Reply {
    let mut body = json!({"phone": number});
    if let Some(begins) = begins {
        body["name_begins"] = json!(begins);
    }
    phone.call("POST", "/v1/payees/person", Some(body)).await.unwrap()
}

fn asked(payee: &str, fen: i64, delay: i64) -> Value {
    json!({"kind": "transfer", "amount": cny(fen), "payee_id": payee, "delay_ms": delay})
}

async fn body(town: &Town, phone: &Phone, payee: &str, fen: i64, delay: i64) -> Value {
    let quote = town.quote(phone, asked(payee, fen, delay)).await;
    phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap()
}

fn intent(body: &Value) -> &str {
    body["terms"]["intent_id"].as_str().unwrap()
}

async fn cancel(phone: &Phone, body: &Value) -> Reply {
    phone.call("POST", &format!("/v1/transfers/{}/cancel", intent(body)), Some(json!({}))).await.unwrap()
}

async fn how(phone: &Phone, body: &Value) -> String {
    let reply = phone.call("GET", &format!("/v1/transfers/{}", intent(body)), None).await.unwrap();
    ok(&reply);
    reply.text("state").to_owned()
}

fn refusal(phone: &Phone, reply: &Reply) -> String {
    match Verdict::open(&wire::bytes(reply.text("proof"), "proof").unwrap(), phone.keys.as_ref().unwrap()).unwrap() {
        Verdict::Refusal(refusal) => refusal.code,
        other => panic!("not a refusal: {other:?}"),
    }
}

/// The newest entry of each record, oldest first.
async fn records(phone: &Phone) -> Vec<HistoryEntry> {
    let page = phone.call("GET", "/v1/history", None).await.unwrap();
    let mut found: Vec<HistoryEntry> = Vec::new();
    for entry in page.json["entries"].as_array().unwrap() {
        let entry = HistoryEntry::decode(&wire::bytes(entry.as_str().unwrap(), "entry").unwrap()).unwrap();
        found.retain(|known| known.record_id != entry.record_id);
        found.push(entry);
    }
    found
}

async fn used(phone: &Phone, name: &str) -> i64 {
    let limits = phone.call("GET", "/v1/limits", None).await.unwrap();
    let counters = limits.json["counters"].as_array().unwrap().clone();
    counters.iter().find(|counter| counter["counter"] == name).map_or(0, |counter| counter["used"]["minor"].as_i64().unwrap())
}

fn pass(town: &Town, ms: i64) {
    town.world.advance(ms);
    town.service.tick(town.world.now());
}

/// Two persons, the first with so much; and what the first calls the second.
async fn two(town: &Town, fen: i64) -> (Phone, Phone, String) {
    let (one, card) = town.person().await;
    let (two, _) = town.person().await;
    ok(&town.top_up(&one, card, fen).await);
    let found = look(&one, &tel(1), None).await;
    ok(&found);
    let payee = found.text("payee_id").to_owned();
    (one, two, payee)
}

#[tokio::test]
async fn money_goes_to_another_person_and_both_see_it() {
    let town = Town::new();
    let (one, two, payee) = two(&town, 10_000).await;
    let first = look(&one, &tel(1), None).await;
    assert_eq!((first.text("name_masked"), first.text("phone_masked"), &first.json["first_time"], &first.json["name_checked"]), ("*三", "138****8001", &json!(true), &json!(false)));
    assert_eq!(first.json["delays_ms"], json!([0, HOURS_2, 86_400_000]));
    assert_eq!(look(&one, &tel(1), Some("张")).await.json["name_checked"], true);
    town.ask_dev("POST", "/dev/fees", Some(json!({"kind": "transfer", "rate_ppm": 1_000}))).await;
    let quote = town.quote(&one, asked(&payee, 4_500, 0)).await;
    assert_eq!((quote["payee_name"].as_str(), &quote["first_time"], quote["fee"]["minor"].as_i64(), &quote["delay_ms"]), (Some("*三"), &json!(true), Some(5), &json!(0)));
    let body = one.payment(one.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap();
    let done = put(&one, &body).await;
    ok(&done);
    for _ in 0..2 {
        assert_eq!(put(&one, &body).await.raw.body, done.raw.body);
    }
    assert_eq!((town.balance(&one).await, town.balance(&two).await, how(&one, &body).await), (5_495, 4_500, "arrived".to_owned()));
    let (mine, theirs) = (records(&one).await.pop().unwrap(), records(&two).await.pop().unwrap());
    assert_eq!((mine.kind, mine.state.as_str(), mine.amount.minor, mine.fee.minor, mine.payee_name.as_str()), (RecordKind::Transfer, "done", -4_500, 5, "*三"));
    assert_eq!((theirs.kind, theirs.state.as_str(), theirs.amount.minor, theirs.payee_name.as_str(), theirs.balance_after.unwrap().minor), (RecordKind::Transfer, "done", 4_500, "*三", 4_500));
    assert!(mine.receipt.is_some() && theirs.receipt.is_some() && mine.record_id != theirs.record_id);
    assert_eq!((used(&one, "transfer_day").await, used(&one, "day").await, used(&one, "year").await, used(&two, "day").await), (4_505, 4_505, 4_505, 0));
    assert_eq!(look(&one, &tel(1), None).await.json["first_time"], false);
    // What arrived stays; nobody else's transfer is anybody's.
    refused(&cancel(&one, &body).await, 409, "transfer_arrived");
    refused(&cancel(&two, &body).await, 404, "not_found");
    town.audit().await;
}

#[tokio::test]
async fn what_waits_is_called_back_or_arrives_and_never_both() {
    let town = Town::new();
    let (one, two, payee) = two(&town, 10_000).await;
    town.ask_dev("POST", "/dev/fees", Some(json!({"kind": "transfer", "rate_ppm": 1_000}))).await;
    let kept = body(&town, &one, &payee, 3_000, HOURS_2).await;
    ok(&put(&one, &kept).await);
    let gone = body(&town, &one, &payee, 2_000, 86_400_000).await;
    ok(&put(&one, &gone).await);
    assert_eq!((town.balance(&one).await, town.balance(&two).await), (10_000 - 3_003 - 2_002, 0));
    assert_eq!((records(&one).await.last().unwrap().state.as_str(), records(&two).await.len()), ("pending", 0));
    let back = cancel(&one, &gone).await;
    ok(&back);
    assert_eq!((back.text("state"), town.balance(&one).await, used(&one, "transfer_day").await), ("cancelled", 6_997, 3_003));
    assert_eq!(cancel(&one, &gone).await.raw.body, back.raw.body, "again is the same");
    let mine = records(&one).await;
    let reversal = mine.iter().find(|entry| entry.kind == RecordKind::Reversal).unwrap();
    assert_eq!((reversal.amount.minor, reversal.original, mine[2].state.as_str()), (2_002, Some(mine[2].record_id), "reversed"));
    // A millisecond before its time, and at its time.
    pass(&town, HOURS_2 - 1);
    assert_eq!(how(&one, &kept).await, "waiting");
    pass(&town, 1);
    assert_eq!((how(&one, &kept).await, town.balance(&two).await), ("arrived".to_owned(), 3_000));
    refused(&cancel(&one, &kept).await, 409, "transfer_arrived");
    pass(&town, 86_400_000);
    assert_eq!((town.balance(&one).await, town.balance(&two).await, how(&one, &gone).await), (6_997, 3_000, "cancelled".to_owned()));
    // At its time, before the clock of the service came by: too late all the same.
    let late = body(&town, &one, &payee, 100, HOURS_2).await;
    ok(&put(&one, &late).await);
    town.world.advance(HOURS_2);
    refused(&cancel(&one, &late).await, 409, "transfer_arrived");
    assert_eq!((how(&one, &late).await, town.balance(&two).await), ("arrived".to_owned(), 3_100));
    town.audit().await;
}

#[tokio::test]
async fn one_that_is_due_and_not_delivered_is_called_what_it_becomes() {
    for closed in [false, true] {
        let town = Town::new();
        let (payer, payee, to) = two(&town, 10_000).await;
        let sent = body(&town, &payer, &to, 4_000, HOURS_2).await;
        ok(&put(&payer, &sent).await);
        if closed {
            // As a book has it when the payee's account came to its end meanwhile.
            let book = rusqlite::Connection::open(town.folder.path().join("service.db")).unwrap();
            let sql = "INSERT INTO closures (closure_id, account_id, device_id, state, asked_at, closes_at) VALUES (?1, ?2, '', 'closed', 0, 0)";
            assert_eq!(book.execute(sql, [payer.make_id().to_string(), payee.account.unwrap().to_string()]).unwrap(), 1);
        }
        // Nobody's clock has run.
        town.world.advance(HOURS_2);
        let said = cancel(&payer, &sent).await;
        if closed {
            ok(&said);
            assert_eq!(said.text("state"), "returned");
        } else {
            refused(&said, 409, "transfer_arrived");
        }
        let state = how(&payer, &sent).await;
        assert_eq!((state.as_str(), town.balance(&payer).await), if closed { ("returned", 10_000) } else { ("arrived", 6_000) });
        town.audit().await;
    }
}

#[tokio::test]
async fn calling_back_and_arriving_at_once_is_one_of_the_two() {
    for turn in 0..6 {
        let town = Town::new();
        let (one, two, payee) = two(&town, 10_000).await;
        let body = body(&town, &one, &payee, 4_000, HOURS_2).await;
        ok(&put(&one, &body).await);
        town.world.advance(HOURS_2 - 1 + turn % 2);
        let (first, second) = tokio::join!(cancel(&one, &body), async {
            if turn > 2 {
                tokio::task::yield_now().await;
            }
            pass(&town, turn / 3);
            cancel(&one, &body).await
        });
        pass(&town, 1);
        let arrived = how(&one, &body).await == "arrived";
        assert_eq!((town.balance(&one).await, town.balance(&two).await), if arrived { (6_000, 4_000) } else { (10_000, 0) });
        assert_eq!([first.status, second.status].contains(&200), !arrived, "{first:?} {second:?}");
        town.audit().await;
    }
}

#[tokio::test]
async fn who_cannot_be_paid_is_refused_before_money_moves() {
    let town = Town::new();
    let (one, two, payee) = two(&town, 10_000).await;
    refused(&look(&one, &tel(0), None).await, 422, "payee_is_self");
    refused(&look(&one, &tel(77), None).await, 404, "payee_not_here");
    for wrong in ["13800138001", "+8613800138", "0", "+86 13800138001"] {
        refused(&look(&one, wrong, None).await, 422, "phone_invalid");
    }
    let mut stranger = town.phone().await;
    ok(&stranger.register("+8613900139000").await.unwrap());
    refused(&look(&one, "+8613900139000", None).await, 422, "payee_unverified");
    let quote = async |body: Value| one.call("POST", "/v1/quotes", Some(body)).await.unwrap();
    refused(&quote(asked(&one.account.unwrap().to_string(), 1, 0)).await, 422, "payee_is_self");
    // Nobody is paid whom the payer has not looked up.
    refused(&quote(asked(&stranger.account.unwrap().to_string(), 1, 0)).await, 404, "person_unknown");
    for delay in [json!(1), Value::Null] {
        let mut bad = asked(&payee, 1, 0);
        bad["delay_ms"] = delay;
        refused(&quote(bad).await, 400, "bad_argument");
    }
    refused(&quote(json!({"kind": "top_up", "amount": cny(1), "delay_ms": 0})).await, 400, "bad_argument");
    refused(&quote(asked(&payee, 10_001, 0)).await, 422, "above_balance");
    refused(&quote(asked(&payee, 500_001, 0)).await, 422, "limit_single");
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": one.account, "used": [{"counter": "transfer_day", "fen": 499_000}]}))).await;
    refused(&quote(asked(&payee, 1_001, 0)).await, 422, "limit_day");
    // By finger, another delay, another payee: not what was shown.
    let good = town.quote(&one, asked(&payee, 700, HOURS_2)).await;
    let finger = one.payment(one.make_id(), &good, json!({"kind": "balance"}), None).unwrap();
    assert_eq!(refusal(&one, &put(&one, &finger).await), "pin_always");
    let good = body(&town, &one, &payee, 700, HOURS_2).await;
    for (field, value) in [("delay_ms", json!(0)), ("delay_ms", Value::Null), ("payee_id", json!(stranger.account)), ("kind", json!("pay"))] {
        let mut bad = good.clone();
        bad["terms"][field] = value;
        refused(&put(&one, &bad).await, 422, "quote_altered");
    }
    // Frozen after the quote: judged again.
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": two.account, "frozen": true}))).await;
    assert_eq!(refusal(&one, &put(&one, &good).await), "payee_frozen");
    refused(&look(&one, &tel(1), None).await, 422, "payee_frozen");
    refused(&quote(asked(&payee, 1, 0)).await, 422, "payee_frozen");
    assert_eq!((town.balance(&one).await, town.balance(&two).await), (10_000, 0));
    town.audit().await;
}

#[tokio::test]
async fn names_and_numbers_are_not_tried_out() {
    let town = Town::new();
    let (one, _two, _) = two(&town, 10_000).await;
    for left in (0..5).rev() {
        let wrong = look(&one, &tel(1), Some("李")).await;
        refused(&wrong, 422, "payee_name_wrong");
        assert_eq!(wrong.json["attempts_left"], left);
    }
    refused(&look(&one, &tel(1), Some("张")).await, 429, "too_many_requests");
    // Who was found is no other number to try, however often.
    for _ in 0..40 {
        ok(&look(&one, &tel(1), None).await);
    }
    let mut seen = 0;
    while look(&one, &format!("+8613700137{seen:03}"), None).await.status == 404 {
        seen += 1;
        assert!(seen < 40);
    }
    assert_eq!(seen, 29, "who was found is one number, whatever name was tried");
    town.world.advance(3_600_000);
    let often = look(&one, "+8613700137999", None).await;
    refused(&often, 429, "too_many_requests");
    assert_eq!(often.json["retry_after_ms"], 82_800_000, "the day began with the first of them");
    ok(&look(&one, &tel(1), None).await);
    town.world.advance(82_799_999);
    refused(&look(&one, "+8613700137999", None).await, 429, "too_many_requests");
    town.world.advance(1);
    ok(&look(&one, &tel(1), Some("张")).await);
    for (bad, code) in [("", "empty_input"), ("张三李四王五赵六孙", "input_too_long"), ("张\u{202e}", "hidden_character")] {
        let refused = look(&one, &tel(1), Some(bad)).await;
        assert_eq!((refused.status, refused.code()), (400, code));
    }
}

#[tokio::test]
async fn of_two_transfers_of_everything_one_is_made() {
    let town = Town::new();
    let (one, two, payee) = two(&town, 10_000).await;
    let (first, second) = (body(&town, &one, &payee, 10_000, 0).await, body(&town, &one, &payee, 10_000, HOURS_2).await);
    let (a, b) = tokio::join!(put(&one, &first), put(&one, &second));
    let states = [a.text("state"), b.text("state")];
    assert!(states.contains(&"succeeded") && states.contains(&"refused"), "{states:?}");
    pass(&town, HOURS_2);
    assert_eq!((town.balance(&one).await, town.balance(&two).await), (0, 10_000));
    town.audit().await;
}

#[tokio::test]
async fn an_older_book_delivers_nothing_that_was_called_back() {
    for before in [true, false] {
        let town = Town::new();
        let (one, two, payee) = two(&town, 10_000).await;
        let kept = body(&town, &one, &payee, 3_000, HOURS_2).await;
        let gone = body(&town, &one, &payee, 2_000, HOURS_2).await;
        let snapshot = async || town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone();
        let early = snapshot().await;
        let receipts = [put(&one, &kept).await, put(&one, &gone).await];
        let late = snapshot().await;
        assert_eq!(cancel(&one, &gone).await.text("state"), "cancelled");
        town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": if before { early } else { late }, "rebuild": true}))).await;
        for (body, receipt) in [(&kept, &receipts[0]), (&gone, &receipts[1])] {
            for _ in 0..2 {
                let proof = json!({"proof": receipt.text("proof")});
                let taken = one.call("POST", &format!("/v1/payments/{}/proof", intent(body)), Some(proof)).await.unwrap();
                assert_eq!(taken.status, 204, "{}", taken.json);
            }
        }
        // Called back from the first moment, not only when its time has come or somebody asks.
        assert_eq!((how(&one, &kept).await.as_str(), how(&one, &gone).await.as_str(), town.balance(&one).await), ("waiting", "cancelled", 7_000));
        assert_eq!(cancel(&one, &gone).await.text("state"), "cancelled");
        pass(&town, HOURS_2);
        assert_eq!((how(&one, &kept).await, how(&one, &gone).await), ("arrived".to_owned(), "cancelled".to_owned()));
        assert_eq!((town.balance(&one).await, town.balance(&two).await), (7_000, 3_000));
        town.audit().await;
    }
}

#[tokio::test]
async fn an_older_book_learns_by_itself_what_was_called_back() {
    let town = Town::new();
    let (one, two, payee) = two(&town, 10_000).await;
    let gone = body(&town, &one, &payee, 2_000, HOURS_2).await;
    ok(&put(&one, &gone).await);
    let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone();
    assert_eq!(cancel(&one, &gone).await.text("state"), "cancelled");
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot, "rebuild": true}))).await;
    assert_eq!((how(&one, &gone).await.as_str(), town.balance(&one).await), ("cancelled", 10_000));
    pass(&town, HOURS_2);
    assert_eq!((how(&one, &gone).await, town.balance(&one).await, town.balance(&two).await), ("cancelled".to_owned(), 10_000, 0));
    town.audit().await;
}
