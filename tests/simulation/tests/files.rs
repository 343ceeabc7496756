//! The files of the wallet, without a service: who may open them, and what an old or strange copy does.

use axum::Router;
use crate::common::{Story, fresh};
use kabao_base::Code;
use kabao_core::account::RegisterRequest;
use kabao_core::{ServiceSettings, Wallet};
use kabao_money::onboarding::OnboardingStepKind;
use kabao_simulation::{Net, Phone, SimWorld, in_one_thread};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn phone(folder: &Path) -> Phone {
    let world = Arc::new(SimWorld::new(1, false));
    let net = Arc::new(Net::new(Arc::clone(&world), Router::new()));
    let root = kabao_proof::SoftwareKey::from_secret(&[3; 32]).unwrap().public().to_string();
    let service = ServiceSettings {
        url: "https://wallet.test".to_owned(),
        tls_ca_pem: String::new(),
        spki_pins: Vec::new(),
        root_key: root,
        guid: "app.kabao".to_owned(),
        link_host: Some("pay.kabao.example".to_owned()),
    };
    Phone::new(folder.to_owned(), world, net, service)
}

fn temp(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kabao-files-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn copy(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

/// Leaves a registration in the ledger: the files have something to lose.
async fn begin(wallet: &Wallet, phone: &str) {
    let request = RegisterRequest { phone: phone.to_owned(), device_model: "Simulated phone".to_owned() };
    let failed = wallet.account().register(request).await.unwrap_err();
    assert!(failed.failure().code.starts_with("answer_"), "{failed:?}");
}

/// A code is on its way to the number.
async fn registered(wallet: &Wallet, phone: &str) {
    let request = RegisterRequest { phone: phone.to_owned(), device_model: "Simulated phone".to_owned() };
    wallet.account().register(request).await.unwrap();
}

#[test]
fn one_owner_at_a_time_and_the_same_after_a_restart() {
    fresh("owner", async |story: Story| {
        let mut first = story.all.phone;
        let wallet = first.start().await.unwrap();
        assert_eq!(wallet.account().onboarding_next().await.unwrap().kind, OnboardingStepKind::Register);
        registered(&wallet, "13800138000").await;
        assert_eq!(wallet.account().onboarding_next().await.unwrap().kind, OnboardingStepKind::EnterOtp);
        let mut second = Phone::new(first.folder.clone(), story.all.world, story.all.net, first.service());
        second.secrets.put_back(first.secrets.copy());
        assert!(second.start().await.err().unwrap().is(Code::InUse));
        wallet.close().await.unwrap();
        assert!(wallet.account().onboarding_next().await.unwrap_err().is(Code::Closed));
        let again = second.start().await.unwrap();
        assert_eq!(again.account().onboarding_next().await.unwrap().kind, OnboardingStepKind::EnterOtp);
        again.lock().await.unwrap();
        assert!(again.account().onboarding_next().await.unwrap_err().is(Code::Locked));
        again.unlock().await.unwrap();
        assert_eq!(again.account().onboarding_next().await.unwrap().kind, OnboardingStepKind::EnterOtp);
        again.close().await.unwrap();
    });
}

#[test]
fn a_lost_key_leaves_the_files_alone_until_they_are_set_aside() {
    let folder = temp("lost");
    in_one_thread(async {
        let mut owner = phone(&folder);
        let wallet = owner.start().await.unwrap();
        begin(&wallet, "13800138000").await;
        wallet.close().await.unwrap();
        let before = copy(&folder, "ledger.db");
        let mut restored = phone(&folder);
        assert!(restored.start().await.err().unwrap().is(Code::KeyLost));
        assert_eq!(copy(&folder, "ledger.db"), before);
        let moved = Wallet::set_aside_lost(folder.to_str().unwrap().to_owned(), Arc::clone(&restored.host) as _).await.unwrap();
        assert!(moved.iter().any(|name| name.starts_with("ledger.db")), "{moved:?}");
        let kept: Vec<_> = moved.iter().filter(|name| std::fs::read(folder.join(name)).is_ok_and(|bytes| bytes == before)).collect();
        assert_eq!(kept.len(), 1, "the old file is kept as it was: {moved:?}");
        let wallet = restored.start().await.unwrap();
        assert_eq!(wallet.account().onboarding_next().await.unwrap().kind, OnboardingStepKind::Register);
        wallet.close().await.unwrap();
    })
    .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_old_ledger_is_found_and_the_right_one_is_taken_again() {
    fresh("ledger", async |story: Story| {
        let mut owner = story.all.phone;
        let wallet = owner.start().await.unwrap();
        registered(&wallet, "13800138000").await;
        wallet.close().await.unwrap();
        let old = copy(&owner.folder, "ledger.db");
        let wallet = owner.start().await.unwrap();
        registered(&wallet, "13900139000").await;
        wallet.close().await.unwrap();
        let new = copy(&owner.folder, "ledger.db");
        assert_ne!(old, new);
        std::fs::write(owner.folder.join("ledger.db"), &old).unwrap();
        assert!(owner.start().await.err().unwrap().is(Code::RolledBack));
        std::fs::write(owner.folder.join("ledger.db"), &new).unwrap();
        owner.start().await.unwrap().close().await.unwrap();
        std::fs::remove_file(owner.folder.join("ledger.db")).unwrap();
        assert!(owner.start().await.err().unwrap().is(Code::StorageDamaged));
    });
}

#[test]
fn a_cache_of_any_kind_is_no_reason_to_fail() {
    let folder = temp("cache");
    in_one_thread(async {
        let mut owner = phone(&folder);
        owner.start().await.unwrap().close().await.unwrap();
        for content in [Vec::new(), b"SQLite format 3\0 and then nothing".to_vec(), vec![0x5a; 4096 * 3]] {
            std::fs::write(folder.join("cache.db"), content).unwrap();
            let wallet = owner.start().await.unwrap();
            assert!(wallet.history().list(None).await.unwrap().items.is_empty());
            wallet.close().await.unwrap();
        }
        for name in ["ledger.db", "mine.db"] {
            let right = copy(&folder, name);
            let mut wrong = right.clone();
            wrong[100] ^= 1;
            std::fs::write(folder.join(name), &wrong).unwrap();
            assert!(owner.start().await.err().unwrap().is(Code::KeyWrong), "{name}");
            assert_eq!(copy(&folder, name), wrong, "a damaged file is left as it is");
            std::fs::write(folder.join(name), &right).unwrap();
        }
        owner.start().await.unwrap().close().await.unwrap();
    })
    .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}
