//! Travel documents by the shape of their numbers: passports of the mainland, Hong Kong and Macau, the permits that
//! stand for a passport between the mainland and Hong Kong, Macau and Taiwan, and passports of other states.
//!
//! These numbers have no check digit of their own (the machine-readable zone has: [`mrz`](crate::mrz)). A right shape
//! says that nothing was mistyped grossly and no more; whether the document exists is the register's to say. Series:
//! public recognisers (winjs-dev/cloud-utils, mozhimen/SwiftKit) and the specimens of the issuers.

use crate::fold_code;
use kabao_base::{Code, FoldError, FoldKind, IdNumber, fold};

/// A kind of travel document, as a form offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum TravelKind {
    /// Passport of the mainland 中国护照: ordinary, diplomatic, service, public affairs.
    ChinesePassport,
    /// Passport of the Hong Kong SAR 香港特区护照.
    HongKongPassport,
    /// Passport of the Macau SAR 澳门特区护照.
    MacauPassport,
    /// 港澳居民来往内地通行证: the card with which residents of Hong Kong and Macau enter the mainland.
    HongKongMacauResidentPermit,
    /// 台湾居民来往大陆通行证: the same for residents of Taiwan, card of 2015 or booklet before.
    TaiwanResidentPermit,
    /// 往来港澳通行证: with which mainland residents enter Hong Kong and Macau.
    OutboundHongKongMacauPermit,
    /// 往来台湾通行证: with which mainland residents enter Taiwan.
    OutboundTaiwanPermit,
    /// Passport of another state; only the shape that all passports share is judged.
    ForeignPassport,
}

impl TravelKind {
    /// Every kind.
    pub const ALL: [TravelKind; 8] = [
        TravelKind::ChinesePassport,
        TravelKind::HongKongPassport,
        TravelKind::MacauPassport,
        TravelKind::HongKongMacauResidentPermit,
        TravelKind::TaiwanResidentPermit,
        TravelKind::OutboundHongKongMacauPermit,
        TravelKind::OutboundTaiwanPermit,
        TravelKind::ForeignPassport,
    ];
}

/// A number that has the shape of its kind. The whole number is a secret: it is shown masked only.
#[derive(Debug)]
pub struct TravelDocument {
    /// The kind that was asked for.
    pub kind: TravelKind,
    /// The number in its canonical form: upper case, ASCII, without spaces, hyphens and brackets; without the
    /// renewal count of a permit for residents of Hong Kong and Macau.
    pub number: IdNumber,
    /// How often a permit for residents of Hong Kong and Macau was renewed, where its two digits were typed.
    pub renewals: Option<u8>,
    /// True where no series is known to judge by (passports of other states).
    pub shape_only: bool,
}

impl TravelDocument {
    /// `E*****678`: all that may be kept or shown.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::travel::{self, TravelKind};
    /// let document = travel::read(TravelKind::ChinesePassport, "e12345678").unwrap();
    /// assert_eq!(document.masked(), "E*****678");
    /// ```
    pub fn masked(&self) -> String {
        masked(self.number.expose("only its mask leaves"))
    }
}

/// First and last three characters; short numbers wholly hidden.
pub(crate) fn masked(number: &str) -> String {
    let count = number.chars().count();
    if count < 8 {
        return "*".repeat(count.max(4));
    }
    let shown = |place: usize| place == 0 || place + 3 >= count;
    number.chars().enumerate().map(|(place, character)| if shown(place) { character } else { '*' }).collect()
}

/// Why a number was not accepted. Never holds the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TravelError {
    /// Empty, far too long, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// Something other than letters A to Z and digits.
    #[error("a character cannot stand in the number of a travel document")]
    Characters,
    /// No series of this kind of document looks like this.
    #[error("no document of this kind has such a number")]
    Shape,
}

impl TravelError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::travel::{TravelKind, read};
    /// assert_eq!(read(TravelKind::ChinesePassport, "").unwrap_err().code(), kabao_base::Code::EmptyInput);
    /// ```
    pub fn code(self) -> Code {
        match self {
            TravelError::Typed(error) => fold_code(error),
            TravelError::Characters => Code::IdCharacters,
            TravelError::Shape => Code::IdLength,
        }
    }
}

