//! Top-up by bank transfer: whatever is typed, whoever sends it, however often the bank tells it, and after an older copy of the book.

use crate::common::{NAME, PIN, Town, close_for_good, cny, ok, put, refused};
use kabao_outside::World;
use kabao_proof::{Document, HistoryEntry, Receipt, RecordKind};
use kabao_service::kit::{Phone, Reply};
use kabao_service::wire;
use serde_json::{Value, json};

async fn details(phone: &Phone) -> Reply {
    phone.call("GET", "/v1/bank-transfer", None).await.unwrap()
}

async fn memo(phone: &Phone) -> String {
    let said = details(phone).await;
    ok(&said);
    said.text("memo").to_owned()
}

/// Somebody sends money; what support calls it.
async fn send(town: &Town, fen: i64, memo: &str, sender: &str) -> String {
    send_as(town, json!({"amount_fen": fen, "memo": memo, "sender": sender})).await
}

async fn send_as(town: &Town, body: Value) -> String {
    let sent = town.ask_dev("POST", "/dev/bank/incoming", Some(body)).await;
    let all = wires(town).await;
    all.iter().find(|wire| wire["wire_id"] == sent["wire_id"]).map_or(String::new(), |wire| wire["support_no"].as_str().unwrap().to_owned())
}

async fn wires(town: &Town) -> Vec<Value> {
    town.ask_dev("GET", "/dev/bank/incoming", None).await["wires"].as_array().unwrap().clone()
}

/// How one stands: its state and the reason.
async fn stands(town: &Town, number: &str) -> (String, String) {
    let all = wires(town).await;
    let wire = all.iter().find(|wire| wire["support_no"] == number).unwrap();
    (wire["state"].as_str().unwrap().to_owned(), wire["code"].as_str().unwrap_or_default().to_owned())
}

fn is(state: &str, code: &str) -> (String, String) {
    (state.to_owned(), code.to_owned())
}

/// The book is even, and has at the bank what the bank has for it.
async fn even(town: &Town) -> i64 {
    let audit = town.audit().await;
    let of = |name: &str| audit["accounts"].as_array().unwrap().iter().find(|row| row["account"] == name).map_or(0, |row| row["balance"].as_i64().unwrap());
    let holds = town.ask_dev("GET", "/dev/bank/holds", None).await["fen"].as_i64().unwrap();
    assert_eq!(-of("bank"), holds, "{audit}");
    holds
}

fn later(town: &Town) {
    for _ in 0..3 {
        town.world.advance(6_000);
        town.service.tick(town.world.now());
    }
}

async fn newest(phone: &Phone) -> HistoryEntry {
    let page = phone.call("GET", "/v1/history", None).await.unwrap();
    let last = page.json["entries"].as_array().unwrap().last().unwrap().clone();
    HistoryEntry::decode(&wire::bytes(last.as_str().unwrap(), "entry").unwrap()).unwrap()
}

fn wide(text: &str) -> String {
    text.chars().map(|sign| char::from_u32(u32::from(sign) + 0xfee0).unwrap()).collect()
}

#[tokio::test]
async fn what_is_sent_is_credited_once_however_it_is_typed_and_told() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let memo = memo(&phone).await;
    assert_eq!(details(&phone).await.raw.body, details(&phone).await.raw.body, "the same as often as it is asked");
    town.ask_dev("POST", "/dev/bank/faults", Some(json!({"duplicate_callbacks": true}))).await;
    let typed = [memo.clone(), memo.to_lowercase(), wide(&memo), format!("充值 {} {} {}", &memo[..4], &memo[4..8], &memo[8..])];
    for (count, typed) in typed.iter().enumerate() {
        let number = send(&town, 1_001, typed, if count == 0 { " 张三 " } else { NAME }).await;
        assert_eq!(stands(&town, &number).await, is("credited", ""), "{typed}");
    }
    // The bank tells the same transfer again, after a restart too, and with other words.
    for _ in 0..2 {
        let number = send_as(&town, json!({"amount_fen": 700, "memo": memo, "sender": NAME, "bank_ref": "R1"})).await;
        assert_eq!(stands(&town, &number).await, is("credited", ""));
        send_as(&town, json!({"amount_fen": 9_900, "memo": memo, "sender": NAME, "bank_ref": "R1"})).await;
        later(&town);
        town.restart();
        town.again(&mut phone);
        later(&town);
    }
    assert_eq!((town.balance(&phone).await, even(&town).await), (4_704, 4_704));
    let entry = newest(&phone).await;
    let receipt = Receipt::open(entry.receipt.as_deref().unwrap(), phone.keys.as_ref().unwrap()).unwrap();
    assert_eq!((entry.kind, entry.state.as_str(), entry.amount.minor, entry.intent_id), (RecordKind::TopUp, "done", 700, None));
    assert_eq!((receipt.record_id, receipt.amount, receipt.account_id), (entry.record_id, entry.amount, phone.account.unwrap()));
    let told = details(&phone).await;
    let arrivals = told.json["arrivals"].as_array().unwrap();
    assert_eq!((arrivals.len(), &arrivals[0]["state"], arrivals[0].get("why")), (5, &json!("credited"), None));
    // It is a top-up: the day of top-ups counts it, no payment does.
    let limits = phone.call("GET", "/v1/limits", None).await.unwrap();
    let used = |name: &str| limits.json["counters"].as_array().unwrap().iter().find(|row| row["counter"] == name).map(|row| row["used"]["minor"].clone());
    assert_eq!((used("top_up_day"), used("day")), (Some(json!(4_704)), None));
}

