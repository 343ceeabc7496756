//! Money for another person: who has this number. What becomes of a transfer is in `transfers`.
//!
//! ```text
//! payee_by_phone → quote (transfer) → confirm → waiting ─ its time is over ─→ arrived
//!                                        └── cancel_transfer ─→ cancelled
//! ```
//! A transfer is a payment like every other: stored before it is sent, final by a signed proof. The proof says that the money left
//! the balance, and when it arrives; what became of it then stands in the history, signed by the service.

use super::PayClient;
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::read_phone;
use crate::words::say;
use kabao_base::fold::hidden_kind;
use kabao_base::{Code, Failure};

/// So many characters of a name are the most that is typed of it.
const BEGINS_MOST: usize = 4;

/// A person who can be paid, as far as the payer may know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PersonPayeeView {
    /// For a quote.
    pub payee_id: String,
    /// The name, all but its last character hidden: `*三`.
    pub name_masked: String,
    /// The number, masked.
    pub phone_masked: String,
    /// Nothing was ever sent to this person from this account.
    pub first_time: bool,
    /// The person who pays has given the hidden first character of the name.
    pub name_checked: bool,
    /// How long the transfer may wait before it arrives; while it waits it can be called back.
    pub delays: Vec<DelayView>,
    /// What to know before the amount is entered: `payee_first_time`.
    pub warning: Option<Failure>,
}

/// One way to let a transfer wait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct DelayView {
    /// In milliseconds, for the quote.
    pub delay_ms: u32,
    /// In words.
    pub text: String,
    /// The one that the wallet proposes: at once to somebody who was paid before, two hours to somebody new.
    pub proposed: bool,
}

impl PayClient {
    /// Who has a number. `name_begins` is the first character of the name, which the mask hides: with it the service says whether it is
    /// this person; five wrong ones a day.
    ///
    /// # Errors
    /// `payee_not_here` when nobody with an account has this number, `payee_is_self`, `payee_unverified`, `payee_frozen`,
    /// `payee_closing`, `payee_name_wrong` with the tries that are left.
    pub async fn payee_by_phone(&self, phone: String, name_begins: Option<String>) -> Outcome<PersonPayeeView> {
        self.core.identity()?;
        let number = read_phone(&phone)?;
        let mut body = serde_json::json!({ "phone": number });
        if let Some(typed) = name_begins.filter(|typed| !typed.is_empty()) {
            body["name_begins"] = read_begin(&typed)?.into();
        }
        let request = self.core.request("POST", "/v1/payees/person".to_owned(), body.to_string().into_bytes())?;
        let person: wire::PersonPayee = self.core.call(&request).await?.read()?;
        let language = self.core.settings.language;
        // To somebody new there is time to think; to others it goes at once.
        let wish = if person.first_time { person.delays_ms.iter().copied().find(|delay| *delay > 0) } else { person.delays_ms.first().copied() };
        let delays = person.delays_ms.iter().map(|delay| DelayView {
            delay_ms: *delay,
            text: match delay {
                0 => say(language, "transfer.at_once", &[]),
                delay => say(language, "transfer.after", &[("wait", &crate::words::wait(language, i64::from(*delay)))]),
            },
            proposed: Some(*delay) == wish,
        });
        Ok(PersonPayeeView {
            payee_id: person.payee_id.to_string(),
            name_masked: person.name_masked,
            phone_masked: person.phone_masked,
            first_time: person.first_time,
            name_checked: person.name_checked,
            delays: delays.collect(),
            warning: person.first_time.then(|| Failure::of(Code::PayeeFirstTime)),
        })
    }
}

/// The beginning of a name as typed: letters, and not many.
fn read_begin(typed: &str) -> Outcome<String> {
    let wrong = |code: Code| WalletError::from(code).in_field("name_begins");
    if typed.len() > 64 {
        return Err(wrong(Code::InputTooLong));
    }
    if typed.chars().any(|character| hidden_kind(character).is_some()) {
        return Err(wrong(Code::HiddenCharacter));
    }
    let text = typed.trim();
    if text.is_empty() {
        return Err(wrong(Code::EmptyInput));
    }
    if text.chars().count() > BEGINS_MOST || !text.chars().all(char::is_alphabetic) {
        return Err(wrong(Code::PayeeNameWrong));
    }
    Ok(text.to_owned())
}
