//! People with numbers, documents and cards of their own.

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    /// The telephone number.
    pub number: String,
    /// The identity number.
    pub id_number: String,
    /// The card's number.
    pub card: String,
}

impl Person {
    /// The person of this place, below 1,000.
    #[must_use]
    pub fn new(which: u32) -> Person {
        let body = format!("11010119870605{which:03}");
        let card = format!("62220202{which:010}");
        Person { number: format!("138{which:08}"), id_number: format!("{body}{}", check_11_2(&body)), card: format!("{card}{}", check_luhn(&card)) }
    }
}

fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    text.chars().filter_map(|digit| digit.to_digit(10))
}

/// ISO 7064, MOD 11-2.
fn check_11_2(body: &str) -> char {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits(body).zip(weights).map(|(digit, weight)| digit * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap_or('0')
}

/// ISO/IEC 7812-1, annex B.
fn check_luhn(body: &str) -> u32 {
    let doubled = |(place, digit): (usize, u32)| if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    let sum: u32 = digits(body).rev().enumerate().map(doubled).sum();
    (10 - sum % 10) % 10
}
