//! Percent-encoding of RFC 3986 for a value inside a query.

/// Writes every byte but the unreserved ones (letters, digits, `-._~`) as `%XX` in upper case.
pub(super) fn encoded(text: &str) -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let hex = |digit: u8| HEX.get(usize::from(digit)).copied().unwrap_or('0');
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex(byte >> 4));
            out.push(hex(byte & 15));
        }
    }
    out
}

pub(super) use crate::links::percent_decoded as decoded;

/// Decodes what can be decoded and leaves the rest, for looking inside a text that may be written
/// so that strict decoding fails.
pub(crate) fn loosened(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        match *rest {
            [b'%', high, low, ref after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex_digit(high) << 4 | hex_digit(low));
                rest = after;
            }
            [byte, ref after @ ..] => {
                out.push(byte);
                rest = after;
            }
            [] => return String::from_utf8_lossy(&out).into_owned(),
        }
    }
}

fn hex_digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 3986, sections 2.1 to 2.3.
        assert_eq!(encoded(":/?#[]@ %"), "%3A%2F%3F%23%5B%5D%40%20%25");
        assert_eq!(encoded("az-AZ.09_~"), "az-AZ.09_~");
        assert_eq!(encoded("卡"), "%E5%8D%A1");
    }

    #[test]
    fn what_cannot_be_decoded_stays() {
        assert_eq!(loosened("%zz%3a%2F%2%"), "%zz:/%2%");
        assert_eq!(loosened("%ff%41"), "\u{fffd}A");
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in ".{0,200}") {
            let written = encoded(&text);
            proptest::prop_assert!(written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            proptest::prop_assert_eq!(loosened(&written), text.as_str());
            proptest::prop_assert_eq!(decoded(&written), Some(text));
        }
    }
}
