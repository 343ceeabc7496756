//! Patterns of hosts and paths: text, and classes of characters with a count. A class ends at a slash
//! or at the end, so that a text is walked once.

/// A piece of a pattern.
enum Piece<'a> {
    Text(&'a str),
    Class { class: char, least: usize, most: usize },
    Rest,
}

/// The longest count that a class may have.
const MOST: usize = 4096;

/// Whether `text` has the shape of `pattern`, from end to end. A pattern that is none fits nothing.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    loop {
        match piece(pattern) {
            None => return pattern.is_empty() && text.is_empty(),
            Some((Piece::Rest, _)) => return true,
            Some((Piece::Text(literal), rest)) => {
                let Some((head, tail)) = text.split_at_checked(literal.len()) else { return false };
                if !head.eq_ignore_ascii_case(literal) {
                    return false;
                }
                (pattern, text) = (rest, tail);
            }
            Some((Piece::Class { class, least, most }, rest)) => {
                let end = text.find('/').unwrap_or(text.len());
                let Some((run, tail)) = text.split_at_checked(end) else { return false };
                if !(least..=most).contains(&run.len()) || !run.bytes().all(|byte| in_class(class, byte)) {
                    return false;
                }
                (pattern, text) = (rest, tail);
            }
        }
    }
}

/// Whether a pattern can be used: every class is known, has a count, and ends at a slash or at the end.
pub(super) fn is_pattern(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some((piece, after)) = piece(rest) {
        let good = match piece {
            Piece::Text(text) => text.bytes().all(|byte| byte.is_ascii_graphic() && !b"{}?#\\%".contains(&byte)),
            Piece::Class { .. } => after.is_empty() || after.starts_with('/'),
            Piece::Rest => after.is_empty(),
        };
        if !good {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn piece(pattern: &str) -> Option<(Piece<'_>, &str)> {
    let Some(inner) = pattern.strip_prefix('{') else {
        let end = pattern.find('{').unwrap_or(pattern.len());
        let (text, rest) = pattern.split_at_checked(end)?;
        return (!text.is_empty()).then_some((Piece::Text(text), rest));
    };
    let (name, rest) = inner.split_once('}')?;
    if name == "*" {
        return Some((Piece::Rest, rest));
    }
    let (class, counts) = name.split_once(':')?;
    let (least, most) = counts.split_once('-')?;
    let (least, most) = (least.parse().ok()?, most.parse().ok()?);
    let mut letters = class.chars();
    let class = letters.next().filter(|class| letters.next().is_none() && "adbs".contains(*class))?;
    (1 <= least && least <= most && most <= MOST).then_some((Piece::Class { class, least, most }, rest))
}

fn in_class(class: char, byte: u8) -> bool {
    match class {
        'a' => byte.is_ascii_alphanumeric(),
        'd' => byte.is_ascii_digit(),
        'b' => byte.is_ascii_alphanumeric() || b"-_=".contains(&byte),
        _ => byte.is_ascii_graphic() && byte != b'\\',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_from_end_to_end() {
        for (pattern, text, good) in [
            ("/bax{a:3-5}", "/BAX123", true),
            ("/bax{a:3-5}", "/bax12", false),
            ("/bax{a:3-5}", "/bax123456", false),
            ("/bax{a:3-5}", "/bax123/", false),
            ("/{d:8-8}/{d:2-3}", "/00010002/123", true),
            ("/{d:8-8}/{d:2-3}", "/0001000a/123", false),
            ("/{d:8-8}/{d:2-3}", "/00010002", false),
            ("/a/{*}", "/a/", true),
            ("/a/{*}", "/a", false),
            ("f2f{b:1-9}", "f2f0-_=", true),
            ("", "", true),
            ("", "/", false),
            ("/{s:1-9}", "/最", false),
            ("/最", "/a", false),
        ] {
            assert_eq!(fits(pattern, text), good, "{pattern} {text}");
        }
    }

    #[test]
    fn patterns_that_are_none() {
        for pattern in ["{", "{a}", "{a:1}", "{a:0-1}", "{a:2-1}", "{a:1-99999}", "{z:1-2}", "{a:1-2}b", "{*}a", "/a?b", "/最", "{ab:1-2}", "}"] {
            assert!(!is_pattern(pattern), "{pattern}");
        }
        for pattern in ["", "/", "/a{a:1-2}/b", "/{d:1-1}/{*}"] {
            assert!(is_pattern(pattern), "{pattern}");
        }
    }
}
