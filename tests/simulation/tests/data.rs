//! What is kept: the inventory is the disk; erasing killed at any point is whole or not begun.

use crate::common::moves::*;
use crate::common::{Changes, Holds, Story, story};
use kabao_base::Code;
use kabao_core::account::{ContactKind, ContactRequest};
use kabao_core::host::TransportError;
use kabao_core::data::{DataPlace, EraseRequest, ExportRequest, InventoryFileKind};
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_simulation::phone::PIN;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn meant(word: &str) -> EraseRequest {
    EraseRequest { word: word.to_owned(), despite_open: true }
}

fn on_disk(folder: &Path) -> BTreeMap<String, u64> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())).collect()
}

fn put_back(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

fn copies(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    on_disk(folder).into_keys().map(|name| (name.clone(), std::fs::read(folder.join(&name)).unwrap())).collect()
}

#[test]
fn the_inventory_is_what_lies_on_the_disk() {
    story("inventory", async |story: Story| {
        for _ in 0..3 {
            story.top_up("20.00").await;
        }
        assert_eq!(story.records().await, 3);
        let folder = story.all.phone.folder.clone();
        let seen = story.wallet().data().inventory().await.unwrap();
        let listed: BTreeMap<_, _> = seen.files.iter().map(|file| (file.name.clone(), file.bytes)).collect();
        assert_eq!(listed, on_disk(&folder));
        assert!(seen.complete && seen.file_bytes == listed.values().sum::<u64>(), "{seen:?}");
        let count = |id: &str| seen.items.iter().find(|item| item.id == id).unwrap().count;
        assert_eq!((count("payments"), count("receipts"), count("consents"), count("cards")), (Some(3), Some(3), Some(10), Some(1)));
        // The content is smaller than the files that hold it, and not by much made up.
        let content: u64 = seen.items.iter().filter(|item| matches!(item.place, DataPlace::Ledger | DataPlace::Mine | DataPlace::Cache)).filter_map(|item| item.bytes).sum();
        assert!(content > 5_000 && content < seen.file_bytes, "{content} of {}", seen.file_bytes);

        for (name, kind) in [("ledger.db-journal", InventoryFileKind::Log), ("ledger.db.aside-9", InventoryFileKind::SetAside), ("core", InventoryFileKind::Unknown), ("cache.db.part", InventoryFileKind::Unknown)] {
            std::fs::write(folder.join(name), b"left over").unwrap();
            let seen = story.wallet().data().inventory().await.unwrap();
            let file = seen.files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("{name}: {:?}", seen.files));
            assert_eq!((file.kind, file.bytes, seen.complete), (kind, 9, kind != InventoryFileKind::Unknown), "{name}");
            std::fs::remove_file(folder.join(name)).unwrap();
        }
        story.wallet().close().await.unwrap();
    });
}

#[test]
fn killed_at_any_point_erasing_is_whole_or_not_begun() {
    story("erase", async |mut story: Story| {
        story.top_up("20.00").await;
        on_a_late_database(&mut story).await;
        story.wallet().close().await.unwrap();
        let folder = story.all.phone.folder.clone();
        let (files, keys) = (copies(&folder), story.all.phone.secrets.copy());
        let (mut kept, mut gone, mut ended) = (0, 0, 0);
        // The database answers a little earlier or later each time: the same count of polls is another point.
        for round in 0..66 {
            let times = round % 22;
            let wallet = story.all.phone.start().await.unwrap();
            let word = wallet.data().erase_word();
            let came = polled(wallet.data().erase_this_phone(meant(&word)), times).await;
            drop(wallet);
            story.all.phone.crash().await;
            let again = story.all.phone.start().await.unwrap();
            match again.account().onboarding_next().await.unwrap().kind {
                // Not begun: everything is there.
                Kind::Ready => {
                    assert!(came.is_none());
                    assert_eq!(again.data().inventory().await.unwrap().items.iter().find(|item| item.id == "payments").unwrap().count, Some(1));
                    kept += 1;
                }
                // Whole: a new wallet, and the old files are noise to it.
                Kind::Register => {
                    if came.is_none() { gone += 1 } else { ended += 1 }
                    again.close().await.unwrap();
                    story.all.phone.crash().await;
                    for name in ["ledger.db", "mine.db"] {
                        let new = std::fs::read(folder.join(name)).unwrap();
                        std::fs::write(folder.join(name), &files[name]).unwrap();
                        assert!(story.all.phone.start().await.err().unwrap().is(Code::KeyWrong), "{name}");
                        std::fs::write(folder.join(name), new).unwrap();
                    }
                }
                other => panic!("{other:?} after {times}"),
            }
            story.all.phone.crash().await;
            // The test alone has the old key as well.
            std::fs::remove_dir_all(&folder).unwrap();
            std::fs::create_dir(&folder).unwrap();
            put_back(&folder, &files);
            story.all.phone.secrets.put_back(keys.clone());
            assert!(came.is_none_or(|came| came.is_ok()));
        }
        println!("{kept} points before, {gone} in the middle, {ended} after");
        assert!(kept >= 5 && gone >= 5 && ended >= 5, "{kept} before, {gone} in the middle, {ended} after");
    });
}

