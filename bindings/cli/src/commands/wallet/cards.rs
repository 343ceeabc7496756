//! The words of `kabao wallet` about cards, and about what is paid with.

use super::{Answer, Stop, ask, secret, with};
use clap::Subcommand;
use kabao_core::Wallet;
use serde_json::{Map, Value, json};

/// Binding, replacing and removing cards; the order of the sources.
#[derive(Subcommand)]
pub enum CardWord {
    /// Binds a card. Reads: the card number.
    Bind {
        /// The holder's name.
        #[arg(long)]
        name: String,
        /// The phone number that the bank knows.
        #[arg(long)]
        phone: String,
        /// A credit card: reads expiry date and security code as well.
        #[arg(long)]
        credit: bool,
        /// The bank's code, CCB: a number of another bank is refused.
        #[arg(long)]
        bank: Option<String>,
        /// The card whose place it takes.
        #[arg(long)]
        replaces: Option<String>,
    },
    /// What a card number says of itself; nothing is sent. Reads: the card number.
    CardLook,
    /// Which table says whose card begins how.
    CardBeginnings {
        /// Asks the service for a newer one.
        #[arg(long)]
        refresh: bool,
    },
    /// Enters the bank's code. Reads: the code.
    BindConfirm {
        /// The binding; without it, the newest one that waits.
        binding_id: Option<String>,
    },
    /// The bindings that wait for a code.
    Bindings,
    /// Asks what became of bindings whose answer was lost.
    BindingsResume,
    /// The bound cards.
    Cards {
        /// Asks the service, which asks the banks.
        #[arg(long)]
        refresh: bool,
        /// Those that were removed or replaced.
        #[arg(long, conflicts_with = "refresh")]
        earlier: bool,
    },
    /// Removes a card. Reads: the PIN.
    CardUnbind {
        /// The card.
        card_id: String,
    },
    /// The sources in your order, and which one would be proposed.
    Sources,
    /// Chooses the source to pay with.
    SourceDefault {
        /// `balance` or a card's id; nothing for the first in the order.
        source: Option<String>,
    },
    /// Puts the sources into an order.
    SourcesOrder {
        /// `balance` and card ids, each once.
        sources: Vec<String>,
    },
}

/// Carries one word out.
pub async fn carry_out(word: &CardWord, wallet: &Wallet, answer: &Answer) -> Result<Value, Stop> {
    let none = Map::new();
    Ok(match word {
        CardWord::Bind { name, phone, credit, bank, replaces } => {
            let number = secret("card number")?;
            let (expiry, cvv) = if *credit { (secret("expiry date, MM/YY")?, secret("security code")?) } else { (Value::Null, Value::Null) };
            let call = if replaces.is_some() { "card_replace" } else { "bind" };
            let given = [
                ("card_number", number), ("name", json!(name)), ("phone", json!(phone)), ("expiry", expiry), ("cvv", cvv), ("bank", json!(bank)),
                ("card_id", json!(replaces)),
            ];
            ask(wallet, answer, call, with(given)).await?
        }
        CardWord::CardLook => ask(wallet, answer, "card_look", with([("card_number", secret("card number")?)])).await?,
        CardWord::CardBeginnings { refresh: true } => ask(wallet, answer, "card_beginnings_refresh", none).await?,
        CardWord::CardBeginnings { refresh: false } => ask(wallet, answer, "card_beginnings", none).await?,
        CardWord::CardUnbind { card_id } => {
            ask(wallet, answer, "card_unbind", with([("card_id", json!(card_id)), ("pin", secret("PIN")?)])).await?
        }
        CardWord::SourcesOrder { sources } => ask(wallet, answer, "sources_order", with([("sources", json!(sources))])).await?,
        CardWord::BindConfirm { binding_id } => {
            let binding = match binding_id {
                Some(id) => json!(id),
                None => ask(wallet, answer, "bindings_waiting", none).await?[0]["binding_id"].clone(),
            };
            if binding.is_null() {
                return Err(Stop::Unusable("no_binding", String::new()));
            }
            ask(wallet, answer, "bind_confirm", with([("binding_id", binding), ("code", secret("SMS code of the bank")?)])).await?
        }
        CardWord::Bindings => ask(wallet, answer, "bindings_waiting", none).await?,
        CardWord::BindingsResume => ask(wallet, answer, "bindings_resume", none).await?,
        CardWord::Cards { refresh: true, .. } => ask(wallet, answer, "cards_refresh", none).await?,
        CardWord::Cards { earlier: true, .. } => ask(wallet, answer, "cards_earlier", none).await?,
        CardWord::Cards { .. } => ask(wallet, answer, "cards", none).await?,
        CardWord::Sources => ask(wallet, answer, "sources", none).await?,
        CardWord::SourceDefault { source } => ask(wallet, answer, "source_default", with([("source", json!(source))])).await?,
    })
}
