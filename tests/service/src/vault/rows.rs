//! What the vault keeps and decides, as it crosses the line between the two processes.

use kabao_base::{Id, Money, Timestamp};
use kabao_proof::PublicKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

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
    /// The account was opened, on this phone.
    Opened {
        registration: Id, device: Id, device_key: PublicKey, approve_key: PublicKey, model: String, phone_mark: String, phone_sealed: String,
        phone_masked: String,
    },
    /// Another number is the account's.
    Number { device: Id, new_mark: String, new_sealed: String, new_masked: String, old_mark: String, low_until: Option<i64> },
    /// A new PIN was taken for who forgot the old one.
    PinReset { device: Id, proof: Id, low_until: i64 },
    /// A second contact was taken away.
    ContactGone,
    /// Caps of one's own, in one payment and in a day, fen: those that counted, those that are wished, and from when on what is higher
    /// counts.
    OwnCaps { held: [Option<i64>; 2], wanted: [Option<i64>; 2], from: i64 },
    /// A withdrawal was accepted, before its bank was asked: a book that forgets it must not call it abandoned.
    Withdrawal { terms_digest: String, card: Id, amount: i64, fee: i64, order: Id, #[serde(default)] bank: Option<String> },
    /// A transfer was accepted, before it was carried out, in a book of this epoch: a later book that forgets it takes it up from here.
    Transfer { terms_digest: String, payee: Id, amount: i64, fee: i64, order: Id, delay_ms: i64, epoch: u64 },
    /// A transfer that was written down was never carried out, and never will be.
    TransferVoid { intent: Id },
    /// A withdrawal that was written down was signed as never carried out: whatever a bank says of it later, no book takes it up.
    WithdrawalVoid { intent: Id },
    /// A bank transfer with this account's memo was credited, or is not and goes back, for the reason that is named: a book that forgets it
    /// must not decide otherwise.
    Wire { amount: i64, refused: Option<String> },
    /// A merchant of our own gives money of a payment back, fen, as the person asked.
    RefundGiven { ask: Id, record: Id, amount: i64 },
    /// A transfer was called back before it arrived.
    TransferCancelled { intent: Id },
    /// A batch of payer codes was handed out to this phone: a book that forgets it must still know whose money a till takes.
    Codes { device: Id, codes: Vec<HandedOut> },
    /// The account was frozen.
    Frozen,
    /// It was unfrozen by support.
    Unfrozen,
    /// A recovery sheet counts, by the hash of its code, and no earlier one.
    Sheet { hash: String },
    /// So much of the balance is held, fen.
    Hold { amount: i64 },
    /// What was held is free again.
    Lifted { hold: Id },
    /// Money that came after the end was paid to the person by support, fen.
    ClaimPaid { amount: i64 },
    /// A closing was taken back.
    Reopened,
    /// The account is closed for good.
    Closed,
}

/// A payer code as the book has it: its key is sealed, and opened elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOut {
    /// The token.
    pub token: String,
    /// Its sealed key, as bytes stand on the wire.
    pub key_sealed: String,
    /// Until when it counts, milliseconds.
    pub not_after: i64,
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
    /// Carried out, with so much in its own book.
    Done {
        /// What it booked, which need not be what it was asked for.
        amount: Money,
    },
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

/// A transfer from another bank, as the statement has it. Who sent it stays with the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRow {
    /// Its id.
    pub id: Id,
    /// How much.
    pub amount: Money,
    /// What the sender typed.
    pub memo: String,
    /// Since when the statement shows it.
    pub at: Timestamp,
    /// It was sent back.
    pub returned: bool,
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

impl Liveness {
    /// Both as one text, to be sealed.
    pub fn in_one_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}\n{}", self.token, self.nonce.as_deref().unwrap_or_default()))
    }

    /// Out of that text.
    pub fn of_one_text(text: &str) -> Liveness {
        let (token, nonce) = text.split_once('\n').unwrap_or((text, ""));
        Liveness { token: token.to_owned(), nonce: Some(nonce).filter(|nonce| !nonce.is_empty()).map(str::to_owned) }
    }
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
