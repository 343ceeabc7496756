//! Base32 of RFC 4648 for keys: what a person types is read, upper case without padding is written.

use super::{LONGEST_KEY, OtpError};
use crate::hidden_in_code;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(5) * 8));
    for chunk in bytes.chunks(5) {
        let block = (0..5).fold(0u64, |block, at| (block << 8) | chunk.get(at).copied().map_or(0, u64::from));
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            let index = (block >> (35 - 5 * place)) & 31;
            out.extend(ALPHABET.get(index as usize).map(|byte| char::from(*byte)));
        }
    }
    out
}

pub(super) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, OtpError> {
    // Room for a space or a hyphen after each character.
    if text.len() > LONGEST_KEY * 4 {
        return Err(OtpError::TooLong);
    }
    if hidden_in_code(text).is_some() {
        return Err(OtpError::Hidden);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut word, mut bits, mut count, mut padding) = (0u32, 0u32, 0usize, 0usize);
    for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
        if byte == b'=' {
            padding += 1;
            continue;
        }
        let value = ALPHABET.iter().position(|known| *known == byte.to_ascii_uppercase()).ok_or(OtpError::Malformed)?;
        if padding > 0 {
            return Err(OtpError::Malformed);
        }
        count += 1;
        word = (word << 5 | value as u32) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    // A block of eight characters may be cut after 2, 4, 5 or 7; what is left of its last byte is zero.
    let lawful = matches!(count % 8, 0 | 2 | 4 | 5 | 7) && (padding == 0 || (count + padding) % 8 == 0 && padding < 8);
    if !lawful || word & ((1 << bits) - 1) != 0 {
        return Err(OtpError::Malformed);
    }
    Ok(bytes)
}
