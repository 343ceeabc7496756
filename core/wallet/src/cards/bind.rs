//! Binding a card, anew or in the place of another one of the same bank.

use super::{BindRequest, BindingView, CardView, CardsClient};
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::{CARD_BINDING, hear_consent, know_time, known_cards, need_consent, preference, refresh_account};
use crate::tables::account::{self, BindingRow};
use kabao_base::{Code, Cvv, Failure, Id, Otp};
use kabao_codes::cards::{CardShape, Expiry, read_cvv, read_expiry, read_with};
use kabao_money::binding::{BindingEvent, BindingState, step};
use zeroize::Zeroizing;

/// How long a binding without an answer is asked about, in milliseconds: the bank's code is dead long before.
const ASKED_FOR_MS: i64 = 86_400_000;
/// How many of them at once.
const ASKED_ABOUT: usize = 10;

impl CardsClient {
    /// Asks the bank about the four elements, of a credit card also about what is printed on it; it answers with an SMS to
    /// the holder. A bank that does not say what is wrong gives `card_refused` without a field: ask with `doubts`. Needs the consent
    /// to `card_binding` (`data().give_consent`).
    pub async fn bind(&self, request: BindRequest) -> Outcome<BindingView> {
        self.begin(request, None).await
    }

    /// The same for a new card in the place of an old one of the same bank, after expiry or loss. Once it is confirmed, the
    /// old one pays no more, keeps its history, and gives its place in the person's choices to the new one.
    pub async fn replace(&self, old_card_id: String, request: BindRequest) -> Outcome<BindingView> {
        let old = Id::parse(&old_card_id).map_err(|_| WalletError::from(Code::BadId).in_field("card_id"))?;
        if !known_cards(&self.core).await?.bound.iter().any(|card| card.card_id == old) {
            return Err(WalletError::from(Code::CardUnknown).in_field("card_id"));
        }
        self.begin(request, Some(old)).await
    }

