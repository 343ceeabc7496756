//! Writing and reading the map of a document.

use super::DocumentError;
use crate::cbor;
use ciborium::Value;
use kabao_base::{Currency, Id, Money, Timestamp};
use std::collections::BTreeMap;

/// The longest text of a field, in bytes.
const MAX_TEXT: usize = 512;

/// Collects the fields of a map, already encoded.
#[derive(Debug, Default)]
pub struct Maker(Vec<(Vec<u8>, Vec<u8>)>);

impl Maker {
    pub(super) fn new() -> Maker {
        Maker::default()
    }

    fn put(&mut self, key: &str, value: Vec<u8>) {
        let mut encoded = Vec::new();
        cbor::text(key, &mut encoded);
        self.0.push((encoded, value));
    }

    pub(super) fn number(&mut self, key: &str, number: u64) {
        let mut out = Vec::new();
        cbor::head(0, number, &mut out);
        self.put(key, out);
    }

    fn signed(&mut self, key: &str, number: i64) {
        match u64::try_from(number) {
            Ok(positive) => self.number(key, positive),
            Err(_) => {
                let mut out = Vec::new();
                // CBOR writes a negative number n as −1 − n, which is the complement.
                cbor::head(1, (!number).unsigned_abs(), &mut out);
                self.put(key, out);
            }
        }
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        let mut out = Vec::new();
        cbor::text(text, &mut out);
        self.put(key, out);
    }

    pub(super) fn text_if(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    pub(super) fn bytes(&mut self, key: &str, bytes: &[u8]) {
        let mut out = Vec::new();
        cbor::bytes(bytes, &mut out);
        self.put(key, out);
    }

    pub(super) fn bytes_if(&mut self, key: &str, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes {
            self.bytes(key, bytes);
        }
    }

    pub(super) fn id(&mut self, key: &str, id: &Id) {
        self.bytes(key, id.as_bytes());
    }

    pub(super) fn id_if(&mut self, key: &str, id: Option<&Id>) {
        self.bytes_if(key, id.map(|id| &id.as_bytes()[..]));
    }

    pub(super) fn time(&mut self, key: &str, time: Timestamp) {
        self.signed(key, time.as_ms());
    }

    pub(super) fn time_if(&mut self, key: &str, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.time(key, time);
        }
    }

    pub(super) fn money(&mut self, key: &str, money: Money) {
        self.map(key, |maker| {
            maker.text("currency", money.currency.code());
            maker.signed("minor", money.minor);
        });
    }

    pub(super) fn map(&mut self, key: &str, fill: impl FnOnce(&mut Maker)) {
        let mut inner = Maker::new();
        fill(&mut inner);
        self.put(key, inner.finish());
    }

    pub(super) fn list<T>(&mut self, key: &str, items: &[T], fill: impl Fn(&T, &mut Maker)) {
        let mut out = Vec::new();
        cbor::head(4, items.len() as u64, &mut out);
        for item in items {
            let mut inner = Maker::new();
            fill(item, &mut inner);
            out.extend_from_slice(&inner.finish());
        }
        self.put(key, out);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.sort();
        let mut out = Vec::new();
        cbor::map(self.0, &mut out);
        out
    }
}

/// The fields of a map that are not yet taken.
#[derive(Debug)]
pub struct Fields(BTreeMap<String, Value>);

impl Fields {
    pub(super) fn of(value: Value) -> Result<Fields, DocumentError> {
        let Value::Map(pairs) = value else { return Err(DocumentError::Shape) };
        let named = pairs.into_iter().map(|(key, value)| match key {
            Value::Text(key) => Ok((key, value)),
            _ => Err(DocumentError::Shape),
        });
        named.collect::<Result<_, _>>().map(Fields)
    }

    fn get(&mut self, key: &'static str) -> Result<Value, DocumentError> {
        self.0.remove(key).ok_or(DocumentError::Missing(key))
    }

