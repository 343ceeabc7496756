//! What the main process asks of the vault, and what it answers.

use super::rows::{BankState, BookRow, DecisionRow, DeviceRow, IdentityState, Liveness, LoginState, PersonFacts, ReplacedRow, StatementRow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Id, Money, Timestamp};
use kabao_proof::{PublicKey, SealedBox};
use serde::{Deserialize, Serialize};
use std::io;

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
    /// Takes a new PIN for one that was forgotten or locked, and writes down that it did; the person was proven before.
    ResetPin { row: DecisionRow, digest: String, phone: String, sealed: SealedBox },
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
    ProvePerson { proof: Id, account: Id, name: String, sealed: Option<SealedBox>, liveness: Liveness },
    /// A phone takes the place of another: written down before the book is changed.
    KeepReplaced(ReplacedRow),
    /// Every phone that took the place of another.
    Replaced,
    /// Does the name of an account's person begin so.
    NameBegins { account: Id, begins: String },
    /// Something about an account is decided: written down before the book is changed.
    KeepDecision(DecisionRow),
    /// Everything that was decided.
    Decisions,
    /// Which accounts have a PIN: `Accounts`.
    WithPin,
    /// One thing that was decided.
    DecisionOf { decision: Id },
    /// Forgets the person of a closed account; of what was decided the end alone stays.
    Forget { account: Id, decision: Id },
    /// Whether somebody is the person of an account that was closed: `Weighed`.
    IsClosedPerson { account: Id, name: String, number: String },
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
    /// Transfers from other banks to the wallet's account since a time.
    Statement { since: Timestamp },
    /// Whether the account's person sent one of them: `Weighed`, or `Pending` when the bank does not say who did.
    IsSender { id: Id, account: Id },
    /// Sends one of them back to where it came from.
    SendBack { id: Id },
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
    /// Transfers from other banks.
    Statement(Vec<StatementRow>),
    /// The bank's callbacks: their numbers and the movements that they are about.
    Callbacks(Vec<(i64, Id)>),
    /// Phones that took the place of others, in the order in which they did.
    Replaced(Vec<ReplacedRow>),
    /// What was decided, in order.
    Decisions(Vec<DecisionRow>),
    /// Accounts.
    Accounts(std::collections::BTreeSet<Id>),
    /// The account of a token.
    Owner(Option<Id>),
    /// An answer for the developer's console.
    Json(serde_json::Value),
}
