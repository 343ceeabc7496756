//! QR codes after ISO/IEC 18004, versions 1 to 40, in numeric, alphanumeric and byte mode.
//!
//! Bytes are UTF-8 without an ECI mark: so the merchant codes and links of this market are printed, and old readers stumble
//! over the mark. The Kanji mode is never used: UTF-8 whose bytes happen to look like Shift-JIS would be read as other signs.

use super::{DrawError, Ink, QR_QUIET, block, push_line, svg};
use qrcode::bits::Bits;
use qrcode::optimize::{Optimizer, Segment};
use qrcode::types::Mode;
use qrcode::{Color, EcLevel, QrCode, Version};

/// How much of a QR code may be damaged and is still read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum QrLevel {
    /// About 7 %: the smallest code, for a screen.
    L,
    /// About 15 %: what is drawn where nothing else is asked for.
    #[default]
    M,
    /// About 25 %: for paper that is touched.
    Q,
    /// About 30 %: for paper outdoors.
    H,
}

impl QrLevel {
    fn of_encoder(self) -> EcLevel {
        match self {
            QrLevel::L => EcLevel::L,
            QrLevel::M => EcLevel::M,
            QrLevel::Q => EcLevel::Q,
            QrLevel::H => EcLevel::H,
        }
    }
}

/// A QR code without its quiet zone. Draw four light modules around it, dark on light.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QrPicture {
    /// Modules in a row, and rows.
    pub size: u32,
    /// Row by row from the top left: 1 is dark, 0 is light.
    pub modules: Vec<u8>,
}

/// The most that any code holds: digits at version 40, level L.
const LONGEST: usize = 7089;
/// The widths of the length fields change after these versions.
const LAST_OF_CLASS: [i16; 3] = [9, 26, 40];

/// The QR code of a text, error correction level M.
///
/// # Errors
/// [`DrawError::TooLong`] when the text does not fit the largest code: 2,331 bytes at level M, more of digits and capitals.
///
/// # Examples
/// ```
/// let picture = kabao_codes::draw::qr("971234567890166296851979")?;
/// assert_eq!(picture.size, 21);
/// # Ok::<(), kabao_codes::draw::DrawError>(())
/// ```
pub fn qr(text: &str) -> Result<QrPicture, DrawError> {
    qr_of_level(text, QrLevel::M)
}

/// The smallest QR code of a text at a level of error correction. Digits and capitals take less room than other text.
///
/// # Errors
/// [`DrawError::TooLong`] when the text does not fit the largest code of the level.
///
/// # Examples
/// ```
/// use kabao_codes::draw::{QrLevel, qr_of_level};
/// let small = qr_of_level("https://example.com/最佳运输", QrLevel::L)?;
/// assert!(small.size < qr_of_level("https://example.com/最佳运输", QrLevel::H)?.size);
/// # Ok::<(), kabao_codes::draw::DrawError>(())
/// ```
pub fn qr_of_level(text: &str, level: QrLevel) -> Result<QrPicture, DrawError> {
    if text.len() > LONGEST {
        return Err(DrawError::TooLong);
    }
    let level = level.of_encoder();
    let code = fitting(text.as_bytes(), level).ok_or(DrawError::TooLong)?;
    let code = QrCode::with_bits(code, level).map_err(|_| DrawError::TooLong)?;
    let size = u32::try_from(code.width()).map_err(|_| DrawError::TooLong)?;
    let modules = code.to_colors().into_iter().map(|color| u8::from(color == Color::Dark)).collect();
    Ok(QrPicture { size, modules })
}

/// The content in the smallest version that holds it.
fn fitting(data: &[u8], level: EcLevel) -> Option<Bits> {
    let runs = runs(data);
    let mut first = 1;
    for last in LAST_OF_CLASS {
        let segments: Vec<Segment> = Optimizer::new(runs.iter().copied(), Version::Normal(last)).collect();
        let length: usize = segments.iter().map(|segment| segment.encoded_len(Version::Normal(last))).sum();
        let holds = |version: &i16| Bits::new(Version::Normal(*version)).max_len(level).is_ok_and(|room| room >= length);
        if let Some(version) = (first..=last).find(holds) {
            let mut bits = Bits::new(Version::Normal(version));
            bits.push_segments(data, segments.into_iter()).ok()?;
            bits.push_terminator(level).ok()?;
            return Some(bits);
        }
        first = last + 1;
    }
    None
}