#[tokio::test]
async fn nobodys_memo_is_guessed_and_support_sends_it_back() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let memo = memo(&phone).await;
    let mut wrong = memo.clone().into_bytes();
    wrong.swap(4, 11);
    let texts = [
        String::new(), "谢谢".to_owned(), String::from_utf8(wrong).unwrap(), memo[..11].to_owned(), format!("{memo}7"), memo.repeat(2), "KB0000000098".to_owned(),
        memo.replace('K', "К"), "😀".repeat(1_000), "\u{202e}\u{200b}\0".to_owned(), "K".repeat(1 << 20), format!("{}{memo}", "KB".repeat(200)),
    ];
    let mut numbers = Vec::new();
    for (count, typed) in texts.iter().enumerate() {
        let number = send(&town, 100, typed, NAME).await;
        assert_eq!(stands(&town, &number).await, is("held", ""), "{count}");
        numbers.push(number);
    }
    later(&town);
    assert_eq!((town.balance(&phone).await, even(&town).await), (0, 1_200));
    assert_eq!(details(&phone).await.json["arrivals"], json!([]));
    let back = |number: &str| town.ask_dev_body("/dev/bank/incoming/return", json!({"support_no": number}));
    for number in &numbers {
        back(number).await;
        assert_eq!(stands(&town, number).await, is("returned", ""));
    }
    assert_eq!(even(&town).await, 0);
}

#[tokio::test]
async fn from_anybody_else_it_goes_back_whole_and_the_person_hears_why() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let memo = memo(&phone).await;
    for sender in ["李四", "张三丰", "张", "", "三张", "ZHANG SAN", "张三\u{202e}李四"] {
        let number = send(&town, 5_000, &memo, sender).await;
        later(&town);
        assert_eq!(stands(&town, &number).await, is("returned", "sender_not_you"), "{sender}");
    }
    assert_eq!((town.balance(&phone).await, even(&town).await), (0, 0));
    let entry = newest(&phone).await;
    assert_eq!((entry.kind, entry.state.as_str(), entry.receipt), (RecordKind::TopUp, "refused", None));
    let told = details(&phone).await.json["arrivals"][0].clone();
    assert_eq!((&told["why"], &told["state"], &told["record_id"]), (&json!("sender_not_you"), &json!("returned"), &json!(entry.record_id)));
    // While the bank takes nothing it lies in suspense; a lost answer sends it back once all the same.
    for fault in ["down", "hold", "lose_answer"] {
        let number = send(&town, 5_000, &memo, "").await;
        assert_eq!(stands(&town, &number).await.0, "returned");
        town.ask_dev("POST", "/dev/bank/faults", Some(json!({"movements": fault}))).await;
        let number = send(&town, 5_000, &memo, "李四").await;
        later(&town);
        if fault == "down" {
            assert_eq!(number, "", "a silent bank shows no statement");
        } else {
            assert_eq!(stands(&town, &number).await, is("returning", "sender_not_you"));
        }
        assert_eq!(town.balance(&phone).await, 0);
        town.audit().await;
        town.ask_dev("POST", "/dev/bank/faults", Some(json!({}))).await;
        later(&town);
        assert!(wires(&town).await.iter().all(|wire| wire["state"] == "returned"));
        assert_eq!(even(&town).await, 0);
    }
}

#[tokio::test]
async fn what_is_sent_at_a_weekend_arrives_with_the_next_batch() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let memo = memo(&phone).await;
    let weekend = 2 * 86_400_000;
    send_as(&town, json!({"amount_fen": 2_500, "memo": memo, "sender": NAME, "after_ms": weekend})).await;
    later(&town);
    assert_eq!((town.balance(&phone).await, even(&town).await), (0, 0));
    town.world.advance(weekend);
    later(&town);
    assert_eq!((town.balance(&phone).await, even(&town).await), (2_500, 2_500));
    // A clock that is put back meanwhile misses nothing.
    town.world.advance(-3 * 365 * 86_400_000);
    later(&town);
    town.world.advance(3 * 365 * 86_400_000);
    send(&town, 30, &memo, NAME).await;
    later(&town);
    assert_eq!((town.balance(&phone).await, even(&town).await), (2_530, 2_530));
}

