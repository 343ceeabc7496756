//! What the wallet service and the outside world say to each other.

use kabao_base::{Id, Money, Timestamp};

/// Time and randomness, handed in so that a run can be repeated from a seed.
pub trait World: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// Fills `bytes` with random ones.
    fn random(&self, bytes: &mut [u8]);
}

/// What a bank says of a movement. `Pending` is silence: the money may have moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BankAnswer {
    /// Carried out; the bank's own number of it.
    Done {
        /// The bank's own number of the movement.
        bank_ref: String,
        /// What the bank booked, which is what it was asked for unless it errs.
        amount: Money,
    },
    /// Refused for good; a code of the catalogue (`bank_balance_low`, `bank_refused`, `card_closed`).
    Refused {
        /// A code of the catalogue.
        code: String,
    },
    /// No answer; ask again under the same id.
    Pending,
    /// The bank does not know the id; it was never carried out and, once `cancel` said so, never will be.
    Unknown,
}

/// What the four-element check and the one-time code at the card's bank give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardAnswer {
    /// An SMS with the bank's code was sent to the card's phone.
    OtpSent {
        /// The bank's name.
        bank: String,
        /// The card's scheme: `unionpay`, `visa`, `mastercard`.
        brand: String,
        /// `debit`, `credit`, `quasi_credit` or `prepaid`.
        kind: String,
    },
    /// Refused; a code of the catalogue (`card_number_refused`, `card_name_refused` …).
    Refused {
        /// A code of the catalogue.
        code: String,
    },
    /// The bank does not serve now, and says until when.
    Maintenance {
        /// When it serves again.
        until: Timestamp,
    },
    /// No answer.
    Pending,
}

/// How a card stands at its bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardStanding {
    /// It can be debited.
    Usable,
    /// It cannot: `card_closed`, `card_frozen`, `card_expired`, `card_unbound`.
    Refused {
        /// A code of the catalogue.
        code: String,
    },
    /// The bank does not serve now.
    Maintenance {
        /// When it serves again.
        until: Timestamp,
    },
    /// No answer.
    Pending,
}

/// The four elements of a card; the number comes from the tokeniser's process and is not kept.
pub struct FourElements<'a> {
    /// The whole card number.
    pub pan: &'a str,
    /// The holder's name.
    pub name: &'a str,
    /// The holder's identity number.
    pub id_number: &'a str,
    /// The phone registered at the bank.
    pub phone: &'a str,
    /// What is printed on a credit card; compared and not kept.
    pub credit: Option<CreditElements<'a>>,
}

/// What a credit card carries beside its number.
pub struct CreditElements<'a> {
    /// The last month of its life, `MMYY`.
    pub expiry: &'a str,
    /// The three or four digits for payments without the card.
    pub cvv: &'a str,
}

/// The card bank. Idempotent by our ids: the same id is carried out once, whatever happens on the way.
/// Cards are named by the token that the tokeniser agreed with the bank.
pub trait Bank: Send + Sync {
    /// Moves money from the card to the wallet's account at the bank.
    fn debit(&self, id: Id, card_token: &str, amount: Money) -> BankAnswer;
    /// Gives money back to the card.
    fn credit(&self, id: Id, card_token: &str, amount: Money) -> BankAnswer;
    /// What became of an id.
    fn query(&self, id: Id) -> BankAnswer;
    /// Asks that an id is never carried out: `Refused` when it will not be, `Done` when it was.
    fn cancel(&self, id: Id) -> BankAnswer;
    /// How the card stands: what a debit would meet beside the amount.
    fn standing(&self, card_token: &str) -> CardStanding;
    /// Ends the agreement (解约): the token is debited and credited no more. Ending it again changes nothing. Says
    /// whether the bank answered.
    fn end_agreement(&self, card_token: &str) -> bool;
    /// Everything the bank carried out for the wallet since `since`: what a restored service rebuilds from.
    fn book(&self, since: Timestamp) -> Vec<BookLine>;
    /// Transfers from other banks that the statement shows since `since`; nothing when the bank does not answer.
    fn statement(&self, since: Timestamp) -> Option<Vec<StatementLine>>;
    /// Whose account a transfer of the statement came from, as that bank knows the person.
    fn sender(&self, id: Id) -> Option<String>;
    /// Sends a transfer of the statement back to where it came from. Asked again it is the same return.
    fn send_back(&self, id: Id) -> BankAnswer;
}

/// A transfer from another bank to the wallet's account, as the statement has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Made of the number that the banks know it by.
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

/// One line of a bank's or an acquirer's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookLine {
    /// The id that the wallet service gave.
    pub id: Id,
    /// `debit`, `credit`.
    pub kind: String,
    /// The card's token.
    pub card_token: String,
    /// How much.
    pub amount: Money,
    /// When the bank carried it out.
    pub at: Timestamp,
}

