//! Digest, components and signature base, the same for requests and answers.

use super::headers::{Headers, is_printable};
use super::{ALGORITHM, HttpSigError, LABEL};
use crate::digest::sha256;
use crate::keys::Signature;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sfv::{BareItem, Dictionary, FieldType, InnerList, Item, Key, List, ListEntry, Parameters, Parser, StringRef};

const MAX_NAME: usize = 128;

/// The header `content-digest` of a body: `sha-256=:base64:` (RFC 9530).
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(body)))
}

/// Checks a `content-digest` header against the body. Other algorithms may stand beside sha-256.
pub(super) fn check_digest(value: &str, body: &[u8]) -> Result<(), HttpSigError> {
    const NAME: &str = "content-digest";
    let digests = Parser::new(value).parse::<Dictionary>().map_err(|_| HttpSigError::Malformed(NAME))?;
    let entry = digests.get("sha-256").ok_or(HttpSigError::Missing("sha-256"))?;
    let ListEntry::Item(item) = entry else { return Err(HttpSigError::Malformed(NAME)) };
    let bytes = item.bare_item.as_byte_sequence().ok_or(HttpSigError::Malformed(NAME))?;
    if bytes == sha256(body) { Ok(()) } else { Err(HttpSigError::WrongDigest) }
}

/// One thing that a signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    name: String,
    of_request: bool,
    key: Option<String>,
}

impl Component {
    /// A part of the message itself.
    pub(super) fn own(name: &str) -> Component {
        Component { name: name.to_owned(), of_request: false, key: None }
    }

    /// A part of the request that an answer belongs to.
    pub(super) fn of_request(name: &str) -> Component {
        Component { name: name.to_owned(), of_request: true, key: None }
    }

    /// One member of a header of the request.
    pub(super) fn member_of_request(name: &str, key: &str) -> Component {
        Component { name: name.to_owned(), of_request: true, key: Some(key.to_owned()) }
    }

    fn item(&self) -> Result<Item, HttpSigError> {
        let mut params = Parameters::new();
        if self.of_request {
            params.insert(param("req")?, BareItem::Boolean(true));
        }
        if let Some(key) = &self.key {
            params.insert(param("key")?, string(key, "signature-input")?);
        }
        Ok(Item::with_params(string(&self.name, "signature-input")?, params))
    }

    fn read(item: &Item) -> Result<Component, HttpSigError> {
        let name = item.bare_item.as_string().ok_or(HttpSigError::Malformed("signature-input"))?;
        let mut component = Component::own(name.as_str());
        for (key, value) in &item.params {
            match (key.as_str(), value) {
                ("req", BareItem::Boolean(true)) => component.of_request = true,
                ("key", BareItem::String(member)) => component.key = Some(member.as_str().to_owned()),
                _ => return Err(HttpSigError::WrongCoverage),
            }
        }
        Ok(component)
    }
}

fn param(name: &str) -> Result<Key, HttpSigError> {
    Key::from_string(name.to_owned()).map_err(|_| HttpSigError::Malformed("signature-input"))
}

fn string(text: &str, what: &'static str) -> Result<BareItem, HttpSigError> {
    StringRef::from_str(text).map(BareItem::from).map_err(|_| HttpSigError::Malformed(what))
}

/// A value of each component: what the message says, line by line.
pub(super) type Values = Vec<(Component, String)>;

/// The signature base of RFC 9421, section 2.5, for a covered list and the values of a message.
pub(super) fn base(covered: &InnerList, values: &Values) -> Result<Vec<u8>, HttpSigError> {
    let mut text = String::new();
    let mut used: Vec<Component> = Vec::new();
    for item in &covered.items {
        let component = Component::read(item)?;
        let value = values.iter().find(|(known, _)| *known == component).map(|(_, value)| value);
        let value = value.ok_or(HttpSigError::WrongCoverage)?;
        if used.contains(&component) {
            return Err(HttpSigError::WrongCoverage);
        }
        if !is_printable(value) {
            return Err(HttpSigError::Malformed("component"));
        }
        text.push_str(&spell(ListEntry::Item(item.clone()))?);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
        used.push(component);
    }
    if used.len() != values.len() {
        return Err(HttpSigError::WrongCoverage);
    }
    text.push_str("\"@signature-params\": ");
    text.push_str(&spell(ListEntry::InnerList(covered.clone()))?);
    Ok(text.into_bytes())
}

fn spell(entry: ListEntry) -> Result<String, HttpSigError> {
    let list: List = vec![entry];
    list.serialize().ok_or(HttpSigError::Malformed("signature-input"))
}

/// The parameters of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Params {
    pub created: i64,
    pub nonce: Option<String>,
    pub keyid: String,
}

