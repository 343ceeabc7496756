//! Secrets as a person types them.

use crate::error::{Outcome, WalletError};
use kabao_base::secret::PinShape;
use kabao_base::{Code, Pin};

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
