//! Secrets as a person types them.

use crate::error::{Outcome, WalletError};
use kabao_base::secret::PinShape;
use kabao_base::{Code, Pin};
use zeroize::Zeroizing;

/// A payment PIN: exactly six ASCII digits. The caller wipes what was typed.
pub(crate) fn read_pin(typed: &str) -> Outcome<Pin> {
    // Judged before it is copied, so that a megabyte of anything is not copied at all.
    let shape = if typed.len() == 6 { Pin::read(typed.to_owned()) } else if typed.is_ascii() { Err(PinShape::Length) } else { Err(PinShape::NotAscii) };
    shape.map_err(|shape| {
        let code = match shape {
            PinShape::Length => Code::PinLength,
            PinShape::NotAscii => Code::PinNotAscii,
        };
        WalletError::from(code).in_field("pin")
    })
}

/// Refuses a text that will be kept when it holds a card or identity number: somebody put it into the wrong field, and
/// what is secret is in no file. Grouped and full-width digits are seen too.
pub(crate) fn refuse_numbers(text: &str, field: &str) -> Outcome<()> {
    let refused = || Err(WalletError::from(Code::SecretInText).in_field(field));
    let mut run = Zeroizing::new(String::new());
    for character in text.chars().chain(['\n']) {
        match character {
            '0'..='9' | 'x' | 'X' => run.push(character),
            '０'..='９' => run.extend(char::from_u32(u32::from(character).saturating_sub(0xfee0))),
            ' ' | '-' | '\u{a0}' | '\u{3000}' | '－' if !run.is_empty() => {}
            _ => {
                if kabao_codes::cards::read(&run).is_ok() || kabao_codes::identity::may_be_resident(&run) {
                    return refused();
                }
                run.clear();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_a_text_that_is_kept() {
        for text in [
            "6222021234567890128", "Mate 6222 0212 3456 7890 128!", "６２２２０２１２３４５６７８９０１２８", "卡6222-0212-3456-7890-128",
            "11010519491231002X", "id 11010519491231002x",
        ] {
            assert!(refuse_numbers(text, "device_model").unwrap_err().is(Code::SecretInText), "{text}");
        }
        for text in ["Mate 60 Pro", "SM-G9980 2026", "iPhone 16", "", "小米 14", "861234567890123456789012"] {
            assert!(refuse_numbers(text, "device_model").is_ok(), "{text}");
        }
    }
}
