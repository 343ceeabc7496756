use crate::calls::Calls;
use kabao_core::cards::{BindRequest, BindingView, CardView, CardsClient as Part};
use kabao_core::error::Outcome;

/// Bound cards. A card number travels once, sealed, and exists afterwards as its last four digits.
#[derive(uniffi::Object)]
pub struct CardsClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl CardsClient {
    /// Asks the bank about number, name, telephone number and identity; it answers with an SMS to the holder.
    pub async fn bind(&self, request: BindRequest) -> Outcome<BindingView> {
        self.0.run(|cards| async move { cards.bind(request).await }).await
    }

    /// Enters the bank's code. The card is then bound.
    pub async fn confirm(&self, binding_id: String, code: String) -> Outcome<CardView> {
        self.0.run(|cards| async move { cards.confirm(binding_id, code).await }).await
    }

    /// The bindings that wait for the bank's code, newest first. Works without network.
    pub async fn waiting(&self) -> Outcome<Vec<BindingView>> {
        self.0.run(|cards| async move { cards.waiting().await }).await
    }

    /// The bound cards as the service said them last. Works without network.
    pub async fn list(&self) -> Outcome<Vec<CardView>> {
        self.0.run(|cards| async move { cards.list().await }).await
    }

    /// Asks the service for the bound cards.
    pub async fn refresh(&self) -> Outcome<Vec<CardView>> {
        self.0.run(|cards| async move { cards.refresh().await }).await
    }
}
