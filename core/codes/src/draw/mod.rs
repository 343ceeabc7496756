//! Draws a code: QR and Code 128, as modules, as SVG and as text for a terminal.

mod bars;
mod qr;

pub use bars::{BarPicture, bars};
pub use qr::{QrLevel, QrPicture, qr, qr_of_level};

/// Why a text cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// Too long for a QR code of the level, or more than 48 digits for bars.
    #[error("the text is too long to be drawn")]
    TooLong,
    /// Bars carry ASCII digits, at least one.
    #[error("bars carry digits")]
    NotDigits,
}

impl DrawError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::draw::bars("").unwrap_err().code(), kabao_base::Code::NotDigits);
    /// ```
    pub fn code(self) -> kabao_base::Code {
        match self {
            DrawError::TooLong => kabao_base::Code::InputTooLong,
            DrawError::NotDigits => kabao_base::Code::NotDigits,
        }
    }
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

/// Light modules around a QR code (ISO/IEC 18004).
pub const QR_QUIET: usize = 4;
/// Light modules left and right of bars (ISO/IEC 15417).
pub const BAR_QUIET: usize = 10;
// Colours 16 and 231 are black and white in every palette of 256; the first 16 are the theme's.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";

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

fn svg(title: &str, width: usize, height: usize, path: &str) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" shape-rendering=\"crispEdges\">\
         <title>{title}</title>\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>\n"
    )
}

/// Text as XML holds it: marks escaped, what XML 1.0 forbids replaced.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            other if other.is_control() || matches!(other, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "971234567890166296851979";

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
    fn colours_stand_around_every_line() {
        let picture = qr(DIGITS).unwrap();
        let coloured = picture.terminal(Ink::Colours);
        assert!(coloured.lines().all(|line| line.starts_with(BLACK_ON_WHITE) && line.ends_with(RESET)));
        assert_eq!(coloured.replace(BLACK_ON_WHITE, "").replace(RESET, ""), picture.terminal(Ink::LightTerminal));
        assert_eq!(bars(DIGITS).unwrap().terminal(Ink::Colours, 3).lines().count(), 3);
    }

    #[test]
    fn bars_have_their_quiet_zones() {
        assert!(bars(DIGITS).unwrap().svg("付款码").contains("viewBox=\"0 0 187 60\""));
    }
}
