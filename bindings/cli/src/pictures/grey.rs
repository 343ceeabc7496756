//! Pictures as rows of grey, and what makes a code in them plainer.

use super::PictureError;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use std::io::Cursor;

/// More pixels are not decoded.
const MOST_PIXELS: u64 = 50_000_000;

/// A picture in grey: 0 black, 255 white, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grey {
    /// Pixels in a row.
    pub wide: usize,
    /// Rows.
    pub high: usize,
    /// `wide` times `high` pixels.
    pub pixels: Vec<u8>,
}

/// Decodes a file. What is transparent is seen on white.
pub fn load(file: &[u8]) -> Result<Grey, PictureError> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| PictureError::Damaged)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_PIXELS * 8);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|_| PictureError::Damaged)?;
    let (wide, high) = decoder.dimensions();
    if u64::from(wide) * u64::from(high) > MOST_PIXELS {
        return Err(PictureError::TooLarge);
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::Damaged)?;
    let pixels = if picture.color().has_alpha() {
        let coloured = picture.to_luma_alpha8();
        let seen = |grey: u8, alpha: u8| {
            let (grey, alpha) = (u32::from(grey), u32::from(alpha));
            u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
        };
        coloured.pixels().map(|image::LumaA([grey, alpha])| seen(*grey, *alpha)).collect()
    } else {
        picture.into_luma8().into_raw()
    };
    Ok(Grey { wide: wide as usize, high: high as usize, pixels })
}

impl Grey {
    fn map(&self, pixel: impl Fn(usize, u8) -> u8) -> Grey {
        Grey { pixels: self.pixels.iter().enumerate().map(|(at, value)| pixel(at, *value)).collect(), ..*self }
    }

    /// Twice as wide and high, between pixels as a straight line. Small modules get room for the decoder's sampling.
    pub fn doubled(&self) -> Grey {
        let widen = |line: &[u8]| -> Vec<u8> {
            let next = line.iter().skip(1).chain(line.last());
            line.iter().zip(next).flat_map(|(one, two)| [*one, mean(*one, *two)]).collect()
        };
        let rows: Vec<Vec<u8>> = self.pixels.chunks_exact(self.wide.max(1)).map(widen).collect();
        let mut pixels = Vec::with_capacity(self.pixels.len() * 4);
        for (at, row) in rows.iter().enumerate() {
            let next = rows.get(at + 1).unwrap_or(row);
            pixels.extend_from_slice(row);
            pixels.extend(row.iter().zip(next).map(|(one, two)| mean(*one, *two)));
        }
        Grey { wide: self.wide * 2, high: self.high * 2, pixels }
    }

