//! Caps of one's own. They stand with the account, so that every phone of it obeys: lower at once, higher after a wait.

use super::{LimitsClient, LimitsRequest, LimitsView};
use crate::error::{Outcome, WalletError};
use crate::shared::{keep_counters, read_pin};
use crate::tables::marks;
use kabao_base::{Code, Currency, Id, Money};
use zeroize::Zeroizing;

impl LimitsClient {
    /// Sets the caps of one's own, in yuan; what is left out is no cap. A lower one counts at once. A higher one, and giving one
    /// up, needs the payment PIN and counts after the waiting time of the rules (24 hours in those that come with the app): who
    /// holds the phone for a moment cannot open it wide.
    ///
    /// The same wish again after a lost answer is the same change.
    ///
    /// # Errors
    /// `own_cap_raise` when the PIN is needed and missing, `own_cap_malformed` for a day below one payment, `amount_*` in the field
    /// that is wrong, `pin_wrong` (tries left), `pin_locked`.
    pub async fn set_own_caps(&self, single: Option<String>, day: Option<String>, pin: Option<String>) -> Outcome<LimitsView> {
        let typed = pin.map(Zeroizing::new);
        let identity = self.core.identity()?;
        let (single, day) = (read(single.as_deref(), "single")?, read(day.as_deref(), "day")?);
        if single.zip(day).is_some_and(|(single, day)| day.minor < single.minor) {
            return Err(WalletError::from(Code::OwnCapMalformed).in_field("day"));
        }
        let pin = typed.as_ref().map(|typed| read_pin(typed)).transpose()?;
        let text = |cap: Option<Money>| cap.map(|cap| cap.minor.to_string()).unwrap_or_default();
        let (single_text, day_text) = (text(single), text(day));
        let change = self.change(&single_text, &day_text).await?;
        // Another one for each try: the vault gives the verdict of a try again, and its answer may have been lost.
        let proof_id = self.core.new_id()?;
        let sealed = match &pin {
            Some(pin) => {
                let parts = ["kabao-own-caps-1".to_owned(), change.to_string(), proof_id.to_string(), identity.account_id.to_string(), single_text, day_text];
                let digest = kabao_proof::digest::sha256_of(&[parts.join("\0").as_bytes()]);
                Some(self.core.seal_pin(pin, &digest).await?)
            }
            None => None,
        };
        let body = serde_json::json!({ "single": single, "day": day, "proof_id": proof_id, "pin_box": sealed });
        let request = self.core.request("PUT", format!("/v1/limits/own/{change}"), body.to_string().into_bytes())?;
        let answer = self.core.call(&request).await?;
        let kept = keep_counters(&self.core, &answer).await;
        // An answer that was heard, yes or no, ends the change; only a lost one leaves it to be asked again.
        self.forget_change().await?;
        kept?;
        self.limits_explained(LimitsRequest::default()).await
    }

    /// The id of the change: stored before it is used, the same for the same wish.
    async fn change(&self, single: &str, day: &str) -> Outcome<Id> {
        let wish = format!("{single};{day}");
        let held = self.core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::OWN_CAPS))).await?;
        let held = held.as_deref().and_then(|text| text.split_once(' ')).filter(|(_, kept)| *kept == wish);
        if let Some(id) = held.and_then(|(id, _)| Id::parse(id).ok()) {
            return Ok(id);
        }
        let (id, now) = (self.core.new_id()?, self.core.now());
        self.core
            .open_files(move |files| {
                files.commit(now, |tx, log| {
                    marks::set(tx, marks::OWN_CAPS, &format!("{id} {wish}"))?;
                    log.append(tx, "limits", "own_caps", id.to_string().as_bytes())
                })
            })
            .await?;
        Ok(id)
    }

    async fn forget_change(&self) -> Outcome<()> {
        let now = self.core.now();
        self.core
            .files(move |files| {
                files.commit(now, |tx, log| {
                    marks::remove(tx, marks::OWN_CAPS)?;
                    log.append(tx, "limits", "own_caps_heard", b"")
                })
            })
            .await
    }
}

fn read(typed: Option<&str>, field: &str) -> Outcome<Option<Money>> {
    let Some(typed) = typed else { return Ok(None) };
    let cap = Money::parse(typed, Currency::Cny).map_err(|error| WalletError::from(error).in_field(field))?;
    if cap.minor == 0 { Err(WalletError::from(Code::AmountZero).in_field(field)) } else { Ok(Some(cap)) }
}
