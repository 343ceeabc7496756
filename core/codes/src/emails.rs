//! E-mail addresses as people type them into one field of a form: the plain shape that every provider gives out. What the
//! standard allows beside it (quoted parts, comments, addresses in brackets, other scripts) is refused, because it is a slip or
//! a trick far more often than a mailbox; whether a mailbox is alive only a code sent to it tells.

use crate::fold_code;
use kabao_base::{Code, FoldError, fold::hidden_kind};
use std::fmt;

/// The longest address, in bytes (RFC 5321).
const LONGEST: usize = 254;
/// The longest part before the sign, in bytes (RFC 5321).
const LOCAL: usize = 64;
/// The longest label of a host, in bytes (RFC 1035).
const LABEL: usize = 63;

/// An address in its one spelling: small letters. Debug shows it masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// `li@example.com`, as sent to the service.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `l****@example.com`, for screens. The number of stars says nothing about the length.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(kabao_codes::emails::read("Li@Example.com").unwrap().masked(), "l****@example.com");
    /// ```
    pub fn masked(&self) -> String {
        let (local, host) = self.0.split_once('@').unwrap_or((&self.0, ""));
        format!("{}****@{host}", local.chars().next().unwrap_or('*'))
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.masked())
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Empty, far too long, or with a hidden character.
    #[error(transparent)]
    Typed(#[from] FoldError),
    /// Not one `@` with a part on each side.
    #[error("an address has one @ with something on each side")]
    Shape,
    /// The part before the sign has other characters than `A-Z a-z 0-9 . _ % + -`, or dots at its ends or side by side.
    #[error("the part before the @ is not a plain one")]
    Local,
    /// The part behind the sign is no host of at least two labels.
    #[error("the part behind the @ is no host")]
    Host,
}

impl EmailError {
    /// The entry of the error catalogue.
    pub fn code(self) -> Code {
        match self {
            EmailError::Typed(error) => fold_code(error),
            _ => Code::EmailInvalid,
        }
    }
}

/// Reads an address as typed. Spaces around it are left out, capital letters become small ones.
///
/// # Examples
/// ```
/// use kabao_codes::emails::{self, EmailError};
/// assert_eq!(emails::read(" Li.Xiaoman@Example.com ").unwrap().as_str(), "li.xiaoman@example.com");
/// assert_eq!(emails::read("li@localhost"), Err(EmailError::Host));
/// ```
///
/// # Errors
/// [`EmailError`]: which part is not as it has to be.
pub fn read(text: &str) -> Result<Email, EmailError> {
    if text.len() > LONGEST * 2 {
        return Err(FoldError::TooLong.into());
    }
    if let Some(name) = text.chars().find_map(hidden_kind) {
        return Err(FoldError::Hidden { name }.into());
    }
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return Err(FoldError::Empty.into());
    }
    if text.len() > LONGEST {
        return Err(FoldError::TooLong.into());
    }
    let (local, host) = text.split_once('@').ok_or(EmailError::Shape)?;
    if local.is_empty() || host.is_empty() || host.contains('@') {
        return Err(EmailError::Shape);
    }
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"_%+-".contains(&sign));
    if local.len() > LOCAL || !local.split('.').all(is_plain) {
        return Err(EmailError::Local);
    }
    if !is_host(host) {
        return Err(EmailError::Host);
    }
    Ok(Email(text.to_ascii_lowercase()))
}

/// At least two labels; the last one is no number, so that an address of the network is none.
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let signs = !label.is_empty() && label.len() <= LABEL && label.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-');
        signs && !label.starts_with('-') && !label.ends_with('-')
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    host.contains('.') && host.split('.').all(is_label) && top.len() >= 2 && !top.bytes().all(|sign| sign.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_addresses_are_read_and_masked() {
        for (text, plain) in [
            ("a@b.cn", "a@b.cn"), (" Li_Xiaoman+pay@Mail.Example.COM ", "li_xiaoman+pay@mail.example.com"), ("13800138000@139.com", "13800138000@139.com"),
            ("a.b.c@d-e.xn--fiqs8s", "a.b.c@d-e.xn--fiqs8s"),
        ] {
            assert_eq!(read(text).unwrap().as_str(), plain);
        }
        assert_eq!(format!("{:?}", read("li@mail.example.com").unwrap()), "l****@mail.example.com");
    }

    #[test]
    fn everything_else_is_named() {
        for (text, error) in [
            ("", EmailError::Typed(FoldError::Empty)), ("  ", EmailError::Typed(FoldError::Empty)), ("a\u{200b}@b.cn", EmailError::Typed(FoldError::Hidden { name: "zero-width" })),
            ("a@b.cn\n", EmailError::Host), ("a\u{202e}@b.cn", EmailError::Typed(FoldError::Hidden { name: "bidirectional" })),
            ("ab.cn", EmailError::Shape), ("@b.cn", EmailError::Shape), ("a@", EmailError::Shape), ("a@b@c.cn", EmailError::Shape),
            (".a@b.cn", EmailError::Local), ("a.@b.cn", EmailError::Local), ("a..b@c.cn", EmailError::Local), ("a b@c.cn", EmailError::Local),
            ("\"a\"@b.cn", EmailError::Local), ("小满@b.cn", EmailError::Local), ("ａ@b.cn", EmailError::Local), ("<a@b.cn>", EmailError::Local),
            ("a@b", EmailError::Host), ("a@b.c", EmailError::Host), ("a@127.0.0.1", EmailError::Host), ("a@[127.0.0.1]", EmailError::Host),
            ("a@-b.cn", EmailError::Host), ("a@b..cn", EmailError::Host), ("a@b.cn.", EmailError::Host), ("a@例子.cn", EmailError::Host),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
        }
        assert_eq!(read(&"a".repeat(1 << 20)), Err(EmailError::Typed(FoldError::TooLong)));
        assert_eq!(read(&format!("{}@b.cn", "a".repeat(65))), Err(EmailError::Local));
        assert_eq!(read(&format!("a@{}.cn", "b".repeat(64))), Err(EmailError::Host));
        assert_eq!(read(&format!("a@{}cn", "b.".repeat(130))), Err(EmailError::Typed(FoldError::TooLong)));
        assert_eq!(EmailError::Local.code(), Code::EmailInvalid);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer_and_what_is_read_stays_as_it_is(text in "\\PC{0,40}") {
            if let Ok(email) = read(&text) {
                prop_assert_eq!(read(email.as_str()), Ok(email.clone()));
                prop_assert!(!email.masked().contains(email.as_str()));
            }
        }

        #[test]
        fn what_is_built_by_the_rule_is_read(local in "[a-z0-9_%+-]{1,20}(\\.[a-z0-9]{1,10})?", host in "[a-z0-9]{1,20}\\.[a-z]{2,10}") {
            let text = format!("{local}@{host}");
            let email = read(&text);
            prop_assert_eq!(email.as_ref().map(Email::as_str), Ok(text.as_str()));
        }
    }
}
