//! Step two: the payment PIN. It is judged here and by the PIN vault, and leaves the phone only in a box.

use super::{AccountClient, AccountView, local};
use crate::error::{Outcome, WalletError};
use crate::shared::{read_pin, refresh_account};
use kabao_base::Code;
use zeroize::Zeroizing;

impl AccountClient {
    /// Chooses the payment PIN: six digits, no repeats, no run, no birth date, no part of the telephone number. What
    /// the phone cannot know (the identity number's birth date and tail) the vault judges.
    pub async fn choose_pin(&self, pin: String) -> Outcome<AccountView> {
        let typed = Zeroizing::new(pin);
        let pin = read_pin(&typed)?;
        let row = self.core.account_row().await?;
        if row.account_id.is_none() {
            return Err(Code::NotRegistered.into());
        }
        let phone = row.phone.unwrap_or_default();
        kabao_codes::pin::judge(&pin, local(&phone), None).map_err(|refusal| WalletError::from(refusal.code()).in_field("pin"))?;
        let sealed = self.core.seal_new_pin(&pin).await?;
        drop(pin);
        let body = serde_json::json!({ "pin_box": sealed }).to_string().into_bytes();
        let request = self.core.request("PUT", "/v1/account/pin".to_owned(), body)?;
        self.core.call(&request).await?.accepted().map_err(|error| error.in_field("pin"))?;
        self.core.change_account("pin_set", |row| row.pin_set = true).await?;
        // Whether another one must be chosen is the service's to say; that can also be asked later.
        let _ = refresh_account(&self.core).await;
        self.view().await
    }
}