    /// Half as wide and high, four pixels made one: noise goes, modules of few pixels too.
    pub fn halved(&self) -> Grey {
        let (wide, high) = (self.wide / 2, self.high / 2);
        let at = |x: usize, y: usize| u32::from(self.pixels.get(y * self.wide + x).copied().unwrap_or(255));
        let four = |x: usize, y: usize| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) + 2) / 4;
        let pixels = (0..high).flat_map(|y| (0..wide).map(move |x| (x, y)));
        Grey { wide, high, pixels: pixels.map(|(x, y)| u8::try_from(four(2 * x, 2 * y)).unwrap_or(255)).collect() }
    }

    /// Each pixel the mean of the square of `2 * radius + 1` around it, at the same cost for every radius.
    pub fn mean(&self, radius: usize) -> Grey {
        self.smeared(radius, 1, self.wide).smeared(radius, self.wide, self.high)
    }

    /// The mean along one direction: rows (`step` 1) or columns (`step` a row).
    fn smeared(&self, radius: usize, step: usize, length: usize) -> Grey {
        let mut pixels = self.pixels.clone();
        let along_rows = step == 1;
        let starts = if along_rows { self.high } else { self.wide };
        for start in (0..starts).map(|line| if along_rows { line * self.wide } else { line }) {
            let at = |place: usize| u32::from(self.pixels.get(start + place * step).copied().unwrap_or(0));
            let mut sum: u32 = (0..radius.min(length)).map(at).sum();
            for place in 0..length {
                if place + radius < length {
                    sum += at(place + radius);
                }
                if place > radius {
                    sum -= at(place - radius - 1);
                }
                let count = (place + radius).min(length - 1) - place.saturating_sub(radius) + 1;
                if let Some(pixel) = pixels.get_mut(start + place * step) {
                    *pixel = u8::try_from(sum / u32::try_from(count).unwrap_or(1).max(1)).unwrap_or(255);
                }
            }
        }
        Grey { pixels, ..*self }
    }

    /// The picture against the light around each place: shadows and glare even out, faint ink becomes dark.
    pub fn evened(&self) -> Grey {
        let radius = (self.wide.min(self.high) / 8).clamp(8, 400);
        let light = self.mean(radius);
        let spread = self.map(|at, value| value.abs_diff(light.pixels.get(at).copied().unwrap_or(value))).mean(radius);
        self.map(|at, value| {
            let of = |picture: &Grey| i32::from(picture.pixels.get(at).copied().unwrap_or(0));
            let away = (i32::from(value) - of(&light)) * 64 / of(&spread).max(4);
            u8::try_from((128 + away).clamp(0, 255)).unwrap_or(255)
        })
    }

    /// The darkest and the lightest of the picture as black and white; a hundredth at each end does not count.
    pub fn stretched(&self) -> Grey {
        let mut counts = [0usize; 256];
        for value in &self.pixels {
            if let Some(count) = counts.get_mut(usize::from(*value)) {
                *count += 1;
            }
        }
        let rest = self.pixels.len() / 100;
        let low = end(counts.iter().enumerate(), rest).unwrap_or(0);
        let high = end(counts.iter().enumerate().rev(), rest).unwrap_or(255);
        let span = high.saturating_sub(low).max(1);
        self.map(|_, value| u8::try_from(usize::from(value).saturating_sub(low) * 255 / span).unwrap_or(255))
    }

    /// Edges that a blur took away, drawn stronger.
    pub fn sharpened(&self, radius: usize) -> Grey {
        let soft = self.mean(radius);
        self.map(|at, value| {
            let soft = i32::from(soft.pixels.get(at).copied().unwrap_or(value));
            u8::try_from((i32::from(value) + 2 * (i32::from(value) - soft)).clamp(0, 255)).unwrap_or(255)
        })
    }

    /// White around the picture: a code that was cut at its edge has a quiet zone again.
    pub fn framed(&self) -> Grey {
        let edge = (self.wide.max(self.high) / 8).clamp(8, 400);
        let wide = self.wide + 2 * edge;
        let mut pixels = vec![255; wide * edge];
        for row in self.pixels.chunks_exact(self.wide.max(1)) {
            pixels.extend(std::iter::repeat_n(255, edge));
            pixels.extend_from_slice(row);
            pixels.extend(std::iter::repeat_n(255, edge));
        }
        pixels.extend(std::iter::repeat_n(255, wide * edge));
        Grey { wide, high: self.high + 2 * edge, pixels }
    }
}

/// The first value below which, in this order, more than `rest` pixels lie.
fn end<'a>(mut counts: impl Iterator<Item = (usize, &'a usize)>, rest: usize) -> Option<usize> {
    let mut sum = 0;
    let found = counts.find(|(_, count)| {
        sum += **count;
        sum > rest
    });
    found.map(|(value, _)| value)
}

