//! Top-up by bank transfer: where to send money at one's own bank, and what became of what was sent.
//!
//! The phone starts nothing here and promises nothing: the person transfers at a bank, and the service credits what comes with the memo from an
//! account in the person's name. The record of the history, with its signed receipt, is what says that it arrived.

use super::PayClient;
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::tables::sync;
use crate::words::{Language, age, exists, say};
use kabao_base::fold::hidden_kind;
use kabao_base::{Cause, Code, Failure, MoneyView, Timestamp};

/// No field of the hand-off is longer, in characters: banks take no more.
const MOST: usize = 140;
/// So many signs of a number stand together.
const GROUP: usize = 4;

/// Where to transfer money to, and what came.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BankTransferView {
    /// What the person enters at the bank, in the order in which banks ask: `name`, `account_no`, `bank`, `memo`.
    pub fields: Vec<BankTransferField>,
    /// What matters when it is sent: `memo` (without it nobody is credited), `own_name` (only from an account in one's own name), `any_amount`,
    /// `usual` (how long it takes), `weekend` (where the bank books on working days alone).
    pub notes: Vec<BankTransferNote>,
    /// What came with the memo, newest first; at most twenty.
    pub arrivals: Vec<BankTransferArrival>,
    /// When the service said so.
    pub at: Timestamp,
    /// How long ago that is, in words.
    pub age_text: String,
}

/// One thing that is entered at the bank.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BankTransferField {
    /// `name`, `account_no`, `bank`, `memo`.
    pub field: String,
    /// What banks call it.
    pub title: String,
    /// For the clipboard: without blanks and line breaks that were not in it.
    pub plain: String,
    /// For the eye: numbers in groups of four.
    pub shown: String,
}

/// What to know before money is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BankTransferNote {
    /// Its name.
    pub note: String,
    /// In words.
    pub text: String,
}

/// One transfer that came.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BankTransferArrival {
    /// The record of the history.
    pub record_id: String,
    /// How much.
    pub amount: MoneyView,
    /// `credited`, `returning` (on its way back to the sender), `returned`.
    pub state: String,
    /// The state in words.
    pub state_text: String,
    /// Why it was not credited.
    pub why: Option<Failure>,
    /// What support finds it by.
    pub support_no: String,
    /// When the bank booked it.
    pub at: Timestamp,
    /// The same in the time of China.
    pub at_text: String,
}

impl PayClient {
    /// Where to transfer money to for the balance, and what came: asked of the service; without network, as it was said last.
    ///
    /// # Errors
    /// `wrong_step` before the name is verified, `account_frozen`, `account_closing`; those of the network where nothing was asked before.
    pub async fn bank_transfer_details(&self) -> Outcome<BankTransferView> {
        let (now, language) = (self.core.now(), self.core.settings.language);
        let request = self.core.request("GET", "/v1/bank-transfer".to_owned(), Vec::new())?;
        match self.core.call(&request).await {
            Ok(answer) => {
                let (said, at): (wire::BankTransfer, _) = (answer.read()?, answer.time);
                if !is_copy_safe(&said) {
                    return Err(Code::AnswerMalformed.into());
                }
                let body = serde_json::to_string(&said).map_err(|_| Code::Internal)?;
                self.core.open_files(move |files| files.cache_write(|tx| sync::set_snapshot(tx, sync::BANK_TRANSFER, &body, at))).await?;
                Ok(view(language, said, at, now))
            }
            Err(error) if error.failure().cause == Cause::Network => self.kept(language, now).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    async fn kept(&self, language: Language, now: Timestamp) -> Result<Option<BankTransferView>, WalletError> {
        let kept = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::BANK_TRANSFER))).await?;
        let kept = kept.and_then(|(body, at)| Some((serde_json::from_str(&body).ok()?, at)));
        Ok(kept.map(|(said, at)| view(language, said, at, now)))
    }
}

/// Whether every field arrives in a bank's form as it is read here.
fn is_copy_safe(said: &wire::BankTransfer) -> bool {
    let fields = [&said.name, &said.account_no, &said.bank, &said.memo];
    let plain = |text: &str| !text.trim().is_empty() && text.trim() == text && text.chars().count() <= MOST && text.chars().all(|sign| hidden_kind(sign).is_none() && !sign.is_control());
    fields.into_iter().all(|field| plain(field))
        && said.account_no.bytes().all(|digit| digit.is_ascii_digit())
        && said.memo.bytes().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit())
}