    fn if_there<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Fields, &'static str) -> Result<T, DocumentError>,
    ) -> Result<Option<T>, DocumentError> {
        if self.0.contains_key(key) { read(self, key).map(Some) } else { Ok(None) }
    }

    pub(super) fn number(&mut self, key: &'static str) -> Result<u64, DocumentError> {
        let Value::Integer(number) = self.get(key)? else { return Err(DocumentError::Malformed(key)) };
        u64::try_from(number).map_err(|_| DocumentError::Malformed(key))
    }

    pub(super) fn small_if(&mut self, key: &'static str) -> Result<Option<u32>, DocumentError> {
        let number = self.if_there(key, Fields::number)?;
        number.map(|number| u32::try_from(number).map_err(|_| DocumentError::Malformed(key))).transpose()
    }

    fn signed(&mut self, key: &'static str) -> Result<i64, DocumentError> {
        let Value::Integer(number) = self.get(key)? else { return Err(DocumentError::Malformed(key)) };
        i64::try_from(number).map_err(|_| DocumentError::Malformed(key))
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<String, DocumentError> {
        match self.get(key)? {
            Value::Text(text) if text.len() <= MAX_TEXT && !text.chars().any(char::is_control) => Ok(text),
            _ => Err(DocumentError::Malformed(key)),
        }
    }

    pub(super) fn text_if(&mut self, key: &'static str) -> Result<Option<String>, DocumentError> {
        self.if_there(key, Fields::text)
    }

    pub(super) fn bytes(&mut self, key: &'static str) -> Result<Vec<u8>, DocumentError> {
        match self.get(key)? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(DocumentError::Malformed(key)),
        }
    }

    pub(super) fn bytes_if(&mut self, key: &'static str) -> Result<Option<Vec<u8>>, DocumentError> {
        self.if_there(key, Fields::bytes)
    }

    pub(super) fn fixed<const N: usize>(&mut self, key: &'static str) -> Result<[u8; N], DocumentError> {
        self.bytes(key)?.try_into().map_err(|_| DocumentError::Malformed(key))
    }

    pub(super) fn fixed_if<const N: usize>(&mut self, key: &'static str) -> Result<Option<[u8; N]>, DocumentError> {
        self.if_there(key, Fields::fixed)
    }

    pub(super) fn id(&mut self, key: &'static str) -> Result<Id, DocumentError> {
        self.fixed(key).map(Id::from_bytes)
    }

    pub(super) fn id_if(&mut self, key: &'static str) -> Result<Option<Id>, DocumentError> {
        self.if_there(key, Fields::id)
    }

    pub(super) fn time(&mut self, key: &'static str) -> Result<Timestamp, DocumentError> {
        self.signed(key).map(Timestamp::from_ms)
    }

    pub(super) fn time_if(&mut self, key: &'static str) -> Result<Option<Timestamp>, DocumentError> {
        self.if_there(key, Fields::time)
    }

    pub(super) fn money(&mut self, key: &'static str) -> Result<Money, DocumentError> {
        self.map(key, |fields| {
            let code = fields.text("currency")?;
            let currency = Currency::parse(&code).map_err(|_| DocumentError::Malformed(key))?;
            if currency.code() != code {
                return Err(DocumentError::Malformed(key));
            }
            Ok(Money { minor: fields.signed("minor")?, currency })
        })
    }

    pub(super) fn money_if(&mut self, key: &'static str) -> Result<Option<Money>, DocumentError> {
        self.if_there(key, Fields::money)
    }

    pub(super) fn map<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Fields) -> Result<T, DocumentError>,
    ) -> Result<T, DocumentError> {
        let mut inner = Fields::of(self.get(key)?).map_err(|_| DocumentError::Malformed(key))?;
        let value = read(&mut inner)?;
        inner.finish()?;
        Ok(value)
    }

    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Fields) -> Result<T, DocumentError>,
    ) -> Result<Vec<T>, DocumentError> {
        let Value::Array(items) = self.get(key)? else { return Err(DocumentError::Malformed(key)) };
        let read_one = |item| {
            let mut inner = Fields::of(item).map_err(|_| DocumentError::Malformed(key))?;
            let value = read(&mut inner)?;
            inner.finish()?;
            Ok(value)
        };
        items.into_iter().map(read_one).collect()
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<(), DocumentError> {
        if self.0.is_empty() { Ok(()) } else { Err(DocumentError::UnknownField) }
    }
}
