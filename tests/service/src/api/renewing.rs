//! When a real name has to be verified again, and what stops when it is not.
//!
//! A document that expires: said from 90 days before its last day, and payments are held from the 91st day after it (the
//! reasonable time that banks give). A date of the operator's own, when the law asks for a new check: said from 90 days
//! before, and payments are held from the day after. Held are quotes, payments, payer codes and charges; what others pay
//! back still arrives, the history stays, and a check that passes lifts it at once.

use crate::store::people::Account;
use chrono::{Days, NaiveDate};
use kabao_base::Timestamp;

/// How long before it is said, and how long after an expiry payments go on.
const DAYS: Days = Days::new(90);

/// Whether and until when the real name has to be verified again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reverify {
    /// Payments are held.
    pub overdue: bool,
    /// The last day before they are.
    pub by: NaiveDate,
}

fn day(text: Option<&str>) -> Option<NaiveDate> {
    text.and_then(|text| text.parse().ok())
}

/// What stands of an account on a day; `None` when there is nothing to do.
pub fn due(account: &Account, now: Timestamp) -> Option<Reverify> {
    let today = now.china_date()?;
    let by_document = day(account.expires_on.as_deref()).and_then(|last| Some((last.checked_sub_days(DAYS)?, last.checked_add_days(DAYS)?)));
    let by_operator = day(account.reverify_by.as_deref()).and_then(|by| Some((by.checked_sub_days(DAYS)?, by)));
    let open = [by_document, by_operator].into_iter().flatten().filter(|(from, _)| *from <= today);
    let by = open.map(|(_, by)| by).min()?;
    Some(Reverify { overdue: by < today, by })
}

/// Whether payments are held.
pub fn is_overdue(account: &Account, now: Timestamp) -> bool {
    due(account, now).is_some_and(|due| due.overdue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_base::Id;

    fn account(expires_on: Option<&str>, reverify_by: Option<&str>) -> Account {
        Account {
            id: Id::from_bytes([1; 16]),
            phone_sealed: Vec::new(),
            phone_masked: String::new(),
            class: 3,
            name_masked: None,
            id_masked: None,
            pin_set: true,
            pin_locked: false,
            pin_must_change: false,
            sheet_set: true,
            frozen: false,
            closing: false,
            document: None,
            expires_on: expires_on.map(str::to_owned),
            reverify_by: reverify_by.map(str::to_owned),
        }
    }

    #[test]
    fn said_ninety_days_before_and_held_ninety_days_after() {
        // Midnight of 22 November 2026 in China.
        let now = Timestamp::from_ms(1_795_276_800_000);
        let on = |days: i64, account: &Account| due(account, now.plus_ms(days * 86_400_000)).map(|due| due.overdue);
        let card = account(Some("2027-02-20"), None);
        assert_eq!((on(-1, &card), on(0, &card), on(180, &card), on(181, &card)), (None, Some(false), Some(false), Some(true)));
        let asked = account(None, Some("2026-12-01"));
        assert_eq!((on(-82, &asked), on(9, &asked), on(10, &asked)), (None, Some(false), Some(true)));
        assert_eq!(on(100_000, &account(None, None)), None);
    }
}
