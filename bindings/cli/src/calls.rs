//! Every public call of the wallet by its name, with arguments and answer as JSON: the one place that the command line
//! and the journeys share. What a call does stands with the call itself, in the wallet.

mod data;
mod idle;
mod limits;
mod refunds;
mod cards;
mod change;
pub mod identity;
mod secure;

use crate::views::{Json, bytes_of, lean, snake};
use kabao_core::account::{RecoverySheet, RegisterRequest};
use kabao_core::pay::{ConfirmRequest, PaymentProof, QuoteRequest};
use kabao_core::words::{self, Language};
use kabao_core::{Wallet, WalletError};
use serde_json::{Map, Value, json};

/// The names that [`call`] knows, beside those of the parts.
pub const CALLS: &[&str] = &[
    "onboarding_next", "register", "resend_otp", "enter_otp", "replace_begin", "replace_otp", "replace_prove", "replace_check", "replace_face_begin",
    "renew_approval_begin", "renew_approval", "choose_pin", "make_recovery_sheet", "confirm_recovery_sheet",
    "skip", "account", "account_refresh", "consent_text", "consent", "read", "tap", "quote_top_up", "quote_withdraw", "payee_by_phone", "bank_transfer_details", "quote_transfer", "transfer", "cancel_transfer", "quote_pay", "quote_ask", "confirm", "payment",
    "open_payments", "resolve", "abandon", "ways", "prepare_codes", "show_code", "next_picture", "showing", "asks",
    "codes", "codes_refresh", "decline", "receipt", "history", "detail", "month", "sync", "verify_all", "lock", "unlock", "suspend", "close",
    "inventory", "fields", "consents", "consents_refresh", "consent_document", "give_consent", "withdraw_consent", "export", "export_progress", "erase_word", "erase_this_phone",
    "verify", "read_form", "verify_check", "documents", "face_begin", "identity", "remedies", "classes", "ask_source", "guardian_code",
];

/// Whether a call of that name exists.
pub fn is_call(name: &str) -> bool {
    [CALLS, cards::NAMES, change::CALLS, idle::CALLS, limits::CALLS, refunds::CALLS, secure::CALLS].iter().any(|calls| calls.contains(&name))
}

/// Why a call gave nothing.
#[derive(Debug)]
pub enum CallError {
    /// The wallet's own error.
    Wallet(WalletError),
    /// The call was written wrongly; names the argument.
    Written(String),
}

impl From<WalletError> for CallError {
    fn from(error: WalletError) -> CallError {
        CallError::Wallet(error)
    }
}

/// The arguments of one call. Each is taken once, so that a secret is moved and not copied.
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// Arguments as written.
    pub fn new(map: Map<String, Value>) -> Arguments {
        Arguments(map)
    }

    fn text(&mut self, name: &str) -> Result<String, CallError> {
        match self.0.remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(CallError::Written(format!("a text named {name} is missing"))),
        }
    }

    fn maybe_text(&mut self, name: &str) -> Result<Option<String>, CallError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(CallError::Written(format!("{name} is not a text"))),
        }
    }

    fn texts(&mut self, name: &str) -> Result<Vec<String>, CallError> {
        let wrong = || CallError::Written(format!("a list of texts named {name} is missing"));
        match self.0.remove(name) {
            Some(Value::Array(items)) => items.into_iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect(),
            _ => Err(wrong()),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<i64>, CallError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| CallError::Written(format!("{name} is not a whole number"))),
        }
    }

    fn flag(&mut self, name: &str) -> Result<bool, CallError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(value)) => Ok(value),
            Some(_) => Err(CallError::Written(format!("{name} is neither true nor false"))),
        }
    }

    /// Refuses what nobody took: a misspelled argument must not be passed over.
    fn end(self) -> Result<(), CallError> {
        match self.0.keys().next() {
            Some(name) => Err(CallError::Written(format!("no argument is named {name}"))),
            None => Ok(()),
        }
    }
}

fn nothing(_: ()) -> Value {
    json!({})
}

/// Makes one call. `language` is for the words that stand beside what the wallet gives. What is not there is left out.
pub async fn call(wallet: &Wallet, language: Language, name: &str, with: Arguments) -> Result<Value, CallError> {
    one(wallet, language, name, with).await.map(lean)
}

