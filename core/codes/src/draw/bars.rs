//! Code 128 after ISO/IEC 15417: digits in pairs (set C), an odd last digit by set B.

use super::{BAR_QUIET, DrawError, Ink, block, push_line, svg};

/// A bar code without its quiet zone. Leave ten light modules at each side.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BarPicture {
    /// Widths in modules: bar, space, bar, space … beginning and ending with a bar.
    pub widths: Vec<u8>,
}

const LONGEST_BARS: usize = 48;

/// The bars of 1 to 48 digits: Code 128 in set C, two digits in a symbol. The last of an odd count of digits stands
/// alone in set B; a single digit is set B from its start.
///
/// # Examples
/// ```
/// let bars = kabao_codes::draw::bars("971234567890166296851979")?;
/// assert_eq!(bars.modules().len(), 167);
/// # Ok::<(), kabao_codes::draw::DrawError>(())
/// ```
pub fn bars(digits: &str) -> Result<BarPicture, DrawError> {
    if digits.len() > LONGEST_BARS {
        return Err(DrawError::TooLong);
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DrawError::NotDigits);
    }
    let value = |byte: &u8| usize::from(byte.saturating_sub(b'0'));
    let pairs = digits.as_bytes().chunks_exact(2);
    let last = pairs.remainder().first().map(|byte| value(byte) + DIGITS_OF_B);
    let mut symbols = vec![if digits.len() == 1 { START_B } else { START_C }];
    symbols.extend(pairs.map(|pair| pair.iter().fold(0usize, |sum, byte| sum * 10 + value(byte))));
    if let Some(last) = last {
        if digits.len() > 1 {
            symbols.push(TO_B);
        }
        symbols.push(last);
    }
    let sum = symbols.iter().enumerate().fold(0usize, |sum, (place, symbol)| sum + symbol * place.max(1));
    symbols.push(sum % 103);
    symbols.push(STOP);
    let patterns = symbols.iter().filter_map(|symbol| PATTERNS.get(*symbol));
    Ok(BarPicture { widths: patterns.flat_map(|pattern| pattern.bytes().map(|byte| byte.saturating_sub(b'0'))).collect() })
}

impl BarPicture {
    /// The modules from left to right, true for dark, without the quiet zone.
    ///
    /// # Examples
    /// ```
    /// let modules = kabao_codes::draw::bars("12")?.modules();
    /// // It begins and ends with a bar.
    /// assert!(modules[0] && modules[modules.len() - 1]);
    /// # Ok::<(), kabao_codes::draw::DrawError>(())
    /// ```
    pub fn modules(&self) -> Vec<bool> {
        let runs = self.widths.iter().enumerate();
        runs.flat_map(|(place, width)| std::iter::repeat_n(place % 2 == 0, usize::from(*width))).collect()
    }

    /// The bars as an SVG document with quiet zones, 60 modules high; one unit is one module. `title` is what a screen
    /// reader says: what the bars are, not their digits.
    ///
    /// # Examples
    /// ```
    /// assert!(kabao_codes::draw::bars("1234")?.svg("付款码").contains("<title>付款码</title>"));
    /// # Ok::<(), kabao_codes::draw::DrawError>(())
    /// ```
    pub fn svg(&self, title: &str) -> String {
        let mut path = String::new();
        let mut at = BAR_QUIET;
        for (place, width) in self.widths.iter().enumerate() {
            if place % 2 == 0 {
                path.push_str(&format!("M{at} 0h{width}v60h-{width}z"));
            }
            at += usize::from(*width);
        }
        svg(title, at + BAR_QUIET, 60, &path)
    }