/// Stretches of one mode. A character of several bytes is never divided: its bytes are all of the byte mode.
fn runs(data: &[u8]) -> Vec<Segment> {
    let mut runs: Vec<Segment> = Vec::new();
    for (at, byte) in data.iter().enumerate() {
        let mode = match byte {
            b'0'..=b'9' => Mode::Numeric,
            b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-' | b'.' | b'/' | b':' => Mode::Alphanumeric,
            _ => Mode::Byte,
        };
        match runs.last_mut() {
            Some(last) if last.mode == mode => last.end = at + 1,
            _ => runs.push(Segment { mode, begin: at, end: at + 1 }),
        }
    }
    runs
}

impl QrPicture {
    /// Whether a module is dark; false outside the code.
    ///
    /// # Examples
    /// ```
    /// assert!(kabao_codes::draw::qr("1")?.is_dark(0, 0));
    /// # Ok::<(), kabao_codes::draw::DrawError>(())
    /// ```
    pub fn is_dark(&self, row: usize, column: usize) -> bool {
        let size = self.size as usize;
        row < size && column < size && self.modules.get(row * size + column) == Some(&1)
    }

    /// The dark stretches of each row from the top, as row, first column and length.
    ///
    /// # Examples
    /// ```
    /// // The upper edge of the finder: seven dark modules from the corner.
    /// assert_eq!(kabao_codes::draw::qr("1")?.stretches()[0], (0, 0, 7));
    /// # Ok::<(), kabao_codes::draw::DrawError>(())
    /// ```
    pub fn stretches(&self) -> Vec<(usize, usize, usize)> {
        let size = self.size as usize;
        let mut stretches: Vec<(usize, usize, usize)> = Vec::new();
        for row in 0..size {
            for column in (0..size).filter(|column| self.is_dark(row, *column)) {
                match stretches.last_mut() {
                    Some((of, first, length)) if *of == row && *first + *length == column => *length += 1,
                    _ => stretches.push((row, column, 1)),
                }
            }
        }
        stretches
    }

    /// The code as an SVG document with its quiet zone; one unit is one module. `title` is what a screen reader says: what
    /// the code is for, not what it holds.
    ///
    /// # Examples
    /// ```
    /// let svg = kabao_codes::draw::qr("1")?.svg("付款码");
    /// assert!(svg.contains("<title>付款码</title>"));
    /// # Ok::<(), kabao_codes::draw::DrawError>(())
    /// ```
    pub fn svg(&self, title: &str) -> String {
        let whole = self.size as usize + 2 * QR_QUIET;
        let stretch = |(row, column, length): (usize, usize, usize)| {
            format!("M{} {}h{length}v1h-{length}z", column + QR_QUIET, row + QR_QUIET)
        };
        let path: String = self.stretches().into_iter().map(stretch).collect();
        svg(title, whole, whole, &path)
    }

    /// The code as lines of a terminal, two rows of modules in a line of half blocks.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::draw::{Ink, qr};
    /// // 21 rows and a quiet zone of four at both ends, two rows a line.
    /// assert_eq!(qr("1")?.terminal(Ink::LightTerminal).lines().count(), 15);
    /// # Ok::<(), kabao_codes::draw::DrawError>(())
    /// ```
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIGITS: &str = "971234567890166296851979";

    #[test]
    fn a_payer_code_fits_the_smallest_qr() {
        let picture = qr(DIGITS).unwrap();
        assert_eq!((picture.size, picture.modules.len()), (21, 441));
        // The three finder patterns, and none at the fourth corner.
        let finder = |row: usize, column: usize| (0..7).all(|step| picture.is_dark(row, column + step) && picture.is_dark(row + step, column));
        assert!(finder(0, 0) && finder(0, 14) && finder(14, 0) && !finder(14, 14));
        assert!(!picture.is_dark(21, 0));
    }

