//! The numbering plan of mainland mobile networks, as data.

use super::PhoneKind;

/// A range: first and last beginning, how many digits a number has, what it is for.
pub(super) struct Range {
    first: &'static str,
    last: &'static str,
    digits: usize,
    pub(super) kind: PhoneKind,
}

const fn range(first: &'static str, last: &'static str, digits: usize, kind: PhoneKind) -> Range {
    Range { first, last, digits, kind }
}

/// Where ranges overlap the longest that fits decides. What is missing is not given out: 1400 to 1409, 142, 143, 154,
/// 160, 161, 163, 164, 168, 169, 1742, 1743, 1744 to 1748, 194. Which operator serves a number cannot be told from it
/// since numbers may be taken along (携号转网, December 2019). Source: VincentSit/ChinaMobilePhoneNumberRegex (2022).
#[rustfmt::skip]
const PLAN: [Range; 25] = [
    range("130", "139", 11, PhoneKind::Mobile),
    range("1349", "1349", 11, PhoneKind::Satellite),       // Chinese satellites, before 1740
    range("145", "145", 11, PhoneKind::Mobile),            // sold as data cards; they take SMS
    range("147", "147", 11, PhoneKind::Mobile),            // likewise
    range("149", "149", 11, PhoneKind::Mobile),            // likewise
    range("150", "153", 11, PhoneKind::Mobile),
    range("155", "159", 11, PhoneKind::Mobile),
    range("162", "162", 11, PhoneKind::VirtualOperator),
    range("165", "165", 11, PhoneKind::VirtualOperator),
    range("166", "166", 11, PhoneKind::Mobile),
    range("167", "167", 11, PhoneKind::VirtualOperator),
    range("170", "171", 11, PhoneKind::VirtualOperator),
    range("172", "173", 11, PhoneKind::Mobile),
    range("1740", "1740", 11, PhoneKind::Satellite),       // Tiantong 天通, from 17406 on for emergencies
    range("17410", "17412", 11, PhoneKind::Satellite),     // emergency communications of the ministry
    range("1749", "1749", 11, PhoneKind::Satellite),       // Inmarsat
    range("175", "179", 11, PhoneKind::Mobile),
    range("180", "189", 11, PhoneKind::Mobile),
    range("190", "193", 11, PhoneKind::Mobile),
    range("195", "199", 11, PhoneKind::Mobile),
    // Things have thirteen digits and no person who reads an SMS.
    range("1064", "1064", 13, PhoneKind::Things),
    range("1410", "1410", 13, PhoneKind::Things),
    range("1440", "1441", 13, PhoneKind::Things),
    range("146", "146", 13, PhoneKind::Things),
    range("148", "148", 13, PhoneKind::Things),
];

/// The range of a whole national number.
pub(super) fn find(number: &str) -> Option<&'static Range> {
    let fits = |range: &&Range| {
        let head = number.get(..range.first.len());
        number.len() == range.digits && head.is_some_and(|head| range.first <= head && head <= range.last)
    };
    PLAN.iter().filter(fits).max_by_key(|range| range.first.len())
}
