use crate::AccountClient;
use kabao_core::account::{
    DeviceReport, DeviceReportView,
    BackupCodes, DevicesView, FactorEnrolment, OtpSentView, PasswordDraft, PasswordStrength, SecurityView, SignInProof, SignInRequest, SignInView,
    SignOutView,
};
use kabao_core::error::Outcome;

/// What the account signs in with, its phones, signing in and out.
#[uniffi::export]
impl AccountClient {
    /// Judges a login password while it is typed: every reason against it, in words. Works without network.
    pub async fn password_strength(&self, draft: PasswordDraft) -> Outcome<PasswordStrength> {
        self.0.run(|account| async move { account.password_strength(draft).await }).await
    }

    /// Chooses the login password, the first one or another in the place of a forgotten one. An account with a payment PIN needs it as
    /// the proof. Fails with the reasons of `password_strength`, `pin_wrong` (tries left), `password_same`.
    pub async fn set_password(&self, password: String, pin: Option<String>) -> Outcome<SecurityView> {
        self.0.run(|account| async move { account.set_password(password, pin).await }).await
    }

    /// Chooses another login password; the one in use is the proof. Fails with `password_wrong` (tries left) and `password_locked`
    /// (how long to wait), both in the field `old`.
    pub async fn change_password(&self, old: String, password: String) -> Outcome<SecurityView> {
        self.0.run(|account| async move { account.change_password(old, password).await }).await
    }

    /// What the account signs in with, as the service said it last. Works without network.
    pub async fn security(&self) -> Outcome<SecurityView> {
        self.0.run(|account| async move { account.security().await }).await
    }

    /// Asks the service what the account signs in with.
    pub async fn security_refresh(&self) -> Outcome<SecurityView> {
        self.0.run(|account| async move { account.security_refresh().await }).await
    }

    /// Begins to set up an authenticator app: the link, its QR code and the key, shown once and not kept. Called again before it is
    /// confirmed, it is the same one for ten minutes. Fails with `factor_already_on`.
    pub async fn factor_begin(&self) -> Outcome<FactorEnrolment> {
        self.0.run(|account| async move { account.factor_begin().await }).await
    }

    /// Turns the authenticator app on with the first code that it shows; gives ten backup codes, shown once. When the answer is lost, the
    /// same call gives the same codes for ten minutes. Fails with `factor_wrong` (tries left), `factor_time`, `factor_locked`.
    pub async fn factor_confirm(&self, code: String) -> Outcome<BackupCodes> {
        self.0.run(|account| async move { account.factor_confirm(code).await }).await
    }

    /// Ten new backup codes; those before are worth nothing from then on. Needs a code of the app, or one of the old backup codes.
    pub async fn backup_codes(&self, code: String) -> Outcome<BackupCodes> {
        self.0.run(|account| async move { account.backup_codes(code).await }).await
    }

    /// Turns the authenticator app off; needs a code of it, or a backup code.
    pub async fn factor_off(&self, code: String) -> Outcome<SecurityView> {
        self.0.run(|account| async move { account.factor_off(code).await }).await
    }

    /// The phones of the account, asked of the service.
    pub async fn devices(&self) -> Outcome<DevicesView> {
        self.0.run(|account| async move { account.devices().await }).await
    }

    /// The phones of the account as the service said them last. Works without network.
    pub async fn devices_known(&self) -> Outcome<DevicesView> {
        self.0.run(|account| async move { account.devices_known().await }).await
    }

    /// Says what this device is and has: at the first start, and whenever it may have changed. The service is told when something
    /// changed, now or with the next refresh.
    pub async fn describe_device(&self, report: DeviceReport) -> Outcome<DeviceReportView> {
        self.0.run(|account| async move { account.describe_device(report).await }).await
    }

    /// This device, and which steps to offer on it. Works without network. Fails with `not_found` before `describe_device`.
    pub async fn device_steps(&self) -> Outcome<DeviceReportView> {
        self.0.run(|account| async move { account.device_steps().await }).await
    }

    /// Signs another phone out: its key and its payer codes are worth nothing from then on. Fails with `device_is_this` for the phone in
    /// hand.
    pub async fn sign_out_device(&self, device_id: String) -> Outcome<DevicesView> {
        self.0.run(|account| async move { account.sign_out_device(device_id).await }).await
    }

    /// Signs this phone out on purpose. It holds at once, with or without network; the encrypted history stays and can be read. It does
    /// not close the account. Fails with `sign_out_busy` while a payment is being sent.
    pub async fn sign_out(&self) -> Outcome<SignOutView> {
        self.0.run(|account| async move { account.sign_out().await }).await
    }

    /// Tells the service of a sign-out without network, when it does not know yet. Opening the wallet does so by itself.
    pub async fn finish_sign_out(&self) -> Outcome<()> {
        self.0.run(|account| async move { account.finish_sign_out().await }).await
    }

    /// Begins to sign this phone in beside the account's others. Asks for a code by SMS to the account's number. The same number again is
    /// another code. Fails with `phone_unknown` for a number without account, with `wrong_step` on a phone that is signed in.
    pub async fn sign_in_begin(&self, request: SignInRequest) -> Outcome<OtpSentView> {
        self.0.run(|account| async move { account.sign_in_begin(request).await }).await
    }

    /// Proves with the code from the SMS that the account's number is the person's. Gives what else has to be proven.
    pub async fn sign_in_otp(&self, code: String) -> Outcome<SignInView> {
        self.0.run(|account| async move { account.sign_in_otp(code).await }).await
    }

    /// Proves password or PIN, and a code of the authenticator app or a backup code, as far as the view asks for them. When it gives
    /// `done`, this phone is one of the account's, and limits are low for 24 hours. Fails with `password_wrong`, `factor_wrong` (tries
    /// left), `factor_used`, `factor_time`, `device_limit` when too many phones are signed in.
    pub async fn sign_in_prove(&self, proof: SignInProof) -> Outcome<SignInView> {
        self.0.run(|account| async move { account.sign_in_prove(proof).await }).await
    }

    /// Asks how it stands: after a lost answer.
    pub async fn sign_in_check(&self) -> Outcome<SignInView> {
        self.0.run(|account| async move { account.sign_in_check().await }).await
    }
}
