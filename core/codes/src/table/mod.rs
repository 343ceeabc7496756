//! Codes as data: which beginnings, hosts and paths belong to whom, and what is refused.
//!
//! One versioned table, `codes.json`, that people can read: every row names its source (`F…` is a row
//! of the feature register, section 7; `facts` a section of the collected facts; `vectors` a published
//! case). The wallet service can send a newer one; it is signed, and the signature is checked before
//! the bytes come here. A table says which shapes are whose. It cannot make a code payable, cannot name
//! an address to open and cannot take our own payer codes away.
//!
//! # Fields
//! - `version`: a count from 1; a table replaces only one with a lower version.
//! - `payer_codes`: payer codes 付款码 of other wallets: `network`, the first and last of their beginnings,
//!   shortest and longest length in characters, and whether `letters` may follow.
//! - `reserved_prefixes`: two digits that may not be provisioned for our own payer codes, from `first` to `last`.
//! - `links`: see [`LinkRow`]; the first row that fits counts, so narrow rows stand before wide ones.
//! - `merchant_schemes`: what people call the schemes of merchant codes, and their country (none: several).
//! - `merchant_guids`: the scheme of a merchant code by the identifier of its template, and of a payer code by
//!   its application (whole, or as a beginning).
//! - `merchant_countries`: the scheme by country where no identifier is known.
//! - `app_schemes`: schemes of links that open an app and that no row of `links` has.
//! - `short_links`: hosts whose links lead elsewhere;
//! - `strangers`: well-known names that look like one above by chance, and imitate nobody.
//! - `crypto_schemes`: schemes of links that ask for crypto currency.

mod parse;
mod pattern;

pub(crate) use parse::MINI_PROGRAM;
pub use parse::TableError;
pub(crate) use pattern::fits;

use crate::emv;
use crate::links::looks::Known;
use crate::payer::{PayerNetwork, PrefixRefusal};
use crate::read::{Family, Scheme};
use std::sync::{Arc, OnceLock};

/// Payer codes of a wallet that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerRow {
    /// Whose.
    pub network: PayerNetwork,
    /// The first beginning, `10`.
    pub first: String,
    /// The last beginning, of the same length, `15`.
    pub last: String,
    /// The shortest code, in characters.
    pub shortest: usize,
    /// The longest code, in characters.
    pub longest: usize,
    /// Whether letters may stand after the beginning; otherwise digits only.
    pub letters: bool,
    /// Where the row comes from.
    pub source: String,
}

/// What a link that fits is known to be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HandOverWay {
    /// It is no payment.
    No,
    /// As an argument of the link that opens Alipay's scanner.
    AlipayScan,
    /// The link itself opens the app.
    AsIs,
    /// No link opens the app with it: the app is opened and scans it itself.
    OpenApp,
    /// The wallet service is asked where it leads.
    AskService,
}

/// A link of another wallet, by scheme, host and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// What it is.
    pub family: Family,
    /// Whose it is.
    pub owner: Option<Scheme>,
    /// The schemes before `://`, in lower case: `https`. A web link over plain `http` fits no row.
    pub schemes: Vec<String>,
    /// The whole host in lower case. `*.lakala.com` stands for `lakala.com` and every host below it; an
    /// app's link may have a pattern, or `*` for any.
    pub host: String,
    /// The whole path, without the query: text that has to stand there (case does not matter) and `{a:3-61}`
    /// letters and digits, `{d:8-8}` digits, `{b:1-256}` letters, digits and `-_=`, `{s:1-64}` anything visible
    /// but a slash, `{*}` anything.
    pub paths: Vec<String>,
    /// Parameters of the query that have to be there and not empty: `sign`, or `pr={b:1-64}` where the value has a
    /// shape, written as in a path.
    pub needs: Vec<String>,
    /// Where its token stands: `path`, `host`, or `?name` for a parameter.
    pub token: Option<String>,
    /// Whether it is printed (static, true), made for one payment (false), or not known.
    pub is_static: Option<bool>,
    /// What can be done with it.
    pub hand_over: HandOverWay,
    /// Where the row comes from.
    pub source: String,
}

impl LinkRow {
    /// What stands in a path behind the text that the row's first path begins with: behind `/paypalme/`, in any case.
    pub(crate) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        let start = self.paths.first().and_then(|path| path.split('{').next())?;
        let (head, below) = path.split_at_checked(start.len())?;
        head.eq_ignore_ascii_case(start).then_some(below)
    }
}

