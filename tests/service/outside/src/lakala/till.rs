//! The merchant's side: a till that signs its requests and believes only what the platform signed.

use super::keys::ChannelKeys;
use super::wire::{Authorization, compact_time, header, make_nonce};
use super::{MICROPAY, REFUND, REVOKED, TRADEQUERY};
use crate::error::OutsideError;
use crate::port::World;
use serde_json::{Value, json};
use std::sync::Arc;

/// How far a signed answer's time may be from the till's, in seconds.
const SKEW_S: i64 = 600;

/// A request that is ready to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The path at the root of the service's origin.
    pub path: &'static str,
    /// The headers, the signature among them.
    pub headers: Vec<(String, String)>,
    /// The body; it is signed, so it goes out as it is.
    pub body: Vec<u8>,
}

/// What the till wants to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Micropay<'a> {
    /// The merchant's order number, up to 32 characters, never used before.
    pub out_trade_no: &'a str,
    /// The digits that the till read.
    pub auth_code: &'a str,
    /// How much, in fen.
    pub amount_fen: i64,
    /// What is bought.
    pub subject: &'a str,
    /// Where the platform tells that it was paid; a listener on this machine.
    pub notify_url: Option<&'a str>,
}

/// A signed answer.
#[derive(Debug, Clone, PartialEq)]
pub struct TillAnswer {
    /// `BBS00000` and the like.
    pub code: String,
    /// Words for the person at the till.
    pub msg: String,
    /// The data; an empty object with most refusals.
    pub data: Value,
}

/// A notification that the platform signed.
#[derive(Debug, Clone, PartialEq)]
pub struct TillNotification {
    /// The merchant's order number.
    pub out_trade_no: String,
    /// The platform's.
    pub trade_no: String,
    /// Everything it says.
    pub data: Value,
}

/// Why the till does not believe what it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TillError {
    /// Not HTTP 200.
    #[error("the platform answered with another status than 200")]
    Status,
    /// A header of the signature is missing, stands there twice or cannot be read.
    #[error("the answer is not signed")]
    Unsigned,
    /// Signed for another application or with another certificate.
    #[error("the answer is another application's")]
    NotOurs,
    /// The signature is not over these bytes.
    #[error("the signature is wrong")]
    Forged,
    /// Signed long ago or in the future.
    #[error("the signature is not of now")]
    Stale,
    /// Signed, and not of the shape that was promised.
    #[error("the answer cannot be read")]
    Malformed,
}

/// A simulated till.
pub struct Till {
    keys: Arc<ChannelKeys>,
    world: Arc<dyn World>,
}

impl Till {
    /// A till of the merchant of these keys.
    pub fn new(keys: Arc<ChannelKeys>, world: Arc<dyn World>) -> Till {
        Till { keys, world }
    }

    /// Charges a payer code.
    pub fn micropay(&self, order: &Micropay<'_>) -> Result<SignedRequest, OutsideError> {
        let mut data = json!({
            "out_trade_no": order.out_trade_no, "auth_code": order.auth_code, "total_amount": order.amount_fen.to_string(),
            "subject": order.subject, "location_info": {"request_ip": "127.0.0.1"},
        });
        if let Some(url) = order.notify_url {
            data["notify_url"] = json!(url);
        }
        self.request(MICROPAY, data)
    }

    /// What became of an order, by the merchant's number.
    pub fn query(&self, out_trade_no: &str) -> Result<SignedRequest, OutsideError> {
        self.request(TRADEQUERY, json!({"out_trade_no": out_trade_no}))
    }

    /// Gives back a part of an order, or all. `out_trade_no` is a new number.
    pub fn refund(&self, out_trade_no: &str, origin: &str, amount_fen: i64, reason: &str) -> Result<SignedRequest, OutsideError> {
        self.request(
            REFUND,
            json!({
                "out_trade_no": out_trade_no, "origin_out_trade_no": origin, "refund_amount": amount_fen.to_string(),
                "refund_reason": reason, "location_info": {"request_ip": "127.0.0.1"},
            }),
        )
    }

