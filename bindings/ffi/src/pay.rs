use crate::calls::Calls;
use kabao_core::error::Outcome;
use kabao_core::pay::{
    AskView, BankTransferView, ConfirmRequest, PayClient as Part, PayerCodeView, PaymentView, PersonPayeeView, QuoteRequest, QuoteView, ReceiptView,
    ScanView, TableView, TransferView, WayToPay,
};
use kabao_money::merchant::MerchantState;

/// Paying: read a code, quote, confirm, watch; or show a payer code 付款码 and let the merchant charge.
#[derive(uniffi::Object)]
pub struct PayClient(pub(crate) Calls<Part>);

/// What became of a payer code that was shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ShowingView {
    /// The state of the payment that the merchant starts.
    pub state: MerchantState,
    /// The record of the history, once there is one.
    pub record_id: Option<String>,
}

#[uniffi::export]
impl PayClient {
    /// Reads a scanned text. A code that cannot be paid gives its reason; the payee's name comes from the service.
    pub async fn read(&self, text: String) -> Outcome<ScanView> {
        self.0.run(|pay| async move { pay.read(text).await }).await
    }

    /// Reads what a tag or a terminal gave: the bytes of an NDEF message, from [`TagReader`] or from the phone's own reader.
    /// The answer is that of a scan of the same text.
    pub async fn tap(&self, ndef: Vec<u8>) -> Outcome<ScanView> {
        self.0.run(|pay| async move { pay.tap(ndef).await }).await
    }

    /// Which table of code formats decides what a scanned text is: version, source, age, and why a newer one was refused.
    /// Works without network.
    pub async fn codes(&self) -> Outcome<TableView> {
        self.0.run(|pay| async move { pay.codes().await }).await
    }

    /// Asks the service for a newer table of code formats now; a sync does so by itself. What is not signed, too late, not
    /// newer or not readable is refused with its reason, and the one in use stays in use.
    pub async fn refresh_codes(&self) -> Outcome<TableView> {
        self.0.run(|pay| async move { pay.refresh_codes().await }).await
    }

    /// Who has a number, for a transfer: the masked name, whether anything was ever sent there, how long it may wait. With the first
    /// character of the name the service says whether it is this person; five wrong ones a day.
    pub async fn payee_by_phone(&self, phone: String, name_begins: Option<String>) -> Outcome<PersonPayeeView> {
        self.0.run(|pay| async move { pay.payee_by_phone(phone, name_begins).await }).await
    }

    /// Where to transfer money to from a bank account in the person's own name, each field for the clipboard and for the eye, and what
    /// came: credited, or on its way back with the reason. Works without network once it was asked, with its age.
    pub async fn bank_transfer_details(&self) -> Outcome<BankTransferView> {
        self.0.run(|pay| async move { pay.bank_transfer_details().await }).await
    }

    /// How a transfer of this account stands, on whichever of its phones it was made. Works without network where this phone knows it.
    pub async fn transfer(&self, intent_id: String) -> Outcome<TransferView> {
        self.0.run(|pay| async move { pay.transfer(intent_id).await }).await
    }

    /// Calls a transfer back that waits. It either arrives or is called back; without an answer the wallet keeps asking.
    pub async fn cancel_transfer(&self, intent_id: String) -> Outcome<TransferView> {
        self.0.run(|pay| async move { pay.cancel_transfer(intent_id).await }).await
    }

    /// Asks what a payment would cost and from what it can be paid. Nothing moves.
    pub async fn quote(&self, request: QuoteRequest) -> Outcome<QuoteView> {
        self.0.run(|pay| async move { pay.quote(request).await }).await
    }

    /// The same amount for the same payee from another source, when one could not pay: the new payment is linked to the old one,
    /// and a warning says when that one may still succeed. For a top-up a card can be named; without one the next in order.
    pub async fn quote_other_source(&self, intent_id: String, card_id: Option<String>) -> Outcome<QuoteView> {
        self.0.run(|pay| async move { pay.quote_other_source(intent_id, card_id).await }).await
    }

    /// Pays what was quoted. Gives how the payment stands as soon as there is an answer, or none: *unknown* is not a
    /// failure, and the wallet goes on asking by itself. Giving up waiting changes nothing about the payment.
    pub async fn confirm(&self, request: ConfirmRequest) -> Outcome<PaymentView> {
        self.0.run(|pay| async move { pay.confirm(request).await }).await
    }

    /// How a payment stands, without asking the service.
    pub async fn payment(&self, intent_id: String) -> Outcome<PaymentView> {
        self.0.run(|pay| async move { pay.payment(intent_id).await }).await
    }

    /// Payments without a result, oldest first.
    pub async fn open_payments(&self) -> Outcome<Vec<PaymentView>> {
        self.0.run(|pay| async move { pay.open_payments().await }).await
    }

    /// Asks the service for the truth now.
    pub async fn resolve(&self, intent_id: String) -> Outcome<PaymentView> {
        self.0.run(|pay| async move { pay.resolve(intent_id).await }).await
    }

    /// Gives a payment up. When the service never handed it to a bank, it will never be carried out; when it did, the
    /// result stays open until the bank answers.
    pub async fn abandon(&self, intent_id: String) -> Outcome<PaymentView> {
        self.0.run(|pay| async move { pay.abandon(intent_id).await }).await
    }

    /// The ways to pay at a till, in the order to show, each with the reason when it cannot be used. Works without
    /// network.
    pub async fn ways(&self) -> Outcome<Vec<WayToPay>> {
        self.0.run(|pay| async move { pay.ways().await }).await
    }

    /// Fetches tokens for payer codes when few are left. Gives how many codes can be shown without network.
    pub async fn prepare_codes(&self) -> Outcome<u32> {
        self.0.run(|pay| async move { pay.prepare_codes().await }).await
    }

    /// Shows a payer code for the way that the person chose. Needs no network; each call uses up one token.
    pub async fn show_code(&self, way: String) -> Outcome<PayerCodeView> {
        self.0.run(|pay| async move { pay.show_code(way).await }).await
    }

    /// The next picture of the same showing, due at `draw_again_at`: the same token, the present step.
    pub async fn next_picture(&self, showing_id: String, way: String) -> Outcome<PayerCodeView> {
        self.0.run(|pay| async move { pay.next_picture(showing_id, way).await }).await
    }

    /// What became of a showing, as the last sync brought it.
    pub async fn showing(&self, showing_id: String) -> Outcome<ShowingView> {
        let found = self.0.run(|pay| async move { pay.showing(showing_id).await }).await;
        found.map(|(state, record_id)| ShowingView { state, record_id })
    }

    /// What merchants ask above the cap of a payer code and can still be answered, as the last sync brought it.
    pub async fn asks(&self) -> Outcome<Vec<AskView>> {
        self.0.run(|pay| async move { pay.asks().await }).await
    }

    /// Says no to such a question. The merchant's order is refused.
    pub async fn decline(&self, ask_id: String) -> Outcome<()> {
        self.0.run(|pay| async move { pay.decline(ask_id).await }).await
    }

    /// The receipt of a record of the history, its signature checked on this phone. Works without network.
    pub async fn receipt(&self, record_id: String) -> Outcome<ReceiptView> {
        self.0.run(|pay| async move { pay.receipt(record_id).await }).await
    }
}
