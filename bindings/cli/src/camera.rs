//! The till's camera: sees what stands on the terminal and reads it with a decoder that shares no code with the one who
//! drew it.

/// Pixels of a module's side.
const SCALE: usize = 6;

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraError {
    /// The text is no picture of half blocks.
    NotAPicture,
    /// No code is found in the picture, or more than one.
    NoCode,
    /// The code is there and cannot be decoded.
    Unreadable,
}

impl std::fmt::Display for CameraError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            CameraError::NotAPicture => "not a picture of half blocks",
            CameraError::NoCode => "no single code is in the picture",
            CameraError::Unreadable => "the code cannot be decoded",
        })
    }
}

/// The pixels of half blocks, dark on light: two rows for a line.
fn modules(lines: &str) -> Result<Vec<Vec<bool>>, CameraError> {
    let mut rows = Vec::new();
    for line in lines.lines() {
        let pairs: Option<Vec<(bool, bool)>> = line
            .chars()
            .map(|cell| match cell {
                '█' => Some((true, true)),
                '▀' => Some((true, false)),
                '▄' => Some((false, true)),
                ' ' => Some((false, false)),
                _ => None,
            })
            .collect();
        let pairs = pairs.ok_or(CameraError::NotAPicture)?;
        rows.push(pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
        rows.push(pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    }
    let wide = rows.first().map_or(0, Vec::len);
    if wide == 0 || rows.len() > 400 || wide > 400 || rows.iter().any(|row| row.len() != wide) {
        return Err(CameraError::NotAPicture);
    }
    Ok(rows)
}

/// Reads the QR code of a picture made of half blocks, without colour codes, dark ink on a light ground.
pub fn read(lines: &str) -> Result<String, CameraError> {
    let modules = modules(lines)?;
    let (wide, high) = (modules.first().map_or(0, Vec::len) * SCALE, modules.len() * SCALE);
    let dark = |x: usize, y: usize| modules.get(y / SCALE).and_then(|row| row.get(x / SCALE)).copied().unwrap_or(false);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(wide, high, |x, y| if dark(x, y) { 12 } else { 243 });
    let grids = image.detect_grids();
    match grids.as_slice() {
        [grid] => grid.decode().map(|(_, text)| text).map_err(|_| CameraError::Unreadable),
        _ => Err(CameraError::NoCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_codes::draw::{Ink, qr};

    #[test]
    fn reads_what_is_drawn() {
        for text in ["971234567890166296851979", "00020101021126", "https://example.com/a?b=c"] {
            let picture = qr(text).unwrap().terminal(Ink::LightTerminal);
            assert_eq!(read(&picture).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_damaged_or_missing_code_is_not_guessed() {
        let picture = qr("971234567890166296851979").unwrap().terminal(Ink::LightTerminal);
        let half: String = picture.lines().take(7).map(|line| format!("{line}\n")).collect();
        assert!(read(&half).is_err());
        assert_eq!(read(&format!("{}\n", " ".repeat(30)).repeat(15)), Err(CameraError::NoCode));
        assert_eq!(read("hello"), Err(CameraError::NotAPicture));
        assert_eq!(read(""), Err(CameraError::NotAPicture));
    }
}
