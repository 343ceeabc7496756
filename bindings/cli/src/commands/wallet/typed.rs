//! What a person or a script types, line by line. Read without a buffer: a buffer of the standard input would keep what was
//! secret in it until the program ends.

use std::io::{Error, ErrorKind, IsTerminal, Read, Result};
use zeroize::Zeroizing;

/// No line is longer, in bytes. Fields have limits of their own; this one only bounds what is held.
const LONGEST: usize = 4 << 20;

/// Whether somebody sits there.
pub fn by_a_person() -> bool {
    std::io::stdin().is_terminal()
}

/// The next line of the standard input without its end; nothing when the input ends.
pub fn line() -> Result<Option<Zeroizing<String>>> {
    line_of(&mut input()?)
}

/// A secret: typed unseen on a terminal, otherwise the next line; empty when the input ends.
pub fn secret(what: &str) -> Result<Zeroizing<String>> {
    if by_a_person() {
        return rpassword::prompt_password(format!("{what}: ")).map(Zeroizing::new);
    }
    Ok(line()?.unwrap_or_default())
}

/// The standard input itself, without the buffer that the standard library keeps for it.
#[cfg(unix)]
fn input() -> Result<std::fs::File> {
    use std::os::fd::AsFd;
    Ok(std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn input() -> Result<std::fs::File> {
    use std::os::windows::io::AsHandle;
    Ok(std::fs::File::from(std::io::stdin().as_handle().try_clone_to_owned()?))
}

fn line_of(input: &mut impl Read) -> Result<Option<Zeroizing<String>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    let mut byte = Zeroizing::new([0u8]);
    loop {
        match input.read(byte.as_mut_slice()) {
            Ok(0) if bytes.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if bytes.len() >= LONGEST => return Err(Error::new(ErrorKind::InvalidData, "a line is too long")),
            Ok(_) => bytes.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    while bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "a line is not UTF-8"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// A line as words: parted by spaces, held together by quotes. Nothing when a quote is not closed.
pub fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for sign in line.chars() {
        match (quote, sign) {
            (Some(open), sign) if sign == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            (None, sign) if sign.is_whitespace() => words.extend(word.take()),
            (_, sign) => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<String> {
        let mut rest = text;
        std::iter::from_fn(|| line_of(&mut rest).unwrap()).map(|line| line.to_string()).collect()
    }

    #[test]
    fn lines_are_read_one_by_one_and_what_follows_is_left() {
        assert_eq!(lines(b"pay 1\r\n480273\n\nlast"), ["pay 1", "480273", "", "last"]);
        let mut rest: &[u8] = b"first\nsecond\n";
        assert_eq!(line_of(&mut rest).unwrap().unwrap().as_str(), "first");
        assert_eq!(rest, b"second\n", "nothing is read ahead");
        assert!(line_of(&mut &b"\xff\xfe\n"[..]).is_err());
        assert!(line_of(&mut std::io::repeat(b'a')).is_err());
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words("  pay  M1 12.34 ").unwrap(), ["pay", "M1", "12.34"]);
        assert_eq!(words("bind --name '欧阳 娜' \"\" --phone 138\"00\"1").unwrap(), ["bind", "--name", "欧阳 娜", "", "--phone", "138001"]);
        assert_eq!(words("\"a 'b' c\"").unwrap(), ["a 'b' c"]);
        assert_eq!((words(""), words("pay 'x")), (Some(Vec::new()), None));
    }
}