/// Two-digit beginnings that our own payer codes may not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedRow {
    /// The first, `10`.
    pub first: String,
    /// The last, `15`.
    pub last: String,
    /// Where the row comes from.
    pub source: String,
}

/// What people call a scheme of merchant codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeRow {
    /// Which.
    pub owner: Scheme,
    /// Its name, `PromptPay`.
    pub name: String,
    /// Two letters of ISO 3166-1; absent for a network of several countries.
    pub country: Option<String>,
    /// Where the row comes from.
    pub source: String,
}

/// The scheme of a merchant code by the identifier in its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuidRow {
    /// Whose.
    pub owner: Scheme,
    /// The identifier, in lower case.
    pub guid: String,
    /// Whether the identifier only begins so.
    pub begins: bool,
    /// Where the row comes from.
    pub source: String,
}

/// The scheme of a merchant code by its country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryRow {
    /// Two letters of ISO 3166-1, `TH`.
    pub country: String,
    /// Whose.
    pub owner: Scheme,
    /// Where the row comes from.
    pub source: String,
}

/// A host or a scheme with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRow {
    /// The host or scheme, in lower case.
    pub name: String,
    /// Where the row comes from.
    pub source: String,
}

/// The table: read-only once it is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    version: u64,
    payer_codes: Vec<PayerRow>,
    reserved_prefixes: Vec<ReservedRow>,
    links: Vec<LinkRow>,
    merchant_schemes: Vec<SchemeRow>,
    merchant_guids: Vec<GuidRow>,
    merchant_countries: Vec<CountryRow>,
    app_schemes: Vec<NameRow>,
    short_links: Vec<NameRow>,
    strangers: Vec<NameRow>,
    crypto_schemes: Vec<NameRow>,
    known: Vec<Known>,
}

/// The longest table that is read, in bytes.
pub const LIMIT: usize = 256 * 1024;
static SHIPPED: &[u8] = include_bytes!("codes.json");

impl Table {
    /// The table that ships with this version.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::table::Table;
    /// assert!(Table::shipped().version() >= 1);
    /// ```
    pub fn shipped() -> Arc<Table> {
        static TABLE: OnceLock<Arc<Table>> = OnceLock::new();
        // A test reads the same bytes; an empty table would know nobody's codes and pay none.
        TABLE.get_or_init(|| Arc::new(Table::parse(SHIPPED).unwrap_or_default())).clone()
    }

