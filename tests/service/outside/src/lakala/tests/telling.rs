//! Notifications.

use super::*;

#[test]
fn a_payment_is_told_and_the_merchant_can_check_it() {
    let shop = Shop::open();
    shop.charge("T1", CODE, 2350);
    let due = shop.acquirer.due(shop.now()).unwrap();
    assert_eq!((due.len(), due[0].url.as_str()), (1, "http://127.0.0.1:9/notify"));
    let told = shop.till.read_notification(&due[0].headers, &due[0].body).unwrap();
    assert_eq!((told.out_trade_no.as_str(), told.data["trade_status"].as_str()), ("T1", Some("SUCCESS")));
    assert_eq!(told.data["total_amount"], "2350");
    let mut forged = due[0].body.clone();
    forged[5] ^= 1;
    assert_eq!(shop.till.read_notification(&due[0].headers, &forged), Err(TillError::Forged));
    // Being delivered: not given out again.
    assert!(shop.acquirer.due(shop.now()).unwrap().is_empty());
    shop.acquirer.acknowledged(due[0].id, true, shop.now()).unwrap();
    assert!(shop.acquirer.due(shop.now().plus_ms(86_400_000)).unwrap().is_empty());
}

#[test]
fn it_is_repeated_after_the_pauses_and_then_given_up() {
    let shop = Shop::open();
    shop.charge("T1", CODE, 2350);
    let pauses = [0, 1, 5, 5, 10, 180, 600, 1200, 1800, 3600, 7200];
    for pause in pauses {
        if pause > 0 {
            shop.world.advance(pause * 1000 - 1);
            assert!(shop.acquirer.due(shop.now()).unwrap().is_empty(), "{pause}");
            shop.world.advance(1);
        }
        let due = shop.acquirer.due(shop.now()).unwrap();
        assert_eq!(due.len(), 1, "{pause}");
        shop.till.read_notification(&due[0].headers, &due[0].body).unwrap();
        shop.acquirer.acknowledged(due[0].id, false, shop.now()).unwrap();
    }
    assert!(shop.acquirer.due(shop.now().plus_ms(86_400_000)).unwrap().is_empty());
}

#[test]
fn a_delivery_that_was_lost_with_the_process_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lakala.db");
    let shop = Shop::at(Some(&path), Arc::default(), Arc::new(TestWorld::new(7)));
    shop.charge("T1", CODE, 2350);
    assert_eq!(shop.acquirer.due(shop.now()).unwrap().len(), 1);
    let (wallet, world) = (shop.wallet.clone(), shop.world.clone());
    drop(shop);
    let shop = Shop::at(Some(&path), wallet, world);
    assert_eq!(shop.acquirer.due(shop.now()).unwrap().len(), 1);
    // And one of which nothing was heard.
    shop.world.advance(60_000);
    assert_eq!(shop.acquirer.due(shop.now()).unwrap().len(), 1);
}

#[test]
fn nothing_is_told_of_what_was_not_paid_or_to_another_machine() {
    let shop = Shop::open();
    shop.charge("T1", "979999999999999999999999", 2350);
    let order = Micropay { out_trade_no: "T2", auth_code: CODE, amount_fen: 1, subject: "", notify_url: Some("http://192.0.2.1/n") };
    assert_eq!(shop.send(&shop.till.micropay(&order).unwrap()).code, "BBS00000");
    assert!(shop.acquirer.due(shop.now().plus_ms(86_400_000)).unwrap().is_empty());
}

#[test]
fn the_switch_tells_twice() {
    let shop = Shop::open();
    shop.acquirer.set_faults(AcquirerFaults { duplicate_notifications: true, ..Default::default() });
    shop.charge("T1", CODE, 2350);
    let first = shop.acquirer.due(shop.now()).unwrap();
    shop.acquirer.acknowledged(first[0].id, true, shop.now()).unwrap();
    shop.world.advance(1_000);
    let second = shop.acquirer.due(shop.now()).unwrap();
    assert_eq!(second[0].body, first[0].body);
    shop.acquirer.acknowledged(second[0].id, true, shop.now()).unwrap();
    assert!(shop.acquirer.due(shop.now().plus_ms(86_400_000)).unwrap().is_empty());
}

#[test]
fn only_success_is_an_acknowledgement() {
    assert!(is_acknowledgement(200, b"{\"code\":\"SUCCESS\",\"message\":\"ok\"}"));
    for (status, body) in [(200, "SUCCESS"), (200, "{\"code\":\"FAIL\"}"), (500, "{\"code\":\"SUCCESS\"}"), (200, ""), (200, "{}")] {
        assert!(!is_acknowledgement(status, body.as_bytes()), "{status} {body}");
    }
}
