//! The way to another app and back: a scanned code of a scheme that this wallet cannot pay becomes
//! the link that opens its app, and what comes back becomes a state that a person understands.
//!
//! - [`hand_off`] writes the link of an app and [`unwrap_hand_off`] reads it back; [`ways`] says which apps open a scanned link;
//! - [`paypal_me_link`] and [`read_paypal_me`] write and read PayPal.Me;
//! - [`UnionPayTn`] and [`union_pay_call`] prepare UnionPay's app payment, which takes a number and no link;
//! - [`make_return_link`] and [`read_return`]: the result that an app sends back, believed only with the token of this payment;
//! - [`channel_answer`] turns the words of every channel into one [`ChannelState`];
//! - [`lakala`] names the words of Lakala's interface and says how long an answer may still come; [`CODE_LIVES`] says how long a code lives.
//!
//! Nothing is opened and nothing is sent here. What another app answers is never proof of a payment.

mod build;
mod known;
pub mod lakala;
mod life;
mod paypal;
pub(crate) mod percent;
mod result;
mod returns;
mod states;
mod tn;

pub(crate) use build::alipay_scan;
pub use build::{HandOff, HandOffApp, HandOffRequest, HandOffWay, WrappedLink, hand_off, unwrap_hand_off, ways};
pub use life::{CODE_LIVES, CodeFamily, CodeLife, code_life};
pub use paypal::{PayPalMe, paypal_me_link, read_paypal_me};
pub use result::{AlipayTradeContext, RefundExtent, ResultWords, channel_answer};
pub use returns::{ReturnError, ReturnedResult, make_return_link, read_return};
pub use states::{ChannelAnswer, ChannelState, ChannelStep};
pub use tn::{UnionPayCall, UnionPayMode, UnionPayTn, union_pay_call};

use kabao_base::Code;

/// The longest text that is read or written here, in bytes.
pub const LIMIT: usize = 4096;
/// The longest time that a hand-off may wait for its return, in seconds: two hours, the life of an order code.
pub const LONGEST_WAIT_SECONDS: u32 = 7200;

/// Why there is no hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandOffError {
    /// More than [`LIMIT`] bytes.
    #[error("the link is too long")]
    TooLong,
    /// A white space, control, zero-width or bidirectional character.
    #[error("the link holds a hidden character")]
    Hidden,
    /// Not a link of the shape that this app takes.
    #[error("the link has another shape")]
    Shape,
    /// An https link that the app is not known to open.
    #[error("the link is not known for this app")]
    UnknownLink,
    /// A hand-off inside a hand-off: what would be opened at the end is hidden.
    #[error("a hand-off inside a hand-off")]
    Nested,
    /// The return token is not 16 to 64 letters, digits, `-` or `_`.
    #[error("the return token has another shape")]
    Token,
    /// The time to wait is zero or above [`LONGEST_WAIT_SECONDS`].
    #[error("the time to wait is out of range")]
    Wait,
    /// The scheme of the return link is not a lower-case scheme of one's own.
    #[error("the return scheme has another shape")]
    Scheme,
    /// An amount that the scheme cannot carry: zero, negative, or with decimals where it takes whole units.
    #[error("the amount cannot be carried")]
    Amount,
    /// Not a UnionPay order number (TN).
    #[error("this is not an order number of UnionPay")]
    Tn,
}

impl HandOffError {
    /// The entry of the error catalogue.
    ///
    /// # Examples
    ///
    /// ```
    /// use kabao_codes::handoff::HandOffError;
    ///
    /// assert_eq!(HandOffError::Nested.code().as_str(), "code_hostile");
    /// assert_eq!(HandOffError::UnknownLink.code().as_str(), "channel_unusable");
    /// ```
    pub fn code(self) -> Code {
        match self {
            HandOffError::TooLong => Code::InputTooLong,
            HandOffError::Hidden | HandOffError::Nested => Code::CodeHostile,
            HandOffError::Shape | HandOffError::Tn => Code::CodeDamaged,
            HandOffError::UnknownLink | HandOffError::Amount => Code::ChannelUnusable,
            HandOffError::Token | HandOffError::Wait | HandOffError::Scheme => Code::Internal,
        }
    }
}

/// A token that ties an answer to its question: 16 to 64 letters, digits, `-` or `_`. Sixteen such
/// characters hold 96 bits, enough that another app cannot guess them.
fn checked_token(token: &str) -> Result<(), HandOffError> {
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if plain && (16..=64).contains(&token.len()) { Ok(()) } else { Err(HandOffError::Token) }
}

fn checked_wait(seconds: u32) -> Result<(), HandOffError> {
    if (1..=LONGEST_WAIT_SECONDS).contains(&seconds) { Ok(()) } else { Err(HandOffError::Wait) }
}

/// A text that may stand in a link: bounded, and nothing hidden or blank in it.
fn checked_text(text: &str) -> Result<(), HandOffError> {
    if text.len() > LIMIT {
        return Err(HandOffError::TooLong);
    }
    if crate::hidden_in_code(text).is_some() || text.chars().any(char::is_whitespace) {
        return Err(HandOffError::Hidden);
    }
    Ok(())
}
