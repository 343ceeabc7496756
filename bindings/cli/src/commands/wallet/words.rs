//! The words of `kabao wallet`.

use super::args::{Agree, Form};
use super::cards::CardWord;
use super::change::ChangeWord;
use super::limits::LimitWord;
use super::refunds::RefundWord;
use crate::paper::files::Files;
use clap::Subcommand;
use std::path::PathBuf;

/// The calls. Secrets are read from the standard input, one line each.
#[derive(Subcommand)]
pub enum Word {
    /// Opens the wallet once and takes these words line by line, with `lock` and `unlock`; `help` lists them.
    Shell,
    /// The next step of the set-up, and the account.
    Status,
    /// The next step of the set-up.
    OnboardingNext,
    /// Asks for an SMS code.
    Register {
        /// A mobile number; one of another country with `+` before it.
        phone: String,
        /// The model of this phone.
        #[arg(long, default_value = "kabao at the shell")]
        device_model: String,
    },
    /// Asks for another code.
    ResendOtp,
    /// Enters the code. Reads: the code.
    EnterOtp,
    /// Puts this phone in the place of the account's earlier one: asks for an SMS code.
    ReplaceBegin {
        /// The account's number.
        phone: String,
        /// The model of this phone.
        #[arg(long, default_value = "kabao at the shell")]
        device_model: String,
    },
    /// Enters that code. Reads: the code.
    ReplaceOtp,
    /// Proves the person. Reads: the PIN and, with a name, the identity number.
    ReplaceProve {
        /// The name as on the document; left out when the account is not verified or the name is proven.
        #[arg(long, requires = "liveness_token")]
        name: Option<String>,
        /// What the liveness vendor gave.
        #[arg(long)]
        liveness_token: Option<String>,
        /// The nonce of `replace-face-begin` that the vendor was given.
        #[arg(long)]
        nonce: Option<String>,
        /// The account has no PIN.
        #[arg(long)]
        without_pin: bool,
    },
    /// The account's number.
    #[command(flatten)]
    Change(ChangeWord),
    /// The nonce for the face check on this phone, while it replaces another.
    ReplaceFaceBegin,
    /// Asks how the replacement stands.
    ReplaceCheck,
    /// Makes a new approval key and asks for an SMS code.
    RenewApprovalBegin,
    /// Proves it. Reads: the code, the PIN.
    RenewApproval,
    /// Chooses the payment PIN. Reads: the PIN.
    ChoosePin,
    /// Makes a recovery sheet and shows its code once: on the terminal, or on paper.
    SheetMake {
        /// Writes the sheet as PDF, to print. The file holds the code: delete it afterwards.
        #[arg(long, value_name = "FILE")]
        pdf: Option<PathBuf>,
        /// The font of the sheet: TrueType or OpenType with Chinese; without it, one of this machine.
        #[arg(long, value_name = "FILE")]
        font: Option<PathBuf>,
        /// The QR code as a file.
        #[command(flatten)]
        files: Files,
    },
    /// Says that the sheet is kept. Reads: its code, and with --with-pin the PIN.
    SheetConfirm {
        /// The sheet takes the place of another.
        #[arg(long)]
        with_pin: bool,
    },
    /// Puts off the step that the set-up asks for.
    Skip,
    /// The text of a document to consent to.
    ConsentText {
        /// The document.
        #[arg(default_value = "real_name", value_parser = DOCUMENTS)]
        document: String,
    },
    /// Consents to a document.
    Consent {
        /// The document.
        #[arg(default_value = "real_name", value_parser = DOCUMENTS)]
        document: String,
        /// The version; without it, the one that the service shows.
        #[arg(long)]
        version: Option<String>,
    },
    /// Has the real name checked. Reads: the number of the document, or with `--mrz` the two lines of a passport; with
    /// `--guardian`, the guardian's code.
    Verify {
        /// The name as on the document; may be left out with `--mrz`.
        #[arg(long)]
        name: Option<String>,
        /// What the liveness vendor gave.
        #[arg(long)]
        liveness_token: String,
        /// The kind of document, of those that `documents` names; without it, the resident identity card.
        #[arg(long)]
        document: Option<String>,
        #[command(flatten)]
        form: Form,
        /// The nonce of `face-begin` that the vendor was given.
        #[arg(long)]
        nonce: Option<String>,
        /// A guardian agrees.
        #[arg(long)]
        guardian: bool,
    },
    /// The documents that can be used, with the fields of each.
    Documents,
    /// What a face check is started with.
    FaceBegin,
    /// The real name and its document, and what there is to do.
    Identity,
    /// Every reason for which the real name can be refused, and what to do.
    Remedies,
    /// The class of the account and what the next one lacks.
    Classes,
    /// Has one more register asked about the person.
    AskSource {
        /// One that `classes` names.
        source: String,
    },
    /// Makes a code with which this person agrees to the account of a minor.
    GuardianCode,
    /// Asks how a pending check stands.
    VerifyCheck,
    /// Cards, and what is paid with.
    #[command(flatten)]
    Card(CardWord),
    /// Money that comes back.
    #[command(flatten)]
    Refund(RefundWord),
    /// Tops up the balance. Reads: the PIN.
    TopUp {
        /// In yuan: 200.00.
        amount: String,
        /// The card; without it, the first one.
        #[arg(long)]
        card_id: Option<String>,
        #[command(flatten)]
        agree: Agree,
    },
    /// Withdraws from the balance to a card. Reads: the PIN.
    WithdrawToCard {
        /// In yuan, what arrives: 200.00.
        amount: String,
        /// The card; without it, the first one.
        #[arg(long)]
        card_id: Option<String>,
        #[command(flatten)]
        agree: Agree,
    },
    /// Who has a number, to send money to.
    Payee {
        /// The number.
        phone: String,
        /// The first character of the name, to be sure.
        #[arg(long)]
        name_begins: Option<String>,
    },
    /// Sends money to a person. Reads: the PIN.
    Transfer {
        /// The payee that `payee` gave.
        payee_id: String,
        /// In yuan.
        amount: String,
        /// How long it waits, in milliseconds: 0, 7200000 or 86400000.
        #[arg(long, default_value_t = 7_200_000, value_parser = a_delay)]
        delay_ms: u32,
        #[command(flatten)]
        agree: Agree,
    },
    /// Where to transfer money to from one's own bank account, and what came.
    BankTransfer,
    /// How a transfer stands.
    TransferState {
        /// The payment.
        intent_id: String,
    },
    /// Calls a transfer back that waits.
    TransferCancel {
        /// The payment.
        intent_id: String,
    },
    /// Says what a scanned text is.
    Read {
        /// The text of the code.
        text: String,
    },
    /// What a payment would cost.
    Quote {
        /// The payee that `read` gave.
        payee_id: String,
        /// In yuan.
        amount: String,
        /// The order that `read` gave.
        #[arg(long)]
        order: Option<String>,
    },
    /// Pays the same from another source, after one could not. Reads: the PIN.
    PayOtherSource {
        /// The payment that could not be made.
        intent_id: String,
        /// For a top-up: the card; without it, the next one.
        #[arg(long)]
        card_id: Option<String>,
        #[command(flatten)]
        agree: Agree,
    },
    /// Pays a payee. Reads: the PIN.
    Pay {
        /// The payee that `read` gave.
        payee_id: String,
        /// In yuan.
        amount: String,
        /// The order that `read` gave.
        #[arg(long)]
        order: Option<String>,
        #[command(flatten)]
        agree: Agree,
    },
    /// How a payment stands, without asking the service.
    Payment {
        /// The payment.
        intent_id: String,
    },
    /// Asks the service for the truth about a payment.
    Resolve {
        /// The payment.
        intent_id: String,
    },
    /// Gives a payment up.
    Abandon {
        /// The payment.
        intent_id: String,
    },
    /// Payments without a result.
    OpenPayments,
    /// The ways to pay at a till.
    Ways,
    /// Which table of code formats is in use: version, source, age.
    Codes {
        /// Asks the service for a newer one.
        #[arg(long)]
        refresh: bool,
    },
    /// Fetches payer codes for use without network.
    PrepareCodes,
    /// Shows a payer code.
    ShowCode {
        /// The way that was chosen: lakala.
        way: String,
        /// The picture of this moment as a file.
        #[command(flatten)]
        files: Files,
    },
    /// The next picture of a showing.
    NextPicture {
        /// The showing.
        showing_id: String,
        /// The way that was chosen.
        #[arg(default_value = "lakala")]
        way: String,
    },
    /// What became of a showing.
    Showing {
        /// The showing.
        showing_id: String,
    },
    /// Questions of merchants.
    Asks,
    /// Confirms a merchant's question. Reads: the PIN.
    AskConfirm {
        /// The question.
        ask_id: String,
        #[command(flatten)]
        agree: Agree,
    },
    /// Declines a merchant's question.
    Decline {
        /// The question.
        ask_id: String,
    },
    /// The receipt of a record.
    Receipt {
        /// The record.
        record_id: String,
        /// Writes the signed document, for `kabao verify`.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// The list.
    History {
        /// The `next` of the page before.
        cursor: Option<String>,
    },
    /// One record.
    Detail {
        /// The record.
        record_id: String,
    },
    /// The balance in its parts: what can be paid with, what is held, what is on its way.
    Balance,
    /// The sums of a month.
    Month {
        /// For example 202611; without it, the present one.
        month: Option<i32>,
    },
    /// Brings what is new.
    Sync,
    /// Checks every event and receipt that is kept.
    VerifyAll,
    /// The account.
    Account {
        /// Asks the service.
        #[arg(long)]
        refresh: bool,
    },
    /// What is kept about the person: what, why, where, how long, how much.
    Inventory,
    /// What a person types, and what becomes of it.
    Fields,
    /// What was consented to and withdrawn.
    Consents {
        /// Asks the service for the versions of today.
        #[arg(long)]
        refresh: bool,
    },
    /// Withdraws a consent. Counts at once, also without network.
    Withdraw {
        /// The document.
        #[arg(value_parser = DOCUMENTS)]
        document: String,
    },
    /// Writes everything that is kept into a new folder, as files that a person can read. Nothing in it is encrypted.
    Export {
        /// The folder; it must not be there yet.
        folder: PathBuf,
        /// The most bytes that it may take.
        #[arg(long)]
        room: Option<u64>,
    },
    /// Erases what this phone has, for good. Reads: the word of confirmation. The account stays at the service.
    EraseThisPhone {
        /// Also while payments have no result: they go on at the service.
        #[arg(long)]
        despite_open: bool,
    },
    /// Limits, and what stands in the way of a payment.
    #[command(flatten)]
    Limit(LimitWord),
    /// After how long without a touch an open wallet locks by itself; sets it where a time is given. In the shell every line is a
    /// touch.
    LockAfter {
        /// In seconds, 15 to 3600; `never`.
        time: Option<String>,
    },
    /// Who runs this wallet, and under which licence.
    Profile {
        /// Asks the service.
        #[arg(long)]
        refresh: bool,
    },
    /// Sets aside the files of a wallet whose key is lost.
    SetAsideLost,
    /// Passwords, the second factor, devices, signing in and out.
    #[command(flatten)]
    Secure(super::secure::SecureWord),
}

/// How long a transfer may wait: the ways that the service has.
/// What can be consented to.
const DOCUMENTS: [&str; 5] = ["terms", "privacy", "real_name", "face", "card_binding"];

fn a_delay(text: &str) -> Result<u32, String> {
    let known = ["0", "7200000", "86400000"].contains(&text).then(|| text.parse().ok()).flatten();
    known.ok_or_else(|| "0, 7200000 (two hours) or 86400000 (a day)".to_owned())
}
