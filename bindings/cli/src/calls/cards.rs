//! The calls about cards.

use super::{Arguments, CallError};
use crate::views::Json;
use kabao_core::Wallet;
use kabao_core::cards::BindRequest;
use serde_json::Value;

/// The names that [`call`] knows.
pub const NAMES: &[&str] = &[
    "card_look", "card_beginnings", "card_beginnings_refresh", "bind", "bind_confirm", "bind_doubts", "bindings_waiting", "bindings_resume", "card_replace", "card_unbind", "cards",
    "cards_earlier", "cards_refresh", "sources", "source_default", "sources_order", "quote_other_source",
];

/// Makes one of them.
pub async fn call(wallet: &Wallet, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    let (cards, args) = (wallet.cards(), &mut with);
    Ok(match name {
        "card_look" => {
            let number = args.text("card_number")?;
            with.end()?;
            cards.look(number).json()
        }
        "bind" | "bind_doubts" | "card_replace" => {
            let old = if name == "card_replace" { args.text("card_id")? } else { String::new() };
            let request = BindRequest {
                card_number: args.text("card_number")?,
                name: args.text("name")?,
                phone: args.text("phone")?,
                expiry: args.maybe_text("expiry")?,
                cvv: args.maybe_text("cvv")?,
                bank: args.maybe_text("bank")?,
            };
            with.end()?;
            match name {
                "bind" => cards.bind(request).await?.json(),
                "bind_doubts" => cards.doubts(request).await?.json(),
                _ => cards.replace(old, request).await?.json(),
            }
        }
        "bind_confirm" => {
            let (binding, code) = (args.text("binding_id")?, args.text("code")?);
            with.end()?;
            cards.confirm(binding, code).await?.json()
        }
        "card_unbind" => {
            let (card, pin) = (args.text("card_id")?, args.text("pin")?);
            with.end()?;
            cards.unbind(card, pin).await?.json()
        }
        "source_default" => {
            let source = args.maybe_text("source")?;
            with.end()?;
            cards.set_default(source).await?.json()
        }
        "quote_other_source" => {
            let (intent, card) = (args.text("intent_id")?, args.maybe_text("card_id")?);
            with.end()?;
            wallet.pay().quote_other_source(intent, card).await?.json()
        }
        "sources_order" => {
            let names = args.texts("sources")?;
            with.end()?;
            cards.order(names).await?.json()
        }
        _ => {
            with.end()?;
            match name {
                "card_beginnings" => cards.beginnings().await?.json(),
                "card_beginnings_refresh" => cards.refresh_beginnings().await?.json(),
                "bindings_waiting" => cards.waiting().await?.json(),
                "bindings_resume" => cards.resume().await?.json(),
                "cards" => cards.list().await?.json(),
                "cards_earlier" => cards.earlier().await?.json(),
                "cards_refresh" => cards.refresh().await?.json(),
                "sources" => cards.sources().await?.json(),
                _ => return Err(CallError::Written(format!("no call is named {name}"))),
            }
        }
    })
}
