//! A code as PNG: one bit a pixel, black on white, with its quiet zone.

use kabao_codes::draw::{BAR_QUIET, BarPicture, QR_QUIET, QrPicture};
use std::io;

/// Modules that bars are high: about a third of their width, as scanners of tills like them.
const BAR_HEIGHT: usize = 60;

/// The QR code with `scale` pixels to a module.
pub fn qr(picture: &QrPicture, scale: u32) -> io::Result<Vec<u8>> {
    let side = picture.size as usize + 2 * QR_QUIET;
    let dark = |x: usize, y: usize| x >= QR_QUIET && y >= QR_QUIET && picture.is_dark(y - QR_QUIET, x - QR_QUIET);
    write(side, side, scale as usize, dark)
}

/// The bars with `scale` pixels to a module.
pub fn bars(picture: &BarPicture, scale: u32) -> io::Result<Vec<u8>> {
    let modules = picture.modules();
    let dark = |x: usize, _: usize| x.checked_sub(BAR_QUIET).and_then(|at| modules.get(at)).copied().unwrap_or(false);
    write(modules.len() + 2 * BAR_QUIET, BAR_HEIGHT, scale as usize, dark)
}

fn write(wide: usize, high: usize, scale: usize, dark: impl Fn(usize, usize) -> bool) -> io::Result<Vec<u8>> {
    let scale = scale.max(1);
    let pixels = wide * scale;
    let mut data = Vec::with_capacity(pixels.div_ceil(8) * high * scale);
    for y in 0..high {
        let mut row = vec![0xff_u8; pixels.div_ceil(8)];
        for pixel in (0..pixels).filter(|pixel| dark(pixel / scale, y)) {
            if let Some(byte) = row.get_mut(pixel / 8) {
                *byte &= !(0x80 >> (pixel % 8));
            }
        }
        data.extend(row.repeat(scale));
    }
    let side = |modules: usize| u32::try_from(modules * scale).map_err(io::Error::other);
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, side(wide)?, side(high)?);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_depth(::png::BitDepth::One);
    encoder.set_compression(::png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&data)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_codes::draw;

    fn pixels(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut decoder = ::png::Decoder::new(io::Cursor::new(file));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        (info.width, info.height, data)
    }

    #[test]
    fn every_module_is_where_it_belongs() {
        let picture = draw::qr("https://example.com/最佳运输").unwrap();
        for scale in [1, 3, 8] {
            let (wide, high, data) = pixels(&qr(&picture, scale).unwrap());
            let side = (picture.size + 8) * scale;
            assert_eq!((wide, high), (side, side));
            for y in 0..side as usize {
                for x in 0..side as usize {
                    let (row, column) = (y / scale as usize, x / scale as usize);
                    let dark = row >= 4 && column >= 4 && picture.is_dark(row - 4, column - 4);
                    assert_eq!(data[y * side as usize + x] == 0, dark, "{scale}: {x} {y}");
                }
            }
        }
    }

    #[test]
    fn bars_are_read_in_a_row() {
        let picture = draw::bars("971234567890166296851979").unwrap();
        let (wide, high, data) = pixels(&bars(&picture, 2).unwrap());
        assert_eq!((wide, high), ((167 + 20) * 2, 120));
        let row: Vec<bool> = data[..wide as usize].iter().step_by(2).map(|pixel| *pixel == 0).collect();
        assert_eq!(row[10..177], picture.modules());
        assert!(row[..10].iter().chain(&row[177..]).all(|dark| !dark));
    }
}
