//! What an order goes through.

use super::*;

#[test]
fn a_charge_is_paid_and_named() {
    let shop = Shop::open();
    let paid = shop.charge("T1", CODE, 2350);
    assert_eq!(paid.code, "BBS00000");
    let text = |name: &str| paid.data[name].as_str().unwrap().to_owned();
    assert_eq!((text("out_trade_no"), text("total_amount"), text("payer_amount")), ("T1".into(), "2350".into(), "2350".into()));
    assert!(text("trade_no").ends_with(&text("log_no")) && text("log_no").len() == 14);
    assert_eq!(text("acc_trade_no"), format!("w-{}", text("trade_no")));
    assert_eq!((text("account_type"), text("trade_time")), ("KABAO".into(), "20261122121910".into()));
    assert_eq!(shop.state("T1"), "SUCCESS");
    let by_platform_number = |number: &str| {
        shop.send(&shop.till.request(TRADEQUERY, serde_json::json!({"trade_no": number})).unwrap()).code
    };
    assert_eq!(by_platform_number(&text("trade_no")), "BBS00000");
    assert_eq!(by_platform_number("2026112211"), "KB20002");
    assert_eq!(by_platform_number(""), "KB10007");
}

#[test]
fn a_repeated_order_charges_nothing() {
    let shop = Shop::open();
    assert_eq!(shop.charge("T1", CODE, 2350).code, "BBS00000");
    let calls = shop.wallet.calls();
    for (code, fen) in [(CODE, 2350), (CODE, 100), ("970000000000000000000002", 2350), ("134500000000000000", 2350)] {
        assert_eq!(shop.charge("T1", code, fen).code, "KB20001");
    }
    assert_eq!((shop.wallet.calls(), shop.wallet.moved()), (calls, 2350));
    // A refused order is used up too, and so is the number of a refund.
    assert_eq!(shop.charge("T2", CODE, 2350).code, "KB20003");
    assert_eq!(shop.charge("T2", "970000000000000000000003", 2350).code, "KB20001");
    assert_eq!(shop.refund("R1", "T1", 50).code, "BBS00000");
    assert_eq!(shop.charge("R1", "970000000000000000000004", 2350).code, "KB20001");
    assert_eq!(shop.refund("T1", "T1", 50).code, "KB20001");
    assert_eq!(shop.refund("R1", "T1", 50).code, "KB20001");
    assert_eq!(shop.revoke("R1", "T1").code, "KB20001");
    assert_eq!(shop.wallet.moved(), 2300);
}

#[test]
fn refusals_have_words_of_their_own() {
    let shop = Shop::open();
    let used = shop.charge("T1", "979999999999999999999999", 2350);
    assert_eq!((used.code.as_str(), used.msg.contains("code_unknown")), ("KB20003", true));
    assert_eq!(shop.state("T1"), "FAIL");
    shop.wallet.asks(true);
    assert_eq!(shop.charge("T2", CODE, 2350).code, "BBS10000");
    assert_eq!(shop.state("T2"), "DEAL");
    shop.wallet.payer(Some("ask_lapsed"));
    let answer = shop.send(&shop.till.query("T2").unwrap());
    assert_eq!((answer.data["trade_state"].as_str(), answer.data["fail_reason"].as_str()), (Some("FAIL"), Some("ask_lapsed")));
    assert_eq!(shop.wallet.moved(), 0);
}

#[test]
fn a_waiting_order_is_paid_later_without_the_till() {
    let shop = Shop::open();
    shop.wallet.asks(true);
    assert_eq!(shop.charge("T1", CODE, 50_000).code, "BBS10000");
    assert_eq!(shop.acquirer.poll(shop.now()).unwrap(), 0);
    shop.wallet.payer(None);
    shop.world.advance(5_000);
    assert_eq!(shop.acquirer.poll(shop.now()).unwrap(), 1);
    assert_eq!(shop.acquirer.due(shop.now()).unwrap().len(), 1);
    assert_eq!(shop.acquirer.poll(shop.now().plus_ms(86_400_000)).unwrap(), 0);
    assert_eq!(shop.state("T1"), "SUCCESS");
}

