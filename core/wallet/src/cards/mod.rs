//! Bound cards. The number is judged here, travels once in a box to the tokeniser, and exists afterwards as a token of
//! the service and its last four digits.
//!
//! ```text
//! bind → the bank's SMS → confirm → bound
//! ```

use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::{Core, refresh_account};
use crate::tables::account::{self, BindingRow};
use crate::tables::sync;
use kabao_base::{Code, Id, Otp};
use kabao_money::binding::{BindingEvent, BindingState, step};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What binding a card needs, beside the identity number of the passed check.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Debug))]
pub struct BindRequest {
    /// The whole card number as typed.
    pub card_number: String,
    /// The holder's name.
    pub name: String,
    /// The telephone number that the bank knows.
    pub phone: String,
}

impl std::fmt::Debug for BindRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BindRequest(…)")
    }
}

/// A binding that waits for the bank's code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BindingView {
    /// The binding, for `confirm`.
    pub binding_id: String,
    /// `otp_sent`, `bound` …
    pub state: String,
    /// The card's last four digits.
    pub last4: String,
    /// The bank's name.
    pub bank: String,
    /// The card's brand.
    pub brand: String,
}

/// A bound card.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardView {
    /// The card.
    pub card_id: String,
    /// Its last four digits.
    pub last4: String,
    /// The bank's name.
    pub bank: String,
    /// The brand.
    pub brand: String,
}

/// Binding and listing cards.
#[derive(Clone)]
pub struct CardsClient {
    core: Arc<Core>,
}

impl CardsClient {
    pub(crate) fn new(core: Arc<Core>) -> CardsClient {
        CardsClient { core }
    }

    /// Asks the bank about the four elements; it answers with an SMS to the holder.
    pub async fn bind(&self, request: BindRequest) -> Outcome<BindingView> {
        let typed = Zeroizing::new(request.card_number);
        let (number, _) =
            kabao_codes::cards::read(&typed).map_err(|error| WalletError::from(error.code()).in_field("card_number"))?;
        drop(typed);
        let name = kabao_codes::names::read(&request.name).map_err(|error| WalletError::from(error.code()).in_field("name"))?;
        let phone = kabao_codes::phones::read(&request.phone).map_err(|error| WalletError::from(error.code()).in_field("phone"))?;
        self.core.identity()?;
        let (id, at) = (self.core.new_id()?, self.core.now());
        let begun = BindingRow {
            binding_id: id,
            state: BindingState::New.as_str().to_owned(),
            last4: None,
            bank: None,
            brand: None,
            card_id: None,
            code: None,
            at,
        };
        self.save(begun.clone(), "binding").await?;
        let sealed = self.core.seal_card(&number, id).await?;
        drop(number);
        let body = serde_json::json!({ "binding_id": id, "pan_box": sealed, "name": name.as_str(), "phone": phone.e164() });
        let request = self.core.request("POST", "/v1/cards".to_owned(), body.to_string().into_bytes())?;
        let answer = match self.core.call(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                // The bank may have sent its code all the same.
                self.advance(begun, BindingEvent::NoAnswer, |_| {}).await?;
                return Err(error);
            }
        };
        let sent = match answer.read::<wire::BindingSent>() {
            Ok(sent) => sent,
            Err(error) => {
                let code = error.failure().code.clone();
                self.advance(begun, BindingEvent::Refused, move |row| row.code = Some(code)).await?;
                // The wire's name of the field, in the words of the form.
                return Err(match error.failure().field.as_deref() {
                    Some("pan" | "pan_box") => error.in_field("card_number"),
                    _ => error,
                });
            }
        };
        let row = self
            .advance(begun, BindingEvent::OtpSent, move |row| {
                (row.last4, row.bank, row.brand) = (Some(sent.last4), Some(sent.bank), Some(sent.brand));
            })
            .await?;
        Ok(view(&row))
    }

    /// Enters the bank's code.
    pub async fn confirm(&self, binding_id: String, code: String) -> Outcome<CardView> {
        let id = Id::parse(&binding_id).map_err(|_| WalletError::from(Code::BadId).in_field("binding_id"))?;
        let otp = Otp::read(code).map_err(|error| WalletError::from(error).in_field("otp"))?;
        let rows = self.core.open_files(|files| files.ledger(account::bindings)).await?;
        let row = rows.into_iter().find(|row| row.binding_id == id).ok_or(Code::NotFound)?;
        let body = Zeroizing::new(format!("{{\"otp\":\"{}\"}}", otp.expose("sent to the bank that made it")));
        let request = self.core.request("POST", format!("/v1/cards/{id}/otp"), body.as_bytes().to_vec())?;
        let card: wire::Card = self.core.call(&request).await?.read()?;
        let card_id = card.card_id;
        self.advance(row, BindingEvent::Bound, move |row| row.card_id = Some(card_id)).await?;
        // The card is bound; ways to pay and limits can also be asked later.
        let _ = refresh_account(&self.core).await;
        Ok(card_view(card))
    }

    /// The bound cards as the service said them last. Works without network.
    pub async fn list(&self) -> Outcome<Vec<CardView>> {
        let known = self.core.open_files(|files| files.cache(|conn| sync::snapshot(conn, sync::ACCOUNT))).await?;
        let known = known.and_then(|(body, _)| serde_json::from_str::<wire::Account>(&body).ok());
        Ok(known.map(|known| known.cards.into_iter().map(card_view).collect()).unwrap_or_default())
    }

    /// Asks the service for the bound cards.
    pub async fn refresh(&self) -> Outcome<Vec<CardView>> {
        let request = self.core.request("GET", "/v1/cards".to_owned(), Vec::new())?;
        let cards: wire::Cards = self.core.call(&request).await?.read()?;
        Ok(cards.cards.into_iter().map(card_view).collect())
    }

    /// The bindings that wait for the bank's code, newest first: survives a restart.
    pub async fn waiting(&self) -> Outcome<Vec<BindingView>> {
        let rows = self.core.open_files(|files| files.ledger(account::bindings)).await?;
        Ok(rows.iter().filter(|row| row.state == BindingState::OtpSent.as_str()).map(view).collect())
    }

    async fn advance(
        &self,
        mut row: BindingRow,
        event: BindingEvent,
        change: impl FnOnce(&mut BindingRow),
    ) -> Outcome<BindingRow> {
        let state = BindingState::parse(&row.state).ok_or(Code::StorageDamaged)?;
        // A state that does not take the event already says more than it.
        if let Ok(next) = step(state, event) {
            row.state = next.state.as_str().to_owned();
        }
        change(&mut row);
        self.save(row.clone(), "binding_heard").await?;
        Ok(row)
    }

    async fn save(&self, row: BindingRow, event: &'static str) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    account::save_binding(tx, &row)?;
                    log.append(tx, event, &row.binding_id.to_string(), row.state.as_bytes())
                })
            })
            .await
    }
}

fn view(row: &BindingRow) -> BindingView {
    BindingView {
        binding_id: row.binding_id.to_string(),
        state: row.state.clone(),
        last4: row.last4.clone().unwrap_or_default(),
        bank: row.bank.clone().unwrap_or_default(),
        brand: row.brand.clone().unwrap_or_default(),
    }
}

fn card_view(card: wire::Card) -> CardView {
    CardView { card_id: card.card_id.to_string(), last4: card.last4, bank: card.bank, brand: card.brand }
}
