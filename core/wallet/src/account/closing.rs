//! Closing the account.
//!
//! ```text
//! closure (points to settle) → close_account (PIN) → cooling ─→ closed → (export) → erase_closed
//!                                     ↑ reopen_account ←┘└→ open again: money arrived meanwhile
//! ```
//! The service closes by its own clock, and says so in a signed answer; nothing is erased here before that.

use super::AccountClient;
use crate::error::{Outcome, WalletError};
use crate::service::Answer;
use crate::service::wire::Closure;
use crate::shared::{EraseReport, erase, read_pin, refresh_account};
use crate::tables::{marks, tokens};
use crate::words::say;
use kabao_base::{Code, Failure, Id, Money, MoneyView, Timestamp};
use zeroize::Zeroizing;

const DAY_MS: i64 = 86_400_000;

/// Where the closing of the account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ClosureState {
    /// The account is open.
    Open,
    /// It is being closed and can be taken back; nothing is paid.
    Cooling,
    /// It is closed for good.
    Closed,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ClosureStep {
    /// Settle the points that block.
    Settle,
    /// `close_account` can be asked for.
    Close,
    /// Wait, or take it back with `reopen_account`.
    Wait,
    /// Take the history along with the export, while it can be read, then `erase_closed`.
    ExportThenErase,
}

/// One point of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ClosurePoint {
    /// `balance`, `in_flight`, `asks`, `returns`, `cards`, or what a newer service adds.
    pub point: String,
    /// Its name in words.
    pub text: String,
    /// Whether it has to be settled first.
    pub blocks: bool,
    /// Why, and what to do about it.
    pub reason: Option<Failure>,
    /// Of the balance: how much there is.
    pub amount: Option<MoneyView>,
    /// Of everything else: how many there are.
    pub count: u32,
}

/// How the closing of the account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ClosureView {
    /// Where it stands.
    pub state: ClosureState,
    /// What comes next.
    pub next: ClosureStep,
    /// What has to be settled, each point with its reason; empty once it is closed.
    pub points: Vec<ClosurePoint>,
    /// Until when it can be taken back.
    pub closes_at: Option<Timestamp>,
    /// How many days there are to take it back.
    pub cooling_days: u32,
    /// Why the last closing was called off at its end.
    pub called_off: Option<Failure>,
    /// What the service goes on keeping because the law says so, and how long.
    pub kept_text: String,
    /// What becomes of refunds that come after the end, and until when they are paid out.
    pub refunds_text: Option<String>,
}

impl AccountClient {
    /// What has to be settled before the account can be closed, and how its closing stands. Asks the service; once it said
    /// that the account is closed, this works without network.
    pub async fn closure(&self) -> Outcome<ClosureView> {
        if self.is_closed().await? {
            return Ok(self.closed_view());
        }
        self.core.identity()?;
        let answer = self.core.call(&self.core.request("GET", "/v1/closures".to_owned(), Vec::new())?).await?;
        self.take_closure(&answer).await
    }