#[test]
fn ten_thousand_random_codes_buy_nothing() {
    let shop = Shop::open();
    let mut bytes = [0u8; 32];
    for round in 0..10_000 {
        shop.world.random(&mut bytes);
        let digits: String = bytes.iter().take(22).map(|byte| char::from(b'0' + byte % 10)).collect();
        let owner = shop.acquirer.code_owner(&format!("97{digits}"));
        assert_eq!(owner, crate::lakala::fields::CodeOwner::Ours);
        // Signing takes milliseconds: every hundredth goes all the way.
        if round % 100 == 0 {
            let answer = shop.charge(&format!("T{round}"), &format!("97{digits}"), 1);
            assert_eq!(answer.code, "KB20003");
        }
    }
    assert_eq!((shop.wallet.moved(), shop.wallet.calls()), (0, 100));
}

#[test]
fn a_lost_answer_is_found_by_query() {
    let shop = Shop::open();
    // The wallet service did it and its answer was lost.
    shop.wallet.loses_answer(true);
    assert_eq!(shop.charge("T1", CODE, 2350).code, "BBS11112");
    assert_eq!(shop.state("T1"), "UNKNOWN");
    shop.wallet.loses_answer(false);
    assert_eq!(shop.state("T1"), "SUCCESS");
    // The acquirer did it and says *still paying*.
    let faults = AcquirerFaults { lose_answer: true, silent_queries: true, delay_ms: 30, cut: true, ..Default::default() };
    shop.acquirer.set_faults(faults);
    let order = Micropay { out_trade_no: "T2", auth_code: "970000000000000000000002", amount_fen: 100, subject: "", notify_url: None };
    let request = shop.till.micropay(&order).unwrap();
    let response = shop.acquirer.handle(request.path, &request.headers, &request.body, shop.now());
    assert_eq!((response.delay_ms, response.cut), (30, true));
    assert_eq!(shop.till.read_answer(200, &response.headers, &response.body).unwrap().code, "BBS10000");
    assert_eq!(shop.state("T2"), "DEAL");
    shop.acquirer.set_faults(AcquirerFaults::default());
    assert_eq!(shop.state("T2"), "SUCCESS");
    assert_eq!(shop.wallet.moved(), 2450);
}

#[test]
fn a_charge_that_never_arrived_fails_and_stays_failed() {
    let shop = Shop::open();
    shop.wallet.down(true);
    assert_eq!(shop.charge("T1", CODE, 2350).code, "BBS11112");
    assert_eq!(shop.state("T1"), "UNKNOWN");
    shop.wallet.down(false);
    assert_eq!(shop.state("T1"), "FAIL");
    assert_eq!(shop.wallet.moved(), 0);
    assert_eq!(shop.charge("T2", CODE, 2350).code, "BBS00000");
}

#[test]
fn refunds_add_up_to_the_payment_and_no_further() {
    let shop = Shop::open();
    shop.charge("T1", CODE, 2350);
    assert_eq!(shop.refund("R0", "T1", 2351).code, "KB20011");
    let part = shop.refund("R1", "T1", 1000);
    assert_eq!((part.code.as_str(), part.data["refund_amount"].as_str()), ("BBS00000", Some("1000")));
    assert_eq!(part.data["origin_out_trade_no"], "T1");
    assert_eq!(shop.state("T1"), "PART_REFUND");
    assert_eq!(shop.state("R1"), "SUCCESS");
    assert_eq!(shop.refund("R2", "T1", 1351).code, "KB20011");
    assert_eq!(shop.revoke("V1", "T1").code, "KB20012");
    assert_eq!(shop.refund("R3", "T1", 1350).code, "BBS00000");
    assert_eq!(shop.state("T1"), "REFUND");
    assert_eq!(shop.refund("R4", "T1", 1).code, "KB20011");
    assert_eq!(shop.refund("R5", "R1", 1).code, "KB20012");
    assert_eq!(shop.refund("R6", "T9", 1).code, "KB20002");
    assert_eq!(shop.wallet.moved(), 0);
}

