//! Links: taken apart, compared with the table, and the link that stands inside a link. Nothing is
//! opened and nothing is asked. A host is compared whole, so that a look-alike, a user name before it
//! or another port is nobody's; [`looks`] says whom it imitates.

pub(crate) mod looks;
mod punycode;

use crate::table::{HandOverWay, LinkRow, Table, fits};

/// A link taken apart, as it was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    /// Before `://`, in lower case.
    pub scheme: String,
    /// Whether something stands before an `@` in front of the host.
    pub user_info: bool,
    /// As it was scanned, without user and port. App links have anything here.
    pub host: &'a str,
    /// The same in lower case.
    pub host_lower: String,
    /// What stands behind a colon after the host.
    pub port: Option<&'a str>,
    /// From the first slash to the query.
    pub path: &'a str,
    /// Behind the question mark.
    pub query: &'a str,
    /// Behind the hash sign.
    pub fragment: &'a str,
}

impl Link<'_> {
    /// Whether the link belongs to the web.
    pub fn is_web(&self) -> bool {
        self.scheme == "https" || self.scheme == "http"
    }

    /// Whether a host that a browser would connect to is written in letters, digits and hyphens only.
    pub fn has_plain_host(&self) -> bool {
        let label = |label: &str| {
            !label.is_empty() && !label.starts_with("xn--") && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        self.host_lower.split('.').all(label)
    }

    /// Whether the host is written in another script, or in the encoding of one.
    pub fn has_idn_host(&self) -> bool {
        !self.host.is_ascii() || self.host_lower.split('.').any(|label| label.starts_with("xn--"))
    }

    /// Whether a port stands there that is not the one of the scheme.
    pub fn has_odd_port(&self) -> bool {
        let usual = if self.scheme == "http" { "80" } else { "443" };
        self.port.is_some_and(|port| port != usual)
    }

    /// The value of a parameter of the query, as it stands there; absent when it is empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(key, value)| *key == name && !value.is_empty()).map(|pair| pair.1)
    }

    /// Every parameter of the query.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.split('&').filter_map(|pair| pair.split_once('='))
    }
}

/// Takes a link apart; `None` for what is no link (`scheme://…` without white space).
pub(crate) fn take_apart(text: &str) -> Option<Link<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let mini_program = scheme == crate::table::MINI_PROGRAM;
    let plain = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !mini_program && (!plain || rest.chars().any(char::is_whitespace)) {
        return None;
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    let (user, address) = authority.rsplit_once('@').map_or((None, authority), |(user, address)| (Some(user), address));
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    };
    let (tail, fragment) = tail.split_once('#').unwrap_or((tail, ""));
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    Some(Link {
        scheme: scheme.to_ascii_lowercase(),
        user_info: user.is_some(),
        host,
        host_lower: host.to_lowercase(),
        port,
        path,
        query,
        fragment,
    })
}

/// The row of the table that a link fits.
pub(crate) fn row_of<'a>(link: &Link<'_>, table: &'a Table) -> Option<&'a LinkRow> {
    if link.user_info || (link.is_web() && (link.has_odd_port() || !link.has_plain_host())) || (!link.is_web() && link.port.is_some()) {
        return None;
    }
    table.links().iter().find(|row| {
        row.schemes.contains(&link.scheme)
            && host_fits(row, link)
            && row.paths.iter().any(|path| fits(path, link.path))
            && row.needs.iter().all(|need| has(link, need))
    })
}

/// Whether the query has what a row needs: the parameter, and its value in the shape that is asked.
fn has(link: &Link<'_>, need: &str) -> bool {
    let (name, shape) = need.split_once('=').map_or((need, None), |(name, shape)| (name, Some(shape)));
    link.parameter(name).is_some_and(|value| shape.is_none_or(|shape| fits(shape, value)))
}

fn host_fits(row: &LinkRow, link: &Link<'_>) -> bool {
    if !link.is_web() {
        return row.host == "*" || fits(&row.host, link.host);
    }
    match row.host.strip_prefix("*.") {
        Some(domain) => link.host_lower.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.')),
        None => link.host_lower == row.host,
    }
}

/// The link inside a link that only opens an app, one wrapping taken off; `None` where there is none.
///
/// # Examples
/// ```
/// use kabao_codes::{links, table::Table};
/// let wrapped = "alipays://platformapi/startapp?saId=10000007&qrcode=https%3A%2F%2Fqr.alipay.com%2Ffkx00000aaaa";
/// assert_eq!(links::inner(wrapped, &Table::shipped()).as_deref(), Some("https://qr.alipay.com/fkx00000aaaa"));
/// ```
pub fn inner(text: &str, table: &Table) -> Option<String> {
    let link = take_apart(text)?;
    row_of(&link, table).filter(|row| row.hand_over == HandOverWay::AsIs && !link.is_web())?;
    wrapped(&link)
}

/// What a link that opens an app carries for it.
pub(crate) fn wrapped(link: &Link<'_>) -> Option<String> {
    percent_decoded(link.parameter("qrcode").or_else(|| link.parameter("url"))?)
}

/// `%E9%9D%A2` as text; `None` when a percent sign is not followed by two hexadecimal digits, or when
/// the bytes are not UTF-8. One round: what was encoded twice stays encoded once.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests;
