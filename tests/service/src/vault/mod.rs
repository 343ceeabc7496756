//! The PIN vault, tokeniser and identity desk: the only part that sees a PIN, a card number or an
//! identity number. It runs in a process of its own; the main process passes boxes through and gets
//! verdicts and tokens. The card bank and the identity vendor are reached from there, because they
//! take whole numbers.

mod child;
mod decisions;
mod desk;
mod device_log;
mod engine;
mod factor;
mod login;
mod outside;
mod papers;
mod person;
mod pins;
mod replaced;
mod weak;
mod weak_password;

pub use child::{ChildVault, run_vault};
pub use engine::Engine;
pub use papers::DOCUMENTS;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Id, Money, Timestamp};
use kabao_outside::World;
use kabao_proof::{PublicKey, SealedBox};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The public half of a box key, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxKeyText {
    /// Its name.
    pub kid: String,
    /// 32 bytes, base64url.
    pub public: String,
}

impl BoxKeyText {
    /// The 32 bytes.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(&self.public).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not a box key"))
    }
}

/// The public halves of the vault's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultKeys {
    /// Opens boxes with a PIN.
    pub pin: BoxKeyText,
    /// Opens boxes with a card number.
    pub card: BoxKeyText,
    /// Opens boxes with an identity number.
    pub id: BoxKeyText,
    /// The name of the key that signs verdicts.
    pub verdict_kid: String,
    /// The key that signs verdicts.
    pub verdict_key: PublicKey,
}

/// What the main process asks of the vault.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
// The fields are named by what they are.
#[allow(missing_docs)]
pub enum VaultCall {
    /// The public halves of the vault's keys.
    Hello,
    /// Takes a chosen PIN, unless it is weak for this person.
    SetPin { account: Id, device: Id, phone: String, sealed: SealedBox },
    /// Judges a PIN for one digest of terms.
    CheckPin { account: Id, digest: String, sealed: SealedBox },
    /// Judges a login password that is to be chosen, before anybody proves anything.
    WeighPassword { account: Id, device: Id, phone: String, change: Id, sealed: SealedBox },
    /// Takes a login password whose setting was proven.
    SetPassword { account: Id, device: Id, phone: String, change: Id, sealed: SealedBox },
    /// Judges a login password for one digest.
    CheckPassword { account: Id, digest: String, sealed: SealedBox },
    /// What an account signs in with.
    Login { account: Id },
    /// A secret for an authenticator app.
    OfferFactor { account: Id, device: Id, enrolment: Id },
    /// Turns the second factor on by its first code.
    ConfirmFactor { account: Id, device: Id, enrolment: Id, digest: String, sealed: SealedBox },
    /// Judges a code of the second factor for one digest.
    CheckFactor { account: Id, digest: String, sealed: SealedBox },
    /// Whether backup codes were issued under this id: `Weighed`.
    IsIssued { account: Id, issue: Id },
    /// Ten new backup codes; the proof was judged before.
    IssueBackups { account: Id, device: Id, issue: Id },
    /// Turns the second factor off; the proof was judged before.
    DropFactor { account: Id },
    /// A phone is signed in or out: written down before the book is changed.
    KeepDevice(DeviceRow),
    /// Every phone that was signed in or out.
    DeviceLog,
    /// Has name, number and liveness judged. Without a box: asks the vendor again.
    Verify { verification: Id, account: Id, name: String, sealed: Option<SealedBox>, liveness: Liveness, document: String, guardian: bool },
    /// Which document the account's person has, and how old the person is.
    Person { account: Id },
    /// Asks one register about the account's person.
    AskSource { account: Id, source: String },
    /// Has it judged whether somebody is the account's person. Without a box: asks the vendor again.
    ProvePerson { proof: Id, account: Id, name: String, sealed: Option<SealedBox>, liveness_token: String },
    /// A phone takes the place of another: written down before the book is changed.
    KeepReplaced(ReplacedRow),
    /// Every phone that took the place of another.
    Replaced,
    /// Something about an account is decided: written down before the book is changed.
    KeepDecision(DecisionRow),
    /// Everything that was decided.
    Decisions,
    /// Forgets the person of a closed account; of what was decided the end alone stays.
    Forget { account: Id, decision: Id },
    /// Has the four elements of a card judged and the bank's code sent.
    Bind { binding: Id, account: Id, sealed: SealedBox, name: String, phone: String },
    /// Gives the bank its code.
    BindOtp { binding: Id, account: Id, otp: String },
    /// How a card stands at its bank.
    Standing { token: String },
    /// Ends the agreement on a card; its sealed number is wiped.
    EndCard { token: String },
    /// Takes money from a card.
    Debit { id: Id, token: String, amount: Money },
    /// Gives money back to a card.
    Credit { id: Id, token: String, amount: Money },
    /// Asks what became of a movement.
    Query { id: Id },
    /// Asks that a movement is never carried out.
    Cancel { id: Id },
    /// The bank's book since a time.
    Book { since: Timestamp },
    /// What the bank has to tell by itself.
    Callbacks,
    /// One of those was taken.
    CallbackTaken { seq: i64 },
    /// Which account a card's token belongs to.
    Owner { token: String },
    /// The developer's console: the simulated bank and vendor behind the vault.
    Dev { what: String, body: serde_json::Value },
}