#[test]
fn a_refund_without_an_answer_holds_its_amount_and_is_done_once() {
    let shop = Shop::open();
    shop.charge("T1", CODE, 2350);
    shop.wallet.loses_answer(true);
    assert_eq!(shop.refund("R1", "T1", 2000).code, "BBS11112");
    assert_eq!(shop.state("R1"), "UNKNOWN");
    assert_eq!(shop.refund("R2", "T1", 2000).code, "KB20011");
    shop.wallet.loses_answer(false);
    shop.world.advance(5_000);
    shop.acquirer.poll(shop.now()).unwrap();
    assert_eq!((shop.state("R1").as_str(), shop.state("T1").as_str()), ("SUCCESS", "PART_REFUND"));
    assert_eq!(shop.wallet.moved(), 350);
}

#[test]
fn a_revocation_undoes_what_was_paid_and_what_waits() {
    let shop = Shop::open();
    shop.charge("T1", CODE, 2350);
    assert_eq!(shop.revoke("V1", "T1").code, "BBS00000");
    assert_eq!(shop.state("T1"), "REVOKED");
    assert_eq!(shop.revoke("V2", "T1").code, "KB20012");
    assert_eq!(shop.refund("R1", "T1", 1).code, "KB20012");
    shop.wallet.asks(true);
    shop.charge("T2", "970000000000000000000002", 50_000);
    assert_eq!(shop.revoke("V3", "T2").code, "BBS00000");
    assert_eq!(shop.state("T2"), "REVOKED");
    shop.wallet.payer(None);
    assert_eq!(shop.state("T2"), "REVOKED");
    // A failed payment has nothing to undo.
    shop.charge("T3", "979999999999999999999999", 1);
    assert_eq!(shop.revoke("V4", "T3").code, "KB20012");
    assert_eq!(shop.wallet.moved(), 0);
}

#[test]
fn a_revocation_settles_an_order_whose_answer_was_lost() {
    let shop = Shop::open();
    shop.wallet.loses_answer(true);
    assert_eq!(shop.charge("T1", CODE, 2350).code, "BBS11112");
    assert_eq!(shop.revoke("V1", "T1").code, "BBS11112");
    shop.wallet.loses_answer(false);
    shop.world.advance(5_000);
    shop.acquirer.poll(shop.now()).unwrap();
    assert_eq!((shop.state("V1").as_str(), shop.state("T1").as_str()), ("SUCCESS", "REVOKED"));
    // And one that never arrived: nothing to undo, and it will not arrive.
    shop.wallet.down(true);
    shop.charge("T2", "970000000000000000000002", 2350);
    assert_eq!(shop.revoke("V2", "T2").code, "BBS11112");
    shop.wallet.down(false);
    assert_eq!(shop.state("V2"), "SUCCESS");
    assert_eq!(shop.state("T2"), "REVOKED");
    assert_eq!(shop.wallet.moved(), 0);
}

#[test]
fn orders_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lakala.db");
    let shop = Shop::at(Some(&path), Arc::default(), Arc::new(TestWorld::new(7)));
    shop.charge("T1", CODE, 2350);
    shop.refund("R1", "T1", 350);
    shop.wallet.loses_answer(true);
    shop.charge("T2", "970000000000000000000002", 100);
    let (wallet, world) = (shop.wallet.clone(), shop.world.clone());
    drop(shop);
    wallet.loses_answer(false);
    let shop = Shop::at(Some(&path), wallet, world);
    assert_eq!(shop.charge("T1", "970000000000000000000003", 2350).code, "KB20001");
    assert_eq!((shop.state("T1").as_str(), shop.state("T2").as_str()), ("PART_REFUND", "SUCCESS"));
    let book = shop.acquirer.book(Timestamp::from_ms(0)).unwrap();
    let kinds: Vec<_> = book.iter().map(|line| (line.kind.as_str(), line.merchant_order.as_str(), line.amount.minor)).collect();
    assert_eq!(kinds, [("refund", "R1", 350), ("pay", "T1", 2350), ("pay", "T2", 100)]);
    assert!(book.iter().all(|line| line.our_order.as_deref().is_some_and(|order| order.starts_with("w-"))));
    // The digits that the till read are nobody's business afterwards.
    crate::testing::assert_absent(folder.path(), &[CODE, "970000000000000000000002"]);
}

