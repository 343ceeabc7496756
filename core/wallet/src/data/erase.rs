//! Erasing this phone because its person says so.

use super::{DataClient, EraseRequest};
use crate::error::{Outcome, WalletError};
use crate::shared::{EraseReport, erase};
use crate::tables::intents;
use crate::words::say;
use kabao_base::Code;
use zeroize::Zeroizing;

impl DataClient {
    /// The word that the person types to confirm erasing, in the language of the wallet.
    pub fn erase_word(&self) -> String {
        say(self.core.settings.language, "data.erase_word", &[])
    }

    /// Erases what this phone has: destroys the key of its files, then the files, then closes the wallet for good. Neither
    /// the files nor any copy of them can be read afterwards. The account stays at the service: a phone that is set up anew
    /// takes it up again, with its history.
    ///
    /// # Errors
    /// `erase_not_meant` (field `word`) for another word than [`DataClient::erase_word`], `erase_open` while payments of
    /// this phone have no result (unless `despite_open`), `key_store_unavailable` when the key store refuses: then either
    /// nothing happened, or the wallet is closed and the next opening erases on.
    pub async fn erase_this_phone(&self, request: EraseRequest) -> Outcome<EraseReport> {
        let typed = Zeroizing::new(request.word);
        if typed.trim() != self.erase_word() {
            return Err(WalletError::from(Code::EraseNotMeant).in_field("word"));
        }
        let open = self.core.open_files(|files| files.ledger(intents::unsettled)).await?;
        if !open.is_empty() && !request.despite_open {
            return Err(Code::EraseOpen.into());
        }
        erase::erase(&self.core).await
    }
}