    /// The bytes of the table that ships, as a person would read them.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::table::Table;
    /// assert!(Table::parse(Table::shipped_bytes()).is_ok());
    /// ```
    pub fn shipped_bytes() -> &'static [u8] {
        SHIPPED
    }

    /// Takes `newer` in the place of this table.
    ///
    /// # Errors
    /// [`TableError::Downgrade`] when its version is the same or lower: an old table would bring back
    /// what was withdrawn.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::table::{Table, TableError};
    /// let same = Table::parse(Table::shipped_bytes()).unwrap();
    /// assert_eq!(Table::shipped().replace_with(same), Err(TableError::Downgrade));
    /// ```
    pub fn replace_with(&self, newer: Table) -> Result<Table, TableError> {
        if newer.version > self.version { Ok(newer) } else { Err(TableError::Downgrade) }
    }

    /// Whether this table leaves our own payer codes alone: asked with what the service provisioned
    /// before a newer table is used.
    ///
    /// # Errors
    /// [`TableError::OwnPrefix`] when another wallet's codes have our beginning, or may not have it.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::table::{Table, TableError};
    /// assert_eq!(Table::shipped().leaves("97", 24), Ok(()));
    /// assert_eq!(Table::shipped().leaves("28", 24), Err(TableError::OwnPrefix));
    /// ```
    pub fn leaves(&self, prefix: &str, length: u32) -> Result<(), TableError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let taken = self.payer_codes.iter().any(|row| {
            let beginning = prefix.get(..row.first.len()).unwrap_or(prefix);
            (row.shortest..=row.longest).contains(&length) && (row.first.as_str()..=row.last.as_str()).contains(&beginning)
        });
        if taken || self.is_reserved(prefix) { Err(TableError::OwnPrefix) } else { Ok(()) }
    }

    /// The count of this table; a newer one has a higher one.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::table::Table::default().version(), 0);
    /// ```
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Every source that a row names, for people who ask where a rule comes from.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::table::Table;
    /// assert!(Table::shipped().sources().iter().all(|source| !source.is_empty()));
    /// ```
    pub fn sources(&self) -> Vec<&str> {
        let payer = self.payer_codes.iter().map(|row| row.source.as_str());
        let reserved = self.reserved_prefixes.iter().map(|row| row.source.as_str());
        let links = self.links.iter().map(|row| row.source.as_str());
        let schemes = self.merchant_schemes.iter().map(|row| row.source.as_str());
        let guids = self.merchant_guids.iter().map(|row| row.source.as_str());
        let countries = self.merchant_countries.iter().map(|row| row.source.as_str());
        let names = self.app_schemes.iter().chain(&self.short_links).chain(&self.strangers).chain(&self.crypto_schemes).map(|row| row.source.as_str());
        payer.chain(reserved).chain(links).chain(schemes).chain(guids).chain(countries).chain(names).collect()
    }

    /// Why the service may not provision this beginning and length for our payer codes.
    pub(crate) fn refuse_prefix(&self, prefix: &str, length: u32) -> Result<(), PrefixRefusal> {
        if prefix.len() != 2 || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PrefixRefusal::NotTwoDigits);
        }
        if self.is_reserved(prefix) {
            return Err(PrefixRefusal::Taken);
        }
        match length {
            18 => Err(PrefixRefusal::LooksLikeIdentity),
            crate::payer::CODE_LENGTH => Ok(()),
            _ => Err(PrefixRefusal::Length),
        }
    }

    fn is_reserved(&self, prefix: &str) -> bool {
        self.reserved_prefixes.iter().any(|row| (row.first.as_str()..=row.last.as_str()).contains(&prefix))
    }

    /// The network of another wallet's payer code.
    pub(crate) fn payer_network(&self, text: &str) -> Option<PayerNetwork> {
        let row = self.payer_codes.iter().find(|row| {
            let Some((beginning, rest)) = text.split_at_checked(row.first.len()) else { return false };
            let allowed = |byte: u8| if row.letters { byte.is_ascii_alphanumeric() } else { byte.is_ascii_digit() };
            (row.shortest..=row.longest).contains(&text.len())
                && (row.first.as_str()..=row.last.as_str()).contains(&beginning)
                && rest.bytes().all(allowed)
                && (row.letters || beginning.bytes().all(|byte| byte.is_ascii_digit()))
        });
        row.map(|row| row.network)
    }

    pub(crate) fn links(&self) -> &[LinkRow] {
        &self.links
    }

    /// Hosts that somebody may imitate.
    pub(crate) fn known_hosts(&self) -> &[Known] {
        &self.known
    }

    /// Whether a host belongs to somebody whose name looks like another's by chance.
    pub(crate) fn is_stranger(&self, host: &str) -> bool {
        self.strangers.iter().any(|row| host == row.name || host.strip_suffix(row.name.as_str()).is_some_and(|head| head.ends_with('.')))
    }

    pub(crate) fn is_short_link(&self, host: &str) -> bool {
        self.short_links.iter().any(|row| row.name == host)
    }

    pub(crate) fn is_crypto_scheme(&self, scheme: &str) -> bool {
        self.crypto_schemes.iter().any(|row| row.name == scheme)
    }

    /// Whether a link of this scheme (in any case) opens an app by itself.
    pub(crate) fn opens_app(&self, scheme: &str) -> bool {
        let is = |known: &str| scheme.eq_ignore_ascii_case(known);
        let linked = || self.links.iter().flat_map(|row| &row.schemes).any(|known| is(known));
        !is("https") && (self.app_schemes.iter().any(|row| is(&row.name)) || linked())
    }

    /// A scheme as people call it; one that has no row goes by its own short name.
    pub(crate) fn merchant_scheme(&self, owner: &Scheme) -> emv::Scheme {
        let row = self.merchant_schemes.iter().find(|row| row.owner == *owner);
        let key = owner.name().replace('_', "-");
        let name = row.map_or_else(|| key.clone(), |row| row.name.clone());
        emv::Scheme { key, name, country: row.and_then(|row| row.country.clone()) }
    }

    pub(crate) fn owner_of_guid(&self, guid: &str) -> Option<&Scheme> {
        let guid = guid.to_ascii_lowercase();
        let row = self.merchant_guids.iter().find(|row| if row.begins { guid.starts_with(&row.guid) } else { guid == row.guid });
        row.map(|row| &row.owner)
    }

    pub(crate) fn owner_of_country(&self, country: &str) -> Option<&Scheme> {
        self.merchant_countries.iter().find(|row| row.country.eq_ignore_ascii_case(country)).map(|row| &row.owner)
    }
}

#[cfg(test)]
mod tests;
