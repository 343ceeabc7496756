//! Schemes: their ranges and lengths, as data.

/// The scheme of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardBrand {
    /// UnionPay 银联.
    UnionPay,
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    AmericanExpress,
    /// JCB.
    Jcb,
    /// Diners Club.
    Diners,
    /// Discover.
    Discover,
    /// Maestro.
    Maestro,
    /// Mir (Russia).
    Mir,
    /// Elo (Brazil).
    Elo,
    /// Verve (Nigeria).
    Verve,
    /// Hiper (Brazil).
    Hiper,
    /// Hipercard (Brazil).
    Hipercard,
    /// Naranja (Argentina).
    Naranja,
    /// Troy (Türkiye).
    Troy,
    /// None of these: for example a Chinese card of the years before UnionPay's ranges.
    Other,
}

impl CardBrand {
    /// The name used in data, `unionpay`; absent for [`CardBrand::Other`].
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::cards::CardBrand;
    /// assert_eq!(CardBrand::UnionPay.name(), Some("unionpay"));
    /// ```
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            CardBrand::UnionPay => "unionpay",
            CardBrand::Visa => "visa",
            CardBrand::Mastercard => "mastercard",
            CardBrand::AmericanExpress => "american-express",
            CardBrand::Jcb => "jcb",
            CardBrand::Diners => "diners-club",
            CardBrand::Discover => "discover",
            CardBrand::Maestro => "maestro",
            CardBrand::Mir => "mir",
            CardBrand::Elo => "elo",
            CardBrand::Verve => "verve",
            CardBrand::Hiper => "hiper",
            CardBrand::Hipercard => "hipercard",
            CardBrand::Naranja => "naranja",
            CardBrand::Troy => "troy",
            CardBrand::Other => return None,
        })
    }

    /// The lengths that numbers of the scheme have.
    pub(super) fn lengths(self) -> &'static [usize] {
        let row = SCHEMES.iter().find(|(brand, ..)| *brand == self);
        row.map_or(&[13, 14, 15, 16, 17, 18, 19], |(_, lengths, _)| *lengths)
    }
}

/// A scheme, the lengths of its numbers, its ranges: first and last beginning, both of one length.
type Scheme = (CardBrand, &'static [usize], &'static [(u32, u32)]);

