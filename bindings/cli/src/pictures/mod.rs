//! Codes in pictures: a photo or a screenshot in, the content of every code out. Decoded by `zxing-cpp` behind the feature
//! `pictures` (docs/decisions/picture-decoder.md); phones use their camera's own.

#[cfg(feature = "pictures")]
mod grey;
#[cfg(feature = "pictures")]
mod look;

/// A code that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCode {
    /// What sort of symbol: `QR Code`, `Code 128`.
    pub symbol: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureError {
    /// This program was built without a decoder.
    #[cfg_attr(feature = "pictures", expect(dead_code, reason = "said by a build without the decoder"))]
    NotBuilt,
    /// The file is larger than is read.
    TooLarge,
    /// The file begins like a picture and is none, or is one of a sort that is not read.
    #[cfg_attr(not(feature = "pictures"), expect(dead_code, reason = "said by a build with the decoder"))]
    Damaged,
}

impl std::fmt::Display for PictureError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            PictureError::NotBuilt => {
                "this kabao reads no pictures; build one that does: cargo build --package kabao-cli --features pictures (needs cmake and a C++ compiler: cargo xtask setup)"
            }
            PictureError::TooLarge => "the picture is too large: up to 32 MiB and 50 million pixels are read",
            PictureError::Damaged => "the picture cannot be read: PNG, JPEG, WebP, GIF and BMP can",
        })
    }
}

impl std::error::Error for PictureError {}

/// A larger file is not read.
pub const LARGEST: u64 = 32 << 20;

/// Whether a file begins as pictures do; also of sorts that are not decoded, so that they are not taken for text.
pub fn is_picture(start: &[u8]) -> bool {
    let begins: [&[u8]; 8] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"\0\0\x01\0"];
    let boxed = start.get(..4) == Some(b"RIFF") && start.get(8..12) == Some(b"WEBP");
    let heif = start.get(4..8) == Some(b"ftyp");
    // Text may begin with BM; the header of a bitmap has four zero bytes at 6.
    let bitmap_or_other = |magic: &&[u8]| *magic != b"BM" || start.get(6..10) == Some(&[0; 4]);
    boxed || heif || begins.iter().any(|magic| start.starts_with(magic) && bitmap_or_other(magic))
}

/// Who looks for codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Decoder {
    /// All that we do.
    All,
    /// The C++ decoder alone, once.
    Bare,
    /// The pure Rust decoder of the simulated till.
    Rqrr,
}

/// Every code of a picture, from top to bottom, each content once. None is chosen.
///
/// # Errors
/// When the picture is too large or cannot be read, or this build has no decoder.
pub fn read(file: &[u8], decoder: Decoder) -> Result<Vec<FoundCode>, PictureError> {
    if file.len() as u64 > LARGEST {
        return Err(PictureError::TooLarge);
    }
    #[cfg(feature = "pictures")]
    return look::codes(&grey::load(file)?, decoder);
    #[cfg(not(feature = "pictures"))]
    match decoder {
        Decoder::All | Decoder::Bare | Decoder::Rqrr => Err(PictureError::NotBuilt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        for start in [b"\x89PNG\r\n\x1a\n...".as_slice(), b"\xff\xd8\xff\xe0", b"RIFF....WEBP", b"....ftypheic", b"BM....\0\0\0\0", b"GIF89a"] {
            assert!(is_picture(start), "{start:?}");
        }
        for start in [b"".as_slice(), b"BM is how this text begins", b"https://example.com", b"\x89PNG", b"RIFF....WAVE", "面馆".as_bytes()] {
            assert!(!is_picture(start), "{start:?}");
        }
    }

    #[test]
    fn a_large_file_is_refused() {
        assert_eq!(read(&vec![0; (LARGEST + 1) as usize], Decoder::All), Err(PictureError::TooLarge));
    }
}
