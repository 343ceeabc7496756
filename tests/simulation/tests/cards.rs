//! Cards: every call killed at every effect and gone on with, said twice, raced by another phone of the same person, with clocks
//! that are years off, and after the service came back from an old copy.

use crate::common::cards::*;
use crate::common::moves::*;
use crate::common::people::card_number;
use crate::common::{Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::cards::{BindRequest, CardView};
use kabao_core::pay::QuoteRequest;
use kabao_money::payment::PaymentState;
use kabao_simulation::Weather;
use kabao_simulation::phone::{CARD, PIN};
use serde_json::json;
use std::time::Duration;

/// A binding and how a person comes to its end.
struct Wish {
    request: BindRequest,
    replaces: Option<String>,
}

impl Wish {
    fn tail(&self) -> &str {
        &self.request.card_number[self.request.card_number.len() - 4..]
    }

    async fn begin(&self, wallet: &Wallet) -> String {
        let cards = wallet.cards();
        let binding = match &self.replaces {
            Some(old) => cards.replace(old.clone(), self.request.clone()).await,
            None => cards.bind(self.request.clone()).await,
        };
        binding.unwrap().binding_id
    }

    /// What a person does after the app was killed: asks what became of it, enters the code that waits, types the card again when
    /// nothing arrived.
    async fn go_on(&self, story: &Story, wallet: &Wallet) -> CardView {
        let cards = wallet.cards();
        for _ in 0..4 {
            cards.resume().await.unwrap();
            if let Some(card) = cards.refresh().await.unwrap().into_iter().find(|card| card.last4 == self.tail()) {
                return card;
            }
            let waiting = cards.waiting().await.unwrap();
            match waiting.first() {
                Some(binding) => drop(cards.confirm(binding.binding_id.clone(), otp(story).await).await.unwrap()),
                None => drop(self.begin(wallet).await),
            }
        }
        panic!("the card is not bound in the end: {:?}", cards.waiting().await);
    }
}

#[test]
fn killed_at_any_effect_a_card_is_bound_once() {
    story("cards-kill", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let (mut points, mut which) = (0, 100);
        for (way, call) in [
            ("debit", "bind"), ("debit", "confirm"), ("credit", "bind"), ("credit", "confirm"), ("wrong", "bind"), ("replace", "bind"), ("replace", "confirm"),
        ] {
            for effects in 1.. {
                which += 2;
                points += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
                let wallet = story.wallet();
                let (pan, old_pan) = (card_number(which), card_number(which + 1));
                let credit = json!({ "kind": "credit", "expiry": "0829", "cvv": "837" });
                at_bank(&story, &pan, if way == "credit" { credit } else { json!({}) }).await;
                let request = if way == "credit" { printed(&pan, "08/29") } else { typed(&pan) };
                let mut replaces = None;
                if way == "replace" {
                    at_bank(&story, &old_pan, json!({})).await;
                    let old = bound(&story, &wallet, typed(&old_pan)).await.card_id;
                    wallet.cards().set_default(Some(old.clone())).await.unwrap();
                    wallet.cards().order(vec![old.clone(), "balance".to_owned()]).await.unwrap();
                    replaces = Some(old);
                }
                let wish = Wish { request, replaces };
                let cards = wallet.cards();
                let came = if call == "bind" {
                    let name = if way == "wrong" { "李四" } else { "张三" };
                    let request = BindRequest { name: name.to_owned(), ..wish.request.clone() };
                    match &wish.replaces {
                        Some(old) => killed(&story.all.phone.host, effects, cards.replace(old.clone(), request)).await.map(drop),
                        None => killed(&story.all.phone.host, effects, cards.bind(request)).await.map(|came| match came {
                            Ok(_) => assert_ne!(way, "wrong"),
                            Err(error) => assert!(error.is(Code::CardNameRefused) && error.failure().field.as_deref() == Some("name"), "{error:?}"),
                        }),
                    }
                } else {
                    let binding = wish.begin(&wallet).await;
                    killed(&story.all.phone.host, effects, cards.confirm(binding, otp(&story).await)).await.map(|came| drop(came.unwrap()))
                };
                drop((cards, wallet));
                story.all.phone.crash().await;
                let again = story.all.phone.start().await.unwrap();
                let card = wish.go_on(&story, &again).await;
                let at = format!("{way} {call} {effects}");
                let cards = again.cards();
                assert_eq!(cards.waiting().await.unwrap(), [], "{at}");
                let listed = cards.refresh().await.unwrap();
                assert_eq!(listed.iter().filter(|listed| listed.last4 == wish.tail()).count(), 1, "{at}: {listed:?}");
                if let Some(old) = &wish.replaces {
                    // The new card has the place of the old one, also in what the person chose.
                    assert_eq!(card.replaces.as_ref(), Some(old), "{at}");
                    let replaced = cards.earlier().await.unwrap();
                    assert!(replaced.iter().any(|card| card.card_id == *old && card.state == "replaced"), "{at}");
                    let sources = cards.sources().await.unwrap();
                    assert_eq!(sources.default_passed_over, None, "{at}");
                    let first = &sources.sources[0];
                    assert!(first.source == card.card_id && first.is_default && first.proposed, "{at}: {sources:?}");
                }
                cards.unbind(card.card_id, PIN.to_owned()).await.unwrap();
                if came.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 40, "{points} points");
        let verified = story.wallet().history().verify().await.unwrap();
        assert_eq!(verified.first_wrong_event, None);
    });
}

#[test]
fn killed_at_any_effect_choosing_and_removing_is_whole_or_not_begun() {
    story("cards-choose", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let pan = card_number(1);
        at_bank(&story, &pan, json!({})).await;
        let card = bound(&story, &story.wallet(), typed(&pan)).await.card_id;
        let mut points = 0;
        for call in ["default", "order", "unbind"] {
            for effects in 1.. {
                points += 1;
                let wallet = story.wallet();
                let cards = wallet.cards();
                let back_to = |order: &[&str]| order.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
                cards.set_default(None).await.unwrap();
                cards.order(back_to(&["balance", &card])).await.unwrap();
                let host = std::sync::Arc::clone(&story.all.phone.host);
                let came = match call {
                    "default" => killed(&host, effects, cards.set_default(Some(card.clone()))).await.map(|came| drop(came.unwrap())),
                    "order" => killed(&host, effects, cards.order(back_to(&[&card, "balance"]))).await.map(|came| drop(came.unwrap())),
                    _ => killed(&host, effects, cards.unbind(card.clone(), PIN.to_owned())).await.map(|came| drop(came.unwrap())),
                };
                drop((cards, wallet));
                story.all.phone.crash().await;
                let again = story.all.phone.start().await.unwrap();
                let (cards, at) = (again.cards(), format!("{call} {effects}"));
                let sources = cards.sources().await.unwrap();
                let chosen: Vec<_> = sources.sources.iter().filter(|source| source.is_default).map(|source| source.source.clone()).collect();
                let first = sources.sources.first().map(|source| source.source.clone()).unwrap();
                match call {
                    "default" => {
                        assert!(chosen.is_empty() || chosen == [card.clone()], "{at}: {chosen:?}");
                        assert!(came.is_none() || chosen == [card.clone()], "{at}");
                    }
                    "order" => {
                        assert!(first == card || first == "balance", "{at}: {first}");
                        assert!(came.is_none() || first == card, "{at}");
                    }
                    _ => {
                        // Removed already is removed, and the PIN is not used up by asking again.
                        for _ in 0..2 {
                            assert_eq!(cards.unbind(card.clone(), PIN.to_owned()).await.unwrap().state, "unbound", "{at}");
                        }
                        let listed = cards.refresh().await.unwrap();
                        assert!(listed.iter().all(|listed| listed.card_id != card), "{at}: {listed:?}");
                        assert_eq!(cards.earlier().await.unwrap().iter().filter(|earlier| earlier.card_id == card).count(), 1, "{at}");
                        // The same number is the same card, good again.
                        let same = bound(&story, &again, typed(&pan)).await;
                        assert_eq!((same.card_id.as_str(), same.state.as_str()), (card.as_str(), "bound"), "{at}");
                    }
                }
                if came.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 12, "{points} points");
    });
}

#[test]
fn the_same_call_twice_at_once_is_one_card() {
    story("cards-twice", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let pan = card_number(1);
        at_bank(&story, &pan, json!({})).await;
        let wallet = story.wallet();
        let cards = wallet.cards();
        let (one, two) = tokio::join!(cards.bind(typed(&pan)), cards.bind(typed(&pan)));
        let (one, two) = (one.unwrap().binding_id, two.unwrap().binding_id);
        assert_ne!(one, two);
        let sent = codes(&story, 2).await;
        let (first, second) = (confirmed(&wallet, &one, &sent).await, confirmed(&wallet, &two, &sent).await);
        assert_eq!(first.card_id, second.card_id);
        let three = cards.bind(typed(&pan)).await.unwrap().binding_id;
        let code = otp(&story).await;
        let (a, b) = tokio::join!(cards.confirm(three.clone(), code.clone()), cards.confirm(three.clone(), code.clone()));
        assert_eq!((a.unwrap().card_id, b.unwrap().card_id), (first.card_id.clone(), first.card_id.clone()));
        assert_eq!(cards.waiting().await.unwrap(), []);
        assert_eq!(cards.refresh().await.unwrap().len(), 2);
        let id = || Some(first.card_id.clone());
        let (a, b) = tokio::join!(cards.set_default(id()), cards.set_default(id()));
        assert_eq!(a.unwrap(), b.unwrap());
        let remove = || cards.unbind(first.card_id.clone(), PIN.to_owned());
        let (a, b) = tokio::join!(remove(), remove());
        assert_eq!((a.unwrap().state.as_str(), b.unwrap().state.as_str()), ("unbound", "unbound"));
        // What was the default is passed over, with the reason.
        let passed = cards.sources().await.unwrap().default_passed_over.unwrap();
        assert_eq!(passed.code, Code::CardUnbound.as_str());
        assert_eq!((cards.refresh().await.unwrap().len(), cards.earlier().await.unwrap().len()), (1, 1));
    });
}