    /// The capacities of ISO/IEC 18004, table 7: the longest text of a mode still fits, one more does not.
    #[test]
    fn every_level_holds_what_the_standard_says() {
        for (level, version, digits, capitals, bytes) in [
            (QrLevel::L, 1, 41, 25, 17),
            (QrLevel::M, 1, 34, 20, 14),
            (QrLevel::Q, 1, 27, 16, 11),
            (QrLevel::H, 1, 17, 10, 7),
            (QrLevel::M, 9, 432, 262, 180),
            (QrLevel::M, 10, 513, 311, 213),
            (QrLevel::Q, 26, 1804, 1094, 751),
            (QrLevel::H, 27, 1501, 910, 625),
            (QrLevel::L, 40, 7089, 4296, 2953),
            (QrLevel::M, 40, 5596, 3391, 2331),
            (QrLevel::Q, 40, 3993, 2420, 1663),
            (QrLevel::H, 40, 3057, 1852, 1273),
        ] {
            for (letter, length) in [("7", digits), ("K", capitals), ("k", bytes)] {
                let side = 17 + 4 * version;
                assert_eq!(qr_of_level(&letter.repeat(length), level).map(|picture| picture.size), Ok(side), "{level:?} {letter}");
                let more = qr_of_level(&letter.repeat(length + 1), level).map(|picture| picture.size);
                assert_eq!(more, if version == 40 { Err(DrawError::TooLong) } else { Ok(side + 4) }, "{level:?} {letter}");
            }
        }
        assert_eq!(qr(&"a".repeat(10 << 20)), Err(DrawError::TooLong));
        assert_eq!(qr("").map(|picture| picture.size), Ok(21));
    }

    /// The bytes of 最 and its like are those of Shift-JIS signs, too; the Kanji mode would give other text.
    #[test]
    fn no_text_is_taken_for_shift_jis() {
        for text in ["最佳运输", "面馆", "A最1", "点菜点菜点菜点菜", "最1234567890123456789012345678901234567890佳ABCDEFGHIJKLMNOPQRSTUVWXYZ"] {
            let bits = fitting(text.as_bytes(), EcLevel::M).unwrap();
            let segments: Vec<Segment> = Optimizer::new(runs(text.as_bytes()).into_iter(), bits.version()).collect();
            assert!(segments.iter().all(|segment| segment.mode != Mode::Kanji));
            assert!(segments.iter().all(|segment| text.get(segment.begin..segment.end).is_some()), "{text}");
        }
        // Twelve bytes, four bits of mode, eight of length: version 1 at level M holds them, and no denser mode was used.
        assert_eq!(qr("最佳运输").unwrap().size, 21);
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
    }

    #[test]
    fn svg_draws_each_dark_module_and_says_what_it_is() {
        let picture = qr(DIGITS).unwrap();
        let dark = picture.modules.iter().filter(|module| **module == 1).count();
        let drawn: usize = picture.stretches().iter().map(|(_, _, length)| length).sum();
        assert_eq!(drawn, dark);
        let svg = picture.svg("Code <of> \"A & B\"\u{1b}");
        assert!(svg.contains("viewBox=\"0 0 29 29\""));
        assert!(svg.contains("<title>Code &lt;of&gt; \"A &amp; B\"\u{fffd}</title>"), "{svg}");
        assert_eq!(svg.matches('M').count(), picture.stretches().len());
        assert!(!svg.contains(DIGITS));
    }

    proptest! {
        #[test]
        fn runs_are_whole_and_in_order(text in "[0-9A-Z最é:a ]{0,60}") {
            let runs = runs(text.as_bytes());
            let joined: String = runs.iter().map(|run| text.get(run.begin..run.end).unwrap()).collect();
            prop_assert_eq!(joined, text.clone());
            prop_assert!(qr_of_level(&text, QrLevel::H).is_ok());
        }
    }
}
