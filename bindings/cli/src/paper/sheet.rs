//! A sheet for the counter: name, amount, code, and what to do, as PDF. The same content gives the same bytes.

use super::font::Found;
use kabao_codes::draw::{QR_QUIET, QrPicture};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// The paper, upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Paper {
    /// 148 × 210 mm.
    A5,
    /// 105 × 148 mm.
    A6,
}

impl Paper {
    /// Width and height in points.
    fn points(self) -> (f32, f32) {
        match self {
            Paper::A5 => (419.53, 595.28),
            Paper::A6 => (297.64, 419.53),
        }
    }
}

/// What stands on a sheet, from the top.
pub struct Sheet {
    /// The payee, large.
    pub title: String,
    /// The amount, where the code fixes it.
    pub amount: Option<String>,
    /// The code.
    pub picture: QrPicture,
    /// What to do, one line each.
    pub lines: Vec<String>,
    /// Small, at the foot.
    pub foot: Vec<String>,
}

/// A sheet could not be drawn.
#[derive(Debug, PartialEq, Eq)]
pub struct SheetError;

impl std::fmt::Display for SheetError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the sheet cannot be drawn with this font")
    }
}

impl std::error::Error for SheetError {}

impl Sheet {
    /// Every character that is drawn.
    pub fn text(&self) -> String {
        let parts = [&self.title].into_iter().chain(&self.amount).chain(&self.lines).chain(&self.foot);
        parts.map(String::as_str).collect()
    }

    /// The sheet as a PDF document of one page.
    ///
    /// # Errors
    /// When the font cannot be embedded.
    pub fn pdf(&self, paper: Paper, font: Found) -> Result<Vec<u8>, SheetError> {
        let (wide, high) = paper.points();
        let unit = wide / 100.0;
        let letters = Letters::new(font).ok_or(SheetError)?;
        let mut document = Document::new_with(SerializeSettings::default());
        document.set_metadata(Metadata::new().title(self.title.clone()).language("zh-CN".to_owned()).producer("Kabao".to_owned()));
        let mut page = document.start_page_with(PageSettings::from_wh(wide, high).ok_or(SheetError)?);
        let mut surface = page.surface();
        let mut pen = Pen { letters: &letters, surface: &mut surface, wide, room: wide - 12.0 * unit };
        let mut top = 8.0 * unit;
        for line in letters.lines(&self.title, 10.0 * unit, 5.0 * unit, pen.room) {
            top = pen.line(&line, 10.0 * unit, top, BLACK);
        }
        if let Some(amount) = &self.amount {
            top = pen.line(amount, 11.0 * unit, top, BLACK);
        }
        let below = 9.0 * unit * count(&self.lines) + 4.5 * unit * count(&self.foot) + 7.0 * unit;
        let side = (high - top - below).min(wide - 12.0 * unit);
        pen.code(&self.picture, side, top).ok_or(SheetError)?;
        top += side + 1.5 * unit;
        for (place, line) in self.lines.iter().enumerate() {
            top = pen.line(line, if place == 0 { 6.5 * unit } else { 5.0 * unit }, top, BLACK);
        }
        let mut foot = high - 4.0 * unit - 4.5 * unit * count(&self.foot);
        for line in &self.foot {
            foot = pen.line(line, 3.0 * unit, foot, GREY);
        }
        surface.finish();
        page.finish();
        document.finish().map_err(|_| SheetError)
    }
}

const BLACK: u8 = 0;
const GREY: u8 = 90;

fn count(lines: &[String]) -> f32 {
    u16::try_from(lines.len()).map_or(0.0, f32::from)
}

/// A font, and its tables for the widths of letters.
struct Letters {
    font: Font,
    bytes: Vec<u8>,
    index: u32,
}

impl Letters {
    fn new(found: Found) -> Option<Letters> {
        let font = Font::new(found.bytes.clone().into(), found.index)?;
        Some(Letters { font, bytes: found.bytes, index: found.index })
    }

    /// The glyphs of a line, and its width at size 1.
    fn glyphs(&self, text: &str) -> (Vec<KrillaGlyph>, f32) {
        let Ok(font) = FontRef::from_index(&self.bytes, self.index) else { return (Vec::new(), 0.0) };
        let (charmap, metrics) = (font.charmap(), font.glyph_metrics(Size::unscaled(), LocationRef::default()));
        let units = self.font.units_per_em().max(1.0);
        let mut width = 0.0;
        let glyphs = text.char_indices().map(|(at, character)| {
            let glyph = charmap.map(character).unwrap_or_default();
            let advance = metrics.advance_width(glyph).unwrap_or(units) / units;
            width += advance;
            KrillaGlyph::new(GlyphId::new(glyph.to_u32()), advance, 0.0, 0.0, 0.0, at..at + character.len_utf8(), None)
        });
        (glyphs.collect(), width)
    }

    /// The text in one line when it fits at `least`, else in two halves: a name of 25 characters stays large.
    fn lines(&self, text: &str, size: f32, least: f32, room: f32) -> Vec<String> {
        let (_, width) = self.glyphs(text);
        if width * size <= room || width * least <= room / 1.6 {
            return vec![text.to_owned()];
        }
        let middle = text.chars().count().div_ceil(2);
        let (first, second): (String, String) = (text.chars().take(middle).collect(), text.chars().skip(middle).collect());
        vec![first, second]
    }
}

struct Pen<'a, 'b> {
    letters: &'a Letters,
    surface: &'a mut Surface<'b>,
    wide: f32,
    room: f32,
}

impl Pen<'_, '_> {
    fn ink(&mut self, grey: u8) {
        self.surface.set_fill(Some(Fill { paint: rgb::Color::new(grey, grey, grey).into(), rule: FillRule::NonZero, ..Fill::default() }));
    }

    /// A centred line below `top`, smaller where it would not fit; gives where the next one begins.
    fn line(&mut self, text: &str, size: f32, top: f32, grey: u8) -> f32 {
        let (glyphs, width) = self.letters.glyphs(text);
        let size = if width * size > self.room { self.room / width } else { size };
        self.ink(grey);
        let start = Point::from_xy((self.wide - width * size) / 2.0, top + size);
        self.surface.draw_glyphs(start, &glyphs, self.letters.font.clone(), text, size, false);
        top + size * 1.45
    }

    /// The code with its quiet zone in a square of `side`.
    fn code(&mut self, picture: &QrPicture, side: f32, top: f32) -> Option<()> {
        let modules = f32::from(u16::try_from(picture.size as usize + 2 * QR_QUIET).ok()?);
        let module = side / modules;
        let left = (self.wide - side) / 2.0;
        let mut path = PathBuilder::new();
        for (row, column, length) in picture.stretches() {
            let place = |count: usize| u16::try_from(count).ok().map(|count| f32::from(count) * module);
            let (x, y) = (left + place(column + QR_QUIET)?, top + place(row + QR_QUIET)?);
            path.push_rect(Rect::from_xywh(x, y, place(length)?, module)?);
        }
        self.ink(BLACK);
        self.surface.draw_path(&path.finish()?);
        Some(())
    }
}