#[test]
fn two_tills_with_one_number_charge_once() {
    let shop = Shop::open();
    let codes = ["970000000000000000000001", "970000000000000000000002", "970000000000000000000003", "970000000000000000000004"];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let shop = &shop;
        let till = |code| scope.spawn(move || shop.charge("T1", code, 100).code);
        codes.map(till).map(|till| till.join().unwrap()).to_vec()
    });
    assert_eq!(answers.iter().filter(|code| *code == "BBS00000").count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|code| *code == "KB20001").count(), 3);
    assert_eq!(shop.wallet.moved(), 100);
}

#[test]
fn without_a_wallet_service_nothing_is_decided() {
    let world = Arc::new(TestWorld::new(7));
    let shop = Shop::at(None, Arc::default(), world);
    let gone: std::sync::Weak<FakeWallet> = std::sync::Weak::new();
    shop.acquirer.set_wallet(gone);
    assert_eq!(shop.charge("T1", CODE, 1).code, "BBS11112");
    assert_eq!(shop.state("T1"), "UNKNOWN");
    assert_eq!(shop.revoke("V1", "T1").code, "BBS11112");
}

/// A wallet service in whose doorway a till asks about the very order that is being charged.
struct Doorway {
    wallet: FakeWallet,
    shop: std::sync::Mutex<std::sync::Weak<Shop>>,
    seen: std::sync::Mutex<Vec<String>>,
}

impl WalletService for Doorway {
    fn charge(&self, charge: &crate::port::Charge) -> crate::port::ChargeAnswer {
        assert!(!format!("{charge:?}").contains(&charge.code));
        let shop = self.shop.lock().unwrap().upgrade().unwrap();
        shop.world.advance(6_000);
        shop.acquirer.poll(shop.now()).unwrap();
        self.seen.lock().unwrap().push(shop.state(&charge.merchant_order));
        self.seen.lock().unwrap().push(shop.revoke("V1", &charge.merchant_order).code);
        self.wallet.charge(charge)
    }

    fn charge_state(&self, route: &str, acquirer_order: &str) -> crate::port::ChargeAnswer {
        self.wallet.charge_state(route, acquirer_order)
    }

    fn refund(&self, route: &str, acquirer_order: &str, refund_order: &str, amount: kabao_base::Money) -> crate::port::ChargeAnswer {
        self.wallet.refund(route, acquirer_order, refund_order, amount)
    }

    fn revoke(&self, _: &str, _: &str, _: &str) -> crate::port::ChargeAnswer {
        crate::port::ChargeAnswer::Unknown
    }
}

#[test]
fn a_query_during_the_charge_concludes_nothing() {
    let shop = Arc::new(Shop::open());
    let doorway = Arc::new(Doorway {
        wallet: FakeWallet::default(),
        shop: std::sync::Mutex::new(Arc::downgrade(&shop)),
        seen: std::sync::Mutex::default(),
    });
    let service: Arc<dyn WalletService> = doorway.clone();
    shop.acquirer.set_wallet(Arc::downgrade(&service));
    assert_eq!(shop.charge("T1", CODE, 2350).code, "BBS00000");
    assert_eq!(*doorway.seen.lock().unwrap(), ["UNKNOWN", "BBS11112"]);
    assert_eq!(shop.state("T1"), "SUCCESS");
}