impl Params {
    fn write(&self) -> Result<Parameters, HttpSigError> {
        let mut params = Parameters::new();
        let created = sfv::Integer::try_from(self.created).map_err(|_| HttpSigError::Malformed("created"))?;
        params.insert(param("created")?, BareItem::Integer(created));
        if let Some(nonce) = &self.nonce {
            params.insert(param("nonce")?, string(check_name(nonce, "nonce")?, "nonce")?);
        }
        params.insert(param("alg")?, string(ALGORITHM, "alg")?);
        params.insert(param("keyid")?, string(check_name(&self.keyid, "keyid")?, "keyid")?);
        Ok(params)
    }

    /// Reads the parameters; each must be there, and no other (an `expires` that nobody heeds would be a lie).
    fn read(params: &Parameters, with_nonce: bool) -> Result<Params, HttpSigError> {
        let known = |name: &str| matches!(name, "created" | "alg" | "keyid") || (with_nonce && name == "nonce");
        if params.keys().any(|key| !known(key.as_str())) {
            return Err(HttpSigError::Malformed("signature-input"));
        }
        let text = |name: &'static str| {
            let item = params.get(name).ok_or(HttpSigError::Missing(name))?;
            let text = item.as_string().ok_or(HttpSigError::Malformed(name))?;
            check_name(text.as_str(), name).map(str::to_owned)
        };
        if text("alg")? != ALGORITHM {
            return Err(HttpSigError::WrongAlgorithm);
        }
        let created = params.get("created").ok_or(HttpSigError::Missing("created"))?;
        let created = created.as_integer().map(i64::from).ok_or(HttpSigError::Malformed("created"))?;
        let nonce = if with_nonce { Some(text("nonce")?) } else { None };
        Ok(Params { created, nonce, keyid: text("keyid")? })
    }
}

fn check_name<'a>(text: &'a str, name: &'static str) -> Result<&'a str, HttpSigError> {
    match text.len() {
        0 => Err(HttpSigError::Malformed(name)),
        1..=MAX_NAME if is_printable(text) => Ok(text),
        1..=MAX_NAME => Err(HttpSigError::Malformed(name)),
        _ => Err(HttpSigError::TooLarge(name)),
    }
}

/// A message that waits for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSign {
    /// The bytes to sign with ES256 (hashed with SHA-256 by the signer).
    pub base: Vec<u8>,
    headers: Vec<(String, String)>,
    covered: String,
}

impl ToSign {
    pub(super) fn new(values: Values, params: &Params, headers: Vec<(String, String)>) -> Result<ToSign, HttpSigError> {
        let items = values.iter().map(|(component, _)| component.item()).collect::<Result<Vec<_>, _>>()?;
        let covered = InnerList::with_params(items, params.write()?);
        let base = base(&covered, &values)?;
        let covered = spell(ListEntry::InnerList(covered))?;
        Ok(ToSign { base, headers, covered })
    }

    /// The headers to add to the message, the signature among them.
    pub fn finish(self, signature: &Signature) -> Vec<(String, String)> {
        let mut headers = self.headers;
        headers.push(("signature-input".to_owned(), format!("{LABEL}={}", self.covered)));
        headers.push(("signature".to_owned(), format!("{LABEL}={}", spell_signature(signature))));
        headers
    }
}

/// A signature as a structured field spells it, `:base64:`.
pub(super) fn spell_signature(signature: &Signature) -> String {
    format!(":{}:", STANDARD.encode(signature.0))
}

/// What the headers of a signature say, with the base that the message itself gives.
pub(super) struct Found {
    pub params: Params,
    pub base: Vec<u8>,
    pub signature: Signature,
}

/// Reads the one signature of a message and rebuilds its base from `values`.
pub(super) fn find(headers: &Headers, values: &Values, with_nonce: bool) -> Result<Found, HttpSigError> {
    let ListEntry::InnerList(covered) = only(headers, "signature-input")? else {
        return Err(HttpSigError::Malformed("signature-input"));
    };
    let ListEntry::Item(item) = only(headers, "signature")? else {
        return Err(HttpSigError::Malformed("signature"));
    };
    let bytes = item.bare_item.as_byte_sequence().ok_or(HttpSigError::Malformed("signature"))?;
    if !item.params.is_empty() {
        return Err(HttpSigError::Malformed("signature"));
    }
    let signature = Signature::from_raw(bytes).map_err(|_| HttpSigError::Malformed("signature"))?;
    let params = Params::read(&covered.params, with_nonce)?;
    let base = base(&covered, values)?;
    Ok(Found { params, base, signature })
}

fn only(headers: &Headers, name: &'static str) -> Result<ListEntry, HttpSigError> {
    let value = headers.need(name)?;
    let members = Parser::new(value).parse::<Dictionary>().map_err(|_| HttpSigError::Malformed(name))?;
    let mut members = members.into_iter();
    match (members.next(), members.next()) {
        (Some((label, entry)), None) if label.as_str() == LABEL => Ok(entry),
        _ => Err(HttpSigError::WrongLabel),
    }
}
