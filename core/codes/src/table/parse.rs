//! Reads a table strictly: what this version does not understand is refused whole, so that a table
//! never means less on one phone than on another.

use super::{CountryRow, GuidRow, HandOverWay, LIMIT, LinkRow, NameRow, PayerRow, ReservedRow, SchemeRow, Table, pattern};
use crate::links::looks::Known;
use crate::payer::PayerNetwork;
use crate::read::{Family, Scheme};
use serde::Deserialize;

/// Why a table was not taken. The table in use stays in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// More than 256 KiB.
    #[error("the table of codes is too long")]
    TooLong,
    /// Not JSON of this shape: a field is missing, unknown, twice there, or of another kind.
    #[error("the table of codes cannot be read")]
    Shape,
    /// A section has more than 512 rows.
    #[error("the table of codes has too many rows")]
    TooManyRows,
    /// A text is empty where it may not be, too long, or has characters that it may not have.
    #[error("the table of codes has a text that it may not have")]
    Text,
    /// A name that this version does not know: of a family, a network, or what can be done with a link.
    #[error("the table of codes names what this version does not know")]
    Name,
    /// A beginning or a length of payer codes that cannot be.
    #[error("the table of codes has a beginning or length that cannot be")]
    Prefix,
    /// Two rows claim the same payer codes, or name the same scheme.
    #[error("two rows of the table of codes claim the same")]
    Conflict,
    /// Our own payer codes would be another wallet's.
    #[error("the table of codes claims our own payer codes")]
    OwnPrefix,
    /// A host that is none, is not in lower case, or is not written in ASCII.
    #[error("the table of codes has a host that is none")]
    Host,
    /// A path that is no pattern.
    #[error("the table of codes has a path that is no pattern")]
    Path,
    /// The version is zero, the same or lower.
    #[error("the table of codes is not newer")]
    Downgrade,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    payer_codes: Vec<Payer>,
    reserved_prefixes: Vec<Reserved>,
    links: Vec<Link>,
    merchant_schemes: Vec<Called>,
    merchant_guids: Vec<Guid>,
    merchant_countries: Vec<Country>,
    app_schemes: Vec<Named>,
    short_links: Vec<Host>,
    #[serde(default)]
    strangers: Vec<Host>,
    crypto_schemes: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payer {
    network: String,
    first: String,
    last: String,
    shortest: usize,
    longest: usize,
    letters: bool,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reserved {
    first: String,
    last: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    family: String,
    owner: Option<String>,
    schemes: Vec<String>,
    host: String,
    paths: Vec<String>,
    needs: Vec<String>,
    token: Option<String>,
    fixed: String,
    hand_over: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    owner: String,
    name: String,
    country: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guid {
    owner: String,
    guid: String,
    begins: bool,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Country {
    country: String,
    owner: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    host: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    scheme: String,
    source: String,
}

const ROWS: usize = 512;
/// The scheme of the text form of a mini program, the only one that is no scheme of RFC 3986.
pub(crate) const MINI_PROGRAM: &str = "#小程序";

impl Table {
    /// Reads a table whose signature was checked already.
    ///
    /// # Errors
    /// Every [`TableError`] but `Downgrade` for a lower version, which [`Table::replace_with`] gives.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::table::{Table, TableError};
    /// assert_eq!(Table::parse(b"{}"), Err(TableError::Shape));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Table, TableError> {
        if bytes.len() > LIMIT {
            return Err(TableError::TooLong);
        }
        let file: File = serde_json::from_slice(bytes).map_err(|_| TableError::Shape)?;
        if file.version == 0 {
            return Err(TableError::Downgrade);
        }
        // The web's own scheme among those of crypto currency would refuse every link.
        if file.crypto_schemes.iter().any(|row| ["http", "https"].contains(&row.scheme.as_str())) {
            return Err(TableError::Text);
        }
        let counts = [
            file.payer_codes.len(),
            file.reserved_prefixes.len(),
            file.links.len(),
            file.merchant_schemes.len(),
            file.merchant_guids.len(),
            file.merchant_countries.len(),
            file.app_schemes.len(),
            file.short_links.len(),
            file.strangers.len(),
            file.crypto_schemes.len(),
        ];
        if counts.iter().any(|count| *count > ROWS) {
            return Err(TableError::TooManyRows);
        }
        let payer_codes = each(file.payer_codes, payer)?;
        for (place, row) in payer_codes.iter().enumerate() {
            if payer_codes.iter().take(place).any(|earlier| overlap(earlier, row)) {
                return Err(TableError::Conflict);
            }
        }
        let merchant_schemes = each(file.merchant_schemes, called)?;
        for (place, row) in merchant_schemes.iter().enumerate() {
            if merchant_schemes.iter().take(place).any(|earlier| earlier.owner == row.owner) {
                return Err(TableError::Conflict);
            }
        }
        let links = each(file.links, link)?;
        let known = Known::of_rows(&links);
        Ok(Table {
            version: file.version,
            payer_codes,
            reserved_prefixes: each(file.reserved_prefixes, reserved)?,
            links,
            merchant_schemes,
            merchant_guids: each(file.merchant_guids, guid)?,
            merchant_countries: each(file.merchant_countries, country)?,
            app_schemes: each(file.app_schemes, named)?,
            short_links: each(file.short_links, |row| Ok(NameRow { name: host(row.host)?, source: text(row.source)? }))?,
            strangers: each(file.strangers, |row| Ok(NameRow { name: host(row.host)?, source: text(row.source)? }))?,
            crypto_schemes: each(file.crypto_schemes, named)?,
            known,
        })
    }
}

fn each<From, To>(rows: Vec<From>, take: impl Fn(From) -> Result<To, TableError>) -> Result<Vec<To>, TableError> {
    rows.into_iter().map(take).collect()
}

fn overlap(one: &PayerRow, other: &PayerRow) -> bool {
    let width = one.first.len().min(other.first.len());
    let cut = |text: &str| text.get(..width).unwrap_or_default().to_owned();
    let prefixes = cut(&one.first) <= cut(&other.last) && cut(&other.first) <= cut(&one.last);
    prefixes && one.shortest <= other.longest && other.shortest <= one.longest
}

fn payer(row: Payer) -> Result<PayerRow, TableError> {
    let network = PayerNetwork::from_name(&row.network).ok_or(TableError::Name)?;
    let begins = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (row.letters && byte.is_ascii_lowercase()));
    let width = (2..=6).contains(&row.first.len()) && row.first.len() == row.last.len() && row.first <= row.last;
    let length = row.first.len() < row.shortest && row.shortest <= row.longest && row.longest <= 64;
    if !width || !length || !begins(&row.first) || !begins(&row.last) {
        return Err(TableError::Prefix);
    }
    let source = text(row.source)?;
    Ok(PayerRow { network, first: row.first, last: row.last, shortest: row.shortest, longest: row.longest, letters: row.letters, source })
}

fn reserved(row: Reserved) -> Result<ReservedRow, TableError> {
    let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two(&row.first) || !two(&row.last) || row.first > row.last {
        return Err(TableError::Prefix);
    }
    Ok(ReservedRow { first: row.first, last: row.last, source: text(row.source)? })
}

fn link(row: Link) -> Result<LinkRow, TableError> {
    let family = Family::of_link_name(&row.family).ok_or(TableError::Name)?;
    let owner = row.owner.as_deref().map(owner).transpose()?;
    let hand_over = match row.hand_over.as_str() {
        "no" => HandOverWay::No,
        "alipay_scan" => HandOverWay::AlipayScan,
        "as_is" => HandOverWay::AsIs,
        "open_app" => HandOverWay::OpenApp,
        "ask_service" => HandOverWay::AskService,
        _ => return Err(TableError::Name),
    };
    let is_static = match row.fixed.as_str() {
        "static" => Some(true),
        "dynamic" => Some(false),
        "unknown" => None,
        _ => return Err(TableError::Name),
    };
    let schemes = each(row.schemes, |name| if name == MINI_PROGRAM { Ok(name) } else { scheme(name) })?;
    // What runs, carries a page or opens any app names no payment: no table can make it one.
    const RUNS: [&str; 9] = ["javascript", "vbscript", "data", "blob", "file", "content", "about", "intent", "android-app"];
    if schemes.iter().any(|name| RUNS.contains(&name.as_str())) {
        return Err(TableError::Text);
    }
    if schemes.is_empty() || schemes.iter().any(|name| name == "http") || row.paths.is_empty() || row.paths.len() > 16 || row.needs.len() > 16 {
        return Err(TableError::Text);
    }
    if !row.paths.iter().all(|path| path.len() <= 256 && pattern::is_pattern(path)) {
        return Err(TableError::Path);
    }
    let web = schemes.iter().any(|name| name == "https");
    if web && schemes.len() > 1 {
        return Err(TableError::Text);
    }
    let address = if web {
        let name = row.host.strip_prefix("*.").map(str::to_owned).unwrap_or_else(|| row.host.clone());
        host(name)?;
        row.host
    } else if row.host == "*" || (!row.host.is_empty() && row.host.len() <= 256 && pattern::is_pattern(&row.host)) {
        row.host
    } else {
        return Err(TableError::Host);
    };
    let token = match row.token {
        Some(place) if matches!(place.as_str(), "path" | "host") || place.strip_prefix('?').is_some_and(is_parameter) => Some(place),
        Some(_) => return Err(TableError::Name),
        None => None,
    };
    if !row.needs.iter().all(|need| is_need(need)) {
        return Err(TableError::Text);
    }
    let source = text(row.source)?;
    Ok(LinkRow { family, owner, schemes, host: address, paths: row.paths, needs: row.needs, token, is_static, hand_over, source })
}

fn called(row: Called) -> Result<SchemeRow, TableError> {
    let country = row.country.map(country_code).transpose()?;
    let name = text(row.name)?;
    if name.len() > 64 {
        return Err(TableError::Text);
    }
    Ok(SchemeRow { owner: owner(&row.owner)?, name, country, source: text(row.source)? })
}

fn named(row: Named) -> Result<NameRow, TableError> {
    Ok(NameRow { name: scheme(row.scheme)?, source: text(row.source)? })
}

fn guid(row: Guid) -> Result<GuidRow, TableError> {
    let good = (4..=32).contains(&row.guid.len()) && row.guid.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_@".contains(&byte));
    if !good {
        return Err(TableError::Text);
    }
    Ok(GuidRow { owner: owner(&row.owner)?, guid: row.guid, begins: row.begins, source: text(row.source)? })
}

fn country(row: Country) -> Result<CountryRow, TableError> {
    Ok(CountryRow { country: country_code(row.country)?, owner: owner(&row.owner)?, source: text(row.source)? })
}

fn country_code(letters: String) -> Result<String, TableError> {
    let good = letters.len() == 2 && letters.bytes().all(|byte| byte.is_ascii_uppercase());
    if good { Ok(letters) } else { Err(TableError::Text) }
}

/// A newer table may name schemes that this version has no words for, but never ours.
fn owner(name: &str) -> Result<Scheme, TableError> {
    let shape = (2..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !shape {
        return Err(TableError::Text);
    }
    match Scheme::from_name(name) {
        Scheme::Ours => Err(TableError::Name),
        scheme => Ok(scheme),
    }
}

/// The name of a parameter, and behind `=` the shape of its value.
fn is_need(need: &str) -> bool {
    need.split_once('=').map_or_else(|| is_parameter(need), |(name, shape)| is_parameter(name) && !shape.is_empty() && pattern::is_pattern(shape))
}

fn is_parameter(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn text(text: String) -> Result<String, TableError> {
    let good = (1..=256).contains(&text.len()) && crate::hidden_in_code(&text).is_none();
    if good { Ok(text) } else { Err(TableError::Text) }
}

fn scheme(name: String) -> Result<String, TableError> {
    let good = (2..=32).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    if good { Ok(name) } else { Err(TableError::Text) }
}

/// A host of at least two labels, in lower case, not in the encoding of another script.
fn host(name: String) -> Result<String, TableError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with("xn--")
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let good = name.len() <= 253 && name.contains('.') && name.split('.').all(label);
    if good { Ok(name) } else { Err(TableError::Host) }
}
