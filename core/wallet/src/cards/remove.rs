//! Removing a card: by PIN, and only while nothing is on its way from or to it.

use super::{CardView, CardsClient};
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::shared::{read_pin, refresh_account};
use crate::tables::intents;
use kabao_base::{Code, Id};
use kabao_proof::{Document, Source, Terms};
use zeroize::Zeroizing;

impl CardsClient {
    /// Removes a card from the wallet, by PIN. Refused with the reason while it still pays something or money is on its way
    /// back to it (`card_in_flight`, `card_refund_pending`). Its payments stay readable. Removed already: the same answer.
    pub async fn unbind(&self, card_id: String, pin: String) -> Outcome<CardView> {
        let typed = Zeroizing::new(pin);
        let card = Id::parse(&card_id).map_err(|_| WalletError::from(Code::BadId).in_field("card_id"))?;
        let pin = read_pin(&typed)?;
        let identity = self.core.identity()?;
        // What this phone has not heard the end of may not have reached the service, which would not know of it.
        let open = self.core.open_files(|files| files.ledger(intents::unsettled)).await?;
        let pays = |terms: Terms| terms.source == Source::Card(card);
        if open.iter().any(|row| Terms::decode(&row.terms).is_ok_and(pays)) {
            return Err(WalletError::from(Code::CardInFlight).in_field("card_id"));
        }
        // A new id for each try: a lost answer is asked for by removing it again, which changes nothing.
        let id = self.core.new_id()?;
        let parts = ["kabao-unbind-1".to_owned(), id.to_string(), identity.account_id.to_string(), card.to_string()];
        let digest = kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()]);
        let sealed = self.core.seal_pin(&pin, &digest).await?;
        drop(pin);
        let body = serde_json::json!({ "card_id": card, "pin_box": sealed }).to_string().into_bytes();
        let request = self.core.request("PUT", format!("/v1/card-removals/{id}"), body)?;
        let removed: wire::Card = self.core.call(&request).await?.read()?;
        let _ = refresh_account(&self.core).await;
        Ok(self.view(removed, None))
    }
}
