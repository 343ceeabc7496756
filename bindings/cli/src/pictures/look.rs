//! Looks for codes: first as the picture is, then through what makes them plainer.

use super::grey::Grey;
use super::{Decoder, FoundCode, PictureError};
use zxingcpp::{Barcode, BarcodeFormat, BarcodeReader, Binarizer, ImageFormat, ImageView};

/// What is looked for in the picture as it is.
const SYMBOLS: [BarcodeFormat; 9] = [
    BarcodeFormat::QRCode, BarcodeFormat::MicroQRCode, BarcodeFormat::DataMatrix, BarcodeFormat::Aztec, BarcodeFormat::PDF417,
    BarcodeFormat::Code128, BarcodeFormat::EAN13, BarcodeFormat::EAN8, BarcodeFormat::UPCA,
];
/// What is looked for in a changed picture: symbols with enough redundancy that noise does not become one.
const SURE: [BarcodeFormat; 4] = [BarcodeFormat::QRCode, BarcodeFormat::DataMatrix, BarcodeFormat::Aztec, BarcodeFormat::Code128];
/// Pictures larger than this are not doubled.
const MOST_TO_DOUBLE: usize = 4_000_000;
/// Of these a person has to choose; more in one picture is a sheet of stamps.
const MOST_CODES: i32 = 16;

/// Every code, each content once. The picture as it is is read by two ways of telling black from white; what they find
/// together counts. Only when that is nothing, the picture is changed, until something is found.
pub fn codes(picture: &Grey, decoder: Decoder) -> Result<Vec<FoundCode>, PictureError> {
    match decoder {
        Decoder::All => every(picture),
        Decoder::Bare => look(picture, &SYMBOLS, Binarizer::LocalAverage),
        Decoder::Rqrr => Ok(by_rqrr(picture)),
    }
}

/// What the till's decoder reads: for comparison.
fn by_rqrr(picture: &Grey) -> Vec<FoundCode> {
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(picture.wide, picture.high, |x, y| {
        picture.pixels.get(y * picture.wide + x).copied().unwrap_or(255)
    });
    let texts = image.detect_grids().into_iter().filter_map(|grid| grid.decode().ok());
    texts.map(|(_, text)| FoundCode { symbol: "QR Code".to_owned(), bytes: text.into_bytes() }).collect()
}

fn every(picture: &Grey) -> Result<Vec<FoundCode>, PictureError> {
    let mut found = look(picture, &SYMBOLS, Binarizer::LocalAverage)?;
    for more in look(picture, &SYMBOLS, Binarizer::GlobalHistogram)? {
        if !found.contains(&more) {
            found.push(more);
        }
    }
    let mut changes = CHANGES.iter();
    while found.is_empty()
        && let Some(change) = changes.next()
    {
        if let Some(changed) = change(picture) {
            found = look(&changed, &SURE, Binarizer::LocalAverage)?;
        }
    }
    Ok(found)
}

/// The changes in their order: the ones that find most for least come first (tests/outside/13-pictures.py).
const CHANGES: [fn(&Grey) -> Option<Grey>; 9] = [
    |picture| Some(picture.evened()),
    |picture| Some(picture.framed()),
    |picture| doubled(picture).map(|picture| picture.sharpened(2)),
    |picture| Some(picture.mean(1)),
    |picture| doubled(&picture.evened()),
    |picture| Some(picture.halved()),
    |picture| Some(picture.mean(2).stretched()),
    |picture| doubled(picture).map(|picture| picture.sharpened(4).stretched()),
    |picture| doubled(picture).map(|picture| picture.mean(2).evened()),
];

fn doubled(picture: &Grey) -> Option<Grey> {
    (picture.pixels.len() <= MOST_TO_DOUBLE).then(|| picture.doubled())
}

fn look(picture: &Grey, symbols: &[BarcodeFormat], binarizer: Binarizer) -> Result<Vec<FoundCode>, PictureError> {
    if picture.wide == 0 || picture.high == 0 {
        return Ok(Vec::new());
    }
    let reader = BarcodeReader::new()
        .formats(symbols)
        .try_harder(true)
        .try_rotate(true)
        .try_invert(true)
        .try_downscale(true)
        .binarizer(binarizer)
        .max_number_of_symbols(MOST_CODES);
    let view = ImageView::from_slice(&picture.pixels, picture.wide, picture.high, ImageFormat::Lum).map_err(|_| PictureError::Damaged)?;
    let mut codes = reader.from(&view).map_err(|_| PictureError::Damaged)?;
    codes.sort_by_key(|code| (code.position().top_left.y, code.position().top_left.x));
    let mut found: Vec<FoundCode> = Vec::new();
    for code in codes.iter().filter(|code| code.is_valid()) {
        let code = FoundCode { symbol: code.format().to_string(), bytes: content(code) };
        if !found.contains(&code) {
            found.push(code);
        }
    }
    Ok(found)
}

/// The bytes as they stand in the code; text where the code itself names its character set.
fn content(code: &Barcode) -> Vec<u8> {
    if code.has_eci() { code.text().into_bytes() } else { code.bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::png;
    use crate::pictures::grey::load;
    use kabao_codes::draw;

    fn drawn(text: &str, scale: u32) -> Grey {
        load(&png::qr(&draw::qr(text).unwrap(), scale).unwrap()).unwrap()
    }

    fn texts(picture: &Grey) -> Vec<String> {
        codes(picture, Decoder::All).unwrap().into_iter().map(|code| String::from_utf8(code.bytes).unwrap()).collect()
    }

    #[test]
    fn what_is_drawn_is_read() {
        for text in ["971234567890166296851979", "最佳运输", "https://example.com/a?b=c", "KB1R:ABC+DEF", "面"] {
            assert_eq!(texts(&drawn(text, 4)), [text]);
        }
        let bars = load(&png::bars(&draw::bars("971234567890166296851979").unwrap(), 2).unwrap()).unwrap();
        assert_eq!(codes(&bars, Decoder::All).unwrap(), [FoundCode { symbol: "Code 128".to_owned(), bytes: b"971234567890166296851979".to_vec() }]);
    }

    #[test]
    fn two_codes_are_both_said() {
        let (one, two) = (drawn("first", 4), drawn("second", 4));
        assert_eq!(one.wide, two.wide);
        let both = Grey { wide: one.wide, high: one.high + two.high, pixels: [one.pixels, two.pixels].concat() };
        assert_eq!(texts(&both), ["first", "second"]);
    }

    #[test]
    fn inverted_faint_and_cut_codes_are_read() {
        let plain = drawn("971234567890166296851979", 4);
        let through = |change: &dyn Fn(u8) -> u8| Grey { pixels: plain.pixels.iter().map(|value| change(*value)).collect(), ..plain.clone() };
        assert_eq!(texts(&through(&|value| 255 - value)), ["971234567890166296851979"]);
        assert_eq!(texts(&through(&|value| 118 + value / 25)), ["971234567890166296851979"]);
        // Nothing but the code: no quiet zone at any side.
        let side = plain.wide - 32;
        let rows = plain.pixels.chunks(plain.wide).skip(16).take(side);
        let cut = Grey { wide: side, high: side, pixels: rows.flat_map(|row| row[16..16 + side].to_vec()).collect() };
        assert_eq!(texts(&cut), ["971234567890166296851979"]);
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        for pixels in [vec![255; 40_000], (0..40_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()] {
            assert_eq!(texts(&Grey { wide: 200, high: 200, pixels }), Vec::<String>::new());
        }
        assert_eq!(texts(&Grey { wide: 0, high: 0, pixels: Vec::new() }), Vec::<String>::new());
    }
}
