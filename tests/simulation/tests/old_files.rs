//! Old files put back with their anchor: found at the first signed answer, remembered, and a way on that can be gone.

use crate::common::{Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::account::{DeviceForm, SignInProof, SignInRequest};
use kabao_money::onboarding::OnboardingStepKind;
use kabao_simulation::Weather;
use kabao_simulation::phone::{PHONE, PIN};
use std::time::Duration;

/// The files and the anchor of before a top-up are put back, and the service was asked once.
async fn put_back(story: &mut Story) -> Wallet {
    let wallet = story.all.phone.wallet().unwrap();
    wallet.close().await.unwrap();
    drop(wallet);
    let read = |name: &str| std::fs::read(story.all.phone.folder.join(name)).unwrap();
    let (old, keys) = ([read("ledger.db"), read("mine.db"), read("cache.db")], story.all.phone.secrets.copy());
    story.all.phone.start().await.unwrap();
    story.top_up("30.00").await;
    story.all.phone.wallet().unwrap().close().await.unwrap();
    for (name, bytes) in ["ledger.db", "mine.db", "cache.db"].iter().zip(&old) {
        std::fs::write(story.all.phone.folder.join(name), bytes).unwrap();
    }
    story.all.phone.secrets.put_back(keys);
    story.all.net.set(Weather { off: true, ..Weather::default() });
    let wallet = story.all.phone.start().await.unwrap();
    story.all.net.set(Weather::default());
    assert!(wallet.history().sync().await.unwrap_err().is(Code::RolledBack));
    wallet
}

#[test]
fn a_phone_with_old_files_is_signed_in_anew() {
    story("old-files-in", async |mut story: Story| {
        let wallet = put_back(&mut story).await;
        wallet.close().await.unwrap();
        drop(wallet);
        // Remembered over a restart.
        let wallet = story.all.phone.start().await.unwrap();
        let account = wallet.account();
        let step = account.onboarding_next().await.unwrap();
        assert_eq!((step.kind, step.reason_key.as_str()), (OnboardingStepKind::SignIn, "onboarding_rolled_back"));
        tokio::time::sleep(Duration::from_secs(61)).await;
        let form = DeviceForm::Phone;
        account.sign_in_begin(SignInRequest { phone: PHONE.to_owned(), device_model: "Simulated phone".to_owned(), form }).await.unwrap();
        account.sign_in_otp(story.all.console.otp("kabao", PHONE).await.unwrap()).await.unwrap();
        let proof = SignInProof { password: None, pin: Some(PIN.to_owned()), factor_code: None };
        assert!(account.sign_in_prove(proof).await.unwrap().done);
        while !wallet.history().sync().await.unwrap().complete {}
        // The place of the old copy is free again: signed out at the service, whose answer named a head that is not here.
        let devices = account.devices().await.unwrap().devices;
        assert_eq!(devices.iter().filter(|device| device.signed_in).count(), 1, "{devices:?}");
        assert_ne!(account.onboarding_next().await.unwrap().kind, OnboardingStepKind::SignIn);
    });
}

/// Signing such a phone out on purpose ends it at the service as well.
#[test]
fn a_phone_with_old_files_can_be_signed_out() {
    story("old-files-out", async |mut story: Story| {
        let wallet = put_back(&mut story).await;
        assert!(wallet.account().sign_out().await.unwrap().finished);
        assert_eq!(wallet.account().onboarding_next().await.unwrap().reason_key, "onboarding_sign_in");
    });
}
