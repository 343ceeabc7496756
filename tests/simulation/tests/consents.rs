//! Consents on a phone that dies, before a service that forgets, and before texts that are not what they say.

use crate::common::moves::{on_a_late_database, polled};
use crate::common::{Changes, Story, story};
use kabao_base::Code;
use kabao_core::Wallet;
use kabao_core::data::ConsentState;
use kabao_core::host::TransportError;
use kabao_simulation::Liar;
use serde_json::json;
use std::sync::Arc;

const FACE: &str = "face";

async fn state(wallet: &Wallet) -> ConsentState {
    wallet.data().consents().await.unwrap().documents.into_iter().find(|document| document.document == FACE).unwrap().state
}

async fn shown(wallet: &Wallet) -> String {
    wallet.data().consent_text(FACE.to_owned()).await.unwrap().version
}

#[test]
fn killed_at_any_point_a_consent_is_whole_or_under_way() {
    story("consent-kill", async |mut story: Story| {
        on_a_late_database(&mut story).await;
        let (mut before, mut after) = (0, 0);
        for round in 0..28 {
            let wallet = story.wallet();
            let data = wallet.data();
            data.withdraw_consent(FACE.to_owned()).await.unwrap();
            assert!(wallet.identity().face_begin().await.unwrap_err().is(Code::ConsentMissing));
            let version = shown(&wallet).await;
            let came = polled(data.give_consent(FACE.to_owned(), version.clone()), round).await;
            drop((wallet, data));
            story.all.phone.crash().await;
            let again = story.all.phone.start().await.unwrap();
            match state(&again).await {
                ConsentState::Given => after += 1,
                // Under way, or not begun: typed again it is the same consent, and one entry.
                _ => {
                    assert!(came.is_none());
                    before += 1;
                    assert!(again.identity().face_begin().await.unwrap_err().is(Code::ConsentMissing));
                    again.data().give_consent(FACE.to_owned(), version).await.unwrap();
                }
            }
            again.identity().face_begin().await.unwrap();
            // What the service has is what the phone has: nothing was given twice.
            let known = again.data().consents().await.unwrap().history.len();
            assert_eq!(again.data().refresh_consents().await.unwrap().history.len(), known);
            // Ten face checks are the most in their time.
            tokio::time::sleep(std::time::Duration::from_secs(601)).await;
        }
        assert!(before >= 3 && after >= 3, "{before} before, {after} after");
    });
}

#[test]
fn a_service_from_before_the_consent_is_given_it_again_and_a_newer_text_is_read_first() {
    story("consent-restored", async |story: Story| {
        let wallet = story.wallet();
        wallet.data().withdraw_consent(FACE.to_owned()).await.unwrap();
        let copy = story.all.console.post("/dev/snapshot", json!({})).await.unwrap();
        let version = shown(&wallet).await;
        wallet.data().give_consent(FACE.to_owned(), version.clone()).await.unwrap();
        story.all.console.post("/dev/restore", json!({ "snapshot": copy["snapshot"] })).await.unwrap();
        let refused = loop {
            // The first answer tells that the service was restored.
            match wallet.identity().face_begin().await {
                Err(error) if error.failure().field.is_some() => break error,
                Err(_) => {}
                Ok(_) => panic!("a face check without a consent"),
            }
        };
        assert!(refused.is(Code::ConsentMissing) && refused.failure().field.as_deref() == Some(FACE), "{refused:?}");
        wallet.data().give_consent(FACE.to_owned(), version.clone()).await.unwrap();
        wallet.identity().face_begin().await.unwrap();
        // Another version: asked for at the next start of that step, and by no other.
        story.all.console.post("/dev/consents", json!({ "document": FACE, "version": "2030-01" })).await.unwrap();
        wallet.account().refresh().await.unwrap();
        assert_eq!(state(&wallet).await, ConsentState::Given);
        let refused = wallet.identity().face_begin().await.unwrap_err();
        assert!(refused.is(Code::ConsentVersion) && refused.failure().field.as_deref() == Some(FACE), "{refused:?}");
        assert!(wallet.data().give_consent(FACE.to_owned(), version).await.unwrap_err().is(Code::ConsentVersion));
        let newer = shown(&wallet).await;
        wallet.data().give_consent(FACE.to_owned(), newer).await.unwrap();
        wallet.identity().face_begin().await.unwrap();
    });
}

#[test]
fn a_text_that_is_not_what_its_digest_says_is_never_shown() {
    story("consent-liar", async |story: Story| {
        let wallet = story.wallet();
        wallet.data().withdraw_consent(FACE.to_owned()).await.unwrap();
        let version = shown(&wallet).await;
        type Lie = fn(&mut serde_json::Value);
        let lies: [(&str, Lie); 3] = [
            ("another text", |body| body["text"] = json!("I agree to everything.")),
            ("another document", |body| body["document"] = json!("terms")),
            ("no text", |body| drop(body.as_object_mut().unwrap().remove("text"))),
        ];
        for (what, lie) in lies {
            let liar: Arc<Liar> = Arc::clone(&story.liar);
            story.meddle(Changes::new("GET", "/v1/consents/face", move |request, answer| {
                let mut body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                lie(&mut body);
                Ok(liar.answer(request, &Liar::envelope(&answer), body.to_string().as_bytes()).unwrap())
            }));
            assert!(wallet.data().consent_text(FACE.to_owned()).await.unwrap_err().is(Code::AnswerMalformed), "{what}");
        }
        story.honest();
        // What was shown before still counts, and the step still waits for it.
        assert!(wallet.identity().face_begin().await.unwrap_err().is(Code::ConsentMissing));
        wallet.data().give_consent(FACE.to_owned(), version).await.unwrap();
        wallet.identity().face_begin().await.unwrap();
    });
}

#[test]
fn a_phone_that_was_signed_in_knows_what_was_consented_to_or_that_it_does_not_know() {
    story("consent-arrival", async |story: Story| {
        let states = async |wallet: &Wallet| wallet.data().consents().await.unwrap().documents.into_iter().map(|one| one.state).collect::<Vec<_>>();
        let mut phone = story.another("asked");
        let other = story.signed_in(&mut phone).await;
        assert_eq!(states(&other).await, [ConsentState::Given; 5]);
        let seen = other.data().withdraw_consent("real_name".to_owned()).await.unwrap();
        assert!(seen.history.iter().any(|entry| entry.document == "real_name" && entry.withdrawn_at.is_some() && entry.service_knows), "{seen:?}");

        // Nobody answered what was consented to when the phone came: unknown, never "not given"; the next refresh asks.
        story.meddle(Changes::new("GET", "/v1/consents", |_, _| Err(TransportError::Cut)));
        let mut phone = story.another("not-asked");
        let third = story.signed_in(&mut phone).await;
        assert_eq!(states(&third).await, [ConsentState::Unknown; 5]);
        let refused = third.data().withdraw_consent(FACE.to_owned()).await.unwrap_err();
        assert_eq!(refused.failure().remedy, kabao_base::Remedy::CheckNetwork, "{refused:?}");
        story.honest();
        third.account().refresh().await.unwrap();
        let known = states(&third).await;
        assert_eq!(known.iter().filter(|state| **state == ConsentState::Given).count(), 4, "{known:?}");
        assert!(known.contains(&ConsentState::Withdrawn));
        // What was withdrawn already stays so; what nobody ever consented to has nothing to withdraw.
        third.data().withdraw_consent("real_name".to_owned()).await.unwrap();
    });
}