/// What the vault answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
// The fields are named by what they are.
#[allow(missing_docs)]
pub enum VaultAnswer {
    /// The public halves of its keys.
    Keys(VaultKeys),
    /// Done, nothing to say.
    Done,
    /// Not done, with a code of the catalogue.
    Refused { code: String, attempts_left: Option<u32> },
    /// A signed verdict on a PIN: `payload` is the JSON of a [`PinVerdict`].
    Verdict { payload: String, signature: String },
    /// Whether it was done before under the same id.
    Weighed { repeat: bool },
    /// What an account signs in with.
    Login(LoginState),
    /// The secret of an authenticator app, Base32. Passed on once and kept by nobody but the vault.
    FactorSecret(String),
    /// Backup codes, passed on once.
    BackupCodes(Vec<String>),
    /// Phones that were signed in and out, in order.
    Devices(Vec<DeviceRow>),
    /// What the identity vendor says.
    Identity { state: IdentityState, id_masked: String, id_mark: String, pin_must_change: bool, person: Option<PersonFacts> },
    /// The account's person, when there is one.
    Person(Option<PersonFacts>),
    /// What a register says: `match`, `mismatch`, `not_found`, `pending`.
    Source(String),
    /// The bank sent a code to the card's phone.
    OtpSent { token: String, last4: String, bank: String, brand: String, kind: String },
    /// The card is bound. The mark is one for one number of one account, and no other.
    CardBound { mark: String },
    /// The bank does not serve before then.
    Maintenance { until: Timestamp },
    /// No answer from the bank or the vendor yet.
    Pending,
    /// What the bank says of a movement.
    Bank(BankState),
    /// The bank's book.
    Book(Vec<BookRow>),
    /// The bank's callbacks: their numbers and the movements that they are about.
    Callbacks(Vec<(i64, Id)>),
    /// Phones that took the place of others, in the order in which they did.
    Replaced(Vec<ReplacedRow>),
    /// What was decided, in order.
    Decisions(Vec<DecisionRow>),
    /// The account of a token.
    Owner(Option<Id>),
    /// An answer for the developer's console.
    Json(serde_json::Value),
}

/// A phone that took the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedRow {
    /// The replacement.
    pub replacement: Id,
    /// The account.
    pub account: Id,
    /// The new device.
    pub device: Id,
    /// Signs its requests.
    pub device_key: PublicKey,
    /// Signs its payments.
    pub approve_key: PublicKey,
    /// As the person knows it.
    pub model: String,
    /// When.
    pub at: Timestamp,
}

/// What was decided about an account for good: an older copy of the book must not bring back what it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// The change or the closure.
    pub decision: Id,
    /// The account.
    pub account: Id,
    /// What was decided.
    pub body: Decision,
    /// When.
    pub at: Timestamp,
}

/// A phone that was signed in or out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// The sign-in, or the sign-out.
    pub entry: Id,
    /// In, or out.
    pub signed_in: bool,
    /// The account.
    pub account: Id,
    /// The device.
    pub device: Id,
    /// Signs its requests.
    pub device_key: PublicKey,
    /// Signs its payments.
    pub approve_key: PublicKey,
    /// As the person knows it.
    pub model: String,
    /// Its form: `phone`, `tablet`, `watch`, `computer`, `other`.
    pub form: String,
    /// When.
    pub at: Timestamp,
}

/// The kinds of decisions. Numbers come as marks and sealed, as the book has them; their keys lie elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
// The fields are named by what they are.
#[allow(missing_docs)]
pub enum Decision {
    /// Another number is the account's.
    Number { device: Id, new_mark: String, new_sealed: String, new_masked: String, old_mark: String, low_until: Option<i64> },
    /// A second contact was taken away.
    ContactGone,
    /// A closing was taken back.
    Reopened,
    /// The account is closed for good.
    Closed,
}

/// What an account signs in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginState {
    /// The change that set the password.
    pub password_change: Option<Id>,
    /// When it was set.
    pub password_at: Option<i64>,
    /// The second factor, when it is on.
    pub factor: Option<FactorState>,
}

/// A second factor that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorState {
    /// The enrolment.
    pub enrolment: Id,
    /// Since when.
    pub at: i64,
    /// Backup codes that were not used.
    pub backups_left: u32,
}