/// The series of each kind. `9` stands for a digit, `@` for a letter other than I and O (which are not given out,
/// because they look like 1 and 0); anything else for itself.
#[rustfmt::skip]
const SERIES: [(TravelKind, &[&str]); 7] = [
    (TravelKind::ChinesePassport, &[
        "E99999999", "E@9999999",              // ordinary, electronic: from 2012, and with a second letter from 2017
        "G99999999", "149999999", "159999999", // ordinary before
        "D9999999", "D99999999", "DE9999999",  // diplomatic
        "S9999999", "S99999999", "SE9999999",  // service
        "P9999999", "P99999999", "PE9999999",  // public affairs
    ]),
    (TravelKind::HongKongPassport, &["K99999999", "KJ9999999", "H99999999"]),
    (TravelKind::MacauPassport, &["MA9999999", "MB9999999"]),
    (TravelKind::HongKongMacauResidentPermit, &["H99999999", "M99999999", "H9999999999", "M9999999999"]),
    (TravelKind::TaiwanResidentPermit, &["99999999", "9999999999@"]),
    (TravelKind::OutboundHongKongMacauPermit, &["C99999999", "C@9999999", "W99999999"]),
    (TravelKind::OutboundTaiwanPermit, &["T99999999", "L99999999"]),
];

/// Judges a number of a kind. Lower case, full-width characters, spaces, hyphens and the brackets around the last
/// letter of an old permit for residents of Taiwan are folded.
///
/// # Examples
/// ```
/// use kabao_codes::travel::{self, TravelError, TravelKind};
/// let permit = travel::read(TravelKind::HongKongMacauResidentPermit, "h12345678 02").unwrap();
/// assert_eq!((permit.number.expose("an example"), permit.renewals), ("H12345678", Some(2)));
/// let letter_o = travel::read(TravelKind::ChinesePassport, "EO1234567");
/// assert_eq!(letter_o.unwrap_err(), TravelError::Shape);
/// ```
///
/// # Errors
/// [`TravelError::Shape`] where no series of the kind fits; [`TravelError::Characters`] and [`TravelError::Typed`]
/// name what cannot stand in any number.
pub fn read(kind: TravelKind, text: &str) -> Result<TravelDocument, TravelError> {
    let number = normalised(text)?;
    if !fits(kind, &number) {
        return Err(TravelError::Shape);
    }
    let renewed = kind == TravelKind::HongKongMacauResidentPermit && number.len() == 11;
    let (number, renewals) = match number.split_at_checked(9).filter(|_| renewed) {
        Some((permanent, count)) => (permanent.to_owned(), count.parse().ok()),
        None => (number, None),
    };
    let shape_only = kind == TravelKind::ForeignPassport;
    Ok(TravelDocument { kind, number: IdNumber::new(number), renewals, shape_only })
}

/// The kinds whose shape a number has, the particular ones first; empty for what is no number of a travel document.
/// A form may offer the first one and must let the person choose another.
///
/// # Examples
/// ```
/// use kabao_codes::travel::{self, TravelKind};
/// assert_eq!(travel::kinds_of("MA1234567"), [TravelKind::MacauPassport, TravelKind::ForeignPassport]);
/// assert!(travel::kinds_of("?").is_empty());
/// ```
pub fn kinds_of(text: &str) -> Vec<TravelKind> {
    let Ok(number) = normalised(text) else { return Vec::new() };
    TravelKind::ALL.into_iter().filter(|kind| fits(*kind, &number)).collect()
}

fn normalised(text: &str) -> Result<String, TravelError> {
    let mut number = fold(text, FoldKind::IdNumber)?;
    // 1234567890(B)
    if let Some(bare) = number.strip_suffix(')').and_then(|rest| rest.split_once('(')).filter(|(_, last)| last.len() == 1) {
        number = format!("{}{}", bare.0, bare.1);
    }
    number.make_ascii_uppercase();
    let lawful = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if lawful { Ok(number) } else { Err(TravelError::Characters) }
}

