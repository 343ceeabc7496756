//! Cuts a text into the tokens of the search index. Pure text work, no C.

use std::ops::Range;

/// What the receiver of tokens answers: go on, or stop with a reason.
pub type Flow<E> = Result<(), E>;

/// Cuts `text` into tokens and hands each to `emit` with its byte range in `text`.
///
/// - Every ideograph (hanzi, all extensions), kana and bopomofo sign is a token of its own: these scripts write no
///   spaces, and a search for any number of them must find them inside a longer name.
/// - Other letters and digits are words, lower-cased: `iPhone15` is one token, `7-Eleven` two.
/// - Full-width letters and digits count as their half-width forms: `Ａ１` is the word `a1`.
/// - Invisible joiners and soft hyphens inside a word are skipped; all else separates.
///
/// # Errors
/// The first error `emit` returns; cutting stops there.
pub fn tokenize<E>(
    text: &str,
    mut emit: impl FnMut(&str, Range<usize>) -> Flow<E>,
) -> Result<(), E> {
    let mut word = String::new();
    let mut range = 0..0;
    for (at, original) in text.char_indices() {
        let end = at.saturating_add(original.len_utf8());
        let folded = fold(original);
        if is_invisible(folded) {
            continue;
        }
        if stands_alone(folded) {
            flush(&mut word, &range, &mut emit)?;
            emit(folded.encode_utf8(&mut [0; 4]), at..end)?;
        } else if folded.is_alphanumeric() || (is_mark(folded) && !word.is_empty()) {
            if word.is_empty() {
                range.start = at;
            }
            range.end = end;
            word.extend(folded.to_lowercase());
        } else {
            flush(&mut word, &range, &mut emit)?;
        }
    }
    flush(&mut word, &range, &mut emit)
}

fn flush<E>(
    word: &mut String,
    range: &Range<usize>,
    emit: &mut impl FnMut(&str, Range<usize>) -> Flow<E>,
) -> Result<(), E> {
    if !word.is_empty() {
        emit(word, range.clone())?;
        word.clear();
    }
    Ok(())
}

/// Full-width ASCII (U+FF01 to U+FF5E) lies at a fixed distance from ASCII.
fn fold(c: char) -> char {
    match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code.saturating_sub(0xFEE0)).unwrap_or(c),
        _ => c,
    }
}

/// Ideographs by block, then the signs of the other scripts that write no spaces.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x3400..=0x4DBF            // extension A
        | 0x4E00..=0x9FFF          // the unified block
        | 0xF900..=0xFAFF          // compatibility ideographs
        | 0x2_0000..=0x3_FFFD      // planes 2 and 3: extensions B and later, assigned or not yet
        | 0x3005..=0x3007          // iteration mark, closing mark, zero 〇
        | 0x2E80..=0x2FDF          // radicals
        | 0x3041..=0x3096 | 0x30A1..=0x30FA | 0x30FC..=0x30FE | 0x31F0..=0x31FF  // kana
        | 0x3105..=0x312F | 0x31A0..=0x31BF                                      // bopomofo
    )
}

/// Accents written as a sign of their own belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036F)
}

fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0x00AD | 0x200B..=0x200D | 0x2060 | 0xFEFF | 0xFE00..=0xFE0F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        tokenize::<()>(text, |token, _| {
            found.push(token.to_owned());
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn each_hanzi_is_a_token_and_words_stay_whole() {
        assert_eq!(
            cut("7-Eleven便利店 iPhone15"),
            ["7", "eleven", "便", "利", "店", "iphone15"]
        );
    }

    #[test]
    fn full_width_becomes_half_width_and_lower_case() {
        assert_eq!(cut("ＡＢｃ１２　Ｘ"), ["abc12", "x"]);
    }

    #[test]
    fn extensions_and_zero_are_hanzi() {
        // Extensions A, B and G, the zero, and an unassigned place of plane 3.
        assert_eq!(
            cut("㐀𠮷𰀀〇\u{3FFF0}"),
            ["㐀", "𠮷", "𰀀", "〇", "\u{3FFF0}"]
        );
    }

    #[test]
    fn invisible_signs_do_not_split_a_word() {
        assert_eq!(cut("Star\u{200B}bucks"), ["starbucks"]);
        assert_eq!(cut("e\u{301}te\u{301}"), ["e\u{301}te\u{301}"]);
    }

    #[test]
    fn punctuation_and_emoji_separate_and_give_nothing() {
        assert_eq!(cut("，。！ 😀 --- \u{3000}"), Vec::<String>::new());
        assert_eq!(cut(""), Vec::<String>::new());
    }

    #[test]
    fn ranges_point_into_the_text() {
        let text = "付Ａb款";
        let mut seen = Vec::new();
        tokenize::<()>(text, |_, range| {
            seen.push(text.get(range).unwrap().to_owned());
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, ["付", "Ａb", "款"]);
    }

    #[test]
    fn the_receiver_can_stop() {
        let mut count = 0;
        let stopped = tokenize("一二三", |_, _| {
            count += 1;
            if count == 2 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((stopped, count), (Err("enough"), 2));
    }
}
