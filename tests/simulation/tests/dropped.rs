//! A call that is dropped right after a commit: what is kept in memory beside the files is what stands in them, for the next call and without a
//! restart.
use crate::common::moves::*;
use crate::common::*;
use kabao_base::Code;
use kabao_core::account::RegisterRequest;
use kabao_money::onboarding::OnboardingStepKind as Kind;
use kabao_simulation::phone::{PHONE, PIN};
use kabao_simulation::*;
use serde_json::json;
use std::time::Duration;

#[test]
fn rules_that_a_dropped_quote_fetched_are_in_use() {
    story("dropped-rules", async |mut s| {
        on_a_late_database(&mut s).await;
        for times in 1..40 {
            s.all.console.post("/dev/fees", json!({ "kind": "top_up", "rate_ppm": 1_000 * (times % 5) })).await.unwrap();
            let request = s.top_up_request("20.00").await;
            let _ = polled(s.wallet().pay().quote(request.clone()), times).await;
            let quote = s.wallet().pay().quote(request).await.unwrap_or_else(|error| panic!("dropped after {times}: {error:?}"));
            assert_eq!(quote.fee.minor, i64::try_from(2 * (times % 5)).unwrap());
        }
    });
}

#[test]
fn whoever_is_signed_out_by_a_dropped_call_pays_nothing_more() {
    let mut out = 0;
    for times in 1..16 {
        story("dropped-sign-out", async |mut s| {
            on_a_late_database(&mut s).await;
            let request = s.top_up_request("20.00").await;
            let _ = polled(s.wallet().account().sign_out(), times).await;
            let signed_out = s.wallet().account().onboarding_next().await.unwrap().kind == Kind::SignIn;
            out += u32::from(signed_out);
            let quoted = s.wallet().pay().quote(request).await;
            match quoted {
                Err(error) => assert!(signed_out && error.is(Code::SignedOut), "dropped after {times}: {error:?}"),
                Ok(_) => assert!(!signed_out, "dropped after {times}"),
            }
        });
    }
    assert!(out > 3, "signed out {out} times");
}

#[test]
fn a_number_that_a_dropped_call_registered_is_known() {
    let mut registered = 0;
    for times in 1..24 {
        fresh("dropped-otp", async |mut s| {
            s.all.phone.put_on(SimHost::with_late_database);
            let wallet = s.all.phone.start().await.unwrap();
            let account = wallet.account();
            account.register(RegisterRequest { phone: PHONE.to_owned(), device_model: "Simulated phone".to_owned() }).await.unwrap();
            let code = s.all.console.otp("kabao", PHONE).await.unwrap();
            let _ = polled(account.enter_otp(code), times).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            if account.onboarding_next().await.unwrap().kind == Kind::ChoosePin {
                registered += 1;
                account.choose_pin(PIN.to_owned()).await.unwrap_or_else(|error| panic!("dropped after {times}: {error:?}"));
            }
        });
    }
    assert!(registered > 3 && registered < 23, "registered {registered} times");
}
