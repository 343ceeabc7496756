//! Which characters stand in names, and which stand for others.

use super::SEPARATOR;

/// The private areas of Unicode.
pub(super) fn is_private(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}')
}

/// Unified ideographs of every extension, the compatibility block, and 〇.
pub(super) fn is_han(character: char) -> bool {
    matches!(character,
        '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2fa1f}' | '\u{30000}'..='\u{3347f}')
}

/// The separator and the characters that are taken for it.
pub(super) fn is_separator(character: char) -> bool {
    matches!(character,
        SEPARATOR | '\u{387}' | '\u{2022}' | '\u{2219}' | '\u{30fb}' | '\u{25cf}' | '\u{ff0e}' | '.' | '\u{2027}'
        | '\u{ff65}' | '\u{22c5}' | '\u{2024}' | '\u{fe52}' | '\u{2e31}' | '\u{2e33}' | '\u{16eb}' | '\u{318d}'
        | '\u{a78f}' | '\u{25e6}' | '\u{26ab}' | '\u{2981}' | '\u{1427}' | '\u{10101}')
}

/// The character of GB 18030 for a private code point of GBK (0xFE50 to 0xFEA0), where it is an
/// ideograph. Source: GB 18030-2005 and -2022 mapping tables.
pub(super) fn from_private(character: char) -> char {
    const FIRST: u32 = 0xe815;
    let place = (character as u32).checked_sub(FIRST).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| PRIVATE.get(place)).and_then(|code| char::from_u32(*code)).unwrap_or(character)
}

/// From U+E815 on.
#[rustfmt::skip]
const PRIVATE: [u32; 80] = [
    0x2e81, 0x20087, 0x20089, 0x200cc, 0x2e84, 0x3473, 0x3447, 0x2e88, 0x2e8b, 0x9fb4,
    0x359e, 0x361a, 0x360e, 0x2e8c, 0x2e97, 0x396e, 0x3918, 0x9fb5, 0x39cf, 0x39df,
    0x3a73, 0x39d0, 0x9fb6, 0x9fb7, 0x3b4e, 0x3c6e, 0x3ce0, 0x2ea7, 0x215d7, 0x9fb8,
    0x2eaa, 0x4056, 0x415f, 0x2eae, 0x4337, 0x2eb3, 0x2eb6, 0x2eb7, 0x2298f, 0x43b1,
    0x43ac, 0x2ebb, 0x43dd, 0x44d6, 0x4661, 0x464c, 0x9fb9, 0x4723, 0x4729, 0x477c,
    0x478d, 0x2eca, 0x4947, 0x497a, 0x497d, 0x4982, 0x4983, 0x4985, 0x4986, 0x499f,
    0x499b, 0x49b7, 0x49b6, 0x9fba, 0x241fe, 0x4ca3, 0x4c9f, 0x4ca0, 0x4ca1, 0x4c77,
    0x4ca2, 0x4d13, 0x4d14, 0x4d15, 0x4d16, 0x4d17, 0x4d18, 0x4d19, 0x4dae, 0x9fbb,
];
