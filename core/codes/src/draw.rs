//! Draws a code: QR (level M) and Code 128 (set C), as modules, as SVG and as text for a terminal.

use qrcode::{Color, EcLevel, QrCode};

/// A QR code without its quiet zone. Draw four light modules around it, dark on light.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QrPicture {
    /// Modules in a row, and rows.
    pub size: u32,
    /// Row by row from the top left: 1 is dark, 0 is light.
    pub modules: Vec<u8>,
}

/// A bar code without its quiet zone. Leave ten light modules at each side.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BarPicture {
    /// Widths in modules: bar, space, bar, space … beginning and ending with a bar.
    pub widths: Vec<u8>,
}

/// Why a text cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// Too long for a QR code of level M, or more than 48 digits for bars.
    #[error("the text is too long to be drawn")]
    TooLong,
    /// Bars carry an even count of ASCII digits.
    #[error("bars carry an even count of digits")]
    NotPairsOfDigits,
}

/// How a terminal shows modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Black on white by colour codes: can be scanned on every terminal that knows colours.
    Colours,
    /// No colour codes, for light letters on a dark ground.
    DarkTerminal,
    /// No colour codes, for dark letters on a light ground.
    LightTerminal,
}

const QR_QUIET: usize = 4;
const BAR_QUIET: usize = 10;
const LONGEST_BARS: usize = 48;
// Colours 16 and 231 are black and white in every palette of 256; the first 16 are the theme's.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";

/// The QR code of a text, error correction level M.
pub fn qr(text: &str) -> Result<QrPicture, DrawError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| DrawError::TooLong)?;
    let size = u32::try_from(code.width()).map_err(|_| DrawError::TooLong)?;
    let modules = code.to_colors().into_iter().map(|color| u8::from(color == Color::Dark)).collect();
    Ok(QrPicture { size, modules })
}

/// The bars of an even count of digits: Code 128, set C.
pub fn bars(digits: &str) -> Result<BarPicture, DrawError> {
    if digits.len() > LONGEST_BARS {
        return Err(DrawError::TooLong);
    }
    if digits.is_empty() || digits.len() % 2 == 1 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DrawError::NotPairsOfDigits);
    }
    let mut symbols = vec![START_C];
    symbols.extend(digits.as_bytes().chunks_exact(2).map(|pair| {
        pair.iter().fold(0usize, |sum, byte| sum * 10 + usize::from(byte - b'0'))
    }));
    let sum = symbols.iter().enumerate().fold(0usize, |sum, (place, symbol)| sum + symbol * place.max(1));
    symbols.push(sum % 103);
    symbols.push(STOP);
    let patterns = symbols.iter().filter_map(|symbol| PATTERNS.get(*symbol));
    Ok(BarPicture { widths: patterns.flat_map(|pattern| pattern.bytes().map(|byte| byte - b'0')).collect() })
}

impl QrPicture {
    /// Whether a module is dark; false outside the code.
    pub fn is_dark(&self, row: usize, column: usize) -> bool {
        let size = self.size as usize;
        row < size && column < size && self.modules.get(row * size + column) == Some(&1)
    }

    /// The code as an SVG document with its quiet zone; one unit is one module.
    pub fn svg(&self) -> String {
        let size = self.size as usize;
        let mut path = String::new();
        for row in 0..size {
            for column in (0..size).filter(|column| self.is_dark(row, *column)) {
                path.push_str(&format!("M{} {}h1v1h-1z", column + QR_QUIET, row + QR_QUIET));
            }
        }
        svg(size + 2 * QR_QUIET, size + 2 * QR_QUIET, &path)
    }

    /// The code as lines of a terminal, two rows of modules in a line of half blocks.
    pub fn terminal(&self, ink: Ink) -> String {
        let whole = self.size as usize + 2 * QR_QUIET;
        let dark = |row: usize, column: usize| {
            row >= QR_QUIET && column >= QR_QUIET && self.is_dark(row - QR_QUIET, column - QR_QUIET)
        };
        let mut lines = String::new();
        for row in (0..whole).step_by(2) {
            let cells = (0..whole).map(|column| {
                // Below the last row the quiet zone ends: nothing is inked there.
                let below = if row + 1 < whole { dark(row + 1, column) } else { ink == Ink::DarkTerminal };
                block(ink, dark(row, column), below, ['▀', '▄'])
            });
            push_line(&mut lines, ink, cells);
        }
        lines
    }
}

impl BarPicture {
    /// The modules from left to right, true for dark, without the quiet zone.
    pub fn modules(&self) -> Vec<bool> {
        let runs = self.widths.iter().enumerate();
        runs.flat_map(|(place, width)| std::iter::repeat_n(place % 2 == 0, usize::from(*width))).collect()
    }

