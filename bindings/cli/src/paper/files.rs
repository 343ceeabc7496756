//! The files that a command is asked to write a code into.

use super::png;
use clap::{Args, ValueEnum};
use kabao_codes::draw::{self, BarPicture, DrawError, QrLevel, QrPicture};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How much of a QR code may be damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// About 7 %.
    L,
    /// About 15 %.
    M,
    /// About 25 %.
    Q,
    /// About 30 %.
    H,
}

impl From<Level> for QrLevel {
    fn from(level: Level) -> QrLevel {
        match level {
            Level::L => QrLevel::L,
            Level::M => QrLevel::M,
            Level::Q => QrLevel::Q,
            Level::H => QrLevel::H,
        }
    }
}

/// Files with pictures, and how they are drawn.
#[derive(Args)]
pub struct Files {
    /// Writes the code as SVG.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Writes the code as PNG, black on white.
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Pixels of a module in the PNG; without it 8 for a QR code, 3 for bars.
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub scale: Option<u32>,
    /// How much of a QR code may be damaged: l 7 %, m 15 %, q 25 %, h 30 %.
    #[arg(long, value_enum, ignore_case = true, default_value = "m")]
    pub level: Level,
    /// Draws Code 128 in place of a QR code: digits only.
    #[arg(long)]
    pub bars: bool,
}

/// A drawn code.
pub enum Drawn {
    /// Modules in a square.
    Qr(QrPicture),
    /// Bars.
    Bars(BarPicture),
}

impl Files {
    /// Draws the text as it was asked for.
    pub fn draw(&self, text: &str) -> Result<Drawn, DrawError> {
        if self.bars { draw::bars(text).map(Drawn::Bars) } else { draw::qr_of_level(text, self.level.into()).map(Drawn::Qr) }
    }

    /// Writes the files that were asked for; gives their names. `title` is what a screen reader says of the SVG.
    ///
    /// # Errors
    /// The text to show when a file cannot be written.
    pub fn write(&self, drawn: &Drawn, title: &str) -> Result<Vec<PathBuf>, String> {
        let mut written = Vec::new();
        if let Some(path) = &self.svg {
            let svg = match drawn {
                Drawn::Qr(picture) => picture.svg(title),
                Drawn::Bars(picture) => picture.svg(title),
            };
            written.push(keep(path, svg.as_bytes())?);
        }
        if let Some(path) = &self.png {
            let made = match drawn {
                Drawn::Qr(picture) => png::qr(picture, self.scale.unwrap_or(8)),
                Drawn::Bars(picture) => png::bars(picture, self.scale.unwrap_or(3)),
            };
            written.push(keep(path, &made.map_err(|error| format!("{}: {error}", path.display()))?)?);
        }
        Ok(written)
    }

    /// Whether a file was asked for.
    pub fn any(&self) -> bool {
        self.svg.is_some() || self.png.is_some()
    }
}

/// Writes a file that only this person reads: it may hold a code that pays, or one that freezes an account. Gives its name.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<PathBuf, String> {
    let written = open(path, true).and_then(|mut file| file.write_all(bytes));
    written.map(|()| path.to_owned()).map_err(|error| format!("{}: {error}", path.display()))
}

/// Whether a file can be written, before anything is made that stands in it alone. What stands in it stays.
pub fn can_keep(path: &Path) -> Result<(), String> {
    if path.exists() && !path.is_file() && !path.is_dir() {
        // A pipe or a device is opened once.
        return Ok(());
    }
    let there = path.exists();
    let named = |error| format!("{}: {error}", path.display());
    open(path, false).map(drop).map_err(named)?;
    // What is not made after all leaves no empty file behind.
    if there { Ok(()) } else { std::fs::remove_file(path).map_err(named) }
}

fn open(path: &Path, anew: bool) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(anew);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}