    /// Undoes an order. `out_trade_no` is a new number.
    pub fn revoke(&self, out_trade_no: &str, origin: &str) -> Result<SignedRequest, OutsideError> {
        self.request(
            REVOKED,
            json!({
                "out_trade_no": out_trade_no, "origin_out_trade_no": origin, "location_info": {"request_ip": "127.0.0.1"},
            }),
        )
    }

    /// Signs any request of this merchant: adds the merchant and the terminal to the data, and the envelope.
    pub fn request(&self, path: &'static str, mut data: Value) -> Result<SignedRequest, OutsideError> {
        data["merchant_no"] = json!(self.keys.merchant_no);
        data["term_no"] = json!(self.keys.term_no);
        let envelope = json!({"req_time": compact_time(self.world.now()), "version": "3.0", "req_data": data});
        self.sign(path, envelope.to_string().into_bytes())
    }

    /// Signs a body as it is.
    pub fn sign(&self, path: &'static str, body: Vec<u8>) -> Result<SignedRequest, OutsideError> {
        let key = self.keys.merchant_key.as_ref().ok_or(OutsideError::Key("the merchant's private key is not in the folder"))?;
        let nonce = make_nonce(self.world.as_ref());
        let authorization =
            Authorization::of_request(key, &self.keys.appid, &self.keys.serial_no, self.world.now(), &nonce, &body)?;
        let headers = [("Content-Type", "application/json"), ("Accept", "application/json"), ("Authorization", &authorization)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Ok(SignedRequest { path, headers, body })
    }

    /// Believes an answer, or says why not.
    pub fn read_answer(&self, status: u16, headers: &[(String, String)], body: &[u8]) -> Result<TillAnswer, TillError> {
        if status != 200 {
            return Err(TillError::Status);
        }
        let part = |name| header(headers, name).ok_or(TillError::Unsigned);
        let (appid, serial) = (part("Lklapi-Appid")?, part("Lklapi-Serial")?);
        let (timestamp, nonce, signature) = (part("Lklapi-Timestamp")?, part("Lklapi-Nonce")?, part("Lklapi-Signature")?);
        if appid != self.keys.appid || serial != self.keys.platform_serial {
            return Err(TillError::NotOurs);
        }
        let lines = [appid, serial, timestamp, nonce].map(str::as_bytes);
        if !self.keys.platform_cert.verifies(&[lines[0], lines[1], lines[2], lines[3], body], signature) {
            return Err(TillError::Forged);
        }
        self.fresh(timestamp.parse().ok())?;
        let answer: Value = serde_json::from_slice(body).map_err(|_| TillError::Malformed)?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(TillError::Malformed);
        Ok(TillAnswer { code: text("code")?, msg: text("msg")?, data: answer.get("resp_data").cloned().unwrap_or_default() })
    }

    /// Believes a notification, or says why not. A merchant who does answers `{"code":"SUCCESS"}`.
    pub fn read_notification(&self, headers: &[(String, String)], body: &[u8]) -> Result<TillNotification, TillError> {
        let authorization = header(headers, "Authorization").and_then(Authorization::read).ok_or(TillError::Unsigned)?;
        if !authorization.signs_notification(&self.keys.platform_cert, body) {
            return Err(TillError::Forged);
        }
        self.fresh(authorization.seconds())?;
        let data: Value = serde_json::from_slice(body).map_err(|_| TillError::Malformed)?;
        let text = |name: &str| data.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(TillError::Malformed);
        Ok(TillNotification { out_trade_no: text("out_trade_no")?, trade_no: text("trade_no")?, data })
    }

    fn fresh(&self, seconds: Option<i64>) -> Result<(), TillError> {
        let age = seconds.map(|seconds| self.world.now().as_seconds().saturating_sub(seconds));
        if age.is_some_and(|age| age.abs() <= SKEW_S) { Ok(()) } else { Err(TillError::Stale) }
    }
}