    /// The bars as an SVG document with quiet zones, 60 modules high; one unit is one module.
    pub fn svg(&self) -> String {
        let mut path = String::new();
        let mut at = BAR_QUIET;
        for (place, width) in self.widths.iter().enumerate() {
            if place % 2 == 0 {
                path.push_str(&format!("M{at} 0h{width}v60h-{width}z"));
            }
            at += usize::from(*width);
        }
        svg(at + BAR_QUIET, 60, &path)
    }

    /// The bars as `height` lines of a terminal, two modules in a column of half blocks.
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

/// One cell of two modules. On a dark terminal the light modules are inked instead.
fn block(ink: Ink, first: bool, second: bool, halves: [char; 2]) -> char {
    let inked = |dark: bool| dark != (ink == Ink::DarkTerminal);
    match (inked(first), inked(second)) {
        (true, true) => '█',
        (true, false) => halves[0],
        (false, true) => halves[1],
        (false, false) => ' ',
    }
}

fn push_line(lines: &mut String, ink: Ink, cells: impl Iterator<Item = char>) {
    let (before, after) = if ink == Ink::Colours { (BLACK_ON_WHITE, RESET) } else { ("", "") };
    lines.push_str(before);
    lines.extend(cells);
    lines.push_str(after);
    lines.push('\n');
}

fn svg(width: usize, height: usize, path: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>\n"
    )
}

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
    fn a_payer_code_fits_the_smallest_qr() {
        let picture = qr(DIGITS).unwrap();
        assert_eq!((picture.size, picture.modules.len()), (21, 441));
        // The three finder patterns, and none at the fourth corner.
        let finder = |row: usize, column: usize| (0..7).all(|step| picture.is_dark(row, column + step) && picture.is_dark(row + step, column));
        assert!(finder(0, 0) && finder(0, 14) && finder(14, 0) && !finder(14, 14));
        assert!(!picture.is_dark(21, 0));
        assert_eq!(qr(&"a".repeat(3000)), Err(DrawError::TooLong));
    }

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
        // 1234: start C, 12, 34, check (105 + 12 + 2 * 34) mod 103 = 82, stop.
        let widths: String = bars("1234").unwrap().widths.iter().map(|width| char::from(b'0' + width)).collect();
        assert_eq!(widths, ["211232", "112232", "131123", "121241", "2331112"].concat());
        assert_eq!(bars(DIGITS).unwrap().modules().len(), 11 * 14 + 13);
        for text in ["", "123", "12a4", "１２"] {
            assert_eq!(bars(text), Err(DrawError::NotPairsOfDigits));
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

    #[test]
    fn a_cell_of_a_terminal_holds_two_modules() {
        let picture = QrPicture { size: 2, modules: vec![1, 0, 0, 1] };
        let (light, dark) = (picture.terminal(Ink::LightTerminal), picture.terminal(Ink::DarkTerminal));
        assert_eq!(light.lines().nth(2), Some("    ▀▄    "));
        assert_eq!(dark.lines().nth(2), Some("████▄▀████"));
        let bars = BarPicture { widths: vec![1, 2, 1] };
        assert_eq!(bars.terminal(Ink::LightTerminal, 1), "     ▌▐     \n");
    }

    #[test]
    fn terminal_lines_have_one_width() {
        let picture = qr(DIGITS).unwrap();
        for ink in [Ink::DarkTerminal, Ink::LightTerminal] {
            let text = picture.terminal(ink);
            assert_eq!(text.lines().count(), 15);
            assert!(text.lines().all(|line| line.chars().count() == 29));
        }
        let (dark, light) = (picture.terminal(Ink::DarkTerminal), picture.terminal(Ink::LightTerminal));
        assert!(dark.starts_with("████") && light.starts_with("    "));
        let coloured = picture.terminal(Ink::Colours);
        assert!(coloured.lines().all(|line| line.starts_with(BLACK_ON_WHITE) && line.ends_with(RESET)));
        assert_eq!(coloured.replace(BLACK_ON_WHITE, "").replace(RESET, ""), light);
        assert_eq!(bars(DIGITS).unwrap().terminal(Ink::Colours, 3).lines().count(), 3);
    }

    #[test]
    fn svg_draws_each_dark_module() {
        let picture = qr(DIGITS).unwrap();
        let dark = picture.modules.iter().filter(|module| **module == 1).count();
        assert_eq!(picture.svg().matches("h1v1").count(), dark);
        assert!(picture.svg().contains("viewBox=\"0 0 29 29\""));
        assert!(bars(DIGITS).unwrap().svg().contains("viewBox=\"0 0 187 60\""));
    }
}