fn mean(one: u8, two: u8) -> u8 {
    u8::try_from((u16::from(one) + u16::from(two)) / 2).unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(wide: usize, pixels: &[u8]) -> Grey {
        Grey { wide, high: pixels.len() / wide, pixels: pixels.to_vec() }
    }

    #[test]
    fn pictures_keep_their_sides() {
        let small = picture(2, &[0, 100, 200, 40]);
        assert_eq!(small.doubled(), picture(4, &[0, 50, 100, 100, 100, 85, 70, 70, 200, 120, 40, 40, 200, 120, 40, 40]));
        assert_eq!(small.halved(), picture(1, &[85]));
        assert_eq!(picture(3, &[0; 9]).halved(), picture(1, &[0]));
        let framed = small.framed();
        assert_eq!((framed.wide, framed.high, framed.pixels.len()), (18, 18, 18 * 18));
        assert_eq!((framed.pixels[8 * 18 + 8], framed.pixels[9 * 18 + 9], framed.pixels[0]), (0, 40, 255));
        for odd in [picture(1, &[7]), picture(1, &[7, 9, 1]), picture(3, &[1, 2, 3])] {
            for same in [odd.mean(2), odd.evened(), odd.stretched(), odd.sharpened(3)] {
                assert_eq!((same.wide, same.high, same.pixels.len()), (odd.wide, odd.high, odd.pixels.len()));
            }
        }
    }

    #[test]
    fn the_mean_is_the_mean() {
        let row = picture(5, &[10, 20, 60, 100, 200]);
        assert_eq!(row.smeared(1, 1, 5).pixels, [15, 30, 60, 120, 150]);
        let slow = |picture: &Grey, x: usize, y: usize, radius: usize| {
            let rows = y.saturating_sub(radius)..=(y + radius).min(picture.high - 1);
            let means = rows.map(|y| {
                let part = &picture.pixels[y * picture.wide + x.saturating_sub(radius)..=y * picture.wide + (x + radius).min(picture.wide - 1)];
                part.iter().map(|value| u32::from(*value)).sum::<u32>() / part.len() as u32
            });
            let means: Vec<u32> = means.collect();
            means.iter().sum::<u32>() / means.len() as u32
        };
        let noise = picture(7, &(0..63u32).map(|at| (at * 97 % 251) as u8).collect::<Vec<_>>());
        for radius in [1, 2, 4, 20] {
            let fast = noise.mean(radius);
            for (x, y) in (0..7).flat_map(|x| (0..9).map(move |y| (x, y))) {
                assert_eq!(u32::from(fast.pixels[y * 7 + x]), slow(&noise, x, y, radius), "{radius}: {x} {y}");
            }
        }
    }

    #[test]
    fn faint_and_uneven_ink_becomes_dark() {
        let faint = picture(100, &(0..10_000).map(|at| if at % 2 == 0 { 120 } else { 130 }).collect::<Vec<_>>());
        assert_eq!((faint.stretched().pixels[0], faint.stretched().pixels[1]), (0, 255));
        // Light falls off from left to right; the ink is 30 darker everywhere.
        let pixels = (0..10_000).map(|at| (220 - at % 100 - if at / 300 % 2 == 0 { 30 } else { 0 }) as u8);
        let evened = picture(100, &pixels.collect::<Vec<_>>()).evened();
        let (ink, paper) = (4510, 4810);
        for x in 0..80 {
            assert!(evened.pixels[ink + x] != evened.pixels[paper + x]);
        }
    }

    #[test]
    fn transparent_is_white_and_damaged_is_said() {
        let mut file = Cursor::new(Vec::new());
        let clear = image::RgbaImage::from_raw(2, 1, vec![0, 0, 0, 0, 0, 0, 0, 255]).unwrap();
        clear.write_to(&mut file, image::ImageFormat::Png).unwrap();
        let file = file.into_inner();
        assert_eq!(load(&file), Ok(picture(2, &[255, 0])));
        for end in [0, 8, 20, file.len() / 2] {
            assert_eq!(load(&file[..end]), Err(PictureError::Damaged), "{end}");
        }
        // A header that claims more pixels than are decoded.
        let mut huge = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
        huge.extend(20_000i32.to_le_bytes());
        huge.extend(20_000i32.to_le_bytes());
        huge.extend([1, 0, 24, 0]);
        huge.extend([0; 24]);
        assert_eq!(load(&huge), Err(PictureError::TooLarge));
    }
}