#[test]
fn a_key_store_that_refuses_leaves_the_wallet_as_it_is() {
    story("erase-refused", async |mut story: Story| {
        let wallet = story.wallet();
        let word = wallet.data().erase_word();
        story.all.phone.secrets.refuse_writes(true);
        assert!(wallet.data().erase_this_phone(meant(&word)).await.unwrap_err().is(Code::KeyStoreUnavailable));
        assert_eq!(wallet.account().onboarding_next().await.unwrap().kind, Kind::Ready);
        story.all.phone.secrets.refuse_writes(false);
        wallet.lock().await.unwrap();
        assert!(wallet.data().erase_this_phone(meant(&word)).await.unwrap_err().is(Code::Locked));
        wallet.unlock().await.unwrap();
        // A payment under way is told, and found again by who takes the account up.
        story.all.console.post("/dev/bank/faults", json!({ "movements": "hold" })).await.unwrap();
        let flying = story.top_up("5.00").await;
        let open = EraseRequest { despite_open: false, ..meant(&word) };
        assert!(wallet.data().erase_this_phone(open).await.unwrap_err().is(Code::EraseOpen));
        assert_eq!(wallet.pay().payment(flying.intent_id).await.unwrap().state, flying.state);
        let report = wallet.data().erase_this_phone(meant(&word)).await.unwrap();
        assert!(report.files >= 3 && report.strangers.is_empty() && report.keys_renewed, "{report:?}");
        for error in [wallet.unlock().await.unwrap_err(), wallet.data().inventory().await.unwrap_err()] {
            assert!(error.is(Code::Closed), "{error:?}");
        }
        let again = story.all.phone.start().await.unwrap();
        assert_eq!(again.account().onboarding_next().await.unwrap().kind, Kind::Register);
        again.close().await.unwrap();
    });
}

fn to(folder: &Path) -> ExportRequest {
    ExportRequest { folder: folder.to_str().unwrap().to_owned(), room_bytes: None }
}

fn parts_beside(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".part-")).count()
}

#[test]
fn an_export_killed_at_any_point_is_whole_or_gone() {
    story("export", async |mut story: Story| {
        for _ in 0..3 {
            story.top_up("20.00").await;
        }
        assert_eq!(story.records().await, 3);
        on_a_late_database(&mut story).await;
        let place = story.all.phone.folder.with_file_name("exported");
        std::fs::create_dir(&place).unwrap();
        let (mut gone, mut whole) = (0, 0);
        for round in 0..60 {
            let target = place.join(format!("out-{round}"));
            let wallet = story.wallet();
            let came = polled(wallet.data().export(to(&target)), round * 2 % 90).await;
            drop(wallet);
            story.all.phone.crash().await;
            let again = story.all.phone.start().await.unwrap();
            assert_eq!(parts_beside(&target), 0, "round {round}");
            match target.exists() {
                true => {
                    for name in ["index.html", "manifest.json", "SHA256SUMS", "history.csv", "payments.json", "keys.cose"] {
                        assert!(target.join(name).exists(), "round {round}: {name}");
                    }
                    assert_eq!(std::fs::read_to_string(target.join("SHA256SUMS")).unwrap().matches(".cose").count(), 4);
                    whole += 1;
                }
                false => {
                    assert!(came.is_none(), "round {round}");
                    gone += 1;
                }
            }
            // A restart leaves no note of an export that never was.
            let seen = again.data().inventory().await.unwrap();
            let noted = seen.items.iter().find(|item| item.id == "exports").unwrap().count.unwrap();
            assert!(noted <= whole && seen.complete, "{noted} noted, {whole} whole");
        }
        println!("{gone} gone, {whole} whole");
        assert!(gone >= 10 && whole >= 10, "{gone} gone, {whole} whole");
    });
}