async fn one(wallet: &Wallet, language: Language, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    if cards::NAMES.contains(&name) {
        return cards::call(wallet, name, with).await;
    }
    if data::CALLS.contains(&name) {
        return data::call(wallet, name, with).await;
    }
    if idle::CALLS.contains(&name) {
        return idle::call(wallet, name, with).await;
    }
    if identity::CALLS.contains(&name) {
        return identity::call(&wallet.identity(), name, with).await;
    }
    let (account, person, pay, history) = (wallet.account(), wallet.identity(), wallet.pay(), wallet.history());
    if refunds::CALLS.contains(&name) {
        return refunds::call(&history, name, with).await;
    }
    if secure::CALLS.contains(&name) {
        return secure::call(wallet, name, with).await;
    }
    let args = &mut with;
    macro_rules! texts {
        ($($name:ident),+) => {{
            let taken = ($(args.text(stringify!($name))?),+);
            with.end()?;
            taken
        }};
    }
    if change::CALLS.contains(&name) {
        return change::call(wallet, name, with).await;
    }
    match name {
        name if limits::CALLS.contains(&name) => limits::call(wallet, name, with).await,
        "register" => {
            let (phone, device_model) = texts!(phone, device_model);
            Ok(account.register(RegisterRequest { phone, device_model }).await?.json())
        }
        "enter_otp" => Ok(account.enter_otp(texts!(code)).await?.json()),
        "replace_begin" => {
            let (phone, device_model) = texts!(phone, device_model);
            Ok(account.replace_begin(RegisterRequest { phone, device_model }).await?.json())
        }
        "replace_otp" => Ok(account.replace_otp(texts!(code)).await?.json()),
        "replace_prove" => {
            let proof = change::proof(args)?;
            with.end()?;
            Ok(account.replace_prove(proof).await?.json())
        }
        "renew_approval" => {
            let (code, pin) = texts!(code, pin);
            Ok(account.renew_approval(code, pin).await?.json())
        }
        "choose_pin" => Ok(account.choose_pin(texts!(pin)).await?.json()),
        "confirm_recovery_sheet" => {
            let pin = args.maybe_text("pin")?;
            Ok(account.confirm_recovery_sheet(texts!(code), pin).await?.json())
        }
        "consent" => Ok(nothing(person.consent(texts!(version)).await?)),
        "read" => Ok(pay.read(texts!(text)).await?.json()),
        "tap" => Ok(pay.tap(bytes_of(&texts!(tag)).ok_or_else(|| CallError::Written("tag is not hexadecimal".to_owned()))?).await?.json()),
        "quote_top_up" => {
            let (amount, card_id) = texts!(amount, card_id);
            Ok(pay.quote(QuoteRequest::TopUp { amount, card_id }).await?.json())
        }
        "quote_withdraw" => {
            let (amount, card_id) = texts!(amount, card_id);
            Ok(pay.quote(QuoteRequest::Withdraw { amount, card_id }).await?.json())
        }
        "bank_transfer_details" => {
            with.end()?;
            Ok(pay.bank_transfer_details().await?.json())
        }
        "payee_by_phone" => {
            let (phone, begins) = (args.text("phone")?, args.maybe_text("name_begins")?);
            with.end()?;
            Ok(pay.payee_by_phone(phone, begins).await?.json())
        }
        "quote_transfer" => {
            let (payee_id, amount, delay) = (args.text("payee_id")?, args.text("amount")?, args.number("delay_ms")?);
            with.end()?;
            let delay_ms = u32::try_from(delay.unwrap_or(0)).unwrap_or(u32::MAX);
            Ok(pay.quote(QuoteRequest::Transfer { payee_id, amount, delay_ms }).await?.json())
        }
        "transfer" => Ok(pay.transfer(texts!(intent_id)).await?.json()),
        "cancel_transfer" => Ok(pay.cancel_transfer(texts!(intent_id)).await?.json()),
        "quote_pay" => {
            let (payee_id, amount, order) = (args.text("payee_id")?, args.text("amount")?, args.maybe_text("order")?);
            with.end()?;
            Ok(pay.quote(QuoteRequest::Pay { payee_id, amount, order }).await?.json())
        }
        "quote_ask" => Ok(pay.quote(QuoteRequest::Ask { ask_id: texts!(ask_id) }).await?.json()),
        "confirm" => {
            let proof = match args.maybe_text("pin")? {
                Some(pin) => PaymentProof::Pin { pin },
                None => PaymentProof::Approval,
            };
            let request = ConfirmRequest {
                quote_id: args.text("quote_id")?,
                total_minor: args.number("total_minor")?.ok_or_else(|| CallError::Written("total_minor is missing".to_owned()))?,
                source: args.text("source")?,
                proof,
                again: args.flag("again")?,
            };
            with.end()?;
            Ok(pay.confirm(request).await?.json())
        }
        "payment" => Ok(pay.payment(texts!(intent_id)).await?.json()),
        "resolve" => Ok(pay.resolve(texts!(intent_id)).await?.json()),
        "abandon" => Ok(pay.abandon(texts!(intent_id)).await?.json()),
        "show_code" => Ok(pay.show_code(texts!(way)).await?.json()),
        "next_picture" => {
            let (showing_id, way) = texts!(showing_id, way);
            Ok(pay.next_picture(showing_id, way).await?.json())
        }
        "showing" => {
            let (state, record_id) = pay.showing(texts!(showing_id)).await?;
            let mut view = json!({ "state": state.as_str(), "state_text": words::payer_code(language, state) });
            if let Some(record_id) = record_id {
                view["record_id"] = json!(record_id);
            }
            Ok(view)
        }
        "decline" => Ok(nothing(pay.decline(texts!(ask_id)).await?)),
        "receipt" => Ok(pay.receipt(texts!(record_id)).await?.json()),
        "history" => {
            let cursor = args.maybe_text("cursor")?;
            with.end()?;
            Ok(history.list(cursor).await?.json())
        }
        "detail" => Ok(history.detail(texts!(record_id)).await?.json()),
        "month" => {
            let month = args.number("month")?;
            with.end()?;
            let month = month.map(|month| i32::try_from(month).unwrap_or(i32::MAX));
            Ok(history.month(month).await?.json())
        }
        _ => {
            with.end()?;
            plain(wallet, language, name).await
        }
    }
}