fn grouped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() * 5 / 4 + 1);
    for (place, sign) in text.chars().enumerate() {
        if place > 0 && place % GROUP == 0 {
            shown.push(' ');
        }
        shown.push(sign);
    }
    shown
}

fn view(language: Language, said: wire::BankTransfer, at: Timestamp, now: Timestamp) -> BankTransferView {
    let field = |field: &str, plain: String, shown: String| BankTransferField {
        field: field.to_owned(),
        title: say(language, &format!("bank_transfer.{field}"), &[]),
        plain,
        shown,
    };
    let (number, memo) = (grouped(&said.account_no), grouped(&said.memo));
    let fields = vec![
        field("name", said.name.clone(), said.name),
        field("account_no", said.account_no, number),
        field("bank", said.bank.clone(), said.bank),
        field("memo", said.memo, memo),
    ];
    let minutes = said.usual_minutes.to_string();
    let usual = [("n", minutes.as_str())];
    let names = ["memo", "own_name", "any_amount", "usual", "weekend"];
    let notes = names.into_iter().filter(|note| *note != "weekend" || said.working_days_only).map(|note| BankTransferNote {
        note: note.to_owned(),
        text: say(language, &format!("bank_transfer.note.{note}"), if note == "usual" { &usual } else { &[] }),
    });
    BankTransferView {
        fields,
        notes: notes.collect(),
        arrivals: said.arrivals.into_iter().map(|arrival| arrived(language, arrival)).collect(),
        at,
        age_text: age(language, now.since(at)),
    }
}

fn arrived(language: Language, arrival: wire::Arrival) -> BankTransferArrival {
    let key = format!("bank_transfer.state.{}", arrival.state);
    let at = Timestamp::from_ms(arrival.at);
    BankTransferArrival {
        record_id: arrival.record_id.to_string(),
        amount: arrival.amount.view(language),
        // A state of a newer service.
        state_text: if exists(&key) { say(language, &key, &[]) } else { arrival.state.clone() },
        state: arrival.state,
        why: arrival.why.map(|code| match Code::parse(&code) {
            Some(known) => Failure::of(known),
            None => Failure { code, ..Failure::of(Code::PaymentRefused) },
        }),
        support_no: arrival.support_no,
        at,
        at_text: at.china_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> wire::BankTransfer {
        wire::BankTransfer {
            name: "卡宝".to_owned(),
            account_no: "31050161373600004821".to_owned(),
            bank: "示例银行".to_owned(),
            memo: "KB7F3A9C2D45".to_owned(),
            usual_minutes: 30,
            working_days_only: false,
            arrivals: Vec::new(),
        }
    }

    #[test]
    fn what_is_copied_is_what_the_bank_needs_and_what_is_shown_is_easy_to_read() {
        let (at, now) = (Timestamp::from_ms(0), Timestamp::from_ms(3 * 3_600_000));
        let shown = view(Language::En, said(), at, now);
        let pairs: Vec<(&str, &str)> = shown.fields.iter().map(|field| (field.plain.as_str(), field.shown.as_str())).collect();
        assert_eq!(pairs[1], ("31050161373600004821", "3105 0161 3736 0000 4821"));
        assert_eq!(pairs[3], ("KB7F3A9C2D45", "KB7F 3A9C 2D45"));
        assert_eq!((shown.notes.len(), shown.age_text.as_str()), (4, "3 h ago"));
        assert_eq!(view(Language::En, wire::BankTransfer { working_days_only: true, ..said() }, at, now).notes.len(), 5);
    }

    #[test]
    fn a_field_with_anything_hidden_in_it_is_shown_to_nobody() {
        assert!(is_copy_safe(&said()));
        for bad in ["", " ", "卡\u{202e}宝", "卡\u{200b}宝", "卡\n宝", " 卡宝", &"卡".repeat(MOST + 1)] {
            assert!(!is_copy_safe(&wire::BankTransfer { name: bad.to_owned(), ..said() }), "{bad:?}");
            assert!(!is_copy_safe(&wire::BankTransfer { bank: bad.to_owned(), ..said() }), "{bad:?}");
        }
        for bad in ["3105 0161", "３１０５", "3105-", "310x"] {
            assert!(!is_copy_safe(&wire::BankTransfer { account_no: bad.to_owned(), ..said() }), "{bad:?}");
            assert!(!is_copy_safe(&wire::BankTransfer { memo: format!("{bad}é"), ..said() }), "{bad:?}");
        }
    }
}