/// What the vault decided on one password or one code for one digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginVerdict {
    /// The account.
    pub account: Id,
    /// The digest, hexadecimal.
    pub digest: String,
    /// `password` or `factor`.
    pub what: String,
    /// `right`, or a code of the catalogue.
    pub verdict: String,
    /// How many tries are left without waiting.
    pub attempts_left: u32,
    /// How long nothing is judged now.
    pub retry_after_ms: i64,
    /// When it was decided.
    pub at: Timestamp,
}

/// The domain of the vault's verdicts on passwords and codes.
pub const LOGIN_DOMAIN: &[u8] = b"kabao-login-verdict-1\0";

/// The bank's word on a movement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BankState {
    /// Carried out.
    Done,
    /// Refused for good.
    Refused(String),
    /// Silence.
    Pending,
    /// The bank does not know the id.
    Unknown,
}

/// A line of the bank's book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookRow {
    /// Our id.
    pub id: Id,
    /// Whether money came (`debit`) or went back (`credit`).
    pub kind: String,
    /// The card's token.
    pub token: String,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

/// The vendor's word on a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
// The fields are named by what they are.
#[allow(missing_docs)]
pub enum IdentityState {
    /// Name, number and face belong together, say so many channels.
    Passed(u32),
    /// They do not.
    Rejected { code: String, retriable: bool },
    /// A person looks at it; the answer is there in so many milliseconds at the latest.
    Review { within_ms: i64 },
    /// The registers are being maintained; nothing was judged.
    Maintenance { retry_after_ms: i64 },
    /// No answer yet.
    Pending,
}

/// What the vendor's component made, and the service's nonce that it was made for.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Liveness {
    /// The token.
    pub token: String,
    /// The nonce.
    pub nonce: Option<String>,
}

/// What leaves the vault about a person: neither name nor number nor the day of birth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFacts {
    /// The kind of document.
    pub document: String,
    /// Completed years, in China.
    pub age: u32,
    /// The last day on which the document is valid, `2033-08-11`; absent where it is not known or valid for good.
    pub expires_on: Option<String>,
}

/// What the vault decided on one PIN for one digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinVerdict {
    /// The account.
    pub account: Id,
    /// The digest of the terms, hexadecimal.
    pub digest: String,
    /// `right`, or a code: `pin_wrong`, `pin_locked`, `pin_not_set`, `approval_refused`.
    pub verdict: String,
    /// How many tries are left.
    pub attempts_left: u32,
    /// When it was decided.
    pub at: Timestamp,
}

/// The domain of the vault's signatures: what it signs as a verdict is a verdict and nothing else.
pub const VERDICT_DOMAIN: &[u8] = b"kabao-pin-verdict-1\0";

/// The vault cannot be reached: its process died or does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the vault cannot be reached")]
pub struct VaultDown;

/// The vault, wherever it runs. Calls are synchronous and come from any thread.
pub trait Vault: Send + Sync {
    /// Asks the vault. `now` is the service's clock, so that one clock serves both.
    fn call(&self, now: Timestamp, call: VaultCall) -> Result<VaultAnswer, VaultDown>;
}

/// How the service reaches its vault.
pub enum VaultConnection {
    /// A child process that runs [`run_vault`].
    Child(ChildVault),
    /// In this process: for simulations in one thread.
    InProcess(Box<InProcess>),
}

/// A vault without a process of its own.
pub struct InProcess {
    world: Arc<dyn World>,
    data: Mutex<Option<(PathBuf, Engine)>>,
}

impl VaultConnection {
    /// Starts `exe` with `args` as the vault and starts it anew when it dies. The child must call [`run_vault`].
    pub fn spawn(exe: &Path, args: &[String]) -> io::Result<VaultConnection> {
        ChildVault::spawn(exe, args).map(VaultConnection::Child)
    }

    /// Runs the vault in this process, with the world given. Its files lie in the service's data folder.
    pub fn in_process(world: Arc<dyn World>) -> VaultConnection {
        VaultConnection::InProcess(Box::new(InProcess { world, data: Mutex::new(None) }))
    }

    /// Tells the connection where the service keeps its files. Called once, before the first call.
    pub(crate) fn open(&self, data: &Path) -> io::Result<()> {
        match self {
            // A child knows its folder from its arguments.
            VaultConnection::Child(_) => Ok(()),
            VaultConnection::InProcess(inner) => {
                let engine = Engine::open(data, inner.world.clone())?;
                *inner.data.lock().unwrap_or_else(PoisonError::into_inner) = Some((data.to_owned(), engine));
                Ok(())
            }
        }
    }
}

impl Vault for VaultConnection {
    fn call(&self, now: Timestamp, call: VaultCall) -> Result<VaultAnswer, VaultDown> {
        match self {
            VaultConnection::Child(child) => child.call(now, call),
            VaultConnection::InProcess(inner) => {
                let mut slot = inner.data.lock().unwrap_or_else(PoisonError::into_inner);
                let (_, engine) = slot.as_mut().ok_or(VaultDown)?;
                engine.answer(now, call)
            }
        }
    }
}