/// The calls without arguments.
async fn plain(wallet: &Wallet, language: Language, name: &str) -> Result<Value, CallError> {
    let (account, person, pay, history) = (wallet.account(), wallet.identity(), wallet.pay(), wallet.history());
    let step = |step: kabao_money::onboarding::OnboardingStep| {
        let said = words::step(language, &step);
        json!({ "step": snake(step.kind), "reason": step.reason_key, "can_skip": step.can_skip, "title": said.title, "why": said.why })
    };
    Ok(match name {
        "onboarding_next" => step(account.onboarding_next().await?),
        "skip" => step(account.skip().await?),
        "renew_approval_begin" => account.renew_approval_begin().await?.json(),
        "replace_check" => account.replace_check().await?.json(),
        "replace_face_begin" => {
            let begun = account.replace_face_begin().await?;
            json!({ "nonce": begun.nonce, "expires_at": begun.expires_at })
        }
        "resend_otp" => account.resend_otp().await?.json(),
        "make_recovery_sheet" => sheet(account.make_recovery_sheet().await?),
        "account" => account.view().await?.json(),
        "account_refresh" => account.refresh().await?.json(),
        "consent_text" => {
            let text = person.consent_text().await?;
            json!({ "document": text.document, "version": text.version })
        }
        "open_payments" => pay.open_payments().await?.json(),
        "ways" => pay.ways().await?.json(),
        "prepare_codes" => json!({ "codes_left": pay.prepare_codes().await? }),
        "asks" => pay.asks().await?.json(),
        "codes" => pay.codes().await?.json(),
        "codes_refresh" => pay.refresh_codes().await?.json(),
        "sync" => history.sync().await?.json(),
        "verify_all" => history.verify().await?.json(),
        "lock" => nothing(wallet.lock().await?),
        "unlock" => nothing(wallet.unlock().await?),
        "suspend" => nothing(wallet.suspend().await?),
        "close" => nothing(wallet.close().await?),
        _ => return Err(CallError::Written(format!("no call is named {name}"))),
    })
}

/// The sheet, which the person sees once.
fn sheet(made: RecoverySheet) -> Value {
    json!({ "code": made.code, "qr_text": made.qr_text, "title": made.title, "lines": made.lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_call_has_its_line_in_kotlin_and_in_swift() {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for file in ["kotlin/kit/src/test/kotlin/app/kabao/kit/journey/Calls.kt", "swift/Tests/KabaoKitTests/Journey/Calls.swift"] {
            let source = std::fs::read_to_string(packages.join(file)).unwrap();
            let lists = [CALLS, cards::NAMES, change::CALLS, idle::CALLS, limits::CALLS, refunds::CALLS, secure::CALLS];
            let missing: Vec<_> = lists.concat().into_iter().filter(|name| !source.contains(&format!("\"{name}\""))).collect();
            assert!(missing.is_empty(), "{file} makes no call named {missing:?}");
        }
    }
}
