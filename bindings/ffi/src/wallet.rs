use crate::calls::{Calls, on_threads};
use crate::device::{self, Guarded};
use crate::{AccountClient, CardsClient, DataClient, HistoryClient, IdentityClient, LimitsClient, OperatorClient, PayClient, faults};
use kabao_core::error::Outcome;
use kabao_core::host::{Background, DeviceKeys, SecretStore};
use kabao_core::{LockAfterView, Subscription, Wallet, WalletListener, WalletSettings};
use std::sync::Arc;

/// One wallet on this phone. Make one when the app starts and keep it; hand its clients to the screens.
#[derive(uniffi::Object)]
pub struct KabaoWallet(Calls<Wallet>);

#[uniffi::export]
impl KabaoWallet {
    /// Opens the wallet of `settings.folder`, or makes it. Payments without a result are taken up at once.
    ///
    /// `secrets` and `keys` are the phone's key store; `background` keeps the process alive while money is on its way
    /// and may be left out where programs are not stopped. All three are called from threads of the wallet.
    ///
    /// Fails with `in_use` when another program has the wallet, `key_lost` when its files are there and their key is
    /// not, `rolled_back` when an old copy of a file was put back, `bad_argument` (field `service` or `root_key`) when
    /// the settings cannot be used, and with `storage_*` or `newer_schema` for what their names say.
    #[uniffi::constructor]
    pub async fn open(
        settings: WalletSettings,
        secrets: Arc<dyn SecretStore>,
        keys: Arc<dyn DeviceKeys>,
        background: Option<Arc<dyn Background>>,
    ) -> Outcome<KabaoWallet> {
        faults::install();
        let (host, threads) = device::start(&settings, secrets, keys, background)?;
        let wallet = on_threads(&threads, Wallet::open(settings, host)).await?;
        Ok(KabaoWallet(Calls::new(wallet, &threads)))
    }

    /// Opens a locked wallet again. Does nothing when it is open.
    pub async fn unlock(&self) -> Outcome<()> {
        self.0.run(|wallet| async move { wallet.unlock().await }).await
    }

    /// Locks for the person at once: no data, no new payment. The files close when the answers that are on their way
    /// are recorded, at the latest after 20 seconds; what has no answer by then stays *unknown*.
    pub async fn lock(&self) -> Outcome<()> {
        self.0.run(|wallet| async move { wallet.lock().await }).await
    }

    /// The same without waiting: for the moment in which the system stops the app.
    pub async fn suspend(&self) -> Outcome<()> {
        self.0.run(|wallet| async move { wallet.suspend().await }).await
    }

    /// Closes the wallet for good, so that it can be opened anew. Every later call fails with `closed`.
    pub async fn shut_down(&self) -> Outcome<()> {
        self.0.run(|wallet| async move { wallet.close().await }).await
    }

    /// Whether the wallet is locked.
    pub fn is_locked(&self) -> bool {
        self.0.part().is_locked()
    }

    /// The phone is on another network: call it when the system says so. Connections of the old one are given up, whoever waits for an answer
    /// there hears `net_cut` instead of waiting its time out, and every payment without a result is asked for at once. Nothing is sent
    /// twice for it: a payment that was on its way is *unknown* until its answer is there.
    pub fn network_changed(&self) {
        self.0.part().network_changed();
    }

    /// Somebody is there: call it for every touch of a screen that shows the wallet. Calls do not count by themselves.
    pub fn touch(&self) {
        self.0.part().touch();
    }

    /// After how long without a touch the wallet locks by itself.
    pub async fn lock_after(&self) -> Outcome<LockAfterView> {
        self.0.run(|wallet| async move { wallet.lock_after().await }).await
    }

    /// Sets it: 15 to 3600 seconds, or nothing for never; `bad_argument` for any other number. Kept on this phone, and counted by a
    /// clock that nobody can set.
    pub async fn set_lock_after(&self, seconds: Option<u32>) -> Outcome<LockAfterView> {
        self.0.run(move |wallet| async move { wallet.set_lock_after(seconds).await }).await
    }

    /// Something arrived by push. Nothing in it is believed; it is only a reason to look.
    pub async fn hint(&self, push: Vec<u8>) -> Outcome<()> {
        self.0.run(|wallet| async move { wallet.hint(push).await }).await
    }

    /// Tells `listener` what happens, beginning with the present state, from a thread of the wallet. Keep the
    /// subscription: events end when it is cancelled or released.
    pub fn subscribe(&self, listener: Arc<dyn WalletListener>) -> EventSubscription {
        EventSubscription(self.0.part().subscribe(Arc::new(Guarded(listener))))
    }

    /// Registration, PIN, recovery sheet, the next step of the set-up.
    pub fn account(&self) -> AccountClient {
        AccountClient(Calls::new(self.0.part().account(), self.0.threads()))
    }

    /// The real name.
    pub fn identity(&self) -> IdentityClient {
        IdentityClient(Calls::new(self.0.part().identity(), self.0.threads()))
    }

    /// Bound cards.
    pub fn cards(&self) -> CardsClient {
        CardsClient(Calls::new(self.0.part().cards(), self.0.threads()))
    }

    /// Limits, fees, and what stands in the way of a payment.
    pub fn limits(&self) -> LimitsClient {
        LimitsClient(Calls::new(self.0.part().limits(), self.0.threads()))
    }

    /// Who runs this wallet.
    pub fn operator(&self) -> OperatorClient {
        OperatorClient(Calls::new(self.0.part().operator(), self.0.threads()))
    }

    /// Paying.
    pub fn pay(&self) -> PayClient {
        PayClient(Calls::new(self.0.part().pay(), self.0.threads()))
    }

    /// The history.
    pub fn history(&self) -> HistoryClient {
        HistoryClient(Calls::new(self.0.part().history(), self.0.threads()))
    }

    /// What is kept about the person: inventory, consents, export, and erasing this phone.
    pub fn data(&self) -> DataClient {
        DataClient(Calls::new(self.0.part().data(), self.0.threads()))
    }
}

/// Sets aside the files of a wallet that cannot be opened because its key is lost (`key_lost`), so that a new wallet can
/// begin in the same folder. Nothing is deleted. Gives the new names. Refused with `bad_argument` while the key is there.
#[uniffi::export]
pub async fn set_aside_lost_wallet(
    settings: WalletSettings,
    secrets: Arc<dyn SecretStore>,
    keys: Arc<dyn DeviceKeys>,
) -> Outcome<Vec<String>> {
    faults::install();
    let (host, threads) = device::start(&settings, secrets, keys, None)?;
    on_threads(&threads, Wallet::set_aside_lost(settings.folder, host)).await
}

/// A subscription to events. It ends when it is cancelled or released.
#[derive(uniffi::Object)]
pub struct EventSubscription(Subscription);

#[uniffi::export]
impl EventSubscription {
    /// No event is queued after this; one that is queued already may still arrive.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}
