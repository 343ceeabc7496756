//! The acquirer: one entry for every path, and the checks that come before any order.

use super::book::{self, TABLES};
use super::codes::Reply;
use super::fields::{Envelope, Merchant};
use super::keys::ChannelKeys;
use super::wire::{Authorization, answer_headers, compact_time, header, make_nonce};
use super::{CLOSE, MICROPAY, PATHS, PREORDER, REFUND, REVOKED, TRADEQUERY};
use crate::error::OutsideError;
use crate::port::{WalletService, World};
use crate::store::{Book, lock};
use kabao_base::{Money, Timestamp};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

/// The name under which the wallet service knows this acquirer.
pub(super) const ROUTE: &str = "lakala";
/// How far a request's time may be from the platform's, in milliseconds.
const SKEW_MS: i64 = 10 * 60_000;
/// The longest body that is read.
const BODY_LIMIT: usize = 64 * 1024;

/// The switches of the acquirer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcquirerFaults {
    /// Micropay charges and answers *still paying* all the same.
    pub lose_answer: bool,
    /// Queries say *still paying*, whatever happened.
    pub silent_queries: bool,
    /// The answer is held back so long, in milliseconds; the server waits, see `LakalaResponse::delay_ms`.
    pub delay_ms: u64,
    /// The connection is cut instead of answering, see `LakalaResponse::cut`.
    pub cut: bool,
    /// Every notification comes once more after it was acknowledged.
    pub duplicate_notifications: bool,
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakalaResponse {
    /// 200; 404 for a path that is not the platform's, 500 when no answer could be signed.
    pub status: u16,
    /// The headers, in the case in which they have to go out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The server waits so long before it sends.
    pub delay_ms: u64,
    /// The server closes the connection and sends nothing.
    pub cut: bool,
}

/// A line of the acquirer's book: a payment, refund or revocation that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcquirerLine {
    /// `pay`, `refund` or `revoke`.
    pub kind: String,
    /// The acquirer's number, as it was given to the wallet service.
    pub acquirer_order: String,
    /// Of a refund or revocation: the acquirer's number of the payment.
    pub origin: Option<String>,
    /// The merchant.
    pub merchant_no: String,
    /// The merchant's number.
    pub merchant_order: String,
    /// The order id that the wallet service gave.
    pub our_order: Option<String>,
    /// How much.
    pub amount: Money,
    /// When it was carried out.
    pub at: Timestamp,
}

struct Settings {
    merchant_name: String,
    prefix: String,
    length: usize,
}

/// The acquirer behind the merchant endpoint. Every call may come from any thread; none waits.
pub struct Acquirer {
    pub(super) book: Book,
    pub(super) world: Arc<dyn World>,
    pub(super) keys: Arc<ChannelKeys>,
    wallet: Mutex<Option<Weak<dyn WalletService>>>,
    faults: Mutex<AcquirerFaults>,
    settings: Mutex<Settings>,
    /// Payments for which the wallet service is being asked right now: what it does not know of, it may know in a moment.
    pub(super) asking: Mutex<HashSet<String>>,
    /// Notifications that the server is delivering, and since when.
    pub(super) delivering: Mutex<HashMap<i64, Timestamp>>,
}

/// What a path gives: the reply, more words for it, and the data.
pub(super) struct Outcome {
    pub(super) reply: Reply,
    pub(super) detail: String,
    pub(super) data: Value,
}

impl Outcome {
    pub(super) fn new(reply: Reply, data: Value) -> Outcome {
        Outcome { reply, detail: String::new(), data }
    }

    pub(super) fn detail(reply: Reply, detail: &str) -> Outcome {
        Outcome { reply, detail: detail.to_owned(), data: json!({}) }
    }
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Outcome {
        Outcome::new(reply, json!({}))
    }
}

impl From<rusqlite::Error> for Outcome {
    fn from(_: rusqlite::Error) -> Outcome {
        Reply::PlatformFailed.into()
    }
}

impl Acquirer {
    /// Opens the acquirer's book (and makes it when missing); `None` keeps it in memory. Call `set_wallet` before the
    /// first request: without a wallet service every order stays unknown.
    pub fn open(path: Option<&Path>, world: Arc<dyn World>, keys: Arc<ChannelKeys>) -> Result<Acquirer, OutsideError> {
        Ok(Acquirer {
            book: Book::open(path, TABLES)?,
            world,
            keys,
            wallet: Mutex::new(None),
            faults: Mutex::new(AcquirerFaults::default()),
            settings: Mutex::new(Settings { merchant_name: "Kabao 便利店".to_owned(), prefix: "97".to_owned(), length: 24 }),
            asking: Mutex::new(HashSet::new()),
            delivering: Mutex::new(HashMap::new()),
        })
    }

    /// Says who charges payer codes. The reference is weak: the wallet service may own the acquirer.
    pub fn set_wallet(&self, wallet: Weak<dyn WalletService>) {
        *lock(&self.wallet) = Some(wallet);
    }

    /// The merchant's name as payers see it.
    pub fn set_merchant_name(&self, name: &str) {
        lock(&self.settings).merchant_name = name.to_owned();
    }

    /// Which payer codes go to the wallet service: their first digits and their length.
    pub fn set_payer_codes(&self, prefix: &str, length: usize) {
        let mut settings = lock(&self.settings);
        settings.prefix = prefix.to_owned();
        settings.length = length;
    }

