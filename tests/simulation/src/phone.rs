//! A simulated phone with its person: opens, sets up, is killed, starts again.

use crate::console::Console;
use crate::host::{KeyStore, SimHost};
use crate::net::Net;
use crate::world::SimWorld;
use kabao_core::account::RegisterRequest;
use kabao_core::cards::BindRequest;
use kabao_core::identity::VerifyRequest;
use kabao_core::pay::{ConfirmRequest, PaymentProof, PaymentView, QuoteRequest, QuoteView};
use kabao_core::{BuildIdentity, ServiceSettings, Wallet, WalletError, WalletSettings};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// The person's telephone number.
pub const PHONE: &str = "13912345678";
/// The person's card: a test number of UnionPay.
pub const CARD: &str = "6222021234567890128";
/// The person's identity number: the example of the standard.
pub const ID_NUMBER: &str = "11010519491231002X";
/// The number of the friend to whom the person sends money.
pub const PHONE_OF_FRIEND: &str = "13800000041";
/// The friend's identity number.
pub const ID_NUMBER_OF_FRIEND: &str = "110101198706050418";
/// The person's payment PIN.
pub const PIN: &str = "258014";

/// Why a run cannot go on, or what it found.
pub type Told<T> = Result<T, String>;

/// A phone and its files; what is in memory goes with a crash.
pub struct Phone {
    /// Where its files are.
    pub folder: PathBuf,
    /// Its key store.
    pub secrets: Arc<KeyStore>,
    /// The start of the app that runs now.
    pub host: Arc<SimHost>,
    /// Under which build the app names itself; from the next start on.
    pub build: Option<BuildIdentity>,
    wallet: Option<Wallet>,
    world: Arc<SimWorld>,
    net: Arc<Net>,
    service: ServiceSettings,
    dress: fn(SimHost) -> SimHost,
}

/// What an error of the wallet says, for a report.
pub fn told(error: WalletError) -> String {
    error.failure().code.clone()
}

impl Phone {
    /// A new phone with an empty folder.
    pub fn new(folder: PathBuf, world: Arc<SimWorld>, net: Arc<Net>, service: ServiceSettings) -> Phone {
        let secrets = Arc::new(KeyStore::default());
        let host = Arc::new(SimHost::new(Arc::clone(&world), Arc::clone(&net), Arc::clone(&secrets)));
        Phone { folder, secrets, host, wallet: None, build: None, world, net, service, dress: |host| host }
    }

    /// From the next start of the app on, its host is changed so.
    pub fn put_on(&mut self, dress: fn(SimHost) -> SimHost) {
        self.dress = dress;
        self.new_host();
    }

    fn new_host(&mut self) {
        let host = SimHost::new(Arc::clone(&self.world), Arc::clone(&self.net), Arc::clone(&self.secrets));
        self.host = Arc::new((self.dress)(host));
    }

    /// Starts the app.
    pub async fn start(&mut self) -> Result<Wallet, WalletError> {
        let settings = WalletSettings {
            build: self.build.clone(),
            folder: self.folder.to_string_lossy().into_owned(),
            service: self.service.clone(),
            language: "zh-CN".to_owned(),
        };
        let wallet = Wallet::open(settings, Arc::clone(&self.host) as _).await?;
        self.wallet = Some(wallet.clone());
        Ok(wallet)
    }

    /// Which service it belongs to.
    pub fn service(&self) -> ServiceSettings {
        self.service.clone()
    }

    /// The wallet that runs.
    pub fn wallet(&self) -> Told<Wallet> {
        self.wallet.clone().ok_or_else(|| "the app does not run".to_owned())
    }

    /// The app is killed where it stands. The copies of the wallet that a test holds must be gone.
    pub async fn crash(&mut self) {
        self.world.note("crash");
        self.host.kill();
        self.wallet = None;
        // Tasks that were ended are dropped when the thread gets to them.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        self.new_host();
    }

    /// An account with a checked identity, in fair weather.
    pub async fn open_account(&mut self, console: &Console, number: &str, id_number: &str) -> Told<Wallet> {
        let wallet = self.start().await.map_err(told)?;
        let account = wallet.account();
        let request = RegisterRequest { phone: number.to_owned(), device_model: "Simulated phone".to_owned() };
        account.register(request).await.map_err(told)?;
        account.enter_otp(console.otp("kabao", number).await?).await.map_err(told)?;
        account.choose_pin(PIN.to_owned()).await.map_err(told)?;
        account.skip().await.map_err(told)?;
        let identity = wallet.identity();
        consent_to_all(&wallet).await.map_err(told)?;
        let token = console.post("/dev/liveness", json!({ "channels": 5, "result": "ok" })).await?;
        let token = token["token"].as_str().ok_or("no liveness token")?.to_owned();
        let view = identity.verify(VerifyRequest::resident("张三", id_number, token)).await.map_err(told)?;
        if view.state != "passed" {
            return Err(format!("the check ended {view:?}"));
        }
        Ok(wallet)
    }

    /// Everything up to a bound card, in fair weather.
    pub async fn set_up(&mut self, console: &Console) -> Told<()> {
        self.set_up_as(console, PHONE, ID_NUMBER, CARD).await
    }

    /// The same for somebody with a number, an identity number and a card of their own.
    pub async fn set_up_as(&mut self, console: &Console, number: &str, id_number: &str, card: &str) -> Told<()> {
        let wallet = self.open_account(console, number, id_number).await?;
        let cards = wallet.cards();
        let request =
            BindRequest { card_number: card.to_owned(), name: "张三".to_owned(), phone: number.to_owned(), expiry: None, cvv: None, bank: None };
        let binding = cards.bind(request).await.map_err(told)?;
        cards.confirm(binding.binding_id, console.otp("bank", number).await?).await.map_err(told)?;
        wallet.pay().prepare_codes().await.map_err(told)?;
        wallet.history().sync().await.map_err(told)?;
        Ok(())
    }

    /// Quotes and confirms with the PIN.
    pub async fn pay(&self, request: QuoteRequest) -> Result<PaymentView, WalletError> {
        self.confirm(self.quote(request).await?).await
    }

    /// Asks what it will cost.
    pub async fn quote(&self, request: QuoteRequest) -> Result<QuoteView, WalletError> {
        let Some(wallet) = self.wallet.clone() else { return Err(kabao_base::Code::Closed.into()) };
        wallet.pay().quote(request).await
    }

    /// Confirms with the PIN, from the source that is proposed.
    pub async fn confirm(&self, quote: QuoteView) -> Result<PaymentView, WalletError> {
        let Some(wallet) = self.wallet.clone() else { return Err(kabao_base::Code::Closed.into()) };
        let source = quote.sources.iter().find(|source| source.proposed).map(|source| source.source.clone());
        let confirm = ConfirmRequest {
            quote_id: quote.quote_id,
            total_minor: quote.total.minor,
            source: source.unwrap_or_else(|| "balance".to_owned()),
            proof: PaymentProof::Pin { pin: PIN.to_owned() },
            again: true,
        };
        wallet.pay().confirm(confirm).await
    }
}

/// Consents to every document that does not stand, each on its own.
pub async fn consent_to_all(wallet: &Wallet) -> Result<(), WalletError> {
    let data = wallet.data();
    for document in data.consents().await?.documents {
        if document.given_version.is_none() || document.current_version.is_some_and(|current| document.given_version.as_ref() != Some(&current)) {
            let shown = data.consent_text(document.document.clone()).await?;
            data.give_consent(document.document, shown.version).await?;
        }
    }
    Ok(())
}