#[test]
fn two_phones_of_one_person_have_the_same_cards() {
    story("cards-two", async |story: Story| {
        let mut other = story.another("beside");
        let (here, there) = (story.wallet(), story.signed_in(&mut other).await);
        let (pan, new_pan) = (card_number(1), card_number(2));
        at_bank(&story, &pan, json!({})).await;
        at_bank(&story, &new_pan, json!({})).await;
        let (a, b) = (here.cards(), there.cards());
        let (one, two) = tokio::join!(a.bind(typed(&pan)), b.bind(typed(&pan)));
        let sent = codes(&story, 2).await;
        let first = confirmed(&here, &one.unwrap().binding_id, &sent).await.card_id;
        assert_eq!(confirmed(&there, &two.unwrap().binding_id, &sent).await.card_id, first);
        // A binding is of the phone that began it: the other one knows nothing of it.
        let begun = a.bind(typed(&pan)).await.unwrap().binding_id;
        assert!(b.confirm(begun, otp(&story).await).await.unwrap_err().is(Code::NotFound));
        // Replaced here, the choice of the other phone follows as soon as it hears of it.
        b.set_default(Some(first.clone())).await.unwrap();
        let binding = a.replace(first.clone(), typed(&new_pan)).await.unwrap().binding_id;
        let card = a.confirm(binding, otp(&story).await).await.unwrap().card_id;
        b.refresh().await.unwrap();
        let sources = b.sources().await.unwrap();
        assert_eq!(sources.default_passed_over, None);
        assert!(sources.sources.iter().any(|source| source.source == card && source.is_default), "{sources:?}");
        // Removed here while it pays there: one of the two comes first, and money moves once or not at all.
        let (mut paid, mut late) = (0, 0);
        for turn in 0..10u64 {
            let hold = |path: &str, ms: u64| json!({ "path_prefix": path, "method": "PUT", "times": 1, "action": { "hold_ms": ms } });
            story.all.console.post("/dev/faults", hold("/v1/card-removals", turn % 3 * 9)).await.unwrap();
            story.all.console.post("/dev/faults", hold("/v1/payments", turn % 4 * 7)).await.unwrap();
            let request = QuoteRequest::TopUp { amount: format!("3.{turn:02}"), card_id: card.clone() };
            let quote = other.quote(request).await.unwrap();
            let (removed, view) = tokio::join!(a.unbind(card.clone(), PIN.to_owned()), other.confirm(quote));
            let view = view.unwrap();
            match view.state {
                PaymentState::Succeeded => paid += 1,
                PaymentState::Failed => {
                    assert_eq!(view.failure.unwrap().code, Code::CardUnbound.as_str(), "{turn}");
                    late += 1;
                }
                state => panic!("{turn}: {state:?}"),
            }
            if let Err(error) = removed {
                assert!(error.is(Code::CardInFlight), "{turn}: {error:?}");
                a.unbind(card.clone(), PIN.to_owned()).await.unwrap();
            }
            assert!(b.refresh().await.unwrap().iter().all(|listed| listed.card_id != card), "{turn}");
            assert_eq!(bound(&story, &here, typed(&new_pan)).await.card_id, card, "{turn}");
            b.refresh().await.unwrap();
        }
        println!("{paid} paid, {late} too late");
        assert!(paid > 0 && late > 0, "{paid} paid, {late} too late");
        let executions = story.executions().await;
        assert_eq!(executions.len(), paid);
        assert!(executions.iter().all(|execution| execution["count"] == json!(1)), "{executions:?}");
    });
}