#[tokio::test]
async fn what_the_limits_or_the_account_do_not_take_goes_back_and_is_not_swallowed() {
    let town = Town::new();
    let (phone, _) = town.person().await;
    let memo = memo(&phone).await;
    let account = |change: Value| {
        let mut body = json!({"account_id": phone.account});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let number = send(&town, 10_000_000_001, &memo, NAME).await;
    assert_eq!(stands(&town, &number).await.1, "limit_single");
    let number = send(&town, i64::MAX, &memo, NAME).await;
    assert_eq!(stands(&town, &number).await.1, "limit_single");
    later(&town);
    // Class I: what could never be spent is not taken.
    town.ask_dev("POST", "/dev/limits", Some(account(json!({"class": 1, "used": [{"counter": "life", "fen": 99_000}]})))).await;
    let (most, above) = (send(&town, 1_000, &memo, NAME).await, send(&town, 1, &memo, NAME).await);
    later(&town);
    assert_eq!((stands(&town, &most).await, stands(&town, &above).await), (is("credited", ""), is("returned", "limit_lifetime")));
    town.ask_dev("POST", "/dev/limits", Some(account(json!({"class": 3, "frozen": true})))).await;
    refused(&details(&phone).await, 403, "account_frozen");
    let number = send(&town, 500, &memo, NAME).await;
    later(&town);
    assert_eq!(stands(&town, &number).await, is("returned", "account_frozen"));
    assert_eq!(even(&town).await, 1_000);
    // Nobody whose name is not verified is told of an account to send money to.
    let mut newcomer = town.phone().await;
    ok(&newcomer.register("+8613800138077").await.unwrap());
    refused(&details(&newcomer).await, 409, "wrong_step");
    let (other, card) = town.person().await;
    let theirs = self::memo(&other).await;
    assert_ne!(theirs, memo);
    ok(&other.remove_card(other.make_id(), card, PIN).await.unwrap());
    close_for_good(&town, &other).await;
    let number = send(&town, 500, &theirs, NAME).await;
    later(&town);
    assert_eq!((stands(&town, &number).await, even(&town).await), (is("returned", "account_closed"), 1_000));
}

#[tokio::test]
async fn a_book_that_was_put_back_decides_the_same_again() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let memo = memo(&phone).await;
    let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone();
    let (mine, theirs, nobodys) = (send(&town, 8_000, &memo, NAME).await, send(&town, 300, &memo, "李四").await, send(&town, 50, "", NAME).await);
    later(&town);
    town.ask_dev_body("/dev/bank/incoming/return", json!({"support_no": nobodys})).await;
    let record = details(&phone).await.json["arrivals"].as_array().unwrap().iter().map(|row| row["record_id"].clone()).collect::<Vec<_>>();
    let quote = town.quote(&phone, json!({"kind": "withdraw", "amount": cny(6_000), "card_id": card})).await;
    ok(&put(&phone, &phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap()).await);
    assert_eq!((town.balance(&phone).await, even(&town).await), (2_000, 2_000));
    // The limits would say something else by now: what was decided is decided.
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot, "rebuild": false}))).await;
    refused(&details(&phone).await, 503, "service_down");
    town.ask_dev("POST", "/dev/limits", Some(json!({"account_id": phone.account, "class": 1, "used": [{"counter": "life", "fen": 99_999}]}))).await;
    for _ in 0..2 {
        town.ask_dev("POST", "/dev/rebuild", None).await;
        later(&town);
        assert_eq!((stands(&town, &mine).await, stands(&town, &theirs).await), (is("credited", ""), is("returned", "sender_not_you")));
        assert_eq!(stands(&town, &nobodys).await, is("returned", ""));
        assert_eq!((town.balance(&phone).await, even(&town).await), (2_000, 2_000));
    }
    let again = details(&phone).await.json["arrivals"].as_array().unwrap().iter().map(|row| row["record_id"].clone()).collect::<Vec<_>>();
    assert_eq!(again, record);
}

#[tokio::test]
async fn a_closed_account_of_a_book_that_was_put_back_is_paid_nothing_twice() {
    let town = Town::new();
    let (phone, card) = town.person().await;
    let memo = memo(&phone).await;
    let snapshot = town.ask_dev("POST", "/dev/snapshot", None).await["snapshot"].clone();
    let number = send(&town, 8_000, &memo, NAME).await;
    let quote = town.quote(&phone, json!({"kind": "withdraw", "amount": cny(8_000), "card_id": card})).await;
    ok(&put(&phone, &phone.payment(phone.make_id(), &quote, json!({"kind": "balance"}), Some(PIN)).unwrap()).await);
    ok(&phone.remove_card(phone.make_id(), card, PIN).await.unwrap());
    close_for_good(&town, &phone).await;
    assert_eq!(even(&town).await, 0);
    town.ask_dev("POST", "/dev/restore", Some(json!({"snapshot": snapshot, "rebuild": true}))).await;
    later(&town);
    assert_eq!((stands(&town, &number).await, even(&town).await), (is("credited", ""), 0));
}
