//! Crypto currency: links by scheme and addresses by their own check digits. Recognised to be refused.

use super::{Danger, Family, ReadContext, Verdict};
use kabao_base::Code;
use ring::digest::{SHA256, digest};

pub(super) fn judge(text: &str, context: &ReadContext) -> Option<Verdict> {
    let link = text.split_once(':').is_some_and(|(scheme, _)| context.table.is_crypto_scheme(&scheme.to_ascii_lowercase()));
    (link || is_address(text)).then(refused)
}

pub(super) fn refused() -> Verdict {
    let mut verdict = Verdict::refused(Family::Crypto, Code::CodeCrypto);
    verdict.warn(Danger::Crypto);
    verdict
}

/// `0x` and 40 hexadecimal digits; Base58Check of Bitcoin (version 0 and 5) and Tron (0x41, the usual
/// home of USDT); Bech32 of Bitcoin and Lightning.
fn is_address(text: &str) -> bool {
    let ether = text.strip_prefix("0x").is_some_and(|rest| rest.len() == 40 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    ether || base58_version(text).is_some_and(|version| [0, 5, 0x41].contains(&version)) || is_bech32(text)
}

/// The version byte of 21 bytes in Base58Check, when the check bytes agree.
fn base58_version(text: &str) -> Option<u8> {
    const DIGITS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    if !(26..=35).contains(&text.len()) {
        return None;
    }
    let mut bytes = [0u8; 25];
    for byte in text.bytes() {
        let mut carry = u32::try_from(DIGITS.iter().position(|digit| *digit == byte)?).ok()?;
        for place in bytes.iter_mut().rev() {
            carry += u32::from(*place) * 58;
            *place = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    let (body, check) = bytes.split_at_checked(21)?;
    let twice = digest(&SHA256, digest(&SHA256, body).as_ref());
    twice.as_ref().starts_with(check).then(|| body.first().copied())?
}

/// BIP 173 and BIP 350 for `bc`; a Lightning invoice (`lnbc…`) or address of LNURL.
fn is_bech32(text: &str) -> bool {
    const DIGITS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let lower = text.to_ascii_lowercase();
    if lower != text && text.to_ascii_uppercase() != text {
        return false;
    }
    let Some((name, data)) = lower.rsplit_once('1') else { return false };
    if !(name == "bc" || name == "lnurl" || name.starts_with("lnbc")) || data.len() < 6 {
        return false;
    }
    let high = name.bytes().map(|byte| u32::from(byte) >> 5);
    let low = name.bytes().map(|byte| u32::from(byte) & 31);
    let mut values: Vec<u32> = high.chain(std::iter::once(0)).chain(low).collect();
    for character in data.chars() {
        match DIGITS.find(character).and_then(|place| u32::try_from(place).ok()) {
            Some(value) => values.push(value),
            None => return false,
        }
    }
    let check = values.into_iter().fold(1u32, |check, value| {
        const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let top = check >> 25;
        let shifted = (check & 0x01ff_ffff) << 5 ^ value;
        GENERATOR.iter().enumerate().fold(shifted, |sum, (bit, term)| if top >> bit & 1 == 1 { sum ^ term } else { sum })
    });
    check == 1 || check == 0x2bc8_30a3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_by_their_check_digits() {
        for (text, good) in [
            // Examples of the Bitcoin wiki, BIP 173, BIP 350, EIP-55; USDT's contract on Tron.
            ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", true),
            ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", true),
            ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", false),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", true),
            ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", true),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", false),
            ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", true),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", true),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", false),
            ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", true),
            ("abcdefghijkmnopqrstuvwxyzabcd", false),
        ] {
            assert_eq!(is_address(text), good, "{text}");
        }
    }
}