    /// The bars as `height` lines of a terminal, two modules in a column of half blocks.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::draw::{Ink, bars};
    /// assert_eq!(bars("1234")?.terminal(Ink::LightTerminal, 3).lines().count(), 3);
    /// # Ok::<(), kabao_codes::draw::DrawError>(())
    /// ```
    pub fn terminal(&self, ink: Ink, height: u32) -> String {
        let mut modules = vec![false; BAR_QUIET];
        modules.extend(self.modules());
        modules.extend([false; BAR_QUIET]);
        let mut lines = String::new();
        for _ in 0..height.min(100) {
            let cells = modules.chunks(2).map(|pair| {
                let right = pair.get(1).copied().unwrap_or(false);
                block(ink, pair.first().copied().unwrap_or(false), right, ['▌', '▐'])
            });
            push_line(&mut lines, ink, cells);
        }
        lines
    }
}

const START_B: usize = 104;
/// In set C: what follows is set B.
const TO_B: usize = 100;
/// The value of the digit 0 in set B.
const DIGITS_OF_B: usize = 16;
const START_C: usize = 105;
const STOP: usize = 106;
/// Widths of the symbols of ISO/IEC 15417, by value.
#[rustfmt::skip]
const PATTERNS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "971234567890166296851979";

    #[test]
    fn every_symbol_has_its_width_and_is_one_of_a_kind() {
        for (value, pattern) in PATTERNS.iter().enumerate() {
            let width: u32 = pattern.bytes().map(|byte| u32::from(byte - b'0')).sum();
            let bars: u32 = pattern.bytes().step_by(2).map(|byte| u32::from(byte - b'0')).sum();
            assert_eq!((width, bars % 2), (if value == STOP { 13 } else { 11 }, 0), "{value}");
            assert_eq!(PATTERNS.iter().position(|other| other == pattern), Some(value));
        }
    }


    #[test]
    fn bars_of_a_known_code() {
        let text = |digits: &str| -> String { bars(digits).unwrap().widths.iter().map(|width| char::from(b'0' + width)).collect() };
        // 1234: start C, 12, 34, check (105 + 12 + 2 * 34) mod 103 = 82, stop.
        assert_eq!(text("1234"), ["211232", "112232", "131123", "121241", "2331112"].concat());
        // 123: start C, 12, to B, 3, check (105 + 12 + 2 * 100 + 3 * 19) mod 103 = 65, stop.
        assert_eq!(text("123"), ["211232", "112232", "114131", "221132", "121124", "2331112"].concat());
        // 3: start B, 3, check (104 + 19) mod 103 = 20, stop.
        assert_eq!(text("3"), ["211214", "221132", "221231", "2331112"].concat());
        assert_eq!(bars(DIGITS).unwrap().modules().len(), 11 * 14 + 13);
        for text in ["", "12a4", "１２"] {
            assert_eq!(bars(text), Err(DrawError::NotDigits));
        }
        assert_eq!(bars(&"1".repeat(1 << 20)), Err(DrawError::TooLong));
    }

    /// Every pair of digits and every check symbol above 99. Expected widths come from PyPI `python-barcode`.
    #[test]
    #[rustfmt::skip]
    fn bars_agree_with_another_implementation() {
        for (digits, expected) in [
            ("0001020304050607080910111213141516171819", "2112322122222221222222211212231213221312221222131223121322122212132213122312121122321221321222311132221231221232212232112211324211122331112"),
            ("2021222324252627282930313233343536373839", "2112322212312132122231123121313112223211223212213122123221123222112121232123212321211113231311231313211123131321131323112113131114222331112"),
            ("4041424344454647484950515253545556575859", "2112322311132313111121331123311321311131231133211331213131212113312311312131132133112131313111233113213311213121133123113321112313112331112"),
            ("6061626364656667686970717273747576777879", "2112323141112214114311111112241114221211241214211411221412211122141124121221141224111421121422112412112211144131112411121341112232112331112"),
            ("8081828384858687888990919293949596979899", "2112321112421211421212411142121241121242114112124211124212112121412141214121211111431113411311411141131143114111134113111131414113112331112"),
            ("0049", "2112322122222113311141312331112"),
            ("0149", "2112322221222113313111412331112"),
            ("0050", "2112322122222311314111312331112"),
        ] {
            let widths: String = bars(digits).unwrap().widths.iter().map(|width| char::from(b'0' + width)).collect();
            assert_eq!(widths, expected, "{digits}");
        }
    }
}
