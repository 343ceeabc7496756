//! The table of card beginnings as the service sends it: it names banks, and stops nobody.

use crate::common::cards::{at_bank, bound, typed};
use crate::common::moves::killed;
use crate::common::people::card_number;
use crate::common::story;
use kabao_base::Code;
use kabao_simulation::Weather;
use serde_json::json;

#[test]
fn a_newer_table_of_beginnings_names_another_bank_and_stops_nobody() {
    story("beginnings", async |mut story| {
        let (pan, new) = (card_number(1), "6299990000000009");
        let before = story.wallet().cards().look(pan.clone());
        assert!(before.bank_code.is_some() && story.wallet().cards().look(new.to_owned()).bank_code.is_none());
        let banks = json!([{"code": "NEU", "name": "新银行", "cards": ["DC16 629999"]}]);
        story.all.console.post("/dev/feeds/cards", json!({ "change": { "banks": banks } })).await.unwrap();
        story.wallet().history().sync().await.unwrap();
        for _ in 0..2 {
            assert_eq!(story.wallet().cards().beginnings().await.unwrap().version, 2);
            assert_eq!(story.wallet().cards().look(new.to_owned()).bank_code.as_deref(), Some("NEU"));
            let look = story.wallet().cards().look(pan.clone());
            assert_eq!((look.bank_code, look.state), (None, before.state), "no name, and no obstacle");
            // Killed and opened again without network.
            story.all.phone.crash().await;
            story.all.net.set(Weather { off: true, ..Weather::default() });
            story.all.phone.start().await.unwrap();
        }
        story.all.net.set(Weather::default());
        at_bank(&story, &pan, json!({})).await;
        let wallet = story.wallet();
        let card = bound(&story, &wallet, typed(&pan)).await;
        assert_eq!(card.last4, pan[pan.len() - 4..]);
        wallet.lock().await.unwrap();
        assert!(wallet.cards().beginnings().await.unwrap_err().is(Code::Locked));
    });
}

#[test]
fn killed_while_a_table_of_beginnings_is_taken_up_it_is_the_old_one_or_the_new_one() {
    story("beginnings-killed", async |mut story| {
        let banks = json!([{"code": "NEU", "name": "新银行", "cards": ["DC16 629999"]}]);
        let mut taken = 1;
        for effects in 1u32..40 {
            let next = u64::from(effects) + 1;
            story.all.console.post("/dev/feeds/cards", json!({ "change": { "banks": banks } })).await.unwrap();
            let (wallet, host) = (story.wallet(), std::sync::Arc::clone(&story.all.phone.host));
            let came = killed(&host, effects, wallet.cards().refresh_beginnings()).await;
            drop(wallet);
            story.all.phone.crash().await;
            let again = story.all.phone.start().await.unwrap();
            let now = again.cards().beginnings().await.unwrap();
            assert!(now.version == taken || now.version == next, "{effects}: {now:?}");
            assert_eq!(again.history().verify().await.unwrap().first_wrong_event, None);
            taken = again.cards().refresh_beginnings().await.unwrap().version;
            assert_eq!(taken, next);
            if came.is_some() {
                return;
            }
        }
        panic!("it never came to its end");
    });
}
