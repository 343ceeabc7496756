//! Every call that asks the service something: an answer that was given to somebody else is none, whoever repeats it, and a kill at
//! any effect leaves what was known before or what was said.

use crate::common::moves::*;
use crate::common::people::Person;
use crate::common::{Story, story};
use kabao_base::Code;
use kabao_core::error::Outcome;
use kabao_core::host::HttpRequest;
use kabao_core::limits::LimitsRequest;
use kabao_core::{Wallet, WalletError};
use kabao_simulation::{Came, Meddler};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The calls that fetch something, by name. What they give does not matter here.
const CALLS: [&str; 13] = [
    "account", "cards", "limits", "rules", "profile", "security", "devices", "contacts", "consents", "identity", "classes", "bank_transfer", "history",
];

async fn ask(wallet: &Wallet, call: &str) -> Outcome<()> {
    let (account, identity) = (wallet.account(), wallet.identity());
    match call {
        "account" => account.refresh().await.map(drop),
        "cards" => wallet.cards().refresh().await.map(drop),
        "limits" => wallet.limits().refresh().await.map(drop),
        "rules" => wallet.limits().refresh_rules().await.map(drop),
        "profile" => wallet.operator().refresh_profile().await.map(drop),
        "security" => account.security_refresh().await.map(drop),
        "devices" => account.devices().await.map(drop),
        "contacts" => account.contacts_refresh().await.map(drop),
        "consents" => wallet.data().refresh_consents().await.map(drop),
        "identity" => identity.consent_text().await.map(drop),
        "classes" => identity.classes().await.map(drop),
        "bank_transfer" => wallet.pay().bank_transfer_details().await.map(drop),
        _ => wallet.history().sync().await.map(drop),
    }
}

/// What this phone knows without asking, as one text.
async fn known(wallet: &Wallet) -> String {
    let account = wallet.account();
    let limits = wallet.limits().limits_explained(LimitsRequest { amount: None, channel: None, source: None }).await;
    let view = account.view().await.unwrap();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        (view.account_id, view.phone_masked, view.account_class, view.balance, view.single_limit), wallet.cards().list().await, wallet.cards().earlier().await,
        limits.map(|view| view.lines), account.security().await.map(|view| (view.password_at, view.factor_at)),
        account.devices_known().await.map(|view| view.devices.into_iter().map(|device| device.device_id).collect::<Vec<_>>()),
        wallet.operator().wallet_profile().await.map(|view| view.version), wallet.data().consents().await.map(|view| view.history),
        wallet.history().list(None).await.map(|page| page.items),
    )
}

/// Keeps the answers to one phone, and gives them to another one in the place of its own.
#[derive(Default)]
struct Crossed {
    kept: Mutex<BTreeMap<String, Came>>,
    given: Mutex<Vec<String>>,
    crossing: Mutex<bool>,
}

impl Meddler for Crossed {
    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        let what = format!("{} {}", request.method, request.target.split('?').next().unwrap_or_default());
        let mut kept = self.kept.lock().unwrap();
        if !*self.crossing.lock().unwrap() {
            kept.insert(what, answer.clone());
            return answer;
        }
        match kept.get(&what) {
            Some(theirs) if what != "GET /v1/keys" => {
                self.given.lock().unwrap().push(what);
                theirs.clone()
            }
            _ => answer,
        }
    }
}

#[test]
fn an_answer_to_somebody_else_is_no_answer() {
    story("every-other", async |story: Story| {
        // Another person with another account, who asks first.
        let mut device = story.another("somebody");
        let theirs = device.start().await.unwrap();
        Person::new(5).go_on(&story, &theirs).await;
        let ours = story.wallet();
        story.top_up("12.00").await;
        for call in CALLS {
            ask(&ours, call).await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        }
        let before = known(&ours).await;
        let crossed = Arc::new(Crossed::default());
        story.all.net.meddle(Some(Arc::clone(&crossed) as _));
        for call in CALLS {
            ask(&theirs, call).await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        }
        *crossed.crossing.lock().unwrap() = true;
        for call in CALLS {
            crossed.given.lock().unwrap().clear();
            let told: Option<WalletError> = ask(&ours, call).await.err();
            assert!(!crossed.given.lock().unwrap().is_empty(), "{call}: nothing was crossed");
            assert!(told.as_ref().is_some_and(|error| error.is(Code::AnswerForged)), "{call}: {told:?}");
            assert_eq!(known(&ours).await, before, "{call}");
        }
        story.honest();
        for call in CALLS {
            ask(&ours, call).await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        }
    });
}

#[test]
fn killed_at_any_effect_every_call_is_asked_again() {
    story("every-kill", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        story.top_up("12.00").await;
        let mut points = 0;
        for call in CALLS {
            for effects in 1.. {
                points += 1;
                let wallet = story.wallet();
                let before = known(&wallet).await;
                let ended = killed(&story.all.phone.host, effects, ask(&wallet, call)).await.map(|came| came.unwrap());
                drop(wallet);
                story.all.phone.crash().await;
                let again = story.all.phone.start().await.unwrap();
                let (after, at) = (known(&again).await, format!("{call} {effects}"));
                ask(&again, call).await.unwrap_or_else(|error| panic!("{at}: {error:?}"));
                let asked = known(&again).await;
                assert!(after == before || after == asked, "{at}: {before}\n{after}\n{asked}");
                if ended.is_some() {
                    break;
                }
            }
        }
        println!("{points} points");
        assert!(points > 40, "{points} points");
        assert_eq!(story.wallet().history().verify().await.unwrap().first_wrong_event, None);
    });
}