    /// Sets all switches; `AcquirerFaults::default()` ends every fault.
    pub fn set_faults(&self, faults: AcquirerFaults) {
        *lock(&self.faults) = faults;
    }

    /// The switches as they stand.
    pub fn faults(&self) -> AcquirerFaults {
        lock(&self.faults).clone()
    }

    /// Everything that was carried out since a time: what a restored wallet service rebuilds from.
    pub fn book(&self, since: Timestamp) -> Result<Vec<AcquirerLine>, OutsideError> {
        let trades = book::paid_since(&self.book.hold(), since)?;
        Ok(trades
            .into_iter()
            .map(|trade| AcquirerLine {
                kind: trade.kind,
                acquirer_order: trade.trade_no,
                origin: trade.origin,
                merchant_no: trade.merchant_no,
                merchant_order: trade.out_trade_no,
                our_order: trade.our_order,
                amount: Money::fen(trade.amount),
                at: trade.done_at.unwrap_or(trade.made_at),
            })
            .collect())
    }

    pub(super) fn wallet(&self) -> Option<Arc<dyn WalletService>> {
        lock(&self.wallet).as_ref().and_then(Weak::upgrade)
    }

    pub(super) fn merchant_name(&self) -> String {
        lock(&self.settings).merchant_name.clone()
    }

    pub(super) fn code_owner(&self, code: &str) -> super::fields::CodeOwner {
        let settings = lock(&self.settings);
        super::fields::code_owner(code, &settings.prefix, settings.length)
    }

    /// Answers a POST. The body is taken as it came: the signature is over its bytes.
    ///
    /// Whatever is wrong is said in a signed answer with HTTP 200 and a code of its own; only a path that is not one of
    /// `PATHS` gives 404.
    pub fn handle(&self, path: &str, headers: &[(String, String)], body: &[u8], now: Timestamp) -> LakalaResponse {
        if !PATHS.contains(&path) {
            return LakalaResponse { status: 404, headers: Vec::new(), body: Vec::new(), delay_ms: 0, cut: false };
        }
        let outcome = match self.admit(headers, body, now) {
            Ok(()) => match path {
                MICROPAY => self.micropay(body, now),
                TRADEQUERY => self.tradequery(body, now),
                REFUND => self.refund(body, now),
                REVOKED => self.revoke(body, now),
                PREORDER | CLOSE => Err(Reply::NotOffered.into()),
                _ => Err(Reply::NotOffered.into()),
            }
            .unwrap_or_else(|refused| refused),
            Err(refused) => refused,
        };
        self.answer(outcome, now)
    }

    /// Whether the request is the merchant's, fresh and new.
    fn admit(&self, headers: &[(String, String)], body: &[u8], now: Timestamp) -> Result<(), Outcome> {
        if body.len() > BODY_LIMIT {
            return Err(Reply::BodyRefused.into());
        }
        let authorization =
            header(headers, "Authorization").and_then(Authorization::read).ok_or(Reply::SignatureMissing)?;
        let seconds = authorization.seconds().ok_or(Reply::SignatureMissing)?;
        if authorization.appid != self.keys.appid || !authorization.serial_no.eq_ignore_ascii_case(&self.keys.serial_no) {
            return Err(Reply::MerchantUnknown.into());
        }
        if !authorization.signs_request(&self.keys.merchant_cert, body) {
            return Err(Reply::SignatureWrong.into());
        }
        let skew = now.since(Timestamp::from_ms(seconds.saturating_mul(1000)));
        if skew.abs() > SKEW_MS {
            return Err(Reply::TimeRefused.into());
        }
        if !book::use_nonce(&self.book.hold(), &authorization.nonce, now, now.plus_ms(-2 * SKEW_MS - 60_000))? {
            return Err(Reply::NonceRepeated.into());
        }
        let merchant: Merchant = read(body)?;
        if merchant.merchant_no != self.keys.merchant_no || merchant.term_no != self.keys.term_no {
            return Err(Reply::MerchantUnknown.into());
        }
        Ok(())
    }

    fn answer(&self, outcome: Outcome, now: Timestamp) -> LakalaResponse {
        let faults = self.faults();
        let words = outcome.reply.words();
        let msg = if outcome.detail.is_empty() { words.to_owned() } else { format!("{words} ({})", outcome.detail) };
        let body = json!({
            "code": outcome.reply.code(), "msg": msg, "resp_time": compact_time(now), "resp_data": outcome.data,
        })
        .to_string()
        .into_bytes();
        let keys = &self.keys;
        let nonce = make_nonce(self.world.as_ref());
        let signed = answer_headers(&keys.platform_key, &keys.appid, &keys.platform_serial, now, &nonce, &body);
        match signed {
            Ok(headers) => LakalaResponse { status: 200, headers, body, delay_ms: faults.delay_ms, cut: faults.cut },
            Err(_) => LakalaResponse { status: 500, headers: Vec::new(), body: Vec::new(), delay_ms: 0, cut: false },
        }
    }
}

/// Reads the fields of a request, or says which one is wrong.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Outcome> {
    Envelope::read(body).map_err(|field| match field {
        "" => Reply::BodyRefused.into(),
        field => Outcome::detail(Reply::FieldRefused, field),
    })
}

/// The refusal of a field, by its name.
pub(super) fn bad(field: &str) -> Outcome {
    Outcome::detail(Reply::FieldRefused, field)
}
