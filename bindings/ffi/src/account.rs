use crate::calls::Calls;
use kabao_core::account::{
    AccountClient as Part, AccountView, ClosureView, ContactRequest, ContactsView, OtpSentView, PhoneChangeRequest, PhoneChangeView, PinResetProof, PinResetView, RecoverySheet, RegisterRequest, ReplaceProof,
    ReplaceView,
};
use kabao_core::error::Outcome;
use kabao_core::identity::FaceRequest;
use kabao_core::EraseReport;
use kabao_money::onboarding::OnboardingStep;

/// The account of the person: registration, payment PIN, recovery sheet, the next step of the set-up.
#[derive(uniffi::Object)]
pub struct AccountClient(pub(crate) Calls<Part>);

#[uniffi::export]
impl AccountClient {
    /// The one next step of the set-up, why, and whether it can be put off. Works without network.
    pub async fn onboarding_next(&self) -> Outcome<OnboardingStep> {
        self.0.run(|account| async move { account.onboarding_next().await }).await
    }

    /// Puts off the step that `onboarding_next` names, where that is allowed, and gives the step after it.
    pub async fn skip(&self) -> Outcome<OnboardingStep> {
        self.0.run(|account| async move { account.skip().await }).await
    }

    /// Asks for a code by SMS. The same number again is a resend.
    pub async fn register(&self, request: RegisterRequest) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.register(request).await }).await
    }

    /// Asks for another code, once the time for it has come.
    pub async fn resend_otp(&self) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.resend_otp().await }).await
    }

    /// Proves with the code from the SMS that the number is the person's. Opens the account.
    pub async fn enter_otp(&self, code: String) -> Outcome<AccountView> {
        self.0.run(|account| async move { account.enter_otp(code).await }).await
    }

    /// Begins to put this phone in the place of the account's earlier one: lost, reset, its keys gone. Asks for a code by
    /// SMS to the account's number. The same number again is another code. Fails with `phone_unknown` for a number without
    /// account, with `wrong_step` on a phone that the service knows.
    pub async fn replace_begin(&self, request: RegisterRequest) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.replace_begin(request).await }).await
    }

    /// Proves with the code from the SMS that the account's number is the person's. Gives what else has to be proven.
    pub async fn replace_otp(&self, code: String) -> Outcome<ReplaceView> {
        self.0.run(|account| async move { account.replace_otp(code).await }).await
    }

    /// Proves real name and payment PIN, as far as the view asks for them. When it gives `Done`, the earlier phone is shut
    /// out, its payments without a result are in the list of open payments, and limits are low for 24 hours. Fails with
    /// `pin_wrong` (tries left), `replace_pin_locked` (go on with `replace_new_pin`), the refusals of the real-name check, and `replace_overtaken` when another
    /// phone was first.
    pub async fn replace_prove(&self, proof: ReplaceProof) -> Outcome<ReplaceView> {
        self.0.run(|account| async move { account.replace_prove(proof).await }).await
    }

    /// Proves the person and chooses a new payment PIN in the place of one that is locked or forgotten; in the place of
    /// `replace_prove`, which fails with `replace_pin_locked` where this leads on. The face check is made for a nonce of
    /// `replace_face_begin`. Fails with the refusals of the real-name check, those of a PIN that is chosen, and
    /// `pin_reset_done` when an earlier try was first.
    pub async fn replace_new_pin(&self, proof: PinResetProof) -> Outcome<ReplaceView> {
        self.0.run(|account| async move { account.replace_new_pin(proof).await }).await
    }

    /// The second contacts as this phone knows them, and what to do about them. Works without network.
    pub async fn contacts(&self) -> Outcome<ContactsView> {
        self.0.run(|account| async move { account.contacts().await }).await
    }

    /// Asks the service for the second contacts.
    pub async fn contacts_refresh(&self) -> Outcome<ContactsView> {
        self.0.run(|account| async move { account.contacts_refresh().await }).await
    }

    /// Names a second contact: a number or a mailbox; a code goes there. Fails with `email_invalid`, `phone_invalid`,
    /// `contact_same`, `contact_exists`.
    pub async fn contact_add(&self, request: ContactRequest) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.contact_add(request).await }).await
    }

    /// Sends another code: to one that waits, or to one that has to be proven again.
    pub async fn contact_send_code(&self, contact_id: String) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.contact_send_code(contact_id).await }).await
    }

    /// Types the code that came there; from then on the contact counts.
    pub async fn contact_confirm(&self, contact_id: String, code: String) -> Outcome<ContactsView> {
        self.0.run(|account| async move { account.contact_confirm(contact_id, code).await }).await
    }

    /// Takes a contact away; one that counts needs the PIN, where one is set.
    pub async fn contact_remove(&self, contact_id: String, pin: Option<String>) -> Outcome<ContactsView> {
        self.0.run(|account| async move { account.contact_remove(contact_id, pin).await }).await
    }

    /// What has to be settled before the account can be closed, and how its closing stands.
    pub async fn closure(&self) -> Outcome<ClosureView> {
        self.0.run(|account| async move { account.closure().await }).await
    }

    /// Asks for the account to be closed, with the PIN where one is set; `confirmed` says that the person read what is lost.
    /// Fails with the reason of the first point that is not settled.
    pub async fn close_account(&self, pin: Option<String>, confirmed: bool) -> Outcome<ClosureView> {
        self.0.run(|account| async move { account.close_account(pin, confirmed).await }).await
    }

    /// Takes the closing back, while its days last.
    pub async fn reopen_account(&self) -> Outcome<ClosureView> {
        self.0.run(|account| async move { account.reopen_account().await }).await
    }

    /// Erases this phone after its account was closed, and closes the wallet. What should be kept is exported before. Fails
    /// with `wrong_step` before the service signed that the account is closed.
    pub async fn erase_closed(&self, confirmed: bool) -> Outcome<EraseReport> {
        self.0.run(|account| async move { account.erase_closed(confirmed).await }).await
    }

    /// Begins to change the account's number: a code goes to the new one. The same call again is another code. Fails with
    /// `phone_same`, `phone_in_use` (a number that another account has), `old_number_needed` and `pin_not_set` (without the
    /// earlier number a verified name and a PIN have to prove it), `account_frozen`.
    pub async fn change_phone_begin(&self, request: PhoneChangeRequest) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.change_phone_begin(request).await }).await
    }

    /// Asks for the code that comes next: to the new number again, or to the earlier one once the new one is proven.
    pub async fn change_phone_send(&self) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.change_phone_send().await }).await
    }

    /// Types the code that came to the number that is asked for now.
    pub async fn change_phone_otp(&self, code: String) -> Outcome<PhoneChangeView> {
        self.0.run(|account| async move { account.change_phone_otp(code).await }).await
    }

    /// Proves the person: PIN, and the real name where the view asks for it. When it gives `Done`, the new number is the
    /// account's and the earlier one was told. Fails with `change_overtaken` when another change was first.
    pub async fn change_phone_prove(&self, proof: ReplaceProof) -> Outcome<PhoneChangeView> {
        self.0.run(|account| async move { account.change_phone_prove(proof).await }).await
    }

    /// Asks how it stands: after a lost answer, or while the real name is being checked.
    pub async fn change_phone_check(&self) -> Outcome<PhoneChangeView> {
        self.0.run(|account| async move { account.change_phone_check().await }).await
    }

    /// The change that is under way on this phone, if one is. Works without network.
    pub async fn change_phone_standing(&self) -> Outcome<Option<PhoneChangeView>> {
        self.0.run(|account| async move { account.change_phone_standing().await }).await
    }

    /// Gives the change up. A proof that is on its way may still win: `refresh` tells.
    pub async fn change_phone_cancel(&self) -> Outcome<()> {
        self.0.run(|account| async move { account.change_phone_cancel().await }).await
    }

    /// Begins to set a new PIN for one that was forgotten or locked: a code goes to the account's number. The same call again
    /// is another code. Fails with `wrong_step` before the real name is verified, `account_frozen`, `otp_cooldown`.
    pub async fn pin_reset_begin(&self) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.pin_reset_begin().await }).await
    }

    /// Types the code that came to the account's number.
    pub async fn pin_reset_otp(&self, code: String) -> Outcome<PinResetView> {
        self.0.run(|account| async move { account.pin_reset_otp(code).await }).await
    }

    /// Proves the person by real name and face, and chooses the new PIN. Limits are low for 24 hours after it. Fails with
    /// the refusals of the real-name check, those of a PIN that is chosen, and `pin_reset_done` when an earlier try was first.
    pub async fn pin_reset_finish(&self, proof: PinResetProof) -> Outcome<PinResetView> {
        self.0.run(|account| async move { account.pin_reset_finish(proof).await }).await
    }

    /// Asks how it stands: after a lost answer, or while the real name is being checked.
    pub async fn pin_reset_check(&self) -> Outcome<PinResetView> {
        self.0.run(|account| async move { account.pin_reset_check().await }).await
    }

    /// The reset that is under way on this phone, if one is. Works without network.
    pub async fn pin_reset_standing(&self) -> Outcome<Option<PinResetView>> {
        self.0.run(|account| async move { account.pin_reset_standing().await }).await
    }

    /// Gives the reset up. A try that is on its way may still win: the account's number is told.
    pub async fn pin_reset_cancel(&self) -> Outcome<()> {
        self.0.run(|account| async move { account.pin_reset_cancel().await }).await
    }

    /// Makes a new approval key, when `confirm` failed with `approval_lost`, and asks for a code by SMS. Called again, it is
    /// another code.
    pub async fn renew_approval_begin(&self) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.renew_approval_begin().await }).await
    }

    /// Proves number and PIN for the new approval key; limits stay low for 24 hours.
    pub async fn renew_approval(&self, code: String, pin: String) -> Outcome<AccountView> {
        self.0.run(|account| async move { account.renew_approval(code, pin).await }).await
    }

    /// What the liveness vendor's library is started with on a phone that replaces another: bound to this replacement, for a few
    /// minutes. Fails with `wrong_step` where no real name has to be proven.
    pub async fn replace_face_begin(&self) -> Outcome<FaceRequest> {
        self.0.run(|account| async move { account.replace_face_begin().await }).await
    }

    /// Asks how it stands: after a lost answer, or while the real name is being checked.
    pub async fn replace_check(&self) -> Outcome<ReplaceView> {
        self.0.run(|account| async move { account.replace_check().await }).await
    }

    /// Chooses the payment PIN: six ASCII digits; no repeats, no run, no birth date, no head or tail of the telephone
    /// number, no tail of the identity number. It leaves the phone only sealed for the PIN vault.
    pub async fn choose_pin(&self, pin: String) -> Outcome<AccountView> {
        self.0.run(|account| async move { account.choose_pin(pin).await }).await
    }

    /// Makes a recovery sheet to be kept on paper. One made earlier and not confirmed is worth nothing any more.
    pub async fn make_recovery_sheet(&self) -> Outcome<RecoverySheet> {
        self.0.run(|account| async move { account.make_recovery_sheet().await }).await
    }

    /// The person types the sheet's code from the paper, as the proof of having it at hand. A sheet that takes the place of another
    /// needs the PIN, where one is set.
    #[uniffi::method(default(pin = None))]
    pub async fn confirm_recovery_sheet(&self, typed: String, pin: Option<String>) -> Outcome<AccountView> {
        self.0.run(|account| async move { account.confirm_recovery_sheet(typed, pin).await }).await
    }

    /// The account as this phone knows it, with the age of what the service said. Works without network.
    pub async fn view(&self) -> Outcome<AccountView> {
        self.0.run(|account| async move { account.view().await }).await
    }

    /// Asks the service how the account stands.
    pub async fn refresh(&self) -> Outcome<AccountView> {
        self.0.run(|account| async move { account.refresh().await }).await
    }
}
