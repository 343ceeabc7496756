//! Other people, and other phones of the person.

use super::{Story, moves};
use kabao_base::Code;
use kabao_codes::cards::luhn_check_digit;
use kabao_codes::identity::mod_11_2;
use kabao_core::Wallet;
use kabao_core::account::{DeviceForm, RegisterRequest, SignInProof, SignInRequest};
use kabao_core::cards::BindRequest;
use kabao_core::error::Outcome;
use kabao_core::identity::VerifyRequest;
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_simulation::phone::{PHONE, PIN, consent_to_all};
use kabao_simulation::{Phone, SimHost};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A card number whose check digit is right.
pub fn card_number(which: u32) -> String {
    let digits = format!("62220202{which:010}");
    format!("{digits}{}", luhn_check_digit(&digits).unwrap())
}

/// Somebody with a telephone number, a document and a card of their own.
pub struct Person {
    pub tel: String,
    pub number: String,
    pub card: String,
}

impl Person {
    pub fn new(which: u32) -> Person {
        let body = format!("11010119870605{which:03}");
        Person { tel: format!("138{which:08}"), number: format!("{body}{}", mod_11_2(&body).unwrap()), card: card_number(which) }
    }

    pub fn register(&self) -> RegisterRequest {
        RegisterRequest { phone: self.tel.clone(), device_model: "A phone".to_owned() }
    }

    pub async fn document(&self, story: &Story) -> VerifyRequest {
        let token = story.all.console.post("/dev/liveness", json!({ "channels": 5, "result": "ok" })).await.unwrap();
        VerifyRequest::resident("张三", self.number.clone(), token["token"].as_str().unwrap())
    }

    pub fn bind(&self) -> BindRequest {
        BindRequest { card_number: self.card.clone(), name: "张三".to_owned(), phone: self.tel.clone(), expiry: None, cvv: None, bank: None }
    }

    /// Does the one step that the set-up names.
    pub async fn take(&self, story: &Story, wallet: &Wallet, kind: Kind) -> Outcome<()> {
        let (account, identity, cards) = (wallet.account(), wallet.identity(), wallet.cards());
        match kind {
            Kind::Register => account.register(self.register()).await.map(drop),
            Kind::EnterOtp => match story.all.console.otp("kabao", &self.tel).await {
                Ok(otp) => account.enter_otp(otp).await.map(drop),
                // The asking may never have arrived.
                Err(_) => account.resend_otp().await.map(drop),
            },
            Kind::ChoosePin => account.choose_pin(PIN.to_owned()).await.map(drop),
            Kind::KeepRecoverySheet => {
                let sheet = account.make_recovery_sheet().await?;
                account.confirm_recovery_sheet(sheet.code, Some(PIN.to_owned())).await.map(drop)
            }
            Kind::Consent => consent_to_all(wallet).await,
            Kind::Verify => identity.verify(self.document(story).await).await.map(drop),
            Kind::AwaitVerification => identity.check().await.map(drop),
            Kind::BindCard => {
                let waiting = cards.waiting().await?;
                match waiting.first() {
                    Some(binding) => {
                        let otp = story.all.console.otp("bank", &self.tel).await.unwrap();
                        cards.confirm(binding.binding_id.clone(), otp).await.map(drop)
                    }
                    None => {
                        // A service that came back from before it is given this consent again, too.
                        consent_to_all(wallet).await?;
                        cards.bind(self.bind()).await.map(drop)
                    }
                }
            }
            other => panic!("nothing to do at {other:?}"),
        }
    }

    /// Goes on until nothing is missing. Gives the steps that were taken.
    pub async fn go_on(&self, story: &Story, wallet: &Wallet) -> Vec<Kind> {
        let mut taken = Vec::new();
        for _ in 0..30 {
            let kind = wallet.account().onboarding_next().await.unwrap().kind;
            if kind == Kind::Ready {
                return taken;
            }
            taken.push(kind);
            match self.take(story, wallet, kind).await {
                Ok(()) => {}
                Err(error) if moves::wants_another_code(&error) => {
                    tokio::time::sleep(Duration::from_secs(61)).await;
                    let _ = wallet.account().resend_otp().await;
                }
                // What never arrived is typed again; the set-up then says so.
                Err(error) if error.is(Code::NotFound) || error.is(Code::ConsentMissing) => {}
                Err(error) => panic!("{kind:?}: {error:?}"),
            }
        }
        panic!("the set-up does not come to its end: {taken:?}");
    }
}

impl Story {
    /// Another phone, which was never started.
    pub fn another(&self, name: &str) -> Phone {
        let folder = self.all.phone.folder.with_file_name(name);
        let mut phone = Phone::new(folder, Arc::clone(&self.all.world), Arc::clone(&self.all.net), self.all.phone.service());
        phone.put_on(SimHost::with_late_database);
        phone
    }

    /// Starts a phone and signs it in beside the person's first one, by the PIN.
    pub async fn signed_in(&self, phone: &mut Phone) -> Wallet {
        let wallet = phone.start().await.unwrap();
        let account = wallet.account();
        tokio::time::sleep(Duration::from_secs(61)).await;
        let request = SignInRequest { phone: PHONE.to_owned(), device_model: "Another phone".to_owned(), form: DeviceForm::Phone };
        account.sign_in_begin(request).await.unwrap();
        account.sign_in_otp(self.all.console.otp("kabao", PHONE).await.unwrap()).await.unwrap();
        let proof = SignInProof { password: None, pin: Some(PIN.to_owned()), factor_code: None };
        assert!(account.sign_in_prove(proof).await.unwrap().done);
        wallet
    }
}