fn fits(kind: TravelKind, number: &str) -> bool {
    if kind == TravelKind::ForeignPassport {
        // ICAO 9303 gives the number nine places; longer ones overflow, and short ones exist.
        return (5..=15).contains(&number.len()) && number.bytes().filter(u8::is_ascii_digit).count() >= 2;
    }
    let series = SERIES.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, series)| series);
    series.iter().any(|pattern| {
        pattern.len() == number.len()
            && pattern.bytes().zip(number.bytes()).all(|(place, byte)| match place {
                b'9' => byte.is_ascii_digit(),
                b'@' => byte.is_ascii_uppercase() && byte != b'I' && byte != b'O',
                itself => itself == byte,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use TravelKind::*;

    #[test]
    fn reads_every_series() {
        for (kind, series) in SERIES {
            for pattern in series {
                let number = pattern.replace('9', "7").replace('@', "A");
                let read = read(kind, &format!(" {} ", number.to_lowercase())).unwrap();
                assert_eq!(read.number.expose("test"), number.get(..9.max(number.len() - 2 * usize::from(read.renewals.is_some()))).unwrap_or(&number));
                for wrong in [&number[1..], &format!("{number}7"), &number.replace('7', "I"), &format!("X{}", &number[1..])] {
                    assert!(!fits(kind, wrong) || series.iter().any(|other| other.len() == wrong.len()), "{wrong}");
                }
            }
        }
    }

    #[test]
    fn folds_and_keeps_what_the_permits_add() {
        let permit = |text| read(HongKongMacauResidentPermit, text);
        assert_eq!(permit("Ｈ１２３４５６７８").unwrap().number.expose("test"), "H12345678");
        assert_eq!(permit("H1234567890").unwrap().renewals, Some(90));
        assert_eq!(permit("H12345678").unwrap().renewals, None);
        let booklet = read(TaiwanResidentPermit, "1234567890（b）").unwrap();
        assert_eq!((booklet.number.expose("test"), booklet.masked().as_str()), ("1234567890B", "1*******90B"));
        assert!(read(ForeignPassport, "X1").is_err() && read(ForeignPassport, "C01X00T47").unwrap().shape_only);
    }

    #[test]
    fn names_what_is_wrong() {
        for (kind, text, error) in [
            (ChinesePassport, "EI1234567", TravelError::Shape),
            (ChinesePassport, "EO1234567", TravelError::Shape),
            (ChinesePassport, "E1234567", TravelError::Shape),
            (ChinesePassport, "161234567", TravelError::Shape),
            (ChinesePassport, "K12345678", TravelError::Shape),
            (HongKongMacauResidentPermit, "H123456789", TravelError::Shape),
            (HongKongMacauResidentPermit, "A12345678", TravelError::Shape),
            (TaiwanResidentPermit, "1234567890", TravelError::Shape),
            (OutboundTaiwanPermit, "C12345678", TravelError::Shape),
            (ForeignPassport, "ABCDEFGHI", TravelError::Shape),
            (ForeignPassport, "AB/123456", TravelError::Characters),
            (ForeignPassport, "АВ1234567", TravelError::Characters),
            (ForeignPassport, "😀1234567", TravelError::Characters),
            (ChinesePassport, "", TravelError::Typed(FoldError::Empty)),
            (ChinesePassport, "E1234\u{202e}5678", TravelError::Typed(FoldError::Hidden { name: "bidirectional" })),
            (ChinesePassport, "E1234\u{0}5678", TravelError::Typed(FoldError::Hidden { name: "control" })),
        ] {
            assert_eq!(read(kind, text).unwrap_err(), error, "{text}");
        }
        assert_eq!(read(ForeignPassport, &"1".repeat(1 << 20)).unwrap_err().code(), Code::InputTooLong);
    }

    #[test]
    fn printing_shows_no_number() {
        assert!(!format!("{:?}", read(ChinesePassport, "E12345678").unwrap()).contains("345"));
        assert_eq!(masked("A123456"), "*******");
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer_and_what_is_read_is_read_again(text in "\\PC{0,20}|[A-Za-z0-9() -]{0,14}") {
            for kind in kinds_of(&text) {
                let document = read(kind, &text).unwrap();
                let again = read(kind, document.number.expose("test")).unwrap();
                prop_assert_eq!(again.number.expose("test"), document.number.expose("test"));
            }
        }
    }
}
