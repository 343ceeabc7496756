//! Money that leaves the balance: to the person's card, where the bank has the last word, and to another person, where it may wait and
//! be called back.

use super::Storm;
use crate::net::Weather;
use crate::phone::{ID_NUMBER_OF_FRIEND, PHONE_OF_FRIEND, Phone, Told, told};
use kabao_base::Code;
use kabao_core::pay::QuoteRequest;
use serde_json::json;
use std::sync::Arc;

/// How long a transfer may wait, in milliseconds.
const DELAYS: [u32; 4] = [0, 7_200_000, 7_200_000, 86_400_000];

/// The person to whom money is sent, with a phone of their own that is off until the end.
pub(super) struct Friend {
    pub(super) phone: Phone,
    pub(super) payee: String,
    pub(super) account: String,
}

impl Storm {
    /// Opens the friend's account, and looks it up as people do.
    pub(super) async fn befriend(&mut self) -> Told<()> {
        let folder = self.folder.join("friend");
        let mut phone = Phone::new(folder, Arc::clone(&self.world), Arc::clone(&self.net), self.phone.service());
        let wallet = phone.open_account(&self.console, PHONE_OF_FRIEND, ID_NUMBER_OF_FRIEND).await?;
        let account = wallet.account().view().await.map_err(told)?.account_id;
        wallet.close().await.map_err(told)?;
        drop(wallet);
        phone.crash().await;
        let found = self.phone.wallet()?.pay().payee_by_phone(PHONE_OF_FRIEND.to_owned(), Some("张".to_owned())).await.map_err(told)?;
        self.friend = Some(Friend { phone, payee: found.payee_id, account });
        Ok(())
    }

    pub(super) async fn withdraw(&mut self, amount: &str) -> Told<bool> {
        let cards = self.phone.wallet()?.cards().list().await.unwrap_or_default();
        let Some(card) = cards.first() else { return Ok(false) };
        let request = QuoteRequest::Withdraw { amount: amount.to_owned(), card_id: card.card_id.clone() };
        Ok(self.confirm("withdraw", request).await)
    }

    pub(super) async fn send_to_friend(&mut self, amount: &str) -> Told<bool> {
        let Some(payee_id) = self.friend.as_ref().map(|friend| friend.payee.clone()) else { return Ok(false) };
        let delay_ms = DELAYS[self.world.pick(4) as usize];
        let before = self.seen.len();
        let done = self.confirm("transfer", QuoteRequest::Transfer { payee_id, amount: amount.to_owned(), delay_ms }).await;
        if done && self.seen.len() > before && delay_ms > 0 && self.world.happens(35) {
            self.call_back().await?;
        }
        Ok(done)
    }

    /// Some transfer is called back: one that waits, one that has arrived, one of which nothing is known.
    pub(super) async fn call_back(&mut self) -> Told<()> {
        let sent: Vec<String> = self.net.witness.transfers();
        if sent.is_empty() {
            return Ok(());
        }
        // Rather one of the last.
        let back = self.world.pick(3).min(u32::try_from(sent.len()).unwrap_or(1).saturating_sub(1));
        let intent = sent[sent.len() - 1 - back as usize].clone();
        let pay = self.phone.wallet()?.pay();
        match pay.cancel_transfer(intent.clone()).await {
            Ok(view) => self.told_of_transfer(&intent, &view.state),
            Err(error) if error.is(Code::TransferArrived) && !error.is_unknown() => self.told_of_transfer(&intent, "arrived"),
            Err(error) => self.refused(&error),
        }
        Ok(())
    }

    /// I3: a transfer was called back or has arrived, and what the person was told of it stays.
    pub(super) fn told_of_transfer(&mut self, intent: &str, state: &str) {
        self.world.note(&format!("told {intent} {state}"));
        if !["cancelled", "arrived"].contains(&state) {
            return;
        }
        let before = self.transfers_told.entry(intent.to_owned()).or_insert_with(|| state.to_owned()).clone();
        self.judge_one("I3", (before != state).then(|| format!("the transfer {intent} was told as {before} and as {state}")));
    }

    /// What the phone says of every transfer, and what the friend's phone says of its money. In fair weather.
    pub(super) async fn read_transfers(&mut self) -> Told<()> {
        self.net.set(Weather::default());
        let pay = self.phone.wallet()?.pay();
        for intent in self.net.witness.transfers() {
            if let Ok(view) = pay.transfer(intent.clone()).await {
                self.told_of_transfer(&intent, &view.state);
            }
        }
        let Some(mut friend) = self.friend.take() else { return Ok(()) };
        let wallet = friend.phone.start().await.map_err(told)?;
        while !wallet.history().sync().await.map_err(told)?.complete {}
        let balance = wallet.account().refresh().await.map_err(told)?.balance.map_or(-1, |balance| balance.minor);
        let (mut records, mut cursor) = (Vec::new(), None);
        loop {
            let page = wallet.history().list(cursor).await.map_err(told)?;
            records.extend(page.items.iter().map(|item| json!({ "kind": item.kind, "state": item.state, "amount": item.amount.minor })));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        wallet.close().await.map_err(told)?;
        self.friend_says = json!({ "account_id": friend.account, "balance": balance, "records": records });
        self.friend = Some(friend);
        Ok(())
    }
}