#[test]
fn clocks_three_years_off_refuse_no_card_that_is_good() {
    for years in [-3i64, 3] {
        story("cards-clock", async |mut story: Story| {
            for (which, started_anew) in [(1, false), (2, true)] {
                if started_anew {
                    // The phone was switched off: only its own clock is left until the first answer.
                    story.wallet().close().await.unwrap();
                    story.all.phone.crash().await;
                    story.all.phone.host.reboot(7);
                }
                story.all.phone.host.turn_clock(years * 365 * 86_400_000);
                let wallet = if started_anew { story.all.phone.start().await.unwrap() } else { story.wallet() };
                let (pan, over) = (card_number(which), card_number(which + 10));
                at_bank(&story, &pan, json!({ "kind": "credit", "expiry": "0228", "cvv": "837" })).await;
                at_bank(&story, &over, json!({ "kind": "credit", "expiry": "1026", "cvv": "837" })).await;
                let mut began = wallet.cards().bind(printed(&pan, "02/28")).await;
                if started_anew && began.as_ref().is_err_and(|error| error.is(Code::ClockWrong)) {
                    // The person is told once; from then on the service's time counts.
                    began = wallet.cards().bind(printed(&pan, "02/28")).await;
                }
                let binding = began.unwrap_or_else(|error| panic!("{years} {started_anew}: {error:?}")).binding_id;
                let card = wallet.cards().confirm(binding, otp(&story).await).await.unwrap();
                assert_eq!(card.reason, None, "{years} {started_anew}");
                let old = wallet.cards().bind(printed(&over, "10/26")).await.unwrap_err();
                assert!(old.is(Code::CardExpired) && old.failure().field.as_deref() == Some("expiry"), "{years} {started_anew}: {old:?}");
                assert!(wallet.cards().sources().await.unwrap().sources.iter().all(|source| source.usable), "{years} {started_anew}");
                story.all.phone.host.right_clock();
                wallet.history().sync().await.unwrap();
                wallet.close().await.unwrap();
                drop(wallet);
                story.all.phone.crash().await;
                story.all.phone.start().await.unwrap();
            }
        });
    }
}

