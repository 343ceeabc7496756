//! The contract as OpenAPI, generated from the handlers. `docs/service-api/openapi.json` is this text.

use crate::api::{
    account, asks, bank_transfer, cards, classes, closures, consents, contacts, devices, face, feeds, guardian, history, identity, limits, payer_codes, payments, people, phone_changes,
    pin_resets, quotes, refunds, registration, removals, renewal, replacement, secure, sign_in,
};
use utoipa::OpenApi;

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

/// The contract as JSON text, with a line break at its end.
pub fn openapi() -> String {
    let mut text = Contract::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
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
