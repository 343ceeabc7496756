//! Telephone numbers in E.164: mainland ones by the ranges that carry people, foreign ones by shape.

/// Ranges of mainland mobile numbers by their first three digits (facts.md section 7). Ranges of satellite
/// telephones and of machines are not among them.
const RANGES: &[(u16, u16)] = &[
    (130, 139), (145, 145), (147, 147), (149, 153), (155, 159), (161, 162), (165, 167), (170, 178), (180, 193), (195, 199),
];

/// Whether the number can belong to a person. It has to be in E.164 already; nothing is folded here.
pub fn is_usable(phone: &str) -> bool {
    let Some(digits) = phone.strip_prefix('+') else { return false };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    match digits.strip_prefix("86") {
        Some(national) => {
            let range = national.get(..3).and_then(|head| head.parse::<u16>().ok());
            let satellite = national.starts_with("1349") || national.starts_with("1740") || national.starts_with("1749");
            national.len() == 11 && !satellite && range.is_some_and(|head| RANGES.iter().any(|(from, to)| (*from..=*to).contains(&head)))
        }
        None => (8..=15).contains(&digits.len()) && !digits.starts_with('0'),
    }
}

/// Whether a rule says that no code is sent there: a range of an operator without a network of its own that delivers no
/// SMS, a country that is not served. Rules are data of the operator.
pub fn is_unreachable(db: &rusqlite::Connection, phone: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM phone_rules WHERE substr(?1, 1, length(prefix)) = prefix LIMIT 1";
    Ok(crate::store::one(db, sql, [phone], |row| row.get::<_, i64>(0))?.is_some())
}

/// The number as a screen shows it, masked.
pub fn masked(phone: &str) -> String {
    kabao_base::mask::phone(phone.strip_prefix("+86").unwrap_or(phone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_only() {
        for phone in ["+8613800138000", "+8619912345678", "+442079460958", "+85291234567"] {
            assert!(is_usable(phone), "{phone}");
        }
        for phone in ["", "+", "13800138000", "+861380013800", "+8613490138000", "+8614412345678", "+86１3800138000", "+86138001380001", "+0123456789", "+1234567890123456", "+86 13800138000"] {
            assert!(!is_usable(phone), "{phone}");
        }
    }
}