/// What the real-name vendor says. Silence is `Pending`, never a rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityAnswer {
    /// Name, number and face belong together; so many independent channels agree.
    Passed {
        /// How many independent registers agree; the account's class follows from it.
        channels: u32,
    },
    /// They do not; a code of the catalogue and whether trying again makes sense.
    Rejected {
        /// A code of the catalogue.
        code: String,
        /// Whether trying again makes sense.
        retriable: bool,
    },
    /// A person has to look at it.
    Review {
        /// In how many milliseconds the answer is there at the latest.
        within_ms: i64,
    },
    /// The registers are being maintained: nothing was judged and nothing is used up.
    Maintenance {
        /// When asking makes sense again, in milliseconds.
        retry_after_ms: i64,
    },
    /// No answer yet; ask again under the same id.
    Pending,
}

/// Who is to be checked.
pub struct PersonToCheck<'a> {
    /// The kind of document: `resident_card`, `foreign_passport` …
    pub document: &'a str,
    /// The name as on the document.
    pub name: &'a str,
    /// The whole number.
    pub number: &'a str,
    /// The nationality of a foreigner.
    pub nationality: Option<&'a str>,
}

/// What one register says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceAnswer {
    /// Its data agree.
    Match,
    /// It has other data of the person.
    Mismatch,
    /// It does not know the person.
    NotFound,
    /// No answer; ask again.
    Pending,
}

/// The real-name vendor.
pub trait IdentityVendor: Send + Sync {
    /// Judges a person and the liveness token, which was made for `nonce`. Idempotent by `id`.
    fn verify(&self, id: Id, person: &PersonToCheck<'_>, liveness_token: &str, nonce: Option<&str>) -> IdentityAnswer;
    /// Asks one register about a person.
    fn ask_source(&self, source: &str, person: &PersonToCheck<'_>) -> SourceAnswer;
}

/// A charge that an acquirer passes on: a till read a payer code.
#[derive(Clone, PartialEq, Eq)]
pub struct Charge {
    /// Who asks: `lakala`.
    pub route: String,
    /// The acquirer's own order number; the idempotency key between acquirer and wallet service.
    pub acquirer_order: String,
    /// The merchant's order number.
    pub merchant_order: String,
    /// The merchant's number at the acquirer.
    pub merchant_no: String,
    /// The merchant's name as the acquirer knows it.
    pub merchant_name: String,
    /// The digits that the till read.
    pub code: String,
    /// How much.
    pub amount: Money,
    /// What is bought, in the merchant's words.
    pub subject: String,
}

/// Without the code: whoever reads a log must not be able to pay with it.
impl std::fmt::Debug for Charge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Charge")
            .field("route", &self.route)
            .field("acquirer_order", &self.acquirer_order)
            .field("merchant_order", &self.merchant_order)
            .field("merchant_no", &self.merchant_no)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// The wallet service's answer to a charge, a query, a refund or a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeAnswer {
    /// Paid; the wallet service's order id.
    Paid {
        /// The wallet service's order id.
        our_order: String,
        /// When it was paid.
        at: Timestamp,
    },
    /// The payer is asked (above the cap); ask again.
    WaitingForPayer {
        /// The wallet service's order id.
        our_order: String,
    },
    /// Refused for good; a code of the catalogue (`code_unknown`, `ask_lapsed`, `balance_low` …).
    Refused {
        /// The wallet service's order id, when it made one.
        our_order: Option<String>,
        /// A code of the catalogue.
        code: String,
    },
    /// Paid, and given back in part or wholly.
    Refunded {
        /// The wallet service's order id.
        our_order: String,
        /// What was given back of the payment until now.
        refunded: Money,
        /// Nothing of it is left.
        whole: bool,
    },
    /// The wallet service knows no such order.
    Unknown,
    /// The wallet service cannot answer now.
    Unavailable,
}

/// The wallet service as an acquirer sees it. Every call is idempotent by the acquirer's order number.
pub trait WalletService: Send + Sync {
    /// Charges a payer code.
    fn charge(&self, charge: &Charge) -> ChargeAnswer;
    /// What became of a charge.
    fn charge_state(&self, route: &str, acquirer_order: &str) -> ChargeAnswer;
    /// Gives back `amount` of a charge; `refund_order` is the acquirer's number of the refund.
    fn refund(&self, route: &str, acquirer_order: &str, refund_order: &str, amount: Money) -> ChargeAnswer;
    /// Undoes a charge: a paid one is given back wholly, a waiting one is refused.
    fn revoke(&self, route: &str, acquirer_order: &str, revoke_order: &str) -> ChargeAnswer;
}

/// Delivers a short message to a phone. The reference service keeps the messages in memory.
pub trait SmsSender: Send + Sync {
    /// Hands over a message: the phone as the sender knows it, the whole text, and the one-time code in it.
    fn sms(&self, phone: &str, text: &str, otp: &str);
}
