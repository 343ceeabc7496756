//! Which path is answered by whom.

use super::errors::Answer;
use super::outer;
use crate::api::{
    account, asks, bank_transfer, cards, classes, closures, consents, contacts, devices, face, feeds, guardian, history, identity, limits, payer_codes, payments, people, phone_changes,
    pin_resets, quotes, refunds, registration, removals, renewal, replacement, secure, sign_in,
};
use crate::refusal::Refusal;
use crate::service::Service;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use kabao_base::Code;
use std::sync::Arc;

/// Everything that phones and tills can ask, as one service of HTTP. It needs no socket and no runtime: a
/// simulation calls it with `tower::ServiceExt::oneshot` on its own thread. An answer carries a
/// [`super::wire_fault::WireFault`] among its extensions.
pub fn router(service: Arc<Service>) -> Router {
    let mut router = Router::new()
        .route("/v1/keys", get(registration::keys))
        .route("/v1/registrations", post(registration::register))
        .route("/v1/registrations/{registration_id}/otp", post(registration::otp))
        .route("/v1/device-replacements", post(replacement::begin))
        .route("/v1/device-replacements/{replacement_id}", get(replacement::state))
        .route("/v1/device-replacements/{replacement_id}/otp", post(replacement::otp))
        .route("/v1/device-replacements/{replacement_id}/liveness-nonces", post(replacement::nonce))
        .route("/v1/device-replacements/{replacement_id}/proof", put(replacement::prove))
        .route("/v1/approve-renewals", post(renewal::begin))
        .route("/v1/approve-renewals/{renewal_id}", put(renewal::prove))
        .route("/v1/phone-changes", post(phone_changes::begin))
        .route("/v1/phone-changes/{change_id}", get(phone_changes::state))
        .route("/v1/phone-changes/{change_id}/otp", post(phone_changes::otp))
        .route("/v1/phone-changes/{change_id}/proof", put(phone_changes::prove))
        .route("/v1/pin-resets", post(pin_resets::begin))
        .route("/v1/pin-resets/{reset_id}", get(pin_resets::state))
        .route("/v1/pin-resets/{reset_id}/otp", post(pin_resets::otp))
        .route("/v1/pin-resets/{reset_id}/proof", put(pin_resets::prove))
        .route("/v1/sign-ins", post(sign_in::begin))
        .route("/v1/sign-ins/{sign_in_id}", get(sign_in::state))
        .route("/v1/sign-ins/{sign_in_id}/otp", post(sign_in::otp))
        .route("/v1/sign-ins/{sign_in_id}/proof", put(sign_in::prove))
        .route("/v1/devices", get(devices::list))
        .route("/v1/devices/this", put(devices::report))
        .route("/v1/devices/{device_id}/sign-out", post(devices::sign_out))
        .route("/v1/account/security", get(secure::view))
        .route("/v1/account/password", put(secure::set_password))
        .route("/v1/second-factor", post(secure::enrol))
        .route("/v1/second-factor/backup-codes", post(secure::backups))
        .route("/v1/second-factor/off", post(secure::off))
        .route("/v1/second-factor/{enrolment_id}", put(secure::confirm))
        .route("/v1/contacts", post(contacts::add).get(contacts::list))
        .route("/v1/contacts/{contact_id}/code", post(contacts::code))
        .route("/v1/contacts/{contact_id}/otp", post(contacts::otp))
        .route("/v1/contacts/{contact_id}/removal", post(contacts::remove))
        .route("/v1/closures", get(closures::view))
        .route("/v1/closures/{closure_id}", put(closures::close))
        .route("/v1/closures/{closure_id}/reopening", post(closures::reopen))
        .route("/v1/account", get(account::view))
        .route("/v1/account/pin", put(account::set_pin))
        .route("/v1/account/recovery-sheet", put(account::set_sheet))
        .route("/v1/freeze", post(account::freeze))
        .route("/v1/consents", post(consents::consent).get(consents::list))
        .route("/v1/consents/{consent_id}/withdrawal", put(consents::withdraw))
        .route("/v1/consents/{document}", get(consents::document))
        .route("/v1/verifications/{verification_id}", put(identity::verify).get(identity::verification))
        .route("/v1/liveness-nonces", post(face::nonce))
        .route("/v1/guardian-codes", post(guardian::make))
        .route("/v1/account/classes", get(classes::view).post(classes::ask))
        .route("/v1/cards", post(cards::bind).get(cards::list))
        .route("/v1/cards/{binding_id}/otp", post(cards::otp))
        .route("/v1/card-bindings/{binding_id}", get(cards::binding))
        .route("/v1/card-removals/{removal_id}", put(removals::remove))
        .route("/v1/payees/resolve", post(quotes::resolve))
        .route("/v1/payees/person", post(people::person))
        .route("/v1/transfers/{intent_id}", get(people::state))
        .route("/v1/transfers/{intent_id}/cancel", post(people::cancel))
        .route("/v1/quotes", post(quotes::quote))
        .route("/v1/bank-transfer", get(bank_transfer::details))
        .route("/v1/payments/{intent_id}", put(payments::pay).get(payments::state))
        .route("/v1/payments/{intent_id}/abandon", post(payments::abandon))
        .route("/v1/payments/{intent_id}/proof", post(payments::proof))
        .route("/v1/refunds", get(refunds::list))
        .route("/v1/refunds/{ask_id}", put(refunds::ask))
        .route("/v1/payer-codes", post(payer_codes::provision))
        .route("/v1/asks/{ask_id}/decline", post(asks::decline))
        .route("/v1/history", get(history::page))
        .route("/v1/devices/this/build", put(devices::build))
        .route("/v1/feeds/codes", get(feeds::codes))
        .route("/v1/feeds/cards", get(feeds::cards))
        .route("/v1/feeds/rules", get(feeds::rules))
        .route("/v1/feeds/profile", get(feeds::profile))
        .route("/v1/limits", get(limits::counters))
        .route("/v1/limits/own/{change_id}", put(limits::set_own));
    for path in kabao_outside::lakala::PATHS {
        router = router.route(path, post(lakala));
    }
    router
        .fallback(async || Refusal::of(404, Code::NotFound))
        .method_not_allowed_fallback(async || Refusal::named(405, "method_not_allowed"))
        .layer(middleware::from_fn_with_state(service.clone(), outer::around))
        .with_state(service)
}

async fn lakala(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    match service.outside.get() {
        Some(acquirer) => acquirer.answer(uri.path(), &headers, &body, service.now()),
        None => Refusal::down().into_response(),
    }
}

/// The key set and the like: bytes of a type of their own.
pub(crate) fn cose(body: Vec<u8>) -> Answer {
    Answer { status: 200, content_type: "application/cose", body }
}
