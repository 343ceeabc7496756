//! Countries by the codes of ISO 3166-1: `nations.txt` beside this file.

/// Alpha-3 and numeric code of every country.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("nations.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split(' ')).filter_map(|pair| pair.split_once('='))
}

/// The alpha-3 code of a numeric one.
///
/// # Examples
/// ```
/// use kabao_codes::identity::nations::alpha3_of;
/// assert_eq!((alpha3_of("124"), alpha3_of("999")), (Some("CAN"), None));
/// ```
pub fn alpha3_of(numeric: &str) -> Option<&'static str> {
    all().find(|(_, code)| *code == numeric).map(|(alpha3, _)| alpha3)
}

/// The numeric code of an alpha-3 one.
///
/// # Examples
/// ```
/// use kabao_codes::identity::nations::numeric_of;
/// assert_eq!((numeric_of("CAN"), numeric_of("QQQ")), (Some("124"), None));
/// ```
pub fn numeric_of(alpha3: &str) -> Option<&'static str> {
    all().find(|(code, _)| *code == alpha3).map(|(_, numeric)| numeric)
}