#[test]
fn an_export_is_one_at_a_time_and_not_in_the_wallets_own_folder() {
    story("export-alone", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let (folder, wallet) = (story.all.phone.folder.clone(), story.wallet());
        for own in [folder.join("x"), folder.join("../phone/x"), folder.clone(), folder.join("ledger.db")] {
            let error = wallet.data().export(to(&own)).await.unwrap_err();
            assert!(error.is(Code::ExportFolder) || error.is(Code::ExportExists), "{own:?}: {error:?}");
        }
        let (one, other) = (folder.with_file_name("one"), folder.with_file_name("other"));
        let data = wallet.data();
        let (first, second) = tokio::join!(data.export(to(&one)), data.export(to(&other)));
        assert!(first.is_ok() && second.unwrap_err().is(Code::ExportRunning));
        assert!(one.exists() && !other.exists() && data.export_progress().is_none());
        // Locked in the middle: nothing stays.
        let (done, ()) = tokio::join!(data.export(to(&other)), async {
            for _ in 0..6 {
                tokio::task::yield_now().await;
            }
            wallet.suspend().await.unwrap();
        });
        assert!(done.unwrap_err().is(Code::Locked));
        assert!(!other.exists() && parts_beside(&other) == 0);
        wallet.unlock().await.unwrap();
        data.export(to(&other)).await.unwrap();
        assert_eq!(data.inventory().await.unwrap().items.iter().find(|item| item.id == "exports").unwrap().count, Some(2));
    });
}

fn exported(folder: &Path, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

#[test]
fn an_export_has_everything_that_the_screens_show_and_says_what_is_not_there() {
    story("export-all", async |story: Story| {
        let (wallet, place) = (story.wallet(), story.all.phone.folder.with_file_name("all"));
        std::fs::create_dir(&place).unwrap();
        // Screens that were never opened: their tables are empty, and page, manifest and answer say why.
        let first = wallet.data().export(to(&place.join("first"))).await.unwrap();
        let never: Vec<&str> = first.not_asked.iter().map(String::as_str).collect();
        assert!(["contacts", "devices", "sign_in"].iter().all(|name| never.contains(name)) && !never.contains(&"consents"), "{never:?}");
        let (manifest, page) = (exported(&place.join("first"), "manifest.json"), std::fs::read_to_string(place.join("first/index.html")).unwrap());
        assert_eq!(manifest["not_asked"], json!(first.not_asked));
        assert!(page.contains("第二联系方式") && page.contains("不在其中的内容"), "{page}");

        let account = wallet.account();
        let email = ContactRequest { kind: ContactKind::Email, address: "ouyang.test@example.com".to_owned() };
        account.contact_add(email).await.unwrap();
        account.set_password("lamp-tin-four-9x".to_owned(), Some(PIN.to_owned())).await.unwrap();
        account.devices().await.unwrap();
        wallet.limits().set_own_caps(Some("900.00".to_owned()), None, None).await.unwrap();
        let card = wallet.cards().list().await.unwrap().remove(0).card_id;
        story.top_up("20.00").await;
        wallet.cards().unbind(card.clone(), PIN.to_owned()).await.unwrap();
        assert_eq!(story.records().await, 1);
        let all = wallet.data().export(to(&place.join("all"))).await.unwrap();
        assert_eq!((all.not_asked.len(), all.history_complete, all.wrong_receipts.len()), (0, true, 0), "{all:?}");
        let read = |file: &str| exported(&place.join("all"), file);
        assert_eq!((read("contacts.json")[0]["kind"].as_str(), read("contacts.json")[0]["state"].as_str()), (Some("email"), Some("unverified")));
        assert_eq!(read("devices.json")[0]["this"].as_bool(), Some(true));
        assert_eq!((read("cards.json")[0]["card_id"].as_str(), read("cards.json")[0]["state"].as_str()), (Some(card.as_str()), Some("unbound")));
        let settings = read("settings.json");
        let value = |name: &str| settings.as_array().unwrap().iter().find(|row| row["name"] == name).map(|row| row["value"].clone());
        assert_eq!((value("own_cap_single"), value("login_password")), (Some(json!("900.00")), Some(json!("set"))));
        assert!(read("account.json")["sign_in"]["password_set_at"]["ms"].as_i64().is_some());
        assert_eq!(read("exports.json").as_array().unwrap().len(), 1, "the one before");
        assert!(["account", "contacts", "devices", "limits", "security"].iter().all(|name| read("answers.json")[name]["at"]["ms"].is_i64()));
        // What is typed is not there, nor an address that is not masked.
        for entry in std::fs::read_dir(place.join("all")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let has = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
                assert!(!has("ouyang.test@") && !has("lamp-tin-four") && !has(PIN), "{path:?}");
            }
        }
    });
}

