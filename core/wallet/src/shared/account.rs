//! How the account stands, asked of the service and kept: what is the phone's own truth in the ledger, the rest in the
//! cache.

use super::Core;
use crate::error::Outcome;
use crate::service::wire;
use crate::tables::account::AccountRow;
use crate::tables::sync;
use kabao_base::{Code, Timestamp, mask};

/// How the real-name check stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VerificationView {
    /// `none`, `submitted`, `pending`, `passed` or `rejected`.
    pub state: String,
    /// Why it was rejected: a code of the catalogue.
    pub code: Option<String>,
    /// Whether another attempt makes sense.
    pub retriable: bool,
    /// The class that the service decided: 0 (none yet), 1, 2 or 3.
    pub account_class: u8,
    /// The name, masked.
    pub name_masked: Option<String>,
    /// The number, masked.
    pub id_masked: Option<String>,
    /// How many rejected attempts are left, after a rejection.
    pub attempts_left: Option<u32>,
    /// While a person looks at it (code `identity_review`): when the result is there at the latest.
    pub review_by: Option<Timestamp>,
}

impl VerificationView {
    /// `said` is what the service said last; it counts where it speaks of the state that the phone knows.
    pub(crate) fn of(row: &AccountRow, said: Option<&wire::Verification>) -> VerificationView {
        let said = said.filter(|said| row.verification_state.as_deref() == Some(&said.state));
        VerificationView {
            attempts_left: said.and_then(|said| said.attempts_left),
            review_by: said.and_then(|said| said.review_by).map(Timestamp::from_ms),
            state: row.verification_state.clone().unwrap_or_else(|| "none".to_owned()),
            code: row.verification_code.clone(),
            retriable: row.verification_retriable,
            account_class: row.class,
            name_masked: row.name_masked.clone(),
            id_masked: row.id_masked.clone(),
        }
    }
}

/// Fetches the account and keeps it.
pub(crate) async fn refresh_account(core: &Core) -> Outcome<()> {
    super::tell_withdrawals(core).await?;
    let known = ask_account(core).await?;
    // Last, so that what goes wrong on the way is told of the account, which was asked for. Only a name in a list: without an answer it
    // is told the next time.
    let _ = super::tell_device(core).await;
    let told = super::tell_build(core).await.unwrap_or(false);
    // What was said of the build before the update is out of date from here on.
    if told && known.channels.iter().any(|channel| !channel.usable) {
        let _ = ask_account(core).await;
    }
    // Without an answer it is asked the next time, and what is not known is called so until then.
    let _ = super::ask_owed_consents(core).await;
    Ok(())
}

async fn ask_account(core: &Core) -> Outcome<wire::Account> {
    let request = core.request("GET", "/v1/account".to_owned(), Vec::new())?;
    let answer = core.call(&request).await?;
    let known: wire::Account = answer.read()?;
    // What is said of another account is no answer to this phone.
    if known.account_id.is_some_and(|of| core.identity().is_ok_and(|own| own.account_id != of)) {
        return Err(Code::AnswerMalformed.into());
    }
    let body = serde_json::to_string(&known).map_err(|_| Code::Internal)?;
    let (at, balance, held, balance_at) = (answer.time, known.balance, known.held, Timestamp::from_ms(known.balance_at));
    core.files(move |files| {
        files.cache_write(|tx| {
            sync::set_snapshot(tx, sync::ACCOUNT, &body, at)?;
            sync::set_balance(tx, balance, held, balance_at)
        })
    })
    .await?;
    let row = core.account_row().await?;
    if differs(&row, &known) {
        let said = known.clone();
        core.change_account("refreshed", move |row| take(row, &said)).await?;
    }
    Ok(known)
}

/// Learns the service's time where only this phone's clock is left since it was started: that clock may be years off, and a good
/// card or document must not be refused for it.
pub(crate) async fn know_time(core: &Core) -> Outcome<()> {
    let (_, trusted) = core.clock.now(core.host.as_ref());
    if trusted { Ok(()) } else { refresh_account(core).await }
}

fn differs(row: &AccountRow, known: &wire::Account) -> bool {
    let mut next = row.clone();
    take(&mut next, known);
    next != *row
}

fn take(row: &mut AccountRow, known: &wire::Account) {
    row.pin_set = known.pin_set && !known.pin_must_change;
    row.sheet_set = known.sheet_set;
    row.class = known.class;
    // The number may have been changed on another phone: the service's word counts, and without it the number that was
    // typed here counts only while it looks the same.
    let looks_right = |phone: &&String| mask::phone(phone.strip_prefix("+86").unwrap_or(phone)) == known.phone_masked;
    row.phone = known.phone.as_ref().filter(|phone| is_number(phone)).or(row.phone.as_ref()).filter(looks_right).cloned();
    if known.verification.state != "none" {
        row.verification_state = Some(known.verification.state.clone());
        row.verification_code.clone_from(&known.verification.code);
        row.verification_retriable = known.verification.retriable.unwrap_or(false);
        row.name_masked.clone_from(&known.verification.name_masked);
        row.id_masked.clone_from(&known.verification.id_masked);
    } else if row.verification_state.as_deref() == Some("passed") {
        // A service that came back from before the check: the set-up asks for it again.
        row.verification_state = None;
        row.verification_id = None;
    }
}

/// A number in E.164.
fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(phone: Option<&str>, masked: &str) -> wire::Account {
        let body = json!({
            "phone_masked": masked, "phone": phone, "class": 1, "verification": {"state": "none"}, "pin_set": true, "sheet_set": false,
            "frozen": false, "balance": {"minor": 0, "currency": "CNY"}, "balance_at": 0, "cards": [], "channels": [],
            "limits": {},
        });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_number_that_another_phone_changed_is_the_one_that_counts() {
        let mut row = AccountRow { phone: Some("+8613912340278".to_owned()), ..AccountRow::default() };
        take(&mut row, &said(Some("+8617012345678"), "170****5678"));
        assert_eq!(row.phone.as_deref(), Some("+8617012345678"));
        // An answer that says two different things names no number; an earlier one is not believed again.
        take(&mut row, &said(Some("+8617012345679"), "171****5678"));
        assert_eq!(row.phone, None);
        for nonsense in ["17012345678", "+", "+86170123456781234", "+861701234567x"] {
            take(&mut row, &said(Some(nonsense), "170****5678"));
            assert_eq!(row.phone, None, "{nonsense}");
        }
        // Only the masked one is kept with the answer.
        let kept = serde_json::to_string(&said(Some("+8617012345678"), "170****5678")).unwrap();
        assert!(!kept.contains("12345678"), "{kept}");
    }
}