#[test]
fn a_service_from_an_old_copy_brings_no_card_back() {
    story("cards-restored", async |story: Story| {
        let wallet = story.wallet();
        let cards = wallet.cards();
        let first = cards.list().await.unwrap()[0].card_id.clone();
        let copy = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        let pan = card_number(1);
        at_bank(&story, &pan, json!({})).await;
        let lost = bound(&story, &wallet, typed(&pan)).await.card_id;
        cards.set_default(Some(lost.clone())).await.unwrap();
        let request = QuoteRequest::TopUp { amount: "5.00".to_owned(), card_id: lost.clone() };
        assert_eq!(story.all.phone.pay(request).await.unwrap().state, PaymentState::Succeeded);
        cards.unbind(first.clone(), PIN.to_owned()).await.unwrap();
        story.all.console.post("/dev/restore", json!({ "snapshot": copy["snapshot"] })).await.unwrap();
        settled(&story).await;
        while !wallet.history().sync().await.unwrap().complete {}
        let listed = cards.refresh().await.unwrap();
        // The book shows the one that was removed; its bank knows better. It is removed again, and stays so.
        let shown = listed.iter().find(|card| card.card_id == first).unwrap();
        assert_eq!(shown.reason.as_ref().unwrap().code, Code::CardUnbound.as_str());
        assert!(cards.sources().await.unwrap().sources.iter().all(|source| source.source != first || !source.usable));
        let refused = story.all.phone.pay(QuoteRequest::TopUp { amount: "6.00".to_owned(), card_id: first.clone() }).await.unwrap_err();
        assert!(refused.is(Code::CardUnbound), "{refused:?}");
        assert_eq!(cards.unbind(first.clone(), PIN.to_owned()).await.unwrap().state, "unbound");
        // The one that the book has lost is passed over with its reason, and comes back by its number.
        assert!(listed.iter().all(|card| card.card_id != lost), "{listed:?}");
        assert!(cards.sources().await.unwrap().default_passed_over.is_some());
        let again = bound(&story, &wallet, typed(&pan)).await.card_id;
        let request = QuoteRequest::TopUp { amount: "7.00".to_owned(), card_id: again };
        assert_eq!(story.all.phone.pay(request).await.unwrap().state, PaymentState::Succeeded);
        once_each(&story, 2).await;
    });
}

