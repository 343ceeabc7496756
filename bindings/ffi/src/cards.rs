use crate::calls::Calls;
use kabao_core::cards::{BindRequest, BindingView, CardDoubtView, CardLookView, CardView, CardsClient as Part, SourcesView, TableView};
use kabao_core::error::Outcome;

/// Bound cards, debit and credit. A card number travels once, sealed, and exists afterwards as its last four digits.
#[derive(uniffi::Object)]
pub struct CardsClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl CardsClient {
    /// Brand, bank, kind and length of a number while it is typed, with a warning where its check digit does not agree. Call
    /// it at each key; it is quick, works without network, and neither sends nor keeps the number.
    pub fn look(&self, number: String) -> CardLookView {
        self.0.part().look(number)
    }

    /// Asks the bank about number, name, telephone number and identity, of a credit card also about expiry date and security
    /// code; it answers with an SMS to the holder. A bank that does not say what is wrong gives `card_refused` without a
    /// field: `doubts` then gives the questions to ask.
    pub async fn bind(&self, request: BindRequest) -> Outcome<BindingView> {
        self.0.run(|cards| async move { cards.bind(request).await }).await
    }

    /// The same for a new card in the place of an old one of the same bank. Once confirmed, the old one pays no more, keeps
    /// its history, and gives its place in the person's choices to the new one.
    pub async fn replace(&self, old_card_id: String, request: BindRequest) -> Outcome<BindingView> {
        self.0.run(|cards| async move { cards.replace(old_card_id, request).await }).await
    }

    /// What to look at again when a bank says only that the check failed, the likeliest first. Nothing is sent.
    pub async fn doubts(&self, request: BindRequest) -> Outcome<Vec<CardDoubtView>> {
        self.0.run(|cards| async move { cards.doubts(request).await }).await
    }

    /// Enters the bank's code. The card is then bound.
    pub async fn confirm(&self, binding_id: String, code: String) -> Outcome<CardView> {
        self.0.run(|cards| async move { cards.confirm(binding_id, code).await }).await
    }

    /// The bindings that wait for the bank's code, newest first. Works without network.
    pub async fn waiting(&self) -> Outcome<Vec<BindingView>> {
        self.0.run(|cards| async move { cards.waiting().await }).await
    }

    /// Asks what became of the bindings whose answer was lost, or that the app was killed in. One in the state `new` never
    /// arrived: its card is typed again.
    pub async fn resume(&self) -> Outcome<Vec<BindingView>> {
        self.0.run(|cards| async move { cards.resume().await }).await
    }

    /// The bound cards as the service said them last. Works without network.
    pub async fn list(&self) -> Outcome<Vec<CardView>> {
        self.0.run(|cards| async move { cards.list().await }).await
    }

    /// Cards that were removed or replaced: old payments name them. Works without network.
    pub async fn earlier(&self) -> Outcome<Vec<CardView>> {
        self.0.run(|cards| async move { cards.earlier().await }).await
    }

    /// Asks the service for the bound cards, which asks their banks how they stand.
    pub async fn refresh(&self) -> Outcome<Vec<CardView>> {
        self.0.run(|cards| async move { cards.refresh().await }).await
    }

    /// Which table says whose card begins how: version, source, age, and why a newer one was refused. Works without network.
    pub async fn beginnings(&self) -> Outcome<TableView> {
        self.0.run(|cards| async move { cards.beginnings().await }).await
    }

    /// Asks the service for a newer table of card beginnings now; a sync does so by itself. What is not signed, too late, not
    /// newer or not readable is refused with its reason, and the one in use stays in use.
    pub async fn refresh_beginnings(&self) -> Outcome<TableView> {
        self.0.run(|cards| async move { cards.refresh_beginnings().await }).await
    }

    /// Balance and cards in the person's order, and which one would be proposed. Works without network.
    pub async fn sources(&self) -> Outcome<SourcesView> {
        self.0.run(|cards| async move { cards.sources().await }).await
    }

    /// Chooses the source to pay with: `balance`, a card's id, or nothing for the first in the order.
    pub async fn set_default(&self, source: Option<String>) -> Outcome<SourcesView> {
        self.0.run(|cards| async move { cards.set_default(source).await }).await
    }

    /// Puts the sources into an order: `balance` and card ids, each once. What is not named comes behind.
    pub async fn order(&self, sources: Vec<String>) -> Outcome<SourcesView> {
        self.0.run(|cards| async move { cards.order(sources).await }).await
    }

    /// Removes a card, by PIN. Refused with the reason while it still pays something or money is on its way back to it.
    pub async fn unbind(&self, card_id: String, pin: String) -> Outcome<CardView> {
        self.0.run(|cards| async move { cards.unbind(card_id, pin).await }).await
    }
}
