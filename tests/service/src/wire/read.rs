//! Text into values, each with a refusal of its own.

use super::{AmountIn, AmountOut, BoxIn};
use crate::refusal::{Outcome, Refusal};
use crate::store::limits::AMOUNT_MAX;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_base::{Code, Currency, Id, Money, fold};
use kabao_proof::boxes::SUITE;
use kabao_proof::{Digest32, PublicKey, SealedBox};

/// Reads an id of the path or of a body.
pub fn id(text: &str, field: &str) -> Outcome<Id> {
    Id::parse(text).map_err(|_| Refusal::of(400, Code::BadId).field(field))
}

/// Reads an id that may be absent.
pub fn maybe_id(text: Option<&str>, field: &str) -> Outcome<Option<Id>> {
    text.map(|text| id(text, field)).transpose()
}

/// Reads base64url without padding.
pub fn bytes(text: &str, field: &str) -> Outcome<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::argument(field))
}

/// Writes base64url without padding.
pub fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads 64 hexadecimal digits.
pub fn digest(text: &str, field: &str) -> Outcome<[u8; 32]> {
    Digest32::parse(text).map(|digest| digest.0).map_err(|_| Refusal::argument(field))
}

/// Reads a public key.
pub fn key(text: &str, field: &str) -> Outcome<PublicKey> {
    PublicKey::parse(text).map_err(|_| Refusal::argument(field))
}

impl AmountIn {
    /// The amount, which may be zero: a fee.
    pub fn or_zero(&self, field: &str) -> Outcome<i64> {
        let currency = Currency::parse(&self.currency).ok().filter(|currency| currency.code() == self.currency);
        if currency != Some(Currency::Cny) {
            return Err(Refusal::rule(Code::CurrencyUnknown).field(field));
        }
        let Some(minor) = self.minor.as_i64() else {
            let fraction = self.minor.as_f64().is_some_and(|number| number.fract() != 0.0);
            let negative = self.minor.as_f64().is_some_and(|number| number < 0.0);
            let code = match (fraction, negative) {
                (_, true) => Code::AmountNegative,
                (true, _) => Code::AmountDecimals,
                _ => Code::AmountTooLarge,
            };
            return Err(Refusal::rule(code).field(field));
        };
        match minor {
            ..0 => Err(Refusal::rule(Code::AmountNegative).field(field)),
            0..=AMOUNT_MAX => Ok(minor),
            _ => Err(Refusal::rule(Code::AmountTooLarge).field(field)),
        }
    }

    /// The amount in fen, more than zero.
    pub fn read(&self, field: &str) -> Outcome<i64> {
        match self.or_zero(field)? {
            0 => Err(Refusal::rule(Code::AmountZero).field(field)),
            minor => Ok(minor),
        }
    }
}

impl From<i64> for AmountOut {
    fn from(minor: i64) -> AmountOut {
        AmountOut { minor, currency: Currency::Cny }
    }
}

impl BoxIn {
    /// The box as the vault takes it.
    pub fn read(&self, field: &str) -> Outcome<SealedBox> {
        let kid = (1..=64).contains(&self.kid.len()) && self.kid.bytes().all(|byte| byte.is_ascii_graphic());
        // Every box has one size, so that it does not tell what is in it.
        if self.v != 1 || self.suite != SUITE || !kid || self.enc.len() != 43 || self.ct.len() != 107 {
            return Err(Refusal::argument(field));
        }
        Ok(SealedBox {
            v: self.v,
            suite: self.suite.clone(),
            kid: self.kid.clone(),
            enc: bytes(&self.enc, field)?,
            ct: bytes(&self.ct, field)?,
        })
    }
}

/// Text that people see or tills send: neither empty nor longer than `limit` characters, nothing hidden in it.
pub fn plain<'a>(text: &'a str, limit: usize, field: &str) -> Outcome<&'a str> {
    if text.trim().is_empty() {
        return Err(Refusal::of(400, Code::EmptyInput).field(field));
    }
    if text.chars().count() > limit {
        return Err(Refusal::of(400, Code::InputTooLong).field(field));
    }
    let hidden = text.chars().any(|character| fold::hidden_kind(character).is_some() || character.is_control());
    if hidden { Err(Refusal::of(400, Code::HiddenCharacter).field(field)) } else { Ok(text) }
}

/// The longest name, in characters: a field for a name holds fifty by the notice of 2016, and the visual zone of a passport
/// carries longer ones.
pub const NAME_MOST: usize = 100;

/// Money of the books.
pub const fn fen(minor: i64) -> Money {
    Money { minor, currency: Currency::Cny }
}