    /// Asks for the account to be closed, with the PIN where one is set. `confirmed`: the person read what is lost. From then on
    /// nothing is paid and no payer code counts; within the cooling-off days it can be taken back.
    pub async fn close_account(&self, pin: Option<String>, confirmed: bool) -> Outcome<ClosureView> {
        let typed = pin.map(Zeroizing::new);
        let identity = self.core.identity()?;
        if self.is_closed().await? {
            return Ok(self.closed_view());
        }
        if !confirmed {
            return Err(WalletError::from(Code::BadArgument).in_field("confirmed"));
        }
        let pin = typed.map(|typed| read_pin(&typed)).transpose()?;
        for again in [true, false] {
            let closure_id = self.closure_id().await?;
            let proof_id = self.core.new_id()?;
            let pin_box = match &pin {
                Some(pin) => {
                    let parts = [
                        "kabao-close-1".to_owned(), closure_id.to_string(), proof_id.to_string(), identity.account_id.to_string(),
                        identity.device_id.to_string(),
                    ];
                    Some(self.core.seal_pin(pin, &kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()])).await?)
                }
                None => None,
            };
            let body = serde_json::json!({ "proof_id": proof_id, "confirmed": true, "pin_box": pin_box }).to_string().into_bytes();
            let answer = self.core.call(&self.core.request("PUT", format!("/v1/closures/{closure_id}"), body)?).await?;
            let code = (answer.status >= 300).then(|| answer.refusal());
            if answer.status == 400 && code.as_ref().is_some_and(|refusal| refusal.field.as_deref() == Some("pin_box")) {
                return Err(WalletError::from(Code::PinLength).in_field("pin"));
            }
            let is_over = code.is_some_and(|refusal| [Code::WrongStep, Code::IdReused].iter().any(|code| refusal.code == code.as_str()));
            if !(is_over && again) {
                return self.take_closure(&answer).await;
            }
            // That closing came to its end: the one that is meant now is another.
            self.mark_closure(None).await?;
        }
        Err(Code::Internal.into())
    }

    /// Takes the closing back, while its days last.
    pub async fn reopen_account(&self) -> Outcome<ClosureView> {
        self.core.identity()?;
        let answer = self.core.call(&self.core.request("GET", "/v1/closures".to_owned(), Vec::new())?).await?;
        let known: Closure = answer.read()?;
        let id = known.closure_id.filter(|_| known.state == "cooling").ok_or(Code::WrongStep)?;
        let answer = self.core.call(&self.core.request("POST", format!("/v1/closures/{id}/reopening"), Vec::new())?).await?;
        self.take_closure(&answer).await
    }

    /// Erases this phone after its account was closed: destroys the key of its files, then the files, then closes the wallet.
    /// Neither the files nor any copy of them can be read afterwards; what should be kept is exported before. `confirmed`: the
    /// person said so.
    ///
    /// # Errors
    /// `wrong_step` before the service signed that the account is closed: a phone of an open account is erased with
    /// `erase_this_phone`, which says what it does.
    pub async fn erase_closed(&self, confirmed: bool) -> Outcome<EraseReport> {
        if !confirmed {
            return Err(WalletError::from(Code::BadArgument).in_field("confirmed"));
        }
        if !self.is_closed().await? {
            return Err(Code::WrongStep.into());
        }
        erase::erase(&self.core).await
    }

    /// Whether the service signed that this phone's account is closed.
    async fn is_closed(&self) -> Outcome<bool> {
        let own = self.core.account_row().await?.account_id.map(|id| id.to_string());
        let mark = self.core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::CLOSED))).await?;
        Ok(own.is_some() && mark == own)
    }

    fn closed_view(&self) -> ClosureView {
        ClosureView {
            state: ClosureState::Closed,
            next: ClosureStep::ExportThenErase,
            points: Vec::new(),
            closes_at: None,
            cooling_days: 0,
            called_off: None,
            kept_text: self.kept(10),
            refunds_text: self.refunds(3),
        }
    }

    fn kept(&self, years: u32) -> String {
        say(self.core.settings.language, "closure.kept", &[("years", &years.to_string())])
    }

    fn refunds(&self, years: u32) -> Option<String> {
        (years > 0).then(|| say(self.core.settings.language, "closure.refunds", &[("years", &years.to_string())]))
    }

    async fn take_closure(&self, answer: &Answer) -> Outcome<ClosureView> {
        // That the account is closed was remembered by the call already.
        let said: Closure = match answer.read() {
            Err(error) if error.is(Code::AccountClosed) && self.is_closed().await? => return Ok(self.closed_view()),
            said => said?,
        };
        let language = self.core.settings.language;
        let state = match said.state.as_str() {
            "open" => ClosureState::Open,
            "cooling" if said.closes_at.is_some() => ClosureState::Cooling,
            _ => return Err(Code::AnswerMalformed.into()),
        };
        let reason = |code: &str| Failure::of(Code::parse(code).unwrap_or(Code::ClosureOther));
        let points: Vec<ClosurePoint> = said
            .points
            .iter()
            .map(|point| {
                let key = format!("closure.point.{}", point.point);
                let known = crate::words::exists(&key);
                ClosurePoint {
                    point: point.point.clone(),
                    text: say(language, if known { &key } else { "closure.point.other" }, &[]),
                    blocks: point.blocks,
                    reason: point.blocks.then(|| reason(point.code.as_deref().unwrap_or_default())),
                    amount: (point.point == "balance").then(|| Money::fen(point.count).view(language)),
                    count: if point.point == "balance" { 0 } else { u32::try_from(point.count.max(0)).unwrap_or(u32::MAX) },
                }
            })
            .collect();
        let next = match state {
            ClosureState::Cooling => ClosureStep::Wait,
            _ if points.iter().any(|point| point.blocks) => ClosureStep::Settle,
            _ => ClosureStep::Close,
        };
        if state == ClosureState::Cooling {
            // The service ended every payer code; those on this phone are never shown again.
            self.void_codes().await?;
        }
        // What is said about paying follows; without an answer the next refresh brings it.
        let _ = refresh_account(&self.core).await;
        Ok(ClosureView {
            state,
            next,
            points,
            closes_at: said.closes_at.map(Timestamp::from_ms),
            cooling_days: u32::try_from(said.cooling_ms.div_euclid(DAY_MS)).unwrap_or(0),
            called_off: said.blocked.as_deref().map(reason),
            kept_text: self.kept(said.kept_years),
            refunds_text: self.refunds(said.claim_years),
        })
    }

    async fn void_codes(&self) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                if files.ledger(|conn| tokens::left(conn, now))? == 0 {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    tokens::void(tx)?;
                    log.append(tx, "account", "closing", b"")
                })
            })
            .await
    }

    /// The closing that is asked for, stored before its use: the same call again is the same closing.
    async fn closure_id(&self) -> Outcome<Id> {
        let known = self.core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::CLOSURE))).await?;
        if let Some(id) = known.and_then(|text| Id::parse(&text).ok()) {
            return Ok(id);
        }
        let id = self.core.new_id()?;
        self.mark_closure(Some(id)).await?;
        Ok(id)
    }

    async fn mark_closure(&self, id: Option<Id>) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                if id.is_none() && files.ledger(|conn| marks::get(conn, marks::CLOSURE))?.is_none() {
                    return Ok(());
                }
                files.commit(now, |tx, log| {
                    match id {
                        Some(id) => marks::set(tx, marks::CLOSURE, &id.to_string())?,
                        None => marks::remove(tx, marks::CLOSURE)?,
                    }
                    log.append(tx, "account", "closure", b"")
                })
            })
            .await
    }
}