#[test]
fn a_phone_that_came_later_exports_the_consents_and_how_far_its_history_goes() {
    story("export-later", async |story: Story| {
        story.top_up("20.00").await;
        let mut phone = story.another("later");
        story.meddle(Changes::new("GET", "/v1/history", |_, _| Err(TransportError::Cut)));
        let other = story.signed_in(&mut phone).await;
        let empty = phone.folder.with_file_name("later-empty");
        let report = other.data().export(to(&empty)).await.unwrap();
        assert_eq!((report.history_complete, report.history_at), (false, None), "{report:?}");
        assert_eq!(exported(&empty, "manifest.json")["history"]["complete"], json!(false));
        let page = std::fs::read_to_string(empty.join("index.html")).unwrap();
        assert!(page.contains("还没有同步过账单") && page.contains(&report.history_text), "{page}");
        story.honest();
        other.history().sync().await.unwrap();
        let folder = phone.folder.with_file_name("later-all");
        let report = other.data().export(to(&folder)).await.unwrap();
        assert!(report.history_complete && !report.not_asked.contains(&"consents".to_owned()), "{report:?}");
        assert_eq!(exported(&folder, "consents.json").as_array().unwrap().len(), 5);
        assert_eq!(exported(&folder, "history.json").as_array().unwrap().len(), 1);
        assert_eq!(exported(&folder, "manifest.json")["history"]["first_entry"], json!(1));
    });
}

/// Which of the documents.
const REAL_NAME: usize = 2;

fn of_real_name(entry: &&kabao_core::data::ConsentEntry) -> bool {
    entry.document == "real_name"
}

#[test]
fn a_withdrawal_is_told_until_it_is_heard_and_once_more_after_a_restore() {
    story("withdrawal", async |mut story: Story| {
        let wallet = story.wallet();
        story.all.console.post("/dev/faults", fault("PUT", "/v1/consents", json!("drop_before"))).await.unwrap();
        let seen = wallet.data().withdraw_consent("real_name".to_owned()).await.unwrap();
        assert!(seen.history.iter().any(|entry| of_real_name(&entry) && !entry.service_knows && entry.withdrawn_at.is_some()));
        drop(wallet);
        story.all.phone.crash().await;
        let wallet = story.all.phone.start().await.unwrap();
        assert!(!wallet.data().consents().await.unwrap().history.iter().find(of_real_name).unwrap().service_knows);
        wallet.history().sync().await.unwrap();
        assert!(wallet.data().consents().await.unwrap().history.iter().find(of_real_name).unwrap().service_knows);

        let holds = std::sync::Arc::new(Holds::default());
        story.all.net.meddle(Some(std::sync::Arc::clone(&holds) as _));
        wallet.history().sync().await.unwrap();
        let told = || holds.seen.lock().unwrap().iter().filter(|request| request.starts_with("PUT /v1/consents")).count();
        assert_eq!(told(), 0, "what is known is not told again");
        let copy = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        story.all.console.post("/dev/restore", json!({ "snapshot": copy["snapshot"] })).await.unwrap();
        // The first answer tells that the service was restored, the next call tells it what it may have forgotten.
        wallet.history().sync().await.unwrap();
        wallet.history().sync().await.unwrap();
        assert_eq!(told(), 1);
        assert!(wallet.data().consents().await.unwrap().history.iter().find(of_real_name).unwrap().service_knows);
        story.honest();
    });
}

#[test]
fn killed_at_any_point_a_withdrawal_is_whole_or_not_begun() {
    story("withdrawal-kill", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let (mut before, mut after) = (0, 0);
        for round in 0..24 {
            let wallet = story.wallet();
            if wallet.data().consents().await.unwrap().documents[REAL_NAME].given_version.is_none() {
                let text = wallet.identity().consent_text().await.unwrap();
                wallet.identity().consent(text.version).await.unwrap();
            }
            let came = polled(wallet.data().withdraw_consent("real_name".to_owned()), round).await;
            drop(wallet);
            story.all.phone.crash().await;
            let again = story.all.phone.start().await.unwrap();
            let seen = again.data().consents().await.unwrap();
            match seen.documents[REAL_NAME].given_version {
                Some(_) => {
                    assert!(came.is_none());
                    before += 1;
                }
                None => {
                    after += 1;
                    again.history().sync().await.unwrap();
                    assert!(again.data().consents().await.unwrap().history.iter().all(|entry| entry.service_knows));
                }
            }
        }
        assert!(before >= 3 && after >= 3, "{before} before, {after} after");
    });
}