    async fn begin(&self, request: BindRequest, replaces: Option<Id>) -> Outcome<BindingView> {
        let BindRequest { card_number, name, phone, expiry, cvv, bank } = request;
        let (typed, cvv) = (Zeroizing::new(card_number), cvv.map(Zeroizing::new));
        let (number, shape) =
            read_with(&typed, &self.core.issuers()).map_err(|error| WalletError::from(error.code()).in_field("card_number"))?;
        drop(typed);
        is_of_bank(&shape, bank.as_deref())?;
        let name = kabao_codes::names::read(&name).map_err(|error| WalletError::from(error.code()).in_field("name"))?;
        let phone = kabao_codes::phones::read(&phone).map_err(|error| WalletError::from(error.code()).in_field("phone"))?;
        if expiry.is_some() {
            know_time(&self.core).await?;
        }
        let printed = self.printed(&shape, expiry.as_deref(), cvv.as_deref())?;
        drop(cvv);
        need_consent(&self.core, CARD_BINDING).await?;
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
        let sealed = self.core.seal_card(&number, printed.as_ref(), id).await?;
        drop((number, printed));
        let mut body = serde_json::json!({ "binding_id": id, "pan_box": sealed, "name": name.as_str(), "phone": phone.e164() });
        if let Some(old) = replaces {
            body["replaces"] = old.to_string().into();
        }
        let request = self.core.request("POST", "/v1/cards".to_owned(), body.to_string().into_bytes())?;
        let answer = match self.core.call(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                // The bank may have sent its code all the same.
                self.advance(begun, BindingEvent::NoAnswer, |_| {}).await?;
                return Err(error);
            }
        };
        match answer.read::<wire::Binding>() {
            Ok(sent) => Ok(view(&self.heard(begun, sent).await?)),
            Err(error) => {
                let code = error.failure().code.clone();
                self.advance(begun, BindingEvent::Refused, move |row| row.code = Some(code)).await?;
                hear_consent(&self.core, &error).await?;
                Err(in_words_of_the_form(error))
            }
        }
    }

    /// What is printed on a credit card: both or neither.
    fn printed(&self, shape: &CardShape, expiry: Option<&str>, cvv: Option<&String>) -> Outcome<Option<(Expiry, Cvv)>> {
        let (expiry, cvv) = match (expiry, cvv) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(WalletError::from(Code::EmptyInput).in_field("cvv")),
            (None, Some(_)) => return Err(WalletError::from(Code::EmptyInput).in_field("expiry")),
            (Some(expiry), Some(cvv)) => (expiry, cvv),
        };
        let expiry = read_expiry(expiry, self.core.now()).map_err(|error| WalletError::from(error.code()).in_field("expiry"))?;
        let cvv = read_cvv(cvv, shape.brand).map_err(|error| WalletError::from(error.code()).in_field("cvv"))?;
        Ok(Some((expiry, cvv)))
    }

    /// Enters the bank's code.
    pub async fn confirm(&self, binding_id: String, code: String) -> Outcome<CardView> {
        let id = Id::parse(&binding_id).map_err(|_| WalletError::from(Code::BadId).in_field("binding_id"))?;
        let otp = Otp::read(code).map_err(|error| WalletError::from(error).in_field("otp"))?;
        let rows = self.core.open_files(|files| files.ledger(account::bindings)).await?;
        let row = rows.into_iter().find(|row| row.binding_id == id).ok_or(Code::NotFound)?;
        let body = Zeroizing::new(format!("{{\"otp\":\"{}\"}}", otp.expose("sent to the bank that made it")));
        let request = self.core.request("POST", format!("/v1/cards/{id}/otp"), body.as_bytes().to_vec())?;
        let card: wire::Card = self.core.call(&request).await?.read().map_err(in_words_of_the_form)?;
        let card_id = card.card_id;
        self.advance(row, BindingEvent::Bound, move |row| row.card_id = Some(card_id)).await?;
        // The card is bound; ways to pay and limits can also be asked later.
        let _ = refresh_account(&self.core).await;
        let (default, old) = (preference(&self.core).await?.default, card.replaces.map(|old| old.to_string()));
        let default = if default.is_some() && default == old { Some(card_id.to_string()) } else { default };
        Ok(self.view(card, default.as_deref()))
    }

    /// The bindings of the last day that wait for the bank's code, newest first: survives a restart.
    pub async fn waiting(&self) -> Outcome<Vec<BindingView>> {
        let rows = self.begun(&[BindingState::OtpSent]).await?;
        Ok(rows.iter().map(view).collect())
    }

    /// The bindings of the last day in one of these states, newest first.
    async fn begun(&self, states: &[BindingState]) -> Outcome<Vec<BindingRow>> {
        let since = self.core.now().plus_ms(-ASKED_FOR_MS);
        let rows = self.core.open_files(|files| files.ledger(account::bindings)).await?;
        let counts = |row: &BindingRow| row.at >= since && BindingState::parse(&row.state).is_some_and(|state| states.contains(&state));
        Ok(rows.into_iter().filter(counts).collect())
    }

    /// Asks the service what became of the bindings of the last day that have no end here: their answer was lost, the app was killed
    /// in them, or they wait for the bank's code and may have had it. Gives each as it stands now; one in the state `new` never
    /// arrived, and its card is typed again.
    pub async fn resume(&self) -> Outcome<Vec<BindingView>> {
        let mut views = Vec::new();
        for row in self.begun(&[BindingState::New, BindingState::OtpSent, BindingState::Unknown]).await?.into_iter().take(ASKED_ABOUT) {
            let request = self.core.request("GET", format!("/v1/card-bindings/{}", row.binding_id), Vec::new())?;
            let row = match self.core.call(&request).await?.read::<wire::Binding>() {
                Ok(said) => self.heard(row, said).await?,
                Err(error) if error.is(Code::NotFound) => self.advance(row, BindingEvent::NotFound, |_| {}).await?,
                Err(error) => return Err(error),
            };
            views.push(view(&row));
        }
        Ok(views)
    }

    /// Writes down what the service says of a binding.
    async fn heard(&self, row: BindingRow, said: wire::Binding) -> Outcome<BindingRow> {
        let event = match said.state.as_str() {
            "otp_sent" => BindingEvent::OtpSent,
            "bound" => BindingEvent::Bound,
            "refused" => BindingEvent::Refused,
            _ => return Err(Code::AnswerMalformed.into()),
        };
        let written = move |row: &mut BindingRow| {
            (row.last4, row.bank, row.brand) = (said.last4, said.bank, said.brand);
            (row.card_id, row.code) = (said.card_id, said.code);
        };
        self.advance(row, event, written).await
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

/// A number whose beginning is known to belong to another bank than the chosen one. An unknown beginning stops nobody.
fn is_of_bank(shape: &CardShape, chosen: Option<&str>) -> Outcome<()> {
    let known = shape.issuer.as_ref().and_then(|issuer| issuer.bank_code.as_deref());
    match (chosen, known) {
        (Some(chosen), Some(known)) if !chosen.eq_ignore_ascii_case(known) => {
            Err(WalletError::from(Code::CardWrongBank).in_field("bank"))
        }
        _ => Ok(()),
    }
}

/// The wire's name of the field, in the words of the form.
fn in_words_of_the_form(error: WalletError) -> WalletError {
    match error.failure().field.as_deref() {
        Some("pan" | "pan_box") => error.in_field("card_number"),
        Some("replaces") => error.in_field("card_id"),
        _ => error,
    }
}

fn view(row: &BindingRow) -> BindingView {
    let refused = row.state == BindingState::Refused.as_str();
    let code = row.code.as_deref().map(|code| Code::parse(code).unwrap_or(Code::CardRefused));
    BindingView {
        binding_id: row.binding_id.to_string(),
        state: row.state.clone(),
        last4: row.last4.clone().unwrap_or_default(),
        bank: row.bank.clone().unwrap_or_default(),
        brand: row.brand.clone().unwrap_or_default(),
        card_id: row.card_id.map(|id| id.to_string()),
        failure: code.filter(|_| refused).map(Failure::of),
    }
}