/// Where ranges overlap the longest that fits decides: 627780 is Elo inside UnionPay, 650052 Troy inside Discover, and
/// Maestro's 6 is what is left. Source: braintree/credit-card-type 10.3.0 (MIT, 2026).
#[rustfmt::skip]
const SCHEMES: [Scheme; 15] = [
    (CardBrand::Visa, &[16, 18, 19], &[
        (4, 4),
    ]),
    (CardBrand::Mastercard, &[16], &[
        (51, 55), (2221, 2229), (223, 229), (23, 26), (270, 271), (2720, 2720),
    ]),
    (CardBrand::AmericanExpress, &[15], &[
        (34, 34), (37, 37),
    ]),
    (CardBrand::Diners, &[14, 16, 19], &[
        (300, 305), (36, 36), (38, 38), (39, 39),
    ]),
    (CardBrand::Discover, &[16, 19], &[
        (6011, 6011), (644, 649), (65, 65),
    ]),
    (CardBrand::Jcb, &[16, 17, 18, 19], &[
        (2131, 2131), (1800, 1800), (3528, 3589),
    ]),
    (CardBrand::UnionPay, &[14, 15, 16, 17, 18, 19], &[
        (620, 620), (62100, 62182), (62184, 62187), (62185, 62197), (62200, 62205), (622010, 622999),
        (622018, 622018), (62207, 62209), (623, 626), (6270, 6270), (6272, 6272), (6276, 6276), (627700, 627779),
        (627781, 627799), (6282, 6289), (6291, 6291), (6292, 6292), (810, 810), (8110, 8131), (8132, 8151),
        (8152, 8163), (8164, 8171),
    ]),
    (CardBrand::Maestro, &[12, 13, 14, 15, 16, 17, 18, 19], &[
        (493698, 493698), (500000, 504174), (504176, 506698), (506779, 508999), (56, 59), (63, 63), (67, 67), (6, 6),
    ]),
    (CardBrand::Mir, &[16, 17, 18, 19], &[
        (2200, 2204),
    ]),
    (CardBrand::Elo, &[16], &[
        (401178, 401178), (401179, 401179), (438935, 438935), (457631, 457631), (457632, 457632), (431274, 431274),
        (451416, 451416), (457393, 457393), (504175, 504175), (506699, 506778), (509000, 509999), (627780, 627780),
        (636297, 636297), (636368, 636368), (650031, 650033), (650035, 650051), (650405, 650439), (650485, 650538),
        (650541, 650598), (650700, 650718), (650720, 650727), (650901, 650978), (651652, 651679), (655000, 655019),
        (655021, 655058),
    ]),
    (CardBrand::Verve, &[16, 18, 19], &[
        (506099, 506127), (506129, 506129), (506133, 506150), (506158, 506163), (506166, 506166), (506168, 506168),
        (506170, 506170), (506173, 506173), (506176, 506180), (506184, 506184), (506187, 506188), (506191, 506191),
        (506195, 506195), (506197, 506197), (507865, 507865), (507866, 507866), (507868, 507877), (507880, 507888),
        (507900, 507900), (507941, 507941),
    ]),
    (CardBrand::Hiper, &[16], &[
        (637095, 637095), (63737423, 63737423), (63743358, 63743358), (637568, 637568), (637599, 637599),
        (637609, 637609), (637612, 637612),
    ]),
    (CardBrand::Hipercard, &[16], &[
        (606282, 606282),
    ]),
    (CardBrand::Naranja, &[16], &[
        (589562, 589562), (402918, 402918), (527572, 527572),
    ]),
    (CardBrand::Troy, &[16], &[
        (9792, 9792), (650052, 650052), (650082, 650083), (650092, 650092), (650161, 650161), (650170, 650170),
        (650173, 650173), (650175, 650175), (650268, 650268), (650271, 650271), (650273, 650274), (650456, 650457),
        (650836, 650836), (650846, 650850), (650923, 650923), (650987, 650987), (650990, 650990), (654997, 654997),
        (657366, 657366), (657998, 657998), (658758, 658758), (658767, 658768), (65083700, 65083704),
        (65085800, 65085804), (65085900, 65085901), (65086000, 65086000), (65086100, 65086105), (65086200, 65086203),
        (65875000, 65875003), (65875009, 65875009), (65875101, 65875104), (65875200, 65875200), (65875501, 65875501),
        (65875601, 65875601), (65875900, 65875900), (65876000, 65876002), (65876100, 65876103), (65876110, 65876110),
        (65876115, 65876116), (65876200, 65876201), (65876500, 65876500), (65876504, 65876505), (65876600, 65876602),
        (65877100, 65877101), (65877600, 65877602), (65877700, 65877700), (65877801, 65877802), (65878200, 65878202),
        (65878300, 65878311), (65878400, 65878405), (65878500, 65878505), (65878600, 65878601), (65879800, 65879800),
        (65880800, 65880800), (65880900, 65880900),
    ]),
];

/// The scheme of a number or of its beginning; `None` when no scheme or several remain possible.
///
/// # Examples
/// ```
/// use kabao_codes::cards::{CardBrand, brand_of};
/// assert_eq!(brand_of("622202"), Some(CardBrand::UnionPay));
/// assert_eq!(brand_of("627780"), Some(CardBrand::Elo));
/// assert_eq!(brand_of("60"), None);
/// ```
pub fn brand_of(digits: &str) -> Option<CardBrand> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let possible = possible(digits);
    if !possible.is_empty() && possible.iter().all(|(_, whole)| *whole > 0) {
        return possible.iter().max_by_key(|(_, whole)| *whole).map(|(brand, _)| *brand);
    }
    match possible.as_slice() {
        [(brand, _)] => Some(*brand),
        _ => None,
    }
}

/// Whether some scheme has numbers that begin like this.
pub(super) fn is_beginning(digits: &str) -> bool {
    !possible(digits).is_empty()
}

/// The schemes that a beginning can belong to, each with the length of its longest range that
/// stands whole in the beginning (0 when the beginning is shorter than every range).
fn possible(digits: &str) -> Vec<(CardBrand, u32)> {
    let fitting = |(brand, _, ranges): &Scheme| {
        let fits = ranges.iter().filter_map(|range| fit(digits, *range));
        fits.max().map(|whole| (*brand, whole))
    };
    SCHEMES.iter().filter_map(fitting).collect()
}

/// The length of a range that stands whole at the beginning and fits; 0 when what is there so far fits.
fn fit(digits: &str, (first, last): (u32, u32)) -> Option<u32> {
    let length = first.checked_ilog10()? + 1;
    let head = digits.get(..digits.len().min(usize::try_from(length).ok()?))?;
    let seen = u32::try_from(head.len()).ok()?;
    let number = if head.is_empty() { 0 } else { head.parse::<u32>().ok()? };
    let missing = 10u32.checked_pow(length.checked_sub(seen)?)?;
    let inside = first / missing <= number && number <= last / missing;
    inside.then_some(if missing == 1 { length } else { 0 })
}
