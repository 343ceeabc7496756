//! The contract as OpenAPI, generated from the handlers. `docs/service-api/openapi.json` is this text.

use crate::api::{
    account, asks, bank_transfer, cards, classes, closures, consents, contacts, devices, face, feeds, guardian, history, identity, limits, payer_codes, payments, people, phone_changes,
    pin_resets, quotes, refunds, registration, removals, renewal, replacement, secure, sign_in,
};
use serde_json::json;
use utoipa::OpenApi;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::{RefOr, Response};

#[derive(OpenApi)]
#[openapi(
    info(title = "Kabao wallet service", version = "1", description = "What a wallet core asks of a wallet service. \
        Signatures, boxes and documents stand in README.md beside this file.", license(name = "Apache-2.0 OR MIT")),
    paths(
        registration::keys, registration::register, registration::otp,
        replacement::begin, replacement::otp, replacement::state, replacement::nonce, replacement::prove,
        renewal::begin, renewal::prove,
        contacts::list, contacts::add, contacts::code, contacts::otp, contacts::remove,
        closures::view, closures::close, closures::reopen,
        phone_changes::begin, phone_changes::otp, phone_changes::state, phone_changes::prove,
        pin_resets::begin, pin_resets::otp, pin_resets::state, pin_resets::prove,
        sign_in::begin, sign_in::otp, sign_in::state, sign_in::prove, devices::list, devices::report, devices::build, devices::sign_out,
        secure::view, secure::set_password, secure::enrol, secure::confirm, secure::backups, secure::off,
        account::view, account::set_pin, account::set_sheet, account::freeze,
        consents::document, consents::consent, consents::list, consents::withdraw, identity::verify, identity::verification,
        face::nonce, guardian::make, classes::view, classes::ask,
        cards::bind, cards::otp, cards::list, cards::binding, removals::remove,
        quotes::resolve, quotes::quote, bank_transfer::details, people::person, people::state, people::cancel,
        payments::pay, payments::state, payments::abandon, payments::proof,
        refunds::ask, refunds::list,
        payer_codes::provision, asks::decline, history::page, feeds::codes, feeds::cards, feeds::rules, feeds::profile, limits::counters, limits::set_own,
    )
)]
struct Contract;

const PAYMENT: &str = "/v1/payments/{intent_id}";

/// Where a step of a payment leads: what a tool that follows links asks next, with the words of the answer before.
fn links(contract: &mut utoipa::openapi::OpenApi) {
    let paths = &mut contract.paths.paths;
    let to = |path: &str, method: &str| LinkBuilder::new().operation_ref(format!("#/paths/{}/{method}", path.replace('/', "~1")));
    let own = |path: &str, method: &str| to(path, method).parameter("intent_id", "$request.path.intent_id");
    let (abandon, proof) = (format!("{PAYMENT}/abandon"), format!("{PAYMENT}/proof"));
    // The id of a payment is the phone's own choice; the quote's is as good as any other that was never used.
    let terms = json!({ "terms": {
        "intent_id": "$response.body#/quote_id", "quote_id": "$response.body#/quote_id", "kind": "$response.body#/kind", "amount": "$response.body#/amount",
        "fee": "$response.body#/fee", "expires_at": "$response.body#/expires_at", "challenge": "$response.body#/challenge",
    } });
    let pay = to(PAYMENT, "put").parameter("intent_id", "$response.body#/quote_id").request_body(Some(terms)).description("What was quoted is paid.");
    let give_up = to(&abandon, "post").parameter("intent_id", "$response.body#/quote_id").description("Given up before it was sent: a late original is refused.");
    if let Some(quote) = paths.get_mut("/v1/quotes").and_then(|path| path.post.as_mut()).and_then(|quote| quote.responses.responses.get_mut("200")) {
        link(quote, "pay", pay);
        link(quote, "giveUp", give_up);
    }
    let shown = json!({ "proof": "$response.body#/proof" });
    for (path, method) in [(PAYMENT, "put"), (abandon.as_str(), "post")] {
        let found = paths.get_mut(path).and_then(|path| if method == "put" { path.put.as_mut() } else { path.post.as_mut() });
        let Some(found) = found else { continue };
        for (status, answer) in &mut found.responses.responses {
            if !["200", "202", "410"].contains(&status.as_str()) {
                continue;
            }
            link(answer, "state", own(PAYMENT, "get").description("How it stands."));
            link(answer, "abandon", own(&abandon, "post").description("Its end, or a tombstone."));
            link(answer, "proof", own(&proof, "post").request_body(Some(shown.clone())).description("What was signed is presented to a book that may have forgotten it."));
        }
    }
}

fn link(answer: &mut RefOr<Response>, name: &str, link: LinkBuilder) {
    if let RefOr::T(answer) = answer {
        answer.links.insert(name.to_owned(), RefOr::T(link.build()));
    }
}

/// The contract as JSON text, with a line break at its end.
pub fn openapi() -> String {
    let mut contract = Contract::openapi();
    links(&mut contract);
    let mut text = contract.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_payment_can_be_followed_from_its_quote_to_its_end() {
        let contract: serde_json::Value = serde_json::from_str(&super::openapi()).unwrap();
        let links = |path: &str, method: &str, status: &str| {
            let all = contract["paths"][path][method]["responses"][status]["links"].as_object().cloned().unwrap_or_default();
            for link in all.values() {
                let place = link["operationRef"].as_str().unwrap().trim_start_matches('#');
                assert!(contract.pointer(place).is_some(), "{place}");
            }
            all.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(links("/v1/quotes", "post", "200"), "giveUp pay");
        for status in ["200", "202", "410"] {
            assert_eq!(links("/v1/payments/{intent_id}", "put", status), "abandon proof state", "{status}");
        }
        assert_eq!(links("/v1/payments/{intent_id}/abandon", "post", "202"), "abandon proof state");
    }

    #[test]
    fn the_committed_file_is_not_stale() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/service-api/openapi.json");
        if std::env::var_os("KABAO_WRITE_OPENAPI").is_some() {
            std::fs::write(path, super::openapi()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == super::openapi(), "run this test once with KABAO_WRITE_OPENAPI=1");
    }
}