#[test]
fn a_lost_answer_about_a_card_is_asked_for_and_an_old_code_waits_for_nobody() {
    story("cards-lost", async |story: Story| {
        let wallet = story.wallet();
        let cards = wallet.cards();
        let pan = card_number(1);
        at_bank(&story, &pan, json!({})).await;
        // The bank sent its code and the answer was lost: asked for, it waits for the code.
        story.all.console.post("/dev/faults", fault("POST", "/v1/cards", json!("drop_after"))).await.unwrap();
        assert!(!cards.bind(typed(&pan)).await.unwrap_err().failure().code.is_empty());
        assert_eq!(cards.resume().await.unwrap()[0].state, "otp_sent");
        let binding = cards.waiting().await.unwrap()[0].binding_id.clone();
        // The card was bound and that answer was lost: asked for, nothing waits any more.
        story.all.console.post("/dev/faults", fault("POST", "/v1/cards/", json!("drop_after"))).await.unwrap();
        cards.confirm(binding, otp(&story).await).await.unwrap_err();
        assert_eq!(cards.resume().await.unwrap()[0].state, "bound");
        assert_eq!((cards.waiting().await.unwrap(), cards.refresh().await.unwrap().len()), (Vec::new(), 2));
        // A code that nobody entered is no open question a day later, with or without network.
        cards.bind(typed(CARD)).await.unwrap();
        assert_eq!(cards.waiting().await.unwrap().len(), 1);
        tokio::time::sleep(Duration::from_secs(86_401)).await;
        story.all.net.set(Weather { off: true, ..Weather::default() });
        assert_eq!(cards.waiting().await.unwrap(), []);
    });
}
