//! Who hears what happens to an account: its number and its second contacts that count.

use crate::api::account::phone_of;
use crate::refusal::Outcome;
use crate::service::{Service, Sms, State, internal};
use crate::store::people::account;
use crate::store::{all, id_at};
use kabao_base::{Id, Timestamp};

fn place(contact: Id) -> String {
    format!("contact:{contact}")
}

/// The address of a contact, for the book.
pub fn seal(service: &Service, contact: Id, address: &str) -> Outcome<Vec<u8>> {
    service.keys.sealer.seal(service.world.as_ref(), &place(contact), address.as_bytes()).map_err(|_| internal())
}

/// The address of a contact, out of the book.
pub fn address(service: &Service, contact: Id, sealed: &[u8]) -> Outcome<String> {
    let text = service.keys.sealer.open_text(&place(contact), sealed).map_err(|_| internal())?;
    Ok(text.to_string())
}

/// Tells the second contacts. A message that cannot be sent stops nothing: what happened has happened.
pub fn contacts(service: &Service, state: &mut State, of: Id, text: &str, now: Timestamp) {
    let sql = "SELECT contact_id, address_sealed FROM contacts WHERE account_id = ?1 AND verified_at IS NOT NULL";
    let found = all(&state.db, sql, [of.to_string()], |row| Ok((id_at(row, "contact_id")?, row.get::<_, Vec<u8>>(1)?)));
    for (id, sealed) in found.unwrap_or_default() {
        if let Ok(to) = address(service, id, &sealed) {
            message(state, to, text, now);
        }
    }
}

/// Tells the account's number and its second contacts.
pub fn person(service: &Service, state: &mut State, of: Id, text: &str, now: Timestamp) {
    if let Ok(phone) = account(&state.db, of).and_then(|who| phone_of(service, &who)) {
        message(state, phone, text, now);
    }
    contacts(service, state, of, text, now);
}

fn message(state: &mut State, to: String, text: &str, now: Timestamp) {
    state.memory.inbox.entry(to).or_default().push(Sms { text: text.to_owned(), otp: String::new(), at: now });
}
