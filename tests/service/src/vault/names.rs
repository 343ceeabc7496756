//! When two spellings of a name are one name. The same rule holds wherever the person of an account is recognised by name.

/// The name on an identity card's chip stands in this private place where the system that wrote it knew no better (GB 18030).
const PRIVATE: (char, char) = ('\u{e863}', '\u{4dae}');

/// A sign as it is compared: without width and case.
fn plain(sign: char) -> char {
    match sign {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign).saturating_sub(0xfee0)).unwrap_or(sign),
        sign if sign == PRIVATE.0 => PRIVATE.1,
        _ => sign,
    }
}

/// Letters, and the characters that only one system knows: a name is not shorter for them.
fn is_letter(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

/// A name without case, order and marks of writing.
pub(super) fn spelled(name: &str) -> Vec<String> {
    let plain: String = name.chars().map(plain).collect();
    let mut words: Vec<String> = plain.split(|sign: char| !is_letter(sign)).filter(|word| !word.is_empty()).map(str::to_uppercase).collect();
    words.sort();
    words
}

/// Whether both are one name. Of a name in characters the order counts and the mark between its parts does not, also where it
/// was left out; of one in Latin letters neither order nor case, hyphen or apostrophe count.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    !one.is_empty() && one == other
}

fn parts(name: &str) -> Vec<String> {
    let plain: String = name.chars().filter(|sign| !matches!(sign, '\'' | '\u{2019}' | '\u{2bc}' | '\u{ff07}')).map(plain).collect();
    let in_order: String = plain.chars().filter(|sign| is_letter(*sign)).collect();
    if in_order.chars().any(|sign| sign >= '\u{2e80}') { vec![in_order.to_uppercase()] } else { spelled(&plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_several_spellings_and_another_one() {
        for (one, other) in [
            ("张三", " 张三 "), ("阿卜杜拉·买买提", "阿卜杜拉•买买提"), ("阿卜杜拉·买买提", "阿卜杜拉买买提"), ("王\u{e863}", "王䶮"),
            ("TREMBLAY MARIE CLAIRE", "Marie-Claire Tremblay"), ("O'Brien, Mary", "MARY OBRIEN"), ("Ｍａｒｙ Li", "LI MARY"),
        ] {
            assert!(is_same(one, other) && is_same(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("张三", "王五"), ("张三", "张三丰"), ("张三", "张"), ("张三", "三张"), ("王\u{e863}", "王"), ("王\u{e815}", "王"), ("", ""), ("·", "·"),
            ("买买提·阿卜杜拉", "阿卜杜拉·买买提"), ("MARY LI", "MARY"), ("MARY LI", "MA RYLI"), ("张三", "ZHANG SAN"), ("张三", ""),
        ] {
            assert!(!is_same(one, other) && !is_same(other, one), "{one} {other}");
        }
    }
}
