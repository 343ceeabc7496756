//! The form in which the register compares names. It has its own rule, and shares none with the wallet.

/// One form for what people hold to be the same name: separators and their look-alikes become U+00B7, the private code
/// points that chips of identity cards carry become the characters, Latin names lose case, order and marks of writing.
pub(super) fn canonical(name: &str) -> String {
    let mapped: String = name.trim().chars().map(|sign| separator(private(sign))).collect();
    if mapped.chars().any(|sign| sign >= '\u{2e80}') {
        return mapped.split_whitespace().collect();
    }
    let mut words: Vec<String> = mapped
        .split(|sign: char| sign.is_whitespace() || matches!(sign, ',' | '-' | '·' | '.'))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().filter(|sign| *sign != '\'').flat_map(char::to_uppercase).collect())
        .collect();
    words.sort();
    words.join(" ")
}

fn separator(sign: char) -> char {
    match sign {
        '\u{2022}' | '\u{2219}' | '\u{30fb}' | '\u{25cf}' | '\u{ff0e}' | '\u{2027}' | '\u{ff65}' | '\u{22c5}' => '\u{b7}',
        other => other,
    }
}

/// U+E863 is the most common one on identity cards; the others are rare enough for a simulation to leave out.
fn private(sign: char) -> char {
    if sign == '\u{e863}' { '\u{4dae}' } else { sign }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn one_name_in_several_spellings() {
        for (one, other) in [
            ("阿卜杜拉•买买提", "阿卜杜拉·买买提"), ("王\u{e863}", "王䶮"), (" 张三 ", "张三"),
            ("TREMBLAY MARIE CLAIRE", "Marie-Claire Tremblay"), ("O'Brien, Mary", "MARY OBRIEN"),
        ] {
            assert_eq!(canonical(one), canonical(other));
        }
        assert_ne!(canonical("张三"), canonical("张三丰"));
        assert_ne!(canonical("买买提·阿卜杜拉"), canonical("阿卜杜拉·买买提"));
    }
}
